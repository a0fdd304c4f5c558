"""HiGHS through PuLP: the optimum of an assignment problem, checked in exact arithmetic before it is believed.

Ties are broken by further solves, each with the optimum of the one before as a limit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import highspy
import pulp

from router.errors import SolverError, TimeLimitError
from router.optimization.formulation import Formulation
from router.optimization.problem import COST_DIGITS, Counts, Problem, Row, Solution, Uses, weighed

REPAIRS = 5
"""How often a limit that a solution misses by a rounding is tightened before giving up."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one run of the solver returned."""

    counts: Counts
    bound: float
    """No solution has a lower objective, in the units of the weights."""
    proven: bool


def optimum(problem: Problem, *, floor: float, time_limit_seconds: float | None = None) -> Solution | None:
    """The solution of least cost that keeps every row, ties broken; None if there is none.

    Parameters
    ----------
    floor
        A lower bound on the cost that is known already, micro-dollars.
    """
    clock = Clock(time_limit_seconds)
    found = best(problem, problem.costs, problem.rows, clock)
    if found is None:
        return _despite_infeasible(problem, floor, clock)
    cost = problem.cost(found.counts)
    bound = min(cost, max(floor, found.bound))
    proven = found.proven and cost - bound <= 0.5 + 1e-9 * abs(cost)
    counts = _untied(problem, found.counts, cost, clock) if proven else found.counts
    cost = problem.cost(counts)
    return Solution(counts, cost, cost if proven else bound, "solver", proven)


class _QuietHighs(highspy.Highs):
    """HiGHS prints a banner from its constructor, where callbacks are enabled before any option can be set."""

    def enableCallbacks(self) -> None:  # noqa: N802 - overrides
        """Turn output off first; standard output belongs to the plan."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class _Highs(pulp.HiGHS):  # type: ignore[misc]
    """PuLP's HiGHS, silent, on one thread, with gaps of zero."""

    def createAndConfigureSolver(self, lp: pulp.LpProblem) -> None:  # noqa: N802 - overrides
        """Make and set up the solver object of a model."""
        # Two threads would make the next solve in a forked child hang; default gaps are not zero.
        options = {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
        if self.timeLimit is not None:
            options["time_limit"] = float(self.timeLimit)
        lp.solverModel = _QuietHighs()  # type: ignore[no-untyped-call]
        for name, value in options.items():
            lp.solverModel.setOptionValue(name, value)


class Clock:
    """What is left of a time limit."""

    def __init__(self, seconds: float | None) -> None:
        self.limit = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds left; None: no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


def best(problem: Problem, weights: Uses, rows: tuple[Row, ...], clock: Clock) -> Found | None:
    """The solution of least weight that keeps ``rows`` exactly; None if the solver finds that there is none.

    A solution that misses a row by less than the solver's tolerance is refused: the row is tightened and solved again.
    """
    tightened = list(rows)
    bound: float | None = None
    for _ in range(REPAIRS):
        formulation = Formulation(problem, rows=tightened)
        formulation.minimise(weights)
        found = run(formulation, clock)
        if found is None:
            return None
        # Tightening only shrinks the set of solutions: the first bound is the one that holds for the rows as given.
        bound = found.bound if bound is None else bound
        missed = [k for k, row in enumerate(rows) if not row.holds(found.counts)]
        if not missed:
            return replace(found, bound=bound)
        for k in missed:
            step = rows[k].bound - rows[k].used(found.counts)
            tightened[k] = replace(tightened[k], bound=tightened[k].bound + step)
    raise SolverError("the solver's solutions miss a limit by more than rounding")


def run(formulation: Formulation, clock: Clock) -> Found | None:
    """Solve a formulation; None if it is infeasible.

    Raises
    ------
    TimeLimitError, SolverError
    """
    model = formulation.model
    try:
        model.solve(_Highs(msg=False, timeLimit=clock.left))
    except Exception as error:
        raise SolverError(f"the solver failed: {type(error).__name__}") from error
    if model.sol_status == pulp.LpSolutionInfeasible:
        return None
    # `status` says "Optimal" also when the time limit ended the search; `sol_status` tells.
    if model.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        if clock.limit is not None:
            raise TimeLimitError(clock.limit)
        raise SolverError(f"the solver ended without a solution: {pulp.LpStatus[model.status]}")
    proven = model.sol_status == pulp.LpSolutionOptimal
    bound = model.solverModel.getInfo().mip_dual_bound * formulation.scale
    return Found(_counts(formulation), bound, proven)


def _counts(formulation: Formulation) -> Counts:
    counts: list[tuple[int, ...]] = []
    for group, own in zip(formulation.problem.groups, formulation.x, strict=True):
        values = [variable.varValue or 0.0 for variable in own]
        whole = tuple(round(value) for value in values)
        if (
            any(abs(v - w) > 1e-4 for v, w in zip(values, whole, strict=True))
            or min(whole) < 0
            or sum(whole) != group.count
        ):
            raise SolverError("the solver returned counts that are not whole, or do not add up")
        counts.append(whole)
    return tuple(counts)


def _untied(problem: Problem, counts: Counts, cost: float, clock: Clock) -> Counts:
    """Among the solutions of this cost, the one that the tie-breakers prefer; ``counts`` where time runs out."""
    rows = [*problem.rows, Row("cost", "at_most", round(cost, COST_DIGITS), problem.costs, digits=COST_DIGITS)]
    for level, weights in enumerate(problem.ties()):
        try:
            found = best(problem, weights, tuple(rows), clock)
        except TimeLimitError:
            return counts
        if found is None or round(problem.cost(found.counts) - cost, COST_DIGITS) > 0:
            return counts
        counts = found.counts
        rows.append(Row(f"tie_{level}", "at_most", weighed(weights, counts), weights))
    return counts


def _despite_infeasible(problem: Problem, floor: float, clock: Clock) -> Solution | None:
    """Doubt "infeasible": allow every limit to be missed, and see whether the least possible miss is nothing."""
    counts = least_missed(problem, clock)
    if not all(row.holds(counts) for row in problem.rows):
        return None
    cost = problem.cost(counts)
    return Solution(counts, cost, min(floor, cost), "solver", proven=cost <= floor)


def least_missed(problem: Problem, clock: Clock) -> Counts:
    """The solution that misses the limits least: the sum over limits of the miss in proportion to the bound."""
    formulation = Formulation(problem, rows=())
    penalties: list[tuple[pulp.LpVariable, float]] = []
    for position, row in enumerate(problem.rows):
        slack = formulation.model.add_variable(f"missed_{position}", 0)
        unit = formulation.keep(row, f"limit_{position}", slack)
        penalties.append((slack, unit / max(1.0, abs(float(row.bound)))))
    formulation.model.setObjective(pulp.LpAffineExpression(penalties))
    found = run(formulation, clock)
    if found is None:
        raise SolverError("the solver finds no solution even without limits")
    return found.counts
