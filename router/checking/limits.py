"""What the routes of a plan use of each limit, in dollars, clips, seconds, shares, points of quality or minutes.

Caps count primaries as planned. Amounts are exact; the expected cost is rounded to the micro-dollar, as the limit compares it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from router.checking.prices import Priced
from router.checking.primaries import exact_lengths, minutes
from router.checking.recourse import Cost
from router.schema.plan import Route
from router.schema.scenario import Cap, Limits

CostedRoute = tuple[Route, Priced, int, Cost]
"""A route, its price line, the price of one clip in micro-dollars, and what one clip costs."""


def used_of_limits(
    limits: Limits,
    routes: Sequence[CostedRoute],
    worst_of: Callable[[int], int],
    cvar_at: Callable[[float], float],
    saving: float = 0.0,
) -> Iterator[tuple[str, str, Fraction, Fraction]]:
    """(limit, ``at_most`` or ``at_least``, bound, what the routes use) of every limit that is stated.

    Parameters
    ----------
    worst_of
        The plan's worst case, micro-dollars, from the sum of its clips' own.
    cvar_at
        Its conditional value at risk at a level, micro-dollars.
    saving
        What packs and volume discounts take off its cost, micro-dollars.
    """
    if limits.budget_usd is not None:
        expected = round(math.fsum([*(cost.expected * route.count for route, _, _, cost in routes), -saving]))
        yield "budget_usd", "at_most", Fraction(limits.budget_usd), Fraction(expected, 10**6)
    if limits.worst_case_usd is not None:
        worst = sum(cost.worst * route.count for route, _, _, cost in routes)
        yield (
            "worst_case_usd",
            "at_most",
            Fraction(limits.worst_case_usd),
            Fraction(round(worst_of(worst) - saving), 10**6),
        )
    if limits.cvar is not None:
        tail = cvar_at(float(limits.cvar.level))
        if not math.isnan(tail):
            yield "cvar", "at_most", Fraction(limits.cvar.usd), Fraction(round(tail - saving), 10**6)
    for position, cap in enumerate(limits.caps):
        for name, bound, used in _used_of_cap(cap, routes):
            sense = "at_most" if name.startswith("max") else "at_least"
            # A share of nothing is kept.
            yield f"caps[{position}].{name}", sense, bound, bound if used is None else used
    if limits.mean_quality_min is not None:
        bound, mean = Fraction(limits.mean_quality_min), _mean_quality(routes)
        yield "mean_quality_min", "at_least", bound, bound if mean is None else mean
    if limits.deadline_minutes is not None:
        for (provider, model), done_by in _minutes_needed(routes).items():
            name = f"deadline_minutes[{provider}/{model}]"
            yield name, "at_most", Fraction(limits.deadline_minutes), done_by


def _mean_quality(routes: Sequence[CostedRoute]) -> Fraction | None:
    """Mean score of the primaries over the finished clips; None where none is made."""
    finals = [(route.count, line) for route, line, *_ in routes if not route.draft]
    points = sum((count * Fraction(line.terms.quality or 0) for count, line in finals), Fraction(0))
    clips = sum(count for count, _ in finals)
    return points / clips if clips else None


def _minutes_needed(routes: Sequence[CostedRoute]) -> dict[tuple[str, str], Fraction]:
    """By provider and model: all its generation time over what it does at once, and its longest generation; minutes.

    A line that does not state both cannot be a primary; that is found elsewhere.
    """
    work: dict[tuple[str, str], Fraction] = {}
    longest: dict[tuple[str, str], Fraction] = {}
    at_once: dict[tuple[str, str], int] = {}
    for route, line, *_ in routes:
        all_of_one, longest_of_one = minutes(line, exact_lengths(line, route), route.max_takes)
        slots, key = line.terms.concurrency or 1, line.key
        work[key] = work.get(key, Fraction(0)) + all_of_one * route.count
        longest[key] = max(longest.get(key, longest_of_one), longest_of_one)
        at_once[key] = min(at_once.get(key, slots), slots)
    return {key: total / at_once[key] + longest[key] for key, total in work.items()}


def _used_of_cap(cap: Cap, routes: Sequence[CostedRoute]) -> Iterator[tuple[str, Fraction, Fraction | None]]:
    matching = [(route, line, price) for route, line, price, _ in routes if _matches(route, line, cap)]
    clips = sum(route.count for route, *_ in matching)
    served = sum(route.count for route, *_ in routes)
    share = Fraction(clips, served) if served else None
    used = {
        "max_clips": Fraction(clips),
        "max_seconds": sum((_billed(route, line) * route.count for route, line, _ in matching), Fraction(0)),
        "max_usd": Fraction(sum(price * route.count for route, _, price in matching), 10**6),
        "min_clips": Fraction(clips),
        "max_share": share,
        "min_share": share,
    }
    for name, amount in used.items():
        if (bound := getattr(cap, name)) is not None:
            yield name, Fraction(bound), amount


def _billed(route: Route, line: Priced) -> Fraction:
    """Billed seconds of a route's clip; equal parts of an unrounded length are exact again as a whole."""
    if line.entry.rounding != "none":
        return Fraction(route.billed_seconds)
    part = Fraction(route.seconds) / len(route.segments)
    exact = abs(part - Fraction(route.segments[0])) < Fraction(1, 10**6)
    return Fraction(route.seconds) if exact else sum(map(Fraction, route.segments), Fraction(0))


def _matches(route: Route, line: Priced, cap: Cap) -> bool:
    where = cap.where
    wanted = {"provider": where.provider, "model": where.model, "mode": where.mode, "resolution": where.resolution}
    if any(value is not None and getattr(route, name) != value for name, value in wanted.items()):
        return False
    return where.audio is None or where.audio == (line.offer.audio if isinstance(where.audio, bool) else route.audio)
