"""Scenario to plan: the list of stages, in the order of the flow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from router import log
from router.assembly import no_plan
from router.assembly.chances import chances, distribution
from router.assembly.degraded import degraded_clips
from router.assembly.routes import routes_and_left_out
from router.assembly.savings import Terms
from router.assembly.totals import baselines, limit_value, made, settled, totals
from router.assembly.warnings import settlement, warnings
from router.at_risk import by_state, moves_for_risk
from router.binding import priced, pushed, step_of
from router.checking.check import check
from router.clash import clash
from router.cost.figures import risk
from router.errors import CheckError, NoPlanError
from router.fallback.outages import assumed
from router.known import Common, same_clips, same_ways
from router.market import Market, open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.offers.eligibility import rejections
from router.optimization.aims import can_be_left_out
from router.optimization.branching import truth_at
from router.optimization.limits import assignment
from router.optimization.problem import Problem as Assignment
from router.optimization.problem import Solution
from router.optimization.rough import Deadline
from router.optimization.rows import Bounded
from router.optimization.solve import solve
from router.provenance import catalog_refs, price_lines
from router.providers import requests
from router.schema.candidate import Choices
from router.schema.plan import Certificate, LimitValue, Multiplier, Objective, Plan, Solved, Totals
from router.schema.scenario import Scenario
from router.stages import Laps
from router.units import MICRO, from_micro, to_micro


def plan(
    scenario: Scenario,
    *,
    on: dt.date | None = None,
    time_limit_seconds: float | None = None,
    shadow_prices: bool = True,
    laps: Laps | None = None,
) -> Plan:
    """The cheapest way to make every clip within all limits, with expected and worst-case cost.

    Parameters
    ----------
    on
        The day that prices and dates of sale are judged on; today if absent.
    time_limit_seconds
        Ends the search: the plan is then the best found, and says how far from the optimum it may be.
    shadow_prices
        Whether to work out what one more unit of each limit would save: solves once more for each limit, where any binds, in what is
        left of the time.
    laps
        Told whenever a stage ends.

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
    laps = laps or Laps()
    market, choices, problem = modelled(scenario, on, laps=laps)
    log.debug("modelled", classes=len(choices), limits=len(problem.limits))
    solution = solve(problem, time_limit_seconds)
    if solution is None:
        raise NoPlanError(clash=clash(choices, market, time_limit_seconds), title=scenario.title)
    spent = laps.ended("solve")
    seconds = round(spent, 3)
    log.debug("solved", method=solution.method, proven=solution.proven, **asdict(solution.size), seconds=seconds)
    made_plan = assemble(market, choices, problem, solution, time_limit_seconds, laps)
    if shadow_prices:
        left = None if time_limit_seconds is None else max(0.0, time_limit_seconds - spent)
        limits = priced(made_plan.limits, market, choices, problem, solution, left)
        made_plan = made_plan.model_copy(update={"limits": limits})
        log.debug("priced", limits=len(limits), seconds=round(laps.ended("shadow-prices"), 3))
    findings = check(made_plan, scenario, market.catalogs, market.on)
    laps.ended("check")
    if findings:
        raise CheckError(findings)
    return made_plan


class Modelled(NamedTuple):
    """A scenario, ready to be solved."""

    market: Market
    choices: tuple[Choices, ...]
    """Every class of clips with all ways to make it."""
    problem: Assignment


def modelled(
    scenario: Scenario, on: dt.date | None = None, like: Modelled | None = None, laps: Laps | None = None
) -> Modelled:
    """The problem that a scenario comes to.

    Parameters
    ----------
    like
        Another that it may have much in common with: what did not change is taken from there.
    laps
        Told whenever a stage ends.

    Raises
    ------
    router.errors.NoPlanError
        If a clip that must be made has no candidate, or its drafts have none.
    router.errors.InputError
        If a catalog cannot be read, prices something twice, or sells nothing any more.
    """
    laps = laps or Laps()
    market = open_market(scenario, on, None if like is None else like.market)
    laps.ended("market")
    if like is not None and same_ways(like.market, market):
        market, choices = replace(like.market, scenario=market.scenario), like.choices
    elif like is not None and same_clips(like.market.scenario, scenario):
        common = Common.of(like.market, market)
        choices = tuple(ways_to_make(own.clip_class, market, common.known(own)) for own in like.choices)
        refuse_unservable(choices, market)
    else:
        classes = clip_classes(scenario.clips, by_group=scenario.limits.groups is not None)
        laps.ended("classes")
        choices = tuple(ways_to_make(own, market) for own in classes)
        refuse_unservable(choices, market)
    laps.ended("candidates")
    problem = assignment(choices, market.scenario, *by_state(choices, market))
    laps.ended("formulation")
    return Modelled(market, choices, problem)


def refuse_unservable(choices: Sequence[Choices], market: Market) -> None:
    """Raise NoPlanError if a clip that must be made has no candidate, or its drafts have none."""
    scenario = market.scenario
    stuck = [
        no_plan.unservable(
            scenario.clips,
            own.clip_class,
            rejections(own.clip_class, market.offers, scenario.dubbing, scenario.limits),
            market.where,
        )
        for own in choices
        if not own.candidates and not can_be_left_out(choices, own)
    ]
    if stuck:
        raise NoPlanError(unservable=stuck, title=scenario.title)


def assemble(
    market: Market,
    choices: Sequence[Choices],
    problem: Assignment,
    solution: Solution,
    time_limit_seconds: float | None = None,
    laps: Laps | None = None,
) -> Plan:
    """The plan that a solution stands for, its limits without shadow prices; ``laps`` is told whenever a stage ends."""
    laps = laps or Laps()
    scenario = market.scenario
    # Behind the classes of clips come those of the packs.
    counts, others = solution.counts[: len(choices)], solution.counts[len(choices) :]
    terms = Terms.of(scenario, others)
    savings = settled(choices, counts, terms)
    why = pushed(choices, scenario, problem, solution)
    routes, left_out = routes_and_left_out(scenario.clips, choices, counts, requests, why)
    laps.ended("routes")
    tried = ((step.provider, step.model) for route in routes for step in route.chain)
    outages = assumed(scenario.outages, scenario.fallback, tried)
    budget = scenario.limits.budget_usd
    found = risk(
        chances(routes, outages),
        sum(chain.worst * count for *_, chain, count in made(choices, counts)),
        budget=None if budget is None else to_micro(budget) + round(savings.saving),
    )
    laps.ended("distribution")
    moves = moves_for_risk(market, choices, solution, found, time_limit_seconds)
    laps.ended("moves")
    tail = next((tail for tail in problem.objective.tails if tail.level is not None), None)
    cvar = None if tail is None else float(tail.value(solution.counts))
    sums = totals(choices, counts, scenario.objective, cvar, found, terms)
    # With a tail in the objective the bound of a proven plan may lie a billionth below it.
    closed = solution.proven and not problem.objective.tails
    bound = sums.objective_usd if closed else min(sums.objective_usd, from_micro(solution.bound))
    unborne = market.availability.unborne(market.offers)
    assembled = Plan(
        schema=1,
        title=scenario.title,
        status="optimal" if solution.proven else "feasible",
        method=solution.method,
        solved=Solved(**asdict(solution.size)),
        gap=round(float((sums.objective_usd - bound) / sums.objective_usd), 12) if sums.objective_usd else 0.0,
        bound_usd=bound,
        certificate=certificate(solution, bound),
        catalogs=catalog_refs(market.catalogs),
        account=scenario.account,
        prices=price_lines(market.catalogs, routes, scenario.account),
        totals=sums,
        objective=minimised(scenario, None if cvar is None else cvar - savings.saving),
        outages=outages,
        distribution=distribution(found),
        routes=routes,
        left_out=left_out,
        degraded=degraded_clips(routes, scenario.clips),
        limits=limits_used(problem, solution, sums),
        packs=savings.packs,
        discounts=savings.discounts,
        baselines=baselines(choices, counts, terms),
        moves=moves,
        warnings=(
            *warnings(scenario, market.catalogs, market.offers, routes, unborne, market.on),
            *settlement(savings.saving, routes, found.worst),
            *found.warnings,
        ),
    )
    laps.ended("assembly")
    return assembled


def certificate(solution: Solution, bound: Decimal) -> Certificate | None:
    """The certificate of a solution, in dollars; it proves no more than the bound."""
    found = solution.certificate
    if found is None:
        return None
    each = [(row.name, round(Decimal(price) / (1 if row.unit == "usd" else MICRO), 12)) for row, price in found.prices]
    multipliers = tuple(Multiplier(limit=name, value=value) for name, value in each if value)
    return Certificate(multipliers=multipliers, bound_usd=min(bound, from_micro(found.bound)))


def minimised(scenario: Scenario, cvar: float | None) -> Objective:
    """What was minimised, with the measure of risk that it looks at (micro-dollars), if any."""
    aim = scenario.objective
    return Objective(
        minimise=aim.minimise,
        level=float(aim.level),
        risk_aversion=float(aim.risk_aversion),
        cvar_usd=None if cvar is None else from_micro(cvar),
    )


def limits_used(problem: Assignment, solution: Solution, sums: Totals) -> tuple[LimitValue, ...]:
    """What a solution uses of each limit, of those on cost as the totals say; a deadline stands for every model that is used."""
    totals_of = {"budget_usd": sums.expected_usd, "worst_case_usd": sums.worst_usd}

    def used(limit: Bounded) -> Fraction:
        if limit.name in totals_of:
            return Fraction(to_micro(totals_of[limit.name]))
        return Fraction(limit.used(solution.counts))

    return tuple(
        limit_value(limit.name, limit.unit, limit.sense, Fraction(limit.bound), used(limit), step_of(limit.unit))
        for limit in (*truth_at(problem, solution.counts).stated, *(part.limit for part in problem.rough))
        if limit is not None and not (isinstance(limit, Deadline) and limit.used(solution.counts) == 0)
    )
