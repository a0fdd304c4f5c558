"""Plans made anew with some values set, and what tells them from one another; nothing of the studies is used."""

from __future__ import annotations

from collections import Counter
from typing import Any

import router
from router.loading.overrides import overridden
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests.builders import ON

Ways = Counter[tuple[Any, ...]]


def replanned(scenario: Scenario, *sets: str) -> Plan | None:
    """The plan with these values, or None if there is none."""
    try:
        return router.plan(overridden(scenario, sets), on=ON, shadow_prices=False)
    except router.NoPlanError:
        return None


def ways(plan: Plan | None) -> Ways | None:
    """How many clips are made how; who has which of several equal clips is left aside, and so are the lengths that are generated."""
    if plan is None:
        return None
    found: Ways = Counter()
    for r in plan.routes:
        made = (r.provider, r.model, r.mode, r.resolution, r.reference, r.audio)
        found[(*made, r.degraded, r.draft, r.seconds)] += r.count
    for left in plan.left_out:
        found["left out", left.value_usd] += left.count
    return found
