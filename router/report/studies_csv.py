"""What studies found, as CSV: one line for each thing that was varied."""

from __future__ import annotations

from collections.abc import Sequence

from router.report.tabular import to_csv
from router.schema.frontier import Frontier
from router.schema.sensitivity import AvailabilityRange, Edge, ModelElasticity, PriceRange, Sensitivity, Sold, Swing


def sensitivity_csv(found: Sensitivity) -> str:
    """Break-evens of prices and availabilities, then what prices do to the mean cost, then elasticities; ``kind`` says which a line is.

    Prices are in the unit of their catalog, costs in dollars.
    """
    edge = ("until", "since", "break_even", "change", "ties", "proven", "takes_over", "no_plan")
    header = (
        "kind", "provider", "model", "mode", "resolution", "sound", "reference", "path", "clips", "unit", "per", "today",
        *(f"below_{name}" for name in edge), *(f"above_{name}" for name in edge), "lower_usd", "higher_usd", "swing_usd", "elasticity",
    )  # fmt: skip
    rows = [
        *map(_range, found.prices),
        *map(_range, found.availabilities),
        *map(_swing, found.swings),
        ("elasticity", *[""] * (len(header) - 2), found.elasticity),
        *(_elasticity(one, len(header)) for one in found.elasticities),
    ]
    return to_csv(header, rows)


def frontier_csv(found: Frontier) -> str:
    """One line a point, cheapest first; money is in dollars."""
    header = (
        "cost_usd", "quality", "cvar_usd", "served", "left_out", "left_out_value_usd", "expected_usd", "worst_per_request_usd", "knee",
        "adjacent", "primaries", "moved", "set",
    )  # fmt: skip
    return to_csv(
        header,
        [
            (
                own.cost_usd, own.quality, own.cvar_usd, own.served, own.left_out, own.left_out_value_usd, own.expected_usd,
                own.worst_per_request_usd, "yes" if own.knee else "", "yes" if own.adjacent else "",
                "; ".join(f"{p.clips} {p.provider}/{p.model}" for p in own.primaries), "; ".join(own.moved), own.set,
            )
            for own in found.points
        ],
    )  # fmt: skip


def _range(one: PriceRange | AvailabilityRange) -> Sequence[object]:
    known: Sequence[object]
    if isinstance(one, PriceRange):
        known = ("price", *_sold(one), one.path, one.clips, one.unit, one.per, one.price)
    else:
        known = ("availability", one.provider, one.model, *[""] * 4, one.path, one.clips, "", "", one.availability)
    return (
        *known, *_edge(one.below, proven=one.below_proven),
        *_edge(one.above, proven=one.above_proven), *[""] * 4,
    )  # fmt: skip


def _edge(edge: Edge | None, *, proven: bool) -> Sequence[object]:
    sure = "yes" if proven else "no"
    if edge is None:
        return (*[""] * 5, sure, "", "")
    takers = "; ".join(f"{one.more} {one.provider}/{one.model}" for one in edge.takes_over)
    ties = "yes" if edge.ties else "no"
    return edge.until, edge.since, edge.break_even, edge.change, ties, sure, takers, edge.no_plan


def _swing(one: Swing) -> Sequence[object]:
    sold = _sold(one.offer) if one.offer else (one.provider, one.model, *[""] * 4)
    costs = (one.lower.expected_usd, one.higher.expected_usd, one.swing_usd)
    return ("swing", *sold, one.path, *[""] * 20, *costs, "")


def _elasticity(one: ModelElasticity, width: int) -> Sequence[object]:
    return ("elasticity", one.provider, one.model, *[""] * (width - 4), one.elasticity)


def _sold(one: Sold) -> tuple[str, ...]:
    return one.provider, one.model, one.mode, one.resolution or "", one.audio, one.reference or ""
