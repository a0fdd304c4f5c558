"""The solution of least cost from two halves of the classes, where few solutions come near the bound.

What a solution costs above the bound of the relaxation is the excess of its options and the price of what it leaves of the limits (see
`bound`). So what is within reach of the bound has two halves of little excess (see `halves`), and little is left of the limits where
they meet. Whether any solution is within so little of the bound is asked for a short reach first, then for longer ones, until the answer
is yes, or pairs are too many. The work grows as the number of choices within reach does, not with the size of the problem. So this
settles few classes under many tight limits, for which a search by branches is long, and raises the bound of more.

Costs and excess are micro-dollars.

Source: E. Horowitz and S. Sahni, Computing partitions with applications to the knapsack problem, Journal of the ACM 21 (1974).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from router import log
from router.optimization.bound import Bound
from router.optimization.halves import HAIR, Half, Packed, Reals, Ways, Whole, listed, ways
from router.optimization.problem import Problem
from router.optimization.rows import Counts, whole_numbers
from router.optimization.run import Clock

EFFORT = 100_000_000
"""Pairs, and halves of them, that are looked at in all; a count, not a time, so that the same plan comes out every time."""
LONGEST = 2_500_000
"""Ways to settle a half, at most."""
WIDER = 1.2
"""How much further the next reach goes: about four times as many solutions are within it."""
FIRST = 1000
"""After a reach of nothing, the next is this part of the farthest."""
KEYS = 2
"""Limits by which halves are sorted, so that only those are paired that leave little of these."""
GRAINS = 6
"""In how many parts what may be left of such a limit is told apart."""
CHUNK = 2**20
"""Pairs that are looked at at the same time."""
LEAST_GAIN = 0.5
"""Micro-dollars, where costs are not whole multiples of anything: no gain in what is billed."""


@dataclass(frozen=True, slots=True)
class Paired:
    """What was found out."""

    counts: Counts | None
    """The best solution found, if it is better than what was known."""
    lower: float
    """No solution costs less, micro-dollars."""


def paired(problem: Problem, relaxed: Bound, known: float, clock: Clock) -> Paired | None:
    """A solution that costs less than ``known``, if one is within reach, and a bound; None where numbers are not whole or too large.

    Parameters
    ----------
    problem
        With rows, and nothing else that couples its classes.
    relaxed
        The bound by prices, one for each row.
    known
        The cost of a solution; infinite if there is none.
    """
    packed = Packed.of_problem(problem, relaxed.prices)
    return None if packed is None else _Search(problem, relaxed, packed, known, clock).run()


class _Search:
    def __init__(self, problem: Problem, relaxed: Bound, packed: Packed, known: float, clock: Clock) -> None:
        self.problem, self.relaxed, self.packed, self.clock = problem, relaxed, packed, clock
        self.best: Counts | None = None
        self.cost = known
        """Of the best solution."""
        self.left = EFFORT
        self.lengths: list[int] = []
        """Of the longer half, for each reach."""
        whole = whole_numbers([cost for own in problem.costs for cost in own])
        self.unit = 0.0 if whole is None else float(whole[1])
        """What all costs are multiples of; 0 where there is no such thing."""
        self.gain = self.unit / 2 or LEAST_GAIN
        """What does not cost so much less is no better."""

    def run(self) -> Paired:
        """What is found within the longest reach."""
        value, lower = self.relaxed.value, self.relaxed.value
        steps = self.relaxed.steps(self.problem.everything)
        reach = steps[min(len(steps) - 1, len(self.problem.groups) // 2)] if steps else 0.0
        farthest = self._farthest()
        while lower < self.cost - self.gain and self._worth_asking():
            reach = min(reach, farthest, self.cost - value)
            if not self._asked(reach):
                break
            lower = min(self.cost - (0.0 if self.unit else self.gain), self._next(value + reach))
            log.debug("pairs", lower=lower, cost=self.cost, left=self.left)
            if reach == farthest:
                break
            reach = max(WIDER * reach or farthest / FIRST, lower - value)
        return Paired(self.best, lower)

    def _next(self, cost: float) -> float:
        """The least that a solution can cost, if it costs no less than this."""
        return self.unit * math.ceil(cost / self.unit - 1e-6) if self.unit else cost

    def _farthest(self) -> float:
        """A reach within which everything is."""
        groups = zip(self.problem.groups, self.relaxed.excess, strict=True)
        most = math.fsum(group.count * max(own) for group, own in groups)
        return most + float(self.packed.prices @ self.packed.room) * (1 + HAIR)

    def _worth_asking(self) -> bool:
        """Whether halves do not become too long, if they go on growing as they did."""
        return len(self.lengths) < 2 or self.lengths[-1] ** 2 <= LONGEST * self.lengths[-2]

    @property
    def _ended(self) -> bool:
        """Whether effort or time ran out."""
        return self.left <= 0 or self.clock.left == 0

    def _asked(self, reach: float) -> bool:
        """Whether everything within reach was looked at; the best is kept."""
        every: list[Ways] = []
        for c in range(len(self.problem.groups)):
            own = ways(self.problem, self.relaxed, self.packed, c, reach)
            if own is None:
                return False
            every.append(own)
        halves = listed(every, self.packed, reach, LONGEST, self.clock)
        if halves is None:
            return False
        meeting = _Meeting(self.packed, *halves, reach)
        self.left -= sum(half.work for half in halves)
        self.lengths.append(max(map(len, halves)))
        for total, unused in meeting.totals():
            within = min(reach, self.cost - self.relaxed.value) - unused
            for ones, others in self._met(meeting, *meeting.partners(total, within)):
                found = self._better(meeting, ones, others)
                if found is not None:
                    self._learn(every, meeting, *found)
            if self._ended:
                return False
        return True

    def _met(self, meeting: _Meeting, chosen: Whole, low: Whole, high: Whole) -> Iterator[tuple[Whole, Whole]]:
        """Pairs of one half and of its partners, so many at the same time."""
        ends: Whole = np.cumsum(high - low)
        pairs = int(ends[-1]) if len(ends) else 0
        self.left -= len(meeting.one) + pairs
        for start in range(0, pairs, CHUNK):
            if self._ended:
                return
            numbers = np.arange(start, min(start + CHUNK, pairs))
            row = np.searchsorted(ends, numbers, side="right")
            yield chosen[row], high[row] - (ends[row] - numbers)

    def _better(self, meeting: _Meeting, ones: Whole, others: Whole) -> tuple[int, int] | None:
        """Of pairs, the best that keeps the limits, if it is better than what is known."""
        one, other = meeting.one, meeting.other
        cheap = np.flatnonzero(one.costs[ones] + other.costs[others] < self.cost - self.gain)
        ones, others = ones[cheap], others[cheap]
        for needed, used, guard in zip(meeting.left, one.used, self.packed.guards, strict=True):
            kept = (needed[others] - used[ones]) & guard == guard
            ones, others = ones[kept], others[kept]
        if not len(ones):
            return None
        best = int((one.costs[ones] + other.costs[others]).argmin())
        return int(ones[best]), int(others[best])

    def _learn(self, every: list[Ways], meeting: _Meeting, one: int, other: int) -> None:
        """A solution that is better."""
        counts = [[0] * len(group.options) for group in self.problem.groups]
        for c, how in (*meeting.one.settled(one), *meeting.other.settled(int(meeting.order[other]))):
            for o in every[c].of[how]:
                counts[c][o] += 1
        found = tuple(map(tuple, counts))
        if self.problem.holds(found) and self.problem.cost(found) < self.cost:
            self.best, self.cost = found, self.problem.cost(found)


class _Meeting:
    """Two halves; those of the other are sorted by what they use of some limits, in grains, then by excess.

    Attributes
    ----------
    one, other : Half
    order : array
        Where each of the other was before it was sorted.
    left : array
        What the other leaves of each limit, packed, with all guards.
    """

    def __init__(self, packed: Packed, one: Half, other: Half, reach: float) -> None:
        self.packed, self.one, self.reach = packed, one, reach
        spread = {k: price * float(packed.used(one.used, k).std()) for k, price in enumerate(packed.prices) if len(one)}
        self.keys = sorted((k for k, worth in spread.items() if worth > 0), key=lambda k: -spread[k])[:KEYS]
        self.grains = [max(1, math.ceil(reach / (packed.prices[k] * GRAINS))) for k in self.keys]
        names = self._named(self._parts(other))
        self.order = np.lexsort((other.excess, names))
        self.other = Half(other.excess[self.order], other.costs[self.order], other.used[:, self.order], other.steps)
        self.names, self._first, rank = np.unique(names[self.order], return_index=True, return_inverse=True)
        # Names and excess in one number, by which to find partners.
        self._line = 2.0 * rank + self._share(self.other.excess)
        self._mine = self._parts(one)
        self.left = packed.open[:, None] - self.other.used

    def totals(self) -> Iterator[tuple[tuple[int, ...], float]]:
        """What both halves together may use of the limits they are sorted by, in grains, and what it costs to leave the rest unused."""
        ranges = []
        for k, grain in zip(self.keys, self.grains, strict=True):
            room, own = int(self.packed.room[k]), []
            for total in range(room // grain, -1, -1):
                # Each half may use up to a grain more than its grains say.
                unused = float(self.packed.prices[k]) * max(0, room - total * grain - 2 * (grain - 1))
                if unused > self.reach:
                    break
                own.append((total, unused))
            ranges.append(own)
        for both in product(*ranges):
            unused = math.fsum(paid for _, paid in both)
            if unused <= self.reach:
                yield tuple(total for total, _ in both), unused

    def partners(self, total: tuple[int, ...], within: float) -> tuple[Whole, Whole, Whole]:
        """Which of the one half have partners in the other of this total and so little excess; the first of each, and the end."""
        parts = np.array(total, np.int64).reshape(-1, 1) - self._mine
        chosen = np.flatnonzero((parts >= 0).all(axis=0) & (self.one.excess <= within + HAIR * self.reach))
        names = self._named(parts[:, chosen])
        rank = np.minimum(np.searchsorted(self.names, names), len(self.names) - 1)
        met = self.names[rank] == names if len(self.names) else np.zeros(0, bool)
        chosen, rank = chosen[met], rank[met]
        share = np.clip(self._share(within - self.one.excess[chosen]) + HAIR, 0.0, 1.5)
        high = np.searchsorted(self._line, 2.0 * rank + share, side="right")
        return chosen, self._first[rank], high

    def _share(self, excess: Reals) -> Reals:
        """Excess as a share of the reach."""
        return excess / (self.reach or 1.0)

    def _parts(self, half: Half) -> Whole:
        """What is used of the limits to sort by, in grains: limits by ways."""
        own = [self.packed.used(half.used, k) // grain for k, grain in zip(self.keys, self.grains, strict=True)]
        return np.array(own, np.int64).reshape(len(self.keys), len(half))

    def _named(self, parts: Whole) -> Whole:
        """One number for all parts."""
        names = np.zeros(parts.shape[1], np.int64)
        for k, grain, part in zip(self.keys, self.grains, parts, strict=True):
            names = names * (int(self.packed.room[k]) // grain + 1) + part
        return names
