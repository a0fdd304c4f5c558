"""What differs between two plans, in words: the same ones for the table on a terminal and for the page that people open."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from router.report.limits import amount_text
from router.report.page import cents
from router.report.words import signed_usd
from router.schema.comparison import Comparison, Figure, LimitChange, LimitUse, State
from router.units import usd_text

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


def shown_figures(found: Comparison) -> Iterator[Figure]:
    """The figures that differ, and those that are told in any case."""
    figures = {own.figure: own for own in found.figures}
    expected = figures["expected_usd"]
    for name in _NAMES:
        own = figures[name]
        plain = name == "objective_usd" and (own.before, own.after) == (expected.before, expected.after)
        if (own.before != own.after or name in _ALWAYS) and not plain:
            yield own


def figure_cells(own: Figure) -> tuple[str, ...]:
    """Its name, before, after, and the difference."""
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


def summary_lines(found: Comparison) -> Iterator[str]:
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


def use_text(change: LimitChange, use: LimitUse | None) -> str:
    """What a plan uses of a limit, and what that allows."""
    if use is None:
        return "no such limit"
    sense, bound = ("at most", use.at_most) if use.at_most is not None else ("at least", use.at_least)
    text = f"{amount_text(use.value, change.unit)}, {sense} {amount_text(bound or Decimal(0), change.unit)}"
    return f"{text}: binds" if use.binding else text
