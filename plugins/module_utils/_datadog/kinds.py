# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of assets: where the API has them, and how one is marked as this collection's."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.client import PAGE, Client
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

# It becomes a part of URLs.
_ID = re.compile(r"[A-Za-z0-9_-]+")
_MANAGED = "managed_by:mailops.postfix"
_MARK = "mailops_postfix:"


def marks(name: str) -> list[str]:
    """What an asset of this name carries, as tags."""
    return [_MANAGED, _MARK + name]


class Kind:
    """An asset with its marker among its tags.

    path: of the API; id_type: of its ids; title: the key of what people call it; permissions: of
    the application key, for a hint; marker_is: where people find the marker, for a hint; added:
    keys of the account's own, which a definition cannot set."""

    path = ""
    id_type: type = str
    title = "name"
    permissions = ""
    marker_is = "the two tags"
    added = frozenset({"id"})

    def own(self, asset: Mapping[str, Any]) -> dict[str, Any]:
        """The asset without what the account adds."""
        return {key: value for key, value in asset.items() if key not in self.added}

    def marked(self, definition: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The definition with this marker and no other, which an exported one may have."""
        tags = [tag for tag in definition.get("tags") or [] if not tag.startswith(_MARK)]
        return {**definition, "tags": sorted({*tags, *marks(name)})}

    def is_marked(self, asset: Mapping[str, Any], name: str) -> bool:
        tags = asset.get("tags")
        return isinstance(tags, list) and all(mark in tags for mark in marks(name))

    def owned(self, client: Client, name: str) -> list[dict[str, Any]]:
        """The assets in a listing with this marker, the oldest first. Raises HostError."""
        found = self.listing(client, monitor_tags=",".join(marks(name)))
        return sorted((one for one in found if self.is_marked(one, name)), key=self._age)

    def namesakes(self, client: Client, title: str) -> list[dict[str, Any]]:
        """The assets with this title. Raises HostError."""
        found = self.listing(client, name=title)
        return [asset for asset in found if asset.get(self.title) == title]

    def listing(self, client: Client, **narrow: str) -> Iterable[dict[str, Any]]:
        """narrow: what the listing of monitors can be asked for; the others have all."""
        raise NotImplementedError

    def place(self, asset: Mapping[str, Any]) -> str:
        """The path of one asset."""
        return f"{self.path}/{asset['id']}"

    def read(self, client: Client, asset: Mapping[str, Any]) -> dict[str, Any]:
        """The asset as it is now. Raises HostError, Missing."""
        return self.answered(client.get(self.place(asset)), asset)

    def answered(self, answer: Any, asset: Mapping[str, Any]) -> dict[str, Any]:
        """The asset that an answer is. Raises HostError (datadog_answer) if it is another one."""
        (has,) = self.checked([answer])
        if has["id"] != asset["id"]:
            raise HostError(
                "datadog_answer", f"the answer of {self.place(asset)} has the id {has['id']!r}"
            )
        return has

    def checked(self, assets: Any) -> list[dict[str, Any]]:
        """The assets of an answer, each a dict with an id. Raises HostError (datadog_answer)."""
        if not isinstance(assets, list) or not all(map(self._has_id, assets)):
            raise HostError(
                "datadog_answer", f"the answer of {self.path} is not a list of assets with ids"
            )
        return assets

    def _has_id(self, asset: Any) -> bool:
        name = asset.get("id") if isinstance(asset, dict) else None
        # True is an int as well.
        is_id = isinstance(name, self.id_type) and not isinstance(name, bool)
        return is_id and _ID.fullmatch(str(name)) is not None

    def _age(self, asset: Mapping[str, Any]) -> Any:
        """What sorts the oldest first. A listing that has an order of its own keeps it."""
        return 0


class Dashboard(Kind):
    """Marked by a line of its description. Its tags can only name teams, and no listing has
    them."""

    path = "/api/v1/dashboard"
    title = "title"
    permissions = "dashboards_read and dashboards_write"
    marker_is = "the last line of the description"
    added = frozenset(
        {"id", "author_handle", "author_name", "created_at", "is_read_only", "modified_at", "url"}
    )

    def marked(self, definition: Mapping[str, Any], name: str) -> dict[str, Any]:
        lines = (definition.get("description") or "").splitlines()
        text = "\n".join(line for line in lines if not line.strip().startswith(self._line("")))
        parts = filter(None, [text.strip(), self._line(name)])
        return {**definition, "description": "\n\n".join(parts)}

    def is_marked(self, asset: Mapping[str, Any], name: str) -> bool:
        text = str(asset.get("description") or "")
        return self._line(name) in map(str.strip, text.splitlines())

    def _line(self, name: str) -> str:
        return " ".join(marks(name))

    def _age(self, asset: Mapping[str, Any]) -> Any:
        return (str(asset.get("created_at")), asset["id"])

    def listing(self, client: Client, **narrow: str) -> Iterable[dict[str, Any]]:
        return client.pages(
            self.path,
            lambda answer: self.checked(
                answer.get("dashboards") if isinstance(answer, dict) else 0
            ),
            lambda page, seen: {"count": PAGE, "start": seen},
        )


class Monitor(Kind):
    """The listing can be asked for a tag, and for a part of a name."""

    path = "/api/v1/monitor"
    id_type = int
    permissions = "monitors_read and monitors_write"
    added = frozenset(
        {
            "id",
            "created",
            "created_at",
            "creator",
            "deleted",
            "matching_downtimes",
            "modified",
            "multi",
            "org_id",
            "overall_state",
            "overall_state_modified",
            "state",
        }
    )

    def _age(self, asset: Mapping[str, Any]) -> Any:
        return asset["id"]

    def listing(self, client: Client, **narrow: str) -> Iterable[dict[str, Any]]:
        return client.pages(
            self.path,
            self.checked,
            lambda page, seen: {**narrow, "page": page, "page_size": PAGE},
        )


class LogPipeline(Kind):
    """The listing has all, in their order, to which a new one is added at the end."""

    path = "/api/v1/logs/config/pipelines"
    permissions = "logs_read_config and logs_write_pipelines"
    added = frozenset({"id", "is_read_only", "type"})

    def listing(self, client: Client, **narrow: str) -> Iterable[dict[str, Any]]:
        return self.checked(client.get(self.path))


KINDS: dict[str, Kind] = {
    "dashboard": Dashboard(),
    "monitor": Monitor(),
    "log_pipeline": LogPipeline(),
}
