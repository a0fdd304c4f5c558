"""Which columns of a table of clips are what: ``[columns]`` of a scenario.

A column that bears the name of a clip's field is that field. ``seconds = "duration"`` takes the field from another column, and
``carry = ["customer"]`` names columns of the user's own that go along unread; ``carry = "*"`` takes along all that are no field.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from router.errors import nearest
from router.schema.base import Name, Path, kind_of, printable, refusal

CARRY = "carry"
ALL = "*"
_DRAFTS = ("count", "resolution", "audio")
PARTS = ("request", "drafts")
"""Fields that are tables: a column is one name in them (``request.prompt``)."""


def is_field(name: str, fields: Collection[str]) -> bool:
    """Whether a column of this name is a clip's field, or a part of one.

    >>> [is_field(name, {"seconds", "request"}) for name in ("seconds", "request.prompt", "drafts.count", "request.", "length")]
    [True, True, True, False, False]
    """
    table, dot, part = name.partition(".")
    if not dot:
        return name in fields
    return part in _DRAFTS if table == "drafts" else table == "request" and bool(part)


def no_field(name: str, fields: Collection[str]) -> str:
    """What is to be said of a name that is no field of a clip."""
    near = nearest(name, [*fields, CARRY])
    return "is no field of a clip" + (f"; did you mean `{near}`?" if near else "")


def _column(value: object) -> object:
    if not isinstance(value, str | list | tuple):
        raise PydanticCustomError("column", "must be the name of a column, not {kind}", {"kind": kind_of(value)})
    return value


ColumnNames = dict[str, Annotated[Name | tuple[Name, ...], BeforeValidator(_column)]]


def refuse_columns(columns: Mapping[str, str | Sequence[str]], fields: Collection[str]) -> None:
    """Raise pydantic's error if a key is no field of a clip, or a value no name of a column."""
    problems: list[tuple[Path, str]] = []
    for field, column in columns.items():
        if field == CARRY:
            if isinstance(column, str) and column != ALL:
                problems.append(
                    (("columns", field), f'must be a list of columns, or "{ALL}" for all that are no field of a clip')
                )
        elif not is_field(field, fields):
            problems.append((("columns", field), no_field(field, fields)))
        elif not isinstance(column, str):
            problems.append((("columns", field), "must be the name of one column"))
    named = [column for field, column in columns.items() if field != CARRY and isinstance(column, str)]
    for column in sorted({column for column in named if named.count(column) > 1}):
        problems.append((("columns",), f"reads two fields from the column `{printable(column, 60)}`; name it once"))
    if problems:
        raise refusal(problems)


def fields_of(
    names: Sequence[str], columns: Mapping[str, str | Sequence[str]], fields: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Which columns of a table are which fields, and what is wrong with the others.

    Parameters
    ----------
    names
        The columns that the table has.
    columns
        What a scenario says of them.

    Returns
    -------
    known
        The field of each column that is one; columns that are carried along are not in it.
    wrong
        What is to be said of each column that is neither.

    Examples
    --------
    >>> fields_of(["length", "job", "audoi"], {"seconds": "length", "carry": ["job"]}, ["seconds", "audio"])
    ({'length': 'seconds'}, {'audoi': ''})
    """
    of = {column: field for field, column in columns.items() if field != CARRY and isinstance(column, str)}
    carry = columns.get(CARRY, ())
    known: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name in names:
        own = is_field(name, fields)
        if name in of:
            known[name] = of[name]
        elif name in carry and carry != ALL:
            continue
        elif own and name in columns:
            wrong[name] = (
                f"is read from the column `{printable(str(columns[name]), 60)}`; name this one in `{CARRY}`, or take it out"
            )
        elif own:
            known[name] = name
        elif carry != ALL:
            wrong[name] = ""
    return known, wrong


def missing_columns(names: Collection[str], columns: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """The columns that a scenario names and the table has not, each with the key that names it."""
    named = [
        (field, column)
        for field, column in columns.items()
        if isinstance(column, str) and (field, column) != (CARRY, ALL)
    ]
    carried = columns.get(CARRY, ())
    named += [(CARRY, column) for column in carried if not isinstance(carried, str)]
    return {column: field for field, column in named if column not in names}


def in_columns(message: str, of: Mapping[str, str]) -> str:
    """What is said of a field, with the column that it is read from.

    Parameters
    ----------
    of
        The column of each field.

    Examples
    --------
    >>> in_columns("`seconds` must be above 0, not 0", {"seconds": "length"})
    '`length` (seconds) must be above 0, not 0'
    """
    field = message.partition("`")[2].partition("`")[0]
    if not message.startswith("`") or of.get(field, field) == field:
        return message
    return f"`{printable(of[field], 60)}` ({field}){message.removeprefix(f'`{field}`')}"
