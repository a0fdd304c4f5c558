"""The report as text: what it says, what it lets a browser do, and that no name gets out of its place."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from router.report.html import clip_sections
from router.report.html.elements import element, text
from router.report.html.page import Section, html_page
from router.report.html.plan_page import plan_page
from tests import golden
from tests.builders import catalog, model, planned
from tests.cli.commands import process
from tests.report.pages import (
    HOSTILE,
    STYLE,
    Read,
    loads_nothing,
    many,
    named,
    page_of,
    plan_of,
    sourced,
    without_style,
)

NAMES = ("quickstart", "every-limit", "risky-launch", "degrade")


def test_a_page_of_a_plan() -> None:
    golden.agrees("quickstart.html", without_style(page_of(plan_of("quickstart"))))


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_shown_are_those_of_the_json(name: str) -> None:
    sums = json.loads(plan_of(name).to_json())["totals"]
    shown = re.findall(r'<span class="amount">(.*?)</span>', page_of(plan_of(name)))

    amounts = [f"${Decimal(sums[key]):,.2f}" for key in ("expected_usd", "p95_usd", "worst_usd")]
    assert shown[:3] == amounts


def test_a_section_of_others_stands_before_the_clips_and_is_listed() -> None:
    page = plan_page(
        plan_of("quickstart"),
        None,
        further=[Section("levers", "What would save most", element("p", "x < y"), "Levers")],
    )
    assert page.index('id="limits"') < page.index('id="levers"') < page.index('id="clips"')
    assert '<li><a href="#levers">Levers</a></li>' in page
    assert '<h2 id="levers-title">What would save most</h2><p>x &lt; y</p>' in page


def test_a_plan_whose_distribution_nobody_can_draw_has_a_page_all_the_same() -> None:
    page = plan_page(plan_of("quickstart"), None)
    assert "<figure>" not in page
    assert "Too many outages to draw the distribution again" in page


def test_a_plan_that_leaves_everything_out_has_a_page() -> None:
    plan = planned([{"id": "c", "seconds": 5, "value_usd": "0.01"}], catalog(model()))
    page = page_of(plan)
    assert "1 clip not made" in page
    assert 'id="clips"' not in page


# ---- one file, and nothing else --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_the_one_style_and_the_one_script_and_nothing_else(name: str) -> None:
    loads_nothing(page_of(plan_of(name)))


def test_nothing_is_fetched_from_anywhere() -> None:
    page = page_of(sourced(plan_of("every-limit"), "a price list"))
    assert not re.findall(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(", page)
    assert {value[0] for tag, key, value in Read.of(page).attributes if key == "href"} == {"#"}


def test_only_an_address_of_the_web_becomes_a_link_and_it_is_not_followed_by_itself() -> None:
    plan = plan_of("quickstart")
    for source, links in (
        ("https://example.org/prices?a=1&b=2", 1),
        ("javascript:alert(1)", 0),
        ("https://x onclick=y", 0),
        ("a <list>", 0),
    ):
        read = Read.of(plan_page(sourced(plan, source), None))
        found = [value for tag, key, value in read.attributes if key == "href" and value[0] != "#"]
        assert found == [source] * links
        assert source in read.text


def test_the_same_plan_gives_the_same_bytes_whatever_the_order_of_hashes(tmp_path: object) -> None:
    plan = plan_of("every-limit").to_json().encode()
    pages = {process("report", "-", stdin=plan, env={"PYTHONHASHSEED": seed}).out for seed in ("1", "2")}
    assert len(pages) == 1
    assert pages.pop().startswith("<!DOCTYPE html>")


# ---- names -----------------------------------------------------------------------------------------------------------


def test_a_hostile_name_is_text_and_changes_no_element() -> None:
    plain = tuple(f"n{k}" for k in range(len(HOSTILE)))
    hostile, harmless = Read.of(page_of(named(*HOSTILE))), Read.of(page_of(named(*plain)))

    # A break behind a slash is offered in names.
    kept = [[tag for tag in read.tags if tag != "wbr"] for read in (hostile, harmless)]
    assert kept[0] == kept[1]
    assert {own[:2] for own in hostile.attributes} == {own[:2] for own in harmless.attributes}
    for name in HOSTILE[:7]:
        assert name in hostile.text
    assert "?txt.exe" in hostile.text
    assert "nul?, bell?, line?break" in hostile.text


def test_every_text_and_attribute_is_escaped() -> None:
    for name in HOSTILE:
        own = element("p", name, title=name)
        read = Read.of(str(own))
        assert read.tags == ["p"]
        assert [key for _, key, _ in read.attributes] == ["title"]
        assert read.text == read.attributes[0][2] == str(text(name).unescape())


def test_a_title_cannot_end_the_head() -> None:
    page = html_page("</title><script>alert(1)</script>", [])
    assert page.count("<script>") == 1
    assert "<title>&lt;/title&gt;" in page


def test_names_of_any_script_are_kept_and_isolated() -> None:
    plan = planned(
        [{"id": "مقطع 1", "seconds": 5}, {"id": "場面", "seconds": 5}, {"id": "it's & more", "seconds": 5}],
        catalog(model()),
    )
    page = page_of(plan)
    for name in ("مقطع 1", "場面", "it&#39;s &amp; more"):
        assert f"<bdi>{name}</bdi>" in page


# ---- size and colour -------------------------------------------------------------------------------------------------


def test_a_thousand_clips_have_a_row_each() -> None:
    page = page_of(many())
    assert page.count("<bdi>clip-") == 1000
    assert len(page) < 400_000


def test_very_many_clips_have_a_row_for_each_kind_of_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_sections, "MOST_ROWS", 8)
    plan = planned([{"id": f"c{k}", "seconds": 5 + k % 2} for k in range(9)], catalog(model()))
    page = page_of(plan)
    assert "9 clips have names of their own" in page
    assert re.findall(r'<th scope="row"><bdi>(c.*?)</bdi>', page) == ["c0, c2, c4 and 2 more", "c1, c3, c5 and 1 more"]


def test_letters_have_enough_contrast_on_their_ground_in_both_modes() -> None:
    style = re.sub(r"@media print.*", "", STYLE.findall(page_of(plan_of("quickstart")))[0], flags=re.DOTALL)
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    for mode in (light, dark):
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", mode))
        for ink in ("ink", "soft", "accent", "warn", "good", "red"):
            assert _contrast(colours[ink], colours["paper"]) >= 4.5, (ink, mode)
        for ink in ("ink", "warn"):
            assert _contrast(colours[ink], colours["warn-paper"]) >= 4.5, (ink, mode)


def _contrast(one: str, other: str) -> float:
    """By WCAG 2.2: (lighter + 0.05) / (darker + 0.05)."""

    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)
