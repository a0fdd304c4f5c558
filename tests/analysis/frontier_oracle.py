"""Pareto sets by trying every plan (see `limits_oracle` and `risk_plan_oracle`). Costs are whole micro-dollars, figures exact."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from tests import limits_oracle, oracles, risk_plan_oracle
from tests.limits_oracle import Search, figures
from tests.limits_scenarios import ON, Case
from tests.limits_ways import Picks, limited, problem

Raw = dict[str, Any]
Spot = tuple[int, Fraction]
"""Cost, and the second figure: more is better."""


def pareto(plans: Iterable[tuple[Fraction, Fraction]]) -> list[Spot]:
    """What no plan beats in one figure without losing in the other, cheapest first; costs are compared in whole micro-dollars."""
    best: dict[int, Fraction] = {}
    for cost, value in plans:
        best[round(cost)] = max(value, best.get(round(cost), value))
    found: list[Spot] = []
    for cost in sorted(best):
        if not found or best[cost] > found[-1][1]:
            found.append((cost, best[cost]))
    return found


def of_quality(case: Case) -> list[Spot]:
    """Cost, with the value of what is left out, and the mean quality of the finished clips; some clip is made."""
    limits = {"mean_quality_min": -1000, **case.scenario.get("limits", {})}
    return pareto(
        (cost, quality) for _, picks, cost in kept(case, limits) if (quality := mean_quality(picks)) is not None
    )


def of_served(case: Case) -> list[Spot]:
    """Cost, without the value of what is left out, and finished clips that are made."""
    return pareto(
        (cost - value_left_out(picks), Fraction(figures(search.of, picks, nothing(search)).served))
        for search, picks, cost in kept(case, case.scenario.get("limits", {}))
    )


def kept(case: Case, limits: Raw) -> Iterable[tuple[Search, Picks, Fraction]]:
    """Every plan that keeps all limits, with its objective."""
    worked_out = problem(case.scenario, case.catalogs, ON)
    search = Search(limited(worked_out, limits) if limits else worked_out)
    for sums, choice in search.plans():
        picks = tuple(itertools.chain.from_iterable(choice))
        if search.rows_hold(sums) and search.others_hold(picks):
            yield search, picks, Fraction(search.key(sums)[0], search.money)


def nothing(search: Search) -> limits_oracle.Bought:
    """No packs."""
    return (0,) * len(search.of.scenario.get("packs", []))


def mean_quality(picks: Picks) -> Fraction | None:
    """Of the finished clips that are made; None if there are none."""
    made = [(way.primary.offer.quality, n) for way, n in picks if way.primary is not None and not way.draft and n]
    clips = sum(n for _, n in made)
    return sum((q * n for q, n in made if q is not None), Fraction(0)) / clips if clips else None


def value_left_out(picks: Picks) -> Fraction:
    """What the clips are worth that are left out."""
    return sum((way.option.value * n for way, n in picks), Fraction(0))


def of_cvar(scenario: Raw, catalogs: list[Raw], level: Fraction) -> list[Spot]:
    """Cost, with the value of what is left out, and minus the mean of the worst outage states in whole micro-dollars."""
    worked_out = risk_plan_oracle.problem(scenario, catalogs, ON)
    return pareto(
        (plan.totals.objective, Fraction(-round(plan.cvar(level))))
        for plan in risk_plan_oracle.all_plans(worked_out)
        if not risk_plan_oracle.broken_limits(worked_out, plan)
    )


def micro(usd: Any) -> int:
    """Dollars as whole micro-dollars."""
    return int(oracles.micro(usd))
