"""Prices on the limits of very many classes, near those of the linear relaxation, and a solution beside it.

For given prices the best option of every class is a matter of one pass over arrays, and so are the bound and the excess of every option
(see `bound`). The prices come from a Newton ascent on that bound, smoothed: first for a sample of the classes, then for those that are
in doubt; then from the linear relaxation over the options that are in doubt.

Costs are micro-dollars. Imports numpy, and is imported only where there are many options.

Sources: J. J. Forrest, Mathematical programming with a library of optimization routines, ORSA/TIMS Joint National Meeting (1989), and R. E.
Bixby, J. W. Gregory, I. J. Lustig, R. E. Marsten and D. F. Shanno, Very Large-Scale Linear Programming: A Case Study in Combining
Interior Point and Simplex Methods, Operations Research 40 (1992), for sifting; Y. Nesterov, Smooth minimization of non-smooth functions,
Mathematical Programming 103 (2005), for the smoothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np

from router import log
from router.optimization.arrays import Arrays, Floats, Mask
from router.optimization.model import LinearModel, LinearRow
from router.optimization.run import Clock, solve_model

SAMPLE = 4_000
"""Classes on which prices are looked for first."""
WARMTH = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3)
"""How much costlier an option may be and still be taken by some, relative to a mean cost: falling, while prices are looked for."""
WARMED = 20.0
"""Times the warmth: an option that costs so much more is taken by nobody."""
IN_DOUBT = 4_000
"""Options besides the best of each class in the linear relaxation."""
RELAXATIONS = 8
"""How often the relaxation may move the prices."""
CLOSE = 1e-9
"""How near the bound is brought to the relaxation, relative."""
BARRIER = 1e-3
"""Of the warmth for every member: what keeps prices above nothing."""
ENOUGH = 1e-2
"""Of the barrier: a step that gains less is not worth it."""
SHORTEST = 1e-3
"""No step is shorter than this part of Newton's."""
NEARLY = 1e-6
"""What is nearer to a whole number than this is taken for it."""
MICRO = 1e6


class Smooth(Protocol):
    """A bound that depends on prices, smoothed."""

    @property
    def members(self) -> Floats:
        """Of each class."""

    def smooth(self, prices: Floats, warmth: float) -> tuple[float, Floats, Floats]:
        """A smooth function at most as high as the bound, its slope and its curvature."""


def ascent(arrays: Smooth, prices: Floats, warmth: Sequence[float], steps: int) -> Floats:
    """Prices of a higher bound: Newton's steps on the smoothed bound, with a barrier that keeps prices above nothing."""
    for warm in warmth:
        barrier = BARRIER * warm * float(arrays.members.sum())
        value, slope, curvature = arrays.smooth(prices, warm)
        for _ in range(steps):
            uphill = slope * prices + barrier
            # In proportion to the prices: their units differ by many orders of magnitude.
            bent = curvature * np.outer(prices, prices) + barrier * np.eye(len(prices))
            if not np.isfinite(bent).all():
                break
            # Limits that say the same have no single answer; the shortest step is as good as any.
            step = np.linalg.lstsq(bent, uphill, rcond=None)[0]
            # No price moves to less than a tenth, or more than ten times, of what it was.
            length = 1 / max(1.0, float(step.max()) / 9, -float(step.min()) / 0.9)
            gain = float(uphill @ step)
            if gain < ENOUGH * barrier:
                break
            while True:
                there = prices * (1 + length * step)
                answer = arrays.smooth(there, warm)
                rise = answer[0] - value + barrier * float(np.log(there / prices).sum())
                if rise >= 0.1 * length * gain or length < SHORTEST:
                    break
                length /= 4
            if rise <= 0:
                break
            prices, (value, slope, curvature) = there, answer
    return prices


def started(arrays: Arrays) -> Floats:
    """Prices to start from: those of a sample, then those of all that is in doubt, near enough for the relaxation."""
    warmth = [warm * arrays.scale for warm in WARMTH]
    prices = ascent(arrays.sample(SAMPLE), arrays.start, warmth, 5)
    excess = arrays.bound(prices)[1]
    part, options, _ = arrays.narrowed(excess <= WARMED * warmth[-2])
    return ascent(part, prices, warmth[-2:], 2) if len(options) else prices


def relaxed(arrays: Arrays, prices: Floats, clock: Clock) -> tuple[Floats, Floats]:
    """The prices of the linear relaxation, or near them, and how much goes to each option beside its solution, in whole numbers."""
    best, at, reached = -math.inf, prices, math.inf
    amounts: Floats | None = None
    in_doubt = IN_DOUBT
    for _ in range(RELAXATIONS):
        value, excess = arrays.bound(prices)
        value -= arrays.lost(prices)
        if value > best:
            best, at = value, prices
        if reached - best <= CLOSE * abs(best):
            break
        last = min(len(excess), len(arrays.members) + in_doubt) - 1
        answer = _relaxed(arrays, excess <= np.partition(excess, last)[last], clock)
        if answer is None:
            in_doubt *= 4
        else:
            prices, reached, amounts = answer
        log.debug("sifted", bound=value, relaxation=reached)
    return at, whole(arrays, -arrays.bound(at)[1]) if amounts is None else amounts


def _relaxed(arrays: Arrays, kept: Mask, clock: Clock) -> tuple[Floats, float, Floats] | None:
    """Prices on the limits, the least cost, and amounts in the relaxation over these options; None if it has no solution."""
    part, options, fixed = arrays.narrowed(kept)
    if not len(options):
        return None
    units = np.abs(part.uses).max(axis=1)
    units[units == 0] = 1.0
    model = LinearModel()
    for option in options.tolist():
        model.add_column(f"x_{option}", 0)
    model.costs = dict(enumerate((part.costs / MICRO).tolist()))
    edges = [*part.starts.tolist(), len(options)]
    for (start, end), count in zip(pairwise(edges), part.members.tolist(), strict=True):
        model.rows.append(LinearRow(f"class_{start}", range(start, end), [1.0] * (end - start), "==", count))
    for k, (uses, unit) in enumerate(zip(part.uses, units, strict=True)):
        used = np.flatnonzero(uses)
        right = float(part.bounds[k] / unit)
        model.rows.append(LinearRow(f"limit_{k}", used.tolist(), (uses[used] / unit).tolist(), "<=", right))
    answer = solve_model(model, clock, whole=False)
    if answer.state != "optimal":
        return None
    amounts = np.zeros(len(kept))
    amounts[fixed] = arrays.members[arrays.of[fixed]]
    cost = model.value(answer.values) * MICRO + float(arrays.costs[fixed] @ amounts[fixed])
    amounts[options] = whole(part, np.array(answer.values))
    return np.abs(np.array(answer.duals[-len(units) :])) * MICRO / units, cost, amounts


def whole(arrays: Arrays, amounts: Floats) -> Floats:
    """Amounts rounded down, and what is then missing of each class on the option that has most of it."""
    rounded: Floats = np.floor(np.maximum(amounts, 0.0) + NEARLY)
    short = arrays.members - np.add.reduceat(rounded, arrays.starts)
    rounded[arrays.most(amounts)] += short
    return rounded
