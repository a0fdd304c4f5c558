"""Levers as their tests read them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import router
from router.schema.catalog import Catalog
from router.schema.levers import Lever, Levers
from tests.builders import ON, Raw, model, scenario

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"

LADDER = [
    {"resolution": "1080p", "audio": False, "price_per_second": "0.30", "quality": "9", "quality_source": "made up"},
    {"resolution": "768p", "audio": False, "price_per_second": "0.20", "quality": "7", "quality_source": "made up"},
    {"resolution": "480p", "audio": False, "price_per_second": "0.10", "quality": "4", "quality_source": "made up"},
]

CHOICES = model(
    "fixed", [{"audio": False, "prices": {"5": "1", "10": "3", "20": "9"}}], seconds={"choices": [5, 10, 20]}
)


def found(clips: list[Raw], *catalogs: Catalog, **fields: Any) -> Levers:
    """The levers of such a scenario."""
    return router.levers(scenario(clips, *catalogs, **fields), on=ON)


def every(levers: Levers) -> dict[str, Lever]:
    """All of them, by key."""
    return {lever.key: lever for lever in (*levers.levers, *levers.idle)}


def savings(levers: Levers, kind: str) -> dict[str, Decimal | None]:
    """What those of a kind save, by key."""
    return {key: lever.saving_usd for key, lever in every(levers).items() if lever.kind == kind}
