"""Rows that are no clips: where they are, what is wrong with them, and the table without them.

A row is bad if its key breaks a rule, if a text that must be a name is none, or if its ``id`` is that of a row before it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

import narwhals.stable.v2 as nw

from router.errors import InputError, Problem
from router.loading.clip_table import rows as text_rows
from router.loading.columns import MOST_PROBLEMS
from router.loading.formats import MAX_BYTES, read
from router.loading.tables.classes import Keys
from router.loading.tables.columns import Columns
from router.loading.tables.frames import (
    DASK,
    ROW,
    Frame,
    Rows,
    UnreadableError,
    beside,
    collected,
    is_polars,
    joined,
    readable,
)
from router.loading.tables.matching import Matching
from router.loading.tables.names import bad_name, name_fault
from router.loading.tables.unreadable import Unreadable
from router.schema.columns import in_columns

PROBLEM = "route.problem"
"""The column that says what is wrong with a row."""
_FIRST = "router_first"
_NAMED = "router_id"
_AT_ONCE = 2**24
"""Names of which 64 bits each are in memory; of more, a part at a time."""


@dataclass(frozen=True)
class Faults:
    """What makes rows of a table bad."""

    frame: Frame
    columns: Columns
    keys: Keys
    of_keys: Mapping[int, str]
    """What is wrong with keys, by their position."""
    labels: tuple[str, ...]
    """Which fields have texts that are no names."""
    repeated: bool
    """Whether an ``id`` stands twice."""

    @classmethod
    def found(cls, frame: Frame, columns: Columns, keys: Keys, of_keys: Mapping[int, str]) -> Faults:
        """Look for texts that are no names, and for repeated ones."""
        names = {**columns.labels, **({} if columns.id is None else {"id": columns.id})}
        labels: tuple[str, ...] = ()
        if names:
            asked = [bad_name(_text(frame, read)).any().alias(field) for field, read in names.items()]
            with readable(frame):
                said = collected(frame.kept().select(*asked)).rows(named=True)[0]
            labels = tuple(field for field in names if said[field])
        return cls(frame, columns, keys, of_keys, labels, columns.id is not None and _repeats(frame, columns.id))

    def __bool__(self) -> bool:
        return bool(self.of_keys) or bool(self.labels) or self.repeated

    def bad(self) -> Rows:
        """The bad rows, with ``ROW`` and ``PROBLEM``."""
        return self._marked().filter(~nw.col(PROBLEM).is_null())

    def without(self) -> Frame:
        """The table without them."""
        rows = self._marked().filter(nw.col(PROBLEM).is_null()).drop(ROW, PROBLEM)
        return replace(self.frame, rows=rows, has_blanks=False)

    def problems(self) -> list[Problem]:
        """The first of them in the order of the table, and how many others there are."""
        with readable(self.frame):
            bad = self.bad()
            count = int(collected(bad.select(nw.len().alias("rows"))).item())
            reads = {field: _text(self.frame, read) for field, read in self._names().items()}
            shown = collected(
                bad.select(ROW, PROBLEM, *(read.alias(f) for f, read in reads.items())).sort(ROW).head(MOST_PROBLEMS)
            )
        rows = shown.rows(named=True)
        where = places(self.frame, [int(row[ROW]) for row in rows])
        found = [Problem(self._said(row), place) for row, place in zip(rows, where, strict=True)]
        if count > len(found):
            found.append(
                Problem(
                    f"holds {count - len(found):,} more bad rows; mend these first, or give --skip-bad-rows",
                    self.frame.label,
                )
            )
        return found

    def _said(self, row: Mapping[str, Any]) -> str:
        """What is wrong with a row; of names, by the rules for names."""
        said: str = row[PROBLEM]
        for field in self._names():
            fault = in_columns(f"`{field}` {name_fault(row[field])}", self.columns.of)
            said = said.replace(self._no_name(field), fault)
        return said

    def _names(self) -> dict[str, nw.Expr]:
        reads = {**self.columns.labels, **({} if self.columns.id is None else {"id": self.columns.id})}
        return {field: reads[field] for field in self.labels}

    def _no_name(self, field: str) -> str:
        return in_columns(f"`{field}` {_NO_NAME}", self.columns.of)

    def _marked(self) -> Rows:
        """All rows with ``ROW``, and ``PROBLEM`` where there is one."""
        rows = self.frame.numbered()
        said: list[str] = []
        if self.of_keys:
            told = [self.of_keys.get(position) for position in range(len(self.keys.rows))]
            positions = sorted(self.of_keys)
            matching = Matching.of(self.columns, self.keys, told)
            rows = matching.joined(
                rows, positions, {"router_of_key": [self.of_keys[at] for at in positions]}, how="left"
            )
            said.append("router_of_key")
        if self.repeated and self.columns.id is not None:
            rows = self._against_first(rows, self.columns.id)
            said.append("router_of_id")
        for field, named in self._names().items():
            wrong = nw.when(bad_name(_text(self.frame, named))).then(nw.lit(self._no_name(field)))
            rows = rows.with_columns(wrong.alias(f"router_no_{field}"))
            said.append(f"router_no_{field}")
        if not said:
            return rows.with_columns(nw.lit(None, nw.String).alias(PROBLEM))
        none = nw.all_horizontal(*(nw.col(name).is_null() for name in said), ignore_nulls=False)
        text = nw.concat_str(*(nw.col(name) for name in said), separator="; ", ignore_nulls=True)
        return rows.with_columns(nw.when(~none).then(text).alias(PROBLEM)).drop(*said)

    def _against_first(self, rows: Rows, read: nw.Expr) -> Rows:
        """The rows, with what is wrong with an ``id`` that an earlier row has."""
        named = rows.with_columns(_text(self.frame, read).alias(_NAMED))
        firsts = (
            named.filter(~nw.col(_NAMED).is_null())
            .group_by(_NAMED)
            .agg(nw.col(ROW).min().alias(_FIRST), nw.len().alias("router_n"))
        )
        repeated = collected(firsts.filter(nw.col("router_n") > 1).drop("router_n"))
        joint = joined(named, beside(rows, repeated), [_NAMED], "left")
        again = nw.col(ROW) > nw.col(_FIRST)
        begin = in_columns("`id` is also that of ", self.columns.of)
        text = nw.lit(f"{begin}an earlier row; ids must differ")
        if self.frame.engine != DASK:
            first = nw.col(_FIRST).fill_null(0).cast(nw.Int64) + 1  # Pandas makes floats of numbers with gaps
            text = nw.concat_str(nw.lit(f"{begin}row "), first.cast(nw.String), nw.lit("; ids must differ"))
        return joint.with_columns(nw.when(again).then(text).alias("router_of_id")).drop(_NAMED, _FIRST)


_NO_NAME = "is no name: 1 to 200 printable characters but < > [ ], the first and the last no spaces"


def _text(frame: Frame, read: nw.Expr) -> nw.Expr:
    """A name as it is read: in a CSV table, without the spaces around it, and none where there is nothing else."""
    if not frame.is_text:
        return read
    stripped = read.str.strip_chars()
    return nw.when(stripped != "").then(stripped)


def _repeats(frame: Frame, read: nw.Expr) -> bool:
    """Whether a name stands twice. One that rises from row to row does not, and 64 bits that differ are of names that differ."""
    with readable(frame):
        named = frame.kept().select(_text(frame, read).alias(_NAMED)).filter(~nw.col(_NAMED).is_null())
        if is_polars(named):
            import polars as pl

            own = named.to_native()
            # Asked for the number of rows as well, polars would hold all names at once.
            if own.select((pl.col(_NAMED) > pl.col(_NAMED).shift()).all()).collect(engine="streaming").item():
                return False
            bits = pl.col(_NAMED).hash()
            passes = 1 + own.select(pl.len()).collect(engine="streaming").item() // _AT_ONCE
            for at in range(passes):
                some = own.filter(bits % passes == at).select(bits).collect(engine="streaming").to_series().sort()
                twice = some.filter(some == some.shift()).unique()
                if len(twice):
                    alike = own.filter(bits.is_in(twice.implode())).select(pl.len() > pl.col(_NAMED).n_unique())
                    if alike.collect(engine="streaming").item():
                        return True
            return False
        distinct = nw.col(_NAMED).n_unique().alias("names")
        names, rows = collected(named.select(distinct, nw.len().alias("rows"))).row(0)
    return bool(rows > 0 and names < rows)


def places(frame: Frame, rows: Sequence[int]) -> list[str]:
    """What messages call rows, which count from 0 and rise: of a text file, their lines."""
    if frame.path is None or frame.kind not in ("csv", "jsonl"):
        return [frame.where(("clips", row + 1)) for row in rows]
    wanted = set(rows)
    lines: dict[int, int] = {}
    try:
        for row, line in _lines(frame.mended or frame.path, frame.kind):
            if row in wanted:
                lines[row] = line
            if len(lines) == len(wanted):
                break
    except csv.Error:
        pass  # Of a cell too long for this reader; what comes behind it is named by its row
    return [f"{frame.label}:{lines[row]}" if row in lines else frame.where(("clips", row + 1)) for row in rows]


def _lines(path: FilePath, kind: str) -> Iterator[tuple[int, int]]:
    """(row, line) of each row of a text file, as the engine counts rows."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        if kind == "jsonl":
            full = (line for line, text in enumerate(file, start=1) if text.strip())
            yield from enumerate(full)
            return
        reader = csv.reader(file)
        next(reader)
        last = reader.line_num
        for row, _ in enumerate(reader):
            yield row, last + 1
            last = reader.line_num


def explained(error: UnreadableError, columns: Mapping[str, str | Sequence[str]]) -> InputError:
    """What is wrong with a text file that the engine cannot read, line by line, where it is small enough to be read so."""
    if error.kind not in ("csv", "jsonl") or error.path.stat().st_size > MAX_BYTES:
        return error
    try:
        text_rows(read(error.path), columns)
    except InputError as found:
        return found
    made = Unreadable(error.path, error.kind)
    if not made.count:
        text = "one of its columns may hold values of kinds that do not go together, as numbers and true or false"
        return InputError([Problem(f"{problem.message}; {text}", problem.where) for problem in error.problems])
    text = "is not JSON: NaN and infinities are no numbers of it" if error.kind == "jsonl" else "is not CSV"
    return InputError([Problem(text, f"{error.label}:{made.first}")])
