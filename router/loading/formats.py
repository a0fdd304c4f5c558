"""Text files to plain Python values: TOML, JSON and JSON lines, with exact numbers and line numbers.

Numbers with a point or an exponent become ``Decimal``; NaN and infinities survive as such and are refused by the schema.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Literal

from router.errors import InputError, Problem
from router.loading.positions import Positions
from router.schema.base import Path, unprintable

MAX_BYTES = 256 * 2**20
MAX_DEPTH = 60

Kind = Literal["toml", "json", "jsonl", "csv"]
_SUFFIXES: dict[str, Kind] = {".toml": "toml", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


@dataclass(frozen=True)
class Source:
    """A text, where it came from, and what it is written in."""

    label: str
    text: str
    kind: Kind
    folder: FilePath
    """What paths in the text are relative to."""

    @cached_property
    def _positions(self) -> Positions | None:
        return Positions(self.text, self.kind) if self.kind in ("toml", "json") else None

    def where(self, path: Path = ()) -> str:
        """``file:line`` of a value; for a table of clips the line of its row."""
        if self._positions is not None:
            return f"{self.label}:{self._positions.line(path)}"
        return f"{self.label}:{row_line(path)}"

    def repeated(self) -> list[Problem]:
        """Keys that stand twice in one JSON object."""
        found = self._positions.repeated if self._positions else []
        return [Problem(f"`{path[-1]}` stands twice in one object; keep one", self.where(path[:-1])) for path in found]


def row_line(path: Path) -> int:
    """The line of a table's row: rows carry theirs as their position (``("clips", LINE, ...)``)."""
    return next((part for part in path if isinstance(part, int)), 1)


def shown(name: str) -> str:
    """A file name that is safe to print."""
    return "".join("?" if unprintable(character) else character for character in name)


def read(path: str | FilePath, *, tables: bool = False) -> Source:
    """Read a text file, or standard input for ``-``.

    Raises
    ------
    InputError
        If there is no such file, or it is a directory, empty, too large, or no UTF-8 text.
    """
    label = "<stdin>" if str(path) == "-" else shown(str(path))
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
    if suffix in (".parquet", ".arrow"):
        raise InputError([Problem(f"{suffix} tables are not yet supported; write CSV or JSONL", label)])
    kind = _SUFFIXES.get(suffix) or _sniffed(text, tables=tables)
    folder = FilePath() if str(path) == "-" else FilePath(path).parent
    return Source(label, text, kind, folder)


def _bytes(path: FilePath) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _sniffed(text: str, *, tables: bool) -> Kind:
    """What a text without a telling file name is written in."""
    first = next(line.strip() for line in text.splitlines() if line.strip())
    if first[0] in "{[" and not re.fullmatch(r"\[{1,2}[^\]{}\"]*\]{1,2}\s*(#.*)?", first):
        if tables and first[0] == "{" and _is_object(first) and text.strip().count("\n") and _is_object(_last(text)):
            return "jsonl"
        return "json"
    if tables and not first.startswith("#") and "seconds" in first and "=" not in first and not first.startswith("["):
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
    try:
        value = _toml(source) if source.kind == "toml" else json_value(source.text)
    except tomllib.TOMLDecodeError as error:
        raise InputError([_toml_problem(source, str(error))]) from None
    except json.JSONDecodeError as error:
        raise InputError(
            [Problem(f"is not JSON: {error.msg} (column {error.colno})", f"{source.label}:{error.lineno}")]
        ) from None
    except RecursionError:
        raise InputError([_too_deep(source)]) from None
    except (InvalidOperation, ValueError):
        raise InputError([Problem(*_bad_number(source))]) from None
    if _deeper(value, MAX_DEPTH):
        raise InputError([_too_deep(source)])
    if source.kind == "json" and (repeated := source.repeated()):
        raise InputError(repeated)
    if not isinstance(value, dict):
        raise InputError([Problem("must be a table of keys and values at its top level", f"{source.label}:1")])
    return value


def _toml(source: Source) -> Any:
    for number, line in enumerate(source.text.splitlines(), start=1):
        # tomllib takes time quadratic in the parts of one dotted key; a line of a prose text never looks like this.
        if line.count(".") > MAX_DEPTH:
            for piece in line.split("=")[:-1] or [line]:
                if piece.count(".") > MAX_DEPTH and ".." not in piece and '"' not in piece and "'" not in piece:
                    raise InputError([Problem(f"nests deeper than {MAX_DEPTH} levels", f"{source.label}:{number}")])
    return tomllib.loads(source.text, parse_float=Decimal)


def json_value(text: str) -> Any:
    """The value of a JSON text with exact numbers; NaN and infinities survive for the schema to refuse."""
    return json.loads(text, parse_float=Decimal, parse_constant=Decimal)


def _toml_problem(source: Source, text: str) -> Problem:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", text, re.DOTALL)
    if found is None:
        last = source.text.rstrip("\n").count("\n") + 1
        return Problem(f"is not TOML: {text.removesuffix(' (at end of document)')}", f"{source.label}:{last}")
    message, line, column = found.groups()
    message = shown(message).rstrip(".")
    return Problem(f"is not TOML: {message[:1].lower()}{message[1:]} (column {column})", f"{source.label}:{line}")


def _too_deep(source: Source) -> Problem:
    depth = 0
    for found in re.finditer(r"[\[{\]}\n]", source.text):
        depth += 1 if found.group() in "[{" else -1 if found.group() in "]}" else 0
        if depth > MAX_DEPTH:
            line = source.text.count("\n", 0, found.start()) + 1
            return Problem(f"nests deeper than {MAX_DEPTH} levels", f"{source.label}:{line}")
    return Problem(f"nests deeper than {MAX_DEPTH} levels", f"{source.label}:1")


def _bad_number(source: Source) -> tuple[str, str]:
    found = re.search(r"\d{4000}|\d[eE][+-]?\d{9}", source.text)
    line = source.text.count("\n", 0, found.start()) + 1 if found else 1
    return "holds a number of a size that cannot be read", f"{source.label}:{line}"


def _deeper(value: Any, most: int) -> bool:
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
