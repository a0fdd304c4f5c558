"""CSV for spreadsheets: one line a route; a text that a spreadsheet would run as a formula is disarmed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from router.report.frames import COLUMNS, plan_rows
from router.schema.catalog import Lengths
from router.schema.comparison import Comparison, Way
from router.schema.directions import DirectionComparison
from router.schema.explanation import Explanation
from router.schema.plan import Plan
from router.schema.reconciliation import Reconciliation
from router.schema.simulation import SimulationReport
from router.schema.sweep import Axis, Sweep
from router.schema.what_if import WhatIf
from router.units import plain_seconds

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plan_csv(plan: Plan) -> str:
    """The routes of a plan at list prices, then what is left out, as CSV; money is in dollars, lengths in seconds."""
    return to_csv(COLUMNS, [[_plan_cell(name, row[name]) for name in COLUMNS] for row in plan_rows(plan)])


def _plan_cell(name: str, value: object) -> object:
    if isinstance(value, tuple):
        return "; ".join(str(plain_seconds(part)) if isinstance(part, Decimal) else part for part in value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return plain_seconds(value) if name.endswith("seconds") and isinstance(value, Decimal) else value


def explanation_csv(explanation: Explanation) -> str:
    """Every offer for one clip, as CSV."""
    header = (
        "offer", "provider", "model", "mode", "resolution", "sound", "chosen", "price_usd", "expected_usd", "worst_usd",
        "gap_usd", "fallbacks", "reason", "detail", "degraded", "penalty_usd",
    )  # fmt: skip
    return to_csv(
        header,
        [
            (
                offer.position, offer.provider, offer.model, offer.mode, offer.resolution or "", offer.sound, offer.chosen,
                offer.price_usd, offer.expected_usd, offer.worst_usd, offer.gap_usd,
                "; ".join(f"{step.provider}/{step.model}" for step in offer.chain[1:]), offer.reason, offer.detail,
                "; ".join(offer.degraded), offer.penalty_usd if offer.degraded else "",
            )
            for offer in explanation.offers
        ],
    )  # fmt: skip


def simulation_csv(report: SimulationReport) -> str:
    """The figures, then the distribution of unserved clips, then the histogram, as CSV; ``from`` and ``to`` bound a range."""
    header = ("figure", "unit", "from", "to", "simulated", "standard_error", "low", "high", "exact")
    rows: list[Sequence[object]] = [
        (f.name, f.unit, f.above_usd, None, f.simulated, f.standard_error, f.low, f.high, f.exact)
        for f in report.figures
    ]
    rows += [
        ("unserved clips", "probability", u.at_least, u.at_most, u.simulated, None, u.low, u.high, u.exact)
        for u in report.unserved
    ]
    rows += [("cost", "probability", h.from_usd, h.to_usd, h.share, None, None, None, None) for h in report.histogram]
    return to_csv(header, rows)


def directions_csv(found: DirectionComparison) -> str:
    """One line a direction, as CSV; money is in dollars."""
    header = (
        "direction", "chosen", "method", "expected_usd", "p95_usd", "worst_usd", "unserved", "degraded", "left_out",
        "primaries", "no_plan",
    )  # fmt: skip
    return to_csv(
        header,
        [
            (
                row.direction, row.chosen, row.method, row.expected_usd, row.p95_usd, row.worst_usd, row.unserved_expected,
                row.degraded_expected, row.left_out, "; ".join(f"{p.clips} {p.provider}/{p.model}" for p in row.primaries),
                row.no_plan,
            )
            for row in found.directions
        ],
    )  # fmt: skip


def reconciliation_csv(found: Reconciliation) -> str:
    """All that is not as planned, then the sum of each class (without a clip), as CSV; money is in dollars."""
    header = (
        "clip", "draft", "what", "provider", "model", "step", "clips", "lines", "first_line", "planned_usd", "priced_usd",
        "billed_usd", "difference_usd", "unexplained_usd",
    )  # fmt: skip
    rows: list[Sequence[object]] = [
        (
            own.clip, "yes" if own.draft else "", own.what, own.provider, own.model, own.step, own.clips, own.lines,
            own.first_line, own.planned_usd, own.priced_usd, own.billed_usd, own.difference_usd, own.unexplained_usd,
        )
        for own in found.findings
    ]  # fmt: skip
    rows += [
        (
            "", "", own.what, "", "", "", own.clips, own.lines, "", own.planned_usd, own.priced_usd, own.billed_usd,
            own.difference_usd, own.unexplained_usd,
        )
        for own in found.classes
    ]  # fmt: skip
    return to_csv(header, rows)


def what_if_csv(found: WhatIf) -> str:
    """One line for the baseline and each variant, as CSV; money is in dollars."""
    header = (
        "name", "set", "expected_usd", "difference_usd", "nominal_usd", "p95_usd", "worst_usd", "objective_usd", "served", "left_out",
        "no_plan",
    )  # fmt: skip
    base = found.baseline.totals
    rows: list[Sequence[object]] = []
    for one in (found.baseline, *found.variants):
        sums = one.totals
        if sums is None:
            rows.append((one.name, "; ".join(one.set), *[""] * 8, one.no_plan))
            continue
        more = "" if base is None or one is found.baseline else sums.expected_usd - base.expected_usd
        rows.append(
            (
                one.name, "; ".join(one.set), sums.expected_usd, more, sums.nominal_usd, sums.p95_usd, sums.worst_usd, sums.objective_usd,
                sums.served, sums.left_out, "",
            )
        )  # fmt: skip
    return to_csv(header, rows)


def sweep_csv(found: Sweep) -> str:
    """One line for each point, as CSV; money is in dollars."""
    header = (
        *map(_axis_name, found.axes), "expected_usd", "nominal_usd", "worst_per_request_usd", "objective_usd", "served", "left_out",
        "changed", "primaries", "no_plan",
    )  # fmt: skip
    return to_csv(
        list(map(str, map(_cell, header))),
        [
            (
                *point.at, point.expected_usd, point.nominal_usd, point.worst_per_request_usd, point.objective_usd, point.served,
                point.left_out, "yes" if point.changed else "", "; ".join(f"{p.clips} {p.provider}/{p.model}" for p in point.primaries),
                point.no_plan,
            )
            for point in found.points
        ],
    )  # fmt: skip


def _axis_name(axis: Axis) -> str:
    """What its values are: set at the path, or multiplied or added there."""
    return axis.path if axis.operator == "=" else f"{axis.path} {axis.operator}"


def comparison_csv(found: Comparison) -> str:
    """One line a move or another price, then one a figure and one a limit that differs, as CSV; money is in dollars."""
    ways = ("provider", "model", "mode", "resolution", "audio", "segments", "price_usd", "expected_usd")
    header = (
        "what", "clips", "count", "draft", *(f"before_{name}" for name in ways), *(f"after_{name}" for name in ways),
        "difference_usd", "all_usd", "before", "after", "difference", "reasons", "why",
    )  # fmt: skip
    rows: list[Sequence[object]] = [
        (
            what, "; ".join(move.clips), move.count, "yes" if move.draft else "", *_way(move.before), *_way(move.after),
            move.difference_usd, move.all_usd, move.before_is, move.after_is, "",
            "; ".join(own.kind for own in move.why), "; ".join(own.text for own in move.why),
        )
        for what, moves in (("moved", found.moved), ("repriced", found.repriced))
        for move in moves
    ]  # fmt: skip
    blank = [""] * (3 + 2 * len(ways) + 2)
    rows += [(own.figure, *blank, own.before, own.after, own.difference, "", "") for own in found.figures]
    rows += [
        (f"limits.{own.limit}", *blank, *(use.value if use else "" for use in (own.before, own.after)), "", "", "")
        for own in found.limits
    ]
    return to_csv(header, rows)


def _way(way: Way | None) -> Sequence[object]:
    if way is None:
        return [""] * 8
    segments = "; ".join(str(plain_seconds(s)) for s in way.segments)
    return (
        way.provider, way.model, way.mode, way.resolution or "", way.audio, segments, way.price_usd, way.expected_usd,
    )  # fmt: skip


def to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV text.

    >>> print(to_csv(["clip", "count"], [("=1+1", 2)]), end="")
    clip,count
    '=1+1,2
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def lengths_text(seconds: Lengths | None) -> str:
    """The lengths that an offer can make, in words."""
    if seconds is None:
        return ""
    if seconds.choices is not None:
        return " or ".join(str(plain_seconds(choice)) for choice in seconds.choices) + " s"
    step = f"step {plain_seconds(seconds.step)}" if seconds.step else "any length"
    return f"{plain_seconds(seconds.min or 0)}-{plain_seconds(seconds.max or 0)} s, {step}"


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
