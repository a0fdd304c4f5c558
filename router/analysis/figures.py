"""The figures of a plan's distribution, worked out again from the chains and the assumptions that it carries; and what it warns of."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from router.assembly.chances import chances_of, distribution
from router.assembly.warnings import of_the_day, settlement, warnings
from router.cost.figures import risk
from router.market import Market
from router.schema.exposure import Risk
from router.schema.plan import Plan
from router.units import from_micro, to_micro

_ROOM = Decimal("0.000002")
"""Dollars, beside a billionth: sums of floats come in another order."""


def misstated(plan: Plan, market: Market | None = None, *, on_that_day: bool = True) -> list[str]:
    """Figures of the distribution that do not follow from the plan's chains, and warnings that do not; empty if all do.

    Parameters
    ----------
    market
        What the plan was made for: with it, the warnings are worked out again.
    on_that_day
        Whether the plan is known to be made on the market's day; else it need not warn of what that day alone brings.
    """
    sums, saving = plan.totals, to_micro(plan.totals.saving_usd)
    budget = next((limit.at_most for limit in plan.limits if limit.limit == "budget_usd"), None)
    found = risk(
        chances_of(plan),
        to_micro(sums.worst_per_request_usd) + saving,
        budget=None if budget is None else to_micro(budget) + saving,
    )
    money = {
        "std_usd": found.std,
        "p50_usd": found.p50 - saving,
        "p90_usd": found.p90 - saving,
        "p95_usd": found.p95 - saving,
        "p99_usd": found.p99 - saving,
        "cvar95_usd": found.cvar95 - saving,
        "best_usd": found.best - saving,
        "worst_usd": found.worst - saving,
    }
    wrong = [
        f"totals.{name} is {getattr(sums, name)}, the plan's chains make it {from_micro(amount)}"
        for name, amount in money.items()
        if abs(getattr(sums, name) - from_micro(amount)) > _ROOM + abs(from_micro(amount)) / 10**9
    ]
    over, said = found.over_budget, sums.over_budget_probability
    if (over is None) != (said is None) or abs((over or 0) - (said or 0)) > 1e-9:
        wrong.append(f"totals.over_budget_probability is {said}, the plan's chains make it {over}")
    again = distribution(found)
    for name in ("method", "states", "draws", "seed", "error_usd"):
        if getattr(plan.distribution, name) != getattr(again, name):
            wrong.append(f"distribution.{name} is {getattr(plan.distribution, name)}, should be {getattr(again, name)}")
    shares = {source.source: source.share for source in again.sources}
    told = {source.source: source.share for source in plan.distribution.sources}
    if told.keys() != shares.keys() or any(abs(told[name] - share) > 1e-6 for name, share in shares.items()):
        wrong.append("distribution.sources do not follow from the plan's chains")
    if market is not None:
        wrong += _warnings(plan, market, found, on_that_day=on_that_day)
    return wrong


def _warnings(plan: Plan, market: Market, found: Risk, *, on_that_day: bool) -> Iterator[str]:
    """Warnings that are missing, and such as nothing gives rise to."""
    unborne = market.availability.unborne(market.offers)
    should = (
        *warnings(market.scenario, market.catalogs, market.offers, plan.routes, unborne, market.on),
        *settlement(to_micro(plan.totals.saving_usd), plan.routes, found.worst),
        *found.warnings,
    )
    of_day = set() if on_that_day else set(of_the_day(market.catalogs, market.offers, market.on))
    for warning in dict.fromkeys(should):
        if warning not in plan.warnings and warning not in of_day:
            yield f"warnings: '{warning}' is missing"
    for warning in plan.warnings:
        if warning not in should:
            yield f"warnings: nothing gives rise to '{warning}'"
