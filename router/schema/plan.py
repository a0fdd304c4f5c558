"""The answer: a route for every clip, with price, expected and worst-case cost.

In JSON, money is a text with six decimals (``"1250.000000"``) in a field that ends in ``_usd``; lengths are plain numbers
of seconds. ``price_usd``, ``expected_usd`` and ``worst_usd`` of a route are for ONE clip; totals are for all.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from router.errors import InputError, Problem
from router.schema.account import AccountTerms
from router.schema.base import (
    Count,
    CountOrZero,
    Date,
    Flag,
    JsonTable,
    Model,
    Name,
    SchemaVersion,
    SecondsOrZero,
    Text,
    refusal,
)
from router.schema.prices import CatalogRef, PriceLine
from router.schema.requests import lack_text
from router.schema.scenario import Correlation
from router.units import plain_seconds

if TYPE_CHECKING:
    import polars
    import pyarrow


def _decimal(value: object) -> Decimal:
    try:
        amount = (
            Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else Decimal("NaN")
        )
    except InvalidOperation:
        amount = Decimal("NaN")
    return amount if amount.is_finite() and abs(amount) < 10**18 else Decimal("NaN")


def _amount(value: object) -> Decimal:
    amount = _decimal(value)
    if amount.is_nan():
        raise refusal([((), 'must be an amount as "1250.000000"')])
    if amount != (rounded := amount.quantize(Decimal("0.000001"))):
        raise refusal([((), "must be an amount with at most six decimals")])
    return rounded


def _multiplier(value: object) -> Decimal:
    amount = _decimal(value)
    # From 10^16 on, twelve decimals are more digits than a decimal is rounded to.
    if amount.is_nan() or not 0 <= amount < 10**16 or amount != (rounded := round(amount, 12)):
        raise refusal([((), 'must be a number of at least 0 with at most twelve decimals as "0.250000000000"')])
    return rounded


Usd = Annotated[
    Decimal,
    BeforeValidator(_amount),
    PlainSerializer(lambda amount: f"{amount:.6f}", when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+\.\d{6}$"}),
]
Amount = Annotated[Decimal, BeforeValidator(_amount), WithJsonSchema({"type": "string"})]
Length = Annotated[SecondsOrZero, PlainSerializer(plain_seconds, when_used="json")]
Minutes = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=-1e-9, le=1 + 1e-9, allow_inf_nan=False)]
AudioTreatment = Literal["none", "native", "deferred"]


class PreparedRequest(NamedTuple):
    """One generation, ready to submit: ``POST`` the body as JSON to the URL, with your key in a header.

    Where the URL is ``litellm:video_generation``, the body is the keyword arguments of that function.
    """

    url: str
    body: dict[str, Any]


class Request(Model):
    """What to submit for one generation."""

    url: Text
    """Where to ``POST`` it."""
    body: JsonTable
    """The JSON body."""
    lacks: tuple[Text, ...] = ()
    """What the API cannot do without and the clip's ``request`` does not give, by its neutral name."""


class ChainStep(Model):
    """One candidate that a clip is tried on."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    resolution: Text | None
    """What it makes; null where the provider does not state it."""
    audio: AudioTreatment
    """How the clip gets its sound on this step."""
    segments: tuple[Length, ...] = Field(min_length=1)
    """Generated lengths, seconds."""
    offer: CountOrZero | None = None
    """The position of its offer over all catalogs: which of the plan's ``prices`` bills it."""
    price_usd: Usd
    """Its price for one clip."""
    dubbing_usd: Usd
    """Sound made elsewhere, part of the price."""
    billed_usd: Usd
    """What it bills when it makes the clip: its price, or the primary's under ``billed = "requested"``."""
    probability: Probability
    """Chance that this step makes the clip."""
    availability: Probability | None
    """Of the model alone; null: unknown, which counts as 1 in the expectation and as "may be down" in the worst case."""
    failure_rate: Probability = 0.0
    """Share of submitted generations that fail."""
    bills_failures: Literal["no", "yes", "unknown"] = "no"
    """Whether a failed generation is billed; ``unknown`` counts as billed in the worst case only."""
    keep_rate: Probability = 1.0
    """Share of its generations that are good enough to keep."""
    shortfall: tuple[Text, ...] = ()
    """Requirements that a degraded fallback misses."""


class ClipCounts(Model):
    """Some clips, and how many of each."""

    clips: tuple[Name, ...] = Field(min_length=1)
    """Their ids."""
    counts: tuple[Count, ...] = Field(min_length=1)
    """How many of each."""
    count: Count
    """How many in all."""

    @model_validator(mode="after")
    def _one_count_each(self) -> Self:
        if len(self.counts) != len(self.clips):
            raise refusal([(("counts",), "must have one count for each of `clips`")])
        return self


class Route(ClipCounts):
    """How some clips of equal requirements are made."""

    provider: Name
    """Who sells it."""
    model: Name
    """The model."""
    api_model: Text
    """What the provider's API calls it."""
    catalog: Name
    """The catalog that prices it."""
    mode: Name
    """The mode of the offer."""
    reference: Literal["image", "video"] | None
    """What motion is taken from."""
    resolution: Text | None
    """What it makes; null where the provider does not state it."""
    audio: AudioTreatment
    """How the clip gets its sound."""
    seconds: Length
    """Length of the finished clip."""
    segments: tuple[Length, ...] = Field(min_length=1)
    """Generated lengths, seconds."""
    generated_seconds: Length
    """Their sum."""
    surplus_seconds: Length
    """What is generated beyond the finished clip, to be trimmed."""
    billed_seconds: Length
    """What is billed."""
    price_usd: Usd
    """Price of one clip, dubbing included."""
    dubbing_usd: Usd
    """Sound made elsewhere, part of the price."""
    price_units: Text | None = None
    """Price of the generations in the catalog's own unit, where that is not dollars."""
    unit: Name | None = None
    """That unit."""
    expected_usd: Usd
    """Mean cost of one clip."""
    worst_usd: Usd
    """The most that one clip can cost."""
    chain: tuple[ChainStep, ...] = Field(min_length=1)
    """The candidates in the order in which they are tried; the first is the primary."""
    unserved_probability: Probability
    """Chance that no step makes the clip."""
    max_takes: Count = 1
    """A clip is generated until one is kept, at most this many times."""
    unkept_probability: Probability = 0.0
    """Chance that every take is made and none is kept."""
    draft: bool = False
    """Whether these are drafts of the clips."""
    drafting_usd: Usd = Decimal(0)
    """Mean cost of the drafts of one clip; not part of the route's other figures."""
    group: Name | None = None
    """The group whose clips share a model or provider."""
    degraded: tuple[Literal["resolution", "audio", "seconds"], ...] = ()
    """Requirements below which these clips are made."""
    penalty_usd: Usd = Decimal(0)
    """What counts against one of these clips for that; no money changes hands."""
    instead_of: Name | None = None
    """``provider/model`` of the cheapest way to make these clips, where it is not this one."""
    extra_usd: Usd = Decimal(0)
    """By how much one clip's mean cost and penalty are above those of the cheapest way."""
    pushed_by: tuple[Text, ...] = ()
    """Limits that one of these clips would break on its cheapest way; also ``savings`` (packs and discounts), ``objective`` (risk)."""
    request: Request | None
    """The first generation; null where this version does not know the provider's API, or it cannot be asked for this."""
    further_requests: tuple[Request, ...] = ()
    """The generations after the first, for a clip made of several."""


class LeftOut(ClipCounts):
    """Clips that are not made, because their value is less than they would cost or limits forbid them."""

    value_usd: Usd
    """What one of them is worth."""
    reason: Text
    """Why."""
    pushed_by: tuple[Text, ...] = ()
    """Limits that making one of them in the cheapest way would break, where that costs less than its value."""


class Solved(Model):
    """How much of the problem went to the solver; nothing where no limit binds."""

    blocks: CountOrZero
    """Parts that no limit connects, each solved by itself."""
    columns: CountOrZero
    """Ways to make clips in their linear models, and what can be chosen for a group."""
    rows: CountOrZero
    """Classes of equal clips, limits, and what ties the ways of a group together."""
    nodes: CountOrZero
    """Models solved: more than one a block where there are packs, volume discounts or deadlines."""


class LimitValue(Model):
    """One limit, and what the plan uses of it."""

    limit: Text
    """Its path in the scenario's ``limits``."""
    unit: Literal["usd", "clips", "seconds", "share", "score", "minutes"]
    """What the numbers are in."""
    value: Amount
    """What the plan uses."""
    at_most: Amount | None = None
    """Upper bound."""
    at_least: Amount | None = None
    """Lower bound."""
    slack: Amount
    """How far the value is from the bound."""
    shadow_price: float | None = None
    """What a unit saves: by how much the objective is lower (dollars) with the bound one ``step`` looser, by solving again, per unit.

    A deadline is that of all models. Null where the plan is not proven optimal, prices were not asked for, or time ran out.
    """
    step: Amount
    """How much looser: a dollar, a clip, a second, a hundredth, a tenth of a score, a minute."""
    more_clips: int = 0
    """How many more clips are made with the bound one step looser."""


class Multiplier(Model):
    """What one more unit of a limit is taken to be worth."""

    limit: Text
    """Its path in the scenario's ``limits``."""
    value: Annotated[
        Decimal,
        BeforeValidator(_multiplier),
        PlainSerializer(lambda value: f"{value:.12f}", when_used="json"),
        WithJsonSchema({"type": "string", "pattern": r"^\d+\.\d{12}$"}),
    ]
    """Dollars for each unit: for each dollar of a limit on money, each clip, each second, each point of a clip's score."""


class Certificate(Model):
    """A lower bound that follows from the multipliers without a solver.

    If every clip pays the multipliers for what it uses of the limits (and earns them for what a lower bound asks for), its cheapest
    way costs no more than it does in any plan: the sum of these, less the multipliers of the bounds themselves, is below no plan's
    objective.
    """

    multipliers: tuple[Multiplier, ...]
    """Of the limits that bind; the others have none."""
    bound_usd: Usd
    """What they prove: no plan has a lower objective."""

    @model_validator(mode="after")
    def _one_for_each_limit(self) -> Self:
        names = [multiplier.limit for multiplier in self.multipliers]
        if len(names) != len(set(names)):
            raise refusal([(("multipliers",), "must name every limit once")])
        return self


class Baseline(Model):
    """What the clips that the plan makes would cost without a plan."""

    name: Text
    """The rule: every clip that it can make goes to it."""
    clips: CountOrZero
    """How many clips the rule decides; the others stay as planned. It decides drafts too, which do not count here."""
    expected_usd: Usd
    """Expected cost of all clips and drafts under the rule."""
    saving_usd: Usd
    """What the plan saves against it."""


class Move(Model):
    """Clips that are made elsewhere than in the cheapest plan, for the sake of risk; all at list prices."""

    model: Name
    """Where they go; ``left out`` if they are not made."""
    clips: CountOrZero
    """How many."""
    drafts: CountOrZero = 0
    """How many drafts go there besides."""
    instead_of: tuple[Name, ...] = Field(min_length=1)
    """Where the cheapest plan sends them."""
    expected_usd: Usd
    """What the move adds to the expected cost; a clip left out costs its value."""
    p95_usd: Usd
    """What it adds to the 95th percentile of the cost; negative where it lowers it."""
    cvar95_usd: Usd
    """What it adds to the mean cost of the worst 5 % of runs."""


class PackUse(Model):
    """A prepaid pack that could be bought, and what the plan makes of it."""

    provider: Name
    """Who sells it."""
    pays_for_usd: Usd
    """List price that one pays for."""
    price_usd: Usd
    """What one costs."""
    max_count: Count
    """How many can be bought, or are owned."""
    owned: Flag = False
    """Whether the account owns them: nothing is paid for them, and they pay before any that are bought."""
    valid_until: Date | None = None
    """The last day on which they pay, where the account says one."""
    bought: CountOrZero
    """How many the plan buys; of those that are owned, all."""
    used_usd: Usd
    """Expected list price that they pay for."""
    unused_usd: Usd
    """Face value that is lost."""


class Discount(Model):
    """What a provider's packs and volume discounts take off its list prices."""

    provider: Name
    """Who gives it."""
    list_usd: Usd
    """Expected spend at list prices."""
    prepaid_usd: Usd
    """The part of it that packs pay for."""
    discount_usd: Usd
    """What tiers take off the rest."""


class DegradedClips(ClipCounts):
    """Clips that are made below their requirements."""

    what: tuple[Text, ...]
    """What is lowered, in words."""
    penalty_usd: Usd
    """What counts against one of them."""


class Objective(Model):
    """What was minimised; clips left out cost their value besides."""

    minimise: Literal["expected", "worst-case", "cvar"]
    """Expected cost, worst case, or conditional value at risk over per-run outage states."""
    level: Probability
    """Of the conditional value at risk."""
    risk_aversion: Probability
    """``r``: the expected cost counts ``1 - r``, the conditional value at risk ``r``."""
    cvar_usd: Usd | None
    """The conditional value at risk over per-run outage states; null where it is not part of the objective."""


class Outages(Model):
    """What the figures of a plan assume about outages."""

    correlation: Correlation
    """Of models going down."""
    provider_correlation: Correlation
    """Of whole providers going down."""
    providers: dict[Name, Probability]
    """Availability of the providers in the plan's chains that go down as a whole."""
    repair_minutes: dict[Name, Minutes] = Field(default_factory=dict)
    """Mean time for which each cause is down, minutes; for ``over-time``."""
    run_minutes: Minutes | None = None
    """How long the run lasts, minutes; for ``over-time``."""
    unserved_usd: Usd
    """Booked for a clip that finds its whole chain down."""


class VarianceSource(Model):
    """One cause of spread in the cost."""

    source: Name
    """A model that goes down (``provider/model``), or a provider."""
    share: Probability
    """Part of the variance that this cause explains on its own (first-order index)."""


class Distribution(Model):
    """How the figures of the cost's distribution were found."""

    method: Literal["exact", "simulated"]
    """``exact``: over all outage states; ``simulated``: where these are too many, or change over time."""
    states: CountOrZero = 0
    """Outage states of the run that differ; 1 if none is drawn for the run as a whole."""
    draws: CountOrZero = 0
    """Draws of the simulation."""
    seed: CountOrZero | None = None
    """Its seed."""
    error_usd: Usd = Decimal(0)
    """Percentiles are right to within this."""
    sources: tuple[VarianceSource, ...] = ()
    """Where the variance comes from, largest first."""


class Totals(Model):
    """Sums over all clips."""

    clips: CountOrZero
    """Clips asked for."""
    served: CountOrZero
    """Clips made."""
    left_out: CountOrZero
    """Clips not made."""
    nominal_usd: Usd
    """Cost if nothing fails."""
    nominal_units: dict[str, str] = Field(default_factory=dict)
    """The part of it that catalogs price in other units, in those units."""
    drafts: CountOrZero = 0
    """Drafts made; not among the clips."""
    drafts_usd: Usd = Decimal(0)
    """Mean cost of the drafts, at list prices."""
    list_usd: Usd
    """Mean cost at list prices, before packs and volume discounts."""
    saving_usd: Usd = Decimal(0)
    """What packs and volume discounts take off, the price of the packs counted; off every figure of cost alike."""
    expected_usd: Usd
    """Mean cost."""
    per_served_usd: Usd | None = None
    """Mean cost of one clip that is made, its drafts included; null where none is."""
    std_usd: Usd
    """Standard deviation of the cost."""
    p50_usd: Usd
    """Half of all runs cost at most this."""
    p90_usd: Usd
    """90 % of all runs cost at most this."""
    p95_usd: Usd
    """95 % of all runs cost at most this."""
    p99_usd: Usd
    """99 % of all runs cost at most this."""
    cvar95_usd: Usd
    """Mean cost of the worst 5 % of runs."""
    best_usd: Usd
    """The least that the plan can cost."""
    worst_usd: Usd
    """The most the plan can cost under the scenario's outages."""
    worst_per_request_usd: Usd
    """The most it can cost if every clip meets its own worst case."""
    over_budget_probability: Probability | None = None
    """Chance that the cost is above ``limits.budget_usd``; null without one."""
    left_out_value_usd: Usd
    """Value of the clips left out."""
    penalty_usd: Usd = Decimal(0)
    """What counts against degraded clips."""
    objective_usd: Usd
    """What was minimised: expected cost, the value of clips left out, and what counts against degraded ones."""
    unserved_expected: float
    """Mean number of clips that find their whole chain down."""
    unkept_expected: float = 0.0
    """Mean number of clips none of whose takes is kept."""
    degraded_expected: float
    """Mean number of clips that a degraded fallback makes below their requirements."""


class Plan(Model):
    """A routed plan."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Plan"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the file format: 1."""
    title: Text
    """The scenario's title."""
    status: Literal["optimal", "feasible"]
    """``optimal``: proven; ``feasible``: the best found within the time limit."""
    method: Literal["argmin", "solver"]
    """``argmin``: no limit binds, so every clip takes its cheapest way, in a group that of the whole group; ``solver``: limits bind."""
    solved: Solved
    """How much of it was left to the solver."""
    gap: float = Field(ge=0, allow_inf_nan=False)
    """How far the objective may be from the optimum, as a fraction of it; 0 when proven."""
    bound_usd: Usd
    """No plan has a lower objective than this."""
    certificate: Certificate | None = None
    """A bound that anyone can work out again; null where what is limited is more than sums over clips."""
    catalogs: tuple[CatalogRef, ...]
    """What it was priced with."""
    account: dict[Name, AccountTerms] = Field(default_factory=dict)
    """The terms of the account that it was made under, by provider."""
    prices: tuple[PriceLine, ...] = ()
    """The price of every offer on its chains, as the catalogs state it, and what of it the account pays."""
    totals: Totals
    """Sums over all clips."""
    objective: Objective
    """What was minimised."""
    outages: Outages
    """What the figures assume about outages."""
    distribution: Distribution
    """How the figures of the distribution were found."""
    routes: tuple[Route, ...]
    """How the clips are made."""
    left_out: tuple[LeftOut, ...]
    """Clips that are not made."""
    degraded: tuple[DegradedClips, ...] = ()
    """Clips that are made below their requirements."""
    limits: tuple[LimitValue, ...]
    """What the plan uses of each limit."""
    packs: tuple[PackUse, ...] = ()
    """Prepaid packs, as the scenario offers them."""
    discounts: tuple[Discount, ...] = ()
    """What packs and volume discounts come to, by provider."""
    baselines: tuple[Baseline, ...]
    """What it would cost otherwise."""
    moves: tuple[Move, ...] = ()
    """How the plan differs from the cheapest one that looks at no risk, and what that changes."""
    warnings: tuple[str, ...]
    """What a reader of the figures must know."""

    def to_json(self) -> str:
        """The plan as a JSON document; the same plan always gives the same bytes."""
        return self.model_dump_json(indent=2, by_alias=True) + "\n"

    def save(self, path: str | FilePath) -> None:
        """Write the plan as JSON, whole or not at all."""
        from router.report.document import write_whole  # A convenience over a stage above

        write_whole(FilePath(path), self.to_json())

    def _repr_html_(self) -> str:
        """The plan in a notebook: its figures and its routes, without script or style sheet."""
        from router.report.html.fragment import plan_fragment  # A convenience over a stage above

        return plan_fragment(self)

    @classmethod
    def load(cls, path: str | FilePath) -> "Plan":
        """Read a plan that was saved as JSON.

        Raises
        ------
        router.errors.InputError
            With every error in the file, each with its line.
        """
        from router.loading.plan_file import load_plan  # A convenience over a stage above

        return load_plan(path)

    def to_rows(self) -> list[dict[str, Any]]:
        """One flat row a route at list prices, then one for what is left out: the columns of the CSV, with exact numbers."""
        from router.report.frames import plan_rows  # A convenience over a stage above

        return plan_rows(self)

    def to_arrow(self) -> "pyarrow.Table":
        """The rows as an Arrow table, with money and lengths as decimals.

        Raises
        ------
        ImportError
            If pyarrow is not installed.
        """
        from router.report.frames import plan_arrow  # A convenience over a stage above

        return plan_arrow(self)

    def to_polars(self) -> "polars.DataFrame":
        """The rows as a polars data frame, with money and lengths as decimals.

        Raises
        ------
        ImportError
            If polars is not installed.
        """
        from router.report.frames import plan_polars  # A convenience over a stage above

        return plan_polars(self)

    def requests(
        self, clip: str | None = None, *, draft: bool | None = None, complete: bool = False
    ) -> Iterator[PreparedRequest]:
        """One request for every generation of every clip, in the order of the routes; of one clip, if it is named.

        Parameters
        ----------
        draft
            True: of drafts only; False: of finished clips only; absent: of both.
        complete
            Whether to refuse all of them where one lacks what its API cannot do without.

        Raises
        ------
        router.errors.InputError
            If a route goes to a provider whose API this version does not know, or cannot ask for what is planned; with ``complete``
            also if a request lacks something, which is named with its clips.
        """
        wanted = [
            (name, count, route)
            for route in self.routes
            for name, count in zip(route.clips, route.counts, strict=True)
            if draft in (None, route.draft) and clip in (None, name)
        ]
        if complete:
            _refuse_incomplete((name, route) for name, _, route in wanted)
        for _, count, route in wanted:
            if route.request is None:
                what = ", ".join(filter(None, (route.api_model, route.resolution, f"audio {route.audio}")))
                raise InputError(
                    f"requests for provider '{route.provider}' are not yet supported by this version ({what})"
                )
            for _ in range(count):
                for request in (route.request, *route.further_requests):
                    yield PreparedRequest(request.url, json.loads(json.dumps(request.body)))


def _refuse_incomplete(wanted: Iterable[tuple[str, Route]]) -> None:
    lacking: dict[tuple[str, str], dict[str, None]] = {}
    for name, route in wanted:
        for missing in route.request.lacks if route.request else ():
            lacking.setdefault((f"{route.provider}/{route.model}", missing), {})[name] = None
    if lacking:
        raise InputError([Problem(lack_text(model, missing, [*names])) for (model, missing), names in lacking.items()])
