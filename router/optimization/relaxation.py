"""Why no plan exists: limits that clash, and the smallest loosening of each alone that makes a plan possible, found by solving.

A demand is what can be loosened as one: a limit, one deadline for all machines, or all selectors. With a limit may go a bar: a row of
its name that is not stated and closes options whatever the limit's bound is, and that goes only where the limit is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from router.optimization.branching import truth_at
from router.optimization.feasibility import least_missed
from router.optimization.problem import Group, Option, Problem, Selector
from router.optimization.rough import Deadline
from router.optimization.rows import Bounded, Counts, Number, Row, Sense, Unit, Uses, weighed, whole_numbers
from router.optimization.run import Clock
from router.optimization.solver import optimum
from router.optimization.tails import Ceiling, Tail

HUNDREDTH = 100
"""A deadline is found to this part of a minute."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What can be loosened as one."""

    name: str
    members: tuple[Bounded | Selector, ...]
    bars: tuple[Row, ...] = ()
    """What goes with it where it is dropped, and stays where it is loosened."""

    @property
    def limit(self) -> Bounded | None:
        """One of the limits, which share a bound; None for selectors, which hold or are dropped."""
        first = self.members[0]
        return None if isinstance(first, Selector) else first


@dataclass(frozen=True, slots=True)
class Loosened:
    """One demand, and what would do."""

    demand: Demand
    needed: Number | Literal["dropped"] | None
    """The bound, in the limit's unit (micro-dollars for money); None: no bound of it alone makes a solution possible.

    Dropped: a selector, or a limit of which no bound does and whose bars are in the way.
    """
    pinned_by: tuple[tuple[int, Number], ...] = ()
    """(class, the least that it must use of the limit), most first; for ``at_least`` the classes that cannot count towards it."""

    @property
    def name(self) -> str:
        """As the scenario calls it."""
        return self.demand.name

    @property
    def sense(self) -> Sense | None:
        """Of the limit; None for selectors."""
        return None if self.demand.limit is None else self.demand.limit.sense

    @property
    def unit(self) -> Unit | None:
        """Of the limit; None for selectors."""
        return None if self.demand.limit is None else self.demand.limit.unit

    @property
    def bound(self) -> Number | None:
        """Of the limit as it stands; None for selectors."""
        return None if self.demand.limit is None else self.demand.limit.bound


def demands(problem: Problem) -> tuple[Demand, ...]:
    """What can be loosened."""
    found: dict[str, list[Bounded | Selector]] = {}
    for limit in problem.stated:
        name = limit.name.partition("[")[0] if isinstance(limit, Deadline) else limit.name
        found.setdefault(name, []).append(limit)
    if problem.selectors:
        found["groups"] = list(problem.selectors)
    bars = {name: tuple(row for row in problem.rows if row.name == name and not row.stated) for name in found}
    return tuple(Demand(name, tuple(members), bars[name]) for name, members in found.items())


def clashing(problem: Problem, time_limit_seconds: float | None = None) -> tuple[Demand, ...]:
    """Demands that cannot all be kept, of which any one can be dropped and the others kept.

    Every demand whose loosening alone makes a solution possible is among them. None: each demand was tried in turn.

    Source: J. W. Chinneck and E. W. Dravnieks, Locating Minimal Infeasible Constraint Sets in Linear Programs, ORSA Journal on Computing 3
    (1991): the deletion filter.
    """
    clock = Clock(time_limit_seconds)
    rest = problem
    kept = []
    for demand in demands(problem):
        fewer = without(rest, demand)
        if _any(fewer, clock) is None:
            rest = fewer
        else:
            kept.append(demand)
    return tuple(kept)


def loosened_alone(
    problem: Problem, only: Sequence[Demand] | None = None, time_limit_seconds: float | None = None
) -> tuple[Loosened, ...]:
    """For each demand, or for some of them only, the tightest bound of it alone that leaves a solution, the others as they are."""
    clock = Clock(time_limit_seconds)
    return tuple(_alone(problem, demand, clock) for demand in (demands(problem) if only is None else only))


def loosened_together(problem: Problem, time_limit_seconds: float | None = None) -> tuple[Loosened, ...]:
    """Demands that a solution needs loosened, with the bounds that it needs: the least total miss where all is convex.

    Else one after the other: those that cannot be kept beside those before them, each by as little as those after it allow, rounded.
    """
    clock = Clock(time_limit_seconds)
    if problem.rough or problem.selectors:
        return _one_by_one(problem, clock)
    counts = least_missed(problem, clock)
    assert counts is not None, "without selectors there is always something to deal out, beside bars too"
    shut = _shut(replace(problem, rows=tuple(row for row in problem.rows if not row.stated)))
    return tuple(
        Loosened(demand, limit.used(counts), _pins(limit, counts, shut))
        for demand in demands(problem)
        if (limit := demand.limit) is not None and not limit.holds(counts)
    )


def _one_by_one(problem: Problem, clock: Clock) -> tuple[Loosened, ...]:
    everything = demands(problem)
    rest = problem
    for demand in everything:
        rest = without(rest, demand)
    if _any(rest, clock) is None:
        return ()
    missed: list[Demand] = []
    for demand in everything:
        more = beside(rest, problem, demand)
        if _any(more, clock) is None:
            missed.append(demand)
        else:
            rest = more
    found = []
    for demand in missed:
        loose = _alone(rest, demand, clock)
        if loose.needed is not None and loose.needed != "dropped":
            bound = _rounded(demand, loose.needed)
            loose, rest = replace(loose, needed=bound), beside(rest, problem, demand, bound=bound)
        found.append(loose)
    return tuple(found)


def _rounded(demand: Demand, needed: Number) -> Fraction:
    """The next whole cent, or millionth of another unit: what meets several bounds to their last digits is hard to find."""
    limit = demand.limit
    assert limit is not None, "selectors have no bound"
    step = Fraction(10_000) if limit.unit == "usd" else Fraction(1, 10**6)
    steps = Fraction(needed) / step
    return step * (math.ceil(steps) if limit.sense == "at_most" else math.floor(steps))


def _alone(problem: Problem, demand: Demand, clock: Clock) -> Loosened:
    limit, others = demand.limit, without(problem, demand)
    if limit is not None:
        loose = _loosened(replace(others, rows=(*others.rows, *demand.bars)), demand, limit, clock)
        if loose.needed is not None or not demand.bars:
            return loose
    return Loosened(demand, None if _any(others, clock) is None else "dropped")


def _loosened(others: Problem, demand: Demand, limit: Bounded, clock: Clock) -> Loosened:
    """The tightest bound of a demand that leaves a solution beside all others."""
    if isinstance(limit, Deadline):
        return Loosened(demand, _least_deadline(others, demand, clock))
    counts = _extreme(others, limit, clock)
    if counts is None:
        return Loosened(demand, None)
    return Loosened(demand, _used(others, limit, counts), _pins(limit, counts, _shut(others)))


def _used(problem: Problem, limit: Bounded, counts: Counts) -> Number:
    """What a solution uses of a limit, of one on cost after what it truly saves."""
    if isinstance(limit, Ceiling):
        limit = truth_at(replace(problem, ceilings=(limit,)), counts).ceilings[0]
    return limit.used(counts)


def _extreme(problem: Problem, limit: Bounded, clock: Clock) -> Counts | None:
    """The solution that uses least of a limit or, of one that is ``at_least``, most; None if there is no solution."""
    if isinstance(limit, Tail):
        return _least(problem, None, clock, (replace(limit, weight=1.0, bound=math.inf),))
    if isinstance(limit, Ceiling):
        return _least(problem, limit.objective.weights, clock, limit.objective.tails)
    assert isinstance(limit, Row)
    sign = 1 if limit.sense == "at_most" else -1
    counts = _least(problem, _times(limit.uses, sign), clock)
    return counts if counts is None or limit.per is None else _extreme_ratio(problem, limit, sign, counts, clock)


def _extreme_ratio(problem: Problem, row: Row, sign: int, counts: Counts, clock: Clock) -> Counts:
    """Dinkelbach's method: the least (for ``at_least``: greatest) ratio, by a sequence of linear objectives.

    Source: W. Dinkelbach, On Nonlinear Fractional Programming, Management Science 13 (1967).
    """
    assert row.per is not None
    while True:
        ratio = Fraction(row.used(counts))
        pairs = zip(row.uses, row.per, strict=True)
        weights = tuple(tuple(sign * (use - ratio * per) for use, per in zip(*own, strict=True)) for own in pairs)
        found = _least(problem, weights, clock)
        if found is None or weighed(weights, found) >= 0:
            return counts
        counts = found


def _least_deadline(problem: Problem, demand: Demand, clock: Clock) -> Fraction | None:
    """The least bound, in whole hundredths, that all machines keep; by bisection, every step a solution or the proof that there is none."""
    machines = [member for member in demand.members if isinstance(member, Deadline)]
    counts = _any(problem, clock)
    if counts is None:
        return None

    def hundredths(counts: Counts) -> int:
        return math.ceil(max(machine.used(counts) for machine in machines) * HUNDREDTH)

    low, high = math.floor(machines[0].bound * HUNDREDTH), hundredths(counts)
    while high - low > 1:
        middle = (low + high) // 2
        bounded = tuple(replace(machine, bound=Fraction(middle, HUNDREDTH)) for machine in machines)
        counts = _any(replace(problem, rough=(*problem.rough, *bounded)), clock)
        if counts is None:
            low = middle
        else:
            high = hundredths(counts)
    return Fraction(high, HUNDREDTH)


def _any(problem: Problem, clock: Clock) -> Counts | None:
    """Some solution, if there is one."""
    return _least(problem, None, clock)


def _least(problem: Problem, weights: Uses | None, clock: Clock, tails: Sequence[Tail] = ()) -> Counts | None:
    """The solution of least weight and tails, with nothing else to look at; None if there is none.

    Savings stay among the tails of limits that have them (see `Ceiling`).
    """
    costs = weights if weights is None or tails else _in_whole_numbers(weights)
    groups = tuple(
        Group(
            group.count, tuple(Option(0.0 if costs is None else float(costs[c][o])) for o in range(len(group.options)))
        )
        for c, group in enumerate(problem.groups)
    )
    bounds = tuple(replace(tail, weight=0.0) for tail in problem.tails if tail.bound < math.inf)
    found = optimum(
        replace(problem, groups=groups, tails=(*bounds, *tails)), floor=-math.inf, time_limit_seconds=clock.left
    )
    return None if found is None else found.counts


def _in_whole_numbers(weights: Uses) -> Uses:
    """The weights in units of which all are whole multiples, where there is one, so that the smallest difference counts as one."""
    whole = whole_numbers([weight for own in weights for weight in own])
    if whole is None:
        return weights
    numbers = iter(whole[0])
    return tuple(tuple(next(numbers) for _ in own) for own in weights)


def without(problem: Problem, demand: Demand) -> Problem:
    """The problem where a demand is dropped."""
    if demand.limit is None:
        return replace(problem, selectors=())
    gone = {id(member) for member in (*demand.members, *demand.bars)}
    return replace(
        problem,
        rows=tuple(row for row in problem.rows if id(row) not in gone),
        tails=tuple(replace(tail, bound=math.inf) if id(tail) in gone else tail for tail in problem.tails),
        ceilings=tuple(ceiling for ceiling in problem.ceilings if id(ceiling) not in gone),
        rough=tuple(part for part in problem.rough if id(part) not in gone),
    )


def beside(problem: Problem, whole: Problem, demand: Demand, bound: Number | None = None) -> Problem:
    """The problem with a demand of the whole one, as it stands there or with another bound."""
    if demand.limit is None:
        return replace(problem, selectors=whole.selectors)
    rows, tails, ceilings, rough = (
        [*problem.rows, *demand.bars],
        list(problem.tails),
        list(problem.ceilings),
        list(problem.rough),
    )
    for member in demand.members:
        if isinstance(member, Row):
            rows.append(member if bound is None else replace(member, bound=bound))
        elif isinstance(member, Ceiling):
            ceilings.append(member if bound is None else replace(member, bound=bound))
        elif isinstance(member, Deadline):
            rough.append(member if bound is None else replace(member, bound=Fraction(bound)))
        elif isinstance(member, Tail):
            tails.append(replace(member, weight=0.0, bound=member.bound if bound is None else bound))
    return replace(problem, rows=tuple(rows), tails=tuple(tails), ceilings=tuple(ceilings), rough=tuple(rough))


def _times(uses: Uses, sign: int) -> Uses:
    return tuple(tuple(sign * use for use in own) for own in uses)


def _shut(problem: Problem) -> frozenset[tuple[int, int]]:
    """(class, option) that a row closes by itself, as one member on it uses more than the bound, or a deadline that it is too long for."""
    shut: set[tuple[int, int]] = set()
    for row in problem.rows:
        uses, most = row.linear()
        if row.sense == "at_most" and min((use for own in uses for use in own), default=0) >= 0:
            shut.update((c, o) for c, own in enumerate(uses) for o, use in enumerate(own) if use > most)
    for machine in problem.rough:
        if isinstance(machine, Deadline):
            shut.update(
                (c, o) for c, own in enumerate(machine.longest) for o, job in enumerate(own) if job > machine.bound
            )
    return frozenset(shut)


def _pins(limit: Bounded, counts: Counts, shut: frozenset[tuple[int, int]]) -> tuple[tuple[int, Number], ...]:
    """What each class uses at least, whatever it is on that is not shut; of a limit that is not a sum over classes, nothing is known."""
    if not isinstance(limit, Row | Tail):
        return ()
    row = limit.row_at(counts)
    if row.sense == "at_least":
        return tuple((c, 0) for c, own in enumerate(row.uses) if max(own) <= 0)
    open_ones = [[use for o, use in enumerate(own) if (c, o) not in shut] for c, own in enumerate(row.uses)]
    least = [(c, min(own, default=0)) for c, own in enumerate(open_ones)]
    return tuple(sorted((pin for pin in least if pin[1] > 0), key=lambda pin: -pin[1]))
