"""Plans that look at risk: what every way costs in every outage state, and how such a plan differs from the cheapest."""

from __future__ import annotations

from collections.abc import Sequence

from router.assembly.moves import Moved, exposures, moves, without
from router.cost.figures import risk
from router.errors import TimeLimitError
from router.market import Market
from router.optimization.limits import assignment
from router.optimization.problem import Solution
from router.optimization.solve import solve
from router.schema.candidate import Choices, StateCosts
from router.schema.exposure import Risk
from router.schema.plan import Move
from router.schema.scenario import Objective
from router.units import from_micro


def by_state(choices: Sequence[Choices], market: Market) -> tuple[StateCosts | None, StateCosts | None]:
    """(mean, worst) cost of every way to make a clip in every outage state, each where a limit or the objective looks at it."""
    scenario, outages = market.scenario, market.scenario.outages
    limits, aim = scenario.limits, scenario.objective
    at_risk = limits.cvar is not None or aim.minimise == "cvar" or aim.risk_aversion > 0
    in_one_state = "per-run" in (outages.correlation, outages.provider_correlation)
    at_worst = in_one_state and (limits.worst_case_usd is not None or aim.minimise == "worst-case")
    if not (at_risk or at_worst):
        return None, None
    from router.cost.state_costs import mean_by_state, worst_by_state  # NumPy costs as much as most plans

    any_plan = market.chances()
    return (
        mean_by_state(choices, any_plan) if at_risk else None,
        worst_by_state(choices, any_plan) if at_worst else None,
    )


def moves_for_risk(
    market: Market, choices: Sequence[Choices], solution: Solution, planned: Risk, time_limit_seconds: float | None
) -> tuple[Move, ...]:
    """How the plan differs from the cheapest one that looks at no risk; by the model that the clips go to, dearest move first."""
    limits, aim = market.scenario.limits, market.scenario.objective
    if limits.cvar is None and limits.worst_case_usd is None and aim.minimise == "expected" and not aim.risk_aversion:
        return ()
    blind = limits.model_copy(update={"cvar": None, "worst_case_usd": None})
    plain = assignment(choices, market.scenario.model_copy(update={"limits": blind, "objective": Objective()}))
    try:
        cheapest = solve(plain, time_limit_seconds)
    except TimeLimitError:
        cheapest = None
    # Behind the classes of clips come those of the packs.
    planned_counts = solution.counts[: len(choices)]
    cheapest_counts = planned_counts if cheapest is None else cheapest.counts[: len(choices)]
    groups: dict[str, list[Moved]] = {}
    for move in moves(choices, cheapest_counts, planned_counts):
        groups.setdefault(move.model(move.after), []).append(move)
    found = []
    for model, own in groups.items():
        other = risk(market.chances(exposures(choices, without(choices, planned_counts, own))), 0)
        found.append(
            Move(
                model=model,
                clips=sum(move.count for move in own if move.choices.clip_class.draft_of is None),
                drafts=sum(move.count for move in own if move.choices.clip_class.draft_of is not None),
                instead_of=tuple(dict.fromkeys(move.model(move.before) for move in own)),
                expected_usd=from_micro(sum(move.dearer() for move in own)),
                p95_usd=from_micro(planned.p95 - other.p95),
                cvar95_usd=from_micro(planned.cvar95 - other.cvar95),
            )
        )
    return tuple(sorted(found, key=lambda move: -move.expected_usd))
