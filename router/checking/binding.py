"""What a plan says of the effect of its limits: what they push off the cheapest way, and what one more unit of each saves.

What a looser limit saves can be found by a solver only; here it has to be possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from router.schema.plan import LeftOut, Plan, Route
from router.schema.scenario import Scenario

_STEPS: Mapping[str, Decimal] = {
    "usd": Decimal(1),
    "clips": Decimal(1),
    "seconds": Decimal(1),
    "share": Decimal("0.01"),
    "score": Decimal("0.1"),
    "minutes": Decimal(1),
}


def said_alone(plan: Plan) -> Iterator[str]:
    """What contradicts itself, in the order of the plan."""
    solved = plan.solved
    parts = (solved.blocks, solved.columns, solved.rows, solved.nodes)
    if any(parts) if plan.method == "argmin" else not all(parts) or solved.nodes < solved.blocks:
        yield f"solved does not go with the method {plan.method}"
    for value in plan.limits:
        price = value.shadow_price
        # A later deadline may open models that are no way to make a clip so far; nothing else does.
        if value.step != _STEPS[value.unit]:
            yield f"limits.{value.limit}: a step is {_STEPS[value.unit]}, not {value.step}"
        elif price is None:
            if value.more_clips:
                yield f"limits.{value.limit}: makes {value.more_clips} more clips without a shadow price"
        elif price < 0 or (plan.method == "argmin" and price > 0 and value.unit != "minutes"):
            yield f"limits.{value.limit}: a shadow price of {price} does not go with the method {plan.method}"
        elif Decimal(price) * value.step > plan.totals.objective_usd + Decimal("0.000001"):
            yield f"limits.{value.limit}: a shadow price of {price} saves more than the plan costs"
        elif value.more_clips and (price == 0 or value.more_clips > plan.totals.left_out):
            yield f"limits.{value.limit}: cannot make {value.more_clips} more clips"
    for entry in _entries(plan):
        yield from _reasons(plan, entry)


def _entries(plan: Plan) -> tuple[Route | LeftOut, ...]:
    return (*plan.routes, *plan.left_out)


def _reasons(plan: Plan, entry: Route | LeftOut) -> Iterator[str]:
    who = f"'{entry.clips[0]}'"
    plain = plan.objective.minimise == "expected" and not plan.objective.risk_aversion
    if entry.pushed_by and plan.method == "argmin" and plain and "groups" not in entry.pushed_by:
        yield f"{who} is pushed by {entry.pushed_by[0]}, though no limit binds"
    if isinstance(entry, Route):
        says = (entry.instead_of is not None, entry.extra_usd > 0, bool(entry.pushed_by))
        if len(set(says)) > 1:
            yield f"{who}: instead_of, extra_usd and pushed_by do not go together"


def said_of(plan: Plan, scenario: Scenario) -> Iterator[str]:
    """What contradicts itself or names what the scenario does not have."""
    yield from said_alone(plan)
    limits, aim = scenario.limits, scenario.objective
    known = {value.limit for value in plan.limits}
    known |= {"groups"} if limits.groups is not None else set()
    known |= {"savings"} if scenario.packs or scenario.tiers else set()
    known |= {"objective"} if aim.minimise != "expected" or aim.risk_aversion else set()
    for entry in _entries(plan):
        for name in entry.pushed_by:
            # A deadline may keep clips off a model that the plan does not use, and so does not show.
            late = limits.deadline_minutes is not None and name.startswith("deadline_minutes[")
            if name not in known and not late:
                yield f"'{entry.clips[0]}' is pushed by {name}, which is no limit of the scenario"
