"""Instances of the questions on groups, packs and risk, small."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import classes, peers, risk, structures, whole
from benchmarks.coupled import of_groups, of_packs, settled
from router.optimization.problem import Problem
from router.optimization.solve import solve


def test_groups_are_solved_to_what_the_peer_finds() -> None:
    instance = classes.grouped(1, groups=5, classes=20, clips=400)
    problem = of_groups(instance)
    found = solve(problem)
    assert found is not None
    assert problem.holds(found.counts)
    answer = peers.solved(lambda: structures.of_groups(instance, "equality"), "HiGHS", 60)
    assert answer.finished
    assert found.cost == pytest.approx(answer.value * 1e6, abs=1)


def test_packs_and_tiers_are_settled_at_what_the_peer_pays() -> None:
    instance = classes.packs_and_tiers(1, clips=300, classes=12)
    found = solve(of_packs(instance))
    assert found is not None
    assert settled(instance, found.counts) == pytest.approx(found.cost, abs=1e-2)
    answer = peers.solved(lambda: structures.of_packs_and_tiers(instance), "HiGHS", 60)
    assert answer.finished
    assert found.cost == pytest.approx(answer.value * 1e6, rel=1e-7)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_risk_in_the_objective_is_proven_to_the_micro_dollar(seed: int) -> None:
    found = solve(risk.weighted(seed, 20_000, 50))
    assert found is not None
    assert (found.proven, found.bound) == (True, found.cost)


@pytest.mark.parametrize("build", [risk.limited, risk.weighted])
def test_risk_is_what_the_peer_has_in_full(build: Callable[[int, int, int], Problem]) -> None:
    problem = build(1, 300, 12)
    found = solve(problem)
    assert found is not None
    assert problem.holds(found.counts)
    answer = peers.solved(lambda: whole.of_problem(problem), "HiGHS", 60)
    assert answer.finished
    assert found.cost == pytest.approx(answer.value * 1e6, rel=1e-7)
