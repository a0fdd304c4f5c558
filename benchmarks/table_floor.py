"""The floor of the question ``tables``, as a program: the bare read, group-by, join and write of a table by one engine.

``python table_floor.py polars|duckdb TABLE ROUTES RESULT KEY...``: ROUTES has a row for each key, and the columns to join. No value is
checked, no name looked at and nothing planned.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def by_polars(table: str, routes: str, result: str, keys: Sequence[str]) -> int:
    """The number of keys; rows stay in their order."""
    import polars as pl

    # As in ours, every cell of a CSV table is a text: nothing is inferred.
    rows = pl.scan_csv(table, infer_schema=False) if table.endswith(".csv") else pl.scan_parquet(table)
    found = rows.group_by(keys).agg(pl.len()).collect(engine="streaming")
    rows.join(pl.scan_parquet(routes), on=keys, how="left", maintain_order="left").sink_parquet(result)
    return len(found)


def by_duckdb(table: str, routes: str, result: str, keys: Sequence[str]) -> int:
    """The number of keys; rows come in any order."""
    import duckdb

    rows = f"read_csv('{table}', all_varchar = true)" if table.endswith(".csv") else f"read_parquet('{table}')"
    columns = ", ".join(f'"{key}"' for key in keys)
    connection = duckdb.connect()
    found = connection.execute(f"select {columns}, count(*) from {rows} group by all").fetchall()
    joined = f"select * from {rows} as own left join read_parquet('{routes}') as route using ({columns})"
    connection.execute(f"copy ({joined}) to '{result}' (format parquet)")
    return len(found)


if __name__ == "__main__":
    _, engine, own, joined, written, *names = sys.argv
    {"polars": by_polars, "duckdb": by_duckdb}[engine](own, joined, written, names)
