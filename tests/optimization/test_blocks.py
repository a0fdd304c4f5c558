"""Parts of a problem that no limit connects."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from router.optimization.blocks import blocks, together
from router.optimization.problem import Group, Option, Problem, Selector, without_limits
from router.optimization.rows import Row
from router.optimization.solve import solve
from tests.optimization.test_solver import every, key

PAIR = Group(2, (Option(1.0), Option(2.0)))


def on_first(*classes: int, of: int, most: int = 1) -> Row:
    """At most so many of these classes on their first option."""
    uses = tuple((1, 0) if c in classes else (0, 0) for c in range(of))
    return Row(f"on {classes}", "at_most", most, uses, "clips")


def test_classes_are_parted_by_what_connects_them() -> None:
    problem = Problem((PAIR,) * 6, (on_first(0, 3, of=6), on_first(1, of=6), on_first(3, 4, of=6)))
    parts = blocks(problem)
    assert [part.classes for part in parts] == [(0, 3, 4), (1,), (2, 5)]
    assert [[row.uses for row in part.problem.rows] for part in parts] == [
        [((1, 0), (1, 0), (0, 0)), ((0, 0), (1, 0), (1, 0))],
        [((1, 0),)],
        [],
    ]
    counts = [tuple((part, 0) for part in block.classes) for block in parts]
    assert together(problem, zip(parts, counts, strict=True)) == tuple((c, 0) for c in range(6))


def test_a_limit_that_nothing_uses_is_still_kept_or_broken() -> None:
    nothing = ((0, 0),) * 2
    assert solve(Problem((PAIR,) * 2, (Row("none", "at_least", 1, nothing), on_first(1, of=2)))) is None
    assert solve(Problem((PAIR,) * 2, (Row("none", "at_most", 1, nothing), on_first(1, of=2)))) is not None


def test_a_selector_holds_its_classes_together_and_takes_its_best_alternative_by_itself() -> None:
    # Together on the first options 1 x 2 + 5 x 2, on the second 2 x 2 + 2 x 2.
    other = Group(2, (Option(5.0), Option(2.0)))
    selector = Selector("g", (((0, (0,)), (2, (0,))), ((0, (1,)), (2, (1,)))))
    problem = Problem((PAIR, PAIR, other), selectors=(selector,))
    assert without_limits(problem) == ((0, 2), (2, 0), (0, 2))
    found = solve(problem)
    assert found is not None
    assert (found.method, found.cost) == ("argmin", 10.0)
    parts = blocks(problem)
    assert [part.classes for part in parts] == [(0, 2), (1,)]
    assert parts[0].problem.selectors[0].alternatives == (((0, (0,)), (1, (0,))), ((0, (1,)), (1, (1,))))


@st.composite
def parted(draw: st.DrawFn) -> Problem:
    """Four classes, each in one of three rows and one of two selectors or in none."""
    cost = st.integers(0, 9).map(lambda n: n * 125_000.0)
    groups = tuple(
        Group(draw(st.integers(1, 2)), tuple(Option(draw(cost), (draw(st.integers(0, 2)), o)) for o in range(2)))
        for _ in range(4)
    )
    rows = []
    for k, sense in product(range(3), ("at_most",)):
        members = draw(st.sets(st.integers(0, 3), max_size=2))
        uses = tuple(tuple(draw(st.integers(0, 3)) if c in members else 0 for _ in range(2)) for c in range(4))
        rows.append(
            Row(f"r{k}", "at_most" if sense == "at_most" else "at_least", Fraction(draw(st.integers(0, 6))), uses)
        )
    selectors = []
    if draw(st.booleans()):
        first, second = draw(st.sampled_from([(0, 1), (1, 3), (2, 3)]))
        selectors.append(Selector("g", tuple(((first, (o,)), (second, (o,))) for o in range(2))))
    return Problem(groups, tuple(rows), selectors=tuple(selectors))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(parted())
def test_the_parts_together_are_the_best_of_all(problem: Problem) -> None:
    kept = [counts for counts in every(problem) if problem.holds(counts)]
    found = solve(problem)
    if not kept:
        assert found is None
        return
    assert found is not None
    assert found.proven
    assert problem.holds(found.counts)
    assert key(problem, found.counts) == min(key(problem, counts) for counts in kept)
    assert found.bound == found.cost
