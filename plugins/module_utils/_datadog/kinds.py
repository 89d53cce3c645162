# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of assets: where the API has them, and how one is marked as this collection's."""

from __future__ import annotations

from typing import Any, Iterator, Mapping
from urllib.parse import quote

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.client import (
    PAGE,
    Client,
    checked,
)

MANAGED = "managed_by:mailops.postfix"


def marks(name: str) -> list[str]:
    """What an asset of this name carries, as tags."""
    return [MANAGED, f"mailops_postfix:{name}"]


class Kind:
    """An asset with its marker among its tags.

    path: of the API; title: the key of what people call it; permissions: of the application key,
    for a hint; added: keys of the account's own, which a definition cannot set."""

    path = ""
    title = "name"
    permissions = ""
    added = frozenset({"id"})

    def own(self, asset: Mapping[str, Any]) -> dict[str, Any]:
        """The asset without what the account adds."""
        return {key: value for key, value in asset.items() if key not in self.added}

    def marked(self, definition: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The definition with the marker."""
        tags = definition.get("tags") or []
        return {**definition, "tags": sorted({*tags, *marks(name)}, key=str)}

    def is_marked(self, asset: Mapping[str, Any], name: str) -> bool:
        return set(marks(name)) <= set(map(str, asset.get("tags") or []))

    def owned(self, client: Client, name: str) -> list[dict[str, Any]]:
        """The assets in a listing with this marker, the oldest first. Raises HostError."""
        return [asset for asset in self.listing(client) if self.is_marked(asset, name)]

    def namesakes(self, client: Client, title: object) -> list[dict[str, Any]]:
        """The assets with this title. Raises HostError."""
        return [asset for asset in self.listing(client) if asset.get(self.title) == title]

    def listing(self, client: Client) -> Iterator[dict[str, Any]]:
        raise NotImplementedError

    def place(self, asset: Mapping[str, Any]) -> str:
        """The path of one asset."""
        return f"{self.path}/{quote(str(asset['id']), safe='')}"

    def read(self, client: Client, asset: Mapping[str, Any]) -> dict[str, Any]:
        """The asset as it is now. Raises HostError, Missing."""
        return checked([client.get(self.place(asset))], self.place(asset))[0]


class Dashboard(Kind):
    """Marked by a line of its description. Its tags can only name teams, and no listing has
    them."""

    path = "/api/v1/dashboard"
    title = "title"
    permissions = "dashboards_read and dashboards_write"
    added = frozenset(
        {"id", "author_handle", "author_name", "created_at", "is_read_only", "modified_at", "url"}
    )

    def marked(self, definition: Mapping[str, Any], name: str) -> dict[str, Any]:
        text = str(definition.get("description") or "").strip()
        return {**definition, "description": "\n\n".join(filter(None, [text, self._line(name)]))}

    def is_marked(self, asset: Mapping[str, Any], name: str) -> bool:
        text = str(asset.get("description") or "")
        return self._line(name) in map(str.strip, text.splitlines())

    def _line(self, name: str) -> str:
        return " ".join(marks(name))

    def owned(self, client: Client, name: str) -> list[dict[str, Any]]:
        found = super().owned(client, name)
        return sorted(found, key=lambda asset: (str(asset.get("created_at")), asset["id"]))

    def listing(self, client: Client) -> Iterator[dict[str, Any]]:
        return client.pages(
            self.path,
            lambda answer: answer.get("dashboards") if isinstance(answer, dict) else None,
            lambda seen: {"count": PAGE, "start": seen},
        )


class Monitor(Kind):
    """The listing can be asked for a tag, and for a part of a name."""

    path = "/api/v1/monitor"
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

    def owned(self, client: Client, name: str) -> list[dict[str, Any]]:
        found = self._pages(client, {"monitor_tags": ",".join(marks(name))})
        return sorted(
            (asset for asset in found if self.is_marked(asset, name)),
            key=lambda asset: int(asset["id"]),
        )

    def namesakes(self, client: Client, title: object) -> list[dict[str, Any]]:
        found = self._pages(client, {"name": title})
        return [asset for asset in found if asset.get(self.title) == title]

    def _pages(self, client: Client, query: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        pages = iter(range(1 << 30))
        return client.pages(
            self.path,
            lambda answer: answer,
            lambda seen: {**query, "page": next(pages), "page_size": PAGE},
        )


class LogPipeline(Kind):
    """The listing has all, in their order, to which a new one is added at the end."""

    path = "/api/v1/logs/config/pipelines"
    permissions = "logs_read_config and logs_write_pipelines"
    added = frozenset({"id", "is_read_only", "type"})

    def listing(self, client: Client) -> Iterator[dict[str, Any]]:
        return iter(checked(client.get(self.path), self.path))


KINDS: dict[str, Kind] = {
    "dashboard": Dashboard(),
    "monitor": Monitor(),
    "log_pipeline": LogPipeline(),
}
