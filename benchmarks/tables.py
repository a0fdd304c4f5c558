"""Question ``tables``: a table of a million and of ten million clips from file to file, beside the bare work of an engine.

Ours is ``router plan TABLE --routed RESULT -o PLAN`` as a process: imports, checks of every value and name, plan, distribution and all.
The floor (`table_floor`) is a process too: it reads, groups, joins the same columns and writes, by polars or by DuckDB. Memory is
the most that a process held.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import router
from benchmarks.clock import Spread
from benchmarks.markdown import yes
from benchmarks.result import Line, Table, WrongAnswerError
from router.units import RESOLUTION_RANK

ON = "2026-04-10"
KEYS = ("mode", "seconds", "resolution", "audio", "accept_image_prompt")
FILES = ((1_000_000, "parquet"), (10_000_000, "parquet"), (10_000_000, "csv"))
MOST_TIME, MOST_MEMORY = 2.0, 1.5
"""Times the floor."""
LIMITS = {
    "caps": [{"where": {"model": "kling-o3"}, "max_share": 0.31}, {"where": {"resolution": "1080p"}, "max_share": 0.71}]
}
"""Two limits that bind and split classes: not all rows of a class take the same route."""


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took."""

    cpu: float
    """Seconds, user and system."""
    memory: int
    """The most that it held, bytes."""


def tables(rounds: int, limit_seconds: float) -> Table:
    """Every file without limits and with them, ours in turn with the floors."""
    rows: list[tuple[str, ...]] = []
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size, kind in FILES:
            table = made(folder, size, kind)
            for limits in (None, LIMITS):
                case = f"{size:,} rows, {'CSV' if kind == 'csv' else 'Parquet'} to Parquet, {'two limits' if limits else 'no limits'}"
                found = _case(folder, table, limits, rounds, limit_seconds)
                rows += _cells(case, found)
                lines += _lines(case, size, found)
            table.unlink()
    missing = (
        () if find_spec("duckdb") else ("duckdb is not installed (the extra `bench` has it): its floor is left out",)
    )
    header = ("question", "ours: median (least to most)", "memory", "floor", "its median", "its memory", "time, times the floor",
              "memory, times the floor", f"at most {MOST_TIME:g} and {MOST_MEMORY:g} times")  # fmt: skip
    note = "processor time of whole processes, imports included; ratios that are recorded are the floor's over ours"
    return Table("tables", header, tuple(rows), (note, *missing), tuple(lines))


def made(folder: Path, rows: int, kind: str, seed: int = 1) -> Path:
    """A table of clips with names, prompts and requirements of 240 kinds, of which some are priced alike.

    Parameters
    ----------
    kind
        ``parquet`` or ``csv``.
    """
    rng = np.random.default_rng(seed)

    def drawn(name: str, values: Sequence[Any]) -> pl.Series:
        return pl.Series(name, values)[pl.Series(rng.integers(0, len(values), rows))]

    numbers = pl.int_range(rows, eager=True)
    frame = pl.DataFrame(
        [
            pl.Series("id", pl.select(pl.format("job-{}", numbers.cast(pl.String).str.zfill(9))).to_series()),
            drawn("mode", ["text-to-video", "image-to-video"]),
            drawn("seconds", [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0]),
            drawn("resolution", ["720p", "1080p"]),
            drawn("audio", ["none", "native", "any"]),
            pl.Series("accept_image_prompt", np.ones(rows, dtype=bool)),
            pl.Series(
                "request.prompt",
                pl.select(
                    pl.format("a cat, number {}, walks over the roof", pl.Series(rng.integers(0, 10**6, rows)))
                ).to_series(),
            ),
        ]
    )
    path = folder / f"clips.{kind}"
    frame.write_csv(path) if kind == "csv" else frame.write_parquet(path)
    return path


def _case(folder: Path, table: Path, limits: Any, rounds: int, limit_seconds: float) -> dict[str, list[Took]]:
    """What ours and each floor took in each round."""
    scenario, plan, result = folder / "scenario.json", folder / "plan.json", folder / "routed.parquet"
    scenario.write_text(json.dumps({"clips": table.name, **({"limits": limits} if limits else {})}), encoding="utf-8")
    ours = [
        "-m",
        "router",
        "plan",
        str(scenario),
        "--routed",
        str(result),
        "-o",
        str(plan),
        "--as-of",
        ON,
        "--no-shadow-prices",
    ]
    run(ours, limit_seconds)
    routes = folder / "routes.parquet"
    _routes(result).write_parquet(routes)
    engines = [engine for engine in ("polars", "duckdb") if find_spec(engine)]
    floor = str(Path(__file__).with_name("table_floor.py"))
    found: dict[str, list[Took]] = {"ours": [], **{engine: [] for engine in engines}}
    for _ in range(rounds):
        found["ours"].append(run(ours, limit_seconds))
        _verify(table, result, plan, limits)
        for engine in engines:
            bare = folder / "bare.parquet"
            found[engine].append(run([floor, engine, str(table), str(routes), str(bare), *KEYS], limit_seconds))
            if (rows := _rows(bare)) != (wanted := _rows(table)):
                raise WrongAnswerError(f"tables: the floor by {engine} wrote {rows:,} of {wanted:,} rows")
    return found


def run(arguments: Sequence[str], limit_seconds: float) -> Took:
    """Run this Python with some arguments, and see what the process took."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1])
    end, memory = time.monotonic() + limit_seconds, 0
    while True:
        # What `wait4` says of memory is no less than what this process held when it started the other.
        memory = max(memory, _held(process.pid))
        own, status, usage = os.wait4(process.pid, os.WNOHANG)
        if own:
            break
        if time.monotonic() > end:
            process.kill()
            process.wait()
            raise WrongAnswerError(f"tables: {' '.join(arguments[:3])} did not end within {limit_seconds:g} s")
        time.sleep(0.01)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise WrongAnswerError(f"tables: {' '.join(arguments[:3])} ended with exit status {process.returncode}")
    return Took(usage.ru_utime + usage.ru_stime, memory)


def _held(process: int) -> int:
    """The most memory that a process has held so far, bytes; 0 of one that has ended. Only Linux says it."""
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def _routes(result: Path) -> pl.DataFrame:
    """The columns to join, one row for each key: what the floor is given without any planning."""
    routed = pl.scan_parquet(result)
    own = [name for name in routed.collect_schema() if name.startswith("route.")]
    found = routed.select(*KEYS, *own).unique(KEYS).collect(engine="streaming")
    return found.with_columns(pl.selectors.categorical().cast(pl.String)).sort(KEYS)


def _verify(table: Path, result: Path, plan: Path, limits: Any) -> None:
    """Look at what was written.

    Raises
    ------
    WrongAnswerError
        Unless every row is there, in its place, with a route of the plan that suits it; as many take each route as the plan says; and all
        cost what `router.plan` says of the same clips, stated one kind after another.
    """
    own, routed = _scan(table), _scan(result)
    names = list(own.collect_schema())
    both = pl.concat([own.rename({name: f"own {name}" for name in names}), routed], how="horizontal")
    kept = both.select(pl.all_horizontal(pl.col(f"own {name}").eq_missing(pl.col(name)).all() for name in names))
    if _rows(table) != _rows(result) or not kept.collect(engine="streaming").item():
        raise WrongAnswerError("tables: the routed table has not the rows of the table")
    stated = json.loads(plan.read_text(encoding="utf-8"))
    groups = routed.group_by(*KEYS, "route.number").agg(pl.len().alias("rows"), pl.col("route.model").first())
    found = groups.collect(engine="streaming").to_dicts()
    if not all(_suits(row, stated["routes"][row["route.number"] - 1]) for row in found):
        raise WrongAnswerError("tables: a row took a route that does not suit it")
    taken = Counter[int]()
    kinds = Counter[tuple[Any, ...]]()
    for row in found:
        taken[row["route.number"]] += row["rows"]
        kinds[tuple(row[name] for name in KEYS)] += row["rows"]
    if taken != {number: route["count"] for number, route in enumerate(stated["routes"], start=1)}:
        raise WrongAnswerError("tables: other numbers of rows take the routes than the plan says")
    if (cost := _cost(kinds, limits)) != Decimal(stated["totals"]["expected_usd"]):
        raise WrongAnswerError(f"tables: ours costs {stated['totals']['expected_usd']}, the same clips {cost}")


def _suits(row: dict[str, Any], route: dict[str, Any]) -> bool:
    return (
        Decimal(str(row["seconds"])) == Decimal(str(route["seconds"]))
        and row["route.model"] == route["model"]
        and (row["audio"] != "native" or route["audio"] == "native")
        and RESOLUTION_RANK[row["resolution"]] <= RESOLUTION_RANK[route["resolution"]]
    )


def _cost(kinds: Mapping[tuple[Any, ...], int], limits: Any) -> Decimal:
    """What so many clips of each kind cost, in dollars."""
    stated = [dict(zip(KEYS, kind, strict=True)) for kind in kinds]
    clips = [
        {**clip, "seconds": Decimal(str(clip["seconds"])), "accept_image_prompt": True, "count": count}
        for clip, count in zip(stated, kinds.values(), strict=True)
    ]
    scenario = router.Scenario.model_validate({"clips": clips, **({"limits": limits} if limits else {})})
    return router.plan(scenario, on=dt.date.fromisoformat(ON), shadow_prices=False).totals.expected_usd


def _scan(table: Path) -> pl.LazyFrame:
    return pl.scan_csv(table, infer_schema=False) if table.suffix == ".csv" else pl.scan_parquet(table)


def _rows(table: Path) -> int:
    return int(_scan(table).select(pl.len()).collect(engine="streaming").item())


def _cells(case: str, found: dict[str, list[Took]]) -> list[tuple[str, ...]]:
    ours = Spread.of([took.cpu for took in found["ours"]])
    rows: list[tuple[str, ...]] = []
    for engine in found:
        if engine != "ours":
            time_ratio, memory_ratio = _ratios(found, engine)
            rows.append((
                case, f"{ours.median:.2f} s ({ours.least:.2f} to {ours.most:.2f})", _mb(found["ours"]), engine,
                f"{statistics.median(took.cpu for took in found[engine]):.2f} s", _mb(found[engine]), f"{time_ratio:.2f}",
                f"{memory_ratio:.2f}", f"{yes(time_ratio <= MOST_TIME)}, {yes(memory_ratio <= MOST_MEMORY)}",
            ))  # fmt: skip
    return rows


def _lines(case: str, size: int, found: dict[str, list[Took]]) -> list[Line]:
    lines = []
    median = statistics.median(took.cpu for took in found["ours"])
    for engine in found:
        if engine != "ours":
            for what, times, most in zip(
                ("time", "memory"), _ratios(found, engine), (MOST_TIME, MOST_MEMORY), strict=True
            ):
                target = f"at most {most:g} times the floor"
                lines.append(
                    Line(f"{case}; {engine}, {what}", 1 / times, False, median, {"rows": size}, target, times <= most)
                )
    return lines


def _ratios(found: dict[str, list[Took]], engine: str) -> tuple[float, float]:
    """Time and memory of ours, in those of a floor."""
    pairs = list(zip(found["ours"], found[engine], strict=True))
    return statistics.median(own.cpu / bare.cpu for own, bare in pairs), statistics.median(
        own.memory / bare.memory for own, bare in pairs
    )


def _mb(took: Sequence[Took]) -> str:
    return f"{statistics.median(each.memory for each in took) / 1e6:,.0f} MB"
