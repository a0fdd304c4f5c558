"""Times of scenarios, for people and as CSV: one line for everything that was timed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.report.page import Column, Page, bar_text
from router.report.tabular import to_csv
from router.schema.bench import Bench, Calls, Measured, Sizes, Span, Timed
from router.units import clips_text

_BAR = 20
_STAGES = {
    "market": "market",
    "classes": "classes",
    "candidates": "candidates, prices, chains",
    "formulation": "formulation",
    "solve": "solve",
    "routes": "routes and requests",
    "distribution": "distribution of the cost",
    "moves": "moves for less risk",
    "assembly": "totals and assembly",
    "shadow-prices": "shadow prices",
    "check": "independent check",
}


def bench_table(found: Bench, width: int | None = None, *, colour: bool = False) -> str:
    """Each scenario with its sizes, its stages and a sentence; what the times depend on comes last."""
    page = Page(width, colour=colour)
    for own in found.scenarios:
        page.line(own.scenario, style="bold")
        if own.measured is not None:
            page.line(_sizes_text(own.measured.sizes))
        page.line("")
        columns: list[Column] = [
            ("", "whole"), ("Median", "right"), ("Least", "right"), ("Most", "right"), ("Of planning", "right"), ("", "whole"),
        ]  # fmt: skip
        page.table(columns, list(_rows(own)))
        for line in _lines(own):
            page.line(line)
        if own.no_plan:
            page.line(f"No plan: {own.no_plan}", style="yellow")
        page.line("")
    rounds = f"{found.rounds:,} round{'' if found.rounds == 1 else 's'}"
    page.line(f"On the clock, {rounds}; prices as on {found.on}; Python {found.python}, {_some(found.cores, 'core')}.")
    return page.text()


def _sizes_text(sizes: Sizes) -> str:
    parts = [
        f"{clips_text(sizes.clips)} in {_some(sizes.lines, 'line')} and {_some(sizes.classes, 'class', 'classes')}",
        f"{_some(sizes.candidates, 'candidate')} of {_some(sizes.offers, 'offer')}",
        _some(sizes.limits, "limit"),
    ]
    if sizes.method == "solver":
        parts.append(
            f"solver: {_some(sizes.rows, 'row')}, {_some(sizes.columns, 'column')} in {_some(sizes.blocks, 'part')}"
        )
    elif sizes.limits:
        parts.append("no limit binds")
    return "; ".join(parts) + ("" if sizes.status == "optimal" else "; not proven optimal")


def _rows(own: Timed) -> Iterator[Sequence[str]]:
    yield _row("load", own.load)
    if own.measured is None:
        return
    planning = own.measured.planning
    total = planning.total.median_seconds or 1.0
    for one in planning.stages:
        share = min(1.0, one.median_seconds / total)
        yield _row(f"  {_STAGES[one.stage]}", one, f"{share:.1%}", bar_text(share, _BAR))
    for name, span in (("  all stages", planning.all_stages), ("  other", planning.other), ("plan", planning.total)):
        yield _row(name, span, f"{min(1.0, span.median_seconds / total):.1%}")
    if own.measured.exact is not None:
        yield _row("exact distribution", own.measured.exact)
    yield _row(f"simulation, {own.measured.simulation.draws:,} draws", own.measured.simulation)


def _row(name: str, span: Span, share: str = "", bar: str = "") -> Sequence[str]:
    times = (span.median_seconds, span.least_seconds, span.most_seconds)
    return (name, *map(seconds_taken, times), share, bar)


def _lines(own: Timed) -> Iterator[str]:
    found = own.measured
    if found is None:
        return
    if found.routing is not None:
        kinds = _some(found.routing.kinds, "kind of clip", "kinds of clips")
        for name, calls in (("new to it", found.routing.new), ("it knows", found.routing.remembered)):
            yield (
                f"One decision of a router on a requirement {name}: {seconds_taken(calls.median_microseconds / 1e6)}, "
                f"99 of 100 within {seconds_taken(calls.p99_microseconds / 1e6)} ({kinds}, {calls.calls:,} calls)."
            )
        if found.routing.refused:
            yield f"It refuses {_some(found.routing.refused, 'kind of clip', 'kinds of clips')}, not timed."
    for note in found.notes:
        yield f"{note[:1].upper()}{note[1:]}."
    yield f"{found.summary}."


def seconds_taken(seconds: float) -> str:
    """A time to three digits, in the unit that suits it.

    >>> seconds_taken(12.345), seconds_taken(0.0123), seconds_taken(0.0000456), seconds_taken(754.4), seconds_taken(0)
    ('12.3 s', '12.3 ms', '45.6 us', '754 s', '0 us')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_three(seconds / size)} {unit}"
    return f"{_three(seconds / 1e-6)} us"


def _three(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _some(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def bench_csv(found: Bench) -> str:
    """One line for each time and each size of each scenario; ``unit`` says what the numbers are in."""
    header = ("scenario", "kind", "what", "unit", "median", "least", "most", "p99", "number", "text")
    rows: list[Sequence[object]] = []
    for own in found.scenarios:
        rows += ((own.scenario, *line) for line in _csv_lines(own))
    return to_csv(header, rows)


def _csv_lines(own: Timed) -> Iterator[Sequence[object]]:
    yield _csv_span("load", "load", own.load)
    if own.no_plan:
        yield ("no plan", "", "", *[None] * 5, own.no_plan)
    if own.measured is not None:
        yield from _csv_measured(own.measured)


def _csv_measured(found: Measured) -> Iterator[Sequence[object]]:
    planning = found.planning
    for one in planning.stages:
        yield _csv_span("stage", one.stage, one)
    yield _csv_span("planning", "all stages", planning.all_stages)
    yield _csv_span("planning", "other", planning.other)
    yield _csv_span("planning", "total", planning.total)
    if found.exact is not None:
        yield _csv_span("exact distribution", "", found.exact)
    yield ("simulation", "", "seconds", *_three_of(found.simulation), None, found.simulation.draws, "draws")
    if found.routing is not None:
        yield _csv_calls("new", found.routing.new)
        yield _csv_calls("remembered", found.routing.remembered)
        yield ("size", "refused", "", *[None] * 4, found.routing.refused, "")
    for name, value in found.sizes:
        number = isinstance(value, int)
        yield ("size", name, "", *[None] * 4, value if number else None, "" if number else value)
    for note in (found.summary, *found.notes):
        yield ("note", "", "", *[None] * 5, note)


def _csv_span(kind: str, what: str, span: Span) -> Sequence[object]:
    return (kind, what, "seconds", *_three_of(span), None, None, "")


def _csv_calls(what: str, calls: Calls) -> Sequence[object]:
    times = (calls.median_microseconds, None, None, calls.p99_microseconds)
    return ("routing", what, "microseconds", *times, calls.calls, "calls")


def _three_of(span: Span) -> Sequence[float]:
    return span.median_seconds, span.least_seconds, span.most_seconds
