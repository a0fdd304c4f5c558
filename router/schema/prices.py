"""What a plan was priced with: its catalogs, and the price of every offer that may be billed, as the catalogs state it.

With these the price of each route can be worked out again where the catalogs are gone or have changed.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from router.schema.base import Count, CountOrZero, Date, Flag, Model, Name, SecondsKey, Text, refusal


def _exact(value: object) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not 0 <= number < 10**15:
        raise refusal([((), 'must be a number of at least 0 as a text, such as "0.125"')])
    return number


Exact = Annotated[
    Decimal,
    BeforeValidator(_exact),
    PlainSerializer(lambda number: f"{number:f}", when_used="json"),
    WithJsonSchema({"type": "string"}),
]
"""Any decimal as it was written, as a text in JSON."""


class CatalogRef(Model):
    """A catalog that the plan was priced with."""

    name: Name
    """Its name."""
    as_of: Date
    """The day its prices were seen."""
    stale_after_days: Count | None = None
    """Older prices are to be checked before they are relied upon; null: the catalog does not say."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of its file; where it was made in code or changed by ``--set``, of what it holds, as JSON with sorted names."""


class AccountPrice(Model):
    """What an account pays of a price that a catalog states."""

    discount: Exact = Decimal(0)
    """Share of it that is not paid."""
    units_per_usd: Exact | None = None
    """How many of its units one dollar buys this account; null where the catalog's rate holds."""
    usd_per_unit: Exact | None = None
    """The same the other way round."""


class PriceLine(Model):
    """The price of one offer, as its catalog states it, and what of it an account pays."""

    offer: CountOrZero
    """The position of the offer over all catalogs: chains name it."""
    catalog: Name
    """The catalog that prices it."""
    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    mode: Name
    """What it is asked to do."""
    region: Name | None = None
    """Where it is sold at this price; null where it is sold everywhere."""
    reference: Literal["image", "video"] | None = None
    """What motion is taken from."""
    resolution: Text | None = None
    """What it makes; null where the provider does not state it."""
    audio: Flag
    """Whether it comes with sound."""
    where: Text | None = None
    """File and line, or what set it; null where the catalog was made in code."""
    as_of: Date
    """The day this price was seen."""
    source: Text
    """Where it was seen."""
    unit: Name = "usd"
    """What the prices below are in."""
    units_per_usd: Exact | None = None
    """How many of these one US dollar buys; null for dollars, or where ``usd_per_unit`` is stated."""
    usd_per_unit: Exact | None = None
    """What one of these costs in US dollars."""
    rounding: Literal["nearest", "up", "none"]
    """Generated seconds to billed seconds."""
    price_per_second: Exact | None = None
    """Price of one billed second."""
    prices: dict[SecondsKey, Exact] | None = None
    """A fixed price for each length in seconds."""
    price_per_generation: Exact | None = None
    """Added to the per-second part of each generation."""
    price_minimum: Exact | None = None
    """Least price of one generation."""
    account: AccountPrice | None = None
    """What the account pays of the prices above; null where it pays them as they are."""

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        rates = [rate for rate in (self.units_per_usd, self.usd_per_unit) if rate is not None]
        if len(rates) != (self.unit != "usd") or not all(rates):
            raise refusal([(("unit",), "needs one rate above 0 where it is not usd: units_per_usd or usd_per_unit")])
        return self
