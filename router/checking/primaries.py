"""What limits ask of a primary, and how long it generates: lengths exact in seconds, times exact in minutes.

Of all ways to make a clip the cheapest is planned, then the one of fewest generations, then of least surplus, then the most even,
then the one whose longest generations are longest. Only its longest generation is needed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from router.checking.prices import Priced, charge, equal_part, possible
from router.schema.plan import Route
from router.schema.scenario import Clip, Limits


def may_be_primary(line: Priced, clip: Clip, limits: Limits, *, draft: bool) -> bool:
    """Whether limits on mean quality and on time let what is eligible be a primary.

    Parameters
    ----------
    draft
        The clip is a draft, which has no part in the mean quality.
    """
    terms = line.terms
    if limits.mean_quality_min is not None and not draft and terms.quality is None:
        return False
    if limits.deadline_minutes is None:
        return True
    if terms.generation_seconds_per_second is None or terms.concurrency is None:
        return False
    _, longest = minutes(line, planned_lengths(line, clip), clip.max_takes)
    return longest <= Fraction(limits.deadline_minutes)


def minutes(line: Priced, lengths: Sequence[Fraction], max_takes: int) -> tuple[Fraction, Fraction]:
    """(all generations, the longest of them) of one clip with all the takes that it may need."""
    keeps = line.terms.keep_rate
    takes = max_takes if keeps is not None and keeps < 1 else 1
    each = [Fraction(line.terms.generation_seconds_per_second or 0) * length * takes / 60 for length in lengths]
    return sum(each, Fraction(0)), max(each)


def planned_lengths(line: Priced, clip: Clip) -> tuple[Fraction, ...]:
    """The lengths that an offer which can make the clip generates for it."""
    need = Fraction(clip.seconds)
    ceiling = None if clip.max_surplus_seconds is None else need + Fraction(clip.max_surplus_seconds)
    if line.terms.seconds is not None and line.terms.seconds.step == 0:
        parts = ((n, equal_part(line, need, n)) for n in range(1, clip.max_segments + 1))
        fits = [(n, p) for n, p in parts if possible(line, p) and (ceiling is None or n * p <= ceiling)]
        number, part = min(fits, key=lambda way: (way[0] * charge(line, way[1]), way[0]))
        return (part,) * number
    if clip.max_segments == 1:
        return (min((price, length) for length, price in line.charges_within(need, ceiling))[1],)
    short: dict[Fraction, tuple[int, Fraction, tuple[Fraction, ...]]] = {Fraction(0): (0, Fraction(0), ())}
    whole: list[tuple[int, int, Fraction, Fraction, tuple[Fraction, ...]]] = []
    for number in range(1, clip.max_segments + 1):
        longer: dict[Fraction, tuple[int, Fraction, tuple[Fraction, ...]]] = {}
        for total, (spent, squares, chosen) in short.items():
            for length, price in line.charges:
                way = (spent + price, squares + length**2, tuple(sorted((*chosen, -length))))
                reached = total + length
                if ceiling is None or reached <= ceiling:
                    longer[reached] = min(longer.get(reached, way), way)
        whole += [(way[0], number, total, *way[1:]) for total, way in longer.items() if total >= need]
        short = {total: way for total, way in longer.items() if total < need}
    return tuple(-length for length in min(whole)[-1])


def exact_lengths(line: Priced, route: Route) -> list[Fraction]:
    """A route's segments; equal parts that a decimal cannot hold are made exact again."""
    return exact_parts(line, Fraction(route.seconds), route.segments)


def exact_parts(line: Priced, need: Fraction, segments: Iterable[Decimal]) -> list[Fraction]:
    """The same of any segments that make ``need`` seconds."""
    lengths = [Fraction(length) for length in segments]
    if line.terms.seconds is not None and line.terms.seconds.step == 0:
        part = max(need / len(lengths), Fraction(line.terms.seconds.min or 0))
        if all(abs(length - part) < Fraction(1, 10**6) for length in lengths):
            return [part] * len(lengths)
    return lengths
