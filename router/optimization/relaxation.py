"""Why no plan exists: for each limit, the smallest loosening of it alone that makes one possible, found by solving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from router.optimization.outline import Outline
from router.optimization.problem import Problem, without_limits
from router.optimization.rows import Counts, Limit, Number, Row, Uses, weighed
from router.optimization.run import Clock
from router.optimization.solver import Least, least, least_missed
from router.optimization.tails import Objective, Tail


@dataclass(frozen=True, slots=True)
class Loosened:
    """One limit, the bound that would do, and the classes that pin it there."""

    limit: Limit
    needed: Number | None
    """In the limit's unit (micro-dollars for money); None: no bound of it alone makes a solution possible."""
    pinned_by: tuple[tuple[int, Number], ...] = ()
    """(class, the least that it must use of the limit), most first; for ``at_least`` the classes that cannot count towards it."""


def loosened_alone(problem: Problem, time_limit_seconds: float | None = None) -> tuple[Loosened, ...]:
    """For each limit, the tightest bound of it alone that leaves a solution, the others as they are."""
    clock = Clock(time_limit_seconds)
    return tuple(_alone(problem, limit, clock) for limit in problem.limits)


def loosened_together(problem: Problem, time_limit_seconds: float | None = None) -> tuple[Loosened, ...]:
    """The limits that a solution of least total miss misses, with the bounds that it needs."""
    counts = least_missed(problem, Clock(time_limit_seconds))
    missed = [limit for limit in problem.limits if not limit.holds(counts)]
    return tuple(Loosened(limit, limit.used(counts), _pins(limit.row_at(counts))) for limit in missed)


def _alone(problem: Problem, limit: Limit, clock: Clock) -> Loosened:
    others = [other for other in problem.limits if other is not limit]
    sign = 1 if limit.sense == "at_most" else -1
    if isinstance(limit, Tail):
        nothing = tuple((0,) * len(group.options) for group in problem.groups)
        objective = Objective(nothing, (replace(limit, weight=1.0),))
    else:
        objective = Objective(_signed(limit.row_at(problem.everything).uses, sign))
    found = _least(problem, objective, others, clock)
    if found is None:
        return Loosened(limit, None)
    counts = found.counts
    if isinstance(limit, Row) and limit.per is not None:
        counts = _least_ratio(problem, limit, others, sign, counts, clock)
    return Loosened(limit, limit.used(counts), _pins(limit.row_at(counts)))


def _least(problem: Problem, objective: Objective, limits: Sequence[Limit], clock: Clock) -> Least | None:
    return least(problem, Outline.at(without_limits(problem), objective, limits), problem.everything, clock)


def _least_ratio(
    problem: Problem, row: Row, others: Sequence[Limit], sign: int, counts: Counts, clock: Clock
) -> Counts:
    """Dinkelbach's method: the least (for ``at_least``: greatest) ratio, by a sequence of linear objectives.

    Source: W. Dinkelbach, On Nonlinear Fractional Programming, Management Science 13 (1967).
    """
    assert row.per is not None
    while True:
        ratio = Fraction(row.used(counts))
        pairs = zip(row.uses, row.per, strict=True)
        weights = tuple(tuple(sign * (use - ratio * per) for use, per in zip(*own, strict=True)) for own in pairs)
        found = _least(problem, Objective(weights), others, clock)
        if found is None or weighed(weights, found.counts) >= 0:
            return counts
        counts = found.counts


def _signed(uses: Uses, sign: int) -> Uses:
    return tuple(tuple(sign * use for use in own) for own in uses)


def _pins(row: Row) -> tuple[tuple[int, Number], ...]:
    if row.sense == "at_least":
        return tuple((c, 0) for c, own in enumerate(row.uses) if max(own) <= 0)
    least = [(c, min(own)) for c, own in enumerate(row.uses) if min(own) > 0]
    return tuple(sorted(least, key=lambda pin: -pin[1]))
