"""The optimum where every class has members to spare, without a search: the corner relaxation.

At the corner where the linear relaxation ends, every class is on one option but for as many members as there are tight limits; these
are the basic ones. Whole solutions leave the corner by moving members to other options (each adds its excess, see `bound`) and by
leaving some of a limit unused (each unit adds the limit's price); the basic members make up for it, and must come out whole. So what
counts of a move is what it uses of the tight limits up to whole combinations of the basic ones: an element of a finite group, or, where
the money of one limit is not counted in whole numbers, of such a group times a circle (see `lattice`). The least excess that leads to
the element of the corner itself is a bound, and if the moves behind it keep all counts and limits, they are an optimum.

`meeting` finds it. Where the objective has tails, the corner is also where states of outages are even: that is a limit like others,
but may be missed at a cost (see `kinks`). Then elements hardly ever are the same, and `nearest` finds what comes near.

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
from itertools import chain
from operator import mul
from typing import NamedTuple

from router import log
from router.optimization import nearest
from router.optimization.bound import Bound
from router.optimization.formulation import scaled
from router.optimization.kinks import Moved, Nearby, bent
from router.optimization.lattice import Lattice
from router.optimization.meeting import GRAIN, HAIR, NOTHING, Move, Search, different, effect
from router.optimization.prices import Relaxed
from router.optimization.problem import Problem
from router.optimization.rows import Amounts, Counts, Uses
from router.optimization.run import Clock

MOST_KEYS = 2**40
SLIP = 1e-8
"""Micro-dollars: a move that gains more is no rounding of floats, and the corner not the relaxation's."""


class _Tight(NamedTuple):
    """A limit that has a price, in the solver's numbers and written as at most its bound; or that a state costs no more than another."""

    uses: Uses
    bound: float
    whole: bool
    """Whether its bound and all that is used of it come in whole numbers."""


@dataclass(frozen=True, slots=True)
class Corner:
    """What the relaxation found."""

    lower: float
    """No solution costs less, as far as floats tell: where money is tight, a margin for its rounding is taken off."""
    counts: Counts | None
    """A solution, if the moves behind this cost are one or, where they were not found, if any was."""
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
    weights: Uses
    """Of the objective, linear."""
    bends: tuple[nearest.Bend, ...]
    """Which tight limits say that states are even."""

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
        return float(limit.uses[c][o]) - float(limit.uses[c][self.base[c]])

    def used(self, c: int, o: int) -> tuple[float, ...]:
        """What a member on another option uses more of every tight limit."""
        return tuple(self.moved(limit, c, o) for limit in self.tight)


class _Step(NamedTuple):
    """A member from its class's option to another."""

    excess: float
    used: tuple[float, ...]
    c: int
    o: int


def corner(problem: Problem, start: Relaxed, clock: Clock) -> Corner | None:
    """The corner relaxation; None where it cannot be set up or takes too many sums.

    Parameters
    ----------
    problem
        With rows, and tails in the objective, and nothing else that couples its classes.
    start
        The linear relaxation, with a price for each row; its solution is a corner of it.
    """
    at = _corner(problem, start)
    if at is None:
        return None
    steps = sorted(_steps(problem, at))
    if steps and steps[0].excess < -SLIP:
        return None
    left = [_left(problem, limit, at.base) for limit in at.tight]
    bases = zip(problem.groups, at.weights, at.base, strict=True)
    cost = sum((group.count * Fraction(own[o]) for group, own, o in bases), Fraction(0))
    cost -= sum(map(mul, at.prices, left))
    search = _near if problem.objective.tails else _met
    return search(problem, at, float(cost), steps, left, clock)


def _met(
    problem: Problem, at: _At, cost: float, steps: Sequence[_Step], left: Sequence[Fraction], clock: Clock
) -> Corner | None:
    """The relaxation, by a search for two sums that meet; at the corner it costs so much."""
    money, whole = at.money, [k for k, limit in enumerate(at.tight) if limit.whole]

    def element(used: Sequence[Fraction | float]) -> tuple[int, float]:
        return lattice.element([int(used[k]) for k in whole], float(used[money]) if money >= 0 else 0.0)

    used = [at.used(c, o) for c, o in at.basic]
    lattice = Lattice(
        [[int(own[k]) for k in whole] for own in used], [own[money] if money >= 0 else 0.0 for own in used]
    )
    if not 0 < lattice.size < MOST_KEYS:
        return None
    elements = {used: element(used) for used in {step.used for step in steps}}
    every = [Move(step.excess, *elements[step.used], step.c, step.o) for step in steps]
    # A unit of a limit left unused is a move too.
    units = [[float(k == other) for other in range(len(left))] for k in whole]
    every += [Move(float(at.prices[k]), *element(unit), -1, k) for k, unit in zip(whole, units, strict=True)]
    if not every:
        return None
    every.sort()
    moves = different(every)
    price = float(at.prices[money]) if money >= 0 else 0.0
    found = Search(lattice, price, moves, element(left), clock).run()
    if found is None:
        return None
    excess, made = found
    log.debug("corner solved", keys=lattice.size, excess=excess)
    rest = list(left)
    if price:
        rest[money] -= Fraction((excess - sum(moves[k].excess * times for k, times in made.items())) / price)
    for k, times in made.items():
        if moves[k].c < 0:
            rest[moves[k].o] -= times
    like = {effect(moves[k]): moves[k].excess + HAIR for k in made}
    options = frozenset((m.c, m.o) for m in every if m.c >= 0 and m.excess <= like.get(effect(m), -1.0))
    # Money that counts as the same, at each move of a solution and once more for what it is compared with.
    slop = price * GRAIN * 2 * (2 + sum(made.values()))
    away = {(moves[k].c, moves[k].o): times for k, times in made.items() if moves[k].c >= 0}
    return Corner(cost + excess - slop, _settled(problem, at, rest, away), options)


def _near(
    problem: Problem, at: _At, cost: float, steps: Sequence[_Step], left: Sequence[Fraction], clock: Clock
) -> Corner | None:
    """The relaxation, by a search for sums that come near enough; at the corner it costs so much."""
    if not steps:
        return None
    nearby = Nearby(problem.objective, _moved(problem, at, {}))

    def away(way: nearest.Way) -> dict[tuple[int, int], int]:
        made = [((steps[k].c, steps[k].o), times) for k, times in way.made.items()]
        return dict([*zip(at.basic, way.basic, strict=True), *made])

    def judged(way: nearest.Way, below: float) -> float | None:
        moved = away(way)
        excess = nearby.value(Moved(c, at.base[c], o, times) for (c, o), times in moved.items()) - cost
        counts = _moved(problem, at, moved) if excess < below else ()
        return None if counts and not _holds(problem, counts) else excess

    rows = at.bends[0].start if at.bends else len(at.tight)
    search = nearest.Search(
        [at.used(c, o) for c, o in at.basic],
        [step.used for step in steps],
        [step.excess for step in steps],
        [*map(float, left)],
        [problem.groups[c].count for c, _ in at.basic],
        nearest.Off(tuple(map(float, at.prices[:rows])), at.bends),
        judged,
        clock,
    )
    found = search.run()
    log.debug("corner solved", excess=found.lower)
    moved = {} if found.way is None else away(found.way)
    return Corner(cost + found.lower - NOTHING, _moved(problem, at, moved) if moved else None, frozenset(moved))


def _corner(problem: Problem, start: Relaxed) -> _At | None:
    """The corner of the relaxation's solution.

    None if it is not one, or more than one tight limit is not in whole numbers where that is for `meeting`.
    """
    weights, kinks = bent(problem.objective, start.shares)
    rows = _tight(problem, start.bound)
    tight = (*rows, *(_Tight(over, 0.0, whole=False) for kink in kinks for over in kink.over))
    base = tuple(max(range(len(own)), key=own.__getitem__) for own in start.amounts)
    at = _At(base, tight, (), (), weights, ())
    if not tight or (sum(not limit.whole for limit in tight) > 1 and not problem.objective.tails):
        return None
    basic = _basic(problem, start.bound, start.amounts, at)
    if len(basic) < len(tight):
        return None
    gained = [Fraction(weights[c][base[c]]) - Fraction(weights[c][o]) for c, o in basic]
    prices = _solved([[Fraction(used) for used in at.used(c, o)] for c, o in basic], gained)
    if min(prices) <= 0:
        return None
    bends, place = [], len(rows)
    for kink in kinks:
        shares = kink.shares([*map(float, prices[place : place + len(kink.over)])])
        if shares is None:
            return None
        bends.append(nearest.Bend(place, shares, kink.caps))
        place += len(kink.over)
    return _At(base, tight, tuple(basic), tuple(prices), weights, tuple(bends))


def _tight(problem: Problem, relaxed: Bound) -> tuple[_Tight, ...]:
    """The limits with a price."""
    tight = []
    for row, price in zip(problem.rows, relaxed.prices, strict=True):
        scale = scaled(row)
        if price * scale.unit <= NOTHING:
            continue
        sign = 1 if row.sense == "at_most" else -1
        # Floats that come out whole in the solver's unit can have a bound that does not.
        numbers = chain([scale.bound], *scale.coefficients)
        whole = all(float(number).is_integer() for number in numbers)
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


def _steps(problem: Problem, at: _At) -> Iterator[_Step]:
    """All moves of members but the basic ones."""
    prices, basic = [*map(float, at.prices)], frozenset(at.basic)
    for c, (own, base) in enumerate(zip(at.weights, at.base, strict=True)):
        for o, weight in enumerate(own):
            if o == base or (c, o) in basic:
                continue
            used = at.used(c, o)
            excess = math.fsum([float(weight), -float(own[base]), *map(mul, prices, used)])
            yield _Step(0.0 if -SLIP <= excess < 0 else excess, used, c, o)


def _settled(problem: Problem, at: _At, left: Sequence[Fraction], made: Mapping[tuple[int, int], int]) -> Counts | None:
    """The counts that the steps lead to, the basic moves making up for them; None if these are no solution."""
    rest = list(left)
    for (c, o), times in made.items():
        rest = [now - times * Fraction(used) for now, used in zip(rest, at.used(c, o), strict=True)]
    matrix = [[Fraction(at.moved(limit, c, o)) for c, o in at.basic] for limit in at.tight]
    basic = {move: round(times) for move, times in zip(at.basic, _solved(matrix, rest), strict=True)}
    counts = _moved(problem, at, {**made, **basic})
    return counts if _holds(problem, counts) else None


def _moved(problem: Problem, at: _At, moved: Mapping[tuple[int, int], int]) -> Counts:
    """The counts where so many are moved from the corner's options to others; perhaps more of a class than it has."""
    counts = [[0] * len(group.options) for group in problem.groups]
    for (c, o), times in moved.items():
        counts[c][o] = times
    for own, group, base in zip(counts, problem.groups, at.base, strict=True):
        own[base] = group.count - sum(own)
    return tuple(map(tuple, counts))


def _holds(problem: Problem, counts: Counts) -> bool:
    return min(map(min, counts)) >= 0 and problem.holds(counts)
