"""Units: micro-dollars, seconds, and the two roundings the contract allows.

Certain money is an integer number of micro-dollars (10^-6 USD) and its sums are exact.
Nothing here ever turns a price into a binary float.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

MICRO = 1_000_000
Micro: TypeAlias = int
"""Whole micro-dollars."""

SAME_COST = 1e-3
"""Micro-dollars; costs that differ by less than a thousandth of one differ by rounding of floats only."""

Exact: TypeAlias = int | Fraction | Decimal

RESOLUTIONS = ("360p", "480p", "540p", "720p", "768p", "1080p", "2k", "4k")
"""The ladder of resolutions, lowest first."""

RESOLUTION_RANK = {name: rank for rank, name in enumerate(RESOLUTIONS)}


def to_micro(usd: Exact) -> Micro:
    """Round an exact amount of dollars half-even to whole micro-dollars.

    >>> to_micro(Decimal("0.0000005")), to_micro(Decimal("0.0000015")), to_micro(Fraction(1, 3))
    (0, 2, 333333)
    """
    return round(Fraction(usd) * MICRO)


def from_micro(micro: float) -> Decimal:
    """Dollars with six decimals; an expectation (a float) is rounded half-even to the micro-dollar.

    >>> from_micro(1_250_000)
    Decimal('1.250000')
    """
    return Decimal(round(micro)).scaleb(-6)


def nearest_half_up(seconds: Fraction) -> int:
    """Round to the nearest whole second, halves up.

    >>> nearest_half_up(Fraction("12.5")), nearest_half_up(Fraction("12.4"))
    (13, 12)
    """
    return (2 * seconds.numerator + seconds.denominator) // (2 * seconds.denominator)


def decimal_seconds(length: Fraction) -> Decimal:
    """An exact length as a decimal of six places at most.

    >>> decimal_seconds(Fraction(10)), decimal_seconds(Fraction(40, 3))
    (Decimal('10'), Decimal('13.333333'))
    """
    return from_micro(round(length * MICRO)).normalize() + 0


def plain_seconds(seconds: Exact) -> int | float:
    """A length as a plain JSON number, to six decimals: whole seconds stay integers.

    >>> plain_seconds(Decimal("10.0")), plain_seconds(Decimal("12.5")), plain_seconds(Fraction(40, 3))
    (10, 12.5, 13.333333)
    """
    value = round(float(seconds), 6)
    return int(value) if value.is_integer() else value


def usd_text(amount: Decimal) -> str:
    """Dollars for people: cents, and more decimals only where a price has them.

    >>> usd_text(Decimal("1250.000000")), usd_text(Decimal("1.132500")), usd_text(Decimal("-25"))
    ('$1,250.00', '$1.1325', '-$25.00')
    """
    text = f"{abs(amount).quantize(Decimal('0.000001')):,}"
    whole, _, fraction = text.partition(".")
    fraction = fraction[:2] + fraction[2:].rstrip("0")
    return f"{'-' if amount < 0 else ''}${whole}.{fraction}"


def clips_text(number: int) -> str:
    """How many clips.

    >>> clips_text(1), clips_text(1200)
    ('1 clip', '1,200 clips')
    """
    return f"{number:,} clip{'' if number == 1 else 's'}"


def reasons_text(pushed_by: Iterable[str]) -> str:
    """What pushes clips off their cheapest way.

    >>> reasons_text(["budget_usd", "savings"])
    'limits.budget_usd, packs and discounts'
    """
    besides = {"savings": "packs and discounts", "objective": "less risk"}
    return ", ".join(besides.get(name, f"limits.{name}") for name in pushed_by)


def seconds_text(seconds: Exact) -> str:
    """A length for people.

    >>> seconds_text(Decimal("12.50")), seconds_text(Fraction(40, 3))
    ('12.5 s', '13.333333 s')
    """
    text = f"{float(seconds):.6f}".rstrip("0").rstrip(".")
    return f"{text} s"
