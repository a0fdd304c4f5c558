"""The four fallback directions side by side."""

from typing import Literal

from pydantic import ConfigDict, Field

from router.schema.base import Count, Model, Name, SchemaVersion, Text
from router.schema.plan import Usd


class Primary(Model):
    """How many clips a model makes first, as planned."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    clips: Count
    """How many clips have it as their primary."""


class Direction(Model):
    """The plan under one fallback direction, or why there is none."""

    direction: Literal["none", "cheaper", "dearer", "any"]
    """Which other models may catch a clip."""
    chosen: bool
    """Whether this is the direction of the scenario."""
    method: Literal["exact", "simulated"] | None = None
    """How the percentile was found; null where there is no plan."""
    expected_usd: Usd | None = None
    """Mean cost."""
    p95_usd: Usd | None = None
    """95 % of all runs cost at most this."""
    worst_usd: Usd | None = None
    """The most the plan can cost."""
    unserved_expected: float | None = None
    """Mean number of clips that find their whole chain down."""
    degraded_expected: float | None = None
    """Mean number of clips made below their requirements; null unless ``fallback.accept`` is ``degraded``."""
    left_out: int | None = None
    """Clips that the plan leaves out."""
    primaries: tuple[Primary, ...] = ()
    """Who makes the clips as planned, most clips first."""
    no_plan: str = ""
    """Why there is no plan."""


class DirectionComparison(Model):
    """What each fallback direction would cost."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Comparison of fallback directions"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    title: Text
    """The scenario's title."""
    directions: tuple[Direction, ...]
    """``none``, ``cheaper``, ``dearer``, ``any``."""
    same_primaries: bool
    """Whether all plans make the clips on the same models first."""
    warnings: tuple[str, ...]
    """What a reader of the figures must know; those of the plans, each once."""
