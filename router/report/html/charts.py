"""Charts as inline SVG, made by hand: positions in percent, so that they fit any width and their letters keep their size.

Colours are the page's: every shape is drawn in ``currentColor`` unless the style sheet says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from markupsafe import Markup

from router.report.html.elements import element
from router.report.page import cents
from router.report.sentences import percent_text
from router.schema.cost_histogram import CostHistogram
from router.units import usd_text

_LINE, _PLOT, _AXIS = 20, 170, 26
"""Pixels: a line of labels, the bars, the scale under them."""
_LEAST = 0.012
"""Of the plot's height: what can happen at all is seen."""


class Mark(NamedTuple):
    """An amount that is pointed out on a chart."""

    label: str
    usd: Decimal
    kind: str
    """``expected``, ``p95``, ``budget`` or ``worst``."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Amounts from left to right."""

    low: Decimal
    high: Decimal

    def at(self, usd: Decimal) -> float:
        """Where an amount is: 0 at the left end, 1 at the right."""
        return float((usd - self.low) / (self.high - self.low)) if self.high > self.low else 0.5


def bar(share: float, kind: str = "") -> Markup:
    """A bar that is ``share`` of its cell long; the number stands beside it, so it is not read out."""
    rail = element("rect", class_="rail", width="100%", height=6, rx=3, fill="none")
    filled = element("rect", width=_percent(min(max(share, 0.0), 1.0)), height=6, rx=3, fill="currentColor")
    return element("svg", rail, filled, class_=f"bar {kind}".strip(), height=6, width="100%", aria_hidden="true")


def cost_chart(found: CostHistogram, marks: Sequence[Mark], *, key: str | None = None) -> Markup:
    """How likely which cost is, with amounts marked.

    Parameters
    ----------
    key
        Makes the ids of title and description unique on a page; without one the chart has a label instead.
    """
    low, high = found.bins[0].from_usd, found.bins[-1].to_usd
    axis = _Axis(low, max(mark.usd for mark in marks) if low == high else high)
    top = _LINE * len(marks) + 4
    bottom = top + _PLOT
    about = _about(found, marks)
    named = {"aria_labelledby": f"{key}-name", "aria_describedby": f"{key}-about"} if key else {"aria_label": about}
    return element(
        "svg",
        element("title", "What the run may cost", id=f"{key}-name") if key else None,
        element("desc", about, id=f"{key}-about") if key else None,
        *_bars(found, axis, top),
        element("line", x1=0, x2="100%", y1=bottom, y2=bottom, class_="cost-axis", stroke="currentColor"),
        *_scale(axis, bottom),
        *_marked(marks, axis, bottom),
        class_="cost-chart", role="img", width="100%", height=bottom + _AXIS, fill="currentColor", font_size=13, **named,
    )  # fmt: skip


def round_steps(low: Decimal, high: Decimal, most: int) -> list[Decimal]:
    """Round amounts from ``low`` to ``high``, at most ``most`` of them: multiples of 1, 2 or 5 times a power of ten.

    >>> [str(step) for step in round_steps(Decimal("20.14"), Decimal("21.14"), 5)]
    ['20.2', '20.4', '20.6', '20.8', '21.0']
    """
    if high <= low:
        return [low]
    widths = (Decimal(digit).scaleb(power) for power in count(-6) for digit in (1, 2, 5))
    for width in widths:
        first, last = math.ceil(low / width), math.floor(high / width)
        if last - first < most:
            return [k * width for k in range(first, last + 1)]
    raise AssertionError("widths never end")


def _bars(found: CostHistogram, axis: _Axis, top: int) -> Iterator[Markup]:
    most = max(own.share for own in found.bins)
    for own in found.bins:
        if not own.share:
            continue
        left, right = axis.at(own.from_usd), axis.at(own.to_usd)
        if left == right:
            right = left + 0.02
        tall = max(own.share / most, _LEAST) * _PLOT
        yield element(
            "rect", x=_percent(left), width=_percent((right - left) * 0.94), y=f"{top + _PLOT - tall:.6g}", height=f"{tall:.6g}",
            class_="cost-share", fill_opacity=0.75,
        )  # fmt: skip


def _scale(axis: _Axis, bottom: int) -> Iterator[Markup]:
    for number, step in enumerate(round_steps(axis.low, axis.high, 6)):
        at = axis.at(step)
        anchor = "start" if at < 0.06 else "end" if at > 0.94 else "middle"
        # On a narrow page every other label is left out.
        minor = "cost-minor" if number % 2 else None
        yield element(
            "line",
            x1=_percent(at),
            x2=_percent(at),
            y1=bottom,
            y2=bottom + 5,
            stroke="currentColor",
            class_="cost-axis",
        )
        yield element("text", usd_text(cents(step)), x=_percent(at), y=bottom + 20, text_anchor=anchor, class_=minor)


def _marked(marks: Sequence[Mark], axis: _Axis, bottom: int) -> Iterator[Markup]:
    """A line of letters for each, so placed that few lines cross letters; what is off the chart gets an arrow."""
    placed = [(mark, axis.at(mark.usd)) for mark in marks]
    ends = sorted((own for own in placed if own[1] > 0.5), key=lambda own: -own[1])
    starts = sorted((own for own in placed if own[1] <= 0.5), key=lambda own: own[1])
    rows = list(enumerate([*ends, *starts], 1))
    for row, (mark, at) in rows:
        if 0 <= at <= 1:
            y = row * _LINE - 13
            ends_at = _percent(at)
            yield element(
                "line",
                x1=ends_at,
                x2=ends_at,
                y1=y,
                y2=bottom,
                stroke="currentColor",
                class_=f"cost-mark cost-{mark.kind}",
            )
    for row, (mark, at) in rows:
        label = f"{mark.label} {usd_text(cents(mark.usd))}"
        label = f"{label} →" if at > 1 else f"← {label}" if at < 0 else label
        inside = min(max(at, 0.0), 1.0)
        aside = {"dx": -6 if at <= 1 else 0, "text_anchor": "end"} if at > 0.5 else {"dx": 6 if at >= 0 else 0}
        yield element(
            "text", label, x=_percent(inside), y=row * _LINE - 3, class_=f"cost-label cost-{mark.kind}", **aside
        )


def _about(found: CostHistogram, marks: Sequence[Mark]) -> str:
    """The chart in words."""
    tallest = max(found.bins, key=lambda own: own.share)
    low, high = (usd_text(cents(usd)) for usd in (tallest.from_usd, tallest.to_usd))
    where = f"between {low} and {high}" if low != high else low
    pointed = ", ".join(f"{mark.label} {usd_text(cents(mark.usd))}" for mark in marks)
    return f"Bars for how likely each cost is; most likely {where} ({percent_text(tallest.share)} of runs). Marked: {pointed}."


def _percent(share: float) -> str:
    return f"{100 * share:.6g}%"
