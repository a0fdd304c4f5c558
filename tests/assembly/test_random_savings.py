"""Random scenarios with packs, discounts and penalties: the planner and the independent check agree on every figure."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.analysis.figures import misstated
from router.at_risk import by_state
from router.checking.alone import check_alone
from router.checking.check import check_fully
from router.errors import NoPlanError
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.optimization.limits import assignment
from router.optimization.solve import solve
from router.pipeline import assemble, refuse_unservable
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario
from tests.assembly.test_savings import with_packs
from tests.builders import Raw
from tests.strategies import ON, PROVIDERS, random_scenario

RISING = (("0", "0.05"), ("2", "0.1"), ("5.5", "0.3"))
PENALTIES = ("0", "0.01", "0.2", "0.333333333")


def with_savings(rng: random.Random) -> Scenario:
    """A random scenario without limits, with packs and tiers of either provider, and most often penalties."""
    raw, catalogs = random_scenario(rng)
    raw = {name: value for name, value in raw.items() if name != "limits"}
    raw["packs"] = [
        {"provider": rng.choice(PROVIDERS), "pays_for_usd": rng.choice((3, 10)), "price_usd": 2, "max_count": 3}
        for _ in range(rng.choice((1, 0, 2)))
    ]
    raw["tiers"] = [
        {"provider": name, "from_usd": Decimal(start), "discount": Decimal(discount)}
        for name in PROVIDERS
        for start, discount in RISING[: rng.choice((1, 0, 2, 3))]
    ]
    if rng.random() < 0.7:
        lowered = rng.sample(("resolution", "audio", "seconds"), rng.choice((3, 1, 2)))
        aim: Raw = {"degrade": True, "penalty_usd": {name: Decimal(rng.choice(PENALTIES)) for name in lowered}}
        raw["objective"] = {**aim, "shorten_to": Decimal(rng.choice(("0.5", "0.333", "0.9", "0")))}
    return Scenario.model_validate({**raw, "catalogs": [Catalog.model_validate(catalog) for catalog in catalogs]})


@given(st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_independent_check_agrees_with_the_planner_however_many_packs_are_bought(rng: random.Random) -> None:
    scenario = with_savings(rng)
    market = open_market(scenario, ON)
    choices = [ways_to_make(own, market) for own in clip_classes(scenario.clips)]
    try:
        refuse_unservable(choices, market)
    except NoPlanError:
        return
    problem = assignment(choices, scenario, *by_state(choices, market))
    listed = solve(assignment(choices, scenario.model_copy(update={"packs": (), "tiers": ()})))
    assert listed is not None
    bought = tuple(rng.randint(0, pack.max_count) for pack in scenario.packs)
    plan = assemble(market, choices, problem, with_packs(listed, scenario, bought))
    if plan.totals.objective_usd == 0:
        return  # The solution says that it is not proven, which at nothing it is
    findings, bound = check_fully(plan, scenario, market.catalogs, ON)
    assert [*findings, *check_alone(plan, market.catalogs), *misstated(plan)] == []
    assert bound <= plan.totals.objective_usd
