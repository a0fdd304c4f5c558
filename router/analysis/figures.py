"""The figures of a plan's distribution, worked out again from the chains and the assumptions that the plan carries."""

from __future__ import annotations

from decimal import Decimal

from router.assembly.chances import chances_of, distribution
from router.cost.figures import risk
from router.schema.plan import Plan
from router.units import from_micro, to_micro

_ROOM = Decimal("0.000002")
"""Dollars, beside a billionth: sums of floats come in another order."""


def misstated(plan: Plan) -> list[str]:
    """Figures of the distribution that do not follow from the plan's chains; empty if all do."""
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
    return wrong
