"""A table of clips of any size to a plan of its classes, and to the table with every row's route."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import narwhals.stable.v2 as nw

from router.bulk.class_table import ClassTable, Told, class_scenario, class_table, tell
from router.bulk.files import refuse_place, whole, write_table
from router.bulk.routed import routed
from router.errors import Problem
from router.loading.tables.frames import without_ours
from router.loading.tables.index import with_index
from router.pipeline import plan
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from router.units import usd_text


@dataclass(frozen=True, repr=False)
class TablePlan:
    """The plan of a table's classes; the table itself is read again when its routes are asked for."""

    plan: Plan
    """Its clips are classes, each named by what it asks for."""
    scenario: Scenario
    """What was planned: a clip for each class, with their number."""
    _table: ClassTable

    def __repr__(self) -> str:
        counts = f"{self.rows:,} rows, {self.bad:,} bad, {len(self.scenario.clips):,} classes"
        return f"<TablePlan: {counts}, {usd_text(self.plan.totals.expected_usd)} expected>"

    def _repr_html_(self) -> str:
        """The plan of the classes in a notebook."""
        return self.plan._repr_html_()

    @property
    def rows(self) -> int:
        """How many rows were planned; blank and bad ones do not count."""
        return self._table.rows

    @property
    def bad(self) -> int:
        """How many rows were set aside because they are no clips."""
        return self._table.bad

    @property
    def unreadable(self) -> int:
        """How many lines of a text file were set aside because they are no row at all."""
        return 0 if self._table.unreadable is None else self._table.unreadable.count

    def problems(self) -> list[Problem]:
        """What is wrong with the first bad rows, each with its place, and how many others there are."""
        return self._table.faults.problems() if self.bad else []

    def routed(self) -> Any:
        """The table, with the columns ``route.*`` behind its own: a data frame of the kind that it came as.

        Of a file it is a lazy one of polars. Rows stay in their order where the engine has one: in files, polars, pandas and pyarrow.
        A row of several clips (``count``) that two routes share stands twice, and ``route.count`` says how many of its clips each has;
        with drafts it stands once more for these.
        """
        return self._native(self._routed())

    def bad_rows(self) -> Any:
        """The rows that were set aside, with what is wrong with each (``route.problem``), as `routed` gives them."""
        return self._native(without_ours(self._table.faults.bad(), self._table.frame.index))

    def write(self, path: str | FilePath, told: Told | None = None) -> None:
        """Write the routed table, whole or not at all, as the name's ending says: .csv, .jsonl, .parquet or .arrow.

        Raises
        ------
        InputError
            If the place cannot be written, or the ending says nothing.
        """
        name = FilePath(path).name
        tell(told, f"writing {name}")
        rows = without_ours(self._routed())
        write_table(self._table.frame, rows, FilePath(path), lambda: tell(told, f"putting {name} in its place"))

    def write_bad_rows(self, path: str | FilePath) -> None:
        """Write the bad rows, as `write` does."""
        write_table(self._table.frame, without_ours(self._table.faults.bad()), FilePath(path))

    def write_unreadable(self, path: str | FilePath) -> None:
        """Write these lines as they are."""
        if self._table.unreadable is not None:
            refuse_place(self._table.frame, FilePath(path))
            with whole(FilePath(path)) as temporary:
                shutil.copyfile(self._table.unreadable.lines, temporary)

    def _routed(self) -> nw.LazyFrame[Any]:
        own = self._table
        return routed(own.frame, own.columns, own.keys, own.classes.of_keys, self.plan)

    def _native(self, rows: nw.LazyFrame[Any]) -> Any:
        frame = self._table.frame
        return with_index(rows.collect().to_native() if frame.eager else rows.to_native(), frame.index)


def plan_table(
    table: Any,
    rules: str | FilePath | Mapping[str, Any] | None = None,
    *,
    on: dt.date | None = None,
    skip_bad_rows: bool = False,
    time_limit_seconds: float | None = None,
    shadow_prices: bool = True,
    sets: Sequence[str] = (),
    account: str | FilePath | None = None,
    told: Told | None = None,
) -> TablePlan:
    """Plan a table of clips by its classes: all clips that ask for the same, merged by the table's own engine.

    Parameters
    ----------
    table
        The path of a table (CSV, JSONL, Parquet, Arrow), of a scenario whose ``clips`` name one, or a data frame of polars, pandas,
        pyarrow, DuckDB or Dask. Its columns are the fields of a clip; ``[columns]`` of the scenario says where names differ.
        A lazy frame of polars, or a relation of DuckDB without ids, is read more than once, its rows in the same order each time.
    rules
        What a scenario states besides its clips: the path of its file, or its content.
    skip_bad_rows
        Whether rows that are no clips are set aside; else they are an error.
    sets
        Values to set anew, as ``--set`` has them.
    account
        The path of an account's terms, in place of the scenario's own.
    told
        Is told what is being done, in a few words.

    Other parameters are those of `router.plan`.

    Raises
    ------
    InputError
        With the first bad rows, each with its place, and the number of the others.
    router.errors.NoPlanError
        If no plan exists.

    Examples
    --------
    >>> import polars, router
    >>> clips = polars.DataFrame({"shot": ["a", "b", "c"], "seconds": [10, 10, 5], "resolution": ["1080p", "1080p", "720p"]})
    >>> planned = router.plan_table(clips, {"columns": {"id": "shot"}}, on=dt.date(2026, 4, 10))
    >>> planned.plan.totals.expected_usd, [route.counts for route in planned.plan.routes]
    (Decimal('2.375000'), [(1,), (2,)])
    >>> planned.routed()["route.model"].to_list()
    ['kling-3.0', 'kling-3.0', 'kling-3.0']
    """
    merged = class_table(table, rules, skip_bad_rows=skip_bad_rows, told=told)
    scenario = class_scenario(merged, sets, account)
    tell(told, f"planning {merged.rows:,} rows in {len(scenario.clips):,} classes")
    made = plan(scenario, on=on, time_limit_seconds=time_limit_seconds, shadow_prices=shadow_prices)
    return TablePlan(made, scenario, merged)
