"""Two plans side by side, for people: headline figures, what moved and why, limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from router.report.limits import amount_text
from router.report.page import Column, Page, cents
from router.report.words import both_ways, clips_of, signed_usd
from router.schema.comparison import Comparison, Figure, LimitChange, LimitUse, Move, State
from router.units import usd_text

MOST_ROWS = 50
"""Moves that a table shows; JSON and CSV hold them all."""

_SENTENCE = 40
"""As narrow as reasons may stand beside a move; else they stand below it."""

_NAMES = {
    "clips": "Clips",
    "served": "Made",
    "left_out": "Left out",
    "degraded_clips": "Degraded",
    "drafts": "Drafts",
    "nominal_usd": "Nominal",
    "expected_usd": "Expected",
    "per_served_usd": "Expected, each clip made",
    "drafts_usd": "of which drafts",
    "saving_usd": "Saved by packs and discounts",
    "p95_usd": "P95",
    "worst_usd": "Worst case",
    "left_out_value_usd": "Value left out",
    "penalty_usd": "Penalties",
    "objective_usd": "Objective",
    "unserved_expected": "Unserved on average",
    "degraded_expected": "Degraded by a fallback on average",
}
"""What a producer looks at, in this order; the JSON has more."""
_SORTS: dict[tuple[State, State], str] = {
    ("left-out", "made"): "no longer left out",
    ("made", "left-out"): "left out now",
    ("absent", "made"): "new",
    ("absent", "left-out"): "new",
    ("made", "absent"): "gone",
    ("left-out", "absent"): "gone",
}
_ALWAYS = {"served", "nominal_usd", "expected_usd", "p95_usd", "worst_usd"}


def comparison_table(found: Comparison, width: int | None = None, *, colour: bool = False) -> str:
    """Headline figures, then one line a move with its reasons, then the limits that differ."""
    page = Page(width, colour=colour)
    titles = (found.before.title or "Plan", found.after.title or "Plan")
    page.line(titles[0] if titles[0] == titles[1] else f"{titles[0]} -> {titles[1]}", style="bold")
    columns: list[Column] = [("Figure", "left"), ("Before", "right"), ("After", "right"), ("Difference", "right")]
    page.table(columns, [_figure(own) for own in _shown(found)])
    for line in _summary(found):
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
        page.table(limits, [(own.limit, _use(own, own.before), _use(own, own.after)) for own in found.limits])
    for name, plan in (("before", found.before), ("after", found.after)):
        if plan.status != "optimal":
            page.line(f"The plan {name} is not proven: at most {plan.gap:.2%} above the optimum.", style="yellow")
    return page.text()


def _shown(found: Comparison) -> Iterator[Figure]:
    figures = {own.figure: own for own in found.figures}
    expected = figures["expected_usd"]
    for name in _NAMES:
        own = figures[name]
        plain = name == "objective_usd" and (own.before, own.after) == (expected.before, expected.after)
        if (own.before != own.after or name in _ALWAYS) and not plain:
            yield own


def _figure(own: Figure) -> tuple[str, ...]:
    values = [_value(own, own.before), _value(own, own.after), ""]
    if own.difference is not None:
        values[2] = signed_usd(own.difference) if own.unit == "usd" else f"{_plain(own.difference, '+')}"
        if own.unit == "usd" and own.before and own.difference:
            values[2] += f" ({100 * own.difference / abs(own.before):+.1f}%)"
    return (_NAMES[own.figure], *values)


def _value(own: Figure, amount: Decimal | None) -> str:
    if amount is None:
        return ""
    return usd_text(cents(amount)) if own.unit == "usd" else _plain(amount)


def _plain(amount: Decimal, sign: str = "") -> str:
    if amount == amount.to_integral_value():
        return f"{int(amount):{sign if amount else ''},}"
    return f"{amount:{sign},.6f}".rstrip("0")


def _summary(found: Comparison) -> Iterator[str]:
    """How many clips differ, and what the difference is made of where that is more than one thing."""
    if found.same:
        yield "No difference: every clip is made the same way at the same cost."
        return
    counts: dict[str, int] = {}
    for move in found.moved:
        if not move.draft:
            sort = _SORTS.get((move.before_is, move.after_is), "made differently")
            counts[sort] = counts.get(sort, 0) + move.count
    counts["at another cost"] = sum(move.count for move in found.repriced if not move.draft)
    counts["as before"] = found.unchanged
    yield "Clips: " + ", ".join(f"{count:,} {what}" for what, count in counts.items() if count or what == "as before")
    made_of = found.made_of
    parts = (
        ("clips that moved", made_of.moved_usd),
        ("other prices", made_of.repriced_usd),
        ("packs and discounts", made_of.savings_usd),
    )
    told = [f"{what} {signed_usd(amount)}" for what, amount in parts if amount]
    if len(told) > 1:
        yield f"Expected cost {signed_usd(made_of.expected_usd)}: {', '.join(told)}"
    dates = [
        ", ".join(f"{ref.name} as of {ref.as_of}" for ref in plan.catalogs) for plan in (found.before, found.after)
    ]
    if dates[0] != dates[1]:
        yield f"Priced with {dates[0]}; after: {dates[1]}"


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


def _use(change: LimitChange, use: LimitUse | None) -> str:
    if use is None:
        return "no such limit"
    sense, bound = ("at most", use.at_most) if use.at_most is not None else ("at least", use.at_least)
    text = f"{amount_text(use.value, change.unit)}, {sense} {amount_text(bound or Decimal(0), change.unit)}"
    return f"{text}: binds" if use.binding else text
