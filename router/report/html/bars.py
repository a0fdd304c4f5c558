"""Bars of differences, in percent of their cell as all charts are; the numbers stand beside them, so they are not read out.

What falls away is an outline and what is added is filled: they are told apart without colour.
"""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from router.report.html.elements import element

_TALL = 10


def step_bar(before: Decimal, after: Decimal, most: Decimal) -> Markup:
    """From nothing to the smaller of two amounts, then their difference; ``most`` fills the cell, a tick marks ``before``."""
    low, high = sorted((before, after))
    return element(
        "svg",
        _part(Decimal(0), low, most, "kept"),
        _part(low, high, most, "saved" if after < before else "added"),
        element("line", x1=_at(before, most), x2=_at(before, most), y1=0, y2=_TALL, stroke="currentColor", class_="tick"),
        class_="steps", height=_TALL, width="100%", aria_hidden="true",
    )  # fmt: skip


def signed_bar(amount: Decimal, most: Decimal) -> Markup:
    """To the left of the middle what is below nothing, to the right what is above; ``most`` fills one side."""
    ends = sorted((Decimal(0), amount))
    rail = element("rect", class_="rail", width="100%", y=2, height=_TALL - 4, fill="none")
    return element(
        "svg",
        rail,
        _part(ends[0] + most, ends[1] + most, 2 * most, "saved" if amount < 0 else "added"),
        element("line", x1="50%", x2="50%", y1=0, y2=_TALL, stroke="currentColor", class_="tick"),
        class_="steps", height=_TALL, width="100%", aria_hidden="true",
    )  # fmt: skip


def span_bar(start: Decimal, end: Decimal, today: Decimal, low: Decimal, high: Decimal) -> Markup:
    """From ``start`` to ``end`` in a cell that goes from ``low`` to ``high``; a tick marks ``today``."""
    most = high - low
    at = _at(today - low, most)
    return element(
        "svg",
        _part(start - low, end - low, most, "kept"),
        element("line", x1=at, x2=at, y1=0, y2=_TALL, stroke="currentColor", class_="tick"),
        class_="steps", height=_TALL, width="100%", aria_hidden="true",
    )  # fmt: skip


def _part(low: Decimal, high: Decimal, most: Decimal, kind: str) -> Markup | None:
    if low == high or not most:
        return None
    left, right = _share(low, most), _share(high, most)
    return element("rect", x=_percent(left), width=_percent(right - left), y=2, height=_TALL - 4, class_=kind)


def _at(amount: Decimal, most: Decimal) -> str:
    return _percent(_share(amount, most))


def _share(amount: Decimal, most: Decimal) -> float:
    return min(max(float(amount / most), 0.0), 1.0) if most else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.6g}%"
