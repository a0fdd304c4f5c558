"""What else could have made a plan's clips: every eligible line, and the named baselines."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter

from router.checking.binding import reason
from router.checking.degraded import ways_below
from router.checking.drafts import draft_of
from router.checking.limits import CostedRoute
from router.checking.prices import Priced, dubbed, is_dubbed, price_for, price_lines
from router.checking.primaries import may_be_primary
from router.checking.recourse import Cost, Tried, chain_of, cheapest_of_each, cost_of
from router.checking.savings import most_saved, owned_by_provider, settle, spend_of
from router.schema.catalog import Catalog
from router.schema.plan import Plan, Route
from router.schema.scenario import Clip, Requirements, Scenario

need_of = attrgetter("seconds", *(name for name in Requirements.model_fields if name not in {"group", "request"}))
"""A clip's requirements; clips of equal ones are interchangeable."""


class Book:
    """The price lines of a scenario's catalogs, and which of them may make or catch a clip; remembered by requirements."""

    def __init__(self, scenario: Scenario, catalogs: Sequence[Catalog], on: dt.date) -> None:
        self.scenario, self.on = scenario, on
        self.lines = price_lines(catalogs, scenario, scenario.account)
        self.unserved = round(Fraction(scenario.fallback.unserved_usd) * 1_000_000)
        self._known: dict[tuple[object, ...], list[tuple[Priced, int]]] = {}
        self._catching: dict[tuple[object, ...], list[tuple[Priced, int]]] = {}
        self._primaries: dict[tuple[object, ...], list[tuple[Priced, int]]] = {}

    def eligible(self, clip: Clip, *, draft: bool = False) -> list[tuple[Priced, int]]:
        """(line, price) of everything that meets all requirements, and what limits ask of a primary."""
        limits, priced = self.scenario.limits, self._prices(clip, degraded=False)
        if limits.mean_quality_min is None and limits.deadline_minutes is None:
            return priced
        key = (draft, need_of(clip))
        if key not in self._primaries:
            self._primaries[key] = [pair for pair in priced if may_be_primary(pair[0], clip, limits, draft=draft)]
        return self._primaries[key]

    def catching(self, clip: Clip) -> list[tuple[Priced, int]]:
        """(line, price) of what may catch the clip: the cheapest of each model, cheapest first."""
        key = need_of(clip)
        if key not in self._catching:
            prices = self._prices(clip, degraded=self.scenario.fallback.accept == "degraded")
            self._catching[key] = cheapest_of_each(prices)
        return self._catching[key]

    def chain(self, clip: Clip, line: Priced, price: int) -> list[Tried]:
        """The chain behind a line that makes the clip at this price."""

        def dubbing(tried: Priced) -> int:
            return dubbed(clip, self.scenario.dubbing) if is_dubbed(tried, clip) else 0

        return chain_of(line, self.catching(clip), price, self.scenario.fallback, dubbing)

    def _prices(self, clip: Clip, *, degraded: bool) -> list[tuple[Priced, int]]:
        key = (degraded, need_of(clip))
        if key not in self._known:
            dubbing = self.scenario.dubbing
            priced = ((line, price_for(line, clip, dubbing, self.on, degraded=degraded)) for line in self.lines)
            self._known[key] = [(line, price) for line, price in priced if price is not None]
        return self._known[key]


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """One way to make one clip."""

    clip: Clip
    """What is made: the clip, its draft, or the clip below its requirements."""
    line: Priced
    price: int
    cost: Cost
    least: float
    """What it adds to the objective at least, micro-dollars: every measure of risk is at least the mean."""
    draft: bool
    penalty: int = 0
    """What counts against it, part of that."""
    prepaid: tuple[tuple[str, float], ...] = ()
    """By provider what packs that are owned save besides, where they pay for all of it."""


class Alternatives:
    """Every way to make the clips of a plan, and what each costs."""

    def __init__(self, book: Book, clips: Mapping[str, Clip], costs: Sequence[CostedRoute]) -> None:
        self.book, self.scenario, self.clips, self.costs = book, book.scenario, clips, costs
        self._owned = owned_by_provider(self.scenario)
        self._known_ways: dict[tuple[object, ...], list[Alternative]] = {}
        self._known_below: dict[tuple[object, ...], list[Alternative]] = {}

    def baselines(self, plan: Plan) -> Iterator[str]:
        """The named baselines, worked out again for the clips that the plan makes."""
        ways = [self._ways_of(route) for route, *_ in self.costs]
        models = [[way.line.entry.model for way in own] for own in ways]
        rivals = dict.fromkeys(model for own in models if len(set(own)) > 1 for model in own)
        should = [*(f"always {model}" for model in rivals), "always the dearest eligible"]
        if (shown := [baseline.name for baseline in plan.baselines]) != should:
            yield f"baselines are {', '.join(shown) or 'none'}, should be {', '.join(should)}"
        bought = [pack.bought for pack in plan.packs]
        planned = round(self._after([(route.count, cost, route.max_takes) for route, *_, cost in self.costs], bought))
        for baseline in plan.baselines:
            model = baseline.name.removeprefix("always ")
            taken, ruled = [], 0
            for (route, *_, planned_cost), own in zip(self.costs, ways, strict=True):
                on_model = [way.cost for way in own if way.line.entry.model == model]
                if model == "the dearest eligible" and own:
                    on_model = [max(own, key=lambda way: (way.price, way.cost.expected)).cost]
                cost = min(on_model, key=lambda cost: cost.expected, default=planned_cost)
                taken.append((route.count, cost, route.max_takes))
                ruled += route.count if on_model and not route.draft else 0
            spent = self._after(taken, ())
            saved = round(spent) - planned
            if not close(micro(baseline.expected_usd), spent):
                yield f"baseline '{baseline.name}' is {baseline.expected_usd}, should be {usd(spent)}"
            elif not close(micro(baseline.saving_usd), saved):
                yield f"baseline '{baseline.name}' is {baseline.saving_usd} above the plan, should be {usd(saved)}"
            if baseline.clips != ruled:
                yield f"baseline '{baseline.name}' decides {baseline.clips} clips, should be {ruled}"

    def detours(self) -> Iterator[str]:
        """How much dearer than the cheapest way a route is, where it says that limits push it."""
        for route, *_, planned in self.costs:
            if route.pushed_by:
                clip = next(self.clips[name] for name in route.clips if name in self.clips)
                ways = list(self._every_way(clip, draft=route.draft))
                least = min(cost for _, cost in ways)
                extra = planned.expected + micro(route.penalty_usd) - least
                cheapest = {name for name, cost in ways if cost - least <= 1}
                if not close(micro(route.extra_usd), extra) or route.instead_of not in cheapest:
                    yield (
                        f"'{route.clips[0]}' costs {route.extra_usd} more than on {route.instead_of}, "
                        f"should be {usd(extra)} more than on {' or '.join(sorted(cheapest))}"
                    )

    def reasons(self, plan: Plan) -> Iterator[str]:
        """Why clips are left out, worked out again."""
        for left in plan.left_out:
            clip = next((self.clips[name] for name in left.clips if name in self.clips), None)
            if clip is not None:
                made = [way.cost.expected + way.penalty for way in self.made(clip)]
                drafted = [way.cost.expected for way in self.drafted(clip)]
                each = clip.drafts.count * min(drafted) if clip.drafts and drafted else None if clip.drafts else 0.0
                yield from reason(left, min(made, default=None), each, value_of(clip) or 0)

    def made(self, clip: Clip) -> list[Alternative]:
        """Every way to make a clip, below its requirements too."""
        return [*self._ways(clip), *self._below(clip)]

    def drafted(self, clip: Clip) -> list[Alternative]:
        """Every way to make one of its drafts; none where it asks for none."""
        return [] if clip.drafts is None else self._ways(draft_of(clip), draft=True)

    def _ways_of(self, route: Route) -> list[Alternative]:
        """Every eligible way to make what a route makes."""
        clip = next(self.clips[name] for name in route.clips if name in self.clips)
        return self._ways(draft_of(clip), draft=True) if route.draft else self._ways(clip)

    def _ways(self, clip: Clip, *, draft: bool = False) -> list[Alternative]:
        """Every eligible way to make a clip; remembered by requirements."""
        key = (draft, need_of(clip))
        if key not in self._known_ways:
            self._known_ways[key] = [
                self._way(clip, line, price, draft=draft) for line, price in self.book.eligible(clip, draft=draft)
            ]
        return self._known_ways[key]

    def _way(self, clip: Clip, line: Priced, price: int, penalty: int = 0, *, draft: bool = False) -> Alternative:
        chain = self.book.chain(clip, line, price)
        cost = cost_of(chain, self.scenario.outages, self.book.unserved, clip.max_takes)
        least, prepaid = self._least(cost, clip.max_takes)
        return Alternative(clip, line, price, cost, least + penalty, draft, penalty, prepaid)

    def _every_way(self, clip: Clip, *, draft: bool) -> Iterator[tuple[str, float]]:
        """(``provider/model``, mean cost and penalty) of every way to make a clip, below its requirements too."""
        ways = self._ways(draft_of(clip), draft=True) if draft else self.made(clip)
        for way in ways:
            yield f"{way.line.entry.provider}/{way.line.entry.model}", way.cost.expected + way.penalty

    def _below(self, clip: Clip) -> list[Alternative]:
        """Every way to make a clip below its requirements; remembered by requirements."""
        key = need_of(clip)
        if key not in self._known_below:
            self._known_below[key] = [
                self._way(way.clip, line, price, way.penalty)
                for line in (self.book.lines if self.scenario.objective.degrade else ())
                for way in ways_below(line, clip, self.scenario.objective)
                for other, price in self.book.eligible(way.clip)
                if other is line
            ]
        return self._known_below[key]

    def _least(self, cost: Cost, takes: int) -> tuple[float, tuple[tuple[str, float], ...]]:
        """What a cost adds to the objective at least but for packs that are owned, and what these save besides where they pay for all."""
        rule, outages = self.scenario.objective, self.scenario.outages
        own = rule.minimise == "worst-case" and "per-run" not in (outages.correlation, outages.provider_correlation)
        spend = spend_of([(1, cost.steps, takes)], self.scenario)
        rates = {provider: most_saved(provider, self.scenario) for provider in spend}
        saved = math.fsum(amount * rates[provider] for provider, amount in spend.items())
        prepaid = tuple((name, amount * (1 - rates[name])) for name, amount in spend.items() if name in self._owned)
        return (cost.worst if own else cost.expected) - saved, prepaid

    def _after(self, parts: Sequence[tuple[int, Cost, int]], bought: Sequence[int]) -> float:
        """Expected cost of (clips, cost, takes) after what so many packs, and discounts, take off."""
        spend = spend_of([(count, cost.steps, takes) for count, cost, takes in parts], self.scenario)
        listed = math.fsum(count * cost.expected for count, cost, _ in parts)
        return listed - settle(spend, self.scenario, bought).saving


def value_of(clip: Clip) -> int | None:
    """What leaving out one clip counts, micro-dollars; None if it must be made."""
    return None if clip.value_usd is None else round(Fraction(clip.value_usd) * 1_000_000)


def micro(amount: Decimal) -> int:
    """Dollars as micro-dollars."""
    return int(amount.scaleb(6))


def usd(micro: float | Fraction) -> Decimal:
    """Micro-dollars as dollars."""
    return Decimal(round(micro)).scaleb(-6)


def close(micro: int, exact: float) -> bool:
    """Whether two expectations agree: to one micro-dollar and a billionth."""
    return abs(micro - exact) <= 1 + 1e-9 * abs(exact)
