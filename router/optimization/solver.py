"""The optimum of an assignment problem, checked in exact arithmetic before it is believed.

The linear relaxation gives prices on the limits, and these a bound and what every option costs above it (see `bound`). Only the options
that a cheap enough solution can use are handed to the integer solver; if its optimum is cheap enough, it is the optimum of all.
What is not linear is solved by its outline, which learns from every solution (see `outline`); packs and discounts are settled before all
else (see `structure`). Where few limits are tight and classes have members to spare, no search is needed (see `corner`).
Ties are broken by further solves over those options, each with the optimum of the one before as a limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

from router import log
from router.errors import SolverError, TimeLimitError
from router.optimization.bound import Bound, bound_from, certified
from router.optimization.branching import branched
from router.optimization.core import Least, best, least
from router.optimization.feasibility import despite_infeasible
from router.optimization.outline import Outline
from router.optimization.prices import Relaxed, relax
from router.optimization.problem import HALF_A_UNIT, Problem, Solution, without_limits
from router.optimization.process import warm_up
from router.optimization.rows import Counts, Number, Uses, weighed
from router.optimization.run import Clock, Found
from router.optimization.structure import structured
from router.units import SAME_COST

TIE_NODES = 1000
"""How far a search among plans of equal cost goes; a count, not a time, so that the same plan comes out every time."""
MANY = 20_000
"""Options; from here on classes that are not in doubt are sifted out before anything else."""
TIE_OPTIONS = 200
"""Besides one for each class."""


def optimum(problem: Problem, *, floor: float, time_limit_seconds: float | None = None) -> Solution | None:
    """The solution of least cost that keeps every row, ties broken; None if there is none.

    Parameters
    ----------
    floor
        A lower bound on the cost that is known already, micro-dollars.
    """
    clock = Clock(time_limit_seconds)
    warm_up()
    found = structured(problem, lambda part, enough: _convex(part, -math.inf, clock, enough), clock)
    if found is not None:
        return found
    if not problem.rough:
        return _convex(problem, floor, clock)
    return branched(problem, lambda part, enough: _convex(part, -math.inf, clock, enough))


def _convex(problem: Problem, floor: float, clock: Clock, enough: float | None = None) -> Solution | None:
    """The optimum where nothing is rough; None if there is none, or none that costs no more than ``enough``."""
    found = None
    if _large(problem):
        found = _chosen(problem, clock) if problem.selectors else _sifted(problem, clock)
    return _closed(problem, floor, clock, enough) if found is None else found


def _large(problem: Problem) -> bool:
    """Whether there are many options, which nothing but rows couples."""
    coupled = problem.tails or problem.ceilings
    return not coupled and bool(problem.rows) and sum(len(group.options) for group in problem.groups) >= MANY


def _sifted(problem: Problem, clock: Clock) -> Solution | None:
    from router.optimization.sifting import sifted  # Importing numpy costs more than most plans

    def search(part: Problem, max_nodes: int) -> Found | None:
        return best(part, _outline(part), clock, part.everything, max_nodes)

    def untie(part: Problem, counts: Counts, bound: Bound) -> Counts:
        return _untied(part, _outline(part), Least(counts, bound, bound.value, proven=True), clock)

    return sifted(problem, search, untie, clock)


def _chosen(problem: Problem, clock: Clock) -> Solution | None:
    from router.optimization.choosing import chosen  # As above

    def settle(part: Problem, enough: float | None) -> Solution | None:
        return _closed(part, -math.inf, clock, enough)

    def untie(counts: Counts, prices: Sequence[float]) -> Counts:
        if not problem.ties():
            return counts
        outline, members = _outline(problem), [group.count for group in problem.groups]
        bound = bound_from(problem.costs, problem.rows, prices, problem.everything, members, problem.selectors)
        return _untied(problem, outline, Least(counts, bound, bound.value, proven=True), clock)

    return chosen(problem, settle, untie, clock)


def _outline(problem: Problem) -> Outline:
    return Outline.at(without_limits(problem), problem.objective, problem.limits)


def _closed(problem: Problem, floor: float, clock: Clock, enough: float | None = None) -> Solution | None:
    """The same, by closing the options that cost too much."""
    outline = _outline(problem)
    relaxed = _relaxed(problem, outline, problem.everything, clock)
    if relaxed is not None and enough is not None and relaxed.bound.value > enough:
        return None
    found = None if relaxed is None else least(problem, outline, clock, relaxed)
    if found is None:
        return despite_infeasible(problem, floor, clock)
    cost = problem.cost(found.counts)
    linear = not problem.tails and not problem.ceilings
    certificate = certified(problem, found.relaxed.value, found.relaxed.prices) if linear else None
    log.debug("optimum found", proven=found.proven, relaxation_gap=round(cost - found.relaxed.value))
    gap = cost - min(cost, max(floor, found.lower))
    if gap <= HALF_A_UNIT:
        gap = 0.0
    elif not found.proven:
        return Solution(found.counts, cost, cost - gap, "solver", proven=False, certificate=certificate)
    if enough is not None and cost - gap > enough:
        return None
    counts = _untied(problem, outline, found, clock)
    cost = problem.cost(counts)
    return Solution(counts, cost, cost - gap, "solver", proven=True, certificate=certificate)


def _relaxed(problem: Problem, outline: Outline, most: Counts, clock: Clock) -> Relaxed | None:
    """The linear relaxation, or its prices alone; None if it has no solution."""
    if _large(problem) and problem.selectors:
        from router.optimization.alternatives import prices_of  # As in `_sifted`

        found = prices_of(problem, most)
        if found is not None:
            members = [group.count for group in problem.groups]
            return Relaxed(bound_from(problem.costs, problem.rows, found, most, members, problem.selectors))
    return relax(problem, outline, most, clock)


def _untied(problem: Problem, outline: Outline, found: Least, clock: Clock) -> Counts:
    """Among the solutions of this cost, the one that the tie-breakers prefer.

    Where more than ``TIE_OPTIONS`` could be in such a solution, it is looked for among those that this one uses and those that add nothing.
    Where a search would take more than ``TIE_NODES`` nodes, or time runs out, it is the best found by then.
    """
    counts = found.counts
    reached: Number = problem.cost(counts) + SAME_COST
    most = found.relaxed.closing(float(reached), problem.everything)
    if sum(map(bool, chain.from_iterable(most))) - len(most) > TIE_OPTIONS:
        nothing = found.relaxed.closing(found.relaxed.value, problem.everything)
        most = tuple(tuple(map(max, *pair)) for pair in zip(nothing, counts, strict=True))
    for level in problem.ties():
        if not _tells_apart(level, most):
            continue
        outline = outline.then(level, reached)
        try:
            better = best(problem, outline, clock, most, TIE_NODES)
        except (TimeLimitError, SolverError):
            return counts
        # A search that ended early may have found nothing better than what is there.
        if better is not None and weighed(level, better.counts) < weighed(level, counts):
            counts = better.counts
        weight = weighed(level, counts)
        reached = weight + SAME_COST if isinstance(weight, float) else weight
    return counts


def _tells_apart(level: Uses, open_to: Counts) -> bool:
    """Whether a tie-breaker differs between two options of a class that both can be used."""
    return any(
        len({weight for weight, top in zip(weights, tops, strict=True) if top}) > 1
        for weights, tops in zip(level, open_to, strict=True)
    )
