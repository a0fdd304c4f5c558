"""HiGHS through PuLP: one run of the solver on one formulation, and how much time is left for it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import highspy
import pulp

from router.errors import SolverError, TimeLimitError
from router.optimization.formulation import Formulation
from router.optimization.rows import Counts


@dataclass(frozen=True, slots=True)
class Found:
    """What one run of the solver returned."""

    counts: Counts
    proven: bool


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


def run(formulation: Formulation, clock: Clock, max_nodes: int | None = None) -> Found | None:
    """Solve a formulation; None if it is infeasible.

    Raises
    ------
    TimeLimitError, SolverError
    """
    model = formulation.model
    nodes = {} if max_nodes is None else {"mip_max_nodes": max_nodes}
    solve_model(model, clock, whole=True, **nodes)
    if model.sol_status == pulp.LpSolutionNoSolutionFound and clock.left != 0:
        # HiGHS disowns its optimum where that misses a row by a hair more than its tolerance; another way there ends elsewhere.
        solve_model(model, clock, whole=True, presolve="off", **nodes)
    if model.sol_status == pulp.LpSolutionInfeasible:
        return None
    # `status` says "Optimal" also when the time limit ended the search; `sol_status` tells.
    if model.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        if clock.limit is not None:
            raise TimeLimitError(clock.limit)
        raise SolverError(f"the solver ended without a solution: {pulp.LpStatus[model.status]}")
    proven = model.sol_status == pulp.LpSolutionOptimal
    return Found(_counts(formulation), proven)


def solve_model(model: pulp.LpProblem, clock: Clock, *, whole: bool, **options: int | str) -> None:
    """Solve a model as it is, or its relaxation; its ``sol_status`` says what came of it.

    Raises
    ------
    SolverError
    """
    try:
        model.solve(_Highs(mip=whole, msg=False, timeLimit=clock.left, **options))
    except Exception as error:
        raise SolverError(f"the solver failed: {type(error).__name__}") from error


def _counts(formulation: Formulation) -> Counts:
    counts: list[tuple[int, ...]] = []
    for group, values in zip(formulation.problem.groups, formulation.amounts(), strict=True):
        whole = tuple(round(value) for value in values)
        if (
            any(abs(v - w) > 1e-4 for v, w in zip(values, whole, strict=True))
            or min(whole) < 0
            or sum(whole) != group.count
        ):
            raise SolverError("the solver returned counts that are not whole, or do not add up")
        counts.append(whole)
    return tuple(counts)
