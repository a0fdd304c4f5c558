"""Solve an assignment problem: without the solver where no limit binds, and to proven optimality where one does."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from router.optimization.blocks import Block, blocks, together
from router.optimization.problem import Problem, Size, Solution, without_limits


def solve(problem: Problem, time_limit_seconds: float | None = None) -> Solution | None:
    """The best solution, or None if no solution keeps every limit.

    Every class on its best option is optimal where that keeps every limit and nothing but a sum is minimised; only else is the solver
    imported. Parts that no limit connects are solved one by one.

    Raises
    ------
    router.errors.TimeLimitError
        If the time ran out before any solution was found.
    router.errors.SolverError
        If the solver failed, or what it returned does not stand up to exact arithmetic.
    """
    if (best := argmin(problem)) is not None:
        return best
    start = time.monotonic()
    found: list[tuple[Block, Solution]] = []
    for block in blocks(problem):
        spent = time.monotonic() - start if found else 0.0
        part = solved_block(block, None if time_limit_seconds is None else max(0.0, time_limit_seconds - spent))
        if part is None:
            return None
        found.append((block, part))
    counts = together(problem, ((block, part.counts) for block, part in found))
    cost, bound = (math.fsum(getattr(part, figure) for _, part in found) for figure in ("cost", "bound"))
    size = sum((part.size for _, part in found), Size())
    return Solution(counts, cost, bound, "solver", all(part.proven for _, part in found), size)


def argmin(problem: Problem) -> Solution | None:
    """Every class on its best option, if that keeps every limit and nothing but a sum is minimised."""
    if problem.objective.tails:
        return None
    best = without_limits(problem)
    if not problem.holds(best) or any(part.split(best) for part in problem.rough):
        return None
    cost = problem.cost(best)
    return Solution(best, cost, cost, "argmin", proven=True)


def solved_block(block: Block, time_limit_seconds: float | None) -> Solution | None:
    """The best solution of one part."""
    part = block.problem
    if (best := argmin(part)) is not None:
        return best
    from router.optimization.solver import optimum  # Importing the solver costs more than most plans

    floor = -math.inf if part.objective.tails else part.cost(without_limits(part))
    found = optimum(part, floor=floor, time_limit_seconds=time_limit_seconds)
    if found is None:
        return None
    return replace(found, size=replace(block.size, nodes=max(1, found.size.nodes)))
