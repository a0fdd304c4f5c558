"""A catalog file: a dated, sourced list of what can be bought, and at which price.

Prices are in the catalog's unit (US dollars unless it says otherwise); lengths are seconds; rates are in [0, 1].
"""

import datetime as dt
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from router.schema.base import (
    Count,
    Date,
    Flag,
    Model,
    Name,
    Number,
    Path,
    Positive,
    Price,
    Rate,
    SchemaVersion,
    Seconds,
    SecondsKey,
    SecondsOrZero,
    Text,
    refusal,
)
from router.units import RESOLUTIONS

Resolution = Literal["360p", "480p", "540p", "720p", "768p", "1080p", "2k", "4k"]
Reference = Literal["image", "video"]
MAX_LENGTHS = 1000
MAX_PRICE_USD = 10**6


class Lengths(Model):
    """The lengths that one generation can have: ``{min, max, step}`` (step 0: any length) or ``{choices}``."""

    min: Seconds | None = None
    """Shortest length, seconds."""
    max: Seconds | None = None
    """Longest length, seconds."""
    step: SecondsOrZero | None = None
    """Distance between lengths, seconds; 0 means any length from min to max."""
    choices: tuple[Seconds, ...] | None = None
    """The only lengths possible, seconds."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.choices is not None:
            if self.min is not None or self.max is not None or self.step is not None:
                raise refusal([((), "lengths are either choices, or min, max and step, not both")])
            if not self.choices or len(set(self.choices)) != len(self.choices):
                raise refusal([(("choices",), "must list at least one length, each once")])
            if len(self.choices) > MAX_LENGTHS:
                raise refusal([(("choices",), f"lists more than {MAX_LENGTHS} lengths")])
            return self
        if self.min is None or self.max is None or self.step is None:
            raise refusal([((), "lengths need min, max and step, or choices")])
        if self.max < self.min:
            raise refusal([(("max",), f"is below min ({self.min} s)")])
        if self.step and (self.max - self.min) / self.step >= MAX_LENGTHS:
            raise refusal([(("step",), f"makes more than {MAX_LENGTHS} lengths; step = 0 allows any length")])
        return self

    def listed(self) -> tuple[Decimal, ...]:
        """Every possible length, shortest first; empty where any length is possible (step 0)."""
        if self.choices is not None:
            return tuple(sorted(self.choices))
        if self.min is None or self.max is None or not self.step:
            return ()
        return tuple(self.min + self.step * i for i in range(int((self.max - self.min) / self.step) + 1))


class Terms(Model):
    """What may stand on a model entry or on one of its offers; an offer's own value wins."""

    seconds: Lengths | None = None
    """The lengths that one generation can have."""
    reference: Reference | None = None
    """What motion is taken from, where the model distinguishes it."""
    quality: Number | None = None
    """A score, higher is better; needs ``quality_source``."""
    quality_source: Text | None = None
    """Where the score comes from."""
    keep_rate: Rate | None = None
    """Share of generations that are good enough to keep."""
    failure_rate: Rate | None = None
    """Share of submitted generations that fail."""
    bills_failures: Literal["no", "yes", "unknown"] | None = None
    """Whether a failed generation is billed; ``unknown`` if absent."""
    generation_seconds_per_second: Positive | None = None
    """Waiting time per second of video."""
    concurrency: Count | None = None
    """How many generations may run at once."""
    price_minimum: Price | None = None
    """Least price of one generation."""
    price_per_generation: Price | None = None
    """Added to the per-second part of each generation."""
    free: Flag | None = None
    """Must be true where a price is 0."""
    as_of: Date | None = None
    """The day this price was seen; the catalog's if absent."""
    source: Text | None = Field(default=None, min_length=1)
    """Where this price was seen; the catalog's if absent."""


def _distinct_lengths(prices: object) -> object:
    """Refuse two ways to write one length."""
    seen: dict[Decimal, object] = {}
    for key in prices if isinstance(prices, dict) else ():
        try:
            length = Decimal(str(key))
        except InvalidOperation:
            continue
        if seen.setdefault(length, key) != key:
            raise refusal([((), f"price {seen[length]} s twice (`{key}` is the same length); keep one")])
    return prices


class OfferEntry(Terms):
    """One price of a model: by the second, or one for each length."""

    resolution: Resolution | None = None
    """Resolution made; absent if the provider does not state it."""
    audio: Flag
    """Whether the video comes with sound."""
    price_per_second: Price | None = None
    """Price of one billed second."""
    prices: Annotated[dict[SecondsKey, Price], BeforeValidator(_distinct_lengths)] | None = Field(
        default=None, min_length=1
    )
    """A fixed price for each length in seconds."""


class ModelEntry(Terms):
    """One model in one mode at one provider, with its offers."""

    model: Name
    """Canonical model name, the same at every provider."""
    provider: Name
    """Who sells it."""
    mode: Name
    """What it is asked to do: ``text-to-video``, ``image-to-video``, ``motion-control`` ..."""
    region: Name | None = None
    """Where it is sold at these prices; everywhere if absent."""
    api_model: Text | None = None
    """What the provider's API calls it; the model's name if absent."""
    rounding: Literal["nearest", "up", "none"] = "nearest"
    """Generated seconds to billed seconds; ``nearest`` rounds halves up."""
    image_prompt: Flag = False
    """Can stand in for image-to-video, where a clip allows it."""
    available_from: Date | None = None
    """First day it can be bought, at these prices."""
    available_until: Date | None = None
    """Last day it can be bought, at these prices."""
    availability: Rate | None = None
    """Chance that a request finds the model up."""
    offers: tuple[OfferEntry, ...] = Field(min_length=1)
    """Its prices."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        problems: list[tuple[Path, str]] = []
        if self.available_from and self.available_until and self.available_until < self.available_from:
            problems.append((("available_until",), "is before available_from"))
        for index, entry in enumerate(self.offers):
            terms = self.terms(entry)
            problems += [(("offers", index, *path), text) for path, text in _offer_problems(entry, terms)]
        if problems:
            raise refusal(problems)
        return self

    def sold_on(self, day: dt.date) -> bool:
        """Whether it can be bought on a day, at these prices."""
        return (self.available_from or day) <= day <= (self.available_until or day)

    def terms(self, entry: OfferEntry) -> Terms:
        """The terms of one offer: its own values, else this model's."""
        names = Terms.model_fields
        own = {name: getattr(entry, name) for name in names}
        return Terms.model_construct(
            **{name: own[name] if own[name] is not None else getattr(self, name) for name in names}
        )


class Catalog(Model):
    """A dated, sourced file of offers."""

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the file format: 1."""
    name: Name
    """Short name, shown in plans."""
    as_of: Date
    """The day the prices were seen."""
    source: Text = Field(min_length=1)
    """Where the prices were seen."""
    stale_after_days: Count | None = None
    """Older than this many days, every plan carries a warning."""
    unit: Name = "usd"
    """What prices are in: ``usd``, or a unit such as ``credit`` with ``units_per_usd`` or ``usd_per_unit``."""
    units_per_usd: Positive | None = None
    """How many units one US dollar buys; this or ``usd_per_unit``."""
    usd_per_unit: Positive | None = None
    """What one unit costs in US dollars; this or ``units_per_usd``, whichever is a decimal number."""
    models: tuple[ModelEntry, ...] = Field(min_length=1)
    """The models, each in one mode at one provider."""

    _source: Any = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _unit(self) -> Self:
        rates = [name for name in ("units_per_usd", "usd_per_unit") if getattr(self, name) is not None]
        if self.unit != "usd" and not rates:
            raise refusal([(("unit",), f"prices in {self.unit} need units_per_usd or usd_per_unit")])
        if self.unit == "usd" and rates:
            raise refusal([((name,), 'belongs to another unit; set unit = "credit", or take it out') for name in rates])
        if len(rates) > 1:
            raise refusal([(("usd_per_unit",), "says the same as units_per_usd; keep one of them")])
        most = MAX_PRICE_USD * self.units_in_usd
        problems = [
            (("models", m, *path), f"must be below {MAX_PRICE_USD:,} USD, not {price}")
            for m, entry in enumerate(self.models)
            for path, price in _prices(entry)
            if price >= most
        ]
        if problems:
            raise refusal(problems)
        return self

    @property
    def units_in_usd(self) -> Fraction:
        """How many units one US dollar buys, exactly."""
        return Fraction(self.units_per_usd or 1) / Fraction(self.usd_per_unit or 1)

    @classmethod
    def load(cls, name: str | FilePath) -> "Catalog":
        """Read a catalog: a bundled name (``"evolink"``), or the path of a TOML or JSON file.

        Raises
        ------
        router.errors.InputError
            With every error in the file, each with its line.
        """
        from router.loading.catalog_file import load_catalog  # A convenience over a stage above

        return load_catalog(name)


def _offer_problems(entry: OfferEntry, terms: Terms) -> list[tuple[Path, str]]:
    """What is missing or contradictory in one offer, its model's terms included."""
    problems: list[tuple[Path, str]] = []
    if terms.quality is not None and not terms.quality_source:
        problems.append((("quality",), "needs quality_source: a score without a source stays out"))
    if terms.seconds is None:
        problems.append(((), "states no lengths: add seconds to the offer or to its model"))
    rates = {"price_per_second": entry.price_per_second, "price_per_generation": terms.price_per_generation}
    if entry.prices is None:
        if rates["price_per_second"] is None and rates["price_per_generation"] is None:
            problems.append(((), "has no price: add price_per_second, price_per_generation or prices"))
        elif not any(rates.values()) and not terms.free:
            name = next(name for name, rate in rates.items() if rate is not None)
            problems.append(((name,), "is 0; a price of 0 needs free = true"))
        elif entry.price_per_second == 0 and not terms.free:
            problems.append((("price_per_second",), "is 0; a price of 0 needs free = true"))
        return problems
    if extra := [name for name in (*rates, "price_minimum") if getattr(entry, name, None) is not None] or [
        name for name in ("price_per_generation", "price_minimum") if getattr(terms, name) is not None
    ]:
        problems.append((("prices",), f"are whole prices of a generation and cannot be combined with {extra[0]}"))
    problems += [
        (("prices", f"{length}"), "is 0; a price of 0 needs free = true")
        for length, price in entry.prices.items()
        if price == 0 and not terms.free
    ]
    if terms.seconds is not None:
        listed = terms.seconds.listed()
        if not listed:
            problems.append((("prices",), "need listed lengths (choices, or a step above 0)"))
        elif missing := [f"{length}" for length in listed if length not in entry.prices]:
            problems.append((("prices",), f"give no price for {', '.join(missing[:5])} s"))
        elif extra := [f"{length}" for length in entry.prices if length not in listed]:
            problems.append(
                (("prices",), f"give a price for {', '.join(extra[:5])} s, which is not one of its lengths")
            )
    return problems


def _prices(entry: ModelEntry) -> list[tuple[Path, Decimal]]:
    found: list[tuple[Path, Decimal]] = []
    holders: list[tuple[Path, Terms]] = [((), entry), *((("offers", i), offer) for i, offer in enumerate(entry.offers))]
    for path, holder in holders:
        for name in ("price_per_second", "price_per_generation", "price_minimum"):
            if (price := getattr(holder, name, None)) is not None:
                found.append(((*path, name), price))
        if isinstance(holder, OfferEntry):
            found += [((*path, "prices", f"{length}"), price) for length, price in (holder.prices or {}).items()]
    return found


assert get_args(Resolution) == RESOLUTIONS
