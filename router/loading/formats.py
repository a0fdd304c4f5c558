"""Text files to plain Python values: TOML, JSON and JSON lines, with exact numbers and line numbers.

Numbers with a point or an exponent become ``Decimal``; NaN and infinities survive as such and are refused by the schema.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal

from router.errors import InputError, Problem
from router.schema.base import Path, printable

if TYPE_CHECKING:
    from router.loading.positions import Positions

MAX_BYTES = 256 * 2**20
MAX_DEPTH = 60

Kind = Literal["toml", "json", "jsonl", "csv"]
BINARY = (".parquet", ".arrow", ".feather", ".ipc")
"""Tables that are no text."""
_SUFFIXES: dict[str, Kind] = {".toml": "toml", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


@dataclass(frozen=True)
class Source:
    """A text, where it came from, and what it is written in."""

    label: str
    text: str
    kind: Kind
    folder: FilePath
    """What paths in the text are relative to."""
    sha256: str = ""
    """Of the file's bytes; empty where the text came from elsewhere."""

    @cached_property
    def _positions(self) -> Positions | None:
        from router.loading.positions import Positions  # Only an error needs to know the line

        return Positions(self.text, self.kind) if self.kind in ("toml", "json") else None

    def where(self, path: Path = ()) -> str:
        """``file:line`` of a value; for a table of clips the line of its row."""
        if self._positions is not None:
            return f"{self.label}:{self._positions.line(path)}"
        return f"{self.label}:{row_line(path)}"

    def repeated(self) -> list[Problem]:
        """Keys that stand twice in one JSON object."""
        found = self._positions.repeated if self._positions else []
        return [
            Problem(f"`{printable(str(path[-1]))[:60]}` stands twice in one object; keep one", f"{self.label}:{line}")
            for path, line in found
        ]


def row_line(path: Path) -> int:
    """The line of a table's row: rows carry theirs as their position (``("clips", LINE, ...)``)."""
    return next((part for part in path if isinstance(part, int)), 1)


def read(path: str | FilePath, *, tables: bool = False, column: str = "seconds") -> Source:
    """Read a text file, or standard input for ``-``.

    Parameters
    ----------
    tables
        Whether a text without a telling file name may be a table.
    column
        What a CSV table's heading holds for certain.

    Raises
    ------
    InputError
        If there is no such file, or it is a directory, empty, too large, or no UTF-8 text.
    """
    return decoded(raw(path), path, tables=tables, column=column)


def raw(path: str | FilePath) -> bytes:
    """The bytes of a file, or of standard input for ``-``.

    Raises
    ------
    InputError
        If there is no such file, or it is a directory or too large.
    """
    label = label_of(path)
    suffix = FilePath(str(path)).suffix.lower()
    if suffix in BINARY:
        raise InputError([Problem(f"a {suffix} table can hold clips, and nothing else; write a text file", label)])
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if str(path) == "-" else _bytes(FilePath(path))
    except FileNotFoundError:
        raise InputError([Problem("no such file", label)]) from None
    except IsADirectoryError:
        raise InputError([Problem("is a directory; name a file in it", label)]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is not a usable file name"
        raise InputError([Problem(f"cannot be read: {reason}", label)]) from None
    if len(data) > MAX_BYTES:
        raise InputError([Problem(f"is larger than {MAX_BYTES // 2**20} MiB", label)])
    return data


def label_of(path: str | FilePath) -> str:
    """What messages call a file."""
    return "<stdin>" if str(path) == "-" else printable(str(path))


def decoded(
    data: bytes, path: str | FilePath, *, tables: bool = False, column: str = "seconds", kind: Kind | None = None
) -> Source:
    """The text that the bytes of a file are, as `read` gives it.

    Parameters
    ----------
    kind
        What it is written in, whatever its name ends in.

    Raises
    ------
    InputError
        If it is empty or no UTF-8 text.
    """
    label = label_of(path)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([Problem("is not UTF-8 text; save it as UTF-8", f"{label}:{line}")]) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError([Problem("holds a NUL byte: this is a binary file, not a text", f"{label}:{line}")])
    if not text.strip():
        raise InputError([Problem("is empty", f"{label}:1")])
    suffix = FilePath(str(path)).suffix.lower()
    kind = kind or _SUFFIXES.get(suffix) or _sniffed(text, tables=tables, column=column)
    folder = FilePath() if str(path) == "-" else FilePath(path).parent
    return Source(label, text, kind, folder, hashlib.sha256(data).hexdigest())


def _bytes(path: FilePath) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _sniffed(text: str, *, tables: bool, column: str) -> Kind:
    """What a text without a telling file name is written in."""
    first = next(line.strip() for line in text.splitlines() if line.strip())
    if first[0] in "{[" and not re.fullmatch(r"\[{1,2}[^\]{}\"]*\]{1,2}\s*(#.*)?", first):
        if tables and _is_object(first) and _is_object(_last(text)) and '"clips"' not in first:
            return "jsonl"
        return "json"
    if tables and not first.startswith("#") and column in first and "=" not in first and not first.startswith("["):
        return "csv"
    return "toml"


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2].strip()


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def parse(source: Source) -> dict[str, Any]:
    """The value that a TOML or JSON text spells.

    Raises
    ------
    InputError
        If the text does not parse, nests deeper than ``MAX_DEPTH``, repeats a JSON key, or is not a table.
    """
    if source.kind == "toml" and (problem := _long_key(source)):
        raise InputError([problem])
    try:
        value = _toml_value(source.text) if source.kind == "toml" else json_value(source.text)
    except tomllib.TOMLDecodeError as error:
        raise InputError([_deep_nesting(source) or _toml_problem(source, str(error))]) from None
    except RepeatedKeyError:
        raise InputError(source.repeated()) from None
    except json.JSONDecodeError as error:
        raise InputError(
            [Problem(f"is not JSON: {error.msg} (column {error.colno})", f"{source.label}:{error.lineno}")]
        ) from None
    except RecursionError:
        raise InputError([_too_deep(source)]) from None
    except (InvalidOperation, ValueError):
        raise InputError([Problem(*_bad_number(source))]) from None
    if deeper(value, MAX_DEPTH):
        raise InputError([_too_deep(source)])
    if not isinstance(value, dict):
        raise InputError([Problem("must be a table of keys and values at its top level", f"{source.label}:1")])
    return value


def _long_key(source: Source) -> Problem | None:
    """Tomllib takes time quadratic in the parts of one dotted key; a line of prose never looks like one of many parts."""
    part = r"""(?:[A-Za-z0-9_-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')[ \t]*+"""
    many = rf"(?:^[ \t]*+\[{{0,2}}|[{{{{,])[ \t]*+(?:{part}\.[ \t]*+){{{MAX_DEPTH}}}"
    if found := re.search(many, source.text, re.MULTILINE):
        line = source.text.count("\n", 0, found.end()) + 1
        return Problem(f"nests deeper than {MAX_DEPTH} levels", f"{source.label}:{line}")
    return None


def _toml_value(text: str) -> Any:
    return tomllib.loads(text, parse_float=Decimal)


class RepeatedKeyError(Exception):
    """A key stands twice in one JSON object."""


def json_value(text: str) -> Any:
    """The value of a JSON text with exact numbers; NaN and infinities survive for the schema to refuse.

    Raises
    ------
    RepeatedKeyError
        If a key stands twice in one object; its argument is the key.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=Decimal, object_pairs_hook=_distinct)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise RepeatedKeyError(next(key for key in keys if keys.count(key) > 1))
    return values


def _toml_problem(source: Source, text: str) -> Problem:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", text, re.DOTALL)
    if found is None:
        last = source.text.rstrip("\n").count("\n") + 1
        return Problem(f"is not TOML: {text.removesuffix(' (at end of document)')}", f"{source.label}:{last}")
    message, line, column = found.groups()
    message = re.sub(r"\('([^']*)',\)", r"'\1'", message)
    message = re.sub(r"\('([^()]*)'\)", lambda name: "'" + name.group(1).replace("', '", ".") + "'", message)
    message = re.sub(r"\\x([0-9a-f]{2})", lambda code: f"U+{int(code.group(1), 16):04X}", printable(message)).rstrip(
        "."
    )
    return Problem(f"is not TOML: {message[:1].lower()}{message[1:]} (column {column})", f"{source.label}:{line}")


def _too_deep(source: Source) -> Problem:
    return _deep_nesting(source) or Problem(f"nests deeper than {MAX_DEPTH} levels", f"{source.label}:1")


def _deep_nesting(source: Source) -> Problem | None:
    """Where brackets nest too deep, if they do."""
    depth = 0
    for found in re.finditer(r"[\[{\]}\n]", source.text):
        depth += 1 if found.group() in "[{" else -1 if found.group() in "]}" else 0
        if depth > MAX_DEPTH:
            line = source.text.count("\n", 0, found.start()) + 1
            return Problem(f"nests deeper than {MAX_DEPTH} levels", f"{source.label}:{line}")
    return None


def _bad_number(source: Source) -> tuple[str, str]:
    found = re.search(r"\d{4000}|\d[eE][+-]?\d{9}", source.text)
    line = source.text.count("\n", 0, found.start()) + 1 if found else 1
    return "holds a number of a size that cannot be read", f"{source.label}:{line}"


def deeper(value: Any, most: int) -> bool:
    """Whether a value nests deeper than ``most`` levels."""
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
