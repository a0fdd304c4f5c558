"""Whole solutions made better by exchanges: up to four members, of four classes, go to other options at once.

Near the prices of the linear relaxation very many moves cost next to nothing (their excess, see `bound`). What a solution costs above the
bound is the excess of its options, and at its price all that it leaves of a limit. So a better one leaves little of the limits that have a
price, and keeps all. All pairs of moves are listed and sorted, and for every pair another one is looked up that fills the limits together
with it: those whose units are dear are met to the unit, one of the others as nearly as possible, and of the rest enough is left. Leaving
some units of a limit that is to be met is a move as well, at its price. This is repeated until it gains nothing.

Costs are micro-dollars. Imports numpy, and is imported only where there are many options.

Source: E. Horowitz and S. Sahni, Computing partitions with applications to the knapsack problem, Journal of the ACM 21 (1974), for sums
that meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from router import log
from router.optimization.arrays import Arrays, Floats, Mask, Whole

POOL = 20_000
"""Options besides the best of each class that members may move to."""
MOVES = 700
"""Moves of which all pairs are listed."""
LEFT = 12
"""Up to so many units of a limit that is to be met may be left."""
WINDOW = 4
"""Pairs that are looked at for each pair: those that fill the next limit best."""
ROUNDS = 20
"""Exchanges at most."""
GAIN = 1.0
"""Micro-dollars: what gains less is rounding."""
LARGEST = 2.0**50
"""Codes of pairs stay below this: they are exact as floats."""


def exchanged(arrays: Arrays, prices: Floats, excess: Floats, amounts: Floats) -> Floats | None:
    """Amounts that keep all limits and cost little above the bound; None if none were found.

    Parameters
    ----------
    excess
        Of every option at these prices.
    amounts
        Where to begin: whole numbers that settle every class, and need not keep the limits.
    """
    rest, spent = arrays.bounds - arrays.uses @ amounts, float(excess @ amounts)
    gap = spent + float(prices @ rest) if (rest >= 0).all() else math.inf
    homes = arrays.most(amounts)
    pairs = _Pairs(_moves(arrays, prices, excess, amounts, homes), prices, rest)
    amounts = amounts.copy()
    for _ in range(ROUNDS):
        found = pairs.best(rest, gap - spent - GAIN)
        if found is None:
            break
        gap, chosen = spent + found[0], found[1]
        spent += float(chosen.excess.sum())
        rest = rest - chosen.effects.sum(axis=1)
        amounts[homes[chosen.classes]] -= 1
        amounts[chosen.options] += 1
    log.debug("exchanged", gap=gap)
    return None if math.isinf(gap) else amounts


@dataclass(frozen=True, slots=True)
class Moves:
    """A member of each of these classes from where most of it is to another option."""

    classes: Whole
    """-1: no member moves, and some of a limit is left."""
    options: Whole
    excess: Floats
    """What it adds."""
    effects: Floats
    """Limits by moves: what is used more."""

    def only(self, chosen: Whole) -> Moves:
        """Some of them."""
        return Moves(self.classes[chosen], self.options[chosen], self.excess[chosen], self.effects[:, chosen])


def _moves(arrays: Arrays, prices: Floats, excess: Floats, amounts: Floats, homes: Whole) -> Moves:
    """The moves of least excess that do different things to the limits that have a price, of all kinds alike."""
    last = min(len(excess), len(arrays.members) + POOL) - 1
    options = np.flatnonzero(excess <= np.partition(excess, last)[last])
    sources = homes[arrays.of[options]]
    others = (options != sources) & (amounts[sources] >= 1)
    options, sources = options[others], sources[others]
    effects = arrays.uses[:, options] - arrays.uses[:, sources]
    moves = Moves(arrays.of[options], options, excess[options] - excess[sources], effects)
    if not len(options) or not (prices > 0).any():
        return moves.only(np.arange(0))
    moves = moves.only(np.argsort(moves.excess, kind="stable"))
    moves = moves.only(np.sort(np.unique(moves.effects[prices > 0], axis=1, return_index=True)[1]))
    return moves.only(np.argsort(_ranks(_kinds(moves.effects[prices > 0])), kind="stable")[:MOVES])


def _kinds(effects: Floats) -> Whole:
    """A number for each move that says what it does to limits on which moves have few different effects."""
    numbers = [np.unique(own, return_inverse=True)[1] for own in effects]
    kinds = np.zeros(effects.shape[1], np.int64)
    for own in sorted(numbers, key=np.max):
        if (kinds.max() + 1) * (own.max() + 1) > math.sqrt(MOVES):
            break
        kinds = kinds * (own.max() + 1) + own
    return kinds


def _ranks(kinds: Whole) -> Whole:
    """The place of each move among those of its kind."""
    order = np.argsort(kinds, kind="stable")
    starts = np.flatnonzero(np.diff(kinds[order], prepend=-1))
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    return ranks


class _Pairs:
    """All pairs of moves: those that do the same to the limits to be met beside one another, sorted by what they use of one more limit."""

    def __init__(self, moves: Moves, prices: Floats, rest: Floats) -> None:
        self._prices = prices
        met = _met(moves, prices, rest)
        others = [k for k in np.flatnonzero(prices > 0).tolist() if k not in met]
        self._next = max(others, key=lambda k: prices[k] * np.abs(moves.effects[k]).max(initial=0.0), default=None)
        self._moves = moves = _with_left(moves, prices, met)
        # Where there is no such limit, those of least excess come last, where they are looked for.
        fill = -moves.excess if self._next is None else moves.effects[self._next]
        self._most = 2.0 * math.ceil(float(np.abs(fill).max())) + 1
        self._weights = np.zeros(len(prices))
        size = 2 * self._most
        for k in met:
            if size * _span(moves, rest, k) < LARGEST:
                self._weights[k] = size
                size *= _span(moves, rest, k)
        codes = self._weights @ moves.effects
        first, second = np.triu_indices(len(codes))
        apart = (moves.classes[first] != moves.classes[second]) | (moves.classes[first] < 0)
        first, second = first[apart], second[apart]
        places = codes[first] + codes[second] + (fill[first] + fill[second])
        order = np.argsort(places, kind="stable")
        self._first, self._second, self._places = first[order], second[order], places[order]
        self._codes, self._fill, self._excess = (
            own[self._first] + own[self._second] for own in (codes, fill, moves.excess)
        )
        self._loose = np.flatnonzero(self._weights == 0)
        self._effects = moves.effects[self._loose][:, self._first] + moves.effects[self._loose][:, self._second]
        self._open = np.ones(len(order), bool)

    def best(self, rest: Floats, below: float) -> tuple[float, Moves] | None:
        """The least that two pairs add to the gap where this is left of the limits, and their moves; None if none adds less than ``below``.

        The classes that move are not moved again.
        """
        wanted = np.full(len(self._fill), self._most)
        if self._next is not None:
            wanted = np.minimum(rest[self._next] - self._fill, wanted)
        pairs = np.flatnonzero(self._open & (wanted > -self._most))
        codes = self._weights @ rest - self._codes[pairs]
        ends = np.searchsorted(self._places, codes + wanted[pairs], side="right")
        found: tuple[int, int] | None = None
        for back in range(1, WINDOW + 1):
            others = ends - back
            here = np.flatnonzero(others >= 0)
            here = here[self._codes[others[here]] == codes[here]]
            adds = self._adds(pairs[here], others[here], rest)
            better = np.flatnonzero(adds < below)
            better = better[self._apart(pairs[here[better]], others[here[better]])]
            if len(better):
                k = better[np.argmin(adds[better])]
                below, found = float(adds[k]), (int(pairs[here[k]]), int(others[here[k]]))
        if found is None:
            return None
        chosen = np.array([part[pair] for part in (self._first, self._second) for pair in found])
        moved = self._moves.only(chosen[self._moves.classes[chosen] >= 0])
        for own in (self._first, self._second):
            self._open &= ~np.isin(self._moves.classes, moved.classes)[own]
        return below, moved

    def _adds(self, pairs: Whole, others: Whole, rest: Floats) -> Floats:
        """What pairs and others add together; infinite where more of a limit is used than there is."""
        left = rest[self._loose, None] - self._effects[:, pairs] - self._effects[:, others]
        adds: Floats = self._excess[pairs] + self._excess[others] + self._prices[self._loose] @ left
        adds[(left < 0).any(axis=0)] = math.inf
        return adds

    def _apart(self, pairs: Whole, others: Whole) -> Mask:
        """Whether pairs and others move members of different classes, all of which may still move."""
        apart: Mask = self._open[others]
        for one in (self._first[pairs], self._second[pairs]):
            for other in (self._first[others], self._second[others]):
                classes = self._moves.classes[one]
                apart &= (classes != self._moves.classes[other]) | (classes < 0)
        return apart


def _met(moves: Moves, prices: Floats, rest: Floats) -> list[int]:
    """The limits to be met to the unit: those whose units are dearest, as long as enough moves do the same to them."""
    met: list[int] = []
    different = 1
    for k in np.argsort(-prices, kind="stable").tolist():
        own = np.unique(np.append(moves.effects[k], rest[k]))
        different *= len(own)
        if prices[k] <= 0 or different > 2 * MOVES or (own != np.rint(own)).any():
            break
        met.append(k)
    return met


def _with_left(moves: Moves, prices: Floats, met: list[int]) -> Moves:
    """With moves that leave some units of a limit to be met, and one that does nothing."""
    units = np.tile(np.arange(1.0, LEFT + 1), len(met))
    limits = np.repeat(np.array(met, np.int64), LEFT)
    effects = np.zeros((len(prices), len(units) + 1))
    effects[limits, np.arange(len(units))] = units
    none = np.full(len(units) + 1, -1)
    return Moves(
        np.append(moves.classes, none),
        np.append(moves.options, none),
        np.append(moves.excess, np.append(prices[limits] * units, 0.0)),
        np.hstack([moves.effects, effects]),
    )


def _span(moves: Moves, rest: Floats, k: int) -> float:
    """How many different sums of four moves there can be at most, and what is left of the limit."""
    return 2 * float(4 * np.abs(moves.effects[k]).max() + abs(rest[k])) + 1
