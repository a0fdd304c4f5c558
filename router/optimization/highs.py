"""HiGHS through PuLP, silent, on one thread, to gaps of zero. Imported by the solver's own process only."""

from __future__ import annotations

from collections.abc import Callable

import highspy
import pulp

from router.optimization.model import LinearModel, Settings
from router.optimization.through_pulp import Reply, solved

LEAN: dict[str, int | float | str] = {
    **dict.fromkeys(("mip_feasibility_tolerance", "primal_feasibility_tolerance", "dual_feasibility_tolerance"), 1e-9),
    **{f"mip_heuristic_run_{name}": False for name in ("rens", "rins", "root_reduced_cost", "feasibility_jump")},
    "mip_heuristic_effort": 0.0,
}
PROOF: dict[str, int | float | str] = {
    **{
        f"mip_heuristic_run_{name}": False
        for name in ("rens", "root_reduced_cost", "feasibility_jump", "zi_round", "shifting")
    },
    "mip_heuristic_effort": 0.02,
}
"""Searches within the search take most of the time of a proof; a few are left, as what is known may not be the best."""


def load() -> Callable[[LinearModel, Settings], Reply]:
    """What solves a model."""
    return solve


def solve(model: LinearModel, settings: Settings) -> Reply:
    """Solve a model; the bound is that of the search."""
    options: dict[str, int | float | str] = {} if settings.presolve else {"presolve": "off"}
    if settings.seed:
        options["random_seed"] = settings.seed
    if settings.lean:
        options |= LEAN
    if settings.cutoff is not None:
        options |= {**PROOF, "objective_bound": settings.cutoff}
    if settings.max_nodes is not None:
        options["mip_max_nodes"] = settings.max_nodes
    solver = _Highs(mip=settings.whole, msg=False, timeLimit=settings.seconds, **options)
    problem, (state, values, duals, _) = solved(model, solver, whole=settings.whole)
    highs = problem.solverModel
    if settings.whole and settings.presolve and highs.getModelStatus() == highspy.HighsModelStatus.kSolveError:
        # It disowns its optimum, as it does where that misses a row by a hair more than its tolerance: this is not the end of a search.
        left = None if settings.seconds is None else max(0.0, settings.seconds - highs.getRunTime())
        return solve(model, settings._replace(presolve=False, seconds=left))
    bound = float(highs.getInfo().mip_dual_bound) if settings.whole and values else None
    return state, values, duals, bound


class _QuietHighs(highspy.Highs):
    """HiGHS prints a banner from its constructor, where callbacks are enabled before any option can be set."""

    def enableCallbacks(self) -> None:  # noqa: N802 - overrides
        """Turn output off first; nobody reads it."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class _Highs(pulp.HiGHS):  # type: ignore[misc]
    """PuLP's HiGHS with the options that this program needs."""

    def createAndConfigureSolver(self, lp: pulp.LpProblem) -> None:  # noqa: N802 - overrides
        """Make and set up the solver object of a model."""
        # Default gaps are not zero, and the number of threads is the processor's.
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
