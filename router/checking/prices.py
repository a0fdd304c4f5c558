"""Which offers may serve a clip and what they charge for it, straight from the catalog file's entries.

A second, plainer writing of the contract's rules (sections 2 to 4.1), so that one mistake cannot hide in both.
Prices are integer micro-dollars, lengths exact fractions of seconds.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from router.checking.account import dollars, may_buy, share_paid
from router.schema.account import AccountTerms
from router.schema.catalog import Catalog, ModelEntry, OfferEntry, Terms
from router.schema.scenario import Clip, Dubbing, Scenario

LADDER = ["360p", "480p", "540p", "720p", "768p", "1080p", "2k", "4k"]


@dataclass(frozen=True, eq=False)
class Priced:
    """One price line of a catalog with its model entry."""

    catalog: Catalog
    entry: ModelEntry
    offer: OfferEntry
    terms: Terms
    order: int
    account: AccountTerms | None = None
    """What the account agreed with the provider."""

    @cached_property
    def key(self) -> tuple[str, str]:
        """(provider, model)."""
        return self.entry.provider, self.entry.model

    @cached_property
    def rank(self) -> tuple[float, int]:
        """Goes first among equals where it is less: higher quality, none being the lowest, then the catalog's order."""
        return (math.inf if self.terms.quality is None else -float(self.terms.quality)), self.order

    @cached_property
    def failure_rate(self) -> float:
        """Share of its generations that fail."""
        return float(self.terms.failure_rate or 0)

    @cached_property
    def keep_rate(self) -> float:
        """Share of its generations that are kept."""
        return 1.0 if self.terms.keep_rate is None else float(self.terms.keep_rate)

    @cached_property
    def tariff(self) -> Tariff:
        """What it charges."""
        return Tariff(
            self.entry.rounding,
            share_paid(self.account) * dollars(self.account, self.catalog),
            self.offer.prices,
            self.offer.price_per_second,
            self.terms.price_per_generation,
            self.terms.price_minimum,
        )

    @cached_property
    def charges(self) -> tuple[tuple[Fraction, int], ...]:
        """(length, price of one generation) of the offer's listed lengths, shortest first; empty where any length is possible."""
        listed = self.terms.seconds.listed() if self.terms.seconds is not None else ()
        return tuple((length, charge(self, length)) for length in map(Fraction, listed) if possible(self, length))

    def charges_within(self, need: Fraction, ceiling: Fraction | None) -> tuple[tuple[Fraction, int], ...]:
        """Those of them that are as long as needed and no longer than the ceiling."""
        first = bisect_left(self.charges, need, key=itemgetter(0))
        return self.charges[first : None if ceiling is None else bisect_right(self.charges, ceiling, key=itemgetter(0))]


def price_lines(
    catalogs: Sequence[Catalog], scenario: Scenario | None = None, accounts: Mapping[str, AccountTerms] | None = None
) -> list[Priced]:
    """Every price line of the catalogs, in order, under an account; its rates are the scenario's where it states them."""
    lines: list[Priced] = []
    for catalog in catalogs:
        for entry in catalog.models:
            overriding = stated_rates(entry, scenario) if scenario is not None else {}
            own = (accounts or {}).get(entry.provider)
            if own is not None and own.concurrency is not None:
                overriding["concurrency"] = own.concurrency
            for offer in entry.offers:
                terms = entry.terms(offer).model_copy(update=overriding)
                lines.append(Priced(catalog, entry, offer, terms, len(lines), own))
    return lines


def stated_rates(entry: ModelEntry, scenario: Scenario) -> dict[str, object]:
    """What the scenario says about a model's failures and keeping: of the model, then of the model at its provider."""
    found: dict[str, object] = {}
    for name in (entry.model, f"{entry.provider}/{entry.model}"):
        if name in scenario.failure_rate:
            found["failure_rate"] = scenario.failure_rate[name]
        if name in scenario.keep_rate:
            found["keep_rate"] = scenario.keep_rate[name]
        if name in scenario.bills_failures:
            found["bills_failures"] = scenario.bills_failures[name]
    return found


class Tariff(NamedTuple):
    """What one generation is billed by: a price for each length, or by the second."""

    rounding: str
    usd: Fraction
    """Dollars that are paid for one unit of the prices below."""
    fixed: Mapping[Decimal, Decimal] | Mapping[Decimal, Fraction] | None
    per_second: Decimal | Fraction | None
    per_generation: Decimal | Fraction | None
    minimum: Decimal | Fraction | None

    def seconds(self, length: Fraction) -> Fraction:
        """Generated seconds to billed seconds."""
        if self.rounding == "none":
            return length
        return Fraction(math.ceil(length) if self.rounding == "up" else math.floor(length + Fraction(1, 2)))

    def charge(self, length: Fraction) -> int | None:
        """Price of one generation, rounded once, half-even, to the micro-dollar; None where the length has no price."""
        if self.fixed is not None:
            units = next((Fraction(price) for key, price in self.fixed.items() if Fraction(key) == length), None)
            if units is None:
                return None
        else:
            units = self.seconds(length) * Fraction(self.per_second or 0) + Fraction(self.per_generation or 0)
            units = max(units, Fraction(self.minimum or 0))
        return round(units * 1_000_000 * self.usd)


def billed(line: Priced, length: Fraction) -> Fraction:
    """Generated seconds to billed seconds."""
    return line.tariff.seconds(length)


def charge(line: Priced, length: Fraction) -> int:
    """Price of one generation of a length that the offer has."""
    price = line.tariff.charge(length)
    assert price is not None, "every length has a price"
    return price


def possible(line: Priced, length: Fraction) -> bool:
    """Whether the offer can generate this very length and bill it."""
    seconds = line.terms.seconds
    if seconds is None or billed(line, length) <= 0:
        return False
    if seconds.choices is not None:
        return any(Fraction(choice) == length for choice in seconds.choices)
    low, high, step = (Fraction(number or 0) for number in (seconds.min, seconds.max, seconds.step))
    return low <= length <= high and (step == 0 or (length - low) % step == 0)


def sold_on(entry: ModelEntry, day: dt.date) -> bool:
    """Whether a model is sold on a day."""
    return (entry.available_from is None or entry.available_from <= day) and (
        entry.available_until is None or day <= entry.available_until
    )


def least_charge(line: Priced, clip: Clip) -> int | None:
    """The least price of generations that make the clip within its bounds; None if none do."""
    need, most = Fraction(clip.seconds), clip.max_segments
    ceiling = None if clip.max_surplus_seconds is None else need + Fraction(clip.max_surplus_seconds)
    if line.terms.seconds is not None and line.terms.seconds.step == 0:
        parts = ((n, equal_part(line, need, n)) for n in range(1, most + 1))
        fits = (n * charge(line, p) for n, p in parts if possible(line, p) and (ceiling is None or n * p <= ceiling))
        return min(fits, default=None)
    if most == 1:
        return min((price for _, price in line.charges_within(need, ceiling)), default=None)
    cheapest: int | None = None
    totals = {Fraction(0): 0}
    for _ in range(most):
        longer: dict[Fraction, int] = {}
        for total, spent in totals.items():
            for length, price in line.charges:
                reached = total + length
                if ceiling is None or reached <= ceiling:
                    longer[reached] = min(longer.get(reached, spent + price), spent + price)
        whole = [spent for total, spent in longer.items() if total >= need]
        cheapest = min([*whole, *([] if cheapest is None else [cheapest])], default=None)
        totals = {total: spent for total, spent in longer.items() if total < need}
    return cheapest


def equal_part(line: Priced, need: Fraction, parts: int) -> Fraction:
    """One of ``parts`` equal parts of a clip on an offer of any length."""
    shortest = Fraction((line.terms.seconds.min if line.terms.seconds else None) or 0)
    if line.entry.rounding == "nearest":
        shortest = max(shortest, Fraction(1, 2))
    return max(shortest, need / parts)


def dubbed(clip: Clip, dubbing: Dubbing) -> int:
    """What sound made elsewhere costs for one clip."""
    return round(
        (Fraction(dubbing.usd_per_second) * Fraction(clip.seconds) + Fraction(dubbing.usd_per_clip)) * 1_000_000
    )


def is_dubbed(line: Priced, clip: Clip) -> bool:
    """Whether the clip's sound is made elsewhere when this offer makes it."""
    return clip.audio == "deferred" or (clip.audio == "any" and not line.offer.audio)


def audio_of(line: Priced, clip: Clip) -> str:
    """How the clip gets its sound on this offer."""
    if is_dubbed(line, clip):
        return "deferred"
    return "native" if line.offer.audio else "none"


def falls_short(line: Priced, clip: Clip) -> Iterator[str]:
    """The requirements that a degraded fallback may miss, and this offer does."""
    if clip.resolution is not None:
        made = line.offer.resolution
        if made is None or LADDER.index(made) < LADDER.index(clip.resolution):
            yield "resolution"
    if (clip.audio == "native" and not line.offer.audio) or (clip.audio == "deferred" and line.offer.audio):
        yield "audio"


def price_for(line: Priced, clip: Clip, dubbing: Dubbing, on: dt.date, *, degraded: bool = False) -> int | None:
    """Least price of the clip on this offer; None if the offer may not serve it."""
    entry, terms = line.entry, line.terms
    by_prompt = (
        clip.accept_image_prompt
        and clip.mode == "image-to-video"
        and entry.mode == "text-to-video"
        and entry.image_prompt
    )
    if entry.mode != clip.mode and not by_prompt:
        return None
    reference = clip.reference or ("video" if clip.mode == "motion-control" else None)
    allowed = (
        (reference is None or terms.reference is None or terms.reference == reference)
        and (degraded or not any(falls_short(line, clip)))
        and (clip.quality_min is None or (terms.quality is not None and terms.quality >= clip.quality_min))
        and (clip.models is None or entry.model in clip.models)
        and (clip.providers is None or entry.provider in clip.providers)
        and entry.model not in clip.not_models
        and entry.provider not in clip.not_providers
        and may_buy(entry, line.account)
        and sold_on(entry, on)
    )
    if not allowed or (price := least_charge(line, clip)) is None:
        return None
    price += dubbed(clip, dubbing) if is_dubbed(line, clip) else 0
    too_dear = clip.max_price_usd is not None and price > Fraction(clip.max_price_usd) * 1_000_000
    return None if too_dear else price
