"""A sweep for people: a line and a bar for each value, and where between them the plan changes."""

from __future__ import annotations

from decimal import Decimal

from router.report.page import Column, Page, bar_text, cents
from router.report.sweep_text import axis_heading, axis_text, makers_text, some_points, where_text
from router.schema.sweep import Point, Sweep
from router.units import usd_text

MOST_ROWS = 60
"""Values that a table shows of one sweep, evenly spread, with those at which the plan changes; JSON and CSV hold them all."""
BAR = 24


def sweep_table(found: Sweep, width: int | None = None, *, colour: bool = False) -> str:
    """A line and a bar for each value; then where the plan changes."""
    page = Page(width, colour=colour)
    page.line(found.title or "Sweep", style="bold")
    for axis in found.axes:
        page.line(axis_text(axis))
    shown = some_points(found.points, MOST_ROWS)
    costs = [point.expected_usd for point in found.points if point.expected_usd is not None]
    most = max(costs, default=Decimal(0))
    columns: list[Column] = [
        *((axis_heading(axis), "right") for axis in found.axes), ("", "left"), ("Expected", "right"),
        *([] if page.narrow else [("", "whole")]), ("Worst case", "right"), ("Made", "right"), ("Left out", "right"), ("Made by", "left"),
    ]  # fmt: skip
    rows = [_cells(point, most, bars=not page.narrow) for point in shown]
    left_out = len(columns) - 2
    used = [k for k in range(len(columns)) if k != left_out or any(row[k] not in ("", "0") for row in rows)]
    page.table([columns[k] for k in used], [[row[k] for k in used] for row in rows])
    if len(shown) < len(found.points):
        page.line(f"{len(shown)} of {len(found.points):,} values; all are in the CSV and the JSON.")
    if any(point.changed for point in found.points):
        page.line("* another plan than at the value before. Worst case: of every clip by itself.")
    _changes(page, found)
    return page.text()


def _cells(point: Point, most: Decimal, *, bars: bool) -> tuple[str, ...]:
    mark = "*" if point.changed else ""
    if point.expected_usd is None:
        return (*point.at, mark, "no plan", *([""] if bars else []), "", "", "", point.no_plan)
    share = float(point.expected_usd / most) if most else 0.0
    bar, worst = [bar_text(share, BAR)] if bars else [], point.worst_per_request_usd or Decimal(0)
    made = f"{point.served:,}", f"{point.left_out:,}", makers_text(point)
    return (*point.at, mark, _usd(point.expected_usd), *bar, _usd(worst), *made)


def _changes(page: Page, found: Sweep) -> None:
    for change in found.changes[:MOST_ROWS]:
        page.line("")
        page.line(where_text(found.axes, change))
        for line in change.moved or ("nothing that this table tells apart",):
            page.line(f"  {line}")
        if change.more:
            page.line("  and more changes before the next value")
    if len(found.changes) > MOST_ROWS:
        page.line(f"{len(found.changes) - MOST_ROWS:,} more changes are in the JSON.")


def _usd(amount: Decimal) -> str:
    return usd_text(cents(amount))
