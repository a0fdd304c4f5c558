"""``router plan`` on a table of very many clips: planned by classes, every row joined with its route."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from router.errors import InputError, Problem
from router.loading.formats import BINARY, parse, read
from router.schema.base import printable

if TYPE_CHECKING:
    from router.bulk.plan_table import TablePlan
    from router.schema.scenario import Scenario

TABLES = (".csv", ".jsonl", ".ndjson", *BINARY)
"""What the name of a table ends in."""
LARGE_BYTES = 32 * 2**20
"""Of a text file: from here on clips are merged before they are looked at."""
LARGE_ROWS = 100_000
"""The same of a table whose rows can be counted at once."""


_NAMES_TABLE = re.compile(r"clips[\"']?\s*[=:]\s*[\"']")
"""In a scenario whose clips are not in it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of tables."""

    routed: str | None
    skip_bad_rows: bool
    bad_rows: str | None

    def __bool__(self) -> bool:
        return self.routed is not None or self.skip_bad_rows or self.bad_rows is not None


def table_of(scenario: str) -> Path | None:
    """The table that clips come from, as far as that can be told."""
    table = Path(scenario)
    if table.suffix.lower() not in (".toml", ".json"):
        return None if scenario == "-" else table
    try:
        source = read(table)
        # Most name none, and are parsed when they are loaded: once is enough.
        named = parse(source).get("clips") if _NAMES_TABLE.search(source.text) else None
    except InputError:
        return None
    return table.parent / named if isinstance(named, str) else None


def refuse_places(scenario: str, table: Path | None, asked: Asked, output: str | None) -> None:
    """Raise InputError before anything is done if results would be written over one another or what is read, or cannot be."""
    own = {"SCENARIO": scenario, "its table": table, "-o": output}
    tables = {"--routed": asked.routed, "--bad-rows": asked.bad_rows}
    if asked.skip_bad_rows and asked.bad_rows is None:
        tables["where bad rows go"] = str(_beside(table, asked, output, "bad-rows"))
    for named in filter(None, tables.values()):
        from router.bulk.files import kind_of_table  # Loads a data-frame engine

        kind_of_table(Path(named))
        if not Path(named).parent.is_dir():
            raise InputError([Problem("cannot be written: there is no such folder", printable(named))])
    seen: dict[Path, str] = {}
    for what, place in {**own, **tables}.items():
        if place is None or str(place) == "-":
            continue
        where = _resolved(place)
        if where in seen and what != "its table":
            raise InputError([Problem(f"is both {seen[where]} and {what}; name another file", printable(str(place)))])
        seen.setdefault(where, what)


def _resolved(place: str | Path) -> Path:
    """The file itself; what is no name of any is left for its writer to refuse."""
    try:
        return Path(place).resolve()
    except (OSError, ValueError):
        return Path(place)


def is_large(table: Path | None) -> bool:
    """Whether the clips are in a table so large that its plan names classes; what cannot be read is not: its reader says why."""
    if table is None or not table.is_file():
        return False
    if table.suffix.lower() not in BINARY:
        return table.suffix.lower() in TABLES and table.stat().st_size > LARGE_BYTES
    _frugal()
    from router.loading.tables.frames import scan  # Loads a data-frame engine

    try:
        return scan(table).count() > LARGE_ROWS
    except InputError:
        return False


def by_classes(scenario: str, sets: Sequence[str], account: str | None, *, skip_bad_rows: bool = False) -> Scenario:
    """The scenario of a table's classes, a clip for each, with what ``--account`` and then ``--set`` say."""
    _frugal()
    from router.bulk.class_table import class_scenario, class_table  # Loads a data-frame engine

    return class_scenario(class_table(scenario, skip_bad_rows=skip_bad_rows), sets, account)


def planned(
    scenario: str,
    table: Path | None,
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

    with _interrupts() as check, _progress(check) as told:
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
        bad = asked.bad_rows or str(_beside(table, asked, output, "bad-rows"))
        if found.bad or asked.bad_rows is not None:  # Asked for by name: an older one is not to be taken for it
            found.write_bad_rows(bad)
        lines = _beside(table, asked, output, "unreadable")
        if found.unreadable:
            found.write_unreadable(lines)
        if asked.routed is not None:
            found.write(asked.routed, told)
    if found.unreadable:
        click.echo(
            f"router: lines that cannot be read as rows: {found.unreadable:,}; they stand in {printable(str(lines))}",
            err=True,
        )
    if found.bad:
        for problem in found.problems():
            click.echo(f"router: {problem}", err=True)
        click.echo(f"router: bad rows: {found.bad:,}; they stand in {printable(bad)}", err=True)
    if asked.routed is None:
        text = f"{found.rows:,} rows were planned as {len(found.scenario.clips):,} classes; --routed FILE writes the route of each row"
        click.echo(f"router: {text}", err=True)
    return found


def _frugal() -> None:
    """Let polars read little ahead, in small parts: half the memory, in the same time on few cores. What is set already stays."""
    os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")
    os.environ.setdefault("POLARS_IDEAL_MORSEL_SIZE", "20000")
    os.environ.setdefault("POLARS_CSV_CHUNK_SIZE", str(2**20))


def _beside(table: Path | None, asked: Asked, output: str | None, what: str) -> Path:
    """Where what is set aside goes if nothing is said: beside the result, or else the table."""
    own = Path("clips.csv") if table is None else table
    results = (asked.bad_rows, asked.routed, output)
    beside = Path(next((place for place in results if place not in (None, "-")), None) or own)
    return beside.parent / f"{own.stem}.{what}{own.suffix}"


@contextmanager
def _interrupts() -> Iterator[Callable[[], None]]:
    """Something that raises KeyboardInterrupt if there was one: an engine may have lost it, or made another error of it."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    seen = False

    def interrupt(_signal: int, _frame: object) -> None:
        nonlocal seen
        seen = True
        raise KeyboardInterrupt

    def check() -> None:
        if seen:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield check
    except BaseException:
        check()
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(check: Callable[[], None]) -> Iterator[Callable[[str], None]]:
    """What is being done, with the time it has taken, on standard error, if that is a terminal; ``check`` comes before each step."""
    if not sys.stderr.isatty():
        yield lambda _what: check()
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)

    def told(what: str) -> None:
        check()
        bar.update(task, description=what)

    with bar:
        yield told
