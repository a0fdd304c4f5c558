"""Packs and volume discounts worked out a second time: from what the routes' chains bill to what is taken off the plan's cost.

Where the planner adds up generations, this lets every provider's models alone bill and takes the mean cost of the chain.
Money is micro-dollars.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from router.checking.recourse import Tried, cost_of
from router.schema.plan import Plan
from router.schema.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Settlement:
    """What packs and discounts come to."""

    saving: float
    used: tuple[float, ...]
    """What each pack of the scenario pays for."""
    prepaid: Mapping[str, float]
    """The same by provider."""
    discount: Mapping[str, float]
    """What tiers take off the rest, by provider."""


def spend_on(steps: Sequence[Tried], takes: int, scenario: Scenario) -> dict[str, float]:
    """What each provider's models bill for one clip on average, dubbing aside."""
    found = {}
    for provider in dict.fromkeys(step.line.entry.provider for step in steps):
        alone = [replace(s, bill=s.bill - s.dubbing if s.line.entry.provider == provider else 0) for s in steps]
        found[provider] = cost_of(alone, scenario.outages, 0, takes).expected
    return found


def spend_of(members: Sequence[tuple[int, Sequence[Tried], int]], scenario: Scenario) -> dict[str, float]:
    """The same for all clips, from (clips, chain, takes); nothing where the scenario has neither packs nor tiers."""
    terms: dict[str, list[float]] = {}
    for count, steps, takes in members if scenario.packs or scenario.tiers else ():
        for provider, amount in spend_on(steps, takes, scenario).items():
            terms.setdefault(provider, []).append(count * amount)
    return {provider: math.fsum(own) for provider, own in terms.items()}


def settle(spend: Mapping[str, float], scenario: Scenario, bought: Sequence[int]) -> Settlement:
    """What so many of each pack, and the tiers behind them, take off this spend; packs are those owned where ``bought`` is empty."""
    left = dict(spend)
    used = []
    saved = []
    for pack, count in zip(scenario.packs, bought or [pack.owned for pack in scenario.packs], strict=False):
        covers = min(left.get(pack.provider, 0.0), count * _micro(pack.pays_for_usd))
        left[pack.provider] = left.get(pack.provider, 0.0) - covers
        used.append(covers)
        saved.append(covers - count * _micro(pack.price_usd))
    discount = {tier.provider: 0.0 for tier in scenario.tiers}
    for provider in discount:
        rest, rate = left.get(provider, 0.0), Fraction(0)
        # Every tier adds to the discount before it on all that is above its threshold.
        for tier in scenario.tiers:
            if tier.provider == provider:
                discount[provider] += float(Fraction(tier.discount) - rate) * max(0.0, rest - _micro(tier.from_usd))
                rate = Fraction(tier.discount)
    prepaid = {name: spend.get(name, 0.0) - left.get(name, 0.0) for name in _providers(scenario)}
    off = [*saved, *discount.values()]
    return Settlement(math.fsum(off) if off else 0, tuple(used), prepaid, discount)


def settlement(plan: Plan, scenario: Scenario, spend: Mapping[str, float]) -> Iterator[str]:
    """What is wrong with the packs and discounts that a plan shows, given what its routes spend."""
    offered = [
        (p.provider, _micro(p.pays_for_usd), _micro(p.price_usd), p.max_count, bool(p.owned)) for p in scenario.packs
    ]
    shown = [(p.provider, _micro(p.pays_for_usd), _micro(p.price_usd), p.max_count, p.owned) for p in plan.packs]
    if shown != offered:
        yield "packs are not those of the scenario"
        return
    found = settle(spend, scenario, [pack.bought for pack in plan.packs])
    for number, (pack, used) in enumerate(zip(plan.packs, found.used, strict=True), start=1):
        if pack.owned and pack.bought != pack.max_count:
            yield f"pack {number}: uses {pack.bought} of the {pack.max_count} that are owned"
        if pack.bought > pack.max_count:
            yield f"pack {number}: buys {pack.bought}, at most {pack.max_count} can be bought"
        unused = pack.bought * pack.pays_for_usd - pack.used_usd
        if not _close(_micro(pack.used_usd), used) or pack.unused_usd != unused:
            yield f"pack {number}: pays for {pack.used_usd} and loses {pack.unused_usd}, should be {used / 1e6:.6f} of {pack.bought}"
    if [discount.provider for discount in plan.discounts] != _providers(scenario):
        yield "discounts are not those of the scenario's providers"
        return
    for row in plan.discounts:
        should = {
            "list_usd": spend.get(row.provider, 0.0),
            "prepaid_usd": found.prepaid[row.provider],
            "discount_usd": found.discount.get(row.provider, 0.0),
        }
        for name, amount in should.items():
            if not _close(_micro(getattr(row, name)), amount):
                yield f"discounts of {row.provider}: {name} is {getattr(row, name)}, should be {amount / 1e6:.6f}"


def most_saved(provider: str, scenario: Scenario) -> float:
    """No more than this share of the list price with a provider can be saved: the best pack's or the highest tier's.

    What is owned saves more of it, but no more than it pays for: see ``certificate.Sums``.
    """
    own = [pack for pack in scenario.packs if pack.provider == provider and not pack.owned]
    packs = [1 - Fraction(p.price_usd) / Fraction(p.pays_for_usd) for p in own]
    tiers = [Fraction(tier.discount) for tier in scenario.tiers if tier.provider == provider]
    return float(max([Fraction(0), *packs, *tiers]))


def owned_by_provider(scenario: Scenario) -> dict[str, int]:
    """What packs that are owned pay for, micro-dollars."""
    found: dict[str, int] = {}
    for pack in scenario.packs:
        if pack.owned:
            found[pack.provider] = found.get(pack.provider, 0) + pack.owned * _micro(pack.pays_for_usd)
    return found


def _providers(scenario: Scenario) -> list[str]:
    names = [pack.provider for pack in scenario.packs] + [tier.provider for tier in scenario.tiers]
    return list(dict.fromkeys(names))


def _micro(amount: Decimal) -> int:
    return round(Fraction(amount) * 1_000_000)


def _close(micro: int, exact: float) -> bool:
    return abs(micro - exact) <= 1 + 1e-9 * abs(exact)
