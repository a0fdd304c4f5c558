"""Which way one clip is best made by what is known now: the catalog, what outcomes taught, and the plan that is followed.

Equal requirements are chosen for once, for as long as nothing is learnt. Nothing is paid for here (see `till`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from router.errors import CircuitOpenError, NoPlanError, NotWorthItError
from router.market import Market
from router.offers.clip_classes import requirements
from router.offers.eligibility import rejections
from router.online.decision import Outcome
from router.online.health import Health, Watch
from router.online.table import Table
from router.online.view import Choice, View
from router.schema.candidate import ClipClass
from router.schema.scenario import Clip
from router.units import SAME_COST, from_micro, to_micro, usd_text

if TYPE_CHECKING:
    from router.online.bids import Course


class State:
    """What is chosen by, until something is learnt."""

    __slots__ = ("closed", "due", "probing", "remembered", "view")

    def __init__(self, view: View, closed: dict[str, float], probing: View | None) -> None:
        self.view, self.closed, self.probing = view, closed, probing
        """The view with every model, for the clips that find out whether one is back."""
        self.due = min(closed.values()) if closed else math.inf
        """When the first of the models that are not tried may be tried again."""
        self.remembered: dict[tuple[object, ...], Choice] = {}


class Probe(NamedTuple):
    """A clip that finds out whether a model is back."""

    choice: Choice
    cause: str
    before: float


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
        self.learn()

    def choice(self, clip: Clip) -> Choice:
        """The best way to make a clip now.

        Raises
        ------
        router.errors.NoPlanError, router.errors.CircuitOpenError, router.errors.NotWorthItError
            If there is none, none of a model that is tried, or none that is worth it.
        """
        state = self.state
        key = requirements(clip)
        choice = state.remembered.get(key)
        if choice is None:
            choice = self._choose(clip, state)
            if len(state.remembered) >= self._remember:
                state.remembered.clear()
            state.remembered[key] = choice
        return choice

    def probe(self, clip: Clip) -> Probe | None:
        """Claim for a clip that it finds out whether a model is back, if it would go there and none has yet."""
        state = self.state
        if state.probing is None or self._clock() < state.due:
            return None
        choice = state.probing.choose(clip)
        if choice is None or not _worth_it(clip, choice):
            return None
        offer = choice.primary.maker.offer
        cause = f"{offer.provider}/{offer.model}"
        if cause not in state.closed or (before := self._watch.probe(cause)) is None:
            return None
        return Probe(choice, cause, before)

    def not_probed(self, probe: Probe) -> None:
        """Give a probe back: the clip was not sent."""
        self._watch.not_probed(probe.cause, probe.before)

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
            closed = self._watch.closed()
            known = self._watch.availability()
            rules = self._market.scenario
            view = View(self._table, rules, known, frozenset(closed))
            probing = View(self._table, rules, known, frozenset()) if closed else None
            self.state = State(view, closed, probing)

    def _choose(self, clip: Clip, state: State) -> Choice:
        course = self.course
        # What is remembered must not keep what a user wrote.
        written = clip.request or clip.group or clip.id != "clip"
        bare = clip.model_copy(update={"request": {}, "id": "clip", "group": None}) if written else clip
        choice = state.view.choose(bare) if course is None else course.bids.choose(state.view, bare)
        if choice is None:
            raise self._nothing(clip, state)
        if course is None and not _worth_it(clip, choice):
            raise not_worth_it(clip, choice)
        return choice

    def _nothing(self, clip: Clip, state: State) -> NoPlanError | CircuitOpenError:
        """Why there is no way to make a clip."""
        if state.probing is not None and (barred := state.probing.choose(clip)) is not None:
            models = [f"{way.candidate.offer.provider}/{way.candidate.offer.model}" for way in barred.ranked()]
            return CircuitOpenError(list(dict.fromkeys(models)), max(0.0, state.due - self._clock()))
        from router.assembly import no_plan  # Only a clip that nothing can make needs it

        own = ClipClass(clip, Fraction(clip.seconds), ((0, 1),))
        found = rejections(own, self._market.offers, self._market.scenario.dubbing)
        return NoPlanError(unservable=[no_plan.unservable([clip], own, found, lambda _path: "")])


def not_worth_it(clip: Clip, choice: Choice, *, by_plan: bool = False) -> NotWorthItError:
    """What to say of a clip that costs more than its value."""
    cost, value = from_micro(choice.best().cost), from_micro(to_micro(clip.value_usd or 0))
    return NotWorthItError(usd_text(cost), usd_text(value), by_plan=by_plan)


def _worth_it(clip: Clip, choice: Choice) -> bool:
    """Whether a clip costs no more than its value."""
    return clip.value_usd is None or to_micro(clip.value_usd) >= choice.best().cost - SAME_COST
