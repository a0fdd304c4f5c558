"""The rules by which something in a catalog is odd.

Prices are in dollars, each rounded to the micro-dollar as it is billed; rates, in dollars a second, are of the length nearest to 5 s.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from router.offers.pricing import price
from router.offers.table import offer_table
from router.providers import PROVIDERS
from router.schema.base import Path
from router.schema.candidate import Offer
from router.schema.catalog import Catalog, ModelEntry
from router.schema.catalog_check import Level, What
from router.units import MICRO, RESOLUTION_RANK, RESOLUTIONS, from_micro, seconds_text, to_micro, usd_text

OUTLIER = 10
"""How many times the median of its neighbours, or which fraction of it, is odd."""
TYPICAL = Fraction(5)
"""Seconds; rates are compared at the length nearest to this."""
_ADDRESS = re.compile(r"https?://[^\s/?#]+\.[^\s/?#]+\S*|https?://localhost\S*", re.IGNORECASE)


class Found(NamedTuple):
    """Something odd in one catalog."""

    what: What
    path: Path
    text: str
    mend: str
    level: Level = "finding"


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """An offer and where it stands; equal only to itself."""

    offer: Offer
    catalog: Catalog
    entry: ModelEntry
    path: Path

    @property
    def on_sale(self) -> bool:
        """Whether it is on sale on the day."""
        return self.offer.status == "sold"

    @property
    def name(self) -> str:
        """What it is, in words."""
        offer = self.offer
        parts = [f"{offer.provider}/{offer.model}", offer.mode, offer.resolution or "", sound(offer.audio)]
        return " ".join(filter(None, parts)) + (f", {offer.reference} reference" if offer.reference else "")

    @property
    def line(self) -> tuple[object, ...]:
        """The seller's product: all but resolution and sound."""
        return (self.offer.provider, self.offer.model, self.offer.mode, self.offer.reference)

    @property
    def rate(self) -> Fraction | None:
        """Dollars a second, at the length nearest to the typical one; None where it makes no length."""
        lengths = self.offer.lengths
        if self.offer.length_range is not None:
            shortest, longest = self.offer.length_range
            lengths = (min(max(TYPICAL, shortest), longest),)
        nearest = min(lengths, key=lambda seconds: (abs(seconds - TYPICAL), seconds), default=None)
        return None if nearest is None else Fraction(price(self.offer, nearest), MICRO) / nearest


def sound(audio: bool) -> str:
    """A sound in words."""
    return "with audio" if audio else "silent"


def listed(catalog: Catalog, day: dt.date) -> list[Listed]:
    """The offers of a catalog as they stand on a day."""
    places = [
        (entry, ("models", m, "offers", i)) for m, entry in enumerate(catalog.models) for i in range(len(entry.offers))
    ]
    return [
        Listed(offer, catalog, entry, path)
        for offer, (entry, path) in zip(offer_table([catalog], day), places, strict=True)
    ]


# ---- what a catalog states of itself ---------------------------------------------------------------------------------


def catalog_facts(catalog: Catalog, rows: Sequence[Listed], day: dt.date) -> Iterator[Found]:
    """Dates, sources, days of sale and names for the API."""
    for path, source in _stated(catalog, "source"):
        if not _ADDRESS.fullmatch(source.strip()):
            yield Found(
                "source",
                path,
                "source is no address",
                "give the address of the page that states the price (https://...)",
                "note",
            )
    for path, seen in _stated(catalog, "as_of"):
        yield from _on_date(catalog, path, seen, day)
    for m, entry in enumerate(catalog.models):
        if entry.provider in PROVIDERS and entry.api_model is None:
            yield Found(
                "api-model",
                ("models", m),
                f"{entry.provider}/{entry.model} has no api_model: {entry.provider} would be asked for '{entry.model}', a name of ours",
                "set api_model to the API's own name",
            )
    yield from _days_of_sale(rows)


def _stated(catalog: Catalog, field: str) -> Iterator[tuple[Path, Any]]:
    """Every place where a date or a source stands."""
    yield (field,), getattr(catalog, field)
    for m, entry in enumerate(catalog.models):
        holders = [(("models", m), entry), *((("models", m, "offers", i), own) for i, own in enumerate(entry.offers))]
        for path, holder in holders:
            if (value := getattr(holder, field)) is not None:
                yield (*path, field), value


def _on_date(catalog: Catalog, path: Path, seen: dt.date, day: dt.date) -> Iterator[Found]:
    most, age = catalog.stale_after_days, (day - seen).days
    if age < 0:
        yield Found("future", path, f"as_of {seen} is after {day}", "set as_of to the day the price was seen")
    elif most is not None and age > most:
        text = f"prices seen on {seen} are {age} days old on {day}; the catalog allows {most}"
        yield Found("stale", path, text, "look them up again and set as_of")


def _days_of_sale(rows: Sequence[Listed]) -> Iterator[Found]:
    """Entries that are not on sale, but for those that something else in the catalog stands in for."""
    sold = {_thing(own) for own in rows if own.on_sale}
    told: set[Path] = set()
    for own in rows:
        place = own.path[:2]
        if own.offer.status == "sold" or place in told or _thing(own) in sold:
            continue
        told.add(place)
        field = "available_until" if own.offer.status == "retired" else "available_from"
        text = f"{own.offer.provider}/{own.offer.model} {own.offer.mode} is {own.offer.dates}"
        mend = "take it out, or keep it for an earlier --as-of" if own.offer.status == "retired" else ""
        yield Found(own.offer.status, (*place, field), text, mend, "note")


def _thing(own: Listed) -> tuple[object, ...]:
    return (*own.line, own.offer.region, own.offer.resolution, own.offer.audio)


# ---- prices beside one another ---------------------------------------------------------------------------------------


def price_oddities(rows: Sequence[Listed], everything: Sequence[Listed]) -> Iterator[Found]:
    """What is odd among the prices of one catalog that are on sale.

    Parameters
    ----------
    everything
        The offers of all catalogs, this one's included.
    """
    sold = [own for own in rows if own.on_sale]
    lines: dict[tuple[object, ...], list[Listed]] = {}
    for own in sold:
        lines.setdefault((*own.line, own.offer.region), []).append(own)
    for line in lines.values():
        yield from _missing_sounds(line)
        yield from _cheaper_resolutions(line)
        yield from _cheaper_sounds(line)
    yield from _missing_resolutions(lines)
    for own in sold:
        yield from _cheaper_lengths(own)
    yield from _outliers(sold, [own for own in everything if own.on_sale])


def _missing_sounds(line: Sequence[Listed]) -> Iterator[Found]:
    """A resolution that is made, but not with a sound that one below and one above it have."""
    made = {(own.offer.resolution_rank, own.offer.audio): own for own in line if own.offer.resolution}
    for audio in (False, True):
        ranks = sorted(rank for rank, has in made if has is audio)
        for rank in sorted({rank for rank, _ in made}):
            if ranks and ranks[0] < rank < ranks[-1] and rank not in ranks:
                own = made[rank, not audio]
                ends = f"{RESOLUTIONS[ranks[0]]} and {RESOLUTIONS[ranks[-1]]}"
                text = f"{own.name}: {ends} are sold {sound(audio)}, {own.offer.resolution} is not"
                yield Found("gap", own.path, text, f"add {own.offer.resolution} {sound(audio)}")


def _missing_resolutions(lines: dict[tuple[object, ...], list[Listed]]) -> Iterator[Found]:
    """A resolution that a mode lacks between its lowest and highest, and another mode of the model has."""
    ladders: dict[tuple[object, ...], dict[object, list[Listed]]] = {}
    for (provider, model, mode, *_), line in lines.items():
        ladders.setdefault((provider, model), {}).setdefault(mode, []).extend(line)
    for modes in ladders.values():
        ranks = {
            mode: {own.offer.resolution_rank for own in line if own.offer.resolution} for mode, line in modes.items()
        }
        for mode, line in modes.items():
            for rank in sorted(set().union(*ranks.values()) - ranks[mode]):
                if ranks[mode] and min(ranks[mode]) < rank < max(ranks[mode]):
                    other = next(name for name, has in ranks.items() if rank in has)
                    text = f"{line[0].offer.provider}/{line[0].offer.model} has no {RESOLUTIONS[rank]} in {mode}, and has it in {other}"
                    yield Found("gap", line[0].path[:2], text, f"add {RESOLUTIONS[rank]} to {mode}")


def _cheaper_resolutions(line: Sequence[Listed]) -> Iterator[Found]:
    for audio in (False, True):
        ladder = sorted(
            (own for own in line if own.offer.audio is audio and own.offer.resolution),
            key=lambda own: RESOLUTION_RANK[own.offer.resolution or ""],
        )
        for lower, higher in pairwise(ladder):
            if seconds := _where_cheaper(higher, lower):
                costs = _costs(seconds, higher, lower)
                text = (
                    f"{higher.name} costs {costs[0]} for {seconds_text(seconds)}, {lower.offer.resolution} {costs[1]}"
                )
                yield Found("resolution", higher.path, text, "check which price is of which resolution")


def _cheaper_sounds(line: Sequence[Listed]) -> Iterator[Found]:
    by_resolution = {(own.offer.resolution, own.offer.audio): own for own in line}
    for (resolution, audio), own in by_resolution.items():
        silent = by_resolution.get((resolution, False))
        if audio and silent is not None and (seconds := _where_cheaper(own, silent)):
            costs = _costs(seconds, own, silent)
            text = f"{own.name} costs {costs[0]} for {seconds_text(seconds)}, silent {costs[1]}"
            yield Found("sound", own.path, text, "check which price is of which sound")


def _cheaper_lengths(own: Listed) -> Iterator[Found]:
    if own.offer.fixed_prices is None:
        return
    for shorter, longer in pairwise(own.offer.lengths):
        if price(own.offer, longer) < price(own.offer, shorter):
            costs = [usd_text(from_micro(price(own.offer, seconds))) for seconds in (longer, shorter)]
            text = f"{own.name} costs {costs[0]} for {seconds_text(longer)}, {costs[1]} for {seconds_text(shorter)}"
            yield Found("length", (*own.path, "prices"), text, "check which price is of which length")


def _where_cheaper(one: Listed, other: Listed) -> Fraction | None:
    """The shortest length that both make and that costs less with ``one``."""
    common = _common_lengths(one.offer, other.offer)
    return next((seconds for seconds in common if price(one.offer, seconds) < price(other.offer, seconds)), None)


def _common_lengths(one: Offer, other: Offer) -> list[Fraction]:
    """Lengths that both make, shortest first; of any length the ends of what they share."""
    ranges = [offer.length_range for offer in (one, other) if offer.length_range is not None]
    lists = [offer.lengths for offer in (one, other) if offer.length_range is None]
    shortest, longest = (pick(ends[k] for ends in ranges) if ranges else None for k, pick in ((0, max), (1, min)))
    if lists:
        shared = sorted(set(lists[0]).intersection(*lists[1:]))
        return [s for s in shared if (shortest is None or s >= shortest) and (longest is None or s <= longest)]
    if shortest is None or longest is None or shortest > longest:
        return []
    return sorted({shortest, longest})


def _costs(seconds: Fraction, *rows: Listed) -> list[str]:
    return [usd_text(from_micro(price(own.offer, seconds))) for own in rows]


# ---- far from its neighbours -----------------------------------------------------------------------------------------


def _outliers(sold: Sequence[Listed], everything: Sequence[Listed]) -> Iterator[Found]:
    """Rates far from those of other sellers; of the rest, those far from the seller's other resolutions."""
    by_product: dict[tuple[object, ...], list[Listed]] = {}
    for own in everything:
        by_product.setdefault((own.line[1:], own.offer.resolution, own.offer.audio), []).append(own)
    odd: set[Listed] = set()
    for own in sold:
        product = by_product.get((own.line[1:], own.offer.resolution, own.offer.audio), ())
        others = [other for other in product if other.offer.provider != own.offer.provider]
        if text := _far(own, others):
            odd.add(own)
            yield Found("outlier", own.path, f"{text} of the same at other sellers", _MEND)
    ladders: dict[tuple[object, ...], list[Listed]] = {}
    for own in sold:
        ladders.setdefault((own.line, own.offer.audio), []).append(own)
    for own in sold:
        ladder = [other for other in ladders[own.line, own.offer.audio] if other is not own and other not in odd]
        # Of two that are far apart only the dearer is told: it cannot be known which of them is wrong.
        if own not in odd and (text := _far(own, ladder, dearer_only=len(ladder) == 1)):
            odd.add(own)
            yield Found("outlier", own.path, f"{text} of its other resolutions", _MEND)


_MEND = "check the decimal point and the unit"


def _far(own: Listed, others: Sequence[Listed], *, dearer_only: bool = False) -> str:
    """How a rate stands to the median of others, where it is far from it."""
    rate = own.rate
    rates = [other.rate for other in others if other.rate]
    if not rates or not rate:
        return ""
    # Of an even number of neighbours two are in the middle; the one counts from which the rate is less far.
    above, below = statistics.median_high(rates), statistics.median_low(rates)
    if rate >= OUTLIER * above:
        return f"{own.name} costs {_rate_text(rate)}, {float(rate / above):.3g} times the {_rate_text(above)}"
    if rate * OUTLIER <= below and not dearer_only:
        return f"{own.name} costs {_rate_text(rate)}, 1/{float(below / rate):.3g} of the {_rate_text(below)}"
    return ""


def _rate_text(rate: Fraction) -> str:
    # Of an absurdly short length it has more digits than money.
    return f"{usd_text(from_micro(to_micro(rate)))}/s" if rate < 10**12 else f"${float(rate):.3g}/s"
