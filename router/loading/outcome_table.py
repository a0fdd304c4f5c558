"""Logs of attempts: CSV or JSON lines, one attempt a line.

=============  ==================================================================================================
``time``       when, as 2026-03-01T09:30:00Z; optional; without an offset it is UTC
``provider``   who was asked
``model``      for which model
``outcome``    ``down``: it was found down, and nothing was submitted; ``failed``: submitted, failed and not billed;
               ``billed``: submitted, failed and billed; ``served``: made, and the log does not say whether it was
               kept; ``kept``: made and kept; ``rejected``: made and not kept
=============  ==================================================================================================

The columns of ``IGNORED`` may stand beside them and are not read; any other is an error.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from router.errors import InputError, Problem
from router.loading.clip_table import each_row
from router.loading.columns import first_problems, unknown_columns
from router.loading.formats import Source, read
from router.loading.validation import validated
from router.schema.base import Model, Name, Path
from router.schema.calibration import LoggedAttempt, Outcome, Time

IGNORED = (
    "id", "clip", "job", "mode", "resolution", "audio", "seconds", "price_usd", "billed_usd", "take", "draft", "note",
)  # fmt: skip
LONGEST_NAME = 200
"""Of ``provider/model`` together, as a scenario can bear it."""


class _Line(Model):
    time: Time | None = None
    provider: Name
    model: Name
    outcome: Outcome


class _Log(Model):
    lines: tuple[_Line, ...]


_KNOWN = tuple(_Line.model_fields)
_NEEDED = tuple(name for name, field in _Line.model_fields.items() if field.is_required())


def load_outcomes(path: str | FilePath) -> tuple[LoggedAttempt, ...]:
    """The attempts that a log holds, in the order of the file; ``-`` reads standard input.

    Raises
    ------
    InputError
        With the first errors in the file, each with its line, and the number of the others.
    """
    source = read(path, tables=True, column="outcome")
    if source.kind not in ("csv", "jsonl"):
        text = "is no log of attempts; write a table (CSV or JSON lines) with the columns provider, model, outcome and time"
        raise InputError([Problem(text, f"{source.label}:1")])
    numbered: list[tuple[int, dict[str, Any]]] = []
    problems: list[Problem] = []
    try:
        for row in each_row(source, _fields, "an attempt's fields"):
            numbered.append(row)  # One by one, so that the good rows before a bad one are looked at too
    except InputError as error:
        problems += error.problems
    if not numbered and not problems:
        problems.append(Problem("holds no attempts", f"{source.label}:1"))
    first = {name: line for line, fields in reversed(numbered) for name in fields}
    problems += unknown_columns(source, first, _KNOWN, IGNORED)
    missing = [name for name in _NEEDED if name not in first]
    attempts: tuple[LoggedAttempt, ...] = ()
    if numbered and missing:
        problems += [
            Problem(f"no line states `{name}`, which every attempt needs", f"{source.label}:1") for name in missing
        ]
    else:
        attempts = _attempts(source, numbered, problems)
    if problems:
        raise InputError(first_problems(problems, source.label))
    return attempts


def _fields(cells: dict[str, str]) -> dict[str, Any]:
    return {name: cell.strip() for name, cell in cells.items() if cell.strip()}


def _attempts(
    source: Source, numbered: list[tuple[int, dict[str, Any]]], problems: list[Problem]
) -> tuple[LoggedAttempt, ...]:

    def where(path: Path) -> str:
        return f"{source.label}:{numbered[path[1]][0] if len(path) > 1 and isinstance(path[1], int) else 1}"

    raw = [{name: value for name, value in fields.items() if name in _KNOWN} for _, fields in numbered]
    try:
        log = validated(_Log, {"lines": raw}, where)
    except InputError as error:
        problems += error.problems
        return ()
    attempts = tuple(LoggedAttempt(line.provider, line.model, line.outcome, line.time) for line in log.lines)
    first: dict[str, LoggedAttempt] = {}
    for (line, _), attempt in zip(numbered, attempts, strict=True):
        place = f"{source.label}:{line}"
        if len(attempt.name) > LONGEST_NAME:
            text = (
                f"`provider` and `model` are longer than {LONGEST_NAME} characters together, which no scenario can name"
            )
            problems.append(Problem(text, place))
        elif (other := first.setdefault(attempt.name, attempt)).model != attempt.model:
            text = f"'{attempt.name}' is also model '{other.model}' of '{other.provider}'; rename one of them"
            problems.append(Problem(text, place))
    return attempts
