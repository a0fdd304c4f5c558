"""Who sells a clip, and at what price: every seller of it side by side.

Money is in dollars for ONE clip at list price; lengths are seconds.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from router.schema.base import Count, CountOrZero, Date, Flag, Model, Name, SchemaVersion, Text
from router.schema.catalog import Reference
from router.schema.plan import AudioTreatment, Length, Usd

Times = Annotated[
    Decimal,
    Field(ge=1, allow_inf_nan=False),
    PlainSerializer(lambda number: f"{number:f}", when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\d+\.\d{4}$"}),
]
"""How many times as much, to four decimals, as text."""


class Seller(Model):
    """The cheapest way in which a provider makes the clip with a model, by one catalog."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    mode: Name
    """What the model is asked to do."""
    resolution: Text | None
    """What it makes; null where the provider does not state it."""
    audio: AudioTreatment
    """How the clip gets its sound."""
    reference: Reference | None
    """What motion is taken from."""
    segments: tuple[Length, ...] = Field(min_length=1)
    """Generated lengths, seconds."""
    generated_seconds: Length
    """Their sum."""
    billed_seconds: Length
    """What is billed."""
    price_usd: Usd
    """Price of the clip, without what sound made elsewhere costs."""
    usd_per_second: Usd | None
    """The price over the seconds that were asked for; null where these are so few that it would be very large."""
    times_cheapest: Times | None
    """Over the price of the cheapest seller of the same model; null where that is free and this is not."""
    as_of: Date
    """The day the price was seen."""
    stale: Flag
    """Whether that is longer ago than the catalog allows."""
    source: Text
    """Where the price was seen."""
    catalog: Text
    """The catalog's name, with its file where two have one name."""
    dearer: CountOrZero
    """Other offers of this seller for the clip, none of which is cheaper."""


class CannotMake(Model):
    """Offers that cannot make the clip for one reason."""

    reason: Name
    """Reason code of the first requirement that they miss."""
    offers: Count
    """How many."""


class Sellers(Model):
    """Every seller of a clip, dearest first."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Sellers of a clip"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    requirements: str
    """What the clip needs, in words."""
    seconds: Length
    """Length of the finished clip, seconds."""
    on: Date
    """The day on which prices and dates of sale were judged."""
    catalogs: tuple[Text, ...] = Field(min_length=1)
    """The catalogs that were looked at."""
    sellers: tuple[Seller, ...] = Field(min_length=1)
    """Dearest first."""
    offers: Count
    """Offers of the models and providers that were asked for, those that cannot make the clip included."""
    cannot: tuple[CannotMake, ...]
    """Those that cannot make it, by reason, most first."""
