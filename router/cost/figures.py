"""The figures that every plan states of its cost: exact where they can be, simulated where they cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from router.cost.risk_measures import LEVELS, MOST, TAIL
from router.errors import InputError, TooManyStatesError
from router.schema.exposure import Chances, Exposure, Risk
from router.units import Micro, from_micro

DRAWS = 10_000
SEED = 0
"""Of the simulation where no exact distribution exists; fixed, so that a scenario has one plan."""


def risk(chances: Chances, worst_per_request: Micro, *, budget: Micro | None = None) -> Risk:
    """What the cost of a plan is distributed like.

    Parameters
    ----------
    worst_per_request
        The sum of the clips' own worst cases; the worst case wherever clips do not share one state for the whole run.
    budget
        The chance of going over it is among the figures.

    Raises
    ------
    router.errors.InputError
        If the worst case is beyond what floats can add up to the micro-dollar.
    """
    if all(_is_certain(exposure, chances) for exposure in chances.exposures):
        # Most plans: nothing that is known can change the cost. Only models of unknown availability can, in the worst case.
        cost = sum(exposure.attempts[0].billed * exposure.count for exposure in chances.exposures)
        over = None if budget is None else float(cost > budget)
        worst, warnings = _worst(chances, worst_per_request)
        return Risk(0.0, cost, cost, cost, cost, cost, cost, worst, over, "exact", 1, 0, None, 0.0, (), warnings)
    if worst_per_request > MOST:
        raise InputError(
            f"the plan can cost {from_micro(worst_per_request):,.0f} dollars, more than the {from_micro(MOST):,.0f} up to which its "
            "distribution can be worked out; plan fewer clips"
        )
    return _exact(chances, worst_per_request, budget) or _simulated(chances, worst_per_request, budget)


def _is_certain(exposure: Exposure, chances: Chances) -> bool:
    """Whether the first step makes every clip for sure, at its first take; unknown availability counts as up."""
    first = exposure.attempts[0]
    one_take = exposure.takes == 1 or first.keep_rate == 1
    up = first.availability in (None, 1) and chances.providers.get(first.provider, 1) == 1
    return one_take and up and first.failure_rate == 0


class _Law(Protocol):
    """What exact distributions and samples can say alike."""

    @property
    def std(self) -> float: ...

    def quantiles(self, levels: Iterable[float]) -> Sequence[float]: ...

    def cvar(self, level: float) -> float: ...

    def above(self, x: float) -> float: ...


def _exact(chances: Chances, worst_per_request: Micro, budget: Micro | None) -> Risk | None:
    """The figures by the exact distribution; None where there is none."""
    from router.cost.exact import exact  # NumPy costs as much as most plans

    if "over-time" in (chances.correlation, chances.provider_correlation):
        return None
    try:
        found = exact(chances).cost
    except TooManyStatesError:
        return None
    risk = _read_off(found, found.least, chances, worst_per_request, budget)
    return replace(risk, states=found.states, error=found.error)


def _simulated(chances: Chances, worst_per_request: Micro, budget: Micro | None) -> Risk:
    from router.cost.laws import least
    from router.cost.monte_carlo import simulate

    found = simulate(chances, draws=DRAWS, seed=SEED).cost
    risk = _read_off(found, least(chances), chances, worst_per_request, budget)
    return replace(risk, method="simulated", draws=DRAWS, seed=SEED)


def _read_off(found: _Law, best: Micro, chances: Chances, worst_per_request: Micro, budget: Micro | None) -> Risk:
    """The figures of a law of the cost."""
    p50, p90, p95, p99 = map(float, found.quantiles(LEVELS))
    worst, warnings = _worst(chances, worst_per_request)
    return Risk(
        std=found.std,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        cvar95=found.cvar(TAIL),
        best=best,
        worst=worst,
        over_budget=None if budget is None else found.above(budget),
        method="exact",
        states=0,
        draws=0,
        seed=None,
        error=0.0,
        sources=_sources(chances, found.std),
        warnings=warnings,
    )


def _worst(chances: Chances, worst_per_request: Micro) -> tuple[Micro, tuple[str, ...]]:
    """The largest total over outage states of the run; where these are too many, the sum of the clips' own, which is no less."""
    if "per-run" not in (chances.correlation, chances.provider_correlation):
        return worst_per_request, ()
    from router.cost.states import worst_of_run

    try:
        return worst_of_run(chances), ()
    except TooManyStatesError as error:
        warning = f"the worst case is the sum of the clips' own, which is no less than that of the run: {error}"
        return worst_per_request, (warning,)


def _sources(chances: Chances, std: float) -> tuple[tuple[str, float], ...]:
    from router.cost.variance import sources

    try:
        return tuple(sources(chances, std**2).items()) if std > 0 else ()
    except TooManyStatesError:
        return ()
