"""Levers: what would save most, one on top of the other, and the ``--set`` that repeats each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from decimal import Decimal

from markupsafe import Markup

from router.report.html.bars import step_bar
from router.report.html.charts import bar
from router.report.html.elements import element, join, paragraphs
from router.report.html.headline import figure, figures, warnings_box
from router.report.html.page import Section, html_page
from router.report.html.tables import Cell, Column, table, without_empty
from router.report.levers_text import baseline_text, idle_lines, quality_text, staging_text
from router.report.page import usd
from router.report.words import signed_usd
from router.schema.levers import Combined, Lever, Levers, Pulled

A_PLAN = "a plan"
"""What a lever makes possible."""


def levers_page(found: Levers) -> str:
    """Levers as one self-contained HTML document; the same ones always give the same bytes."""
    return html_page(found.title or "Levers", levers_sections(found), lead=_lead(found))


def levers_sections(found: Levers) -> list[Section]:
    """The ranking, the levers on top of one another, how to repeat each, and what saves nothing."""
    sections = [_ranking(found), _combined(found), _repeat(found), _besides(found)]
    return [own for own in sections if own is not None]


def _lead(found: Levers) -> Markup:
    shown = []
    if found.baseline is not None:
        shown.append(
            figure(
                "Expected cost as it is",
                usd(found.baseline.expected_usd),
                f"worst case {usd(found.baseline.worst_usd)}",
                "main",
            )
        )
    if found.levers:
        best = found.levers[0]
        if best.saving_usd is None:
            shown.append(figure("Cheapest possible plan", usd(best.expected_usd), best.sentence, "main"))
        else:
            shown.append(figure("The largest lever saves", usd(best.saving_usd), best.sentence))
    if len(found.combined) > 1:
        last = found.combined[-1]
        if last.total_usd is not None:
            shown.append(figure(f"{len(found.combined)} together save", usd(last.total_usd), "one on top of the other"))
        shown.append(
            figure(
                f"Expected cost with {len(found.combined)} levers",
                usd(last.expected_usd),
                f"worst case {usd(last.worst_usd)}",
            )
        )
    said = paragraphs(baseline_text(found).splitlines(), "about")
    return join(said, figures(*shown) if shown else None, warnings_box(found.warnings))


def _ranking(found: Levers) -> Section:
    title = "What would save most" if found.baseline else "What makes a plan possible"
    if not found.levers:
        none = "No lever saves anything." if found.baseline else "No lever alone makes a plan possible."
        return Section("levers", title, element("p", none), "Levers")
    most = max((own.saving_usd for own in found.levers if own.saving_usd is not None), default=Decimal(0))
    columns = [
        Column("Lever", "words"), Column("Saves" if found.baseline else "Makes", "number"), Column("Share", "number"),
        Column("Expected", "number"), Column("Worst case", "number"), Column("Clips", "number"),
    ]  # fmt: skip
    rows = [_lever(k, own, most) for k, own in enumerate(found.levers, 1)]
    ranked = f"what is saved is {found.measure}" if found.baseline else "the cheapest plan comes first"
    said = f"Single changes, each planned anew; {ranked}."
    more = f"{found.more:,} more save less." if found.more else None
    body = join(
        element("p", said, class_="lead"),
        table("Levers, most saved first", *without_empty(columns, rows)),
        element("p", more) if more else None,
    )
    return Section("levers", title, body, "Levers")


def _lever(number: int, own: Lever, most: Decimal) -> list[Cell]:
    saving = own.saving_usd
    drawn = bar(float(saving / most)) if saving is not None and most else None
    quality = quality_text(own)
    return [
        join(f"{number}. {own.sentence}", drawn, element("span", quality, class_="note") if quality else None),
        A_PLAN if saving is None else usd(saving), share_text(own.saving_share), usd(own.expected_usd), usd(own.worst_usd),
        "" if own.clips is None else f"{own.clips:,}",
    ]  # fmt: skip


def _combined(found: Levers) -> Section | None:
    """Steps down: each bar is what is minimised before a change, its outline what the change takes off."""
    if len(found.combined) < 2:
        return None
    columns = [
        Column("Step", "words"), Column("Saves alone", "number"), Column("On top", "number"), Column("Interaction", "number"),
        Column("Together", "number"), Column("Expected", "number"), Column("Worst case", "number"),
    ]  # fmt: skip
    base = found.baseline
    before = base.objective_usd if base else None
    most = max(own for own in (before, *(own.objective_usd for own in found.combined)) if own is not None)
    rows: list[list[Cell]] = []
    if base is not None:
        drawn = step_bar(base.objective_usd, base.objective_usd, most)
        rows.append([join("As it is", drawn), "", "", "", "", usd(base.expected_usd), usd(base.worst_usd)])
    for number, own in enumerate(found.combined, 1):
        rows.append(_step(number, own, before, most))
        before = own.objective_usd
    said = (
        "The best change, then the best on top of it, and so on; bars are what is minimised, an outline is what a step takes off. "
        "Interaction is what a step saves on top less what it saves alone."
    )
    body = join(element("p", said, class_="lead"), table("Levers on top of one another", *without_empty(columns, rows)))
    return Section("levers-combined", "One on top of the other", body, "Combined")


def _step(number: int, own: Combined, before: Decimal | None, most: Decimal) -> list[Cell]:
    after = own.objective_usd
    drawn = None if after is None else step_bar(before if before is not None else after, after, most)
    interaction = "" if own.interaction_usd is None else signed_usd(own.interaction_usd)
    return [
        join(f"{number}. {own.sentence}", drawn), usd(own.alone_usd), A_PLAN if own.saving_usd is None else usd(own.saving_usd),
        interaction, usd(own.total_usd), usd(own.expected_usd), usd(own.worst_usd),
    ]  # fmt: skip


def _repeat(found: Levers) -> Section | None:
    """What a shell is to be told to repeat a lever; a press on it selects it whole."""
    numbers = {own.key: f"{k}. " for k, own in enumerate(found.levers, 1)}
    every: dict[str, Pulled] = {own.key: own for own in (*found.levers, *found.combined)}
    if not every:
        return None
    rows = [
        [f"{numbers.get(own.key, '')}{own.sentence}", element("pre", element("code", set_text(own)), class_="copy")]
        for own in every.values()
    ]
    said = "Put it behind router plan SCENARIO; several may stand one behind the other."
    columns = [Column("Lever", "words"), Column("Set anew", "words")]
    body = join(element("p", said, class_="lead"), table("How to repeat each lever", columns, rows))
    return Section("levers-repeat", "To repeat one", body, "Repeat")


def _besides(found: Levers) -> Section | None:
    listed = [element("li", line) for line in _lines(found)]
    if not listed:
        return None
    return Section(
        "levers-idle",
        "What saves nothing, and what else was tried",
        element("ul", *listed, class_="plain"),
        "Also tried",
    )


def _lines(found: Levers) -> Iterator[str]:
    if found.staging is not None:
        yield staging_text(found.staging)
    yield from idle_lines(found)
    yield from (f"{note}." for note in found.notes)


def set_text(own: Pulled) -> str:
    """All that is to be set, as a shell takes it."""
    return " ".join(f"--set {shlex.quote(text)}" for text in own.set)


def share_text(share: float | None) -> str:
    """A saving as a share; nothing for none."""
    return "" if share is None else f"{share:.1%}"
