"""What outcomes say about models: how likely each is up, and which are not tried for a while.

Availability is the mean of a beta law: what the scenario or the catalog states counts like ``weight`` outcomes, and outcomes count less as
they grow older, also while none comes. A run of failures opens a model's circuit: it is not tried. After the cool-down one clip after
another tries it again.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from router.errors import InputError, Problem
from router.fallback.outages import Availability
from router.online.decision import Outcome
from router.schema.candidate import Offer
from router.schema.scenario import Outages

MATERIAL = 0.1
"""Decisions follow when the chance of being down has changed by this share of itself, and at every turn of a circuit."""
FORGOTTEN = 1e-3
"""Outcomes that have faded to less are no longer known."""
RENEWAL = 0.1
"""Share of the half-life after which decisions follow what has faded: 7 % of it."""


@dataclass(frozen=True, slots=True)
class Health:
    """How outcomes are weighed."""

    weight: float = 20.0
    """Outcomes that a stated availability counts for; where none is stated, 1 is taken once a model was found down."""
    half_life_seconds: float = 3600.0
    """Until an outcome counts half."""
    failures_to_open: int = 3
    """A circuit opens after so many failures in a row."""
    cool_down_seconds: float = 60.0
    """Until a clip tries a model again whose circuit is open."""

    def __post_init__(self) -> None:
        bounds = (
            ("weight", _finite(self.weight) and self.weight > 0, "a finite number above 0"),
            (
                "half_life_seconds",
                _finite(self.half_life_seconds) and self.half_life_seconds > 0,
                "a finite number above 0",
            ),
            (
                "failures_to_open",
                _whole(self.failures_to_open) and self.failures_to_open >= 1,
                "a whole number, at least 1",
            ),
            (
                "cool_down_seconds",
                _finite(self.cool_down_seconds) and self.cool_down_seconds >= 0,
                "a finite number, at least 0",
            ),
        )
        if problems := [Problem(f"must be {bound}", f"health.{name}") for name, kept, bound in bounds if not kept]:
            raise InputError(problems)


def _whole(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _finite(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= sys.float_info.max


class Trial(NamedTuple):
    """That a clip is sent to a model whose circuit is open, to find out whether it is back."""

    cause: str
    before: float
    """When the circuit opened, or the last clip was sent to find out."""


@dataclass(slots=True)
class _Model:
    """What is known of one model at one provider."""

    up: float = 0.0
    down: float = 0.0
    """Outcomes, older ones for less."""
    at: float = 0.0
    """As of when."""
    run: int = 0
    """Failures in a row."""
    opened_at: float | None = None
    """When its circuit opened, or the last clip was sent to find out; None: closed."""
    trial: Trial | None = None
    """That clip, until something is learnt of the model."""
    published: tuple[float, float] = (0.0, 0.0)
    """Up and down, as decisions know them."""


class Observed(Availability):
    """Stated availability, corrected by outcomes."""

    def __init__(self, outages: Outages, weight: float, counts: Mapping[str, tuple[float, float]]) -> None:
        super().__init__(outages)
        self._weight, self._counts = weight, counts

    def of_model(self, offer: Offer) -> float | None:
        """The mean of the beta law; None where nothing is stated and the model was never found down."""
        counts = self._counts.get(f"{offer.provider}/{offer.model}")
        stated = super().of_model(offer)
        return stated if counts is None else mean(stated, *counts, self._weight)


def mean(stated: float | None, up: float, down: float, weight: float) -> float | None:
    """The mean of a beta law.

    >>> mean(0.9, 0, 1, 10), mean(None, 5, 0, 10), mean(None, 0, 1, 9)
    (0.8181818181818182, None, 0.9)
    """
    if stated is None and not down:
        return None
    prior = 1.0 if stated is None else stated
    return (weight * prior + up) / (weight + up + down)


class Watch:
    """Keeps count of outcomes; safe under threads."""

    def __init__(self, health: Health, outages: Outages, offers: Iterable[Offer], clock: Callable[[], float]) -> None:
        self._health, self._outages, self._clock = health, outages, clock
        self._stated: dict[str, set[float | None]] = {}
        stated = Availability(outages)
        for offer in offers:
            self._stated.setdefault(f"{offer.provider}/{offer.model}", set()).add(stated.of_model(offer))
        self._models: dict[str, _Model] = {}
        self._lock = threading.Lock()

    def record(self, cause: str, outcome: Outcome) -> tuple[bool, str | None]:
        """Whether decisions have to follow, and ``opened`` or ``closed`` where a circuit did.

        Parameters
        ----------
        cause
            ``provider/model``.
        """
        if not outcome.resolved:
            return False, None
        with self._lock:
            now, known = self._clock(), self._models.setdefault(cause, _Model())
            self._fade(known, now)
            found_up = outcome is not Outcome.UNAVAILABLE
            known.up, known.down = known.up + found_up, known.down + (not found_up)
            opened_at, turned = known.opened_at, self._turn(known, outcome, now)
            material = self._differ(cause, (known.up, known.down), known.published)
            return material or known.opened_at != opened_at, turned

    def _fade(self, known: _Model, now: float) -> None:
        """Let outcomes grow older."""
        left = 0.5 ** (max(0.0, now - known.at) / self._health.half_life_seconds)
        known.up, known.down = (0.0 if count * left < FORGOTTEN else count * left for count in (known.up, known.down))
        known.at = now

    def _turn(self, known: _Model, outcome: Outcome, now: float) -> str | None:
        """``opened`` or ``closed`` where the circuit did; where it was open a failure has it cool down anew."""
        known.trial = None
        was = known.opened_at
        if outcome is Outcome.SERVED:
            known.run, known.opened_at = 0, None
            return None if was is None else "closed"
        known.run += 1
        if was is None and known.run < self._health.failures_to_open:
            return None
        known.opened_at = now
        return "opened" if was is None else None

    def _differ(self, cause: str, counts: tuple[float, float], others: tuple[float, float]) -> bool:
        """Whether the chance of being down is materially another by these counts than by others."""
        for stated in self._stated[cause]:
            up, other = (mean(stated, *each, self._health.weight) for each in (counts, others))
            down, was = (0.0 if each is None else 1 - each for each in (up, other))
            if abs(down - was) > MATERIAL * max(down, was):
                return True
        return False

    def availability(self) -> tuple[Observed, float]:
        """What decisions are to reckon with from now on, and until when: infinity where nothing is known that fades."""
        with self._lock:
            now, fades = self._clock(), False
            for cause, known in self._models.items():
                self._fade(known, now)
                known.published = known.up, known.down
                fades = fades or self._differ(cause, known.published, (0.0, 0.0))
            counts = {cause: known.published for cause, known in self._models.items() if any(known.published)}
        until = now + RENEWAL * self._health.half_life_seconds if fades else math.inf
        return Observed(self._outages, self._health.weight, counts), until

    def due(self) -> dict[str, float]:
        """When each model whose circuit is open may be tried again."""
        with self._lock:
            return {
                cause: known.opened_at + self._health.cool_down_seconds
                for cause, known in self._models.items()
                if known.opened_at is not None
            }

    def enter(self, cause: str) -> tuple[bool, Trial | None]:
        """Whether a clip may be sent to a model now, and the trial that it then is, where the circuit is open.

        Until a trial is reported or the cool-down has passed once more, no other clip may.
        """
        with self._lock:
            known = self._models.get(cause)
            if known is None or known.opened_at is None:
                return True, None
            before, now = known.opened_at, self._clock()
            if now < before + self._health.cool_down_seconds:
                return False, None
            known.opened_at, known.trial = now, Trial(cause, before)
            return True, known.trial

    def withdraw(self, trial: Trial) -> bool:
        """The clip was not sent: the next one may find out. What was learnt of the model since then stands: then the answer is no."""
        with self._lock:
            known = self._models[trial.cause]
            if known.trial is not trial:
                return False
            known.opened_at, known.trial = trial.before, None
            return True
