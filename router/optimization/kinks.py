"""Where tails in the objective bend at the linear relaxation's solution: states that cost the same there, and share what worse ones leave.

Next to that solution a tail is a linear cost, in which these states have the relaxation's shares, and what it takes that they are even
no more: the more of a share goes to those that then cost more.

Costs are micro-dollars.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from router.optimization.rows import Counts, Number, Uses, weighed
from router.optimization.tails import Objective


@dataclass(frozen=True, slots=True)
class Kink:
    """States of a tail that are even, the first of them the one that the others are compared with."""

    over: tuple[Uses, ...]
    """What each of the others costs more than the first."""
    caps: tuple[float, ...]
    """The largest share that each state can have, times the tail's weight."""
    together: float
    """The share that all have together, times the tail's weight."""

    def shares(self, others: Sequence[float]) -> tuple[float, ...] | None:
        """The shares of all, given those of the others; None if one has none, or all that it can have."""
        shares = (self.together - math.fsum(others), *others)
        inside = all(0 < share < cap for share, cap in zip(shares, self.caps, strict=True))
        return shares if inside else None


def bent(objective: Objective, shares: Sequence[Sequence[float]]) -> tuple[Uses, tuple[Kink, ...]]:
    """The objective if of states that are even one has what all of them have together, linear; and where it bends.

    Parameters
    ----------
    shares
        For each tail, what share the relaxation gives to each of its states.
    """
    taken, kinks = [], []
    for tail, own in zip(objective.tails, shares, strict=True):
        worst, between = tail.told_apart(own)
        caps = tail.caps
        if not between:
            taken += tail.in_turn(own)
            continue
        # Compared with the one whose share can grow and shrink most, none of the others can differ by much.
        first, *others = sorted(between, key=lambda s: -min(own[s], caps[s] - own[s]))
        together = 1 - math.fsum(caps[s] for s in worst)
        taken.append([caps[s] if s in worst else together if s == first else 0.0 for s in range(len(caps))])
        over = tuple(
            tuple(tuple(float(states[s]) - float(states[first]) for states in options) for options in tail.costs)
            for s in others
        )
        kinks.append(Kink(over, tuple(tail.weight * caps[s] for s in (first, *others)), tail.weight * together))
    return objective.mixed(taken), tuple(kinks)


class Moved(NamedTuple):
    """Members of a class, from one option to another."""

    c: int
    start: int
    end: int
    times: int

    def changed(self, weights: Uses) -> Number:
        """By how much that moves a sum."""
        own = weights[self.c]
        return self.times * (own[self.end] - own[self.start])


class Nearby:
    """An objective, of solutions that differ from one in few members."""

    def __init__(self, objective: Objective, start: Counts) -> None:
        self.objective = objective
        self._linear = weighed(objective.weights, start)
        self._totals = [tail.totals(start) for tail in objective.tails]

    def value(self, moved: Iterable[Moved]) -> float:
        """The objective where so many more are moved."""
        moved = list(moved)
        terms = [float(self._linear), *(float(move.changed(self.objective.weights)) for move in moved)]
        for tail, totals in zip(self.objective.tails, self._totals, strict=True):
            for move in moved:
                pairs = zip(tail.costs[move.c][move.end], tail.costs[move.c][move.start], strict=True)
                more = [move.times * (after - before) for after, before in pairs]
                totals = [total + own for total, own in zip(totals, more, strict=True)]
            terms.append(tail.weight * float(tail.worth(totals)))
        return math.fsum(terms)
