"""Tables that are larger than the memory that may be used.

The tables are small on disk: prompts that differ at the end only, and cells of one character, each 16 bytes in memory. A process that
reads them whole dies under the limit; the command does not.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import router

resource = pytest.importorskip("resource", reason="limits of memory are those of Unix")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts all private memory on Linux only")

LIMITS = {"parquet": 1000 * 2**20, "csv": 800 * 2**20}
"""Bytes of memory that a process may have for its data; of them Python, polars and their threads take some 200 MiB."""
PROMPT = "A paper boat on a puddle, seen from above, rain falling slowly around it. " * 20
NOTES = 64
RULES = """
[columns]
carry = "*"

[[limits.caps]]
where = { model = "kling-3.0" }
max_share = 0.3
"""


def limited(kind: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with as much memory as the limit allows."""
    limit = LIMITS[kind]
    start = f"import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, ({limit}, {limit})); {code}"
    # What polars keeps in flight grows with its threads: as many as on a small machine.
    env = {**os.environ, "POLARS_MAX_THREADS": "2", "RUST_BACKTRACE": "0"}
    return subprocess.run(
        [sys.executable, "-c", start, *arguments], env=env, capture_output=True, text=True, check=False, timeout=300
    )


def clips(rows: int, **more: pl.Expr) -> pl.LazyFrame:
    """Clips of four kinds, with names that do not rise."""
    number = pl.col("number")
    return pl.LazyFrame({"number": pl.int_range(rows, eager=True)}).select(
        id="clip-" + (number * 7919 % rows).cast(pl.String),
        seconds=number % 2 * 5 + 5,
        resolution=pl.when(number % 3 > 0).then(pl.lit("1080p")),
        **more,
    )


def large_parquet(path: Path) -> int:
    """A file of 5 MB; its rows and their prompts take 1.9 GB."""
    rows = 1_250_000
    prompt = pl.lit(PROMPT) + pl.col("number").cast(pl.String)
    clips(rows, **{"request.prompt": prompt}).sink_parquet(path, row_group_size=10_000)
    assert rows * len(PROMPT) > 1.7 * LIMITS["parquet"]
    return rows


def large_csv(path: Path) -> int:
    """A file of 120 MB; a view of a text, of which each cell has one, takes 16 bytes."""
    rows = 850_000
    clips(rows, **{f"note{at}": (pl.col("number") % 10).cast(pl.String) for at in range(NOTES)}).sink_csv(path)
    assert rows * NOTES * 16 > LIMITS["csv"]
    return rows


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Emptied at the end: pytest keeps what is left."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_table_larger_than_memory_is_planned_and_routed_whole(folder: Path, kind: str) -> None:
    table, out = folder / f"big.{kind}", folder / "routed.parquet"
    rows = {"parquet": large_parquet, "csv": large_csv}[kind](table)
    (folder / "big.toml").write_text(f'clips = "big.{kind}"\n{RULES}', encoding="utf-8")
    whole = limited(kind, f"import polars; print(polars.read_{kind}(sys.argv[1]).rechunk().height)", str(table))
    assert whole.returncode != 0, "the table fits into the memory that is allowed"
    assert "memory" in whole.stderr.lower()

    command = (
        "plan",
        str(folder / "big.toml"),
        "--as-of",
        "2026-04-10",
        "--routed",
        str(out),
        "-o",
        str(folder / "p.json"),
    )
    done = limited(kind, "from router.cli import run; run(sys.argv[1:])", *command)

    assert (done.returncode, done.stderr) == (0, "")
    routed = pl.scan_parquet(out)
    last = "request.prompt" if kind == "parquet" else f"note{NOTES - 1}"
    assert routed.collect_schema().names()[: 4 if kind == "parquet" else 3 + NOTES][-1] == last
    found = routed.select(
        pl.len(),
        pl.col("id").n_unique().alias("ids"),
        # Row by row in their order, nothing changed.
        ordered=(pl.col("id") == "clip-" + (pl.int_range(pl.len()) * 7919 % rows).cast(pl.String)).all(),
        carried=(pl.col(last).str.slice(-1) if kind == "parquet" else pl.col(last).cast(pl.String))
        .eq((pl.int_range(pl.len()) % 10).cast(pl.String))
        .all(),
        on_3_0=(pl.col("route.model") == "kling-3.0").sum(),
    ).collect(engine="streaming")
    # 0.3 of all, which is what kling-3.0, the first of the catalog where prices are equal, would have more than.
    assert found.row(0) == (rows, rows, True, True, rows * 3 // 10)


@pytest.mark.parametrize(("name", "megabytes"), [("id", 500), ("job", 300)])
def test_a_relation_of_duckdb_larger_than_its_memory_is_written_whole(folder: Path, name: str, megabytes: int) -> None:
    # By their ids DuckDB sorts the rows, all of their cells along, and needs more memory for that.
    duckdb = pytest.importorskip("duckdb")
    rows, job = 400_000, pl.col(name)
    table, out = folder / "big.parquet", folder / "routed.parquet"
    prompt = pl.lit(PROMPT) + pl.col("number").cast(pl.String)
    clips(rows, prompt=prompt).rename({"id": name}).sink_parquet(table, row_group_size=10_000)
    assert rows * len(PROMPT) > 1.1 * megabytes * 2**20
    connection = duckdb.connect()
    connection.execute(
        f"SET memory_limit = '{megabytes}MiB'; SET temp_directory = '{folder / 'spill'}'; SET threads = 2"
    )
    rules = {"columns": {"carry": "*"}, "limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_share": 0.3}]}}

    router.plan_table(connection.sql(f"select * from '{table}'"), rules, on=dt.date(2026, 4, 10)).write(out)
    connection.close()

    # The name of each row was made of the number that its prompt ends with.
    number = pl.col("prompt").str.slice(len(PROMPT)).cast(pl.Int64)
    found = pl.scan_parquet(out).select(
        pl.len(),
        job.n_unique().alias("ids"),
        carried=("clip-" + (number * 7919 % rows).cast(pl.String) == job).all(),
        on_3_0=(pl.col("route.model") == "kling-3.0").sum(),
    )
    assert found.collect(engine="streaming").row(0) == (rows, rows, True, rows * 3 // 10)
