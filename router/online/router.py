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
from fractions import Fraction
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
from router.offers.clip_classes import requirements
from router.offers.eligibility import rejections
from router.online.asked import as_model, clip_of, refuse_several, rules_of
from router.online.decision import Decision, Outcome
from router.online.health import Health, Watch
from router.online.ledger import Ledger, MemoryLedger
from router.online.spend import Rules
from router.online.table import Table
from router.online.telling import Listener, Teller
from router.online.till import Till, billed
from router.online.view import Choice, View
from router.schema.candidate import ClipClass
from router.schema.catalog import Catalog
from router.schema.ledger import Budget
from router.schema.scenario import Clip, Dubbing, Fallback, Limits, Objective, Outages, Scenario
from router.units import SAME_COST, from_micro, to_micro, usd_text

if TYPE_CHECKING:
    from router.online.bids import Course
    from router.schema.plan import Plan

Value = TypeVar("Value")
REMEMBERED = 4096
"""Requirements whose decision is remembered."""


class _State:
    """What decisions are made by, until something is learnt."""

    __slots__ = ("closed", "due", "probing", "remembered", "view")

    def __init__(self, view: View, closed: dict[str, float], probing: View | None) -> None:
        self.view, self.closed, self.probing = view, closed, probing
        """With every model, for the clips that find out whether one is back."""
        self.due = min(closed.values()) if closed else math.inf
        self.remembered: dict[tuple[object, ...], Choice] = {}


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
        self._market = open_market(rules, on)
        self._table = Table(self._market.offers, degraded=rules.fallback.accept == "degraded")
        own = [as_model(Budget, budget, f"budgets[{k}]") for k, budget in enumerate(budgets)]
        self._till = Till(Rules(rules.limits, own), ledger, clock)
        # Cool-downs are spans of time: they do not follow a clock that is set.
        self._clock = time.monotonic if clock is time.time else clock
        self._watch = Watch(health or Health(), rules.outages, self._market.offers, self._clock)
        self._remember, self._tell = remember, Teller(listen)
        self._course: Course | None = None
        self._learning = threading.Lock()
        self._steps = threading.RLock()
        """Held while a step is reported or left: two threads with one decision do not book it twice."""
        self._learn()

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
        if self._tell.tracer is None:
            return self._route(clip)
        with self._tell.span() as decided:
            decision = self._route(clip)
            decided(decision)
            return decision

    def _route(self, clip: Clip | Mapping[str, Any]) -> Decision:
        if type(clip) is not Clip:  # An abstract class takes long to say what is an instance of it
            clip = clip_of(clip)
        if clip.count != 1 or clip.drafts is not None:
            refuse_several(clip)
        state = self._state
        if state.due < math.inf and (probe := self._probe(clip, state)) is not None:
            return probe
        if self._course is not None and self._course.arrived(clip) and self._course.again(self.ledger.accounts()):
            self._tell("plan_renewed")
            self._learn()
            state = self._state
        key = requirements(clip)
        choice = state.remembered.get(key)
        if choice is None:
            choice = self._decide(clip, state)
            if len(state.remembered) >= self._remember:
                state.remembered.clear()
            state.remembered[key] = choice
        if self._course is not None:
            choice = self._in_turn(choice)
        return self._decided(clip, choice)

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
        does, until the step is reported again.

        Parameters
        ----------
        actual_usd
            What was billed; if absent, the price where the outcome is billed.
        kept
            Whether the clip that was made is good enough; if not, ``next`` makes another take, where one is left.

        Raises
        ------
        router.errors.InputError
            If the step was reported before, the clip was given up and this bills something, or an amount is given that cannot be.
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
        changed, turned = self._watch.record(decision.cause, what)
        if changed:
            self._learn()
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

        self._course = Course(plan, forecast, solve, every)
        self._learn()

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

    def _decide(self, clip: Clip, state: _State) -> Choice:
        """The best way, or why there is none."""
        course = self._course
        # What is remembered must not keep what a user wrote.
        written = clip.request or clip.group or clip.id != "clip"
        bare = clip.model_copy(update={"request": {}, "id": "clip", "group": None}) if written else clip
        choice = state.view.choose(bare) if course is None else course.bids.choose(state.view, bare)
        if choice is None:
            raise self._tell.refused(self._nothing(clip, state))
        if course is None and not _worth_it(clip, choice):
            cost, value = from_micro(choice.best().cost), from_micro(to_micro(clip.value_usd or 0))
            raise self._tell.refused(NotWorthItError(usd_text(cost), usd_text(value)))
        return choice

    def _in_turn(self, choice: Choice) -> Choice:
        """What the plan that is followed does with one more clip of this kind."""
        found = choice.turn()
        if found is None:
            cost, value = from_micro(choice.best().cost), from_micro(to_micro(choice.clip.value_usd or 0))
            raise self._tell.refused(NotWorthItError(usd_text(cost), usd_text(value), by_plan=True))
        return found

    def _nothing(self, clip: Clip, state: _State) -> NoPlanError | CircuitOpenError:
        if state.probing is not None and (barred := state.probing.choose(clip)) is not None:
            models = [f"{way.candidate.offer.provider}/{way.candidate.offer.model}" for way in barred.ranked()]
            return CircuitOpenError(list(dict.fromkeys(models)), max(0.0, state.due - self._clock()))
        from router.assembly import no_plan  # Only a clip that nothing can make needs it

        own = ClipClass(clip, Fraction(clip.seconds), ((0, 1),))
        found = rejections(own, self._market.offers, self._market.scenario.dubbing)
        return NoPlanError(unservable=[no_plan.unservable([clip], own, found, lambda _path: "")])

    def _probe(self, clip: Clip, state: _State) -> Decision | None:
        """A decision that finds out whether a model is back, if this clip would go there and none has yet."""
        if state.probing is None or self._clock() < state.due:
            return None
        choice = state.probing.choose(clip)
        if choice is None or not _worth_it(clip, choice):
            return None
        offer = choice.primary.maker.offer
        cause = f"{offer.provider}/{offer.model}"
        if cause not in state.closed or (before := self._watch.probe(cause)) is None:
            return None
        try:
            decision = self._till.admitted(clip, choice, others=False)
        except BaseException as error:
            # The next clip may find out.
            self._watch.not_probed(cause, before)
            if isinstance(error, OverBudgetError):
                return None
            raise
        decision.probe = True
        self._learn()
        self._tell("circuit_probed", provider=offer.provider, model=offer.model)
        self._tell.decided(decision)
        return decision

    def _decided(self, clip: Clip, choice: Choice) -> Decision:
        """The decision that a choice comes to, paid for and told."""
        try:
            decision = self._till.admitted(clip, choice)
        except OverBudgetError as error:
            raise self._tell.refused(error) from None
        self._tell.decided(decision)
        return decision

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
        while found is not None and found.cause in self._state.closed:
            found = found.skipped()
        return found

    def _learn(self) -> None:
        """Decide by what is known now."""
        with self._learning:
            closed = self._watch.closed()
            known = self._watch.availability()
            rules = self._market.scenario
            view = View(self._table, rules, known, frozenset(closed))
            probing = View(self._table, rules, known, frozenset()) if closed else None
            self._state = _State(view, closed, probing)


def _over(decision: Decision) -> bool:
    """Whether what was set aside for a step is settled or given up."""
    return decision.reservation is not None and decision.reservation.closed


def _worth_it(clip: Clip, choice: Choice) -> bool:
    """Whether a clip costs no more than its value."""
    return clip.value_usd is None or to_micro(clip.value_usd) >= choice.best().cost - SAME_COST
