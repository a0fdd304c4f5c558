"""Risk measures over outage states, as limits and in the objective: each is the largest of many linear costs.

What is linear and touches them at a solution (``slope``, ``row_at``) is all that a search ever sees of them; the relaxation of an objective
knows their states (see `prices`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import mul

from router.optimization.rows import Amounts, Number, Row, Sense, Unit, Uses, total_of, weighed

NOTHING = 1e-7
"""Of the largest share of a state: what floats leave of nothing, and less than all by this is all."""


@dataclass(frozen=True, slots=True)
class Tail:
    """A risk measure over outage states: the mean cost of the worst of them, or the cost of the very worst.

    It is the largest of the linear costs ``sum_s q_s costs[c][o][s] x[c][o]`` over all shares ``q`` of the states that add up to 1,
    each at most ``probability / (1 - level)``: the shares that the worst states of a solution take give its value.

    Source: R. T. Rockafellar and S. Uryasev, Conditional Value-at-Risk for General Loss Distributions, Journal of Banking & Finance 26
    (2002); A. Kuenzi-Bay and J. Mayer, Computational Aspects of Minimizing Conditional Value-at-Risk, Computational Management Science 3
    (2006).
    """

    name: str
    level: float | None
    """At least 0 and below 1: the mean is over the worst ``1 - level`` share of the states. None: the largest over all states."""
    probabilities: tuple[float, ...]
    """Of each state; they add up to 1, and do not matter to the largest."""
    costs: tuple[tuple[tuple[Number, ...], ...], ...]
    """Of one member of a class on an option, in each state: micro-dollars."""
    bound: Number = math.inf
    """At most this much; infinite where the tail is no limit."""
    weight: float = 0.0
    """In the objective."""

    @property
    def sense(self) -> Sense:
        """Risk is bounded from above."""
        return "at_most"

    @property
    def stated(self) -> bool:
        """A bound on risk can be loosened."""
        return True

    @property
    def unit(self) -> Unit:
        """Micro-dollars."""
        return "usd"

    @property
    def classes(self) -> frozenset[int]:
        """The classes that cost anything in any state."""
        return frozenset(c for c, own in enumerate(self.costs) if any(map(any, own)))

    def only(self, classes: Sequence[int]) -> Tail:
        """The tail over some of the classes."""
        return replace(self, costs=tuple(self.costs[c] for c in classes))

    @property
    def caps(self) -> tuple[float, ...]:
        """The largest share that each state can have of the worst ones."""
        if self.level is None:
            return (1.0,) * len(self.probabilities)
        return tuple(probability / (1 - self.level) for probability in self.probabilities)

    def value(self, counts: Amounts) -> Number:
        """The mean cost of the worst states, or the cost of the worst: exact where that is a sum of rational numbers."""
        return self.worth(self.totals(counts))

    def totals(self, counts: Amounts) -> list[Number]:
        """What a solution costs in each state."""
        pairs = (pair for own, row in zip(self.costs, counts, strict=True) for pair in zip(own, row, strict=True))
        used = [(states, amount) for states, amount in pairs if amount]
        amounts = [amount for _, amount in used]
        return [
            total_of([*map(mul, amounts, column)]) for column in zip(*(states for states, _ in used), strict=True)
        ] or [0] * len(self.probabilities)

    def worth(self, totals: Sequence[Number]) -> Number:
        """The value where states cost so much."""
        return max(totals) if self.level is None else math.fsum(map(mul, self._shares(totals), totals))

    def used(self, counts: Amounts) -> Number:
        """The value; floats are rounded to the micro-dollar."""
        value = self.value(counts)
        return round(value) if isinstance(value, float) else value

    def holds(self, counts: Amounts) -> bool:
        """Whether a solution keeps the bound."""
        return self.bound == math.inf or self.used(counts) <= self.bound

    def row_at(self, counts: Amounts) -> Row:
        """The bound on the linear cost that gives the value here."""
        return Row(self.name, "at_most", self.bound, self.slope(counts))

    def slope(self, counts: Amounts) -> Uses:
        """The linear cost that gives the value here, and never more than the value elsewhere."""
        return self.mixed(self.shares(counts))

    def mixed(self, shares: Sequence[float]) -> Uses:
        """The mean cost with these shares of the states: never more than the value, if they are within the caps and add up to 1."""
        known = [s for s, share in enumerate(shares) if share]
        weights = [shares[s] for s in known]
        if weights == [1.0]:
            return self.state(known[0])
        return tuple(tuple(sum(map(mul, weights, [states[s] for s in known])) for states in own) for own in self.costs)

    def shares(self, counts: Amounts) -> list[float]:
        """What share each state has of the worst ones at a solution, the first of equals first."""
        return self._shares(self.totals(counts))

    def told_apart(self, shares: Sequence[float]) -> tuple[frozenset[int], frozenset[int]]:
        """The states that have all the share they can have, and those that have a part of it."""
        caps = self.caps
        worst = frozenset(s for s, share in enumerate(shares) if share >= (1 - NOTHING) * caps[s] > 0)
        return worst, frozenset(s for s, share in enumerate(shares) if share > NOTHING * caps[s]) - worst

    def in_turn(self, shares: Sequence[float]) -> list[list[float]]:
        """The shares if of the states that have a part of what they can have, one came first, then another: for each of them."""
        worst, between = self.told_apart(shares)
        turns = []
        for first in sorted(between) or [0]:
            places = [2.0 if s in worst else float(s in between) for s in range(len(shares))]
            places[first] *= 1.5
            turns.append(self._shares(places))
        return turns

    def state(self, s: int) -> Uses:
        """The cost in one state."""
        return tuple(tuple(states[s] for states in own) for own in self.costs)

    def _shares(self, totals: Sequence[Number]) -> list[float]:
        shares, left, caps = [0.0] * len(totals), 1.0, self.caps
        for state in sorted(range(len(totals)), key=lambda state: -totals[state]):
            shares[state] = min(left, caps[state])
            left -= shares[state]
        # Probabilities that add up to 1 but for rounding.
        return [share / (1 - left) for share in shares] if left > 0 else shares


@dataclass(frozen=True, slots=True)
class Objective:
    """What is minimised: ``sum weights[c][o] x[c][o]``, and tails by their weights."""

    weights: Uses
    tails: tuple[Tail, ...] = ()

    def value(self, counts: Amounts) -> Number:
        """The objective of a solution."""
        linear = weighed(self.weights, counts)
        return total_of([linear, *(tail.weight * tail.value(counts) for tail in self.tails)]) if self.tails else linear

    def only(self, classes: Sequence[int]) -> Objective:
        """The objective over some of the classes."""
        return Objective(tuple(self.weights[c] for c in classes), tuple(tail.only(classes) for tail in self.tails))

    def slope(self, counts: Amounts) -> Uses:
        """The linear objective that gives the same value here, and never more elsewhere."""
        return self.mixed([tail.shares(counts) for tail in self.tails])

    def mixed(self, shares: Sequence[Sequence[float]]) -> Uses:
        """The linear objective in which the states of each tail have these shares."""
        total = self.weights
        for tail, own_shares in zip(self.tails, shares, strict=True):
            total = tuple(
                tuple(weight + tail.weight * more for weight, more in zip(*own, strict=True))
                for own in zip(total, tail.mixed(own_shares), strict=True)
            )
        return total


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A limit: a cost that is the largest of linear ones is at most the bound."""

    name: str
    objective: Objective
    """The cost."""
    bound: Number
    digits: int = 0
    """Costs are compared after rounding to this many decimals."""
    sense: Sense = "at_most"
    unit: Unit = "usd"
    stated: bool = True

    def used(self, counts: Amounts) -> Number:
        """The cost; floats are rounded."""
        value = self.objective.value(counts)
        return round(value, self.digits or None) if isinstance(value, float) else value

    def holds(self, counts: Amounts) -> bool:
        """Whether a solution costs no more."""
        return self.used(counts) <= self.bound

    @property
    def classes(self) -> frozenset[int]:
        """The classes that cost anything."""
        linear = frozenset(c for c, own in enumerate(self.objective.weights) if any(own))
        return linear.union(*(tail.classes for tail in self.objective.tails))

    def only(self, classes: Sequence[int]) -> Ceiling:
        """The limit over some of the classes."""
        return replace(self, objective=self.objective.only(classes))

    def row_at(self, counts: Amounts) -> Row:
        """The bound on the linear cost that gives the value here."""
        return self.row_of(self.objective.slope(counts))

    def row_of(self, face: Uses) -> Row:
        """The bound on a linear cost that is never above the cost."""
        return Row(self.name, self.sense, self.bound, face, digits=self.digits, stated=self.stated)
