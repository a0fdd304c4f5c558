"""Where the time of planning goes, in a sentence: the longest stage, what makes it long, and what is known to shorten it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from router.schema.bench import Planning, Sizes
from router.stages import Stage


class _Said(NamedTuple):
    """What is said of a stage."""

    name: str
    why: str
    mend: str = ""


def summary(sizes: Sizes, planning: Planning) -> str:
    """The longest stage, its share of the median plan, and the sizes behind it."""
    longest = max(planning.stages, key=lambda one: one.median_seconds)
    total = planning.total.median_seconds
    share = min(1.0, longest.median_seconds / total) if total else 1.0
    said = _sayings(sizes)[longest.stage]
    return f"{share:.0%} of planning is {said.name} ({said.why})" + (f"; {said.mend}" if said.mend else "")


def _sayings(sizes: Sizes) -> Mapping[Stage, _Said]:
    lines, classes = _some(sizes.lines, "clip line"), _some(sizes.classes, "class", "classes")
    offers, ways = _some(sizes.offers, "offer"), _some(sizes.candidates, "way")
    limits, routes = _some(sizes.limits, "limit"), _some(sizes.routes, "route")
    catalogs = _some(sizes.catalogs, "catalog")
    states = f"made of {_some(sizes.states, 'outage state')}" if sizes.states else "simulated, for it is not exact"
    prices = f"what {limits} would save one step looser, by solving again"
    model = f"{_some(sizes.rows, 'row')} and {_some(sizes.columns, 'column')} in {_some(sizes.blocks, 'part')}"
    if sizes.method == "argmin":
        solve = _Said("the solve", f"{classes}, each on its cheapest way, as no limit binds")
    else:
        # Packs, discounts, groups and risk couple classes too.
        couple = f"{limits} couple{'s' if sizes.limits == 1 else ''} {classes}" if sizes.limits else classes
        solve = _Said(
            "the solve",
            f"{couple}: {model}",
            "`router plan --time-limit SECONDS` ends it with the best plan found and how far that may be from the optimum",
        )
    return {
        "market": _Said("opening the market", f"{offers} of {catalogs}"),
        "classes": _Said("merging equal clips", f"{lines} in {classes}"),
        "candidates": _Said("working out candidates, prices and chains", f"{ways} to make {classes} from {offers}"),
        "formulation": _Said("the formulation", f"{ways} to make {classes} under {limits}"),
        "solve": solve,
        "routes": _Said("writing routes and requests", f"{routes} for {lines}"),
        "distribution": _Said("the distribution of the cost", f"{routes}, {states}"),
        "moves": _Said("what less risk changes", f"it is planned again without risk, {classes} and {limits}"),
        "assembly": _Said("assembling the plan", f"{routes} for {lines}"),
        "shadow-prices": _Said("shadow prices", prices, "`router plan --no-shadow-prices` leaves them out"),
        "check": _Said("the independent check", f"{routes} for {lines}, {limits}"),
    }


def _some(number: int, one: str, several: str = "") -> str:
    """A number of things.

    >>> _some(1, "class", "classes"), _some(1200, "row")
    ('1 class', '1,200 rows')
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
