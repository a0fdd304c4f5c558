"""From one step of a clip to the next: how a step ended, what it billed, and who tries the clip after it.

A step ends once, and one step follows it, however many threads say so.
"""

from __future__ import annotations

import threading
from decimal import Decimal

from router.errors import InputError, OverBudgetError, UnresolvedError
from router.online.chooser import Chooser
from router.online.decision import Decision, Outcome
from router.online.health import Trial
from router.online.telling import Teller
from router.online.till import Till, billed
from router.units import from_micro


class Steps:
    """Follows the chains of the clips of one router; see there what each call is for."""

    def __init__(self, till: Till, chooser: Chooser, tell: Teller) -> None:
        self._till, self._chooser, self._tell = till, chooser, tell
        self._lock = threading.RLock()
        """Held while a step is reported or left."""

    def entered(self, decision: Decision) -> Decision:
        """A decision that is handed out: this one, or another where its model failed too often and a clip is finding out already."""
        while decision.tries_again:
            may, trial = self._chooser.enter(decision.cause)
            if may:
                self._tell_of(decision, trial)
                break
            self._till.let_go(decision)
            decision = self._till.admitted(decision.clip, self._chooser.turn(decision.clip))
        return decision

    def report(
        self,
        decision: Decision,
        outcome: Outcome,
        actual_usd: Decimal | float | str | None = None,
        *,
        kept: bool = True,
        again: bool = False,
    ) -> None:
        """See `Router.report`.

        Parameters
        ----------
        again
            Whether the step may have been reported with this outcome before: then nothing happens.
        """
        if not isinstance(kept, bool):
            raise InputError(f"kept must be True or False, not {str(kept)[:40]!r}")
        with self._lock:
            if again and decision.outcome is outcome:
                return
            if decision.outcome is not None and decision.outcome.resolved:
                raise InputError(f"this step was reported as '{decision.outcome}' before; a step ends once")
            spent, before = billed(decision, outcome, actual_usd), (decision.outcome, decision.kept)
            decision.outcome, decision.kept = outcome, kept
            if outcome.resolved:
                try:
                    self._till.settle(decision, spent)
                except BaseException:
                    # Nothing was booked: the step can be reported again.
                    decision.outcome, decision.kept = before
                    raise
        named = {"provider": decision.provider, "model": decision.model}
        if outcome.resolved and decision.reservation is not None:
            self._tell("spend_settled", **named, spent_usd=str(from_micro(spent)), outcome=str(outcome))
        turned = self._chooser.learn_from(decision.cause, outcome)
        if turned is not None:
            self._tell(f"circuit_{turned}", **named)
        self._tell("step_reported", **named, step=decision.step, outcome=str(outcome))

    def next(self, decision: Decision, outcome: Outcome | None, *, accept_double_billing: bool) -> Decision | None:
        """See `Router.next`."""
        if outcome is not None:
            self.report(decision, outcome, again=True)
        if decision.outcome is None:
            raise InputError("say how the step ended: report it first, or give the outcome")
        with self._lock:
            if not decision.outcome.resolved and not accept_double_billing:
                raise UnresolvedError(decision.outcome)
            if decision.after is None:
                besides = not decision.outcome.resolved
                decision.after = self._following(decision, besides=besides)
                decision.left = besides and decision.after is not None
            made = decision.outcome is Outcome.SERVED and decision.kept
            return None if made or decision.after is None or _over(decision.after) else decision.after

    def give_up(self, decision: Decision) -> None:
        """See `Router.give_up`."""
        with self._lock:
            if decision.outcome is not None and not decision.outcome.resolved:
                raise UnresolvedError(decision.outcome)
            if decision.after is not None and not _over(decision):
                raise InputError("the chain went on from this step; give up the step that `next` gave")
            self._till.let_go(decision)
            if decision.outcome is None and decision.trial is not None:
                self._chooser.withdraw(decision.trial)

    def _following(self, decision: Decision, *, besides: bool) -> Decision | None:
        """What follows a step, paid for; ``besides``: while the step may still be made and billed."""
        following, trial = (None, None) if _over(decision) else self._reachable(decision)
        try:
            if following is None:
                if not besides:
                    self._till.let_go(decision)
            elif besides:
                self._till.beside(decision, following)
            else:
                self._till.top_up(following)
        except BaseException as error:
            if trial is not None:
                self._chooser.withdraw(trial)
            if isinstance(error, OverBudgetError):
                raise self._tell.refused(error) from None
            raise
        if following is not None:
            self._tell_of(following, trial)
        return following

    def _reachable(self, decision: Decision) -> tuple[Decision | None, Trial | None]:
        """What follows a step, without models whose circuit is open; and the trial that it is, where its model has cooled down."""
        found = decision.following()
        while found is not None:
            may, trial = self._chooser.enter(found.cause)
            if may:
                return found, trial
            found = found.skipped()
        return None, None

    def _tell_of(self, decision: Decision, trial: Trial | None) -> None:
        if trial is not None:
            decision.trial = trial
            self._tell("circuit_probed", provider=decision.provider, model=decision.model)


def _over(decision: Decision) -> bool:
    """Whether the chain of a step is settled or given up."""
    if decision.reservation is not None:
        return decision.reservation.closed
    while decision.after is not None:
        decision = decision.after
    return decision.over
