"""The best plan under every limit, with drafts, packs, tiers and degrading, by trying every plan.

Every split of every clip line over its ways (see `limits_ways`) is tried, with the packs that suit it best. Nothing of the
program is used. Money is micro-dollars, and every number is exact.
"""

from __future__ import annotations

import datetime
import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from tests import oracles
from tests.limits_ways import LimitProblem, Picks, Way, generations_price, problem

Raw = dict[str, Any]
Bought = tuple[int, ...]  # how many of each pack, in the order of the scenario

# ---- packs and tiers -------------------------------------------------------------------------------------------------


def saving_with(scenario: Raw, provider: str, spend: Fraction, bought: Bought) -> Fraction:
    """What packs and tiers of a provider take off its list prices, given how many of each pack are bought."""
    packs = [
        (pack, n) for pack, n in zip(scenario.get("packs", []), bought, strict=True) if pack["provider"] == provider
    ]
    covered = min(spend, sum((oracles.micro(pack["pays_for_usd"]) * n for pack, n in packs), Fraction(0)))
    paid = sum((oracles.micro(pack["price_usd"]) * n for pack, n in packs), Fraction(0))
    return covered + discount(scenario, provider, spend - covered) - paid


def discount(scenario: Raw, provider: str, spend: Fraction) -> Fraction:
    """Volume discount: each tier applies to what is spent above it, up to the next one."""
    tiers = sorted((oracles.micro(t["from_usd"]), Fraction(t["discount"])) for t in _of(scenario, "tiers", provider))
    ends = [start for start, _ in tiers[1:]] + [max(spend, *(start for start, _ in tiers))] if tiers else []
    within = [max(Fraction(0), min(spend, end) - start) for (start, _), end in zip(tiers, ends, strict=True)]
    return sum((rate * part for (_, rate), part in zip(tiers, within, strict=True)), Fraction(0))


def _of(scenario: Raw, key: str, provider: str) -> list[Raw]:
    return [entry for entry in scenario.get(key, []) if entry["provider"] == provider]


def packs_price(scenario: Raw, bought: Bought) -> Fraction:
    """What the packs cost."""
    return sum(
        (oracles.micro(p["price_usd"]) * n for p, n in zip(scenario.get("packs", []), bought, strict=True)), Fraction(0)
    )


def all_purchases(scenario: Raw) -> Iterator[Bought]:
    """Every number of every pack."""
    return itertools.product(*(range(pack.get("max_count", 1) + 1) for pack in scenario.get("packs", [])))


def best_purchase(scenario: Raw, provider: str, spend: Fraction) -> tuple[Fraction, Fraction]:
    """(saving, price of the packs): the most that a provider's packs and tiers can save, with the cheapest packs.

    Packs of others do not matter to it, and every limit and objective is the easier the more is saved, so each provider's
    packs can be chosen by themselves.
    """
    packs = scenario.get("packs", [])
    choices = [range(pack.get("max_count", 1) + 1 if pack["provider"] == provider else 1) for pack in packs]
    every = ((saving_with(scenario, provider, spend, b), packs_price(scenario, b)) for b in itertools.product(*choices))
    return max(every, key=lambda one: (one[0], -one[1]))


# ---- what a plan comes to --------------------------------------------------------------------------------------------


class Figures(NamedTuple):
    """A plan's totals; money in micro-dollars."""

    objective: Fraction
    left_out: int
    packs_price: Fraction
    worst_list: int
    """Worst case before the saving, which is what ties go by."""
    list_price: Fraction
    """Expected, before the saving."""
    saving: Fraction
    nominal: Fraction
    penalty: Fraction
    served: int
    drafts: int
    drafts_cost: Fraction

    @property
    def expected(self) -> Fraction:
        """After the saving."""
        return self.list_price - self.saving

    @property
    def worst(self) -> Fraction:
        """After the saving, which is the same as that of the expected cost."""
        return self.worst_list - self.saving

    @property
    def key(self) -> tuple[Fraction, int, Fraction, int]:
        """The objective and the ties that can be compared."""
        return self.objective, self.left_out, self.packs_price, self.worst_list


def figures(worked_out: LimitProblem, picks: Picks, bought: Bought) -> Figures:
    """The totals of a plan, feasible or not."""
    scenario = worked_out.scenario
    made = [(way, way.primary, n) for way, n in picks if way.primary is not None]
    spends = {name: sum((way.spend[name] * n for way, _, n in made), Fraction(0)) for name in worked_out.rebated}
    nominal = {
        name: sum((Fraction(generations_price(c) * n) for _, c, n in made if c.offer.provider == name), Fraction(0))
        for name in worked_out.rebated
    }
    saving = sum((saving_with(scenario, name, spend, bought) for name, spend in spends.items()), Fraction(0))
    at_nominal = sum((saving_with(scenario, name, spend, bought) for name, spend in nominal.items()), Fraction(0))
    list_price = sum((way.option.cost.expected * n for way, _, n in made), Fraction(0))
    penalty = sum((way.penalty * n for way, n in picks), Fraction(0))
    value = sum((way.option.value * n for way, n in picks), Fraction(0))
    return Figures(
        objective=list_price - saving + penalty + value,
        left_out=sum(n for way, n in picks if way.primary is None),
        packs_price=packs_price(scenario, bought),
        worst_list=sum(way.option.cost.worst * n for way, n in picks),
        list_price=list_price,
        saving=saving,
        nominal=sum(c.price * n for _, c, n in made) - at_nominal,
        penalty=penalty,
        served=sum(n for way, _, n in made if not way.draft),
        drafts=sum(n for way, _, n in made if way.draft),
        drafts_cost=sum((way.option.cost.expected * n for way, _, n in made if way.draft), Fraction(0)),
    )


class Usage(NamedTuple):
    """What a plan uses of one limit."""

    name: str
    value: Fraction
    bound: Fraction
    at_least: bool

    @property
    def kept(self) -> bool:
        """Exactly."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def usages(worked_out: LimitProblem, picks: Picks, totals: Figures) -> list[Usage]:
    """What a plan uses of every limit but the groups; money is compared as it is reported, in whole micro-dollars."""
    limits, found = worked_out.limits, []
    for name, money in (("budget_usd", totals.expected), ("worst_case_usd", totals.worst)):
        if name in limits:
            found.append(Usage(name, Fraction(round(money)), oracles.micro(limits[name]), False))
    made = [(way, way.primary, n) for way, n in picks if way.primary is not None and n]
    finals = sum(n for way, _, n in made if not way.draft)
    if "mean_quality_min" in limits and finals:
        total = sum(
            (c.offer.quality * n for way, c, n in made if not way.draft and c.offer.quality is not None), Fraction(0)
        )
        found.append(Usage("mean_quality_min", total / finals, Fraction(limits["mean_quality_min"]), True))
    if "deadline_minutes" in limits:
        found += minutes_used(made, Fraction(limits["deadline_minutes"]))
    for row in worked_out.rows:  # written so that the sum is at most the bound, whatever the bound
        found.append(
            Usage(row.name, sum((row.amount(w.option, c) * n for w, c, n in made), Fraction(0)), row.at_most, False)
        )
    return found


def minutes_used(made: Sequence[tuple[Way, oracles.Candidate, int]], deadline: Fraction) -> Iterator[Usage]:
    """For each model at each provider: T / C + L, with the longest generation and the least concurrency of what is used."""
    for pair in sorted({c.offer.pair for _, c, _ in made}):
        used = [(way, c, n) for way, c, n in made if c.offer.pair == pair]
        total = sum((way.minutes() * n for way, _, n in used), Fraction(0))
        at_once = min(c.offer.concurrency for _, c, _ in used if c.offer.concurrency is not None)
        longest = max(way.longest() for way, _, _ in used)
        yield Usage(f"deadline_minutes[{pair[0]}/{pair[1]}]", total / at_once + longest, deadline, False)


def torn_groups(worked_out: LimitProblem, picks: Iterable[tuple[Way, int]]) -> list[str]:
    """Groups whose clips do not share a model (or provider)."""
    shared = worked_out.limits.get("groups")
    found: dict[str, set[str]] = {}
    for way, n in picks:
        label = worked_out.clips[way.line].get("group")
        if shared is not None and label is not None and n and way.primary is not None and not way.draft:
            offer = way.primary.offer
            found.setdefault(label, set()).add(offer.model if shared == "same-model" else offer.provider)
    return sorted(label for label, names in found.items() if len(names) > 1)


def broken(worked_out: LimitProblem, picks: Picks, totals: Figures) -> list[str]:
    """Names of the limits that a plan does not keep."""
    over = [usage.name for usage in usages(worked_out, picks, totals) if not usage.kept]
    return over + [f"groups[{label}]" for label in torn_groups(worked_out, picks)]


# ---- the best plan ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LimitPlan:
    """A plan and what it comes to."""

    picks: Picks
    bought: Bought
    totals: Figures


def best_plan(scenario: Raw, catalogs: Sequence[Raw], on: datetime.date) -> LimitPlan | None:
    """The best plan of a scenario, or None if there is none."""
    return best_plan_of(problem(scenario, catalogs, on))


def number_of_plans(worked_out: LimitProblem) -> int:
    """How many plans there are, limits and packs aside."""
    return math.prod(worked_out.number_of_splits(line) for line in range(len(worked_out.clips)))


def best_plan_by_definition(worked_out: LimitProblem) -> LimitPlan | None:
    """Every plan with every purchase, each weighed from scratch: the definition, for tiny scenarios."""
    lines = [list(worked_out.splits(line)) for line in range(len(worked_out.clips))]
    best: LimitPlan | None = None
    for choice in itertools.product(*lines):
        picks = tuple(itertools.chain.from_iterable(choice))
        for bought in all_purchases(worked_out.scenario):
            plan = LimitPlan(picks, bought, figures(worked_out, picks, bought))
            if (best is None or plan.totals.key < best.totals.key) and not broken(worked_out, picks, plan.totals):
                best = plan
    return best


def best_plan_of(worked_out: LimitProblem) -> LimitPlan | None:
    """The same, faster: what adds up over clips is added up line by line, as integers; the rest is looked at last."""
    search = Search(worked_out)
    best: Picks | None = None
    best_key: tuple[Any, ...] = ()
    for sums, choice in search.plans():
        key = search.key(sums)
        if (best is None or key < best_key) and search.rows_hold(sums):
            picks = tuple(itertools.chain.from_iterable(choice))
            if search.others_hold(picks):
                best, best_key = picks, key
    if best is None:
        return None
    every = (
        LimitPlan(best, bought, figures(worked_out, best, bought)) for bought in all_purchases(worked_out.scenario)
    )
    plan = min(every, key=lambda one: one.totals.key)
    assert not broken(worked_out, best, plan.totals)
    assert plan.totals.objective * search.money == best_key[0]
    return plan


Sums = tuple[int, ...]


class Search:
    """Sums over clips, in order: objective before the saving, left out, worst case, expected cost, spends, rows."""

    def __init__(self, worked_out: LimitProblem) -> None:
        self.of = worked_out
        self.limits = worked_out.limits
        self.lines = [list(worked_out.splits(line)) for line in range(len(worked_out.clips))]
        ways = [way for of_line in (*worked_out.finals, *worked_out.drafts) for way in of_line]
        exact = {way: self._amounts(way) for way in ways}
        spends = len(worked_out.rebated)
        first_row = 4 + spends
        rates = [Fraction(tier["discount"]) for tier in worked_out.scenario.get("tiers", [])]
        amounts = [v for vector in exact.values() for v in (vector[0], *vector[2:first_row])]
        self.money = math.lcm(*(v.denominator for v in amounts)) * math.lcm(*(rate.denominator for rate in rates))
        width = first_row + len(worked_out.rows) + 1
        of_rows = [math.lcm(*(v[i].denominator for v in exact.values())) for i in range(first_row, width)]
        self.scales = [self.money, 1, *([self.money] * (2 + spends)), *of_rows]
        self.vectors = {
            way: tuple(int(v * scale) for v, scale in zip(vector, self.scales, strict=True))
            for way, vector in exact.items()
        }
        self.spends = slice(4, first_row)
        self.rows = slice(first_row, None)
        self.at_most = [row.at_most * scale for row, scale in zip(worked_out.rows, of_rows, strict=False)] + [
            Fraction(0)
        ]
        self.savings = [
            lru_cache(None)(lambda spend, name=name: self._saving(name, spend)) for name in worked_out.rebated
        ]

    def _amounts(self, way: Way) -> list[Fraction]:
        if way.primary is None:
            return [way.option.value, Fraction(1), *[Fraction(0)] * (3 + len(self.of.rebated) + len(self.of.rows))]
        cost, primary = way.option.cost, way.primary
        rows = [row.amount(way.option, primary) for row in self.of.rows]
        short = Fraction(0)  # of the mean quality: the sum of what each final clip lacks must not be above 0
        if "mean_quality_min" in self.limits and not way.draft and primary.offer.quality is not None:
            short = Fraction(self.limits["mean_quality_min"]) - primary.offer.quality
        spends = [way.spend[name] for name in self.of.rebated]
        return [cost.expected + way.penalty, Fraction(0), Fraction(cost.worst), cost.expected, *spends, *rows, short]

    def _saving(self, provider: str, spend: int) -> tuple[int, Fraction]:
        saving, price = best_purchase(self.of.scenario, provider, Fraction(spend, self.money))
        return int(saving * self.money), price

    def plans(self) -> list[tuple[Sums, tuple[Picks, ...]]]:
        """Every plan with its sums."""
        found: list[tuple[Sums, tuple[Picks, ...]]] = [((0,) * len(self.scales), ())]
        for splits in self.lines:
            weighed = [(self._sums(picks), picks) for picks in splits]
            found = [
                (tuple(map(operator.add, total, sums)), (*choice, picks))
                for total, choice in found
                for sums, picks in weighed
            ]
        return found

    def _sums(self, picks: Picks) -> Sums:
        total = [0] * len(self.scales)
        for way, n in picks:
            for i, amount in enumerate(self.vectors[way]):
                total[i] += amount * n
        return tuple(total)

    def saving(self, sums: Sums) -> tuple[int, Fraction]:
        """What the best packs save, and what they cost."""
        saving, price = 0, Fraction(0)
        for of_provider, spend in zip(self.savings, sums[self.spends], strict=True):
            more, packs = of_provider(spend)
            saving, price = saving + more, price + packs
        return saving, price

    def key(self, sums: Sums) -> tuple[int, int, Fraction, int]:
        """The objective and the ties."""
        saving, price = self.saving(sums)
        return sums[0] - saving, sums[1], price, sums[2]

    def rows_hold(self, sums: Sums) -> bool:
        """Whether the limits hold that sums decide."""
        if any(total > bound for total, bound in zip(sums[self.rows], self.at_most, strict=True)):
            return False
        for name, index in (("worst_case_usd", 2), ("budget_usd", 3)):
            if name in self.limits:
                money = Fraction(sums[index] - self.saving(sums)[0], self.money)
                if round(money) > oracles.micro(self.limits[name]):
                    return False
        return True

    def others_hold(self, picks: Picks) -> bool:
        """Whether groups and deadlines do."""
        made = [(way, way.primary, n) for way, n in picks if way.primary is not None]
        if "deadline_minutes" in self.limits:
            minutes = minutes_used(made, Fraction(self.limits["deadline_minutes"]))
            if not all(usage.kept for usage in minutes):
                return False
        return not torn_groups(self.of, picks)
