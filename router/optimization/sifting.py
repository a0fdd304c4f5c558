"""Very many classes, cut down to those that are in doubt once the right prices are on the limits.

For given prices the best option of every class is a matter of one pass over arrays, and so are the bound and the excess of every option
(see `bound`). The prices come from a Newton ascent on that bound, smoothed: first for a sample of the classes, then for all; then from
the linear relaxation over the options that are in doubt. Classes with one option left are taken together as one; what remains is a
problem like any other, and small. If its optimum costs no more above the bound than the options that were left out, it is the optimum.

Costs are micro-dollars. The only module here that imports numpy, and imported only where there are many options.

Sources: J. J. Forrest, Mathematical programming with a library of optimization routines, ORSA/TIMS Joint National Meeting (1989), and R. E.
Bixby, J. W. Gregory, I. J. Lustig, R. E. Marsten and D. F. Shanno, Very Large-Scale Linear Programming: A Case Study in Combining
Interior Point and Simplex Methods, Operations Research 40 (1992), for sifting; Y. Nesterov, Smooth minimization of non-smooth functions,
Mathematical Programming 103 (2005), for the smoothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, pairwise
from operator import methodcaller, mul
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router import log
from router.errors import TimeLimitError
from router.optimization.bound import Bound, certified
from router.optimization.model import LinearModel, LinearRow
from router.optimization.problem import Group, Option, Problem, Solution
from router.optimization.rows import Counts, Number, Row, Uses, total_of
from router.optimization.run import Clock, Found, solve_model

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Search: TypeAlias = Callable[[Problem, int], Found | None]
"""The best solution of a problem that a search of so many nodes finds; None if there is none."""
Untie: TypeAlias = Callable[[Problem, Counts, Bound], Counts]
"""Among the solutions that cost as much as this one, the one that is preferred; given a bound that proves it."""

SAMPLE = 4_000
"""Classes on which prices are looked for first."""
WARMTH = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3)
"""How much costlier an option may be and still be taken by some, relative to a mean cost: falling, while prices are looked for."""
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
START = 0.1
"""The price of what an option uses at most, relative to a mean cost, where the search for prices begins."""
OPEN = 500
"""Options besides the best of each class that are tried first."""
PARTS = 3
"""How many parts are searched; each opens four times the options of the one before."""
NODES = 100
"""How far the search goes in each part."""
GAP = 1e-6
"""Relative: how near the bound a solution is good enough whose search ended early."""
MICRO = 1e6
EXACT = 2**53
"""Whole numbers below this are exact as floats."""


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
        sizes = np.fromiter((len(group.options) for group in problem.groups), np.int64)
        costs = np.fromiter((option.cost for group in problem.groups for option in group.options), float)
        rows = [_row(row) for row in problem.rows]
        return cls(
            np.cumsum(sizes) - sizes,
            np.repeat(np.arange(len(sizes)), sizes),
            np.fromiter((group.count for group in problem.groups), float),
            costs,
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
        options = chosen[self.of]
        of = np.cumsum(chosen)[self.of[options]] - 1
        share = self.members[chosen].sum() / self.members.sum()
        starts = np.flatnonzero(np.diff(of, prepend=-1))
        return Arrays(
            starts,
            of,
            self.members[chosen],
            self.costs[options],
            np.ascontiguousarray(self.uses[:, options]),
            self.bounds * share,
            self.units,
        )

    def bound(self, prices: Floats) -> tuple[float, Floats]:
        """The bound that prices give, and the excess of every option."""
        weights = self.costs + prices @ self.uses
        low = np.minimum.reduceat(weights, self.starts)
        return float(self.members @ low - prices @ self.bounds), weights - low[self.of]

    def smooth(self, prices: Floats, warmth: float) -> tuple[float, Floats, Floats]:
        """A smooth function at most as high as the bound, its slope and its curvature."""
        value, excess = self.bound(prices)
        shares = np.exp(excess / -warmth)
        total = np.add.reduceat(shares, self.starts)
        shares *= (self.members / total)[self.of]
        used = self.uses * shares
        of_class = np.add.reduceat(used, self.starts, axis=1)
        curvature = (used @ self.uses.T - (of_class / self.members) @ of_class.T) / warmth
        return value - warmth * float(self.members @ np.log(total)), used.sum(axis=1) - self.bounds, curvature


def _row(row: Row) -> tuple[Floats, float, float]:
    """A row as at most its bound, and its unit: in whole numbers, the bound rounded to what they reach, where that is exact."""
    uses, scale = _numbers(row.uses)
    sign = 1 if row.sense == "at_most" else -1
    if row.per is None:
        right = Fraction(row.bound)
    else:
        per, other = _numbers(row.per)
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


def _numbers(uses: Uses) -> tuple[NDArray[np.int64] | Floats, int]:
    """The uses of all options one after the other: whole numbers and what they are to be divided by, or floats."""
    flat = list(chain.from_iterable(uses))
    kinds = set(map(type, flat))
    if float in kinds:
        return np.fromiter(map(float, flat), float, count=len(flat)), 1
    try:
        if Fraction not in kinds:
            whole, scale = np.fromiter(flat, np.int64, count=len(flat)), 1
        else:
            ratios = chain.from_iterable(map(methodcaller("as_integer_ratio"), flat))
            pairs = np.fromiter(ratios, np.int64, count=2 * len(flat)).reshape(-1, 2)
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


def relaxed(arrays: Arrays, prices: Floats, clock: Clock) -> Floats:
    """The prices of the linear relaxation, or near them."""
    best, at, reached = -math.inf, prices, math.inf
    in_doubt = IN_DOUBT
    for _ in range(RELAXATIONS):
        value, excess = arrays.bound(prices)
        if value > best:
            best, at = value, prices
        if reached - best <= CLOSE * abs(best):
            break
        last = min(len(excess), len(arrays.members) + in_doubt) - 1
        answer = _relaxed(arrays, excess <= np.partition(excess, last)[last], clock)
        if answer is None:
            in_doubt *= 4
        else:
            prices, reached = answer
        log.debug("sifted", bound=value, relaxation=reached)
    return at


def _relaxed(arrays: Arrays, kept: Mask, clock: Clock) -> tuple[Floats, float] | None:
    """Prices on the limits and the least cost in the relaxation over these options; None if it has no solution."""
    several = np.add.reduceat(kept, arrays.starts, dtype=np.int64) > 1
    fixed, options = np.flatnonzero(kept & ~several[arrays.of]), np.flatnonzero(kept & several[arrays.of])
    if not len(options):
        return None
    members = arrays.members[arrays.of[fixed]]
    rest = arrays.bounds - arrays.uses[:, fixed] @ members
    units = np.abs(arrays.uses[:, options]).max(axis=1)
    units[units == 0] = 1.0
    of = arrays.of[options]
    model = LinearModel()
    for option in options.tolist():
        model.add_column(f"x_{option}", 0)
    model.costs = dict(enumerate((arrays.costs[options] / MICRO).tolist()))
    edges = [*np.flatnonzero(np.diff(of, prepend=-1)).tolist(), len(of)]
    for start, end in pairwise(edges):
        count = float(arrays.members[of[start]])
        model.rows.append(LinearRow(f"class_{start}", range(start, end), [1.0] * (end - start), "==", count))
    for k, (uses, unit) in enumerate(zip(arrays.uses[:, options], units, strict=True)):
        used = np.flatnonzero(uses)
        row = LinearRow(f"limit_{k}", used.tolist(), (uses[used] / unit).tolist(), "<=", float(rest[k] / unit))
        model.rows.append(row)
    answer = solve_model(model, clock, whole=False)
    if answer.state != "optimal":
        return None
    cost = model.value(answer.values) * MICRO + float(arrays.costs[fixed] @ members)
    return np.abs(np.array(answer.duals[-len(units) :])) * MICRO / units, cost


def sifted(problem: Problem, search: Search, untie: Untie, clock: Clock) -> Solution | None:
    """The solution of least cost or, where a search ends early, the best of a few; None if nothing is known.

    Parameters
    ----------
    problem
        With rows, and nothing else that couples its classes.

    Raises
    ------
    router.errors.TimeLimitError
        If the time ran out before any solution was found.
    """
    arrays = Arrays.of_problem(problem)
    prices = relaxed(arrays, _start(arrays), clock)
    bound, excess = arrays.bound(prices)
    each: tuple[float, ...] = tuple((prices / arrays.units).tolist())
    certificate = certified(problem, bound, each)
    order = np.partition(excess, tuple(sorted({_place(arrays, part) for part in range(PARTS)})))
    known: Solution | None = None
    for size in range(PARTS):
        room = float(order[_place(arrays, size)])
        room = room if known is None else min(room, known.cost - bound)
        part = _Part(problem, arrays, excess, bound, each, room)
        if len(part.options) > len(excess) / 2:
            break
        try:
            found = search(part.problem, NODES)
        except TimeLimitError:
            if known is None:
                raise
            break
        log.debug("searched a part", options=len(part.options), room=room, proven=found and found.proven)
        if found is None:
            continue
        cost = part.problem.cost(found.counts)
        if known is None or cost < known.cost:
            whole = part.counts(found.counts)
            known = Solution(whole, cost, min(bound, cost), "solver", proven=False, certificate=certificate)
        if found.proven and known.cost <= bound + room:
            # A part with this much room holds every solution of this cost.
            counts = untie(part.problem, found.counts, part.bound)
            cost = part.problem.cost(counts)
            return Solution(part.counts(counts), cost, cost, "solver", proven=True, certificate=certificate)
        if not found.proven and known.cost - bound <= GAP * abs(known.cost):
            break
    return known


def _place(arrays: Arrays, part: int) -> int:
    """How many options the best of every class and those of a part come to."""
    opened: int = OPEN * 4**part
    return min(len(arrays.costs) - 1, len(arrays.members) + opened)


def _start(arrays: Arrays) -> Floats:
    """Prices to start from: those of a sample, then those of all, near enough for the relaxation."""
    warmth = [warm * arrays.scale for warm in WARMTH]
    prices = ascent(arrays.sample(SAMPLE), arrays.start, warmth, 5)
    return ascent(arrays, prices, warmth[-2:], 2)


class _Part:
    """The problem over the options that add no more than ``room``: classes with one option left are taken together.

    They are one class of one member and one option behind all others, so that every sum is that of the whole problem.

    Attributes
    ----------
    problem : Problem
    options : Whole
        The options of the other classes.
    bound : Bound
        That of the whole problem, and what the options here add to it.
    """

    def __init__(
        self, problem: Problem, arrays: Arrays, excess: Floats, bound: float, prices: tuple[float, ...], room: float
    ) -> None:
        # Floats round, as in `Bound.closing`.
        kept = excess <= room + 1e-6 * (1 + room) + 1e-12 * abs(bound)
        several = np.add.reduceat(kept, arrays.starts, dtype=np.int64) > 1
        self.options = np.flatnonzero(kept & several[arrays.of])
        fixed = np.flatnonzero(kept & ~several[arrays.of])
        self._whole = problem
        self._fixed = _places(arrays, fixed)
        self._members = [problem.groups[c].count for c, _ in self._fixed]
        self._open: dict[int, list[int]] = {}
        for c, o in _places(arrays, self.options):
            self._open.setdefault(c, []).append(o)
        groups = [
            Group(problem.groups[c].count, tuple(problem.groups[c].options[o] for o in own))
            for c, own in self._open.items()
        ]
        rows = [
            replace(row, uses=self._uses(row.uses), per=None if row.per is None else self._uses(row.per))
            for row in problem.rows
        ]
        one = Group(1, (self._together(),))
        self.problem = replace(problem, groups=(*groups, one), rows=tuple(rows))
        above = iter(excess[self.options].tolist())
        self.bound = Bound(
            bound,
            (*(tuple(next(above) for _ in own) for own in self._open.values()), (0.0,)),
            tuple((0.0,) * len(group.options) for group in self.problem.groups),
            prices,
        )

    def counts(self, counts: Counts) -> Counts:
        """A solution of the part as one of the whole problem."""
        whole: list[tuple[int, ...]] = [()] * len(self._whole.groups)
        for c, o in self._fixed:
            group = self._whole.groups[c]
            whole[c] = (*(0,) * o, group.count, *(0,) * (len(group.options) - o - 1))
        for (c, own), row in zip(self._open.items(), counts, strict=False):
            used = dict(zip(own, row, strict=True))
            whole[c] = tuple(used.get(o, 0) for o in range(len(self._whole.groups[c].options)))
        return tuple(whole)

    def _together(self) -> Option:
        used = [self._whole.groups[c].options[o] for c, o in self._fixed]
        depth = max((len(option.ties) for option in used), default=0)
        ties = tuple(self._sum([option.ties[t] for option in used]) for t in range(depth))
        return Option(float(self._sum([option.cost for option in used])), ties)

    def _uses(self, uses: Uses) -> Uses:
        together = self._sum([uses[c][o] for c, o in self._fixed])
        return (*(tuple(uses[c][o] for o in own) for c, own in self._open.items()), (together,))

    def _sum(self, each: Sequence[Number]) -> Number:
        """Over the members of the classes taken together; fractions of one denominator are added first, which is faster."""
        if Fraction not in set(map(type, each)):
            return total_of(list(map(mul, self._members, each)))
        over: defaultdict[int, int] = defaultdict(int)
        for count, (numerator, denominator) in zip(
            self._members, [use.as_integer_ratio() for use in each], strict=True
        ):
            over[denominator] += count * numerator
        return sum((Fraction(numerator, denominator) for denominator, numerator in over.items()), Fraction(0))


def _places(arrays: Arrays, options: Whole) -> list[tuple[int, int]]:
    classes = arrays.of[options]
    return list(zip(classes.tolist(), (options - arrays.starts[classes]).tolist(), strict=True))
