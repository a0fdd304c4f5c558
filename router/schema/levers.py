"""Levers: single changes of a scenario, each planned anew, and what it saves.

A saving is a difference of two objectives, dollars; it is exact, as both plans are.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from router.schema.base import CountOrZero, Model, SchemaVersion, Text
from router.schema.plan import Usd

Kind = Literal[
    "audio", "resolution", "image-prompt", "split", "length", "drafts", "quality", "limit", "catalog", "provider", "fallback"
]  # fmt: skip


class Pulled(Model):
    """A change, and the plan under it."""

    key: Text
    """Its name: the same change has the same one in every run."""
    sentence: Text
    """What is changed, in words."""
    set: tuple[Text, ...] = Field(min_length=1)
    """The values that are set anew, each as ``router plan --set`` takes it."""
    objective_usd: Usd | None = None
    """What is minimised, under the change; null where there is no plan."""
    expected_usd: Usd | None = None
    """Mean cost."""
    worst_usd: Usd | None = None
    """The most that the plan can cost."""


class Lever(Pulled):
    """One change, alone."""

    kind: Kind
    """What it changes."""
    outcome: Literal["saves", "makes-possible", "saves-nothing", "no-plan"]
    """``makes-possible``: without it there is no plan; ``no-plan``: there is none with it."""
    saving_usd: Usd | None = None
    """By how much the objective is lower; negative where it is higher, null where one of the plans is missing."""
    saving_share: float | None = Field(default=None, allow_inf_nan=False)
    """The same as a share of the baseline's objective."""
    clips: CountOrZero | None = None
    """Clips that are made in another way, no longer, or only now; null where one of the plans is missing."""
    quality: tuple[Text, ...] = ()
    """What becomes of the clips, in words."""
    mean_quality_change: float | None = Field(default=None, allow_inf_nan=False)
    """By how much the mean score of the finished clips is higher; null unless all of them have scores."""
    why: Text = ""
    """Why it saves nothing, or leaves no plan."""


class Combined(Pulled):
    """A change on top of those before it; its figures are those of all of them together."""

    saving_usd: Usd | None
    """What it saves on top; null for a first one that makes a plan possible."""
    alone_usd: Usd | None
    """What it saves alone; null where one of the plans is missing."""
    interaction_usd: Usd | None
    """``saving_usd - alone_usd``: negative where the changes save the same money."""
    total_usd: Usd | None
    """What it and those before it save together; null where the scenario itself has no plan."""


class Staging(Model):
    """Drafts at a low resolution against drafts as the finals are, for clips that want none as it is."""

    sentence: Text
    """What is assumed, in words."""
    staged_set: tuple[Text, ...]
    """What makes the drafts staged, each as ``router plan --set`` takes it."""
    final_set: tuple[Text, ...]
    """What makes them as the finals are."""
    staged_usd: Usd
    """What is minimised, with staged drafts."""
    final_usd: Usd
    """The same with drafts as the finals are."""
    saving_usd: Usd
    """What staging saves: the difference of the two."""


class Unchanged(Model):
    """The scenario as it is."""

    clips: CountOrZero
    """Clips asked for."""
    served: CountOrZero
    """Clips made."""
    objective_usd: Usd
    """What was minimised."""
    expected_usd: Usd
    """Mean cost."""
    worst_usd: Usd
    """The most that the plan can cost."""


class Levers(Model):
    """What would save most on a scenario, each change solved."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Levers"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    title: Text
    """The scenario's title."""
    measure: Text
    """What is saved: what the scenario minimises."""
    baseline: Unchanged | None
    """The scenario as it is; null where it has no plan."""
    no_plan: str = ""
    """Why it has none."""
    levers: tuple[Lever, ...]
    """Those that save, most first; where there is no baseline, those that make a plan possible, cheapest first."""
    more: CountOrZero = 0
    """How many more there are."""
    idle: tuple[Lever, ...] = ()
    """Those that save nothing, or leave no plan."""
    combined: tuple[Combined, ...] = ()
    """The best change, then the best on top of it, and so on."""
    staging: Staging | None = None
    """What staging drafts would save, where clips want none; null where they do, where staging is none, or there is no plan."""
    notes: tuple[Text, ...] = ()
    """What was not tried."""
    warnings: tuple[str, ...] = ()
    """What a reader of the figures must know; those of the baseline's plan."""

    def _repr_html_(self) -> str:
        """The levers in a notebook, without script or style sheet."""
        from router.report.html.study_fragments import levers_fragment  # A convenience over a stage above

        return levers_fragment(self)
