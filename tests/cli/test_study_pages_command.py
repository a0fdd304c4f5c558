"""``--format html`` of studies and of ``diff``, and ``router plan --with``: one page, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import DAY, QUICKSTART, ROOT, Router

FRONTIER = ROOT / "scenarios" / "frontier.toml"
WHAT_IF = ROOT / "scenarios" / "what-if.toml"
COMMANDS = {
    "variants": ("what-if", WHAT_IF),
    "a sweep": ("what-if", QUICKSTART, "--sweep", "limits.budget_usd=20,25"),
    "levers": ("levers", QUICKSTART),
    "a sensitivity": ("sensitivity", QUICKSTART),
    "a frontier": ("frontier", FRONTIER),
    "a comparison": ("diff", QUICKSTART, WHAT_IF),
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_study_is_written_as_a_page(router_: Router, tmp_path: Path, arguments: tuple[str | Path, ...]) -> None:
    shown = router_(*arguments, "--as-of", DAY, "--format", "html")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith("<!DOCTYPE html>")
    ran = router_(*arguments, "--as-of", DAY, "-o", tmp_path / "page.html")
    assert (ran.status, ran.out) == (0, "")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == shown.out


def test_a_plan_comes_with_the_studies_that_are_asked_for(router_: Router) -> None:
    plain = router_.plan(WHAT_IF, "--format", "html").out
    both = router_.plan(
        WHAT_IF,
        "--format",
        "html",
        "--with",
        "what-if",
        "--with",
        "sensitivity",
        "--with",
        "levers",
        "--with",
        "levers",
    ).out

    order = [
        both.index(f'<section id="{key}"')
        for key in ("limits", "levers", "levers-combined", "levers-repeat", "sensitivity", "what-if", "clips")
    ]
    assert order == sorted(order)
    assert both.count('<section id="levers"') == 1
    assert 'id="levers"' not in plain
    levers = router_("levers", WHAT_IF, "--as-of", DAY, "--format", "html").out
    section = levers[levers.index('<section id="levers"') : levers.index('<section id="levers-combined"')]
    assert section in both


def test_a_plan_comes_with_its_frontier(router_: Router) -> None:
    page = router_.plan(FRONTIER, "--format", "html", "--with", "frontier").out
    alone = router_("frontier", FRONTIER, "--as-of", DAY, "--format", "html").out
    sections = alone[alone.index('<section id="frontier"') : alone.index("</main>")]
    assert sections in page


SCORED = """catalogs = ["evolink", "rivals.toml"]
[[clips]]
seconds = 10
[[clips]]
id = "sung"
seconds = 10
audio = "native"
models = ["kling-o3"]
"""


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        (None, "No offer states a quality score"),
        (SCORED, "Some clip can be made by nothing that has a quality score."),
        (SCORED + '[objective]\nminimise = "worst-case"\n', "sets the expected cost against something else"),
    ],
)
def test_where_quality_cannot_be_looked_at_the_plan_has_its_page_and_says_why(
    router_: Router, tmp_path: Path, scenario: str | None, said: str
) -> None:
    path = QUICKSTART
    if scenario:
        path = tmp_path / "scored.toml"
        path.write_text(scenario)
        rivals = ROOT / "scenarios" / "catalogs" / "example-rivals.toml"
        (tmp_path / "rivals.toml").write_text(rivals.read_text(encoding="utf-8"), encoding="utf-8")
    ran = router_.plan(path, "--format", "html", "--with", "frontier")
    assert (ran.status, ran.err) == (0, "")
    section = ran.out[ran.out.index('<section id="frontier"') : ran.out.index('<section id="clips"')]
    assert said in section
    assert str(tmp_path) not in section


def test_values_set_anew_hold_for_the_studies_too(router_: Router) -> None:
    page = router_.plan(
        ROOT / "scenarios" / "levers.toml", "--set", "clips.*.audio=none", "--with", "levers", "--format", "html"
    ).out
    section = page[page.index('<section id="levers"') : page.index('<section id="levers-combined"')]
    assert "lower 80 clips" in section
    assert "dub " not in section


def test_studies_need_a_page_and_something_to_study(router_: Router, tmp_path: Path) -> None:
    ran = router_.plan(QUICKSTART, "--with", "levers")
    assert (ran.status, ran.out) == (2, "")
    assert "give --format html" in ran.err
    ran = router_.plan(QUICKSTART, "--with", "what-if", "-o", tmp_path / "page.html")
    assert ran.status == 2
    assert "nothing to compare with" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_levers_without_a_plan_have_a_page(router_: Router) -> None:
    ran = router_("levers", ROOT / "scenarios" / "infeasible-limits.toml", "--as-of", DAY, "--format", "html")
    assert ran.status == 0
    assert "What makes a plan possible" in ran.out


LIMITS = ROOT / "scenarios" / "infeasible-limits.toml"


def test_without_a_plan_the_page_says_why_and_what_makes_one_possible(router_: Router, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = router_.plan(LIMITS, "--with", "levers", "-o", page)

    assert (ran.status, ran.out) == (3, "")
    # What stood on standard error before there was a page.
    assert ran.err == router_.plan(LIMITS, "--format", "table").err
    assert "no plan keeps limits.budget_usd and limits.mean_quality_min together" in ran.err
    shown = page.read_text(encoding="utf-8")
    assert "No plan keeps limits.budget_usd and limits.mean_quality_min together" in shown
    levers = router_("levers", LIMITS, "--as-of", DAY, "--format", "html").out
    assert levers[levers.index('<section id="levers"') : levers.index("</main>")] in shown
    assert router_.plan(LIMITS, "--with", "levers", "--format", "html").out == shown


def test_without_a_plan_studies_of_one_are_left_out_and_said_to_be(router_: Router) -> None:
    every = [part for study in ("frontier", "levers", "sensitivity", "what-if") for part in ("--with", study)]
    ran = router_.plan(LIMITS, *every, "--format", "html")
    assert ran.status == 3
    assert [ran.out.count(f'<section id="{key}"') for key in ("levers", "sensitivity", "frontier", "what-if")] == [
        1,
        0,
        0,
        0,
    ]
    for said in (
        "A sensitivity is that of a plan",
        "A frontier is made of plans",
        "The scenario has no [[what_if]] tables",
    ):
        assert said in ran.out


def test_without_a_plan_variants_of_the_scenario_are_shown(router_: Router, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        '[[clips]]\nseconds = 5\n[limits]\nbudget_usd = 0.3\n[[what_if]]\nname = "more"\nset = ["limits.budget_usd=1"]\n'
    )
    ran = router_.plan(path, "--with", "what-if", "--format", "html")
    assert ran.status == 3
    # 5 s at 0.075.
    assert "$0.38" in ran.out[ran.out.index('<section id="what-if"') :]
