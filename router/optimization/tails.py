"""Risk measures over outage states, as limits and in the objective: each is the largest of many linear costs.

What is linear and touches them at a solution (``slope``, ``row_at``) is all that the solver ever sees of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import mul

from router.optimization.rows import Amounts, Number, Row, Sense, Unit, Uses, total_of, weighed


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

    def value(self, counts: Amounts) -> Number:
        """The mean cost of the worst states, or the cost of the worst: exact where that is a sum of rational numbers."""
        totals = self._totals(counts)
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
        shares = self._shares(self._totals(counts))
        if self.level is None:
            return self.state(shares.index(1.0))
        worst_ones = [s for s, share in enumerate(shares) if share]
        weights = [shares[s] for s in worst_ones]
        return tuple(
            tuple(sum(map(mul, weights, [states[s] for s in worst_ones])) for states in own) for own in self.costs
        )

    def state(self, s: int) -> Uses:
        """The cost in one state."""
        return tuple(tuple(states[s] for states in own) for own in self.costs)

    def _totals(self, counts: Amounts) -> list[Number]:
        """What a solution costs in each state."""
        pairs = (pair for own, row in zip(self.costs, counts, strict=True) for pair in zip(own, row, strict=True))
        used = [(states, amount) for states, amount in pairs if amount]
        amounts = [amount for _, amount in used]
        return [
            total_of([*map(mul, amounts, column)]) for column in zip(*(states for states, _ in used), strict=True)
        ] or [0] * len(self.probabilities)

    def _shares(self, totals: Sequence[Number]) -> list[float]:
        """What share each state has of the worst ones, the first of equals first."""
        shares = [0.0] * len(totals)
        order = sorted(range(len(totals)), key=lambda state: -totals[state])
        if self.level is None:
            shares[order[0]] = 1.0
            return shares
        left = 1.0
        for state in order:
            shares[state] = min(left, self.probabilities[state] / (1 - self.level))
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
        total = self.weights
        for tail in self.tails:
            total = tuple(
                tuple(weight + tail.weight * more for weight, more in zip(*own, strict=True))
                for own in zip(total, tail.slope(counts), strict=True)
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
