"""What a plan says of the effect of its limits: what they push off the cheapest way, and what one more unit of each saves.

What a looser limit saves can be found by a solver only; here it has to be possible.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
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

NO_ROOM = "the limits leave no room for it"
_NOT_ELIGIBLE = re.compile(r"no offer is eligible( for its drafts)?")
_TOO_DEAR = re.compile(r"making it(?P<drafts> and its drafts)? costs \$(?P<usd>[\d,]+\.\d{2,6}), more than it is worth")


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
    known = {"groups", *(value.limit for value in plan.limits)}
    known |= {"savings"} if plan.packs or plan.discounts else set()
    known |= set() if _blind(plan) else {"objective"}
    for entry in _entries(plan):
        yield from _unknown(entry, known, late=True)
        yield from _reasons(plan, entry)
    for left in plan.left_out:
        yield from _words(left)


def _blind(plan: Plan) -> bool:
    """Whether nothing but the expected cost is minimised."""
    return plan.objective.minimise == "expected" and not plan.objective.risk_aversion


def _unknown(entry: Route | LeftOut, known: Container[str], *, late: bool) -> Iterator[str]:
    """What pushes clips and is no limit; a deadline may keep them off a model that the plan does not use, and so does not show."""
    for name in entry.pushed_by:
        if name not in known and not (late and name.startswith("deadline_minutes[")):
            yield f"'{entry.clips[0]}' is pushed by {name}, which is no limit of the scenario"


def _words(left: LeftOut) -> Iterator[str]:
    """A reason that no plan gives, or that goes with other limits than those that push the clips."""
    who, limits = f"'{left.clips[0]}' is left out", ", ".join(left.pushed_by)
    if left.reason.startswith(NO_ROOM):
        if left.reason != NO_ROOM + (f" ({limits})" if limits else ""):
            yield f"{who}: its reason names other limits than pushed_by"
    elif _NOT_ELIGIBLE.fullmatch(left.reason) is None and _TOO_DEAR.fullmatch(left.reason) is None:
        yield f"{who}: '{left.reason}' is no reason for that"
    elif limits:
        yield f"{who}: pushed by {limits}, which is not its reason"


def _entries(plan: Plan) -> tuple[Route | LeftOut, ...]:
    return (*plan.routes, *plan.left_out)


def _reasons(plan: Plan, entry: Route | LeftOut) -> Iterator[str]:
    who = f"'{entry.clips[0]}'"
    if entry.pushed_by and plan.method == "argmin" and _blind(plan) and "groups" not in entry.pushed_by:
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
        yield from _unknown(entry, known, late=limits.deadline_minutes is not None)


def reason(left: LeftOut, cheapest: float | None, drafting: float | None, value: int) -> Iterator[str]:
    """Whether clips are left out for the reason given.

    Parameters
    ----------
    cheapest
        Mean cost and penalty of the cheapest way to make one of them, micro-dollars; None: there is none.
    drafting
        Mean cost of its drafts in their cheapest way; None: there is none. 0 where it wants no drafts.
    value
        What one is worth.
    """
    who, dear = f"'{left.clips[0]}' is left out", _TOO_DEAR.fullmatch(left.reason)
    if cheapest is None or drafting is None:
        should = "no offer is eligible" + ("" if cheapest is None else " for its drafts")
        if left.reason != should:
            yield f"{who}: its reason should be '{should}'"
        return
    cost = cheapest + drafting
    if dear is None:
        right = left.reason.startswith(NO_ROOM) and cost <= value + 1
    else:
        said = int(Decimal(dear["usd"].replace(",", "")).scaleb(6))
        right = cost >= value - 1 and abs(said - cost) <= 1 + 1e-9 * cost
    if not right:
        yield f"{who}: '{left.reason}', though making it costs {cost / 1e6:.6f} and it is worth {value / 1e6:.6f}"
