"""Tails over outage states: what they are worth, and that solutions under them, or of least of them, are the best of all."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from router.optimization import core
from router.optimization.formulation import Formulation
from router.optimization.outline import Outline
from router.optimization.problem import Group, Option, Problem
from router.optimization.relaxation import loosened_alone, loosened_together
from router.optimization.rows import Counts, Number, Row, weighed
from router.optimization.run import Found
from router.optimization.solve import solve
from router.optimization.tails import Objective, Tail
from router.optimization.through_pulp import to_pulp
from tests import golden

SEEDS = 1000


def dealt(problem: Problem) -> list[Counts]:
    """All ways to deal the members of every class to its options."""
    parts = []
    for group in problem.groups:
        splits = itertools.product(range(group.count + 1), repeat=len(group.options))
        parts.append([split for split in splits if sum(split) == group.count])
    return [tuple(way) for way in itertools.product(*parts)]


def value(tail: Tail, counts: Counts) -> Number:
    """The tail by its definition: the largest, or the quantile plus the mean excess over it by the share of the worst."""
    totals: list[Number] = [0] * len(tail.probabilities)
    for own, row in zip(tail.costs, counts, strict=True):
        for states, n in zip(own, row, strict=True):
            totals = [total + n * cost for total, cost in zip(totals, states, strict=True)]
    if tail.level is None:
        return max(totals)
    law = sorted(zip(totals, tail.probabilities, strict=True))
    reached = list(itertools.accumulate(p for _, p in law))
    quantile = next(x for (x, _), up_to in zip(law, reached, strict=True) if up_to >= tail.level - 1e-12)
    return quantile + sum(p * (x - quantile) for x, p in law if x > quantile) / (1 - tail.level)


def cost(problem: Problem, counts: Counts) -> float:
    linear = weighed(problem.costs, counts)
    return float(linear + sum(tail.weight * value(tail, counts) for tail in problem.tails if tail.weight))


def keeps(problem: Problem, counts: Counts, but: object = None) -> bool:
    rows = all(row.holds(counts) for row in problem.rows if row is not but)
    return rows and all(round(value(tail, counts)) <= tail.bound for tail in problem.tails if tail is not but)


def ties(problem: Problem, counts: Counts) -> tuple[Number, ...]:
    return tuple(
        weighed(tuple(tuple(option.ties[t] for option in group.options) for group in problem.groups), counts)
        for t in range(2)
    )


def drawn(seed: int) -> Problem:
    """A small problem with up to two tails: bounded, weighted or both; and up to two rows."""
    dice = random.Random(seed)
    whole, grid = dice.random() < 0.5, dice.random() < 0.5

    def amount() -> float:
        exact = dice.randint(0, 6) * 250_000.0 if grid else float(dice.randint(0, 1_500_000))
        return exact if whole else exact + round(dice.random(), 3)

    shape = [(dice.randint(1, 4), dice.randint(1, 3)) for _ in range(dice.randint(1, 3))]
    linear = dice.random() < 0.8
    groups = tuple(
        Group(n, tuple(Option(amount() if linear else 0.0, (dice.randint(0, 2), dice.randint(0, 3))) for _ in range(k)))
        for n, k in shape
    )
    states = dice.randint(1, 6)
    chances = [dice.choice((1, 1, 3, 20)) for _ in range(states)]
    probabilities = tuple(chance / sum(chances) for chance in chances)
    problem = Problem(groups)
    ways = dealt(problem)
    tails, rows = [], []
    for number in range(dice.randint(1, 2)):

        def in_states() -> tuple[Number, ...]:
            costs = [amount() if dice.random() < 0.8 else 0.0 for _ in range(states)]
            return tuple(int(cost) if number and whole else cost for cost in costs)  # noqa: B023

        level = dice.choice((0.0, 0.5, 0.8, 0.95, None))
        tail = Tail(f"t{number}", level, probabilities, tuple(tuple(in_states() for _ in range(k)) for _, k in shape))
        role = dice.choice(("limit", "objective", "both"))
        if role != "objective":
            tail = replace(tail, bound=round(value(tail, dice.choice(ways))) + dice.choice((-1, 0, 0, Fraction(1, 3))))
        if role != "limit":
            tail = replace(tail, weight=dice.choice((0.5, 1.0, 0.3)))
        tails.append(tail)
    for number in range(dice.randint(0, 2)):
        uses = tuple(tuple(dice.randint(0, 3) for _ in range(k)) for _, k in shape)
        at = weighed(uses, dice.choice(ways))
        rows.append(Row(f"r{number}", dice.choice(("at_most", "at_least")), at, uses, "clips"))
    return replace(problem, rows=tuple(rows), tails=tuple(tails))


@pytest.mark.parametrize("start", range(0, SEEDS, 50))
def test_the_solution_is_the_best_of_all(start: int) -> None:
    infeasible = 0
    for seed in range(start, start + 50):
        problem = drawn(seed)
        kept = [counts for counts in dealt(problem) if keeps(problem, counts)]
        found = solve(problem)
        if not kept:
            infeasible += 1
            assert found is None, seed
            continue
        assert found is not None, seed
        assert keeps(problem, found.counts), seed
        least = min(cost(problem, counts) for counts in kept)
        assert abs(found.cost - cost(problem, found.counts)) < 1e-4, seed
        assert found.cost < least + 2e-3, seed
        assert (found.proven, found.bound) == (True, found.cost), seed
        assert ties(problem, found.counts) == min(
            ties(problem, counts) for counts in kept if cost(problem, counts) < least + 1e-3
        ), seed
    assert infeasible < 25


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_the_smallest_loosening_of_a_tail_is_the_smallest(start: int) -> None:
    clashes = 0
    for seed in range(start, start + 50):
        problem = drawn(seed)
        ways = dealt(problem)
        if any(keeps(problem, counts) for counts in ways):
            continue
        clashes += 1
        alone = loosened_alone(problem)
        assert [loose.demand.limit for loose in alone] == list(problem.limits)
        for loose in alone:
            uses = [
                loose.demand.limit.used(counts) for counts in ways if keeps(problem, counts, but=loose.demand.limit)
            ]
            best: Callable[..., Number] = min if loose.sense == "at_most" else max
            assert loose.needed == best(uses, default=None), seed
        together = {loose.name: loose.needed for loose in loosened_together(problem)}
        assert together
        moved = replace(
            problem,
            rows=tuple(replace(row, bound=together.get(row.name, row.bound)) for row in problem.rows),
            tails=tuple(replace(tail, bound=together.get(tail.name, tail.bound)) for tail in problem.tails),
        )
        assert any(keeps(moved, counts) for counts in ways), seed
    assert clashes > 2


def test_a_tail_is_its_definition_and_its_slopes_touch_it_from_below() -> None:
    for seed in range(200):
        problem = drawn(seed)
        ways = random.Random(seed).choices(dealt(problem), k=6)
        for tail, at in itertools.product(problem.tails, ways):
            assert tail.value(at) == pytest.approx(float(value(tail, at)), rel=1e-12, abs=1e-6)
            slope = tail.slope(at)
            assert float(weighed(slope, at)) == pytest.approx(float(tail.value(at)), rel=1e-12, abs=1e-6)
            assert all(float(weighed(slope, other)) <= float(tail.value(other)) + 1e-6 for other in ways)


TEN = (0.9, 0.06, 0.04)
"""All up; one down; both down."""


def test_the_worst_share_may_end_within_a_state() -> None:
    # Costs 1, 2, 5 with probabilities 0.9, 0.06, 0.04. Worst 5 %: 4 % at 5 and 1 % at 2: (0.2 + 0.02) / 0.05 = 4.4.
    # Worst 10 %: (0.2 + 0.12) / 0.1 = 3.2; worst half: (0.32 + 0.4 x 1) / 0.5 = 1.44; all: 0.9 + 0.32 = 1.22; the largest: 5.
    states = (((1_000_000, 2_000_000, 5_000_000),),)
    values = {0.95: 4_400_000, 0.9: 3_200_000, 0.5: 1_440_000, 0.0: 1_220_000, None: 5_000_000}
    for level, expected in values.items():
        assert Tail("t", level, TEN, states).used(((1,),)) == expected
        assert Tail("t", level, TEN, states).used(((3,),)) == 3 * expected
    assert Tail("t", 0.95, TEN, states).used(((0,),)) == 0


def test_probabilities_that_miss_one_by_a_rounding_change_nothing() -> None:
    third = Tail("t", 0.0, (1 / 3, 1 / 3, 1 / 3 - 1e-13), (((3.0, 3.0, 3.0),),))
    assert third.value(((7,),)) == pytest.approx(21, rel=1e-15)


def hedged(count: int = 10) -> Problem:
    """A cheap way that costs 1, 1, 11 dollars by state, and a steady one that costs 2 in each."""
    cheap, steady = Option(1.4e6, (0,)), Option(2e6, (1,))  # 0.9 x 1 + 0.06 x 1 + 0.04 x 11 = 1.4
    costs = (((1_000_000.0, 1_000_000.0, 11_000_000.0), (2_000_000.0,) * 3),)
    return Problem((Group(count, (cheap, steady)),), tails=(Tail("cvar", 0.95, TEN, costs),))


def test_a_limit_on_the_tail_buys_steadiness_for_as_few_as_it_takes() -> None:
    # Worst 5 % of a cheap member: (0.04 x 11 + 0.01 x 1) / 0.05 = 9; of a steady one 2. n cheap of 10: 9 n + 2 (10 - n) = 20 + 7 n <= 45
    # allows 3 (41), to the micro-dollar: 41 still does, 40.999999 allows 2.
    problem = hedged()
    for bound, cheap in ((45_000_000, 3), (41_000_000, 3), (40_999_999, 2), (90_000_000, 10)):
        found = solve(replace(problem, tails=(replace(problem.tails[0], bound=bound),)))
        assert found is not None
        assert found.counts == ((cheap, 10 - cheap),)
        assert (found.method, found.proven) == ("argmin" if cheap == 10 else "solver", True)
    assert solve(replace(problem, tails=(replace(problem.tails[0], bound=19_999_999),))) is None


def test_a_weight_on_the_tail_trades_it_for_cost() -> None:
    # (1 - r) x 1.4 + r x 9 against 2: equal at r = 0.6 / 7.6 = 0.0789; the tail is 14 dollars at r = 0.07.
    for aversion, cheap in ((0.07, 10), (0.09, 0)):
        problem = hedged()
        options = tuple(replace(o, cost=(1 - aversion) * o.cost) for o in problem.groups[0].options)
        tails = (replace(problem.tails[0], weight=aversion),)
        found = solve(Problem((Group(10, options),), tails=tails))
        assert found is not None
        assert found.counts == ((cheap, 10 - cheap),)
    assert found.cost == pytest.approx(20e6, abs=1e-3)
    assert found.bound == found.cost


def test_the_largest_over_states_is_brought_down_by_spreading() -> None:
    # Two ways, each dear (3) when the other is cheap (1): n on the first gives max(3 n + (10 - n), n + 3 (10 - n)): 20 at n = 5.
    costs = (((3, 1), (1, 3)),)
    tail = Tail("worst", None, (0.5, 0.5), costs, weight=1.0)
    found = solve(Problem((Group(10, (Option(0.0), Option(0.0))),), tails=(tail,)))
    assert found is not None
    assert (found.counts, found.cost, found.bound) == (((5, 5),), 20, 20)


def test_the_largest_of_what_was_learnt_is_what_the_solver_minimises(tmp_path: Path) -> None:
    # As above in dollars, with a linear cost of 2 and 4 and a bound of 25: each way alone shows a face and a row.
    cost = (((3_000_000, 1_000_000), (1_000_000, 3_000_000)),)
    tail = Tail("worst", None, (0.5, 0.5), cost, bound=25_000_000, weight=1.0)
    problem = Problem((Group(10, (Option(2e6), Option(4e6))),), tails=(tail,))
    outline = Outline.at(((10, 0),), problem.objective, problem.limits)
    for news in (True, False):
        assert outline.learn_value(((0, 10),)) is news
        assert outline.learn_limits(outline.limits, ((0, 10),)) is news
    model = Formulation(problem, [row for _, _, row in outline.rows], outline.faces).model
    to_pulp(model).writeLP(str(tmp_path / "model.lp"))
    golden.agrees("lp/two_faces.lp", (tmp_path / "model.lp").read_text())


def test_a_tail_that_no_solution_keeps_says_what_it_would_have_to_be() -> None:
    problem = hedged()
    tight = replace(problem, tails=(replace(problem.tails[0], bound=5_000_000),))
    (loose,) = loosened_alone(tight)
    assert (loose.name, loose.needed) == ("cvar", 20_000_000)
    ((position, least),) = loose.pinned_by
    assert position == 0
    assert 0 < 10 * least <= 20_000_000


def test_a_single_limit_needs_the_same_alone_and_together_in_large_sums_too() -> None:
    dice = random.Random(1)
    groups = tuple(Group(25_000, (Option(1e6),) * 4) for _ in range(60))
    costs = tuple(tuple(tuple(dice.uniform(1e6, 3e6) for _ in TEN) for _ in range(4)) for _ in groups)
    problem = Problem(groups, tails=(Tail("cvar", 0.95, TEN, costs, bound=10**12),))
    (alone,), (together,) = loosened_alone(problem), loosened_together(problem)
    assert alone.needed is not None
    assert together.needed == pytest.approx(float(alone.needed), rel=1e-9)


def test_millions_of_members_are_proven_to_the_last_digit() -> None:
    # As above: 20 + 7 n per ten; 10 million members, bound 45 million dollars: 2 x 10^7 + 7 n <= 4.5 x 10^7: n = 3,571,428.
    problem = hedged(10_000_000)
    found = solve(replace(problem, tails=(replace(problem.tails[0], bound=45 * 10**12),)))
    assert found is not None
    assert found.counts == ((3_571_428, 6_428_572),)
    assert found.bound == found.cost


def test_a_search_that_ends_early_says_how_far_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever was found first is kept: the bound is that of the relaxation, 4.5 on each side of nine members: 18, where 19 is best.
    def stopped(formulation: Formulation, *_: object) -> Found:
        return Found(tuple((group.count, 0) for group in formulation.problem.groups), proven=False)

    monkeypatch.setattr(core, "run", stopped)
    tail = Tail("worst", None, (0.5, 0.5), (((3, 1), (1, 3)),), weight=1.0)
    found = solve(Problem((Group(9, (Option(0.0), Option(0.0))),), tails=(tail,)))
    assert found is not None
    assert (found.proven, found.cost) == (False, 27)
    assert found.bound == pytest.approx(18, abs=1e-6)


def test_an_objective_without_tails_is_its_own_slope() -> None:
    weights = ((1.0, 2.0),)
    assert Objective(weights).slope(((1, 0),)) == weights
