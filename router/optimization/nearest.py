"""The least sum of moves that leads near to a point of a lattice, and what it costs to be off the point.

The basic moves span the lattice: they cost nothing, and are made any whole number of times. What other moves of little excess use together
is listed, and for each sum the whole numbers of basic moves are looked for that leave little to make up for. Where a limit is left unused,
that costs its price; where states that were even at the corner no longer are, what their tail is above its linear cost (see `kinks`).

Costs are micro-dollars.

Source: L. Babai, On Lovasz' lattice reduction and the nearest lattice point problem, Combinatorica 6 (1986), for the coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.optimization.run import Clock

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]

SUMS = 500_000
"""Sums of moves that are listed at most."""
EFFORT = 200_000_000
"""Pairs of sums that may be looked at in all; a count, not a time, so that the same plan comes out every time."""
POINT, WAY = 20, 20_000
"""What a point next to a pair, and a way that is judged, take of the effort."""
POINTS = 2_000_000
"""Points that are listed at once, at most."""
ALONG, ACROSS = 4096, 64
"""So many sums of two lists are paired at once."""
SAMPLE = 100
"""Sums of each list, by whose pairs it is chosen which basic move tells most."""
SOON = 100
"""How often a move is made at most before it is taken that it never comes to what basic moves do."""
TIMES = 5_000
"""How often one move may be within reach: one that costs next to nothing makes too many sums."""
FIRST = 5
"""The first reach is the excess of so many moves, or a micro-dollar."""
WIDER = 1.3
"""How much further the next reach goes."""
FARTHEST = 100
"""Times the largest excess of a move: what is not reached by then is given up."""
SAME = 1e-9
"""Of a basic move: moves that differ by this do the same."""
SLIP = 1e-7
"""Of a basic move, and of a limit's unit: what floats leave of nothing."""


@dataclass(frozen=True, slots=True)
class Bend:
    """Even states: limits ``start`` and on say by how much the others cost less than the first."""

    start: int
    shares: tuple[float, ...]
    """Of the first, and of each of the others; above 0 and below its cap."""
    caps: tuple[float, ...]

    @property
    def limits(self) -> slice:
        """The limits that it has."""
        return slice(self.start, self.start + len(self.shares) - 1)


class Off(NamedTuple):
    """What it costs to be off the point: by limits left unused, then by states that are not even."""

    prices: tuple[float, ...]
    """Of a unit of each limit; there may be none left over, but no more used."""
    bends: tuple[Bend, ...]

    def reach(self) -> tuple[Reals, Reals]:
        """How far off each limit can be for one micro-dollar: at least and at most."""
        low, high = [0.0] * len(self.prices), [1 / price for price in self.prices]
        for bend in self.bends:
            (first, *others), (cap, *caps) = bend.shares, bend.caps
            for share, top in zip(others, caps, strict=True):
                low.append(-1 / min(first, top - share))
                high.append(1 / min(share, cap - first))
        return np.array(low), np.array(high)

    def cost(self, left: Reals) -> Reals:
        """What it costs if so much is left of each limit, for each row of an array; infinite where more is used than there is."""
        unused = left[:, : len(self.prices)]
        total: Reals = np.maximum(unused, 0.0) @ np.array(self.prices)
        for bend in self.bends:
            more = np.hstack([np.zeros((len(left), 1)), -left[:, bend.limits]])
            order = np.argsort(-more, axis=1)
            more = np.take_along_axis(more, order, axis=1)
            shares, caps = np.array(bend.shares), np.array(bend.caps)[order]
            before = np.cumsum(caps, axis=1) - caps
            taken = np.clip(shares.sum() - before, 0.0, caps)
            total += ((taken - shares[order]) * more).sum(axis=1)
        total[(unused < -SLIP).any(axis=1)] = math.inf
        return total


class Way(NamedTuple):
    """Moves away from the corner, and how often each is made."""

    made: dict[int, int]
    basic: tuple[int, ...]


Judge: TypeAlias = Callable[[Way, float], float | None]
"""What a way costs in truth above the corner; None if it is no solution, which need not be known where it costs no less than so much."""


class Near(NamedTuple):
    """What was found."""

    lower: float
    """No way to a solution costs less."""
    way: Way | None
    """The best of those that were judged."""


class _Sums(NamedTuple):
    """Sums of moves, each made of one before it and one more move."""

    places: Reals
    """In basic moves."""
    excess: Reals
    before: Whole
    move: Whole

    def joined(self, others: Sequence[_Sums]) -> _Sums:
        """These, then others."""
        return _Sums(*(np.concatenate(parts) for parts in zip(self, *others, strict=True)))

    def places_and_excess(self, which: slice | Whole) -> tuple[Reals, Reals]:
        """Of some of them."""
        return self.places[which], self.excess[which]

    def by_excess(self) -> _Sums:
        """The same, the cheapest first."""
        order = np.argsort(self.excess, kind="stable")
        return _Sums(self.places[order], self.excess[order], np.argsort(order)[self.before[order]], self.move[order])


class Search:
    """The cheapest sum of moves, basic and other, that leads near to the target.

    Parameters
    ----------
    basic, moves
        What each move uses of the limits; as many basic ones as there are limits, and they span them.
    excess
        Of each move but the basic ones, in ascending order.
    target
        What there is of each limit.
    members
        Of the class of each basic move.
    off
        What it costs at least to miss the target.
    """

    def __init__(
        self, basic: Sequence[Sequence[float]], moves: Sequence[Sequence[float]], excess: Sequence[float],
        target: Sequence[float], members: Sequence[int], off: Off, judge: Judge, clock: Clock,
    ) -> None:  # fmt: skip
        self.members, self.off, self.judge, self.clock = np.array(members, float), off, judge, clock
        self.best, self.unsure, self.left = math.inf, math.inf, EFFORT
        self.way: Way | None = None
        low, high = off.reach()
        matrix = np.array(basic).T
        # Shorter moves in place of the basic ones: what is off then says more of how often each can be made.
        self.short = _shortened(matrix / (high - low)[:, None])
        self.basic = matrix @ self.short
        inverse = np.linalg.inv(self.basic)
        self.target = inverse @ np.array(target)
        error = np.abs(inverse @ self.basic - np.eye(len(inverse))).max()
        self.sharp = error * (1 + np.abs(self.target).max()) < SLIP / 10
        self.places, self.excess = np.array(moves) @ inverse.T, np.array(excess)
        corners = np.stack([inverse * low, inverse * high])
        self.low, self.high = -corners.max(axis=0).sum(axis=1), -corners.min(axis=0).sum(axis=1)
        alike = self._alike()
        numbers = np.arange(len(alike))
        self.useful = np.flatnonzero(alike == numbers)
        self.rounds = self._rounds()
        self._spare(alike)

    def _alike(self) -> Whole:
        """For each move the cheapest that does the same up to basic ones."""
        steps = round(1 / SAME)
        effects = np.round((self.places % 1) * steps).astype(np.int64) % steps
        first: dict[bytes, int] = {}
        return np.array([first.setdefault(effect.tobytes(), number) for number, effect in enumerate(effects)])

    def _rounds(self) -> Whole:
        """After how many times each move does nothing but what basic ones do, as far as that is soon; else 0."""
        rounds = np.zeros(len(self.places), np.int64)
        for times in range(SOON, 0, -1):
            made = self.places * times
            rounds[(np.abs(made - np.round(made)) < SAME * times).all(axis=1)] = times
        return rounds

    def _spare(self, alike: Whole) -> None:
        """Note what is left out: moves that others stand for, and more rounds than one.

        With it, by how much that moves the basic ones, and what it adds at least: where no state tells them apart that is even, others may.
        """
        others = np.flatnonzero(alike != np.arange(len(alike)))
        around = self.useful[self.rounds[self.useful] > 0]
        times = self.rounds[around]
        self.spared = np.concatenate([self.excess[others], times * self.excess[around]])
        self.round = float((times * self.excess[around]).min(initial=math.inf))
        self.dearer = np.full(len(alike), math.inf)
        np.minimum.at(self.dearer, alike[others], self.excess[others] - self.excess[alike[others]])
        moved = np.vstack([self.places[others] - self.places[alike[others]], times[:, None] * self.places[around]])
        self.shifts = np.round(moved) @ self.short.T

    def _range(self, reach: float) -> tuple[Reals, Reals]:
        """How often each basic move is made at least and at most in a solution, as far as what was left out lets it be known."""
        shifts = self.shifts[self.spared <= reach]
        least = np.where((shifts < 0).any(axis=0), -math.inf, 0.0)
        return least, np.where((shifts > 0).any(axis=0), math.inf, self.members)

    def run(self) -> Near:
        """The cheapest way or, where that takes too many sums, the best that was found by then."""
        each = self.excess[self.useful]
        reach, seen = max(1.0, float(each[min(FIRST, len(each)) - 1])), 0.0
        while self.sharp and reach <= FARTHEST * float(each[-1]) and self.clock.left != 0:
            one, other = (self._sums(half, reach) for half in self._halves(reach))
            if one is None or other is None or not self._look(one, other, reach):
                break
            # Whatever costs no more than the reach has been looked at.
            seen, lower = reach, min(self.best, self.unsure)
            if lower <= reach:
                break
            reach = min(WIDER * reach, lower)
        return Near(min(seen, self.best, self.unsure), self.way)

    def _halves(self, reach: float) -> tuple[list[int], list[int]]:
        """The moves within reach, in two halves of which about as many sums can be made."""
        halves: tuple[list[int], list[int]] = ([], [])
        weights = [0.0, 0.0]
        for number in self.useful[self.excess[self.useful] <= reach]:
            lighter = int(weights[1] < weights[0])
            halves[lighter].append(int(number))
            times = reach / max(float(self.excess[number]), reach / TIMES)
            weights[lighter] += math.log1p(min(times, self.rounds[number] or TIMES))
        return halves

    def _sums(self, moves: Sequence[int], reach: float) -> _Sums | None:
        """All sums of these moves within this excess, by it; None if they are too many."""
        none = np.zeros(1, np.int64)
        sums = _Sums(np.zeros((1, len(self.target))), np.zeros(1), none, none)
        # Of those that cost much few can be made: they come first, while the list is short.
        for number in reversed(moves):
            excess, times = float(self.excess[number]), int(self.rounds[number]) or TIMES
            if reach >= TIMES * excess and times == TIMES:
                return None
            last, total = np.arange(len(sums.excess)), len(sums.excess)
            places, costs, batches = sums.places, sums.excess, []
            while (times := times - 1) and (kept := np.flatnonzero(costs <= reach - excess)).size:
                places, costs = places[kept] + self.places[number], costs[kept] + excess
                batches.append(_Sums(places, costs, last[kept], np.full(len(kept), number)))
                last, total = total + np.arange(len(kept)), total + len(kept)
                if total > SUMS:
                    return None
            sums = sums.joined(batches)
        return sums.by_excess()

    def _look(self, one: _Sums, other: _Sums, reach: float) -> bool:
        """Judge all that may cost no more than the reach; False if that is too much."""
        self.left -= int(np.searchsorted(one.excess, reach - other.excess, side="right").sum())
        if self.left < 0:
            return False
        for a, b in self._candidates(one, other, reach):
            exact, cost = self.target - one.places[a] - other.places[b], one.excess[a] + other.excess[b]
            points = self._points(exact, cost, reach)
            if points is None:
                return False
            lower, times, of = points
            for i in np.argsort(lower, kind="stable"):
                if lower[i] >= self.best:
                    break
                made = _behind(one, int(a[of[i]])) | _behind(other, int(b[of[i]]))
                self._judge(Way(made, tuple(map(int, times[i]))), float(lower[i]))
                if self.left < 0 or self.clock.left == 0:
                    return False
        return True

    def _judge(self, way: Way, lower: float) -> None:
        """Keep the way if it is the best so far, and note what others cost at least for which it stands."""
        self.left -= WAY
        excess = self.judge(way, self.best)
        if excess is not None and excess < self.best:
            self.best, self.way = excess, way
        # They may be solutions where this is none, and where this costs more than it must, they may cost less.
        self.unsure = min(self.unsure, lower + min([self.round, *self.dearer[[*way.made]]]))

    def _candidates(self, one: _Sums, other: _Sums, reach: float) -> Iterator[tuple[Whole, Whole]]:
        """Pairs that cost no more than the reach and next to which, as far as one basic move tells, there is a point."""
        some = [
            sums.places_and_excess(np.linspace(0, len(sums.excess) - 1, SAMPLE).astype(int)) for sums in (one, other)
        ]
        k = min(range(len(self.target)), key=lambda k: self._pairs(k, reach, *some)[0].size)
        for j in range(0, len(other.excess), ACROSS):
            end = int(np.searchsorted(one.excess, reach - other.excess[j], side="right"))
            for i in range(0, end, ALONG):
                along, across = slice(i, min(i + ALONG, end)), slice(j, j + ACROSS)
                a, b = self._pairs(k, reach, one.places_and_excess(along), other.places_and_excess(across))
                if a.size:
                    yield a + i, b + j

    def _pairs(self, k: int, reach: float, one: tuple[Reals, Reals], other: tuple[Reals, Reals]) -> tuple[Whole, Whole]:
        """Pairs of sums next to which a basic move leaves little to make up for, made some whole number of times."""
        (places, costs), (others, more) = one, other
        width, high = self.high[k] - self.low[k], self.high[k]
        room = reach - costs
        over = (self.target[k] - places[:, k] + high * room + SLIP)[:, None] - (others[:, k] + high * more)
        over -= np.floor(over)
        a, b = np.nonzero(over <= (width * room + 2 * SLIP)[:, None] - width * more)
        return a, b

    def _points(self, exact: Reals, cost: Reals, reach: float) -> tuple[Reals, Reals, Whole] | None:
        """All points within reach of sums that leave so far to go, in basic moves, and cost so much; None if they are too many.

        Of each point what it costs at least, how often each basic move is made, and next to which sum it is.
        """
        of, times = np.arange(len(exact)), np.zeros_like(exact)
        for k in range(len(self.target)):
            room = reach - cost[of]
            low = np.ceil(exact[of, k] + room * self.low[k] - SLIP)
            high = np.floor(exact[of, k] + room * self.high[k] + SLIP)
            many = np.maximum(high - low + 1, 0)
            self.left -= POINT * int(many.sum())
            if many.sum() > POINTS or self.left < 0:
                return None
            many = many.astype(np.int64)
            again = np.repeat(np.arange(len(of)), many)
            of, times = of[again], times[again]
            times[:, k] = low[again] + np.arange(len(again)) - np.repeat(np.cumsum(many) - many, many)
        basic = times @ self.short.T
        least, most = self._range(reach)
        kept = np.flatnonzero(((basic >= least) & (basic <= most)).all(axis=1))
        of, basic = of[kept], basic[kept]
        left = (exact[of] - times[kept]) @ self.basic.T
        return cost[of] + self.off.cost(left), basic, of


def _shortened(matrix: Reals) -> Reals:
    """Whole combinations of the columns that span the same lattice and are shorter: no two of them can be made shorter still."""
    columns, made = matrix.T.copy(), np.eye(len(matrix))
    shorter = True
    while shorter:
        shorter = False
        for i, j in permutations(range(len(columns)), 2):
            times = np.round(columns[i] @ columns[j] / (columns[j] @ columns[j]))
            if times and np.linalg.norm(columns[i] - times * columns[j]) < (1 - SLIP) * np.linalg.norm(columns[i]):
                columns[i] -= times * columns[j]
                made[i] -= times * made[j]
                shorter = True
    return made.T


def _behind(sums: _Sums, one: int) -> dict[int, int]:
    """The moves that a sum is made of."""
    made: dict[int, int] = {}
    while one:
        number = int(sums.move[one])
        made[number] = made.get(number, 0) + 1
        one = int(sums.before[one])
    return made
