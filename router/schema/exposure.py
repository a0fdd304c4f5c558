"""What chance can do to a plan: who is tried in which order, how likely each is up, fails and is kept, and what that bills.

The stages that reckon with chance share these and nothing else: no clip names, no offers. A *cause* is what is up or down: a
model at a provider (``provider/model``), or a provider as a whole. Money is whole micro-dollars; probabilities are fractions in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from router.schema.scenario import Correlation
from router.units import Micro

Cause: TypeAlias = str | tuple[str, str, float | None]
"""The name of a provider, or (provider, model, availability)."""


class Attempt(NamedTuple):
    """One step of a chain as chance sees it."""

    provider: str
    model: str
    billed: Micro
    """What it bills for one generation that it makes, or that fails and is billed."""
    availability: float | None
    """Of the model alone; None: unknown, which counts as up except in a worst case."""
    failure_rate: float = 0.0
    bills_failures: Literal["no", "yes", "unknown"] = "no"
    """``unknown`` counts as billed in a worst case only."""
    keep_rate: float = 1.0
    """Share of its generations that are good enough to keep."""
    degraded: bool = False
    """Whether it falls short of the clip's requirements."""

    @property
    def cause(self) -> str:
        """The name of the model's own cause."""
        return f"{self.provider}/{self.model}"

    @property
    def own(self) -> Cause:
        """What goes up and down with it: one model that is up more often in one mode than in another is two."""
        return self.provider, self.model, self.availability


@dataclass(frozen=True, slots=True)
class Exposure:
    """Clips that meet the same chances: ``count`` of them, each on its own."""

    attempts: tuple[Attempt, ...]
    """The chain, in the order in which it is tried."""
    takes: int
    """A clip is generated until one is kept, at most this many times."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Chances:
    """What all clips of a plan share."""

    exposures: tuple[Exposure, ...]
    providers: Mapping[str, float]
    """Availability of the providers that are causes of their own."""
    unserved: Micro
    """Booked for a clip that finds its whole chain down."""
    correlation: Correlation = "per-request"
    """Of models going down."""
    provider_correlation: Correlation = "per-request"
    """Of providers going down."""
    repair_minutes: Mapping[str, float] | None = None
    """Mean time for which each cause is down, by its name; for ``over-time``."""
    run_minutes: float | None = None
    """How long the run lasts; for ``over-time``."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Figures of a plan's cost as a random quantity, micro-dollars."""

    std: float
    p50: float
    p90: float
    p95: float
    p99: float
    cvar95: float
    best: float
    worst: int
    """The most that the plan can cost under the scenario's outages."""
    over_budget: float | None
    """Chance of going over the budget; None without one."""
    method: Literal["exact", "simulated"]
    states: int
    """Outage states of the run that differ."""
    draws: int
    seed: int | None
    error: float
    """Quantiles are right to within this."""
    sources: tuple[tuple[str, float], ...]
    """(cause, share of the variance that it explains on its own), largest first."""
    warnings: tuple[str, ...] = ()
    """What a reader of these figures must know."""
