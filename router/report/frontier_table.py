"""A Pareto set for people: a chart of its points, and what each costs more and makes differently. Names are printed as they are."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from router.report.frontier_text import (
    each_heading,
    each_text,
    head_text,
    knee_text,
    second_name,
    second_text,
    second_value,
    unproven_lines,
)
from router.report.page import Column, Page, usd
from router.schema.frontier import Frontier

_ROWS, _WIDEST = 12, 72
_POINT, _KNEE = "█", "◆"


def frontier_table(found: Frontier, width: int | None = None, *, colour: bool = False) -> str:
    """How many points there are, the chart, and a line for each point."""
    page = Page(width, colour=colour)
    page.line(found.title or "Frontier", style="bold")
    page.line(head_text(found))
    page.line("")
    if len(found.points) > 2:
        _chart(page, found)
    left_out = found.of[1] == "clips-served"
    columns: list[Column] = [
        ("", "whole"), ("Cost", "right"), (second_name(found), "right"), *([("Left out, worth", "right")] if left_out else []),
        (each_heading(found), "right"), ("Against the point before", "left"),
    ]  # fmt: skip
    rows = []
    for before, point in zip((None, *found.points), found.points, strict=False):
        mark = (_KNEE if point.knee else "") + ("" if before is None or point.adjacent else "~")
        worth = [usd(point.left_out_value_usd)] if left_out else []
        rows.append(
            (mark, usd(point.cost_usd), second_text(found, point), *worth, each_text(before, point), "\n".join(point.moved))
        )  # fmt: skip
    page.table(columns, rows)
    if knee := knee_text(found):
        page.line(f"{_KNEE} knee: {knee}")
    if not found.complete:
        page.line("~ there are points between the one before and this one")
    for line in unproven_lines(found):
        page.line(line, style="yellow")
    return page.text()


def _chart(page: Page, found: Frontier) -> None:
    """The points, the cost upwards and the second figure to the right, where it is better."""
    points = found.points
    low, high = points[0], points[-1]
    names = [usd(point.cost_usd) for point in (high, low)]
    margin = max(map(len, names))
    room = min(_WIDEST, page.width - margin - 2)
    grid = [[" "] * room for _ in range(_ROWS)]
    for point in sorted(points, key=lambda own: own.knee):
        across = _share(second_value(low), second_value(point), second_value(high))
        up = _share(low.cost_usd, point.cost_usd, high.cost_usd)
        grid[_ROWS - 1 - _place(up, _ROWS)][_place(across, room)] = _KNEE if point.knee else _POINT
    labels = [names[0], *[""] * (_ROWS - 2), names[1]]
    for label, row in zip(labels, grid, strict=True):
        page.line(f"{label:>{margin}} │{''.join(row)}".rstrip())
    page.line(f"{'':>{margin}} └{'─' * room}")
    ends = [second_text(found, point) for point in (low, high)]
    page.line(f"{'':>{margin}}  {ends[0]}{second_name(found):^{max(1, room - len(ends[0]) - len(ends[1]))}}{ends[1]}")
    page.line("")


def _share(low: Decimal, value: Decimal, high: Decimal) -> Decimal:
    return (value - low) / (high - low) if high != low else Decimal(0)


def _place(share: Decimal, places: int) -> int:
    return int((share * (places - 1)).to_integral_value(ROUND_HALF_UP))
