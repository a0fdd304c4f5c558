"""A Pareto set: a chart of its points with the knee marked, and for each what it makes differently and the ``--set`` that pins it."""

from __future__ import annotations

import shlex
from itertools import pairwise

from markupsafe import Markup

from router.errors import InputError, NoPlanError
from router.report.frontier_text import (
    at_text,
    begun,
    each_heading,
    each_text,
    knee_text,
    second_name,
    second_text,
    second_value,
    unproven_lines,
    value_text,
    which_text,
)
from router.report.html.elements import element, join, paragraphs
from router.report.html.headline import figure, figures
from router.report.html.line_chart import Line, Scale, line_chart
from router.report.html.page import Section, html_page
from router.report.html.tables import Cell, Column, table, without_empty
from router.report.no_plan_text import reason_lines
from router.report.page import usd
from router.report.words import some_text
from router.schema.frontier import Frontier, FrontierPoint

_LONG = 20
_BETWEEN = "more between"
"""On a plan that is no neighbour of the one before."""
_ABOUT = {
    "quality": "What more quality costs.", "cvar": "What less risk costs.", "clips-served": "What it costs to make more clips."
}  # fmt: skip
_BEST = {"quality": "The best", "cvar": "The least risk", "clips-served": "The most clips"}
_GOAL = {
    "quality": "Down is cheaper, to the right is better.", "cvar": "Down is cheaper, to the left is less risk.",
    "clips-served": "Down is cheaper, to the right more is made.",
}  # fmt: skip


def frontier_page(found: Frontier) -> str:
    """A Pareto set as one self-contained HTML document; the same one always gives the same bytes."""
    return html_page(found.title or "Frontier", frontier_sections(found), lead=_lead(found))


def frontier_sections(found: Frontier) -> list[Section]:
    """The chart, and every point with what it makes differently."""
    return [_chart(found), _points(found)]


def no_frontier_section(error: InputError | NoPlanError) -> Section:
    """Why there is no set of cost and quality, for a page that has other things to show."""
    if isinstance(error, NoPlanError):
        said, lines = "Some clip can be made by nothing that has a quality score.", reason_lines(error)
    else:
        said, lines = "Quality cannot be looked at here.", [f"{own.message}." for own in error.problems]
    body = join(element("p", said, class_="lead"), paragraphs([begun(line) for line in lines]))
    return Section("frontier", _title("mean quality"), body, "Frontier")


def _title(second: str) -> str:
    return f"Cost against {second}"


def _lead(found: Frontier) -> Markup:
    low, high = found.points[0], found.points[-1]
    knee = next((point for point in found.points if point.knee), None)
    shown = []
    if knee is not None:
        shown.append(figure("The knee", usd(knee.cost_usd), at_text(found, knee), "main"))
    shown.append(
        figure("The cheapest" if low is not high else "The only one", usd(low.cost_usd), at_text(found, low), None if knee else "main")
    )  # fmt: skip
    if low is not high:
        shown.append(figure(_BEST[found.of[1]], usd(high.cost_usd), at_text(found, high)))
    counted = f"{len(found.points):,}"
    note = "all there are" if found.complete else f"of at least {found.at_least:,} that there are"
    shown.append(figure("Plans", counted, f"that nothing beats in both, {note}"))
    proof = "Proven: nothing beats any of these plans in both figures."
    return join(
        element("p", _ABOUT[found.of[1]], class_="about"),
        figures(*shown),
        element("p", proof, class_="proof") if found.proven else None,
    )


def _chart(found: Frontier) -> Section:
    body = join(
        element("p", f"{begun(which_text(found))}.", class_="lead"),
        *(element("p", line, class_="proof open") for line in unproven_lines(found)),
        frontier_figure(found, key="frontier"),
    )
    return Section("frontier", _title(second_name(found)), body, "Frontier")


def frontier_figure(found: Frontier, *, key: str | None = None) -> Markup | None:
    """The chart of a set of more than one point; with a key each of its dots leads to the point's row."""
    # From left to right.
    numbered = sorted(enumerate(found.points, 1), key=lambda own: second_value(own[1]))
    points = [point for _, point in numbered]
    values = tuple(map(second_value, points))
    if len(set(values)) < 2:
        return None
    scale = Scale(tuple(second_text(found, point) for point in points), values, lambda value: value_text(found, value))
    broken = [not max(both, key=lambda own: own.cost_usd).adjacent for both in pairwise(points)]
    line = Line(
        begun(second_name(found)),
        [point.cost_usd for point in points],
        ringed=frozenset(k for k, point in enumerate(points) if point.knee),
        broken=frozenset(k for k, is_broken in enumerate(broken, 1) if is_broken),
        is_stairs=True,
        all_dots=True,
        links=[(f"point-{k}", _said(found, k, point)) for k, point in numbered] if key and scale.is_dotted else (),
    )
    marks = [(second_value(point), "knee") for point in points if point.knee]
    drawn = line_chart([line], scale, marks, _title(second_name(found)), _about(found), key=key)
    return element("figure", drawn, element("figcaption", _caption(found, line)))


def _said(found: Frontier, number: int, point: FrontierPoint) -> str:
    return f"Point {number}{', the knee' if point.knee else ''}: {usd(point.cost_usd)} {at_text(found, point)}"


def _caption(found: Frontier, line: Line) -> str:
    said = _GOAL[found.of[1]]
    said += f" A dot is a plan{', and leads to its row below' if line.links else ''}."
    if knee := knee_text(found):
        said += f" The ring is the knee: {knee}."
    if len(line.broken) < len(line.amounts) - 1:
        said += " The stairs are the least that it costs to get that far."
    if line.broken:
        said += " Where no stair joins two plans, there are further ones between them."
    return said


def _about(found: Frontier) -> str:
    """The chart in words."""
    low, high = found.points[0], found.points[-1]
    number = len(found.points)
    said = f"{number:,} plans from {usd(low.cost_usd)} {at_text(found, low)} to {usd(high.cost_usd)} {at_text(found, high)}."
    for point in found.points:
        if point.knee:
            said += f" The knee is {usd(point.cost_usd)} {at_text(found, point)}."
    return said if found.complete else f"{said} There are more: at least {found.at_least:,}."


def _points(found: Frontier) -> Section:
    differ = any(point.expected_usd != point.cost_usd for point in found.points)
    columns = [
        Column("Plan, against the one before", "words"), Column("Cost", "number"), Column(begun(second_name(found)), "number"),
        Column(each_heading(found), "number"), Column("Expected", "number"), Column("Worst case", "number"),
        Column("Left out, worth", "number"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            _plan(k, before, point), usd(point.cost_usd), second_text(found, point), each_text(before, point),
            usd(point.expected_usd) if differ else "", usd(point.worst_per_request_usd),
            usd(point.left_out_value_usd) if point.left_out else "",
        ]
        for k, (before, point) in enumerate(zip((None, *found.points[:-1]), found.points, strict=True), 1)
    ]  # fmt: skip
    title = "Every plan on the frontier" if found.complete else "Plans on the frontier"
    whole = table(title, *without_empty(columns, rows), key="frontier-plans" if len(rows) > _LONG else None)
    body = join(element("p", _lead_of_points(found), class_="lead"), element("div", whole, class_="moves"))
    return Section("frontier-points", title, body, "Plans on it")


def _lead_of_points(found: Frontier) -> str:
    said = "The cheapest first. Worst case: every clip meeting its own worst."
    if any(point.set for point in found.points):
        said += " To have one planned, put its --set behind router plan SCENARIO."
    else:
        said += " No limit asks for a number of clips, so there is no --set that pins one of these plans."
    if not found.complete:
        said += f" Marked '{_BETWEEN}': there are further plans between the one before and this one."
    return said


def _plan(number: int, before: FrontierPoint | None, point: FrontierPoint) -> Markup:
    """Its number, what it makes differently, and what pins it."""
    chips = [*(["knee"] if point.knee else []), *([] if before is None or point.adjacent else [_BETWEEN])]
    made = some_text([f"{own.clips:,} {own.model}" for own in point.primaries])
    lines = point.moved if before is not None else [f"made by {made}" if made else "nothing is made"]
    pinned = element("pre", element("code", f"--set {shlex.quote(point.set)}"), class_="copy") if point.set else None
    return join(
        element("span", f"{number}", id=f"point-{number}"),
        *(join(" ", element("span", chip, class_="chip")) for chip in chips),
        *(element("span", line, class_="way") for line in lines),
        element("div", pinned, class_="way") if pinned else None,
    )
