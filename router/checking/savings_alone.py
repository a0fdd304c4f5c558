"""What a plan file shows about its packs and volume discounts by itself: tiers are not in it, so discounts only have bounds."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from router.schema.plan import ChainStep, Plan, Route

_ROOM = Decimal("0.000002")


def savings_alone(plan: Plan) -> Iterator[str]:
    """What is wrong with packs, discounts and what they take off, by the plan's own figures."""
    yield from _packs(plan)
    yield from _discounts(plan)
    yield from _nominal(plan)
    paid = sum((pack.bought * pack.price_usd for pack in plan.packs), Decimal(0))
    saving = sum((row.prepaid_usd + row.discount_usd for row in plan.discounts), -paid)
    if abs(plan.totals.saving_usd - saving) > _ROOM * (1 + len(plan.discounts)):
        yield f"totals.saving_usd is {plan.totals.saving_usd}, packs and discounts make it {saving}"


def _packs(plan: Plan) -> Iterator[str]:
    left = {row.provider: row.list_usd for row in plan.discounts}
    for number, pack in enumerate(plan.packs, start=1):
        face = pack.bought * pack.pays_for_usd
        used = min(face, left.get(pack.provider, Decimal(0)))
        left[pack.provider] = left.get(pack.provider, Decimal(0)) - used
        if pack.bought > pack.max_count:
            yield f"pack {number}: buys {pack.bought}, at most {pack.max_count} can be bought"
        if abs(pack.used_usd - used) > _ROOM * number:
            yield f"pack {number}: pays for {pack.used_usd}, should be {used}"
        if pack.unused_usd != face - pack.used_usd:
            yield f"pack {number}: unused_usd is {pack.unused_usd}, should be {face - pack.used_usd}"


def _discounts(plan: Plan) -> Iterator[str]:
    offered = {pack.provider for pack in plan.packs}
    if not offered <= {row.provider for row in plan.discounts}:
        yield "discounts leave out a provider of packs"
    for row in plan.discounts:
        prepaid = sum((pack.used_usd for pack in plan.packs if pack.provider == row.provider), Decimal(0))
        if abs(row.prepaid_usd - prepaid) > _ROOM * (1 + len(plan.packs)):
            yield f"discounts of {row.provider}: prepaid_usd is {row.prepaid_usd}, its packs pay for {prepaid}"
        if not 0 <= row.discount_usd <= row.list_usd - row.prepaid_usd + _ROOM:
            yield f"discounts of {row.provider}: discount_usd is {row.discount_usd}, more than packs leave to pay"
        least, most = _spend(plan, row.provider)
        room = _ROOM + (least + abs(row.list_usd)) / 10**9
        if row.list_usd < least - room or (most is not None and row.list_usd > most + room):
            yield f"discounts of {row.provider}: list_usd is {row.list_usd}, its models bill {least:.6f} on average"


def _spend(plan: Plan, provider: str) -> tuple[Decimal, Decimal | None]:
    """(least, most) that a provider's models bill on average by the chances shown; None: failures and takes bill more besides."""
    least, certain = Decimal(0), True
    for route in plan.routes:
        for step in route.chain:
            if step.provider != provider:
                continue
            amounts = _billed(route, step)
            least += min(amounts) * Decimal(step.probability) * route.count
            retried = route.max_takes > 1 and any(other.keep_rate < 1 for other in route.chain)
            certain &= len(amounts) == 1 and not retried and not (step.failure_rate and step.bills_failures == "yes")
    return least, least if certain else None


def _billed(route: Route, step: ChainStep) -> set[Decimal]:
    """What a step bills without the dubbing in it: its own dubbing, or the primary's where it bills the primary's price."""
    own = {step.billed_usd - step.dubbing_usd} if step.billed_usd == step.price_usd else set()
    primary = {step.billed_usd - route.dubbing_usd} if step.billed_usd == route.price_usd else set()
    return own | primary or {Decimal(0)}


def _nominal(plan: Plan) -> Iterator[str]:
    """The nominal cost is the price of the primaries after packs; discounts take off more, but no more than is left to pay."""
    listed = sum((route.price_usd * route.count for route in plan.routes), Decimal(0))
    spend = {row.provider: Decimal(0) for row in plan.discounts}
    for route in plan.routes:
        if route.provider in spend:
            spend[route.provider] += (route.price_usd - route.dubbing_usd) * route.count
    for pack in plan.packs:
        used = min(pack.bought * pack.pays_for_usd, spend.get(pack.provider, Decimal(0)))
        spend[pack.provider] = spend.get(pack.provider, Decimal(0)) - used
        listed += pack.bought * pack.price_usd - used
    said, rest = plan.totals.nominal_usd, sum(spend.values(), Decimal(0))
    if not listed - rest - _ROOM <= said <= listed + _ROOM or (not plan.discounts and said != listed):
        yield f"totals.nominal_usd is {said}, should be {listed}"
