"""Very many classes: prices, parts, and what is proven by them; forced on small problems by a low threshold."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.optimization import ascent, sifting, solver
from router.optimization.arrays import Arrays
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Row
from router.optimization.run import Clock
from router.optimization.solve import solve
from tests.optimization.test_solver import every, key, problems


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems(), st.integers(1, 3))
def test_what_is_sifted_is_the_best_of_all_or_says_how_far_it_may_be(problem: Problem, opened: int) -> None:
    kept = [counts for counts in every(problem) if all(row.holds(counts) for row in problem.rows)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solver, "MANY", 1)
        patch.setattr(sifting, "OPEN", opened)
        found = solve(problem)
    if not kept:
        assert found is None
        return
    assert found is not None
    assert all(row.holds(found.counts) for row in problem.rows)
    assert found.cost == problem.cost(found.counts)
    best = min(kept, key=lambda counts: key(problem, counts))
    assert found.bound <= problem.cost(best) + 1e-3
    if found.proven:
        assert key(problem, found.counts) == key(problem, best)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(problems(), st.data())
def test_any_prices_give_a_bound_and_excesses(problem: Problem, data: st.DataObject) -> None:
    arrays = Arrays.of_problem(problem)
    bound, excess = arrays.bound(np.array([data.draw(st.floats(0, 1e6)) for _ in problem.rows]))
    for counts in every(problem):
        if all(row.holds(counts) for row in problem.rows):
            above = math.fsum(n * e for n, e in zip((n for own in counts for n in own), excess.tolist(), strict=True))
            assert problem.cost(counts) >= bound + above - 1e-3


def alike(classes: int) -> Problem:
    """Classes that cost 1 here and 2 + c there; no more than two thirds of them may be here."""
    groups = tuple(Group(1, (Option(1e6, (0,)), Option(2e6 + 1e3 * c, (0,)))) for c in range(classes))
    uses = ((1, 0),) * classes
    return Problem(groups, (Row("cap", "at_most", Fraction(2 * classes, 3), uses, "clips"),))


def test_the_classes_that_lose_least_move(monkeypatch: pytest.MonkeyPatch) -> None:
    # 99 classes, 66 may stay: the 33 cheapest to move cost 1 + 0.001 c more, c = 0 to 32: 99 + 33 + 0.528.
    problem = alike(99)
    monkeypatch.setattr(solver, "MANY", 1)
    monkeypatch.setattr(sifting, "OPEN", 5)
    found = solve(problem)
    assert found is not None
    assert found.cost == 132_528_000
    assert found.proven
    assert [own[1] for own in found.counts] == [1] * 33 + [0] * 66


def test_prices_are_those_of_the_linear_relaxation() -> None:
    # The 33rd class moves for 1.032, the 34th would for 1.033: any price between is right, and the bound is the cost.
    arrays = Arrays.of_problem(alike(99))
    found, _ = ascent.relaxed(arrays, np.array([0.9e6]), Clock(None))
    assert 1.032e6 <= found[0] <= 1.033e6
    assert arrays.bound(found)[0] == pytest.approx(132_528_000, abs=1e-3)


def test_a_share_and_its_bound_become_whole_numbers() -> None:
    # 1 - 1/3 of what is made: in thirds 2 and -1; a bound of 7.5 on even uses is one of 6, so 3 twos.
    group = Group(3, (Option(1.0), Option(2.0)))
    share = Row("share", "at_most", Fraction(1, 3), ((1, 0),), "share", per=((1, 1),))
    even = Row("even", "at_most", Fraction(15, 2), ((2, 4),))
    arrays = Arrays.of_problem(Problem((group,), (share, even)))
    assert arrays.uses.tolist() == [[2, -1], [1, 2]]
    assert arrays.bounds.tolist() == [0, 3]


def test_where_every_class_is_in_doubt_ties_are_broken_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of 6 members 3 may cost $1, the others $2; the tie-breaker does not care which.
    dear = (Option(50e6, (0,)), Option(60e6, (0,)))
    groups = tuple(Group(2, (Option(1e6 * (1 + c), (1,)), Option(1e6 * (2 + c), (0,)), *dear)) for c in range(3))
    monkeypatch.setattr(solver, "MANY", 1)
    found = solve(Problem(groups, (Row("cap", "at_most", 3, ((1, 0, 0, 0),) * 3, "clips"),)))
    assert found is not None
    assert found.proven
    assert found.cost == 15e6


def test_what_exchanges_bring_to_the_bound_is_proven_and_its_ties_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    # Both options of a class cost the same, so all are in doubt, more than half of all; the tie-breaker wants every third class on the
    # second one: the 20 classes 0, 3, ... gain 1 there, of the others 20 lose nothing and 20 lose 1.
    groups = tuple(Group(1, (Option(1e6 + 10 * c, (0,)), Option(1e6 + 10 * c, (c % 3 - 1,)))) for c in range(60))
    problem = Problem(groups, (Row("cap", "at_most", 30, ((1, 0),) * 60, "clips"),))
    monkeypatch.setattr(solver, "MANY", 1)
    found = solve(problem)
    assert found is not None
    assert found.proven
    assert found.cost == found.bound == 60e6 + 10 * 59 * 30
    assert sum(own[1] * (c % 3 - 1) for c, own in enumerate(found.counts)) == -20


def test_a_limit_that_is_tight_whatever_is_done_puts_no_bound_above_the_optimum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # All 9 classes use the second limit, whose price has no end; 6 stay, the 3 cheapest to move cost 2, 2.001 and 2.002.
    problem = alike(9)
    problem = replace(problem, rows=(*problem.rows, Row("all", "at_most", 9, ((1, 1),) * 9, "clips")))
    arrays = Arrays.of_problem(problem)
    prices = np.array([1e6, 1e30])
    assert arrays.bound(prices)[0] - arrays.lost(prices) <= 12_003_000
    monkeypatch.setattr(solver, "MANY", 1)
    monkeypatch.setattr(sifting, "OPEN", 5)
    found = solve(problem)
    assert found is not None
    assert (found.cost, found.bound, found.proven) == (12_003_000, 12_003_000, True)
