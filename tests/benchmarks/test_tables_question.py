"""Question ``tables``: measured beside both floors, and a result that is not that of the table fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks import tables
from benchmarks.result import WrongAnswerError

ROWS = 2000


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A table, its result and its plan, under limits that split classes."""
    folder = tmp_path_factory.mktemp("tables")
    table = tables.made(folder, ROWS, "parquet")
    scenario, result, plan = folder / "scenario.json", folder / "routed.parquet", folder / "plan.json"
    scenario.write_text(json.dumps({"clips": table.name, "limits": tables.LIMITS}), encoding="utf-8")
    own = ["plan", str(scenario), "--routed", str(result), "-o", str(plan), "--as-of", tables.ON]
    tables.run(["-m", "router", *own, "--no-shadow-prices"], 60)
    return table, result, plan


def test_what_ours_writes_passes(planned: tuple[Path, Path, Path]) -> None:
    tables._verify(*planned, tables.LIMITS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.head(ROWS - 1), "not the rows"),
        (lambda rows: rows.reverse(), "not the rows"),
        (lambda rows: rows.with_columns(pl.lit(None, pl.String).alias("request.prompt")), "not the rows"),
        (lambda rows: rows.with_columns(pl.lit(1, pl.Int64).alias("route.number")), "does not suit"),
        (lambda rows: rows.with_columns(pl.lit("none").alias("route.model")), "does not suit"),
    ],
    ids=["a-row-lost", "another-order", "a-column-emptied", "one-route", "another-model"],
)
def test_a_doctored_result_fails(planned: tuple[Path, Path, Path], tmp_path: Path, change: Any, said: str) -> None:
    table, result, plan = planned
    change(pl.read_parquet(result)).write_parquet(tmp_path / "doctored.parquet")
    with pytest.raises(WrongAnswerError, match=said):
        tables._verify(table, tmp_path / "doctored.parquet", plan, tables.LIMITS)


def test_rows_that_change_routes_fail_by_how_many_take_each(planned: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Of the two routes that a class is split between, one takes all."""
    table, result, plan = planned
    rows = pl.read_parquet(result)
    one = pl.selectors.starts_with("route.").first().over(tables.KEYS)
    rows.with_columns(one).write_parquet(tmp_path / "doctored.parquet")
    with pytest.raises(WrongAnswerError, match="other numbers of rows"):
        tables._verify(table, tmp_path / "doctored.parquet", plan, tables.LIMITS)


def test_every_case_is_a_line_for_each_floor_of_time_and_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "FILES", ((ROWS, "csv"),))

    found = tables.tables(1, 60)

    cases = [f"{ROWS:,} rows, CSV to Parquet, {limits}" for limits in ("no limits", "two limits")]
    assert [line.key for line in found.lines] == [
        f"{case}; {engine}, {what}" for case in cases for engine in ("polars", "duckdb") for what in ("time", "memory")
    ]
    assert all(line.ratio is not None and line.ratio > 0 and line.counts == {"rows": ROWS} for line in found.lines)


def test_a_process_that_fails_or_does_not_end_is_a_wrong_answer() -> None:
    with pytest.raises(WrongAnswerError, match="exit status 3"):
        tables.run(["-c", "raise SystemExit(3)"], 60)
    with pytest.raises(WrongAnswerError, match=r"did not end within 0\.2 s"):
        tables.run(["-c", "import time; time.sleep(60)"], 0.2)
