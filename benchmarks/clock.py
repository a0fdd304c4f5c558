"""Time as it is measured here: processor time of this process and of its children, and wall time; seconds.

The solver's process is kept from one model to the next. Linux says what a child that still runs has taken; elsewhere it is not counted.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spent:
    """What a piece of work took."""

    cpu: float
    """Seconds of processor time, user and system, child processes included, finished or not."""
    wall: float
    """Seconds on the clock."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing, seconds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """The spread of at least one measurement."""
        return cls(statistics.median(seconds), min(seconds), max(seconds))

    def document(self) -> dict[str, float]:
        """As plain values."""
        return {"median": self.median, "least": self.least, "most": self.most}


def repeated(work: Callable[[], object], at_least_seconds: float) -> Spent:
    """What a piece of work takes on average, repeated until so much time is over on the clock: clocks are too coarse for one of it."""
    watch, times = Stopwatch(), 0
    end = time.perf_counter() + at_least_seconds
    while not times or time.perf_counter() < end:
        work()
        times += 1
    spent = watch.spent()
    return Spent(spent.cpu / times, spent.wall / times)


class Stopwatch:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._cpu, self._wall = _cpu(), time.perf_counter()

    def spent(self) -> Spent:
        """What has been spent so far."""
        return Spent(_cpu() - self._cpu, time.perf_counter() - self._wall)


def _cpu() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + _of_running()


def _of_running() -> float:
    """What the children that still run, and the programs that these waited for, have taken."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # It has just ended.
        # The parent is field 4 of proc(5); fields 14 to 17 are user and system time of the process, then of its children.
        if int(fields[1]) == os.getpid():
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
