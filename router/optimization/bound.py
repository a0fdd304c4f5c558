"""A lower bound from prices on the limits, and what every option weighs above it.

For any prices ``lam >= 0`` on the limits (written as ``a x <= b``) and any solution ``x`` that is to weigh least,

    weight(x) >= bound + sum excess[c][o] x[c][o],
    bound = sum_c count_c min_o (weight + lam a)[c][o] - lam b,
    excess[c][o] = (weight + lam a)[c][o] - min_o (weight + lam a)[c][o] >= 0.

Where a selector opens the options of one alternative only, the minimum over its classes is taken together, for the best alternative:
what the others cost above it is the excess of each of their options, whether one member uses it or all.

So a solution that weighs at most ``U`` has ``x[c][o] <= (U - bound) / excess[c][o]``: most options can be closed, and
what is left is small. The bound holds whatever the prices are; those of the linear relaxation make it tight.

Source: A. M. Geoffrion, Lagrangean relaxation for integer programming, Mathematical Programming Study 2 (1974).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.optimization.problem import Certificate, Problem, Selector
from router.optimization.rows import Counts, Row, Uses


@dataclass(frozen=True, slots=True)
class Bound:
    """No solution weighs less than ``value``; each use of an option adds at least its ``excess``."""

    value: float
    excess: tuple[tuple[float, ...], ...]
    entry: tuple[tuple[float, ...], ...]
    """What using an option at all adds, besides."""
    prices: tuple[float, ...]
    """Of each row."""

    def closing(self, weight: float, most: Counts) -> Counts:
        """How many of each class can go to each option in a solution that weighs at most ``weight``; never more than ``most``."""
        room = max(0.0, weight - self.value)
        # Floats round: a millionth of the room, and of a unit, is left on the safe side.
        room += 1e-6 * (1 + abs(room)) + 1e-12 * abs(self.value)
        return tuple(
            tuple(_open(room - entry, excess, top) for excess, entry, top in zip(*own, strict=True))
            for own in zip(self.excess, self.entry, most, strict=True)
        )

    def possible(self, most: Counts) -> Counts:
        """Without the options of alternatives that cannot settle all their classes: these are in no solution."""
        return tuple(
            tuple(0 if math.inf in pair else top for *pair, top in zip(*own, strict=True))
            for own in zip(self.excess, self.entry, most, strict=True)
        )

    def steps(self, most: Counts) -> list[float]:
        """What it takes to open each option, where that is above nothing, smallest first."""
        pairs = (pair for own in zip(self.excess, self.entry, most, strict=True) for pair in zip(*own, strict=True))
        return sorted(excess + entry for excess, entry, top in pairs if top and 0 < excess + entry < math.inf)


def _open(room: float, excess: float, top: int) -> int:
    """How many members can use an option, each adding its excess."""
    if room < 0:
        return 0
    return top if excess * top <= room else math.floor(room / excess)


def bound_from(
    weights: Uses,
    rows: Sequence[Row],
    prices: Sequence[float],
    most: Counts,
    counts: Sequence[int],
    selectors: Sequence[Selector] = (),
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
    selected = {c for selector in selectors for c in selector.classes}
    entry = [[0.0] * len(own) for own in priced]
    for c, own in enumerate(priced):
        if c not in selected:
            low = min(w for w, top in zip(own, most[c], strict=True) if top)
            total += counts[c] * low
            own[:] = [w - low for w in own]
    for selector in selectors:
        total += _chosen(selector, priced, entry, most, counts)
    return Bound(total, tuple(map(tuple, priced)), tuple(map(tuple, entry)), tuple(prices))


def _chosen(
    selector: Selector, priced: list[list[float]], entry: list[list[float]], most: Counts, counts: Sequence[int]
) -> float:
    """What the classes of a selector weigh at least; turns the weights of their options into excesses, and states what entering costs."""
    linked = {
        c: {o for alternative in selector.alternatives for k, own in alternative if k == c for o in own}
        for c in selector.classes
    }
    free = {c: [o for o in range(len(priced[c])) if o not in own and most[c][o]] for c, own in linked.items()}
    worth: list[float] = []
    least: list[dict[int, float]] = []
    for alternative in selector.alternatives:
        opened = dict(alternative)
        lows = {
            c: min((priced[c][o] for o in (*opened.get(c, ()), *free[c]) if most[c][o]), default=math.inf)
            for c in selector.classes
        }
        least.append(lows)
        worth.append(
            math.fsum(counts[c] * low for c, low in lows.items()) if math.inf not in lows.values() else math.inf
        )
    total = min(worth)
    if total == math.inf:
        return total
    # An option that no alternative opens: the least over the alternatives of what it adds, for one use or for many.
    for c in selector.classes:
        weights = list(priced[c])
        for a, alternative in enumerate(selector.alternatives):
            for o in dict(alternative).get(c, ()):
                entry[c][o] = worth[a] - total
                priced[c][o] = weights[o] - least[a][c] if worth[a] < math.inf else math.inf
        for o in free[c]:
            priced[c][o] = weights[o] - max(lows[c] for a, lows in enumerate(least) if worth[a] < math.inf)
    return total


def certified(problem: Problem, bound: float, prices: Sequence[float]) -> Certificate:
    """A bound with the prices on the rows that give it, where rows and selectors alone couple the classes."""
    priced = zip(problem.rows, prices, strict=True)
    return Certificate(bound, tuple((row, price) for row, price in priced if row.stated and price > 0))
