"""Time as it is measured here: processor time of this process and of the programs it waited for, and wall time; seconds."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """What a piece of work took."""

    cpu: float
    """Seconds of processor time, user and system, finished child processes included."""
    wall: float
    """Seconds on the clock."""


class Stopwatch:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._cpu, self._wall = _cpu(), time.perf_counter()

    def spent(self) -> Spent:
        """What has been spent so far."""
        return Spent(_cpu() - self._cpu, time.perf_counter() - self._wall)


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
