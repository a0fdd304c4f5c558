"""A lower bound from prices on the limits, and what every option weighs above it.

For any prices ``lam >= 0`` on the limits (written as ``a x <= b``) and any solution ``x`` that is to weigh least,

    weight(x) >= bound + sum excess[c][o] x[c][o],
    bound = sum_c count_c min_o (weight + lam a)[c][o] - lam b,
    excess[c][o] = (weight + lam a)[c][o] - min_o (weight + lam a)[c][o] >= 0.

So a solution that weighs at most ``U`` has ``x[c][o] <= (U - bound) / excess[c][o]``: most options can be closed, and
what is left is small. The bound holds whatever the prices are; those of the linear relaxation make it tight.

Source: A. M. Geoffrion, Lagrangean relaxation for integer programming, Mathematical Programming Study 2 (1974).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.optimization.rows import Counts, Row, Uses


@dataclass(frozen=True, slots=True)
class Bound:
    """No solution weighs less than ``value``; each use of an option adds at least its ``excess``."""

    value: float
    excess: tuple[tuple[float, ...], ...]

    def closing(self, weight: float, most: Counts) -> Counts:
        """How many of each class can go to each option in a solution that weighs at most ``weight``; never more than ``most``."""
        room = max(0.0, weight - self.value)
        # Floats round: a millionth of the room, and of a unit, is left on the safe side.
        room += 1e-6 * (1 + abs(room)) + 1e-12 * abs(self.value)
        return tuple(
            tuple(top if excess * top <= room else math.floor(room / excess) for excess, top in zip(*own, strict=True))
            for own in zip(self.excess, most, strict=True)
        )

    def steps(self, most: Counts) -> list[float]:
        """The excesses above nothing of options that are open, smallest first."""
        pairs = (pair for own in zip(self.excess, most, strict=True) for pair in zip(*own, strict=True))
        return sorted(excess for excess, top in pairs if top and excess > 0)


def mixed(faces: Sequence[Uses], shares: Sequence[float]) -> Uses:
    """The linear objectives, mixed: no more than the largest of them whatever the shares are, once these add up to 1."""
    total = math.fsum(shares)
    parts = [(face, share / total) for face, share in zip(faces, shares, strict=True) if share > 0]
    if len(parts) <= 1:
        return parts[0][0] if parts else faces[0]
    return tuple(
        tuple(
            math.fsum(share * weight for weight, (_, share) in zip(own, parts, strict=True))
            for own in zip(*rows, strict=True)
        )
        for rows in zip(*(face for face, _ in parts), strict=True)
    )


def bound_from(
    weights: Uses, rows: Sequence[Row], prices: Sequence[float], most: Counts, counts: Sequence[int]
) -> Bound:
    """The bound that prices on the limits give.

    Parameters
    ----------
    weights
        What is minimised.
    prices
        For each row, units of the weights per unit of the row, at least 0.
    most
        How many of each class can go to each option; options that can take none do not count.
    counts
        How many members each class has.
    """
    total = 0.0
    priced = [[float(weight) for weight in own] for own in weights]
    for row, price in zip(rows, prices, strict=True):
        if price == 0:
            continue
        uses, right = row.linear()
        sign = price if row.sense == "at_most" else -price
        # A sum of floats is compared after rounding, which gives it half a unit of room.
        room = 0.0 if row.exact else 0.5 * 10**-row.digits
        total -= sign * float(right) + price * room
        for own, used in zip(priced, uses, strict=True):
            for o, use in enumerate(used):
                if use:
                    own[o] += sign * float(use)
    least = [min(w for w, top in zip(*own, strict=True) if top) for own in zip(priced, most, strict=True)]
    total += math.fsum(count * low for count, low in zip(counts, least, strict=True))
    return Bound(total, tuple(tuple(w - low for w in own) for own, low in zip(priced, least, strict=True)))
