"""The independent check: every price from the catalog, every chain, every total and every limit from the routes.

It knows neither the planner's code nor a solver. Certain money is compared to the micro-dollar; an expectation, a float
on both sides, to one micro-dollar and a billionth of itself.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from operator import attrgetter

from router.checking.account import account_of, expired, with_packs_there
from router.checking.alone import optimality
from router.checking.alternatives import Alternatives, Book, close, micro, need_of, usd
from router.checking.assumptions import assumptions
from router.checking.binding import said_of
from router.checking.certificate import Sums, refuted
from router.checking.degraded import degraded_list, lowered_by
from router.checking.drafts import counts, draft_of, drafting, groups, left_out, per_served
from router.checking.limits import used_of_limits
from router.checking.moves import moves_of
from router.checking.prices import (
    Priced,
    audio_of,
    billed,
    charge,
    dubbed,
    falls_short,
    is_dubbed,
    possible,
)
from router.checking.primaries import exact_parts
from router.checking.recorded import misdated, recorded, same_price
from router.checking.recourse import Cost, Tried, cost_of, failure_rate, keep_rate, model_availability
from router.checking.requests import own_request, requests
from router.checking.run_states import StateTotal, cvar, totals_in_states, worst_of_run
from router.checking.savings import settle, settlement, spend_of
from router.checking.spread import spread
from router.schema.catalog import Catalog
from router.schema.plan import ChainStep, Plan, Route
from router.schema.scenario import Clip, Scenario

Costed = tuple[Priced, int, Cost]
"""A route's price line, the price of one clip in micro-dollars, and what one clip costs."""

_shared = attrgetter(
    *(n for n in Route.model_fields if n not in {"clips", "counts", "count", "request", "further_requests"})
)
"""What routes that make their clips alike have in common."""


def check(plan: Plan, scenario: Scenario, catalogs: Sequence[Catalog], on: dt.date) -> list[str]:
    """What is wrong with a plan for a scenario; empty if nothing is."""
    return list(_Check(plan, scenario, catalogs, on).findings())


def check_fully(plan: Plan, scenario: Scenario, catalogs: Sequence[Catalog], on: dt.date) -> tuple[list[str], Decimal]:
    """What is wrong with a plan, its baselines and its optimality included; and the bound proved on the way.

    Every way to make every clip is worked out, which `check` spares a plan that has just been made. The bound, in dollars, is the larger
    of what every clip costs on its best way, groups the only limit, and of what the plan's certificate proves: no plan has a lower
    objective.
    """
    checked = _Check(plan, scenario, catalogs, on)
    findings = list(checked.findings())
    others = Alternatives(checked.book, checked.clips, checked.costs)
    findings += [*others.reasons(plan), *moves_of(plan, scenario, checked.book.lines)]
    if len(checked.costs) == len(plan.routes):
        findings += [*others.baselines(plan), *others.detours()]
    sums = Sums(others)
    bound = usd(sums.bound({}))
    refused, proven = refuted(plan, sums)
    findings += refused
    # With packs and discounts, of which each clip is taken to save the most, this is no plan.
    settled = checked.scenario.packs or scenario.tiers
    if plan.method == "argmin" and not settled and plan.totals.objective_usd > bound + Decimal("0.000001"):
        findings.append(
            f"calls itself optimal without binding limits at {plan.totals.objective_usd}, but {bound} is possible"
        )
    return findings, bound if proven is None else max(bound, proven)


class _Check:
    def __init__(self, plan: Plan, scenario: Scenario, catalogs: Sequence[Catalog], on: dt.date) -> None:
        scenario = with_packs_there(scenario, on)
        self.plan, self.scenario, self.catalogs = plan, scenario, catalogs
        self.book = Book(scenario, catalogs, on)
        self.clips = {clip.id: clip for clip in scenario.clips}
        self.costs: list[tuple[Route, Priced, int, Cost]] = []
        self._seen: dict[tuple[object, ...], tuple[list[str], Costed | None]] = {}

    def findings(self) -> Iterator[str]:
        """Everything that is wrong; limits and totals are looked at once every route is known to be sold."""
        yield from self._catalogs()
        yield from self._prices()
        yield from account_of(self.plan, self.scenario)
        yield from expired(self.plan, self.book.on)
        yield from assumptions(self.plan, self.scenario)
        yield from counts(self.plan, self.clips)
        yield from left_out(self.plan, self.clips)
        yield from groups(self.plan.routes, self.clips, self.scenario.limits.groups)
        yield from said_of(self.plan, self.scenario)
        for number, route in enumerate(self.plan.routes, start=1):
            for finding in self._route(route):
                yield f"route {number} ({route.provider}/{route.model}): {finding}"
        if len(self.costs) == len(self.plan.routes):
            yield from self._totals()
            yield from self._limits()

    def _catalogs(self) -> Iterator[str]:
        recorded = [(ref.name, ref.as_of) for ref in self.plan.catalogs]
        if self.plan.title != self.scenario.title:
            yield "its title is not the scenario's"
        if recorded != (given := [(catalog.name, catalog.as_of) for catalog in self.catalogs]):
            yield f"priced with {_dated(recorded)}, but the scenario names {_dated(given)}"
        elif any(map(misdated, self.plan.catalogs, self.catalogs)):
            yield "catalogs: stale_after_days is not what the catalogs say"

    def _prices(self) -> Iterator[str]:
        """The prices that the plan records are those of the catalogs."""
        yield from recorded(self.plan)
        lines = self.book.lines
        for line in self.plan.prices:
            if line.offer >= len(lines) or not same_price(line, lines[line.offer]):
                yield f"prices: the catalogs do not price {line.provider}/{line.model} as the plan records"

    def _route(self, route: Route) -> Iterator[str]:
        clips = [self.clips[name] for name in route.clips if name in self.clips]
        if not clips:
            return
        own = self._class_of(clips[0])
        if any(self._class_of(other) != own for other in clips[1:]):
            yield "merges clips of different requirements"
            return
        if route.draft:
            if clips[0].drafts is None:
                yield f"drafts clip '{clips[0].id}', which asks for no drafts"
                return
            clips = [draft_of(clip) for clip in clips]
        yield from requests(route)
        for clip in clips:
            yield from own_request(route, clip)
        key = (need_of(clips[0]), _shared(route))
        if key not in self._seen:
            self._seen[key] = self._made(route, clips[0])
        findings, costed = self._seen[key]
        yield from findings
        if costed is not None:
            self.costs.append((route, *costed))

    def _class_of(self, clip: Clip) -> tuple[object, ...]:
        """The same for all clips that are interchangeable."""
        return need_of(clip), clip.group if self.scenario.limits.groups is not None else None

    def _class_of_route(self, route: Route) -> tuple[object, ...]:
        return self._class_of(next(self.clips[name] for name in route.clips if name in self.clips))

    def _made(self, route: Route, clip: Clip) -> tuple[list[str], Costed | None]:
        """What is wrong with how a route makes a clip, and what that costs; the same for all routes that make it so."""
        if route.degraded:
            way = lowered_by(route, clip, self.book.lines, self.scenario.objective)
            if way is None:
                return [f"may not make clip '{clip.id}' below its {' and '.join(route.degraded)}"], None
            if micro(route.penalty_usd) != way.penalty:
                return [f"penalty_usd is {route.penalty_usd}, should be {usd(way.penalty)}"], None
            clip = way.clip
        elif route.penalty_usd:
            return [f"penalty_usd is {route.penalty_usd} for clips that meet their requirements"], None
        eligible = dict(self.book.eligible(clip, draft=route.draft))
        # An eligible line before any other: a dubbed route does not tell a silent offer from one with sound.
        named = route.chain[0].offer
        sold = [line for line in (*eligible, *self.book.lines) if _sells(line, route, clip)]
        line = next((line for line in sold if line.order == named), sold[0] if sold else None)
        if line is None:
            return ["no catalog sells this"], None
        if line not in eligible:
            return [f"may not serve {'drafts of ' if route.draft else ''}clip '{clip.id}'"], None
        price = eligible[line]
        findings = list(self._generation(route, clip, line))
        if micro(route.price_usd) != price:
            findings.append(f"price_usd is {route.price_usd}, the catalog makes it {usd(price)}")
        steps = self.book.chain(clip, line, price)
        cost = cost_of(steps, self.scenario.outages, self.book.unserved, clip.max_takes)
        return findings + list(self._chain(route, clip, steps, cost)), (line, price, cost)

    def _generation(self, route: Route, clip: Clip, line: Priced) -> Iterator[str]:
        segments = exact_parts(line, Fraction(clip.seconds), route.segments)
        if not all(possible(line, length) for length in segments):
            yield f"the model cannot generate {', '.join(map(str, route.segments))} s"
            return
        spent = sum(charge(line, length) for length in segments)
        extra = dubbed(clip, self.scenario.dubbing) if is_dubbed(line, clip) else 0
        if micro(route.dubbing_usd) != extra:
            yield f"dubbing_usd is {route.dubbing_usd}, should be {usd(extra)}"
        if micro(route.price_usd) != spent + extra:
            yield f"price_usd is {route.price_usd}, its segments cost {usd(spent + extra)}"
        generated = sum(segments, Fraction(0))
        lengths = {
            "seconds": Fraction(clip.seconds),
            "generated_seconds": generated,
            "surplus_seconds": generated - Fraction(clip.seconds),
            "billed_seconds": sum((billed(line, length) for length in segments), Fraction(0)),
        }
        for name, value in lengths.items():
            if abs(Fraction(getattr(route, name)) - value) >= Fraction(1, 10**6):
                yield f"{name} is {getattr(route, name)}, should be {float(value):g}"
        if generated < clip.seconds or len(segments) > clip.max_segments:
            yield f"{len(segments)} segments of {float(generated):g} s do not make clip '{clip.id}'"

    def _chain(self, route: Route, clip: Clip, steps: Sequence[Tried], cost: Cost) -> Iterator[str]:
        named = [(step.provider, step.model) for step in route.chain]
        if named != (should := [step.line.key for step in steps]):
            yield f"its chain is {_path(named)}, should be {_path(should)}"
            return
        for shown, step, chance in zip(route.chain, steps, cost.served, strict=True):
            yield from self._step(shown, step, clip, chance)
        if not close(micro(route.expected_usd), cost.expected):
            yield f"expected_usd is {route.expected_usd}, should be {usd(cost.expected)}"
        if micro(route.worst_usd) != cost.worst:
            yield f"worst_usd is {route.worst_usd}, should be {usd(cost.worst)}"
        if route.max_takes != clip.max_takes:
            yield f"max_takes is {route.max_takes}, the clip allows {clip.max_takes}"
        if abs(route.unkept_probability - cost.unkept) > 1e-9:
            yield f"unkept_probability is {route.unkept_probability}, should be {cost.unkept:.9g}"
        if abs(route.unserved_probability - cost.unserved) > 1e-9:
            yield f"unserved_probability is {route.unserved_probability}, should be {cost.unserved:.9g}"

    def _step(self, shown: ChainStep, step: Tried, clip: Clip, chance: float) -> Iterator[str]:
        name = f"{shown.provider}/{shown.model}"
        extra = dubbed(clip, self.scenario.dubbing) if is_dubbed(step.line, clip) else 0
        if micro(shown.dubbing_usd) != extra:
            yield f"its chain dubs for {shown.dubbing_usd} on {name}, should be {usd(extra)}"
        if micro(shown.price_usd) != step.price or micro(shown.billed_usd) != step.bill:
            yield f"its chain bills {shown.billed_usd} on {name}, should be {usd(step.bill)}"
        if abs(shown.probability - chance) > 1e-9:
            yield f"its chain gives {name} probability {shown.probability}, should be {chance:.9g}"
        if shown.resolution != step.line.offer.resolution or shown.audio != audio_of(step.line, clip):
            yield f"its chain misstates what {name} makes"
        if shown.availability != model_availability(step.line, self.scenario.outages):
            yield f"its chain misstates the availability of {name}"
        billing = step.line.terms.bills_failures or "unknown"
        rates = (shown.failure_rate, shown.bills_failures, shown.keep_rate)
        if rates != (failure_rate(step), billing, keep_rate(step)):
            yield f"its chain misstates how often {name} fails and is kept, or whether failures are billed"
        if set(shown.shortfall) != set(falls_short(step.line, clip)):
            yield f"its chain misstates what {name} falls short of"

    def _totals(self) -> Iterator[str]:
        sums, made = self.plan.totals, [(route.count, price, cost) for route, _, price, cost in self.costs]
        served = sum(route.count for route, *_ in self.costs if not route.draft)
        lost = sum((left.value_usd * left.count for left in self.plan.left_out), Decimal(0))
        expected = math.fsum(cost.expected * count for count, _, cost in made)
        worst = sum(cost.worst * count for count, _, cost in made)
        drafts = math.fsum(cost.expected * route.count for route, _, _, cost in self.costs if route.draft)
        saving, unfailing = self._savings
        penalty = sum(micro(route.penalty_usd) * route.count for route, *_ in self.costs)
        objective = self.objective(expected, self._worst(worst)) - saving + micro(lost) + penalty
        nominal = sum(price * count for count, price, _ in made)
        exact = {
            "clips": sum(clip.count for clip in self.scenario.clips),
            "served": served,
            "drafts": sum(route.count for route, *_ in self.costs if route.draft),
            "left_out": sum(left.count for left in self.plan.left_out),
            "left_out_value_usd": lost,
            "penalty_usd": usd(penalty),
        }
        certain = {
            "nominal_usd": nominal - unfailing,
            "worst_usd": self._worst(worst) - saving,
            "worst_per_request_usd": worst - saving,
        }
        # What is saved is a float, and with it what is left of certain money.
        floats = {
            "list_usd": expected,
            "saving_usd": saving,
            "expected_usd": expected - saving,
            "objective_usd": objective,
            "drafts_usd": drafts,
        }
        if self.scenario.packs or self.scenario.tiers:
            floats |= certain
        else:
            exact |= {name: usd(amount) for name, amount in certain.items()}
        for name, value in exact.items():
            if getattr(sums, name) != value:
                yield f"totals.{name} is {getattr(sums, name)}, should be {value}"
        if self.plan.objective.cvar_usd is not None:
            tail = self._cvar(float(self.scenario.objective.level)) - saving
            if not math.isnan(tail) and not close(micro(self.plan.objective.cvar_usd), tail):
                yield f"objective.cvar_usd is {self.plan.objective.cvar_usd}, should be {usd(tail)}"
        for name, amount in floats.items():
            if not close(micro(getattr(sums, name)), amount):
                yield f"totals.{name} is {getattr(sums, name)}, should be {usd(amount)}"
        yield from settlement(self.plan, self.scenario, self._spend)
        yield from degraded_list(self.plan, self.clips)
        yield from self._means()
        yield from spread(sums, simulated=self.plan.distribution.method == "simulated")
        yield from optimality(self.plan)

    def _means(self) -> Iterator[str]:
        """Mean numbers of clips that do not end as planned."""
        sums, counts = self.plan.totals, [(route.count, cost) for route, *_, cost in self.costs]
        unserved = math.fsum(cost.unserved * count for count, cost in counts)
        if abs(sums.unserved_expected - unserved) > 1e-6 + 1e-9 * unserved:
            yield f"totals.unserved_expected is {sums.unserved_expected}, should be {unserved:.6f}"
        unkept = math.fsum(cost.unkept * count for count, cost in counts)
        if abs(sums.unkept_expected - unkept) > 1e-6 + 1e-9 * unkept:
            yield f"totals.unkept_expected is {sums.unkept_expected}, should be {unkept:.6f}"
        degraded = math.fsum(
            route.count * step.probability for route, *_ in self.costs for step in route.chain if step.shortfall
        )
        if abs(sums.degraded_expected - degraded) > 1e-6 + 1e-9 * degraded:
            yield f"totals.degraded_expected is {sums.degraded_expected}, should be {degraded:.6f}"
        yield from per_served(sums)
        yield from drafting(self.costs, self._class_of_route)

    @cached_property
    def _spend(self) -> dict[str, float]:
        """What each provider's models bill on average, dubbing aside; worked out where packs or discounts look at it."""
        return spend_of([(route.count, cost.steps, route.max_takes) for route, _, _, cost in self.costs], self.scenario)

    @cached_property
    def _savings(self) -> tuple[float, float]:
        """What packs and volume discounts take off: on expected spend, and on nominal spend with the same packs."""
        nominal: dict[str, float] = {}
        for route, line, price, _ in self.costs:
            provider = line.entry.provider
            nominal[provider] = nominal.get(provider, 0.0) + (price - micro(route.dubbing_usd)) * route.count
        bought = [pack.bought for pack in self.plan.packs]
        return settle(self._spend, self.scenario, bought).saving, settle(nominal, self.scenario, bought).saving

    def _members(self) -> list[tuple[int, Sequence[Tried], int]]:
        """(clips, chain, takes) of everything that is made."""
        return [(route.count, cost.steps, route.max_takes) for route, _, _, cost in self.costs]

    def _worst(self, per_request: int) -> int:
        """The worst case under the scenario's outages; the sum of the clips' own where they do not share one state."""
        return per_request if self._of_run is None else self._of_run

    @cached_property
    def _of_run(self) -> int | None:
        """The largest total over the states of the run; None where it draws none, or too many."""
        outages = self.scenario.outages
        if "per-run" not in (outages.correlation, outages.provider_correlation):
            return None
        return worst_of_run(self._members(), outages, self.book.unserved)

    def _cvar(self, level: float) -> float:
        """Conditional value at risk of what the routes cost, over per-run outage states; micro-dollars."""
        return math.nan if self._in_states is None else cvar(self._in_states, level)

    @cached_property
    def _in_states(self) -> list[StateTotal] | None:
        """What the routes cost in every outage state; None where these are too many."""
        return totals_in_states(self._members(), self.scenario.outages, self.book.unserved)

    def objective(self, expected: float, worst: int) -> float:
        """What the scenario minimises, the value of clips left out aside; micro-dollars."""
        rule = self.scenario.objective
        if rule.minimise == "worst-case":
            return worst
        aversion = 1.0 if rule.minimise == "cvar" else float(rule.risk_aversion)
        if not aversion:
            return expected
        return (1 - aversion) * expected + aversion * self._cvar(float(rule.level))

    def _limits(self) -> Iterator[str]:
        shown = {value.limit: value for value in self.plan.limits}
        for name, sense, bound, used in used_of_limits(
            self.scenario.limits, self.costs, self._worst, self._cvar, self._savings[0]
        ):
            if (used > bound) if sense == "at_most" else (used < bound):
                yield f"limits.{name}: uses {float(used):.6f}, {sense.replace('_', ' ')} {float(bound):.6f} is allowed"
            value = shown.pop(name, None)
            if value is None or abs(Fraction(value.value) - used) > Fraction(2, 10**6) + abs(used) / 10**9:
                yield f"limits.{name}: the plan shows {value.value if value else 'nothing'}, its routes use {float(used):.6f}"
                continue
            shown_bound = value.at_most if sense == "at_most" else value.at_least
            if shown_bound is None or abs(Fraction(shown_bound) - bound) > Fraction(1, 10**6):
                yield f"limits.{name}: the plan shows the bound {shown_bound}, should be {float(bound):.6f}"
            elif value.slack != (slack := abs(shown_bound - value.value)):
                yield f"limits.{name}: the plan shows the slack {value.slack}, should be {slack}"
        for name in shown:
            yield f"limits.{name}: the scenario has no such limit"


def _sells(line: Priced, route: Route, clip: Clip) -> bool:
    """Whether this price line is what the route buys."""
    entry = line.entry
    has = (line.catalog.name, *line.key, entry.mode, line.terms.reference, line.offer.resolution, audio_of(line, clip))
    wants = (route.catalog, route.provider, route.model, route.mode, route.reference, route.resolution, route.audio)
    return has == wants and (entry.api_model or entry.model) == route.api_model


def _dated(refs: Sequence[tuple[str, dt.date]]) -> str:
    return ", ".join(f"{name} as of {day}" for name, day in refs)


def _path(keys: Sequence[tuple[str, str]]) -> str:
    return " -> ".join("/".join(key) for key in keys)
