"""The corner relaxation next to tails in the objective, against all plans."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from router.optimization import core, nearest, prices, solver
from router.optimization.corner import Corner, corner
from router.optimization.kinks import Moved, Nearby, bent
from router.optimization.prices import Relaxed
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Row
from router.optimization.run import Clock
from router.optimization.solve import solve
from router.optimization.tails import Tail

UP = (0.9, 0.8, 0.95)
"""The share of the time that each of three models is up, independently: eight states."""


def started(problem: Problem) -> Relaxed | None:
    return solver._relaxed(problem, solver._outline(problem), problem.everything, Clock(None))


def cornered(problem: Problem) -> Corner | None:
    start = started(problem)
    return corner(problem, start, Clock(None)) if start is not None else None


def drawn(seed: int) -> Problem:
    """Two classes of three options with 6 to 30 members, one or two tails in the objective, and up to two limits."""
    dice = random.Random(seed)
    whole = dice.random() < 0.5
    groups = tuple(
        Group(dice.randint(6, 30), tuple(Option(float(1000 * dice.randint(10, 90))) for _ in range(3)))
        for _ in range(2)
    )
    ups = list(itertools.product((True, False), repeat=3))
    chances = [np.prod([p if up else 1 - p for p, up in zip(UP, state, strict=True)]) for state in ups]
    tails = []
    for number in range(dice.randint(1, 2)):
        costs = tuple(
            tuple(
                tuple(
                    option.cost + (0 if state[o] else 1000 * dice.randint(50, 200) + (0 if whole else dice.random()))
                    for state in ups
                )
                for o, option in enumerate(group.options)
            )
            for group in groups
        )
        level = dice.choice((0.0, 0.7, 0.9, 0.95, None))
        tails.append(Tail(f"t{number}", level, tuple(map(float, chances)), costs, weight=dice.choice((0.3, 0.5, 1.0))))
    rows = []
    for k in range(dice.randint(0, 2)):
        uses = tuple(tuple(dice.randint(0, 12) for _ in range(3)) for _ in groups)
        middle = sum(g.count * (min(own) + max(own)) // 2 for g, own in zip(groups, uses, strict=True))
        rows.append(Row(f"limit {k}", dice.choice(("at_most", "at_least")), middle, uses, "clips"))
    return Problem(groups, tuple(rows), tuple(tails))


def least_of_all(problem: Problem) -> float | None:
    """The least objective of all plans that keep the limits, by what they cost in each state."""
    each = [
        np.array([(a, b, group.count - a - b) for a in range(group.count + 1) for b in range(group.count + 1 - a)])
        for group in problem.groups
    ]

    def over_all(weights: tuple[tuple[float, ...], ...]) -> np.ndarray:
        one, other = (part @ np.array(own, float) for part, own in zip(each, weights, strict=True))
        return one[:, None] + other[None, :]

    total = over_all(problem.costs)
    held = np.ones(total.shape, bool)
    for row in problem.rows:
        used = over_all(row.uses)
        held &= used <= row.bound if row.sense == "at_most" else used >= row.bound
    for tail in problem.tails:
        spent = np.stack([over_all(tail.state(s)) for s in range(len(tail.probabilities))])
        if tail.level is None:
            total += tail.weight * spent.max(axis=0)
            continue
        # The tail is the least of what its definition gives over all quantiles, and a quantile is what some state costs.
        shares = np.array(tail.probabilities) / (1 - tail.level)
        values = [z + np.tensordot(shares, np.maximum(spent - z, 0), 1) for z in spent]
        total += tail.weight * np.min(values, axis=0)
    return float(total[held].min()) if held.any() else None


@pytest.mark.parametrize("few", [False, True])
def test_no_plan_costs_less_than_the_corner_says_and_its_own_costs_just_that(few: bool) -> None:
    tried = solved = 0
    for seed in range(40):
        problem = fewer(drawn(seed), seed) if few else drawn(seed)
        least = least_of_all(problem)
        found = None if least is None else cornered(problem)
        if least is None or found is None:
            continue
        tried += 1
        assert found.lower <= least + 0.5, seed
        if found.counts is not None:
            assert problem.holds(found.counts)
            assert problem.cost(found.counts) >= least - 0.5
            solved += problem.cost(found.counts) <= found.lower + 0.5
    assert tried > 25
    assert solved > 0.8 * tried


def fewer(problem: Problem, seed: int) -> Problem:
    """The same with 1 to 6 members in each class, so that it matters how many there are."""
    dice = random.Random(seed)
    groups = tuple(replace(group, count=dice.randint(1, 6)) for group in problem.groups)
    rows = tuple(
        replace(row, bound=sum(g.count * (min(own) + max(own)) // 2 for g, own in zip(groups, row.uses, strict=True)))
        for row in problem.rows
    )
    return replace(problem, groups=groups, rows=rows)


@pytest.mark.parametrize("seed", range(20))
def test_the_solver_finds_the_same_with_and_without_the_corner(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = drawn(1000 + seed)
    without = solve(problem)
    monkeypatch.setattr(core, "CORNERED", 0)
    within = solve(problem)
    assert (without is None) == (within is None)
    if without is not None and within is not None:
        assert within.proven
        assert within.cost == pytest.approx(without.cost, abs=0.5)


def test_states_that_count_as_one_move_the_relaxation_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [drawn(seed) for seed in range(30)]
    apart = [start.bound.value for start in map(started, problems) if start is not None]
    monkeypatch.setattr(prices, "ALONE", 2)
    together = [start.bound.value for start in map(started, problems) if start is not None]
    assert len(apart) > 20
    assert together == pytest.approx(apart, rel=1e-8)


def test_the_relaxation_shares_states_out_within_what_each_can_have() -> None:
    for seed in range(30):
        problem = drawn(seed)
        start = started(problem)
        for tail, shares in zip(problem.tails, start.shares if start else (), strict=start is not None):
            assert sum(shares) == pytest.approx(1, abs=1e-12)
            assert all(0 <= share <= cap * (1 + 1e-12) for share, cap in zip(shares, tail.caps, strict=True))


def test_what_members_move_is_what_the_objective_says() -> None:
    for seed in range(30):
        problem = drawn(seed)
        (one, other), objective = problem.groups, problem.objective
        nearby = Nearby(objective, ((one.count, 0, 0), (0, other.count, 0)))
        moved = [Moved(0, 0, 2, 3), Moved(1, 1, 0, 2), Moved(0, 0, 1, 1)]
        counts = ((one.count - 4, 1, 3), (2, other.count - 2, 0))
        assert nearby.value(moved) == pytest.approx(float(objective.value(counts)), rel=1e-12)


def test_what_takes_too_much_effort_is_a_bound_and_perhaps_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    early = 0
    for seed in range(15):
        problem = drawn(seed)
        least = least_of_all(problem)
        if least is None or cornered(problem) is None:
            continue
        for effort in (0, 30_000, 100_000):
            monkeypatch.setattr(nearest, "EFFORT", effort)
            found = cornered(problem)
            assert found is not None
            assert found.lower <= least + 0.5
            early += found.lower < least - 0.5
            assert found.counts is None or problem.holds(found.counts)
        monkeypatch.undo()
    assert early > 8


def test_of_a_hundred_members_as_many_take_the_risk_as_states_are_even() -> None:
    # A member costs $1, and $11 in the state of its way, which has probability 0.3 or 0.2: $4 or $3 in the mean. Of 100 members n on the
    # first way make the worst state cost 100 + 10 max(n, 100 - n), the least at n = 50: one more on the other saves 0.1 of its mean, $0.10,
    # and adds 0.9 of $10. Of 101 members 50 are on the first: the odd one is on the way that is cheaper in the mean.
    costs = (((11e6, 1e6, 1e6), (1e6, 11e6, 1e6)),)
    worst = Tail("worst", None, (0.3, 0.2, 0.5), costs, weight=0.9)
    for members, on_the_first in ((100, 50), (101, 50)):
        problem = Problem((Group(members, (Option(0.1 * 4e6), Option(0.1 * 3e6))),), tails=(worst,))
        start = started(problem)
        assert start is not None
        assert start.amounts[0] == pytest.approx([members / 2, members / 2])
        _, (kink,) = bent(problem.objective, start.shares)
        assert len(kink.over) == 1
        found = solve(problem)
        assert found is not None
        assert found.counts == ((on_the_first, members - on_the_first),)


def test_a_move_that_costs_more_than_it_must_does_not_stand_for_its_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of 101 members n cost $2 in the first state and the others $2 in the second; one more costs $1 in both. That is $102 if n could be
    # 50.5, and $103 at the nearest. If the odd member costs $2 in the second state only, both are $102 at n = 51: for $0.10 that way costs
    # $110 in the third state, for $0.20 nothing.
    ways = ((2e6, 0.0, 0.0), (0.0, 2e6, 0.0)), ((1e6, 1e6, 0.0), (0.0, 2e6, 110e6), (0.0, 2e6, 0.0))
    groups = Group(101, (Option(0.0), Option(0.0))), Group(1, (Option(0.0), Option(0.1e6), Option(0.2e6)))
    problem = Problem(groups, tails=(Tail("worst", None, (0.3, 0.3, 0.4), ways, weight=1.0),))
    monkeypatch.setattr(core, "CORNERED", 0)
    found = solve(problem)
    assert found is not None
    assert found.counts == ((51, 50), (0, 0, 1))
    assert found.bound <= 102.2e6 + 0.5
