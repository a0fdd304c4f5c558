"""What to submit for one clip now, what it costs, and what may come after it. Figures are worked out when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from router.errors import InputError
from router.online.spend import most
from router.online.view import Choice, Way
from router.schema.candidate import Candidate, Offer
from router.schema.exposure import Attempt
from router.schema.scenario import Clip
from router.units import SAME_COST, Micro, decimal_seconds, from_micro, usd_text

if TYPE_CHECKING:
    # What a plan is made of takes long to load, and is asked for by few.
    from router.online.health import Trial
    from router.online.spend import Claim, Reservation
    from router.schema.plan import ChainStep, PreparedRequest


class Outcome(StrEnum):
    """How a submitted step ended."""

    SERVED = "served"
    UNAVAILABLE = "unavailable"
    """The model was down, or took nothing in: nothing is billed."""
    FAILED_UNBILLED = "failed-unbilled"
    FAILED_BILLED = "failed-billed"
    PENDING = "pending"
    """It may still be made and billed."""
    UNKNOWN = "unknown"
    """No answer came, or none that says: it may be made and billed."""

    @classmethod
    def _missing_(cls, value: object) -> Outcome:
        raise InputError(f"no such outcome as {str(value)[:40]!r}; it is one of {', '.join(cls)}")

    @property
    def resolved(self) -> bool:
        """Whether nothing more can come of it."""
        return self not in (Outcome.PENDING, Outcome.UNKNOWN)


class Decision:
    """One step of making one clip."""

    __slots__ = (
        "_attempts",
        "_choice",
        "_way",
        "after",
        "clip",
        "kept",
        "left",
        "outcome",
        "over",
        "reservation",
        "step",
        "take",
        "trial",
    )

    def __init__(
        self,
        clip: Clip,
        choice: Choice,
        way: Way | None = None,
        step: int = 0,
        take: int = 1,
        reservation: Reservation | None = None,
    ) -> None:
        self.clip, self._choice, self._way = clip, choice, way
        self._attempts: Sequence[Attempt] | None = None
        self.step = step
        """Position in the chain; 0 is the primary."""
        self.take = take
        """1 for the first time that the clip is made."""
        self.reservation = reservation
        """What is set aside for the clip in the ledger; None where no budget is for it."""
        self.trial: Trial | None = None
        """That it finds out if a model that failed too often is back."""
        self.outcome: Outcome | None = None
        """What was reported."""
        self.kept = True
        """Whether what was made was kept, as far as reported."""
        self.after: Decision | None = None
        """What `Router.next` went on to."""
        self.left = False
        """Whether the chain went on while this step may still be made."""
        self.over = False
        """Whether nothing follows, without a reservation that says so."""

    @property
    def probe(self) -> bool:
        """Whether it finds out if a model that failed too often is back."""
        return self.trial is not None

    def following(self) -> Decision | None:
        """What comes after the outcome that was reported: the next step, or the next take of a clip that was not kept; None: nothing."""
        if self.left or (self.outcome is Outcome.SERVED and self.kept):
            return None
        if self.outcome is not Outcome.SERVED:
            return self.skipped()
        again = self.take < self.clip.max_takes and self.attempt.keep_rate < 1
        return self._at(0, self.take + 1) if again else None

    def skipped(self) -> Decision | None:
        """The next step of the chain, whatever becomes of this one."""
        return self._at(self.step + 1, self.take) if self.step + 1 < len(self.attempts) else None

    def at_most(self, claim: Claim) -> Micro:
        """The most that is taken of an account from this step on, later takes included, micro-dollars."""
        bills = [attempt if claim.takes(attempt) else attempt._replace(billed=0) for attempt in self.attempts]
        up = self._choice.view.availability
        return most(bills, up, self.clip.max_takes - self.take + 1, self.step)

    def _at(self, step: int, take: int) -> Decision:
        return Decision(self.clip, self._choice, self._way, step, take, self.reservation)

    @property
    def offer(self) -> Offer:
        """What this step buys."""
        if self._way is None and not self.step:
            return self._choice.primary.maker.offer
        return self.candidate.offer

    @property
    def cause(self) -> str:
        """``provider/model`` that it is submitted to."""
        offer = self.offer
        return f"{offer.provider}/{offer.model}"

    @property
    def tries_again(self) -> bool:
        """Whether it goes to a model that failed too often of late, as far as was known when it was chosen."""
        trial = self._choice.view.trial
        return bool(trial) and self.cause in trial

    @property
    def way(self) -> Way:
        """The primary with its chain, as the planner sees them."""
        if self._way is None:
            self._way = self._choice.best()
        return self._way

    @property
    def candidate(self) -> Candidate:
        """What this step submits to."""
        if self._way is None and not self.step:
            return self._choice.candidate
        return self.way.chain.steps[self.step].candidate

    @property
    def attempts(self) -> Sequence[Attempt]:
        """The chain as chance sees it."""
        if self._attempts is None:
            way = self._way
            self._attempts = self._choice.attempts() if way is None else [step.attempt for step in way.chain.steps]
        return self._attempts

    @property
    def attempt(self) -> Attempt:
        """The step as chance sees it."""
        if self._attempts is None and self._way is None and not self.step:
            return self._choice.view.attempt(self._choice.primary)
        return self.attempts[self.step]

    @property
    def provider(self) -> str:
        """Who sells it."""
        return self.offer.provider

    @property
    def model(self) -> str:
        """The model."""
        return self.offer.model

    @property
    def resolution(self) -> str | None:
        """What it makes; None where the provider does not state it."""
        return self.offer.resolution

    @property
    def audio(self) -> str:
        """How the clip gets its sound: ``none``, ``native`` or ``deferred``."""
        return self.candidate.audio

    @property
    def segments(self) -> tuple[Decimal, ...]:
        """Lengths to generate, seconds."""
        return tuple(map(decimal_seconds, self.candidate.generation.segments))

    @property
    def price_usd(self) -> Decimal:
        """Its price for the clip, dubbing included."""
        return from_micro(self.candidate.price)

    @property
    def billed_usd(self) -> Decimal:
        """What it bills when it makes the clip: its price, or the primary's under ``billed = "requested"``."""
        return from_micro(self.attempt.billed)

    @property
    def expected_usd(self) -> Decimal:
        """Mean cost of the clip from the primary on."""
        return from_micro(self.way.chain.expected)

    @property
    def worst_usd(self) -> Decimal:
        """The most that the clip can cost from the primary on."""
        return from_micro(self.way.chain.worst)

    @property
    def chain(self) -> tuple[ChainStep, ...]:
        """What the clip is tried on, the primary first."""
        from router.assembly.routes import chain_steps

        return chain_steps(self.way.chain)

    @property
    def requests(self) -> tuple[PreparedRequest, ...]:
        """What to submit for this step, one request for each of ``segments``; new objects every time.

        Raises
        ------
        router.errors.InputError
            If the provider's API cannot be asked for it, or not without what the clip's ``request`` does not give.
        """
        from router.providers import requests
        from router.schema.plan import PreparedRequest

        built = requests(self.candidate, self.clip, self.clip.request)
        if not built:
            raise InputError(f"the API of provider '{self.provider}' cannot be asked for it by this version")
        if missing := dict.fromkeys(name for one in built for name in one.lacks):
            names = " and ".join(f"`{name}`" for name in missing)
            raise InputError(f"{self.cause} needs {names}, which the clip's `request` does not give")
        return tuple(PreparedRequest(one.url, json.loads(json.dumps(one.body))) for one in built)

    @property
    def runner_up(self) -> str | None:
        """``provider/model`` of the best other way to make the clip; None if there is none."""
        other = self._other()
        return None if other is None else _name(other)

    @property
    def gap_usd(self) -> Decimal | None:
        """By how much the runner-up costs more, in what is minimised; negative if it costs less but fits no budget."""
        other = self._other()
        return None if other is None else from_micro(other.cost - self.way.cost)

    @property
    def reason(self) -> str:
        """Why this way and not the runner-up."""
        other, own, terms = self._other(), self.way, self._choice.terms
        if other is None:
            return "nothing else can make it"
        if other.cost < own.cost - SAME_COST:
            return f"{_name(other)} costs {usd_text(from_micro(own.cost - other.cost))} less{terms}, but does not fit the budgets"
        if other.cost > own.cost + SAME_COST:
            return f"costs {usd_text(from_micro(other.cost - own.cost))} less than {_name(other)}{terms}"
        if terms:
            return f"costs the same as {_name(other)}{terms}"
        for told, claim in _TOLD_APART:
            if told(own) != told(other):
                return f"costs the same as {_name(other)}, but {claim}"
        return f"costs the same as {_name(other)}, which the catalog lists later"

    def _other(self) -> Way | None:
        """The best way but this one."""
        own = self.way.candidate
        return next((way for way in self._choice.ranked() if way.candidate.offer is not own.offer), None)


_TOLD_APART: tuple[tuple[Callable[[Way], object], str], ...] = (
    (lambda way: way.chain.worst, "its worst case is lower"),
    (lambda way: way.candidate.offer.quality, "its quality is higher"),
)


def _name(way: Way) -> str:
    offer = way.candidate.offer
    what = " ".join(part for part in (offer.resolution, "with audio" if offer.audio else "silent") if part)
    return f"{offer.provider}/{offer.model} ({what})"
