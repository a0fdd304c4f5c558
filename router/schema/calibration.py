"""A calibration file: what logged attempts say about availability, failures, keeping and repair times.

Rates are fractions in [0, 1], by ``provider/model``; times are minutes. A scenario that names a calibration takes its numbers
where it says nothing itself, and before the catalog's.
"""

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from router.schema.base import CountOrZero, Minutes, Model, Name, Rate, SchemaVersion, Text, Within, kind_of, printable

Outcome = Literal["served", "kept", "rejected", "failed", "billed", "down"]
Quantity = Literal["availability", "failure_rate", "keep_rate", "repair_minutes"]
POOLED = "all models"
"""The name under which evidence is shown that is drawn from all models together."""

_Value = TypeVar("_Value")


def _time(value: object) -> dt.datetime:
    moment = value
    with suppress(ValueError, OverflowError):
        if isinstance(value, str) and len(value) > len("2026-03-01"):
            moment = dt.datetime.fromisoformat(value)
        if isinstance(moment, dt.datetime):
            return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    shown = f"'{printable(value, 40)}'" if isinstance(value, str) else kind_of(value)[:40]
    raise PydanticCustomError("time", "must be a date and time as 2026-03-01T09:30:00Z, not {shown}", {"shown": shown})


Time = Annotated[dt.datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A moment, kept in UTC; one written without an offset is UTC."""

Measure = Annotated[Decimal, Within(minimum=0, maximum=10**7)]


@dataclass(frozen=True, slots=True)
class LoggedAttempt:
    """One line of a log of attempts."""

    provider: str
    model: str
    outcome: Outcome
    time: dt.datetime | None = None
    """In UTC; None where the log does not say."""

    @property
    def name(self) -> str:
        """``provider/model``."""
        return f"{self.provider}/{self.model}"


class Evidence(Model):
    """What one number rests on."""

    name: Name
    """Of what: ``provider/model``, or ``all models`` for what is drawn from all together."""
    quantity: Quantity
    """Which number."""
    observations: CountOrZero
    """Attempts that tell: all (availability), those submitted (failures), those judged (keeping), those that found it down (repair)."""
    successes: CountOrZero
    """Those among them that found it up, failed, or were kept; for repair times: after which it was up again."""
    effective_observations: Measure | None = None
    """How many independent observations they are worth, where outages last so long that attempts find the same one."""
    mean: Measure
    """The estimate: a share, or minutes."""
    low: Measure
    """Lower end of the 95 % interval."""
    high: Measure
    """Upper end of the 95 % interval."""


class MeasuredOutages(Model):
    """How likely models were up, and how long they were down."""

    availability: dict[Name, Rate] = Field(default_factory=dict)
    """Chance of being up, by ``provider/model``."""
    repair_minutes: Minutes | None = None
    """Mean time until what is down comes back, minutes, all models together."""
    repair_minutes_of: dict[Name, Minutes] = Field(default_factory=dict)
    """The same by ``provider/model``, where the log can tell."""


class Calibration(Model):
    """Availability, failure and keep rates, and repair times, estimated from logged attempts."""

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the file format: 1."""
    observations: CountOrZero = 0
    """How many attempts were logged."""
    since: Time | None = Field(default=None, alias="from")
    """The first attempt's time."""
    until: Time | None = None
    """The last attempt's time."""
    notes: tuple[Text, ...] = ()
    """What the log could not tell, and what a reader should know."""
    outages: MeasuredOutages = Field(default_factory=MeasuredOutages)
    """How likely models were up, and how long they were down."""
    failure_rate: dict[Name, Rate] = Field(default_factory=dict)
    """Share of submitted generations that fail, by ``provider/model``."""
    keep_rate: dict[Name, Rate] = Field(default_factory=dict)
    """Share of generations that are good enough to keep, by ``provider/model``."""
    bills_failures: dict[Name, Literal["no", "yes"]] = Field(default_factory=dict)
    """Whether failed generations were billed, by ``provider/model``; only where every failure says the same."""
    evidence: tuple[Evidence, ...] = ()
    """What every number rests on."""

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that the calibration says something about, each name once."""
        tables = (self.outages.availability, self.outages.repair_minutes_of, self.failure_rate, self.keep_rate)
        return tuple(dict.fromkeys(name for table in (*tables, self.bills_failures) for name in table))

    @classmethod
    def load(cls, path: str | FilePath) -> "Calibration":
        """Read a calibration: a TOML or JSON file as ``router calibrate`` writes it.

        Raises
        ------
        router.errors.InputError
            With every error in the file, each with its line.
        """
        from router.loading.calibration_file import load_calibration  # A convenience over a stage above

        return load_calibration(path)

    def save(self, path: str | FilePath) -> None:
        """Write the calibration, whole or not at all: JSON where the name ends in ``.json``, TOML elsewhere."""
        from router.report.document import write_whole  # As in `load`
        from router.report.toml import calibration_text

        form: Literal["json", "toml"] = "json" if FilePath(path).suffix.lower() == ".json" else "toml"
        write_whole(FilePath(path), calibration_text(self, form))


def behind(own: Mapping[str, _Value], measured: Mapping[str, _Value]) -> dict[str, _Value]:
    """What is stated, and behind it what was measured for names that the statements do not speak for.

    A statement about ``model`` speaks for it at every provider, so it comes before a measurement of ``provider/model``.

    >>> behind({"kling-o3": 0.9}, {"evolink/kling-o3": 0.97, "evolink/kling-3.0": 0.99})
    {'kling-o3': 0.9, 'evolink/kling-3.0': 0.99}
    """

    def spoken_for(name: str) -> bool:
        return any(name[at + 1 :] in own for at, letter in enumerate(name) if letter == "/")

    return {**own, **{name: value for name, value in measured.items() if name not in own and not spoken_for(name)}}


def with_measured(data: dict[str, Any], measured: Calibration) -> dict[str, Any]:
    """The raw fields of a scenario, with what was measured behind its own words; fields that are no tables stay as they are."""
    merged = dict(data)
    for field in ("failure_rate", "keep_rate", "bills_failures"):
        if isinstance(own := data.get(field, {}), dict):
            merged[field] = behind(own, getattr(measured, field))
    outages = data.get("outages", {})
    if isinstance(outages, BaseModel):
        outages = outages.model_dump(exclude_unset=True)
    if isinstance(outages, dict):
        outages = dict(outages)
        tables = ["availability"]
        # One repair time for all models, in the scenario's own words, leaves nothing for measurements to say.
        if outages.get("repair_minutes") is None:
            outages["repair_minutes"] = measured.outages.repair_minutes
            tables.append("repair_minutes_of")
        for field in tables:
            if isinstance(own := outages.get(field, {}), dict):
                outages[field] = behind(own, getattr(measured.outages, field))
        merged["outages"] = outages
    return merged
