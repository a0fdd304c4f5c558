"""What a Pareto set says, in words: the same ones for the table on a terminal and for the page that people open."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from router.report.page import usd
from router.schema.frontier import Frontier, FrontierPoint
from router.units import clips_text, usd_text

KNEE_IS = "farthest from the straight line between both ends"
_SECOND = {"quality": "mean quality", "cvar": "CVaR", "clips-served": "clips made"}
_EACH = {"quality": "A point costs", "cvar": "$1 less costs", "clips-served": "A clip costs"}


def head_text(found: Frontier) -> str:
    """Which figures are set against one another, and how many plans there are."""
    return f"Cost against {second_name(found)}: {which_text(found)}."


def which_text(found: Frontier) -> str:
    """How many plans there are, and whether these are all of them."""
    number = len(found.points)
    if found.complete:
        return "one plan is the best in both" if number == 1 else f"all {number:,} plans that nothing beats in both"
    return f"{number:,} of at least {found.at_least:,} plans that nothing beats in both, spread evenly"


def second_name(found: Frontier) -> str:
    """What is set against the cost."""
    name = _SECOND[found.of[1]]
    return f"{name} {found.level * 100:g} %" if found.level is not None else name


def second_value(point: FrontierPoint) -> Decimal:
    """The second figure of a point."""
    if point.quality is not None:
        return point.quality
    return point.cvar_usd if point.cvar_usd is not None else Decimal(point.served)


def value_text(found: Frontier, value: Decimal) -> str:
    """A value of the second figure, as it is shown."""
    if found.of[1] == "cvar":
        return usd(value)
    return f"{value.quantize(Decimal('0.0001'), ROUND_HALF_UP).normalize():,f}"


def second_text(found: Frontier, point: FrontierPoint) -> str:
    """The second figure of a point, as it is shown."""
    return value_text(found, second_value(point))


def at_text(found: Frontier, point: FrontierPoint) -> str:
    """At which second figure a point has its cost."""
    if found.of[1] == "clips-served":
        return f"for {clips_text(point.served)} made"
    return f"at a {second_name(found)} of {second_text(found, point)}"


def each_heading(found: Frontier) -> str:
    """What `each_text` says."""
    return _EACH[found.of[1]]


def each_text(before: FrontierPoint | None, point: FrontierPoint) -> str:
    """What one unit of the second figure costs from the point before; nothing for the first, and where they agree as far as is told."""
    better = Decimal(0) if before is None else abs(second_value(point) - second_value(before))
    if before is None or not better:
        return ""
    return usd_text(((point.cost_usd - before.cost_usd) / better).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def knee_text(found: Frontier) -> str:
    """What the knee is, and of which points; nothing where there is none."""
    if not any(point.knee for point in found.points):
        return ""
    return KNEE_IS + ("" if found.knee_known else ", of the points shown")


def unproven_lines(found: Frontier) -> Iterator[str]:
    """What was not proven."""
    if not found.proven:
        yield "Not proven: some plan that this rests on is the best one found, not the best there is."


def begun(said: str) -> str:
    """With a capital, as a sentence or a heading begins.

    >>> begun("CVaR 95 %"), begun("mean quality")
    ('CVaR 95 %', 'Mean quality')
    """
    return said[:1].upper() + said[1:]
