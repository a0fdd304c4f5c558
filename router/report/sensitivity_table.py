"""How far prices can go, for people: a table and a sentence for each change, and the tornado. Names are printed as they are."""

from __future__ import annotations

from decimal import Decimal

from router.report.page import Column, Page, usd
from router.report.sensitivity_text import Words, end_text, guessed
from router.schema.sensitivity import Sensitivity, Swing

_BAR = 30


def sensitivity_table(found: Sensitivity, width: int | None = None, *, colour: bool = False) -> str:
    """Break-evens of prices, then of availabilities, each with what takes over; then the tornado and elasticities."""
    page, words = Page(width, colour=colour), Words(found)
    page.line(found.title or "Sensitivity", style="bold")
    page.line(f"Expected cost {usd(found.expected_usd)}. Nothing else changes; every plan is made anew.")
    page.line("")
    columns: list[Column] = [
        ("Price of", "left"), ("Clips", "right"), ("Today", "right"), ("The plan stays from", "right"), ("Up to", "right"),
    ]  # fmt: skip
    if page.narrow:
        columns[3] = ("Stays from", "right")
    page.table(columns, [words.price_cells(one, short=page.narrow) for one in found.prices])
    for one in found.prices:
        for line in words.price_lines(one):
            page.line(line)
    page.line("")
    if found.availabilities:
        heads: list[Column] = [("Availability of", "left"), *columns[1:]]
        page.table(heads, [words.availability_cells(one) for one in found.availabilities])
        for known in found.availabilities:
            for line in words.availability_lines(known):
                page.line(line)
    else:
        page.line("No availability of these models changes the plan.")
    if guessed(found):
        page.line("~ found by trying values: costs, or who catches whom, do not follow this value in a straight line")
    page.line("")
    _tornado(page, found, words)
    return page.text()


def _tornado(page: Page, found: Sensitivity, words: Words) -> None:
    by = f"{float(found.by * 100):.3g} %"
    columns: list[Column] = [
        ("Expected cost", "left"), (f"-{by}", "right"), (f"+{by}", "right"), ("Swing", "right"), *([] if page.narrow else [("", "whole")]),
    ]  # fmt: skip
    most = max((one.swing_usd for one in found.swings if one.swing_usd is not None), default=Decimal(0))
    rows = []
    for one in found.swings:
        costs = [end_text(end) for end in (one.lower, one.higher)]
        swing = "no plan" if one.swing_usd is None else usd(one.swing_usd)
        rows.append((words.swing(one), *costs, swing, *([] if page.narrow else [_bar(one, most)])))
    page.table(columns, rows)
    if any(end.changed for one in found.swings for end in (one.lower, one.higher)):
        page.line("* by another plan")
    for end in (end for one in found.swings for end in (one.lower, one.higher) if end.no_plan):
        page.line(f"No plan: {end.no_plan}", style="yellow")
        break
    for line in words.elasticity_lines(found):
        page.line(line)


def _bar(one: Swing, most: Decimal) -> str:
    return "█" * round(_BAR * one.swing_usd / most) if one.swing_usd and most else ""
