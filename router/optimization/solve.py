"""Solve an assignment problem: without the solver where no limit binds, and to proven optimality where one does."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

from router.optimization.blocks import Block, blocks, size, together
from router.optimization.merging import merged
from router.optimization.problem import Certificate, Problem, Size, Solution, without_limits
from router.optimization.rows import Counts


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
    free = without_limits(problem)
    if (best := argmin(problem, free)) is not None:
        return best
    start = time.monotonic()
    found: list[tuple[Block, Solution]] = []
    parts = blocks(problem)
    for block in parts:
        spent = time.monotonic() - start if found else 0.0
        left = None if time_limit_seconds is None else max(0.0, time_limit_seconds - spent)
        part = _solved(block, tuple(free[c] for c in block.classes), left, alone=len(parts) == 1)
        if part is None:
            return None
        found.append((block, part))
    counts = together(problem, ((block, part.counts) for block, part in found))
    cost, bound = (math.fsum(getattr(part, figure) for _, part in found) for figure in ("cost", "bound"))
    sizes = sum((part.size for _, part in found), Size())
    proven = all(part.proven for _, part in found)
    return Solution(counts, cost, bound, "solver", proven, sizes, _certificate([part for _, part in found]))


def argmin(problem: Problem, free: Counts) -> Solution | None:
    """Every class on its best option (``free``), if that keeps every limit and nothing but a sum is minimised."""
    summed = not any(tail.weight for tail in problem.tails)
    if not summed or not problem.holds(free) or any(part.split(free) for part in problem.rough):
        return None
    cost = problem.cost(free)
    return Solution(free, cost, cost, "argmin", proven=True, certificate=Certificate(cost))


def _solved(block: Block, free: Counts, time_limit_seconds: float | None, *, alone: bool) -> Solution | None:
    """The best solution of one part, or of the whole, whose best options are known to break a limit."""
    whole = block.problem
    if not alone and (best := argmin(whole, free)) is not None:
        return best
    from router.optimization.solver import optimum  # Importing the solver costs more than most plans

    floor = -math.inf if any(tail.weight for tail in whole.tails) else whole.cost(free)
    fewer = merged(whole)
    found = optimum(fewer.problem, floor=floor, time_limit_seconds=time_limit_seconds)
    if found is None:
        return None
    counts = fewer.parted(found.counts, whole)
    return replace(found, counts=counts, size=replace(size(fewer.problem), nodes=max(1, found.size.nodes)))


def _certificate(parts: Sequence[Solution]) -> Certificate | None:
    """The bounds of all parts together, if each has one."""
    found = [part.certificate for part in parts if part.certificate is not None]
    if len(found) < len(parts):
        return None
    prices = tuple(price for certificate in found for price in certificate.prices)
    return Certificate(math.fsum(certificate.bound for certificate in found), prices)
