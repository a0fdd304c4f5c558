"""Why no plan exists: for each limit, the smallest loosening of it alone that makes one possible, found by solving."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from router.optimization.formulation import ScaledRow, scaled
from router.optimization.problem import Counts, Number, Problem, Row, Uses, weighed
from router.optimization.solver import Clock, least, least_missed


@dataclass(frozen=True, slots=True)
class Loosened:
    """One limit, the bound that would do, and the classes that pin it there."""

    row: Row
    needed: Number | None
    """In the row's unit (micro-dollars for money); None: no bound of it alone makes a solution possible."""
    pinned_by: tuple[tuple[int, Number], ...] = ()
    """(class, the least that it must use of the limit), most first; for ``at_least`` the classes that cannot count towards it."""


def loosened_alone(problem: Problem, time_limit_seconds: float | None = None) -> tuple[Loosened, ...]:
    """For each limit, the tightest bound of it alone that leaves a solution, the others as they are."""
    clock = Clock(time_limit_seconds)
    return tuple(_alone(problem, row, clock) for row in problem.rows)


def loosened_together(problem: Problem, time_limit_seconds: float | None = None) -> tuple[Loosened, ...]:
    """The limits that a solution of least total miss misses, with the bounds that it needs."""
    counts = least_missed(problem, Clock(time_limit_seconds))
    return tuple(Loosened(row, row.used(counts), _pins(row)) for row in problem.rows if not row.holds(counts))


def _alone(problem: Problem, row: Row, clock: Clock) -> Loosened:
    others = tuple((other, scaled(other)) for other in problem.rows if other is not row)
    sign = 1 if row.sense == "at_most" else -1
    found = least(problem, _signed(row.uses, sign), others, problem.everything, clock)
    if found is None:
        return Loosened(row, None)
    counts = found.counts if row.per is None else _least_ratio(problem, row, others, sign, found.counts, clock)
    return Loosened(row, row.used(counts), _pins(row))


def _least_ratio(
    problem: Problem, row: Row, others: tuple[tuple[Row, ScaledRow], ...], sign: int, counts: Counts, clock: Clock
) -> Counts:
    """Dinkelbach's method: the least (for ``at_least``: greatest) ratio, by a sequence of linear objectives.

    Source: W. Dinkelbach, On Nonlinear Fractional Programming, Management Science 13 (1967).
    """
    assert row.per is not None
    while True:
        ratio = Fraction(row.used(counts))
        pairs = zip(row.uses, row.per, strict=True)
        weights = tuple(tuple(sign * (use - ratio * per) for use, per in zip(*own, strict=True)) for own in pairs)
        found = least(problem, weights, others, problem.everything, clock)
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
