"""Whether limits can be kept at all: by prices that prove they cannot, else by the solution that misses them least.

A solver that calls a model infeasible is not believed at once: HiGHS has done so where there was a solution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from router.optimization.bound import bound_from
from router.optimization.formulation import Formulation
from router.optimization.outline import RELAXED, Outline
from router.optimization.problem import Problem, Solution, without_limits
from router.optimization.rows import Counts, Limit, Row, Uses
from router.optimization.run import Clock, run, solve_model
from router.optimization.tails import Objective

CONTRADICTED = 1e-9
"""Relative: by how much limits have to contradict each other before this counts as proof."""


def despite_infeasible(problem: Problem, floor: float, clock: Clock) -> Solution | None:
    """Doubt "infeasible": allow every limit to be missed, and see whether the least possible miss is nothing."""
    if _contradicted(problem, clock):
        return None
    counts = least_missed(problem, clock)
    if counts is None or not problem.holds(counts):
        return None
    cost = problem.cost(counts)
    return Solution(counts, cost, min(floor, cost), "solver", proven=cost <= floor)


def _contradicted(problem: Problem, clock: Clock) -> bool:
    """Whether prices on the rows prove that no solution keeps them all: the bound on a cost of nothing is above nothing.

    Source: G. Farkas, Theorie der einfachen Ungleichungen, Journal fuer die reine und angewandte Mathematik 124 (1902).
    """
    nothing: Uses = tuple((0.0,) * len(group.options) for group in problem.groups)
    outline = Outline.at(without_limits(problem), Objective(problem.costs), problem.limits)
    while True:
        formulation = _elastic(problem, outline)
        answer = solve_model(formulation.model, clock, whole=False)
        if answer.state != "optimal":
            return False
        if not outline.learn_limits(outline.limits, formulation.amounts(answer), RELAXED):
            break
    prices = [formulation.price(answer, f"limit_{k}") / row.unit for k, (_, _, row) in enumerate(outline.rows)]
    rows = [row for _, row, _ in outline.rows]
    members = [group.count for group in problem.groups]
    bound = bound_from(nothing, rows, prices, problem.everything, members, problem.selectors).value
    weighs = math.fsum(price * _reach(row, members) for price, row in zip(prices, rows, strict=True) if price)
    return bound > CONTRADICTED * weighs


def least_missed(problem: Problem, clock: Clock) -> Counts | None:
    """The solution that misses the limits least: the sum over limits of the miss in proportion to the limit's size.

    None if there is none even without limits: no alternative of some selector can settle all its classes.
    """
    limits = problem.limits
    outline = Outline.at(without_limits(problem), Objective(problem.costs), limits)
    while True:
        formulation = _elastic(problem, outline)
        found = run(formulation, clock)
        if found is None:
            return None
        if not outline.learn_limits(limits, found.counts):
            return found.counts


def _elastic(problem: Problem, outline: Outline) -> Formulation:
    """The model of missing the stated limits least."""
    stated = [limit for limit in problem.limits if limit.stated]
    units = {id(limit): row.unit for limit, _, row in reversed(outline.rows)}
    formulation = Formulation(problem, (), outline.faces)
    slacks = {id(limit): formulation.model.add_column(f"missed_{k}", 0) for k, limit in enumerate(stated)}
    for position, (limit, _, row) in enumerate(outline.rows):
        formulation.keep(row, f"limit_{position}", slacks.get(id(limit)), units[id(limit)] / row.unit)
    # In millionths: costs far below one are lost in the tolerances of the solver.
    formulation.model.costs = {slacks[id(limit)]: 1e6 * units[id(limit)] / _size(limit, problem) for limit in stated}
    return formulation


def _size(limit: Limit, problem: Problem) -> float:
    """What a miss of a limit is measured by: its bound or, where that is next to nothing, a hundredth of all that could be used."""
    members = [group.count for group in problem.groups]
    row = limit.row_at(problem.everything)
    bound = abs(float(row.bound)) * (sum(members) if row.per is not None else 1)
    return max(bound, _reach(row, members) / 100, 1e-9)


def _reach(row: Row, members: Sequence[int]) -> float:
    """The most that can be used of a limit."""
    return sum(count * max(abs(float(use)) for use in own) for count, own in zip(members, row.uses, strict=True))
