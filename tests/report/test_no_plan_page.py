"""The page where there is no plan: why, what would mend it, and the studies that need none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import router
from router.errors import NoPlanError, Unservable
from router.report.html.levers import levers_sections
from router.report.html.no_plan import no_plan_page
from tests import golden
from tests.browser import accessibility_findings, opened
from tests.builders import ON, scenario
from tests.report.pages import HOSTILE, SCENARIOS, Read, loads_nothing, without_style


def refusal(name: str) -> tuple[router.Scenario, NoPlanError]:
    """A scenario without a plan, and why it has none."""
    given = router.Scenario.load(SCENARIOS / f"{name}.toml")
    with pytest.raises(NoPlanError, match=r"no plan keeps|none of 13 offers is eligible") as caught:
        router.plan(given, on=ON)
    return given, caught.value


def page_of(name: str) -> str:
    given, error = refusal(name)
    return no_plan_page(error, levers_sections(router.levers(given, on=ON)), ["A sentence."])


@pytest.mark.parametrize("name", ["infeasible-limits", "infeasible-clip"])
def test_a_page_without_a_plan(name: str) -> None:
    page = page_of(name)
    golden.agrees(f"{name}.html", without_style(page))
    loads_nothing(page)


def test_it_tells_all_that_the_error_says_but_no_place_in_a_file() -> None:
    limits, clip = Read.of(page_of("infeasible-limits")).text, Read.of(page_of("infeasible-clip")).text

    assert (
        "No plan keeps limits.budget_usd and limits.mean_quality_min together; any one of these makes a plan possible:"
        in limits
    )
    assert "Raise limits.budget_usd from 100.00 to 110.00 (pinned by 'clip' at least $80.00)" in limits
    assert "Lower limits.mean_quality_min from 8 to 7.32" in limits
    assert "1 clip that nothing can make" in clip
    assert "To mend it, set max_segments = 2 or shorten it to 15 s" in clip
    assert "evolink/kling-3.0 makes 15 s at most, the clip needs 20 s" in clip
    assert "5 mode, 4 resolution, 2 audio, 2 too-long" in clip
    assert not re.search(r"\.toml", limits + clip)


def test_what_makes_a_plan_possible_is_told_with_what_repeats_it() -> None:
    text = Read.of(page_of("infeasible-clip")).text
    assert "What makes a plan possible" in text
    assert "the cheapest plan comes first" in text
    assert "what is saved" not in text
    assert "--set clips.one-take.max_segments=2" in text


def test_where_no_lever_alone_is_enough_it_is_said() -> None:
    given = scenario([{"seconds": 5, "resolution": "4k", "not_models": ["kling-o3", "kling-3.0", "kling-o1"]}])
    with pytest.raises(NoPlanError, match="none of 13 offers is eligible") as caught:
        router.plan(given, on=ON)
    page = no_plan_page(caught.value, levers_sections(router.levers(given, on=ON)))
    assert "No lever alone makes a plan possible." in page


def hostile(names: tuple[str, ...]) -> NoPlanError:
    """Many clips that nothing can make, in each of whose texts one of these stands."""
    stuck = [
        Unservable(clips=(own,), requirements=own, offers=1, reasons={own: 1}, nearest=own, mend=own) for own in names
    ]
    return NoPlanError(stuck * 4, title=names[0])


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    counts = []
    for names in (HOSTILE, tuple(f"n{k}" for k in range(len(HOSTILE)))):
        (tmp_path / "page.html").write_text(no_plan_page(hostile(names), (), names), encoding="utf-8")
        with opened(browser, tmp_path / "page.html", viewport={"width": 375, "height": 800}) as (page, seen):
            page.mouse.move(200, 400)
            assert (seen.said, len(seen.asked)) == ([], 1)
            assert page.locator("h1").inner_text() == names[0]
            assert page.evaluate("document.documentElement.scrollWidth") <= 375
            counts.append(page.evaluate("document.querySelectorAll('*:not(wbr)').length"))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_quiet_whole_and_accessible_on_every_width(browser: Any, tmp_path: Path, scheme: str) -> None:
    for name in ("infeasible-limits", "infeasible-clip"):
        (tmp_path / "page.html").write_text(page_of(name), encoding="utf-8")
        with opened(browser, tmp_path / "page.html", color_scheme=scheme, bypass_csp=True) as (page, seen):
            for width in (1280, 768, 375, 320):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert accessibility_findings(page) == []
            assert seen.said == []
