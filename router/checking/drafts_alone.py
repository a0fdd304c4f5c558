"""What a plan file shows about its drafts, groups and times without its scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from router.checking.drafts import per_served
from router.schema.plan import Plan, Route

_MICRO = Decimal("0.000001")


def drafts_and_groups(plan: Plan) -> Iterator[str]:
    """What cannot be about drafts, groups and deadlines, by the plan's own figures."""
    drafts = [route for route in plan.routes if route.draft]
    finals = [route for route in plan.routes if not route.draft]
    for route in drafts:
        if route.drafting_usd or route.group is not None or route.max_takes > 1 or route.degraded:
            yield f"drafts on {route.provider}/{route.model} have drafts, a group, takes or lowered requirements of their own"
    yield from _each(finals, drafts)
    yield from _spent(plan, finals, drafts)
    yield from per_served(plan.totals)
    yield from _groups(finals)
    yield from _deadlines(plan)


def _each(finals: Sequence[Route], drafts: Sequence[Route]) -> Iterator[str]:
    """Clips of equal requirements have equally many drafts each; what is not made has none."""
    made, drafted = _by_clip(finals), _by_clip(drafts)
    for name in drafted.keys() - made.keys():
        yield f"clip '{name}' is drafted, but not made"
    each: dict[str, Fraction] = {name: Fraction(drafted[name], count) for name, count in made.items()}
    for name, number in each.items():
        if number.denominator != 1:
            yield f"clip '{name}': {drafted[name]} drafts for {made[name]} clips"
    for route in finals:
        if len({each[name] for name in route.clips}) > 1:
            yield f"clips made alike on {route.provider}/{route.model} have different numbers of drafts"
        if route.drafting_usd and not any(each[name] for name in route.clips):
            yield f"drafting_usd is {route.drafting_usd} on {route.provider}/{route.model}, whose clips have no drafts"


def _by_clip(routes: Sequence[Route]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for route in routes:
        for name, count in zip(route.clips, route.counts, strict=True):
            counts[name] += count
    return counts


def _spent(plan: Plan, finals: Sequence[Route], drafts: Sequence[Route]) -> Iterator[str]:
    """What drafts cost on average, summed over drafts and over the clips whose drafts they are."""
    said = plan.totals.drafts_usd
    for routes, name in ((drafts, "expected_usd"), (finals, "drafting_usd")):
        spent = sum((getattr(route, name) * route.count for route in routes), Decimal(0))
        # Each draft, or clip, may hide half a micro-dollar.
        if abs(said - spent) > _MICRO * (sum(route.count for route in routes) // 2 + 1):
            yield f"totals.drafts_usd is {said}, {name} of its routes add up to {spent}"


def _groups(finals: Sequence[Route]) -> Iterator[str]:
    """Every group shares its model, or every group its provider."""
    models: dict[str, set[str]] = {}
    providers: dict[str, set[str]] = {}
    for route in finals:
        if route.group is not None:
            models.setdefault(route.group, set()).add(route.model)
            providers.setdefault(route.group, set()).add(route.provider)
    if any(len(own) > 1 for own in models.values()) and any(len(own) > 1 for own in providers.values()):
        apart = [name for name, own in models.items() if len(own) > 1 or len(providers[name]) > 1]
        yield f"clips of group {' and '.join(map(repr, apart))} share neither model nor provider with their group throughout"


def _deadlines(plan: Plan) -> Iterator[str]:
    """A deadline is one for every provider and model that is used."""
    shown = {value.limit for value in plan.limits if value.limit.startswith("deadline_minutes")}
    used = {f"deadline_minutes[{route.provider}/{route.model}]" for route in plan.routes}
    for name in sorted(shown ^ used) if shown else ():
        yield f"limits.{name}: {'the plan uses no such model' if name in shown else 'the plan shows nothing'}"
