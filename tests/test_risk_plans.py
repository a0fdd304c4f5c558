"""Plans that look at risk, by hand: what limits and objectives on risk do, and what a plan says of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

import router
from router.errors import NoPlanError
from router.schema.plan import Plan
from tests.builders import ON, Raw, catalog, model, planned, scenario

TWO = catalog(
    model("cheap", [{"audio": False, "price_per_second": "0.10"}]),
    model("steady", [{"audio": False, "price_per_second": "0.15"}], availability=1),
)
"""$1.00 and $1.50 for 10 s."""
CLIPS: list[Raw] = [{"id": "a", "seconds": 10, "count": 100}]
OUTAGES: Raw = {"correlation": "per-run", "availability": {"cheap": Decimal("0.96")}}
NO_CATCH: Raw = {"direction": "none", "unserved_usd": 5}


def risky(**fields: object) -> Plan:
    return planned(CLIPS, TWO, **{"outages": OUTAGES, "fallback": NO_CATCH, **fields})


def clips_on(plan: Plan) -> dict[str, int]:
    return {route.model: route.count for route in plan.routes}


def test_a_plan_that_hangs_on_one_model_says_what_it_may_cost() -> None:
    # 100 x $1.00 with chance 0.96, 100 x $5.00 with 0.04: mean 116, std 400 sqrt(0.96 x 0.04), worst 5 %: (0.04 x 500 + 0.01 x 100) / 0.05.
    sums = risky(limits={"budget_usd": 200}).totals
    assert (sums.expected_usd, sums.p95_usd, sums.p99_usd) == (Decimal(116), Decimal(100), Decimal(500))
    assert float(sums.std_usd) == pytest.approx(400 * (0.96 * 0.04) ** 0.5, abs=1e-6)
    assert (sums.cvar95_usd, sums.best_usd, sums.worst_usd) == (Decimal(420), Decimal(100), Decimal(500))
    assert sums.over_budget_probability == pytest.approx(0.04)


def test_the_cvar_that_is_limited_is_that_of_the_exact_distribution() -> None:
    # n clips on cheap: in the worst 5 % 0.8 (5 n + 1.5 (100 - n)) + 0.2 (n + 1.5 (100 - n)) = 150 + 2.7 n, at most 300: n = 55.
    plan = risky(limits={"cvar": {"level": Decimal("0.95"), "usd": 300}})
    assert clips_on(plan) == {"cheap": 55, "steady": 45}
    (limit,) = plan.limits
    assert limit.value == plan.totals.cvar95_usd == Decimal("298.5")
    # A clip on cheap costs 0.96 + 0.2 = $1.16 on average, $0.34 less than on steady.
    (move,) = plan.moves
    assert (move.model, move.clips, move.instead_of) == ("steady", 45, ("cheap",))
    assert (move.expected_usd, move.p95_usd, move.cvar95_usd) == (Decimal("15.3"), Decimal("22.5"), Decimal("-121.5"))


def test_a_worst_case_per_run_never_adds_up_outages_that_exclude_each_other() -> None:
    two = catalog(
        model("m", [{"audio": False, "price_per_second": "0.10"}], availability="0.9"),
        model("n", [{"audio": False, "price_per_second": "0.20"}]),
    )
    clips: list[Raw] = [{"id": "a", "seconds": 10}, {"id": "b", "seconds": 10, "models": ["m"]}]
    sums = planned(clips, two, outages={"correlation": "per-run"}).totals
    # m up: $1 + $1. m down: a costs $2 on n, b nothing. Each clip at its own worst: $2 + $1.
    assert (sums.worst_usd, sums.worst_per_request_usd) == (Decimal(2), Decimal(3))
    assert planned(clips, two).totals.worst_usd == Decimal(3)


def test_a_worst_case_per_run_of_clips_that_nothing_can_make_is_that_of_leaving_them_out() -> None:
    # No model makes 30 s; every clip is worth something, so all are left out: nothing is billed in any state.
    clips: list[Raw] = [{"id": "a", "seconds": 30, "value_usd": 1, "count": 2}]
    plan = planned(clips, TWO, outages={"correlation": "per-run"}, limits={"worst_case_usd": 5})
    assert [(left.count, left.reason) for left in plan.left_out] == [(2, "no offer is eligible")]
    assert (plan.totals.worst_usd, plan.totals.objective_usd) == (0, 2)
    plan = planned(clips, TWO, outages={"correlation": "per-run"}, objective={"minimise": "worst-case"})
    assert (plan.totals.left_out, plan.totals.worst_usd) == (2, 0)


def test_a_run_of_too_many_states_says_that_its_worst_case_is_a_bound() -> None:
    # 17 models of known availability: 2^17 states.
    many = catalog(*(model(f"m{k}", availability="0.9") for k in range(17)))
    plan = planned([{"id": "a", "seconds": 10}], many, outages={"correlation": "per-run"})
    assert plan.distribution.method == "simulated"
    assert plan.totals.worst_usd == plan.totals.worst_per_request_usd
    assert any("131,072 outage states" in warning for warning in plan.warnings)


def test_long_chains_of_takes_and_of_failures_are_simulated() -> None:
    # 14 models that can be down, fail and be rejected: 2^14 states of a clip. Per run
    # it is 2^14 states in each of which failures are still drawn.
    many = catalog(*(model(f"m{k}", availability="0.9", failure_rate="0.1", keep_rate="0.9") for k in range(14)))
    clip: Raw = {"id": "a", "seconds": 10, "max_takes": 2}
    in_takes = planned([clip], many)
    # Down or failed on all 14 is next to impossible: 1 + 0.1 takes of $1.00.
    assert float(in_takes.totals.expected_usd) == pytest.approx(1.1, abs=1e-6)
    assert in_takes.distribution.method == "simulated"
    in_failures = planned([{**clip, "max_takes": 1}], many, outages={"correlation": "per-run"})
    assert in_failures.distribution.method == "simulated"


def test_risk_aversion_weighs_the_mean_against_the_tail() -> None:
    # Per clip: cheap 1.16 on average and 4.20 in the worst 5 %, steady 1.50 in both. r = 0.1: 0.9 x 1.16 + 0.1 x 4.20 = 1.464, below 1.5;
    # r = 0.2: 1.768.
    assert clips_on(risky(objective={"risk_aversion": Decimal("0.1")})) == {"cheap": 100}
    averse = risky(objective={"risk_aversion": Decimal("0.2")})
    assert clips_on(averse) == {"steady": 100}
    assert averse.totals.objective_usd == averse.objective.cvar_usd == Decimal(150)


@pytest.mark.parametrize("aim", ["cvar", "worst-case"])
def test_the_tail_or_the_worst_case_alone_can_be_minimised(aim: str) -> None:
    plan = risky(objective={"minimise": aim})
    assert clips_on(plan) == {"steady": 100}
    assert (plan.status, plan.totals.objective_usd) == ("optimal", Decimal(150))


def test_a_worst_case_per_run_can_be_limited() -> None:
    # 5 n + 1.5 (100 - n) <= 360: n = 60.
    plan = risky(limits={"worst_case_usd": 360})
    assert clips_on(plan) == {"cheap": 60, "steady": 40}
    assert plan.totals.worst_usd == plan.limits[0].value == Decimal(360)


def test_a_tail_that_no_plan_keeps_says_what_it_would_have_to_be() -> None:
    with pytest.raises(NoPlanError, match=r"raise limits\.cvar\.usd from 100\.00 to 150\.00"):
        risky(limits={"cvar": {"usd": 100}})


def test_takes_follow_the_truncated_geometric_law() -> None:
    # Kept with chance 0.5, at most 3 times: 1 + 0.5 + 0.25 = 1.75 takes of $1.00; none kept with chance 0.125; at most 3 takes.
    picky = catalog(model("m", [{"audio": False, "price_per_second": "0.10"}], keep_rate="0.5"))
    plan = planned([{"id": "a", "seconds": 10, "count": 8, "max_takes": 3}], picky)
    (route,) = plan.routes
    assert (route.price_usd, route.expected_usd, route.worst_usd) == (Decimal(1), Decimal("1.75"), Decimal(3))
    assert (route.unkept_probability, plan.totals.unkept_expected) == (0.125, 1.0)
    # Variance of the takes: E[N^2] = 0.5 + 0.25 x 4 + 0.25 x 9 = 3.75, less 1.75^2; eight clips.
    assert float(plan.totals.std_usd) == pytest.approx((8 * (3.75 - 1.75**2)) ** 0.5, abs=1e-6)
    assert (plan.totals.best_usd, plan.totals.worst_usd) == (Decimal(8), Decimal(24))


def test_takes_choose_the_model_that_is_cheapest_for_each_clip_that_is_kept() -> None:
    # $1.00 kept half of the time against $1.50 always: with three takes 1.75 against 1.50.
    offers = catalog(
        model("sloppy", [{"audio": False, "price_per_second": "0.10"}], keep_rate="0.5"),
        model("neat", [{"audio": False, "price_per_second": "0.15"}]),
    )
    assert clips_on(planned([{"id": "a", "seconds": 10, "max_takes": 3}], offers)) == {"neat": 1}
    assert clips_on(planned([{"id": "a", "seconds": 10}], offers)) == {"sloppy": 1}


def test_the_expected_cost_is_the_same_however_outages_go_together() -> None:
    times: Raw = {"repair_minutes": 30, "run_minutes": 240}
    plans = [
        planned(CLIPS, TWO, fallback=NO_CATCH, outages={**OUTAGES, "correlation": correlation, **times})
        for correlation in ("per-request", "per-run", "over-time")
    ]
    assert {plan.totals.expected_usd for plan in plans} == {Decimal(116)}
    spread = [float(plan.totals.std_usd) for plan in plans]
    # Independent clips spread least, one state for all most; over time in between.
    assert spread[0] == pytest.approx(4 * (100 * 0.96 * 0.04) ** 0.5, abs=1e-6)
    assert spread[0] < spread[2] < spread[1]
    assert [plan.distribution.method for plan in plans] == ["exact", "exact", "simulated"]


def test_a_provider_that_is_down_for_the_run_takes_its_models_with_it() -> None:
    # Each clip finds "cheap" up with chance 0.96; the provider is up for the whole run with chance 0.9.
    outages: Raw = {
        "correlation": "per-request", "provider_correlation": "per-run", "availability": {"cheap": Decimal("0.96"), "p": Decimal("0.9")},
    }  # fmt: skip
    plan = planned(CLIPS, TWO, fallback={"direction": "none"}, outages=outages)
    # Mean 100 x 0.96 x 0.9; variance 0.9 x 100 x 0.96 x 0.04 within, 0.9 x 0.1 x 96^2 between.
    assert float(plan.totals.expected_usd) == pytest.approx(86.4)
    assert float(plan.totals.std_usd) == pytest.approx((0.9 * 3.84 + 0.09 * 96**2) ** 0.5, abs=1e-6)
    assert plan.distribution.states == 2
    assert plan.distribution.sources[0].source == "p"


def test_the_distribution_answers_for_any_amount() -> None:
    found = router.distribution(risky())
    assert [found.probability_over(usd) for usd in (99, 100, 499.99, 500)] == pytest.approx([1, 0.04, 0.04, 0])
    assert (found.quantile_usd(0.96), found.quantile_usd(0.97), found.cvar_usd(0.95)) == (
        Decimal(100),
        Decimal(500),
        Decimal(420),
    )
    assert (found.mean_usd, found.error_usd) == (Decimal(116), Decimal(0))
    assert [found.probability_unserved(most) for most in (0, 99, 100)] == pytest.approx([0.04, 0.04, 0])
    with pytest.raises(router.InputError, match="a level must be from 0 to 1"):
        found.quantile_usd(1.5)
    with pytest.raises(router.InputError, match="a level must be from 0 to below 1"):
        found.cvar_usd(1)
    timed = {**OUTAGES, "correlation": "over-time", "repair_minutes": 5, "run_minutes": 60}
    with pytest.raises(router.InputError, match=r"use router\.simulate"):
        router.distribution(router.plan(scenario(CLIPS, TWO, outages=timed), on=ON))


def test_a_run_far_shorter_than_a_repair_is_planned_though_its_draws_miss_the_mean() -> None:
    # Ten clips at $1, up for the whole run with 0.7, else $30: the variance of draws is rarely as small as the bounds and the exact mean
    # allow, for $10 and $30 are all that can be drawn.
    plan = planned(
        [{"seconds": 10, "count": 10}],
        catalog(model(availability="0.7")),
        fallback={"unserved_usd": 3},
        outages={"correlation": "over-time", "repair_minutes": 1000, "run_minutes": 1},
    )
    assert plan.totals.expected_usd == 16
    # sqrt(0.7 x 0.3) x 20; a standard error of the draws is about 0.05.
    assert float(plan.totals.std_usd) == pytest.approx(9.165, abs=0.2)


def test_a_model_that_next_to_never_makes_a_keeper_costs_all_its_takes_in_a_state() -> None:
    # 100 takes at $1, hardly one in 10^10 kept; the model is down in one run of ten, which costs nothing.
    plan = planned(
        [{"seconds": 10, "count": 1000, "max_takes": 100}],
        catalog(model(availability="0.9", keep_rate="0.00000000007")),
        outages={"correlation": "per-run"},
        limits={"cvar": {"usd": 100_000}},
    )
    # The sum of (1 - k)^t for t below 100 is 100 - 4950 k to first order, 3.5e-7 below 100; a thousand clips.
    assert float(plan.limits[0].value) == pytest.approx(1000 * (100 - 4950 * 7e-11), abs=2e-6)
