"""Plans under limits and objectives on risk against the trial of every plan: 500 seeded random scenarios.

A plan is read back from its routes and weighed again by the oracle in exact arithmetic. Two plans may differ where both are
best; their objective may not.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from router.schema.exposure import Chances
from tests import oracles, risk_oracle, risk_plan_oracle, risk_strategies
from tests import test_against_oracle as agreement

Raw = dict[str, Any]

SEEDS = 500
BLOCK = 25
CLOSE = Fraction(1, 10**6)  # of the objective, where it has a tail; or one micro-dollar
MOST_SUMS = 20_000


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_500_random_scenarios_with_risk_agree_with_brute_force(first: int) -> None:
    for seed in range(first, first + BLOCK):
        scenario, catalogs = risk_strategies.random_risk_scenario(seed)
        try:
            check_agreement(scenario, catalogs)
        except Exception as error:
            error.add_note(f"seed {seed}: scenario {scenario}\ncatalogs {catalogs}")
            raise


def check_agreement(scenario: Raw, catalogs: list[Raw]) -> None:
    """A plan exists for both or for neither; it keeps every limit; its figures are right; nothing is better."""
    worked_out = risk_plan_oracle.problem(scenario, catalogs, risk_strategies.ON)
    best = risk_plan_oracle.best_plan(worked_out)
    plan = agreement.planned(scenario, catalogs, risk_strategies.ON)
    if best is None or plan is None:
        assert best is plan, f"only {'brute force' if plan is None else 'the program'} finds a plan: {best or plan}"
        return
    assert plan.status == "optimal"
    found = read_back(worked_out, plan, requested=worked_out.fallback.get("billed") == "requested")
    check_totals(plan.totals, found, worked_out)
    check_limits(plan.limits, found, worked_out)
    check_routes(plan.routes)
    chances = worked_out.chances(found.counts)
    check_chances(plan.totals, chances)
    check_distribution(plan, chances, worked_out.limits)
    ours, theirs = best.objective(worked_out.objective), found.objective(worked_out.objective)
    assert theirs >= ours, "the oracle missed a plan"
    assert theirs - ours <= max(CLOSE * ours, 1), f"{float(theirs)} is not best: {float(ours)} by {best.counts}"
    if theirs == ours:
        assert found.key(worked_out.objective) == best.key(worked_out.objective), f"tie broken as {found.counts}"


def read_back(worked_out: risk_plan_oracle.RiskProblem, plan: Any, *, requested: bool) -> risk_plan_oracle.RiskyPlan:
    """The plan that the routes are; the best one where they can be read in several ways."""
    readings = [
        risk_plan_oracle.weigh(worked_out, counts)
        for counts in agreement.readings(worked_out.plain, plan, requested=requested)
    ]
    assert readings, f"the routes do not add up to the clips: {plan.routes}"
    kept = risk_plan_oracle.best_of(worked_out, readings)
    assert kept is not None, f"the plan breaks {risk_plan_oracle.broken_limits(worked_out, readings[0])}"
    return kept


def check_totals(totals: Any, found: risk_plan_oracle.RiskyPlan, worked_out: risk_plan_oracle.RiskProblem) -> None:
    """The sums and worst cases are those of the plan's own routes."""
    assert (totals.served, totals.left_out) == (found.totals.served, found.totals.left_out)
    assert oracles.micro(totals.nominal_usd) == found.totals.nominal
    agreement.assert_reported(totals.expected_usd, found.totals.expected)
    agreement.assert_reported(totals.left_out_value_usd, found.value_left_out)
    agreement.assert_reported(totals.objective_usd, found.objective(worked_out.objective))
    assert oracles.micro(totals.worst_per_request_usd) == found.totals.worst
    assert oracles.micro(totals.worst_usd) == found.worst


def check_limits(limits: Any, found: risk_plan_oracle.RiskyPlan, worked_out: risk_plan_oracle.RiskProblem) -> None:
    """What the plan says that it uses of the limits on risk."""
    values = {limit.limit.split(".")[0]: limit.value for limit in limits}
    if "worst_case_usd" in worked_out.limits:
        assert oracles.micro(values["worst_case_usd"]) == found.worst
    if "cvar" in worked_out.limits:
        level = Fraction(worked_out.limits["cvar"].get("level", Decimal("0.95")))
        agreement.assert_reported(values["cvar"], found.cvar(level))


def check_routes(routes: Any) -> None:
    """The chances of one clip add up; each of them is compared with the oracle's when a route is read back."""
    for route in routes:
        whole = sum(step.probability for step in route.chain) + route.unserved_probability
        assert abs(whole - 1) < 1e-9
        assert 0 <= route.unkept_probability <= 1 - route.unserved_probability + 1e-9


def check_chances(totals: Any, chances: Chances) -> None:
    """How the clips end."""
    ends = [(risk_oracle.ends(exposure, chances), exposure.count) for exposure in chances.exposures]
    assert math.isclose(totals.unserved_expected, sum(of.unserved * n for of, n in ends), abs_tol=1e-6)
    assert math.isclose(totals.unkept_expected, sum(of.unkept * n for of, n in ends), abs_tol=1e-6)
    assert math.isclose(totals.degraded_expected, sum(of.degraded * n for of, n in ends), abs_tol=1e-6)


def check_distribution(plan: Any, chances: Chances, limits: Raw) -> None:
    """The figures of the total cost's distribution, and where its variance comes from."""
    totals = plan.totals
    if not chances.exposures or risk_strategies.sums(chances) > MOST_SUMS:
        return
    law = risk_oracle.cost_law(chances)
    assert plan.distribution.method == "exact"
    within = oracles.micro(plan.distribution.error_usd)
    assert oracles.micro(totals.best_usd) == law.least
    assert abs(float(oracles.micro(totals.std_usd)) - math.sqrt(law.variance)) < agreement.REPORTED
    for level in (50, 90, 95, 99):
        reported = oracles.micro(getattr(totals, f"p{level}_usd"))
        assert abs(reported - law.quantile(Fraction(level, 100))) <= within, f"percentile {level}"
    assert abs(oracles.micro(totals.cvar95_usd) - law.cvar(Fraction(95, 100))) < agreement.REPORTED + within
    if "budget_usd" in limits and within == 0:
        beyond = law.above(oracles.micro(limits["budget_usd"]))
        assert math.isclose(totals.over_budget_probability, beyond, abs_tol=1e-9)
    stated = {source.source: source.share for source in plan.distribution.sources}
    for cause, share in risk_oracle.variance_shares(chances).items():
        assert math.isclose(stated.get(cause, 0), share, abs_tol=1e-6), f"share of {cause}"


def test_the_random_scenarios_are_mostly_feasible_and_risk_often_decides() -> None:
    feasible = bound = decided = 0
    for seed in range(60):
        worked_out = risk_plan_oracle.problem(*risk_strategies.random_risk_scenario(seed), risk_strategies.ON)
        every = list(risk_plan_oracle.all_plans(worked_out))
        best = risk_plan_oracle.best_of(worked_out, every)
        if best is None:
            continue
        kept = [plan for plan in every if not risk_plan_oracle.broken_limits(worked_out, plan)]
        least = min(kept, key=lambda plan: plan.key({}))  # by expected cost
        feasible += 1
        bound += min(plan.objective(worked_out.objective) for plan in every) < best.objective(worked_out.objective)
        decided += least.objective(worked_out.objective) > best.objective(worked_out.objective)

    assert feasible > 45
    assert bound > 8
    assert decided > 3
