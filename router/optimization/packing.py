"""The solution of least cost where classes are shared out over knapsacks, by branch and bound.

How far above the bound the optimum lies is not known, so it is asked: is there a solution within so little of the bound? Where all that
could be has been looked at in vain, within twice as much? The first answer that is yes is improved until nothing is left to look at. So no
more is searched than the proof takes, but for a part that halves with every question.

A set of open options is given better prices by a few steps of subgradient ascent; whatever is then too dear is closed, and the class with
the fewest and dearest options left is settled each way in turn. The sets searched last come first, many at once: the dynamic programs of
all are one pass over arrays. In between, solutions are guessed at: only the most promising sets of each level are gone on with, and only
with options that cost next to nothing; each guess is less narrow than the one before. Costs are parts of a unit above a base, as in
`knapsacks`, and exact.

Source: as there; the ascent is B. T. Polyak's, Minimization of unsmooth functionals, USSR Computational Mathematics and Mathematical
Physics 9 (1969), with the direction of P. M. Camerini, L. Fratta and F. Maffioli, On improving relaxation methods by modified
gradient techniques, Mathematical Programming Study 3 (1975).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from router import log
from router.optimization.knapsacks import NEVER, Floats, Knapsacks, Mask, Whole
from router.optimization.problem import Problem
from router.optimization.rows import Counts
from router.optimization.run import Clock

LARGEST = 3_000_000
"""Numbers that one bound may take; with more, the linear relaxation is the better deal."""
TABLE = 2**23
"""Numbers that the tables of one knapsack may take, of all sets that are searched at the same time."""
EFFORT = 1e11
"""Numbers that a search may take in all; a count, not a time, so that the same plan comes out every time."""
ROOT_STEPS = 600
"""Of the ascent with all options open, at most."""
STEPS = 8
"""Of the ascent with some closed, from the prices of the set that they were closed in."""
TIRED = 10
"""After so many steps without a gain the ascent aims half as high."""
LENGTH = 0.7
"""Of a step, relative to the one that would reach the aim if the bound went on as it does."""
MEMORY = 0.3
"""How much of a direction is left in the next."""
FURTHER = 1.5
"""How much further from the bound the next question asks."""
GUESSES = 3
"""How much more effort guesses may take than questions, until a solution is known; from then on they take as much."""
EARLY = 0.7
"""Of the time that is left: without a solution by then, the search is given up."""
WIDTH = 32
"""Sets that are searched at the same time, if there is room."""
GUESSED = 8
"""Sets that are gone on with, of each level, in the first guess at a solution; twice as many in each that follows."""
NARROWEST = 2
"""How many units an option may cost above the bound of its set in the first guess; twice as many in each that follows."""
STEEP = 6.0
"""An option that all but closes counts as so many halvings of one that costs nothing, where the class to settle is chosen."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What a search came to."""

    counts: Counts | None
    """The best solution found."""
    lower: float
    """No solution costs less, micro-dollars."""
    proven: bool
    """Whether that is the cost of the solution."""


def packed(problem: Problem, prices: Sequence[float], clock: Clock) -> Packed | None:
    """The solution of least cost, or how far the search for it came; None where the problem is not of this kind, or too large.

    Parameters
    ----------
    prices
        Of each row, to begin with: those of the linear relaxation.
    """
    knapsacks = Knapsacks.of_problem(problem)
    if knapsacks is None:
        return None
    if len(knapsacks.own) * knapsacks.largest > LARGEST:
        return None
    width = min(WIDTH, max(1, TABLE // knapsacks.largest))
    return _Search(knapsacks, clock, clock.part(EARLY), width).solved(knapsacks.prices(prices)[None])


@dataclass(slots=True)
class _Set:
    """Open options that are to be searched."""

    prices: Whole
    open_ones: Mask
    low: int
    """No solution in it costs less, parts of a unit."""


@dataclass(slots=True)
class _Search:
    knapsacks: Knapsacks
    clock: Clock
    early: Clock
    """Ends the search where it has found nothing."""
    width: int
    """Sets that are searched at the same time."""
    best: Mask | None = None
    top: int = NEVER
    """What costs more is not looked for."""
    spent: float = 0.0
    window: int = NEVER
    """What costs so much more than the bound of its set is closed; a guess, if it is less than everything."""
    stack: list[_Set] = field(default_factory=list)

    def solved(self, prices: Whole) -> Packed:
        """The solution of least cost above all."""
        k = self.knapsacks
        everything = np.ones((1, len(k.of)), bool)
        root = _Set(self._climbed(prices), everything[0], 0)
        bound = int(k.bound(root.prices[None], everything)[0][0])
        # All costs are whole units.
        lower = top = -(-bound // k.fine) * k.fine
        asked, guessed, window, beam = 0.0, 0.0, NARROWEST * k.fine, GUESSED
        log.debug("packed", bound=bound / k.fine + k.base)
        while self.cost > lower and not self.ended:
            self.stack, before = [root], self.spent
            if guessed < (asked if self.best is not None else GUESSES * asked) and window < NEVER // 4:
                self.top, self.window = self.cost - k.fine, window
                self._guessed(min(beam, self.width))
                guessed += self.spent - before
                window, beam = max(2 * window, (lower - bound) // 2), 2 * beam
            else:
                top = max(lower, (bound + int(FURTHER * (top - bound))) // k.fine * k.fine)
                self.top, self.window = min(top, self.cost - k.fine), NEVER
                most = self.top
                if not self._searched():
                    break
                asked += self.spent - before
                lower = min(self.cost, most + k.fine)
            log.debug("packed", lower=lower / k.fine + k.base, cost=self.cost / k.fine + k.base, spent=self.spent)
        return self._told(lower)

    @property
    def cost(self) -> int:
        """Of the best solution."""
        return NEVER if self.best is None else int(self.knapsacks.costs[self.best].sum())

    @property
    def ended(self) -> bool:
        """Whether time or effort ran out."""
        return self.spent > EFFORT or (self.early if self.best is None else self.clock).left == 0

    def _told(self, lower: int) -> Packed:
        k = self.knapsacks
        counts = None if self.best is None else k.counts(self.best)
        return Packed(counts, (lower / k.fine + k.base) * k.unit, self.best is not None and self.cost <= lower)

    def _climbed(self, prices: Whole) -> Whole:
        """Prices of a high bound, with all options open."""
        k = self.knapsacks
        open_ones = np.ones((1, len(k.of)), bool)
        best, highest, ahead, stalled = prices, -math.inf, 0.0, 0
        direction = np.zeros(prices.shape)
        for _ in range(ROOT_STEPS):
            totals, chosen = k.bound(prices, open_ones)
            used = k.each(chosen)
            if totals[0] > highest:
                ahead = max(ahead, 2 * k.fine, min(2 * (totals[0] - highest), abs(float(totals[0])) / 100))
                best, highest, stalled = prices, float(totals[0]), 0
            else:
                stalled += 1
            if (used == 1).all() or ahead < k.fine / 64 or self.clock.left == 0:
                break
            if stalled == TIRED:
                prices, ahead, stalled = best, ahead / 2, 0
                direction[:] = 0
                continue
            prices = self._stepped(prices, 1 - used, direction, np.asarray(highest + ahead - totals, float))
        highest_at: Whole = best[0]
        return highest_at

    def _stepped(self, prices: Whole, slope: Whole, direction: Floats, missing: Floats) -> Whole:
        """Prices further up; changes the direction."""
        direction *= MEMORY
        direction += slope
        length = LENGTH * missing / np.maximum((direction**2).sum(axis=1), 1.0)
        there: Whole = prices + np.rint(length[:, None] * direction).astype(np.int64)
        return there

    def _searched(self) -> bool:
        """Whether every set was searched before time or effort ran out."""
        while self.stack:
            if self.ended:
                return False
            batch = self.stack[-self.width :]
            del self.stack[-self.width :]
            self._looked_at(batch)
        return True

    def _guessed(self, beam: int) -> None:
        """Goes down into so many of the most promising sets only."""
        while self.stack and not self.ended:
            batch = sorted(self.stack, key=lambda one: one.low)[:beam]
            self.stack = []
            self._looked_at(batch)

    def _looked_at(self, batch: Sequence[_Set]) -> None:
        """Puts the parts of some sets on the stack."""
        prices, open_ones = np.array([one.prices for one in batch]), np.array([one.open_ones for one in batch])
        prices, open_ones = self._raised(prices, open_ones)
        if len(prices):
            self._split(*self._closed(prices, open_ones))

    def _raised(self, prices: Whole, open_ones: Mask) -> tuple[Whole, Mask]:
        """Better prices for each set, without the sets that hold nothing cheap enough."""
        k = self.knapsacks
        best, highest = prices, np.full(len(prices), -NEVER)
        direction = np.zeros(prices.shape)
        for _ in range(STEPS):
            self.spent += k.work(prices) * len(prices)
            totals, chosen = k.bound(prices, open_ones)
            gained = totals > highest
            best, highest = np.where(gained[:, None], prices, best), np.maximum(totals, highest)
            slope = 1 - k.each(chosen)
            for one in chosen[(slope == 0).all(axis=1)]:
                self._learn(one)
            kept = highest <= self.top
            prices, open_ones, best, highest, direction, slope, totals = (
                part[kept] for part in (prices, open_ones, best, highest, direction, slope, totals)
            )
            if not len(prices):
                break
            missing = np.clip(self.top + k.fine - totals, k.fine / 4, 2.0 * self.window)
            prices = self._stepped(prices, slope, direction, missing)
        return best, open_ones

    def _learn(self, chosen: Mask) -> None:
        """A solution; from now on a cheaper one is looked for."""
        if self.knapsacks.keeps(chosen) and int(self.knapsacks.costs[chosen].sum()) <= self.top:
            self.best = chosen.copy()
            self.top = self.cost - self.knapsacks.fine

    def _closed(self, prices: Whole, open_ones: Mask) -> tuple[Whole, Mask, Whole, Whole]:
        """Closes what is too dear, twice; returns the excess of each option too."""
        k = self.knapsacks
        for _ in range(2):
            self.spent += 4 * k.work(prices) * len(prices)
            totals, excess = k.excess(prices, open_ones)
            still = excess <= np.minimum(self.top - totals, self.window)[:, None]
            left, before = k.each(still), k.each(open_ones)
            settled = (left == 1) & (before > 1)
            prices = np.where(settled, k.each(np.where(still, k.costs, 0)) + k.sure, prices)
            kept = (left > 0).all(axis=1)
            changed = (left < before).any(axis=1) & kept
            prices, open_ones, totals, excess = prices[kept], still[kept], totals[kept], excess[kept]
            if not changed.any():
                break
        return prices, open_ones, totals, excess

    def _split(self, prices: Whole, open_ones: Mask, totals: Whole, excess: Whole) -> None:
        """Puts the parts of each set on the stack, the most promising last; a set of one solution is that solution."""
        k = self.knapsacks
        left = k.each(open_ones)
        scale = STEEP / np.maximum(1, np.where(open_ones, excess, 0).max(axis=1, initial=0))[:, None]
        weight = np.where(open_ones, np.exp2(-np.where(open_ones, excess, 0) * scale), 0)
        score = np.where(left > 1, np.add.reduceat(weight, k.starts, axis=1), np.inf)
        for n, c in enumerate(score.argmin(axis=1).tolist()):
            if left[n, c] == 1:
                self._learn(open_ones[n])
                continue
            options = np.flatnonzero(open_ones[n] & (k.of == c))
            for option in options[np.argsort(-excess[n, options], kind="stable")]:
                part, paid = open_ones[n] & (k.of != c), prices[n].copy()
                part[option] = True
                paid[c] = k.costs[option] + k.sure
                self.stack.append(_Set(paid, part, int(totals[n] + excess[n, option])))
