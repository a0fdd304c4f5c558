"""What chance can do to a plan, read off the plan itself: a plan file carries all that its distribution follows from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from router.schema.exposure import Attempt, Chances, Exposure, Risk
from router.schema.plan import ChainStep, Distribution, Outages, Plan, Route, VarianceSource
from router.units import from_micro, to_micro


def chances_of(plan: Plan) -> Chances:
    """What chance can do to a plan."""
    return chances(plan.routes, plan.outages)


def chances(routes: Iterable[Route], outages: Outages) -> Chances:
    """The same from routes and what is assumed about outages; routes that meet the same chances are one exposure."""
    counts: Counter[tuple[tuple[Attempt, ...], int]] = Counter()
    for route in routes:
        counts[tuple(map(_attempt, route.chain)), route.max_takes] += route.count
    exposures = tuple(Exposure(chain, takes, count) for (chain, takes), count in counts.items())
    return Chances(
        exposures,
        outages.providers,
        to_micro(outages.unserved_usd),
        outages.correlation,
        outages.provider_correlation,
        outages.repair_minutes,
        outages.run_minutes,
    )


def _attempt(step: ChainStep) -> Attempt:
    return Attempt(
        step.provider,
        step.model,
        to_micro(step.billed_usd),
        step.availability,
        step.failure_rate,
        step.bills_failures,
        step.keep_rate,
        bool(step.shortfall),
    )


def distribution(risk: Risk) -> Distribution:
    """How the figures of the distribution were found, as the plan carries it."""
    return Distribution(
        method=risk.method,
        states=risk.states,
        draws=risk.draws,
        seed=risk.seed,
        error_usd=from_micro(risk.error),
        sources=tuple(VarianceSource(source=name, share=round(share, 9)) for name, share in risk.sources),
    )
