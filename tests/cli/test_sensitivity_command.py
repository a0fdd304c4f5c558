"""``router sensitivity``: every format, what it takes, and where progress goes."""

from __future__ import annotations

import csv
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests import golden
from tests.cli.commands import DAY, ROOT, Ran, Router
from tests.cli.test_catalog_and_schema import fits, schema

HEROES = ROOT / "scenarios" / "text-to-video-100.toml"
QUICKSTART = ROOT / "scenarios" / "quickstart.toml"
PLAIN = """
[[clips]]
id = "c"
seconds = 10
"""


def shown(router_: Router, *arguments: str | Path) -> Ran:
    return router_("sensitivity", *arguments, "--as-of", DAY)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_at_two_widths(router_: Router, width: int) -> None:
    import router
    from router.report.sensitivity_table import sensitivity_table
    from tests.builders import ON

    given = router.Scenario.load(QUICKSTART)
    text = sensitivity_table(router.sensitivity(given, on=ON), width=width)

    assert max(map(len, text.splitlines())) <= width
    golden.agrees(f"sensitivity-{width}.txt", text)


def test_the_sentence_is_the_one_that_a_producer_asks_for(router_: Router) -> None:
    text = shown(router_, HEROES, "--format", "table").out

    assert "kling-o3 1080p with audio stays chosen up to $0.150/s (+20 %)" in text
    assert "kling-3.0 1080p with audio would be chosen below $0.125/s (-16.7 %)" in text


def test_json_fits_its_schema(router_: Router) -> None:
    found = shown(router_, QUICKSTART)

    assert (found.status, found.err) == (0, "")
    fits(schema(router_, "sensitivity"), found.json)
    assert found.json["prices"][1]["above"]["break_even"] == "0.150000"


def test_csv_has_a_line_for_each_price_swing_and_elasticity(router_: Router) -> None:
    rows = list(csv.DictReader(io.StringIO(shown(router_, HEROES, "--format", "csv").out)))

    assert [row["kind"] for row in rows] == ["price", "price", "swing", "swing", "elasticity", "elasticity"]
    assert (rows[0]["above_break_even"], rows[0]["above_takes_over"]) == ("0.150000", "100 evolink/kling-3.0")
    assert (rows[2]["lower_usd"], rows[2]["higher_usd"], rows[2]["swing_usd"]) == (
        "112.500000",
        "137.500000",
        "25.000000",
    )


def test_by_and_set_change_what_is_asked(router_: Router) -> None:
    found = shown(router_, HEROES, "--by", "0.2", "--set", "clips.*.count=10").json

    assert (found["expected_usd"], found["swings"][0]["swing_usd"]) == ("12.500000", "5.000000")


@pytest.mark.parametrize("by", ["0", "100%", "1.5", "ten", "nan"])
def test_a_share_that_is_none_is_refused(router_: Router, by: str) -> None:
    refused = shown(router_, HEROES, "--by", by)

    assert refused.status == 2
    assert "must be a fraction above 0 and below 1" in refused.err


def test_without_a_plan_the_status_is_3_and_json_says_why(router_: Router) -> None:
    refused = shown(router_, HEROES, "--set", "limits.budget_usd=1", "--format", "json")

    assert (refused.status, refused.json["status"]) == (3, "infeasible")


def test_names_are_text_in_tables_and_no_formulas_in_csv(router_: Router, tmp_path: Path) -> None:
    sold = """
schema = 1
name = "shop"
as_of = 2026-04-09
source = "made up"
[[models]]
model = "=cmd|' /C calc'!A0"
provider = "+p"
mode = "text-to-video"
seconds = { min = 1, max = 20, step = 1 }
offers = [ { audio = false, price_per_second = 0.10 } ]
[[models]]
model = ":smile: \\u001b"
provider = "+p"
mode = "text-to-video"
seconds = { min = 1, max = 20, step = 1 }
offers = [ { audio = false, price_per_second = 0.12 } ]
""".replace(" \\u001b", "")
    (tmp_path / "shop.toml").write_text(sold)
    path = tmp_path / "s.toml"
    path.write_text(f'title = "=1+1"\ncatalogs = ["shop.toml"]\n{PLAIN}')

    table, rows = shown(router_, path, "--format", "table").out, shown(router_, path, "--format", "csv").out

    assert ":smile:" in table
    cells = [cell for row in csv.reader(io.StringIO(rows)) for cell in row]
    assert "'+p" in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


def test_the_same_scenario_gives_the_same_bytes(router_: Router, tmp_path: Path) -> None:
    assert shown(router_, HEROES, "-o", tmp_path / "a.json").status == 0
    assert (tmp_path / "a.json").read_text() == shown(router_, HEROES).out


def test_progress_goes_to_standard_error_and_only_to_a_terminal(router_: Router) -> None:
    command = [sys.executable, "-m", "router", "sensitivity", str(HEROES), "--as-of", DAY]
    reader, terminal = pty.openpty()
    with os.fdopen(reader, "rb", buffering=0) as seen:
        env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=env, check=True, timeout=60)
        os.close(terminal)
        assert b"Prices" in seen.read(4096)
    assert done.stdout.decode() == shown(router_, HEROES).out
