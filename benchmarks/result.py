"""What a question answers with, and how it is shown. All times are seconds."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from benchmarks.clock import Spent


class WrongAnswerError(Exception):
    """The answer that was being timed is not the right one."""


@dataclass(frozen=True, slots=True)
class Result:
    """The measurements of one question."""

    question: str
    ours: tuple[Spent, ...]
    """One for each round."""
    peer: tuple[Spent, ...]
    """One for each round that the peer took part in, in the same order."""
    peer_is: str
    """What the peer is."""
    peer_finished: bool
    """False where it was stopped, so that it would have taken longer than was measured."""
    compared: bool
    """Whether both did the same work, so that their ratio means something."""
    optimum: str
    """Whether both found the same optimum: ``yes``, or what is known instead."""
    target: str
    met: bool
    notes: tuple[str, ...] = field(default=())

    @property
    def ratio(self) -> float | None:
        """How many times faster ours is: the median over the rounds of both, in processor time."""
        if not self.compared or not self.peer:
            return None
        return statistics.median(theirs.cpu / own.cpu for own, theirs in zip(self.ours, self.peer, strict=False))

    def document(self) -> dict[str, Any]:
        """The result as a table of plain values."""
        return {
            "question": self.question,
            "ours_cpu_seconds": [own.cpu for own in self.ours],
            "ours_wall_seconds": [own.wall for own in self.ours],
            "peer": self.peer_is,
            "peer_finished": self.peer_finished,
            "peer_cpu_seconds": [theirs.cpu for theirs in self.peer],
            "peer_wall_seconds": [theirs.wall for theirs in self.peer],
            "ratio": self.ratio,
            "same_optimum": self.optimum,
            "target": self.target,
            "met": self.met,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Table:
    """The answers to a question that asks for more than two times."""

    question: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = field(default=())

    def document(self) -> dict[str, Any]:
        """The table as plain values."""
        return {
            "question": self.question,
            "header": list(self.header),
            "rows": [list(row) for row in self.rows],
            "notes": list(self.notes),
        }


def machine() -> dict[str, str | int]:
    """What the measurements depend on, without naming the machine."""
    from benchmarks.naive import cbc_version  # The shell question needs no solver

    return {
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "pulp": version("pulp"),
        "highspy": version("highspy"),
        "cbc": cbc_version(),
    }


def markdown(results: Sequence[Result | Table], on: dict[str, str | int]) -> str:
    """The results as Markdown tables, the machine line and the notes."""
    timed = [result for result in results if isinstance(result, Result)]
    lines = _timed(timed) if timed else []
    for table in results:
        if isinstance(table, Table):
            cells = [table.header, ("---",) * len(table.header), *table.rows]
            lines += [*([""] if lines else []), *("| " + " | ".join(row) + " |" for row in cells)]
    parts = [f"{on['cores']} cores", *(f"{name} {on[name.lower()]}" for name in ("Python", "PuLP", "highspy", "CBC"))]
    lines += ["", "Processor time. " + ", ".join(parts) + ".", ""]
    lines += [f"- {result.question}: {note}" for result in results for note in result.notes]
    return "\n".join(lines).rstrip() + "\n"


def _timed(results: Sequence[Result]) -> list[str]:
    lines = [
        "| question | ours: median (least to most) | peer: median | ratio | same optimum | target | met |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        own, theirs = [s.cpu for s in result.ours], [s.cpu for s in result.peer]
        cells = [
            result.question,
            f"{statistics.median(own):.3f} s ({min(own):.3f} to {max(own):.3f})",
            f"{result.peer_is}: {statistics.median(theirs):.3f} s" if theirs else result.peer_is,
            "" if result.ratio is None else f"{'' if result.peer_finished else 'over '}{_ratio(result.ratio)}",
            result.optimum,
            result.target,
            "yes" if result.met else "no",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _ratio(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"
