"""A scenario beside its variants: what each comes to, and what moves under it and why."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from router.report.comparison_text import summary_lines
from router.report.html.bars import step_bar
from router.report.html.comparison import moves_table
from router.report.html.elements import Child, element, join, name, paragraphs, path
from router.report.html.headline import figure, figures, warnings_box
from router.report.html.page import Section, html_page
from router.report.html.plan_sections import cost_figures
from router.report.html.tables import Cell, Column, table
from router.report.page import usd
from router.report.words import signed_share, signed_usd
from router.schema.comparison import Comparison
from router.schema.plan import Totals
from router.schema.what_if import Outcome, WhatIf
from router.units import clips_text

MOST_MOVES = 200
"""Of one variant; the JSON holds them all."""


def what_if_page(found: WhatIf) -> str:
    """Variants as one self-contained HTML document; the same ones always give the same bytes."""
    return html_page(found.title or "What if", [*what_if_sections(found), _baseline(found.baseline)], lead=_lead(found))


def what_if_sections(found: WhatIf) -> list[Section]:
    """The variants side by side, and what moves under each."""
    return [_side_by_side(found), _moves(found)]


def _lead(found: WhatIf) -> Markup:
    count = len(found.variants)
    about = f"{count:,} variant{'' if count == 1 else 's'} of the scenario, planned anew and held against the plan as it is."
    base = found.baseline.totals
    shown = [
        figure("As it is", usd(base.expected_usd), _made(base), "main")
        if base
        else figure("As it is", "no plan", "", "main")
    ]
    planned = [(one, one.totals) for one in found.variants if one.totals is not None]
    if planned:
        ends = [end(planned, key=lambda own: own[1].expected_usd) for end in (min, max)]
        terms = (
            ("Cheapest variant", "Dearest variant")
            if len(planned) > 1
            else ("The variant" if count == 1 else "The one with a plan",)
        )
        shown += [
            figure(term, usd(sums.expected_usd), _beside(one, sums, base))
            for term, (one, sums) in zip(terms, ends, strict=False)
        ]
    return join(element("p", about, class_="about"), figures(*shown), warnings_box(found.warnings))


def _made(sums: Totals) -> str:
    out = f", {sums.left_out:,} left out" if sums.left_out else ""
    return f"expected, for {clips_text(sums.served)}{out}; worst case {usd(sums.worst_usd)}"


def _beside(one: Outcome, sums: Totals, base: Totals | None) -> Markup:
    difference = f": {signed_usd(sums.expected_usd - base.expected_usd)}" if base else ""
    out = f", {sums.left_out:,} left out" if sums.left_out else ""
    return join(name(one.name), difference, out)


def _side_by_side(found: WhatIf) -> Section:
    columns = [
        Column("Variant", "words"), Column("Expected", "number"), Column("Difference", "number"), Column("Share", "number"),
        Column("P95", "number"), Column("Worst case", "number"), Column("Made", "number"), Column("Left out", "number"),
    ]  # fmt: skip
    base = found.baseline.totals
    all_totals = [one.totals for one in (found.baseline, *found.variants) if one.totals is not None]
    most = max((sums.expected_usd for sums in all_totals), default=Decimal(0))
    rows = [_row("As it is", found.baseline.totals, None, most)]
    for number, one in enumerate(found.variants, 1):
        link = element("a", name(one.name), href=f"#what-if-{number}")
        rows.append(_row(link, one.totals, base, most))
    said = "Bars are expected cost."
    if base is not None:
        said = "Bars are expected cost; a tick marks the plan as it is, an outline what falls away, a filled end what is added."
    body = join(element("p", said, class_="lead"), table("Variants side by side", columns, rows))
    return Section("what-if", "Variants side by side", body, "Variants")


def _row(title: Child, sums: Totals | None, base: Totals | None, most: Decimal) -> list[Cell]:
    if sums is None:
        return [title, "no plan", *[""] * 6]
    before = (base or sums).expected_usd
    more = sums.expected_usd - before
    difference = [signed_usd(more), signed_share(more, before)] if base else ["", ""]
    return [
        join(title, step_bar(before, sums.expected_usd, most)), usd(sums.expected_usd), *difference, usd(sums.p95_usd),
        usd(sums.worst_usd), f"{sums.served:,}", f"{sums.left_out:,}",
    ]  # fmt: skip


def _moves(found: WhatIf) -> Section:
    alone = len(found.variants) == 1
    folded = (_variant(number, one, open_=alone) for number, one in enumerate(found.variants, 1))
    return Section("what-if-moves", "What moves under each, and why", join(*folded), "What moves")


def _variant(number: int, one: Outcome, *, open_: bool) -> Markup:
    """What is set anew, and what comes of it; folded."""
    sets = Markup("; ").join(path(text) for text in one.set)
    body = join(
        element("p", "Set anew: ", sets) if one.set else None,
        paragraphs(one.no_plan.splitlines()),
        _moved(number, one, one.comparison) if one.comparison else None,
    )
    heading = element("h3", name(one.name), " ", element("span", _outcome(one), class_="note"))
    return element("details", element("summary", heading), element("div", body, id=f"what-if-{number}"), open=open_)


def _outcome(one: Outcome) -> str:
    if one.totals is None:
        return "no plan"
    if one.comparison is None:
        return usd(one.totals.expected_usd)
    if not (one.comparison.moved or one.comparison.repriced):
        return "no clip is made differently"
    return f"{signed_usd(one.comparison.made_of.expected_usd)} expected"


def _moved(number: int, one: Outcome, beside: Comparison) -> Markup:
    moves = (*beside.moved, *beside.repriced)
    more = f"and {len(moves) - MOST_MOVES:,} more kinds of moves, in the JSON" if len(moves) > MOST_MOVES else None
    caption = f"What moves under {one.name}"
    return join(
        paragraphs(list(summary_lines(beside))),
        moves_table(moves[:MOST_MOVES], caption, key=f"what-if-{number}-moves") if moves else None,
        element("p", more) if more else None,
    )


def _baseline(one: Outcome) -> Section:
    body = cost_figures(one.totals) if one.totals else paragraphs(["There is no plan.", *one.no_plan.splitlines()])
    return Section("baseline", "The plan as it is", body, "As it is")
