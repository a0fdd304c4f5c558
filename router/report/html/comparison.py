"""Two plans held against each other: figures, what the difference is made of, which clips are made differently, and why."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from router.report.comparison_text import figure_cells, shown_figures, summary_lines, use_text
from router.report.html.bars import signed_bar
from router.report.html.elements import element, join, name, paragraphs, path
from router.report.html.headline import figure, figures
from router.report.html.page import Section, html_page
from router.report.html.tables import Cell, Column, table
from router.report.words import both_ways, clips_of, signed_usd
from router.schema.comparison import ComparedPlan, Comparison, Made, Move

MOST_ROWS = 2_000
"""Moves that a page shows; JSON and CSV hold them all."""
LONG = 20
"""A table of more rows can be searched and sorted."""

_HEADLINE = {"expected_usd": "Expected cost", "p95_usd": "P95", "worst_usd": "Worst case", "served": "Clips made"}


def comparison_page(found: Comparison) -> str:
    """A comparison as one self-contained HTML document; the same one always gives the same bytes."""
    titles = list(dict.fromkeys(plan.title or "Plan" for plan in (found.before, found.after)))
    sections = [_figures(found), _made_of(found.made_of), _all_moves(found), _limits(found), _plans(found)]
    return html_page(" → ".join(titles), [own for own in sections if own is not None], lead=_lead(found))


def moves_table(moves: Sequence[Move], caption: str, *, key: str | None = None) -> Markup:
    """A row a move: whose clips, how they were made and are made now, what caused it, and what it costs."""
    columns = [Column("Clips", "words"), Column("Count", "number"), Column("All", "number"), Column("Each", "number")]
    rows = [
        [_moved(move), f"{move.count:,}", signed_usd(move.all_usd), signed_usd(move.difference_usd)] for move in moves
    ]  # fmt: skip
    return element("div", table(caption, columns, rows, key=key if len(rows) > LONG else None), class_="moves")


def _moved(move: Move) -> Markup:
    """Below whose clips they are, so that it has room on a phone, what becomes of them and why."""
    before, after = both_ways(move)
    return join(
        name(clips_of(move)),
        element("span", f"{before or 'nothing'} → {after or 'nothing'}", class_="way"),
        *(element("span", own.text, class_="note") for own in move.why),
    )


def _lead(found: Comparison) -> Markup:
    given = {own.figure: own for own in found.figures}
    shown = []
    for key, term in _HEADLINE.items():
        _, before, after, difference = figure_cells(given[key])
        note = f"as before: {before}" if before == after else f"{difference}; before {before}"
        shown.append(figure(term, after or "none", note, "main" if key == "expected_usd" else None))
    unproven = [
        f"The plan {which} is not proven: at most {plan.gap:.2%} above the optimum."
        for which, plan in (("before", found.before), ("after", found.after))
        if plan.status != "optimal"
    ]
    return join(
        element("p", "The plan after, held against the plan before.", class_="about"),
        figures(*shown),
        *(element("p", line, class_="proof open") for line in unproven),
    )


def _figures(found: Comparison) -> Section:
    columns = [
        Column("Figure"), Column("Before", "number"), Column("After", "number"), Column("Difference", "number")
    ]  # fmt: skip
    rows = [figure_cells(own) for own in shown_figures(found)]
    body = join(paragraphs(list(summary_lines(found))), table("Figures of both plans", columns, rows))
    return Section("figures", "Side by side", body, "Figures")


def _made_of(made: Made) -> Section | None:
    """The lines of the difference, where there is one."""
    cost = (
        ("Clips that are made differently", made.moved_usd), ("Other prices", made.repriced_usd),
        ("Packs and volume discounts", made.savings_usd), ("Rounding of mean costs", made.rounding_usd),
    )  # fmt: skip
    besides = (
        ("Value of clips left out", made.left_out_value_usd), ("Penalties for degraded clips", made.penalty_usd),
        ("Risk, as it is minimised", made.risk_usd),
    )  # fmt: skip
    lines = [*cost, ("Expected cost", made.expected_usd), *besides]
    if any(amount for _, amount in besides):
        lines.append(("Objective", made.objective_usd))
    if not any(amount for _, amount in lines):
        return None
    most = max(abs(amount) for _, amount in lines)
    sums = {"Expected cost", "Objective"}
    rows: list[list[Cell]] = [
        [join(element("strong" if what in sums else "span", what), signed_bar(amount, most)), signed_usd(amount)]
        for what, amount in lines
        if amount or what == "Expected cost"
    ]
    columns = [Column("Part", "words"), Column("Difference", "number")]
    said = "The lines above a sum add up to it exactly. To the left: less than before; to the right: more."
    body = join(element("p", said, class_="lead"), table("What the difference is made of", columns, rows))
    return Section("made-of", "What the difference is made of", body, "Made of")


def _all_moves(found: Comparison) -> Section | None:
    moves = [*found.moved, *found.repriced]
    if not moves:
        return None
    said = "Each is the mean cost of one clip at list prices, All of all of them; the largest differences first."
    more = f"{len(moves) - MOST_ROWS:,} more are in the CSV and the JSON." if len(moves) > MOST_ROWS else None
    body = join(
        element("p", said, class_="lead"),
        moves_table(moves[:MOST_ROWS], "Clips that are made differently or at another cost", key="moves"),
        element("p", more) if more else None,
    )
    return Section("moves", "What moves, and why", body, "Moves")


def _limits(found: Comparison) -> Section | None:
    if not found.limits:
        return None
    rows = [[path(own.limit), use_text(own, own.before), use_text(own, own.after)] for own in found.limits]
    columns = [Column("Limit", "words"), Column("Before", "words"), Column("After", "words")]
    return Section("limits", "Limits that differ", table("Limits that differ", columns, rows), "Limits")


def _plans(found: Comparison) -> Section:
    """What each plan was priced with."""
    rows = [
        [which, name(plan.title or "Plan"), "proven optimal" if plan.status == "optimal" else f"within {plan.gap:.2%}", _priced(plan)]
        for which, plan in (("Before", found.before), ("After", found.after))
    ]  # fmt: skip
    columns = [Column("Plan"), Column("Title", "words"), Column("Proof"), Column("Prices", "words")]
    return Section("plans", "The two plans", table("The two plans", columns, rows), "Plans")


def _priced(plan: ComparedPlan) -> Markup:
    dated = (join(name(ref.name), " as of ", element("time", str(ref.as_of))) for ref in plan.catalogs)
    return Markup(", ").join(dated)
