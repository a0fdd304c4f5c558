"""Setting money aside for decisions, and settling it: no fallback, retry or burst takes more than an account holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from router.errors import InputError, OverBudgetError
from router.online.decision import Decision, Outcome
from router.online.ledger import Ledger, MemoryLedger
from router.online.spend import Claim, Part, Reservation, Rules, stamped
from router.online.view import Choice
from router.schema.candidate import Offer
from router.schema.scenario import Clip
from router.units import SAME_COST, Micro, from_micro, to_micro, usd_text

GROUPS = 4096
"""For how many groups of clips it is remembered what a choice takes of budgets."""
_TOO_MUCH = 10**12
"""Dollars, as for budgets."""


class Till:
    """All accounts of a router."""

    def __init__(self, rules: Rules, ledger: str | Path | Ledger | None, clock: Callable[[], float]) -> None:
        self._rules, self._clock = rules, clock
        self._bounded = bool(rules)
        self.ledger = _ledger(ledger, clock)

    def admitted(self, clip: Clip, choice: Choice) -> Decision:
        """The best decision whose worst case fits every account, set aside.

        Raises
        ------
        router.errors.OverBudgetError
            If none fits.
        """
        if not self._bounded:
            return Decision(clip, choice)
        group = clip.group if self._rules.by_group else None
        claims = choice.claims.get(group)
        if claims is None:
            if len(choice.claims) >= GROUPS:
                choice.claims.clear()
            claims = self._rules.claims(choice.candidate, choice.attempts(), clip, choice.view.availability)
            choice.claims[group] = claims
        first = self._reserve(claims, choice.primary.maker.offer)
        if isinstance(first, Reservation):
            return Decision(clip, choice, reservation=first)
        most = None if clip.value_usd is None else to_micro(clip.value_usd) + SAME_COST
        for way in choice.ranked():
            if most is not None and way.cost > most:
                break
            attempts = [step.attempt for step in way.chain.steps]
            claims = self._rules.claims(way.candidate, attempts, clip, choice.view.availability)
            found = self._reserve(claims, way.candidate.offer)
            if isinstance(found, Reservation):
                return Decision(clip, choice, way, reservation=found)
        raise _over(*first)

    def settle(self, decision: Decision, spent: Micro) -> None:
        """Book what a step billed, and let go of what the rest of the chain cannot need."""
        own = decision.reservation
        if own is None:
            return
        if own.closed:
            self._book_late(own, decision, spent)
            return
        following, made = decision.following(), decision.outcome is Outcome.SERVED
        booked, left = [], []
        for claim, held in zip(own.claims, own.held, strict=True):
            if claim.planned:
                booked.append(held if made else 0)
                needed = 0 if booked[-1] or following is None else held
            else:
                booked.append(spent if claim.takes(decision.attempt) else 0)
                needed = 0 if following is None else following.at_most(claim)
            left.append(min(max(0, held - booked[-1]), needed))
        self._book(own, booked, left, str(decision.outcome), close=following is None)
        own.counted |= made

    def top_up(self, decision: Decision) -> None:
        """Set aside what a step and its chain can bill beyond what is still set aside: more was billed before than was stated.

        Raises
        ------
        router.errors.OverBudgetError
            If that does not fit; nothing has changed then.
        """
        own = decision.reservation
        if own is None:
            return
        more = [
            0 if claim.planned else max(0, decision.at_most(claim) - held)
            for claim, held in zip(own.claims, own.held, strict=True)
        ]
        if any(more):
            claims = [claim._replace(amount=amount) for claim, amount in zip(own.claims, more, strict=True) if amount]
            found = self.ledger.reserve(claims, decision.cause, own.number)
            if isinstance(found, tuple):
                raise _over(*found, more=True)
            own.held = [held + amount for held, amount in zip(own.held, more, strict=True)]

    def beside(self, decision: Decision, following: Decision) -> None:
        """Set aside what a chain can bill that goes on while a step may still be made; of that step only its own bill stays.

        Raises
        ------
        router.errors.OverBudgetError
            If that does not fit; nothing has changed then.
        """
        own = decision.reservation
        if own is None or own.closed:
            return
        claims = tuple(claim._replace(amount=following.at_most(claim)) for claim in own.claims if not claim.planned)
        pairs = list(zip(own.claims, own.held, strict=True))
        planned = [held if claim.planned else 0 for claim, held in pairs]
        left = [min(held, decision.attempt.billed) if claim.takes(decision.attempt) else 0 for claim, held in pairs]
        parts = _parts(own, planned, left)
        found = self.ledger.branch(own.number, parts, "moved-on", claims, following.cause)
        if isinstance(found, tuple):
            claim, rest = found
            free = next(part.released - part.spent for part in parts if part.account == claim.account)
            raise _over(claim._replace(amount=claim.amount - free), rest - free, more=True)
        own.held, own.counted = left, True
        following.reservation = Reservation(found, claims, [claim.amount for claim in claims])

    def let_go(self, decision: Decision) -> None:
        """Release what is still set aside for a clip."""
        own = decision.reservation
        if own is not None and not own.closed:
            nothing = [0] * len(own.claims)
            self._book(own, nothing, nothing, "given-up", close=True)

    def _reserve(self, claims: tuple[Claim, ...], offer: Offer) -> Reservation | tuple[Claim, int]:
        at = stamped(claims, self._clock())
        found = self.ledger.reserve(at, f"{offer.provider}/{offer.model}")
        return found if isinstance(found, tuple) else Reservation(found, at, [claim.amount for claim in at])

    def _book_late(self, own: Reservation, decision: Decision, spent: Micro) -> None:
        """Book what was billed for a clip that was given up: nothing is set aside for it, and it is spent all the same."""
        counts = decision.outcome is Outcome.SERVED and not own.counted
        parts = [
            Part(
                claim.account,
                claim.amount if counts and claim.planned else spent if claim.takes(decision.attempt) else 0,
                0,
            )
            for claim in own.claims
        ]
        if any(part.spent for part in parts):
            self.ledger.book(own.number, parts, f"{decision.outcome} after given-up", close=False, late=True)
        own.counted |= counts

    def _book(self, own: Reservation, spent: Sequence[int], left: Sequence[int], event: str, *, close: bool) -> None:
        self.ledger.book(own.number, _parts(own, spent, left), event, close=close)
        own.held, own.closed = list(left), close


def _parts(own: Reservation, spent: Sequence[int], left: Sequence[int]) -> list[Part]:
    """What becomes of each claim of a reservation, if so much of it is spent and so much stays set aside."""
    return [
        Part(claim.account, booked, held - rest)
        for claim, held, booked, rest in zip(own.claims, own.held, spent, left, strict=True)
    ]


def billed(decision: Decision, outcome: Outcome, actual_usd: Decimal | float | str | None) -> Micro:
    """What a step billed, micro-dollars.

    Raises
    ------
    router.errors.InputError
        If the amount is none, or the outcome bills nothing.
    """
    bills = outcome in (Outcome.SERVED, Outcome.FAILED_BILLED)
    if actual_usd is None:
        return decision.attempt.billed if bills and decision.reservation is not None else 0
    try:
        amount = Decimal("NaN" if isinstance(actual_usd, bool) else actual_usd)
    except (InvalidOperation, TypeError, ValueError):
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < _TOO_MUCH:
        raise InputError(f"actual_usd must be an amount of dollars, not {str(actual_usd)[:40]!r}")
    if amount and not bills:
        raise InputError(f"'{outcome}' bills nothing; report 'served' or 'failed-billed' with an amount")
    return to_micro(amount) if amount.adjusted() > -18 else 0


def _over(claim: Claim, left: int, *, more: bool = False) -> OverBudgetError:
    def shown(amount: int) -> str:
        value = from_micro(amount)
        return usd_text(value) if claim.unit == "usd" else f"{value.normalize():f} {claim.unit}"

    return OverBudgetError(claim.account, shown(claim.amount), shown(left), more=more)


def _ledger(given: str | Path | Ledger | None, clock: Callable[[], float]) -> Ledger:
    if given is None:
        return MemoryLedger(clock)
    if isinstance(given, str | Path):
        from router.online.ledger_file import FileLedger  # SQLite is for those who keep a file

        return FileLedger(given, clock)
    if not hasattr(given, "reserve"):
        raise InputError(f"ledger must be a path or a router.online.Ledger, not {str(given)[:40]}")
    return given
