"""A simulation for people: its figures with how sure they are, and the cost as a histogram; and directions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from router.report.page import Column, Page, bar_text, cents
from router.schema.directions import Direction, DirectionComparison
from router.schema.simulation import Figure, HistogramBin, SimulationReport, UnservedShare
from router.units import usd_text

_NAMES = {
    "expected": "Expected",
    "std": "Standard deviation",
    "cvar95": "CVaR 95 %",
    "best": "Best drawn",
    "worst": "Worst drawn",
    "unserved": "Unserved clips",
    "unkept": "Clips with no take kept",
    "degraded": "Clips below requirements",
}


def simulation_table(report: SimulationReport, width: int | None = None, *, colour: bool = False) -> str:
    """The figures, the distribution of unserved clips, and the histogram of the cost."""
    page = Page(width, colour=colour)
    page.line(report.title or "Simulation", style="bold")
    page.line(f"{report.draws:,} draws, seed {report.seed}; outages {_correlation(report)}.")
    if report.until is not None:
        precise = f"expected cost, P95 and CVaR 95 % to within {report.until * 100:g} %"
        page.line(
            f"Stopped early: {precise}."
            if report.stopped == "until"
            else f"All draws made: not yet known are {precise}."
        )
    page.line("")
    columns: list[Column] = [
        ("Figure", "left"), ("Simulated", "right"), ("Std error", "right"), ("95 % interval", "left"), ("Exact", "right"),
    ]  # fmt: skip
    _add(page, columns, [_cells(figure) for figure in report.figures if _says_something(figure)])
    if any(line.at_most for line in report.unserved):
        heads: list[Column] = [
            ("Unserved clips", "left"), ("Share of runs", "right"), ("95 % interval", "left"), ("Exact", "right"),
        ]  # fmt: skip
        _add(page, heads, [_unserved(line) for line in report.unserved])
    _histogram(page, report)
    for note in report.notes:
        page.line(f"Note: {note}")
    for warning in report.warnings:
        page.line(f"Warning: {warning}", style="yellow")
    return page.text()


def directions_table(found: DirectionComparison, width: int | None = None, *, colour: bool = False) -> str:
    """One line a direction; who makes the clips first, where that differs."""
    page = Page(width, colour=colour)
    page.line(found.title or "Fallback directions", style="bold")
    degraded = any(row.degraded_expected is not None for row in found.directions)
    left_out = any(row.left_out for row in found.directions)
    columns: list[Column] = [
        ("Direction", "whole"), ("Expected", "right"), ("P95", "right"), ("Worst case", "right"), ("Unserved", "right"),
    ]  # fmt: skip
    columns += [("Degraded", "right")] if degraded else []
    columns += [("Left out", "right")] if left_out else []
    columns += [] if found.same_primaries else [("Primaries", "left")]
    rows = []
    for row in found.directions:
        cells = [
            _direction(row),
            _usd(row.expected_usd),
            _p95(row),
            _usd(row.worst_usd),
            _number(row.unserved_expected),
        ]
        cells += [_number(row.degraded_expected)] if degraded else []
        cells += ["" if row.left_out is None else f"{row.left_out:,}"] if left_out else []
        cells += [] if found.same_primaries else [", ".join(f"{p.clips:,} {p.model}" for p in row.primaries)]
        rows.append(cells)
    page.table(columns, rows)
    page.line("Unserved, degraded: clips on average. Each direction is planned anew." if degraded else
              "Unserved: clips on average. Each direction is planned anew.")  # fmt: skip
    if any(row.chosen for row in found.directions):
        page.line("* the scenario's direction")
    if any(row.method == "simulated" for row in found.directions):
        page.line("~ simulated: its outages change over time, or have too many states")
    for reason in dict.fromkeys(row.no_plan for row in found.directions if row.no_plan):
        alike = ", ".join(row.direction for row in found.directions if row.no_plan == reason)
        page.line(f"No plan with {alike}: {reason}", style="yellow")
    for warning in found.warnings:
        page.line(f"Warning: {warning}", style="yellow")
    return page.text()


def _correlation(report: SimulationReport) -> str:
    own, providers = report.correlation, report.provider_correlation
    words = {"per-request": "per request", "per-run": "per run", "over-time": "over time"}
    return words[own] if own == providers else f"{words[own]}, of whole providers {words[providers]}"


def _says_something(figure: Figure) -> bool:
    """Clips that are not kept, or fall short, are shown where there can be any."""
    return figure.name not in ("unkept", "degraded") or bool(figure.simulated or figure.exact)


def _cells(figure: Figure) -> tuple[str, ...]:
    error = "" if figure.standard_error is None else _error(figure, figure.standard_error)
    return (
        _name(figure), _amount(figure, figure.simulated), error, _interval(figure),
        "" if figure.exact is None else _amount(figure, figure.exact),
    )  # fmt: skip


def _name(figure: Figure) -> str:
    if figure.name == "above":
        budget = "the budget of " if figure.budget else ""
        return f"Chance of more than {budget}{usd_text(cents(figure.above_usd or Decimal(0)))}"
    return _NAMES.get(figure.name, figure.name.upper())


def _amount(figure: Figure, amount: Decimal) -> str:
    if figure.unit == "usd":
        return usd_text(cents(amount))
    return _percent(float(amount)) if figure.unit == "probability" else _number(float(amount))


def _error(figure: Figure, error: Decimal) -> str:
    return usd_text(Decimal(f"{error:.2g}")) if figure.unit == "usd" else _amount(figure, error)


def _interval(figure: Figure) -> str:
    if figure.low is None and figure.high is None:
        return ""
    low, high = (None if end is None else _amount(figure, end) for end in (figure.low, figure.high))
    if low is None or high is None:
        return f"up to {high}" if low is None else f"from {low}"
    return f"{low} to {high}"


def _unserved(line: UnservedShare) -> tuple[str, ...]:
    clips = f"{line.at_least:,}" if line.at_least == line.at_most else f"{line.at_least:,} to {line.at_most:,}"
    interval = f"{_percent(line.low)} to {_percent(line.high)}"
    return clips, _percent(line.simulated), interval, "" if line.exact is None else _percent(line.exact)


def _percent(share: float) -> str:
    return "0 %" if share == 0 else f"{share * 100:.2f} %" if share >= 0.01 else f"{share * 100:#.2g} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"


def _usd(amount: Decimal | None) -> str:
    return "" if amount is None else usd_text(cents(amount))


def _p95(row: Direction) -> str:
    return f"~{_usd(row.p95_usd)}" if row.method == "simulated" else _usd(row.p95_usd)


def _direction(row: Direction) -> str:
    return f"{row.direction}{' *' if row.chosen else ''}" + (" (no plan)" if row.no_plan else "")


def _add(page: Page, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A table without empty columns; on a narrow page without the standard errors, which the intervals say too."""
    used = [k for k in range(len(columns)) if any(row[k] for row in rows)]
    keep = [k for k in used if not (page.narrow and columns[k][0] == "Std error")]
    page.table([columns[k] for k in keep], [[row[k] for k in keep] for row in rows])


def _histogram(page: Page, report: SimulationReport) -> None:
    """One line for each interval: from, to, a bar, the share, and which figures lie in it."""
    page.line("Cost of a run", style="bold")
    ends = [(usd_text(cents(own.from_usd)), usd_text(cents(own.to_usd))) for own in report.histogram]
    left, right = (max(len(pair[side]) for pair in ends) for side in (0, 1))
    marks = [_marks(report, own) for own in report.histogram]
    room = max(4, page.width - left - right - len(" to  ") - len(" 100.00 % ") - max(map(len, marks)) - 1)
    most = max(own.share for own in report.histogram)
    for (low, high), own, mark in zip(ends, report.histogram, marks, strict=True):
        bar = bar_text(own.share / most, room)
        page.line(f"{low:>{left}} to {high:>{right}} {bar:<{room}} {_percent(own.share):>8} {mark}")
    page.line("")


def _marks(report: SimulationReport, own: HistogramBin) -> str:
    found = {figure.name: figure.simulated for figure in report.figures if figure.unit == "usd"}
    words = (("expected", "expected"), ("P95", "p95"))
    inside = [word for word, name in words if own.from_usd <= found[name] < own.to_usd or own.from_usd == own.to_usd]
    return "< " + ", ".join(inside) if inside else ""
