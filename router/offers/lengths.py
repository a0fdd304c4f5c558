"""How an offer makes a clip of a given length: which generations, cheapest first.

Of all ways within the clip's bounds, the one of least price is taken, then of fewest generations, then of least
surplus; among those the most even, then the one whose longest generations are longest.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from fractions import Fraction
from operator import attrgetter

from router.offers.pricing import generation, price
from router.schema.candidate import Generation, Offer
from router.units import Micro


def longest(offer: Offer) -> Fraction:
    """The longest generation that the offer can make, seconds; 0 if it can make none."""
    if offer.length_range is not None:
        return offer.length_range[1]
    return offer.lengths[-1] if offer.lengths else Fraction(0)


def cheapest_generation(
    offer: Offer, seconds: Fraction, max_segments: int, max_surplus: Fraction | None
) -> Generation | None:
    """The cheapest way to generate at least ``seconds`` in at most ``max_segments`` generations.

    Parameters
    ----------
    seconds
        Length of the finished clip.
    max_surplus
        How much longer the generated length may be; None: any.

    Returns
    -------
    Generation or None
        None where no way keeps all bounds.
    """
    if offer.length_range is not None:
        segments = _equal_parts(offer, seconds, max_segments, max_surplus)
    elif max_segments == 1:
        return _one_length(offer, seconds, max_surplus)
    else:
        segments = _several_lengths(offer, seconds, max_segments, max_surplus)
    return None if segments is None else generation(offer, segments)


def _equal_parts(
    offer: Offer, seconds: Fraction, max_segments: int, max_surplus: Fraction | None
) -> tuple[Fraction, ...] | None:
    """An offer of any length splits into equal parts; only their number is to be chosen."""
    assert offer.length_range is not None
    shortest, most = offer.length_range
    ways: list[tuple[Micro, int, Fraction]] = []
    for parts in range(1, max_segments + 1):
        part = max(shortest, seconds / parts)
        if part <= most and (max_surplus is None or part * parts - seconds <= max_surplus):
            ways.append((parts * price(offer, part), parts, part))
    if not ways:
        return None
    _, parts, part = min(ways)
    return (part,) * parts


def _one_length(offer: Offer, seconds: Fraction, max_surplus: Fraction | None) -> Generation | None:
    first = bisect_left(offer.lengths, seconds)
    last = len(offer.lengths) if max_surplus is None else bisect_right(offer.lengths, seconds + max_surplus)
    # Of equal prices `min` takes the first, which is the shortest.
    return min(offer.generations[first:last], key=attrgetter("price"), default=None)


def _several_lengths(
    offer: Offer, seconds: Fraction, max_segments: int, max_surplus: Fraction | None
) -> tuple[Fraction, ...] | None:
    """The cheapest multiset of lengths, by dynamic programming over (number of generations, total length).

    Lengths are counted in ticks, their common measure. A layer holds, for each total that ``n`` generations can make, the least
    (price, unevenness, lengths). Layers end when one more generation can no longer be cheaper.
    """
    scale = math.lcm(*(s.denominator for s in offer.lengths)) if offer.lengths else 1
    ticks = math.gcd(*(int(s * scale) for s in offer.lengths)) if offer.lengths else 1
    sizes = [int(s * scale) // ticks for s in offer.lengths]
    prices = [one.price for one in offer.generations]
    unit = Fraction(ticks, scale)
    need = math.ceil(seconds / unit)
    most = need + sizes[-1] if sizes else 0
    if max_surplus is not None:
        most = min(most, math.floor((seconds + max_surplus) / unit))
    least_rate = min((Fraction(p, s) for p, s in zip(prices, sizes, strict=True)), default=Fraction(0))

    cheapest: Micro = min(prices, default=0)

    best: tuple[Micro, int, int, int, tuple[int, ...]] | None = None
    layer: dict[int, tuple[Micro, int, tuple[int, ...]]] = {0: (0, 0, ())}
    for number in range(1, max_segments + 1):
        if best is not None and best[0] <= max(least_rate * need, Fraction(number * cheapest)):
            break
        following: dict[int, tuple[Micro, int, tuple[int, ...]]] = {}
        for total, (cost, uneven, chosen) in layer.items():
            for index, size in enumerate(sizes):
                if total + size > most or total + size + (max_segments - number) * sizes[-1] < need:
                    continue
                longest_first = tuple(sorted((*chosen, -index)))
                way = (cost + prices[index], uneven + size * size, longest_first)
                if total + size not in following or way < following[total + size]:
                    following[total + size] = way
        for total, (cost, uneven, chosen) in following.items():
            if total >= need:
                key = (cost, number, total, uneven, chosen)
                best = min(best, key) if best is not None else key
        layer = {total: way for total, way in following.items() if total < need}
    if best is None:
        return None
    return tuple(offer.lengths[-i] for i in best[4])


def least_surplus(offer: Offer, seconds: Fraction, max_segments: int) -> Fraction:
    """The least that the offer must generate beyond ``seconds``, at whatever price; it can reach ``seconds``."""
    if offer.length_range is not None:
        shortest, most = offer.length_range
        parts = [(n, max(shortest, seconds / n)) for n in range(1, max_segments + 1)]
        return min(n * part for n, part in parts if part <= most) - seconds
    reached: set[Fraction] = set()
    short = {Fraction(0)}
    for _ in range(max_segments):
        totals = {total + length for total in short for length in offer.lengths}
        reached |= {total for total in totals if total >= seconds}
        short = {total for total in totals if total < seconds}
    return min(reached) - seconds
