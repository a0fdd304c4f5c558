"""Limits that are linear: numbers for each class and option, and rows of them.

A solution is a count for each class and option, exact; the relaxation's are in fractions.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, compress
from typing import Literal, Protocol, TypeAlias

Number: TypeAlias = int | float | Fraction
Counts: TypeAlias = tuple[tuple[int, ...], ...]
"""How many of each class go to each of its options."""
Amounts: TypeAlias = Sequence[Sequence[float]]
"""The same in fractions, or whole."""
Sense: TypeAlias = Literal["at_most", "at_least"]
Unit: TypeAlias = Literal["usd", "clips", "seconds", "share", "score", "minutes"]
"""``usd`` means micro-dollars."""

Uses: TypeAlias = tuple[tuple[Number, ...], ...]
"""A number for each class and option."""


class Bounded(Protocol):
    """What a solution has to keep."""

    @property
    def name(self) -> str:
        """As the scenario calls it."""

    @property
    def sense(self) -> Sense:
        """On which side of the bound to stay."""

    @property
    def bound(self) -> Number:
        """What is used is compared with this."""

    @property
    def unit(self) -> Unit:
        """What bound and uses are in."""

    @property
    def stated(self) -> bool:
        """Whether it is a limit that can be loosened, not a part of what the problem is."""

    def used(self, counts: Amounts) -> Number:
        """What a solution uses of the limit."""

    @property
    def classes(self) -> frozenset[int]:
        """The classes that can matter to it."""

    def holds(self, counts: Amounts) -> bool:
        """Whether a solution keeps the limit."""


class Limit(Bounded, Protocol):
    """What a solution has to keep, where that is convex."""

    def row_at(self, counts: Amounts) -> Row:
        """A row that says the same of this solution, and that whatever keeps the limit keeps."""


@dataclass(frozen=True, slots=True)
class Row:
    """A limit over all classes: ``sum uses[c][o] x[c][o]`` at most, or at least, ``bound``.

    With ``per``, the limit is on a ratio: the sum is compared with ``bound * sum per[c][o] x[c][o]``.
    """

    name: str
    sense: Sense
    bound: Number
    uses: Uses
    unit: Unit = "usd"
    per: Uses | None = None
    most: int | None = None
    """With whole ``per``: more than this their sum never is; None: not known."""
    digits: int = 0
    """Where a use is a float, sums are compared after rounding to this many decimals: whole micro-dollars by default."""
    stated: bool = True
    """Whether it is a limit that can be loosened, not a part of what the problem is."""

    @property
    def classes(self) -> frozenset[int]:
        """The classes that use anything of it, or count in its ratio."""
        counted = () if self.per is None else self.per
        return frozenset(c for part in (self.uses, counted) for c, own in enumerate(part) if any(own))

    def only(self, classes: Sequence[int]) -> Row:
        """The row over some of the classes."""
        per = None if self.per is None else tuple(self.per[c] for c in classes)
        return replace(self, uses=tuple(self.uses[c] for c in classes), per=per)

    @property
    def exact(self) -> bool:
        """Whether every number is rational, so that the row can be checked without rounding."""
        return float not in set(map(type, chain.from_iterable(self.uses)))

    def linear(self) -> tuple[Uses, Number]:
        """The row as coefficients and right-hand side."""
        if self.per is None:
            return self.uses, self.bound
        pairs = [tuple(zip(*own, strict=True)) for own in zip(self.uses, self.per, strict=True)]
        # There are few different ones, mostly of 0 and 1, and arithmetic of fractions is slow.
        net = {pair: pair[0] - self.bound * pair[1] for pair in set(chain.from_iterable(pairs))}
        return tuple(tuple(net[pair] for pair in own) for own in pairs), 0

    def simplest(self) -> Row:
        """A row that the same solutions keep: no ratio lies between a bound and the next one that so few members can have.

        A bound of many digits, as frontiers state them, makes large numbers of small ones.
        """
        if self.per is None or self.most is None or not self.exact:
            return self
        parts = math.lcm(*(Fraction(use).denominator for use in set(chain.from_iterable(self.uses))))
        nearest = next_fraction(Fraction(self.bound) * parts, self.most, up=self.sense == "at_least")
        return replace(self, bound=nearest / parts)

    def used(self, counts: Amounts) -> Number:
        """What a solution uses of the limit; a ratio over nothing is the bound."""
        total = weighed(self.uses, counts)
        if self.per is not None:
            served = weighed(self.per, counts)
            return Fraction(total) / Fraction(served) if served else self.bound
        # Whole numbers are what they are; to look for floats takes longer than to add.
        return total if isinstance(total, int) or self.exact else round(total, self.digits or None)

    def holds(self, counts: Amounts) -> bool:
        """Whether a solution keeps the limit."""
        used = self.used(counts)
        return used <= self.bound if self.sense == "at_most" else used >= self.bound

    def row_at(self, counts: Amounts) -> Row:
        """The row itself."""
        return self


def next_fraction(value: Fraction, most: int, *, up: bool) -> Fraction:
    """The nearest fraction with a denominator of at most ``most`` that is not below the value, or not above it.

    Source: continued fractions, as in `fractions.Fraction.limit_denominator`.

    >>> next_fraction(Fraction("8.833333333"), 12, up=True), next_fraction(Fraction("0.333333334"), 12, up=False)
    (Fraction(53, 6), Fraction(1, 3))
    """
    if value.denominator <= most:
        return value
    p, q, p_next, q_next = 0, 1, 1, 0
    numerator, denominator = value.as_integer_ratio()
    while q + (whole := numerator // denominator) * q_next <= most:
        p, q, p_next, q_next = p_next, q_next, p + whole * p_next, q + whole * q_next
        numerator, denominator = denominator, numerator - whole * denominator
    steps = (most - q) // q_next
    return (max if up else min)(Fraction(p + steps * p_next, q + steps * q_next), Fraction(p_next, q_next))


def total_of(terms: Sequence[Number]) -> Number:
    """Exact for rational terms, correctly rounded for floats."""
    kinds = set(map(type, terms))
    if float in kinds:
        return math.fsum(terms)
    if Fraction not in kinds:
        return sum(terms)
    # Those of one denominator are added first, as whole numbers, which is faster.
    over: defaultdict[int, int] = defaultdict(int)
    for term in terms:
        numerator, denominator = term.as_integer_ratio()
        over[denominator] += numerator
    return sum((Fraction(numerator, denominator) for denominator, numerator in over.items()), Fraction(0))


def weighed(weights: Uses, counts: Amounts) -> Number:
    """``sum weights[c][o] counts[c][o]``: exact for rational weights, correctly rounded for floats."""
    used = compress(chain.from_iterable(weights), chain.from_iterable(counts))
    amounts = filter(None, chain.from_iterable(counts))
    return total_of([weight if amount == 1 else weight * amount for weight, amount in zip(used, amounts, strict=True)])


def whole_numbers(values: Sequence[Number]) -> tuple[tuple[int, ...], Fraction] | None:
    """The values as whole multiples of the largest unit that allows it, and that unit; None if one is a fractional float.

    >>> whole_numbers([1_250_000, 1_500_000.0])
    ((5, 6), Fraction(250000, 1))
    >>> whole_numbers([Fraction(1, 2), Fraction(1, 3)]), whole_numbers([0.5])
    (((3, 2), Fraction(1, 6)), None)
    """
    kinds = set(map(type, values))
    if float in kinds and not all(value.is_integer() for value in values if isinstance(value, float)):
        return None
    if Fraction not in kinds:
        whole = [*map(int, values)]
        divisor = math.gcd(*whole) or 1
        return tuple([value // divisor for value in whole]), Fraction(divisor)
    pairs = [value.as_integer_ratio() for value in values]
    scale = math.lcm(*{denominator for _, denominator in pairs})
    whole = [numerator * (scale // denominator) for numerator, denominator in pairs]
    divisor = math.gcd(*whole) or 1
    return tuple([value // divisor for value in whole]), Fraction(divisor, scale)
