"""A table of clips as the scenario of its classes, and what of the table that leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from router.bulk.classes import Classes, classes_of
from router.errors import InputError, Problem
from router.loading.account_file import under_account
from router.loading.formats import MAX_BYTES, Source, label_of, parse, read
from router.loading.overrides import overridden
from router.loading.scenario_file import checked_columns, columns_in, nowhere
from router.loading.tables.classes import Keys, keys_of
from router.loading.tables.columns import Columns, columns_of
from router.loading.tables.faults import Faults, explained
from router.loading.tables.frames import SUFFIXES, Frame, UnreadableError, framed, scan, with_texts
from router.loading.tables.unreadable import Unreadable
from router.loading.validation import line_of
from router.schema.scenario import Scenario

Told = Callable[[str], None]
"""Is told what is being done."""


@dataclass(frozen=True)
class ClassTable:
    """A table whose clips are merged."""

    frame: Frame
    """Without bad rows."""
    columns: Columns
    keys: Keys
    classes: Classes
    faults: Faults
    """What makes rows bad."""
    bad: int = 0
    """How many rows were set aside because they are no clips."""
    unreadable: Unreadable | None = None
    """The lines of a text file that are no row at all."""

    @property
    def rows(self) -> int:
        """How many rows have a class."""
        return sum(self.keys.rows[position] for position in self.classes.of_keys)


def class_table(
    table: Any,
    rules: str | FilePath | Mapping[str, Any] | None = None,
    *,
    skip_bad_rows: bool = False,
    told: Told | None = None,
) -> ClassTable:
    """Merge the clips of a table; parameters and errors are those of `router.plan_table`."""
    asked, data, source = _asked(table, rules)
    checked_columns(data, source)
    try:
        return _merged(_frame(asked), data, source, skip_bad_rows, told)
    except UnreadableError as error:
        unreadable = _set_aside(error, columns_in(data), skip_bad_rows, told)
        try:
            found = _merged(_frame(asked, unreadable.rest), data, source, skip_bad_rows, told)
        except UnreadableError as still:
            raise explained(still, columns_in(data)) from None
        except InputError as bad:
            raise _together(error, bad, columns_in(data)) if unreadable.count and not skip_bad_rows else bad from None
        if unreadable.count and not skip_bad_rows:
            raise explained(error, columns_in(data)) from None
        return replace(found, unreadable=unreadable)


def _together(unreadable: UnreadableError, bad: InputError, columns: Mapping[str, str | Sequence[str]]) -> InputError:
    """What is wrong with lines that cannot be read and with rows that are no clips, in the order of the table."""
    problems = [*explained(unreadable, columns).problems, *bad.problems]
    placed = [problem for problem in problems if line_of(problem)]
    return InputError([*sorted(placed, key=line_of), *(problem for problem in problems if not line_of(problem))])


def class_scenario(merged: ClassTable, sets: Sequence[str] = (), account: str | FilePath | None = None) -> Scenario:
    """The scenario of a table's classes, a clip for each, with what ``--account`` and then ``--set`` say.

    Raises
    ------
    InputError
        If that would change which rows are one class, or how many clips they are.
    """
    scenario = merged.classes.scenario
    assert scenario is not None, "all bad rows were refused"
    return _overridden(scenario if account is None else under_account(scenario, str(account)), sets)


def _set_aside(
    error: UnreadableError, columns: Mapping[str, str | Sequence[str]], skip_bad_rows: bool, told: Told | None
) -> Unreadable:
    """What no engine can read of a text; raise InputError if that may not be set aside, or nothing else is left."""
    if error.kind not in ("csv", "jsonl") or (error.path.stat().st_size > MAX_BYTES and not skip_bad_rows):
        raise error from None
    tell(told, "setting aside what cannot be read")
    try:
        found = Unreadable(error.path, error.kind)
    except OSError as failed:
        text = f"holds lines that cannot be read, and no copy without them can be made: {failed.strerror}"
        raise InputError([Problem(text, error.label)]) from None
    if found.count and not found.kept:
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


def _merged(frame: Frame, data: dict[str, Any], source: Source, skip_bad_rows: bool, told: Told | None) -> ClassTable:
    """The table without bad rows, and its classes."""
    limits = data.get("limits")
    by_group = isinstance(limits, dict) and limits.get("groups") is not None
    columns = columns_of(frame, columns_in(data), by_group=by_group, each=_count_by_default(data))
    frame = replace(with_texts(frame, columns.lists), order=columns.id_column)
    tell(told, f"reading {frame.label}")
    frame, keys = _without_blanks(frame, columns)
    if not sum(keys.rows):
        raise InputError([Problem("holds no clips", frame.label)])
    classes = classes_of(keys, data, source, frame.label)
    tell(told, "checking names")
    faults = Faults.found(frame, columns, keys, classes.wrong)
    if not faults:
        return ClassTable(frame, columns, keys, classes, faults)
    if not skip_bad_rows or classes.scenario is None:
        raise InputError(faults.problems())
    before = sum(keys.rows)
    frame = faults.without()
    keys = keys_of(frame, columns)
    if not sum(keys.rows):
        raise InputError(faults.problems())
    classes = classes_of(keys, data, source, frame.label)
    return ClassTable(frame, columns, keys, classes, faults, before - sum(keys.rows))


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


def tell(told: Told | None, what: str) -> None:
    """Say what is being done, if somebody listens."""
    if told is not None:
        told(what)
