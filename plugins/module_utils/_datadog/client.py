# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to Datadog's API: keys, repetition, and errors with their kinds."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Callable, Iterator, Mapping
from urllib.parse import urlencode

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.transport import (
    Answer,
    Unanswered,
    send,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

# Seconds.
_LONGEST_WAIT_FOR_AN_ANSWER = 30.0
_PAUSE = 1.0
# How often a request without an answer, or with an answer of a server that fails, is sent.
_TRIES = 3
# Characters of what Datadog says about an error.
_SAID = 4096
# Assets in one answer of a listing, and answers of one listing.
PAGE = 100
_PAGES = 1000
_LEVELS = 50
_STILL_USED = (
    "Something in the account may use it, such as a composite monitor. Take it out of that, or"
    " remove that, then run this again."
)
_VALIDATE = "/api/v1/validate"


class Missing(Exception):
    """Nothing is there (404)."""


class Uncertain(Exception):
    """Whether the asset was created is not known; error: the HostError to raise if it was not."""

    def __init__(self, error: HostError) -> None:
        super().__init__(error.message)
        self.error = error


class _Unusable(Exception):
    """An answer that another try may better; error: the HostError if no try does."""

    def __init__(self, kind: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.error = HostError(kind, message, hint=hint)


class Client:
    """url: where the API is, without a slash at the end; permissions: what the application key
    needs, for the hint; deadline: of all requests and the waits between them."""

    def __init__(
        self,
        url: str,
        api_key: str,
        application_key: str,
        permissions: str,
        deadline: Deadline,
    ) -> None:
        self._url = url
        self._keys = {"DD-API-KEY": api_key, "DD-APPLICATION-KEY": application_key}
        self._permissions = permissions
        self._deadline = deadline

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """The answer's JSON. Raises HostError, Missing."""
        return self._request("GET", path + ("?" + urlencode(query) if query else ""))

    def put(self, path: str, body: object) -> Any:
        """As get."""
        return self._request("PUT", path, body)

    def delete(self, path: str) -> None:
        """Raises HostError, Missing."""
        self._request("DELETE", path)

    def post(self, path: str, body: object) -> Any:
        """As get. Raises Uncertain where sending it again could create a second asset."""
        return self._request("POST", path, body)

    def pages(
        self,
        path: str,
        listed: Callable[[Any], list[dict[str, Any]]],
        query: Callable[[int, int], Mapping[str, object]],
    ) -> Iterator[dict[str, Any]]:
        """The assets of a listing. listed: the assets in an answer; query: the parameters that ask
        for a page, by its number from 0 and the number of assets before it. Raises HostError.

        A page that is shorter than asked for need not be the last, since a server may have a lower
        limit. So the listing ends with the first page that has nothing new."""
        seen: set[Any] = set()
        for page in range(_PAGES):
            assets = listed(self.get(path, query(page, len(seen))))
            new = [asset for asset in assets if asset["id"] not in seen]
            if not new:
                return
            seen.update(asset["id"] for asset in new)
            yield from new
        raise HostError("datadog_answer", f"the listing of {path} does not end")

    def _request(self, method: str, path: str, body: object = None) -> Any:
        tries = 1 if method == "POST" else _TRIES
        while True:
            tries -= 1
            try:
                answer = self._send(method, path, body)
                while answer.status == 429:
                    self._wait_for_the_limit(answer)
                    answer = self._send(method, path, body)
                return self._understand(answer, method, path)
            except Unanswered as error:
                failure = HostError("datadog_unreachable", f"{self._url} does not answer: {error}")
            except _Unusable as error:
                failure = error.error
            if method == "POST":
                raise Uncertain(failure)
            if not tries or self._deadline.remaining() <= _PAUSE:
                raise failure
            time.sleep(_PAUSE)

    def _send(self, method: str, path: str, body: object = None) -> Answer:
        remaining = self._deadline.remaining()
        if not remaining:
            raise HostError(
                "datadog_unreachable",
                f"{self._url} took longer than {self._deadline.seconds:g} s",
                hint="Run this again later, or raise timeout.",
            )
        return send(
            method,
            self._url + path,
            {**self._keys, "Content-Type": "application/json", "Accept": "application/json"},
            None if body is None else json.dumps(body).encode("utf-8"),
            min(remaining, _LONGEST_WAIT_FOR_AN_ANSWER),
        )

    def _wait_for_the_limit(self, answer: Answer) -> None:
        """Datadog says in X-RateLimit-Reset how many seconds remain until requests count anew."""
        reset = answer.headers.get("x-ratelimit-reset", "").strip()
        # Longer than nine digits is no time.
        wait = max(_PAUSE, int(reset)) if re.fullmatch("[0-9]{1,9}", reset) else _PAUSE
        if wait >= self._deadline.remaining():
            raise HostError(
                "datadog_rate_limited",
                f"{self._url} allows no more requests for {wait:g} s, longer than is left of the"
                f" {self._deadline.seconds:g} s that this may take",
            )
        time.sleep(wait)

    def _understand(self, answer: Answer, method: str, path: str) -> Any:
        if answer.status >= 500:
            raise _Unusable(
                "datadog_unreachable",
                f"{self._url} answers {answer.status}: {self._said(answer)}",
                "Look at Datadog's status page, and run this again later.",
            )
        if answer.status == 404 and method != "POST":
            raise Missing(path)
        if answer.status in (401, 403):
            raise self._forbidden(answer)
        if answer.status >= 400:
            raise HostError(
                "datadog_refused",
                f"Datadog refuses this: {self._said(answer)}",
                hint=_STILL_USED if method == "DELETE" else None,
            )
        if answer.status >= 300:
            raise HostError(
                "datadog_answer",
                f"{self._url} answers with a redirect, which would take the keys elsewhere",
                hint="Name the API itself in site or api_url.",
            )
        if method == "DELETE":
            return None
        what = f"the answer to {method} {path}"
        if answer.torn:
            raise _Unusable("datadog_answer", f"{what} is not whole: {answer.torn}")
        try:
            return _parsed(answer.body.decode("utf-8"))
        except ValueError:
            raise _Unusable(
                "datadog_answer", f"{what} is not JSON, or is nested too deeply"
            ) from None

    def _forbidden(self, answer: Answer) -> HostError:
        """Whether the API key is known here says which of the keys is refused, and why."""
        said = self._said(answer)
        try:
            known = self._send("GET", _VALIDATE).status not in (401, 403)
        except Unanswered:
            known = True
        if known:
            return HostError(
                "datadog_forbidden",
                f"{self._url} knows the API key, and refuses the application key: {said}",
                hint=f"Give the application key, and the user who owns it, the permissions"
                f" {self._permissions}. Also check that both keys are of the same organization.",
            )
        return HostError("datadog_wrong_site", f"{self._url} does not know the API key: {said}")

    def _said(self, answer: Answer) -> str:
        """What Datadog says about an error, in whichever of its forms, without the keys."""
        text = answer.body.decode("utf-8", "replace")
        for key in self._keys.values():
            text = text.replace(key, "***")
        try:
            found = _parsed(text)
        except ValueError:
            found = text.strip()
        if isinstance(found, dict):
            found = found.get("errors") or found.get("error") or found
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            found = "; ".join(found)
        said = found if isinstance(found, str) else json.dumps(found)
        return said[:_SAID] or f"status {answer.status}"


def _parsed(text: str) -> Any:
    """Raises ValueError, also for what Python reads and other programs refuse."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None
    if too_deep(found):
        raise ValueError("too deep")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def too_deep(value: Any, levels: int = _LEVELS) -> bool:
    """Whether it is nested deeper than any asset."""
    parts = value.values() if isinstance(value, dict) else value
    return isinstance(value, (dict, list)) and (
        not levels or any(too_deep(part, levels - 1) for part in parts)
    )
