"""What a question answers with: times with their spread, ratios, and counts that no noise touches. All times are seconds.

A ratio is how many times faster ours is than the peer in the same run: larger is better.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from benchmarks.clock import Spent, Spread


class WrongAnswerError(Exception):
    """The answer that was being timed is not the right one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One measured line of a question: what is recorded of it, and compared with what was recorded."""

    key: str
    """Its name, the same in every run."""
    ratio: float | None = None
    """None where nothing is beside it."""
    lower_bound: bool = False
    """Whether the peer was stopped, so that the ratio is at least this."""
    ours_seconds: float | None = None
    """Median; of the processor, or on the clock where the question says so."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What depends on instance and code alone: classes, candidates, rows, columns, calls."""
    target: str = ""
    met: bool | None = None
    """None where nothing was aimed at."""

    def document(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "key": self.key,
            "ratio": self.ratio,
            "lower_bound": self.lower_bound,
            "ours_seconds": self.ours_seconds,
            "counts": dict(self.counts),
            "target": self.target,
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a question, measured in rounds."""

    question: str
    ours: tuple[Spent, ...]
    """One for each round."""
    peer: tuple[Spent, ...]
    """One for each round that the peer took part in, in the same order."""
    peer_is: str
    """What the peer is, without what this run made of it."""
    optimum: str
    """Whether both found the same optimum: ``yes``, or what is known instead."""
    target: str = ""
    met: bool | None = None
    """None where nothing was aimed at."""
    stopped: str = ""
    """How far the peer came where it was stopped: it would have taken longer than was measured."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Of the first round; see `Line`."""
    notes: tuple[str, ...] = field(default=())

    @property
    def peer_finished(self) -> bool:
        """Whether the peer was let run to its end."""
        return not self.stopped

    @property
    def ratio(self) -> float | None:
        """The median over the rounds of both, in processor time."""
        if not self.peer:
            return None
        return statistics.median(theirs.cpu / own.cpu for own, theirs in zip(self.ours, self.peer, strict=False))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The one line that this is."""
        return (
            Line(
                f"{self.question}; {self.peer_is}" if self.peer else self.question,
                self.ratio,
                not self.peer_finished,
                statistics.median(own.cpu for own in self.ours),
                self.counts,
                self.target,
                self.met,
            ),
        )

    def document(self) -> dict[str, Any]:
        """The result as a table of plain values."""
        return {
            "question": self.question,
            "ours": _times(self.ours),
            "peer": {"is": self.peer_is, "finished": self.peer_finished, "stopped": self.stopped, **_times(self.peer)},
            "same_optimum": self.optimum,
            "notes": list(self.notes),
            "lines": [line.document() for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class Table:
    """The answers to a question that asks for more than two times."""

    question: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = field(default=())
    lines: tuple[Line, ...] = field(default=())
    """What is recorded of the rows."""

    def document(self) -> dict[str, Any]:
        """The table as plain values."""
        return {
            "question": self.question,
            "header": list(self.header),
            "rows": [list(row) for row in self.rows],
            "notes": list(self.notes),
            "lines": [line.document() for line in self.lines],
        }


Answer: TypeAlias = Result | Table


def lines_of(answers: Sequence[Answer]) -> tuple[Line, ...]:
    """The lines of all answers to one question; each key is there once.

    Raises
    ------
    ValueError
        If two lines have one key: they could not be told apart later.
    """
    lines = tuple(line for answer in answers for line in answer.lines)
    keys = [line.key for line in lines]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"two lines of a question have the key {twice[0]!r}")
    return lines


def _times(spent: Sequence[Spent]) -> dict[str, Any]:
    """Every round, and the spread of processor time and of time on the clock."""
    found: dict[str, Any] = {}
    for name, seconds in (("cpu", [each.cpu for each in spent]), ("wall", [each.wall for each in spent])):
        found[f"{name}_seconds"] = seconds
        found[f"{name}_spread"] = Spread.of(seconds).document() if seconds else None
    return found
