"""The instances with limits, and the peers' models of them, on a size where everything can be solved."""

from __future__ import annotations

from fractions import Fraction

import pytest

from benchmarks import classes, peers, structures
from benchmarks.limits import agreement, ours
from router.optimization.problem import without_limits

PROBLEM = classes.coupled(1, 60, 6)


def test_an_instance_depends_on_its_seed_alone() -> None:
    assert classes.coupled(1, 60, 6) == PROBLEM
    assert classes.coupled(2, 60, 6) != PROBLEM
    assert classes.grouped(1, 4, 20, 100) == classes.grouped(1, 4, 20, 100)
    assert classes.packs_and_tiers(1, 100, 10) == classes.packs_and_tiers(1, 100, 10)


def test_counts_add_up_and_no_class_is_empty() -> None:
    assert sum(group.count for group in PROBLEM.groups) == 60
    assert min(group.count for group in PROBLEM.groups) >= 1


def test_limits_rule_out_the_plan_without_them() -> None:
    free = without_limits(PROBLEM)
    assert sum(not row.holds(free) for row in PROBLEM.rows) >= 3


@pytest.mark.parametrize("by", ["HiGHS", "CBC"])
@pytest.mark.parametrize("build", [peers.of_classes, peers.of_clips])
def test_every_peer_finds_our_optimum(build: object, by: str) -> None:
    problem = classes.coupled(1, 12, 3)
    way = ours(problem, "tiny", 30)
    answer = peers.solved(lambda: build(problem), by, 30)  # type: ignore[operator]
    assert way.found.proven
    assert answer.finished
    assert agreement(way, answer, "tiny") == "yes"


def test_both_forms_of_groups_find_the_same_optimum_on_one_model_each() -> None:
    instance = classes.grouped(1, 4, 12, 120)
    answers = [
        peers.solved(lambda form=form: structures.of_groups(instance, form), "HiGHS", 30)
        for form in ("big-M", "equality")
    ]
    assert answers[0].value == pytest.approx(answers[1].value, abs=1e-6)
    for answer in answers:
        assert answer.counts is not None
        for members in instance.groups:
            used = {instance.models[c][o] for c in members for o, n in enumerate(answer.counts[c]) if n}
            assert len(used) == 1


def test_packs_and_tiers_are_worth_what_they_say() -> None:
    instance = classes.packs_and_tiers(1, 200, 8)
    answer = peers.solved(lambda: structures.of_packs_and_tiers(instance), "HiGHS", 30)
    assert answer.finished
    assert answer.counts is not None
    spent = [
        sum(n * use for own, row in zip(uses, answer.counts, strict=True) for use, n in zip(own, row, strict=True))
        for uses in instance.spent
    ]
    # By hand: every number of packs, and each tier's discount on what is spent above its start.
    paid_for_packs = min(
        a * instance.packs[0].price
        + b * instance.packs[1].price
        + max(0, spent[0] - a * instance.packs[0].worth - b * instance.packs[1].worth)
        for a in range(instance.packs[0].most + 1)
        for b in range(instance.packs[1].most + 1)
    )
    tiers = instance.tiers[0]
    steps = zip(tiers.starts, (0, *tiers.discounts[:-1]), tiers.discounts, strict=True)
    off = sum((max(0, spent[1] - start) * (high - low) for start, low, high in steps), Fraction(0))
    assert answer.value * 1e6 == pytest.approx(float(paid_for_packs + spent[1] - off), abs=2)
