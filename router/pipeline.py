"""Scenario to plan: the list of stages, in the order of the flow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from router import log
from router.assembly import no_plan
from router.assembly.routes import routes_and_left_out
from router.assembly.totals import baselines, limit_value, made, totals
from router.assembly.warnings import warnings
from router.checking.check import check
from router.errors import CheckError, Clash, InputError, NoPlanError, Problem, Relaxation, TimeLimitError
from router.fallback.chains import chain, stand_ins
from router.fallback.outages import Availability
from router.loading.catalog_file import where_in as where_in_catalog
from router.loading.scenario_file import resolved_catalogs, where_in
from router.offers.clip_classes import clip_classes
from router.offers.eligibility import candidates, rejections
from router.offers.table import offer_table
from router.optimization.limits import assignment, can_be_left_out
from router.optimization.problem import Problem as Assignment
from router.optimization.problem import Solution
from router.optimization.solve import solve
from router.providers import requests
from router.schema.base import Path
from router.schema.candidate import Choices, ClipClass, Offer
from router.schema.catalog import Catalog
from router.schema.plan import CatalogRef, Plan
from router.schema.scenario import Scenario
from router.units import from_micro


@dataclass(frozen=True, slots=True)
class Market:
    """What a scenario can buy on a day: its catalogs, flattened to offers, and how likely they are up."""

    scenario: Scenario
    on: dt.date
    catalogs: tuple[Catalog, ...]
    offers: tuple[Offer, ...]
    availability: Availability

    def where(self, path: Path) -> str:
        """``file:line`` of a value of the scenario."""
        return where_in(self.scenario, path)


def plan(scenario: Scenario, *, on: dt.date | None = None, time_limit_seconds: float | None = None) -> Plan:
    """The cheapest way to make every clip within all limits, with expected and worst-case cost.

    Parameters
    ----------
    on
        The day that prices and dates of sale are judged on; today if absent.
    time_limit_seconds
        Ends the search: the plan is then the best found, and says how far from the optimum it may be.

    Raises
    ------
    router.errors.NoPlanError
        If no plan exists: which clips nothing can serve, or which limits clash and what would mend it.
    router.errors.InputError
        If a catalog cannot be read, prices something twice, or sells nothing any more.
    router.errors.TimeLimitError
        If the time ran out before any plan was found.

    Examples
    --------
    >>> import router
    >>> clips = [{"id": "hero", "seconds": 10, "resolution": "1080p", "audio": "native", "count": 100}]
    >>> plan = router.plan(router.Scenario(clips=clips), on=dt.date(2026, 4, 10))
    >>> plan.routes[0].model, plan.totals.expected_usd, plan.totals.worst_usd
    ('kling-o3', Decimal('125.000000'), Decimal('150.000000'))
    """
    market = open_market(scenario, on)
    choices = [ways_to_make(own, market) for own in clip_classes(scenario.clips)]
    refuse_unservable(choices, market)
    problem = assignment(choices, scenario.limits)
    log.debug("modelled", classes=len(choices), limits=len(problem.rows))
    solution = solve(problem, time_limit_seconds)
    if solution is None:
        raise NoPlanError(clash=clash(problem, choices, market, time_limit_seconds), title=scenario.title)
    log.debug("solved", method=solution.method, proven=solution.proven)
    made_plan = assemble(market, choices, problem, solution)
    if findings := check(made_plan, scenario, market.catalogs, market.on):
        raise CheckError(findings)
    return made_plan


def open_market(scenario: Scenario, on: dt.date | None = None) -> Market:
    """The scenario's catalogs as they stand on a day."""
    day = on or dt.datetime.now(dt.UTC).date()
    catalogs = resolved_catalogs(scenario)
    offers = offer_table(catalogs, day)
    if all(offer.status == "retired" for offer in offers):
        raise InputError(
            [
                Problem(
                    f"everything in catalog '{catalog.name}' is retired on {day}; use a later catalog, or an earlier --as-of",
                    where_in_catalog(catalog, ("models", 0, "available_until")),
                )
                for catalog in catalogs
            ]
        )
    return Market(scenario, day, catalogs, offers, Availability(scenario.outages))


def ways_to_make(own: ClipClass, market: Market) -> Choices:
    """A class with every candidate and, behind each as primary, its chain."""
    rule = market.scenario.fallback
    eligible = candidates(own, market.offers, market.scenario.dubbing)
    catching = eligible
    if rule.accept == "degraded":
        catching = candidates(own, market.offers, market.scenario.dubbing, degraded=True)
    others = stand_ins(catching)
    return Choices(own, eligible, tuple(chain(primary, others, rule, market.availability) for primary in eligible))


def refuse_unservable(choices: Sequence[Choices], market: Market) -> None:
    """Raise NoPlanError if a clip that must be made has no candidate."""
    scenario = market.scenario
    stuck = [
        no_plan.unservable(
            scenario.clips, own.clip_class, rejections(own.clip_class, market.offers, scenario.dubbing), market.where
        )
        for own in choices
        if not own.candidates and not can_be_left_out(own)
    ]
    if stuck:
        raise NoPlanError(unservable=stuck, title=scenario.title)


def clash(problem: Assignment, choices: Sequence[Choices], market: Market, time_limit_seconds: float | None) -> Clash:
    """Which limits clash: what each would have to be, alone or, where none suffices alone, together."""
    from router.optimization.relaxation import Loosened, loosened_alone, loosened_together  # As in `solve`

    def shown(loose: Loosened) -> Relaxation:
        row = loose.row
        pins = no_plan.pinning(choices, market.scenario.clips, loose.pinned_by)
        return no_plan.relaxation(row.name, row.sense, row.unit, row.bound, loose.needed, pins, market.where)

    try:
        alone = tuple(map(shown, loosened_alone(problem, time_limit_seconds)))
        if any(item.needed is not None for item in alone):
            return Clash(alone)
        return Clash(alone, tuple(map(shown, loosened_together(problem, time_limit_seconds))))
    except TimeLimitError:
        return Clash()


def assemble(market: Market, choices: Sequence[Choices], problem: Assignment, solution: Solution) -> Plan:
    """The plan that a solution stands for."""
    scenario, counts = market.scenario, solution.counts
    routes, left_out = routes_and_left_out(scenario.clips, choices, counts, requests)
    sums = totals(choices, counts)
    bound = sums.objective_usd if solution.proven else min(sums.objective_usd, from_micro(solution.bound))
    used = [(candidate, behind) for _, candidate, behind, _ in made(choices, counts)]
    unborne = market.availability.unborne(market.offers)
    return Plan(
        schema=1,
        title=scenario.title,
        status="optimal" if solution.proven else "feasible",
        method=solution.method,
        gap=round(float((sums.objective_usd - bound) / sums.objective_usd), 9) if sums.objective_usd else 0.0,
        bound_usd=bound,
        catalogs=tuple(CatalogRef(name=catalog.name, as_of=catalog.as_of) for catalog in market.catalogs),
        totals=sums,
        routes=routes,
        left_out=left_out,
        limits=tuple(
            limit_value(row.name, row.unit, row.sense, Fraction(row.bound), Fraction(row.used(counts)))
            for row in problem.rows
        ),
        baselines=baselines(choices, counts),
        warnings=warnings(scenario, market.catalogs, market.offers, used, routes, unborne, market.on),
    )
