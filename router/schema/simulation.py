"""A simulation of a plan: what its draws say, how sure that is, and the exact figures beside where they are known.

Every amount is a text with six decimals (``"1250.000000"``), whatever its unit.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from router.schema.base import Count, CountOrZero, Model, Name, SchemaVersion, Text
from router.schema.plan import Probability, Usd
from router.schema.scenario import Correlation

Amount = Usd
"""Of dollars, clips or probability: always six decimals."""


class Figure(Model):
    """One figure of the simulation."""

    name: Name
    """``expected``, ``std``, ``p50``, ``p90``, ``p95``, ``p99``, ``cvar95``; ``best`` and ``worst``: the least and the most drawn;
    ``above``: the chance of costing more than an amount; ``unserved``, ``unkept``, ``degraded``: numbers of clips, on average."""
    unit: Literal["usd", "clips", "probability"]
    """What the amounts are in."""
    above_usd: Usd | None = None
    """For ``above``: it is the chance that the cost is above this."""
    budget: bool = False
    """For ``above``: whether this is the scenario's budget."""
    simulated: Amount
    """What the draws say."""
    standard_error: Amount | None
    """Of that; null for percentiles and extremes, and for a probability that no draw or every draw speaks for."""
    low: Amount | None
    """Lower end of its 95 % interval; null where there is none, or the draws are too few."""
    high: Amount | None
    """Upper end of its 95 % interval; null where there is none, or the draws are too few."""
    exact: Amount | None
    """What it is, worked out without simulation; null where that is not possible."""


class UnservedShare(Model):
    """How likely it is that so many clips find their whole chain down."""

    at_least: CountOrZero
    """From this many clips."""
    at_most: CountOrZero
    """To this many; the same where the line is about one number."""
    simulated: Probability
    """Share of the draws."""
    low: Probability
    """Lower end of the 95 % interval."""
    high: Probability
    """Upper end of the 95 % interval."""
    exact: Probability | None
    """The probability, worked out without simulation; null where that is not possible."""


class HistogramBin(Model):
    """Draws whose cost is in one interval."""

    from_usd: Usd
    """Its lower end."""
    to_usd: Usd
    """Its upper end; a cost of exactly that belongs to the next interval, unless both ends are the same."""
    share: Probability
    """Share of the draws."""


class SimulationReport(Model):
    """What a simulation of a plan says."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Simulation"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    title: Text
    """The scenario's title."""
    draws: Count
    """Draws made."""
    seed: CountOrZero
    """Where the random numbers start: the same seed gives the same draws."""
    stopped: Literal["draws", "until"]
    """``draws``: all that were asked for were made; ``until``: the figures were precise enough before."""
    until: float | None = Field(default=None, gt=0, lt=1)
    """The precision asked for, as a fraction of expected cost, P95 and CVaR at 95 %."""
    correlation: Correlation
    """Of models going down."""
    provider_correlation: Correlation
    """Of whole providers going down."""
    figures: tuple[Figure, ...]
    """Cost, the chance of going over an amount, and clips that are not served as planned."""
    unserved: tuple[UnservedShare, ...]
    """Distribution of the number of clips that find their whole chain down."""
    histogram: tuple[HistogramBin, ...]
    """Distribution of the cost, in intervals of one round width."""
    notes: tuple[str, ...]
    """Why exact figures are missing, and what else matters."""
    warnings: tuple[str, ...]
    """What a reader of the figures must know; those of the plan."""
