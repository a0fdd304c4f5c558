"""``router reconcile``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.cli.commands import QUICKSTART, ROOT, Router
from tests.loading.messages import written

BILLS = ROOT / "scenarios" / "bills" / "quickstart.csv"
HEAD = "clip,provider,model,billed_usd,outcome\n"
SCENARIO = 'title = "Two"\n[[clips]]\nid = "{clip}"\ncount = 2\nseconds = 10\nresolution = "1080p"\naudio = "native"\n'
O3, KLING = "evolink,kling-o3,1.25,served\n", "evolink,kling-3.0,1.50,served\n"


@pytest.fixture
def against(router_: Router, tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """A plan that makes a clip twice at $1.25, and a table of its bills; the clip's name stands where ``@`` does."""

    def files(lines: str, clip: str = "hero") -> tuple[Path, Path]:
        scenario = written(tmp_path, SCENARIO.format(clip=clip), "s.toml")
        plan = tmp_path / "plan.json"
        assert router_.plan(scenario, "-o", plan).status == 0
        return plan, written(tmp_path, HEAD + lines.replace("@", f'"{clip}"'), "bills.csv")

    return files


@pytest.fixture
def quickstart(router_: Router, tmp_path: Path) -> Path:
    plan = tmp_path / "quickstart.json"
    assert router_.plan(QUICKSTART, "-o", plan).status == 0
    return plan


def test_what_is_as_planned_ends_with_status_0_and_no_findings(
    router_: Router, against: Callable[..., tuple[Path, Path]]
) -> None:
    ran = router_("reconcile", *against(f"@,{O3}@,{KLING}"), "--format", "json")

    assert (ran.status, ran.err) == (0, "")
    assert (ran.json["billed_usd"], ran.json["priced_usd"]) == ("2.750000", "2.750000")
    assert ran.json["unexplained_usd"] == "0.000000"
    assert [own["what"] for own in ran.json["findings"]] == ["fallback"]


@pytest.mark.parametrize(
    ("tolerance", "status"),
    # One of two bills is 0.05 too high: 0.05 of 2.50, which is 2 %.
    [("0", 4), ("0.04", 4), ("0.05", 0), ("1.9%", 4), ("2%", 0), ("0%", 4), ("5", 0)],
)
def test_the_tolerance_is_in_dollars_or_in_percent_of_the_plan_s_price(
    router_: Router, against: Callable[..., tuple[Path, Path]], tolerance: str, status: int
) -> None:
    ran = router_("reconcile", *against(f"@,{O3}@,evolink,kling-o3,1.30,served\n"), "--tolerance", tolerance)

    assert ran.status == status
    assert ran.json["unexplained_usd"] == "0.050000"
    assert ran.err.startswith("router: $0.05 is not explained by the plan (tolerance: ") is (status == 4)


@pytest.mark.parametrize("tolerance", ["-1", "nan", "a lot", "2%%", "%", "-1%", "inf%", "1e999999999%", "1e12"])
def test_a_tolerance_that_is_none_is_refused(router_: Router, tolerance: str) -> None:
    ran = router_("reconcile", "plan.json", "bills.csv", "--tolerance", tolerance)
    assert (ran.status, ran.out) == (2, "")
    assert "must be an amount of dollars or a percentage, as 5, 0.75 or 2%" in ran.err


def test_missing_and_double_clips_are_too_much_at_the_default(
    router_: Router, against: Callable[..., tuple[Path, Path]]
) -> None:
    missing = router_("reconcile", *against(f"@,{O3}"))
    double = router_("reconcile", *against(f"@,{O3}" * 3))

    assert (missing.status, double.status) == (4, 4)
    assert missing.err == "router: $1.25 is not explained by the plan (tolerance: $0.00); 1 missing, 0 double\n"
    assert double.err == "router: $1.25 is not explained by the plan (tolerance: $0.00); 0 missing, 1 double\n"


def test_the_table_shows_what_is_not_as_planned_and_ends_in_a_summary(router_: Router, quickstart: Path) -> None:
    out = router_("reconcile", quickstart, BILLS, "--format", "table").out

    # As planned: 2 x 1.25, 12 x 0.45, 0.525, 2 x 1.963, and 4.00 for a film whose sound ($0.24) is in no line.
    sums = [" ".join(line.split()) for line in out.splitlines()]
    assert "as planned 18 20 $16.591 $16.351 $16.351 $0.00" in sums
    assert [line.split()[0] for line in out.splitlines()[3:12]] == [
        "dancer", "product-turn", "product-turn", "teaser", "teaser-b", "hero", "hero", "hero", "hero",
    ]  # fmt: skip
    # Unexplained: 1.963 + 1.111 + 0.525 + 0.45 + 0.45 + 0.05
    assert "Not explained by the plan: $4.549 in single lines, over or under" in out
    assert "Planned: 22 clips, nominal $20.141, expected $20.15\n" in out
    # 20.141 - 0.24 + 0.25 + 0.05 + 1.963 + (1.111 - 0.525) + 0.45 + 0.45 - 0.525
    assert "Billed: $23.125, $2.984 (14.8 %) above nominal" in out


def test_csv_holds_every_finding_and_the_sum_of_each_class(router_: Router, quickstart: Path) -> None:
    out = router_("reconcile", quickstart, BILLS, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert {row["what"] for row in rows if row["clip"] == "hero"} == {
        "unavailable", "unbilled-failure", "price-drift", "fallback",
    }  # fmt: skip
    sums = {row["what"]: row["billed_usd"] for row in rows if not row["clip"]}
    assert (sums["as-planned"], sums["unexpected-failure"], sums["missing"]) == ("16.351000", "1.963000", "0.000000")


def test_a_table_shows_the_hundred_largest_differences_and_counts_the_rest(
    router_: Router, against: Callable[..., tuple[Path, Path]]
) -> None:
    lines = "".join(f"no-{k:03d},evolink,kling-o3,{k},served\n" for k in range(150))
    out = router_("reconcile", *against(f"@,{O3}" * 2 + lines), "--format", "table").out

    shown = [line.split()[0] for line in out.splitlines() if line.startswith("no-")]
    assert shown == [f"no-{k:03d}" for k in range(149, 49, -1)]
    assert "50 more are in the CSV and the JSON.\n" in out


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", ":smile: {x}", "-2", "a" * 199, "a,b;c"])
def test_a_name_is_neither_run_by_a_spreadsheet_nor_read_as_markup(
    router_: Router, against: Callable[..., tuple[Path, Path]], name: str
) -> None:
    files = against("", name)
    text = io.StringIO()
    csv.writer(text).writerows([[name, "evolink", "kling-o3", "9", "served"], [f"{name}x", "=p", "+m", "9", "served"]])
    files[1].write_text(HEAD + text.getvalue())

    table = router_("reconcile", *files, "--format", "table").out
    rows = list(csv.DictReader(io.StringIO(router_("reconcile", *files, "--format", "csv").out)))

    assert name[:20] in "".join(table.split("\n"))
    assert {row["clip"].removeprefix("'") for row in rows} == {name, f"{name}x", ""}
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_json_fits_its_schema(router_: Router, quickstart: Path) -> None:
    schema = router_("schema", "reconciliation").json
    jsonschema.Draft202012Validator.check_schema(schema)
    found = router_("reconcile", quickstart, BILLS, "--format", "json").json

    assert list(jsonschema.Draft202012Validator(schema).iter_errors(found)) == []
    assert found["schema"] == 1


def test_the_table_and_the_plan_may_each_come_from_standard_input_but_not_both(
    router_: Router, quickstart: Path
) -> None:
    from_file = router_("reconcile", quickstart, BILLS).out

    assert router_("reconcile", quickstart, "-", stdin=BILLS.read_text()).out == from_file
    assert router_("reconcile", "-", BILLS, stdin=quickstart.read_text()).out == from_file
    ran = router_("reconcile", "-", "-")
    assert (ran.status, ran.out) == (2, "")
    assert "only one of PLAN and ACTUALS can come from standard input" in ran.err


def test_bad_bills_write_nothing_and_end_with_status_2(router_: Router, quickstart: Path, tmp_path: Path) -> None:
    bad = written(tmp_path, HEAD + "hero,evolink,kling-o3,x,served\nhero,evolink,kling-o3,1,servd\n", "bad.csv")
    ran = router_("reconcile", quickstart, bad, "-o", tmp_path / "out.json")

    assert (ran.status, ran.out) == (2, "")
    assert [line.split(": ")[0] for line in ran.err.splitlines()] == [f"{bad}:2", f"{bad}:3"]
    assert not (tmp_path / "out.json").exists()


def test_a_scenario_is_no_plan(router_: Router) -> None:
    ran = router_("reconcile", QUICKSTART, BILLS)
    assert (ran.status, ran.out) == (2, "")
    assert "is not a plan" in ran.err


def test_the_report_is_written_whole_though_the_status_is_4(router_: Router, quickstart: Path, tmp_path: Path) -> None:
    ran = router_("reconcile", quickstart, BILLS, "-o", tmp_path / "out.json")

    assert (ran.status, ran.out) == (4, "")
    assert json.loads((tmp_path / "out.json").read_text())["lines"] == 28
