"""The abstract assignment problem: classes with counts, options with costs, limits as rows.

Find whole numbers ``x[c][o] >= 0`` with ``sum_o x[c][o] = count[c]`` that keep every row and minimise
``sum cost[c][o] x[c][o]``; among the plans of equal cost, the ``ties`` are minimised one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

Number: TypeAlias = int | float | Fraction
Counts: TypeAlias = tuple[tuple[int, ...], ...]
"""How many of each class go to each of its options."""

SAME_COST = 1e-3
"""Costs are micro-dollars; what differs by less than a thousandth of one differs by rounding of floats only."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to settle one member of a class."""

    cost: float
    """Micro-dollars; whole unless a probability is in it."""
    ties: tuple[Number, ...] = ()
    """What to minimise next, in this order, where costs are equal."""


@dataclass(frozen=True, slots=True)
class Group:
    """A class: ``count`` equal members, each to be settled by one of the options."""

    count: int
    options: tuple[Option, ...]


Uses: TypeAlias = tuple[tuple[Number, ...], ...]
"""A number for each class and option."""


@dataclass(frozen=True, slots=True)
class Row:
    """A limit over all classes: ``sum uses[c][o] x[c][o]`` at most, or at least, ``bound``.

    With ``per``, the limit is on a ratio: the sum is compared with ``bound * sum per[c][o] x[c][o]``.
    """

    name: str
    sense: Literal["at_most", "at_least"]
    bound: Number
    uses: Uses
    unit: Literal["usd", "clips", "seconds", "share"] = "usd"
    """What bound and uses are in; ``usd`` means micro-dollars."""
    per: Uses | None = None
    digits: int = 0
    """Where a use is a float, sums are compared after rounding to this many decimals: whole micro-dollars by default."""

    @property
    def exact(self) -> bool:
        """Whether every number is rational, so that the row can be checked without rounding."""
        return not any(isinstance(use, float) for uses in self.uses for use in uses)

    def linear(self) -> tuple[Uses, Number]:
        """The row as coefficients and right-hand side."""
        if self.per is None:
            return self.uses, self.bound
        pairs = zip(self.uses, self.per, strict=True)
        return tuple(tuple(use - self.bound * per for use, per in zip(*own, strict=True)) for own in pairs), 0

    def used(self, counts: Counts) -> Number:
        """What a solution uses of the limit; a ratio over nothing is the bound."""
        total = weighed(self.uses, counts)
        if self.per is not None:
            served = weighed(self.per, counts)
            return Fraction(total) / Fraction(served) if served else self.bound
        return total if self.exact else round(total, self.digits or None)

    def holds(self, counts: Counts) -> bool:
        """Whether a solution keeps the limit."""
        used = self.used(counts)
        return used <= self.bound if self.sense == "at_most" else used >= self.bound


def weighed(weights: Uses, counts: Counts) -> Number:
    """``sum weights[c][o] counts[c][o]``: exact for rational weights, correctly rounded for floats."""
    terms = [w * n for own, row in zip(weights, counts, strict=True) for w, n in zip(own, row, strict=True) if n]
    return math.fsum(terms) if any(isinstance(term, float) for term in terms) else sum(terms, 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """Classes, and the limits that couple them."""

    groups: tuple[Group, ...]
    rows: tuple[Row, ...] = ()

    def cost(self, counts: Counts) -> float:
        """The objective of a solution, micro-dollars."""
        return float(weighed(self.costs, counts))

    @property
    def everything(self) -> Counts:
        """How many of each class can go to each option: all of them."""
        return tuple((group.count,) * len(group.options) for group in self.groups)

    @property
    def costs(self) -> Uses:
        """The cost of every option."""
        return tuple(tuple(option.cost for option in group.options) for group in self.groups)

    def ties(self) -> list[Uses]:
        """The weights of each tie-breaker that can tell any two options of one class apart."""
        depth = max((len(option.ties) for group in self.groups for option in group.options), default=0)
        levels = [
            tuple(tuple(option.ties[t] for option in group.options) for group in self.groups) for t in range(depth)
        ]
        return [level for level in levels if any(len(set(own)) > 1 for own in level)]


@dataclass(frozen=True, slots=True)
class Solution:
    """The counts found, and how good they are known to be."""

    counts: Counts
    cost: float
    bound: float
    """No solution costs less, micro-dollars."""
    method: Literal["argmin", "solver"]
    proven: bool
    """Whether the cost equals the bound."""


def without_limits(problem: Problem) -> Counts:
    """Every class on its best option: optimal where no limit binds, and a lower bound where one does."""
    return tuple(_all_on(group, _best(group.options)) for group in problem.groups)


def _best(options: Sequence[Option]) -> int:
    least = min(option.cost for option in options)
    tied = [o for o, option in enumerate(options) if option.cost <= least + SAME_COST]
    return min(tied, key=lambda o: options[o].ties)


def _all_on(group: Group, best: int) -> tuple[int, ...]:
    return tuple(group.count if o == best else 0 for o in range(len(group.options)))


def whole_numbers(values: Sequence[Number]) -> tuple[tuple[int, ...], Fraction] | None:
    """The values as whole multiples of the largest unit that allows it, and that unit; None if one is a fractional float.

    >>> whole_numbers([1_250_000, 1_500_000.0])
    ((5, 6), Fraction(250000, 1))
    >>> whole_numbers([Fraction(1, 2), Fraction(1, 3)]), whole_numbers([0.5])
    (((3, 2), Fraction(1, 6)), None)
    """
    if any(isinstance(value, float) and not value.is_integer() for value in values):
        return None
    if not any(isinstance(value, Fraction) for value in values):
        whole = [int(value) for value in values]
        divisor = math.gcd(*whole) or 1
        return tuple(value // divisor for value in whole), Fraction(divisor)
    exact = [Fraction(value) for value in values]
    scale = math.lcm(*(value.denominator for value in exact))
    whole = [int(value * scale) for value in exact]
    divisor = math.gcd(*whole) or 1
    return tuple(value // divisor for value in whole), Fraction(divisor, scale)
