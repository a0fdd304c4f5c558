"""The least sum of moves that leads to an element of a lattice, found from both ends.

All sums of moves of little excess are listed, each element by the least of them, and two of these that meet are looked for. Where money
is left unused, that costs its price; so of two sums with the same key, the one that uses less money may stand for the other.

Excess is in micro-dollars, money in the solver's units of its limit.

Source: E. Horowitz and S. Sahni, Computing partitions with applications to the knapsack problem, Journal of the ACM 21 (1974).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.optimization.lattice import Keys, Lattice, Reals
from router.optimization.run import Clock

SUMS = 2_500_000
"""Sums of moves that are kept at most."""
SUMS_WITH_MONEY = 400_000
"""The same where they have to be sorted by money too."""
EFFORT = 400_000_000
"""Sums that may be looked at in all; a count, not a time, so that the same plan comes out every time."""
FIRST = 20
"""The first reach is the excess of so many moves that do different things."""
WIDER = 1.25
"""How much further the next reach goes."""
FARTHEST = 100
"""Times the largest excess of a move: what is not reached by then is given up."""
SHARE = 0.2
"""Of the reach: moves of more excess than this are also tried between the two ends."""
NEAR = 2.5
"""Times the reach: where the two ends meet at more, moves between them are not tried yet."""
NOTHING = 1e-3
"""Micro-dollars: excess that floats leave of nothing."""
HAIR = 1e-6
"""Micro-dollars: by how much excess may differ and be the same."""
GRAIN = 1e-8
"""Of the solver's units of a limit: by how much its money may differ and be the same."""


class Move(NamedTuple):
    """A member from its class's option to another or, for no class, one unit of a tight limit left unused."""

    excess: float
    key: int
    real: float
    c: int
    o: int
    """The option; of no class, the place of the limit."""


def effect(move: Move) -> tuple[int, int]:
    """Moves of the same effect do the same."""
    return move.key, round(move.real / GRAIN)


def different(moves: Sequence[Move]) -> list[Move]:
    """The first of sorted moves that do the same."""
    cheapest: dict[tuple[int, int], Move] = {}
    for move in moves:
        cheapest.setdefault(effect(move), move)
    return list(cheapest.values())


class _Sums(NamedTuple):
    """Sums of moves, by key and then by money: each is cheaper than the others of its key with some money left unused."""

    keys: Keys
    reals: Reals
    excess: Reals
    names: NDArray[np.int64]
    """Numbers of their own, by which what they are made of is looked up."""

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> _Sums:
        """Some of them."""
        return _Sums(self.keys[chosen], self.reals[chosen], self.excess[chosen], self.names[chosen])


class _Ends(NamedTuple):
    """Two sums that meet, by name, and the move between them; -1: none."""

    one: int
    other: int
    between: int


class Search:
    """The least excess that leads to the target, and the moves behind it."""

    def __init__(
        self, lattice: Lattice, price: float, moves: Sequence[Move], target: tuple[int, float], clock: Clock
    ) -> None:
        self.lattice, self.price, self.moves, self.target = lattice, price, moves, target
        self.clock, self.left = clock, EFFORT
        self.round = price * lattice.period
        """What it costs to leave a whole period of money unused."""

    def run(self) -> tuple[float, dict[int, int]] | None:
        """The excess, and how often each move is made; None if that takes too many sums."""
        reach = self.moves[min(FIRST, len(self.moves)) - 1].excess + NOTHING
        farthest = FARTHEST * (self.moves[-1].excess + NOTHING)
        while reach <= farthest and (sums := self._sums(reach)) is not None:
            between = SHARE * reach
            best, ends = self._met(sums, reach, between)
            if self._out_of_effort():
                return None
            # Any moves of less excess can be parted in two of which neither is beyond the reach, but perhaps for one large move.
            if best <= 2 * reach - between:
                return best, self._behind(ends)
            needed = (best + between) / 2 * (1 + 1e-9) + HAIR
            reach = min(max(WIDER * reach, NOTHING), needed / (1 - SHARE / 2))
        return None

    def _out_of_effort(self) -> bool:
        return self.left < 0 or self.clock.left == 0

    def _sums(self, reach: float) -> _Sums | None:
        """Every element that sums of moves within this excess lead to; None if these are too many."""
        zero = np.zeros(1)
        sums = _Sums(np.zeros(1, np.int64), zero, zero, np.zeros(1, np.int64))
        self._parents: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
        self._steps: list[tuple[int, int]] = [(-1, 0)]
        self._useful: list[int] = []
        for number, move in enumerate(self.moves):
            if move.excess > reach:
                break
            if self._least(sums, np.array([move.key]), np.array([move.real]))[0][0] <= move.excess + HAIR:
                continue
            self._useful.append(number)
            key, real, times = move.key, move.real, 1
            while times * move.excess <= reach:
                before = len(self._steps)
                sums = self._with(sums, number, times, (key, real), reach)
                self.left -= len(sums.keys)
                if len(sums.keys) > (SUMS_WITH_MONEY if self.price else SUMS) or self._out_of_effort():
                    return None
                if len(self._steps) == before:
                    break
                (doubled,), (money,) = self.lattice.add(np.array([key]), np.array([real]), key, real)
                key, real, times = int(doubled), float(money), 2 * times
        return sums

    def _with(self, sums: _Sums, number: int, times: int, moved: tuple[int, float], reach: float) -> _Sums:
        """The sums, and those with a move made so many times more."""
        more = times * self.moves[number].excess
        near = sums.only(sums.excess <= reach - more)
        keys, reals = self.lattice.add(near.keys, near.reals, *moved)
        first = sum(map(len, self._parents))
        new = _Sums(keys, reals, near.excess + more, np.arange(first, first + len(keys)))
        both = self._merged(sums, new) if self.price else _merged(sums, new)
        if (both.names >= first).any():
            self._parents.append(near.names)
            self._steps.append((number, times))
        return both

    def _merged(self, sums: _Sums, new: _Sums) -> _Sums:
        """What is cheapest of both."""
        both = _Sums(*(np.concatenate(pair) for pair in zip(sums, new, strict=True)))
        both = both.only(np.lexsort((both.excess, both.reals, both.keys)))
        return both.only(self._cheaper(both.keys, both.reals, both.excess))

    def _cheaper(self, keys: Keys, reals: Reals, excess: Reals) -> NDArray[np.bool_]:
        """Which of sorted sums are cheaper than every other of their key with some money left unused."""
        worth = excess - self.price * reals
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        of = np.repeat(np.arange(len(first)), np.diff(first, append=len(keys)))
        least = np.minimum.reduceat(worth, first)
        # Far enough apart that no key's least is carried on to the next.
        far = float(worth.max() - worth.min()) + 1.0
        before = np.minimum.accumulate(worth - far * of)
        lower = np.ones(len(keys), bool)
        lower[1:] = worth[1:] - far * of[1:] < before[:-1] - HAIR
        lower[first] = True
        kept: NDArray[np.bool_] = lower & (worth <= least[of] + max(HAIR, self.round - HAIR))
        return kept

    def _least(self, sums: _Sums, keys: Keys, reals: Reals) -> tuple[Reals, NDArray[np.int64]]:
        """The least excess, money left unused counted, at which each of these elements is reached; and the sums that do."""
        low = np.searchsorted(sums.keys, keys)
        if not self.price:
            place = np.minimum(low, len(sums.keys) - 1)
            return np.where(sums.keys[place] == keys, sums.excess[place], math.inf), place
        high = np.searchsorted(sums.keys, keys, side="right")
        # The last with no more money; if there is none, the last of all, and a period left unused.
        start, end = low.copy(), high.copy()
        while (open_ones := start < end).any():
            middle = (start + end) // 2
            fits = open_ones & (sums.reals[np.minimum(middle, len(sums.keys) - 1)] <= reals + GRAIN)
            start = np.where(fits, middle + 1, start)
            end = np.where(open_ones & ~fits, middle, end)
        place = np.where(start > low, start - 1, np.maximum(high - 1, 0))
        unused = reals - sums.reals[place] + np.where(start > low, 0.0, self.lattice.period)
        found = sums.excess[place] + self.price * np.maximum(unused, 0.0)
        return np.where(high > low, found, math.inf), place

    def _met(self, sums: _Sums, reach: float, between: float) -> tuple[float, _Ends]:
        """The least excess of two sums that meet at the target, perhaps with a large move between them."""
        best, ends = self._through(sums, sums, -1)
        if best > NEAR * reach:
            return best, ends
        # What is left besides a move of almost all the excess is within reach: one sum.
        keys = np.array([move.key for move in self.moves])
        met, place = self._least(
            sums, *self._taken_off(*self.target, keys, np.array([move.real for move in self.moves]))
        )
        total = met + np.array([move.excess for move in self.moves])
        least = int(total.argmin())
        if total[least] < best:
            best, ends = float(total[least]), _Ends(0, int(sums.names[place[least]]), least)
        for number in self._useful:
            if self._out_of_effort():
                break
            if between < self.moves[number].excess < best - reach:
                self.left -= len(sums.keys)
                near = sums.only(sums.excess <= (best - self.moves[number].excess) / 2 + HAIR)
                best, ends = min((best, ends), self._through(sums, near, number))
        return best, ends

    def _through(self, sums: _Sums, near: _Sums, number: int) -> tuple[float, _Ends]:
        """The least excess of a sum near the start, a move (-1: none) and another sum."""
        key, real, excess = *self.target, 0.0
        if number >= 0:
            move = self.moves[number]
            (key,), (real,) = self._taken_off(key, real, np.array([move.key]), np.array([move.real]))
            excess = move.excess
        met, place = self._least(sums, *self._taken_off(key, real, near.keys, near.reals))
        total = near.excess + excess + met
        least = int(total.argmin())
        return float(total[least]), _Ends(int(near.names[least]), int(sums.names[place[least]]), number)

    def _taken_off(self, key: int, real: float, keys: Keys, reals: Reals) -> tuple[Keys, Reals]:
        """An element less each of the others."""
        return self.lattice.add(*self.lattice.opposite(keys, reals), key, real)

    def _behind(self, ends: _Ends) -> dict[int, int]:
        """The moves behind two sums, and the one between them."""
        first = np.cumsum([0, *map(len, self._parents)])
        parents = np.concatenate(self._parents)
        made: dict[int, int] = {ends.between: 1} if ends.between >= 0 else {}
        for name in (ends.one, ends.other):
            while name:
                number, times = self._steps[int(np.searchsorted(first, name, side="right")) - 1]
                made[number] = made.get(number, 0) + times
                name = int(parents[name])
        return made


def _merged(sums: _Sums, new: _Sums) -> _Sums:
    """What is cheapest of both for each key, where there is no money."""
    new = new.only(np.argsort(new.keys, kind="stable"))
    place = np.searchsorted(sums.keys, new.keys)
    known = sums.keys[np.minimum(place, len(sums.keys) - 1)] == new.keys
    cheaper = np.flatnonzero(known)
    cheaper = cheaper[new.excess[cheaper] < sums.excess[place[cheaper]] - HAIR]
    excess, names = sums.excess.copy(), sums.names.copy()
    excess[place[cheaper]], names[place[cheaper]] = new.excess[cheaper], new.names[cheaper]
    place, new = place[~known], new.only(~known)
    keys = np.insert(sums.keys, place, new.keys)
    return _Sums(keys, np.zeros(len(keys)), np.insert(excess, place, new.excess), np.insert(names, place, new.names))
