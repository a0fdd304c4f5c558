"""A table's clips, merged by the engine: one row for each key, with how many rows have it.

What is checked is one clip of each key, by the rules of a scenario; a key that breaks them makes all its rows bad. A row is never a
Python object.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw

from router.loading.clip_table import cell_value
from router.loading.tables.columns import Columns
from router.loading.tables.frames import DASK, PANDAS, Frame, Rows, collected, readable

ROWS = "router_rows"
"""The column that counts the rows of a key."""
_READ = "router_read"
_MISSING = {"NAType", "NaTType"}


@dataclass(frozen=True)
class Keys:
    """The keys of a table, in no certain order."""

    table: nw.DataFrame[Any]
    """A row for each, with the fields as columns, and ``ROWS``."""
    fields: tuple[dict[str, Any], ...]
    """One clip of each, as a scenario would state it; without its count."""
    each: tuple[Any, ...]
    """How many clips a row of each stands for."""
    rows: tuple[int, ...]
    """How many rows have it."""

    def clip(self, position: int) -> dict[str, Any]:
        """A row of a key as a clip of a scenario."""
        return {**self.fields[position], "count": self.each[position]}

    def clips(self, position: int) -> int:
        """How many clips all rows of a key stand for; its count must be one."""
        return int(self.each[position]) * self.rows[position]


def keys_of(frame: Frame, columns: Columns) -> Keys:
    """Merge the rows of a table.

    Raises
    ------
    router.loading.tables.frames.UnreadableError
        If the engine cannot read the file.
    """
    # DuckDB takes a dot in a name that rows are grouped by for that of a table.
    named = {f"router_key_{at}": field for at, field in enumerate(columns.key)}
    reads = [columns.key[field].alias(name) for name, field in named.items()]
    rows, asked = frame.kept(), [nw.len().alias(ROWS)]
    if frame.path is not None and frame.kind in ("csv", "jsonl"):
        # An engine that reads some columns of a text does not see that a line has too many cells, or bytes that are no text.
        reads.append(_every(rows).alias(_READ))
        asked.append(nw.col(_READ).any().alias(_READ))
    with readable(frame):
        rows = rows.select(*reads) if reads else rows
        table = collected(rows.group_by(*named).agg(*asked) if named else rows.select(*asked))
        table = table.drop(_READ, strict=False).rename(named)
    stated = [fields_of_cells(own) for own in plain_cells(frame, table, columns.key)]
    return Keys(
        table=table,
        fields=tuple({field: value for field, value in own.items() if field != "count"} for own in stated),
        each=tuple(own.get("count", columns.each) for own in stated),
        rows=tuple(int(count) for count in table[ROWS].to_list()),
    )


def _every(rows: Rows) -> nw.Expr:
    """What can be told only by reading every column."""
    return nw.any_horizontal(*(nw.col(name).is_null() for name in rows.collect_schema().names()), ignore_nulls=False)


def plain_cells(frame: Frame, table: nw.DataFrame[Any], fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The rows of a small table as values of Python."""
    no_nan = frame.engine in (PANDAS, DASK)
    for row in table.rows(named=True):
        yield {field: _plain(row[field], no_nan) for field in fields}


def fields_of_cells(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the cells of a key state; one that is empty states none, and a text is read as in a CSV table.

    What goes into a request goes there as it is.

    >>> fields_of_cells({"seconds": 10.0, "audio": None, "models": "a;b", "drafts.count": 2, "request.count": "2"})
    {'seconds': 10, 'models': ['a', 'b'], 'drafts': {'count': 2}, 'request': {'count': '2'}}
    """
    fields: dict[str, Any] = {}
    for field, cell in cells.items():
        value = cell
        if isinstance(cell, str) and field != "id":
            if not cell.strip():
                continue
        elif cell is None:
            continue
        if field == "id" or field.startswith("request."):
            value = _stated(cell)
        elif isinstance(cell, str):
            value = cell_value(field.rpartition(".")[2], cell.strip())
        elif (
            isinstance(cell, float | Decimal) and math.isfinite(cell) and cell == int(cell) and abs(int(cell)) < 10**18
        ):
            value = int(cell)
        table, dot, part = field.partition(".")
        if dot:
            own = fields.setdefault(table, {})
            if isinstance(own, dict):
                own[part] = value
        else:
            fields[field] = value
    return fields


def _stated(value: Any) -> Any:
    """A value without the names that an engine adds to a table where other rows have them."""
    if isinstance(value, dict):
        return {name: _stated(inner) for name, inner in value.items() if inner is not None}
    return [_stated(inner) for inner in value] if isinstance(value, list) else value


def _plain(value: Any, no_nan: bool) -> Any:
    """A value of an engine as one of Python; None where there is none, which pandas also writes as NaN."""
    if type(value).__name__ in _MISSING or (no_nan and isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value
