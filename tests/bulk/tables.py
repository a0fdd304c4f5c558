"""Small tables of clips in every shape that `plan_table` takes, and what it makes of them as plain rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from router.bulk.plan_table import TablePlan

Rows = list[dict[str, Any]]
KLING = {"models": "kling-3.0;kling-o3"}


def frame_of(rows: Rows, kinds: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """The rows as a data frame of polars; a field that a row does not state is missing in it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in names}, schema_overrides=kinds, strict=False)


def of_pandas(table: pl.DataFrame) -> pd.DataFrame:
    """As pandas reads such a table: numbers with gaps are floating, texts are objects."""
    return table.to_pandas()


def of_arrow_pandas(table: pl.DataFrame) -> pd.DataFrame:
    """With the kinds of Arrow, which know lists."""
    return table.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)


def of_duckdb(table: pl.DataFrame) -> Any:
    """A relation of a connection of its own."""
    connection = duckdb.connect()
    connection.register("given", table.to_arrow())
    return connection.sql("select * from given")


def of_dask(table: pl.DataFrame) -> Any:
    """Three partitions."""
    import dask.dataframe as dd

    return dd.from_pandas(of_arrow_pandas(table), npartitions=3)


ORDERED: Mapping[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda table: table,
    "lazy polars": lambda table: table.lazy(),
    "pandas": of_pandas,
    "pandas of Arrow": of_arrow_pandas,
    "pyarrow": lambda table: table.to_arrow(),
}
"""Engines whose rows have an order."""
ENGINES: Mapping[str, Callable[[pl.DataFrame], Any]] = {**ORDERED, "DuckDB": of_duckdb, "Dask": of_dask}

FORMATS: Mapping[str, Callable[[pl.DataFrame, Any], object]] = {
    "csv": lambda table, path: table.write_csv(path),
    "jsonl": lambda table, path: table.write_ndjson(path),
    "parquet": lambda table, path: table.write_parquet(path),
    "arrow": lambda table, path: table.write_ipc(path),
}


def plain(table: Any) -> Rows:
    """Any data frame as rows, None where a value is missing."""
    if hasattr(table, "compute"):
        table = table.compute()
    if isinstance(table, pl.LazyFrame):
        table = table.collect()
    if isinstance(table, pl.DataFrame):
        return table.rows(named=True)
    if isinstance(table, pa.Table):
        return table.to_pylist()
    if isinstance(table, pd.DataFrame):
        return pa.Table.from_pandas(table, preserve_index=False).to_pylist()
    return list(map(dict, (zip(table.columns, row, strict=True) for row in table.fetchall())))


def routed(made: TablePlan) -> Rows:
    """The rows with their routes; how many clips each has, if the table does not say."""
    return [{"route.count": 1, "route.first": 1, **row} for row in plain(made.routed())]


def by_route(rows: Rows) -> dict[int, int]:
    """How many clips each route has."""
    found: dict[int, int] = {}
    for row in rows:
        found[int(row["route.number"])] = found.get(int(row["route.number"]), 0) + int(row["route.count"])
    return found


def planned_counts(made: TablePlan) -> dict[int, int]:
    """The same by the plan itself: its routes, then what it leaves out."""
    counts = [sum(route.counts) for route in (*made.plan.routes, *made.plan.left_out)]
    return dict(enumerate(counts, start=1))


def kept(rows: Rows, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Some columns of rows."""
    return [tuple(row[name] for name in names) for row in rows]
