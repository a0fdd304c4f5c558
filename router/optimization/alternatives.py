"""Prices on the limits where selectors choose among alternatives: no linear relaxation of the whole is solved.

For given prices every class of an alternative takes its best option, and every selector its best alternative; so the bound is one pass
over arrays (see `bound`, which states it), and the prices that make it high come from the ascent of `sifting`. A class that no selector
binds is the only class of the only alternative of a selector of its own.

Imports numpy, and is imported only where there are many options.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from router.optimization.problem import Problem
from router.optimization.rows import Counts
from router.optimization.sifting import WARMTH, Arrays, Floats, Whole, ascent

COLDER = (3e-4, 1e-4, 3e-5, 1e-5)
"""Groups are few and lumpy: the bound is followed closer to its edges than `sifting` does."""

STEPS = 8
"""Newton's, at most, at each warmth."""
RUNAWAY = 1e6
"""Times the price that the search began with: where limits cannot be kept, prices rise without end."""


def prices_of(problem: Problem, most: Counts) -> Sequence[float] | None:
    """For each row, what a unit of it is worth; None where prices find no hold: perhaps no solution keeps the limits."""
    arrays = Arrays.of_problem(problem)
    layout = _layout(problem, arrays, most)
    if layout is None:
        return None
    smooth = _Smooth(arrays, *layout)
    prices = ascent(smooth, arrays.start, [warm * arrays.scale for warm in (*WARMTH, *COLDER)], STEPS)
    if (prices > RUNAWAY * arrays.start).any():
        return None
    return (prices / arrays.units).tolist()  # type: ignore[no-any-return]


def _layout(problem: Problem, arrays: Arrays, most: Counts) -> tuple[Whole, Whole, Whole, Whole] | None:
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


class _Smooth:
    """The smoothed bound."""

    def __init__(self, arrays: Arrays, options: Whole, classes: Whole, alternatives: Whole, selectors: Whole) -> None:
        self.costs, self.uses, self.bounds = arrays.costs[options], arrays.uses[:, options], arrays.bounds
        self.classes, self.alternatives, self.selectors = classes, alternatives, selectors
        self.per_class = arrays.members[arrays.of[options[classes]]]
        self.of_class = _owners(classes, len(options))
        self.of_alternative = _owners(alternatives, len(classes))
        self.of_selector = _owners(selectors, len(alternatives))
        self.per_alternative = np.add.reduceat(self.per_class, alternatives)
        self.members = self.per_alternative[selectors]

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
