"""Two catalogs side by side: which prices rose or fell, what is new or gone, which lengths and terms changed.

Offers are matched by provider, model, mode, resolution, sound, reference and days of sale; what is left of one thing, by days that meet.
Prices are compared in exact dollars and differ where they do so to the micro-dollar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from router.loading.catalog_file import load_catalog
from router.offers.pricing import price_units
from router.offers.table import offer_table
from router.report.tabular import lengths_text
from router.schema.candidate import Offer
from router.schema.catalog import Catalog, ModelEntry, OfferEntry, Terms
from router.schema.catalog_comparison import (
    CatalogComparison,
    ComparedCatalog,
    OneSided,
    PartPrice,
    Per,
    PriceChange,
    TermChange,
    Thing,
)
from router.units import decimal_seconds, from_micro, to_micro

Part = tuple[Per, Fraction | None]
"""What a price is for, and the length whose price it is."""
_OF_OFFER = (
    "seconds", "quality", "keep_rate", "failure_rate", "bills_failures", "generation_seconds_per_second", "concurrency",
)  # fmt: skip
_OF_MODEL = ("api_model", "rounding", "image_prompt", "availability", "available_from", "available_until")


class Sold(NamedTuple):
    """An offer as its catalog states it."""

    offer: Offer
    catalog: Catalog
    entry: ModelEntry
    priced: OfferEntry

    @property
    def terms(self) -> Terms:
        """The offer's own terms, else its model's."""
        return self.entry.terms(self.priced)

    @property
    def thing(self) -> tuple[object, ...]:
        """What is sold, on whatever days."""
        offer = self.offer
        return (offer.provider, offer.model, offer.mode, offer.region, offer.resolution, offer.audio, offer.reference)

    @property
    def as_of(self) -> dt.date:
        """The day its price was seen."""
        return self.terms.as_of or self.catalog.as_of

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """First and last day of sale."""
        return self.entry.available_from or dt.date.min, self.entry.available_until or dt.date.max

    @property
    def prices(self) -> Mapping[Part, Fraction]:
        """Every part of its price, dollars: what is not stated costs nothing."""
        offer, units = self.offer, self.offer.units_per_usd
        if offer.fixed_prices is not None:
            return {("length", seconds): price / units for seconds, price in sorted(offer.fixed_prices.items())}
        return {
            ("second", None): (offer.price_per_second or Fraction(0)) / units,
            ("generation", None): offer.price_per_generation / units,
            ("minimum", None): offer.price_minimum / units,
        }


def compare_catalogs(
    before: Catalog | str | Path, after: Catalog | str | Path, *, on: dt.date | None = None
) -> CatalogComparison:
    """What differs between two catalogs.

    Parameters
    ----------
    before, after
        Catalogs, or what `Catalog.load` takes: bundled names, or paths.
    on
        Compare only what is on sale on this day; everything if absent.

    Raises
    ------
    router.errors.InputError
        If a catalog cannot be read.

    Examples
    --------
    >>> import router
    >>> now = router.Catalog.load("evolink")
    >>> raw = now.model_dump(mode="json", by_alias=True, exclude_none=True)
    >>> raw["models"][0]["offers"][3]["price_per_second"] = 0.16  # instead of 0.15
    >>> found = router.compare_catalogs(now, router.Catalog.model_validate(raw))
    >>> [(one.model, one.per, str(one.difference_usd), one.share) for one in found.prices]
    [('kling-3.0', 'second', '0.010000', 0.066667)]
    """
    old, new = (own if isinstance(own, Catalog) else load_catalog(own) for own in (before, after))
    sides = [sold_in(own, on) for own in (old, new)]
    pairs, gone, fresh = _matched(*sides)
    prices = [change for pair in pairs for change in _prices(*pair)]
    terms = [change for pair in pairs for change in _terms(*pair)]
    fresh_lengths, gone_lengths = (
        list(_further(pairs)),
        list(_further([(new_one, old_one) for old_one, new_one in pairs])),
    )
    changed = {_same_thing(change) for change in (*prices, *terms)}
    return CatalogComparison(
        schema=1,
        before=_side(old, len(sides[0])),
        after=_side(new, len(sides[1])),
        on=on,
        same=not (prices or terms or gone or fresh),
        prices=tuple(sorted(prices, key=lambda change: -abs(1.0 if change.share is None else change.share))),
        new=(*map(_one_sided, fresh), *fresh_lengths),
        gone=(*map(_one_sided, gone), *gone_lengths),
        terms=tuple(terms),
        unchanged=sum(_same_thing_of(pair[1]) not in changed for pair in pairs),
    )


def sold_in(catalog: Catalog, on: dt.date | None = None) -> list[Sold]:
    """The offers of a catalog, in its order; those on sale on a day, if one is given."""
    offers = offer_table([catalog], on or catalog.as_of)
    places = [(entry, priced) for entry in catalog.models for priced in entry.offers]
    found = [Sold(offer, catalog, *place) for offer, place in zip(offers, places, strict=True)]
    return [sold for sold in found if on is None or sold.offer.status == "sold"]


def _matched(before: Sequence[Sold], after: Sequence[Sold]) -> tuple[list[tuple[Sold, Sold]], list[Sold], list[Sold]]:
    """Pairs in the order of ``before``, then what only one side has."""
    pairs: dict[int, Sold] = {}
    left = dict(enumerate(after))
    for same in (_same_days, _meet):
        of_thing: dict[tuple[object, ...], list[int]] = {}
        for k, sold in left.items():
            of_thing.setdefault(sold.thing, []).append(k)
        for position, sold in enumerate(before):
            others = [] if position in pairs else of_thing.get(sold.thing, [])
            found = next((k for k in others if k in left and same(sold, left[k])), None)
            if found is not None:
                pairs[position] = left.pop(found)
    return (
        [(before[position], pairs[position]) for position in sorted(pairs)],
        [sold for position, sold in enumerate(before) if position not in pairs],
        list(left.values()),
    )


def _same_days(one: Sold, other: Sold) -> bool:
    return one.days == other.days


def _meet(one: Sold, other: Sold) -> bool:
    """Whether there is a day on which both are sold."""
    return max(one.days[0], other.days[0]) <= min(one.days[1], other.days[1])


def _prices(before: Sold, after: Sold) -> Iterator[PriceChange]:
    for (per, seconds), old, new in _side_by_side(before, after):
        was, now = from_micro(to_micro(old)), from_micro(to_micro(new))
        if was != now:
            yield PriceChange(
                **_thing(after),
                per=per,
                seconds=None if seconds is None else decimal_seconds(seconds),
                before_usd=was,
                after_usd=now,
                difference_usd=now - was,
                share=round(float((new - old) / old), 6) if old else None,
                before_as_of=before.as_of,
                after_as_of=after.as_of,
            )


def _side_by_side(before: Sold, after: Sold) -> Iterator[tuple[Part, Fraction, Fraction]]:
    """The parts that both prices have; where one is by the second and the other by length, what a generation of each length costs."""
    old, new = before.prices, after.prices
    if (before.offer.fixed_prices is None) == (after.offer.fixed_prices is None):
        yield from ((part, old[part], new[part]) for part in old if part in new)
        return
    for seconds in sorted(before.offer.fixed_prices or after.offer.fixed_prices or ()):
        if _makes(before.offer, seconds) and _makes(after.offer, seconds):
            costs = [price_units(sold.offer, seconds) / sold.offer.units_per_usd for sold in (before, after)]
            yield ("length", seconds), costs[0], costs[1]


def _makes(offer: Offer, seconds: Fraction) -> bool:
    if offer.length_range is not None:
        return offer.length_range[0] <= seconds <= offer.length_range[1]
    return seconds in offer.lengths


def _terms(before: Sold, after: Sold) -> Iterator[TermChange]:
    told = [(name, getattr(before.terms, name), getattr(after.terms, name)) for name in _OF_OFFER]
    told += [(name, getattr(before.entry, name), getattr(after.entry, name)) for name in _OF_MODEL]
    for name, old, new in told:
        was, now = (lengths_text(value) if name == "seconds" else _text(value) for value in (old, new))
        if was != now:
            yield TermChange(**_thing(after), term=name, before=was, after=now)
    by_length = [sold.offer.fixed_prices is not None for sold in (before, after)]
    if by_length[0] != by_length[1]:
        was, now = ("for each length" if fixed else "by the second" for fixed in by_length)
        yield TermChange(**_thing(after), term="prices", before=was, after=now)


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _thing(sold: Sold) -> dict[str, Any]:
    names = ("provider", "model", "mode", "region", "resolution", "audio", "reference")
    days = {name: getattr(sold.entry, name) for name in ("available_from", "available_until")}
    return {**dict(zip(names, sold.thing, strict=True)), **days}


def _same_thing_of(sold: Sold) -> tuple[object, ...]:
    return tuple(_thing(sold).values())


def _same_thing(change: Thing) -> tuple[object, ...]:
    names = (
        "provider",
        "model",
        "mode",
        "region",
        "resolution",
        "audio",
        "reference",
        "available_from",
        "available_until",
    )
    return tuple(getattr(change, name) for name in names)


def _further(pairs: Sequence[tuple[Sold, Sold]]) -> Iterator[OneSided]:
    """Lengths of the second of each pair that the first has no price for, where each length has its own."""
    for one, other in pairs:
        if one.offer.fixed_prices is not None and other.offer.fixed_prices is not None:
            further = [seconds for seconds in sorted(other.offer.fixed_prices) if seconds not in one.offer.fixed_prices]
            if further:
                yield _one_sided(other, further)


def _one_sided(sold: Sold, lengths: Sequence[Fraction] | None = None) -> OneSided:
    parts = tuple(
        PartPrice(per=per, seconds=None if seconds is None else decimal_seconds(seconds), usd=from_micro(to_micro(usd)))
        for (per, seconds), usd in sold.prices.items()
        if usd or per == "length" or (per == "second" and not any(sold.prices.values()))
        if lengths is None or seconds in lengths
    )
    return OneSided(**_thing(sold), prices=parts, as_of=sold.as_of)


def _side(catalog: Catalog, offers: int) -> ComparedCatalog:
    rate = offer_table([catalog], catalog.as_of)[0].units_per_usd
    return ComparedCatalog(
        name=catalog.name,
        as_of=catalog.as_of,
        source=catalog.source,
        unit=catalog.unit,
        units_per_usd=Decimal(rate.numerator) / rate.denominator,
        offers=offers,
    )
