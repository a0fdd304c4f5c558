"""The program against brute force under every limit: 3,000 seeded random scenarios.

A plan is read back from its routes, weighed again by the oracle in exact arithmetic, and compared with the best plan that
the oracle knows. Two plans may differ where both are best; their objective and ties may not.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from router.schema.plan import Plan
from tests import limits_oracle, limits_scenarios, oracles
from tests.limits_oracle import LimitPlan
from tests.limits_reading import bought_of, near, picks_of, planned
from tests.limits_scenarios import FEATURES, LIMITS, ON, Case, random_case
from tests.limits_ways import LimitProblem, problem

BLOCK = 100
ABSOLUTE, RELATIVE = 1, Fraction(1, 10**9)


@pytest.mark.parametrize("first", range(0, 3000, BLOCK))
def test_3000_random_scenarios_agree_with_brute_force(first: int) -> None:
    for seed in range(first, first + BLOCK):
        case = random_case(seed)
        try:
            check_agreement(case)
        except Exception as error:
            error.add_note(f"seed {seed}: {case.features}, scenario {case.scenario}\ncatalogs {case.catalogs}")
            raise


def check_agreement(case: Case) -> None:
    """A plan exists for both or for neither; it keeps every limit; its totals and ties are the best there are."""
    best = limits_oracle.best_plan_of(case.worked_out)
    plan = planned(case.scenario, case.catalogs, ON)
    if best is None or plan is None:
        by = "brute force" if plan is None else "the program"
        assert best is plan, f"only {by} finds a plan: {best or plan}"
        return
    assert plan.status == "optimal"
    picks, bought = picks_of(case.worked_out, plan), bought_of(case.worked_out, plan)
    found = LimitPlan(picks, bought, limits_oracle.figures(case.worked_out, picks, bought))
    check_totals(plan, found)
    check_limits(case.worked_out, plan, found)
    check_rebates(case.worked_out, plan, found)
    check_labels(case.worked_out, plan, found)
    ours, theirs = best.totals, found.totals
    assert theirs.key >= ours.key, f"the oracle missed a plan: {theirs}, not {ours}"
    tolerance = ABSOLUTE + RELATIVE * abs(ours.objective)
    assert theirs.objective - ours.objective <= tolerance, f"{theirs} is not best: {ours} by {best.picks}"
    if theirs.objective == ours.objective:
        assert theirs.key == ours.key, f"tie broken as {theirs}, not as {ours} by {best.picks}"


def check_totals(plan: Plan, found: LimitPlan) -> None:
    """The totals are those of the plan's own routes and packs."""
    totals, exact = plan.totals, found.totals
    counts = (totals.served, totals.left_out, totals.drafts, totals.clips)
    assert counts == (exact.served, exact.left_out, exact.drafts, exact.served + exact.left_out)
    amounts = {
        "objective_usd": exact.objective,
        "expected_usd": exact.expected,
        "list_usd": exact.list_price,
        "saving_usd": exact.saving,
        "nominal_usd": exact.nominal,
        "worst_per_request_usd": exact.worst,
        "worst_usd": exact.worst,
        "penalty_usd": exact.penalty,
        "drafts_usd": exact.drafts_cost,
    }
    wrong = [
        f"{name} is {getattr(totals, name)}, not {float(v)}"
        for name, v in amounts.items()
        if not near(getattr(totals, name), v)
    ]
    assert not wrong, wrong


def check_limits(worked_out: LimitProblem, plan: Plan, found: LimitPlan) -> None:
    """The plan keeps every limit, and shows what it uses of it."""
    broken = limits_oracle.broken(worked_out, found.picks, found.totals)
    assert not broken, f"the plan breaks {broken}: {found.picks}"
    shown = {limit.limit: limit for limit in plan.limits}
    for usage in limits_oracle.usages(worked_out, found.picks, found.totals):
        if usage.name.startswith("caps["):
            assert usage.name in shown
        else:
            value = shown[usage.name].value
            exact = usage.value / oracles.MICRO if usage.name.endswith("_usd") else usage.value
            assert abs(Fraction(value) - exact) < Fraction(1, 10**6), f"{usage.name} is {value}, not {float(exact)}"


def check_rebates(worked_out: LimitProblem, plan: Plan, found: LimitPlan) -> None:
    """What packs pay for, in the order of the scenario, and what tiers take off the rest."""
    shown = {discount.provider: discount for discount in plan.discounts}
    assert sorted(shown) == worked_out.rebated
    for provider in worked_out.rebated:
        spend = left = sum((way.spend.get(provider, Fraction(0)) * n for way, n in found.picks), Fraction(0))
        for pack, count, use in zip(worked_out.scenario.get("packs", []), found.bought, plan.packs, strict=False):
            if pack["provider"] == provider:
                face = oracles.micro(pack["pays_for_usd"]) * count
                used = min(left, face)
                assert near(use.used_usd, used), f"{use}, not {float(used)}"
                assert near(use.unused_usd, face - used), f"{use}, not {float(face - used)}"
                left -= used
        off = limits_oracle.discount(worked_out.scenario, provider, left)
        amounts = shown[provider].list_usd, shown[provider].prepaid_usd, shown[provider].discount_usd
        assert all(map(near, amounts, (spend, spend - left, off))), f"{provider}: {amounts}"


def check_labels(worked_out: LimitProblem, plan: Plan, found: LimitPlan) -> None:
    """Groups, degraded clips and the cost of drafts are shown where they are."""
    groups = {clip["id"]: clip.get("group") for clip in worked_out.clips}
    bound = "groups" in worked_out.limits
    for route in plan.routes:
        label = groups[route.clips[0]] if bound and not route.draft else None
        assert route.draft or route.group == label, f"{route} is of group {label}"
    degraded = sum(n for way, n in found.picks if way.degraded)
    assert sum(some.count for some in plan.degraded) == degraded
    penalty = sum((some.penalty_usd * some.count for some in plan.degraded), Decimal(0))
    assert abs(oracles.micro(penalty) - found.totals.penalty) <= degraded
    drafting = sum((route.drafting_usd * route.count for route in plan.routes if not route.draft), Decimal(0))
    assert abs(oracles.micro(drafting) - found.totals.drafts_cost) <= found.totals.served


# ---- the random scenarios --------------------------------------------------------------------------------------------


def test_every_feature_matters_in_many_of_the_random_scenarios() -> None:
    drawn, matters, ruled_out = (dict.fromkeys(FEATURES, 0) for _ in range(3))
    none = 0
    for seed in range(360):
        case = random_case(seed)
        plan = limits_oracle.best_plan_of(case.worked_out)
        none += plan is None
        for name in case.features:
            free = limits_oracle.best_plan(limits_scenarios.without(case, name), case.catalogs, ON)
            objectives = [one and one.totals.objective for one in (plan, free)]
            drawn[name] += 1
            matters[name] += objectives[0] != objectives[1]
            ruled_out[name] += plan is None and free is not None
    report = {name: f"{matters[name]} of {drawn[name]}, {ruled_out[name]} ruled out" for name in FEATURES}
    assert min(drawn.values()) >= 30, report
    assert all(matters[name] >= drawn[name] / 5 for name in FEATURES), report
    assert all(ruled_out[name] > 0 for name in LIMITS), report
    assert 18 < none < 72, none


def test_random_cases_are_the_same_for_the_same_seed_and_worked_out_as_they_are_written() -> None:
    for seed in range(0, 100, 7):
        case, again = random_case(seed), random_case.__wrapped__(seed)
        assert (case.scenario, case.catalogs) == (again.scenario, again.catalogs)
        afresh = limits_oracle.best_plan_of(problem(case.scenario, case.catalogs, ON))
        plan = limits_oracle.best_plan_of(case.worked_out)
        assert (plan and plan.totals) == (afresh and afresh.totals), f"seed {seed}"


def test_the_search_agrees_with_the_definition() -> None:
    for seed in range(3000, 3040):
        case = random_case(seed)
        plan = limits_oracle.best_plan_of(case.worked_out)
        by_definition = limits_oracle.best_plan_by_definition(case.worked_out)
        assert (plan and plan.totals.key) == (by_definition and by_definition.totals.key), f"seed {seed}"
