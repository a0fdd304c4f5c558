"""Packs and volume discounts are settled before counts: the plan is the best of all, whichever way counts are made whole."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from router.optimization import solver, structure
from router.optimization.model import Answer
from router.optimization.problem import Group, Option, Problem
from router.optimization.rough import Discount
from router.optimization.rows import Counts, Row, Uses, weighed
from router.optimization.solve import solve
from router.optimization.tails import Ceiling, Objective, Tail
from tests.optimization.test_tails import dealt, value

STATES = 6


def instance(seed: int) -> tuple[Problem, list[Discount]]:
    """Clips at two providers, a pack or two, tiers or none, a cap and perhaps a budget and a risk."""
    dice = random.Random(seed)
    clips = [
        Group(dice.randint(1, 4), tuple(Option(float(dice.randint(1, 9) * 100_000)) for _ in range(dice.randint(2, 3))))
        for _ in range(2)
    ]
    by = [[dice.randrange(2) for _ in group.options] for group in clips]
    packs = [
        (dice.randrange(2), worth := dice.randint(2, 12) * 100_000, worth * dice.randint(60, 95) // 100, 2)
        for _ in range(dice.randint(1, 2))
    ]
    bought = [Group(most, (Option(float(price)), Option(0.0)), bulky=True) for _, _, price, most in packs]
    groups = (*clips, *bought, Group(1, (Option(0.0),)))
    none: Uses = tuple((0,) * len(group.options) for group in groups)
    savings = []
    for p in range(2):
        spend = (
            *(
                tuple(option.cost if b == p else 0 for option, b in zip(group.options, own, strict=True))
                for group, own in zip(clips, by, strict=True)
            ),
            *none[2:],
        )
        covers = (*none[:2], *((worth if own == p else 0, 0) for own, worth, _, _ in packs), (0,))
        starts = sorted(dice.sample(range(2, 25), dice.randint(0, 3)))
        tiers = tuple((start * 100_000.0, 0.1 * (k + 1)) for k, start in enumerate(starts))
        most = float(sum(g.count * max(own) for g, own in zip(groups, spend, strict=True)))
        savings.append(Discount(f"savings {p}", spend, covers, len(groups) - 1, tiers, 0.0, most))
    uses = (*(tuple(dice.randrange(2) for _ in group.options) for group in clips), *none[2:])
    most_clips = sum(group.count for group in clips)
    problem = Problem(
        groups,
        (Row("cap", "at_most", dice.randint(0, most_clips), uses, "clips"),),
        tuple(part.tail() for part in savings),
        rough=tuple(part for part in savings if part.tiers),
    )
    return with_risk(problem, savings, dice), savings


def with_risk(problem: Problem, savings: list[Discount], dice: random.Random) -> Problem:
    """Adds a budget after savings, or a risk as a limit after savings, as a limit by itself or in the objective, or nothing."""
    kind = dice.randrange(5)
    tails = tuple(part.tail() for part in savings)
    full = sum(group.count * max(option.cost for option in group.options) for group in problem.groups[:2])
    bound = round(full * dice.uniform(0.3, 0.9))
    if kind == 1:
        return replace(problem, ceilings=(Ceiling("budget", Objective(problem.costs, tails), bound),))
    costs = tuple(
        tuple(
            tuple(round(option.cost * dice.uniform(0.8, 1.6)) if k < 2 else 0 for _ in range(STATES))
            for option in group.options
        )
        for k, group in enumerate(problem.groups)
    )
    shares = [dice.random() for _ in range(STATES)]
    risk = Tail("risk", dice.choice((0.5, 0.8)), tuple(share / sum(shares) for share in shares), costs)
    if kind == 2:
        none = tuple((0,) * len(group.options) for group in problem.groups[:2])
        prices = (*none, *problem.costs[2:])
        cost = Objective(prices, (replace(risk, weight=1.0), *tails))
        return replace(problem, ceilings=(Ceiling("cvar", cost, bound),))
    if kind == 3:
        return replace(problem, tails=(*problem.tails, replace(risk, bound=round(bound * 1.3))))
    if kind == 4:
        return replace(problem, tails=(*problem.tails, replace(risk, weight=0.5)))
    return problem


def truly(objective: Objective, savings: list[Discount], counts: Counts) -> float:
    """What an objective comes to, each provider settled by what packs pay for, then by what is spent in each tier."""
    total = float(weighed(objective.weights, counts))
    for tail in objective.tails:
        part = next((own for own in savings if own.name == tail.name), None)
        if part is None:
            total += tail.weight * float(value(tail, counts))
            continue
        spent, paid = float(weighed(part.spend, counts)), float(weighed(part.covers, counts))
        rest = max(0.0, spent - paid)
        ends = [*(start for start, _ in part.tiers[1:]), math.inf]
        off = sum(rate * max(0.0, min(rest, end) - start) for (start, rate), end in zip(part.tiers, ends, strict=False))
        total -= min(spent, paid) + off
    return total


def least(problem: Problem, savings: list[Discount]) -> float | None:
    kept = [
        truly(problem.objective, savings, counts)
        for counts in dealt(problem)
        if all(row.holds(counts) for row in problem.rows)
        and all(round(truly(c.objective, savings, counts)) <= c.bound for c in problem.ceilings)
        and all(tail.bound == math.inf or round(float(value(tail, counts))) <= tail.bound for tail in problem.tails)
    ]
    return min(kept, default=None)


def is_the_best(seed: int) -> None:
    problem, savings = instance(seed)
    best = least(problem, savings)
    found = solve(problem)
    if best is None:
        assert found is None, seed
        return
    assert found is not None, seed
    assert found.proven, seed
    assert truly(problem.objective, savings, found.counts) == pytest.approx(best, abs=1e-2, rel=1e-9), seed
    assert found.cost == pytest.approx(best, abs=1e-2, rel=1e-9), seed


@pytest.mark.parametrize("seed", range(60))
def test_the_plan_is_the_best_of_all(seed: int) -> None:
    is_the_best(seed)


@pytest.mark.parametrize("seed", range(60, 100))
def test_it_is_where_counts_are_whole_only_within_a_structure(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "SMALL", 0)
    monkeypatch.setattr(structure, "FEW", structure.MANY)
    is_the_best(seed)


@pytest.mark.parametrize("seed", range(100, 110))
def test_it_is_where_ranges_are_searched_after_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "MANY", 1)
    is_the_best(seed)


def first_with(found: Callable[[Problem], bool]) -> Problem:
    return next(problem for problem, _ in map(instance, range(1000)) if found(problem))


def test_no_range_is_searched_where_packs_and_discounts_are_all(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = first_with(lambda problem: bool(problem.rough) and solve(problem) is not None)
    monkeypatch.setattr(solver, "branched", lambda *_: pytest.fail("ranges are searched"))
    assert solve(problem) is not None


def test_another_solver_than_highs_is_not_asked_for_structures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bound is not close enough to rule out a structure."""
    problem = first_with(lambda problem: bool(problem.rough) and solve(problem) is not None)
    best = solve(problem)
    asked = structure.solve_model

    def by_cbc(*arguments: object, **options: object) -> Answer:
        return replace(asked(*arguments, **options), solver="cbc")  # type: ignore[arg-type]

    monkeypatch.setattr(structure, "solve_model", by_cbc)
    found = solve(problem)
    assert best is not None
    assert found is not None
    assert found.proven
    assert found.cost == pytest.approx(best.cost, abs=1e-2)
