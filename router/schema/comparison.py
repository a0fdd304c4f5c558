"""Two plans held against each other: headline figures, clips that are made differently and why, limits.

A difference is what the plan after has above the plan before: negative where it saves. ``difference_usd`` of a move is for ONE clip,
``all_usd`` for all of them; drafts are moves of their own. What moves come to, savings and rounding is exactly the totals' difference.
"""

from decimal import Decimal
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from router.schema.base import CountOrZero, Model, Name, SchemaVersion, Text, refusal
from router.schema.plan import Amount, AudioTreatment, ClipCounts, Length, Usd
from router.schema.prices import CatalogRef

State = Literal["made", "left-out", "absent"]
"""Of a clip in one plan: ``absent`` where that plan is not asked for it."""

Kind = Literal[
    "price", "catalog", "new", "gone", "requirement", "added", "removed", "value", "limit", "fallback", "outages", "savings",
    "objective", "tie", "other",
]  # fmt: skip


class Reason(Model):
    """One cause of a difference."""

    kind: Kind
    """What changed, or decides.

    ``price``: of an offer; ``catalog``: what an offer can do; ``new`` and ``gone``: an offer; ``requirement``: what the clip asks for;
    ``added`` and ``removed``: the clip; ``value``: what the clip is worth; ``limit``: a bound; ``fallback``, ``outages``, ``savings``
    (packs and volume discounts), ``objective``: settings; ``tie``: nothing, both ways cost the same; ``other``: what plans do not say.
    """
    text: Text
    """The same as a sentence, with the numbers that decided it."""


class Way(Model):
    """How one clip is made."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    mode: Name
    """The mode of the offer."""
    reference: Literal["image", "video"] | None
    """What motion is taken from."""
    resolution: Text | None
    """What it makes; null where the provider does not state it."""
    audio: AudioTreatment
    """How the clip gets its sound."""
    segments: tuple[Length, ...] = Field(min_length=1)
    """Generated lengths, seconds."""
    degraded: tuple[Literal["resolution", "audio", "seconds"], ...]
    """Requirements below which it is made."""
    billed_seconds: Length
    """What is billed."""
    price_usd: Usd
    """Price of one clip, dubbing included."""
    expected_usd: Usd
    """Mean cost of one clip."""
    worst_usd: Usd
    """The most that one clip can cost."""
    penalty_usd: Usd
    """What counts against it for being degraded; no money changes hands."""


class Move(ClipCounts):
    """Clips, or drafts of them, that are made differently, or at another price."""

    draft: bool
    """Whether these are drafts of the clips."""
    before_is: State
    """Whether the plan before makes them."""
    after_is: State
    """Whether the plan after makes them."""
    before: Way | None
    """How the plan before makes them; null where it does not."""
    after: Way | None
    """How the plan after makes them; null where it does not."""
    difference_usd: Usd
    """By how much the mean cost of one of them is higher, at list prices; a clip that is not made costs nothing."""
    all_usd: Usd
    """The same for all of them."""
    why: tuple[Reason, ...]
    """What caused it, the weightiest kind first."""

    @model_validator(mode="after")
    def _of_all(self) -> Self:
        if self.all_usd != self.difference_usd * self.count:
            raise refusal([(("all_usd",), "must be `difference_usd` times `count`")])
        return self


class Figure(Model):
    """One headline figure of both plans; null where a plan has none."""

    figure: Name
    """Its name among a plan's totals; ``degraded_clips``: clips that are made below their requirements."""
    unit: Literal["usd", "clips"]
    """What the numbers are in."""
    before: Amount | None
    """In the plan before."""
    after: Amount | None
    """In the plan after."""
    difference: Amount | None
    """After less before."""


class Made(Model):
    """What the difference is made of; the lines of each sum add up exactly."""

    moved_usd: Usd
    """Clips and drafts that are made differently, mean cost at list prices."""
    repriced_usd: Usd
    """Clips and drafts that are made the same way at another price."""
    savings_usd: Usd
    """Packs and volume discounts: negative where they take off more than before."""
    rounding_usd: Usd
    """The mean cost of ONE clip is told to the micro-dollar, the sum over all is rounded once: what that leaves over."""
    expected_usd: Usd
    """The sum of these: the difference of the expected cost."""
    left_out_value_usd: Usd
    """Value of the clips left out."""
    penalty_usd: Usd
    """What counts against degraded clips."""
    risk_usd: Usd
    """By how much more or less than the expected cost the measure differs that is minimised: a worst case, or a CVaR."""
    objective_usd: Usd
    """The sum of the last four: the difference of the objective."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.expected_usd != self.moved_usd + self.repriced_usd + self.savings_usd + self.rounding_usd:
            raise refusal([(("expected_usd",), "must be the sum of the lines above it")])
        if self.objective_usd != self.expected_usd + self.left_out_value_usd + self.penalty_usd + self.risk_usd:
            raise refusal([(("objective_usd",), "must be the sum of the lines above it")])
        return self


class LimitUse(Model):
    """What a plan uses of a limit."""

    value: Amount
    """What it uses."""
    at_most: Amount | None
    """Upper bound."""
    at_least: Amount | None
    """Lower bound."""
    binding: bool
    """Whether nothing is left of it, or it keeps clips off their cheapest way."""


class LimitChange(Model):
    """A limit whose bound or use differs."""

    limit: Text
    """Its path in the scenario's ``limits``."""
    unit: Literal["usd", "clips", "seconds", "share", "score", "minutes"]
    """What the numbers are in."""
    before: LimitUse | None
    """In the plan before; null where it has no such limit."""
    after: LimitUse | None
    """In the plan after; null where it has no such limit."""


class ComparedPlan(Model):
    """Which plan it is."""

    title: Text
    """The scenario's title."""
    status: Literal["optimal", "feasible"]
    """``optimal``: proven; ``feasible``: the best found within the time limit."""
    gap: float = Field(ge=0, allow_inf_nan=False)
    """How far the objective may be from the optimum, as a fraction of it."""
    catalogs: tuple[CatalogRef, ...]
    """What it was priced with."""


class Comparison(Model):
    """What differs between two plans, and why."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Comparison of two plans"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    before: ComparedPlan
    """The plan that is compared with."""
    after: ComparedPlan
    """The plan that is compared."""
    same: bool
    """Whether every clip is made the same way at the same cost, and every figure and limit is the same."""
    figures: tuple[Figure, ...]
    """What a producer looks at, the same or not."""
    made_of: Made
    """What the difference of the expected cost and of the objective is made of."""
    moved: tuple[Move, ...]
    """Clips and drafts that are made differently, the largest differences first."""
    repriced: tuple[Move, ...]
    """Clips and drafts that are made the same way at another price, mean or worst cost; the largest differences first."""
    unchanged: CountOrZero
    """Clips (drafts aside) that are made or left out as before."""
    limits: tuple[LimitChange, ...]
    """Limits whose bound or use differs."""

    @model_validator(mode="after")
    def _sums(self) -> Self:
        sums = {"moved_usd": self.moved, "repriced_usd": self.repriced}
        for name, moves in sums.items():
            if getattr(self.made_of, name) != sum((move.all_usd for move in moves), Decimal(0)):
                raise refusal([(("made_of", name), "must be the sum over the moves")])
        return self

    def _repr_html_(self) -> str:
        """What differs in a notebook, without script or style sheet."""
        from router.report.html.study_fragments import comparison_fragment  # A convenience over a stage above

        return comparison_fragment(self)
