"""Prices where selectors choose among alternatives; forced on small problems by a low threshold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.optimization import solver
from router.optimization.alternatives import prices_of
from router.optimization.bound import bound_from
from router.optimization.problem import Group, Option, Problem, Selector
from router.optimization.rows import Row
from router.optimization.solve import solve
from tests.optimization.test_solver import every, key, problems


@st.composite
def grouped(draw: st.DrawFn) -> Problem:
    """A problem some of whose classes share an alternative; now and then an option belongs to none and is always open."""
    problem = draw(problems())
    bound = draw(st.integers(1, len(problem.groups)))
    label = st.sampled_from([0, 1, 0, 1, None])
    labels = [[draw(label) for _ in group.options] for group in problem.groups[:bound]]
    alternatives = tuple(
        tuple(
            (c, options)
            for c, own in enumerate(labels)
            if (options := tuple(o for o, label in enumerate(own) if label == wanted))
        )
        for wanted in (0, 1)
    )
    return replace(problem, selectors=(Selector("shared", tuple(own for own in alternatives if own)),))


@settings(max_examples=120, deadline=None, derandomize=True)
@given(grouped(), st.sampled_from([1, 10**9]))
def test_with_groups_the_solution_is_the_best_of_all(problem: Problem, many: int) -> None:
    if not problem.selectors[0].alternatives:
        return
    kept = [counts for counts in every(problem) if problem.holds(counts)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solver, "MANY", many)
        found = solve(problem)
    if not kept:
        assert found is None
        return
    assert found is not None
    assert found.proven
    assert problem.holds(found.counts)
    assert key(problem, found.counts) == min(key(problem, counts) for counts in kept)


def test_the_price_is_what_moving_a_whole_group_costs() -> None:
    # Three groups of two classes with 5 members each cost 1 on one model and 2, 3, 4 on the other; at most 12 members
    # may be on the first. Two groups fit in halves only: the relaxation moves the first group whole and eight tenths of the
    # second, so a member is worth 3 - 1 = 2, and the bound is 10 * 1 + 10 * 2 + 8 * 3 + 2 * 1 = 56 - 0: the first group
    # moved costs 20, of the second 8 are moved for 24 and 2 stay for 2, and the third stays for 10.
    groups = tuple(Group(5, (Option(1e6), Option(dear))) for dear in (2e6, 2e6, 3e6, 3e6, 4e6, 4e6))
    row = Row("cap", "at_most", 12, ((1, 0),) * 6, "clips")
    selectors = tuple(
        Selector(f"group {g}", tuple(tuple((c, (o,)) for c in (2 * g, 2 * g + 1)) for o in range(2))) for g in range(3)
    )
    problem = Problem(groups, (row,), selectors=selectors)
    prices = prices_of(problem, problem.everything)
    assert prices is not None
    assert prices[0] == pytest.approx(2e6, rel=1e-3)
    counts = [group.count for group in groups]
    bound = bound_from(problem.costs, problem.rows, prices, problem.everything, counts, selectors)
    assert 55.9e6 <= bound.value <= 56e6
    # Whole groups: the two cheapest move for 20 and 30, the third stays for 10.
    found = solve(problem)
    assert found is not None
    assert found.cost == 60e6
