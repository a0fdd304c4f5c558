"""What would each fallback direction cost? The same scenario, planned under all four."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Literal, get_args

from router.errors import NoPlanError
from router.pipeline import plan
from router.schema.directions import Direction, DirectionComparison, Primary
from router.schema.plan import Plan
from router.schema.scenario import Scenario

_Name = Literal["none", "cheaper", "dearer", "any"]


def compare_directions(scenario: Scenario, on: dt.date | None = None) -> DirectionComparison:
    """The scenario planned under each fallback direction; one under which no plan exists says why.

    Each is planned anew, so that the primaries too may differ. The figures are the plans' own.

    Raises
    ------
    router.errors.InputError
        If a catalog cannot be read, prices something twice, or sells nothing any more.
    """
    day = on or dt.datetime.now(dt.UTC).date()
    plans: list[Plan] = []
    rows: list[Direction] = []
    for direction in get_args(_Name):
        rule = scenario.fallback.model_copy(update={"direction": direction})
        chosen = direction == scenario.fallback.direction
        try:
            made = plan(scenario.model_copy(update={"fallback": rule}), on=day, shadow_prices=False)
        except NoPlanError as error:
            rows.append(Direction(direction=direction, chosen=chosen, no_plan=str(error)))
            continue
        plans.append(made)
        rows.append(_row(direction, chosen, made, degraded=scenario.fallback.accept == "degraded"))
    mixes = {row.primaries for row in rows if not row.no_plan}
    return DirectionComparison(
        schema=1,
        title=scenario.title,
        directions=tuple(rows),
        same_primaries=len(mixes) <= 1,
        warnings=tuple(dict.fromkeys(warning for made in plans for warning in made.warnings)),
    )


def _row(direction: _Name, chosen: bool, made: Plan, *, degraded: bool) -> Direction:
    sums = made.totals
    clips: Counter[tuple[str, str]] = Counter()
    for route in made.routes:
        if not route.draft:
            clips[route.provider, route.model] += route.count
    ranked = sorted(clips.items(), key=lambda item: (-item[1], item[0]))
    return Direction(
        direction=direction,
        chosen=chosen,
        method=made.distribution.method,
        expected_usd=sums.expected_usd,
        p95_usd=sums.p95_usd,
        worst_usd=sums.worst_usd,
        unserved_expected=sums.unserved_expected,
        degraded_expected=sums.degraded_expected if degraded else None,
        left_out=sums.left_out,
        primaries=tuple(Primary(provider=p, model=m, clips=count) for (p, m), count in ranked),
    )
