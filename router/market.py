"""What a scenario can buy on a day: offers, ways to make a clip, and how likely each is up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from router.errors import InputError, Problem
from router.fallback.chains import chain, stand_ins
from router.fallback.outages import Availability, assumed
from router.loading.catalog_file import where_in as where_in_catalog
from router.loading.scenario_file import resolved_catalogs, where_in
from router.offers.degraded import lowered_classes
from router.offers.eligibility import candidates
from router.offers.table import known_offers, offer_table
from router.schema.base import Path
from router.schema.candidate import Candidate, Chain, Choices, ClipClass, Offer
from router.schema.catalog import MAX_PRICE_USD, Catalog
from router.schema.exposure import Chances, Exposure
from router.schema.scenario import OwnedPack, Scenario


@dataclass(frozen=True, slots=True)
class Market:
    """What a scenario can buy on a day: its catalogs, flattened to offers, and how likely they are up."""

    scenario: Scenario
    """Its packs begin with those that the account owns."""
    on: dt.date
    catalogs: tuple[Catalog, ...]
    offers: tuple[Offer, ...]
    availability: Availability

    @property
    def settles(self) -> bool:
        """Whether packs or volume discounts can take anything off list prices."""
        return bool(self.scenario.packs or self.scenario.tiers)

    def chances(self, exposures: tuple[Exposure, ...] = ()) -> Chances:
        """What chance can do to these exposures, whichever offers they use."""
        from router.assembly.chances import chances  # Single clips are decided without any plan

        sold = ((offer.provider, offer.model) for offer in self.offers)
        return replace(chances((), assumed(self.scenario.outages, self.scenario.fallback, sold)), exposures=exposures)

    def where(self, path: Path) -> str:
        """``file:line`` of a value of the scenario."""
        return where_in(self.scenario, path)


class Known(NamedTuple):
    """What is known of the ways to make a class already."""

    candidates: Mapping[Offer, Candidate | None] = MappingProxyType({})
    """By the offers of the market; see `router.offers.eligibility.candidates`."""
    chains: Mapping[int, Chain] = MappingProxyType({})
    """Behind each offer, by its position: what is the chain again, where it is made of the same candidates."""


NOTHING_KNOWN = Known()


def with_owned_packs(scenario: Scenario, on: dt.date) -> Scenario:
    """The scenario with the packs that its account owns, as far as they are valid on a day, before those that can be bought."""
    owned = [
        OwnedPack(
            provider=provider,
            pays_for_usd=pack.pays_for_usd,
            price_usd=Decimal(0),
            max_count=pack.count,
            valid_until=pack.valid_until,
        )
        for provider, terms in scenario.account.items()
        for pack in terms.packs
        if pack.valid_until is None or on <= pack.valid_until
    ]
    others = tuple(pack for pack in scenario.packs if not pack.owned)
    if not owned and len(others) == len(scenario.packs):
        return scenario
    return scenario.model_copy(update={"packs": (*owned, *others)})


def open_market(scenario: Scenario, on: dt.date | None = None, like: Market | None = None) -> Market:
    """The scenario's catalogs as they stand on a day, under the terms of its account.

    Parameters
    ----------
    like
        Another market, from which offers are taken that are the same in both.
    """
    day = on or dt.datetime.now(dt.UTC).date()
    catalogs = resolved_catalogs(scenario)
    rates = ("failure_rate", "keep_rate", "bills_failures", "account")
    if like is not None and like.on == day and all(getattr(scenario, r) == getattr(like.scenario, r) for r in rates):
        offers = offer_table(catalogs, day, scenario, known_offers(like.catalogs, like.offers))
    else:
        offers = offer_table(catalogs, day, scenario)
    if all(offer.status == "retired" for offer in offers):
        raise InputError(
            [
                Problem(
                    f"everything in catalog '{catalog.name}' is retired on {day}; use a later catalog, or an earlier --as-of",
                    where_in_catalog(catalog, ("models", 0, "available_until")),
                )
                for catalog in catalogs
            ]
        )
    _refuse_rates_that_are_too_dear(scenario, offers)
    return Market(with_owned_packs(scenario, day), day, catalogs, offers, Availability(scenario.outages))


def _refuse_rates_that_are_too_dear(scenario: Scenario, offers: Sequence[Offer]) -> None:
    """Raise InputError where a unit costs an account so much that a price is no price of a catalog any more."""
    problems: dict[str, Problem] = {}
    for offer in offers:
        terms = scenario.account.get(offer.provider)
        if terms is None or offer.provider in problems or (terms.units_per_usd or terms.usd_per_unit) is None:
            continue
        parts = (offer.price_per_second or 0, offer.price_per_generation, offer.price_minimum)
        if max((*parts, *(offer.fixed_prices or {}).values())) >= MAX_PRICE_USD * offer.units_per_usd:
            rate = "units_per_usd" if terms.units_per_usd is not None else "usd_per_unit"
            text = f"`{rate}` makes a price of {offer.provider}/{offer.model} {MAX_PRICE_USD:,} USD or more; prices must be below that"
            problems[offer.provider] = Problem(text, where_in(scenario, ("account", offer.provider, rate)))
    if problems:
        raise InputError([*problems.values()])


def ways_to_make(own: ClipClass, market: Market, known: Known = NOTHING_KNOWN) -> Choices:
    """A class with every candidate and, behind each as primary, its chain; degraded candidates after all others."""
    aim, limits, dubbing = market.scenario.objective, market.scenario.limits, market.scenario.dubbing
    eligible, catching = _eligible(own, market, known)
    found = list(zip(eligible, _chains(eligible, own, market, catching, known), strict=True))
    for lowered in lowered_classes(own, market.offers, aim):
        degraded = lowered.candidates(own, candidates(lowered.clips, market.offers, dubbing, limits=limits), aim)
        found += zip(degraded, _chains(degraded, lowered.clips, market), strict=True)
    return Choices(own, tuple(candidate for candidate, _ in found), tuple(behind for _, behind in found))


def repriced(
    own: Choices,
    market: Market,
    options: Sequence[int],
    known: Known = NOTHING_KNOWN,
    *,
    caught_alike: bool = True,
) -> Choices | None:
    """Some of the ways to make a class as they cost in another market; None where one is made of other lengths there.

    Parameters
    ----------
    caught_alike
        None also where one is caught by others, unless it costs its price on average before and after.
    """
    if not options:
        return Choices(own.clip_class, ())
    eligible, catching = _eligible(own.clip_class, market, known)
    at = {candidate.offer.order: candidate for candidate in eligible}
    before = [own.candidates[o] for o in options]
    now = [at.get(candidate.offer.order) for candidate in before]
    primaries = [c for c, b in zip(now, before, strict=True) if c is not None and _lengths(c) == _lengths(b)]
    if len(primaries) < len(before):
        return None
    chains = _chains(primaries, own.clip_class, market, catching, known)
    if caught_alike:
        for pair in zip(chains, (own.chains[o] for o in options), strict=True):
            certain = all(one.expected == one.steps[0].candidate.price for one in pair)
            if not certain and _caught(pair[0]) != _caught(pair[1]):
                return None
    return Choices(own.clip_class, tuple(primaries), tuple(chains))


def _lengths(candidate: Candidate) -> tuple[Fraction, ...]:
    return candidate.generation.segments


def _caught(one: Chain) -> list[tuple[int, tuple[Fraction, ...]]]:
    return [(step.candidate.offer.order, _lengths(step.candidate)) for step in one.steps]


def _eligible(own: ClipClass, market: Market, known: Known) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """The candidates for a class, and what may catch it, which limits on primaries do not restrict."""
    limits, dubbing = market.scenario.limits, market.scenario.dubbing
    eligible = candidates(own, market.offers, dubbing, limits=limits, known=known.candidates)
    degraded = market.scenario.fallback.accept == "degraded"
    if not degraded and limits.mean_quality_min is None and limits.deadline_minutes is None:
        return eligible, eligible
    return eligible, candidates(own, market.offers, dubbing, degraded=degraded)


def with_deadline(market: Market, minutes: Decimal) -> Market:
    """A market with another deadline."""
    return _with_limits(market, deadline_minutes=minutes)


def open_to_all(market: Market) -> Market:
    """A market in which no limit bars an offer by itself: none is too slow, and none states too little."""
    return _with_limits(market, deadline_minutes=None, mean_quality_min=None)


def _with_limits(market: Market, **changed: Decimal | None) -> Market:
    limits = market.scenario.limits.model_copy(update=changed)
    return replace(market, scenario=market.scenario.model_copy(update={"limits": limits}))


def _chains(
    primaries: Sequence[Candidate],
    clips: ClipClass,
    market: Market,
    catching: Sequence[Candidate] | None = None,
    known: Known = NOTHING_KNOWN,
) -> list[Chain]:
    """The chain behind each primary of a class; what may catch it is not restricted by limits on primaries."""
    if not primaries:
        return []
    rule = market.scenario.fallback
    if catching is None:
        catching = candidates(clips, market.offers, market.scenario.dubbing, degraded=rule.accept == "degraded")
    others, takes = stand_ins(catching), clips.need.max_takes
    return [
        chain(
            primary,
            others,
            rule,
            market.availability,
            takes,
            by_provider=market.settles,
            like=known.chains.get(primary.offer.order),
        )
        for primary in primaries
    ]
