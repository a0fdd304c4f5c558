"""Bills held against a plan, for people: what is not as planned, the largest differences first; then the sums."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from router.report.page import Page, cents
from router.schema.reconciliation import Finding, Reconciliation, What
from router.units import usd_text

MOST_ROWS = 100
"""Findings that a table shows, and models; the JSON holds them all, the CSV all findings."""

_WORDS: dict[What, str] = {
    "as-planned": "as planned",
    "fallback": "fallback taken",
    "further-take": "further take",
    "billed-failure": "failure, billed",
    "unbilled-failure": "failure, not billed",
    "unavailable": "model down",
    "unresolved": "not ended yet",
    "price-drift": "price drift",
    "unexpected-failure": "failure, unduly billed",
    "off-chain": "off the chain",
    "left-out": "left out by the plan",
    "unknown-clip": "no such clip",
    "double": "double",
    "missing": "missing",
}


def reconciliation_table(found: Reconciliation, width: int | None = None, *, colour: bool = False) -> str:
    """One line for what is alike of one clip and not as planned, then a summary by class and by model."""
    page = Page(width, colour=colour)
    times = "" if found.since is None else f", {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC"
    page.line(f"{found.title or 'Reconciliation'}: {_count(found.lines, 'line')} of bills{times}", style="bold")
    providers = {finding.provider for finding in found.findings}
    shown = sorted(found.findings, key=lambda finding: -finding.unexplained_usd)[:MOST_ROWS]
    if shown:
        page.table(
            [
                ("Clip", "left"), ("What", "left"), ("Count", "right"), ("On", "left"), ("Line", "right"),
                ("Plan's price", "right"), ("Billed", "right"), ("Difference", "right"),
            ],
            [_row(finding, alone=len(providers) == 1) for finding in shown],
        )  # fmt: skip
    if len(providers) == 1:
        page.line(f"All by {providers.pop()}.")
        page.line("")
    if len(shown) < len(found.findings):
        page.line(f"{len(found.findings) - len(shown):,} more are in the CSV and the JSON.")
        page.line("")
    page.table(
        [
            ("In all", "left"), ("Count", "right"), ("Lines", "right"), ("Nominal", "right"), ("Plan's price", "right"),
            ("Billed", "right"), ("Difference", "right"),
        ],
        [
            (
                _WORDS[own.what], f"{own.clips:,}", f"{own.lines:,}", usd_text(own.planned_usd), usd_text(own.priced_usd),
                usd_text(own.billed_usd), _signed(own.difference_usd),
            )
            for own in found.classes
        ],
    )  # fmt: skip
    for model in sorted(found.models, key=lambda model: -model.billed_usd)[:MOST_ROWS]:
        text = f"{model.provider}/{model.model}: {_count(model.lines, 'line')}, billed {usd_text(model.billed_usd)}"
        page.line(f"{text}, {_beside(model.difference_usd, model.priced_usd)} the plan's price for them")
    for text in _summary(found):
        page.line(text)
    return page.text()


def _row(finding: Finding, *, alone: bool) -> tuple[str, ...]:
    """A finding in words; a provider that stands alone is not told line by line."""
    what = _WORDS[finding.what]
    if finding.step and finding.what in ("fallback", "price-drift"):
        what = f"{what}, step {finding.step + 1}" if finding.what == "fallback" else f"{what} on fallback"
    return (
        f"{finding.clip} (drafts)" if finding.draft else finding.clip, what, f"{finding.clips:,}",
        finding.model if alone else f"{finding.provider}/{finding.model}", "" if finding.first_line is None else f"{finding.first_line}",
        usd_text(finding.priced_usd), usd_text(finding.billed_usd), _signed(finding.difference_usd),
    )  # fmt: skip


def _summary(found: Reconciliation) -> list[str]:
    drafts = f" and {_count(found.drafts, 'draft')}" if found.drafts else ""
    expected = cents(found.expected_usd)
    lines = [
        f"Planned: {_count(found.clips, 'clip')}{drafts}, nominal {usd_text(found.nominal_usd)}, "
        f"expected {usd_text(expected)}",
        f"Billed: {usd_text(found.billed_usd)}, {_beside(found.difference_usd, found.nominal_usd)} nominal, "
        f"{_beside(cents(found.billed_usd - found.expected_usd), expected)} expected",
        f"Not explained by the plan: {usd_text(found.unexplained_usd)} in single lines, over or under"
        f"{_percent(found.unexplained_usd, found.priced_usd)}",
    ]
    if found.unbilled_dubbing_usd:
        lines.append(f"Sound made elsewhere, {usd_text(found.unbilled_dubbing_usd)} as planned, is in no line.")
    if found.saving_usd:
        lines.append(
            f"All at list prices; packs and discounts, which save {usd_text(found.saving_usd)} as planned, are settled besides."
        )
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _beside(difference: Decimal, whole: Decimal) -> str:
    if not difference:
        return "as much as"
    way = "above" if difference > 0 else "below"
    return f"{usd_text(abs(difference))}{_percent(abs(difference), whole)} {way}"


def _percent(part: Decimal, whole: Decimal) -> str:
    if not whole:
        return ""
    return f" ({(100 * part / whole).quantize(Decimal('0.1'), ROUND_HALF_UP):,} %)"


def _signed(amount: Decimal) -> str:
    return f"+{usd_text(amount)}" if amount > 0 else usd_text(amount)
