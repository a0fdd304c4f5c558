"""Lines of a text table that no engine can read: set aside as they are, byte by byte, and blank lines put in their place.

So every other line keeps its number. What only an engine stumbles over is mended: a byte-order mark, and quotes within a cell that has none
around it.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from decimal import InvalidOperation
from pathlib import Path as FilePath
from typing import TextIO

from router.loading.formats import RepeatedKeyError, json_value


class Unreadable:
    """What was set aside of a table, and what is left of it; both are kept as long as this is.

    Parameters
    ----------
    path
        The table.
    kind
        ``csv`` or ``jsonl``.
    """

    def __init__(self, path: FilePath, kind: str) -> None:
        folder = FilePath(tempfile.mkdtemp(prefix="router-"))
        self._end = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.rest, self.lines = folder / f"rest{path.suffix}", folder / f"lines{path.suffix}"
        self.count = 0
        """How many lines were set aside."""
        self.first = 0
        """The first of them, counted from 1."""
        self.kept = 0
        """How many rows are left, blank ones and a heading aside."""
        line = 1
        # Bytes that are no UTF-8 come through as they are.
        with (
            path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as source,
            self.rest.open("w", encoding="utf-8", errors="surrogateescape", newline="") as rest,
            self.lines.open("w", encoding="utf-8", errors="surrogateescape", newline="") as lines,
        ):
            for text, mended in _records(source) if kind == "csv" else _json_lines(source):
                of_text = text.count("\n") + (not text.endswith("\n"))
                rest.write("\n" * of_text if mended is None else mended)
                if mended is None:
                    lines.write(text if text.endswith("\n") else f"{text}\n")
                    self.count += of_text
                    self.first = self.first or line
                else:
                    self.kept += bool(text.strip()) and (kind != "csv" or line > 1)
                line += of_text


def _json_lines(source: TextIO) -> Iterator[tuple[str, str | None]]:
    """Each line, and again if it is a row."""
    for text in source:
        try:
            fine = not text.strip() or (_is_utf8(text) and isinstance(json_value(text), dict) and _is_finite(text))
        except (json.JSONDecodeError, RepeatedKeyError, RecursionError, ValueError, InvalidOperation):
            fine = False
        yield text, text if fine else None


def _is_finite(text: str) -> bool:
    """Whether a JSON text has no numbers that JSON has not."""
    found: list[str] = []
    if "NaN" in text or "Infinity" in text:
        json.loads(text, parse_constant=found.append)
    return not found


def _records(source: TextIO) -> Iterator[tuple[str, str | None]]:
    """(text, the same as an engine can read it) of each row; None where it is no row of as many cells as the heading has, or fewer."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in source:
            taken.append(line)
            yield line

    reader = csv.reader(lines(), strict=True)
    width: int | None = None
    while True:
        taken.clear()
        try:
            cells = next(reader)
            fine = width is None or len(cells) <= width
            width = len(cells) if width is None else width
        except StopIteration:
            return
        except csv.Error:
            fine, cells = False, []
        text = "".join(taken)
        if not fine or not _is_utf8(text):
            yield text, None
        elif any('"' in cell for cell in cells):
            mended = io.StringIO()
            csv.writer(mended, lineterminator="\n").writerow(cells)
            yield text, mended.getvalue()
        else:
            yield text, text


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else True
