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
from router.schema.candidate import Offer
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
    """Every offer of the catalogs, as it stands on the day ``on``; the scenario's word on its rates comes before the catalog's.

    Parameters
    ----------
    known
        Offers of the same day under the same word of the scenario, from ``known_offers``.
    """
    return tuple(
        known.get(place) or _restated(_offer(place, catalog, entry, priced, on), scenario)
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


def _offer(place: Place, catalog: Catalog, entry: ModelEntry, priced: OfferEntry, on: dt.date) -> Offer:
    order, _, _, units_per_usd, _ = place
    terms = entry.terms(priced)
    lengths, length_range = _lengths(terms.seconds, entry.rounding)
    status, dates = _status(entry, on)
    offer = Offer(
        order=order,
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
        units_per_usd=units_per_usd,
        unit=catalog.unit,
        price_per_second=_fraction(priced.price_per_second),
        price_per_generation=_fraction(terms.price_per_generation) or Fraction(0),
        price_minimum=_fraction(terms.price_minimum) or Fraction(0),
        fixed_prices={Fraction(s): Fraction(p) for s, p in priced.prices.items()} if priced.prices else None,
        quality=terms.quality,
        availability=None if entry.availability is None else float(entry.availability),
        failure_rate=float(terms.failure_rate or 0),
        keep_rate=1.0 if terms.keep_rate is None else float(terms.keep_rate),
        bills_failures=terms.bills_failures or "unknown",
        generation_rate=_fraction(terms.generation_seconds_per_second),
        concurrency=terms.concurrency,
        status=status,
        dates=dates,
    )
    return replace(offer, generations=tuple(generation(offer, (seconds,)) for seconds in lengths))


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
