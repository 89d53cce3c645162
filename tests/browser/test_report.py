# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib

import made_up
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe

WORK = pathlib.Path(os.environ["BROWSER_WORK"])
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
NAMES = ("demo", "made_up")
PHONE = {"width": 360, "height": 740}
LOOKS = [
    ("demo", {}),
    ("demo", {"color_scheme": "dark"}),
    ("demo", PHONE),
    ("demo", {"forced_colors": "active"}),
    ("made_up", {}),
]


TOTAL, CORRUPT = 2, 8


def column(page, number):
    """The texts of a column of the table of instances, of the rows that are shown."""
    rows = "Array.from(document.querySelectorAll('#instances tbody tr'))"
    return page.evaluate(
        rows + f".filter(row => !row.hidden).map(row => row.cells[{number}].textContent)"
    )


def counts(page, number):
    return [
        int(text.replace(",", "").replace("\u2265\u00a0", ""))
        for text in column(page, number)
        if text != "?"
    ]


@pytest.mark.parametrize("name, look", LOOKS)
def test_it_is_accessible(show, name, look):
    page = show(name, **look)
    if name == "made_up":
        # The engine looks at each cell, and the rows are alike.
        page.get_by_label("Filter").fill("mx000")
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(fault["id"], [node["target"] for node in fault["nodes"]][:3]) for fault in found] == []
    page.screenshot(
        path=WORK / f"{name}-{'-'.join(map(str, look.values())) or 'light'}.png", full_page=True
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_a_phone(show, name):
    page = show(name, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("name", NAMES)
def test_sorting_by_keyboard(show, name):
    page = show(name)
    header = page.get_by_role("columnheader", name="Total")
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    totals = counts(page, TOTAL)
    assert header.get_attribute("aria-sort") == "descending" and totals == sorted(
        totals, reverse=True
    )
    page.keyboard.press("Space")
    assert header.get_attribute("aria-sort") == "ascending" and counts(page, TOTAL) == sorted(
        totals
    )
    assert "sorted by Total, ascending" in page.get_by_role("status").text_content()
    page.get_by_role("columnheader", name="Host").get_by_role("button").click()
    hosts = [text[:6] for text in column(page, 0)]
    assert header.get_attribute("aria-sort") is None and hosts == sorted(hosts)


def test_what_is_not_known_is_last_in_either_direction(show):
    page = show("made_up")
    for dummy in range(2):
        page.get_by_role("columnheader", name="corrupt").get_by_role("button").click()
        corrupt = column(page, CORRUPT)
        unknown = corrupt.count("?")
        assert 0 < unknown < len(corrupt) and set(corrupt[-unknown:]) == {"?"}


def test_filtering_says_how_many_are_shown(show):
    page = show("made_up")
    assert page.get_by_role("status").text_content() == "2,040 of 2,040 shown"
    page.get_by_label("Filter").fill("MX UNREACHABLE")
    assert page.get_by_role("status").text_content() == "50 of 2,040 shown"
    assert set(column(page, 1)) == {"unreachable"}
    page.get_by_label("Filter").fill("no such host")
    assert column(page, 0) == [] and page.get_by_role("status").text_content() == "0 of 2,040 shown"
    page.get_by_label("Filter").fill("")
    assert len(column(page, 0)) == 2040


def test_2000_hosts_are_sorted_and_filtered_at_once(show):
    page = show("made_up")
    took = page.evaluate("""() => {
          const start = performance.now();
          document.querySelector('#instances th:nth-child(3) button').click();
          document.getElementById('filter').value = 'mx1';
          document.getElementById('filter').dispatchEvent(new Event('input'));
          document.body.offsetHeight;
          return performance.now() - start;
        }""")
    print(f"sorted, filtered and laid out in {took} ms")
    assert took < 5000


def test_hostile_texts_are_inert_and_shown(show):
    page = show("made_up")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, iframe, object, #instances script, bdi *").count() == 0
    assert (
        page.locator("script").count() == 1
        and page.locator("svg[onload], [onerror], [onmouseover]").count() == 0
    )
    text = page.locator("body").text_content()
    for evil in made_up.HOSTILE:
        if evil.isprintable():
            assert evil in text
    assert "\u202e" not in text and "\\u202egnp.exe" in text
    assert "alice" not in text and "secret" not in text


@pytest.mark.parametrize("name", NAMES)
def test_it_is_complete_without_a_script(show, name):
    page = show(name, java_script_enabled=False)
    assert page.locator("#instances tbody tr").count() == (3 if name == "demo" else 2040)
    assert not page.get_by_label("Filter").is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_no_column_is_cut(show, name):
    page = show(name)
    cut = (
        "document.querySelector('.tall').scrollWidth - document.querySelector('.tall').clientWidth"
    )
    assert page.evaluate(cut) == 0


def test_the_worst_come_first_and_after_the_totals(show):
    page = show("made_up")
    states = column(page, 1)
    assert states[0].startswith("unreachable") and states[-1] == "ok"
    titles = page.locator("section > h2").all_text_contents()
    assert titles[:3] == ["Totals", "Problems", "Instances"]


def test_instances_are_cards_on_a_phone(show):
    page = show("demo", **PHONE)
    card = page.locator("#instances tbody tr").first
    text = page.evaluate(
        "Array.from(document.querySelectorAll('#instances tbody tr:first-child td.total'))"
        ".map(cell => getComputedStyle(cell, '::before').content)"
    )
    assert text == ['"Total"'] and card.get_by_role("cell").first.is_visible()
    edges = card.bounding_box()
    assert edges["x"] >= 0 and edges["x"] + edges["width"] <= PHONE["width"]
    assert not page.locator("#instances thead").is_visible()


def printed(show, name, words=""):
    """The texts of the pages."""
    page = show(name)
    page.get_by_label("Filter").fill(words)
    path = WORK / (name + ".pdf")
    page.pdf(path=path, prefer_css_page_size=True)
    return [sheet.extract_text() for sheet in pypdf.PdfReader(path).pages]


def test_three_hosts_are_printed_on_two_pages(show):
    assert len(printed(show, "demo")) <= 2


def test_the_header_of_a_long_table_is_on_each_of_its_pages(show):
    pages = printed(show, "made_up", "mx00")
    header = "Host State Total maildrop incoming"
    begin = next(number for number, text in enumerate(pages) if header in text)
    end = next(number for number, text in enumerate(pages) if "Queue Messages Size" in text)
    assert end - begin > 2 and all(header in text for text in pages[begin:end])
