"""TOML documents: the files that `router` writes for people to read, change and give back.

The same value always gives the same bytes. Keys and texts are quoted as TOML's basic strings, whatever they hold.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

from router.report.document import as_json
from router.schema.calibration import Calibration

_HEAD = """\
# What logged attempts say about how models behave, by `router calibrate`. To plan with it, name this file in a scenario:
# calibration = "FILE". Each number's observations and 95 % interval stand at the end.

"""


def calibration_text(calibration: Calibration, form: Literal["json", "toml"]) -> str:
    """A calibration as the file that `Calibration.load` reads; what it does not state is left out."""
    if form == "json":
        return as_json(calibration.model_dump(mode="json", by_alias=True, exclude_none=True))
    return _HEAD + as_toml(calibration.model_dump(by_alias=True, exclude_none=True))


def as_toml(table: Mapping[str, Any]) -> str:
    """A table of texts, numbers, moments, lists and tables as a TOML document; empty tables and lists are left out."""
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    """The lines of a table: its own values first, then the tables in it."""
    inner: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) or _is_tables(value):
            inner[key] = value
        elif not isinstance(value, list | tuple) or value:
            yield f"{bare_or_quoted(key)} = {_value(value)}"
    for key, value in inner.items():
        path = (*above, key)
        heading = ".".join(map(bare_or_quoted, path))
        for each in (value,) if isinstance(value, Mapping) else value:
            lines = list(_lines(each, path))
            if not isinstance(value, Mapping):
                yield f"\n[[{heading}]]"
            elif lines and not lines[0].startswith("\n"):
                yield f"\n[{heading}]"
            yield from lines


def _is_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, Mapping) for each in value)


def bare_or_quoted(key: str) -> str:
    """A key, quoted where it has to be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else basic_string(key)


def _value(value: object) -> str:
    if isinstance(value, str):
        return basic_string(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return "[\n" + "".join(f"  {_value(each)},\n" for each in value) + "]"
    if isinstance(value, int):
        return str(value)
    raise AssertionError(f"no TOML value is made of a {type(value).__name__}")


def basic_string(text: str) -> str:
    """A basic string; JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
