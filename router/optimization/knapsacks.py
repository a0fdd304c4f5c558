"""Classes shared out over knapsacks: the bound that prices on the classes give where every option takes room in one limit at most.

Where each class has one member and no option uses two limits, the limits are knapsacks with nothing in common once the rule "one option of
each class" is given up for prices. For any prices ``u`` on the classes and any solution ``x``,

    cost(x) >= bound + in[e] for every option e that it uses,    cost(x) >= bound + out[e] for every one that it does not,
    bound = sum_c u_c - sum_k z_k,

where ``z_k`` is the most that a knapsack can be worth whose options are worth ``u - cost``, and ``in`` and ``out`` what that loses where an
option must, or must not, be packed. As the knapsacks have nothing in common, what the options of one class lose in different knapsacks
adds up: using one of them costs what it loses if packed, and what all others lose if not. Knapsacks are solved by dynamic programming over
the room in them, first to last and last to first, for many prices and many sets of open options at once.

The bound is at least that of the linear relaxation, often much closer. What all costs are multiples of is a unit; costs and prices are
whole numbers of ``1 / fine`` of it: everything is exact. Imported only where it applies: numpy takes longer to import than most plans.

Sources: G. T. Ross and R. M. Soland, A branch and bound algorithm for the generalized assignment problem, Mathematical Programming 8
(1975); M. Posta, J. A. Ferland and P. Michelon, An exact method with variable fixing for solving the generalized assignment problem,
Computational Optimization and Applications 52 (2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.optimization.problem import Problem
from router.optimization.rows import Counts, Row, whole_numbers

Whole: TypeAlias = NDArray[np.int64]
Small: TypeAlias = NDArray[np.int32]
Mask: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

FINEST = 2**10
"""At most so many prices lie between two costs that differ by the least they can."""
COARSEST = 2**4
SUREST = 2**20
"""What the last open option of a class is worth above its cost is no more than this."""
GAP = 16
"""Units; what is worth so much above its cost is packed, where a solution has to be no further from the bound."""
NEVER = 2**29
"""What is never packed loses this; above all that anything can be worth."""


@dataclass(frozen=True, slots=True)
class Knapsacks:
    """A problem as knapsacks; options of all classes one after the other.

    What applies to several sets of open options at once has one row for each.
    """

    starts: Whole
    """Where the options of each class begin."""
    of: Whole
    """The class of each option."""
    room: Whole
    """Of each knapsack; one more, without any room, is for options that use no limit."""
    units: Floats
    """What one of these is worth in the limit's own."""
    own: tuple[Whole, ...]
    """The options of each knapsack."""
    alone: bool
    """Whether no class has two options in one knapsack."""
    at: Whole
    """The knapsack of each option."""
    weights: Whole
    """What each option takes."""
    costs: Whole
    """Above the least of its class, in parts of a unit."""
    fine: int
    """Parts in a unit."""
    sure: int
    """What the last open option of a class is worth above its cost: it is packed wherever there is room."""
    unit: float
    """What all costs are multiples of, micro-dollars."""
    base: int
    """The least of all classes together, units."""

    @classmethod
    def of_problem(cls, problem: Problem) -> Knapsacks | None:
        """The problem, if it is of this kind and its numbers are small enough to be exact."""
        if problem.tails or problem.ceilings or problem.selectors or problem.rough:
            return None
        if any(group.count != 1 for group in problem.groups):
            return None
        prices = whole_numbers([option.cost for group in problem.groups for option in group.options])
        packed = _packed(problem.rows)
        if prices is None or packed is None:
            return None
        at, weights, room, units = packed
        sizes = np.array([len(group.options) for group in problem.groups])
        of, starts = np.repeat(np.arange(len(sizes)), sizes), np.cumsum(sizes) - sizes
        # What no float holds exactly is beyond what fits anyway.
        if max(map(abs, prices[0])) >= 2**40:
            return None
        costs = np.array(prices[0], np.int64)
        low = np.minimum.reduceat(costs, starts)
        costs -= low[of]
        fine, most = FINEST, int(costs.max()) + 2 * GAP
        while fine >= COARSEST and len(sizes) * most * fine >= NEVER:
            fine //= 2
        if fine < COARSEST:
            return None
        sure = min(SUREST, (NEVER // len(sizes) - int(costs.max()) * fine) // 2)
        own = tuple(np.flatnonzero(at == k) for k in range(len(room)))
        alone = len(np.unique(at * len(sizes) + of)) == len(of)
        return cls(
            starts, of, room, units, own, alone, at, weights, costs * fine, fine, sure, float(prices[1]), int(low.sum())
        )

    def each(self, numbers: NDArray[np.generic]) -> Whole:
        """Sums over the options of each class."""
        sums: Whole = np.add.reduceat(numbers, self.starts, axis=1, dtype=np.int64)
        return sums

    def bound(self, prices: Whole, open_ones: Mask) -> tuple[Whole, Mask]:
        """The bounds, in parts of a unit above the base, and the options that are packed for them.

        Parameters
        ----------
        prices
            Of each class.
        open_ones
            The options that may be packed.
        """
        worth = self._worth(prices, open_ones)
        totals, packed = prices.sum(axis=1), np.zeros(worth.shape, bool)
        for k, (options, inside) in enumerate(zip(self._useful(worth), self._fixed(open_ones), strict=True)):
            totals -= worth[:, inside].sum(axis=1, dtype=np.int64)
            packed[:, inside] = True
            room = int(self.room[k] - self.weights[inside].sum())
            if room < 0:
                totals += NEVER
                continue
            options = options[(self.weights[options] <= room) & ~np.isin(options, inside)]
            table = _filled(worth[:, options], self.weights[options], room)
            totals -= table[-1, :, room]
            packed[:, options] = _traced(table, self.weights[options])
        return totals, packed

    def excess(self, prices: Whole, open_ones: Mask) -> tuple[Whole, Whole]:
        """The bounds, and what every option costs above them in a solution that uses it; at least ``NEVER`` for one that is not open."""
        worth = self._worth(prices, open_ones)
        totals = prices.sum(axis=1)
        inside, outside = np.full(worth.shape, NEVER, np.int64), np.zeros(worth.shape, np.int64)
        for k, options in enumerate(self._useful(worth)):
            room = int(self.room[k])
            table = _filled(worth[:, options], self.weights[options], room)
            back = _filled(worth[:, options[::-1]], self.weights[options[::-1]], room)[:, :, ::-1]
            best = table[-1, :, room]
            totals -= best
            for t, (option, weight) in enumerate(zip(options, self.weights[options], strict=True)):
                before, after = table[t], back[len(options) - 1 - t]
                outside[:, option] = best - (before + after).max(axis=1)
                both = before[:, : room + 1 - weight] + after[:, weight:]
                inside[:, option] = best - both.max(axis=1) - worth[:, option]
            rest = np.setdiff1d(self.own[k], options)
            rest = rest[self.weights[rest] <= room]
            inside[:, rest] = best[:, None] - table[-1][:, room - self.weights[rest]] - worth[:, rest].astype(np.int64)
        # Of several options in one knapsack, no more than what one of them loses is sure: none is counted.
        others = self.each(outside)[:, self.of] - outside if self.alone else np.zeros_like(outside)
        return totals, np.where(open_ones, inside + others, NEVER)

    def prices(self, of_rows: Sequence[float]) -> Whole:
        """Prices of the classes that give at least the bound of these prices of the rows."""
        paid = np.array([*of_rows, 0.0]) * self.units / self.unit * self.fine
        prices: Whole = np.minimum.reduceat(self.costs + paid[self.at] * self.weights, self.starts).astype(np.int64)
        return prices

    @property
    def largest(self) -> int:
        """How many numbers the table of one knapsack takes at most."""
        return max(len(own) * int(room + 1) for own, room in zip(self.own, self.room, strict=True))

    def work(self, prices: Whole) -> int:
        """How many numbers a bound for these prices takes, by the options that are worth packing."""
        useful = self._useful(self._worth(prices, np.ones((len(prices), len(self.of)), bool)))
        return sum(len(options) * int(self.room[k] + 1) for k, options in enumerate(useful))

    def keeps(self, chosen: Mask) -> bool:
        """Whether there is room for these options, one of each class."""
        taken = np.bincount(self.at[chosen], self.weights[chosen], len(self.room))
        return bool((taken <= self.room).all() and (self.each(chosen[None]) == 1).all())

    def counts(self, chosen: Mask) -> Counts:
        """The solution that uses these options."""
        return tuple(tuple(own.astype(int).tolist()) for own in np.split(chosen, self.starts[1:]))

    def _worth(self, prices: Whole, open_ones: Mask) -> Small:
        """What packing each option is worth; next to nothing, or less, where it is not open."""
        worth: Small = np.where(open_ones, prices[:, self.of] - self.costs, -NEVER).astype(np.int32)
        return worth

    def _useful(self, worth: Small) -> list[Whole]:
        """The options of each knapsack that are worth packing anywhere, and fit."""
        useful = (worth > 0).any(axis=0) & (self.weights <= self.room[self.at])
        return [own[useful[own]] for own in self.own]

    def _fixed(self, open_ones: Mask) -> list[Whole]:
        """The options of each knapsack that are the only ones of their class everywhere."""
        single = (self.each(open_ones) == 1).all(axis=0)[self.of] & open_ones.all(axis=0)
        return [own[single[own]] for own in self.own]


def _packed(rows: tuple[Row, ...]) -> tuple[Whole, Whole, Whole, Floats] | None:
    """The knapsack of each option, what it takes, and the room in each; None if some option uses two."""
    if not rows:
        return None
    sizes = sum(map(len, rows[0].uses))
    at, weights = np.full(sizes, len(rows)), np.zeros(sizes, np.int64)
    room, units = [], []
    for k, row in enumerate(rows):
        whole = whole_numbers([use for own in row.uses for use in own]) if row.exact and row.per is None else None
        if whole is None or row.sense != "at_most" or min(whole[0]) < 0 or row.bound < 0 or max(whole[0]) >= 2**31:
            return None
        uses = np.array(whole[0], np.int64)
        # More room than all options take is as good as so much.
        room.append(min(int(row.bound // whole[1]), int(uses.sum())))
        units.append(float(whole[1]))
        used = uses > 0
        if (at[used] < len(rows)).any():
            return None
        at[used], weights[used] = k, uses[used]
    return at, weights, np.array([*room, 0]), np.array([*units, 0.0])


def _filled(worth: Small, weights: Whole, room: int) -> Small:
    """The most that the first ``t`` options are worth in so much room: options by rows by room."""
    table = np.empty((len(weights) + 1, len(worth), room + 1), np.int32)
    table[0] = 0
    for t, weight in enumerate(weights.tolist()):
        before, after = table[t], table[t + 1]
        after[:, :weight] = before[:, :weight]
        with_it = after[:, weight:]
        np.add(before[:, : room + 1 - weight], worth[:, t, None], out=with_it)
        np.maximum(with_it, before[:, weight:], out=with_it)
    return table


def _traced(table: Small, weights: Whole) -> Mask:
    """The options that are packed for the most worth: rows by options."""
    _, rows, size = table.shape
    taken = np.zeros((rows, len(weights)), bool)
    # Positions in the table as one line, from the last option back.
    line, step = table.reshape(-1), rows * size
    if rows == 1:
        at = len(line) - 1
        for t in range(len(weights) - 1, -1, -1):
            at -= step
            if line[at + step] != line[at]:
                taken[0, t] = True
                at -= int(weights[t])
        return taken
    here = np.arange(rows) * size + size - 1 + len(weights) * step
    for t in range(len(weights) - 1, -1, -1):
        before = here - step
        used = line[here] != line[before]
        taken[:, t] = used
        here = before - weights[t] * used
    return taken
