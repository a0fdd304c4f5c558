"""``router report`` and ``--format html``: one page, the same from a scenario as from its plan, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.cli.report_command import report
from router.loading.catalog_file import load_catalog
from router.schema.plan import Plan
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


def test_the_source_of_the_prices_is_the_catalog_s_where_it_is_the_one_of_that_day(
    router_: Router, tmp_path: Path
) -> None:
    catalog = load_catalog("evolink")
    assert catalog.source.replace("&", "&amp;") in router_.plan(QUICKSTART, "--format", "html").out
    router_.plan(QUICKSTART, "-o", tmp_path / "plan.json")
    plan = Plan.load(tmp_path / "plan.json")
    older = plan.catalogs[0].model_copy(update={"as_of": catalog.as_of.replace(year=2025)})

    page = report(plan.model_copy(update={"catalogs": (older,)}), [catalog])

    assert "not stated in the plan" in page
    assert "2025-04-09" in page


def test_a_catalog_with_a_price_set_anew_is_not_what_its_source_says(router_: Router) -> None:
    source = load_catalog("evolink").source.replace("&", "&amp;")
    for change, stated in (("limits.budget_usd=30", True), ("offers.kling-o3.*.price*=1.01", False)):
        page = router_.plan(QUICKSTART, "--set", change, "--format", "html").out
        assert (source in page, "not stated in the plan" in page) == (stated, not stated)


def test_a_catalog_of_the_user_s_names_its_source(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, CATALOG, "c.toml")
    scenario = written(tmp_path, f'catalogs = ["c.toml"]\n{CLIP}', "s.toml")
    assert "<td>a price list</td>" in router_.plan(scenario, "--format", "html").out
    router_.plan(scenario, "-o", tmp_path / "plan.json")
    assert "not stated in the plan" in router_("report", tmp_path / "plan.json").out


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
