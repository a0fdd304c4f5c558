"""Small catalogs and scenarios for tests: only what a test is about is spelled out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from router.offers.clip_classes import clip_classes
from router.offers.eligibility import candidates, rejections
from router.offers.table import offer_table
from router.schema.candidate import Candidate, Chain, Offer, Rejection
from router.schema.catalog import Catalog
from router.schema.plan import Plan
from router.schema.scenario import Scenario

ON = dt.date(2026, 4, 10)
Raw = dict[str, Any]


def model(name: str = "m", offers: list[Raw] | None = None, **fields: Any) -> Raw:
    """A model entry: text-to-video at provider ``p``, 1 to 20 s, one silent offer at $0.10 a second."""
    entry: Raw = {
        "model": name,
        "provider": "p",
        "mode": "text-to-video",
        "seconds": {"min": 1, "max": 20, "step": 1},
        "offers": offers or [{"audio": False, "price_per_second": "0.10"}],
    }
    return {**entry, **fields}


def catalog(*models: Raw, **fields: Any) -> Catalog:
    """A catalog of these models; prices may be written as texts, which stand for exact decimals."""
    raw = {
        "schema": 1,
        "name": "test",
        "as_of": dt.date(2026, 4, 9),
        "source": "made up for a test",
        "models": list(models),
    }
    return Catalog.model_validate(_exact({**raw, **fields}))


def scenario(clips: list[Raw], *catalogs: Catalog, **fields: Any) -> Scenario:
    """A scenario of these clips over these catalogs (the bundled one if none is given)."""
    given: Raw = {"clips": clips, **fields}
    if catalogs:
        given["catalogs"] = list(catalogs)
    return Scenario.model_validate(_exact(given))


def planned(clips: list[Raw], *catalogs: Catalog, **fields: Any) -> Plan:
    """The plan of such a scenario."""
    import router

    return router.plan(scenario(clips, *catalogs, **fields), on=ON)


def offers(*catalogs: Catalog, on: dt.date = ON) -> tuple[Offer, ...]:
    """The offers of these catalogs (of the bundled one if none is given)."""
    return offer_table(catalogs or (Catalog.load("evolink"),), on)


def ways(clip: Raw, *catalogs: Catalog, **fields: Any) -> tuple[Candidate, ...]:
    """The candidates of one clip."""
    given = scenario([clip], *catalogs, **fields)
    return candidates(clip_classes(given.clips)[0], offers(*catalogs), given.dubbing, limits=given.limits)


def refusals(clip: Raw, *catalogs: Catalog, on: dt.date = ON, **fields: Any) -> dict[str, Rejection]:
    """The rejections of one clip, by model."""
    given = scenario([clip], *catalogs, **fields)
    found = rejections(clip_classes(given.clips)[0], offers(*catalogs, on=on), given.dubbing, given.limits)
    return {rejection.offer.model: rejection for rejection in found}


def names(chain: Chain) -> list[str]:
    """The models of a chain, in order."""
    return [step.candidate.offer.model for step in chain.steps]


_NUMBERS = {
    "price_per_second", "price_per_generation", "price_minimum", "units_per_usd", "usd_per_unit", "failure_rate", "keep_rate",
    "availability", "quality", "quality_min", "max_price_usd", "value_usd", "seconds", "max_surplus_seconds", "budget_usd",
    "worst_case_usd", "max_usd", "usd", "level", "risk_aversion", "mean_quality_min", "deadline_minutes", "generation_seconds_per_second",
    "max_seconds", "max_share", "min_share", "usd_per_second", "usd_per_clip", "unserved_usd", "min", "max", "step", "choices",
}  # fmt: skip


def _exact(value: Any, key: str = "") -> Any:
    """Texts under a numeric key as exact decimals."""
    from decimal import Decimal

    if isinstance(value, dict):
        # What a request holds is the provider's, whatever it is called.
        named = {k: key if key in ("availability", "prices") else k for k in value}
        return {k: v if k == "request" else _exact(v, named[k]) for k, v in value.items()}
    if isinstance(value, list):
        return [_exact(inner, key) for inner in value]
    return Decimal(value) if isinstance(value, str) and key in (*_NUMBERS, "prices") else value
