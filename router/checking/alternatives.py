"""What else could have made a plan's clips: every eligible line, the named baselines, and the bound that no plan beats."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter

from router.checking.limits import CostedRoute
from router.checking.prices import Priced, price_for, price_lines
from router.checking.recourse import Cost, chain_of, cost_of
from router.schema.catalog import Catalog
from router.schema.plan import Plan
from router.schema.scenario import Clip, Requirements, Scenario

need_of = attrgetter("seconds", *(name for name in Requirements.model_fields if name not in {"group", "request"}))
"""A clip's requirements; clips of equal ones are interchangeable."""


class Book:
    """The price lines of a scenario's catalogs, and which of them may make or catch a clip; remembered by requirements."""

    def __init__(self, scenario: Scenario, catalogs: Sequence[Catalog], on: dt.date) -> None:
        self.scenario, self.on = scenario, on
        self.lines = price_lines(catalogs, scenario)
        self.unserved = round(Fraction(scenario.fallback.unserved_usd) * 1_000_000)
        self._known: dict[tuple[object, ...], list[tuple[Priced, int]]] = {}

    def eligible(self, clip: Clip) -> list[tuple[Priced, int]]:
        """(line, price) of everything that meets all requirements."""
        return self._prices(clip, degraded=False)

    def catching(self, clip: Clip) -> list[tuple[Priced, int]]:
        """(line, price) of everything that may catch the clip."""
        return self._prices(clip, degraded=self.scenario.fallback.accept == "degraded")

    def _prices(self, clip: Clip, *, degraded: bool) -> list[tuple[Priced, int]]:
        key = (degraded, need_of(clip))
        if key not in self._known:
            dubbing = self.scenario.dubbing
            priced = ((line, price_for(line, clip, dubbing, self.on, degraded=degraded)) for line in self.lines)
            self._known[key] = [(line, price) for line, price in priced if price is not None]
        return self._known[key]


class Alternatives:
    """Every way to make the clips of a plan, and what each costs."""

    def __init__(self, book: Book, clips: Mapping[str, Clip], costs: Sequence[CostedRoute]) -> None:
        self.book, self.scenario, self.clips, self.costs = book, book.scenario, clips, costs
        self._known_ways: dict[tuple[object, ...], list[tuple[Priced, int, float]]] = {}

    def baselines(self, plan: Plan) -> Iterator[str]:
        """The named baselines, worked out again for the clips that the plan makes."""
        costs: list[tuple[int, float, list[tuple[Priced, int, float]]]] = []
        for route, _, _, cost in self.costs:
            clip = self.clips[route.clips[0]]
            costs.append((route.count, cost.expected, self._ways(clip)))
        planned = round(math.fsum(count * expected for count, expected, _ in costs))
        for baseline in plan.baselines:
            model = baseline.name.removeprefix("always ")
            total, ruled = [], 0
            for count, planned_cost, ways in costs:
                on_model = [expected for line, _, expected in ways if line.entry.model == model]
                if model == "the dearest eligible":
                    on_model = [max(ways, key=lambda way: (way[1], way[2]))[2]]
                total.append(count * min(on_model, default=planned_cost))
                ruled += count if on_model else 0
            spent = math.fsum(total)
            if not close(micro(baseline.expected_usd), spent) or not close(
                micro(baseline.saving_usd), round(spent) - planned
            ):
                yield f"baseline '{baseline.name}' is {baseline.expected_usd}, should be {usd(spent)}"
            if baseline.clips != ruled:
                yield f"baseline '{baseline.name}' decides {baseline.clips} clips, should be {ruled}"

    def bound(self) -> Decimal:
        """What every clip costs on its best way, or by being left out, limits aside; dollars."""
        least = []
        for clip in self.scenario.clips:
            costs = [expected for *_, expected in self._ways(clip)]
            if clip.value_usd is not None:
                costs.append(float(round(Fraction(clip.value_usd) * 1_000_000)))
            least.append(min(costs, default=0.0) * clip.count)
        return usd(math.fsum(least))

    def _ways(self, clip: Clip) -> list[tuple[Priced, int, float]]:
        """(line, price, expected cost) of every eligible way to make a clip; remembered by requirements."""
        key = need_of(clip)
        if key not in self._known_ways:
            rule, outages, catching = self.scenario.fallback, self.scenario.outages, self.book.catching(clip)
            self._known_ways[key] = [
                (
                    line,
                    price,
                    self._least(
                        cost_of(chain_of(line, catching, price, rule), outages, self.book.unserved, clip.max_takes)
                    ),
                )
                for line, price in self.book.eligible(clip)
            ]
        return self._known_ways[key]

    def _least(self, cost: Cost) -> float:
        """What one clip adds to the objective at least: every measure of risk is at least the mean."""
        rule, outages = self.scenario.objective, self.scenario.outages
        own = rule.minimise == "worst-case" and "per-run" not in (outages.correlation, outages.provider_correlation)
        return cost.worst if own else cost.expected


def micro(amount: Decimal) -> int:
    """Dollars as micro-dollars."""
    return int(amount.scaleb(6))


def usd(micro: float) -> Decimal:
    """Micro-dollars as dollars."""
    return Decimal(round(micro)).scaleb(-6)


def close(micro: int, exact: float) -> bool:
    """Whether two expectations agree: to one micro-dollar and a billionth."""
    return abs(micro - exact) <= 1 + 1e-9 * abs(exact)
