"""Why a clip goes where it goes: every offer as a candidate with its costs, or as a rejection with its reason."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from router.schema.base import Count, CountOrZero, Model, Name, SchemaVersion, Text
from router.schema.plan import ChainStep, Length, Usd


class ExplainedOffer(Model):
    """One offer, seen from one clip."""

    position: CountOrZero
    """In the order of the catalogs, from 0."""
    catalog: Name
    """The catalog that prices it."""
    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    mode: Name
    """The offer's mode."""
    region: Name | None = None
    """Where it is sold at this price; null where it is sold everywhere."""
    resolution: Text | None
    """What it makes."""
    sound: bool
    """Whether it comes with sound."""
    verdict: Literal["candidate", "rejected"]
    """Whether it can serve the clip."""
    chosen: CountOrZero = 0
    """How many of the clip the plan gives to it."""
    segments: tuple[Length, ...] = ()
    """Generated lengths, seconds."""
    billed_seconds: Length | None = None
    """What is billed."""
    price_usd: Usd | None = None
    """Price of one clip."""
    expected_usd: Usd | None = None
    """Mean cost of one clip."""
    worst_usd: Usd | None = None
    """The most that one clip can cost."""
    degraded: tuple[Literal["resolution", "audio", "seconds"], ...] = ()
    """Requirements below which the plan makes clips in this way; the offer as the clip asks for it stands by itself."""
    penalty_usd: Usd = Decimal(0)
    """What counts against one clip for that; no money changes hands."""
    gap_usd: Usd | None = None
    """Expected cost and penalty above those of the winner."""
    chain: tuple[ChainStep, ...] = ()
    """The candidates in the order in which they are tried."""
    reason: Text = ""
    """Reason code of the rejection."""
    detail: Text = ""
    """The numbers that decided it."""


class Explanation(Model):
    """Every offer for one clip."""

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    clip: Name
    """Its id."""
    count: Count
    """How many of it are needed."""
    left_out: CountOrZero
    """How many of it the plan leaves out."""
    requirements: Text
    """What it needs, in words."""
    offers: tuple[ExplainedOffer, ...]
    """Candidates first, cheapest first, with ways below the requirements that the plan takes; then rejections in catalog order."""
    notes: tuple[str, ...] = ()
    """What else matters."""
