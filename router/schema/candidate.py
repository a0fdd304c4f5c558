"""What the stages hand to one another between the files and the plan: offers, clip classes, candidates, chains.

Money is in whole micro-dollars, lengths are exact seconds, probabilities are floats in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from router.schema.exposure import Attempt
from router.schema.scenario import Requirements
from router.units import Micro

AudioTreatment = Literal["none", "native", "deferred"]


@dataclass(frozen=True, slots=True)
class Generation:
    """How an offer makes one clip: the lengths it generates and what they bill."""

    segments: tuple[Fraction, ...]
    billed_seconds: Fraction
    price: Micro
    """Sum of the generations' prices."""
    price_units: Fraction
    """The same in the catalog's unit, before rounding to micro-dollars."""


class Denied(NamedTuple):
    """Why an account cannot buy an offer."""

    reason: Literal["model-denied", "provider-denied"]
    detail: str
    mend: str


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One sellable thing: a catalog's model entry and one of its prices, flattened. Equal only to itself."""

    order: int
    """Position over all catalogs of the scenario: the last tie-breaker."""
    catalog: str
    provider: str
    model: str
    mode: str
    api_model: str
    resolution: str | None
    resolution_rank: int
    """Position on the ladder; -1 where the resolution is not stated."""
    audio: bool
    reference: Literal["image", "video"] | None
    image_prompt: bool
    lengths: tuple[Fraction, ...]
    """Every length that is billed as more than 0 s, shortest first; empty where any length is possible."""
    generations: tuple[Generation, ...]
    """One generation of each of these lengths."""
    length_range: tuple[Fraction, Fraction] | None
    """Shortest and longest where any length is possible."""
    rounding: Literal["nearest", "up", "none"]
    units_per_usd: Fraction
    """1 for prices in dollars."""
    unit: str
    price_per_second: Fraction | None
    price_per_generation: Fraction
    price_minimum: Fraction
    fixed_prices: Mapping[Fraction, Fraction] | None
    quality: Decimal | None
    availability: float | None
    """None: unknown, which counts as 1 in the expectation and as "may be down" in the worst case."""
    failure_rate: float
    keep_rate: float
    """1 where the catalog states none."""
    bills_failures: Literal["no", "yes", "unknown"]
    generation_rate: Fraction | None
    """Seconds of waiting for each second of video; None: not stated."""
    concurrency: int | None
    """How many generations may run at once; None: not stated."""
    status: Literal["sold", "not-yet-available", "retired"]
    """On the day that the plan is made for."""
    dates: str
    """First or last day of sale, as the rejection shows it."""
    denied: tuple[Denied, ...] = ()
    """Why the account cannot buy it; nothing where it can."""
    region: str | None = None
    """Where it is sold at this price; None: everywhere."""


@dataclass(frozen=True, slots=True)
class ClipClass:
    """Clips with equal requirements, merged: positions in the scenario and how many of each."""

    need: Requirements
    seconds: Fraction
    clips: tuple[tuple[int, int], ...]
    """(position of the clip in the scenario, its count)."""
    group: str | None = None
    """The label whose clips share a model or provider; None where none is bound."""
    draft_of: int | None = None
    """Position of the class whose drafts these are, among all classes; None: finished clips."""
    drafts_each: int = 1
    """How many of these each clip of that class needs."""
    count: int = field(init=False)
    """How many clips, or drafts of them, the class holds."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", self.drafts_each * sum(count for _, count in self.clips))


@dataclass(slots=True, eq=False)
class Candidate:
    """An eligible way to make one clip of a class. Never changed; not frozen, which would take five times as long to make."""

    offer: Offer
    generation: Generation
    audio: AudioTreatment
    price: Micro
    """Generations and dubbing."""
    dubbing: Micro = 0
    shortfall: tuple[str, ...] = ()
    """Requirements that a degraded fallback misses."""
    degraded: tuple[Literal["resolution", "audio", "seconds"], ...] = ()
    """Requirements of the clip that were lowered for this candidate."""
    penalty: Micro = 0
    """What counts against it for that in the objective; not part of its price."""
    shortened: Fraction | None = None
    """Length of the finished clip, where that is shorter than asked for; None: as asked for."""

    def minutes(self, max_takes: int) -> tuple[Fraction, Fraction]:
        """How long one clip generates at most: all its generations, and the longest of them; its takes follow one another.

        0 where the offer does not state how fast it is.
        """
        takes = max_takes if self.offer.keep_rate < 1 else 1
        rate = (self.offer.generation_rate or Fraction(0)) * takes / 60
        return rate * sum(self.generation.segments, Fraction(0)), rate * max(self.generation.segments)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An offer that cannot serve a clip: the first requirement that it misses, and by which numbers."""

    offer: Offer
    reason: str
    detail: str
    mend: str
    """What would mend every requirement that it misses."""
    misses: int
    """How many requirements it misses in all; the nearest miss has the fewest."""
    distance: float
    """By how much it misses the first, in the measure of the reason."""


class Step(NamedTuple):
    """One step of a chain."""

    candidate: Candidate
    attempt: Attempt
    """The same as chance sees it."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The candidates a clip is tried on, in order, and what that costs for ONE clip."""

    steps: tuple[Step, ...]
    expected: float
    """Mean cost, micro-dollars."""
    worst: Micro
    """Largest bill over outcomes of positive or unknown probability."""
    served: tuple[float, ...]
    """Probability that each step makes the clip; its last take, where there are several."""
    unserved: float
    """Probability that no step does."""
    unkept: float
    """Probability that every take is made and none is kept."""
    list_spend: tuple[tuple[str, float], ...] = ()
    """(provider, mean amount that its models bill, dubbing aside), micro-dollars."""


@dataclass(frozen=True, slots=True)
class Choices:
    """One class with everything it can be made by."""

    clip_class: ClipClass
    candidates: tuple[Candidate, ...]
    chains: tuple[Chain, ...] = field(default=())
    """One for each candidate as primary."""


@dataclass(frozen=True, slots=True)
class StateCosts:
    """What one clip costs in each outage state: ``costs[class][candidate][state]``, micro-dollars."""

    probabilities: tuple[float, ...]
    """Of each state."""
    costs: tuple[tuple[tuple[float, ...], ...], ...]
