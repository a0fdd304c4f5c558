"""How long scenarios take to be loaded, planned, simulated and routed clip by clip, and where that time goes.

Times are on the clock, so they differ from run to run. Least and most stand beside each median.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from router.schema.base import Count, CountOrZero, Date, Model, SchemaVersion, Text
from router.stages import Stage

Time = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Span(Model):
    """What something took, over all rounds."""

    median_seconds: Time
    """Median of the rounds."""
    least_seconds: Time
    """The quickest round."""
    most_seconds: Time
    """The slowest round."""


class StageSpan(Span):
    """What one stage of planning took."""

    stage: Stage
    """``market``: catalogs to offers; ``classes``: equal clips merged; ``candidates``: ways to make each class, their prices and chains;
    ``formulation``: the problem with its limits; ``solve``; ``routes``: with their requests; ``distribution``: of the cost; ``moves``: what
    less risk changes; ``assembly``: totals, baselines, the certificate; ``shadow-prices``; ``check``: the independent one."""


class Planning(Model):
    """What planning took: the stages are all that planning does, one after the other."""

    stages: tuple[StageSpan, ...] = Field(min_length=1)
    """In their order."""
    all_stages: Span
    """Their sum, round by round."""
    other: Span
    """The rest of the total."""
    total: Span
    """From the scenario to the finished, checked plan."""


class Simulating(Span):
    """What drawing the cost took."""

    draws: Count
    """Draws made; the exact figures beside them are part of the time."""


class Calls(Model):
    """What single decisions took."""

    calls: Count
    """How many were timed, over all rounds."""
    median_microseconds: Time
    """Half of them took no longer."""
    p99_microseconds: Time
    """99 of 100 took no longer."""


class Routing(Model):
    """What `router.online.Router` takes to decide one clip, without budgets."""

    kinds: Count
    """Different requirements among the clips that were routed; the first 1,000 of the scenario at most."""
    refused: CountOrZero
    """Different requirements that it refuses: nothing can make such a clip, or nothing for its value. They are not timed."""
    new: Calls
    """Of requirements that it meets for the first time."""
    remembered: Calls
    """Of requirements that it met before."""


class Sizes(Model):
    """What explains the times."""

    lines: Count
    """Clips as the file lists them."""
    clips: CountOrZero
    """Clips asked for."""
    classes: Count
    """Classes of equal clips, drafts included."""
    catalogs: Count
    """Catalogs bought from."""
    offers: CountOrZero
    """Offers in them."""
    candidates: CountOrZero
    """Eligible ways to make a clip, over all classes."""
    limits: CountOrZero
    """Limits of the problem: a deadline counts once for each model."""
    blocks: CountOrZero
    """Parts that were solved one by one; 0 where no limit binds."""
    rows: CountOrZero
    """Rows of their linear models."""
    columns: CountOrZero
    """Columns of their linear models."""
    nodes: CountOrZero
    """Models solved."""
    routes: CountOrZero
    """Routes of the plan."""
    states: CountOrZero
    """Outage states that the distribution of the cost is made of; 0 where it is simulated."""
    method: Literal["argmin", "solver"]
    """``argmin``: no limit binds; ``solver``: limits bind."""
    status: Literal["optimal", "feasible"]
    """Whether the plan is proven to be the best."""


class Measured(Model):
    """One scenario that has a plan."""

    sizes: Sizes
    """What explains the times."""
    planning: Planning
    """Scenario to plan, as `router plan` makes it."""
    exact: Span | None
    """The exact distribution of the plan's cost; null where there is none."""
    simulation: Simulating
    """The cost drawn, with the exact figures beside."""
    routing: Routing | None
    """Single decisions; null where every one of the clips is refused."""
    summary: str
    """Where the time of planning goes, in one sentence."""
    notes: tuple[str, ...]
    """What was not timed, and why."""


class Timed(Model):
    """One scenario."""

    scenario: Text
    """Its file; ``-`` is standard input."""
    load: Span
    """The file, with the tables, catalogs and other files that it names, to a checked scenario."""
    measured: Measured | None = None
    """What the rest took; null where no plan exists."""
    no_plan: str = ""
    """Why no plan exists."""


class Bench(Model):
    """Scenarios, timed."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Times of scenarios"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    on: Date
    """The day on which prices and dates of sale were judged."""
    rounds: Count
    """How often everything was timed."""
    python: Text
    """The version of Python."""
    cores: Count
    """Processors of the machine."""
    scenarios: tuple[Timed, ...] = Field(min_length=1)
    """In the order in which they were given."""
