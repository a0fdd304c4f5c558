"""A plan and an explanation in every format, as somebody last found them right."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

import router
from router.analysis.explain import explain
from router.loading.catalog_file import load_catalog
from router.report.tabular import explanation_csv, plan_csv
from router.report.terminal import catalog_table, explanation_table, plan_table
from tests import golden
from tests.builders import ON, catalog, model, planned

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"


def quickstart() -> router.Scenario:
    return router.Scenario.load(SCENARIOS / "quickstart.toml")


def test_a_plan_as_json() -> None:
    golden.agrees("quickstart.json", router.plan(quickstart(), on=ON).to_json())


def test_a_plan_as_csv() -> None:
    golden.agrees("quickstart.csv", plan_csv(router.plan(quickstart(), on=ON)))


def test_a_plan_with_limits_and_clips_left_out_as_a_table() -> None:
    golden.agrees("budget.txt", plan_table(router.plan(router.Scenario.load(SCENARIOS / "budget.toml"), on=ON)))


def test_an_explanation_as_a_table_and_as_csv() -> None:
    found = explain(quickstart(), "product-turn", on=ON)
    golden.agrees("explain.txt", explanation_table(found))
    golden.agrees("explain.csv", explanation_csv(found))


def test_a_catalog_as_a_table() -> None:
    golden.agrees("catalog.txt", catalog_table(load_catalog("evolink")))


def test_a_narrow_terminal_gets_a_table_of_its_width() -> None:
    text = plan_table(router.plan(quickstart(), on=ON), width=80)
    table = text.split("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 80


def test_colour_is_used_on_a_terminal_only() -> None:
    plan = planned([{"id": "c", "seconds": 5}], catalog(model()))
    assert "\x1b[" in plan_table(plan, width=100, colour=True)
    assert "\x1b[" not in plan_table(plan)


def test_an_id_that_looks_like_console_markup_of_an_emoji_is_printed_as_it_is() -> None:
    plan = planned([{"id": ":smile: {bold}", "seconds": 5}], catalog(model()))
    assert ":smile: {bold}" in plan_table(plan)
    assert Console(file=io.StringIO()).render_str(":smile:").plain != ":smile:"
