"""The stages of planning, in the order in which `router.pipeline.plan` goes through them, and how long each takes.

All times are seconds on the clock.
"""

from __future__ import annotations

import time
from typing import Literal, TypeAlias, get_args

Stage: TypeAlias = Literal[
    "market",
    "classes",
    "candidates",
    "formulation",
    "solve",
    "routes",
    "distribution",
    "moves",
    "assembly",
    "shadow-prices",
    "check",
]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Laps:
    """A stopwatch that is told whenever a stage ends: it began where the one before it ended, the first where this was made.

    Attributes
    ----------
    seconds : dict of Stage and float
        How long each stage took, in the order in which they ended.
    """

    def __init__(self) -> None:
        self.seconds: dict[Stage, float] = {}
        self._since = time.perf_counter()

    def ended(self, stage: Stage) -> float:
        """A stage is over; how long it took."""
        now = time.perf_counter()
        took, self._since = now - self._since, now
        self.seconds[stage] = took
        return took
