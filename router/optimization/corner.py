"""The optimum where every class has members to spare, without a search: the corner relaxation.

At the corner where the linear relaxation ends, every class is on one option but for as many members as there are tight limits; these
are the basic ones. Whole solutions leave the corner by moving members to other options (each adds its excess, see `bound`) and by
leaving some of a limit unused (each unit adds the limit's price); the basic members make up for it, and must come out whole. So what
counts of a move is what it uses of the tight limits up to whole combinations of the basic ones: an element of a finite group, or, where
the money of one limit is not counted in whole numbers, of such a group times a circle (see `lattice`). The least excess that leads to
the element of the corner itself is a bound, and if the moves behind it keep all counts and limits, they are an optimum.

It is found from both ends: all sums of moves of little excess, each element by the least of them, and two of these that meet.

Costs are micro-dollars.

Sources: R. E. Gomory, On the relation between integer and noninteger solutions to linear programs, Proceedings of the National Academy
of Sciences 53 (1965), and Some polyhedra related to combinatorial problems, Linear Algebra and its Applications 2 (1969), for the
relaxation; E. Horowitz and S. Sahni, Computing partitions with applications to the knapsack problem, Journal of the ACM 21 (1974), for
the two ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router import log
from router.optimization.bound import Bound
from router.optimization.formulation import scaled
from router.optimization.lattice import Keys, Lattice, Reals
from router.optimization.problem import Problem
from router.optimization.rows import Amounts, Counts
from router.optimization.run import Clock

SUMS = 2_500_000
"""Sums of moves that are kept at most."""
SUMS_WITH_MONEY = 400_000
"""The same where they have to be sorted by money too."""
EFFORT = 400_000_000
"""Sums that may be looked at in all; a count, not a time, so that the same plan comes out every time."""
MOST_KEYS = 2**40
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
SLIP = 1e-8
"""Micro-dollars: a move that gains more is no rounding of floats, and the corner not the relaxation's."""
HAIR = 1e-6
"""Micro-dollars: by how much excess may differ and be the same."""
GRAIN = 1e-8
"""Of the solver's units of a limit: by how much its money may differ and be the same."""


class _Tight(NamedTuple):
    """A limit that has a price, in the solver's numbers and written as at most its bound."""

    uses: tuple[tuple[float, ...], ...]
    bound: float
    whole: bool
    """Whether all that is used of it comes in whole numbers."""


class _Move(NamedTuple):
    """A member from its class's option to another or, for no class, one unit of a tight limit left unused."""

    excess: float
    key: int
    real: float
    c: int
    o: int
    """The option; of no class, the place of the limit."""


@dataclass(frozen=True, slots=True)
class Corner:
    """What the relaxation found."""

    lower: float
    """No solution costs less."""
    counts: Counts | None
    """A solution that costs this much, if the moves behind it are one."""
    options: frozenset[tuple[int, int]]
    """The (class, option) pairs of these moves, and of all that do the same at the same cost."""


@dataclass(frozen=True, slots=True)
class _At:
    """The corner."""

    base: tuple[int, ...]
    """The option of each class."""
    tight: tuple[_Tight, ...]
    basic: tuple[tuple[int, int], ...]
    """As many classes, each with another option."""
    prices: tuple[Fraction, ...]
    """Of the tight limits, in their units: those at which the basic moves cost exactly nothing."""

    @property
    def exact(self) -> list[_Tight]:
        """The tight limits in whole numbers."""
        return [limit for limit in self.tight if limit.whole]

    @property
    def money(self) -> int:
        """The place of the tight limit that is not in whole numbers; -1: there is none."""
        return next((k for k, limit in enumerate(self.tight) if not limit.whole), -1)

    def moved(self, limit: _Tight, c: int, o: int) -> float:
        """What a member on another option uses more of a limit."""
        return limit.uses[c][o] - limit.uses[c][self.base[c]]

    def element(self, lattice: Lattice, c: int, o: int) -> tuple[int, float]:
        """What moving a member does."""
        real = self.moved(self.tight[self.money], c, o) if self.money >= 0 else 0.0
        return lattice.element([int(self.moved(limit, c, o)) for limit in self.exact], real)


def corner(problem: Problem, relaxed: Bound, amounts: Amounts, clock: Clock) -> Corner | None:
    """The corner relaxation; None where it cannot be set up or takes too many sums.

    Parameters
    ----------
    problem
        With rows, and nothing else that couples its classes.
    relaxed
        The bound by the linear relaxation's prices, one for each row.
    amounts
        The relaxation's solution, a corner of it.
    """
    at = _corner(problem, relaxed, amounts)
    if at is None:
        return None
    money = at.money
    lattice = Lattice(
        [[int(at.moved(limit, c, o)) for limit in at.exact] for c, o in at.basic],
        [at.moved(at.tight[money], c, o) if money >= 0 else 0.0 for c, o in at.basic],
    )
    if not 0 < lattice.size < MOST_KEYS:
        return None
    every = sorted(_moves(problem, at, lattice))
    if not every or every[0].excess < -SLIP:
        return None
    moves = _different(every)
    left = [_left(problem, limit, at.base) for limit in at.tight]
    whole = [int(rest) for rest, limit in zip(left, at.tight, strict=True) if limit.whole]
    target = lattice.element(whole, float(left[money]) if money >= 0 else 0.0)
    price = float(at.prices[money]) if money >= 0 else 0.0
    found = _Search(lattice, price, moves, target, clock).run()
    if found is None:
        return None
    excess, made = found
    log.debug("corner solved", keys=lattice.size, excess=excess)
    bases = zip(problem.groups, at.base, strict=True)
    cost = sum((group.count * Fraction(group.options[o].cost) for group, o in bases), Fraction(0))
    cost -= sum(map(mul, at.prices, left))
    if price:
        left[money] -= Fraction((excess - sum(moves[k].excess * times for k, times in made.items())) / price)
    like = {_effect(moves[k]): moves[k].excess + HAIR for k in made}
    options = frozenset((m.c, m.o) for m in every if m.c >= 0 and m.excess <= like.get(_effect(m), -1.0))
    # Money that counts as the same, at each move of a solution and once more for what it is compared with.
    slop = price * GRAIN * 2 * (2 + sum(made.values()))
    return Corner(float(cost) + excess - slop, _settled(problem, at, left, moves, made), options)


def _corner(problem: Problem, relaxed: Bound, amounts: Amounts) -> _At | None:
    """The corner of the relaxation's solution; None if it is not one, or more than one tight limit is not in whole numbers."""
    tight = _tight(problem, relaxed)
    base = tuple(max(range(len(own)), key=own.__getitem__) for own in amounts)
    at = _At(base, tight, (), ())
    if not tight or sum(not limit.whole for limit in tight) > 1:
        return None
    basic = _basic(problem, relaxed, amounts, at)
    if len(basic) < len(tight):
        return None
    costs = [problem.groups[c].options for c, _ in basic]
    gained = [
        Fraction(options[base[c]].cost) - Fraction(options[o].cost)
        for (c, o), options in zip(basic, costs, strict=True)
    ]
    prices = _solved([[Fraction(at.moved(limit, c, o)) for limit in tight] for c, o in basic], gained)
    return _At(base, tight, tuple(basic), tuple(prices)) if min(prices) > 0 else None


def _tight(problem: Problem, relaxed: Bound) -> tuple[_Tight, ...]:
    """The limits with a price."""
    tight = []
    for row, price in zip(problem.rows, relaxed.prices, strict=True):
        scale = scaled(row)
        if price * scale.unit <= NOTHING:
            continue
        sign = 1 if row.sense == "at_most" else -1
        whole = all(float(use).is_integer() for own in scale.coefficients for use in own)
        uses = tuple(tuple(sign * use for use in own) for own in scale.coefficients)
        tight.append(_Tight(uses, sign * scale.bound, whole))
    return tuple(tight)


def _left(problem: Problem, limit: _Tight, base: Sequence[int]) -> Fraction:
    """What all members on the options of the corner leave of a limit; below nothing where they use more."""
    pairs = zip(problem.groups, limit.uses, base, strict=True)
    return Fraction(limit.bound) - sum(group.count * Fraction(own[o]) for group, own, o in pairs)


def _basic(problem: Problem, relaxed: Bound, amounts: Amounts, at: _At) -> list[tuple[int, int]]:
    """Moves without excess that each have an effect of their own, those of the corner first."""
    free = [
        (amounts[c][o] <= 1e-6, -problem.groups[c].count, c, o)
        for c, own in enumerate(relaxed.excess)
        for o, excess in enumerate(own)
        if o != at.base[c] and excess <= 1e-6 * max(1.0, abs(problem.groups[c].options[o].cost))
    ]
    chosen: list[tuple[int, int]] = []
    reduced: list[tuple[int, list[Fraction]]] = []
    for _, _, c, o in sorted(free):
        vector = [Fraction(at.moved(limit, c, o)) for limit in at.tight]
        for lead, other in reduced:
            if vector[lead]:
                factor = vector[lead] / other[lead]
                vector = [a - factor * b for a, b in zip(vector, other, strict=True)]
        lead = next((k for k, a in enumerate(vector) if a), -1)
        if lead >= 0 and len(chosen) < len(at.tight):
            reduced.append((lead, vector))
            chosen.append((c, o))
    return chosen


def _solved(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """The solution of a square system of full rank."""
    rows = [[*own, value] for own, value in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        pivot = next(i for i in range(k, len(rows)) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(len(rows)):
            if i != k and rows[i][k]:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]


def _moves(problem: Problem, at: _At, lattice: Lattice) -> Iterator[_Move]:
    """All moves but the basic ones, and a unit of each limit in whole numbers left unused."""
    prices = [float(price) for price in at.prices]
    elements: dict[tuple[float, ...], tuple[int, float]] = {}
    for c, group in enumerate(problem.groups):
        base = at.base[c]
        for o, option in enumerate(group.options):
            if o == base or (c, o) in at.basic:
                continue
            used = tuple(at.moved(limit, c, o) for limit in at.tight)
            if used not in elements:
                elements[used] = at.element(lattice, c, o)
            excess = math.fsum([option.cost, -group.options[base].cost, *map(mul, prices, used)])
            yield _Move(0.0 if -SLIP <= excess < 0 else excess, *elements[used], c, o)
    whole = [k for k, limit in enumerate(at.tight) if limit.whole]
    for place, k in enumerate(whole):
        yield _Move(prices[k], *lattice.element([int(k == other) for other in whole], 0.0), -1, place)


def _effect(move: _Move) -> tuple[int, int]:
    """Moves of the same effect do the same."""
    return move.key, round(move.real / GRAIN)


def _different(moves: Sequence[_Move]) -> list[_Move]:
    """The first of sorted moves that do the same."""
    cheapest: dict[tuple[int, int], _Move] = {}
    for move in moves:
        cheapest.setdefault(_effect(move), move)
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


class _Search:
    """The least excess that leads to the target, and the moves behind it."""

    def __init__(
        self, lattice: Lattice, price: float, moves: Sequence[_Move], target: tuple[int, float], clock: Clock
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


def _settled(
    problem: Problem, at: _At, left: Sequence[Fraction], moves: Sequence[_Move], made: Mapping[int, int]
) -> Counts | None:
    """The counts that the moves lead to, the basic ones making up for them; None if these are no solution."""
    counts = [[0] * len(group.options) for group in problem.groups]
    rest = list(left)
    whole = [k for k, limit in enumerate(at.tight) if limit.whole]
    for number, times in made.items():
        move = moves[number]
        if move.c < 0:
            rest[whole[move.o]] -= times
            continue
        counts[move.c][move.o] += times
        for k, limit in enumerate(at.tight):
            rest[k] -= times * Fraction(at.moved(limit, move.c, move.o))
    matrix = [[Fraction(at.moved(limit, c, o)) for c, o in at.basic] for limit in at.tight]
    for (c, o), members in zip(at.basic, _solved(matrix, rest), strict=True):
        counts[c][o] += round(members)
    for c, (group, own) in enumerate(zip(problem.groups, counts, strict=True)):
        own[at.base[c]] += group.count - sum(own)
    if min(map(min, counts)) < 0:
        return None
    found = tuple(map(tuple, counts))
    return found if problem.holds(found) else None
