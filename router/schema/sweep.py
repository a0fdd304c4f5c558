"""What a plan becomes while a value of its scenario, or two, go through a range."""

from typing import Annotated

from pydantic import ConfigDict, Field

from router.schema.base import CountOrZero, Model, SchemaVersion, Text
from router.schema.directions import Primary
from router.schema.plan import Usd


class Axis(Model):
    """A value that is varied."""

    path: Text
    """Where it stands, as for ``--set``."""
    operator: Annotated[str, Field(pattern=r"^[*+]?=$")] = "="
    """``=``: it takes each value; ``*=``: it is multiplied by each; ``+=``: each is added."""
    values: tuple[Text, ...] = Field(min_length=1)
    """What it becomes, in order, as for ``--set``."""


class Point(Model):
    """The best plan at one value of each axis, or why there is none."""

    at: tuple[Text, ...]
    """The value of each axis."""
    no_plan: Text = ""
    """Why there is no plan."""
    expected_usd: Usd | None = None
    """Mean cost."""
    nominal_usd: Usd | None = None
    """Cost where nothing fails."""
    worst_per_request_usd: Usd | None = None
    """The sum of the clips' own worst cases."""
    objective_usd: Usd | None = None
    """Mean cost, with what clips that are left out or degraded count."""
    served: CountOrZero | None = None
    """Clips that are made."""
    left_out: CountOrZero | None = None
    """Clips that are not."""
    primaries: tuple[Primary, ...] = ()
    """Who makes the clips as planned, most clips first."""
    changed: bool = False
    """Whether the plan is another one than at the value before, along the last axis."""


class Change(Model):
    """Where between two values the plan changes."""

    at: tuple[Text, ...]
    """The values of all axes but the last."""
    until: Text
    """The last value, to six decimals, at which the plan is as before; of the last axis."""
    since: Text
    """The first at which it is another one."""
    exact: bool = True
    """Whether it was looked for between two of the values; else these are given, and what is moved in all."""
    more: bool = False
    """Whether it changes again before the next of the values: oftener than was followed."""
    moved: tuple[Text, ...] = ()
    """What is made differently."""


class Sweep(Model):
    """A scenario planned at every value of one or two axes."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Sweep"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    title: Text
    """The scenario's title."""
    axes: tuple[Axis, ...] = Field(min_length=1, max_length=2)
    """What is varied; the last one fastest."""
    points: tuple[Point, ...]
    """One for each value, or pair of values."""
    changes: tuple[Change, ...] = ()
    """Where the plan changes, along the last axis."""

    def _repr_html_(self) -> str:
        """The sweep in a notebook, without script or style sheet."""
        from router.report.html.study_fragments import sweep_fragment  # A convenience over a stage above

        return sweep_fragment(self)
