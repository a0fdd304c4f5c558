"""What a plan says that it minimised, and that its figures assume about outages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from router.schema.plan import Plan
from router.schema.scenario import Scenario


def assumptions(plan: Plan, scenario: Scenario) -> Iterator[str]:
    """What is wrong with it."""
    aim, wanted = plan.objective, scenario.objective
    if (aim.minimise, aim.level, aim.risk_aversion) != (
        wanted.minimise,
        float(wanted.level),
        float(wanted.risk_aversion),
    ):
        yield "objective is not what the scenario says"
    if (aim.cvar_usd is None) != (wanted.minimise != "cvar" and not wanted.risk_aversion):
        yield "objective.cvar_usd does not belong to the objective"
    stated, said = scenario.outages, plan.outages
    tried = {(step.provider, step.model) for route in plan.routes for step in route.chain}
    providers = {p: float(stated.availability[p]) for p, _ in tried if p in stated.availability}
    should: dict[str, object] = {
        "correlation": stated.correlation,
        "provider_correlation": stated.provider_correlation or stated.correlation,
        "providers": providers,
        "unserved_usd": Decimal(round(Fraction(scenario.fallback.unserved_usd) * 1_000_000)).scaleb(-6),
        "run_minutes": None,
        "repair_minutes": {},
    }
    if "over-time" in (stated.correlation, stated.provider_correlation):
        names = [(f"{provider}/{model}", model) for provider, model in tried] + [(name, name) for name in providers]
        times = {own: stated.repair_minutes_of.get(own, stated.repair_minutes_of.get(model)) for own, model in names}
        should["repair_minutes"] = {own: float(time or stated.repair_minutes or 0) for own, time in times.items()}
        should["run_minutes"] = float(stated.run_minutes or 0)
    for name, value in should.items():
        if getattr(said, name) != value:
            yield f"outages.{name} is not what the scenario says"
