"""The report in a real browser: quiet, whole, usable by keyboard, readable on every width and in the dark."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from router.schema.plan import Plan
from tests.browser import accessibility_findings, opened
from tests.report.pages import HOSTILE, many, named, page_of, plan_of

NAMES = ("quickstart", "every-limit", "risky-launch", "degrade")


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes the report of a plan."""

    def write(plan: Plan) -> Path:
        path = tmp_path / "report.html"
        path.write_text(page_of(plan), encoding="utf-8")
        return path

    return write


def column(page: Any, number: int) -> list[str]:
    """What the visible rows of the table of clips show."""
    cells = page.locator(f"#clips tbody tr:not([hidden]) > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_the_figures_of_the_plan_and_asks_for_nothing_but_itself(
    browser: Any, written: Any, name: str
) -> None:
    plan, path = json.loads(plan_of(name).to_json()), written(plan_of(name))
    with opened(browser, path) as (page, seen):
        shown = page.locator(".figures .amount").all_inner_texts()
        assert shown[:3] == [
            f"${Decimal(plan['totals'][key]):,.2f}" for key in ("expected_usd", "p95_usd", "worst_usd")
        ]
        place = page.locator("#clips thead th").all_inner_texts().index("All expected") + 1
        rows = [Decimal(text.replace("$", "").replace(",", "")) for text in column(page, place)]
        # Routes are at list prices; each row is rounded to a cent.
        assert abs(sum(rows) - Decimal(plan["totals"]["list_usd"])) <= Decimal("0.005") * len(rows)
        page.locator("summary").click()
        page.locator("#clips input").fill("e")
        assert seen.said == []
        assert seen.asked == [path.as_uri()]


def test_hostile_names_stay_text(browser: Any, written: Any) -> None:
    counts = []
    for names in (HOSTILE, tuple(f"n{k}" for k in range(len(HOSTILE)))):
        with opened(browser, written(named(*names))) as (page, seen):
            for heading in page.locator("#clips thead button").all():
                heading.click()
            page.locator("#clips input").fill(names[0])
            assert names[0] in column(page, 1)
            page.locator("#clips input").fill("")
            page.mouse.move(200, 400)
            assert seen.said == []
            assert len(seen.asked) == 1
            assert page.locator("h1").inner_text() == page.title() == names[0]
            counts.append(page.evaluate("document.querySelectorAll('*:not(wbr)').length"))
    assert counts[0] == counts[1]


def test_search_works_by_keyboard_and_says_how_many_it_found(browser: Any, written: Any) -> None:
    with opened(browser, written(many())) as (page, _):
        status = page.locator("#clips [role=status]")
        assert status.inner_text() == "1,000 rows, the first 100 shown"
        assert len(column(page, 1)) == 100

        page.get_by_label("Search").press_sequentially("CLIP-99 audio")
        # clip-99 and clip-990 to clip-999: of these only clip-990 has sound.
        assert column(page, 1) == ["clip-990"]
        assert status.inner_text() == "1 of 1,000 rows match"
        page.get_by_label("Search").fill("nothing like it")
        assert column(page, 1) == []
        assert status.inner_text() == "0 of 1,000 rows match"
        page.get_by_label("Search").fill("")
        page.get_by_role("button", name="Show 100 more").press("Enter")
        assert len(column(page, 1)) == 200
        page.get_by_role("button", name="Show all 1,000").press("Enter")
        assert len(column(page, 1)) == 1000
        assert page.evaluate("document.activeElement.getAttribute('role')") == "region"


@pytest.mark.parametrize(("title", "kind"), [("Clip", "text"), ("Price", "number"), ("Length", "length")])
def test_sorting_works_by_keyboard_and_is_announced(browser: Any, written: Any, title: str, kind: str) -> None:
    with opened(browser, written(many(150))) as (page, _):
        heading = page.locator("#clips thead th", has_text=title)
        place = page.locator("#clips thead th").all_inner_texts().index(title) + 1
        heading.get_by_role("button").focus()
        for key, direction in (("Enter", "ascending"), ("Space", "descending")):
            page.keyboard.press(key)
            assert heading.get_attribute("aria-sort") == direction
            assert page.locator("#clips thead th:not([aria-sort=none])").count() == 1
            shown = [_value(text, kind) for text in column(page, place)]
            assert len(set(shown)) > 1
            assert shown == sorted(shown, reverse=direction == "descending")


def _value(text: str, kind: str) -> float:
    number = {
        "text": lambda: text.removeprefix("clip-"),
        "number": lambda: text[1:],
        "length": lambda: text.split(" ")[0],
    }[kind]
    return float(number())


def test_the_first_thing_to_reach_is_the_way_past_the_contents(browser: Any, written: Any) -> None:
    with opened(browser, written(plan_of("quickstart"))) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top >= 0")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "report"
        page.keyboard.press("Tab")
        focused = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert focused == "solid"


@pytest.mark.parametrize("name", ["degrade", "every-limit", "hostile"])
def test_no_page_scrolls_sideways_however_narrow(browser: Any, written: Any, name: str) -> None:
    plan = named(*HOSTILE, "long" * 50) if name == "hostile" else plan_of(name)
    with opened(browser, written(plan), viewport={"width": 375, "height": 800}) as (page, _):
        for width in (320, 375, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.locator("details").evaluate("own => { own.open = true; }")
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, written: Any, scheme: str) -> None:
    with opened(browser, written(plan_of("every-limit")), color_scheme=scheme, bypass_csp=True) as (page, _):
        page.locator("details").evaluate("own => { own.open = true; }")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
        assert dark == (scheme == "dark")
        assert accessibility_findings(page) == []


def test_headings_are_in_order_and_landmarks_are_there(browser: Any, written: Any) -> None:
    with opened(browser, written(plan_of("every-limit"))) as (page, _):
        levels = [
            int(own)
            for own in page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(own => own.tagName[1])")
        ]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(below <= above + 1 for above, below in pairwise(levels))
        for role in ("banner", "navigation", "main", "contentinfo"):
            assert page.get_by_role(role).count() == 1
        assert page.get_by_role("img", name="What the run may cost").count() == 1
        assert page.get_by_role("columnheader", name="Worst case").count() == 1


def test_without_script_everything_is_shown(browser: Any, written: Any) -> None:
    with opened(browser, written(many()), java_script_enabled=False) as (page, seen):
        assert page.locator("#clips tbody tr").count() == 1000
        assert page.locator("#clips tbody tr").last.is_visible()
        assert page.locator("#clips input").is_hidden()
        assert seen.said == []


def test_paper_gets_what_is_folded_and_none_of_the_controls(browser: Any, written: Any) -> None:
    with opened(browser, written(plan_of("quickstart")), viewport={"width": 680, "height": 900}) as (page, _):
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details").get_attribute("open") is not None
        assert page.locator("nav").is_hidden()
        assert page.locator("#clips input").is_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= 680
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details").get_attribute("open") is None
        assert page.pdf().startswith(b"%PDF")
