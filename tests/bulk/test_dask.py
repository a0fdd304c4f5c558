"""Tables of Dask: on one process, and on a cluster of two of which one dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import router

pytest.importorskip("dask.dataframe", reason="needs Dask")
pytest.importorskip("distributed", reason="needs Dask's distributed")

import dask
import dask.dataframe as dd
import pandas as pd

from tests.bulk.on_a_cluster import PARTS, ROWS, SCENES, planned, rows_of, written

ROOT = Path(__file__).resolve().parents[2]
KEYS = 4
"""Kinds of clips in the table: two lengths, with a resolution and without."""


@pytest.fixture(autouse=True)
def _here() -> Any:
    with dask.config.set(scheduler="sync"):
        yield


def on_a_cluster(folder: Path, scene: str) -> dict[str, Any]:
    """What came of a scene on a cluster."""
    assert scene in SCENES
    command = [sys.executable, str(ROOT / "tests" / "bulk" / "on_a_cluster.py"), str(folder), scene]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return found


def test_a_worker_that_dies_in_the_group_by_changes_nothing(tmp_path: Path) -> None:
    found = on_a_cluster(tmp_path, "dies_in_the_group_by")
    assert found == {"plans": True, "splits": True, "routes": True, "again": True}


def test_a_worker_that_dies_in_the_join_leaves_every_row_once_and_rows_stay_on_the_workers(tmp_path: Path) -> None:
    found = on_a_cluster(tmp_path, "dies_in_the_join")
    assert (found["files"], found["routes"]) == (PARTS, True)
    numbers = {"router_row", "router_block", "router_class", "router_clips"}
    assert found["came"]
    # Of the block in which a route ends, the numbers of the rows of that class; of all else a row a kind of clips, or a block of these.
    assert all(rows <= PARTS * KEYS * 4 or set(columns) <= numbers for rows, columns in found["came"])
    assert not {"id", "prompt"} & {name for rows, columns in found["came"] for name in columns if rows > 1}


def test_a_partition_alone_has_the_routes_that_it_has_in_the_whole(tmp_path: Path) -> None:
    routed = planned(dd.read_parquet(written(tmp_path / "parts", counted=True))).routed()
    whole = rows_of(routed.compute())
    apart = [row for at in range(routed.npartitions) for row in rows_of(routed.partitions[at].compute())]
    assert apart == whole
    assert rows_of(routed.tail(20)) == whole[-20:]


def test_filtered_and_put_into_fewer_partitions_rows_keep_their_routes(tmp_path: Path) -> None:
    routed = planned(dd.read_parquet(written(tmp_path / "parts", counted=False))).routed()
    whole = routed.compute()
    few = routed[routed["route.number"] == 1].repartition(npartitions=2).compute()
    assert 0 < len(few) < len(whole)
    assert rows_of(few) == rows_of(whole[whole["route.number"] == 1])


def test_partitions_that_dask_reads_together_are_numbered_as_they_came(tmp_path: Path) -> None:
    parts = written(tmp_path / "parts", counted=True)
    # Read by pyarrow, small parts of few columns become one partition when Dask optimises.
    narrow = dd.read_parquet(str(parts), filesystem="arrow")[["id", "duration", "resolution", "count"]]
    rules = {
        "columns": {"seconds": "duration"},
        "limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 1111}]},
    }
    found = router.plan_table(narrow, rules).routed()
    alone = router.plan_table(pl.from_pandas(narrow.compute()), rules).routed()
    whole = rows_of(found.compute())
    assert whole == rows_of(alone)
    assert [row for at in range(found.npartitions) for row in rows_of(found.partitions[at].compute())] == whole


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "arrow"])
def test_a_table_is_written_to_one_file_partition_by_partition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    parts = written(tmp_path / "parts", counted=True)
    planned(pl.read_parquet(parts / "*.parquet")).write(tmp_path / "alone.parquet")
    found = planned(dd.read_parquet(parts))
    sizes: list[int] = []
    to_arrow = pl.scan_parquet
    monkeypatch.setattr(pl, "scan_parquet", lambda path: sizes.append(pl.read_parquet(path).height) or to_arrow(path))

    found.write(tmp_path / f"routed.{ending}")

    reader = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet, "arrow": pl.read_ipc}[ending]
    rows = reader(tmp_path / f"routed.{ending}")
    wanted = pl.read_parquet(tmp_path / "alone.parquet")
    assert rows.columns == wanted.columns
    assert [row[0] for row in rows_of(rows)] == wanted["id"].to_list()
    assert rows["route.count"].to_list() == wanted["route.count"].to_list()
    assert len(sizes) == PARTS
    assert sum(sizes) == wanted.height
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone.parquet", "parts", f"routed.{ending}"]


def test_bad_rows_are_named_by_partition_and_an_id_may_stand_again_in_another(tmp_path: Path) -> None:
    parts = written(tmp_path / "parts", counted=False)
    for part, row, column, value in ((2, 7, "id", "clip-3"), (PARTS - 1, 9, "duration", -5)):
        rows = pd.read_parquet(parts / f"part-{part}.parquet")
        rows.loc[rows.index[row], column] = value
        rows.to_parquet(parts / f"part-{part}.parquet")
    table = dd.read_parquet(parts)
    repeated = "`id` is also that of an earlier row; ids must differ"
    negative = "`duration` (seconds) must be above 0, not -5"

    with pytest.raises(router.InputError, match="ids must differ") as caught:
        planned(table)
    found = planned(table, skip_bad_rows=True)

    assert str(caught.value).splitlines() == [
        f"the table: partition 3, row 8: {repeated}",
        f"the table: partition {PARTS}, row 10: {negative}",
    ]
    bad = found.bad_rows().compute()
    # Row 10 of the last of 6 parts of 500
    assert list(zip(bad["id"], bad["route.problem"], strict=True)) == [("clip-3", repeated), ("clip-2509", negative)]
    assert (found.rows, found.bad) == (PARTS * ROWS - 2, 2)
    alone = planned(pl.read_parquet(parts / "*.parquet"), skip_bad_rows=True)
    assert rows_of(found.routed().compute()) == rows_of(alone.routed())
