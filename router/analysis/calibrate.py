"""Availability, failure rates, keep rates and repair times from a log of attempts.

Every share is estimated by model at its provider, over all its modes and resolutions, as the posterior mean under Jeffreys' prior:
(successes + 1/2) / (observations + 1). So nothing is ever 0 or 1: a model that was never found down may be down yet.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Literal

from router.analysis.posterior import interval, share
from router.analysis.repair import Downs, Repair, downs, repair_time, worth
from router.loading.outcome_table import load_outcomes
from router.schema.calibration import POOLED, Calibration, Evidence, LoggedAttempt, Quantity

TOGETHER = 5
"""How often a provider's models must be found down one right after another, and how many times what chance explains, for a note."""


def calibrate(path: str | Path) -> Calibration:
    """What a log of attempts (CSV or JSON lines; ``-`` for standard input) says about how models behave.

    Raises
    ------
    router.errors.InputError
        With the first errors in the file, each with its line.
    """
    return measured(load_outcomes(path))


def measured(attempts: Sequence[LoggedAttempt]) -> Calibration:
    """The calibration that a log of attempts gives.

    Examples
    --------
    >>> log = [LoggedAttempt("evolink", "kling-o3", outcome) for outcome in ("kept", "rejected", "served", "down")]
    >>> measured(log).outages.availability  # (3 + 1/2) / (4 + 1)
    {'evolink/kling-o3': Decimal('0.7')}
    """
    by_name: dict[str, list[LoggedAttempt]] = {}
    for attempt in attempts:
        by_name.setdefault(attempt.name, []).append(attempt)
    logs = [_Log(name, by_name[name]) for name in sorted(by_name)]
    repairs = {log.name: repair for log in logs if (repair := repair_time([log.downs]))}
    pooled = repair_time([log.downs for log in logs])
    evidence = [item for log in logs for item in _evidence(log, repairs.get(log.name))]
    if pooled is not None:
        evidence.append(_repair_evidence(POOLED, [log.downs for log in logs], pooled))
    times = [attempt.time for attempt in attempts if attempt.time is not None]
    return Calibration.model_validate(
        {
            "schema": 1,
            "observations": len(attempts),
            "from": min(times, default=None),
            "until": max(times, default=None),
            "notes": [*_notes(logs, repairs), *_shared(attempts, logs)],
            "outages": {
                "availability": _means(evidence, "availability"),
                "repair_minutes": None if pooled is None else _rounded(pooled.mean),
                "repair_minutes_of": {name: _rounded(repair.mean) for name, repair in repairs.items()},
            },
            "failure_rate": _means(evidence, "failure_rate"),
            "keep_rate": _means(evidence, "keep_rate"),
            "bills_failures": {log.name: log.billing for log in logs if log.billing is not None},
            "evidence": evidence,
        }
    )


class _Log:
    """The attempts of one model at one provider, counted."""

    def __init__(self, name: str, attempts: Sequence[LoggedAttempt]) -> None:
        self.name = name
        self.attempts = len(attempts)
        self.said = Counter(attempt.outcome for attempt in attempts)
        self.up = self.attempts - self.said["down"]
        self.failed = self.said["failed"] + self.said["billed"]
        self.availability = share(self.up, self.attempts)
        self.states = sorted(
            ((a.time.timestamp() / 60, a.outcome != "down") for a in attempts if a.time is not None),
            key=itemgetter(0),  # At one moment the order of the log stays
        )
        self.downs = downs(self.states, self.availability)

    @property
    def billing(self) -> Literal["no", "yes"] | None:
        """Whether failures are billed; None where there was none, or they differ."""
        if not self.failed or (self.said["failed"] and self.said["billed"]):
            return None
        return "yes" if self.said["billed"] else "no"


def _evidence(log: _Log, repair: Repair | None) -> Iterator[Evidence]:
    """What each number of one model rests on."""
    independent: float | None = None
    if repair is not None:
        independent = worth(log.states, log.availability, repair.mean) + log.attempts - len(log.states)
    judged = log.said["kept"] + log.said["rejected"]
    yield _share_evidence(log.name, "availability", log.up, log.attempts, independent)
    if log.up:
        yield _share_evidence(log.name, "failure_rate", log.failed, log.up)
    if judged:
        yield _share_evidence(log.name, "keep_rate", log.said["kept"], judged)
    if repair is not None:
        yield _repair_evidence(log.name, [log.downs], repair)


def _share_evidence(
    name: str, quantity: Quantity, successes: int, observations: int, independent: float | None = None
) -> Evidence:
    low, high = interval(successes, observations, independent)
    return Evidence(
        name=name,
        quantity=quantity,
        observations=observations,
        successes=successes,
        effective_observations=None if independent is None else _rounded(independent),
        mean=_decimal(share(successes, observations)),
        low=_rounded(low),
        high=_rounded(high),
    )


def _repair_evidence(name: str, found: Sequence[Downs], repair: Repair) -> Evidence:
    return Evidence(
        name=name,
        quantity="repair_minutes",
        observations=sum(log.after.total() for log in found),
        successes=sum(log.returns for log in found),
        mean=_rounded(repair.mean),
        low=_rounded(repair.low),
        high=_rounded(repair.high),
    )


def _means(evidence: Sequence[Evidence], quantity: Quantity) -> dict[str, Decimal]:
    return {item.name: item.mean for item in evidence if item.quantity == quantity}


def _decimal(number: float) -> Decimal:
    """A share to nine decimals: enough for the rarest event of any log that can be read."""
    return Decimal(f"{number:.9f}").normalize() + 0


def _rounded(number: float) -> Decimal:
    """Five significant digits: what any machine finds alike where a maximum is searched for."""
    return Decimal(f"{number:.5g}").normalize() + 0


def _notes(logs: Sequence[_Log], repairs: Mapping[str, Repair]) -> Iterator[str]:
    """What the log could not tell about single models."""
    if untimed := sum(log.attempts - len(log.states) for log in logs):
        yield f"{untimed:,} attempts have no time: they say nothing about repair times"
    for log in logs:
        if log.said["failed"] and log.said["billed"]:
            billed = f"{log.said['billed']:,} of {log.failed:,} failures were billed"
            yield f"{log.name}: {billed}, so bills_failures says nothing"
        if log.said["down"] and log.states and log.name not in repairs:
            why = (
                "every outage was over before the log could time it"
                if log.downs.returns
                else "the log holds no outage that ended"
            )
            yield f"{log.name}: {why}, so repair_minutes_of says nothing"


def _shared(attempts: Sequence[LoggedAttempt], logs: Sequence[_Log]) -> Iterator[str]:
    """Providers whose models are down together far more often than if each were down on its own."""
    missing = {log.name: 1 - log.availability for log in logs}
    timed: dict[str, list[LoggedAttempt]] = {}
    for attempt in sorted((a for a in attempts if a.time is not None), key=_when):
        timed.setdefault(attempt.provider, []).append(attempt)
    for provider in sorted(timed):
        together, by_chance = 0, 0.0
        for one, other in pairwise(timed[provider]):
            if one.model != other.model:
                together += one.outcome == other.outcome == "down"
                by_chance += missing[one.name] * missing[other.name]
        if together >= TOGETHER and together >= TOGETHER * by_chance:
            yield (
                f"{provider}: {together:,} times a model was found down right after another of its models was, where chance "
                f"explains {by_chance:.2g}; the provider seems to go down as a whole, which outages.availability can state by its name"
            )


def _when(attempt: LoggedAttempt) -> dt.datetime:
    assert attempt.time is not None
    return attempt.time
