"""Like classes taken together: the same solutions, handed out again, and nothing taken for like that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.optimization.merging import merged
from router.optimization.problem import Group, Option, Problem, Selector
from router.optimization.rows import Counts, Row
from router.optimization.solve import solve
from router.optimization.tails import Tail
from tests.optimization.test_solver import problems

TWO = (Option(1e6), Option(2e6))
"""Two ways that cost $1 and $2."""


def classes(*counts: int) -> tuple[Group, ...]:
    return tuple(Group(count, TWO) for count in counts)


def test_like_classes_are_one_with_all_their_members() -> None:
    problem = Problem(classes(3, 4, 5), (Row("cap", "at_most", 6, ((1, 0), (2, 0), (1, 0)), "clips"),))
    fewer = merged(problem)
    assert fewer.classes == ((0, 2), (1,))
    assert [group.count for group in fewer.problem.groups] == [8, 4]
    assert fewer.problem.rows[0].uses == ((1, 0), (2, 0))


def test_members_are_handed_out_in_the_order_of_options_and_classes() -> None:
    problem = Problem(classes(3, 4, 5))
    fewer = merged(problem)
    assert fewer.classes == ((0, 1, 2),)
    assert fewer.parted(((4, 8),), problem) == ((3, 0), (1, 3), (0, 5))


@pytest.mark.parametrize(
    "apart",
    [
        Problem(classes(1, 1), (Row("cap", "at_most", 1, ((1, 0), (1, 1)), "clips"),)),
        Problem(classes(1, 1), (Row("share", "at_most", 1, ((1, 0), (1, 0)), "share", per=((1, 1), (1, 2))),)),
        Problem(classes(1, 1), tails=(Tail("risk", None, (1.0,), (((1,), (2,)), ((1,), (3,))), weight=1.0),)),
        Problem((Group(1, TWO), Group(1, (Option(1e6), Option(3e6))))),
        Problem((Group(1, TWO), Group(1, (Option(1e6, (1,)), Option(2e6, (0,)))))),
        Problem(classes(1, 1), selectors=(Selector("group", (((0, (0,)),), ((0, (1,)),))),)),
    ],
    ids=["use", "ratio", "tail", "cost", "tie", "selector"],
)
def test_classes_that_something_tells_apart_stay_apart(apart: Problem) -> None:
    assert merged(apart).problem is apart


@settings(max_examples=100, deadline=None, derandomize=True)
@given(problems(), st.integers(2, 3))
def test_classes_written_several_times_cost_what_they_cost_as_one(problem: Problem, times: int) -> None:
    def often(rows: Counts) -> Counts:
        return tuple(own for own in rows for _ in range(times))

    many = replace(
        problem,
        groups=tuple(group for group in problem.groups for _ in range(times)),
        rows=tuple(replace(row, uses=often(row.uses), per=row.per and often(row.per)) for row in problem.rows),  # type: ignore[arg-type]
    )
    once = replace(problem, groups=tuple(replace(group, count=times * group.count) for group in problem.groups))
    one, other = solve(once), solve(many)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert other.cost == pytest.approx(one.cost, abs=1e-3)
        assert many.holds(other.counts)
        assert many.cost(other.counts) == pytest.approx(other.cost, abs=1e-3)
        assert all(sum(own) == group.count for own, group in zip(other.counts, many.groups, strict=True))
