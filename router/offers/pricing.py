"""The price of one generation: exact, and rounded once, half-even, to a whole micro-dollar."""

from __future__ import annotations

import math
from fractions import Fraction

from router.schema.candidate import Generation, Offer
from router.units import Micro, nearest_half_up, to_micro


def billed_seconds(seconds: Fraction, rounding: str) -> Fraction:
    """Generated seconds to billed seconds.

    >>> from fractions import Fraction
    >>> [int(billed_seconds(Fraction(s), "nearest")) for s in ("12.5", "12.4", "0.4")]
    [13, 12, 0]
    """
    if rounding == "nearest":
        return Fraction(nearest_half_up(seconds))
    return Fraction(math.ceil(seconds)) if rounding == "up" else seconds


def shortest_billed(rounding: str) -> Fraction:
    """The shortest length that is billed as more than 0 s (a tiny one counts as none under ``up`` and ``none``)."""
    return Fraction(1, 2) if rounding == "nearest" else Fraction(0)


def price_units(offer: Offer, seconds: Fraction) -> Fraction:
    """Exact price of one generation of ``seconds``, in the catalog's unit."""
    if offer.fixed_prices is not None:
        return offer.fixed_prices[seconds]
    rate = offer.price_per_second or Fraction(0)
    return max(offer.price_minimum, rate * billed_seconds(seconds, offer.rounding) + offer.price_per_generation)


def generation(offer: Offer, segments: tuple[Fraction, ...]) -> Generation:
    """What generating these lengths bills; each is rounded on its own."""
    units = [price_units(offer, seconds) for seconds in segments]
    return Generation(
        segments=segments,
        billed_seconds=sum((billed_seconds(seconds, offer.rounding) for seconds in segments), Fraction(0)),
        price=sum(to_micro(price / offer.units_per_usd) for price in units),
        price_units=sum(units, Fraction(0)),
    )


def price(offer: Offer, seconds: Fraction) -> Micro:
    """Price of one generation of ``seconds``, micro-dollars."""
    return to_micro(price_units(offer, seconds) / offer.units_per_usd)
