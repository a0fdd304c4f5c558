"""What a solved plan takes limits to be worth, carried into decisions made one by one (bid prices).

A plan of the whole campaign knows how each kind of clip is best made, and what one more dollar of budget or clip of a quota would save. A
clip of a kind that it holds is made as the plan makes it; any other in the way whose cost, with what it takes of every limit at that worth,
is least, or left out where that is more than its value. Clips do not arrive as forecast, so what is left can be planned again at times.

Source: K. Talluri and G. van Ryzin, An Analysis of Bid-Price Controls for Network Revenue Management, Management Science 44 (1998).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from router import log
from router.errors import InputError, Problem
from router.offers.clip_classes import draft_of, requirements
from router.online.view import Choice, Row, View, Way
from router.optimization.limits import assignment
from router.schema.base import printable
from router.schema.candidate import Choices, ClipClass
from router.schema.ledger import Account
from router.schema.plan import Plan
from router.schema.scenario import Clip, Limits, Objective, Scenario
from router.units import MICRO, SAME_COST, from_micro, to_micro

Solve = Callable[[Scenario], Plan]
Key = tuple[object, ...]
TRUST = 0.1
"""Of the clips that were forecast: so many clips that came weigh as much as the forecast."""
KINDS = 4096
"""Kinds of clips that are learnt besides those that were forecast."""
_CAPPED = ("max_clips", "max_seconds", "max_usd")
_MONEY = ("budget_usd", "worst_case_usd")


class Bids:
    """The worth of every limit of a plan, and in which shares it makes the kinds of clips that it holds."""

    def __init__(self, plan: Plan, forecast: Scenario) -> None:
        self._rules = _rules_in_rows(forecast)
        if plan.certificate is not None:
            self._worth = {one.limit: float(one.value) for one in plan.certificate.multipliers}
        elif any(one.shadow_price is None for one in plan.limits):
            raise InputError("the plan says nothing of what its limits are worth; make it with shadow prices")
        else:
            self._worth = {one.limit: one.shadow_price or 0.0 for one in plan.limits}
        _refuse_another_forecast(plan, forecast)
        keys = {(clip.id, draft): requirements(kind) for clip in forecast.clips for draft, kind in _kinds(clip)}
        self._shares: dict[Key, Counter[tuple[object, ...] | None]] = {}
        self._turns: dict[Key, Counter[tuple[object, ...] | None]] = {}
        """How often each way was taken; what is learnt of models meanwhile does not start the shares anew."""
        made = ((r, r.draft, (r.provider, r.model, r.resolution, r.audio)) for r in plan.routes)
        for clips, draft, way in (*made, *((left, False, None) for left in plan.left_out)):
            for name, count in zip(clips.clips, clips.counts, strict=True):
                self._shares.setdefault(keys[name, draft], Counter())[way] += count

    def choose(self, view: View, clip: Clip) -> Choice | None:
        """How to make a clip: as the plan does; where it does not say, in the best way at these prices. None if nothing can."""
        contest = view.contest(clip)
        if not contest.rows:
            return None
        costs = self._costs(clip, [contest.way(row) for row in contest.rows])
        order = sorted(zip(costs, contest.rows, strict=True), key=lambda pair: (round(pair[0], 3), pair[1].rank))
        rows = {_way(row): k for k, (_, row) in reversed(list(enumerate(order)))}
        key = requirements(clip)
        ways = {
            way: (None if way is None else _Steered(view, clip, [order[rows[way]], *order]), count)
            for way, count in self._shares.get(key, {}).items()
            if way is None or way in rows
        }
        value = None if clip.value_usd is None else to_micro(clip.value_usd)
        best = _Steered(view, clip, order)
        if ways:
            return _Shared(ways, best, self._turns.setdefault(key, Counter()))
        left_out = value is not None and value < order[0][0] - SAME_COST
        return _Shared({None: (None, 1)}, best, Counter()) if left_out else best

    def _costs(self, clip: Clip, ways: Sequence[Way]) -> list[float]:
        """What each way costs together with what it takes of the limits; micro-dollars."""
        own = ClipClass(clip, Fraction(clip.seconds), ((0, 1),))
        choices = Choices(own, tuple(way.candidate for way in ways), tuple(way.chain for way in ways))
        costs = [way.cost for way in ways]
        for row in assignment((choices,), self._rules).rows:
            worth = self._worth.get(row.name, 0.0) * (1 if row.unit == "usd" else MICRO)
            if worth:
                sign = worth if row.sense == "at_most" else -worth
                per = (0,) * len(ways) if row.per is None else row.per[0]
                for k, (use, each) in enumerate(zip(row.uses[0], per, strict=False)):
                    costs[k] += sign * float(use - row.bound * each)
        return costs


def _kinds(clip: Clip) -> Iterator[tuple[bool, Clip]]:
    """What comes one by one where a forecast has a clip with drafts: the clip without them, and, marked, one of its drafts."""
    draft = draft_of(clip)
    yield False, clip if draft is None else clip.model_copy(update={"drafts": None})
    if draft is not None:
        yield True, draft


def _refuse_another_forecast(plan: Plan, forecast: Scenario) -> None:
    """Raise InputError if a plan holds other clips than a forecast, or not as many."""
    planned: Counter[str] = Counter()
    for group in (*(route for route in plan.routes if not route.draft), *plan.left_out):
        for name, count in zip(group.clips, group.counts, strict=True):
            planned[name] += count
    expected = {clip.id: clip.count for clip in forecast.clips}
    if wrong := next((name for name in {**expected, **planned} if planned[name] != expected.get(name, 0)), None):
        raise InputError(
            f"the plan was not made for this forecast: of clip '{printable(wrong)}' it holds {planned[wrong]:,}, the forecast "
            f"{expected.get(wrong, 0):,}; follow it with the scenario that it was made for"
        )


def _way(row: Row) -> tuple[object, ...]:
    """What tells a way from others of a clip, as a plan shows it."""
    offer = row.maker.offer
    return offer.provider, offer.model, offer.resolution, row.maker.audio


class _Steered(Choice):
    """A choice by bid prices."""

    __slots__ = ("_order",)
    terms = ", with what limits are worth in the plan that is followed"

    def __init__(self, view: View, clip: Clip, order: list[tuple[float, Row]]) -> None:
        super().__init__(view, clip, order[0][1])
        self._order = [pair for k, pair in enumerate(order) if not k or pair[1] is not self.primary]

    def best(self) -> Way:
        """See `Choice`."""
        return next(self.ranked())

    def ranked(self) -> Iterator[Way]:
        """See `Choice`; costs are those with the worth of limits."""
        contest = self.view.contest(self.clip)
        return (contest.way(row)._replace(cost=cost) for cost, row in self._order)


class _Shared(_Steered):
    """Clips of one kind that the plan makes in one way or several, each in its turn, so that the shares are the plan's."""

    __slots__ = ("_turns", "_ways")

    def __init__(
        self,
        ways: Mapping[tuple[object, ...] | None, tuple[_Steered | None, int]],
        otherwise: _Steered,
        turns: Counter[tuple[object, ...] | None],
    ) -> None:
        super().__init__(otherwise.view, otherwise.clip, otherwise._order)
        self._ways, self._turns = ways, turns

    def turn(self) -> Choice | None:
        """The way of the next clip; None: it is left out."""
        way = min(self._ways, key=lambda way: (self._turns[way] + 1) / self._ways[way][1])
        self._turns[way] += 1
        return self._ways[way][0]


class Course:
    """A plan that is followed; where it can be solved again, what is left of the forecast is planned anew every so many clips.

    As many clips are still expected as were forecast in all, less those that came. Of which kinds they will be is what the forecast and
    what came say together; the forecast weighs as ``TRUST`` of its own clips.
    """

    def __init__(self, plan: Plan, forecast: Scenario, solve: Solve | None, every: int, kept: Limits) -> None:
        if every < 1:
            raise InputError("every must be at least 1: so many clips pass between two plans")
        self.plans_again = solve is not None
        """Whether a clip may have to wait for a plan."""
        self._accounts = {} if solve is None else _accounts(forecast.limits, kept)
        self.bids = Bids(plan, forecast)
        self._forecast, self._solve, self._every = forecast, solve, every
        self._lock, self._planning = threading.Lock(), threading.Lock()
        self._expected: Counter[Key] = Counter()
        self._examples: dict[Key, Clip] = {}
        for clip in forecast.clips:
            for draft, kind in _kinds(clip):
                key = requirements(kind)
                self._expected[key] += clip.count * (clip.drafts.count if draft and clip.drafts is not None else 1)
                self._examples.setdefault(key, kind)
        self._arrived: Counter[Key] = Counter()
        self._came = 0

    def arrived(self, clip: Clip) -> bool:
        """Count a clip; whether it is time to plan again."""
        if self._solve is None:
            return False
        key = requirements(clip)
        with self._lock:
            self._came += 1
            if key in self._examples or len(self._examples) < KINDS + len(self._expected):
                self._arrived[key] += 1
                if key not in self._examples:
                    # What is remembered must not keep what a user wrote.
                    self._examples[key] = clip.model_copy(update={"request": {}, "group": None})
            return self._came % self._every == 0

    def again(self, accounts: Sequence[Account]) -> bool:
        """Plan what is left with what is left of the limits; whether there are new prices.

        Where no plan can be made of it any more, for whatever reason, nothing is left, or another thread is planning, the old prices stay.
        """
        if self._solve is None or not self._planning.acquire(blocking=False):
            return False
        try:
            left = self.left(accounts)
            if left is None:
                return False
            self.bids = Bids(self._solve(left), left)
            return True
        except Exception as error:  # Whatever a user's function raises must not stop a clip
            log.info("plan_kept", reason=type(error).__name__)
            return False
        finally:
            self._planning.release()

    def left(self, accounts: Sequence[Account]) -> Scenario | None:
        """What is still to come, under what is left of budgets and caps; None if nothing is."""
        with self._lock:
            expected, arrived = self._expected, self._arrived
            waiting = max(0, expected.total() - self._came)
            trust = TRUST * expected.total()
            share = waiting / (trust + arrived.total())
            counts = {
                key: round(share * (trust * expected[key] / expected.total() + arrived[key]))
                for key in {**expected, **arrived}
            }
            clips = [
                self._examples[key].model_copy(update={"id": f"clip-{k}", "count": count})
                for k, (key, count) in enumerate(counts.items(), 1)
                if count > 0
            ]
        if not clips:
            return None
        rest = {one.account: from_micro(max(0, one.bound - one.spent - one.reserved)) for one in accounts}
        left = {bound: rest[account] for bound, account in self._accounts.items() if account in rest}
        limits = self._forecast.limits
        caps = [
            cap.model_copy(update={name: _in_kind(left[k, name]) for name in _CAPPED if (k, name) in left})
            for k, cap in enumerate(limits.caps)
        ]
        money = {name: left[None, name] for name in _MONEY if (None, name) in left}
        return self._forecast.model_copy(
            update={"clips": tuple(clips), "limits": limits.model_copy(update={**money, "caps": tuple(caps)})}
        )


def _accounts(limits: Limits, kept: Limits) -> dict[tuple[int | None, str], str]:
    """The router's account for each bound of a forecast that shrinks as clips come, by the position of its cap and its name.

    Raises
    ------
    router.errors.InputError
        If the router does not keep one of them: nothing then says what is left of it.
    """
    found: dict[tuple[int | None, str], str] = {}
    wanting = []
    for name in _MONEY:
        bound = getattr(limits, name)
        if bound is not None:
            found[None, name] = f"limits.{name}"
            if getattr(kept, name) != bound:
                wanting.append((f"limits.{name}", bound))
    for k, cap in enumerate(limits.caps):
        for name in _CAPPED:
            bound = getattr(cap, name)
            if bound is not None:
                same = (j for j, own in enumerate(kept.caps) if own.where == cap.where and getattr(own, name) == bound)
                if (j := next(same, None)) is not None:
                    found[k, name] = f"limits.caps[{j}].{name}"
                else:
                    wanting.append((f"limits.caps[{k}].{name}", bound))
    if wanting:
        advice = "is no limit of this router, which cannot say what is left of it; give it to Router too, or follow without `solve`"
        raise InputError([Problem(f"{bound:,} of the forecast {advice}", where) for where, bound in wanting])
    return found


def _in_kind(amount: Decimal) -> Decimal | int:
    """Numbers of clips are whole."""
    return int(amount) if amount == amount.to_integral_value() else amount


def _rules_in_rows(scenario: Scenario) -> Scenario:
    """The scenario with those limits alone that are sums over clips, which can have a price."""
    sums = {"cvar": None, "deadline_minutes": None, "groups": None}
    limits = scenario.limits.model_copy(update=sums)
    return scenario.model_copy(update={"limits": limits, "packs": (), "tiers": (), "objective": Objective()})
