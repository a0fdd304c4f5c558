"""The corner relaxation against all plans, and where it must not be believed."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from router.optimization import core, meeting, solver
from router.optimization.corner import Corner, corner
from router.optimization.prices import Relaxed
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Number, Row
from router.optimization.run import Clock
from router.optimization.solve import solve


def relaxed(problem: Problem) -> Corner | None:
    found = solver._relaxed(problem, solver._outline(problem), problem.everything, Clock(None))
    assert found is not None
    assert found.amounts
    return corner(problem, found, Clock(None))


def drawn(seed: int, *, money: bool) -> Problem:
    """Two classes of three options with 6 to 30 members, and one to three limits that half of all uses would break."""
    dice = random.Random(seed)
    groups = tuple(
        Group(dice.randint(6, 30), tuple(Option(float(1000 * dice.randint(1, 90))) for _ in range(3))) for _ in range(2)
    )
    rows = []
    for k in range(dice.randint(1, 3)):
        sense = dice.choice(("at_most", "at_least"))
        fine = money and k == 0
        uses: tuple[tuple[Number, ...], ...] = tuple(
            tuple(dice.uniform(1e4, 9e4) if fine else dice.randint(0, 12) for _ in range(3)) for _ in groups
        )
        middle = sum(g.count * (min(own) + max(own)) / 2 for g, own in zip(groups, uses, strict=True))
        bound = round(middle) if fine else int(middle)
        rows.append(Row(f"limit {k}", sense, bound, uses, "usd" if fine else "clips"))
    return Problem(groups, tuple(rows))


def least_of_all(problem: Problem) -> float | None:
    """The least cost of all plans that keep the limits."""
    each = []
    for group in problem.groups:
        n = group.count
        each.append(np.array([(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)]))
    first, second = each
    held = np.ones((len(first), len(second)), bool)
    for row in problem.rows:
        one, other = (part @ np.array(row.uses[c], float) for c, part in enumerate(each))
        used = one[:, None] + other[None, :]
        used = used if row.exact else np.round(used)
        held &= used <= float(row.bound) if row.sense == "at_most" else used >= float(row.bound)
    if not held.any():
        return None
    costs = [part @ np.array([o.cost for o in group.options]) for part, group in zip(each, problem.groups, strict=True)]
    return float((costs[0][:, None] + costs[1][None, :])[held].min())


@pytest.mark.parametrize("money", [False, True])
def test_no_plan_costs_less_than_the_corner_says_and_its_own_costs_just_that(money: bool) -> None:
    tried = solved = 0
    for seed in range(300):
        problem = drawn(seed, money=money)
        least = least_of_all(problem)
        if least is None or least == sum(g.count * min(o.cost for o in g.options) for g in problem.groups):
            continue
        found = relaxed(problem)
        if found is None:
            continue
        tried += 1
        assert found.lower <= least + 0.5
        if found.counts is not None:
            solved += 1
            assert problem.holds(found.counts)
            assert problem.cost(found.counts) == pytest.approx(least, abs=0.5)
            assert found.lower == pytest.approx(least, abs=0.5)
            used = {(c, o) for c, own in enumerate(found.counts) for o, n in enumerate(own) if n}
            assert len(used - found.options) <= len(problem.groups) + len(problem.rows)
    assert tried > 100
    # Where members are few, the moves often ask for more of them than there are: then it is a bound and no more.
    assert tried / 3 < solved < tried


def test_two_basic_members_make_up_for_a_limit_of_odd_use() -> None:
    # 20 members cost 1 each and use 2, or cost 3 and use none; 15 may be used: 7 on the first, 13 on the second, 46 dollars in all.
    groups = (Group(20, (Option(1e6), Option(3e6))),)
    problem = Problem(groups, (Row("cap", "at_most", 15, ((2, 0),), "clips"),))
    found = relaxed(problem)
    assert found is not None
    assert found.counts == ((7, 13),)
    assert found.lower == pytest.approx(46e6)


def test_what_is_no_corner_of_the_relaxation_gives_no_bound() -> None:
    # At the price at which the first two options weigh the same, $1 for each of use, the third weighs half a dollar less.
    groups = (Group(20, (Option(1e6), Option(3e6), Option(1.5e6))),)
    problem = Problem(groups, (Row("cap", "at_most", 15, ((2, 0, 1),), "clips"),))
    found = solver._relaxed(problem, solver._outline(problem), problem.everything, Clock(None))
    assert found is not None
    wrong = Relaxed(replace(found.bound, excess=((0.0, 0.0, 1e6),)), [[7.5, 12.5, 0.0]])
    assert corner(problem, wrong, Clock(None)) is None


def test_too_many_sums_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = next(p for p in (drawn(seed, money=False) for seed in range(50)) if len(p.rows) > 1 and relaxed(p))
    monkeypatch.setattr(meeting, "SUMS", 0)
    assert relaxed(problem) is None


def test_too_much_effort_and_too_little_time_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = next(p for p in (drawn(seed, money=False) for seed in range(50)) if len(p.rows) > 1 and relaxed(p))
    found = solver._relaxed(problem, solver._outline(problem), problem.everything, Clock(None))
    assert found is not None
    assert corner(problem, found, Clock(0.0)) is None
    monkeypatch.setattr(meeting, "EFFORT", 0)
    assert corner(problem, found, Clock(None)) is None


def test_where_all_moves_are_basic_there_is_nothing_to_search() -> None:
    groups = (Group(20, (Option(1e6), Option(3e6))), Group(20, (Option(1e6),)))
    problem = Problem(groups, (Row("money", "at_most", 300, ((10.25, 0.5), (1.5,))),))
    assert relaxed(problem) is None


def test_two_limits_on_money_of_fractions_have_no_corner_here() -> None:
    groups = (Group(50, (Option(1e6), Option(2e6), Option(4e6))),)
    uses = ((10.5, 4.25, 0.125),)
    rows = (
        Row("one", "at_most", 300, uses),
        Row("other", "at_most", 100, ((0.5, 7.75, 1.5),)),
    )
    problem = Problem(groups, rows)
    found = solver._relaxed(problem, solver._outline(problem), problem.everything, Clock(None))
    assert found is not None
    assert sum(price > 0 for price in found.bound.prices) == 2
    assert corner(problem, found, Clock(None)) is None


@pytest.mark.parametrize("seed", range(40))
def test_the_solver_finds_the_same_with_and_without_the_corner(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = drawn(1000 + seed, money=bool(seed % 2))
    without = solve(problem)
    monkeypatch.setattr(core, "CORNERED", 0)
    monkeypatch.setattr(core, "TO_SPARE", 0)
    within = solve(problem)
    assert (without is None) == (within is None)
    if without is not None and within is not None:
        assert within.proven
        assert within.cost == pytest.approx(without.cost, abs=1e-3)
        assert Fraction(within.bound) <= Fraction(without.cost) + Fraction(1, 1000)


def test_where_uses_of_money_come_out_whole_and_their_bound_does_not_the_corner_is_no_higher_for_it() -> None:
    # In units of 2.5 what is used is whole, 62,497 and 1; the bound is 2,500,000.5 before rounding, 1,000,000.2 of these: 16 x 62,497 + 4.
    groups = (Group(20, (Option(1e6), Option(2e6))),)
    problem = Problem(groups, (Row("money", "at_most", 2_500_000, ((156_242.5, 2.5),)),))
    assert problem.holds(((16, 4),))
    found = relaxed(problem)
    assert found is None or found.lower <= 24e6 + 0.5


@pytest.mark.parametrize(("below", "proven"), [(0.7, True), (1.0, False)])
def test_a_corner_less_than_a_micro_dollar_below_its_plan_proves_it(
    below: float, proven: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At most one of two members can have what costs 1.0: the optimum is 3.5, and the relaxation says so.
    problem = Problem((Group(2, (Option(1.0), Option(2.5))),), (Row("quota", "at_most", 1, ((1, 0),)),))
    monkeypatch.setattr(core, "_cornered", lambda *_: Corner(3.5 - below, ((1, 1),), frozenset()))
    outline = solver._outline(problem)
    start = solver._relaxed(problem, outline, problem.everything, Clock(None))
    assert start is not None
    floor, known, _ = core._beforehand(problem, replace(start, bound=replace(start.bound, value=0.0)), Clock(None))
    assert known is not None
    assert (floor, known.proven) == (3.5 - below, proven)
