"""Small truths of large tables: repeated ids are found, shared rows stand in order, no digit is lost."""

from __future__ import annotations

import random
from pathlib import Path

import narwhals.stable.v2 as nw
import polars as pl
import pytest

import router
from router.loading.tables import faults
from router.loading.tables.frames import framed
from tests.builders import ON


@pytest.mark.parametrize("at_once", [1, 50, 2**24])
@pytest.mark.parametrize("rows", [0, 1, 2, 49, 50, 51, 300])
def test_a_repeated_id_is_found_in_whichever_part_of_the_names_it_is(
    monkeypatch: pytest.MonkeyPatch, rows: int, at_once: int
) -> None:
    monkeypatch.setattr(faults, "_AT_ONCE", at_once)
    rng = random.Random(rows)
    ids = [f"clip-{at}" for at in range(rows)]
    rng.shuffle(ids)

    def repeats(names: list[str]) -> bool:
        frame = framed(pl.DataFrame({"id": [*names, None, None]}, schema={"id": pl.String}))
        return faults._repeats(frame, nw.col("id"))

    assert not repeats(ids)
    assert all(repeats([*ids, own]) for own in rng.sample(ids, min(3, rows)))


def test_a_row_that_two_routes_share_stands_first_with_the_first_of_its_clips() -> None:
    clips = pl.DataFrame({"id": ["a", "b"], "seconds": [10, 10], "count": [6, 5]})
    rules = {"limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 8}]}}
    routed = router.plan_table(clips, rules, on=ON).routed()
    parts = list(zip(routed["id"], routed["route.first"], routed["route.count"], strict=True))
    # 8 on one model and 3 on the other: whichever comes first ends within a row.
    assert parts in ([("a", 1, 6), ("b", 1, 2), ("b", 3, 3)], [("a", 1, 3), ("a", 4, 3), ("b", 1, 5)])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_numbers_that_duckdb_alone_has_are_written_digit_by_digit(tmp_path: Path, ending: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    large, name = "170141183460469231731687303715884105", "cd767a44-94dd-480d-820c-ea94ee5ea0b6"
    clips = duckdb.connect().sql(f"select 5 as seconds, {large}::hugeint as job, '{name}'::uuid as run")

    router.plan_table(clips, {"columns": {"carry": "*"}}, on=ON).write(tmp_path / f"routed.{ending}")

    path = tmp_path / f"routed.{ending}"
    rows = pl.read_csv(path, infer_schema=False) if ending == "csv" else pl.read_parquet(path)
    assert [str(value) for value in rows.row(0)[:3]] == ["5", large, name]
