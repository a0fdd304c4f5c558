"""Levers of random small scenarios: each is the difference of two plans, made anew from what it says is to be set."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import pytest

import router
from router.errors import NoPlanError
from router.loading.overrides import overridden
from router.schema.catalog import Catalog
from router.schema.levers import Levers, Pulled
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests import strategies

NAMES = ("1", "a.audio", 'say "a"', "it's", "*", "=1+1")


def drawn(seed: int) -> Scenario:
    """A random scenario, its clips called what is hard to spell; some with labels and drafts."""
    rng = random.Random(seed)
    raw, catalogs = strategies.random_scenario(rng)
    for clip, name in zip(raw["clips"], rng.sample(NAMES, len(raw["clips"])), strict=True):
        clip["id"] = name
        if rng.random() < 0.3:
            clip["group"] = rng.choice(("g", "h"))
        if rng.random() < 0.2:
            clip["drafts"] = {"count": 2, **rng.choice(({}, {"resolution": "1080p"}, {"resolution": "540p"}))}
    return Scenario.model_validate({**raw, "catalogs": [Catalog.model_validate(own) for own in catalogs]})


def planned(scenario: Scenario, sets: Sequence[str]) -> Plan | None:
    """The plan with these values set anew; None where there is none."""
    try:
        return router.plan(overridden(scenario, sets), on=strategies.ON)
    except NoPlanError:
        return None


def agrees(own: Pulled, plan: Plan | None) -> None:
    """Assert that the figures are those of the plan."""
    figures = (own.objective_usd, own.expected_usd, own.worst_usd)
    sums = None if plan is None else plan.totals
    assert figures == ((None,) * 3 if sums is None else (sums.objective_usd, sums.expected_usd, sums.worst_usd))


@pytest.mark.parametrize("first", range(0, 48, 8))
def test_a_lever_is_the_difference_of_two_plans(first: int) -> None:
    for seed in range(first, first + 8):
        scenario = drawn(seed)
        levers = router.levers(scenario, on=strategies.ON, combine=3)
        base = planned(scenario, ())
        try:
            check_each(scenario, levers, base)
            check_combined(scenario, levers, base)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


def check_each(scenario: Scenario, levers: Levers, base: Plan | None) -> None:
    """Every lever by itself, and their order."""
    assert (levers.baseline is None) == (base is None) == bool(levers.no_plan)
    for lever in (*levers.levers, *levers.idle):
        plan = planned(scenario, lever.set)
        agrees(lever, plan)
        if base is None or plan is None:
            assert lever.saving_usd is lever.clips is lever.saving_share is None
            assert lever.outcome == ("no-plan" if plan is None else "makes-possible")
            assert bool(lever.why) == (plan is None)
            continue
        assert lever.saving_usd == base.totals.objective_usd - plan.totals.objective_usd
        assert lever.outcome == ("saves" if lever.saving_usd > 0 else "saves-nothing")
        assert lever.clips is not None
        assert lever.clips <= base.totals.clips
    keys = [lever.key for lever in (*levers.levers, *levers.idle)]
    assert len(keys) == len(set(keys))
    order = [(own.objective_usd if base is None else -(own.saving_usd or 0), own.key) for own in levers.levers]
    assert order == sorted(order)


def check_combined(scenario: Scenario, levers: Levers, base: Plan | None) -> None:
    """Every step on top of those before it; the first is the best there is."""
    sets: tuple[str, ...] = ()
    before = base
    for step in levers.combined:
        sets += step.set
        plan = planned(scenario, sets)
        assert plan is not None
        agrees(step, plan)
        if before is not None:
            assert step.saving_usd == before.totals.objective_usd - plan.totals.objective_usd
            assert step.saving_usd > Decimal("0.01")
        if base is not None:
            assert step.total_usd == base.totals.objective_usd - plan.totals.objective_usd
        before = plan
    if levers.combined:
        assert levers.combined[0].key == levers.levers[0].key
    elif levers.levers:
        assert (levers.levers[0].saving_usd or 0) <= Decimal("0.01")
