"""Plans tables on a cluster of two worker processes, one of which dies on the way; writes what came of it to ``found.json``.

    python tests/bulk/on_a_cluster.py FOLDER SCENE

A script, because the processes of a cluster import the one that started them.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pandas as pd
import polars as pl
from distributed import Client, LocalCluster, WorkerPlugin

import router
from router.bulk.plan_table import TablePlan

DAY = dt.date(2026, 4, 10)
PARTS, ROWS = 6, 500
RULES: dict[str, Any] = {
    "columns": {"seconds": "duration", "carry": ["prompt"]},
    # Less than all on their cheapest models cost: routes end within classes.
    "limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 1111}]},
}


class Dies(WorkerPlugin):
    """Kills the first worker that has finished two tasks since the file ``armed`` is there, as memory that runs out would."""

    def __init__(self, folder: Path) -> None:
        self.armed, self.done = folder / "armed", 0

    def transition(self, key: object, start: str, finish: str, **_: Any) -> None:
        if finish != "memory" or not self.armed.exists():
            return
        self.done += 1
        if self.done >= 2:
            try:
                self.armed.rename(self.armed.with_name(f"died-{os.getpid()}"))
            except FileNotFoundError:  # The other one was first
                return
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def two_workers(folder: Path) -> Iterator[Client]:
    """A cluster of two processes."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(Dies(folder))
        yield client


def bereft(folder: Path, work: Callable[[], Any]) -> Any:
    """Do something while a worker dies."""
    before = set(folder.glob("died-*"))
    (folder / "armed").touch()
    found = work()
    assert len(set(folder.glob("died-*")) - before) == 1, "no worker died"
    return found


def written(folder: Path, *, counted: bool) -> Path:
    """Parts of a table of four kinds of clips."""
    folder.mkdir()
    numbers = range(PARTS * ROWS)
    columns: dict[str, list[Any]] = {
        "id": [f"clip-{number}" for number in numbers],
        "duration": [5 + 5 * (number % 2) for number in numbers],
        "resolution": [None if number % 3 else "1080p" for number in numbers],
        "prompt": [f"a paper boat, take {number}" for number in numbers],
    }
    if counted:
        columns["count"] = [1 + number % 4 for number in numbers]
    table = pd.DataFrame(columns)
    for part in range(PARTS):
        table.iloc[part * ROWS : (part + 1) * ROWS].to_parquet(folder / f"part-{part}.parquet")
    return folder


def planned(table: Any, **more: Any) -> TablePlan:
    return router.plan_table(table, RULES, on=DAY, **more)


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    """Id, route and clips of every row of a table of any kind, in their order."""
    names = [
        "id",
        "route.model",
        "route.expected_usd",
        *(f"route.{own}" for own in ("first", "count") if f"route.{own}" in table),
    ]
    columns = [[str(value) for value in table[name].to_list()] for name in names]
    return list(zip(*columns, strict=True))


def dies_in_the_group_by(folder: Path) -> dict[str, Any]:
    """Rows of one clip each; what Dask makes of them a second time too."""
    parts = written(folder / "plain", counted=False)
    table, alone = dd.read_parquet(parts), planned(pl.read_parquet(parts / "*.parquet"))
    with two_workers(folder):
        found = bereft(folder, lambda: planned(table))
        first, again = found.routed().compute(), planned(table).routed().compute()
    return {
        "plans": found.plan.totals == alone.plan.totals,
        "splits": len(found.plan.routes) > len(found.scenario.clips),
        "routes": rows_of(first) == rows_of(alone.routed()),
        "again": rows_of(again) == rows_of(first),
    }


def dies_in_the_join(folder: Path) -> dict[str, Any]:
    """Rows of several clips each, joined and written by the workers; and what came to the client before."""
    parts = written(folder / "counted", counted=True)
    table, alone = dd.read_parquet(parts), planned(pl.read_parquet(parts / "*.parquet"))
    with two_workers(folder) as client:
        with gathered(client) as came:
            routed = planned(table).routed()
        bereft(folder, lambda: routed.to_parquet(folder / "routed"))
    files = sorted((folder / "routed").glob("*.parquet"))
    return {"files": len(files), "routes": rows_of(pl.read_parquet(files)) == rows_of(alone.routed()), "came": came}


@contextmanager
def gathered(client: Client) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows and columns of every frame that comes from the cluster meanwhile."""
    came: list[tuple[int, list[str]]] = []
    gather = client.gather

    def noted(found: Any) -> None:
        if isinstance(found, list | tuple):
            for part in found:
                noted(part)
        elif isinstance(found, pd.DataFrame | pd.Series):
            columns = found if isinstance(found, pd.DataFrame) else found.to_frame()
            came.append((len(found), [str(name) for name in columns]))

    def spied(*args: Any, **kwargs: Any) -> Any:
        found = gather(*args, **kwargs)
        noted(found)
        return found

    client.gather = spied
    yield came
    client.gather = gather


SCENES = {scene.__name__: scene for scene in (dies_in_the_group_by, dies_in_the_join)}


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "found.json").write_text(json.dumps(SCENES[sys.argv[2]](folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
