"""``router simulate``: figures with how sure they are beside the exact ones, formats, plans and scenarios, directions side by side."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import golden
from tests.cli.commands import DAY, QUICKSTART, ROOT, Ran, Router
from tests.cli.test_catalog_and_schema import fits, schema
from tests.loading.messages import CATALOG, CLIP, written

HEAD = 'title = "Twenty shots"\n'
SHOTS = HEAD + CLIP.replace("5", "10") + 'count = 20\nresolution = "1080p"\naudio = "native"\n'
RULES = "[fallback]\nunserved_usd = 3\n[limits]\nbudget_usd = 30\n"
OUTAGES = '[outages]\navailability = { "kling-o3" = 0.9, "kling-3.0" = 0.8 }\n'
SCENARIO = SHOTS + RULES + OUTAGES
# One clip costs 1.25 with 0.9, 1.50 with 0.08, 3.00 with 0.02: mean 1.305. Twenty cost 26.10 on average, 25.00 at best, 60.00 at worst.
OVER_TIME = SCENARIO + 'correlation = "over-time"\nrepair_minutes = 30\nrun_minutes = 120\n'


def simulated(router_: Router, *arguments: str | Path, stdin: str | None = None) -> Ran:
    """``router simulate`` on a fixed day."""
    return router_("simulate", *arguments, "--as-of", DAY, stdin=stdin)


def figures(ran: Ran) -> dict[str, Any]:
    """By name; an amount to be above stands in brackets."""
    return {f["name"] + (f" ({f['above_usd']})" if f["above_usd"] else ""): f for f in ran.json["figures"]}


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    return written(tmp_path, SCENARIO, "shots.toml")


# ---- what it says ------------------------------------------------------------------------------------------------------


def test_every_simulated_figure_stands_beside_the_exact_one_and_agrees_with_it(router_: Router, shots: Path) -> None:
    ran = simulated(router_, shots, "--over", "27.5")
    assert (ran.status, ran.err) == (0, "")
    found = figures(ran)
    assert list(found) == [
        "expected", "std", "p50", "p90", "p95", "p99", "cvar95", "best", "worst", "above (27.500000)", "above (30.000000)",
        "unserved", "unkept", "degraded",
    ]  # fmt: skip
    # Mean square of a clip 1.40625 + 0.18 + 0.18 = 1.76625, variance 0.063225: sqrt(20 x 0.063225) = 1.124500.
    assert found["expected"]["exact"] == "26.100000"
    assert found["std"]["exact"] == "1.124500"
    assert found["unserved"]["exact"] == "0.400000"
    assert found["best"]["exact"] == "25.000000"
    for name in ("expected", "std", "cvar95", "above (27.500000)", "above (30.000000)", "unserved"):
        off = abs(Decimal(found[name]["simulated"]) - Decimal(found[name]["exact"]))
        assert off <= 4 * Decimal(found[name]["standard_error"])
    for name in ("p50", "p90", "p95", "p99"):
        assert Decimal(found[name]["low"]) <= Decimal(found[name]["exact"]) <= Decimal(found[name]["high"])
    assert [f["budget"] for f in found.values() if f["name"] == "above"] == [False, True]


def test_the_distribution_of_unserved_clips_is_binomial(router_: Router, shots: Path) -> None:
    lines = simulated(router_, shots).json["unserved"]
    assert [line["at_least"] for line in lines[:3]] == [line["at_most"] for line in lines[:3]] == [0, 1, 2]
    # B(20, 0.02)
    assert lines[0]["exact"] == pytest.approx(0.98**20)
    assert lines[1]["exact"] == pytest.approx(20 * 0.02 * 0.98**19)
    assert abs(lines[0]["simulated"] - 0.98**20) < 0.02
    assert sum(line["simulated"] for line in lines) == pytest.approx(1)


def test_the_histogram_holds_every_draw_once(router_: Router, shots: Path) -> None:
    bins = simulated(router_, shots, "--bins", "7").json["histogram"]
    assert 2 <= len(bins) <= 7
    assert sum(own["share"] for own in bins) == pytest.approx(1)
    assert [own["to_usd"] for own in bins[:-1]] == [own["from_usd"] for own in bins[1:]]


def test_the_json_fits_its_schema(router_: Router, shots: Path, tmp_path: Path) -> None:
    fits(schema(router_, "simulation"), simulated(router_, shots, "--over", "1", "--until", "5%").json)
    fits(schema(router_, "simulation"), simulated(router_, written(tmp_path, OVER_TIME, "o.toml")).json)
    assert not schema(router_, "simulation").is_valid({"schema": 1})


def test_a_table_is_as_somebody_last_found_it_right(router_: Router, shots: Path) -> None:
    golden.agrees("simulate.txt", simulated(router_, shots, "--format", "table", "--over", "28").out)


def test_a_table_of_draws_over_time_says_why_exact_figures_are_missing(router_: Router, tmp_path: Path) -> None:
    ran = simulated(router_, written(tmp_path, OVER_TIME, "o.toml"), "--draws", "3000")
    found = figures(ran)
    assert (found["expected"]["exact"], found["p95"]["exact"], found["std"]["exact"]) == ("26.100000", None, None)
    off = abs(Decimal(found["expected"]["simulated"]) - Decimal("26.1"))
    assert off <= 4 * Decimal(found["expected"]["standard_error"])
    assert ran.json["notes"] == [
        "outages over time have no exact distribution: only means are exact, the rest is simulated"
    ]
    assert "Note: outages over time" in simulated(router_, tmp_path / "o.toml", "--draws", "9", "--format", "table").out


def test_a_csv_has_a_line_for_each_figure_each_number_of_clips_and_each_interval(router_: Router, shots: Path) -> None:
    found = simulated(router_, shots).json
    rows = list(csv.DictReader(io.StringIO(simulated(router_, shots, "--format", "csv").out)))
    assert len(rows) == len(found["figures"]) + len(found["unserved"]) + len(found["histogram"])
    assert (rows[0]["figure"], rows[0]["simulated"]) == ("expected", found["figures"][0]["simulated"])
    assert [row["from"] for row in rows if row["figure"] == "cost"] == [own["from_usd"] for own in found["histogram"]]


def test_a_plan_without_chance_has_one_cost_and_no_spread(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, SHOTS, "s.toml")
    ran = simulated(router_, path)
    found = figures(ran)
    assert {found[name]["simulated"] for name in ("expected", "p50", "cvar95", "best", "worst")} == {"25.000000"}
    assert found["std"]["simulated"] == "0.000000"
    assert ran.json["histogram"] == [{"from_usd": "25.000000", "to_usd": "25.000000", "share": 1.0}]
    assert "< expected, P95" in simulated(router_, path, "--format", "table").out


# ---- draws -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(router_: Router, shots: Path, form: str) -> None:
    first = simulated(router_, shots, "--format", form, "--seed", "7")
    assert simulated(router_, shots, "--format", form, "--seed", "7") == first
    assert simulated(router_, shots, "--format", form, "--seed", "8").out != first.out


def test_until_stops_early_and_says_so(router_: Router, shots: Path) -> None:
    percent = simulated(router_, shots, "--draws", "50000", "--until", "0.5%")
    assert percent == simulated(router_, shots, "--draws", "50000", "--until", "0.005")
    assert (percent.json["stopped"], percent.json["until"]) == ("until", 0.005)
    assert percent.json["draws"] in range(1000, 50_000, 1000)
    table = simulated(router_, shots, "--until", "0.5%", "--format", "table").out
    assert "Stopped early: expected cost, P95 and CVaR 95 % to within 0.5 %." in table
    late = simulated(router_, shots, "--draws", "2000", "--until", "0.00001")
    assert (late.json["stopped"], late.json["draws"]) == ("draws", 2000)


def test_progress_goes_to_standard_error_and_only_to_a_terminal(router_: Router, shots: Path) -> None:
    assert simulated(router_, shots).err == ""
    command = [sys.executable, "-m", "router", "simulate", str(shots), "--as-of", DAY]
    reader, terminal = pty.openpty()
    with os.fdopen(reader, "rb", buffering=0) as seen:
        env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=env, check=True, timeout=60)
        os.close(terminal)
        assert b"Draws" in seen.read(4096)
    assert done.stdout.decode() == simulated(router_, shots).out


# ---- what it takes -----------------------------------------------------------------------------------------------------


def test_a_plan_file_is_simulated_as_its_scenario_is(router_: Router, shots: Path, tmp_path: Path) -> None:
    plan = tmp_path / "p.json"
    assert router_.plan(shots, "-o", plan).status == 0
    from_scenario = simulated(router_, shots)
    assert router_("simulate", plan) == from_scenario
    assert router_("simulate", "-", stdin=plan.read_text()) == from_scenario
    assert simulated(router_, "-", stdin=SCENARIO) == from_scenario


def test_a_plan_keeps_its_assumptions_about_outages(router_: Router, tmp_path: Path) -> None:
    plan = tmp_path / "p.json"
    router_.plan(written(tmp_path, OVER_TIME, "o.toml"), "-o", plan)
    ran = router_("simulate", plan, "--draws", "100")
    assert (ran.json["correlation"], ran.json["provider_correlation"]) == ("over-time", "over-time")
    assert ran == simulated(router_, tmp_path / "o.toml", "--draws", "100")


def test_a_doctored_plan_is_bad_input_with_its_line(router_: Router, shots: Path, tmp_path: Path) -> None:
    plan = router_.plan(shots).json
    plan["routes"][0]["chain"][0]["availability"] = 7
    ran = router_("simulate", written(tmp_path, json.dumps(plan, indent=1), "p.json"))
    assert (ran.status, ran.out) == (2, "")
    assert re.search(r"p\.json:\d+: ", ran.err)


def test_a_table_of_clips_is_a_scenario(router_: Router) -> None:
    assert simulated(router_, ROOT / "scenarios" / "plain-table.csv", "--draws", "10").status == 0


def test_where_no_plan_exists_the_status_is_3_as_for_plan(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, CLIP + "[limits]\nbudget_usd = 0.3\n", "s.toml")
    assert simulated(router_, path) == router_.plan(path)
    assert simulated(router_, path).status == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--draws", "1"], "--draws"),
        (["--draws", "many"], "--draws"),
        (["--seed", "-1"], "--seed"),
        (["--bins", "0"], "--bins"),
        (["--until", "0"], "must be a fraction above 0 and below 1, as 0.1% or 0.001"),
        (["--until", "100%"], "must be a fraction"),
        (["--until", "nan"], "must be a fraction"),
        (["--until", "%"], "must be a fraction"),
        (["--until", "1e-999"], "must be a fraction"),
        (["--over", "lots"], "must be an amount of dollars"),
        (["--over", "-1"], "must be an amount of dollars"),
        (["--over", "1e99"], "must be an amount of dollars"),
        (["--over", "0.0000001"], "must be an amount of dollars"),
        (["--format", "html"], "--format"),
        (["--as-of", "today"], "must be a date"),
        (["--compare-directions", "--draws", "10", "--over", "3"], "leave out --draws, --over"),
    ],
)
def test_bad_usage_has_status_2_and_says_what_is_right(
    router_: Router, shots: Path, arguments: list[str], message: str
) -> None:
    ran = router_("simulate", shots, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_names_are_shown_as_they_are(router_: Router, tmp_path: Path) -> None:
    text = SCENARIO.replace("Twenty shots", ":smile: [bold]=1+1[/bold]").replace('"a"', '"=a"')
    path = written(tmp_path, text, "s.toml")
    assert simulated(router_, path, "--format", "table").out.startswith(":smile: [bold]=1+1[/bold]\n")
    compared = simulated(router_, path, "--format", "table", "--compare-directions").out
    assert compared.startswith(":smile: [bold]=1+1[/bold]\n")


@pytest.mark.parametrize("width", [60, 80, 111, 200])
@pytest.mark.parametrize("count", ["20", "2000000"])
def test_a_table_stays_in_the_width_of_its_terminal(router_: Router, tmp_path: Path, width: int, count: str) -> None:
    from router.report.simulation_table import simulation_table
    from router.schema.simulation import SimulationReport

    path = written(tmp_path, SHOTS.replace("count = 20", f"count = {count}") + OUTAGES, "s.toml")
    report = SimulationReport.model_validate(simulated(router_, path, "--over", "2600000").json)
    text = simulation_table(report, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "█" in text


# ---- directions --------------------------------------------------------------------------------------------------------

FOUR = ROOT / "scenarios" / "fallback-any.toml"


def test_directions_stand_side_by_side(router_: Router) -> None:
    ran = simulated(router_, FOUR, "--compare-directions")
    assert (ran.status, ran.err) == (0, "")
    # 60 clips at 1.25 on o3 (up 0.98), 40 at 1.50 on 3.0 (0.99), 3.00 for a missing one. None: 60 (1.225 + 0.06) + 40 (1.485 + 0.03)
    # = 137.70. A miss of o3 that 3.0 catches saves 60 x 0.02 x 0.99 x 1.5 = 1.782,
    # one of 3.0 that o3 catches 40 x 0.01 x 0.98 x 1.75 = 0.686.
    rows = [(row["direction"], row["expected_usd"], row["unserved_expected"]) for row in ran.json["directions"]]
    assert rows == [
        ("none", "137.700000", 1.6), ("cheaper", "137.014000", 1.208), ("dearer", "135.918000", 0.412),
        ("any", "135.232000", 0.02),
    ]  # fmt: skip
    assert {row["worst_usd"] for row in ran.json["directions"]} == {"300.000000"}
    assert [row["chosen"] for row in ran.json["directions"]] == [False, False, False, True]
    assert ran.json["same_primaries"]
    assert {row["method"] for row in ran.json["directions"]} == {"exact"}


def test_directions_as_a_table_and_as_csv(router_: Router) -> None:
    table = simulated(router_, FOUR, "--compare-directions", "--format", "table").out
    golden.agrees("directions.txt", table)
    rows = list(csv.DictReader(io.StringIO(simulated(router_, FOUR, "--compare-directions", "--format", "csv").out)))
    assert [row["expected_usd"] for row in rows] == ["137.700000", "137.014000", "135.918000", "135.232000"]
    assert rows[0]["primaries"] == "60 evolink/kling-o3; 40 evolink/kling-3.0"


def test_a_direction_without_a_plan_says_so_in_its_row(router_: Router, tmp_path: Path) -> None:
    # 20 clips that nothing catches cost 20 x (1.125 + 0.3) = 28.50 on average; with the dearer model behind 26.10.
    path = written(tmp_path, SCENARIO.replace("budget_usd = 30", "budget_usd = 27"), "s.toml")
    ran = simulated(router_, path, "--compare-directions")
    assert ran.status == 0
    none, cheaper, dearer, free = ran.json["directions"]
    assert (none["expected_usd"], cheaper["expected_usd"]) == (None, None)
    assert "raise limits.budget_usd from 27.00 to 28.50" in none["no_plan"]
    assert dearer["expected_usd"] == free["expected_usd"] == "26.100000"
    table = simulated(router_, path, "--compare-directions", "--format", "table").out
    assert re.search(r"^none \(no plan\)\s*$", table, re.MULTILINE)
    assert "No plan with none, cheaper: no plan keeps limits.budget_usd; this makes a plan possible" in table


def test_where_no_direction_has_a_plan_the_status_is_3(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, CLIP + "[limits]\nbudget_usd = 0.3\n", "s.toml")
    ran = simulated(router_, path, "--compare-directions")
    assert ran.status == 3
    assert all(row["no_plan"] for row in ran.json["directions"])


def test_primaries_are_shown_where_they_differ(router_: Router, tmp_path: Path) -> None:
    # o3 up half of the time: alone 0.625 + 0.5 x 30 against 1.5 on kling-3.0 with nobody behind; with it behind, 0.625 + 0.75.
    text = SHOTS + '[fallback]\nunserved_usd = 30\n[outages]\navailability = { "kling-o3" = 0.5 }\n'
    ran = simulated(router_, written(tmp_path, text, "s.toml"), "--compare-directions")
    assert not ran.json["same_primaries"]
    assert [row["primaries"][0]["model"] for row in ran.json["directions"]] == [
        "kling-3.0",
        "kling-3.0",
        "kling-o3",
        "kling-o3",
    ]
    table = simulated(router_, tmp_path / "s.toml", "--compare-directions", "--format", "table").out
    assert "20 kling-3.0" in table
    assert "20 kling-o3" in table


def test_clips_below_their_requirements_are_counted_where_they_are_accepted(router_: Router, tmp_path: Path) -> None:
    path = ROOT / "scenarios" / "fallback-degraded.toml"
    rows = {row["direction"]: row for row in simulated(router_, path, "--compare-directions").json["directions"]}
    assert (rows["none"]["degraded_expected"], rows["any"]["degraded_expected"]) == (0, 5)
    assert "Degraded" in simulated(router_, path, "--compare-directions", "--format", "table").out
    assert simulated(router_, FOUR, "--compare-directions").json["directions"][0]["degraded_expected"] is None


def test_directions_of_outages_over_time_are_marked_as_simulated(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, OVER_TIME, "o.toml")
    ran = simulated(router_, path, "--compare-directions")
    assert {row["method"] for row in ran.json["directions"]} == {"simulated"}
    assert "~ simulated" in simulated(router_, path, "--compare-directions", "--format", "table").out


def test_a_plan_has_no_directions_to_compare(router_: Router, shots: Path, tmp_path: Path) -> None:
    router_.plan(shots, "-o", tmp_path / "p.json")
    ran = router_("simulate", tmp_path / "p.json", "--compare-directions")
    assert (ran.status, ran.out) == (2, "")
    assert "p.json: is a plan; --compare-directions plans anew, so give it the scenario" in ran.err


def test_a_cell_of_the_comparison_is_no_formula(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, CATALOG.replace('"p"', '"=p"'), "c.toml")
    path = written(tmp_path, 'catalogs = ["c.toml"]\n' + CLIP, "s.toml")
    out = simulated(router_, path, "--compare-directions", "--format", "csv").out
    assert not [cell for row in csv.reader(io.StringIO(out)) for cell in row if cell[:1] in {"=", "+", "-", "@"}]
    assert simulated(router_, QUICKSTART, "--compare-directions").status == 0
