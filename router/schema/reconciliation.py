"""Bills held against a plan: what was billed line by line, and how it lies to the plan's prices.

Three amounts stand beside one another. *Planned*: the plan's price if nothing fails, counted once for every clip and draft that it
makes. *Priced*: the plan's price for what really ran; nothing where it has none. *Billed*: what the lines say. The difference
is billed less priced; a line whose difference is 0 is explained by the plan.
"""

import datetime as dt
from typing import Literal, NamedTuple, get_args

from pydantic import ConfigDict, Field

from router.schema.base import Count, CountOrZero, Flag, Model, Name, SchemaVersion, Text
from router.schema.calibration import Time
from router.schema.plan import Usd
from router.units import Micro

Ended = Literal["served", "failed", "down", "open"]
"""How a line says that an attempt ended; ``open``: it may still be made and billed."""

What = Literal[
    "as-planned",
    "fallback",
    "further-take",
    "billed-failure",
    "unbilled-failure",
    "unavailable",
    "unresolved",
    "price-drift",
    "unexpected-failure",
    "off-chain",
    "left-out",
    "unknown-clip",
    "double",
    "missing",
]
CLASSES: tuple[What, ...] = get_args(What)
"""In the order in which they are shown: what the plan explains, then what it does not."""


class Bill(NamedTuple):
    """What lines that say the same say, their clip, time and place in the file aside."""

    provider: str
    model: str
    billed: Micro
    ended: Ended | None
    """None where the line does not say: a bill of more than nothing is for something that was made."""
    kept: bool
    """Whether the line says that what was made was kept."""
    take: int | None
    draft: bool | None


class BilledLine(NamedTuple):
    """One line of a table of bills."""

    line: int
    clip: str
    bill: Bill
    time: dt.datetime | None
    """In UTC."""


class Amounts(Model):
    """What some lines come to."""

    clips: CountOrZero
    """Clips, drafts or attempts; the generations of a clip made of several are one."""
    lines: CountOrZero
    """Lines of the table."""
    planned_usd: Usd
    """The plan's price of the clips that they are for if nothing fails; 0 for further takes, failures and what is not in the plan."""
    priced_usd: Usd
    """The plan's price for what ran, or of what is missing; 0 where the plan has no price for it."""
    billed_usd: Usd
    """What the lines bill."""
    difference_usd: Usd
    """Billed less priced."""
    unexplained_usd: Usd
    """The differences of single clips and attempts, over or under, added up and never netted."""


class _OfClass(Model):
    what: What
    """The class."""


class ClassSum(Amounts, _OfClass):
    """All that is of one class."""


class _OfModel(Model):
    provider: Name
    """Who billed."""
    model: Name
    """For which model."""


class ModelSum(Amounts, _OfModel):
    """All lines of one model, to hold beside its provider's invoice; nothing that is missing is among them."""


class _OfClip(Model):
    clip: Name
    """Its id."""
    draft: Flag
    """Whether it is about drafts of the clip."""
    what: What
    """What it is."""
    provider: Name
    """Who billed; of what is missing, who was planned to."""
    model: Name
    """For which model."""
    step: CountOrZero | None
    """Where the model stands in the clip's chain, 0 for the primary; null where it is not in it."""
    first_line: Count | None
    """The first line of the table that says the same; null for what is missing."""


class Finding(Amounts, _OfClip):
    """Lines of one clip that are not as planned, or that are missing."""


class Reconciliation(Model):
    """What was billed, held against a plan line by line."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Reconciliation"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the file format: 1."""
    title: Text
    """The plan's title."""
    lines: CountOrZero
    """Lines of the table."""
    since: Time | None = Field(default=None, alias="from")
    """The earliest time of a line."""
    until: Time | None = None
    """The latest time of a line."""
    clips: CountOrZero
    """Clips that the plan makes, without drafts."""
    drafts: CountOrZero
    """Drafts that it makes."""
    nominal_usd: Usd
    """Their cost at list prices if nothing fails."""
    expected_usd: Usd
    """Their mean cost at list prices, outages and failures counted."""
    saving_usd: Usd
    """What packs and volume discounts take off; they are settled beside the lines."""
    priced_usd: Usd
    """The plan's price for what ran and for what is missing."""
    billed_usd: Usd
    """What all lines bill."""
    difference_usd: Usd
    """Billed less nominal."""
    unexplained_usd: Usd
    """By how much single lines differ from the plan's price for what ran, never netted; missing clips count their price."""
    unbilled_dubbing_usd: Usd
    """Sound made elsewhere that is in the plan's prices but in no line."""
    classes: tuple[ClassSum, ...]
    """What the lines are, class by class; those that do not occur are left out."""
    models: tuple[ModelSum, ...]
    """The lines by provider and model."""
    findings: tuple[Finding, ...]
    """All that is not as planned, in the plan's order; what is as planned is in the sums only."""

    def clips_of(self, what: What) -> int:
        """How many clips are of a class."""
        return sum(own.clips for own in self.classes if own.what == what)
