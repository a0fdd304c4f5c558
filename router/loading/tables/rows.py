"""The clips of a small table, one by one: what names every clip in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.errors import InputError, Problem
from router.loading.tables.classes import fields_of_cells, plain_cells
from router.loading.tables.columns import columns_of
from router.loading.tables.frames import Frame, collected, readable, with_texts

MOST = 1_000_000


def each_clip(frame: Frame, names: Mapping[str, str | Sequence[str]]) -> list[tuple[int, dict[str, Any]]]:
    """(number, fields) of every row, counted from 1.

    Raises
    ------
    InputError
        If the table cannot be read, has columns that are no clip's, no rows, or very many.
    """
    columns = columns_of(frame, names, by_group=True)
    frame = with_texts(frame, columns.lists)
    reads = {**columns.key, **columns.requests, **({} if columns.id is None else {"id": columns.id})}
    with readable(frame):
        count = frame.count()
        if not 0 < count <= MOST:
            text = (
                "holds no clips"
                if not count
                else f"holds {count:,} rows, too many to name each; give --routed FILE to plan by classes"
            )
            raise InputError([Problem(text, frame.label)])
        if not reads:
            return [(at, {}) for at in range(1, count + 1)]
        table = collected(frame.rows.select(*(read.alias(field) for field, read in reads.items())))
    return [(at, fields_of_cells(cells)) for at, cells in enumerate(plain_cells(frame, table, reads), start=1)]
