"""The Pareto set of two figures of a plan: every plan that nothing beats in one of them without losing in the other.

Each point is a plan that is proven to be on the set: no plan costs less at this second figure, and at this cost none has a better one.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from router.schema.base import Count, CountOrZero, Flag, Model, SchemaVersion, Text
from router.schema.directions import Primary
from router.schema.plan import Usd

Score = Annotated[
    Decimal,
    Field(allow_inf_nan=False),
    PlainSerializer(lambda number: f"{number:f}", when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]
Second = Literal["quality", "cvar", "clips-served"]
"""What is set against the cost."""


class FrontierPoint(Model):
    """One plan of the set."""

    cost_usd: Usd
    """The first figure: mean cost and what degraded clips count, and but for ``clips-served`` the value of what is left out."""
    quality: Score | None = None
    """Mean quality of the finished clips made, rounded down to nine decimals; null where it is not looked at."""
    cvar_usd: Usd | None = None
    """Mean cost of the worst outcomes; null where it is not looked at."""
    served: CountOrZero
    """Finished clips that are made."""
    left_out: CountOrZero
    """Clips that are not."""
    expected_usd: Usd
    """Mean cost."""
    left_out_value_usd: Usd
    """What the clips that are left out are worth."""
    worst_per_request_usd: Usd
    """The sum of the clips' own worst cases."""
    primaries: tuple[Primary, ...]
    """Who makes the clips as planned, most clips first."""
    knee: Flag
    """Whether it is the knee (see ``Frontier``)."""
    adjacent: Flag
    """Whether no point of the set lies between the one before and this one; false for the first."""
    moved: tuple[str, ...] = ()
    """What is made differently than at the point before."""
    set: str = ""
    """What ``--set`` gives a plan of this cost; empty where no limit does."""


class Frontier(Model):
    """The plans that are best in cost and a second figure, cheapest first.

    The knee is the point farthest from the straight line between both ends, on its better side, where both figures are measured by how far
    the ends lie apart: there a little more cost stops buying much. There is none where no point lies on that side.
    """

    model_config = ConfigDict(**{**Model.model_config, "title": "Frontier"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    title: Text
    """The scenario's title."""
    of: tuple[Literal["cost"], Second]
    """The two figures."""
    level: float | None
    """Of the conditional value at risk; null where it is not looked at."""
    points: tuple[FrontierPoint, ...] = Field(min_length=1)
    """Plans of the set, both ends among them; all of it, if it is ``complete``, else spread evenly over the second figure."""
    complete: Flag
    """Whether these are all points of the set."""
    at_least: Count
    """The set has at least so many points."""
    knee_known: Flag
    """Whether no point of the whole set lies farther from the line than the knee; else only of those given."""
    proven: Flag
    """Whether every plan that this rests on was proven optimal."""
    solved: Count
    """How many plans were worked out for this."""

    def _repr_html_(self) -> str:
        """The set in a notebook, without script or style sheet."""
        from router.report.html.study_fragments import frontier_fragment  # A convenience over a stage above

        return frontier_fragment(self)
