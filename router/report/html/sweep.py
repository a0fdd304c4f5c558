"""A sweep: a chart of expected and worst case over the values, where the plan changes, and every value as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from router.report.html.elements import element, join, name
from router.report.html.headline import figure, figures
from router.report.html.line_chart import MOST_LINES, Line, Scale, legend, line_chart, number
from router.report.html.page import Section, html_page
from router.report.html.tables import Cell, Column, table
from router.report.page import usd
from router.report.sweep_text import axis_heading, axis_text, makers_text, some_points
from router.schema.sweep import Change, Point, Sweep

MOST_POINTS = 1_000
"""Values that a page shows; JSON and CSV hold them all."""
MOST_CHANGES = 1_000
_MOST_MARKS = 40
_LONG = 20
_WIDE, _TALL = 30, 60
_SHADES = 8


def sweep_page(found: Sweep) -> str:
    """A sweep as one self-contained HTML document; the same one always gives the same bytes."""
    sections = [_cost(found), _changes(found), _values(found)]
    return html_page(found.title or "Sweep", [own for own in sections if own is not None], lead=_lead(found))


def _lead(found: Sweep) -> Markup:
    planned = _planned(found.points)
    shown = []
    if planned:
        (low, least), (high, most) = _ends(planned)
        if least == most:
            shown.append(figure("Expected cost", usd(least), "wherever there is a plan", "main"))
        else:
            shown.append(figure("Lowest expected cost", usd(least), f"at {_at(found, low)}", "main"))
            shown.append(figure("Highest expected cost", usd(most), f"at {_at(found, high)}"))
        shown.append(_how_often(found))
    if without := len(found.points) - len(planned):
        shown.append(figure("No plan", f"{without:,}", f"of {len(found.points):,} values"))
    axes = (element("p", element("code", axis_text(axis)), class_="about") for axis in found.axes)
    said = f"{len(found.points):,} {'values' if len(found.axes) == 1 else 'pairs of values'}, each planned anew."
    return join(element("p", said, class_="about"), *axes, figures(*shown))


def _how_often(found: Sweep) -> Markup:
    """How often the plan changes: between numbers as often as it was found to, between words from one to the next."""
    if Scale.of(found.axes[-1].values).numbers:
        count = len(found.changes)
        all_followed = all(own.exact and not own.more for own in found.changes)
        note = "over all values" if all_followed else "at least, as not all of them were followed"
    else:
        count, note = sum(point.changed for point in found.points), "from one value to the next"
    times = {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")
    return figure("The plan changes", times, note)


def _ends(planned: Sequence[tuple[Point, Decimal]]) -> tuple[tuple[Point, Decimal], tuple[Point, Decimal]]:
    """The first of the cheapest and the first of the dearest."""
    return min(planned, key=lambda own: own[1]), max(planned, key=lambda own: own[1])


def _planned(points: Sequence[Point]) -> list[tuple[Point, Decimal]]:
    return [(point, point.expected_usd) for point in points if point.expected_usd is not None]


def _at(found: Sweep, point: Point) -> str:
    return ", ".join(f"{axis_heading(axis)} {value}" for axis, value in zip(found.axes, point.at, strict=True))


def _cost(found: Sweep) -> Section:
    if len(found.axes) == 1:
        body = sweep_figure(found, key="cost")
    elif len(found.axes[0].values) <= MOST_LINES and Scale.of(found.axes[1].values).numbers:
        body = _outer_figure(found)
    else:
        body = _heat(found)
    return Section("cost", "Cost over the values", body, "Cost")


def sweep_figure(found: Sweep, *, key: str | None = None) -> Markup:
    """The chart of a sweep along one axis."""
    points = some_points(found.points, MOST_POINTS)
    scale = Scale.of([point.at[0] for point in points])
    lines = [
        Line("Expected", [point.expected_usd for point in points]),
        Line("Worst case", [point.worst_per_request_usd for point in points], frozenset(range(len(points)))),
    ]
    marks = [*_marks(found.changes)][:_MOST_MARKS] if scale.numbers else []
    chart = line_chart(lines, scale, marks, _title(found), _about(found), key=key)
    said = (
        "Worst case: every clip meeting its own worst."
        if key
        else "Dots: expected cost; rings: every clip meeting its own worst."
    )
    said += " A numbered line is where the plan changes." if marks else ""
    return element("figure", chart, legend(lines, scale) if key else None, element("figcaption", said))


def _marks(changes: Sequence[Change]) -> Iterator[tuple[Decimal, str]]:
    for k, change in enumerate(changes, 1):
        since = number(change.since)
        if since is not None:
            yield since, str(k)


def _title(found: Sweep) -> str:
    return f"Cost over {found.axes[-1].path}"


def _about(found: Sweep) -> str:
    """The chart in words."""
    planned = _planned(found.points)
    if not planned:
        return "There is no plan at any of the values."
    (low, least), (high, most) = _ends(planned)
    said = f"Expected cost from {usd(least)} at {_at(found, low)} to {usd(most)} at {_at(found, high)}."
    if found.changes and len(found.axes) == 1:
        at = ", ".join(change.since for change in found.changes[:8])
        said += f" The plan changes at {at}{' and further values' if len(found.changes) > 8 else ''}."
    without = len(found.points) - len(planned)
    return said + (f" No plan at {without:,} of {len(found.points):,} values." if without else "")


class _Row(NamedTuple):
    """The points at one outer value."""

    outer: str
    points: list[Point]


def _rows(found: Sweep) -> list[_Row]:
    return [_Row(outer, list(points)) for outer, points in groupby(found.points, key=lambda own: own.at[0])]


def _outer_figure(found: Sweep) -> Markup:
    """One line for each value of the first axis."""
    rows = _rows(found)
    step = -(-len(rows[0].points) // MOST_POINTS)
    kept = range(0, len(rows[0].points), step)
    scale = Scale.of([rows[0].points[k].at[1] for k in kept])
    lines = [
        Line(
            f"{axis_heading(found.axes[0])} {row.outer}", [row.points[k].expected_usd for k in kept],
            frozenset(place for place, k in enumerate(kept) if row.points[k].changed),
        )
        for row in rows
    ]  # fmt: skip
    chart = line_chart(lines, scale, (), _title(found), _about(found), key="cost")
    said = "Expected cost; a ring is another plan than at the value before. Worst cases are in the table."
    return element("figure", chart, legend(lines, scale), element("figcaption", said))


def _heat(found: Sweep) -> Markup:
    """Expected cost at each pair: the dearer, the stronger the tint."""
    rows = _rows(found)
    tall, wide = _spread(len(rows), _TALL), _spread(len(rows[0].points), _WIDE)
    costs = [cost for _, cost in _planned(found.points)]
    low, high = min(costs, default=Decimal(0)), max(costs, default=Decimal(0))
    first, last = (axis_heading(axis) for axis in found.axes)
    columns = [Column(first), *(Column(rows[0].points[k].at[1], "number") for k in wide)]
    cells = [[name(rows[i].outer), *(_shaded(rows[i].points[k], low, high) for k in wide)] for i in tall]
    every = len(tall) == len(rows) and len(wide) == len(rows[0].points)
    said = f"Expected cost for each {first} (down) and {last} (across): the dearer, the stronger the tint."
    said += "" if every else " Not all values have room; the CSV and the JSON hold them all."
    whole = element("div", table(f"Expected cost by {first} and {last}", columns, cells), class_="heat-table")
    return join(element("p", said, class_="lead"), whole)


def _spread(count: int, most: int) -> range:
    return range(0, count, -(-count // most))


def _shaded(point: Point, low: Decimal, high: Decimal) -> Cell:
    if point.expected_usd is None:
        return element("span", "no plan", class_="heat none")
    share = float((point.expected_usd - low) / (high - low)) if high > low else 0.0
    return element("span", usd(point.expected_usd), class_=f"heat heat-{round(share * (_SHADES - 1))}")


def _changes(found: Sweep) -> Section | None:
    if not found.changes:
        return None
    *outer, last = map(axis_heading, found.axes)
    columns = [
        Column("No."), *(Column(heading) for heading in outer), Column("As before up to", "number"), Column("Another from", "number"),
        Column("What moves", "words"),
    ]  # fmt: skip
    rows = [
        [f"{k}", *map(name, change.at), change.until, change.since, _moved(change)]
        for k, change in enumerate(found.changes[:MOST_CHANGES], 1)
    ]
    said = f"Values of {last} between which the plan becomes another one"
    said += (
        ", to the sixth decimal."
        if all(change.exact for change in found.changes)
        else "; the first few to the sixth decimal."
    )
    left = len(found.changes) - MOST_CHANGES
    body = join(
        element("p", said, class_="lead"),
        _roomy(table("Where the plan changes", columns, rows, key="changes" if len(rows) > _LONG else None)),
        element("p", f"{left:,} more changes are in the JSON.") if left > 0 else None,
    )
    return Section("changes", "Where the plan changes", body, "Changes")


def _moved(change: Change) -> Markup:
    lines = [
        *(change.moved or ("nothing that can be told apart here",)),
        *(["and more before the next value"] if change.more else []),
    ]
    return element("br").join(element("span", line) for line in lines)


def _roomy(long: Markup) -> Markup:
    """With a wide last column, so that rows stay low."""
    return element("div", long, class_="roomy")


def _values(found: Sweep) -> Section:
    shown = some_points(found.points, MOST_POINTS)
    columns = [
        *(Column(axis_heading(axis), "number" if Scale.of(axis.values).numbers else "text") for axis in found.axes),
        Column("Expected", "number"), Column("Worst case", "number"), Column("Made", "number"), Column("Left out", "number"),
        Column("Made by", "words"),
    ]  # fmt: skip
    rows = [_value(point) for point in shown]
    said = "Worst case: of every clip by itself."
    said += " Marked: another plan than at the value before." if any(point.changed for point in shown) else ""
    if len(shown) < len(found.points):
        said += f" {len(shown):,} of {len(found.points):,} values; the CSV and the JSON hold them all."
    body = join(
        element("p", said, class_="lead"),
        _roomy(table("Every value and its plan", columns, rows, key="values" if len(rows) > _LONG else None)),
    )
    return Section("values", "Every value", body, "Values")


def _value(point: Point) -> list[Cell]:
    at: list[Cell] = [*map(name, point.at)]
    if point.expected_usd is None:
        return [*at, "no plan", "", "", "", point.no_plan]
    mark = join(" ", element("span", "changed", class_="chip")) if point.changed else None
    made = f"{point.served:,}", f"{point.left_out:,}"
    return [*at, usd(point.expected_usd), usd(point.worst_per_request_usd), *made, join(makers_text(point), mark)]
