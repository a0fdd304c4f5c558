"""A Pareto set for people: a chart of its points, and what each costs more and makes differently. Names are printed as they are."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from router.report.page import Column, Page, cents
from router.schema.frontier import Frontier, FrontierPoint
from router.units import usd_text

_SECOND = {"quality": "mean quality", "cvar": "CVaR", "clips-served": "clips made"}
_EACH = {"quality": "A point costs", "cvar": "$1 less costs", "clips-served": "A clip costs"}
_ROWS, _WIDEST = 12, 72
_POINT, _KNEE = "█", "◆"


def frontier_table(found: Frontier, width: int | None = None, *, colour: bool = False) -> str:
    """How many points there are, the chart, and a line for each point."""
    page = Page(width, colour=colour)
    page.line(found.title or "Frontier", style="bold")
    page.line(_head(found))
    page.line("")
    if len(found.points) > 2:
        _chart(page, found)
    second = found.of[1]
    left_out = second == "clips-served"
    columns: list[Column] = [
        ("", "whole"), ("Cost", "right"), (_name(found), "right"), *([("Left out, worth", "right")] if left_out else []),
        (_EACH[second], "right"), ("Against the point before", "left"),
    ]  # fmt: skip
    rows = []
    for before, point in zip((None, *found.points), found.points, strict=False):
        mark = (_KNEE if point.knee else "") + ("" if before is None or point.adjacent else "~")
        worth = [usd_text(cents(point.left_out_value_usd))] if left_out else []
        rows.append(
            (mark, usd_text(cents(point.cost_usd)), _text(_value(point)), *worth, _each(before, point), "\n".join(point.moved))
        )  # fmt: skip
    page.table(columns, rows)
    if any(point.knee for point in found.points):
        known = "" if found.knee_known else ", of the points shown"
        page.line(f"{_KNEE} knee: farthest from the straight line between both ends{known}")
    if not found.complete:
        page.line("~ there are points between the one before and this one")
    if not found.proven:
        page.line(
            "Not proven: some plan that this rests on is the best one found, not the best there is.", style="yellow"
        )
    return page.text()


def _head(found: Frontier) -> str:
    second = _name(found)
    if found.complete:
        number = len(found.points)
        which = "one plan is the best in both" if number == 1 else f"all {number:,} plans that nothing beats in both"
    else:
        which = f"{len(found.points):,} of at least {found.at_least:,} plans that nothing beats in both, spread evenly"
    return f"Cost against {second}: {which}."


def _name(found: Frontier) -> str:
    name = _SECOND[found.of[1]]
    return f"{name} {found.level * 100:g} %" if found.level is not None else name


def _value(point: FrontierPoint) -> tuple[Decimal, str]:
    """The second figure, and its unit."""
    if point.quality is not None:
        return point.quality, "quality"
    return (point.cvar_usd, "usd") if point.cvar_usd is not None else (Decimal(point.served), "clips")


def _text(value: tuple[Decimal, str]) -> str:
    amount, unit = value
    if unit == "usd":
        return usd_text(cents(amount))
    return f"{amount.quantize(Decimal('0.0001'), ROUND_HALF_UP).normalize():,f}" if unit == "quality" else f"{amount:,}"


def _each(before: FrontierPoint | None, point: FrontierPoint) -> str:
    """What one unit of the second figure costs from the point before."""
    if before is None:
        return ""
    better = abs(_value(point)[0] - _value(before)[0])
    return usd_text(((point.cost_usd - before.cost_usd) / better).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def _chart(page: Page, found: Frontier) -> None:
    """The points, the cost upwards and the second figure to the right, where it is better."""
    points = found.points
    low, high = points[0], points[-1]
    names = [usd_text(cents(point.cost_usd)) for point in (high, low)]
    margin = max(map(len, names))
    room = min(_WIDEST, page.width - margin - 2)
    grid = [[" "] * room for _ in range(_ROWS)]
    for point in sorted(points, key=lambda own: own.knee):
        across = _share(_value(low)[0], _value(point)[0], _value(high)[0])
        up = _share(low.cost_usd, point.cost_usd, high.cost_usd)
        grid[_ROWS - 1 - _place(up, _ROWS)][_place(across, room)] = _KNEE if point.knee else _POINT
    labels = [names[0], *[""] * (_ROWS - 2), names[1]]
    for label, row in zip(labels, grid, strict=True):
        page.line(f"{label:>{margin}} │{''.join(row)}".rstrip())
    page.line(f"{'':>{margin}} └{'─' * room}")
    ends = [_text(_value(point)) for point in (low, high)]
    page.line(f"{'':>{margin}}  {ends[0]}{_name(found):^{max(1, room - len(ends[0]) - len(ends[1]))}}{ends[1]}")
    page.line("")


def _share(low: Decimal, value: Decimal, high: Decimal) -> Decimal:
    return (value - low) / (high - low) if high != low else Decimal(0)


def _place(share: Decimal, places: int) -> int:
    return int((share * (places - 1)).to_integral_value(ROUND_HALF_UP))
