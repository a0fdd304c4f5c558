"""What the columns of a table are: a clip's name, the parts of its requirements, or the user's own.

A clip's requirements and its count are its *key*: clips of one key are equal. Nested columns are taken apart: a list is a text with
``;`` between its parts, and of a table each name is a column (``drafts.count``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from router.errors import InputError, Problem, nearest
from router.loading.tables.frames import Frame, Rows, collected
from router.schema.base import printable
from router.schema.columns import PARTS, fields_of, missing_columns
from router.schema.requests import is_secret
from router.schema.scenario import Clip

_NO_KEY = {"id", "request", "group"}
_KEY = ("seconds", "count", *(name for name in Clip.model_fields if name not in {*_NO_KEY, "seconds", "count"}))
_LONGEST_LIST = 100
_SEPARATOR = ";"


@dataclass(frozen=True)
class Columns:
    """The columns of a table that say something of its clips."""

    key: Mapping[str, nw.Expr]
    """Of each field of a clip's key, how it is read: a column that the engine can group by."""
    id: nw.Expr | None
    """The clip's name, a text."""
    id_column: str | None
    """The column that it is read from."""
    labels: Mapping[str, nw.Expr]
    """Texts that are names and no part of the key."""
    requests: Mapping[str, nw.Expr]
    """What goes into the request of a clip: ``request.prompt``."""
    counted: bool
    """Whether a row can stand for several clips."""


def columns_of(frame: Frame, names: Mapping[str, str | Sequence[str]], *, by_group: bool) -> Columns:
    """Which columns are what.

    Parameters
    ----------
    names
        What the scenario says of them.
    by_group
        Groups bind: a clip's label is part of its key.

    Raises
    ------
    InputError
        If a column is none of a clip, and not carried along; or has none of the kinds that a field can have.
    """
    schema = frame.rows.collect_schema()
    known, wrong = fields_of(list(schema), names, Clip.model_fields)
    problems = [
        Problem(f"`{printable(name, 60)}` {said or _unknown(name)}", frame.label) for name, said in wrong.items()
    ]
    for name, stated in missing_columns(list(schema), names).items():
        text = f"has no column `{printable(name, 60)}`, which `columns.{printable(stated, 60)}` names"
        problems.append(Problem(text, frame.label))
    parts: dict[str, nw.Expr] = {}
    for name, field in known.items():
        found, said = _parts(frame.rows, name, field, schema[name])
        parts |= found
        problems += [Problem(f"`{printable(name, 60)}` {text}", frame.label) for text in said]
    problems += [
        Problem(f"`{printable(field, 60)}` is a key or token and no part of a request; take it out", frame.label)
        for field in parts
        if field.startswith("request.") and any(is_secret(part) for part in field.split(".")[1:])
    ]
    if problems:
        raise InputError(problems)
    key = _KEY + ("group",) * by_group
    ordered = sorted(
        (field for field in parts if field.partition(".")[0] in key), key=lambda f: (key.index(f.partition(".")[0]), f)
    )
    return Columns(
        key={field: parts[field] for field in ordered},
        id=parts.get("id"),
        id_column=next((name for name, field in known.items() if field == "id"), None),
        labels={"group": parts["group"]} if "group" in parts and not by_group else {},
        requests={field: read for field, read in parts.items() if field.startswith("request.")},
        counted="count" in parts,
    )


def _unknown(name: str) -> str:
    near = nearest(name, Clip.model_fields)
    hint = f"did you mean `{near}`? " if near else ""
    return f"is no field of a clip; {hint}Name it in `[columns]` as `carry` to take it along"


def _parts(rows: Rows, name: str, field: str, kind: Any) -> tuple[dict[str, nw.Expr], list[str]]:
    """The fields that a column holds, each as a column that can be grouped by; and what is wrong with it."""
    column = nw.col(name)
    if isinstance(kind, nw.Struct):
        if field not in PARTS:
            return {}, ["holds tables; only `request` and `drafts` may"]
        return dict(_taken_apart(column, field, kind)), []
    if field == "request":
        return {}, ["holds texts; make a column of each name in it: `request.prompt`"]
    if isinstance(kind, nw.List | nw.Array):
        if field.partition(".")[0] == "request":
            return {field: column}, []
        return _list_parts(rows, column, field)
    if isinstance(kind, nw.Categorical | nw.Enum) or (field in ("id", "group") and not isinstance(kind, nw.String)):
        return {field: column.cast(nw.String)}, []
    if isinstance(kind, nw.Object | nw.Unknown) and field.partition(".")[0] != "request":
        return {}, [
            "holds values of mixed kinds; give it one kind: numbers, or texts (of a list, with `;` between its parts)"
        ]
    return {field: column}, []


def _taken_apart(column: nw.Expr, field: str, kind: nw.Struct) -> Iterator[tuple[str, nw.Expr]]:
    for part in kind.fields:
        inner, name = column.struct.field(part.name), f"{field}.{part.name}"
        if isinstance(part.dtype, nw.Struct):
            yield from _taken_apart(inner, name, part.dtype)
        else:
            yield name, inner


def _list_parts(rows: Rows, column: nw.Expr, field: str) -> tuple[dict[str, nw.Expr], list[str]]:
    """A list as one text."""
    longest = collected(rows.select(column.list.len().max().alias("most"))).item() or 0
    if longest > _LONGEST_LIST:
        return {}, [f"holds lists of up to {longest:,} parts; {_LONGEST_LIST} are the most"]
    each = [column.list.get(position).cast(nw.String) for position in range(max(1, longest))]
    text = nw.concat_str(*each, separator=_SEPARATOR, ignore_nulls=True)
    return {field: nw.when(~column.is_null()).then(text)}, []
