"""What differs between two scenarios, and which clips it acts on: prices and terms of offers, requirements, settings.

Each difference is found once and told as one sentence, from the side of the scenario after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from router.analysis.reasons import reason, shown
from router.analysis.shifts import Shift
from router.loading.scenario_file import resolved_catalogs
from router.report.words import makes_text
from router.schema.account import AccountPack, AccountTerms
from router.schema.base import Model
from router.schema.catalog import Catalog, ModelEntry, OfferEntry, Terms
from router.schema.comparison import Kind, Reason
from router.schema.plan import Route
from router.schema.scenario import Drafts, Pack, Requirements, Scenario, Tier
from router.units import MICRO, from_micro, seconds_text, usd_text

OfferKey = tuple[str, str, str, str | None, str | None, bool]
"""(provider, model, mode, reference, resolution, sound)."""
_PRICES = ("price_per_second", "price_per_generation", "price_minimum", "prices")
_ENTRY = ("rounding", "image_prompt", "available_from", "available_until", "availability")
_TERMS = tuple(name for name in Terms.model_fields if name not in (*_PRICES, "free", "quality_source", "reference"))
_AGREED: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("price", ("discount", "units_per_usd", "usd_per_unit")),
    ("catalog", ("concurrency", "models", "regions")),
)
"""What is said of terms of an account that differ."""
_OF_DRAFTS = ("seconds", *(n for n in Requirements.model_fields
                           if n not in {"resolution", "audio", "quality_min", "max_price_usd", "max_takes", "value_usd", "group",
                                        "request", "drafts"}))  # fmt: skip
_OF_CLIPS = ("seconds", *(n for n in Requirements.model_fields if n not in {"group", "request", "drafts", "value_usd"}))


@dataclass(frozen=True, slots=True)
class Sold:
    """An offer with what it is part of."""

    catalog: Catalog
    entry: ModelEntry
    offer: OfferEntry
    terms: Terms
    account: AccountTerms
    """On whose terms its prices are told: those of the scenario after, so that only what a catalog says differs between two of them."""
    account_regions: tuple[str, ...] | None
    """The regions that its own scenario's account buys in; None: all."""

    @property
    def text(self) -> str:
        """The offer in words."""
        makes = makes_text(self.offer.resolution, "native" if self.offer.audio else "none", region=self.entry.region)
        return f"{self.entry.model} {makes}"

    @property
    def bought(self) -> bool:
        """Whether the account buys in its region."""
        return self.account_regions is None or self.entry.region in (None, *self.account_regions)

    def usd(self, amount: Decimal) -> str:
        """An amount of the catalog's unit, in the dollars that the account pays for it."""
        own, units = self.account, self.catalog.units_in_usd
        if self.catalog.unit != "usd" and (own.units_per_usd or own.usd_per_unit):
            units = Fraction(own.units_per_usd or 1) / Fraction(own.usd_per_unit or 1)
        return usd_text(from_micro(round(Fraction(amount) * (1 - Fraction(own.discount)) / units * MICRO)))


ByRegion = Mapping[str | None, Sold]
"""An offer by the region in which it is sold; None: everywhere."""


class BetweenScenarios:
    """What differs between two scenarios."""

    def __init__(self, before: Scenario, after: Scenario) -> None:
        self.before, self.after = before, after
        self._old, self._new = ({clip.id: clip for clip in scenario.clips} for scenario in (before, after))

    def offers(self, shift: Shift) -> Iterator[Reason]:
        """Prices and terms of the offers that the clips leave and take; of what catches them where these are the same."""
        routes = [place.route for place in (shift.before, shift.after) if place.route]
        own = [found for route in routes for found in self._changed.get(next(_keys(route)), ())]
        own += self._dubbing if any(step.audio == "deferred" for route in routes for step in route.chain) else []
        yield from own
        if not own:
            for route in routes:
                for key in list(_keys(route))[1:]:
                    yield from self._changed.get(key, ())

    @cached_property
    def _changed(self) -> Mapping[OfferKey, tuple[Reason, ...]]:
        old, new = (_sold(own, self.after.account) for own in (self.before, self.after))
        found: dict[OfferKey, tuple[Reason, ...]] = {}
        for key in dict.fromkeys((*old, *new)):
            if reasons := tuple(_between(old.get(key, {}), new.get(key, {}))):
                found[key] = reasons
        return found

    @cached_property
    def _dubbing(self) -> list[Reason]:
        old, new = self.before.dubbing, self.after.dubbing
        rates = (("usd_per_second", "/s"), ("usd_per_clip", " a clip"))
        return [
            reason("price", f"dubbing costs {usd_text(now)}{unit} instead of {usd_text(was)}{unit}")
            for name, unit in rates
            if (was := getattr(old, name)) != (now := getattr(new, name))
        ]

    def requirements(self, shift: Shift, clip: str) -> tuple[Reason, ...]:
        """Requirements of the clip, or of its drafts, that differ."""
        old, new = self._old.get(clip), self._new.get(clip)
        absent = "absent" in (shift.before.state, shift.after.state)
        if old is None or new is None or old is new or (absent and not shift.draft):
            return ()
        names = _OF_DRAFTS if shift.draft else _OF_CLIPS
        found = [*_changes(old, new, names)]
        if shift.draft and old.drafts != new.drafts:
            found += _changes(old.drafts, new.drafts, Drafts.model_fields, "drafts.")
        elif old.drafts != new.drafts and "left-out" in (shift.before.state, shift.after.state):
            # They are paid for with the clip.
            found += (
                _changes(old, new, ("drafts",))
                if None in (old.drafts, new.drafts)
                else _changes(old.drafts, new.drafts, Drafts.model_fields, "drafts.")
            )
        if old.group != new.group and (self.before.limits.groups or self.after.limits.groups):
            found += _changes(old, new, ("group",))
        if "left-out" in (shift.before.state, shift.after.state):
            found += _changes(old, new, ("value_usd",))
        return tuple(reason("requirement", text) for text in found)

    def settings(self, shift: Shift) -> Iterator[Reason]:
        """Settings that act on what clips cost on these routes beside their price."""
        routes = [place.route for place in (shift.before, shift.after) if place.route]
        if any(len(route.chain) > 1 or route.expected_usd != route.price_usd for route in routes) or shift.repriced:
            yield from self._fallback
        yield from self._objective
        if not self._chances:
            return
        names = {name for route in routes for step in route.chain for name in
                 (step.model, step.provider, f"{step.provider}/{step.model}")}  # fmt: skip
        for name, found in self._chances:
            if name is None or name in names:
                yield found

    @cached_property
    def _fallback(self) -> list[Reason]:
        old, new = self.before.fallback, self.after.fallback
        return [reason("fallback", text) for text in _changes(old, new, type(old).model_fields, "fallback.")]

    @cached_property
    def _chances(self) -> list[tuple[str | None, Reason]]:
        """What differs in what chance can do, and on whom it acts (None: on all)."""
        found: list[tuple[str | None, Reason]] = []
        outages, rates = (self.before.outages, self.after.outages), ("failure_rate", "keep_rate", "bills_failures")
        tables = [
            (f"outages.{name}", *(getattr(o, name) for o in outages)) for name in ("availability", "repair_minutes_of")
        ]
        tables += [(name, getattr(self.before, name), getattr(self.after, name)) for name in rates]
        for title, old, new in tables:
            for name in dict.fromkeys((*old, *new)):
                if old.get(name) != new.get(name):
                    was = _applied(title, name, old, self.before)
                    now = _applied(title, name, new, self.after)
                    found.append((name, reason("outages", f"{title} of {name} is {now} instead of {was}")))
        whole = ("correlation", "provider_correlation", "repair_minutes", "run_minutes")
        found += [(None, reason("outages", text)) for text in _changes(*outages, whole, "outages.")]
        return found

    @cached_property
    def _objective(self) -> list[Reason]:
        old, new = self.before.objective, self.after.objective
        names = [name for name in type(old).model_fields if name != "penalty_usd"]
        texts = [*_changes(old, new, names, "objective.")]
        texts += _changes(
            old.penalty_usd, new.penalty_usd, type(old.penalty_usd).model_fields, "objective.penalty_usd."
        )
        return [reason("objective", text) for text in texts]

    def account(self, shift: Shift) -> Iterator[Reason]:
        """Terms of the account with the providers that the clips leave or take."""
        providers = {place.route.provider for place in (shift.before, shift.after) if place.route}
        for provider in sorted(providers):
            old, new = (own.account.get(provider) or AccountTerms() for own in (self.before, self.after))
            for kind, names in _AGREED:
                yield from (reason(kind, text) for text in _changes(old, new, names, f"account.{provider}."))
            if old.packs != new.packs:
                now, was = _owned(new.packs), _owned(old.packs)
                yield reason("savings", f"packs owned of {provider} differ: {now} instead of {was}")

    def savings(self, shift: Shift) -> Iterator[Reason]:
        """Packs and volume discounts of the providers that the clips leave or take."""
        if (self.before.packs, self.before.tiers) == (self.after.packs, self.after.tiers):
            return
        providers = {place.route.provider for place in (shift.before, shift.after) if place.route}
        for noun, old, new in (
            ("packs", self.before.packs, self.after.packs),
            ("tiers", self.before.tiers, self.after.tiers),
        ):
            for provider in sorted(providers):
                was, now = ([entry for entry in terms if entry.provider == provider] for terms in (old, new))
                if was != now:
                    yield reason("savings", f"{noun} of {provider} differ: {_listed(now)} instead of {_listed(was)}")


def _owned(packs: Sequence[AccountPack]) -> str:
    def until(pack: AccountPack) -> str:
        return f" until {pack.valid_until}" if pack.valid_until else ""

    return " and ".join(f"{own.count} x {usd_text(own.pays_for_usd)}{until(own)}" for own in packs) or "none"


def _applied(title: str, name: str, stated: Mapping[str, object], scenario: Scenario) -> str:
    """What a scenario says of a model under this name, else under its plain one; else what catalogs say of it."""
    _, _, plain = name.rpartition("/")
    if (own := stated.get(name, stated.get(plain))) is not None:
        return shown(own)
    field = title.removeprefix("outages.")
    said = {
        getattr(entry if field == "availability" else entry.terms(offer), field, None): None
        for catalog in resolved_catalogs(scenario)
        for entry in catalog.models
        for offer in entry.offers
        if name in (entry.model, f"{entry.provider}/{entry.model}")
    }
    values = [shown(value) for value in said if value is not None]
    return f"the catalog's {' or '.join(values)}" if values else "none"


def _sold(scenario: Scenario, accounts: Mapping[str, AccountTerms]) -> dict[OfferKey, dict[str | None, Sold]]:
    found: dict[OfferKey, dict[str | None, Sold]] = {}
    for catalog in resolved_catalogs(scenario):
        for entry in catalog.models:
            regions = (scenario.account.get(entry.provider) or AccountTerms()).regions
            for offer in entry.offers:
                terms = entry.terms(offer)
                key = (entry.provider, entry.model, entry.mode, terms.reference, offer.resolution, offer.audio)
                told = accounts.get(entry.provider) or AccountTerms()
                found.setdefault(key, {})[entry.region] = Sold(catalog, entry, offer, terms, told, regions)
    return found


def _between(old: ByRegion, new: ByRegion) -> Iterator[Reason]:
    """What differs in an offer between two scenarios, region by region; a region that is left for another is compared with that."""
    was, now = ({region: own for region, own in side.items() if own.bought} for side in (old, new))
    left, taken = [was[r] for r in was if r not in now], [now[r] for r in now if r not in was]
    for pair in (*((was[r], now[r]) for r in was if r in now), *zip(left, taken, strict=False)):
        yield from _offer_changes(*pair)
    for own in taken[len(left) :]:
        if own.entry.region not in old:
            yield reason("new", f"{own.text} is new in catalog {own.catalog.name}{_price(own)}")
    for own in left[len(taken) :]:
        if own.entry.region not in new:
            yield reason("gone", f"{own.text} is in no catalog any more ({own.catalog.name} had it)")


def _keys(route: Route) -> Iterator[OfferKey]:
    """The offer of each step of a route; a step that needs no sound may be made with it."""
    for step in route.chain:
        for sound in (True,) if step.audio == "native" else (False,):
            yield (step.provider, step.model, route.mode, route.reference, step.resolution, sound)


def _offer_changes(was: Sold, now: Sold) -> Iterator[Reason]:
    """What differs in an offer that both scenarios have: prices, then terms."""
    yield from (reason("price", f"{now.text} {text}") for text in _price_changes(was, now))
    old = {**{n: getattr(was.entry, n) for n in _ENTRY}, **{n: getattr(was.terms, n) for n in _TERMS}}
    new = {**{n: getattr(now.entry, n) for n in _ENTRY}, **{n: getattr(now.terms, n) for n in _TERMS}}
    for name, value in new.items():
        if value != old[name]:
            yield reason("catalog", f"{now.text}: {name} {shown(value)} instead of {shown(old[name])}")


def _price_changes(was: Sold, now: Sold) -> Iterator[str]:
    old, new = was.offer.price_per_second, now.offer.price_per_second
    if old is not None and new is not None and was.usd(old) != now.usd(new):
        yield f"costs {now.usd(new)}/s instead of {was.usd(old)}/s"
    elif (old is None) != (new is None):
        yield f"is priced {_by(now)} instead of {_by(was)}"
    before, after = was.offer.prices or {}, now.offer.prices or {}
    for length in sorted(before.keys() & after.keys()):
        if was.usd(before[length]) != now.usd(after[length]):
            yield f"costs {now.usd(after[length])} for {seconds_text(length)} instead of {was.usd(before[length])}"
    for name, what in (("price_per_generation", "a generation besides"), ("price_minimum", "at least")):
        first, then = getattr(was.terms, name), getattr(now.terms, name)
        shown_ = ["nothing" if a is None else own.usd(a) for own, a in ((was, first), (now, then))]
        if shown_[0] != shown_[1]:
            yield f"costs {shown_[1]} instead of {shown_[0]} {what}"


def _by(sold: Sold) -> str:
    return (
        "by length"
        if sold.offer.prices is not None
        else "by the second"
        if sold.offer.price_per_second
        else "by the generation"
    )


def _price(sold: Sold) -> str:
    rate = sold.offer.price_per_second
    return "" if rate is None else f", at {sold.usd(rate)}/s"


def _changes(old: Model | None, new: Model | None, names: Iterable[str], prefix: str = "") -> Iterator[str]:
    """The fields that differ, each with both values; a model that is absent has none of them."""
    values = ((name, getattr(old, name, None), getattr(new, name, None)) for name in names)
    for name, was, now in values:
        if was is not now and was != now:
            yield f"{prefix}{name} {shown(now)} instead of {shown(was)}"


def _listed(terms: Sequence[Pack | Tier]) -> str:
    parts = [
        f"{own.max_count} x {usd_text(own.pays_for_usd)} for {usd_text(own.price_usd)}"
        if isinstance(own, Pack)
        else f"{shown(own.discount * 100)}% from {usd_text(own.from_usd)}"
        for own in terms
    ]
    return " and ".join(parts) or "none"
