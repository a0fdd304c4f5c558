"""Two plans side by side, for people: headline figures, what moved and why, limits."""

from __future__ import annotations

from collections.abc import Sequence

from router.report.comparison_text import figure_cells, shown_figures, summary_lines, use_text
from router.report.page import Column, Page
from router.report.words import both_ways, clips_of, signed_usd
from router.schema.comparison import Comparison, Move

MOST_ROWS = 50
"""Moves that a table shows; JSON and CSV hold them all."""

_SENTENCE = 40
"""As narrow as reasons may stand beside a move; else they stand below it."""


def comparison_table(found: Comparison, width: int | None = None, *, colour: bool = False) -> str:
    """Headline figures, then one line a move with its reasons, then the limits that differ."""
    page = Page(width, colour=colour)
    titles = (found.before.title or "Plan", found.after.title or "Plan")
    page.line(titles[0] if titles[0] == titles[1] else f"{titles[0]} -> {titles[1]}", style="bold")
    columns: list[Column] = [("Figure", "left"), ("Before", "right"), ("After", "right"), ("Difference", "right")]
    page.table(columns, [figure_cells(own) for own in shown_figures(found)])
    for line in summary_lines(found):
        page.line(line)
    moves = [*found.moved, *found.repriced]
    if moves:
        page.line("")
        _moves(page, moves[:MOST_ROWS])
        if len(moves) > MOST_ROWS:
            page.line(f"{len(moves) - MOST_ROWS:,} more are in the CSV and the JSON.")
            page.line("")
    if found.limits:
        limits: list[Column] = [("Limit", "left"), ("Before", "left"), ("After", "left")]
        page.table(limits, [(own.limit, use_text(own, own.before), use_text(own, own.after)) for own in found.limits])
    for name, plan in (("before", found.before), ("after", found.after)):
        if plan.status != "optimal":
            page.line(f"The plan {name} is not proven: at most {plan.gap:.2%} above the optimum.", style="yellow")
    return page.text()


def _moves(page: Page, moves: Sequence[Move]) -> None:
    """One row a move: side by side where that fits, else how and why below whose clips."""
    rows = [
        (clips_of(move), f"{move.count:,}", *both_ways(move), signed_usd(move.difference_usd), signed_usd(move.all_usd),
         "\n".join(own.text for own in move.why))
        for move in moves
    ]  # fmt: skip
    columns: list[Column] = [
        ("Clips", "left"), ("Count", "right"), ("Before", "whole"), ("After", "whole"), ("Each", "right"), ("All", "right"),
    ]  # fmt: skip
    if page.fits([*columns, ("Because", "whole")], [(*row[:-1], "-" * _SENTENCE) for row in rows]):
        page.table([*columns, ("Because", "left")], rows)
        return
    below = [
        ("\n".join([clips, f"  {before} -> {after}", *(f"  {text}" for text in why.split("\n"))]), count, each, whole)
        for clips, count, before, after, each, whole, why in rows
    ]
    page.table([columns[0], columns[1], *columns[4:]], below)
