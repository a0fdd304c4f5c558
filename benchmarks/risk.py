"""Question ``cvar``: the mean cost of the worst outage states, as a limit and in the objective, beside plain PuLP models.

About 260 classes of 100,000 clips under three limits. Six models are up or down, which makes 64 states; a clip whose model is down is
made in a hurry, at twice what its dearest candidate costs. Cheap models are down more often.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import partial

from benchmarks import classes
from benchmarks.coupled import beside
from benchmarks.limits import ours
from benchmarks.result import Result
from benchmarks.whole import of_problem
from router.optimization.problem import Group, Option, Problem
from router.optimization.solve import solve
from router.optimization.tails import Tail

CLIPS = 100_000
LEVEL = 0.95
UP = (0.90, 0.92, 0.94, 0.95, 0.97, 0.98)
"""The share of the time that each model is up."""
HURRY = 2
"""Times the dearest candidate."""
WEIGHT = 0.5
"""Of the risk in the objective."""
LESS = 0.95
"""Of the risk of the cheapest plan is allowed, where it is limited."""


def cvar(rounds: int, limit_seconds: float) -> tuple[Result, ...]:
    """CVaR 95 % over 64 states at 260 classes."""
    results = []
    for name, build in (("limit", limited), ("objective", weighted)):
        problems = [build(seed) for seed in range(1, rounds + 1)]
        own = [ours(problem, f"cvar as {name}, seed {seed}", limit_seconds) for seed, problem in enumerate(problems, 1)]
        results.append(beside(f"cvar, as {name}", own, partial(of_problem, problems[0]), limit_seconds))
    return tuple(results)


def risky(seed: int, clips: int = CLIPS, count: int = classes.CLASSES) -> tuple[Problem, Tail]:
    """Options at their mean cost, under the quotas and the mean quality of `classes.coupled`; and what they cost in each state."""
    choices = classes.table(seed, count, optional=False)
    plain = classes.with_limits(choices, classes.shared_out(seed, clips, count))
    states = list(itertools.product((True, False), repeat=len(UP)))
    shares = tuple(math.prod(p if up else 1 - p for p, up in zip(UP, state, strict=True)) for state in states)
    costs = tuple(
        tuple(
            tuple(choice.cost if state[choice.model] else HURRY * max(other.cost for other in own) for state in states)
            for choice in own
        )
        for own in choices
    )
    groups = tuple(
        Group(
            group.count,
            tuple(Option(math.fsum(p * x for p, x in zip(shares, each, strict=True))) for each in own),
        )
        for group, own in zip(plain.groups, costs, strict=True)
    )
    rows = tuple(row for row in plain.rows if row.name != "budget")
    return Problem(groups, rows), Tail("cvar", LEVEL, shares, costs)


def limited(seed: int, clips: int = CLIPS, count: int = classes.CLASSES) -> Problem:
    """The risk is a little less than that of the cheapest plan under the other limits."""
    problem, tail = risky(seed, clips, count)
    cheapest = solve(problem)
    assert cheapest is not None
    return replace(problem, tails=(replace(tail, bound=round(LESS * float(tail.value(cheapest.counts)))),))


def weighted(seed: int, clips: int = CLIPS, count: int = classes.CLASSES) -> Problem:
    """The risk counts in the objective."""
    problem, tail = risky(seed, clips, count)
    return replace(problem, tails=(replace(tail, weight=WEIGHT),))
