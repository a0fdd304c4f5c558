"""The router that a pipeline asks right before it submits: which offer for this clip, now, within the budgets.

Equal requirements are decided once for as long as nothing is learnt; a new one costs a pass over the compiled catalog. The solver is never
loaded. What a decision could spend at worst is set aside before it is handed out, so that no fallback, retry or burst breaks a budget.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from router.errors import (
    CircuitOpenError,
    NoPlanError,
    NotWorthItError,
    OverBudgetError,
)
from router.market import open_market
from router.online.asked import budgets_of, clip_of, health_of, refuse_several, rules_of
from router.online.chooser import Chooser
from router.online.decision import Decision, Outcome
from router.online.health import Health
from router.online.ledger import Ledger, MemoryLedger
from router.online.spend import Rules
from router.online.steps import Steps
from router.online.telling import Listener, Teller
from router.online.till import Till
from router.online.view import Choice
from router.schema.account import Account
from router.schema.catalog import Catalog
from router.schema.ledger import Budget
from router.schema.scenario import Clip, Dubbing, Fallback, Limits, Objective, Outages, Scenario

if TYPE_CHECKING:
    from router.online.course import Course
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
    account
        Terms by provider, as in a scenario, or a file of them. Packs that are owned do not matter here: prices are those they pay for.
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
        account: str | Path | Account | Mapping[str, Any] | None = None,
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
            "account": Account.load(account) if isinstance(account, str | Path) else account,
        }
        rules = rules_of(given)
        self._limits = rules.limits
        market = open_market(rules, on)
        self._till = Till(Rules(rules.limits, budgets_of(budgets)), ledger, clock)
        # Cool-downs are spans of time: they do not follow a clock that is set.
        steady = time.monotonic if clock is time.time else clock
        self._chooser = Chooser(market, health_of(health), remember, steady)
        self._tell = Teller(listen)
        self._steps = Steps(self._till, self._chooser, self._tell)

    def route(self, clip: Clip | Mapping[str, Any]) -> Decision:
        """Where to submit one clip now. With budgets, the most that it can cost is set aside until the outcome is reported.

        Raises
        ------
        router.errors.NoPlanError
            If nothing can ever make the clip, whatever it is worth, with what would mend it.
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
        course = chooser.course
        try:
            choice = chooser.choice(clip)
            if course is not None:
                choice = self._in_course(course, clip, choice)
            decision = self._till.admitted(clip, choice)
            if chooser.circuits_open:
                decision = self._steps.entered(decision)
        except (CircuitOpenError, NoPlanError, NotWorthItError, OverBudgetError) as error:
            raise self._tell.refused(error) from None
        if course is not None and course.plans_again:
            course.took(decision.candidate)
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
        self._steps.report(decision, Outcome(outcome), actual_usd, kept=kept)

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
        return self._steps.next(
            decision, None if outcome is None else Outcome(outcome), accept_double_billing=accept_double_billing
        )

    def follow(
        self, plan: Plan, forecast: Scenario, *, solve: Callable[[Scenario], Plan] | None = None, every: int = 500
    ) -> None:
        """Let what a plan takes its limits to be worth decide, so that clips that come one by one share them as the plan would.

        Parameters
        ----------
        plan
            Of the whole campaign, with shadow prices.
        forecast
            The scenario that it was made for: the clips to be expected, and the limits. Prices steer by these and keep none; what is to
            be kept has to be in the router's own ``limits``. Of a clip with drafts these come as clips of their own, as it does then.
        solve
            ``router.plan``, or whatever plans what is left (``forecast`` with the counts, budgets, caps and owned packs that remain) after
            every so many clips; that call of ``route`` takes as long. The router must then keep the forecast's ``budget_usd``,
            ``worst_case_usd`` and caps by ``max_clips``, ``max_seconds`` and ``max_usd``: only so it knows what is left of them. If no
            plan can be made, or it raises anything, prices stay as they are; so they do if it is absent.
        every
            Clips between two plans.

        Raises
        ------
        router.errors.InputError
            If something given is no plan, scenario, function or number of clips, or the plan says nothing of what its limits are worth, or
            was made for another forecast; with ``solve``, if the router does not keep the forecast's limits.
        """
        from router.online.course import Course  # It knows the limits of whole plans, which single clips do without

        self._chooser.follow(Course(plan, forecast, solve, every, self._limits))

    def give_up(self, decision: Decision) -> None:
        """Let go of what is still set aside for a clip: its chain is not followed any further.

        Raises
        ------
        router.errors.UnresolvedError
            If the step is ``pending`` or ``unknown``: it may be billed.
        router.errors.InputError
            If ``next`` went on from this step: what is set aside is for the step that it gave.
        """
        self._steps.give_up(decision)

    @property
    def ledger(self) -> Ledger:
        """Where budgets are kept."""
        return self._till.ledger

    async def aroute(self, clip: Clip | Mapping[str, Any]) -> Decision:
        """``route`` without holding up the event loop. What is decided after this was cancelled is given up."""
        course = self._chooser.course
        if isinstance(self.ledger, MemoryLedger) and not (course is not None and course.plans_again):
            return self.route(clip)
        made: list[Decision] = []
        cancelled = threading.Event()

        def decided() -> Decision:
            made.append(self.route(clip))
            if cancelled.is_set():
                self.give_up(made[0])
            return made[0]

        try:
            return await self._aside(decided, slow=True)
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

    async def _aside(self, call: Callable[..., Value], *arguments: Any, slow: bool = False, **named: Any) -> Value:
        """In memory a call takes microseconds; a file may have to be waited for, and a plan."""
        if isinstance(self.ledger, MemoryLedger) and not slow:
            return call(*arguments, **named)
        import asyncio  # Whoever awaits has loaded it

        return await asyncio.to_thread(call, *arguments, **named)

    def _in_course(self, course: Course, clip: Clip, choice: Choice) -> Choice:
        """What the plan that is followed does with one more clip of this kind; now and then it is planned anew first."""
        if course.arrived(clip) and course.again(self.ledger.accounts):
            self._tell("plan_renewed")
            self._chooser.learn()
            choice = self._chooser.choice(clip)
        return self._chooser.turn(clip, choice)
