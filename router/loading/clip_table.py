"""Clips from a table: CSV or JSON lines, one clip a row, whose columns are the clip's fields.

Every row carries the number of its line, so that a finding can name it. An empty cell means that the field is absent;
a list is written with ``;`` between its parts; a column ``request.prompt`` fills ``prompt`` in ``request``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from router.errors import InputError, Problem
from router.loading.formats import MAX_DEPTH, RepeatedKeyError, Source, deeper, json_value
from router.schema.base import printable

_LISTS = {"models", "not_models", "providers", "not_providers"}
_FLAGS = {"accept_image_prompt"}
_NUMBERS = {
    "count",
    "seconds",
    "max_surplus_seconds",
    "max_segments",
    "quality_min",
    "max_price_usd",
    "value_usd",
    "max_takes",
}


def rows(source: Source) -> list[tuple[int, dict[str, Any]]]:
    """(line, fields) of every row.

    Raises
    ------
    InputError
        With every row that cannot be read.
    """
    return list(each_row(source, _fields, "a clip's fields"))


def each_row(
    source: Source, fields: Callable[[dict[str, str]], dict[str, Any]], what: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, fields) of every row of any table; the rows that cannot be read are raised together after the last.

    Parameters
    ----------
    fields
        Turns the cells of a CSV row, by column, into fields.
    what
        What the fields are, in words.
    """
    return _json_rows(source, what) if source.kind == "jsonl" else _csv_rows(source, fields)


def _json_rows(source: Source, what: str) -> Iterator[tuple[int, dict[str, Any]]]:
    problems: list[Problem] = []
    for line, ended in enumerate(_lines(source.text), start=1):
        text = ended.removesuffix("\n")
        if not text.strip():
            continue
        try:
            value = json_value(text)
        except json.JSONDecodeError as error:
            problems.append(Problem(f"is not JSON: {error.msg} (column {error.colno})", f"{source.label}:{line}"))
            continue
        except RepeatedKeyError as error:
            problems.append(
                Problem(
                    f"`{printable(str(error))[:60]}` stands twice in one object; keep one", f"{source.label}:{line}"
                )
            )
            continue
        except (RecursionError, ValueError, InvalidOperation):
            problems.append(Problem("holds a value that cannot be read", f"{source.label}:{line}"))
            continue
        if not isinstance(value, dict) or deeper(value, MAX_DEPTH):
            problems.append(Problem(f"must be an object of {what}", f"{source.label}:{line}"))
            continue
        yield line, value
    if problems:
        raise InputError(problems)


def _lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends, one by one: a table may be large, and only one copy of it is kept."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


_MARKS = {";": "semicolons", "\t": "tabs"}


def _csv_rows(
    source: Source, fields: Callable[[dict[str, str]], dict[str, Any]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(_lines(source.text), strict=True)
    problems: list[Problem] = []
    try:
        header = [name.strip() for name in next(reader)]
        if len(header) == 1 and (other := next((name for mark, name in _MARKS.items() if mark in header[0]), None)):
            text = f"its columns are separated by {other}; separate them by commas, and write decimals with a point"
            raise InputError([Problem(text, f"{source.label}:1")])
        if "" in header or "request." in header:
            position = 1 + next(i for i, name in enumerate(header) if name in ("", "request."))
            raise InputError([Problem(f"column {position} has no name", f"{source.label}:1")])
        if repeated := sorted({name for name in header if header.count(name) > 1}):
            raise InputError([Problem(f"column `{repeated[0][:60]}` stands twice; keep one", f"{source.label}:1")])
        last = reader.line_num
        for cells in reader:
            line, last = last + 1, reader.line_num
            if not any(cells):
                continue
            if len(cells) > len(header):
                problems.append(
                    Problem(f"has {len(cells)} cells under {len(header)} columns", f"{source.label}:{line}")
                )
                continue
            yield line, fields(dict(zip(header, cells, strict=False)))
    except csv.Error as error:
        problems.append(Problem(f"is not CSV: {error}", f"{source.label}:{reader.line_num}"))
    if problems:
        raise InputError(problems)


def _fields(cells: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    own: dict[str, str] = {}
    for name, cell in cells.items():
        if not cell.strip():
            continue
        if name.startswith("request."):
            own[name.removeprefix("request.")] = cell
        else:
            fields[name] = _cell(name, cell.strip())
    if own and isinstance(fields.setdefault("request", {}), dict):
        fields["request"] = {**fields["request"], **own}
    return fields


def _cell(name: str, cell: str) -> Any:
    """The value of a cell; one that does not fit its column stays a text, for the schema to refuse by name."""
    if name in _LISTS:
        return [part.strip() for part in cell.split(";") if part.strip()]
    if name in _FLAGS:
        return {"true": True, "false": False}.get(cell.lower(), cell)
    try:
        if name in _NUMBERS:
            number = Decimal(cell)
            return (
                int(number)
                if number.is_finite() and number == number.to_integral_value() and abs(number) < 10**18
                else number
            )
        if name in ("request", "drafts"):
            value = json_value(cell)
            return cell if deeper(value, MAX_DEPTH) else value
    except (InvalidOperation, ValueError, RecursionError, RepeatedKeyError):
        pass
    return cell
