"""A router decides for one clip as a plan of that clip alone does."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from router.errors import NoPlanError, NotWorthItError, RouterError
from router.online import Router
from router.pipeline import plan
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario
from tests import strategies

Raw = dict[str, Any]
RULES = ("fallback", "outages", "dubbing", "failure_rate", "keep_rate", "bills_failures", "account")


def one_clip(seed: int) -> tuple[Scenario, list[Catalog]]:
    """A random scenario, its first clip once, without limits; some clips are made in several takes, some aim at the worst case."""
    rng = random.Random(seed)
    raw, catalogs = strategies.random_scenario(rng)
    raw.pop("limits", None)
    raw["clips"] = [{**raw["clips"][0], "count": 1}]
    sold = [Catalog.model_validate(one) for one in catalogs]
    if rng.random() < 0.3:
        raw["clips"][0]["max_takes"] = rng.choice((2, 3))
        raw["keep_rate"] = {model: rng.choice((0.5, 0.9)) for model in rng.sample(strategies.MODELS, 2)}
    if rng.random() < 0.3:
        raw["objective"] = {"minimise": "worst-case"}
    if rng.random() < 0.3:
        raw["account"] = {name: random_terms(rng) for name in strategies.PROVIDERS if rng.random() < 0.7}
    return Scenario.model_validate({**raw, "catalogs": sold}), sold


def random_terms(rng: random.Random) -> Raw:
    """What an account may have agreed with a provider; no packs, which a router knows nothing of."""
    terms: Raw = {"discount": rng.choice((Decimal("0.1"), Decimal("0.333"), 0))}
    terms |= rng.choice(({}, {"units_per_usd": 80}, {"usd_per_unit": Decimal("0.0126")}))
    if rng.random() < 0.4:
        terms["models"] = rng.sample(strategies.MODELS, 2)
    return terms


@pytest.mark.parametrize("first", range(0, 800, 100))
def test_the_same_offer_lengths_chain_and_costs_as_a_plan_of_the_clip(first: int) -> None:
    for seed in range(first, first + 100):
        scenario, catalogs = one_clip(seed)
        planned = outcome_of(routes, scenario)
        routed = outcome_of(decided, scenario, catalogs)
        assert routed == planned, f"seed {seed}: {scenario}"


def outcome_of(call: Callable[..., Any], *given: Any) -> Any:
    try:
        return call(*given)
    except RouterError as error:
        return type(error), ""


def routes(scenario: Scenario) -> Any:
    found = plan(scenario, on=strategies.ON)
    if not found.routes:
        nothing = found.left_out[0].reason == "no offer is eligible"
        return (NoPlanError if nothing else NotWorthItError), ""
    (route,) = found.routes
    facts = (route.provider, route.model, route.resolution, route.audio, route.segments, route.price_usd)
    return (*facts, route.expected_usd, route.worst_usd, route.chain)


def decided(scenario: Scenario, catalogs: list[Catalog]) -> Any:
    rules = {name: getattr(scenario, name) for name in RULES}
    router = Router(catalogs, **rules, objective=scenario.objective, on=strategies.ON)
    found = router.route(scenario.clips[0])
    facts = (found.provider, found.model, found.resolution, found.audio, found.segments, found.price_usd)
    return (*facts, found.expected_usd, found.worst_usd, found.chain)
