"""Pages of studies in a real browser: quiet, whole, usable by keyboard, readable on every width and in the dark."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.browser import accessibility_findings, opened
from tests.report.pages import HOSTILE
from tests.report.studies import NAMES, page_of, renamed, study

KINDS = ("what-if", "sweep", "sweep of lines", "sweep of cells", "levers", "sensitivity", "frontier", "comparison")


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes the page of a study."""

    def write(found: Any) -> Path:
        path = tmp_path / "page.html"
        path.write_text(page_of(found), encoding="utf-8")
        return path

    return write


def unfold(page: Any) -> None:
    page.evaluate("for (const own of document.querySelectorAll('details')) own.open = true")


def test_no_page_says_or_asks_for_anything_or_scrolls_sideways(browser: Any, written: Any) -> None:
    for name in NAMES:
        path = written(study(name))
        with opened(browser, path, viewport={"width": 1280, "height": 800}) as (page, seen):
            unfold(page)
            for width in (1280, 768, 375, 320):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            assert (seen.said, seen.asked) == ([], [path.as_uri()]), name


@pytest.mark.parametrize("name", ["what-if", "sweep", "levers", "sensitivity", "frontier", "comparison"])
def test_hostile_names_stay_text(browser: Any, written: Any, name: str) -> None:
    counts = []
    for names in ((*HOSTILE, "long" * 50), tuple(f"n{k}" for k in range(len(HOSTILE) + 1))):
        with opened(browser, written(renamed(study(name), names)), viewport={"width": 375, "height": 800}) as (
            page,
            seen,
        ):
            unfold(page)
            page.mouse.move(200, 400)
            assert seen.said == []
            assert len(seen.asked) == 1
            assert page.locator("h1").inner_text().startswith(names[0])
            assert page.evaluate("document.documentElement.scrollWidth") <= 375
            counts.append(page.evaluate("document.querySelectorAll('*:not(wbr)').length"))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, written: Any, scheme: str) -> None:
    for name in KINDS:
        with opened(browser, written(study(name)), color_scheme=scheme, bypass_csp=True) as (page, _):
            unfold(page)
            assert accessibility_findings(page) == [], name


def test_headings_are_in_order_and_charts_have_names(browser: Any, written: Any) -> None:
    for name in KINDS:
        with opened(browser, written(study(name))) as (page, _):
            found = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(own => own.tagName[1])")
            levels = [int(own) for own in found]
            assert (levels[0], levels.count(1)) == (1, 1)
            assert all(below <= above + 1 for above, below in pairwise(levels))
            charts = page.get_by_role("img", name="Cost over").count()
            assert charts == (name in ("sweep", "sweep of lines"))


def test_the_name_of_a_variant_leads_to_what_moves_under_it(browser: Any, written: Any) -> None:
    with opened(browser, written(study("what-if"))) as (page, _):
        assert page.locator("#what-if-4").is_hidden()
        page.get_by_role("link", name="less money").press("Enter")
        assert page.locator("#what-if-4").is_visible()
        assert page.locator("#what-if-1").is_hidden()
        page.locator("summary", has_text="dubbed").press("Enter")
        assert page.locator("#what-if-1").is_visible()


def test_what_repeats_a_lever_is_copied_by_keyboard(browser: Any, written: Any) -> None:
    with opened(browser, written(study("levers"))) as (page, seen):
        button = page.locator("#levers-repeat button").first
        assert button.inner_text() == "Copy"
        button.press("Enter")
        page.wait_for_function("document.querySelector('#levers-repeat button').textContent !== 'Copy'")
        assert page.evaluate("getSelection().toString()") == "--set 'clips.*.audio=deferred'"
        assert seen.said == []


def test_every_point_of_a_frontier_is_reached_by_keyboard_and_leads_to_its_row(browser: Any, written: Any) -> None:
    with opened(browser, written(study("frontier"))) as (page, seen):
        chart = page.get_by_role("group", name="Cost against mean quality")
        points = chart.get_by_role("link")
        assert points.count() == 15
        points.first.focus()
        for number in range(1, 16):
            said = page.evaluate("document.activeElement.textContent")
            assert said.startswith(f"Point {number}{', the knee' if number == 5 else ''}: $")
            page.keyboard.press("Tab")
        points.nth(4).press("Enter")
        row = page.locator("tr", has=page.locator("#point-5"))
        assert page.locator("tr:has(:target)").inner_text() == row.inner_text()
        assert "$3.80" in row.inner_text()
        assert seen.said == []


def test_a_point_whose_row_is_sifted_out_brings_it_back(browser: Any, written: Any) -> None:
    with opened(browser, written(study("frontier of risk"))) as (page, _):
        page.locator("#frontier-points input").fill("nothing is like this")
        assert page.locator("#point-7").is_hidden()
        page.get_by_role("link", name="Point 7:").press("Enter")
        page.locator("#point-7").wait_for(state="visible")


def test_what_pins_a_plan_of_a_frontier_is_copied_by_keyboard(browser: Any, written: Any) -> None:
    with opened(browser, written(study("frontier of risk"))) as (page, _):
        page.locator("#frontier-points td button, #frontier-points th[scope=row] button").nth(1).press("Enter")
        assert page.evaluate("getSelection().toString()") == "--set 'limits.cvar={ level = 0.95, usd = 202.250000 }'"


def test_without_script_everything_is_there(browser: Any, written: Any) -> None:
    with opened(browser, written(study("levers")), java_script_enabled=False) as (page, _):
        assert page.locator("#levers-repeat pre").first.is_visible()
        assert page.get_by_role("button").count() == 0


def test_paper_gets_what_is_folded_and_no_buttons(browser: Any, written: Any) -> None:
    for name in ("what-if", "levers"):
        with opened(browser, written(study(name)), viewport={"width": 680, "height": 900}) as (page, _):
            page.emulate_media(media="print")
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert page.locator("details:not([open])").count() == 0
            assert page.locator("button:visible").count() == 0
            bars = page.locator(".steps rect")
            assert bars.locator("visible=true").count() == bars.count() > 0
            assert page.evaluate("document.documentElement.scrollWidth") <= 680
