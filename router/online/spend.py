"""What a decision can spend, account by account, and the reservation that stands for it until it is settled.

An account is one bound on what matches it, over one window of time. Amounts are whole millionths: of a dollar, a clip or a second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from router.errors import InputError, Problem
from router.fallback.outages import Availability
from router.fallback.takes import worst
from router.schema.candidate import Candidate
from router.schema.exposure import Attempt
from router.schema.ledger import Budget, Unit, Window
from router.schema.scenario import Cap, Clip, Limits
from router.units import MICRO, Micro, to_micro

EACH = "*"
_ONE_BY_ONE = {"budget_usd", "worst_case_usd", "caps"}
"""Limits that hold when every decision holds them."""
_TOO_MUCH = 10**12
"""Of seconds, as of dollars and clips: a ledger counts millionths."""


class Claim(NamedTuple):
    """What a decision may take of one account at most."""

    account: str
    window: Window
    bound: int
    amount: int
    unit: Unit = "usd"
    planned: bool = False
    """Whether it is taken by the primary as planned, whoever makes the clip; else by what is billed."""
    provider: str | None = None
    """Only what this provider bills."""
    model: str | None = None

    def takes(self, attempt: Attempt) -> bool:
        """Whether what this step bills is taken from the account."""
        return not self.planned and matches((self.provider, self.model), attempt.provider, attempt.model)


def matches(claimed: Sequence[str | None], provider: str, model: str) -> bool:
    """Whether a bill of a model at a provider goes to an account of these; None: of any."""
    return all(own in (None, billing) for own, billing in zip(claimed, (provider, model), strict=True))


class Part(NamedTuple):
    """What becomes of a claim."""

    account: str
    spent: int
    """Booked now, for good."""
    released: int
    """No longer set aside."""


@dataclass(slots=True)
class Reservation:
    """What is set aside for one chain of steps of a clip."""

    number: int
    claims: tuple[Claim, ...]
    held: list[int]
    """Of each claim."""
    closed: bool = False
    """Whether the chain is over: nothing that it may bill is set aside any more."""
    beside: Reservation | None = None
    """That of the chain which this one goes on beside. What the clip takes of caps is set aside there: it counts once, whoever makes it."""
    chains: int = 1
    """Chains that may still make the clip: this one, and those beside it."""
    counted: bool = False
    """Whether caps were booked."""

    @property
    def caps(self) -> bool:
        """Whether anything of caps is set aside."""
        return any(held for claim, held in zip(self.claims, self.held, strict=True) if claim.planned)


class Rules:
    """All bounds that decisions keep."""

    def __init__(self, limits: Limits, budgets: Sequence[Budget]) -> None:
        _refuse_what_needs_a_plan(limits)
        _refuse_too_much(limits)
        stated = (("budget_usd", limits.budget_usd), ("worst_case_usd", limits.worst_case_usd))
        runs = [(f"limits.{name}", Budget(usd=usd)) for name, usd in stated if usd is not None]
        self._budgets = [*runs, *((f"budgets[{k}]", budget) for k, budget in enumerate(budgets))]
        self.by_group = any(budget.group is not None for budget in budgets)
        """Whether it matters which group a clip is of."""
        self._caps = [(f"limits.caps[{k}]", cap) for k, cap in enumerate(limits.caps)]

    def __bool__(self) -> bool:
        return bool(self._budgets or self._caps)

    def claims(
        self, primary: Candidate, attempts: Sequence[Attempt], clip: Clip, availability: Availability
    ) -> tuple[Claim, ...]:
        """What a clip may take of every account at most, if it is made by this primary and chain."""
        money = [claim for name, own in self._budgets for claim in _of_budget(name, own, attempts, clip, availability)]
        return (*money, *(claim for name, cap in self._caps for claim in _of_cap(name, cap, primary)))


def _refuse_what_needs_a_plan(limits: Limits) -> None:
    wanting = [
        name for name in type(limits).model_fields if name not in _ONE_BY_ONE and getattr(limits, name) is not None
    ]
    shares = [
        f"caps[{k}].{name}"
        for k, cap in enumerate(limits.caps)
        for name in ("max_share", "min_share", "min_clips")
        if getattr(cap, name) is not None
    ]
    if wanting or shares:
        advice = "is about all clips together and cannot be kept clip by clip; make a plan of them, or drop it"
        raise InputError([Problem(advice, f"limits.{name}") for name in (*wanting, *shares)])


def _refuse_too_much(limits: Limits) -> None:
    advice = f"must be below {_TOO_MUCH:,} where clips are routed one by one; drop it, if it is to bound nothing"
    wide = [k for k, cap in enumerate(limits.caps) if cap.max_seconds is not None and cap.max_seconds >= _TOO_MUCH]
    if wide:
        raise InputError([Problem(advice, f"limits.caps[{k}].max_seconds") for k in wide])


def _of_budget(
    name: str, own: Budget, attempts: Sequence[Attempt], clip: Clip, availability: Availability
) -> Iterator[Claim]:
    """The worst that can be billed to the budget; where it is for each provider or model, that of each in the chain."""
    if (own.group is not None and clip.group is None) or own.group not in (None, EACH, clip.group):
        return
    for provider, model in dict.fromkeys(
        (a.provider if own.provider == EACH else own.provider, a.model if own.model == EACH else own.model)
        for a in attempts
    ):
        group = clip.group if own.group is not None else None
        facts = (("provider", provider), ("model", model), ("group", group))
        account = " ".join((name, *(f"{fact}={value}" for fact, value in facts if value is not None)))
        claim = Claim(account, own.per, to_micro(own.usd), 0, provider=provider, model=model)
        bills = [a if claim.takes(a) else a._replace(billed=0) for a in attempts]
        if any(map(claim.takes, attempts)):
            # Also where nothing can be billed as stated: what is billed all the same is booked.
            yield claim._replace(amount=most(bills, availability, clip.max_takes))


def most(attempts: Sequence[Attempt], availability: Availability, takes: int, step: int = 0) -> Micro:
    """The most that a step, what follows it and later takes can bill; ``takes`` are left, the one at hand included.

    A plan has all takes of a clip meet the same models up. Here one may go down in between, so that takes which are not kept and the
    last one can end on different models, each where it costs most.
    """
    end = worst(attempts[step:], availability, 0)
    again = _not_kept(attempts[step:], availability) if takes > 1 else None
    if again is None:
        return end
    whole = _not_kept(attempts, availability) or 0
    return max(end, again + (takes - 2) * whole + worst(attempts, availability, 0))


def _not_kept(attempts: Sequence[Attempt], availability: Availability) -> Micro | None:
    """The most that a take can bill that is made and not kept; None where every take is kept."""
    found, failed = None, 0
    for attempt in attempts:
        if attempt.availability == 0:
            continue
        if attempt.keep_rate < 1 and attempt.failure_rate < 1:
            found = max(found or 0, failed + attempt.billed)
        if attempt.failure_rate and attempt.bills_failures != "no":
            failed += attempt.billed
        if (
            not attempt.failure_rate
            and attempt.availability == 1
            and availability.of_provider(attempt.provider) is None
        ):
            break
    return found


def _of_cap(name: str, cap: Cap, candidate: Candidate) -> Iterator[Claim]:
    """What the primary takes of a quota."""
    offer, where = candidate.offer, cap.where
    sound = candidate.audio if isinstance(where.audio, str) else offer.audio
    facts = ((where.provider, offer.provider), (where.model, offer.model), (where.mode, offer.mode))
    if any(
        asked not in (None, own) for asked, own in (*facts, (where.resolution, offer.resolution), (where.audio, sound))
    ):
        return
    seconds = candidate.generation.billed_seconds
    each: tuple[tuple[str, Unit, Fraction | None, Fraction], ...] = (
        ("max_clips", "clips", _exact(cap.max_clips), Fraction(1)),
        ("max_seconds", "seconds", _exact(cap.max_seconds), seconds),
        ("max_usd", "usd", _exact(cap.max_usd), Fraction(candidate.price, MICRO)),
    )
    for bound_name, unit, bound, amount in each:
        if bound is not None:
            yield Claim(f"{name}.{bound_name}", "run", round(bound * MICRO), round(amount * MICRO), unit, planned=True)


def _exact(bound: Decimal | int | None) -> Fraction | None:
    return None if bound is None else Fraction(bound)


def window(per: Window, now: float) -> str:
    """The window that a moment (seconds since 1970) lies in, as account names carry it; nothing for the whole run.

    >>> window("day", 1775822400.0), window("week", 1775822400.0), window("run", 0.0)
    ('day=2026-04-10', 'week=2026-04-06', '')
    """
    if per == "run":
        return ""
    at = dt.datetime.fromtimestamp(now, dt.UTC)
    if per == "hour":
        return f"hour={at:%Y-%m-%dT%H}"
    if per == "month":
        return f"month={at:%Y-%m}"
    day = at.date() - dt.timedelta(days=at.weekday() if per == "week" else 0)
    return f"{per}={day}"


def stamped(claims: tuple[Claim, ...], now: float) -> tuple[Claim, ...]:
    """The claims on the accounts of a moment."""
    return tuple(
        claim if claim.window == "run" else claim._replace(account=f"{claim.account} {window(claim.window, now)}")
        for claim in claims
    )
