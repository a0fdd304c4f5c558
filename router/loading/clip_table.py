"""Clips from a table: CSV or JSON lines, one clip a row, whose columns are the clip's fields.

Every row carries the number of its line, so that a finding can name it. An empty cell means that the field is absent;
a list is written with ``;`` between its parts; a column ``request.prompt`` fills ``prompt`` in ``request``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from router.errors import InputError, Problem
from router.loading.formats import MAX_DEPTH, RepeatedKeyError, Source, deeper, json_value
from router.schema.base import printable
from router.schema.columns import PARTS, fields_of, missing_columns
from router.schema.scenario import Clip

_AS_THEY_ARE: Mapping[str, str] = MappingProxyType({})
LISTS = {"models", "not_models", "providers", "not_providers"}
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


def rows(source: Source, columns: Mapping[str, str | Sequence[str]] = _AS_THEY_ARE) -> list[tuple[int, dict[str, Any]]]:
    """(line, fields) of every row.

    Parameters
    ----------
    columns
        Which columns are which fields, where a scenario says so.

    Raises
    ------
    InputError
        With every row that cannot be read.
    """
    plain = source.kind == "jsonl"
    if not columns:
        every = each_row(source, clip_fields, "a clip's fields")
        return [(line, _together(fields)) for line, fields in every] if plain else list(every)
    found: list[tuple[int, dict[str, Any]]] = []
    wrong: dict[str, tuple[int, str]] = {}
    seen: dict[str, int] = {}
    for line, cells in each_row(source, dict if not plain else clip_fields, "a clip's fields"):
        known, amiss = fields_of(list(cells), columns, Clip.model_fields)
        wrong |= {name: (line, text) for name, text in amiss.items() if name not in wrong}
        seen |= dict.fromkeys(cells, line)
        renamed = {field: cells[name] for name, field in known.items()}
        found.append((line, _together(renamed) if plain else clip_fields(renamed)))
    if not found:
        return []
    problems = [Problem(f"`{printable(name, 60)}` {text or 'is no field of a clip; name it in `[columns]` as `carry`'}",
                        f"{source.label}:{line if plain else 1}") for name, (line, text) in wrong.items()]  # fmt: skip
    problems += [
        Problem(
            f"has no column `{printable(name, 60)}`, which `columns.{printable(key, 60)}` names", f"{source.label}:1"
        )
        for name, key in missing_columns(seen, columns).items()
    ]
    if problems:
        raise InputError(problems)
    return found


def _together(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields with those that were taken from columns of their own (``request.prompt``) put where they belong.

    What is null is not stated: so programs write what a row of a table has not.
    """
    found: dict[str, Any] = {}
    for field, value in fields.items():
        if value is None:
            continue
        if field == "drafts" and isinstance(value, dict):
            value = {name: inner for name, inner in value.items() if inner is not None}
        table, dot, part = field.partition(".")
        own = found.setdefault(table, {}) if dot and table in PARTS else None
        if isinstance(own, dict):
            own[part] = value
        else:
            found[field] = (
                {**found[field], **value} if isinstance(found.get(field), dict) and isinstance(value, dict) else value
            )
    return found


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
        header = header_of(reader, source.label)
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


def header_of(reader: Iterator[list[str]], label: str) -> list[str]:
    """The names of a CSV table's columns: its first row.

    Raises
    ------
    InputError
        If a column has no name, two have the same, or they are not separated by commas.
    csv.Error
        If it is no CSV.
    """
    header = [name.strip() for name in next(reader, [])]
    if len(header) == 1 and (other := next((name for mark, name in _MARKS.items() if mark in header[0]), None)):
        text = f"its columns are separated by {other}; separate them by commas, and write decimals with a point"
        raise InputError([Problem(text, f"{label}:1")])
    if "" in header or "request." in header:
        position = 1 + next(i for i, name in enumerate(header) if name in ("", "request."))
        raise InputError([Problem(f"column {position} has no name", f"{label}:1")])
    if repeated := sorted({name for name in header if header.count(name) > 1}):
        raise InputError([Problem(f"column `{printable(repeated[0], 60)}` stands twice; keep one", f"{label}:1")])
    return header


def clip_fields(cells: dict[str, str]) -> dict[str, Any]:
    """The fields of a clip that the cells of its row spell, by column; an empty cell is no field."""
    fields: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for name, cell in cells.items():
        if not cell.strip():
            continue
        table, dot, part = name.partition(".")
        if dot and table in PARTS:
            parts.setdefault(table, {})[part] = cell if table == "request" else cell_value(part, cell.strip())
        else:
            fields[name] = cell_value(name, cell.strip())
    for table, own in parts.items():
        if isinstance(fields.setdefault(table, {}), dict):
            fields[table] = {**fields[table], **own}
    return fields


def cell_value(name: str, cell: str) -> Any:
    """The value of a cell of a field; one that does not fit its column stays a text, for the schema to refuse by name."""
    if name in LISTS:
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
