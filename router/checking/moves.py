"""What a plan says it moved for the sake of risk, held against its routes.

The cheapest plan itself takes a solver to find; which models there are, and how many clips are on them, does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from router.checking.prices import Priced
from router.schema.plan import Plan
from router.schema.scenario import Scenario

NOT_MADE = "left out"


def moves_alone(plan: Plan) -> Iterator[str]:
    """Moves of a plan that looks at no risk, or of more clips than its routes have there."""
    aim, limits = plan.objective, {value.limit for value in plan.limits}
    blind = aim.minimise == "expected" and not aim.risk_aversion and limits.isdisjoint({"cvar", "worst_case_usd"})
    if plan.moves and blind:
        yield "moves: the plan looks at no risk"
    clips: Counter[str] = Counter({NOT_MADE: plan.totals.left_out})
    drafts: Counter[str] = Counter()
    for route in plan.routes:
        (drafts if route.draft else clips)[route.model] += route.count
    for move in plan.moves:
        if not move.clips and not move.drafts:
            yield f"moves to {move.model}: nothing is moved"
        if move.clips > clips[move.model]:
            yield f"moves to {move.model}: {move.clips} clips are moved, {clips[move.model]} are there"
        # Drafts of clips that are not made are nowhere to be counted.
        if move.drafts > drafts[move.model] and not (move.model == NOT_MADE and clips[NOT_MADE]):
            yield f"moves to {move.model}: {move.drafts} drafts are moved, {drafts[move.model]} are there"
    dearer = [move.expected_usd for move in plan.moves]
    if dearer != sorted(dearer, reverse=True):
        yield "moves: the dearest does not come first"


def moves_of(plan: Plan, scenario: Scenario, lines: Sequence[Priced]) -> Iterator[str]:
    """Moves from where no clip of the scenario can have been."""
    sold = {line.entry.model for line in lines}
    sold |= {NOT_MADE} if any(clip.value_usd is not None for clip in scenario.clips) else set()
    for move in plan.moves:
        for name in move.instead_of:
            if name not in sold:
                yield f"moves to {move.model}: no catalog sells '{name}'"
