"""What a solved plan takes limits to be worth, carried into decisions made one by one (bid prices).

A plan of the whole campaign knows how each kind of clip is best made, and what one more dollar of budget or clip of a quota would save. A
clip of a kind that it holds is made as the plan makes it; any other in the way whose cost, with what it takes of every limit at that worth,
is least, or left out where that is more than its value.

Source: K. Talluri and G. van Ryzin, An Analysis of Bid-Price Controls for Network Revenue Management, Management Science 44 (1998).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from router.errors import InputError
from router.offers.clip_classes import draft_of, requirements
from router.online.view import Choice, Row, View, Way
from router.optimization.limits import assignment
from router.schema.base import printable
from router.schema.candidate import Choices, ClipClass
from router.schema.plan import Plan
from router.schema.scenario import Clip, Objective, Scenario
from router.units import MICRO, SAME_COST, to_micro

Key = tuple[object, ...]
Made = tuple[object, ...] | None
"""What tells a way to make a clip from others, as a plan shows it; None: the clip is left out."""
Owed = dict[Key, defaultdict[Made, float]]
"""How many clips each way is behind its share, by kind of clip."""


class Bids:
    """The worth of every limit of a plan, and in which shares it makes the kinds of clips that it holds."""

    def __init__(self, plan: Plan, forecast: Scenario, owed: Owed | None = None) -> None:
        """Carry on with what an earlier plan still ``owed``: less than a clip, whatever happened meanwhile."""
        self._rules = _rules_in_rows(forecast)
        if plan.certificate is not None:
            self._worth = {one.limit: float(one.value) for one in plan.certificate.multipliers}
        elif any(one.shadow_price is None for one in plan.limits):
            raise InputError("the plan says nothing of what its limits are worth; make it with shadow prices")
        else:
            self._worth = {one.limit: one.shadow_price or 0.0 for one in plan.limits}
        _refuse_another_forecast(plan, forecast)
        self._counts: dict[Key, Counter[Made]] = {}
        for key, way, count in _planned(plan, forecast):
            self._counts.setdefault(key, Counter())[way] += count
        self.owed: Owed = {}
        """What is learnt of models meanwhile does not start the shares anew."""
        for key, behind in (owed or {}).items():
            for way in self._counts.get(key, ()):
                self.owed.setdefault(key, defaultdict(float))[way] = max(-1.0, min(1.0, behind[way]))

    def choose(self, view: View, clip: Clip) -> Choice | None:
        """How to make a clip: as the plan does; where it does not say, in the best way at these prices. None if nothing can."""
        contest = view.contest(clip)
        if not contest.rows:
            return None
        costs = self._costs(clip, [contest.way(row) for row in contest.rows])
        order = sorted(zip(costs, contest.rows, strict=True), key=lambda pair: (round(pair[0], 3), pair[1].rank))
        rows = {_way(row): k for k, (_, row) in reversed(list(enumerate(order)))}
        key = requirements(clip)
        counts = self._counts.get(key, Counter())
        ways = {
            way: None if way is None else _Steered(view, clip, [order[rows[way]], *order])
            for way in counts
            if way is None or way in rows
        }
        value = None if clip.value_usd is None else to_micro(clip.value_usd)
        best = _Steered(view, clip, order)
        if ways:
            return _Shared(ways, best, counts, self.owed.setdefault(key, defaultdict(float)))
        left_out = value is not None and value < order[0][0] - SAME_COST
        return _Shared({None: None}, best, Counter({None: 1}), defaultdict(float)) if left_out else best

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


def kinds_of(clip: Clip) -> Iterator[tuple[bool, Clip]]:
    """What comes one by one where a forecast has a clip with drafts: the clip without them, and, marked, one of its drafts."""
    draft = draft_of(clip)
    yield False, clip if draft is None else clip.model_copy(update={"drafts": None})
    if draft is not None:
        yield True, draft


def _planned(plan: Plan, forecast: Scenario) -> Iterator[tuple[Key, Made, int]]:
    """How many clips of each kind a plan makes in each way. Where it leaves a clip out, its drafts are left out as well."""
    clips = {clip.id: clip for clip in forecast.clips}
    keys = {(clip.id, draft): requirements(kind) for clip in forecast.clips for draft, kind in kinds_of(clip)}
    for route in plan.routes:
        way = route.provider, route.model, route.resolution, route.audio
        for name, count in zip(route.clips, route.counts, strict=True):
            yield keys[name, route.draft], way, count
    for left in plan.left_out:
        for name, count in zip(left.clips, left.counts, strict=True):
            yield keys[name, False], None, count
            if (drafts := clips[name].drafts) is not None:
                yield keys[name, True], None, count * drafts.count


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
    """Clips of one kind that the plan makes in one way or several, each in its turn, so that the shares are the plan's.

    Every clip that comes adds to each way its share, and one is taken from the way that it goes: that which most is owed to. What cannot
    be taken now is owed all the same.
    """

    __slots__ = ("_owed", "_shares", "_ways")

    def __init__(
        self,
        ways: Mapping[Made, _Steered | None],
        otherwise: _Steered,
        counts: Counter[Made],
        owed: defaultdict[Made, float],
    ) -> None:
        super().__init__(otherwise.view, otherwise.clip, otherwise._order)
        self._ways, self._owed = ways, owed
        self._shares = {way: count / counts.total() for way, count in counts.items()}

    def turn(self) -> Choice | None:
        """The way of the next clip; None: it is left out."""
        for way, share in self._shares.items():
            self._owed[way] += share
        way = max(self._ways, key=lambda way: round(self._owed[way], 9))
        self._owed[way] -= 1
        return self._ways[way]


def _rules_in_rows(scenario: Scenario) -> Scenario:
    """The scenario with those limits alone that are sums over clips, which can have a price."""
    sums = {"cvar": None, "deadline_minutes": None, "groups": None}
    limits = scenario.limits.model_copy(update=sums)
    return scenario.model_copy(update={"limits": limits, "packs": (), "tiers": (), "objective": Objective()})
