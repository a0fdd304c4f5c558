"""An overlay: what a price list that somebody imports cannot say, by the names of its entries.

Price lists of other programs state prices, and little else of what a plan needs: lengths, sound, modes, what a model is called elsewhere.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from router.schema.base import Flag, Model, Name, Price, SchemaVersion, Text
from router.schema.catalog import Lengths, Resolution


def _listed(value: object) -> object:
    """One text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


class OverlayEntry(Model):
    """What is said of the entries that one name or pattern fits; it goes before what the price list says itself."""

    model: Name | None = None
    """Canonical model name, the same at every provider."""
    provider: Name | None = None
    """Who sells it, as other catalogs call them."""
    mode: Annotated[
        tuple[Name, ...] | None, BeforeValidator(_listed, json_schema_input_type=Name | tuple[Name, ...])
    ] = Field(default=None, min_length=1)
    """What it is asked to do, or a list of such modes, all at the same prices; where a name of LiteLLM's tells one, that holds."""
    audio: Flag | None = None
    """Whether its videos come with sound at these prices."""
    seconds: Lengths | None = None
    """The lengths that one generation can have."""
    resolution: Annotated[
        tuple[Resolution, ...] | None,
        BeforeValidator(_listed, json_schema_input_type=Resolution | tuple[Resolution, ...]),
    ] = Field(default=None, min_length=1)
    """The resolution, or resolutions, that a price without one is for."""
    rounding: Literal["nearest", "up", "none"] | None = None
    """Generated seconds to billed seconds."""
    image_prompt: Flag | None = None
    """Can stand in for image-to-video, where a clip allows it."""
    price_minimum: Price | None = None
    """Least price of one generation, dollars."""
    source: Text | None = Field(default=None, min_length=1)
    """Where this was seen; written above the entry."""


class Overlay(Model):
    """What a price list cannot say, by the names of its entries."""

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the file format: 1."""
    models: dict[Text, OverlayEntry] = Field(min_length=1)
    """By the name of an entry, or a pattern with ``*`` and ``?``; where several fit, the more exact one wins, field by field."""
