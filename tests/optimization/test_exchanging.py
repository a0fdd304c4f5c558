"""Exchanges: what is left of limits is filled, limits that are missed are kept again, and nothing gets worse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.classes import all_different
from router.optimization import solver
from router.optimization.arrays import Arrays
from router.optimization.exchanging import exchanged
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Row
from router.optimization.solve import solve
from tests.optimization.test_solver import every, problems

PRICE = 1e6
"""Micro-dollars that every unit of room saves."""


def packed(sizes: tuple[int, ...], room: int) -> Problem:
    """Classes of one member that cost a dollar less for every unit of room that they take, if they take it."""
    most = 100 * PRICE
    groups = tuple(Group(1, (Option(most), Option(most - PRICE * size))) for size in sizes)
    return Problem(groups, (Row("room", "at_most", room, tuple((0, size) for size in sizes), "clips"),))


def at_price(problem: Problem, inside: tuple[int, ...]) -> tuple[Arrays, np.ndarray | None]:
    """What exchanges make of the solution with these classes inside, a unit of room at its worth."""
    arrays = Arrays.of_problem(problem)
    prices = arrays.units * PRICE
    amounts = np.array([float(taken == (c in inside)) for c in range(len(problem.groups)) for taken in (False, True)])
    return arrays, exchanged(arrays, prices, arrays.bound(prices)[1], amounts)


@pytest.mark.parametrize("inside", [(), (0, 1, 2, 3, 4)])
def test_what_is_left_of_a_limit_or_missing_of_it_is_made_up_for(inside: tuple[int, ...]) -> None:
    # All units are worth the same, so that any classes that fill the room of 23 are best: 13 + 7 + 3, or 13 + 8 + 2.
    arrays, amounts = at_price(packed((13, 8, 7, 3, 2), 23), inside)
    assert amounts is not None
    assert arrays.uses @ amounts == arrays.bounds


def test_some_of_a_limit_is_left_where_nothing_fills_it() -> None:
    # 9 + 5 = 14 of 15; 9 + 9 would be too much.
    problem = packed((9, 9, 5), 15)
    arrays, amounts = at_price(problem, ())
    assert amounts is not None
    assert problem.cost(arrays.counts(amounts)) == (300 - 14) * PRICE


def test_a_limit_that_four_moves_cannot_keep_is_given_up() -> None:
    # Twenty classes are inside and none may be.
    assert at_price(packed((1,) * 20, 0), tuple(range(20)))[1] is None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems(), st.data())
def test_exchanges_keep_every_limit_and_gain_whatever_the_prices_are(problem: Problem, data: st.DataObject) -> None:
    arrays = Arrays.of_problem(problem)
    prices = np.array([data.draw(st.floats(0, 1e6)) for _ in problem.rows])
    start = data.draw(st.sampled_from(every(problem)))
    begun = np.array([float(n) for own in start for n in own])
    amounts = exchanged(arrays, prices, arrays.bound(prices)[1], begun)
    if amounts is None:
        assert not problem.holds(start)
        return
    counts = arrays.counts(amounts)
    assert counts in every(problem)
    assert problem.holds(counts)
    if problem.holds(start):
        assert problem.cost(counts) <= problem.cost(start) + 1e-3


@settings(max_examples=100, deadline=None, derandomize=True)
@given(problems(), st.data())
def test_amounts_become_the_counts_that_they_are(problem: Problem, data: st.DataObject) -> None:
    counts = data.draw(st.sampled_from(every(problem)))
    assert Arrays.of_problem(problem).counts(np.array([float(n) for own in counts for n in own])) == counts


def test_many_clips_that_all_differ_need_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    # 250,000 options: exchanges alone come within a millionth of the bound.
    monkeypatch.setattr(solver, "best", None)
    problem = all_different(1, 20_000)
    found = solve(problem)
    assert found is not None
    assert problem.holds(found.counts)
    assert found.cost - found.bound <= 1e-6 * found.cost
