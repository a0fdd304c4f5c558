"""Finding the key of every row again: the columns that a join needs, and no more.

A join does not match what is missing, and is the slower the more columns it has. So a column is left out where the others tell the same
apart, and one that has gaps is joined by what fills them and by where they are.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals.stable.v2 as nw

from router.loading.tables.classes import Keys
from router.loading.tables.columns import Columns
from router.loading.tables.frames import Rows, beside, joined, series


@dataclass(frozen=True)
class Matching:
    """Joins rows with what is known of their keys."""

    columns: Columns
    keys: Keys
    fields: tuple[str, ...]
    """Those of the key that are looked at."""

    @classmethod
    def of(cls, columns: Columns, keys: Keys, told: Sequence[Hashable]) -> Matching:
        """With as few columns as tell apart what differs in ``told``: what is known of each key."""
        # `repr` tells what is missing from a text that says "None".
        cells = {field: [repr(value) for value in keys.table[field].to_list()] for field in columns.key}
        fields = list(columns.key)
        for field in sorted(columns.key, key=lambda own: -len(set(cells[own]))):
            others = [own for own in fields if own != field]
            known: dict[tuple[str, ...], Hashable] = {}
            if all(
                known.setdefault(own, what) == what
                for own, what in zip(_tuples(cells, others, len(told)), told, strict=True)
            ):
                fields = others
        return cls(columns, keys, tuple(fields))

    def joined(
        self,
        rows: Rows,
        positions: Sequence[int],
        values: Mapping[str, Sequence[Any]],
        *,
        how: Literal["inner", "left"] = "inner",
    ) -> Rows:
        """The rows, each with the values of its key.

        Parameters
        ----------
        positions
            Of the keys; one may stand there several times.
        values
            Columns to join, in the order of ``positions``.
        how
            ``inner``: rows of other keys are left out; ``left``: they have no values.
        """
        reads = self._reads({field: self.columns.key[field] for field in self.fields})
        own = self._reads({field: nw.col(field) for field in self.fields})
        # Several keys may look alike to the few columns; all of them are told the same.
        alike = zip(_tuples(self._cells(positions), self.fields, len(positions)), *values.values(), strict=True)
        once = sorted({what: at for at, what in reversed(list(enumerate(alike)))}.values())
        known = self.keys.table[[positions[at] for at in once], :]
        small = known.with_columns(**own).select(*own)
        columns = [series(name, [column[at] for at in once], known) for name, column in values.items()]
        return joined(rows.with_columns(**reads), beside(rows, small.with_columns(*columns)), list(own), how).drop(*own)

    def _cells(self, positions: Sequence[int]) -> dict[str, list[str]]:
        every = {field: self.keys.table[field].to_list() for field in self.fields}
        return {field: [repr(cells[position]) for position in positions] for field, cells in every.items()}

    def _reads(self, reads: dict[str, nw.Expr]) -> dict[str, nw.Expr]:
        found: dict[str, nw.Expr] = {}
        for field, read in reads.items():
            known = self.keys.table[field]
            plain, fill = _plain(read, known.dtype)
            gaps = known.null_count() > 0
            found[f"router_key_{field}"] = plain.fill_null(fill) if gaps else plain
            if gaps:
                found[f"router_gap_{field}"] = plain.is_null()
        return found or {"router_key": nw.lit(1)}


def _plain(read: nw.Expr, kind: Any) -> tuple[nw.Expr, Any]:
    """A column as one that can be joined by, and what fills its gaps."""
    if kind.is_numeric():
        return read, 0
    if isinstance(kind, nw.Boolean):
        return read, False
    return (read if isinstance(kind, nw.String) else read.cast(nw.String)), ""


def _tuples(cells: dict[str, list[str]], fields: Sequence[str], rows: int) -> list[tuple[str, ...]]:
    return list(zip(*(cells[field] for field in fields), strict=True)) if fields else [()] * rows
