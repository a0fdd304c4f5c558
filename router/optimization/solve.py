"""Solve an assignment problem: without the solver where no limit binds, and to proven optimality where one does."""

from __future__ import annotations

import math

from router.optimization.problem import Problem, Solution, without_limits


def solve(problem: Problem, time_limit_seconds: float | None = None) -> Solution | None:
    """The best solution, or None if no solution keeps every limit.

    Every class on its best option is optimal where that keeps every limit and nothing but a sum is minimised; only else is the solver
    imported.

    Raises
    ------
    router.errors.TimeLimitError
        If the time ran out before any solution was found.
    router.errors.SolverError
        If the solver failed, or what it returned does not stand up to exact arithmetic.
    """
    floor = -math.inf
    if not problem.objective.tails:
        best = without_limits(problem)
        floor = problem.cost(best)
        if problem.holds(best) and not any(part.split(best) for part in problem.rough):
            return Solution(best, floor, floor, "argmin", proven=True)
    from router.optimization.solver import optimum  # Importing the solver costs more than most plans

    return optimum(problem, floor=floor, time_limit_seconds=time_limit_seconds)
