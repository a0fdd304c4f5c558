"""What the linear relaxation pays for one more unit of each limit, and what shares it gives to the states of tails.

In the objective a tail is the quantile, a variable, and what states cost above it, by a row for each state. Of many states, only the
likeliest have rows of their own; the others count as their mean, which is never above the truth, until a solution tells them apart.

Costs are micro-dollars.

Sources: R. T. Rockafellar and S. Uryasev, Optimization of Conditional Value-at-Risk, Journal of Risk 2 (2000), for the rows; D. Espinoza
and E. Moreno, A primal-dual aggregation algorithm for minimizing conditional value-at-risk in linear programs, Computational
Optimization and Applications 59 (2014), for counting states as one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from router.optimization.bound import Bound, bound_from
from router.optimization.formulation import Formulation
from router.optimization.model import Answer, LinearRow
from router.optimization.outline import RELAXED, Outline, above
from router.optimization.problem import Problem, without_limits
from router.optimization.rows import Amounts, Counts, Uses
from router.optimization.run import Clock, solve_model
from router.optimization.tails import Objective, Tail

ALONE = 64
"""States that have rows of their own from the start."""

Parts: TypeAlias = Sequence[Sequence[int]]
"""States that count as one."""
Shares: TypeAlias = Sequence[Sequence[float]]
"""For each tail of the objective, what share each of its states has of the worst ones."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The linear relaxation."""

    bound: Bound
    amounts: Amounts = ()
    """Its solution; empty where it was not solved."""
    shares: Shares = ()


def relax(problem: Problem, outline: Outline, most: Counts, clock: Clock) -> Relaxed | None:
    """The relaxation over so many of each class on each option; None if it has no solution.

    The outline learns what it shows of limits, and what touches the objective at its solution.
    """
    objective = outline.objective
    parts = [_at_first(tail) for tail in objective.tails]
    while True:
        rows = list(outline.rows)
        formulation = Formulation(problem, [row for _, _, row in rows], [objective.weights], most)
        for t, tail in enumerate(objective.tails):
            _spread(formulation, f"tail_{t}", tail, parts[t])
        answer = solve_model(formulation.model, clock, whole=False)
        if answer.state == "infeasible":
            return None
        if answer.state != "optimal":
            break
        amounts = formulation.amounts(answer)
        known = formulation.model.value(answer.values) * formulation.scale
        finer = parts
        if objective.tails and above(float(objective.value(amounts)), known, RELAXED):
            finer = [_told_apart(own, tail, amounts) for own, tail in zip(parts, objective.tails, strict=True)]
        if not outline.learn_limits(outline.limits, amounts, RELAXED) and finer == parts:
            break
        parts = finer
    # Any prices and shares give a bound; without a relaxation the bound is that of no limits.
    prices, amounts = [0.0] * len(rows), []
    shares: Shares = [tail.shares(without_limits(problem)) for tail in objective.tails]
    if answer.state == "optimal":
        paid = [formulation.price(answer, f"limit_{k}") for k in range(len(rows))]
        prices = [price * formulation.scale / row.unit for price, (_, _, row) in zip(paid, rows, strict=True)]
        amounts = formulation.amounts(answer)
        shares = [_shared(formulation, answer, f"tail_{t}", tail, parts[t]) for t, tail in enumerate(objective.tails)]
        if objective.tails:
            outline.faces.extend(_touching(objective, shares))
    members = [group.count for group in problem.groups]
    weights = objective.mixed(shares)
    bound = bound_from(weights, [row for _, row, _ in rows], prices, most, members, problem.selectors)
    return Relaxed(bound, amounts, shares)


def _at_first(tail: Tail) -> Parts:
    """The likeliest states one by one, and the others as one; all as one where only the very worst counts."""
    caps = tail.caps
    order = sorted((s for s, cap in enumerate(caps) if cap), key=lambda s: -caps[s])
    first = 0 if tail.level is None else ALONE - 1
    alone, others = order[:first], order[first:]
    return [*([s] for s in alone), *([others] if others else [])]


def _told_apart(parts: Parts, tail: Tail, amounts: Amounts) -> Parts:
    """Parts of states that are all among the worst of a solution, all not, or one that is in part."""
    worst, between = tail.told_apart(tail.shares(amounts))
    kinds = (worst, between, frozenset(range(len(tail.caps))) - worst - between)
    return [own for part in parts for kind in kinds if (own := [s for s in part if s in kind])]


def _spread(formulation: Formulation, name: str, tail: Tail, parts: Parts) -> None:
    """Put a tail in the objective: its quantile, and what each part of the states costs above it."""
    model = formulation.model
    quantile = model.add_column(f"{name}_quantile")
    model.costs[quantile] = tail.weight
    for number, part in enumerate(parts):
        shares = _within(tail, part, 1.0)
        more = model.add_column(f"{name}_above_{number}", 0.0)
        model.costs[more] = tail.weight * math.fsum(tail.caps[s] for s in part)
        costs = [[float(cost) / formulation.scale for cost in own] for own in tail.mixed(shares)]
        columns, numbers = formulation.terms(costs)
        row = LinearRow(f"{name}_{number}", [*columns, quantile, more], [*numbers, -1.0, -1.0], "<=", 0.0)
        model.rows.append(row)


def _within(tail: Tail, part: Sequence[int], share: float) -> list[float]:
    """A share of a part, on its states by how much they can have."""
    shares = [0.0] * len(tail.caps)
    together = math.fsum(tail.caps[s] for s in part)
    for s in part:
        shares[s] = share * (tail.caps[s] / together)
    return shares


def _shared(formulation: Formulation, answer: Answer, name: str, tail: Tail, parts: Parts) -> Sequence[float]:
    """The shares by the relaxation, mended to be within the caps and to add up to 1."""
    caps = tail.caps
    shares = [0.0] * len(caps)
    for number, part in enumerate(parts):
        paid = formulation.price(answer, f"{name}_{number}") / tail.weight
        for s, share in enumerate(_within(tail, part, paid)):
            shares[s] += min(share, caps[s])
    missing = max(0.0, 1 - math.fsum(shares))
    room = math.fsum(caps) - math.fsum(shares)
    filling = min(1.0, missing / room) if room > 0 else 0.0
    filled = [share + filling * (cap - share) for share, cap in zip(shares, caps, strict=True)]
    total = math.fsum(filled)
    return [share / total for share in filled]


def _touching(objective: Objective, shares: Shares) -> list[Uses]:
    """Linear objectives that touch the objective at the relaxation's solution, and never are above it: with its shares, and in turns."""
    turns = [tail.in_turn(own) for tail, own in zip(objective.tails, shares, strict=True)]
    several = [objective.mixed([own[k % len(own)] for own in turns]) for k in range(max(map(len, turns), default=0))]
    return [objective.mixed(shares), *several]
