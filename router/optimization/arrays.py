"""A problem of very many options as arrays: what every option weighs at given prices is one pass over them.

Limits are brought to ``uses @ amounts <= bounds``, in whole numbers wherever that is exact. Costs are micro-dollars. Sums over all
options are left to ``einsum``: several threads, as ``@`` may start, take more processor time than they save on the clock.

Imports numpy, and is imported only where there are many options.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from operator import attrgetter, methodcaller
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.optimization.problem import Problem, all_on
from router.optimization.rows import Counts, Row, Uses

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

START = 0.1
"""The price of what an option uses at most, relative to a mean cost, where the search for prices begins."""
EXACT = 2**53
"""Whole numbers below this are exact as floats."""
ROUNDING = 2**-50
"""Relative: what sums of floats may lose."""


@dataclass(frozen=True, slots=True)
class Arrays:
    """A problem as arrays; options of all classes one after the other, limits as ``uses @ x <= bounds``."""

    starts: Whole
    """Where the options of each class begin."""
    of: Whole
    """The class of each option."""
    members: Floats
    costs: Floats
    uses: Floats
    """Limits by options."""
    bounds: Floats
    units: Floats
    """What one of these is worth in the limit's own."""

    @classmethod
    def of_problem(cls, problem: Problem) -> Arrays:
        """The problem, with bounds rounded to what whole uses can reach."""
        options = [group.options for group in problem.groups]
        sizes = np.fromiter(map(len, options), np.int64, count=len(options))
        rows = _rows(problem.rows)
        return cls(
            np.cumsum(sizes) - sizes,
            np.repeat(np.arange(len(sizes)), sizes),
            np.fromiter((group.count for group in problem.groups), float, count=len(sizes)),
            np.fromiter(map(attrgetter("cost"), chain.from_iterable(options)), float, count=int(sizes.sum())),
            np.array([uses for uses, _, _ in rows]),
            np.array([bound for _, bound, _ in rows]),
            np.array([unit for _, _, unit in rows]),
        )

    @property
    def scale(self) -> float:
        """What an option costs on average."""
        return float(np.abs(self.costs).mean()) or 1.0

    @property
    def start(self) -> Floats:
        """Prices to look for others from."""
        most = np.abs(self.uses).max(axis=1)
        start: Floats = START * self.scale / np.where(most > 0, most, 1.0)
        return start

    def sample(self, classes: int) -> Arrays:
        """Every so manieth class, and as much less of each limit."""
        chosen = np.zeros(len(self.members), bool)
        chosen[:: max(1, len(self.members) // classes)] = True
        share = self.members[chosen].sum() / self.members.sum()
        return self._over(np.flatnonzero(chosen[self.of]), self.bounds * share)

    def narrowed(self, kept: Mask) -> tuple[Arrays, Whole, Whole]:
        """What is in doubt over these options, some for each class: the classes with several, and what the others leave of each limit.

        With it, the options of those classes, and the only options of the others.
        """
        several = (np.add.reduceat(kept, self.starts, dtype=np.int64) > 1)[self.of]
        options, fixed = np.flatnonzero(kept & several), np.flatnonzero(kept & ~several)
        left = self.bounds - self.uses[:, fixed] @ self.members[self.of[fixed]]
        return self._over(options, left), options, fixed

    def _over(self, options: Whole, bounds: Floats) -> Arrays:
        """The problem over classes of which these are the options, rising."""
        classes = self.of[options]
        starts = np.flatnonzero(np.diff(classes, prepend=-1))
        sizes = np.diff(starts, append=len(options))
        of = np.repeat(np.arange(len(starts)), sizes)
        uses = np.ascontiguousarray(self.uses[:, options])
        return Arrays(starts, of, self.members[classes[starts]], self.costs[options], uses, bounds, self.units)

    def bound(self, prices: Floats) -> tuple[float, Floats]:
        """The bound that prices give, and the excess of every option."""
        weights = self.costs + np.einsum("k,ko->o", prices, self.uses)
        low = np.minimum.reduceat(weights, self.starts)
        return float((self.members * low).sum() - prices @ self.bounds), weights - low[self.of]

    def lost(self, prices: Floats) -> float:
        """How far floats may take the bound from the truth: far where prices have no end, as of a limit that is tight whatever is done."""
        each = np.abs(self.costs).max() + prices @ np.abs(self.uses).max(axis=1)
        return ROUNDING * float(self.members.sum() * each + prices @ np.abs(self.bounds))

    def smooth(self, prices: Floats, warmth: float) -> tuple[float, Floats, Floats]:
        """A smooth function at most as high as the bound, its slope and its curvature."""
        value, excess = self.bound(prices)
        shares = np.exp(excess / -warmth)
        total = np.add.reduceat(shares, self.starts)
        shares *= (self.members / total)[self.of]
        used = self.uses * shares
        of_class = np.add.reduceat(used, self.starts, axis=1)
        curvature = np.einsum("ko,lo->kl", used, self.uses) - np.einsum("kc,lc->kl", of_class / self.members, of_class)
        value -= warmth * float((self.members * np.log(total)).sum())
        return value, used.sum(axis=1) - self.bounds, curvature / warmth

    def most(self, amounts: Floats) -> Whole:
        """The option that has most of each class, the first of equals."""
        places = np.flatnonzero(amounts == np.maximum.reduceat(amounts, self.starts)[self.of])
        most: Whole = places[np.diff(self.of[places], prepend=-1) > 0]
        return most

    def counts(self, amounts: Floats) -> Counts:
        """What goes to each option, by class."""
        used = np.flatnonzero(amounts)
        first = np.searchsorted(self.of[used], np.arange(len(self.starts)))
        sizes = np.diff(self.starts, append=len(self.of)).tolist()
        split = np.bincount(self.of[used], minlength=len(sizes)) != 1
        places = np.where(split, 0, used[np.minimum(first, len(used) - 1)] - self.starts).tolist()
        counts = list(map(all_on, sizes, places, self.members.astype(np.int64).tolist()))
        for c in np.flatnonzero(split).tolist():
            start = int(self.starts[c])
            counts[c] = tuple(amounts[start : start + sizes[c]].astype(np.int64).tolist())
        return tuple(counts)


Numbers: TypeAlias = tuple[Whole | Floats, int]
"""The uses of all options one after the other: whole numbers and what they are to be divided by, or floats."""


def _rows(rows: Sequence[Row]) -> list[tuple[Floats, float, float]]:
    # Several limits are often on a ratio to the same.
    parts = {id(part): part for row in rows for part in (row.uses, row.per) if part is not None}
    numbers = {place: _numbers(part) for place, part in parts.items()}
    return [_row(row, numbers[id(row.uses)], None if row.per is None else numbers[id(row.per)]) for row in rows]


def _row(row: Row, used: Numbers, counted: Numbers | None) -> tuple[Floats, float, float]:
    """A row as at most its bound, and its unit: in whole numbers, the bound rounded to what they reach, where that is exact."""
    uses, scale = used
    sign = 1 if row.sense == "at_most" else -1
    if counted is None:
        right = Fraction(row.bound)
    else:
        per, other = counted
        ratio = Fraction(row.bound)
        # uses / scale - ratio * per / other, in whole multiples of one over the product of the denominators.
        if uses.dtype == per.dtype == np.int64:
            left, right_part = other * ratio.denominator, ratio.numerator * scale
            most = left * int(np.abs(uses).max()) + abs(right_part) * int(np.abs(per).max())
            if most < EXACT:
                uses, scale = uses * left - per * right_part, scale * other * ratio.denominator
            else:
                uses, scale = uses / scale - float(ratio) * (per / other), 1
        else:
            uses, scale = uses / scale - float(ratio) * (per / other), 1
        right = Fraction(0)
    if uses.dtype != np.int64:
        # Sums of floats are compared after rounding, which gives them half a unit of room.
        return sign * uses / scale, sign * float(right) + 0.5 * 10**-row.digits, 1.0
    divisor = int(np.gcd.reduce(uses)) or 1
    return sign * (uses // divisor).astype(float), float(math.floor(sign * right * scale / divisor)), divisor / scale


def _numbers(uses: Uses) -> Numbers:
    flat = list(chain.from_iterable(uses))
    kinds = set(map(type, flat))
    if float in kinds:
        return np.fromiter(map(float, flat), float, count=len(flat)), 1
    try:
        if Fraction not in kinds:
            whole, scale = np.fromiter(flat, np.int64, count=len(flat)), 1
        else:
            # Looking the method up for every number takes as long as calling it.
            ratio: Callable[[Any], tuple[int, int]] = (
                Fraction.as_integer_ratio if kinds == {Fraction} else methodcaller("as_integer_ratio")
            )
            pairs = np.fromiter(chain.from_iterable(map(ratio, flat)), np.int64, count=2 * len(flat)).reshape(-1, 2)
            whole, denominators = pairs[:, 0].copy(), pairs[:, 1]
            scale = math.lcm(*np.unique(denominators).tolist())
            if int(np.abs(whole).max()) * scale >= EXACT:
                raise OverflowError
            whole *= scale // denominators
        if int(np.abs(whole).max()) < EXACT:
            return whole, scale
    except OverflowError:
        pass
    return np.fromiter(map(float, flat), float, count=len(flat)), 1
