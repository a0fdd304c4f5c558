"""Prices on the limits where selectors choose among alternatives: no linear relaxation of the whole is solved.

For given prices every class of an alternative takes its best option, and every selector its best alternative; so the bound is one pass
over arrays (see `bound`, which states it), and the prices that make it high come from the ascent of `prices`. A class that no selector
binds is the only class of the only alternative of a selector of its own.

Imports numpy, and is imported only where there are many options.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from router.optimization.arrays import Arrays, Floats, Whole
from router.optimization.ascent import WARMTH, ascent
from router.optimization.problem import Problem
from router.optimization.rows import Counts

COLDER = (3e-4, 1e-4, 3e-5, 1e-5)
"""Groups are few and lumpy: the bound is followed closer to its edges than `prices` does."""

STEPS = 8
"""Newton's, at most, at each warmth."""
RUNAWAY = 1e6
"""Times the price that the search began with: where limits cannot be kept, prices rise without end."""


def prices_of(problem: Problem, most: Counts) -> Sequence[float] | None:
    """For each row, what a unit of it is worth; None where prices find no hold: perhaps no solution keeps the limits."""
    arrays = Arrays.of_problem(problem)
    alternatives = Alternatives.of(problem, arrays, most)
    prices = None if alternatives is None else alternatives.priced(arrays)
    return None if prices is None else (prices / arrays.units).tolist()


def layout(problem: Problem, arrays: Arrays, most: Counts) -> tuple[Whole, Whole, Whole, Whole] | None:
    """Options as alternatives have them; where classes begin among these, alternatives among classes, and selectors among alternatives."""
    options: list[int] = []
    classes: list[int] = []
    alternatives: list[int] = []
    selectors: list[int] = []
    starts = arrays.starts.tolist()
    bound = {c for selector in problem.selectors for c in selector.classes}
    for c, own in enumerate(most):
        if c not in bound:
            selectors.append(len(alternatives))
            alternatives.append(len(classes))
            classes.append(len(options))
            options += [starts[c] + o for o, top in enumerate(own) if top]
    for selector in problem.selectors:
        linked = selector.linked
        selectors.append(len(alternatives))
        for alternative in selector.alternatives:
            opened = dict(alternative)
            each = [
                [starts[c] + o for o, top in enumerate(most[c]) if top and (o not in own or o in opened.get(c, ()))]
                for c, own in linked.items()
            ]
            if all(each):
                alternatives.append(len(classes))
                for own_each in each:
                    classes.append(len(options))
                    options += own_each
        if selectors[-1] == len(alternatives):
            return None
    return np.array(options), np.array(classes), np.array(alternatives), np.array(selectors)


class Alternatives:
    """What every alternative costs at prices, and the bound of all, smoothed."""

    def __init__(self, arrays: Arrays, options: Whole, classes: Whole, alternatives: Whole, selectors: Whole) -> None:
        self.options = options
        self.costs, self.uses, self.bounds = arrays.costs[options], arrays.uses[:, options], arrays.bounds
        self.classes, self.alternatives, self.selectors = classes, alternatives, selectors
        self.per_class = arrays.members[arrays.of[options[classes]]]
        self.of_class = _owners(classes, len(options))
        self.of_alternative = _owners(alternatives, len(classes))
        self.of_selector = _owners(selectors, len(alternatives))
        self.per_alternative = np.add.reduceat(self.per_class, alternatives)
        self.members = self.per_alternative[selectors]

    @classmethod
    def of(cls, problem: Problem, arrays: Arrays, most: Counts) -> Alternatives | None:
        """Those of a problem; None if some selector has none that settles all its classes."""
        found = layout(problem, arrays, most)
        return None if found is None else cls(arrays, *found)

    def priced(self, arrays: Arrays) -> Floats | None:
        """The prices of a high bound; None where prices rise without end."""
        prices = ascent(self, arrays.start, [warm * arrays.scale for warm in (*WARMTH, *COLDER)], STEPS)
        return None if (prices > RUNAWAY * arrays.start).any() else prices

    def worth(self, prices: Floats) -> Floats:
        """What each alternative costs at least."""
        low = np.minimum.reduceat(self.costs + prices @ self.uses, self.classes)
        worth: Floats = np.add.reduceat(self.per_class * low, self.alternatives)
        return worth

    def least_used(self) -> Floats:
        """For each limit and alternative the least that it can use."""
        least = np.minimum.reduceat(self.uses, self.classes, axis=1)
        used: Floats = np.add.reduceat(self.per_class * least, self.alternatives, axis=1)
        return used

    def only(self, chosen: Whole) -> Alternatives:
        """The same where every selector has one alternative, rising."""
        part = object.__new__(Alternatives)
        classes = np.isin(self.of_alternative, chosen)
        options = classes[self.of_class]
        part.options = self.options[options]
        part.costs, part.uses = self.costs[options], np.ascontiguousarray(self.uses[:, options])
        part.bounds, part.per_class = self.bounds, self.per_class[classes]
        part.of_class = np.cumsum(classes)[self.of_class[options]] - 1
        part.classes = np.flatnonzero(np.diff(part.of_class, prepend=-1))
        of = self.of_alternative[classes]
        part.alternatives = np.flatnonzero(np.diff(of, prepend=-1))
        part.of_alternative = np.searchsorted(chosen, of)
        part.selectors = part.of_selector = np.arange(len(chosen))
        part.members = np.add.reduceat(part.per_class, part.alternatives)
        return part

    def smooth(self, prices: Floats, warmth: float) -> tuple[float, Floats, Floats]:
        """A smooth function at most as high as the bound, its slope and its curvature."""
        weights = self.costs + prices @ self.uses
        low = np.minimum.reduceat(weights, self.classes)
        shares = np.exp((low[self.of_class] - weights) / warmth)
        total = np.add.reduceat(shares, self.classes)
        shares *= (self.per_class / total)[self.of_class]
        worth = np.add.reduceat(self.per_class * (low - warmth * np.log(total)), self.alternatives)
        # As warm for every member of a selector as for one of a class.
        warm = warmth * self.members
        least = np.minimum.reduceat(worth, self.selectors)
        chosen = np.exp((least[self.of_selector] - worth) / warm[self.of_selector])
        among = np.add.reduceat(chosen, self.selectors)
        chosen /= among[self.of_selector]
        shares *= chosen[self.of_alternative][self.of_class]
        used = self.uses * shares
        in_class = np.add.reduceat(used, self.classes, axis=1)
        in_alternative = np.add.reduceat(in_class, self.alternatives, axis=1)
        in_selector = np.add.reduceat(in_alternative, self.selectors, axis=1)
        weight = np.maximum(chosen, 1e-300)
        mass = self.per_class * weight[self.of_alternative]
        curvature = (used @ self.uses.T - (in_class / mass) @ in_class.T) / warmth
        curvature += (in_alternative / (weight * warm[self.of_selector])) @ in_alternative.T
        curvature -= (in_selector / warm) @ in_selector.T
        value = float((least - warm * np.log(among)).sum() - prices @ self.bounds)
        return value, in_selector.sum(axis=1) - self.bounds, curvature


def _owners(starts: Whole, size: int) -> Whole:
    """Which part each place belongs to."""
    owners: Whole = np.repeat(np.arange(len(starts)), np.diff(starts, append=size))
    return owners
