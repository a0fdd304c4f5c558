"""Very many classes, cut down to those that are in doubt once the right prices are on the limits.

The prices and a solution near that of the linear relaxation come from `ascent`, and exchanges make the solution whole and good (see
`exchanging`). What costs as little can use few options: where they are few enough to be searched, or where exchanges find nothing,
classes with one such option are taken together as one; what remains is a problem like any other, and small. If its optimum costs no more
above the bound than the options that were left out, it is the optimum.

Costs are micro-dollars. Imports numpy, and is imported only where there are many options.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeAlias

import numpy as np

from router import log
from router.errors import TimeLimitError
from router.optimization.arrays import Arrays, Floats, Mask, Whole
from router.optimization.ascent import relaxed, started
from router.optimization.bound import Bound, certified
from router.optimization.exchanging import exchanged
from router.optimization.problem import HALF_A_UNIT, Group, Option, Problem, Solution
from router.optimization.rows import Counts, Uses, total_of
from router.optimization.run import Clock, Found

Search: TypeAlias = Callable[[Problem, int], Found | None]
"""The best solution of a problem that a search of so many nodes finds; None if there is none."""
Untie: TypeAlias = Callable[[Problem, Counts, Bound], Counts]
"""Among the solutions that cost as much as this one, the one that is preferred; given a bound that proves it."""

OPEN = 500
"""Options besides the best of each class that are tried first."""
PARTS = 3
"""How many parts are searched; each opens four times the options of the one before."""
NODES = 100
"""How far the search goes in each part."""
GAP = 1e-6
"""Relative: how near the bound a solution is good enough without a proof."""


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
    prices, amounts = relaxed(arrays, started(arrays), clock)
    bound, excess = arrays.bound(prices)
    bound -= arrays.lost(prices)
    each: tuple[float, ...] = tuple((prices / arrays.units).tolist())
    certificate = certified(problem, bound, each)

    def solution(part: _Part, counts: Counts, cost: float) -> Solution:
        return Solution(part.counts(counts), cost, min(bound, cost), "solver", proven=False, certificate=certificate)

    def best_of(part: _Part, counts: Counts) -> Solution:
        counts = untie(part.problem, counts, part.bound(bound, excess, each))
        best = solution(part, counts, part.problem.cost(counts))
        return replace(best, bound=best.cost, proven=True)

    known = _exchanged(problem, arrays, exchanged(arrays, prices, excess, amounts), solution)
    order = np.partition(excess, tuple(sorted({_place(arrays, part) for part in range(PARTS)})))
    for size in range(PARTS):
        room = float(order[_place(arrays, size)])
        if known is not None:
            gap = known.cost - bound
            # There is nothing to search for, or too many options cost as little for a search to rule them out.
            if gap <= HALF_A_UNIT or (room < gap and _near(known, bound)):
                break
            room = min(room, gap)
        part = _Part(problem, arrays, _open(excess, bound, room))
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
            known = solution(part, found.counts, cost)
        if found.proven and known.cost <= bound + room:
            # A part with this much room holds every solution of this cost.
            return best_of(part, found.counts)
        if not found.proven and _near(known, bound):
            break
    if known is None or known.cost - bound > HALF_A_UNIT:
        return known
    part = _Part(problem, arrays, _open(excess, bound, max(0.0, known.cost - bound)))
    return best_of(part, part.own(np.fromiter(chain.from_iterable(known.counts), float, count=len(excess))))


def _exchanged(
    problem: Problem, arrays: Arrays, amounts: Floats | None, solution: Callable[[_Part, Counts, float], Solution]
) -> Solution | None:
    """What exchanges found, if it stands up to exact arithmetic."""
    if amounts is None:
        return None
    part = _Part(problem, arrays, amounts > 0)
    counts = part.own(amounts)
    return solution(part, counts, part.problem.cost(counts)) if part.problem.holds(counts) else None


def _open(excess: Floats, bound: float, room: float) -> Mask:
    """The options that add no more than the room to the bound."""
    # Floats round, as in `Bound.closing`.
    mask: Mask = excess <= room + 1e-6 * (1 + room) + 1e-12 * abs(bound)
    return mask


def _near(known: Solution, bound: float) -> bool:
    """Whether a solution is good enough without a proof."""
    return known.cost - bound <= GAP * abs(known.cost)


def _place(arrays: Arrays, part: int) -> int:
    """How many options the best of every class and those of a part come to."""
    opened: int = OPEN * 4**part
    return min(len(arrays.costs) - 1, len(arrays.members) + opened)


class _Part:
    """The problem over some of its options, at least one of each class: classes with one option left are taken together.

    They are one class of one member and one option behind all others, so that every sum is that of the whole problem.

    Attributes
    ----------
    problem : Problem
    options : Whole
        The options of the other classes.
    """

    def __init__(self, problem: Problem, arrays: Arrays, kept: Mask) -> None:
        self._arrays = arrays
        _, self.options, self._fixed = arrays.narrowed(kept)
        open_to: dict[int, list[int]] = {}
        for c, o in _places(arrays, self.options):
            open_to.setdefault(c, []).append(o)
        fixed = [(c, o, problem.groups[c].count) for c, o in _places(arrays, self._fixed)]

        def together(uses: Uses) -> Uses:
            alone = total_of([uses[c][o] if count == 1 else uses[c][o] * count for c, o, count in fixed])
            return (*(tuple(uses[c][o] for o in own) for c, own in open_to.items()), (alone,))

        groups = [
            Group(problem.groups[c].count, tuple(problem.groups[c].options[o] for o in own))
            for c, own in open_to.items()
        ]
        rows = [
            replace(row, uses=together(row.uses), per=None if row.per is None else together(row.per))
            for row in problem.rows
        ]
        depth = len(problem.groups[0].options[0].ties)
        one = Group(1, (_all_of([(problem.groups[c].options[o], count) for c, o, count in fixed], depth),))
        self.problem = replace(problem, groups=(*groups, one), rows=tuple(rows))

    def bound(self, value: float, excess: Floats, prices: tuple[float, ...]) -> Bound:
        """That of the whole problem, and what the options here add to it."""
        above = iter([*excess[self.options].tolist(), 0.0])
        shape = [group.options for group in self.problem.groups]
        return Bound(
            value,
            tuple(tuple(next(above) for _ in own) for own in shape),
            tuple((0.0,) * len(own) for own in shape),
            prices,
        )

    def own(self, amounts: Floats) -> Counts:
        """A solution of the whole problem that uses no other options, as one of the part."""
        own = iter(amounts[self.options].astype(np.int64).tolist())
        return (*(tuple(next(own) for _ in group.options) for group in self.problem.groups[:-1]), (1,))

    def counts(self, counts: Counts) -> Counts:
        """A solution of the part as one of the whole problem."""
        amounts = np.zeros(len(self._arrays.costs))
        amounts[self._fixed] = self._arrays.members[self._arrays.of[self._fixed]]
        amounts[self.options] = list(chain.from_iterable(counts[:-1]))
        return self._arrays.counts(amounts)


def _all_of(used: Sequence[tuple[Option, int]], depth: int) -> Option:
    """One option in place of these, each for so many members and with so many tie-breakers; there may be none to replace."""
    ties = tuple(total_of([option.ties[t] * count for option, count in used]) for t in range(depth))
    return Option(float(total_of([option.cost * count for option, count in used])), ties)


def _places(arrays: Arrays, options: Whole) -> list[tuple[int, int]]:
    classes = arrays.of[options]
    return list(zip(classes.tolist(), (options - arrays.starts[classes]).tolist(), strict=True))
