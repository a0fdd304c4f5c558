"""``router plan`` on a table of very many clips: planned by classes, every row joined with its route."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from router.errors import InputError
from router.loading.formats import BINARY, parse, read
from router.schema.base import printable

if TYPE_CHECKING:
    from router.bulk.plan_table import TablePlan

LARGE_BYTES = 32 * 2**20
"""Of a text file: from here on clips are merged before they are looked at."""
LARGE_ROWS = 100_000
"""The same of a table whose rows can be counted at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of tables."""

    routed: str | None
    skip_bad_rows: bool
    bad_rows: str | None

    def __bool__(self) -> bool:
        return self.routed is not None or self.skip_bad_rows or self.bad_rows is not None


def is_large(scenario: str) -> bool:
    """Whether the clips are in a table so large that its plan names classes; what cannot be read is not: its reader says why."""
    table = Path(scenario)
    if scenario == "-" or not table.is_file():
        return False
    if table.suffix.lower() in (".toml", ".json"):
        try:
            named = parse(read(table)).get("clips")
        except InputError:
            return False
        if not isinstance(named, str):
            return False
        table = table.parent / named
    if not table.is_file() or table.suffix.lower() not in BINARY:
        return (
            table.is_file()
            and table.suffix.lower() in (".csv", ".jsonl", ".ndjson")
            and table.stat().st_size > LARGE_BYTES
        )
    _frugal()
    from router.loading.tables.frames import scan  # Loads a data-frame engine

    try:
        return scan(table).count() > LARGE_ROWS
    except InputError:
        return False


def planned(
    scenario: str,
    asked: Asked,
    output: str | None,
    *,
    on: dt.date | None,
    time_limit: float | None,
    shadow_prices: bool,
    sets: Sequence[str],
    account: str | None,
) -> TablePlan:
    """Plan by classes, and write the routed table and the bad rows where they are asked for."""
    _frugal()
    from router.bulk.plan_table import plan_table  # Loads a data-frame engine

    with _progress() as told:
        found = plan_table(
            scenario,
            on=on,
            skip_bad_rows=asked.skip_bad_rows or asked.bad_rows is not None,
            time_limit_seconds=time_limit,
            shadow_prices=shadow_prices,
            sets=sets,
            account=account,
            told=told,
        )
        bad = None
        if found.bad:
            bad = asked.bad_rows or str(_beside(found.label, asked.routed or output, "bad-rows"))
            found.write_bad_rows(bad)
        lines = _beside(found.label, asked.bad_rows or asked.routed or output, "unreadable")
        if found.unreadable:
            found.write_unreadable(lines)
        if asked.routed is not None:
            found.write(asked.routed, told)
    if found.unreadable:
        click.echo(
            f"router: lines that cannot be read as rows: {found.unreadable:,}; they stand in {printable(str(lines))}",
            err=True,
        )
    if bad is not None:
        for problem in found.problems():
            click.echo(f"router: {problem}", err=True)
        click.echo(f"router: bad rows: {found.bad:,}; they stand in {printable(bad)}", err=True)
    if asked.routed is None:
        text = f"{found.rows:,} rows were planned as {len(found.scenario.clips):,} classes; --routed FILE writes the route of each row"
        click.echo(f"router: {text}", err=True)
    return found


def _frugal() -> None:
    """Let polars read one row group ahead, in small parts: half the memory, in the same time on few cores. What is set already stays."""
    os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")
    os.environ.setdefault("POLARS_IDEAL_MORSEL_SIZE", "20000")


def _beside(table: str, result: str | None, what: str) -> Path:
    """Where what is set aside goes if nothing is said: beside the result, or else the table."""
    own = Path(table)
    folder = Path(result).parent if result not in (None, "-") and result is not None else own.parent
    return folder / f"{own.stem}.{what}{own.suffix}"


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
    """What is being done, with the time it has taken, on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)
    with bar:
        yield lambda what: bar.update(task, description=what)
