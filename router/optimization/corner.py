"""The optimum where every class has members to spare, without a search: the corner relaxation.

At the corner where the linear relaxation ends, every class is on one option but for as many members as there are tight limits; these
are the basic ones. Whole solutions leave the corner by moving members to other options (each adds its excess, see `bound`) and by
leaving some of a limit unused (each unit adds the limit's price); the basic members make up for it, and must come out whole. So what
counts of a move is what it uses of the tight limits up to whole combinations of the basic ones: an element of a finite group, or, where
the money of one limit is not counted in whole numbers, of such a group times a circle (see `lattice`). The least excess that leads to
the element of the corner itself is a bound, and if the moves behind it keep all counts and limits, they are an optimum.

`meeting` finds it.

Costs are micro-dollars.

Sources: R. E. Gomory, On the relation between integer and noninteger solutions to linear programs, Proceedings of the National Academy
of Sciences 53 (1965), and Some polyhedra related to combinatorial problems, Linear Algebra and its Applications 2 (1969), for the
relaxation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import NamedTuple

from router import log
from router.optimization.bound import Bound
from router.optimization.formulation import scaled
from router.optimization.lattice import Lattice
from router.optimization.meeting import GRAIN, HAIR, NOTHING, Move, Search, different, effect
from router.optimization.problem import Problem
from router.optimization.rows import Amounts, Counts
from router.optimization.run import Clock

MOST_KEYS = 2**40
SLIP = 1e-8
"""Micro-dollars: a move that gains more is no rounding of floats, and the corner not the relaxation's."""


class _Tight(NamedTuple):
    """A limit that has a price, in the solver's numbers and written as at most its bound."""

    uses: tuple[tuple[float, ...], ...]
    bound: float
    whole: bool
    """Whether all that is used of it comes in whole numbers."""


@dataclass(frozen=True, slots=True)
class Corner:
    """What the relaxation found."""

    lower: float
    """No solution costs less, as far as floats tell: where money is tight, a margin for its rounding is taken off."""
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
    moves = different(every)
    left = [_left(problem, limit, at.base) for limit in at.tight]
    whole = [int(rest) for rest, limit in zip(left, at.tight, strict=True) if limit.whole]
    target = lattice.element(whole, float(left[money]) if money >= 0 else 0.0)
    price = float(at.prices[money]) if money >= 0 else 0.0
    found = Search(lattice, price, moves, target, clock).run()
    if found is None:
        return None
    excess, made = found
    log.debug("corner solved", keys=lattice.size, excess=excess)
    bases = zip(problem.groups, at.base, strict=True)
    cost = sum((group.count * Fraction(group.options[o].cost) for group, o in bases), Fraction(0))
    cost -= sum(map(mul, at.prices, left))
    if price:
        left[money] -= Fraction((excess - sum(moves[k].excess * times for k, times in made.items())) / price)
    like = {effect(moves[k]): moves[k].excess + HAIR for k in made}
    options = frozenset((m.c, m.o) for m in every if m.c >= 0 and m.excess <= like.get(effect(m), -1.0))
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


def _moves(problem: Problem, at: _At, lattice: Lattice) -> Iterator[Move]:
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
            yield Move(0.0 if -SLIP <= excess < 0 else excess, *elements[used], c, o)
    whole = [k for k, limit in enumerate(at.tight) if limit.whole]
    for place, k in enumerate(whole):
        yield Move(prices[k], *lattice.element([int(k == other) for other in whole], 0.0), -1, place)


def _settled(
    problem: Problem, at: _At, left: Sequence[Fraction], moves: Sequence[Move], made: Mapping[int, int]
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
