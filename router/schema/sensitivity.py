"""How far prices and availabilities can go until a plan changes, and how its cost follows them.

Everything is planned anew: a break-even is where another plan becomes the best, within all limits. Money is in dollars, but for prices,
which are in the unit of their catalog.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from router.schema.base import Count, CountOrZero, Flag, Model, Name, SchemaVersion, Text
from router.schema.catalog import Reference
from router.schema.plan import Length, Usd

Value = Annotated[
    Decimal,
    Field(allow_inf_nan=False),
    PlainSerializer(lambda number: f"{number:f}", when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]
"""An exact number, as text."""


class Sold(Model):
    """One offer, by what it makes."""

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
    audio: Literal["native", "none"]
    """Whether it comes with sound."""
    reference: Reference | None
    """What motion is taken from."""


class Taker(Sold):
    """An offer that makes more clips than before."""

    more: Count
    """How many more."""
    new: Flag
    """Whether it made none before."""


class LengthPrice(Model):
    """The price of one generation of a length."""

    seconds: Length
    """The length."""
    price: Value
    """In the catalog's unit."""


class Edge(Model):
    """Where the plan changes, as a value goes up or down."""

    until: Value | None
    """The last value, to six decimals, at which the plan is today's; null where there is none but that nothing is stated."""
    since: Value
    """The first at which it is another one."""
    break_even: Value
    """``since`` where both plans cost the same there, else ``until``."""
    ties: Flag
    """Whether both plans cost the same at ``since``, to the micro-dollar: the other is then the better one by what ties are broken by."""
    change: float | None
    """By which share the break-even lies above today's value; negative: below; null if there is no value today, or it is 0."""
    lengths: tuple[LengthPrice, ...] = ()
    """Of fixed prices: what each length costs at the break-even."""
    clips: CountOrZero | None = None
    """How many clips and drafts the offer, or the model, makes in the other plan; null where there is none."""
    takes_over: tuple[Taker, ...] = ()
    """Offers that make more clips in the other plan, most clips first."""
    moved: tuple[str, ...] = ()
    """What is made differently."""
    expected_usd: Usd | None = None
    """Mean cost of the other plan at ``since``."""
    no_plan: str = ""
    """Why there is no other plan."""


class Range(Model):
    """The values over which a plan stays the best, as long as nothing else changes."""

    path: str
    """What ``--set`` calls the value; empty where no path leads to it alone."""
    below: Edge | None
    """Where the plan changes as the value goes down; null: nowhere."""
    above: Edge | None
    """Where it changes as the value goes up; null: nowhere."""
    below_proven: Flag
    """Whether it is proven that no other plan is better anywhere from ``below`` up to today's value; else only at the values tried."""
    above_proven: Flag
    """The same from today's value up to ``above``."""


class PriceRange(Range, Sold):
    """How far one price can go."""

    clips: CountOrZero
    """How many clips and drafts the offer makes by the plan; 0: it is not used."""
    unit: Name
    """What prices are in: ``usd``, or the catalog's unit."""
    per: Literal["second", "generation", "length"]
    """What the price is for; ``length``: there is one for each, and the value is a factor on all of them."""
    price: Value
    """Today's: in the unit for a second or a generation, or 1, the factor."""
    lengths: tuple[LengthPrice, ...] = ()
    """Today's fixed prices."""
    needed: Flag
    """Whether some of its clips can be made by nothing else, and must be made."""


class AvailabilityRange(Range):
    """How far the availability of one model can go."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    availability: Value | None
    """Today's; null where none is stated, which counts as 1 in the mean cost, or where it is not the same in all modes."""
    clips: CountOrZero
    """How many clips and drafts the model makes by the plan."""


class Repriced(Model):
    """The plan at other prices."""

    expected_usd: Usd | None = None
    """Mean cost; null where there is no plan."""
    objective_usd: Usd | None = None
    """Mean cost, with what clips that are left out or degraded count."""
    left_out: CountOrZero | None = None
    """Clips that are not made."""
    changed: Flag = False
    """Whether it is another plan than today's."""
    no_plan: str = ""
    """Why there is no plan."""


class Swing(Model):
    """What a price, or all prices of a model, do to the mean cost."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    offer: Sold | None
    """The offer; null: all offers of the model together."""
    path: str
    """What ``--set`` calls these prices; empty where no path leads to them alone."""
    lower: Repriced
    """With lower prices."""
    higher: Repriced
    """With higher prices."""
    swing_usd: Usd | None
    """How far the mean costs lie apart; null where one of them has no plan."""


class ModelElasticity(Model):
    """How the mean cost follows the prices of one model."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    elasticity: float | None
    """Relative change of the mean cost for 1 % on its prices, in percent; null where there is no plan."""


class Sensitivity(Model):
    """How a plan hangs on prices and availabilities."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Sensitivity"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    title: Text
    """The scenario's title."""
    expected_usd: Usd
    """Mean cost of the plan."""
    objective_usd: Usd
    """Mean cost, with what clips that are left out or degraded count."""
    prices: tuple[PriceRange, ...]
    """Of the offers that the plan uses, most clips first, then of those that would take over from them."""
    availabilities: tuple[AvailabilityRange, ...]
    """Of the models of these offers, where the plan changes with it."""
    by: Decimal = Field(gt=0, lt=1)
    """Share by which prices are lowered and raised in ``swings``."""
    swings: tuple[Swing, ...]
    """Of every price that the mean cost contains, the widest first."""
    elasticity: float | None
    """Relative change of the mean cost for 1 % on all prices, in percent, the plan made anew; null where there is no plan, or no cost."""
    elasticities: tuple[ModelElasticity, ...]
    """The same for each model alone, the largest first."""
    solved: Count
    """How many plans were worked out for this."""

    def _repr_html_(self) -> str:
        """The break-evens and the tornado in a notebook, without script or style sheet."""
        from router.report.html.study_fragments import sensitivity_fragment  # A convenience over a stage above

        return sensitivity_fragment(self)
