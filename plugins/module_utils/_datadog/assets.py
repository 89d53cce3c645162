# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update or remove the one asset in an account that carries a marker."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.client import (
    Client,
    Missing,
    Uncertain,
    too_deep,
)
from ansible_collections.mailops.postfix.plugins.module_utils._datadog.compare import (
    as_defined,
    as_text,
    differing,
    equal,
    in_order,
)
from ansible_collections.mailops.postfix.plugins.module_utils._datadog.kinds import KINDS, marks
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import bad_argument
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import LONGEST, Deadline

SITES = [
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "datadoghq.eu",
    "ddog-gov.com",
    "us2.ddog-gov.com",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#@]*)?")
_KEY = re.compile(r"[!-~]+")


def ensure(options: Mapping[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Does what the module's options say; returns its result, diff and warnings included. Raises
    HostError."""
    name, definition = options["name"], options["definition"] or {}
    if not _NAME.fullmatch(name):
        raise bad_argument(
            "name",
            name,
            "is not a key",
            "Use up to 100 lower-case letters, digits, '_' and '-', the first of them a letter or a"
            " digit",
        )
    if not 0 < deadline.seconds <= LONGEST:
        raise bad_argument(
            "timeout", deadline.seconds, "is out of range", f"Give seconds from 1 to {LONGEST}"
        )
    if options["state"] == "present":
        _check(definition, KINDS[options["kind"]].title)
    asset = _Asset(options["kind"], name, _client(options, deadline), check_mode)
    result = asset.remove() if options["state"] == "absent" else asset.bring_about(definition)
    return {**result, "warnings": asset.warnings}


def _check(definition: Mapping[str, Any], title: str) -> None:
    """Raises HostError (bad_argument) for what has to be known before anything is sent."""

    def wrong(key: str, is_not: str, hint: str) -> HostError:
        return bad_argument(f"definition.{key}", definition.get(key), is_not, hint)

    if not isinstance(definition.get(title), str):
        raise wrong(title, f"is no {title}", f"Add a {title}")
    if not isinstance(definition.get("description"), (str, type(None))):
        raise wrong("description", "is not a text", "Write a text")
    tags = definition.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise wrong("tags", "is not a list of texts", "Write a list such as ['team:mail']")
    try:
        sendable = not too_deep(definition) and json.dumps(definition, allow_nan=False)
    except ValueError:
        sendable = ""
    if not sendable:
        raise HostError(
            "bad_argument",
            "definition: it has NaN, infinity or too many levels",
            hint="Leave out what JSON, or Datadog, does not have.",
        )


def _client(options: Mapping[str, Any], deadline: Deadline) -> Client:
    url = (options["api_url"] or f"https://api.{options['site']}").rstrip("/")
    if not _URL.fullmatch(url):
        # It may have a password.
        raise HostError(
            "bad_argument",
            "api_url: it is not the URL of an API",
            hint="Use the form https://HOST[:PORT], without a user, a password and parameters.",
        )
    keys = []
    for option, variable in (("api_key", "DD_API_KEY"), ("application_key", "DD_APP_KEY")):
        key = (options[option] or "").strip()
        if not _KEY.fullmatch(key):
            # The value is a secret.
            raise HostError(
                "bad_argument",
                f"{option}: {'it has blanks or control characters' if key else 'it is missing'}",
                hint="Copy the key from Datadog's organization settings to this option, or to the"
                f" environment variable {variable}.",
            )
        keys.append(key)
    return Client(url, keys[0], keys[1], KINDS[options["kind"]].permissions, deadline)


class _Asset:
    """The asset with the marker of this name, as an account has it."""

    def __init__(self, kind: str, name: str, client: Client, check_mode: bool) -> None:
        self.warnings: list[str] = []
        self._what = kind.replace("_", " ")
        self._header = f"{self._what} {name}"
        self._kind, self._name = KINDS[kind], name
        self._client, self._check_mode = client, check_mode
        # Ids that a listing, which may lag behind, still had after they were removed.
        self._gone: set[object] = set()

    def bring_about(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Create it, or update it."""
        wanted = self._kind.marked(self._kind.own(definition), self._name)
        while True:
            found = self._find()
            try:
                return self._update(found, wanted) if found else self._create(wanted)
            except Missing:
                continue

    def remove(self) -> dict[str, Any]:
        """Remove it if it is there."""
        found = self._find()
        if found is None:
            return self._result(False, None)
        try:
            has = self._read(found)
        except Missing:
            return self._result(False, None)
        before = as_text(self._kind.own(has))
        if self._check_mode:
            return self._result(True, has, before)
        self._delete(has)
        return self._result(True, None, before)

    def _owned(self) -> list[dict[str, Any]]:
        """Those in the listing with the marker, the oldest first."""
        owned = self._list(lambda: self._kind.owned(self._client, self._name))
        return [asset for asset in owned if asset["id"] not in self._gone]

    def _list(self, listing: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        try:
            return listing()
        except Missing as missing:
            raise HostError(
                "datadog_answer",
                f"Datadog's API has no {missing} there",
                hint="Name the API itself in site or api_url.",
            ) from None

    def _find(self) -> dict[str, Any] | None:
        """The one in the listing, or None."""
        owned = self._owned()
        if len(owned) > 1:
            ids = " and ".join(str(asset["id"]) for asset in owned)
            raise HostError(
                "datadog_ambiguous",
                f"{ids} are both marked as the {self._header}",
                hint="Somebody may have cloned it, and a clone has the marker. Remove"
                f" {self._kind.marker_is} ({' '.join(marks(self._name))}) from the one that is not"
                " this collection's, or remove that one, then run this again.",
            )
        return owned[0] if owned else None

    def _read(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Missing where it has gone, or lost its marker, since the listing."""
        try:
            has = self._kind.read(self._client, found)
            if self._kind.is_marked(has, self._name):
                return has
        except Missing:
            pass
        self._gone.add(found["id"])
        raise Missing(self._kind.place(found))

    def _update(self, found: Mapping[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
        has = self._read(found)
        if equal(has, wanted):
            return self._result(False, has)
        before, after = as_text(as_defined(has, wanted)), as_text(in_order(wanted))
        if not self._check_mode:
            try:
                answer = self._client.put(self._kind.place(has), wanted)
            except Missing:
                self._gone.add(found["id"])
                raise
            has = self._kind.answered(answer, has)
            self._require_marker(has)
            self._warn_of_difference(has, wanted)
        return self._result(True, has, before, after)

    def _create(self, wanted: dict[str, Any]) -> dict[str, Any]:
        title = wanted[self._kind.title]
        for other in self._list(lambda: self._kind.namesakes(self._client, title)):
            self.warnings.append(
                f"The {self._what} {other['id']} is called {title!r} too, and does not belong to"
                f" the name {self._name!r}. It is left alone, and another one is created."
            )
        after = as_text(in_order(wanted))
        if self._check_mode:
            return self._result(True, None, "", after)
        try:
            has = self._post(wanted)
        except HostError as error:
            # Datadog refuses a second monitor with the same contents, which another run may have
            # created.
            found = self._find() if error.kind == "datadog_refused" else None
            if found is None:
                raise
            return self._update(found, wanted)
        try:
            self._require_marker(has)
        except HostError:
            # No later run would find it.
            self._delete(has)
            raise
        oldest = next(iter(self._owned()), has)
        if oldest["id"] == has["id"]:
            self._warn_of_difference(has, wanted)
            return self._result(True, has, "", after)
        # Whoever creates the second one sees both, and so only one of them removes its own.
        self._delete(has)
        self.warnings.append(
            f"Another run created the {self._header} at the same time ({oldest['id']}). That one is"
            " kept."
        )
        return self._update(oldest, wanted)

    def _post(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The asset that was created, also where the answer was lost."""
        again = True
        while True:
            try:
                return self._kind.checked([self._client.post(self._kind.path, wanted)])[0]
            except Uncertain as error:
                found = self._find()
                if found:
                    return self._read(found)
                if not again:
                    raise error.error from None
                again = False

    def _require_marker(self, has: Mapping[str, Any]) -> None:
        if not self._kind.is_marked(has, self._name):
            raise HostError(
                "datadog_answer",
                f"the {self._what} {has['id']} comes back without the marker that it was sent with",
                hint="Look for what drops tags or descriptions on the way, such as a proxy. With no"
                " marker the next run creates another one.",
            )

    def _warn_of_difference(self, has: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        keys = ", ".join(differing(has, wanted))
        if keys:
            self.warnings.append(
                f"Datadog keeps {keys} of the {self._header} otherwise than it was sent. Each run"
                " will change it again. Write in the definition what Datadog keeps."
            )

    def _delete(self, has: Mapping[str, Any]) -> None:
        """What answers may not be Datadog, so look whether it has gone."""
        try:
            self._client.delete(self._kind.place(has))
            self._kind.read(self._client, has)
        except Missing:
            return
        raise HostError(
            "datadog_answer", f"the {self._what} {has['id']} is still there after it was removed"
        )

    def _result(
        self, changed: bool, has: dict[str, Any] | None, before: str = "", after: str = ""
    ) -> dict[str, Any]:
        return {
            "changed": changed,
            "id": str(has["id"]) if has else None,
            "asset": has,
            "diff": {
                "before": before,
                "after": after,
                "before_header": self._header,
                "after_header": self._header,
            },
        }
