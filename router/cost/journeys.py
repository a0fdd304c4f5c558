"""Exposures made ready to be walked: each chain with the causes that are uncertain, and what must be remembered of them.

A cause whose state is drawn for a clip of its own is forgotten as soon as no later step or take can ask for it again, so
that clips that differ in nothing else stay together.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from router.errors import InputError
from router.schema.exposure import Attempt, Chances, Exposure
from router.schema.scenario import Correlation

SUM_OF_TRANSITIONS = 100_000
"""A draw in which more goes down and comes back than this is refused: it would take minutes."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is neither surely up nor surely down."""

    name: str
    kind: str
    """``model`` or ``provider``."""
    availability: float
    correlation: Correlation
    down_minutes: float = 0.0
    """Mean time for which it is down; for ``over-time``."""

    @property
    def up_minutes(self) -> float:
        """Mean time for which it is up, so that it is up for its availability's share of the time."""
        return self.down_minutes * self.availability / (1 - self.availability)


@dataclass(frozen=True, slots=True)
class Journey:
    """What clips that meet the same chances go through; steps that are surely down, or never reached, are left out."""

    attempts: tuple[Attempt, ...]
    causes: tuple[Cause, ...]
    """All that bear on some step."""
    needs: tuple[tuple[int, ...], ...]
    """Which of them must be up for each step."""
    ends: tuple[tuple[int, ...], ...]
    """Which of them no step after this one needs."""
    remembered: tuple[bool, ...]
    """Whether a cause's state, once drawn for a clip, can be asked for again."""
    takes: int
    """1 where every take is kept."""
    clips: int

    @property
    def over_time(self) -> tuple[Cause, ...]:
        """Those of its causes that go down and come back."""
        return tuple(cause for cause in self.causes if cause.correlation == "over-time")


def journeys(chances: Chances) -> tuple[Journey, ...]:
    """The journeys of all clips; equal ones are one, unless their clips are spread over time.

    Raises
    ------
    router.errors.InputError
        If ``over-time`` comes without the times that it needs, or with more outages than can be drawn.
    """
    exposures: list[tuple[tuple[Attempt, ...], int, int]]
    if "over-time" in (chances.correlation, chances.provider_correlation):
        exposures = [(own.attempts, own.takes, own.count) for own in chances.exposures]
    else:
        counts: Counter[tuple[tuple[Attempt, ...], int]] = Counter()
        for own in chances.exposures:
            counts[own.attempts, own.takes] += own.count
        exposures = [(*alike, count) for alike, count in counts.items()]
    found = tuple(_journey(Exposure(*own), chances) for own in exposures)
    _refuse_endless({cause for own in found for cause in own.over_time}, chances)
    return found


def transitions(causes: set[Cause] | tuple[Cause, ...], run_minutes: float) -> float:
    """Mean number of times that these causes go down or come back in one run."""
    return sum(2 * (1 - cause.availability) * run_minutes / cause.down_minutes for cause in causes)


def _journey(exposure: Exposure, chances: Chances) -> Journey:
    attempts: list[Attempt] = []
    needs: list[tuple[int, ...]] = []
    columns: dict[Cause, int] = {}
    for given in exposure.attempts:
        # A plan file may miss a rate by a rounding error, which a binomial would not forgive.
        attempt = given._replace(failure_rate=_within(given.failure_rate), keep_rate=_within(given.keep_rate))
        needed = _causes(attempt, chances)
        if needed is None:
            continue
        attempts.append(attempt)
        needs.append(tuple(columns.setdefault(cause, len(columns)) for cause in needed))
        if not needed and not attempt.failure_rate:
            break
    takes = exposure.takes if any(attempt.keep_rate < 1 for attempt in attempts) else 1
    uses = Counter(column for step in needs for column in step)
    last = {column: step for step, own in enumerate(needs) for column in own}
    return Journey(
        tuple(attempts),
        tuple(columns),
        tuple(needs),
        tuple(tuple(column for column in last if last[column] == step) for step in range(len(needs))),
        tuple(takes > 1 or uses[column] > 1 for column in range(len(columns))),
        takes,
        exposure.count,
    )


def _within(rate: float) -> float:
    return min(max(rate, 0.0), 1.0)


def _causes(attempt: Attempt, chances: Chances) -> list[Cause] | None:
    """What must be up for this step and may be down, its provider first; None if something is surely down."""
    found = []
    for name, kind, availability, correlation in (
        (attempt.provider, "provider", chances.providers.get(attempt.provider), chances.provider_correlation),
        (attempt.cause, "model", attempt.availability, chances.correlation),
    ):
        if availability is None or availability >= 1:
            continue
        if availability <= 0:
            return None
        down = 0.0
        if correlation == "over-time":
            down = (chances.repair_minutes or {}).get(name, 0.0)
            if not (0 < down < math.inf and 0 < (chances.run_minutes or 0) < math.inf):
                raise InputError(f'outages.correlation = "over-time" needs repair_minutes of {name}, and run_minutes')
        found.append(Cause(name, kind, availability, correlation, down))
    return found


def _refuse_endless(causes: set[Cause], chances: Chances) -> None:
    expected = transitions(causes, chances.run_minutes or 0.0)
    if expected > SUM_OF_TRANSITIONS:
        raise InputError(
            f"over a run of {chances.run_minutes:,g} minutes models go down or come back about {expected:,.0f} times, more than the "
            f'{SUM_OF_TRANSITIONS:,} that can be simulated; raise outages.repair_minutes, or use correlation = "per-request", '
            "which such short outages come to"
        )
