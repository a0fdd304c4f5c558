"""``router report`` and ``--format html``: one page, the same from a scenario as from its plan, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import QUICKSTART, Router
from tests.loading.messages import CATALOG, CLIP, written


def test_a_plan_file_has_the_page_of_its_scenario(router_: Router, tmp_path: Path) -> None:
    assert router_.plan(QUICKSTART, "-o", tmp_path / "plan.json").status == 0
    shown = router_("report", tmp_path / "plan.json")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith("<!DOCTYPE html>")
    assert router_.plan(QUICKSTART, "--format", "html").out == shown.out

    for arguments in (["report", tmp_path / "plan.json"], ["plan", QUICKSTART, "--as-of", "2026-04-10"]):
        ran = router_(*arguments, "-o", tmp_path / "report.html")
        assert (ran.status, ran.out, ran.err) == (0, "", "")
        assert (tmp_path / "report.html").read_text(encoding="utf-8") == shown.out
        (tmp_path / "report.html").unlink()


def test_a_plan_is_read_from_standard_input(router_: Router, tmp_path: Path) -> None:
    router_.plan(QUICKSTART, "-o", tmp_path / "plan.json")
    piped = router_("report", "-", stdin=(tmp_path / "plan.json").read_bytes())
    assert piped == router_("report", tmp_path / "plan.json")


def test_every_price_is_shown_with_its_line_its_day_and_its_source(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, CATALOG, "c.toml")
    scenario = written(tmp_path, f'catalogs = ["c.toml"]\n{CLIP}', "s.toml")
    line = CATALOG.splitlines().index(next(own for own in CATALOG.splitlines() if "price_per_second" in own)) + 1
    page = router_.plan(scenario, "--format", "html").out
    assert "a price list" in page
    assert f"c.toml:{line}" in page
    router_.plan(scenario, "-o", tmp_path / "plan.json")
    assert router_("report", tmp_path / "plan.json").out == page


def test_a_price_that_was_set_anew_says_what_set_it(router_: Router) -> None:
    page = router_.plan(QUICKSTART, "--set", "offers.kling-o3.*.price*=1.01", "--format", "html").out
    assert "--set &#39;offers.kling-o3.*.price*=1.01&#39;" in page


def test_outages_over_time_are_drawn_as_the_plan_s_own_figures_were(router_: Router) -> None:
    ran = router_.plan(QUICKSTART.parent / "slow-repair.toml", "--format", "html")
    assert ran.status == 0
    assert "drawn 10,000 times" in ran.out


def test_a_guard_that_is_exceeded_still_writes_the_page(router_: Router, tmp_path: Path) -> None:
    ran = router_.plan(QUICKSTART, "-o", tmp_path / "r.html", "--fail-above", "1")
    assert ran.status == 4
    assert (tmp_path / "r.html").read_text(encoding="utf-8").endswith("</html>\n")


def test_without_a_plan_there_is_no_page(router_: Router, tmp_path: Path) -> None:
    ran = router_.plan(written(tmp_path, CLIP + 'resolution = "4k"\n', "s.toml"), "-o", tmp_path / "r.html")
    assert (ran.status, ran.out) == (3, "")
    assert [file.name for file in tmp_path.iterdir()] == ["s.toml"]


@pytest.mark.parametrize("name", ["r.pdf", "r.json", "r.<b>"])
def test_a_report_is_written_to_a_page_only(router_: Router, tmp_path: Path, name: str) -> None:
    router_.plan(QUICKSTART, "-o", tmp_path / "plan.json")
    ran = router_("report", tmp_path / "plan.json", "-o", tmp_path / name)
    assert (ran.status, ran.out) == (2, "")
    assert "a report is a page" in ran.err


def test_what_is_no_plan_is_refused(router_: Router, tmp_path: Path) -> None:
    ran = router_("report", QUICKSTART)
    assert (ran.status, ran.out) == (2, "")
    assert "is not a plan" in ran.err
    assert router_("report", written(tmp_path, "{}", "p.json")).status == 2


def test_other_commands_do_not_take_the_format_for_theirs(router_: Router) -> None:
    ran = router_("simulate", QUICKSTART, "--format", "html")
    assert ran.status == 2
    assert "'html' is not one of" in ran.err
