"""Sweeps of random scenarios for tests: what may be varied in one, and what every point of it must be."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from router.errors import NoPlanError
from router.loading.overrides import overridden
from router.pipeline import plan
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario
from router.schema.sweep import Point, Sweep
from tests.limits_scenarios import ON, random_case


def random_given(seed: int) -> Scenario:
    """A small scenario with limits, packs, tiers, drafts, takes, values or degrading."""
    case = random_case(seed)
    catalogs = [Catalog.model_validate(raw) for raw in case.catalogs]
    return Scenario.model_validate({**case.scenario, "catalogs": catalogs})


def random_axes(rng: random.Random, given: Scenario, values: int) -> list[str]:
    """Something of everything that can be varied in a scenario."""
    models = sorted(
        {entry.model for catalog in given.catalogs if isinstance(catalog, Catalog) for entry in catalog.models}
    )
    axes = [
        f"offers.{model}.*.price*={_spread(rng, Decimal(1), values)}"
        for model in rng.sample(models, min(2, len(models)))
    ]
    axes.append(
        f"outages.availability.{rng.choice(models)}={','.join(f'{k / (values - 1):.6f}' for k in range(values))}"
    )
    axes.append(f"failure_rate.{rng.choice(models)}={','.join(f'{k / values:.6f}' for k in range(values))}")
    axes.append(f"dubbing.usd_per_second={','.join(f'{k * 0.003:.4f}' for k in range(values))}")
    limits = given.limits
    for name in ("budget_usd", "worst_case_usd", "mean_quality_min", "deadline_minutes"):
        if (bound := getattr(limits, name)) is not None and bound > 0:
            axes.append(f"limits.{name}={_spread(rng, Decimal(bound), values)}")
    for k, cap in enumerate(limits.caps):
        for name in ("max_usd", "max_seconds"):
            if getattr(cap, name):
                axes.append(f"limits.caps[{k}].{name}={_spread(rng, Decimal(getattr(cap, name)), values)}")
        if cap.max_clips is not None:
            axes.append(f"limits.caps[{k}].max_clips={','.join(str(n) for n in range(values))}")
    return axes


def _spread(rng: random.Random, middle: Decimal, values: int) -> str:
    low, high = Decimal(rng.randint(3, 9)) / 10, Decimal(rng.randint(11, 20)) / 10
    step = (high - low) / (values - 1)
    return ",".join(f"{(middle * (low + step * k)).quantize(Decimal('0.000001')):f}" for k in range(values))


def by_itself(given: Scenario, found: Sweep, point: Point) -> dict[str, Any]:
    """What the plan of one point comes to, planned on its own."""
    sets = [f"{axis.path}{axis.operator}{value}" for axis, value in zip(found.axes, point.at, strict=True)]
    try:
        sums = plan(overridden(given, sets), on=ON, shadow_prices=False).totals
    except NoPlanError:
        return {"served": None}
    return {
        "expected_usd": sums.expected_usd,
        "nominal_usd": sums.nominal_usd,
        "worst_per_request_usd": sums.worst_per_request_usd,
        "served": sums.served,
        "left_out": sums.left_out,
    }
