"""``router frontier``: every format, what it takes, and where progress goes."""

from __future__ import annotations

import csv
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import router
from router.report.frontier_table import frontier_table
from tests import golden
from tests.builders import ON
from tests.cli.commands import DAY, ROOT, Ran, Router
from tests.cli.test_catalog_and_schema import fits, schema

SIX = ROOT / "scenarios" / "frontier.toml"
BUDGET = ROOT / "scenarios" / "budget.toml"
RISKY = ROOT / "scenarios" / "risky-launch.toml"


def shown(router_: Router, *arguments: str | Path) -> Ran:
    return router_("frontier", *arguments, "--as-of", DAY)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_at_two_widths(width: int) -> None:
    text = frontier_table(router.frontier(router.Scenario.load(SIX), on=ON), width=width)

    assert max(map(len, text.splitlines())) <= width
    golden.agrees(f"frontier-{width}.txt", text)


@pytest.mark.parametrize(("path", "second"), [(BUDGET, "clips-served"), (RISKY, "cvar")])
def test_a_part_of_a_large_set_as_a_table(path: Path, second: str) -> None:
    found = router.frontier(router.Scenario.load(path), ("cost", second), on=ON, points=8)

    golden.agrees(f"frontier-{second}.txt", frontier_table(found, width=100))


@pytest.mark.parametrize(("path", "of"), [(SIX, "cost,quality"), (BUDGET, "cost,clips-served"), (RISKY, "cost,cvar")])
def test_json_fits_its_schema(router_: Router, path: Path, of: str) -> None:
    found = shown(router_, path, "--of", of, "--points", "5")

    assert (found.status, found.err) == (0, "")
    fits(schema(router_, "frontier"), found.json)
    assert len(found.json["points"]) == 5
    assert found.json["of"] == of.split(",")


def test_csv_has_a_line_for_each_point(router_: Router) -> None:
    rows = list(csv.DictReader(io.StringIO(shown(router_, SIX, "--format", "csv").out)))

    assert len(rows) == 15
    assert (rows[0]["cost_usd"], rows[0]["quality"], rows[0]["adjacent"]) == ("3.200000", "6.000000000", "")
    assert [row["cost_usd"] for row in rows if row["knee"]] == ["3.800000"]
    assert rows[1]["moved"] == "1 x example-north/example-plain 1080p -> example-south/example-swift 1080p"


def test_set_changes_what_is_asked(router_: Router) -> None:
    found = shown(router_, SIX, "--set", "limits.budget_usd=3.70").json

    assert [point["cost_usd"] for point in found["points"]] == ["3.200000", "3.350000", "3.500000", "3.650000"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--of", "quality,cost"), "cost,quality"),
        (("--points", "2"), "3<=x<=10000"),
        (("--of", "cost,clips-served"), "give value_usd to those that may be left out"),
    ],
)
def test_what_is_no_frontier_is_refused(router_: Router, arguments: tuple[str, ...], said: str) -> None:
    refused = shown(router_, SIX, *arguments)

    assert (refused.status, refused.out) == (2, "")
    assert said in refused.err


def test_without_a_plan_the_status_is_3_and_json_says_why(router_: Router) -> None:
    refused = shown(router_, SIX, "--set", "limits.budget_usd=1", "--format", "json")

    assert (refused.status, refused.json["status"]) == (3, "infeasible")


def test_names_are_text_in_tables_and_no_formulas_in_csv(router_: Router, tmp_path: Path) -> None:
    sold = ['schema = 1\nname = "shop"\nas_of = 2026-04-09\nsource = "made up"']
    for provider, name, price, quality in (("=p", "=1+1", "0.10", 5), ("=p", ":smile:", "0.12", 7)):
        sold.append(
            f'[[models]]\nmodel = "{name}"\nprovider = "{provider}"\nmode = "text-to-video"\nquality = {quality}\nquality_source = "x"\n'
            f"seconds = {{ min = 1, max = 20, step = 1 }}\noffers = [ {{ audio = false, price_per_second = {price} }} ]"
        )
    (tmp_path / "shop.toml").write_text("\n".join(sold))
    path = tmp_path / "s.toml"
    path.write_text('title = "=1+1"\ncatalogs = ["shop.toml"]\n[[clips]]\nid = "=c"\nseconds = 10\ncount = 2\n')

    table, rows = shown(router_, path, "--format", "table").out, shown(router_, path, "--format", "csv").out

    assert "1 x =p/=1+1 -> =p/:smile:" in " ".join(table.split())
    cells = [cell for row in csv.reader(io.StringIO(rows)) for cell in row]
    assert "1 x =p/=1+1 -> =p/:smile:" in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


def test_the_same_scenario_gives_the_same_bytes(router_: Router, tmp_path: Path) -> None:
    assert shown(router_, SIX, "-o", tmp_path / "a.json").status == 0
    assert (tmp_path / "a.json").read_text() == shown(router_, SIX).out


def test_progress_goes_to_standard_error_and_only_to_a_terminal(router_: Router) -> None:
    command = [sys.executable, "-m", "router", "frontier", str(SIX), "--as-of", DAY]
    reader, terminal = pty.openpty()
    with os.fdopen(reader, "rb", buffering=0) as seen:
        env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=env, check=True, timeout=60)
        os.close(terminal)
        assert b"Points" in seen.read(4096)
    assert done.stdout.decode() == shown(router_, SIX).out
