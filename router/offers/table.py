"""The catalogs of a scenario as one flat table of offers, in catalog order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, TypeVar

from router.offers.pricing import billed_seconds, generation, shortest_billed
from router.schema.account import AccountTerms
from router.schema.candidate import Denied, Offer
from router.schema.catalog import Catalog, Lengths, ModelEntry, OfferEntry
from router.schema.scenario import Scenario
from router.units import RESOLUTION_RANK

Value = TypeVar("Value")


Place = tuple[int, str, str, Fraction, int]
"""Position of an offer over all catalogs; name, unit and units per dollar of its catalog; which model entry it is of, as an object."""


def offer_table(
    catalogs: Sequence[Catalog],
    on: dt.date,
    scenario: Scenario | None = None,
    known: Mapping[Place, Offer] = MappingProxyType({}),
) -> tuple[Offer, ...]:
    """Every offer of the catalogs, as it stands on the day ``on``, under the terms of the scenario's account.

    The scenario's word on its rates comes before the catalog's.

    Parameters
    ----------
    known
        Offers of the same day under the same word of the scenario, from ``known_offers``.
    """
    accounts = {} if scenario is None else scenario.account
    return tuple(
        known.get(place) or _restated(_offer(place, catalog, entry, priced, on, accounts.get(entry.provider)), scenario)
        for place, catalog, entry, priced in _places(catalogs)
    )


def known_offers(catalogs: Sequence[Catalog], offers: Sequence[Offer]) -> dict[Place, Offer]:
    """The offers of a table by where they come from; ``catalogs`` must live as long as this is used."""
    return {place: offer for (place, *_), offer in zip(_places(catalogs), offers, strict=True)}


def _places(catalogs: Sequence[Catalog]) -> Iterator[tuple[Place, Catalog, ModelEntry, OfferEntry]]:
    order = 0
    for catalog in catalogs:
        rate = catalog.units_in_usd
        for entry in catalog.models:
            for priced in entry.offers:
                yield (order, catalog.name, catalog.unit, rate, id(entry)), catalog, entry, priced
                order += 1


def _restated(offer: Offer, scenario: Scenario | None) -> Offer:
    """The offer with the failure rate, keep rate and billing that the scenario states for its model."""
    if scenario is None or not (scenario.failure_rate or scenario.keep_rate or scenario.bills_failures):
        return offer
    failure_rate, keep_rate = _stated(scenario.failure_rate, offer), _stated(scenario.keep_rate, offer)
    return replace(
        offer,
        failure_rate=offer.failure_rate if failure_rate is None else float(failure_rate),
        keep_rate=offer.keep_rate if keep_rate is None else float(keep_rate),
        bills_failures=_stated(scenario.bills_failures, offer) or offer.bills_failures,
    )


def _stated(table: Mapping[str, Value], offer: Offer) -> Value | None:
    return table.get(f"{offer.provider}/{offer.model}", table.get(offer.model))


def _offer(
    place: Place, catalog: Catalog, entry: ModelEntry, priced: OfferEntry, on: dt.date, account: AccountTerms | None
) -> Offer:
    """An offer at the prices that the account pays, which are exact products: only a whole generation is rounded."""
    terms = entry.terms(priced)
    paid = 1 - Fraction(0 if account is None else account.discount)
    lengths, length_range = _lengths(terms.seconds, entry.rounding)
    status, dates = _status(entry, on)
    offer = Offer(
        order=place[0],
        catalog=catalog.name,
        provider=entry.provider,
        model=entry.model,
        mode=entry.mode,
        api_model=entry.api_model or entry.model,
        resolution=priced.resolution,
        resolution_rank=RESOLUTION_RANK[priced.resolution] if priced.resolution else -1,
        audio=priced.audio,
        reference=terms.reference,
        image_prompt=entry.image_prompt,
        lengths=lengths,
        generations=(),
        length_range=length_range,
        rounding=entry.rounding,
        units_per_usd=_units_per_usd(place[3], account, catalog.unit),
        unit=catalog.unit,
        price_per_second=None if priced.price_per_second is None else paid * Fraction(priced.price_per_second),
        price_per_generation=paid * Fraction(terms.price_per_generation or 0),
        price_minimum=paid * Fraction(terms.price_minimum or 0),
        fixed_prices={Fraction(s): paid * Fraction(p) for s, p in priced.prices.items()} if priced.prices else None,
        quality=terms.quality,
        availability=None if entry.availability is None else float(entry.availability),
        failure_rate=float(terms.failure_rate or 0),
        keep_rate=1.0 if terms.keep_rate is None else float(terms.keep_rate),
        bills_failures=terms.bills_failures or "unknown",
        generation_rate=_fraction(terms.generation_seconds_per_second),
        concurrency=terms.concurrency if account is None else account.concurrency or terms.concurrency,
        status=status,
        dates=dates,
        denied=() if account is None else tuple(_denied(entry, account)),
        region=entry.region,
    )
    return replace(offer, generations=tuple(generation(offer, (seconds,)) for seconds in lengths))


def _units_per_usd(published: Fraction, account: AccountTerms | None, unit: str) -> Fraction:
    """At the account's rate, where it has one; prices in dollars have none."""
    if account is not None and unit != "usd":
        if account.units_per_usd is not None:
            return Fraction(account.units_per_usd)
        if account.usd_per_unit is not None:
            return 1 / Fraction(account.usd_per_unit)
    return published


def _denied(entry: ModelEntry, account: AccountTerms) -> Iterator[Denied]:
    """Why the account cannot buy a model."""
    name = f"account.{entry.provider}"
    if account.models is not None and entry.model not in account.models:
        yield Denied("model-denied", f"is not enabled in {name}.models", f"add {entry.model} to {name}.models")
    if account.regions is not None and entry.region is not None and entry.region not in account.regions:
        detail = f"is sold in region {entry.region}, which is not in {name}.regions"
        yield Denied("provider-denied", detail, f"add {entry.region} to {name}.regions")


def _fraction(number: Decimal | None) -> Fraction | None:
    return None if number is None else Fraction(number)


def _lengths(seconds: Lengths | None, rounding: str) -> tuple[tuple[Fraction, ...], tuple[Fraction, Fraction] | None]:
    """The lengths that can be sold: those billed as 0 s cannot."""
    if seconds is None:
        return (), None
    if listed := seconds.listed():
        return tuple(f for s in listed if billed_seconds(f := Fraction(s), rounding) > 0), None
    shortest = max(Fraction(seconds.min or 0), shortest_billed(rounding))
    longest = Fraction(seconds.max or 0)
    return (), (shortest, longest) if shortest <= longest else None


def _status(entry: ModelEntry, on: dt.date) -> tuple[Literal["sold", "not-yet-available", "retired"], str]:
    if entry.available_from and on < entry.available_from:
        return "not-yet-available", f"sold from {entry.available_from}"
    if entry.available_until and on > entry.available_until:
        return "retired", f"sold until {entry.available_until}"
    return "sold", ""
