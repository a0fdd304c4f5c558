"""The router that a pipeline asks right before it submits: which offer for this clip, now, within the budgets.

Equal requirements are decided once for as long as nothing is learnt; a new one costs a pass over the compiled catalog. The solver is never
loaded. What a decision could spend at worst is set aside before it is handed out, so that no fallback, retry or burst breaks a budget.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from router.errors import (
    CircuitOpenError,
    InputError,
    NoPlanError,
    NotWorthItError,
    OverBudgetError,
    UnresolvedError,
)
from router.market import open_market
from router.online.asked import as_model, clip_of, refuse_several, rules_of
from router.online.chooser import Chooser, not_worth_it
from router.online.decision import Decision, Outcome
from router.online.health import Health
from router.online.ledger import Ledger, MemoryLedger
from router.online.spend import Rules
from router.online.telling import Listener, Teller
from router.online.till import Till, billed
from router.online.view import Choice
from router.schema.catalog import Catalog
from router.schema.ledger import Budget
from router.schema.scenario import Clip, Dubbing, Fallback, Limits, Objective, Outages, Scenario
from router.units import from_micro

if TYPE_CHECKING:
    from router.online.bids import Course
    from router.schema.plan import Plan

Value = TypeVar("Value")
REMEMBERED = 4096
"""Requirements whose decision is remembered."""


class Router:
    """Routes clips one by one; safe under threads, and under asyncio by ``aroute``, ``areport`` and ``anext``.

    Parameters
    ----------
    catalog
        A bundled name, a path, a ``Catalog``, or several of them.
    fallback, outages, dubbing, objective, failure_rate, keep_rate, bills_failures
        As in a scenario; ``objective`` may minimise ``expected`` or ``worst-case``.
    limits
        Those that hold clip by clip: ``budget_usd``, ``worst_case_usd``, and caps by ``max_clips``, ``max_seconds``, ``max_usd``.
    budgets
        Further budgets, by provider, model, group and window of time.
    ledger
        Where budgets are kept: None: in memory; a path: a SQLite file that several processes share. There, budgets and caps go by their
        position in these lists: add further ones at the end.
    health
        How outcomes change availability, and when a model is not tried for a while.
    on
        The day that prices and dates of sale are judged on; today (UTC) if absent. A router does not follow the calendar: make a new one.
    remember
        How many requirements are remembered with their decision.
    listen
        Called with the name and facts of every event, for metrics; what it raises is logged and goes no further.
    clock
        Seconds since 1970, by which windows of time begin. Outcomes age by it too, where one is given.

    Raises
    ------
    router.errors.InputError
        If something given is wrong, or a limit cannot be kept clip by clip.

    Examples
    --------
    >>> import datetime as dt
    >>> router = Router("evolink", limits={"budget_usd": 2}, on=dt.date(2026, 4, 10))
    >>> decision = router.route({"seconds": 10, "resolution": "1080p", "audio": "native"})
    >>> decision.provider, decision.model, decision.price_usd, decision.worst_usd
    ('evolink', 'kling-o3', Decimal('1.250000'), Decimal('1.500000'))
    >>> router.report(decision, "served")
    >>> [(account.account, account.spent, account.reserved) for account in router.ledger.accounts()]
    [('limits.budget_usd', 1250000, 0)]
    """

    def __init__(
        self,
        catalog: str | Path | Catalog | Sequence[str | Path | Catalog] = "evolink",
        *,
        fallback: Fallback | Mapping[str, Any] | None = None,
        outages: Outages | Mapping[str, Any] | None = None,
        limits: Limits | Mapping[str, Any] | None = None,
        budgets: Sequence[Budget | Mapping[str, Any]] = (),
        dubbing: Dubbing | Mapping[str, Any] | None = None,
        objective: Objective | Mapping[str, Any] | None = None,
        failure_rate: Mapping[str, Any] | None = None,
        keep_rate: Mapping[str, Any] | None = None,
        bills_failures: Mapping[str, str] | None = None,
        ledger: str | Path | Ledger | None = None,
        health: Health | None = None,
        on: dt.date | None = None,
        remember: int = REMEMBERED,
        listen: Listener | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        catalogs = [catalog] if isinstance(catalog, str | Path | Catalog) else list(catalog)
        given = {
            "catalogs": [str(one) if isinstance(one, Path) else one for one in catalogs],
            "fallback": fallback,
            "outages": outages,
            "limits": limits,
            "dubbing": dubbing,
            "objective": objective,
            "failure_rate": failure_rate,
            "keep_rate": keep_rate,
            "bills_failures": bills_failures,
        }
        rules = rules_of(given)
        market = open_market(rules, on)
        own = [as_model(Budget, budget, f"budgets[{k}]") for k, budget in enumerate(budgets)]
        self._till = Till(Rules(rules.limits, own), ledger, clock)
        # Cool-downs are spans of time: they do not follow a clock that is set.
        steady = time.monotonic if clock is time.time else clock
        self._chooser = Chooser(market, health or Health(), remember, steady)
        self._tell = Teller(listen)
        self._steps = threading.RLock()
        """Held while a step is reported or left: two threads with one decision do not book it twice."""

    def route(self, clip: Clip | Mapping[str, Any]) -> Decision:
        """Where to submit one clip now. With budgets, the most that it can cost is set aside until the outcome is reported.

        Raises
        ------
        router.errors.NoPlanError
            If nothing can ever make the clip, with what would mend it.
        router.errors.RefusalError
            If it is not to be submitted now: ``OverBudgetError``, ``CircuitOpenError``, ``NotWorthItError``.
        router.errors.InputError
            If the clip is not one clip: of several, or with drafts.
        """
        span = self._tell.span()
        if span is None:
            return self._route(clip)
        with self._tell.within(span) as decided:
            decision = self._route(clip)
            decided(decision)
            return decision

    def _route(self, clip: Clip | Mapping[str, Any]) -> Decision:
        if type(clip) is not Clip:  # An abstract class takes long to say what is an instance of it
            clip = clip_of(clip)
        if clip.count != 1 or clip.drafts is not None:
            refuse_several(clip)
        chooser = self._chooser
        if chooser.state.due < math.inf and (probe := self._probe(clip)) is not None:
            return probe
        try:
            choice = chooser.choice(clip)
            if chooser.course is not None:
                choice = self._in_course(chooser.course, clip, choice)
            decision = self._till.admitted(clip, choice)
        except (CircuitOpenError, NoPlanError, NotWorthItError, OverBudgetError) as error:
            raise self._tell.refused(error) from None
        self._tell.decided(decision)
        return decision

    def report(
        self,
        decision: Decision,
        outcome: Outcome | str,
        actual_usd: Decimal | float | str | None = None,
        *,
        kept: bool = True,
    ) -> None:
        """What became of a step: budgets are settled, availability and circuits follow.

        After a failure the rest of the chain stays set aside for ``next``, until ``give_up``. After ``pending`` or ``unknown`` everything
        does, until the step is reported again. What is billed although the clip was given up is booked as well, over a bound if need be.

        Parameters
        ----------
        actual_usd
            What was billed; if absent, the price where the outcome is billed.
        kept
            Whether the clip that was made is good enough; if not, ``next`` makes another take, where one is left.

        Raises
        ------
        router.errors.InputError
            If the step was reported before, or an amount is given that cannot be.
        """
        what = Outcome(outcome)
        offer = decision.candidate.offer
        named = {"provider": offer.provider, "model": offer.model}
        with self._steps:
            if decision.outcome is not None and decision.outcome.resolved:
                raise InputError(f"this step was reported as '{decision.outcome}' before; a step ends once")
            spent, before = billed(decision, what, actual_usd), (decision.outcome, decision.kept)
            decision.outcome, decision.kept = what, kept
            if what.resolved:
                try:
                    self._till.settle(decision, spent)
                except BaseException:
                    # Nothing was booked: the step can be reported again.
                    decision.outcome, decision.kept = before
                    raise
        if what.resolved and decision.reservation is not None:
            self._tell("spend_settled", **named, spent_usd=str(from_micro(spent)), outcome=str(what))
        turned = self._chooser.learn_from(decision.cause, what)
        if turned is not None:
            self._tell(f"circuit_{turned}", **named)
        self._tell("step_reported", **named, step=decision.step, outcome=str(what))

    def next(
        self, decision: Decision, outcome: Outcome | str | None = None, *, accept_double_billing: bool = False
    ) -> Decision | None:
        """The next step of the chain, or the next take of a clip that was not kept; None where nothing is left.

        A step that was not reported yet is reported with ``outcome`` first. Models whose circuit is open are passed over. Asked again, it
        gives the same step, or None where that was settled or given up.

        Parameters
        ----------
        accept_double_billing
            Go on although the step may still be made and billed; what that can cost is set aside besides.

        Raises
        ------
        router.errors.UnresolvedError
            If the step is ``pending`` or ``unknown``, and double billing is not accepted.
        router.errors.OverBudgetError
            If double billing is accepted but does not fit the budgets, or more was billed than stated and the rest of the chain no longer
            fits. What is set aside stays; ask again later, or give up.
        """
        if outcome is not None and decision.outcome != Outcome(outcome):
            self.report(decision, outcome)
        if decision.outcome is None:
            raise InputError("say how the step ended: report it first, or give the outcome")
        with self._steps:
            if not decision.outcome.resolved and not accept_double_billing:
                raise UnresolvedError(decision.outcome)
            if decision.left and decision.outcome.resolved:
                return None
            if decision.after is None:
                besides = not decision.outcome.resolved
                decision.after = self._following(decision, besides=besides)
                decision.left = besides and decision.after is not None
            return None if decision.after is None or _over(decision.after) else decision.after

    def follow(
        self, plan: Plan, forecast: Scenario, *, solve: Callable[[Scenario], Plan] | None = None, every: int = 500
    ) -> None:
        """Let what a plan takes its limits to be worth decide, so that clips that come one by one share them as the plan would.

        Parameters
        ----------
        plan
            Of the whole campaign, with shadow prices.
        forecast
            The scenario that it was made for: the clips to be expected, and the limits. Those that cannot be kept clip by clip are steered
            by their prices alone.
        solve
            ``router.plan``, or whatever plans what is left (``forecast`` with the counts, budgets and caps that remain) after every so many
            clips; that call of ``route`` takes as long. Absent: prices stay as they are.
        every
            Clips between two plans.

        Raises
        ------
        router.errors.InputError
            If the plan says nothing of what its limits are worth.
        """
        from router.online.bids import Course  # It knows the limits of whole plans, which single clips do without

        self._chooser.follow(Course(plan, forecast, solve, every))

    def give_up(self, decision: Decision) -> None:
        """Let go of what is still set aside for a clip: its chain is not followed any further.

        Raises
        ------
        router.errors.UnresolvedError
            If the step is ``pending`` or ``unknown``: it may be billed.
        router.errors.InputError
            If ``next`` went on from this step: what is set aside is for the step that it gave.
        """
        with self._steps:
            if decision.outcome is not None and not decision.outcome.resolved:
                raise UnresolvedError(decision.outcome)
            if decision.reservation is not None and decision.after is not None and not _over(decision):
                raise InputError("the chain went on from this step; give up the step that `next` gave")
            self._till.let_go(decision)

    @property
    def ledger(self) -> Ledger:
        """Where budgets are kept."""
        return self._till.ledger

    async def aroute(self, clip: Clip | Mapping[str, Any]) -> Decision:
        """``route`` without holding up the event loop. What is decided after this was cancelled is given up."""
        if isinstance(self.ledger, MemoryLedger):
            return self.route(clip)
        made: list[Decision] = []
        cancelled = threading.Event()

        def decided() -> Decision:
            made.append(self.route(clip))
            if cancelled.is_set():
                self.give_up(made[0])
            return made[0]

        try:
            return await self._aside(decided)
        except BaseException:
            cancelled.set()
            for decision in made:
                self.give_up(decision)
            raise

    async def areport(
        self,
        decision: Decision,
        outcome: Outcome | str,
        actual_usd: Decimal | float | str | None = None,
        *,
        kept: bool = True,
    ) -> None:
        """``report`` without holding up the event loop."""
        await self._aside(self.report, decision, outcome, actual_usd, kept=kept)

    async def anext(
        self, decision: Decision, outcome: Outcome | str | None = None, *, accept_double_billing: bool = False
    ) -> Decision | None:
        """``next`` without holding up the event loop."""
        return await self._aside(self.next, decision, outcome, accept_double_billing=accept_double_billing)

    async def _aside(self, call: Callable[..., Value], *arguments: Any, **named: Any) -> Value:
        """In memory a call takes microseconds; a file may have to be waited for."""
        if isinstance(self.ledger, MemoryLedger):
            return call(*arguments, **named)
        import asyncio  # Whoever awaits has loaded it

        return await asyncio.to_thread(call, *arguments, **named)

    def _probe(self, clip: Clip) -> Decision | None:
        """A decision that finds out whether a model is back, if this clip would go there and none has yet."""
        probe = self._chooser.probe(clip)
        if probe is None:
            return None
        try:
            decision = self._till.admitted(clip, probe.choice, others=False)
        except BaseException as error:
            # The next clip may find out.
            self._chooser.not_probed(probe)
            if isinstance(error, OverBudgetError):
                return None
            raise
        decision.probe = True
        self._chooser.learn()
        offer = decision.candidate.offer
        self._tell("circuit_probed", provider=offer.provider, model=offer.model)
        self._tell.decided(decision)
        return decision

    def _in_course(self, course: Course, clip: Clip, choice: Choice) -> Choice:
        """What the plan that is followed does with one more clip of this kind; now and then it is planned anew first."""
        if course.arrived(clip) and course.again(self.ledger.accounts()):
            self._tell("plan_renewed")
            self._chooser.learn()
            choice = self._chooser.choice(clip)
        found = choice.turn()
        if found is None:
            raise not_worth_it(clip, choice, by_plan=True)
        return found

    def _following(self, decision: Decision, *, besides: bool) -> Decision | None:
        """What follows a step, paid for; ``besides``: while the step may still be made and billed."""
        following = None if _over(decision) else self._reachable(decision)
        try:
            if following is None:
                if not besides:
                    self._till.let_go(decision)
            elif besides:
                self._till.beside(decision, following)
            else:
                self._till.top_up(following)
        except OverBudgetError as error:
            raise self._tell.refused(error) from None
        return following

    def _reachable(self, decision: Decision) -> Decision | None:
        """What follows a step, without models whose circuit is open."""
        found = decision.following()
        while found is not None and found.cause in self._chooser.state.closed:
            found = found.skipped()
        return found


def _over(decision: Decision) -> bool:
    """Whether what was set aside for a step is settled or given up."""
    return decision.reservation is not None and decision.reservation.closed
