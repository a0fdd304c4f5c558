"""How long outages last, from attempts that find a model up or down now and then.

A two-state Markov chain in continuous time: with availability ``a`` and mean down time ``R``, a model that was found down is up
``t`` minutes later with probability ``a (1 - exp(-t / (a R)))``. Only what follows an attempt that found it down says how long
outages last; the likelihood of these observations is maximised over ``R``, with ``a`` taken from all attempts (Kalbfleisch and
Lawless 1985, "The analysis of panel data under a Markov assumption", JASA 80). Times are minutes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

LONGEST = 1e7
"""No mean time is looked for beyond this."""
HALF_CHI_SQUARE = 1.920729410347062
"""Half the 95 % quantile of chi-square with one degree of freedom: how far the log-likelihood falls within the interval (Wilks 1938)."""


@dataclass(frozen=True)
class Downs:
    """What followed the attempts of one model that found it down: how often it was up again, or not, after how long."""

    availability: float
    after: Counter[tuple[float, bool]] = field(default_factory=Counter)
    """(minutes until the next attempt, whether that found it up): how often."""

    @property
    def returns(self) -> int:
        """How often the next attempt found it up: completed outages."""
        return sum(times for (_, back), times in self.after.items() if back)

    def log_likelihood(self, repair: float) -> float:
        """Of a mean down time."""
        found = 0.0
        for (minutes, back), times in self.after.items():
            up = -self.availability * math.expm1(-minutes / (repair * self.availability))
            chance = up if back else 1 - up
            found += times * math.log(chance) if chance > 0 else -math.inf
        return found


@dataclass(frozen=True, slots=True)
class Repair:
    """A mean down time with its 95 % likelihood interval, minutes; ``low`` is 0 where outages may be shorter than any gap in the log."""

    mean: float
    low: float
    high: float


def downs(states: Sequence[tuple[float, bool]], availability: float) -> Downs:
    """What followed each attempt that found a model down.

    Parameters
    ----------
    states
        (minutes, whether it was up) of its attempts, in the order of time.
    """
    after: Counter[tuple[float, bool]] = Counter()
    for (before, was_up), (now, is_up) in pairwise(states):
        # Two attempts at the same moment say nothing about time. Three digits keep the number of different gaps small.
        if not was_up and now > before:
            after[float(f"{now - before:.3g}"), is_up] += 1
    return Downs(availability, after)


def repair_time(logs: Iterable[Downs]) -> Repair | None:
    """The mean down time that all logs share; None where no outage ended, or outages are too short for the log to time."""
    told = [log for log in logs if log.after]
    if not any(log.returns for log in told):
        return None

    def likelihood(logarithm: float) -> float:
        return math.fsum(log.log_likelihood(math.exp(logarithm)) for log in told)

    # Thirty times shorter than the shortest gap is as good as no time at all.
    start, end = math.log(min(gap for log in told for gap, _ in log.after) / 30), math.log(LONGEST)
    best = _highest(likelihood, start, end)
    least = likelihood(best) - HALF_CHI_SQUARE
    if likelihood(start) >= likelihood(best) - 1e-9:
        return None
    low = 0.0 if likelihood(start) > least else math.exp(_crossing(likelihood, least, start, best))
    high = LONGEST if likelihood(end) > least else math.exp(_crossing(likelihood, least, end, best))
    return Repair(math.exp(best), low, high)


def worth(states: Sequence[tuple[float, bool]], availability: float, repair: float) -> float:
    """How many independent observations a model's attempts are worth, when outages last ``repair`` minutes on average.

    Attempts ``t`` minutes apart correlate by ``exp(-t / (a R))``; the mean of ``n`` of them varies as that of
    ``n^2 / (sum of all correlations)`` independent ones.
    """
    shared, total = 0.0, 0.0
    for position, (now, _) in enumerate(states):
        if position:
            shared = (shared + 1) * math.exp(-(now - states[position - 1][0]) / (availability * repair))
        total += 1 + 2 * shared
    return len(states) ** 2 / total


def _highest(value: Callable[[float], float], start: float, end: float) -> float:
    """Where a smooth function is highest: the best of 40 places, refined by golden sections."""
    step = (end - start) / 40
    best = max((start + step * i for i in range(41)), key=value)
    low, high = max(start, best - step), min(end, best + step)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if value(left) < value(right):
            low = left
        else:
            high = right
    return (low + high) / 2


def _crossing(value: Callable[[float], float], level: float, outside: float, inside: float) -> float:
    """Where a function falls to ``level`` between a place below it and one above it."""
    for _ in range(40):
        middle = (outside + inside) / 2
        if value(middle) < level:
            outside = middle
        else:
            inside = middle
    return (outside + inside) / 2
