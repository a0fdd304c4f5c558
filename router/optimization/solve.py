"""Solve an assignment problem: without the solver where no limit binds, and to proven optimality where one does."""

from __future__ import annotations

from router.optimization.problem import Problem, Solution, without_limits


def solve(problem: Problem, time_limit_seconds: float | None = None) -> Solution | None:
    """The best solution, or None if no solution keeps every limit.

    Every class on its best option is optimal where that keeps every limit; only else is the solver imported.

    Raises
    ------
    router.errors.TimeLimitError
        If the time ran out before any solution was found.
    router.errors.SolverError
        If the solver failed, or what it returned does not stand up to exact arithmetic.
    """
    best = without_limits(problem)
    cost = problem.cost(best)
    if all(row.holds(best) for row in problem.rows):
        return Solution(best, cost, cost, "argmin", proven=True)
    from router.optimization.solver import optimum  # Importing the solver costs more than most plans

    return optimum(problem, floor=cost, time_limit_seconds=time_limit_seconds)
