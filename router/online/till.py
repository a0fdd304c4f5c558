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
"""For how many choices and groups of clips it is remembered what they take of budgets."""
_TOO_MUCH = 10**12
"""Dollars, as for budgets."""


class Till:
    """All accounts of a router."""

    def __init__(self, rules: Rules, ledger: str | Path | Ledger | None, clock: Callable[[], float]) -> None:
        self._rules, self._clock = rules, clock
        self._bounded, self._by_group = bool(rules), rules.by_group
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
        group = clip.group if self._by_group else None
        claims = choice.claims if group is None else choice.view.claims.get((choice, group))
        if claims is None:
            claims = self._claims(clip, choice, group)
        first = self._reserve(claims, choice.primary.maker.offer)
        if not isinstance(first, tuple):
            return Decision(clip, choice, reservation=first)
        most = None if clip.value_usd is None else to_micro(clip.value_usd) + SAME_COST
        for way in choice.ranked():
            if most is not None and way.cost > most:
                break
            attempts = [step.attempt for step in way.chain.steps]
            claims = self._rules.claims(way.candidate, attempts, clip, choice.view.availability)
            found = self._reserve(claims, way.candidate.offer)
            if not isinstance(found, tuple):
                return Decision(clip, choice, way, reservation=found)
        raise _over(*first)

    def settle(self, decision: Decision, spent: Micro) -> None:
        """Book what a step billed, and let go of what the rest of the chain cannot need."""
        own, following = decision.reservation, decision.following()
        if own is None:
            decision.over |= following is None
            return
        made = decision.outcome is Outcome.SERVED
        if own.closed:
            self._book_late(own, decision, spent, made=made)
            return
        booked = [spent if claim.takes(decision.attempt) else 0 for claim in own.claims]
        left = [
            0 if claim.planned or following is None else min(max(0, held - spent), following.at_most(claim))
            for claim, held, spent in zip(own.claims, own.held, booked, strict=True)
        ]
        self._book(own, booked, left, str(decision.outcome), close=following is None, made=made)

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
        bill = decision.attempt
        left = [
            held if claim.planned else min(held, bill.billed) if claim.takes(bill) else 0
            for claim, held in zip(own.claims, own.held, strict=True)
        ]
        parts = _parts(own, [0] * len(left), left)
        found = self.ledger.branch(own.number, parts, "moved-on", claims, following.cause)
        if isinstance(found, tuple):
            claim, rest = found
            free = next(part.released - part.spent for part in parts if part.account == claim.account)
            raise _over(claim._replace(amount=claim.amount - free), rest - free, more=True)
        first = own.beside or own
        own.held, first.chains = left, first.chains + 1
        following.reservation = Reservation(found, claims, [claim.amount for claim in claims], beside=first)

    def let_go(self, decision: Decision) -> None:
        """Release what is still set aside for a clip."""
        own = decision.reservation
        if own is None:
            decision.over = True
        elif not own.closed:
            nothing = [0] * len(own.claims)
            self._book(own, nothing, nothing, "given-up", close=True)

    def _claims(self, clip: Clip, choice: Choice, group: str | None) -> tuple[Claim, ...]:
        """What a choice takes of budgets, and remember it."""
        view = choice.view
        found = self._rules.claims(choice.candidate, choice.attempts(), clip, view.availability)
        if group is None:
            choice.claims = found
        else:
            if len(view.claims) >= GROUPS:
                view.claims.clear()
            view.claims[choice, group] = found
        return found

    def _reserve(self, claims: tuple[Claim, ...], offer: Offer) -> Reservation | tuple[Claim, int] | None:
        """Nothing is set aside where nothing is claimed."""
        if not claims:
            return None
        at = stamped(claims, self._clock())
        found = self.ledger.reserve(at, f"{offer.provider}/{offer.model}")
        return found if isinstance(found, tuple) else Reservation(found, at, [claim.amount for claim in at])

    def _book(
        self,
        own: Reservation,
        spent: Sequence[int],
        left: Sequence[int],
        event: str,
        *,
        close: bool,
        made: bool = False,
    ) -> None:
        """Book what a chain spent, so that so much stays set aside for it, and what the clip takes of caps.

        These are taken when the clip is ``made``, by whichever chain, and let go when none is left that may make it.
        """
        first = own.beside or own
        keeps = not made and first.chains > close
        if first is not own and not keeps and first.caps:
            # It comes first: if the rest fails and is booked again, caps are not.
            self._book_parts(first, *_caps(first, made=made), event, close=first.closed)
            first.counted |= made
        if first is own:
            taken, kept = _caps(own, made=made, keeps=keeps)
            spent = [cap if claim.planned else bill for claim, cap, bill in zip(own.claims, taken, spent, strict=True)]
            left = [cap if claim.planned else rest for claim, cap, rest in zip(own.claims, kept, left, strict=True)]
        self._book_parts(own, spent, left, event, close=close and not (keeps and own.caps))
        own.closed, first.chains, first.counted = close, first.chains - close, first.counted or made

    def _book_parts(
        self, own: Reservation, spent: Sequence[int], left: Sequence[int], event: str, *, close: bool
    ) -> None:
        self.ledger.book(own.number, _parts(own, spent, left), event, close=close)
        own.held = list(left)

    def _book_late(self, own: Reservation, decision: Decision, spent: Micro, *, made: bool) -> None:
        """Book what was billed for a clip that was given up: nothing is set aside for it, and it is spent all the same."""
        first, event = own.beside or own, f"{decision.outcome} after given-up"
        if made and first.caps:
            self._book_parts(first, *_caps(first, made=True), event, close=first.closed)
            first.counted = True
        counts = made and not first.counted
        parts = [Part(claim.account, spent, 0) for claim in own.claims if claim.takes(decision.attempt)]
        parts += [Part(claim.account, claim.amount, 0) for claim in first.claims if claim.planned and counts]
        if any(part.spent for part in parts):
            self.ledger.book(own.number, parts, event, close=False, late=True)
        first.counted |= made


def _caps(first: Reservation, *, made: bool, keeps: bool = False) -> tuple[list[int], list[int]]:
    """What is spent and what stays set aside of each claim, if caps are taken, kept or let go, and nothing else changes."""
    pairs = list(zip(first.claims, first.held, strict=True))
    spent = [held if made and claim.planned else 0 for claim, held in pairs]
    return spent, [held if keeps or not claim.planned else 0 for claim, held in pairs]


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
