"""Pairs of halves: the best solution of all, bounds never above it, and asked only where a search does not end soon."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.optimization import core, pairs
from router.optimization.bound import Bound, bound_from
from router.optimization.halves import Packed
from router.optimization.pairs import paired
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Row
from router.optimization.run import Clock
from router.optimization.solve import solve
from tests.optimization.test_solver import every


@st.composite
def coupled(draw: st.DrawFn) -> Problem:
    """Up to four classes of up to three members under up to three rows, of either sense; some uses are negative, some in thirds."""
    unit = draw(st.sampled_from([1.0, 0.7, 125_000.0]))
    use = st.integers(-2, 6) if draw(st.booleans()) else st.fractions(0, 4, max_denominator=3)
    groups = []
    for _ in range(draw(st.integers(1, 4))):
        options = tuple(Option(unit * draw(st.integers(-3, 20))) for _ in range(draw(st.integers(1, 3))))
        groups.append(Group(draw(st.integers(1, 3)), options))
    rows = []
    for k in range(draw(st.integers(1, 3))):
        uses = tuple(tuple(draw(use) for _ in group.options) for group in groups)
        rows.append(Row(f"r{k}", draw(st.sampled_from(["at_most", "at_least"])), draw(st.fractions(-4, 20)), uses))
    return Problem(tuple(groups), tuple(rows))


def priced(problem: Problem, prices: list[float]) -> Bound:
    members = [group.count for group in problem.groups]
    return bound_from(problem.costs, problem.rows, prices, problem.everything, members)


def least_cost(problem: Problem) -> float:
    return min((problem.cost(counts) for counts in every(problem) if problem.holds(counts)), default=math.inf)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(coupled(), st.data())
def test_pairs_settle_the_least_cost_whatever_the_prices_are(problem: Problem, data: st.DataObject) -> None:
    prices = data.draw(st.lists(st.integers(0, 5), min_size=len(problem.rows), max_size=len(problem.rows)))
    scale = abs(problem.groups[0].options[0].cost) or 1.0
    relaxed = priced(problem, [price * scale / 4 for price in prices])
    optimum = least_cost(problem)
    found = paired(problem, relaxed, math.inf, Clock(None))
    if found is None:
        # Room for less than nothing: the packing shows that there is no solution.
        assert optimum == math.inf
        return
    assert found.lower <= optimum + 1e-6 * max(1.0, abs(optimum))
    if found.counts is not None:
        assert problem.holds(found.counts)
    if optimum < math.inf:
        assert found.counts is not None
        assert problem.cost(found.counts) == pytest.approx(optimum, abs=pairs.LEAST_GAIN)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(coupled())
def test_a_known_solution_is_bettered_or_proven(problem: Problem) -> None:
    costs = sorted({problem.cost(counts) for counts in every(problem) if problem.holds(counts)})
    for known in costs[:3]:
        found = paired(problem, priced(problem, [0.0] * len(problem.rows)), known, Clock(None))
        assert found is not None
        cost = known if found.counts is None else problem.cost(found.counts)
        assert cost == pytest.approx(costs[0], abs=pairs.LEAST_GAIN)
        assert found.lower == pytest.approx(cost, abs=2 * pairs.LEAST_GAIN)


def knapsack(classes: int, options: int, rows: int, seed: int, largest: int = 9, share: float = 0.5) -> Problem:
    """One option of each class; what costs less uses more of every row, of which a share of the most that can be used is there."""
    dice = random.Random(seed)
    uses = [[[dice.randint(0, largest) for _ in range(options)] for _ in range(classes)] for _ in range(rows)]
    groups = []
    for c in range(classes):
        worth = [10 * sum(own[c][o] for own in uses) + dice.randrange(20) for o in range(options)]
        groups.append(Group(1, tuple(Option(float(max(worth) - each)) for each in worth)))
    limits = [
        Row(f"r{k}", "at_most", int(share * sum(map(max, own))), tuple(map(tuple, own)), "share")
        for k, own in enumerate(uses)
    ]
    return Problem(tuple(groups), tuple(limits))


@pytest.mark.parametrize("seed", range(5))
def test_limits_that_take_several_words_are_all_kept(seed: int) -> None:
    # Room of up to 4 x 10^5, of more than 1.3 x 10^5, takes 18 or 19 bits and a guard: three limits to a word.
    problem = knapsack(5, 4, 8, seed, largest=10**5, share=0.8)
    packed = Packed.of_problem(problem, [1.0] * 8)
    assert packed is not None
    assert [word for word, _ in packed.places] == [0, 0, 0, 1, 1, 1, 2, 2]
    found = paired(problem, priced(problem, [1.0] * 8), math.inf, Clock(None))
    assert found is not None
    assert found.counts is not None
    assert problem.holds(found.counts)
    assert problem.cost(found.counts) == found.lower == least_cost(problem)


def test_a_search_that_does_not_end_soon_is_settled_by_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = knapsack(10, 6, 5, seed=1)
    by_search = solve(problem)
    assert by_search is not None
    asked = []

    def recorded(*arguments: Any) -> pairs.Paired | None:
        asked.append(paired(*arguments))
        return asked[-1]

    monkeypatch.setattr(pairs, "paired", recorded)
    monkeypatch.setattr(core, "CORE_NODES", 1)
    found = solve(problem)
    assert found is not None
    assert (found.cost, found.proven) == (by_search.cost, True)
    assert asked[0] is not None
    assert asked[0].lower == found.cost
    assert solve(problem) == found


def test_what_pairs_do_not_settle_a_search_does(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = knapsack(10, 6, 5, seed=2)
    by_search = solve(problem)
    monkeypatch.setattr(core, "CORE_NODES", 1)
    for effort, longest in ((1, 10**6), (10**9, 50)):
        monkeypatch.setattr(pairs, "EFFORT", effort)
        monkeypatch.setattr(pairs, "LONGEST", longest)
        found = solve(problem)
        assert found is not None
        assert by_search is not None
        assert (found.cost, found.bound, found.proven) == (by_search.cost, by_search.cost, True)


def test_pairs_are_not_asked_where_a_search_ends_soon_or_classes_have_many_members(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairs, "paired", lambda *_: pytest.fail("pairs are looked at"))
    solve(knapsack(6, 4, 3, seed=3))
    monkeypatch.setattr(core, "CORE_NODES", 1)
    few = knapsack(8, 5, 3, seed=4)
    groups = tuple(replace(group, count=core.FEW + 1) for group in few.groups)
    rows = tuple(replace(row, bound=(core.FEW + 1) * row.bound) for row in few.rows)
    assert solve(Problem(groups, rows)) is not None
