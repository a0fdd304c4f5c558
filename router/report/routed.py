"""What is said of a route beside every clip of a table that takes it: columns that begin with ``route.``, money in exact dollars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from router.report.frames import plan_rows
from router.schema.plan import Plan
from router.units import plain_seconds

ROUTE = "route."
COLUMNS = (
    "provider", "model", "mode", "resolution", "audio", "segments", "billed_seconds", "price_usd", "expected_usd", "worst_usd",
    "fallbacks", "left_out",
)  # fmt: skip


def route_values(plan: Plan, positions: Sequence[int]) -> dict[str, list[Any]]:
    """The columns, for routes by their position in the plan: its routes, then what it leaves out.

    ``route.number`` counts from 1 in that order; ``route.draft`` is there where the plan has drafts.
    """
    rows = plan_rows(plan)
    names = (*COLUMNS, "draft") if any(route.draft for route in plan.routes) else COLUMNS
    found: dict[str, list[Any]] = {f"{ROUTE}number": [position + 1 for position in positions]}
    for name in names:
        values = [_plain(name, row[name]) for row in rows]
        found[f"{ROUTE}{name}"] = [values[position] for position in positions]
    return found


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return "; ".join(str(plain_seconds(part)) if isinstance(part, Decimal) else part for part in value)
    if name.endswith("seconds") and value is not None:
        return Decimal(value)
    return value
