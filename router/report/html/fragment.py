"""What a notebook shows of a plan and of a distribution: a few elements with neither script nor style sheet, so that nothing leaks.

Alignment is the only style, at each cell; every colour is the notebook's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from markupsafe import Markup

from router.report.html.charts import Mark, cost_chart
from router.report.html.elements import Child, element, join, name
from router.report.page import cents
from router.report.sentences import (
    alike,
    length_text,
    made_text,
    percent_text,
    proof_text,
    to_hundredth_cent,
    worst_text,
)
from router.report.words import makes_text, some_text
from router.schema.cost_histogram import CostHistogram
from router.schema.plan import Plan
from router.units import usd_text

_MOST = 20
"""Kinds of route that are shown."""


def plan_fragment(plan: Plan) -> str:
    """A plan as a notebook shows it."""
    sums = plan.totals
    worst, sense = worst_text(plan)
    figures = (
        f"{made_text(plan)}: expected {_usd(sums.expected_usd)}, P95 {_usd(sums.p95_usd)}, worst case {worst} ({sense}). "
        f"{proof_text(plan)}"
    )
    kinds = list(alike(plan.routes))
    rows = []
    for kind in kinds[:_MOST]:
        route, count = kind[0], sum(route.count for route in kind)
        clips = some_text([clip for own in kind for clip in own.clips]) + (" (drafts)" if route.draft else "")
        rows.append([
            name(clips), f"{count:,}", name(f"{route.provider}/{route.model}"), makes_text(route.resolution, route.audio),
            length_text(route), usd_text(route.price_usd), usd_text(to_hundredth_cent(route.expected_usd)),
            usd_text(route.worst_usd), _usd(route.expected_usd * count),
        ])  # fmt: skip
    headings = ("Clips", "Count", "Model", "Makes", "Length", "Price", "Expected", "Worst case", "All expected")
    hidden = len(kinds) - _MOST
    more = f"and {hidden} more kind{'' if hidden == 1 else 's'} of route" if hidden > 0 else None
    out = sum(left.count for left in plan.left_out)
    body = join(
        element("p", element("strong", name(plan.title or "Plan"))),
        element("p", figures),
        plain_table(headings, rows, numbers={1, 5, 6, 7, 8}) if rows else None,
        element("p", more) if more else None,
        element("p", f"Left out: {out:,}") if out else None,
        *(element("p", f"Warning: {warning}") for warning in plan.warnings),
    )
    return str(element("div", body))


def distribution_fragment(found: CostHistogram, mean_usd: Decimal, std_usd: Decimal, cvar95_usd: Decimal) -> str:
    """The distribution of a cost as a notebook shows it."""
    p95 = dict(found.quantiles)[0.95]
    marks = [Mark("Expected", mean_usd, "expected"), Mark("P95", p95, "p95")]
    rows: list[tuple[str, str]] = [("Expected", _usd(mean_usd)), ("Standard deviation", _usd(std_usd))]
    rows += [(f"{percent_text(level)} of runs cost at most", _usd(usd)) for level, usd in found.quantiles]
    rows.append(("Mean of the worst 5%", _usd(cvar95_usd)))
    return str(element("div", cost_chart(found, marks), plain_table(("Cost of a run", "Amount"), rows, numbers={1})))


def plain_table(headings: Sequence[str], rows: Iterable[Sequence[Child]], numbers: set[int]) -> Markup:
    """A table whose columns with these numbers stand to the right."""

    def cells(tag: str, row: Sequence[Child]) -> Markup:
        return element("tr", *(element(tag, own, style=f"text-align:{_side(k, numbers)}") for k, own in enumerate(row)))

    return element(
        "table", element("thead", cells("th", headings)), element("tbody", *(cells("td", row) for row in rows))
    )


def _side(column: int, numbers: set[int]) -> str:
    return "right" if column in numbers else "left"


def _usd(amount: Decimal) -> str:
    return usd_text(cents(amount))
