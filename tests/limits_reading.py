"""A plan of the program, read back as picks of the oracle: which way each clip and each draft goes."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import router
from router.errors import NoPlanError
from router.schema.catalog import Catalog
from router.schema.plan import Plan, Route
from router.schema.scenario import Scenario
from tests import oracles
from tests.limits_oracle import Bought
from tests.limits_ways import LimitProblem, Picks, Way, drafts_per_clip

Raw = dict[str, Any]
# Half a micro-dollar of rounding, and a thousandth for floats; see `test_against_oracle`.
REPORTED = Fraction(501, 1000)
LENGTH = Fraction(1, 1_000_000)  # a length may have no finite decimal


def planned(scenario: Raw, catalogs: list[Raw], on: datetime.date, *, shadow_prices: bool = False) -> Plan | None:
    """The program's plan, or None if it says that there is none."""
    objects = [Catalog.model_validate(catalog) for catalog in catalogs]
    try:
        return router.plan(
            Scenario.model_validate({**scenario, "catalogs": objects}), on=on, shadow_prices=shadow_prices
        )
    except NoPlanError:
        return None


def picks_of(worked_out: LimitProblem, plan: Plan) -> Picks:
    """Where each clip and draft goes; all clips are there, and every clip that is made has its drafts."""
    lines = {clip["id"]: line for line, clip in enumerate(worked_out.clips)}
    picks: dict[Way, int] = {}
    for route in plan.routes:
        assert route.count == sum(route.counts)
        for name, count in zip(route.clips, route.counts, strict=True):
            way = way_of(worked_out, lines[name], route)
            picks[way] = picks.get(way, 0) + count
    for left in plan.left_out:
        for name, count in zip(left.clips, left.counts, strict=True):
            (way,) = (way for way in worked_out.finals[lines[name]] if way.primary is None)
            picks[way] = picks.get(way, 0) + count
    for line, clip in enumerate(worked_out.clips):
        finals = [(way, n) for way, n in picks.items() if way.line == line and not way.draft]
        drafts = sum(n for way, n in picks.items() if way.line == line and way.draft)
        made = sum(n for way, n in finals if way.primary is not None)
        assert sum(n for _, n in finals) == clip.get("count", 1), f"not all of {clip}: {finals}"
        assert drafts == made * drafts_per_clip(clip), f"{drafts} drafts for {made} of {clip}"
    return tuple(picks.items())


def way_of(worked_out: LimitProblem, line: int, route: Route) -> Way:
    """The way that a route shows."""
    ways = worked_out.drafts[line] if route.draft else worked_out.finals[line]
    same = [way for way in ways if way.primary is not None and _names(way, way.primary) == _shown(route)]
    same = [way for way in same if abs(way.seconds - Fraction(route.seconds)) < LENGTH]
    assert same, f"{worked_out.clips[line]} cannot be made as {route}"
    assert len(same) == 1, f"the oracle has {len(same)} ways for {route}"
    wrong = _differences(same[0], route)
    assert not wrong, f"{route} of {worked_out.clips[line]}: {wrong}"
    return same[0]


def _names(way: Way, primary: oracles.Candidate) -> tuple[object, ...]:
    offer = primary.offer
    return offer.provider, offer.model, offer.mode, offer.resolution, primary.treatment, way.degraded


def _shown(route: Route) -> tuple[object, ...]:
    degraded = tuple(name for name in ("resolution", "audio", "seconds") if name in route.degraded)
    return route.provider, route.model, route.mode, route.resolution, route.audio, degraded


def _differences(way: Way, route: Route) -> list[str]:
    """In what a route differs from a way, in words."""
    assert way.primary is not None
    cost = way.option.cost
    checks = {
        f"price {way.primary.price}": oracles.micro(route.price_usd) == way.primary.price,
        f"expected {float(cost.expected)}": near(route.expected_usd, cost.expected),
        f"worst {cost.worst}": oracles.micro(route.worst_usd) == cost.worst,
        f"penalty {way.penalty}": near(route.penalty_usd, way.penalty),
        f"segments {way.primary.segments}": abs(sum(map(Fraction, route.segments)) - sum(way.primary.segments))
        < LENGTH,
        f"chain {way.option.chain}": [(step.provider, step.model) for step in route.chain]
        == [candidate.offer.pair for candidate in way.option.chain],
    }
    return [f"should be {name}" for name, holds in checks.items() if not holds]


def near(usd: Any, exact_micro: Fraction | int) -> bool:
    """A number in dollars is this many micro-dollars, as reported."""
    return abs(oracles.micro(usd) - exact_micro) <= REPORTED


def bought_of(worked_out: LimitProblem, plan: Plan) -> Bought:
    """How many of each pack the plan buys."""
    packs = worked_out.scenario.get("packs", [])
    assert [(use.provider, use.price_usd) for use in plan.packs] == [(p["provider"], p["price_usd"]) for p in packs]
    return tuple(use.bought for use in plan.packs)
