"""Single values of a scenario that can be turned: prices of offers, and availabilities of models.

A knob makes the scenario with another value directly; its path is what ``--set`` calls the same, where a path leads to it alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple, Protocol

from router.analysis.steps import RESOLUTION
from router.errors import InputError
from router.loading.overrides import override
from router.loading.paths import PRICES, Tree, places, plain
from router.schema.base import Path
from router.schema.catalog import MAX_PRICE_USD, Catalog, ModelEntry, OfferEntry
from router.schema.scenario import Scenario

FARTHEST = 1000
"""Prices are followed up to this many times today's."""


class Knob(Protocol):
    """A value that can be turned."""

    @property
    def path(self) -> str:
        """What ``--set`` calls it; empty where no path leads to it alone."""

    @property
    def kind(self) -> str:
        """A path that says which kind of value it is (see `Study.straight`)."""

    @property
    def lowest(self) -> Decimal:
        """The least value that it is tried at."""

    @property
    def highest(self) -> Decimal:
        """The largest value that it is tried at."""

    def at(self, value: Decimal) -> Scenario:
        """The scenario with this value."""


class Place(NamedTuple):
    """Where an offer stands: positions of its catalog, its model, and its own there."""

    catalog: int
    model: int
    offer: int


class Shelf:
    """The offers of a scenario whose catalogs are read, where they stand."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.catalogs: tuple[Catalog, ...] = tuple(c for c in scenario.catalogs if isinstance(c, Catalog))
        assert len(self.catalogs) == len(scenario.catalogs), "catalogs must be read"
        self.places = [
            Place(c, m, k)
            for c, catalog in enumerate(self.catalogs)
            for m, entry in enumerate(catalog.models)
            for k in range(len(entry.offers))
        ]
        """By the position of the offer in all catalogs."""
        self._trees: list[Tree] | None = None

    def entry(self, order: int) -> tuple[ModelEntry, OfferEntry]:
        """The model and the offer at a position."""
        place = self.places[order]
        entry = self.catalogs[place.catalog].models[place.model]
        return entry, entry.offers[place.offer]

    def of_model(self, provider: str, model: str) -> list[int]:
        """The positions of all offers of a model."""
        return [k for k in range(len(self.places)) if _of(self.entry(k)[0]) == (provider, model)]

    def with_offers(self, changed: dict[int, dict[str, Any]]) -> Scenario:
        """The scenario with some fields of these offers set anew."""
        catalogs = list(self.catalogs)
        by_catalog: dict[int, dict[int, dict[int, dict[str, Any]]]] = {}
        for order, fields in changed.items():
            place = self.places[order]
            by_catalog.setdefault(place.catalog, {}).setdefault(place.model, {})[place.offer] = fields
        for c, of_models in by_catalog.items():
            models = list(catalogs[c].models)
            for m, of_offers in of_models.items():
                offers = [
                    offer.model_copy(update=of_offers[k]) if k in of_offers else offer
                    for k, offer in enumerate(models[m].offers)
                ]
                models[m] = models[m].model_copy(update={"offers": tuple(offers)})
            catalogs[c] = catalogs[c].model_copy(update={"models": tuple(models)})
        return self.scenario.model_copy(update={"catalogs": tuple(catalogs)})

    def scaled(self, orders: Iterable[int], factor: Decimal) -> Scenario:
        """The scenario with all prices of these offers times a factor, as ``price*=factor`` sets them."""
        changed = {}
        for order in orders:
            entry, offer = self.entry(order)
            terms = entry.terms(offer)
            stated = {name: getattr(offer, name, None) or getattr(terms, name, None) for name in PRICES}
            changed[order] = {name: _times(price, factor) for name, price in stated.items() if price is not None}
        return self.with_offers(changed)

    def path(self, orders: Collection[int], field: str) -> str:
        """The shortest path that leads to a field of these offers, of one offer or of all of a model, and to nothing else."""
        one, *others = orders
        place, (entry, offer) = self.places[one], self.entry(one)
        sound = "audio" if offer.audio else "silent"
        kind = "-".join(part for part in (offer.resolution, sound) if part)
        name = self.catalogs[place.catalog].name
        model, full = entry.model, f"{entry.provider}/{entry.model}"
        if others:
            texts = [f"offers.{model}.*.{field}", f"offers.{full}.*.{field}"]
        else:
            texts = [f"offers.{model}.{kind}.{field}", f"offers.{full}.{kind}.{field}"]
            texts += [f"offers.{full}.{entry.mode}-{kind}.{field}"]
            texts += [f"catalogs.{c}.models.{place.model}.offers.{place.offer}.{field}" for c in (name, place.catalog)]
        wanted = {self._path_of(order) for order in orders}
        return next((text for text in texts if self._leads(text) == wanted), "")

    def _path_of(self, order: int) -> Path:
        place = self.places[order]
        return ("catalogs", place.catalog, "models", place.model, "offers", place.offer)

    def _leads(self, text: str) -> set[Path]:
        """The offers that a path leads to."""
        self._trees = self._trees or [plain(catalog) for catalog in self.catalogs]
        try:
            one = override(f"{text}*=1")
            found = places({}, self._trees, one.path, one.label)
            return {place.path[:6] for place in found} if one.path == text else set()
        except InputError:
            return set()


@dataclass(frozen=True)
class PriceKnob:
    """The price of an offer: of a second, of a generation, or a factor on the fixed prices of its lengths."""

    shelf: Shelf
    order: int
    per: Literal["second", "generation", "length"]
    today: Decimal
    path: str
    highest: Decimal
    kind: str = "offers.any.price"
    lowest: Decimal = RESOLUTION

    @classmethod
    def of(cls, shelf: Shelf, order: int) -> PriceKnob:
        """That of an offer; where a second and a generation have a price, that of the second."""
        entry, offer = shelf.entry(order)
        catalog = shelf.catalogs[shelf.places[order].catalog]
        # Rounded down, so that what is below is below in dollars too
        most = catalog.units_in_usd * MAX_PRICE_USD
        below = Decimal(math.floor(most / Fraction(RESOLUTION))) * RESOLUTION - RESOLUTION
        if offer.prices is not None:
            farthest = min(Decimal(FARTHEST), below / max(*offer.prices.values(), RESOLUTION))
            highest = max(Decimal(1), farthest.quantize(Decimal(1), "ROUND_FLOOR"))
            return cls(shelf, order, "length", Decimal(1), shelf.path([order], "price"), highest)
        if offer.price_per_second is not None:
            field, today = "second", offer.price_per_second
        else:
            field, today = "generation", entry.terms(offer).price_per_generation or Decimal(0)
        highest = min(max(FARTHEST * today, Decimal(FARTHEST)), below).quantize(RESOLUTION, "ROUND_FLOOR")
        path = shelf.path([order], f"price_per_{field}")
        return cls(shelf, order, "second" if field == "second" else "generation", today, path, highest)

    def at(self, value: Decimal) -> Scenario:
        """The scenario with this price."""
        if self.per != "length":
            return self.shelf.with_offers({self.order: {f"price_per_{self.per}": value}})
        prices = self.shelf.entry(self.order)[1].prices
        return self.shelf.with_offers({self.order: {"prices": _times(prices, value)}})

    def lengths(self, factor: Decimal) -> list[tuple[Decimal, Decimal]]:
        """Of fixed prices (length, price times the factor)."""
        prices = self.shelf.entry(self.order)[1].prices or {}
        return [(length, price * factor) for length, price in sorted(prices.items())]


@dataclass(frozen=True)
class AvailabilityKnob:
    """The availability of a model at a provider, which comes before everything else that is said of it."""

    scenario: Scenario
    provider: str
    model: str
    today: Decimal | None
    """None: not stated, or not the same in all modes."""
    kind: str = "outages.availability.any"
    lowest: Decimal = Decimal(0)
    highest: Decimal = Decimal(1)

    @property
    def path(self) -> str:
        """In quotes where a step could end within the name."""
        name = f"{self.provider}/{self.model}"
        quoted = next((mark for mark in "\"'" if mark not in name), None)
        return "" if quoted is None else f"outages.availability.{quoted}{name}{quoted}"

    def at(self, value: Decimal) -> Scenario:
        """The scenario with this availability."""
        outages = self.scenario.outages
        stated = {**outages.availability, f"{self.provider}/{self.model}": value}
        return self.scenario.model_copy(update={"outages": outages.model_copy(update={"availability": stated})})


def availabilities(shelf: Shelf, orders: Iterable[int]) -> Iterator[AvailabilityKnob]:
    """The knob of each model that sells one of these offers."""
    stated = shelf.scenario.outages.availability
    for provider, model in models_of(shelf, list(orders)):
        entries = [shelf.entry(order)[0] for order in shelf.of_model(provider, model)]
        own = {entry.availability for entry in entries}
        today = own.pop() if len(own) == 1 else None
        known = (stated[key] for key in (f"{provider}/{model}", model) if key in stated)
        yield AvailabilityKnob(shelf.scenario, provider, model, next(known, today))


def models_of(shelf: Shelf, orders: Sequence[int]) -> list[tuple[str, str]]:
    """(provider, model) of these offers, each once."""
    return list(dict.fromkeys(_of(shelf.entry(order)[0]) for order in orders))


def _of(entry: ModelEntry) -> tuple[str, str]:
    return entry.provider, entry.model


def _times(price: Any, factor: Decimal) -> Any:
    if isinstance(price, dict):
        return {length: one * factor for length, one in price.items()}
    return price * factor
