"""A scenario beside its variants, for people: one line a variant, then what each makes differently, and why."""

from __future__ import annotations

from decimal import Decimal

from router.report.page import Column, Page, cents
from router.report.words import move_text, signed_share, signed_usd
from router.schema.comparison import Comparison
from router.schema.what_if import Outcome, WhatIf
from router.units import usd_text

MOST_MOVES = 8
"""Of one variant; the JSON holds them all."""
MOST_REASONS = 2


def what_if_table(found: WhatIf, width: int | None = None, *, colour: bool = False) -> str:
    """One line a variant; then what each makes differently, and why."""
    page = Page(width, colour=colour)
    page.line(found.title or "What if", style="bold")
    columns: list[Column] = [
        ("", "left"), ("Expected", "right"), ("Difference", "right"), ("", "right"), ("P95", "right"), ("Worst case", "right"),
        ("Made", "right"), ("Left out", "right"),
    ]  # fmt: skip
    rows = [_cells(one, found.baseline) for one in (found.baseline, *found.variants)]
    used = [k for k in range(len(columns)) if k < len(columns) - 1 or any(row[k] not in ("", "0") for row in rows)]
    page.table([columns[k] for k in used], [[row[k] for k in used] for row in rows])
    for one in (found.baseline, *found.variants):
        _variant(page, one)
    for warning in found.warnings:
        page.line(f"Warning: {warning}", style="yellow")
    return page.text()


def _cells(one: Outcome, baseline: Outcome) -> tuple[str, ...]:
    sums = one.totals
    if sums is None:
        return one.name, "no plan", "", "", "", "", "", ""
    difference = share = ""
    if baseline.totals is not None and one is not baseline:
        more = sums.expected_usd - baseline.totals.expected_usd
        difference, share = signed_usd(more), signed_share(more, baseline.totals.expected_usd)
    money = (sums.p95_usd, sums.worst_usd)
    return (
        one.name, _usd(sums.expected_usd), difference, share, *map(_usd, money), f"{sums.served:,}", f"{sums.left_out:,}",
    )  # fmt: skip


def _variant(page: Page, one: Outcome) -> None:
    """What was set, what it moves, and why."""
    if not (one.set or one.no_plan):
        return
    page.line(one.name, style="bold")
    if one.set and one.set != (one.name,):
        page.line(f"  set: {'; '.join(one.set)}")
    for line in one.no_plan.splitlines():
        page.line(f"  {line}")
    if one.comparison is not None:
        _moves(page, one.comparison)
    page.line("")


def _moves(page: Page, beside: Comparison) -> None:
    moves = (*beside.moved, *beside.repriced)
    for move in moves[:MOST_MOVES]:
        page.line(f"  {move_text(move)}")
        for reason in move.why[:MOST_REASONS]:
            page.line(f"    {reason.text}")
    if len(moves) > MOST_MOVES:
        page.line(f"  and {len(moves) - MOST_MOVES:,} more kinds of moves, in the JSON")
    if not moves:
        page.line("  every clip is made as before, at the same price")


def _usd(amount: Decimal) -> str:
    return usd_text(cents(amount))
