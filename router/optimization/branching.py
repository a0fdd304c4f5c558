"""What is not convex, by branch and bound: the problem over ranges, each relaxed to a convex one, until the relaxation tells the truth.

Ranges are taken in the order of their bounds. A range whose best solution is true is settled; else it is split.
Every solution is also made true at once, over the part of the range that holds it: so a plan is known early.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import replace

from router.errors import TimeLimitError
from router.optimization.problem import Problem, Rough, Size, Solution
from router.optimization.rows import Counts, weighed
from router.units import SAME_COST

Solve = Callable[[Problem, float | None], Solution | None]
"""The best solution of a problem that has nothing rough, given a cost above which none is wanted."""


def branched(problem: Problem, solve: Solve) -> Solution | None:
    """The best solution of a problem with rough parts; None if there is none.

    Raises
    ------
    router.errors.TimeLimitError
        If the time ran out before any solution was found.
    """
    best: Solution | None = None
    bound = math.inf
    numbers = itertools.count()
    waiting: list[tuple[float, int, tuple[Rough, ...]]] = [(-math.inf, next(numbers), problem.rough)]
    while waiting:
        floor, _, parts = heapq.heappop(waiting)
        if best is not None and floor > best.cost + SAME_COST:
            continue
        try:
            found = solve(relaxed(problem, parts), None if best is None else best.cost + SAME_COST)
            if found is None:
                continue
            halves = next(((k, split) for k, part in enumerate(parts) if (split := part.split(found.counts))), None)
            here = tuple(part.at(found.counts) for part in parts)
            true = found if halves is None else _made_true(problem, here, found.counts)
        except TimeLimitError:
            if best is None:
                raise
            bound = min(bound, floor, *(low for low, *_ in waiting))
            break
        if true is not None and (best is None or better(problem, true, best)):
            best = true
        if halves is None:
            bound = min(bound, found.bound)
            continue
        k, split = halves
        for part in split:
            heapq.heappush(waiting, (max(floor, found.bound), next(numbers), (*parts[:k], part, *parts[k + 1 :])))
    if best is None:
        return None
    bound = min(best.cost, bound)
    proven = best.cost - bound <= SAME_COST
    return replace(best, bound=bound, proven=proven, size=Size(nodes=next(numbers)), certificate=None)


def relaxed(problem: Problem, parts: tuple[Rough, ...]) -> Problem:
    """The convex problem over these ranges."""
    for part in parts:
        problem = part.relax(problem)
    return replace(problem, rough=())


def truth_at(problem: Problem, counts: Counts) -> Problem:
    """The convex problem that tells the truth of this solution."""
    return relaxed(problem, tuple(part.at(counts) for part in problem.rough))


def _made_true(problem: Problem, here: tuple[Rough, ...], counts: Counts) -> Solution | None:
    """A solution of the relaxation at what it truly costs; None if it truly breaks a limit."""
    truth = relaxed(problem, here)
    if not truth.holds(counts):
        return None
    cost = truth.cost(counts)
    return Solution(counts, cost, -math.inf, "solver", proven=False)


def better(problem: Problem, one: Solution, other: Solution) -> bool:
    """Whether a solution costs less or, where that is equal, is preferred by the tie-breakers."""
    if abs(one.cost - other.cost) > SAME_COST:
        return one.cost < other.cost
    for level in problem.ties():
        mine, its = weighed(level, one.counts), weighed(level, other.counts)
        if abs(float(mine - its)) > (SAME_COST if isinstance(mine, float) else 0.0):
            return mine < its
    return False
