"""Which way one clip is best made by what is known now: the catalog, what outcomes taught, and the plan that is followed.

Equal requirements are chosen for once, for as long as nothing is learnt. Nothing is paid for here (see `till`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from router.errors import CircuitOpenError, NoPlanError, NotWorthItError
from router.market import Market
from router.offers.clip_classes import requirements
from router.offers.eligibility import rejections
from router.online.decision import Outcome
from router.online.health import Health, Trial, Watch
from router.online.table import Table
from router.online.view import Choice, View
from router.schema.candidate import ClipClass
from router.schema.scenario import Clip
from router.units import SAME_COST, from_micro, to_micro, usd_text

if TYPE_CHECKING:
    from router.online.course import Course


class State:
    """What is chosen by, until something is learnt."""

    __slots__ = ("due", "remembered", "view")

    def __init__(self, view: View, due: float | None) -> None:
        self.view = view
        self.due = due
        """When it is to be renewed: a model may be tried again, or what is known of one has faded. None: when something is learnt."""
        self.remembered: dict[tuple[object, ...], Choice] = {}


class Chooser:
    """Chooses the way of one clip; safe under threads.

    Parameters
    ----------
    remember
        How many requirements are remembered with their choice.
    clock
        Seconds, by which outcomes age and models cool down.
    """

    def __init__(self, market: Market, health: Health, remember: int, clock: Callable[[], float]) -> None:
        rules = market.scenario
        self._market, self._remember, self._clock = market, remember, clock
        self._table = Table(market.offers, degraded=rules.fallback.accept == "degraded")
        self._watch = Watch(health, rules.outages, market.offers, clock)
        self._learning = threading.Lock()
        self.course: Course | None = None
        """The plan that is followed."""
        self.circuits_open = False
        """Whether any model failed too often of late."""
        self.learn()

    def choice(self, clip: Clip) -> Choice:
        """The best way to make a clip now.

        Raises
        ------
        router.errors.NoPlanError, router.errors.CircuitOpenError, router.errors.NotWorthItError
            If there is none, none of a model that is tried, or none that is worth it.
        """
        state = self.state
        if state.due is not None and self._clock() >= state.due:
            state = self._renewed(state)
        key = requirements(clip)
        choice = state.remembered.get(key)
        if choice is None:
            choice = self._choose(clip, state)
            if len(state.remembered) >= self._remember:
                state.remembered.clear()
            state.remembered[key] = choice
        return choice

    def turn(self, clip: Clip, choice: Choice | None = None) -> Choice:
        """What is done with one more clip of a kind; ``choice`` is that of its kind, where it is known.

        Raises
        ------
        router.errors.RefusalError
            See `choice`; also if the plan that is followed leaves this one out.
        """
        own = choice or self.choice(clip)
        found = own.turn()
        if found is None:
            raise _not_worth_it(clip, own, by_plan=True)
        return found

    def enter(self, cause: str) -> tuple[bool, Trial | None]:
        """Whether a clip may be sent to a model now, and the trial that it then is, where the model failed too often of late."""
        may, trial = self._watch.enter(cause)
        if trial is not None or (not may and cause in self.state.view.trial):
            # For other clips it cools down anew.
            self.learn()
        return may, trial

    def withdraw(self, trial: Trial) -> None:
        """A trial was not sent: the next clip may find out."""
        if self._watch.withdraw(trial):
            self.learn()

    def follow(self, course: Course) -> None:
        """Let the prices of a plan choose from now on."""
        self.course = course
        self.learn()

    def learn_from(self, cause: str, outcome: Outcome) -> str | None:
        """Take in how a step ended; ``opened`` or ``closed`` where its circuit did."""
        changed, turned = self._watch.record(cause, outcome)
        if changed:
            self.learn()
        return turned

    def learn(self) -> None:
        """Choose by what is known now."""
        with self._learning:
            self._learn()

    def _renewed(self, state: State) -> State:
        """The state that follows one whose time is over."""
        with self._learning:
            if self.state is state:
                self._learn()
            return self.state

    def _learn(self) -> None:
        now, due = self._clock(), self._watch.due()
        cooling = {cause: until for cause, until in due.items() if until > now}
        availability, until = self._watch.availability()
        view = View(self._table, self._market.scenario, availability, cooling, frozenset(due.keys() - cooling))
        first = min(until, *cooling.values()) if cooling else until
        self.state, self.circuits_open = State(view, None if math.isinf(first) else first), bool(due)

    def _choose(self, clip: Clip, state: State) -> Choice:
        course = self.course
        # What is remembered must not keep what a user wrote.
        written = clip.request or clip.group or clip.id != "clip"
        bare = clip.model_copy(update={"request": {}, "id": "clip", "group": None}) if written else clip
        choice = state.view.choose(bare) if course is None else course.bids.choose(state.view, bare)
        if choice is None:
            raise self._nothing(clip, state)
        if course is None and clip.value_usd is not None and not _worth_it(clip, choice.best().cost):
            raise self._cooling(clip, state, worth_it=True) or _not_worth_it(clip, choice)
        return choice

    def _nothing(self, clip: Clip, state: State) -> NoPlanError | CircuitOpenError:
        """Why there is no way to make a clip."""
        if cooling := self._cooling(clip, state):
            return cooling
        from router.assembly import no_plan  # Only a clip that nothing can make needs it

        own = ClipClass(clip, Fraction(clip.seconds), ((0, 1),))
        found = rejections(own, self._market.offers, self._market.scenario.dubbing)
        return NoPlanError(unservable=[no_plan.unservable([clip], own, found, lambda _path: "")])

    def _cooling(self, clip: Clip, state: State, *, worth_it: bool = False) -> CircuitOpenError | None:
        """When a clip is to come again, if models can make it that are not tried now; ``worth_it``: for no more than its value."""
        now, due = self._clock(), self._watch.due()
        everything = View(self._table, self._market.scenario, state.view.availability)
        if not due or (barred := everything.choose(clip)) is None:
            return None
        models = dict.fromkeys(
            f"{way.candidate.offer.provider}/{way.candidate.offer.model}"
            for way in barred.ranked()
            if not worth_it or _worth_it(clip, way.cost)
        )
        again = {model: due.get(model, now) for model in models if model in due or not worth_it}
        if not again:
            return None
        value = usd_text(from_micro(to_micro(clip.value_usd))) if worth_it and clip.value_usd is not None else None
        return CircuitOpenError(list(again), max(0.0, min(again.values()) - now), value)


def _not_worth_it(clip: Clip, choice: Choice, *, by_plan: bool = False) -> NotWorthItError:
    """What to say of a clip that costs more than its value."""
    value = None if clip.value_usd is None else usd_text(from_micro(to_micro(clip.value_usd)))
    return NotWorthItError(usd_text(from_micro(choice.best().cost)), value, by_plan=by_plan)


def _worth_it(clip: Clip, cost: float) -> bool:
    """Whether a clip is worth so many micro-dollars."""
    return clip.value_usd is None or to_micro(clip.value_usd) >= cost - SAME_COST
