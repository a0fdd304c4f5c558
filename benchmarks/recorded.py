"""What was measured before: ratios and counts of every line, by question, with all that they depend on; a file beside the code."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import Surroundings
from benchmarks.result import Line

PATH = Path(__file__).with_name("recorded.json")
SCHEMA = 1
DIGITS = 4
"""Of a ratio or a time: more would be noise."""


class RecordError(Exception):
    """The file of what was recorded cannot be used; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One question, as it was measured."""

    release: str
    command: str
    """What measures it again."""
    rounds: int
    limit_seconds: float
    """When peers were stopped."""
    machine: Mapping[str, str | int | float]
    versions: Mapping[str, str]
    lines: tuple[Line, ...]

    def document(self) -> dict[str, Any]:
        """As plain values, the lines by their keys."""
        return {
            "release": self.release,
            "command": self.command,
            "rounds": self.rounds,
            "limit_seconds": self.limit_seconds,
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "lines": {line.key: _kept(line) for line in self.lines},
        }


def record(on: Surroundings, command: str, rounds: int, limit_seconds: float, lines: Sequence[Line]) -> Record:
    """What a question gave in this run."""
    return Record(on.release, command, rounds, limit_seconds, on.machine, on.versions, tuple(lines))


def read(path: Path) -> dict[str, Record]:
    """The record of each question; nothing where there is no such file yet.

    Raises
    ------
    RecordError
        If the file is not one that `write` wrote.
    """
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["schema"] != SCHEMA:
            raise RecordError(f"{path}: schema is {document['schema']!r}, not {SCHEMA}; record anew, into a new file")
        return {name: _record(own) for name, own in document["questions"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise RecordError(
            f"{path}: is no record of benchmarks ({why}); restore it, or record into a new file"
        ) from error


def write(path: Path, records: Mapping[str, Record]) -> None:
    """Replace the file, whole or not at all."""
    document = {"schema": SCHEMA, "questions": {name: records[name].document() for name in sorted(records)}}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _kept(line: Line) -> dict[str, Any]:
    document = line.document()
    del document["key"]
    return {**document, "ratio": _short(line.ratio), "ours_seconds": _short(line.ours_seconds)}


def _short(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.{DIGITS}g}")


def _record(document: Mapping[str, Any]) -> Record:
    lines = tuple(Line(key=key, **own) for key, own in document["lines"].items())
    for line in lines:
        numbers = [line.ratio, line.ours_seconds, *line.counts.values()]
        if not all(number is None or isinstance(number, int | float) for number in numbers):
            raise TypeError(f"the line {line.key!r} holds what is no number")
    others = ("release", "command", "rounds", "limit_seconds", "machine", "versions")
    return Record(**{name: document[name] for name in others}, lines=lines)
