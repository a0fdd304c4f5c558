"""What limits do to a plan, in words: what each uses and what one more unit of it saves, and whom they push off the cheapest way."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from router.report.page import Column, Page, cents
from router.schema.plan import LimitValue, Plan, Route
from router.units import clips_text, reasons_text, seconds_text, usd_text


def limits_table(page: Page, plan: Plan) -> None:
    """Every limit: what is used, allowed and left of it, and what it saves if it is looser by one, where any binds or would save."""
    columns: list[Column] = [("Limit", "left"), ("Uses", "right"), ("Allowed", "right"), ("Slack", "right")]
    priced = says_looser(plan)
    if priced:
        columns.append(("Looser by", "left"))
    rows = [(*limit_cells(value), *([looser_text(value)] if priced else [])) for value in plan.limits]
    page.table(columns, rows)


def says_looser(plan: Plan) -> bool:
    """Whether what a looser limit saves is worth a column."""
    known = any(value.shadow_price is not None for value in plan.limits)
    return known and (plan.method != "argmin" or any(value.shadow_price for value in plan.limits))


def pushed_lines(plan: Plan) -> Iterator[str]:
    """Which clips are not made in their cheapest way, what that costs, and because of what."""
    alike: dict[tuple[object, ...], list[Route]] = {}
    for route in plan.routes:
        if route.pushed_by:
            alike.setdefault((route.provider, route.model, route.instead_of, route.pushed_by, route.draft), []).append(
                route
            )
    for routes in alike.values():
        first, count = routes[0], sum(route.count for route in routes)
        what = f"{count:,} draft{'' if count == 1 else 's'}" if first.draft else clips_text(count)
        extra = sum((route.extra_usd * route.count for route in routes), Decimal(0))
        where = f"on {first.provider}/{first.model}"
        where += (
            " in a dearer way" if f"{first.provider}/{first.model}" == first.instead_of else f", not {first.instead_of}"
        )
        counted = ", penalties counted" if any(route.penalty_usd for route in routes) else ""
        yield f"{what} {where}: {usd_text(cents(extra))} more{counted}, for {reasons_text(first.pushed_by)}"


def limit_cells(value: LimitValue) -> tuple[str, str, str, str]:
    """The limit's path, and in its unit what the plan uses of it, what is allowed and what is left."""
    bound = value.at_most if value.at_most is not None else value.at_least
    sense = "at most" if value.at_most is not None else "at least"
    return (
        value.limit,
        amount_text(value.value, value.unit),
        f"{sense} {amount_text(bound or Decimal(0), value.unit)}",
        amount_text(value.slack, value.unit),
    )


def looser_text(value: LimitValue) -> str:
    """What the plan saves if the limit is looser by one step; empty where that is not known."""
    if value.shadow_price is None:
        return ""
    step = amount_text(value.step, value.unit)
    saved = Decimal(value.shadow_price) * value.step
    if saved == 0:
        return f"{step} saves nothing"
    more = f", {clips_text(value.more_clips)} more" if value.more_clips > 0 else ""
    return f"{step} saves {usd_text(saved.quantize(Decimal('0.0001')))}{more}"


def amount_text(amount: Decimal, unit: str) -> str:
    """What is used or allowed of a limit, in its unit."""
    if unit == "usd":
        return usd_text(cents(amount))
    if unit == "seconds":
        return seconds_text(amount)
    if unit in ("score", "minutes"):
        number = f"{amount.quantize(Decimal('0.0001')):,f}".rstrip("0").rstrip(".")
        return number if unit == "score" else f"{number} min"
    return f"{amount:.1%}" if unit == "share" else clips_text(int(amount))
