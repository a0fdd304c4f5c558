"""A scenario file: the clips that are needed, and the rules under which they are bought.

Money is in US dollars, lengths in seconds, rates in [0, 1].
"""

from decimal import Decimal
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Self

from pydantic import Field, InstanceOf, PrivateAttr, WithJsonSchema, model_validator

from router.schema.account import Account, AccountTerms
from router.schema.base import (
    Count,
    CountOrZero,
    Date,
    Flag,
    Level,
    Minutes,
    Model,
    Name,
    Number,
    Path,
    PositiveUsd,
    Rate,
    SchemaVersion,
    Seconds,
    SecondsOrZero,
    Text,
    Usd,
    refusal,
)
from router.schema.calibration import Calibration, with_measured
from router.schema.catalog import Catalog, Reference, Resolution
from router.schema.columns import ColumnNames, refuse_columns
from router.schema.requests import RequestTable


class Drafts(Model):
    """Drafts that are made of a clip before the final one; each is as long as the clip."""

    count: Annotated[int, Field(strict=True, ge=1, le=1000)]
    """How many for each clip."""
    resolution: Resolution | None = None
    """Least resolution; absent = any."""
    audio: Literal["none", "native", "deferred", "any"] = "none"
    """As for clips."""


class Requirements(Model):
    """What every clip of a class has in common; ``defaults`` gives these for clips that do not say otherwise."""

    mode: Name = "text-to-video"
    """What the model is asked to do."""
    accept_image_prompt: Flag = False
    """An image-to-video clip may also use a text-to-video model that takes an image prompt."""
    max_surplus_seconds: SecondsOrZero | None = None
    """How much longer than ``seconds`` the generated length may be; 0 = exact; absent = any."""
    max_segments: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    """The clip may be made of up to this many generations of the same offer."""
    resolution: Resolution | None = None
    """Least resolution; absent = any."""
    audio: Literal["none", "native", "deferred", "any"] = "none"
    """``none``: silence is enough; ``native``: the model makes sound; ``deferred``: dubbed afterwards; ``any``: the better of both."""
    reference: Reference | None = None
    """What motion is taken from; ``video`` for motion control if absent."""
    models: tuple[Name, ...] | None = Field(default=None, min_length=1)
    """Only these models."""
    not_models: tuple[Name, ...] = ()
    """None of these models."""
    providers: tuple[Name, ...] | None = Field(default=None, min_length=1)
    """Only these providers."""
    not_providers: tuple[Name, ...] = ()
    """None of these providers."""
    quality_min: Number | None = None
    """Least quality score; an offer without a score cannot serve."""
    max_price_usd: Usd | None = None
    """Upper bound on the price of one clip."""
    max_takes: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    """Generate until one is kept, at most this many times; acts on models with a keep rate below 1."""
    drafts: Drafts | None = None
    """Drafts that are made before the final one."""
    value_usd: Usd | None = None
    """What the clip is worth: it may be left out when that is better; absent = it must be made."""
    group: Name | None = None
    """A label that limits on groups refer to."""
    request: RequestTable = Field(default_factory=dict)
    """Passed through to the provider's request body: prompt, aspect_ratio, image URLs; never logged. Keys and tokens are refused."""


class Defaults(Requirements):
    """Requirements for every clip that does not say otherwise."""

    seconds: Seconds | None = None
    """Length of one finished clip, seconds."""
    count: Count | None = None
    """How many such clips are needed."""


class Clip(Requirements):
    """One finished piece of video that is needed, ``count`` times."""

    id: Name
    """Unique name; made up from the position if absent."""
    seconds: Seconds
    """Length of one finished clip, seconds."""
    count: Count = 1
    """How many such clips are needed."""


class Dubbing(Model):
    """What sound made elsewhere costs."""

    usd_per_second: Usd = Field(default=0, validate_default=True)
    """Dollars per second of the finished clip."""
    usd_per_clip: Usd = Field(default=0, validate_default=True)
    """Dollars per clip."""


class Fallback(Model):
    """What happens when the primary is down."""

    direction: Literal["any", "cheaper", "dearer", "none"] = "any"
    """Which other models may catch the clip."""
    accept: Literal["qualified", "degraded"] = "qualified"
    """``degraded``: a fallback may miss resolution and audio."""
    across: Literal["provider", "all"] = "provider"
    """``provider``: within the primary's provider; ``all``: also other providers."""
    billed: Literal["actual", "requested"] = "actual"
    """Whose price a fallback bills: the model's that made it, or the primary's."""
    order: Literal["price", "expected"] = "price"
    """``expected``: by expected price over success rate, for chains that the caller runs."""
    max_steps: CountOrZero | None = None
    """Length of the chain after the primary; absent = no bound."""
    unserved_usd: Usd = Field(default=0, validate_default=True)
    """Cost booked for a clip that finds the whole chain down."""


Correlation = Literal["per-request", "per-run", "over-time"]


class Outages(Model):
    """How likely models are up, and what is down together."""

    correlation: Correlation = "per-request"
    """``per-request``: every clip finds its own state; ``per-run``: one state for the whole run; ``over-time``: models come and go."""
    provider_correlation: Correlation | None = None
    """The same for outages of whole providers; absent = as ``correlation``."""
    availability: dict[Name, Rate] = Field(default_factory=dict)
    """Chance of being up, by ``model``, ``provider/model`` or ``provider`` (a cause shared by all its models)."""
    repair_minutes: Minutes | None = None
    """Mean time until what is down comes back, minutes; for ``over-time``."""
    repair_minutes_of: dict[Name, Minutes] = Field(default_factory=dict)
    """The same by name, as for ``availability``, where it differs."""
    run_minutes: Minutes | None = None
    """How long the run lasts, minutes; clips are submitted evenly over it. For ``over-time``."""

    @model_validator(mode="after")
    def _times(self) -> Self:
        if "over-time" not in (self.correlation, self.provider_correlation):
            return self
        if missing := [name for name in ("repair_minutes", "run_minutes") if getattr(self, name) is None]:
            raise refusal([(("correlation",), f'"over-time" needs {" and ".join(missing)}')])
        return self


class Where(Model):
    """Which primaries a cap counts: those that match every field given."""

    provider: Name | None = None
    """Who sells it."""
    model: Name | None = None
    """The model."""
    mode: Name | None = None
    """The offer's mode."""
    resolution: Resolution | None = None
    """The offer's resolution."""
    audio: Flag | Literal["none", "native", "deferred"] | None = None
    """Whether the offer makes sound; or how the route gets its sound."""


class Cap(Model):
    """Bounds on the primaries that match ``where``."""

    where: Where = Field(default_factory=Where)
    """Which primaries count; all if absent."""
    max_clips: CountOrZero | None = None
    """At most this many clips."""
    max_seconds: SecondsOrZero | None = None
    """At most this many billed seconds."""
    max_usd: Usd | None = None
    """At most this much price."""
    max_share: Rate | None = None
    """At most this share of the served clips."""
    min_clips: CountOrZero | None = None
    """At least this many clips."""
    min_share: Rate | None = None
    """At least this share of the served clips."""

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        bounds = (self.max_clips, self.max_seconds, self.max_usd, self.max_share, self.min_clips, self.min_share)
        if all(bound is None for bound in bounds):
            raise refusal(
                [((), "bounds nothing: give max_clips, max_seconds, max_usd, max_share, min_clips or min_share")]
            )
        return self


class TailLimit(Model):
    """A bound on the conditional value at risk."""

    level: Level = Field(default=Decimal("0.95"), validate_default=True)
    """What share of outcomes does not count: the mean is over the worst ``1 - level``."""
    usd: Usd
    """Mean cost of the worst outcomes over per-run outage states, at most."""


class Limits(Model):
    """What couples clips; every limit is optional."""

    budget_usd: Usd | None = None
    """Expected cost of the plan, at most."""
    worst_case_usd: Usd | None = None
    """Worst-case cost of the plan, at most."""
    cvar: TailLimit | None = None
    """Mean of the worst share of cost over outage states, at most."""
    mean_quality_min: Number | None = None
    """Mean quality score of all clips that are made, at least."""
    deadline_minutes: Minutes | None = None
    """When everything has to be generated, minutes; every model runs as many generations at once as its ``concurrency``."""
    groups: Literal["same-model", "same-provider"] | None = None
    """What the clips of one ``group`` share."""
    caps: tuple[Cap, ...] = ()
    """Quotas on what the plan uses."""


class Penalties(Model):
    """What counts against a clip that is made below its requirements; no money changes hands."""

    resolution: Usd | None = None
    """For a clip at a lower resolution than it asks for."""
    audio: Usd | None = None
    """For a clip that is dubbed where it asks for native sound."""
    seconds: Usd | None = None
    """For each second by which a clip is shorter than it asks for."""


class Pack(Model):
    """A prepaid pack of a provider; what it pays for and is not used is lost."""

    provider: Name
    """Who sells it."""
    pays_for_usd: PositiveUsd
    """List price that it pays for."""
    price_usd: Usd
    """What it costs."""
    max_count: Annotated[int, Field(strict=True, ge=1, le=10**6)] = 1
    """How many can be bought."""

    @property
    def owned(self) -> int:
        """How many need not be bought."""
        return 0


class OwnedPack(Pack):
    """Packs that an account owns: their price is spent. No file has these; a plan finds them in the account's terms."""

    valid_until: Date | None = None
    """The last day on which they pay."""

    @property
    def owned(self) -> int:
        """All of them."""
        return self.max_count


class Tier(Model):
    """A volume discount of a provider."""

    provider: Name
    """Who gives it."""
    from_usd: Usd
    """List-price spend from which on it is given."""
    discount: Rate
    """Share of the list price of what is spent above ``from_usd`` that is not paid."""


class Objective(Model):
    """What the plan makes least of; clips left out cost their value."""

    minimise: Literal["expected", "worst-case", "cvar"] = "expected"
    """The expected cost, the worst case, or the mean of the worst share of cost over per-run outage states."""
    level: Level = Field(default=Decimal("0.95"), validate_default=True)
    """Of the conditional value at risk, for ``cvar`` and ``risk_aversion``: the mean is over the worst ``1 - level``."""
    risk_aversion: Rate = Field(default=Decimal(0), validate_default=True)
    """``r`` in [0, 1]: minimise ``(1 - r)`` expected cost + ``r`` conditional value at risk."""

    degrade: Flag = False
    """Clips may be made below their requirements, each at its penalty."""
    penalty_usd: Penalties = Field(default_factory=Penalties)
    """What counts against a degraded clip; only what has a penalty may be degraded."""
    shorten_to: Rate = Field(default=Decimal("0.5"), validate_default=True)
    """Least share of its seconds that a shortened clip keeps."""

    @model_validator(mode="after")
    def _some_penalty(self) -> Self:
        if self.degrade and all(getattr(self.penalty_usd, name) is None for name in Penalties.model_fields):
            raise refusal(
                [(("degrade",), "needs penalty_usd: say what resolution, audio or seconds count when they are lowered")]
            )
        return self

    @model_validator(mode="after")
    def _one_risk(self) -> Self:
        if self.risk_aversion and self.minimise != "expected":
            raise refusal([(("risk_aversion",), f'needs minimise = "expected", not "{self.minimise}"')])
        return self


class Variant(Model):
    """The same scenario with some values set anew."""

    name: Name
    """What it is called beside the others."""
    set: tuple[Text, ...] = Field(min_length=1)
    """What is set, each as ``PATH=VALUE``, ``PATH*=FACTOR`` or ``PATH+=VALUE``: ``"clips.*.audio=deferred"``."""


def _bundled_default() -> tuple[str | Catalog, ...]:
    return ("evolink",)


class Scenario(Model):
    """The clips that are needed, the catalogs to buy from, and the rules."""

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the file format: 1."""
    title: Text = ""
    """Shown above the plan."""
    catalogs: tuple[Annotated[str | InstanceOf[Catalog], WithJsonSchema({"type": "string"})], ...] = Field(
        default_factory=_bundled_default, min_length=1
    )
    """Bundled names, or paths relative to this file; ``["evolink"]`` if absent."""
    defaults: Defaults = Field(default_factory=Defaults)
    """For every clip that does not say otherwise."""
    clips: tuple[Clip, ...] = Field(min_length=1)
    """The clips; in a file also the path of a table (CSV, JSONL, Parquet or Arrow) whose columns are the clip's fields."""
    columns: ColumnNames = Field(default_factory=dict)
    """For clips from a table: which of its columns is which field, where names differ (``seconds = "duration"``); ``carry`` lists the
    columns that are no field."""
    dubbing: Dubbing = Field(default_factory=Dubbing)
    """What sound made elsewhere costs."""
    fallback: Fallback = Field(default_factory=Fallback)
    """What happens when the primary is down."""
    outages: Outages = Field(default_factory=Outages)
    """How likely models are up."""
    calibration: Annotated[InstanceOf[Calibration] | None, WithJsonSchema({"type": "string"})] = None
    """A file that ``router calibrate`` wrote, relative to this one: what was measured, where the scenario says nothing itself."""
    account: dict[Name, AccountTerms] = Field(default_factory=dict)
    """What the account agreed with providers, by provider; in a file also the path of a file with such tables, relative to this one."""
    failure_rate: dict[Name, Rate] = Field(default_factory=dict)
    """Share of submitted generations that fail, by ``model`` or ``provider/model``; comes before the catalog's."""
    keep_rate: dict[Name, Rate] = Field(default_factory=dict)
    """Share of generations that are good enough to keep, by ``model`` or ``provider/model``; comes before the catalog's."""
    bills_failures: dict[Name, Literal["no", "yes", "unknown"]] = Field(default_factory=dict)
    """Whether a failed generation is billed, by ``model`` or ``provider/model``; comes before the catalog's."""
    limits: Limits = Field(default_factory=Limits)
    """What couples clips."""
    packs: tuple[Pack, ...] = ()
    """Prepaid packs that can be bought."""
    tiers: tuple[Tier, ...] = ()
    """Volume discounts."""
    objective: Objective = Field(default_factory=Objective)
    """What the plan makes least of."""
    what_if: tuple[Variant, ...] = ()
    """Variants that ``router what-if`` holds against it."""

    _folder: FilePath | None = PrivateAttr(default=None)
    """What paths in it are relative to."""
    _source: Any = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _merge_defaults(cls, data: Any) -> Any:
        """Give every clip the defaults that it does not state itself, and a name if it has none."""
        if not isinstance(data, dict) or not isinstance(data.get("clips"), list | tuple):
            return data
        defaults = data.get("defaults")
        if isinstance(defaults, Defaults):
            defaults = defaults.model_dump(exclude_unset=True)
        shared = {k: v for k, v in defaults.items() if k != "id"} if isinstance(defaults, dict) else {}
        clips = [
            {"id": f"clip-{k + 1}", **with_defaults(clip, shared)} if isinstance(clip, dict) else clip
            for k, clip in enumerate(data["clips"])
        ]
        return {**data, "clips": clips}

    @model_validator(mode="before")
    @classmethod
    def _take_measured(cls, data: Any) -> Any:
        """Put what was measured behind what the scenario says itself."""
        measured = data.get("calibration") if isinstance(data, dict) else None
        return with_measured(data, measured) if isinstance(measured, Calibration) else data

    @model_validator(mode="before")
    @classmethod
    def _take_account(cls, data: Any) -> Any:
        """An account file that was read stands for its tables."""
        own = data.get("account") if isinstance(data, dict) else None
        return {**data, "account": own.account} if isinstance(own, Account) else data

    @model_validator(mode="after")
    def _known_columns(self) -> Self:
        refuse_columns(self.columns, Clip.model_fields)
        return self

    @model_validator(mode="after")
    def _rising_tiers(self) -> Self:
        problems: list[tuple[Path, str]] = []
        for position, tier in enumerate(self.tiers):
            lower = [other for other in self.tiers[:position] if other.provider == tier.provider]
            if lower and tier.from_usd <= lower[-1].from_usd:
                problems.append(
                    (("tiers", position, "from_usd"), f"must be above {lower[-1].from_usd}, the tier before it")
                )
            elif lower and tier.discount <= lower[-1].discount:
                problems.append(
                    (("tiers", position, "discount"), f"must be above {lower[-1].discount}, the tier before it")
                )
        if problems:
            raise refusal(problems)
        return self

    @model_validator(mode="after")
    def _unique_ids(self) -> Self:
        if problems := duplicate_ids([clip.id for clip in self.clips]):
            raise refusal(problems)
        return self

    @classmethod
    def load(cls, path: str | FilePath) -> "Scenario":
        """Read a scenario: a TOML or JSON file, a table of clips (CSV, JSONL, Parquet, Arrow), or ``-`` for standard input.

        Raises
        ------
        router.errors.InputError
            With every error in the file, each with its line.
        """
        from router.loading.scenario_file import load_scenario  # A convenience over a stage above

        return load_scenario(path)


def with_defaults(clip: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """The raw fields of a clip, with those of the defaults that it does not state; of the request each name by itself."""
    merged = {**shared, **clip}
    common, own = shared.get("request"), clip.get("request")
    if isinstance(common, dict) and isinstance(own, dict):
        merged["request"] = {**common, **own}
    return merged


def duplicate_ids(ids: list[Any]) -> list[tuple[Path, str]]:
    """A finding for every clip id that an earlier clip already has."""
    first: dict[Any, int] = {}
    problems: list[tuple[Path, str]] = []
    for position, name in enumerate(ids):
        if isinstance(name, str) and first.setdefault(name, position) != position:
            problems.append(
                (("clips", position, "id"), f"'{name:.80}' is also the id of clip {first[name] + 1}; ids must differ")
            )
    return problems
