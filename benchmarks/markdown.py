"""Answers as Markdown: tables of times and ratios, tables of counts, what they were measured on, and the notes."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.clock import Spent, Spread
from benchmarks.machine import Surroundings
from benchmarks.result import Answer, Line, Result, Table

HEADER = (
    "question",
    "ours: median (least to most)",
    "on the clock",
    "peer: median (least to most)",
    "on the clock",
    "ratio",
    "same optimum",
    "target",
    "met",
)


def markdown(answers: Sequence[Answer], on: Surroundings) -> str:
    """All answers, and what they depend on."""
    tables = []
    if timed := [answer for answer in answers if isinstance(answer, Result)]:
        tables.append(table(HEADER, [_timed(result) for result in timed]))
    tables += [table(answer.header, answer.rows) for answer in answers if isinstance(answer, Table)]
    tables += _counts(answers)
    notes = "\n".join(f"- {answer.question}: {note}" for answer in answers for note in answer.notes)
    parts = [*tables, f"Times without a word beside them are processor time. {on.said()}.", notes]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; what would end a cell is escaped."""
    cells = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in cells)


def shown(seconds: float) -> str:
    """A time in the unit that suits it.

    >>> shown(12.3456), shown(0.0123456), shown(0.0000123456)
    ('12.346 s', '12.35 ms', '12.35 us')
    """
    if abs(seconds) >= 0.1:
        return f"{seconds:.3f} s"
    return f"{seconds * 1e3:.2f} ms" if abs(seconds) >= 1e-3 else f"{seconds * 1e6:.2f} us"


def ratio(line: Line) -> str:
    """The ratio of a line, and that it is a bound where it is one; nothing where there is none."""
    return "" if line.ratio is None else f"{'over ' if line.lower_bound else ''}{plain(line.ratio)}"


def plain(number: float) -> str:
    """Two digits, or all those of a whole number.

    >>> plain(351.4), plain(2.345), plain(0.00123)
    ('351', '2.3', '0.0012')
    """
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def yes(answer: bool | None) -> str:
    """Yes, no, or nothing where nothing was asked."""
    return "" if answer is None else "yes" if answer else "no"


def _timed(result: Result) -> tuple[str, ...]:
    (line,) = result.lines
    peer = result.peer_is + (f", stopped {result.stopped}" if result.stopped else "")
    return (
        result.question,
        _spread([own.cpu for own in result.ours]),
        _median(result.ours),
        f"{peer}: {_spread([theirs.cpu for theirs in result.peer])}" if result.peer else peer,
        _median(result.peer),
        ratio(line),
        result.optimum,
        result.target,
        yes(result.met),
    )


def _spread(seconds: Sequence[float]) -> str:
    found = Spread.of(seconds)
    return f"{shown(found.median)} ({shown(found.least)} to {shown(found.most)})"


def _median(spent: Sequence[Spent]) -> str:
    return shown(Spread.of([each.wall for each in spent]).median) if spent else ""


def _counts(answers: Sequence[Answer]) -> list[str]:
    """A table for each set of names; a question with several peers has the same counts beside each."""
    tables: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
    for answer in answers:
        for line in answer.lines:
            name = answer.question if isinstance(answer, Result) else f"{answer.question}: {line.key}"
            if line.counts:
                row = (name, *(f"{count:,}" for count in line.counts.values()))
                tables.setdefault(tuple(line.counts), {})[name] = row
    return [table(("counts of", *names), list(rows.values())) for names, rows in tables.items()]
