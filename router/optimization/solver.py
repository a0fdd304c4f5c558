"""HiGHS through PuLP: the optimum of an assignment problem, checked in exact arithmetic before it is believed.

The linear relaxation gives prices on the limits, and these a bound and what every option costs above it (see `bound`). Only the options
that a cheap enough solution can use are handed to the integer solver; if its optimum is cheap enough, it is the optimum of all.
Ties are broken by further solves over those options, each with the optimum of the one before as a limit.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import pulp

from router import log
from router.errors import SolverError, TimeLimitError
from router.optimization.bound import Bound, bound_from
from router.optimization.formulation import Formulation, ScaledRow, scaled
from router.optimization.problem import SAME_COST, Counts, Number, Problem, Row, Solution, Uses, weighed

TIE_NODES = 1000
"""How far a search among plans of equal cost goes; a count, not a time, so that the same plan comes out every time."""
REPAIRS = 5
"""How often a limit that a solution misses by a rounding is tightened before giving up."""
OPEN_STEPS = 30
"""The first guess opens the options of this many excesses per limit; a wrong guess costs a second solve, nothing else."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one run of the solver returned."""

    counts: Counts
    proven: bool


def optimum(problem: Problem, *, floor: float, time_limit_seconds: float | None = None) -> Solution | None:
    """The solution of least cost that keeps every row, ties broken; None if there is none.

    Parameters
    ----------
    floor
        A lower bound on the cost that is known already, micro-dollars.
    """
    clock = Clock(time_limit_seconds)
    rows = [(row, scaled(row)) for row in problem.rows]
    found = least(problem, problem.costs, rows, problem.everything, clock)
    if found is None:
        return _despite_infeasible(problem, floor, clock)
    cost = problem.cost(found.counts)
    log.debug("optimum found", proven=found.proven, relaxation_gap=round(cost - found.relaxed.value))
    bound = min(cost, max(floor, found.relaxed.value))
    if not found.proven and cost - bound > 0.5:
        return Solution(found.counts, cost, bound, "solver", proven=False)
    counts = _untied(problem, rows, found, clock)
    cost = problem.cost(counts)
    return Solution(counts, cost, cost, "solver", proven=True)


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
        for name, value in {**options, **self.optionsDict}.items():
            lp.solverModel.setOptionValue(name, value)

    def findSolutionValues(self, lp: pulp.LpProblem) -> tuple[int, int]:  # noqa: N802 - overrides
        """Read the solution; PuLP has no word for a search that ended at its limit of nodes."""
        try:
            status: tuple[int, int] = super().findSolutionValues(lp)
        except KeyError:
            feasible = lp.solverModel.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
            if not feasible:
                return pulp.LpStatusNotSolved, pulp.LpSolutionNoSolutionFound
            return pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible
        return status


class Clock:
    """What is left of a time limit."""

    def __init__(self, seconds: float | None) -> None:
        self.limit = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds left; None: no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


@dataclass(frozen=True, slots=True)
class Least:
    """A solution of least weight, and the bound that proves it."""

    counts: Counts
    relaxed: Bound
    proven: bool


def least(
    problem: Problem,
    weights: Uses,
    rows: Sequence[tuple[Row, ScaledRow]],
    most: Counts,
    clock: Clock,
) -> Least | None:
    """The solution of least weight over no more options than it takes to prove that; None if there is none.

    Parameters
    ----------
    most
        How many of each class may go to each option.
    """
    prices = _limit_prices(problem, weights, [row for _, row in rows], most, clock)
    if prices is None:
        return None
    relaxed = bound_from(weights, [row for row, _ in rows], prices, most, [group.count for group in problem.groups])
    steps = relaxed.steps(most)
    room = steps[min(len(steps), OPEN_STEPS * (1 + len(rows))) - 1] if steps else 0.0
    known: Least | None = None
    while True:
        open_to = relaxed.closing(relaxed.value + room, most)
        try:
            found = best(problem, weights, rows, clock, open_to)
        except TimeLimitError:
            if known is None:
                raise
            return known
        if found is None:
            if open_to == most:
                return None
            room = 4 * room + 1
            continue
        weight = float(weighed(weights, found.counts))
        enough = open_to == most or weight <= relaxed.value + room
        known = Least(found.counts, relaxed, proven=enough and found.proven)
        if enough or not found.proven:
            return known
        room = weight - relaxed.value


def _limit_prices(
    problem: Problem, weights: Uses, rows: Sequence[ScaledRow], most: Counts, clock: Clock
) -> list[float] | None:
    """What the linear relaxation pays for one more unit of each limit; None if it has no solution."""
    formulation = Formulation(problem, rows, weights, most)
    model = formulation.model
    _solve(model, clock, whole=False)
    if model.sol_status == pulp.LpSolutionInfeasible:
        return None
    if model.sol_status != pulp.LpSolutionOptimal:
        # Any prices give a bound; without a relaxation the bound is that of no limits.
        return [0.0] * len(rows)
    paid = [abs(model.get_constraint_by_name(f"limit_{k}").pi or 0.0) for k in range(len(rows))]
    return [pi * formulation.scale / row.unit for pi, row in zip(paid, rows, strict=True)]


def best(
    problem: Problem,
    weights: Uses,
    rows: Sequence[tuple[Row, ScaledRow]],
    clock: Clock,
    most: Counts,
    max_nodes: int | None = None,
) -> Found | None:
    """The solution of least weight that keeps ``rows`` exactly; None if the solver finds that there is none.

    A solution that misses a row by less than the solver's tolerance is refused: the row is tightened and solved again.

    Parameters
    ----------
    most
        How many of each class may go to each option.
    max_nodes
        Ends the solve after so many nodes of the search tree.
    """
    solved = [row for _, row in rows]
    for _ in range(REPAIRS):
        found = run(Formulation(problem, solved, weights, most), clock, max_nodes)
        if found is None:
            return None
        missed = [k for k, (row, _) in enumerate(rows) if not row.holds(found.counts)]
        if not missed:
            return found
        for k in missed:
            row = rows[k][0]
            solved[k] = solved[k].moved(float(row.bound - row.used(found.counts)))
    raise SolverError("the solver's solutions miss a limit by more than rounding")


def run(formulation: Formulation, clock: Clock, max_nodes: int | None = None) -> Found | None:
    """Solve a formulation; None if it is infeasible.

    Raises
    ------
    TimeLimitError, SolverError
    """
    model = formulation.model
    _solve(model, clock, whole=True, max_nodes=max_nodes)
    if model.sol_status == pulp.LpSolutionInfeasible:
        return None
    # `status` says "Optimal" also when the time limit ended the search; `sol_status` tells.
    if model.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        if clock.limit is not None:
            raise TimeLimitError(clock.limit)
        raise SolverError(f"the solver ended without a solution: {pulp.LpStatus[model.status]}")
    proven = model.sol_status == pulp.LpSolutionOptimal
    return Found(_counts(formulation), proven)


def _solve(model: pulp.LpProblem, clock: Clock, *, whole: bool, max_nodes: int | None = None) -> None:
    nodes = {} if max_nodes is None else {"mip_max_nodes": max_nodes}
    try:
        model.solve(_Highs(mip=whole, msg=False, timeLimit=clock.left, **nodes))
    except Exception as error:
        raise SolverError(f"the solver failed: {type(error).__name__}") from error


def _counts(formulation: Formulation) -> Counts:
    counts: list[tuple[int, ...]] = []
    for group, own in zip(formulation.problem.groups, formulation.x, strict=True):
        values = [0.0 if variable is None else variable.varValue or 0.0 for variable in own]
        whole = tuple(round(value) for value in values)
        if (
            any(abs(v - w) > 1e-4 for v, w in zip(values, whole, strict=True))
            or min(whole) < 0
            or sum(whole) != group.count
        ):
            raise SolverError("the solver returned counts that are not whole, or do not add up")
        counts.append(whole)
    return tuple(counts)


def _untied(problem: Problem, rows: Sequence[tuple[Row, ScaledRow]], found: Least, clock: Clock) -> Counts:
    """Among the solutions of this cost, the one that the tie-breakers prefer.

    Where a search would take more than ``TIE_NODES`` nodes, or time runs out, the best found by then.
    """
    counts, cost = found.counts, problem.cost(found.counts) + SAME_COST
    most = found.relaxed.closing(cost, problem.everything)
    kept = [*rows, _reached("cost", problem.costs, cost)]
    for level in problem.ties():
        if not _tells_apart(level, most):
            continue
        try:
            better = best(problem, level, kept, clock, most, TIE_NODES)
        except (TimeLimitError, SolverError):
            return counts
        # A search that ended early may have found nothing better than what is there.
        if better is not None and weighed(level, better.counts) < weighed(level, counts):
            counts = better.counts
        kept.append(_reached("tie", level, weighed(level, counts)))
    return counts


def _reached(name: str, weights: Uses, weight: Number) -> tuple[Row, ScaledRow]:
    row = Row(name, "at_most", weight, weights, digits=6)
    return row, scaled(row)


def _tells_apart(level: Uses, open_to: Counts) -> bool:
    """Whether a tie-breaker differs between two options of a class that both can be used."""
    return any(
        len({weight for weight, top in zip(weights, tops, strict=True) if top}) > 1
        for weights, tops in zip(level, open_to, strict=True)
    )


def _despite_infeasible(problem: Problem, floor: float, clock: Clock) -> Solution | None:
    """Doubt "infeasible": allow every limit to be missed, and see whether the least possible miss is nothing."""
    counts = least_missed(problem, clock)
    if not all(row.holds(counts) for row in problem.rows):
        return None
    cost = problem.cost(counts)
    return Solution(counts, cost, min(floor, cost), "solver", proven=cost <= floor)


def least_missed(problem: Problem, clock: Clock) -> Counts:
    """The solution that misses the limits least: the sum over limits of the miss in proportion to the limit's size."""
    formulation = Formulation(problem, (), problem.costs)
    penalties: list[tuple[pulp.LpVariable, float]] = []
    for position, row in enumerate(problem.rows):
        slack = formulation.model.add_variable(f"missed_{position}", 0)
        in_units = scaled(row)
        formulation.keep(in_units, f"limit_{position}", slack)
        penalties.append((slack, in_units.unit / _size(row, problem)))
    formulation.model.setObjective(pulp.LpAffineExpression(penalties))
    found = run(formulation, clock)
    if found is None:
        raise SolverError("the solver finds no solution even without limits")
    return found.counts


def _size(row: Row, problem: Problem) -> float:
    """What a miss of a limit is measured by: its bound or, where that is next to nothing, a hundredth of all that could be used."""
    members = [group.count for group in problem.groups]
    most = sum(count * max(abs(float(use)) for use in own) for count, own in zip(members, row.uses, strict=True))
    bound = abs(float(row.bound)) * (sum(members) if row.per is not None else 1)
    return max(bound, most / 100, 1e-9)
