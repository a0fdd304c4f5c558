"""Levers for people, most saved first, each with the ``--set`` that repeats it; and as CSV."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from decimal import Decimal

from router.report.levers_text import baseline_text, idle_lines, quality_text, staging_text
from router.report.page import Column, Page, cents
from router.report.tabular import to_csv
from router.schema.levers import Levers, Pulled
from router.units import usd_text

_PATHS = 3


def levers_table(found: Levers, width: int | None = None, *, colour: bool = False) -> str:
    """The baseline, a line a lever, the levers on top of one another, how to repeat each, and what saves nothing."""
    page = Page(width, colour=colour)
    page.line(found.title or "Levers", style="bold")
    for line in baseline_text(found).splitlines():
        page.line(line)
    page.line("")
    numbers = {lever.key: f"{k}" for k, lever in enumerate(found.levers, 1)}
    if found.levers:
        _table(page, found)
    else:
        page.line("No lever saves anything." if found.baseline else "No lever alone makes a plan possible.")
    if found.more:
        page.line(f"{found.more:,} more save less.\n")
    if len(found.combined) > 1:
        page.line("One on top of the other", style="bold")
        _combined(page, found)
    again = {own.key: own for own in (*found.levers, *found.combined)}
    if again:
        page.line("To repeat one, plan the scenario with:", style="bold")
    for own in again.values():
        page.line(f"{numbers.get(own.key, own.key)}: {_sets(own)}")
    if found.idle or found.staging:
        page.line("")
    if found.staging is not None:
        page.line(staging_text(found.staging))
    for line in idle_lines(found):
        page.line(line)
    for note in found.notes:
        page.line(f"Note: {note}.")
    for warning in found.warnings:
        page.line(f"Warning: {warning}", style="yellow")
    return page.text()


def levers_csv(found: Levers) -> str:
    """A line a lever, those that save nothing last, then those on top of one another, as CSV; money is in dollars."""
    header = (
        "list", "key", "kind", "sentence", "outcome", "saving_usd", "saving_share", "objective_usd", "expected_usd", "worst_usd",
        "clips", "quality", "mean_quality_change", "alone_usd", "interaction_usd", "total_usd", "set", "why",
    )  # fmt: skip
    rows: list[Sequence[object]] = [
        (
            "lever", own.key, own.kind, own.sentence, own.outcome, own.saving_usd, own.saving_share, own.objective_usd,
            own.expected_usd, own.worst_usd, own.clips, "; ".join(own.quality), own.mean_quality_change, None, None, None,
            shlex.join(own.set), own.why,
        )
        for own in (*found.levers, *found.idle)
    ]  # fmt: skip
    rows += [
        (
            "combined", own.key, "", own.sentence, "", own.saving_usd, None, own.objective_usd, own.expected_usd, own.worst_usd,
            None, "", None, own.alone_usd, own.interaction_usd, own.total_usd, shlex.join(own.set), "",
        )
        for own in found.combined
    ]  # fmt: skip
    return to_csv(header, rows)


def _table(page: Page, found: Levers) -> None:
    saves = "Saves" if found.baseline else "Makes possible"
    columns: list[Column] = [
        ("", "right"), ("Lever", "left"), (saves, "right"), ("Share", "right"), ("Expected", "right"), ("Worst case", "right"),
        ("Clips", "right"), ("What it does to them", "left"),
    ]  # fmt: skip
    rows = [
        [
            str(k), own.sentence, "a plan" if own.saving_usd is None else _usd(own.saving_usd), _percent(own.saving_share),
            _usd(own.expected_usd), _usd(own.worst_usd), "" if own.clips is None else f"{own.clips:,}", quality_text(own),
        ]
        for k, own in enumerate(found.levers, 1)
    ]  # fmt: skip
    if page.narrow:
        # What becomes of the clips goes below the lever.
        rows = [[row[0], row[1] + (f"\n({row[-1]})" if row[-1] else ""), *row[2:-1]] for row in rows]
        columns = [(heading.removesuffix(" case"), justify) for heading, justify in columns[:-1]]
    keep = [k for k in range(len(columns)) if k < 2 or any(row[k] for row in rows)]
    page.table([columns[k] for k in keep], [[row[k] for k in keep] for row in rows])


def _combined(page: Page, found: Levers) -> None:
    columns: list[Column] = [
        ("", "right"), ("Lever", "left"), ("Saves alone", "right"), ("On top", "right"), ("Interaction", "right"),
        ("Together", "right"), ("Expected", "right"), ("Worst case", "right"),
    ]  # fmt: skip
    rows = [
        [
            str(k), own.sentence, _usd(own.alone_usd), "a plan" if own.saving_usd is None else _usd(own.saving_usd),
            _signed(own.interaction_usd), _usd(own.total_usd), _usd(own.expected_usd), _usd(own.worst_usd),
        ]
        for k, own in enumerate(found.combined, 1)
    ]  # fmt: skip
    if page.narrow:
        columns = [(heading.replace("Saves alone", "Alone"), justify) for heading, justify in columns[:-1]]
    keep = [k for k in range(len(columns)) if any(row[k] for row in rows)]
    page.table([columns[k] for k in keep], [[row[k] for k in keep] for row in rows])


def _sets(own: Pulled) -> str:
    """What a shell is to be told to repeat it, or how that begins."""
    shown = " ".join(f"--set {shlex.quote(text)}" for text in own.set[:_PATHS])
    more = len(own.set) - _PATHS
    return f"{shown} and {more:,} more (all in --format json)" if more > 0 else shown


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _usd(amount: Decimal | None) -> str:
    return "" if amount is None else usd_text(cents(amount))


def _signed(amount: Decimal | None) -> str:
    if amount is None:
        return ""
    shown = cents(amount).quantize(Decimal("0.0001"))
    return ("+" if shown > 0 else "") + usd_text(shown)
