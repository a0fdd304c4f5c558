"""The index that tables of pandas and Dask have and no other: its levels are columns while such a table is read.

A join gives rows a new one. Were it not brought back, ``table["model"] = routed["route.model"]`` would put routes beside other rows
without a word, since pandas matches rows by their index.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import narwhals.stable.v2 as nw

Index = Mapping[str, Hashable]
"""The columns that are levels of an index, each with the name of its level."""
_LEVEL = "router_index_"


def without_index(table: Any) -> tuple[Any, Index]:
    """A table whose index is columns, named as its levels are where they have names; and which these are.

    One that only numbers rows from 0 stays as it is. A named one of Dask is a column from then on.
    """
    if nw.dependencies.is_dask_dataframe(table):
        named = table.index.name is not None and table.index.name not in table.columns
        return (table.reset_index() if named else table), {}
    if not nw.dependencies.is_pandas_dataframe(table) or not all(isinstance(name, str) for name in table.columns):
        return table, {}
    if list(table.index.names) == [None] and table.index.equals(type(table)(index=range(len(table))).index):
        return table, {}
    levels = {
        name if isinstance(name, str) and name not in table.columns else f"{_LEVEL}{at}": name
        for at, name in enumerate(table.index.names)
    }
    return table.reset_index(names=list(levels)), levels


def with_index(table: Any, index: Index) -> Any:
    """A table of pandas with its index again."""
    return table.set_index(list(index)).rename_axis(index=list(index.values())) if index else table
