"""What a bound costs: the optimum again where it is one step looser. Duals of a relaxation do not hold for whole numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from router.errors import TimeLimitError
from router.optimization.blocks import Block, blocks
from router.optimization.branching import truth_at
from router.optimization.problem import Group, Problem, Solution, without_limits
from router.optimization.rows import Counts, Unit
from router.optimization.solve import argmin, solve

NEXT_TO_NOTHING = 1e-9
"""Objectives with tails are optimal within this, relative: a smaller saving is none."""
TIES = 2
"""Further optima are told apart by the first of the tie-breakers only: most of the time goes into the others."""


@dataclass(frozen=True, slots=True)
class Looser:
    """The optimum where a bound is one step looser."""

    name: str
    """Of the demand (see `relaxation`)."""
    saved: float
    """By how much the objective is lower, micro-dollars."""
    counts: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """(class, its counts) of the classes that it connects; none where nothing changes."""


def loosened_by_one(
    problem: Problem,
    solution: Solution,
    steps: Mapping[Unit, Fraction],
    time_limit_seconds: float | None = None,
) -> Iterator[Looser]:
    """For each limit of a unit, the optimum where its bound is one step looser, by solving again the part that it connects.

    Nothing is said of limits for which time ran out.

    Parameters
    ----------
    solution
        Proven optimal.
    steps
        For each unit, how much looser; limits of other units are left out.
    """
    start = time.monotonic()
    for block in blocks(problem):
        counts = tuple(solution.counts[c] for c in block.classes)
        cost = truth_at(block.problem, counts).cost(counts)
        left = None if time_limit_seconds is None else time_limit_seconds - (time.monotonic() - start)
        yield from _of_block(block, counts, cost, steps, left)


def _of_block(
    block: Block, counts: Counts, cost: float, steps: Mapping[Unit, Fraction], time_limit_seconds: float | None
) -> Iterator[Looser]:
    from router.optimization.relaxation import beside, demands, without  # It imports the solver

    part = _first_ties(block.problem)
    start = time.monotonic()
    free = argmin(part, without_limits(part)) is not None
    for demand in demands(part):
        limit = demand.limit
        if limit is None or limit.unit not in steps:
            continue
        if free:
            yield Looser(demand.name, 0.0)
            continue
        step = steps[limit.unit]
        bound = Fraction(limit.bound) + (step if limit.sense == "at_most" else -step)
        try:
            left = None if time_limit_seconds is None else time_limit_seconds - (time.monotonic() - start)
            found = solve(beside(without(part, demand), part, demand, bound), left)
        except TimeLimitError:
            return
        if found is None or not found.proven:
            return
        saved = cost - found.cost
        if saved <= max(0.5, NEXT_TO_NOTHING * abs(cost)):
            yield Looser(demand.name, 0.0)
        else:
            yield Looser(demand.name, saved, tuple(zip(block.classes, found.counts, strict=True)))


def _first_ties(problem: Problem) -> Problem:
    groups = tuple(
        Group(group.count, tuple(replace(option, ties=option.ties[:TIES]) for option in group.options))
        for group in problem.groups
    )
    return replace(problem, groups=groups)
