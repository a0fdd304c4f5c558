"""What a notebook shows of studies and comparisons: as of a plan, neither script nor style sheet."""

from __future__ import annotations

from markupsafe import Markup

from router.report.comparison_text import figure_cells, shown_figures, summary_lines
from router.report.frontier_text import (
    begun,
    each_heading,
    each_text,
    head_text,
    knee_text,
    second_name,
    second_text,
    unproven_lines,
)
from router.report.html.elements import Child, element, join, name, paragraphs
from router.report.html.fragment import plain_table
from router.report.html.frontier import frontier_figure
from router.report.html.levers import A_PLAN, set_text, share_text
from router.report.html.sweep import sweep_figure
from router.report.levers_text import baseline_text, quality_text
from router.report.page import usd
from router.report.sensitivity_text import Words, end_text
from router.report.sweep_text import axis_heading, axis_text, makers_text, some_points, where_text
from router.report.words import both_ways, clips_of, signed_share, signed_usd
from router.schema.comparison import Comparison
from router.schema.frontier import Frontier
from router.schema.levers import Levers
from router.schema.sensitivity import Sensitivity
from router.schema.sweep import Point, Sweep
from router.schema.what_if import Outcome, WhatIf

_MOST = 20
"""Rows of a table."""
_MOST_POINTS = 50
"""Of a frontier: a step tells its difference to the one before, so that none between can be left out."""


def what_if_fragment(found: WhatIf) -> str:
    """Variants as a notebook shows them."""
    headings = ("Variant", "Expected", "Difference", "Share", "P95", "Worst case", "Made", "Left out")
    rows = [_variant(one, found.baseline) for one in (found.baseline, *found.variants)]
    warned = paragraphs([f"Warning: {warning}" for warning in found.warnings])
    return _fragment(found.title or "What if", plain_table(headings, rows, set(range(1, 8))), warned)


def sweep_fragment(found: Sweep) -> str:
    """A sweep as a notebook shows it."""
    headings = (*map(axis_heading, found.axes), "Expected", "Worst case", "Made", "Left out", "Made by")
    shown = some_points(found.points, _MOST)
    last = len(found.axes) + 3
    table = plain_table(headings, [_point(point) for point in shown], set(range(last + 1)))
    lines = [f"{where_text(found.axes, change)} {'; '.join(change.moved)}" for change in found.changes[:_MOST]]
    drawn = sweep_figure(found) if len(found.axes) == 1 else None
    axes = paragraphs([axis_text(axis) for axis in found.axes])
    more = _more(len(found.points) - len(shown), "value")
    return _fragment(found.title or "Sweep", axes, drawn, table, more, paragraphs(lines))


def levers_fragment(found: Levers) -> str:
    """Levers as a notebook shows them."""
    headings = ("Lever", "Saves", "Share", "Expected", "Worst case", "Clips", "What it does to them", "Set anew")
    rows: list[list[Child]] = [
        [
            own.sentence, A_PLAN if own.saving_usd is None else usd(own.saving_usd), share_text(own.saving_share),
            usd(own.expected_usd), usd(own.worst_usd), "" if own.clips is None else f"{own.clips:,}", quality_text(own),
            element("code", set_text(own)),
        ]
        for own in found.levers[:_MOST]
    ]  # fmt: skip
    more = _more(found.more + len(found.levers) - len(rows), "lever")
    table = plain_table(headings, rows, {1, 2, 3, 4, 5}) if rows else None
    said, warned = baseline_text(found).splitlines(), [f"Warning: {warning}" for warning in found.warnings]
    return _fragment(found.title or "Levers", paragraphs(said), table, more, paragraphs(warned))


def sensitivity_fragment(found: Sensitivity) -> str:
    """Break-evens and the tornado as a notebook shows them."""
    words = Words(found)
    rows = [words.price_cells(one, short=False) for one in found.prices]
    ranges = plain_table(("Price of", "Clips", "Today", "The plan stays from", "Up to"), rows, {1, 2, 3, 4})
    lines = [line for one in found.prices for line in words.price_lines(one)]
    lines += [line for known in found.availabilities for line in words.availability_lines(known)]
    by = f"{float(found.by * 100):.3g} %"
    swings = [(words.swing(one), end_text(one.lower), end_text(one.higher), usd(one.swing_usd)) for one in found.swings]
    tornado = plain_table(("Expected cost", f"-{by}", f"+{by}", "Swing"), swings, {1, 2, 3})
    return _fragment(
        found.title or "Sensitivity", ranges, paragraphs(lines), tornado, paragraphs([*words.elasticity_lines(found)])
    )


def frontier_fragment(found: Frontier) -> str:
    """A Pareto set as a notebook shows it."""
    headings = (
        "No.",
        "Cost",
        begun(second_name(found)),
        each_heading(found),
        "Against the point before",
        "Set anew",
    )
    shown = found.points[:_MOST_POINTS]
    rows: list[list[Child]] = [
        [
            f"{k} knee" if point.knee else f"{k}", usd(point.cost_usd), second_text(found, point), each_text(before, point),
            "; ".join(point.moved), element("code", point.set) if point.set else "",
        ]
        for k, (before, point) in enumerate(zip((None, *shown), shown, strict=False), 1)
    ]  # fmt: skip
    knee = knee_text(found)
    said = [head_text(found), *unproven_lines(found), *([f"The knee: {knee}."] if knee else [])]
    more = _more(len(found.points) - len(shown), "plan")
    drawn, table = frontier_figure(found), plain_table(headings, rows, {0, 1, 2, 3})
    return _fragment(found.title or "Frontier", paragraphs(said), drawn, table, more)


def comparison_fragment(found: Comparison) -> str:
    """A comparison as a notebook shows it."""
    titles = dict.fromkeys(plan.title or "Plan" for plan in (found.before, found.after))
    figures = plain_table(
        ("Figure", "Before", "After", "Difference"), map(figure_cells, shown_figures(found)), {1, 2, 3}
    )
    moves = [*found.moved, *found.repriced]
    rows: list[list[Child]] = [
        [
            name(clips_of(move)), f"{move.count:,}", *both_ways(move), signed_usd(move.difference_usd), signed_usd(move.all_usd),
            "; ".join(own.text for own in move.why),
        ]
        for move in moves[:_MOST]
    ]  # fmt: skip
    headings = ("Clips", "Count", "Before", "After", "Each", "All", "Because")
    table = plain_table(headings, rows, {1, 4, 5}) if rows else None
    lines, more = list(summary_lines(found)), _more(len(moves) - len(rows), "move")
    return _fragment(" → ".join(titles), figures, paragraphs(lines), table, more)


def _fragment(title: str, *parts: Child) -> str:
    return str(element("div", element("p", element("strong", name(title))), join(*parts)))


def _more(count: int, what: str) -> Markup | None:
    return element("p", f"and {count:,} more {what}{'' if count == 1 else 's'}") if count > 0 else None


def _variant(one: Outcome, baseline: Outcome) -> list[Child]:
    sums, base = one.totals, baseline.totals
    if sums is None:
        return [name(one.name), "no plan", *[""] * 6]
    difference = ["", ""]
    if base is not None and one is not baseline:
        more = sums.expected_usd - base.expected_usd
        difference = [signed_usd(more), signed_share(more, base.expected_usd)]
    amounts = usd(sums.p95_usd), usd(sums.worst_usd), f"{sums.served:,}", f"{sums.left_out:,}"
    return [name(one.name), usd(sums.expected_usd), *difference, *amounts]


def _point(point: Point) -> list[Child]:
    at = [*map(name, point.at)]
    if point.expected_usd is None:
        return [*at, "no plan", "", "", "", point.no_plan]
    amounts = usd(point.expected_usd), usd(point.worst_per_request_usd), f"{point.served:,}", f"{point.left_out:,}"
    return [*at, *amounts, makers_text(point)]
