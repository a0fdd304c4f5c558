"""Logs of attempts with a known truth: a model that goes down and comes back in time, fails and is kept by chance."""

from __future__ import annotations

import datetime as dt
import random
from typing import NamedTuple

from router.schema.calibration import LoggedAttempt, Outcome

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


class Truth(NamedTuple):
    """What a log is drawn from."""

    availability: float = 0.95
    failure_rate: float = 0.08
    keep_rate: float = 0.7
    repair_minutes: float = 30.0


PLAIN = Truth()


def log(seed: int, truth: Truth = PLAIN, *, attempts: int = 600, gap_minutes: float = 6.0) -> list[LoggedAttempt]:
    """Attempts at random moments on model ``p/m``, whose states are a Markov chain in continuous time."""
    draw = random.Random(seed)
    stays_up = truth.repair_minutes * truth.availability / (1 - truth.availability)

    def stay(up: bool) -> float:
        return draw.expovariate(1 / (stays_up if up else truth.repair_minutes))

    now, up = 0.0, draw.random() < truth.availability
    changes = stay(up)
    found = []
    for _ in range(attempts):
        now += draw.expovariate(1 / gap_minutes)
        while changes <= now:
            up = not up
            changes += stay(up)
        outcome: Outcome = "kept" if draw.random() < truth.keep_rate else "rejected"
        if draw.random() < truth.failure_rate:
            outcome = "billed"
        found.append(LoggedAttempt("p", "m", outcome if up else "down", START + dt.timedelta(minutes=now)))
    return found


def each(outcomes: dict[Outcome, int], provider: str = "p", model: str = "m") -> list[LoggedAttempt]:
    """So many attempts with each outcome, without times."""
    return [LoggedAttempt(provider, model, outcome) for outcome, times in outcomes.items() for _ in range(times)]
