"""A table of clips of any size to a plan of its classes, and to the table with every row's route."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

import narwhals.stable.v2 as nw

from router.bulk.classes import Classes, classes_of
from router.bulk.files import refuse_place, whole, write_table
from router.bulk.routed import routed
from router.errors import InputError, Problem
from router.loading.account_file import under_account
from router.loading.formats import MAX_BYTES, Source, label_of, parse, read
from router.loading.overrides import overridden
from router.loading.scenario_file import checked_columns, columns_in, nowhere
from router.loading.tables.classes import Keys, keys_of
from router.loading.tables.columns import Columns, columns_of
from router.loading.tables.faults import Faults, explained
from router.loading.tables.frames import SUFFIXES, Frame, UnreadableError, framed, scan, with_texts, without_ours
from router.loading.tables.unreadable import Unreadable
from router.pipeline import plan
from router.schema.plan import Plan
from router.schema.scenario import Scenario

Told = Callable[[str], None]
"""Is told what is being done."""


@dataclass(frozen=True)
class TablePlan:
    """The plan of a table's classes; the table itself is read again when its routes are asked for."""

    plan: Plan
    """Its clips are classes, each named by what it asks for."""
    scenario: Scenario
    """What was planned: a clip for each class, with their number."""
    rows: int
    """How many rows were planned; blank and bad ones do not count."""
    bad: int
    """How many rows were set aside because they are no clips."""
    _frame: Frame = field(repr=False)
    _columns: Columns = field(repr=False)
    _keys: Keys = field(repr=False)
    _classes: Classes = field(repr=False)
    _faults: Faults = field(repr=False)
    _unreadable: Unreadable | None = field(repr=False)

    @property
    def label(self) -> str:
        """What messages call the table: of a file, its path."""
        return self._frame.label

    def problems(self) -> list[Problem]:
        """What is wrong with the first bad rows, each with its place, and how many others there are."""
        return self._faults.problems() if self.bad else []

    def routed(self) -> Any:
        """The table, with the columns ``route.*`` behind its own: a data frame of the kind that it came as.

        Of a file it is a lazy one of polars. Rows stay in their order where the engine has one: in files, polars, pandas and pyarrow.
        A row of several clips (``count``) that two routes share stands twice, and ``route.count`` says how many of its clips each has;
        with drafts it stands once more for these.
        """
        return self._native(self._routed())

    def bad_rows(self) -> Any:
        """The rows that were set aside, with what is wrong with each (``route.problem``), as `routed` gives them."""
        return self._native(without_ours(self._faults.bad()))

    def write(self, path: str | FilePath, told: Told | None = None) -> None:
        """Write the routed table, whole or not at all, as the name's ending says: .csv, .jsonl, .parquet or .arrow.

        Raises
        ------
        InputError
            If the place cannot be written, or the ending says nothing.
        """
        name = FilePath(path).name
        _tell(told, f"writing {name}")
        write_table(self._frame, self._routed(), FilePath(path), lambda: _tell(told, f"putting {name} in its place"))

    def write_bad_rows(self, path: str | FilePath) -> None:
        """Write the bad rows, as `write` does."""
        write_table(self._frame, without_ours(self._faults.bad()), FilePath(path))

    @property
    def unreadable(self) -> int:
        """How many lines of a text file were set aside because they are no row at all."""
        return 0 if self._unreadable is None else self._unreadable.count

    def write_unreadable(self, path: str | FilePath) -> None:
        """Write these lines as they are."""
        if self._unreadable is not None:
            refuse_place(self._frame, FilePath(path))
            with whole(FilePath(path)) as temporary:
                shutil.copyfile(self._unreadable.lines, temporary)

    def _routed(self) -> nw.LazyFrame[Any]:
        return routed(self._frame, self._columns, self._keys, self._classes.of_keys, self.plan)

    def _native(self, rows: nw.LazyFrame[Any]) -> Any:
        return rows.collect().to_native() if self._frame.eager else rows.to_native()


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
    asked, data, source = _asked(table, rules)
    checked_columns(data, source)
    unreadable: Unreadable | None = None
    try:
        found = _merged(_frame(asked), data, source, skip_bad_rows, told)
    except UnreadableError as error:
        unreadable = _set_aside(error, columns_in(data), skip_bad_rows, told)
        try:
            found = _merged(_frame(asked, unreadable.rest), data, source, skip_bad_rows, told)
        except UnreadableError as still:
            raise explained(still, columns_in(data)) from None
    frame, columns, keys, classes, faults, bad = found
    assert classes.scenario is not None, "all bad rows were refused"
    scenario = classes.scenario if account is None else under_account(classes.scenario, str(account))
    scenario = _overridden(scenario, sets)
    rows = sum(keys.rows[position] for position in classes.of_keys)
    _tell(told, f"planning {rows:,} rows in {len(scenario.clips):,} classes")
    made = plan(scenario, on=on, time_limit_seconds=time_limit_seconds, shadow_prices=shadow_prices)
    return TablePlan(made, scenario, rows, bad, frame, columns, keys, classes, faults, unreadable)


def _set_aside(
    error: UnreadableError, columns: Mapping[str, str | Sequence[str]], skip_bad_rows: bool, told: Told | None
) -> Unreadable:
    """What no engine can read of a text; raise InputError if that may not be set aside, or nothing else is left."""
    if error.kind not in ("csv", "jsonl") or (error.path.stat().st_size > MAX_BYTES and not skip_bad_rows):
        raise error from None
    _tell(told, "setting aside what cannot be read")
    try:
        found = Unreadable(error.path, error.kind)
    except OSError as failed:
        text = f"holds lines that cannot be read, and no copy without them can be made: {failed.strerror}"
        raise InputError([Problem(text, error.label)]) from None
    if found.count and not (skip_bad_rows and found.kept):
        raise explained(error, columns) from None
    return found


def _overridden(scenario: Scenario, sets: Sequence[str]) -> Scenario:
    """The scenario with values set anew: none that decides which rows are one class, or how many clips they are."""
    anew = overridden(scenario, sets)
    problems = []
    if anew.limits.groups is not None and scenario.limits.groups is None:
        problems.append("`limits.groups` must stand in the scenario itself: it decides which rows are one class")
    if anew.defaults != scenario.defaults:
        problems.append(
            "`defaults` must stand in the scenario itself: rows that state less are one class with rows that state it"
        )
    if [(clip.id, clip.count) for clip in anew.clips] != [(clip.id, clip.count) for clip in scenario.clips]:
        problems.append("which clips there are, and how many, is what the table says; change it there")
    if problems:
        raise InputError([Problem(text, "--set") for text in problems])
    return anew


def _asked(table: Any, rules: str | FilePath | Mapping[str, Any] | None) -> tuple[Any, dict[str, Any], Source]:
    """The table or its path, what the scenario states besides its clips, and where it states it."""
    own = FilePath(table) if isinstance(table, str | FilePath) else None
    if own is not None and own.suffix.lower() not in SUFFIXES:
        if rules is not None:
            raise InputError(
                [Problem("is no table; name one that ends in .csv, .jsonl, .parquet or .arrow", label_of(own))]
            )
        source = read(own, tables=True)
        if source.kind in ("csv", "jsonl"):
            text = "is a table that is read more than once; name a file that ends in .csv, .jsonl, .parquet or .arrow"
            raise InputError([Problem(text, source.label)])
        data = parse(source)
        if not isinstance(data.get("clips"), str):
            raise InputError(
                [Problem('`clips` must name a table for this (clips = "jobs.parquet")', source.where(("clips",)))]
            )
        others = {name: value for name, value in data.items() if name != "clips"}
        return source.folder / data["clips"], others, source
    written = None if rules is None or isinstance(rules, Mapping) else read(rules)
    data = parse(written) if written is not None else dict(rules) if isinstance(rules, Mapping) else {}
    if "clips" in data:
        where = written.where(("clips",)) if written is not None else "rules"
        raise InputError([Problem("`clips` stand in a table here; take them out of the rules", where)])
    return own or table, data, written or nowhere("rules" if data or own is None else label_of(own))


def _frame(asked: Any, rest: FilePath | None = None) -> Frame:
    return scan(asked, rest) if isinstance(asked, FilePath) else framed(asked)


def _merged(
    frame: Frame, data: dict[str, Any], source: Source, skip_bad_rows: bool, told: Told | None
) -> tuple[Frame, Columns, Keys, Classes, Faults, int]:
    """The table without bad rows, and its classes."""
    limits = data.get("limits")
    by_group = isinstance(limits, dict) and limits.get("groups") is not None
    columns = columns_of(frame, columns_in(data), by_group=by_group, each=_count_by_default(data))
    frame = replace(with_texts(frame, columns.lists), order=columns.id_column)
    _tell(told, f"reading {frame.label}")
    frame, keys = _without_blanks(frame, columns)
    if not sum(keys.rows):
        raise InputError([Problem("holds no clips", frame.label)])
    classes = classes_of(keys, data, source, frame.label)
    _tell(told, "checking names")
    faults = Faults.found(frame, columns, keys, classes.wrong)
    if not faults:
        return frame, columns, keys, classes, faults, 0
    if not skip_bad_rows or classes.scenario is None:
        raise InputError(faults.problems())
    before = sum(keys.rows)
    frame = faults.without()
    keys = keys_of(frame, columns)
    if not sum(keys.rows):
        raise InputError(faults.problems())
    return frame, columns, keys, classes_of(keys, data, source, frame.label), faults, before - sum(keys.rows)


def _count_by_default(data: Mapping[str, Any]) -> int:
    """How many clips a row is that does not say; 1 where what the scenario says is wrong, which its own check will say."""
    defaults = data.get("defaults")
    count = defaults.get("count") if isinstance(defaults, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 1


def _without_blanks(frame: Frame, columns: Columns) -> tuple[Frame, Keys]:
    """The table without blank rows, and its keys."""
    keys = keys_of(frame, columns)
    empty = [position for position, fields in enumerate(keys.fields) if not fields]
    if frame.is_text and empty and frame.blanks():
        frame = replace(frame, has_blanks=True)
        keys = keys_of(frame, columns)
    return frame, keys


def _tell(told: Told | None, what: str) -> None:
    if told is not None:
        told(what)
