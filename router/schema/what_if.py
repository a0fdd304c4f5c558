"""A scenario beside variants of it."""

from pydantic import ConfigDict, Field

from router.schema.base import Model, SchemaVersion, Text
from router.schema.comparison import Comparison
from router.schema.plan import Totals


class Outcome(Model):
    """What one variant comes to, or why it has no plan."""

    name: Text
    """What the variant is called, else what it sets; ``baseline`` for the scenario as it is."""
    set: tuple[Text, ...] = ()
    """What is set anew, as for ``--set``; cut where it is very long."""
    no_plan: str = ""
    """Why there is no plan."""
    totals: Totals | None = None
    """What the plan costs; null where there is none."""
    comparison: Comparison | None = None
    """The plan beside the baseline's; null where one of them is missing."""


class WhatIf(Model):
    """What would be if some values of a scenario were others."""

    model_config = ConfigDict(**{**Model.model_config, "title": "What if"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    title: Text
    """The scenario's title."""
    baseline: Outcome
    """The scenario as it is."""
    variants: tuple[Outcome, ...] = Field(min_length=1)
    """The variants, in the order in which they were asked for."""
    warnings: tuple[str, ...] = ()
    """What the plans warn of, each once."""

    def _repr_html_(self) -> str:
        """The variants in a notebook, without script or style sheet."""
        from router.report.html.study_fragments import what_if_fragment  # A convenience over a stage above

        return what_if_fragment(self)
