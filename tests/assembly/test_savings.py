"""Packs and volume discounts: SPEC 4.5, settled on the expected spend of the plan."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

import router
from router.analysis.distribution import distribution
from router.analysis.figures import misstated
from router.assembly.savings import Terms
from router.at_risk import by_state
from router.checking.alone import check_alone
from router.checking.check import check, check_fully
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.optimization.limits import assignment
from router.optimization.problem import Solution
from router.optimization.solve import solve
from router.pipeline import assemble
from router.schema.plan import Plan
from router.schema.scenario import Pack, Scenario, Tier
from tests.builders import ON, Raw, catalog, model, planned, scenario

A = Pack(provider="p", pays_for_usd=Decimal(100), price_usd=Decimal(90), max_count=5)
B = Pack(provider="p", pays_for_usd=Decimal(50), price_usd=Decimal(40), max_count=5)
LOW = Tier(provider="p", from_usd=Decimal(50), discount=Decimal("0.1"))
HIGH = Tier(provider="p", from_usd=Decimal(150), discount=Decimal("0.2"))


def in_dollars(saving: float) -> float:
    return round(saving / 1e6, 6)


@pytest.mark.parametrize(
    ("spent", "off"),
    # 10 % of what is between 50 and 150, 20 % of what is above 150.
    [(0, 0), (50, 0), (80, 3), (150, 10), (200, 20), (1150, 210)],
)
def test_each_tier_acts_on_the_part_of_the_spend_above_its_threshold(spent: int, off: int) -> None:
    found = Terms((), (LOW, HIGH)).settle({"p": spent * 1e6, "q": 1e9})
    assert in_dollars(found.saving) == off
    assert [(row.provider, row.list_usd, row.discount_usd) for row in found.discounts] == [("p", spent, off)]


def test_packs_pay_in_the_order_of_the_scenario_and_what_is_left_of_them_is_lost() -> None:
    # 165 of list price: A pays for 100, the two of B for the other 65 of their 100; they cost 90 + 2 x 40 = 170.
    found = Terms((A, B), (), (1, 2)).settle({"p": 165e6})
    assert [(use.bought, use.used_usd, use.unused_usd) for use in found.packs] == [(1, 100, 0), (2, 65, 35)]
    assert in_dollars(found.saving) == -5


def test_discounts_act_on_what_packs_leave_to_pay() -> None:
    # 400 of list price, of which packs pay for 100 + 2 x 50; of the other 200 tiers take 20; the packs cost 170.
    found = Terms((A, B), (LOW, HIGH), (1, 2)).settle({"p": 400e6})
    assert in_dollars(found.saving) == 200 + 20 - 170
    assert [(row.list_usd, row.prepaid_usd, row.discount_usd) for row in found.discounts] == [(400, 200, 20)]


def test_packs_of_one_provider_pay_for_nothing_of_another() -> None:
    found = Terms((A,), (), (1,)).settle({"q": 500e6})
    assert (in_dollars(found.saving), found.packs[0].unused_usd) == (-90, 100)


def test_no_pack_bought_takes_nothing_off() -> None:
    found = Terms((A, B), ()).settle({"p": 165e6})
    assert (found.saving, [use.bought for use in found.packs]) == (0, [0, 0])


PAIR = catalog(model("one", availability="0.9"), model("two", [{"audio": False, "price_per_second": "0.20"}]))
CLIPS: list[Raw] = [{"id": "c", "seconds": 10, "count": 30}]
# 30 clips of $1 on one, $2 on two, which catches them with a chance of 0.1: 33 expected, 30 nominal, 60 at worst.
TERMS: Raw = {
    "packs": [{"provider": "p", "pays_for_usd": 10, "price_usd": 8, "max_count": 3}],
    "tiers": [{"provider": "p", "from_usd": 5, "discount": Decimal("0.1")}],
}
# Two packs pay for 20 of the 33 and cost 16; of the other 13 the tier takes 10 % of 8: 4.80 in all.
# If nothing fails it takes 10 % of 5: 4.50.


def bought(given: Scenario, *counts: int) -> Plan:
    """The cheapest plan of a scenario at list prices, with so many of each pack, whatever is best."""
    market = open_market(given, ON)
    choices = [ways_to_make(own, market) for own in clip_classes(given.clips)]
    problem = assignment(choices, given, *by_state(choices, market))
    listed = solve(assignment(choices, Scenario(clips=given.clips)))
    assert listed is not None
    return assemble(market, choices, problem, with_packs(listed, given, counts))


def with_packs(listed: Solution, given: Scenario, counts: Sequence[int]) -> Solution:
    """A solution without packs and tiers as one of the scenario's problem, with so many of each pack; it is said to be the best found."""
    bought = counts or (0,) * len(given.packs)
    packs = tuple((count, pack.max_count - count) for count, pack in zip(bought, given.packs, strict=True))
    constant = ((1,),) if given.packs or given.tiers else ()
    return replace(listed, counts=(*listed.counts, *packs, *constant), bound=0.0, proven=False)


def accepted(plan: Plan, given: Scenario) -> None:
    market = open_market(given, ON)
    assert check(plan, given, market.catalogs, ON) == []
    assert check_fully(plan, given, market.catalogs, ON)[0] == []
    assert check_alone(plan, market.catalogs) == []
    assert misstated(plan) == []


def test_what_is_saved_on_expected_spend_is_taken_off_every_figure() -> None:
    given = scenario(CLIPS, PAIR, **TERMS, limits={"budget_usd": 30})
    plan = bought(given, 2)
    sums = plan.totals
    assert (sums.list_usd, sums.saving_usd) == (33, Decimal("4.8"))
    assert sums.expected_usd == sums.objective_usd == Decimal("28.2")
    assert sums.nominal_usd == Decimal("25.5")
    assert sums.best_usd == Decimal("25.2")
    assert sums.worst_usd == sums.worst_per_request_usd == Decimal("55.2")
    listed = planned(CLIPS, PAIR).totals
    for name in ("p50_usd", "p90_usd", "p95_usd", "p99_usd", "cvar95_usd"):
        assert getattr(sums, name) == getattr(listed, name) - Decimal("4.8")
    assert sums.std_usd == listed.std_usd
    assert [(pack.bought, pack.used_usd, pack.unused_usd) for pack in plan.packs] == [(2, 20, 0)]
    assert [(row.list_usd, row.prepaid_usd, row.discount_usd) for row in plan.discounts] == [(33, 20, Decimal("0.8"))]
    # The budget is compared after the saving: 30 + N - 4.80 is above 30 from 5 clips on that go to two.
    assert [(limit.value, limit.slack) for limit in plan.limits] == [(Decimal("28.2"), Decimal("1.8"))]
    above = 1 - sum(math.comb(30, n) * 0.1**n * 0.9 ** (30 - n) for n in range(5))
    assert sums.over_budget_probability == pytest.approx(above, abs=1e-9)
    accepted(plan, given)


def test_routes_stay_at_list_prices() -> None:
    route = bought(scenario(CLIPS, PAIR, **TERMS), 2).routes[0]
    assert (route.price_usd, route.expected_usd, route.worst_usd) == (1, Decimal("1.1"), 2)


def test_baselines_have_discounts_but_buy_no_packs() -> None:
    found = {baseline.name: baseline for baseline in bought(scenario(CLIPS, PAIR, **TERMS), 2).baselines}
    # All on two: 60 of list price, of which the tier takes 10 % of 55.
    assert found["always two"].expected_usd == Decimal("54.5")
    assert found["always two"].saving_usd == Decimal("54.5") - Decimal("28.2")
    # All on one as in the plan: 33, of which the tier takes 2.80.
    assert found["always one"].expected_usd == Decimal("30.2")


def test_a_plan_whose_cost_is_not_certain_says_once_how_savings_enter_its_figures() -> None:
    said = "settled on the expected spend"
    assert sum(said in warning for warning in bought(scenario(CLIPS, PAIR, **TERMS), 2).warnings) == 1
    assert not any(said in warning for warning in planned(CLIPS, PAIR).warnings)
    certain = catalog(model("one", availability=1))
    assert not any(said in warning for warning in bought(scenario(CLIPS, certain, **TERMS), 2).warnings)


def test_a_provider_that_no_offer_bears_is_a_warning() -> None:
    tiers = [{"provider": "evolinc", "from_usd": 1, "discount": Decimal("0.1")}]
    warnings = planned([{"seconds": 5}], tiers=tiers).warnings
    assert "tiers: no offer bears the name 'evolinc'; did you mean 'evolink'?" in warnings


def test_dubbing_and_unserved_clips_are_not_list_price() -> None:
    """One model, up with a chance of 0.5, dubbed for $0.25; who finds it down costs $4."""
    given = scenario(
        [{"seconds": 10, "count": 10, "audio": "deferred"}],
        catalog(model("one", availability="0.5")),
        dubbing={"usd_per_clip": "0.25"},
        fallback={"unserved_usd": 4},
        tiers=[{"provider": "p", "from_usd": 1, "discount": Decimal("0.5")}],
    )
    plan = bought(given)
    # List price 10 x 0.5 x $1 = 5, of which the tier takes 2; all of it costs 10 x (0.5 x 1.25 + 0.5 x 4) = 26.25.
    assert [(row.list_usd, row.discount_usd) for row in plan.discounts] == [(5, 2)]
    assert (plan.totals.list_usd, plan.totals.expected_usd) == (Decimal("26.25"), Decimal("24.25"))
    # If nothing fails: 12.50, of which 50 % of 9 are taken off.
    assert plan.totals.nominal_usd == 8
    accepted(plan, given)


@pytest.mark.parametrize(
    "fields",
    [
        {"limits": {"worst_case_usd": 56}},
        {"objective": {"minimise": "worst-case"}},
        {"clips": [{"id": "c", "seconds": 10, "count": 30, "max_takes": 3}], "keep_rate": {"one": Decimal("0.75")}},
        {"outages": {"correlation": "per-run"}, "limits": {"worst_case_usd": 60}},
        {"fallback": {"billed": "requested", "direction": "dearer"}},
        {"failure_rate": {"one": Decimal("0.2")}, "bills_failures": {"one": "yes"}},
    ],
    ids=["worst case", "least worst case", "takes", "per run", "billed as requested", "billed failures"],
)
def test_the_independent_check_agrees(fields: dict[str, Any]) -> None:
    fields = {"clips": CLIPS, **TERMS, **fields}
    given = scenario(fields.pop("clips"), PAIR, **fields)
    accepted(bought(given, 2), given)


def test_exact_and_simulated_figures_agree_after_the_saving() -> None:
    plan = bought(scenario(CLIPS, PAIR, **TERMS, limits={"budget_usd": 30}), 2)
    report = router.simulate(plan, draws=20_000, seed=3, over=[Decimal("27.2")])
    for figure in report.figures:
        if figure.standard_error and figure.exact is not None:
            assert abs(figure.simulated - figure.exact) <= 4 * figure.standard_error, figure.name
    found = {figure.name: figure for figure in report.figures}
    sums = plan.totals
    exact = {name: found[name].exact for name in ("expected", "p50", "p95", "cvar95", "best")}
    assert exact == {name: getattr(sums, f"{name}_usd") for name in exact}
    assert found["p50"].simulated == sums.p50_usd
    # 27.20 is 32 of list price.
    assert {f.above_usd for f in report.figures if f.name == "above"} == {Decimal("27.2"), 30}
    assert min(line.from_usd for line in report.histogram) >= Decimal(25)


def test_the_distribution_of_a_plan_is_that_after_the_saving() -> None:
    plan = bought(scenario(CLIPS, PAIR, **TERMS, limits={"budget_usd": 30}), 2)
    found = distribution(plan)
    assert (found.mean_usd, found.quantile_usd(0.95)) == (Decimal("28.2"), plan.totals.p95_usd)
    assert found.cvar_usd(0.95) == plan.totals.cvar95_usd
    assert found.probability_over(30) == pytest.approx(plan.totals.over_budget_probability)


def test_directions_are_compared_after_the_saving() -> None:
    found = router.compare_directions(scenario(CLIPS, PAIR, tiers=TERMS["tiers"]), on=ON)
    rows = {row.direction: row.expected_usd for row in found.directions}
    # Under none, clips that find one down cost nothing: 27 of list price, of which the tier takes 2.20; under any 33 and 2.80.
    assert (rows["none"], rows["any"]) == (Decimal("24.8"), Decimal("30.2"))


def test_discounts_alone_make_a_plan_that_passes_its_check() -> None:
    plan = planned(CLIPS, PAIR, tiers=TERMS["tiers"])
    assert (plan.totals.saving_usd, plan.totals.expected_usd) == (Decimal("2.8"), Decimal("30.2"))


def test_a_limit_on_the_tail_is_shown_after_the_discount_that_the_plan_has() -> None:
    pair = catalog(
        model("one", availability="0.9"),
        model("two", [{"audio": False, "price_per_second": "0.20"}], availability=1),
    )
    plan = planned(
        [{"seconds": 10, "count": 10}],
        pair,
        fallback={"direction": "none", "unserved_usd": 5},
        outages={"correlation": "per-run"},
        tiers=[{"provider": "p", "from_usd": 5, "discount": Decimal("0.5")}],
        limits={"cvar": {"level": "0.95", "usd": 60}},
    )
    # All on one: 9 of list price on average, and half of what is above 5 off it: 2. If one is down: 50 - 2.
    assert [(limit.limit, limit.value) for limit in plan.limits] == [("cvar", 48)]


DOCTORED: dict[str, tuple[str, dict[str, Any], str]] = {
    "more packs": ("packs", {"bought": 3}, "pays for|totals"),
    "more than can be bought": ("packs", {"bought": 4}, "at most 3 can be bought"),
    "a cheaper pack": ("packs", {"price_usd": Decimal(7)}, "packs are not those|totals.saving_usd"),
    "a larger pack": ("packs", {"pays_for_usd": Decimal(11)}, "packs are not those|pays for|unused_usd"),
    "nothing lost": ("packs", {"unused_usd": Decimal(1)}, "loses|unused_usd"),
    "more used": ("packs", {"used_usd": Decimal(21), "unused_usd": Decimal(-1)}, "pays for"),
    "more list price": ("discounts", {"list_usd": Decimal(34)}, "list_usd is 34"),
    "more prepaid": ("discounts", {"prepaid_usd": Decimal(21)}, "prepaid_usd is 21"),
    "a larger discount": ("discounts", {"discount_usd": Decimal(1)}, "discount_usd is 1|totals.saving_usd"),
    "a larger saving": ("totals", {"saving_usd": Decimal(5)}, "totals.saving_usd is 5"),
    "another list price": ("totals", {"list_usd": Decimal(34)}, "totals.list_usd is 34"),
    "a lower nominal cost": ("totals", {"nominal_usd": Decimal(12)}, "totals.nominal_usd is 12"),
    "a lower worst case": ("totals", {"worst_per_request_usd": Decimal(55)}, "totals.worst"),
}


@pytest.mark.parametrize(("part", "changes", "finding"), DOCTORED.values(), ids=DOCTORED)
def test_doctored_savings_are_refused_with_and_without_the_scenario(
    part: str, changes: dict[str, Any], finding: str
) -> None:
    given = scenario(CLIPS, PAIR, **TERMS)
    plan = bought(given, 2)
    owner = getattr(plan, part)
    changed = owner[0].model_copy(update=changes) if isinstance(owner, tuple) else owner.model_copy(update=changes)
    doctored = plan.model_copy(update={part: (changed,) if isinstance(owner, tuple) else changed})
    for found in (check(doctored, given, (PAIR,), ON), check_alone(doctored, (PAIR,))):
        assert found
        assert re.search(finding, "\n".join(found)), found


def test_the_bound_without_a_solver_is_never_above_a_plan() -> None:
    given = scenario(CLIPS, PAIR, **TERMS)
    bound = check_fully(bought(given, 2), given, (PAIR,), ON)[1]
    # A pack saves at most 20 % of what it pays for, the tier 10 %: no way to spend 33 costs less than 26.40.
    assert bound == Decimal("26.4")
    assert all(bound <= bought(given, count).totals.objective_usd for count in range(4))
