"""The least sum of moves that leads to an element of a lattice, put together from three lists.

How often each move is made is a multiple of three and a rest of two at most. So every sum is made of a part, three times, and of rests:
parts go to a third of the excess only, and within that there are few elements. Rests are many where there are many moves; they are split
over two lists, so that neither these nor their pairs with parts grow long. Each element is listed by the least sum that leads there. A
pair of a part and of rests of one list is looked for that leads to where the other list begins.

Where money is left unused, that costs its price; so of two sums with the same key, the one that uses less money may stand for the other.

Excess is in micro-dollars, money in the solver's units of its limit.

Sources: E. Horowitz and S. Sahni, Computing partitions with applications to the knapsack problem, Journal of the ACM 21 (1974), for the
lists; K. Jansen and L. Rohwedder, On integer programming, discrepancy, and convolution, Mathematics of Operations Research 48 (2023),
for solutions made of parts that are alike.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
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
PARTS = 3
"""How often a part is made."""
PAIRS = 32
"""So many pairs are looked up while a rest is listed: the list of rests grows to that fraction of the pairs."""
SHARE = 0.6
"""Of the reach: what a part that is looked up takes of it, made ``PARTS`` times; a rest that is looked up takes what is left."""
AT_ONCE = 2**20
"""Pairs that are looked up at once, about."""
MARKS = 8
"""Per sum of a list: how many marks tell keys that are not in it."""
FIRST = 20
"""The first reach of a part is the excess of so many moves that do different things."""
WIDER = 1.4
"""How much further the next reach goes where nothing was found."""
FARTHEST = 200
"""Times the largest excess of a move: what is not reached by then is given up."""
NOTHING = 1e-3
"""Micro-dollars: excess that floats leave of nothing."""
HAIR = 1e-6
"""Micro-dollars: by how much excess may differ and be the same."""
GRAIN = 1e-8
"""Of the solver's units of a limit: by how much its money may differ and be the same."""


ALIKE = -1
"""In the place of a move: what a sum is made of is made several times."""


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


class _Origins:
    """What sums are made of, by their names; 0 is the name of nothing."""

    def __init__(self) -> None:
        self.next = 1
        """The name of the next sum."""
        self._first, self._steps = [0], [(ALIKE, 1)]
        self._before: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]

    def note(self, before: NDArray[np.int64], number: int, times: int) -> None:
        """The next sums are these with a move made so many times more or, where the move is ``ALIKE``, made so many times."""
        self._first.append(self.next)
        self._steps.append((number, times))
        self._before.append(before)
        self.next += len(before)

    def behind(self, names: Iterable[int]) -> dict[int, int]:
        """How often each move is made in all these sums."""
        made: dict[int, int] = {}
        for name in names:
            alike = 1
            while name:
                place = bisect_right(self._first, name) - 1
                number, times = self._steps[place]
                name = int(self._before[place][name - self._first[place]])
                if number == ALIKE:
                    alike = times
                else:
                    made[number] = made.get(number, 0) + alike * times
        return made


class _Lists(NamedTuple):
    """What every sum within reach is made of: one of each."""

    parts: _Sums
    """Made ``PARTS`` times."""
    rests: _Sums
    others: _Sums
    """Rests by other moves; few."""


class Search:
    """The least excess that leads to the target, and the moves behind it."""

    def __init__(
        self, lattice: Lattice, price: float, moves: Sequence[Move], target: tuple[int, float], clock: Clock
    ) -> None:
        self.lattice, self.price, self.moves = lattice, price, moves
        self.target = np.array([target[0]]), np.array([target[1]])
        self.clock, self.left = clock, EFFORT
        self.round = price * lattice.period
        """What it costs to leave a whole period of money unused."""

    def run(self) -> tuple[float, dict[int, int]] | None:
        """The excess, and how often each move is made; None if that takes too many sums."""
        reach = PARTS * (self.moves[min(FIRST, len(self.moves)) - 1].excess + NOTHING)
        farthest = FARTHEST * (self.moves[-1].excess + NOTHING)
        while reach <= farthest and (lists := self._lists(reach)) is not None:
            best, names = self._met(lists, reach)
            if self._out_of_effort():
                return None
            if best <= reach:
                return best, self._origins.behind(names)
            reach = best * (1 + 1e-9) + HAIR if best < math.inf else WIDER * reach
        return None

    def _out_of_effort(self) -> bool:
        return self.left < 0 or self.clock.left == 0

    def _lists(self, reach: float) -> _Lists | None:
        """Lists from which every sum within this excess can be made; None if they are too long."""
        self._origins = _Origins()
        zero = np.zeros(1)
        rests = others = once = _Sums(np.zeros(1, np.int64), zero, zero, np.zeros(1, np.int64))
        small = bisect_right(self.moves, reach / PARTS, key=attrgetter("excess"))
        useful = []
        for number in range(small):
            if not self._reached(once, number):
                useful.append(number)
                once = self._with(once, number, reach / PARTS, math.inf)
                if self._too_many(once):
                    return None
        parts = self._alike(once)
        near = np.sort(parts.excess)
        pairs = len(near)
        for number in (*useful, *self._large(small, reach, once)):
            if number >= small and (self._reached(rests, number) or self._reached(others, number)):
                continue
            if PAIRS * len(rests.keys) < pairs:
                rests = self._with(rests, number, reach, PARTS - 1)
            else:
                others = self._with(others, number, reach, PARTS - 1)
                pairs = int(np.searchsorted(near, reach - others.excess, side="right").sum())
            if self._too_many(rests) or self._too_many(others):
                return None
        return _Lists(parts, rests, others)

    def _large(self, first: int, reach: float, known: _Sums) -> list[int]:
        """The moves from the first on that are within reach, and not reached by these at no more cost."""
        moves = self.moves[first : bisect_right(self.moves, reach, key=attrgetter("excess"))]
        if not moves:
            return []
        least, _ = self._least(known, np.array([move.key for move in moves]), np.array([move.real for move in moves]))
        return [
            number
            for number, (move, cost) in enumerate(zip(moves, least, strict=True), first)
            if cost > move.excess + HAIR
        ]

    def _reached(self, sums: _Sums, number: int) -> bool:
        """Whether one of these does what a move does, at no more cost."""
        move = self.moves[number]
        return bool(self._least(sums, np.array([move.key]), np.array([move.real]))[0][0] <= move.excess + HAIR)

    def _alike(self, sums: _Sums) -> _Sums:
        """Each sum ``PARTS`` times."""
        keys, reals = self.lattice.multiple(sums.keys, sums.reals, PARTS)
        first = self._origins.next
        self._origins.note(sums.names, ALIKE, PARTS)
        return self._cheapest(_Sums(keys, reals, PARTS * sums.excess, np.arange(first, self._origins.next)))

    def _too_many(self, sums: _Sums) -> bool:
        return len(sums.keys) > (SUMS_WITH_MONEY if self.price else SUMS) or self._out_of_effort()

    def _with(self, sums: _Sums, number: int, reach: float, most: float) -> _Sums:
        """The sums, and those within reach with a move made up to so many times more."""
        move = self.moves[number]
        moved = np.array([move.key]), np.array([move.real])
        made, times = 0, 1
        while made < most and times * move.excess <= reach:
            more, first = times * move.excess, self._origins.next
            near = sums.only(sums.excess <= reach - more)
            names = np.arange(first, first + len(near.keys))
            new = _Sums(*self.lattice.add(near.keys, near.reals, *moved), near.excess + more, names)
            sums = self._merged(sums, new)
            self.left -= len(sums.keys)
            if not (sums.names >= first).any():
                break
            self._origins.note(near.names, number, times)
            if self._too_many(sums):
                break
            made += times
            if made + 2 * times <= most:
                moved, times = self.lattice.multiple(*moved, 2), 2 * times
        return sums

    def _merged(self, sums: _Sums, new: _Sums) -> _Sums:
        """What is cheapest of both."""
        if not self.price:
            return _merged(sums, new)
        return self._cheapest(_Sums(*(np.concatenate(pair) for pair in zip(sums, new, strict=True))))

    def _cheapest(self, sums: _Sums) -> _Sums:
        """Those that are cheaper than every other of their key with some money left unused, by key and money."""
        if not self.price:
            sums = sums.only(np.lexsort((sums.excess, sums.keys)))
            return sums.only(np.diff(sums.keys, prepend=-1) > 0)
        sums = sums.only(np.lexsort((sums.excess, sums.reals, sums.keys)))
        return sums.only(self._cheaper(sums.keys, sums.reals, sums.excess))

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

    def _met(self, lists: _Lists, reach: float) -> tuple[float, tuple[int, ...]]:
        """The least excess that is found to lead to the target, and the names of the sums that do; infinite if there are none.

        If it is within reach, there is none less.
        """
        # Of a part and rests that are within reach together, one is within its share of that.
        return min(
            self._through(lists.parts, lists.rests, lists.others, reach, SHARE),
            self._through(lists.rests, lists.parts, lists.others, reach, 1 - SHARE),
        )

    def _through(
        self, near: _Sums, far: _Sums, others: _Sums, reach: float, share: float
    ) -> tuple[float, tuple[int, ...]]:
        """The same, of sums of which the first are within a share of what the last leave of the reach."""
        room = share * (reach - others.excess) + HAIR
        near = near.only(near.excess <= room.max())
        near = near.only(np.argsort(near.excess, kind="stable"))
        keys, reals = self.lattice.multiple(near.keys, near.reals, -1)
        starts, left = self.lattice.add(*self.lattice.multiple(others.keys, others.reals, -1), *self.target)
        marks = _Marks(far.keys)
        many = np.searchsorted(near.excess, room, side="right")
        ends = np.cumsum(many)
        start, best = 0, math.inf
        names: tuple[int, ...] = ()
        while start < len(many) and not self._out_of_effort():
            before = ends[start] - many[start]
            end = max(start + 1, int(np.searchsorted(ends, before + AT_ONCE, side="right")))
            of = np.repeat(np.arange(start, end), many[start:end])
            at = np.arange(len(of)) - np.repeat(ends[start:end] - many[start:end] - before, many[start:end])
            self.left -= len(of)
            start = end
            wanted, money = self.lattice.add(keys[at], reals[at], starts[of], left[of])
            maybe = marks.maybe(wanted)
            if not len(maybe):
                continue
            at, of = at[maybe], of[maybe]
            met, place = self._least(far, wanted[maybe], money[maybe])
            total = near.excess[at] + others.excess[of] + met
            least = int(total.argmin())
            if total[least] < best:
                best = float(total[least])
                names = tuple(int(x) for x in (near.names[at[least]], far.names[place[least]], others.names[of[least]]))
        return best, names


class _Marks:
    """Which keys may be in a list, told faster than by a search for them."""

    def __init__(self, keys: Keys) -> None:
        self._last = 2 ** (MARKS * len(keys)).bit_length() - 1
        self._marks = np.zeros(self._last + 1, bool)
        self._marks[keys & self._last] = True

    def maybe(self, keys: Keys) -> NDArray[np.int64]:
        """The places of those that may be."""
        return np.flatnonzero(self._marks[keys & self._last])


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
    at = place + np.arange(len(place))
    old = np.ones(len(sums.keys) + len(at), bool)
    old[at] = False
    keys = np.empty(len(old), np.int64)
    keys[at], keys[old] = new.keys, sums.keys
    both = _Sums(keys, np.zeros(len(old)), np.empty(len(old)), np.empty(len(old), np.int64))
    both.excess[at], both.excess[old] = new.excess, excess
    both.names[at], both.names[old] = new.names, names
    return both
