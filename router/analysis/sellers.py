"""Every seller of a clip over many catalogs, side by side at list prices.

Catalogs that price the same thing are alternatives here, each under its name: nothing is bought, so nothing is priced twice.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from router.assembly.no_plan import requirements, unservable
from router.errors import NoPlanError, Unservable
from router.loading.catalog_file import bundled_names, distinct_catalogs, where_in
from router.loading.wanted import Names, wanted_clip
from router.offers.clip_classes import clip_classes
from router.offers.eligibility import candidates, rejections
from router.offers.table import offer_table
from router.schema.base import printable
from router.schema.candidate import Candidate, Offer
from router.schema.catalog import Catalog, ModelEntry, OfferEntry
from router.schema.scenario import Clip, Dubbing
from router.schema.sellers import CannotMake, Seller, Sellers
from router.units import MICRO, decimal_seconds, from_micro, to_micro

MOST_RATE = 10**12
"""Dollars a second that a clip may cost for that to be told: money has no more digits."""


def sellers(
    clip: str | Clip | Mapping[str, Any], catalogs: Iterable[Catalog | str | Path] = (), *, on: dt.date | None = None
) -> Sellers:
    """Every seller of a clip, dearest first, over all bundled catalogs and those that are given besides.

    A seller is a provider with a model in a catalog; it stands with the cheapest of its offers that make the clip.

    Parameters
    ----------
    clip
        Words in any order (``"10s 1080p native kling-3.0"``), or a clip, whose lists of models and providers choose whom to ask.
    catalogs
        Further catalogs, or what `Catalog.load` takes.
    on
        The day on which dates of sale and ages of prices are judged; today if absent.

    Raises
    ------
    router.errors.InputError
        If a word is none of a clip, or a catalog cannot be read.
    router.errors.NoPlanError
        If nothing makes the clip, with the nearest miss.

    Examples
    --------
    >>> import datetime as dt
    >>> import router
    >>> found = router.sellers("10s 1080p native evolink kling-3.0 kling-o3", on=dt.date(2026, 4, 10))
    >>> for one in found.sellers:
    ...     if one.catalog == "evolink":
    ...         print(one.provider, one.model, one.price_usd, one.usd_per_second)
    evolink kling-3.0 1.500000 0.150000
    evolink kling-o3 1.250000 0.125000
    """
    day = on or dt.datetime.now(dt.UTC).date()
    shop = _shop(distinct_catalogs([*bundled_names(), *catalogs]), day)
    wanted = _clip(clip, [sold.offer for sold in shop])
    asked = [sold for sold in shop if _is_asked(wanted, sold.offer)]
    if not asked:
        raise NoPlanError([_unsold(wanted, _named(clip), shop)])
    return _found(wanted, _named(clip), asked, day)


class _Sold:
    """An offer, and where its price stands."""

    def __init__(self, offer: Offer, catalog: Catalog, entry: ModelEntry, priced: OfferEntry, shown: str) -> None:
        self.offer, self.catalog, self.shown = offer, catalog, shown
        self.terms = entry.terms(priced)

    @property
    def as_of(self) -> dt.date:
        return self.terms.as_of or self.catalog.as_of


def _shop(catalogs: Sequence[Catalog], day: dt.date) -> list[_Sold]:
    names = Counter(catalog.name for catalog in catalogs)
    shown: list[str] = []
    for catalog in catalogs:
        file = where_in(catalog, ()).rpartition(":")[0] or f"number {len(shown) + 1}"
        shown.append(f"{catalog.name} ({printable(file, 200)})" if names[catalog.name] > 1 else catalog.name)
    places = [
        (catalog, entry, priced, label)
        for catalog, label in zip(catalogs, shown, strict=True)
        for entry in catalog.models
        for priced in entry.offers
    ]
    return [
        _Sold(offer, catalog, entry, priced, label)
        for offer, (catalog, entry, priced, label) in zip(offer_table(catalogs, day), places, strict=True)
    ]


def _clip(clip: str | Clip | Mapping[str, Any], offers: Sequence[Offer]) -> Clip:
    if isinstance(clip, Clip):
        return clip
    if not isinstance(clip, str):
        return Clip.model_validate({"id": "wanted", **clip})
    names = ({getattr(offer, field) for offer in offers} for field in ("model", "provider", "mode"))
    return wanted_clip(clip, Names(*names))


def _named(clip: str | Clip | Mapping[str, Any]) -> str:
    """What the clip is called in a message."""
    if isinstance(clip, str):
        return printable(clip.strip(), 80)
    return clip.id if isinstance(clip, Clip) else printable(str(clip.get("id", "wanted")), 80)


def _is_asked(clip: Clip, offer: Offer) -> bool:
    models, providers = clip.models, clip.providers
    return (
        (models is None or offer.model in models)
        and (providers is None or offer.provider in providers)
        and offer.model not in clip.not_models
        and offer.provider not in clip.not_providers
    )


def _unsold(clip: Clip, name: str, shop: Sequence[_Sold]) -> Unservable:
    """Nobody who was asked for sells what was asked for: who does."""
    own = clip_classes([clip])[0]
    models = clip.models or ()
    sold_by = sorted({sold.offer.provider for sold in shop if sold.offer.model in models})
    mend = f"ask {', '.join(sold_by[:5])}, who sell {', '.join(models[:3])}" if sold_by else "ask for other models"
    if len(sold_by) == 1:
        mend = f"ask {sold_by[0]}, who sells {', '.join(models[:3])}"
    return Unservable((name,), requirements(own), 0, {}, "", mend)


def _found(clip: Clip, name: str, asked: Sequence[_Sold], day: dt.date) -> Sellers:
    own = clip_classes([clip])[0]
    offers = [sold.offer for sold in asked]
    ways = candidates(own, offers, Dubbing())
    refused = rejections(own, offers, Dubbing())
    if not ways:
        text = unservable([clip], own, refused, lambda _path: "")
        raise NoPlanError([replace(text, clips=(name,))])
    sold_as = {sold.offer: sold for sold in asked}
    by_seller: dict[tuple[str, str, str], list[Candidate]] = {}
    for way in ways:
        key = (sold_as[way.offer].shown, way.offer.provider, way.offer.model)
        by_seller.setdefault(key, []).append(way)
    cheapest: dict[str, int] = {}
    for way in ways:
        cheapest[way.offer.model] = min(way.price, cheapest.get(way.offer.model, way.price))
    best = [(min(rows, key=lambda way: (way.price, way.offer.order)), len(rows) - 1) for rows in by_seller.values()]
    best.sort(key=lambda row: (-row[0].price, row[0].offer.order))
    counts = Counter(rejection.reason for rejection in refused)
    return Sellers(
        schema=1,
        requirements=requirements(own),
        seconds=decimal_seconds(own.seconds),
        on=day,
        catalogs=tuple(dict.fromkeys(sold.shown for sold in asked)),
        sellers=tuple(
            _seller(way, sold_as[way.offer], own.seconds, cheapest[way.offer.model], others, day)
            for way, others in best
        ),
        offers=len(offers),
        cannot=tuple(
            CannotMake(reason=reason, offers=count)
            for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ),
    )


def _seller(way: Candidate, sold: _Sold, seconds: Fraction, least: int, dearer: int, day: dt.date) -> Seller:
    offer, generation, catalog = way.offer, way.generation, sold.catalog
    times = Fraction(way.price, least) if least else Fraction(1) if not way.price else None
    rate = Fraction(way.price, MICRO) / seconds
    age = (day - sold.as_of).days
    return Seller(
        provider=offer.provider,
        model=offer.model,
        mode=offer.mode,
        resolution=offer.resolution,
        audio=way.audio,
        reference=offer.reference,
        segments=tuple(map(decimal_seconds, generation.segments)),
        generated_seconds=decimal_seconds(sum(generation.segments, Fraction(0))),
        billed_seconds=decimal_seconds(generation.billed_seconds),
        price_usd=from_micro(way.price),
        usd_per_second=from_micro(to_micro(rate)) if rate < MOST_RATE else None,
        times_cheapest=None if times is None else Decimal(round(times * 10_000)).scaleb(-4),
        as_of=sold.as_of,
        stale=catalog.stale_after_days is not None and age > catalog.stale_after_days,
        source=sold.terms.source or catalog.source,
        catalog=sold.shown,
        dearer=dearer,
    )
