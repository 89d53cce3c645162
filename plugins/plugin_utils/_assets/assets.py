# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The definitions of what the collection owns in a Datadog account, for the role datadog_assets and
as files."""

from __future__ import annotations

from string import Template
from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.dashboard import dashboard
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.log_pipeline import (
    log_pipeline,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.monitors import monitors
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.options import KINDS, PARTS


def assets(options: dict[str, Any], ids: dict[str, int]) -> list[dict[str, Any]]:
    """Every asset, in the order in which they can be made: kind, name, wanted (bool) and
    definition, the body that Datadog's API takes.

    options: as options.checked returns them. ids: of monitors by name. Where they lack one, a
    composite monitor's query has ${NAME} in its place."""
    definitions = {
        "log_pipeline": log_pipeline(options),
        "dashboard": dashboard(options),
        **monitors(options),
    }
    combined = definitions["silent_zero"]
    combined["query"] = Template(combined["query"]).safe_substitute(ids)
    return [
        {
            "kind": kind,
            "name": name,
            "wanted": PARTS.get(name, name) in options["wanted"],
            "definition": definitions[name],
        }
        for name, kind in KINDS.items()
    ]
