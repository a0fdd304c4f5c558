"""Classes shared out over knapsacks: bounds never above the truth, nothing closed that the best solution needs, proofs that hold."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.optimization import packing
from router.optimization.knapsacks import Knapsacks
from router.optimization.packing import packed
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Counts, Row
from router.optimization.run import Clock
from router.optimization.solve import solve
from tests.optimization.test_solver import every


@st.composite
def shared(draw: st.DrawFn) -> Problem:
    """Up to five classes, up to three knapsacks; some options use none, some share one with another of their class."""
    rows = draw(st.integers(1, 3))
    unit = draw(st.sampled_from([1.0, 125_000.0]))
    use = st.integers(0, 6) if draw(st.booleans()) else st.fractions(0, 4, max_denominator=3)
    groups, at, uses = [], [], []
    for _ in range(draw(st.integers(1, 5))):
        options = draw(st.integers(1, 4))
        groups.append(Group(1, tuple(Option(unit * draw(st.integers(-3, 20))) for _ in range(options))))
        at.append([draw(st.integers(0, rows)) for _ in range(options)])
        uses.append([draw(use) for _ in range(options)])
    return Problem(
        tuple(groups),
        tuple(
            Row(
                f"r{k}",
                "at_most",
                draw(st.fractions(0, 12, max_denominator=2)),
                tuple(
                    tuple(u if a == k else 0 for u, a in zip(own, there, strict=True))
                    for own, there in zip(uses, at, strict=True)
                ),
            )
            for k in range(rows)
        ),
    )


def kept(problem: Problem) -> list[Counts]:
    return [counts for counts in every(problem) if problem.holds(counts)]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(shared(), st.data())
def test_any_prices_give_a_bound_and_what_options_cost_above_it(problem: Problem, data: st.DataObject) -> None:
    knapsacks = Knapsacks.of_problem(problem)
    assert knapsacks is not None
    prices = np.array([[data.draw(st.integers(-5_000, 30_000)) for _ in problem.groups] for _ in range(2)])
    open_ones = np.array([[data.draw(st.booleans()) for _ in knapsacks.of] for _ in range(2)])
    bounds, _ = knapsacks.bound(prices, open_ones)
    again, excess = knapsacks.excess(prices, open_ones)
    # The last open option of a class is packed for the bound even where that does not pay.
    assert (bounds >= again).all()
    for row in range(2):
        for counts in kept(problem):
            used = np.array([n for own in counts for n in own], bool)
            if not open_ones[row][used].all():
                continue
            cost = int(knapsacks.costs[used].sum())
            assert cost >= bounds[row]
            assert all(cost >= again[row] + excess[row][option] for option in np.flatnonzero(used))
            assert problem.cost(counts) == pytest.approx((cost / knapsacks.fine + knapsacks.base) * knapsacks.unit)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(shared(), st.integers(1, 4))
def test_what_is_proven_is_the_best_of_all(problem: Problem, steps: int) -> None:
    ways = kept(problem)
    with pytest.MonkeyPatch.context() as patch:
        # So short an ascent leaves something to search.
        patch.setattr(packing, "ROOT_STEPS", steps)
        patch.setattr(packing, "STEPS", 1)
        patch.setattr(packing, "WIDTH", 2)
        patch.setattr(packing, "EFFORT", 1e6)
        found = packed(problem, [0.0] * len(problem.rows), Clock(None))
    assert found is not None
    if not ways:
        assert found.counts is None
        return
    best = min(map(problem.cost, ways))
    assert found.proven
    assert found.counts is not None
    assert problem.holds(found.counts)
    assert problem.cost(found.counts) == found.lower == best


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shared())
def test_the_solver_finds_the_best_of_all(problem: Problem) -> None:
    ways = kept(problem)
    found = solve(problem)
    assert (found is None) == (not ways)
    if found is not None:
        assert found.proven
        assert found.cost == found.bound == min(map(problem.cost, ways))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shared(), st.floats(0, 2e4))
def test_a_search_that_ends_early_says_no_more_than_it_knows(problem: Problem, effort: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "ROOT_STEPS", 1)
        patch.setattr(packing, "STEPS", 1)
        patch.setattr(packing, "EFFORT", effort)
        found = packed(problem, [0.0] * len(problem.rows), Clock(None))
    assert found is not None
    best = min(map(problem.cost, kept(problem)), default=math.inf)
    assert found.lower <= best
    if found.counts is not None:
        assert problem.holds(found.counts)
        assert found.proven == (problem.cost(found.counts) == found.lower)


def test_a_class_takes_the_dearer_option_where_the_cheap_ones_do_not_fit_together() -> None:
    # Two of three classes fit the cheap knapsack of 5 (2 + 3); the third is dearer by 4, 6 or 7: the first moves.
    groups = tuple(Group(1, (Option(1.0), Option(1.0 + more))) for more in (4, 6, 7))
    rows = (Row("cheap", "at_most", 5, ((2, 0), (3, 0), (2, 0))), Row("dear", "at_most", 3, ((0, 3), (0, 3), (0, 3))))
    found = packed(Problem(groups, rows), [0.0, 0.0], Clock(None))
    assert found is not None
    assert found.counts == ((0, 1), (1, 0), (1, 0))
    assert (found.lower, found.proven) == (7.0, True)


PLAIN = Problem((Group(1, (Option(1.0), Option(2.0))),) * 2, (Row("r", "at_most", 3, ((2, 0), (2, 0))),))


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAIN, groups=(Group(2, PLAIN.groups[0].options), PLAIN.groups[1])),
        replace(PLAIN, groups=(Group(1, (Option(0.5), Option(2.0))), PLAIN.groups[1])),
        replace(PLAIN, groups=(Group(1, (Option(0.0), Option(2.0**41))), PLAIN.groups[1])),
        replace(PLAIN, groups=(Group(1, (Option(1.0), Option(2.0**30))), PLAIN.groups[1])),
        replace(PLAIN, rows=(replace(PLAIN.rows[0], sense="at_least"),)),
        replace(PLAIN, rows=(replace(PLAIN.rows[0], uses=((2, 0), (2.5, 0))),)),
        replace(PLAIN, rows=(replace(PLAIN.rows[0], uses=((2, 0), (-1, 0))),)),
        replace(PLAIN, rows=(replace(PLAIN.rows[0], bound=Fraction(-1)),)),
        replace(PLAIN, rows=(replace(PLAIN.rows[0], per=((1, 1), (1, 1))),)),
        replace(PLAIN, rows=PLAIN.rows * 2),
        replace(PLAIN, rows=()),
    ],
)
def test_other_problems_are_left_to_the_solver(other: Problem) -> None:
    assert Knapsacks.of_problem(PLAIN) is not None
    assert Knapsacks.of_problem(other) is None


def test_large_knapsacks_are_left_to_the_solver() -> None:
    row = Row("r", "at_most", 10**7, ((10**7 - 1, 0), (10**7 - 2, 0)))
    assert packed(replace(PLAIN, rows=(row,)), [0.0], Clock(None)) is None
