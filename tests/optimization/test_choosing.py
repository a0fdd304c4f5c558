"""Alternatives are chosen before counts: the solution is the best of all; forced on small problems by a low threshold."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import SolverError
from router.optimization import choosing, solver
from router.optimization.problem import Group, Option, Problem, Selector
from router.optimization.rows import Row
from router.optimization.solve import solve
from tests.optimization.test_solver import every, key

MODELS = 3


def shared(seed: int, selectors: int, classes: int = 2) -> Problem:
    """Each selector's classes are on one of three models, of which two rows count members and what they use; one class is free."""
    dice = random.Random(seed)
    step = dice.choice((1, 250_000))
    groups = tuple(
        Group(
            dice.randint(1, 2),
            tuple(
                Option(
                    float(dice.randint(1, 9) * 250_000 + dice.randrange(step)), (dice.randint(0, 2), dice.randint(0, 3))
                )
                for _ in range(MODELS)
            ),
        )
        for _ in range(selectors * classes + 1)
    )
    own = [range(s * classes, (s + 1) * classes) for s in range(selectors)]
    choices = tuple(
        Selector(f"s{s}", tuple(tuple((c, (m,)) for c in those) for m in range(MODELS))) for s, those in enumerate(own)
    )
    members = sum(group.count for group in groups)
    rows = (
        Row("cap", "at_most", dice.randint(0, members), tuple((1, 0, 0) for _ in groups), "clips"),
        Row("use", "at_least", members * dice.randint(1, 3), tuple(tuple(dice.randint(0, 4) for _ in range(MODELS)) for _ in groups)),
    )  # fmt: skip
    return Problem(groups, rows, selectors=choices)


def is_the_best(problem: Problem) -> None:
    kept = [counts for counts in every(problem) if problem.holds(counts)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solver, "MANY", 1)
        found = solve(problem)
    if not kept:
        assert found is None
        return
    assert found is not None
    assert found.proven
    assert problem.holds(found.counts)
    assert key(problem, found.counts) == min(key(problem, counts) for counts in kept)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_the_choice_is_the_best_of_all(seed: int) -> None:
    is_the_best(shared(seed, selectors=1 + seed % 2))


def test_it_is_where_few_alternatives_are_open_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "OPEN", 0)
    for seed in range(20):
        is_the_best(shared(seed, selectors=2))


def test_many_groups_are_proven_without_a_search_over_counts_and_groups_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = shared(1, selectors=30, classes=5)
    plain = solve(problem)
    assert plain is not None
    monkeypatch.setattr(solver, "MANY", 1)
    selected = solver.least

    def least(problem: Problem, *arguments: object) -> object:
        assert not problem.selectors
        return selected(problem, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(solver, "least", least)
    found = solve(problem)
    assert found is not None
    assert found.proven
    assert found.cost == plain.cost
    assert found.certificate is not None
    assert found.certificate.bound <= found.cost


def test_where_models_of_alternatives_break_the_whole_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = shared(7, selectors=2)
    expected = solve(problem)

    def broken(*_: object, **__: object) -> None:
        raise SolverError("broken")

    monkeypatch.setattr(choosing, "solve_model", broken)
    monkeypatch.setattr(solver, "MANY", 1)
    found = solve(problem)
    assert found is not None
    assert expected is not None
    assert found == replace(expected, bound=found.bound, certificate=found.certificate, size=found.size)
