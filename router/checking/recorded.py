"""The prices that a plan records: its routes follow from them, and they are what the catalogs say, or said when it was made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from router.checking.account import dollars, share_paid
from router.checking.prices import Priced, Tariff, price_lines, sold_on
from router.schema.catalog import Catalog, ModelEntry, OfferEntry
from router.schema.plan import ChainStep, Plan, Route
from router.schema.prices import CatalogRef, PriceLine

Key = tuple[str, str, str, str | None, str | None, str | None, bool]
"""(provider, model, mode, region, reference, resolution, audio)."""


def recorded(plan: Plan) -> Iterator[str]:
    """What is wrong between a plan's chains and the prices that it records; nothing where it records none."""
    lines = {line.offer: line for line in plan.prices}
    steps = [step for route in plan.routes for step in route.chain]
    if not lines and all(step.offer is None for step in steps):
        return
    if len(lines) < len(plan.prices):
        yield "prices: an offer stands twice"
    names = {ref.name for ref in plan.catalogs}
    used = {step.offer for step in steps}
    for line in plan.prices:
        if line.catalog not in names:
            yield f"prices: {_named(line)} is of catalog '{line.catalog}', which the plan does not list"
        if line.offer not in used:
            yield f"prices: {_named(line)} is on no chain"
    for number, route in enumerate(plan.routes, start=1):
        for step in route.chain:
            if finding := _step(route, step, lines.get(-1 if step.offer is None else step.offer)):
                yield f"route {number} ({route.provider}/{route.model}): {finding}"
        primary = lines.get(-1 if route.chain[0].offer is None else route.chain[0].offer)
        if primary is not None and primary.catalog != route.catalog:
            yield f"route {number} ({route.provider}/{route.model}): its price is of catalog '{primary.catalog}'"


def _step(route: Route, step: ChainStep, line: PriceLine | None) -> str | None:
    """What is wrong between a step and its price line."""
    name = f"{step.provider}/{step.model}"
    if line is None:
        return f"the price of {name} is not among the plan's prices"
    sound = step.audio == "native"
    if (line.provider, line.model, line.resolution) != (step.provider, step.model, step.resolution) or (
        line.audio != sound and step.audio != "deferred"
    ):
        return f"the price that its chain names for {name} is that of {_named(line)}"
    tariff, lengths = _tariff(line), [Fraction(length) for length in step.segments]
    part = Fraction(route.seconds) / len(lengths)
    ways = [lengths]
    if all(abs(length - part) < Fraction(1, 10**6) for length in lengths):
        ways.append([part] * len(lengths))  # Equal parts that a decimal cannot hold
    charged = [[tariff.charge(length) for length in way] for way in ways]
    sums = [sum(price or 0 for price in way) for way in charged if None not in way]
    if step.price_usd - step.dubbing_usd not in [Decimal(amount).scaleb(-6) for amount in sums]:
        makes = f"{Decimal(sums[0]).scaleb(-6) + step.dubbing_usd}" if sums else "no price for that length"
        return f"price of {name} is {step.price_usd}, the price that the plan records makes it {makes}"
    return None


def _tariff(line: PriceLine) -> Tariff:
    """What the account pays."""
    return _listed(line)._replace(usd=share_paid(line.account) * dollars(line.account, line))


def _listed(line: PriceLine) -> Tariff:
    """What the catalog says, whatever the account agreed."""
    return Tariff(
        line.rounding,
        dollars(None, line),
        line.prices,
        line.price_per_second,
        line.price_per_generation,
        line.price_minimum,
    )


def misdated(ref: CatalogRef, catalog: Catalog) -> bool:
    """Whether a plan that knows its catalog's file says otherwise how long its prices are good for."""
    return ref.sha256 is not None and ref.stale_after_days != catalog.stale_after_days


def same_price(line: PriceLine, own: Priced) -> bool:
    """Whether a price line of a catalog is the one that a plan records."""
    seen = own.terms.as_of or own.catalog.as_of, own.terms.source or own.catalog.source
    return (
        (line.catalog, *_key_of(line)) == (own.catalog.name, *_key(own.entry, own.offer))
        and _tariff(line) == own.tariff
        and (line.as_of, line.source) == seen
    )


def differing(ref: CatalogRef, catalog: Catalog, prices: Iterable[PriceLine], on: dt.date) -> Iterator[str]:
    """What a catalog that is no longer the file that a plan was made with says of the prices that the plan records of it.

    Parameters
    ----------
    on
        Of several prices for one thing the one that is in force on this day is told.
    """
    dated = f"of {catalog.as_of}, not of {ref.as_of}" if ref.as_of != catalog.as_of else f"of {ref.as_of} as before"
    yield f"catalog {catalog.name} is not the one that the plan was made with: it is {dated}"
    now: dict[Key, list[Priced]] = {}
    for own in price_lines([catalog]):
        now.setdefault(_key(own.entry, own.offer), []).append(own)
    for line in prices:
        found = now.get(_key_of(line), [])
        tariffs = [_in_dollars(own.tariff) for own in sorted(found, key=lambda own: not sold_on(own.entry, on))]
        if not tariffs:
            yield f"{_named(line)}: no longer in catalog {catalog.name}"
        elif _in_dollars(_listed(line)) not in tariffs:
            yield f"{_named(line)}: {_said(tariffs[0])} now, {_said(_in_dollars(_listed(line)))} in the plan"


def stale_prices(plan: Plan, on: dt.date) -> Iterator[str]:
    """Prices that a plan records and that are older on a day than their catalog allows."""
    allowed = {ref.name: ref.stale_after_days for ref in plan.catalogs}
    for line in plan.prices:
        most = allowed.get(line.catalog)
        if most is not None and (on - line.as_of).days > most:
            yield f"the price of {_named(line)} is from {line.as_of}, more than {most} days old"


def _in_dollars(tariff: Tariff) -> Tariff:
    """The same, whatever unit it is stated in."""

    def usd(price: Decimal | Fraction | None) -> Fraction | None:
        return None if price is None else Fraction(price) * tariff.usd

    fixed = None if tariff.fixed is None else {length: Fraction(p) * tariff.usd for length, p in tariff.fixed.items()}
    least = [usd(price) or None for price in (tariff.per_second, tariff.per_generation, tariff.minimum)]
    return Tariff(tariff.rounding, Fraction(1), fixed, *least)


def _said(tariff: Tariff) -> str:
    """The prices in dollars."""
    if tariff.fixed is not None:
        return ", ".join(f"{_usd(price, tariff)} for {length:f} s" for length, price in tariff.fixed.items())
    parts = []
    if tariff.per_second is not None:
        parts.append(f"{_usd(tariff.per_second, tariff)}/s")
    if tariff.per_generation is not None:
        parts.append(f"{_usd(tariff.per_generation, tariff)} a generation")
    if tariff.minimum is not None:
        parts.append(f"{_usd(tariff.minimum, tariff)} at least")
    rounded = {"nearest": "", "up": ", seconds rounded up", "none": ", seconds not rounded"}[tariff.rounding]
    return f"{' and '.join(parts)}{rounded}"


def _usd(price: Decimal | Fraction, tariff: Tariff) -> str:
    return f"${Decimal(round(Fraction(price) * 10**6 * tariff.usd)).scaleb(-6).normalize():f}"


def _key(entry: ModelEntry, offer: OfferEntry) -> Key:
    reference = offer.reference or entry.reference
    return entry.provider, entry.model, entry.mode, entry.region, reference, offer.resolution, offer.audio


def _key_of(line: PriceLine) -> Key:
    return line.provider, line.model, line.mode, line.region, line.reference, line.resolution, line.audio


def _named(line: PriceLine) -> str:
    made = " ".join(filter(None, (line.resolution, "with audio" if line.audio else "silent")))
    return f"{line.provider}/{line.model} {made}"
