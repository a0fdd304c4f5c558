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
from router.loading.clip_table import LISTS
from router.loading.tables.frames import DASK, OURS, Frame, collected, readable, text_of
from router.schema.base import printable
from router.schema.columns import PARTS, fields_of, missing_columns
from router.schema.requests import is_secret
from router.schema.scenario import Clip

_OF_LISTS = ", ".join(f"`{field}`" for field in sorted(LISTS))
_NO_KEY = {"id", "request", "group"}
_KEY = ("seconds", "count", *(name for name in Clip.model_fields if name not in {*_NO_KEY, "seconds", "count"}))


@dataclass(frozen=True)
class Columns:
    """The columns of a table that say something of its clips."""

    key: Mapping[str, nw.Expr]
    """Of each field of a clip's key, how it is read: a column that the engine can group by."""
    id: nw.Expr | None
    """The clip's name, a text."""
    labels: Mapping[str, nw.Expr]
    """Texts that are names and no part of the key."""
    requests: Mapping[str, nw.Expr]
    """What goes into the request of a clip: ``request.prompt``."""
    each: int
    """How many clips a row stands for that does not say."""
    lists: tuple[str, ...]
    """Columns of lists that are read as texts: `frames.with_texts` makes these."""
    of: Mapping[str, str]
    """The column of each field."""

    @property
    def counted(self) -> bool:
        """Whether a row can stand for several clips."""
        return "count" in self.key or self.each > 1

    @property
    def id_column(self) -> str | None:
        """The column of names."""
        return self.of.get("id")


def columns_of(frame: Frame, names: Mapping[str, str | Sequence[str]], *, by_group: bool, each: int = 1) -> Columns:
    """Which columns are what.

    Parameters
    ----------
    names
        What the scenario says of them.
    by_group
        Groups bind: a clip's label is part of its key.
    each
        How many clips a row stands for that does not say.

    Raises
    ------
    InputError
        If a column is none of a clip, and not carried along; or has none of the kinds that a field can have.
    """
    schema = frame.rows.collect_schema()
    own = [name for name in schema if name not in frame.index or frame.index[name] == name]
    _told_apart(own, frame)
    known, wrong = fields_of(own, names, Clip.model_fields)
    problems = [
        Problem(f"`{printable(name, 60)}` {said or _unknown(name)}", frame.label) for name, said in wrong.items()
    ]
    for name, stated in missing_columns(own, names).items():
        text = f"has no column `{printable(name, 60)}`, which `columns.{printable(stated, 60)}` names"
        problems.append(Problem(text, frame.label))
    parts: dict[str, nw.Expr] = {}
    for name, field in known.items():
        found, said = _parts(frame, name, field, schema[name])
        parts |= found
        problems += [Problem(f"`{printable(name, 60)}` {text}", frame.label) for text in said]
    problems += [
        Problem(f"`{printable(field, 60)}` is a key or token and no part of a request; take it out", frame.label)
        for column, top in known.items()
        for field in _within(top, schema[column])
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
        labels={"group": parts["group"]} if "group" in parts and not by_group else {},
        requests={field: read for field, read in parts.items() if field.startswith("request.")},
        each=each,
        lists=tuple(
            name
            for name, field in known.items()
            if field in parts and field in LISTS and isinstance(schema[name], nw.List | nw.Array)
        ),
        of={field: name for name, field in known.items()},
    )


def _told_apart(names: Sequence[object], frame: Frame) -> None:
    """Raise InputError for columns that cannot be told apart from one another, or from those that a result has."""
    if not names:
        raise InputError([Problem("holds no columns", frame.label)])
    if any(not isinstance(name, str) for name in names):
        raise InputError([Problem("has columns whose names are no texts", frame.label)])
    if ours := [str(name) for name in names if str(name).startswith(OURS)]:
        text = f"`{printable(ours[0], 60)}` begins as columns of the result do ({' or '.join(OURS)}); rename it, or take it out"
        raise InputError([Problem(text, frame.label)])


def _unknown(name: str) -> str:
    near = nearest(name, Clip.model_fields)
    hint = f"did you mean `{near}`? Or " if near else ""
    return f"is no field of a clip; {hint}name it in `[columns]` as `carry` to take it along"


def _parts(frame: Frame, name: str, field: str, kind: Any) -> tuple[dict[str, nw.Expr], list[str]]:
    """The fields that a column holds, each as a column that can be grouped by; and what is wrong with it."""
    column = nw.col(name)
    if field.startswith("request."):
        return {field: column}, []
    if isinstance(kind, nw.Struct):
        if field not in PARTS:
            return {}, ["holds tables; only `request` and `drafts` may"]
        if frame.engine == DASK:
            return {}, [f"holds tables, which Dask cannot take apart; make a column of each name in it: `{field}.NAME`"]
        return dict(_taken_apart(column, field, kind)), []
    if field == "request" and frame.is_text:
        return {}, []  # JSON, which no class needs
    if field == "request":
        return {}, ["holds texts; make a column of each name in it: `request.prompt`"]
    if isinstance(kind, nw.List | nw.Array):
        return ({field: nw.col(text_of(name))}, []) if field in LISTS else ({}, [f"holds lists; only {_OF_LISTS} may"])
    if isinstance(kind, nw.Binary):
        return {}, ["holds bytes; make them texts"]
    if isinstance(kind, nw.Object | nw.Unknown) and _is_empty(frame, column):
        return {}, []
    if isinstance(kind, nw.Categorical | nw.Enum) or (field in ("id", "group") and not isinstance(kind, nw.String)):
        return {field: column.cast(nw.String)}, []
    if isinstance(kind, nw.Object | nw.Unknown):
        return {}, [
            "holds values of mixed kinds; give it one kind: numbers, or texts (of a list, with `;` between its parts)"
        ]
    return {field: column}, []


def _is_empty(frame: Frame, column: nw.Expr) -> bool:
    """Whether a column holds nothing, so that it has no kind either."""
    with readable(frame):
        return bool(collected(frame.rows.select((~column.is_null()).any().alias("any"))).item()) is False


def _taken_apart(column: nw.Expr, field: str, kind: nw.Struct) -> Iterator[tuple[str, nw.Expr]]:
    for part in kind.fields:
        yield f"{field}.{part.name}", column.struct.field(part.name)


def _within(field: str, kind: Any) -> Iterator[str]:
    """A field, and all that stands in it."""
    yield field
    if isinstance(kind, nw.List | nw.Array):
        yield from _within(field, kind.inner)
    elif isinstance(kind, nw.Struct):
        for part in kind.fields:
            yield from _within(f"{field}.{part.name}", part.dtype)
