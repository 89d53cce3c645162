# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation site on a desk and on a phone. A broken link already stops its build."""

from __future__ import annotations

import pathlib

SITE = pathlib.Path(__file__).resolve().parents[2] / "build/docs"
WIDTH = "Math.max(document.body.scrollWidth, document.documentElement.scrollWidth)"
BROKEN = "[...document.images].filter(image => !image.naturalWidth).map(image => image.src)"


def test_no_page_scrolls_sideways_or_lacks_a_picture(browser):
    page = browser.new_page()
    outside = []
    page.on("request", lambda request: outside.append(request.url))
    faults = []
    pages = sorted(SITE.rglob("*.html"))
    for path in pages:
        page.goto(path.as_uri())
        faults += page.evaluate(BROKEN)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            if page.evaluate(WIDTH) > width:
                faults.append(f"{path.name} is wider than {width} pixels")
    page.close()
    assert len(pages) > 25
    assert faults == []
    assert [url for url in outside if not url.startswith(("file:", "data:"))] == []
