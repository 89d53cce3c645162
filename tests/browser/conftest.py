# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian's Chromium, and the reports that it shows: that of the demo's hosts, and one of 2,000
made-up hosts with hostile texts."""

from __future__ import annotations

import os
import pathlib

import made_up
import pytest
from playwright.sync_api import sync_playwright

from ansible_collections.mailops.postfix.plugins.filter.fleet_report import fleet_report

WORK = pathlib.Path(os.environ["BROWSER_WORK"])


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root.
        yield playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"],
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )


@pytest.fixture(scope="session")
def paths():
    """The pages (Path) by name."""
    large = WORK / "made-up.html"
    times = {
        "started": "2026-11-22T16:46:07Z",
        "finished": "2026-11-22T16:51:39Z",
        "ansible_core": "2.21.5",
    }
    large.write_text(
        fleet_report(made_up.fleet(2000, hostile=True), "html", **times), encoding="utf-8"
    )
    return {"demo": pathlib.Path(os.environ["DEMO_REPORT"]), "made_up": large}


@pytest.fixture
def show(browser, paths):
    """Opens a page by its name, in a window of its own; at the end nothing may have been said on
    the console or asked of a network."""
    contexts, said, asked = [], [], []

    def shown(name, width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(paths[name].as_uri())
        return page

    yield shown
    for context in contexts:
        context.close()
    assert said == []
    assert [
        url for url in asked if url not in {path.as_uri() for path in paths.values()} | {"data:,"}
    ] == []
