"""The solver's answer: optimal, tie-broken, bounded, checked, and refused when it is wrong."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import SolverError, TimeLimitError
from router.optimization import core, feasibility, process, solver
from router.optimization.model import Answer, LinearModel, Settings, SolverName
from router.optimization.problem import Group, Option, Problem, Selector, without_limits
from router.optimization.relaxation import loosened_alone, loosened_together
from router.optimization.rows import Counts, Row
from router.optimization.solve import solve
from tests.builders import catalog, model, planned


def every(problem: Problem) -> list[Counts]:
    """All ways to deal the members of every class to its options."""
    parts = []
    for group in problem.groups:
        splits = itertools.product(range(group.count + 1), repeat=len(group.options))
        parts.append([split for split in splits if sum(split) == group.count])
    return [tuple(way) for way in itertools.product(*parts)]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    whole = draw(st.booleans())
    cost = st.integers(0, 9).map(lambda n: n * 125_000.0) if whole else st.floats(1e5, 9e5).map(lambda x: round(x, 3))
    ties = st.tuples(st.integers(0, 2), st.integers(0, 3))
    groups = tuple(
        Group(draw(st.integers(1, 4)), tuple(Option(draw(cost), draw(ties)) for _ in range(draw(st.integers(1, 3)))))
        for _ in range(draw(st.integers(1, 3)))
    )
    rows = []
    for k in range(draw(st.integers(1, 3))):
        use = st.integers(0, 5) if draw(st.booleans()) else st.fractions(0, 5, max_denominator=4)
        uses = tuple(tuple(draw(use) for _ in group.options) for group in groups)
        per = tuple(tuple(1 for _ in group.options) for group in groups) if draw(st.integers(0, 3)) == 0 else None
        bound = draw(st.fractions(0, 3 if per else 20, max_denominator=3))
        rows.append(Row(f"r{k}", draw(st.sampled_from(["at_most", "at_least"])), bound, uses, per=per))
    return Problem(groups, tuple(rows))


def key(problem: Problem, counts: Counts) -> tuple[Any, ...]:
    """What a solution is judged by: the cost, then the ties, to the rounding at which costs count as equal."""
    sums = [
        [
            option.ties[t] * n
            for group, row in zip(problem.groups, counts, strict=True)
            for option, n in zip(group.options, row, strict=True)
        ]
        for t in range(2)
    ]
    return round(problem.cost(counts), 2), *map(sum, sums)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems())
def test_the_solution_is_the_best_of_all(problem: Problem) -> None:
    kept = [counts for counts in every(problem) if all(row.holds(counts) for row in problem.rows)]
    found = solve(problem)
    if not kept:
        assert found is None
        return
    assert found is not None
    assert found.proven
    assert all(row.holds(found.counts) for row in problem.rows)
    assert key(problem, found.counts) == min(key(problem, counts) for counts in kept)
    assert found.bound == found.cost


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems())
def test_the_smallest_loosening_of_each_limit_is_the_smallest(problem: Problem) -> None:
    ways = every(problem)
    if any(all(row.holds(counts) for row in problem.rows) for counts in ways):
        return
    alone = loosened_alone(problem)
    for loose in alone:
        others = [row for row in problem.rows if row is not loose.demand.limit]
        uses = [loose.demand.limit.used(counts) for counts in ways if all(row.holds(counts) for row in others)]
        if not uses:
            assert loose.needed is None
        else:
            assert loose.needed == (min(uses) if loose.sense == "at_most" else max(uses))
    if all(loose.needed is None for loose in alone):
        bounds = {loose.name: loose.needed for loose in loosened_together(problem)}
        assert bounds
        assert any(
            all(
                row.holds(counts)
                or (row.name in bounds and abs(row.used(counts) - row.bound) <= abs(bounds[row.name] - row.bound))
                for row in problem.rows
            )
            for counts in ways
        )


def two_ways(count: int = 10, cheap: float = 1e6, dear: float = 2e6, most: int = 4) -> Problem:
    group = Group(count, (Option(cheap, (0,)), Option(dear, (0,))))
    return Problem((group,), (Row("cap", "at_most", most, ((1, 0),), "clips"),))


def test_the_solver_is_started_only_when_a_limit_binds_and_never_imported() -> None:
    code = (
        "import sys, datetime, router\n"
        "clips = [{'seconds': 10, 'count': 3}]\n"
        "limits = {'budget_usd': BUDGET, 'caps': [{'where': {'model': 'kling-3.0'}, 'max_clips': CAP}]}\n"
        "router.plan(router.Scenario(clips=clips, limits=limits), on=datetime.date(2026, 4, 10))\n"
        "heavy = {'pulp', 'highspy', 'numpy', 'rich', 'structlog', 'click'} & set(sys.modules)\n"
        "started = ['started'] if 'subprocess' in sys.modules else []\n"
        "print([*sorted(heavy), *started])"
    )
    loose = code.replace("BUDGET", "100").replace("CAP", "3")
    binding = code.replace("BUDGET", "100").replace("CAP", "1")
    assert run(loose) == "[]\n"
    assert run(binding) == "['started']\n"


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_import_router_loads_nothing_heavy() -> None:
    heavy = "{'pydantic', 'pulp', 'highspy', 'numpy', 'rich', 'structlog', 'click', 'tomllib', 'decimal'}"
    assert run(f"import sys, router; print({heavy} & set(sys.modules))") == "set()\n"


def test_a_wrong_solution_called_optimal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "run", lambda *_: core.Found(((10, 0),), proven=True))
    with pytest.raises(SolverError, match="miss a limit by more than rounding"):
        solve(two_ways())


def test_counts_that_are_not_whole_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(model: LinearModel, settings: Settings, solver: SolverName | None = None) -> Answer:
        return Answer("optimal", solver or "highs", [4.5] * len(model.names), [0.0] * len(model.rows))

    monkeypatch.setattr(process, "solve", half)
    with pytest.raises(SolverError, match="not whole"):
        solve(two_ways())


def test_infeasible_is_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    # The search lies; the model in which every limit may be missed shows that none has to be.
    monkeypatch.setattr(core, "best", lambda *_: None)
    found = solve(two_ways())
    assert found is not None
    assert not found.proven
    assert found.counts[0][0] <= 4
    assert found.bound <= 16e6 <= found.cost


def test_running_out_of_time_before_any_plan_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "solve", lambda *_: Answer("none", "highs"))
    with pytest.raises(TimeLimitError, match="time limit of 2 s ended the search"):
        solve(two_ways(), time_limit_seconds=2)
    with pytest.raises(SolverError, match="without a solution"):
        solve(two_ways())


def test_a_plan_found_when_time_ran_out_says_how_far_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    # 45 s on cheap pay for 4 clips of 10 s at $1; 6 go to dear at $2: $16. In fractions 4.5 and 5.5 would do: $15.50.
    real = core.run

    def stopped(*arguments: Any) -> Any:
        found = real(*arguments)
        return found and core.Found(found.counts, proven=False)

    monkeypatch.setattr(core, "run", stopped)
    two = catalog(
        model("cheap", [{"audio": False, "price_per_second": "0.10"}]),
        model("dear", [{"audio": False, "price_per_second": "0.20"}]),
    )
    plan = planned(
        [{"id": "c", "seconds": 10, "count": 10}],
        two,
        limits={"caps": [{"where": {"model": "cheap"}, "max_seconds": 45}]},
    )
    assert (plan.status, plan.totals.expected_usd, plan.bound_usd) == ("feasible", Decimal(16), Decimal("15.5"))
    assert plan.gap == pytest.approx(0.5 / 16)
    # Another second on cheap saves $0.10: 10 x $2 - 0.1 x 45.
    assert plan.certificate is not None
    assert [(each.limit, each.value) for each in plan.certificate.multipliers] == [
        ("caps[0].max_seconds", Decimal("0.1"))
    ]
    assert plan.certificate.bound_usd == plan.bound_usd


def three_ways() -> Problem:
    """4.5 of 10 members may go to the option at $1, all to those at $2 and at $3: four and six make $16, in fractions it is $15.50."""
    group = Group(10, (Option(1e6), Option(2e6), Option(3e6)))
    return Problem((group,), (Row("cap", "at_most", 9, ((2, 0, 0),)),))


def test_a_search_that_ran_out_of_time_leaves_its_own_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    # $15.80 is more than the $15.50 of the relaxation. A core's bound holds for what is open; what is closed costs $1 more than $15.50,
    # the excess of the option at $3.
    real = core.run

    def stopped(*arguments: Any) -> Any:
        found = real(*arguments)
        return found and core.Found(found.counts, proven=False, bound=15.8e6)

    monkeypatch.setattr(core, "run", stopped)
    found = solver.optimum(three_ways(), floor=0.0)
    assert found is not None
    assert (found.cost, found.bound, found.proven) == (16e6, 15.8e6, False)


def test_a_search_that_found_nothing_better_leaves_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    # Four and six make $16, and $1 for the other class. The search for a proof ends at three and seven, but has ruled out less than $16.90.
    answers = [
        core.Found(((4, 6, 0), (1, 0)), proven=False, bound=16.5e6),
        core.Found(((3, 7, 0), (1, 0)), proven=False, bound=16.9e6),
    ]
    monkeypatch.setattr(core, "run", lambda *_: answers.pop(0))
    monkeypatch.setattr(core, "CORE_STEPS", 1)
    monkeypatch.setattr(core, "CORE_PART", 1.0)
    groups = (*three_ways().groups, Group(1, (Option(1e6), Option(9e6))))
    found = solver.optimum(Problem(groups, (Row("cap", "at_most", 9, ((2, 0, 0), (0, 0))),)), floor=0.0)
    assert found is not None
    assert (found.cost, found.bound, found.proven) == (17e6, 16.9e6, False)


def test_a_core_without_a_solution_in_time_is_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    real, opened = core.run, []

    def ended(formulation: Any, clock: Any, max_nodes: int | None, *others: Any) -> Any:
        opened.append(len(formulation.model.names))
        if max_nodes is not None:
            raise core.EndedError("no solution")
        return real(formulation, clock, max_nodes, *others)

    monkeypatch.setattr(core, "run", ended)
    # One step is $1, the excess of the option at $3: the one at $9, whose excess is $8, is closed at first, and open at 4 x 4 x $1.
    groups = (*three_ways().groups, Group(1, (Option(1e6), Option(9e6))))
    monkeypatch.setattr(core, "CORE_STEPS", 1)
    monkeypatch.setattr(core, "CORE_PART", 1.0)
    problem = Problem(groups, (Row("cap", "at_most", 9, ((2, 0, 0), (0, 0))),))
    found = solver.optimum(problem, floor=0.0)
    assert found is not None
    assert (found.cost, found.proven) == (17e6, True)
    assert opened[0] < opened[-1] == 5
    # A core of a third of what can be opened is not searched by itself where no more than a quarter is.
    monkeypatch.setattr(core, "CORE_PART", 0.25)
    opened.clear()
    assert solver.optimum(problem, floor=0.0) == found
    assert opened == [5]


def test_a_solution_that_misses_by_a_rounding_is_solved_again() -> None:
    # Costs of a third of a dollar cannot be written as floats; three of them make a dollar to the last micro-dollar.
    third = 1e6 / 3
    group = Group(3, (Option(third, (0,)), Option(0.0, (1,))))
    rows = (Row("spend", "at_most", 666_666, ((third, 0.0),)),)
    problem = Problem((group,), (*rows, Row("made", "at_least", 1, ((1, 0),), "clips")))
    found = solve(problem)
    assert found is not None
    assert found.counts == ((1, 2),)


def test_ties_prefer_the_lower_worst_case_then_quality_then_catalog_order() -> None:
    offer = [{"audio": False, "price_per_second": "0.10"}]
    score = {"quality_source": "q"}
    alone = {"direction": "none"}

    def chosen(*models: Any, **fields: Any) -> str:
        return planned([{"seconds": 10}], catalog(*models), **fields).routes[0].model

    assert chosen(model("b", offer), model("a", offer)) == "b"
    assert (
        chosen(model("none", offer), model("low", offer, quality=-3, **score), model("high", offer, quality=2, **score))
        == "high"
    )
    # Both cost $1.00 on average; one that may be down can leave the clip unserved at $9 in the worst case.
    assert (
        chosen(model("risky", offer), model("steady", offer, availability=1), fallback={**alone, "unserved_usd": 9})
        == "steady"
    )


def test_ties_are_broken_under_binding_limits_too() -> None:
    # One of two clips may be on `cheap`; the other has the choice of three equal models: the one with the best score.
    ten = [{"audio": False, "price_per_second": "0.10"}]
    score = {"quality_source": "q"}
    four = catalog(
        model("cheap", [{"audio": False, "price_per_second": "0.05"}]), model("x", ten), model("y", ten, quality=1, **score),
        model("z", ten, quality=1, **score),
    )  # fmt: skip
    plan = planned(
        [{"id": "c", "seconds": 10, "count": 2}], four, limits={"caps": [{"where": {"model": "cheap"}, "max_clips": 1}]}
    )
    assert (plan.method, [(route.model, route.count) for route in plan.routes]) == ("solver", [("cheap", 1), ("y", 1)])


def test_large_counts_are_solved_exactly() -> None:
    # 10,000,019 clips, 3,333,337 at most on cheap: the rest at $2, to the micro-dollar.
    problem = two_ways(10_000_019, 1_000_001.0, 2_000_003.0, 3_333_337)
    found = solve(problem)
    assert found is not None
    assert found.counts == ((3_333_337, 6_666_682),)
    assert found.cost == 3_333_337 * 1_000_001 + 6_666_682 * 2_000_003
    assert math.isclose(found.cost, found.bound, rel_tol=0, abs_tol=0)


def test_the_best_without_limits_is_each_class_on_its_best_option() -> None:
    group = Group(2, (Option(2.0, (0,)), Option(1.0, (5,)), Option(1.0, (4,))))
    assert without_limits(Problem((group,))) == ((0, 0, 2),)


def test_a_ratio_over_nothing_is_kept() -> None:
    row = Row("share", "at_most", Fraction(1, 2), ((1, 0),), "share", per=((1, 0),))
    assert row.holds(((0, 3),))
    assert not row.holds(((3, 0),))


def test_what_only_fractions_keep_has_no_solution_beside_an_alternative_that_cannot_settle_its_classes() -> None:
    # The second class can only be where the second alternative is; of 6 and 0, 2, 3 or 5 none is 10.
    group = Group(1, (Option(1e6), Option(2e6)))
    selector = Selector("group", (((0, (0,)),), ((0, (1,)), (1, (0,)))))
    uses = ((0, 0), (6,), (2, 0), (3, 0))
    rows = (Row("most", "at_most", 10, uses, "clips"), Row("least", "at_least", 10, uses, "clips"))
    halves = Problem((group, Group(1, (Option(1e6),)), group, group), rows, selectors=(selector,))
    assert solve(halves) is None


def test_limits_that_contradict_each_other_need_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    options = (Option(1.0), Option(2.0))
    at_most = Row("most", "at_most", 3, ((1, 0),), "clips")
    at_least = Row("least", "at_least", 4, ((1, 0),), "clips")
    problem = Problem((Group(10, options),), (at_most, at_least))
    monkeypatch.setattr(feasibility, "least_missed", lambda *_: pytest.fail("a search"))
    assert solve(problem) is None
