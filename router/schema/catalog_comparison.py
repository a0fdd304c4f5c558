"""What differs between two catalogs: prices that rose or fell, that are new or gone, and terms.

All prices are in dollars, whatever the unit of a catalog. An exact price in another unit is shown to the micro-dollar.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from router.schema.base import CountOrZero, Date, Flag, Model, Name, SchemaVersion, Text
from router.schema.catalog import Reference
from router.schema.plan import Length, Usd
from router.schema.sensitivity import Value

Per = Literal["second", "generation", "minimum", "length"]


class ComparedCatalog(Model):
    """One of the two."""

    name: Name
    """Its name."""
    as_of: Date
    """The day its prices were seen."""
    source: Text
    """Where they were seen."""
    unit: Name
    """What its prices are in."""
    units_per_usd: Value
    """How many units one dollar buys; 1 for dollars."""
    offers: CountOrZero
    """How many of its offers were compared."""


class Thing(Model):
    """What is sold, and on which days: the same in both catalogs."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    mode: Name
    """What it is asked to do."""
    region: Name | None = None
    """Where it is sold at this price; null where it is sold everywhere."""
    resolution: Text | None
    """What it makes; null where the provider does not state it."""
    audio: Flag
    """Whether it comes with sound."""
    reference: Reference | None
    """What motion is taken from."""
    available_from: Date | None
    """First day of sale, by the later catalog that has it."""
    available_until: Date | None
    """Last day of sale, by the same."""


class PriceChange(Thing):
    """A price that is another one now."""

    per: Per
    """What the price is for: a billed second, a generation (added to its seconds), the least price of a generation, or a ``length``."""
    seconds: Length | None
    """The length whose price it is; null for other prices."""
    before_usd: Usd
    """By the first catalog."""
    after_usd: Usd
    """By the second."""
    difference_usd: Usd
    """After less before: above 0 where it rose."""
    share: Annotated[float, Field(ge=-1, allow_inf_nan=False)] | None
    """The difference over the price before; null where that was 0."""
    before_as_of: Date
    """The day the first price was seen."""
    after_as_of: Date
    """The day the second was seen."""


class PartPrice(Model):
    """One part of a price."""

    per: Per
    """What it is for."""
    seconds: Length | None
    """The length whose price it is; null for other prices."""
    usd: Usd
    """The price."""


class OneSided(Thing):
    """An offer, or lengths with prices of their own, that only one of the catalogs has."""

    prices: tuple[PartPrice, ...]
    """What it costs, or cost."""
    as_of: Date
    """The day that was seen."""


class TermChange(Thing):
    """A length or another term that is another one now."""

    term: Name
    """The field of the catalog file."""
    before: str
    """By the first catalog; empty where it states none."""
    after: str
    """By the second."""


class CatalogComparison(Model):
    """What differs between two catalogs; dates and sources alone are no difference."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Comparison of two catalogs"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    before: ComparedCatalog
    """The catalog that is compared with."""
    after: ComparedCatalog
    """The catalog that is compared."""
    on: Date | None
    """The day on which what is compared was on sale; null: whatever the catalogs hold."""
    same: Flag
    """Whether nothing differs."""
    prices: tuple[PriceChange, ...]
    """Prices that rose or fell, the largest share first."""
    new: tuple[OneSided, ...]
    """What only the second catalog has, in its order."""
    gone: tuple[OneSided, ...]
    """What only the first has, in its order."""
    terms: tuple[TermChange, ...]
    """Lengths and terms that changed, in the order of the first catalog."""
    unchanged: CountOrZero
    """Offers at the same prices and terms."""
