"""Multipliers prove what is worked out by hand, never more than brute force, and the relaxation; doctored ones are refused."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from router.checking.alone import check_alone
from router.checking.alternatives import Alternatives, Book
from router.checking.certificate import Sums, Wholes
from router.checking.check import check_fully
from router.schema.catalog import Catalog
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests import limits_oracle, limits_scenarios
from tests.builders import ON, Raw, catalog, model, planned, scenario
from tests.limits_reading import planned as planned_case

# 10 s: $1.00 on m, $1.50 on n, of another provider.
SOLD = catalog(
    model("m", quality=4, quality_source="q", generation_seconds_per_second=1, concurrency=1),
    model("n", [{"audio": False, "price_per_second": "0.15"}], provider="q", quality=9, quality_source="q",
          generation_seconds_per_second=1, concurrency=1),
)  # fmt: skip
ON_M: Raw = {"model": "m"}
CLIPS: list[Raw] = [{"id": "a", "seconds": 10, "count": 3}, {"id": "b", "seconds": 20, "count": 3}]
# $1.000001, billed every other time.
HALVES = catalog(
    model("m", [{"audio": False, "price_per_second": "0.1000001"}], failure_rate="0.5", bills_failures="no")
)
ALONE: Raw = {"fallback": {"direction": "none"}}
CAPPED: Raw = {"caps": [{"where": ON_M, "max_clips": 4}], "budget_usd": 50}
# b saves $1.00 on m, a $0.50: m makes all b and one a, $6.00 + $1.00, and n two a, $3.00.
GIVEN = scenario(CLIPS, SOLD, limits=CAPPED)
GOOD = planned(CLIPS, SOLD, limits=CAPPED)


def sums(given: Scenario, *catalogs: Catalog) -> Sums:
    return Sums(Alternatives(Book(given, catalogs or (SOLD,), ON), {}, []))


def proven(limits: Raw, multipliers: dict[str, str], clips: list[Raw] | None = None) -> Fraction:
    """Dollars."""
    return (
        sums(scenario(clips or CLIPS, SOLD, limits=limits)).bound(
            {name: Fraction(value) for name, value in multipliers.items()}
        )
        / 10**6
    )


def certified(plan: Plan) -> tuple[dict[str, Decimal], Decimal]:
    assert plan.certificate is not None
    return {each.limit: each.value for each in plan.certificate.multipliers}, plan.certificate.bound_usd


def test_a_cap_is_worth_what_the_last_clip_saves() -> None:
    # The fifth clip on m would be an a: $0.50. a costs min(1 + 0.5, 1.5) and b min(2 + 0.5, 3): 3 x 1.5 + 3 x 2.5 - 4 x 0.5 = 10.
    assert GOOD.totals.objective_usd == 10
    assert certified(GOOD) == ({"caps[0].max_clips": Decimal("0.5")}, Decimal(10))
    assert check_fully(GOOD, GIVEN, (SOLD,), ON) == ([], Decimal(10))


@pytest.mark.parametrize(
    ("multiplier", "bound"),
    [
        ("0", 9),  # 3 x 1 + 3 x 2
        ("0.3", Fraction("9.6")),  # 3 x 1.3 + 3 x 2.3 - 1.2
        ("0.8", Fraction("9.7")),  # 3 x 1.5 + 3 x 2.8 - 3.2
        ("2", Fraction("5.5")),  # 3 x 1.5 + 3 x 3 - 8
    ],
)
def test_other_multipliers_prove_less(multiplier: str, bound: Fraction) -> None:
    assert proven(CAPPED, {"caps[0].max_clips": multiplier}) == pytest.approx(bound, abs=1e-12)


ONE_KIND: list[Raw] = [{"id": "c", "seconds": 10, "count": 2}]


@pytest.mark.parametrize(
    ("clips", "limits", "multiplier", "bound"),
    [
        # Worth $2.00, made for $1.00: 2.5 of 3 clips, $2.50 and half of $2.00; another dollar makes one more.
        ([{"seconds": 10, "count": 3, "value_usd": 2}], {"budget_usd": "2.5"}, ("budget_usd", "1"), "3.5"),
        # Worst case $1.00 or $0: the same, as nothing can fail.
        ([{"seconds": 10, "count": 3, "value_usd": 2}], {"worst_case_usd": "2.5"}, ("worst_case_usd", "1"), "3.5"),
        # One on each: 2.5 points above and 2.5 below; half a dollar more for 5 points.
        (ONE_KIND, {"mean_quality_min": "6.5"}, ("mean_quality_min", "0.1"), "2.5"),
        # 15 of 20 s on m: $1.50 and $0.75; a second less there costs $0.05.
        (ONE_KIND, {"caps": [{"where": ON_M, "max_seconds": 15}]}, ("caps[0].max_seconds", "0.05"), "2.25"),
        # $1.50 on m, which makes one and a half; $0.75 on n. A dollar on m saves $0.50.
        (ONE_KIND, {"caps": [{"where": ON_M, "max_usd": "1.5"}]}, ("caps[0].max_usd", "0.5"), "2.25"),
        (ONE_KIND, {"caps": [{"where": {"provider": "q"}, "min_clips": 1}]}, ("caps[0].min_clips", "0.5"), "2.5"),
        # A quarter of two clips: half a clip on n.
        (ONE_KIND, {"caps": [{"where": {"model": "n"}, "min_share": "0.25"}]}, ("caps[0].min_share", "0.5"), "2.25"),
        (ONE_KIND, {"caps": [{"where": ON_M, "max_share": "0.25"}]}, ("caps[0].max_share", "0.5"), "2.75"),
    ],
)  # fmt: skip
def test_every_limit_that_is_a_sum_has_its_multiplier(
    clips: list[Raw], limits: Raw, multiplier: tuple[str, str], bound: str
) -> None:
    plan = planned(clips, SOLD, limits=limits, fallback={"direction": "none"})
    name, value = multiplier
    assert certified(plan) == ({name: Decimal(value)}, Decimal(bound))
    given = scenario(clips, SOLD, limits=limits, fallback={"direction": "none"})
    assert check_fully(plan, given, (SOLD,), ON) == ([], Decimal(bound))


def test_a_group_is_bounded_on_what_it_shares() -> None:
    # Apart: a on m for $1.00 and b, which must have n, for $1.50. Together, both on n: $3.00.
    clips: list[Raw] = [
        {"id": "a", "seconds": 10, "group": "g"},
        {"id": "b", "seconds": 10, "group": "g", "models": ["n"]},
    ]
    assert proven({}, {}, clips) == Fraction("2.5")
    assert proven({"groups": "same-model"}, {}, clips) == 3
    # a, worth $1.20, is better left out than made on n.
    clips[0]["value_usd"] = "1.2"
    assert proven({"groups": "same-provider"}, {}, clips) == Fraction("2.7")


def test_drafts_pay_for_what_they_use_and_only_where_the_clip_is_made() -> None:
    # With two drafts $3.00, or $4.00 left out. A dollar that costs $0.20: $3.60 - 0.2 x 2.50; one that costs $0.50: $4.00 - 1.25.
    clips: list[Raw] = [{"seconds": 10, "drafts": {"count": 2}, "value_usd": 4}]
    assert proven({"budget_usd": "2.5"}, {"budget_usd": "0.2"}, clips) == pytest.approx(3.1, abs=1e-12)
    assert proven({"budget_usd": "2.5"}, {"budget_usd": "0.5"}, clips) == Fraction("2.75")


def test_a_limit_on_a_sum_of_floats_gets_the_room_that_its_rounding_gives() -> None:
    # 500,000.5 micro-dollars on average, once as the cost and twice as what pays 2 for each; the budget earns 2 x (1,000,000 + 0.5).
    given = scenario([{"seconds": 10}], HALVES, limits={"budget_usd": 1}, **ALONE)
    assert sums(given, HALVES).bound({"budget_usd": Fraction(2)}) == 3 * Fraction("500000.5") - 2 * 1_000_000 - 1


@pytest.mark.parametrize(
    ("count", "bound"),
    # Halves of a micro-dollar are rounded to even: 500,000.5, 1,500,001.5, and 5,000,005,000,000 for ten million.
    [(1, "0.500000"), (3, "1.500002"), (10_000_000, "5000005.000000")],
)
def test_halves_of_a_micro_dollar_are_kept_to_the_end(count: int, bound: str) -> None:
    clips: list[Raw] = [{"seconds": 10, "count": count}]
    given = scenario(clips, HALVES, **ALONE)
    assert sums(given, HALVES).bound({}) == count * Fraction("500000.5")
    plan = planned(clips, HALVES, **ALONE)
    assert plan.totals.objective_usd == Decimal(bound)
    assert check_fully(plan, given, (HALVES,), ON) == ([], Decimal(bound))


def test_nothing_is_rounded_at_ten_million_clips() -> None:
    # Each clip costs 1 + 0.333333333333 on m, less than on n; 4,000,000 of them may be there.
    clips: list[Raw] = [{"seconds": 10, "count": 10_000_000}]
    limits: Raw = {"caps": [{"where": ON_M, "max_clips": 4_000_000}]}
    third = Fraction("0.333333333333")
    assert proven(limits, {"caps[0].max_clips": str(third)}, clips) == 10_000_000 + 6_000_000 * third
    # 4,000,000 at $1.00 and 6,000,000 at $1.50, and the multiplier that makes both equal.
    given, plan = scenario(clips, SOLD, limits=limits), planned(clips, SOLD, limits=limits)
    assert certified(plan) == ({"caps[0].max_clips": Decimal("0.5")}, Decimal(13_000_000))
    assert check_fully(plan, given, (SOLD,), ON) == ([], Decimal(13_000_000))


def test_numbers_of_any_denominator_add_up_exactly() -> None:
    # 7/4 s, 1/3 of a micro-dollar and 2^-20 of one, over 12 x 2^18.
    found = Wholes.of([Fraction(7, 4), Fraction(1, 3), 2**-20, 5])
    assert (found.parts, found.floats) == (3 * 2**20, True)
    assert found.numbers == (21 * 2**18, 2**20, 3, 15 * 2**20)
    assert Wholes.of([]) == Wholes((), 1, floats=False)


def certificate(**changes: Any) -> Plan:
    assert GOOD.certificate is not None
    return GOOD.model_copy(update={"certificate": GOOD.certificate.model_copy(update=changes)})


def multiplier(limit: str, value: str) -> Any:
    assert GOOD.certificate is not None
    return GOOD.certificate.multipliers[0].model_copy(update={"limit": limit, "value": Decimal(value)})


@pytest.mark.parametrize(
    ("doctored", "message"),
    [
        (certificate(bound_usd=Decimal("10.000002")), "bound_usd is 10.000002, its multipliers prove 10.000000"),
        (certificate(multipliers=()), "bound_usd is 10.000000, its multipliers prove 9.000000"),
        (certificate(multipliers=(multiplier("caps[0].max_clips", "0.8"),)), "its multipliers prove 9.700000"),
        (certificate(multipliers=(multiplier("budget_usd", "0.5"),)), "its multipliers prove"),
        (certificate(multipliers=(multiplier("caps[0].min_clips", "0.5"),)), "caps[0].min_clips is no limit of the scenario"),
        (certificate(multipliers=(multiplier("deadline_minutes[p/m]", "0.5"),)), "deadline_minutes[p/m] is no limit"),
        (certificate(multipliers=(multiplier("caps[1].max_clips", "0"),)), "caps[1].max_clips is no limit of the scenario"),
        (certificate(multipliers=(multiplier("caps", "0.5"),)), "caps is no limit of the scenario"),
        (certificate(multipliers=(multiplier("", "0.5"),)), " is no limit of the scenario"),
        # Five clips on n could earn what the cap does not let m make.
        (certificate(multipliers=(multiplier("caps[0].max_clips", "-0.5"),)), "of caps[0].max_clips is below 0"),
        # All on n, $7.50 and more, less 4 x 10^16.
        (certificate(multipliers=(multiplier("caps[0].max_clips", "1e16"),)), "prove -39999999999999986.500000"),
        (certificate(multipliers=(multiplier("caps[0].max_clips", "0.499999"),)), "multipliers prove 9.999998"),
        (certificate(bound_usd=Decimal("1e17")), "bound_usd is 1E+17, its multipliers prove 10.000000"),
    ],
)  # fmt: skip
def test_a_doctored_certificate_is_refused_by_name(doctored: Plan, message: str) -> None:
    refused = [finding for finding in check_fully(doctored, GIVEN, (SOLD,), ON)[0] if finding.startswith("certificate")]
    assert len(refused) == 1
    assert message in refused[0]


@pytest.mark.parametrize("stated", ["9", "-1", "0"])
def test_what_is_proven_is_said_whatever_less_is_stated(stated: str) -> None:
    assert check_fully(certificate(bound_usd=Decimal(stated)), GIVEN, (SOLD,), ON) == ([], Decimal(10))


def test_other_multipliers_are_as_good_where_no_more_is_stated_than_they_prove() -> None:
    other = certificate(multipliers=(multiplier("caps[0].max_clips", "0.8"),), bound_usd=Decimal("9.7"))
    assert check_fully(other, GIVEN, (SOLD,), ON) == ([], Decimal("9.7"))


def test_a_plan_of_groups_that_calls_itself_optimal_is_held_against_what_groups_cost() -> None:
    clips: list[Raw] = [{"id": "a", "seconds": 10, "group": "g"}, {"id": "b", "seconds": 10, "group": "g"}]
    fields: Raw = {"limits": {"groups": "same-model"}, **ALONE}
    on_n = planned([{**clip, "models": ["n"]} for clip in clips], SOLD, **fields)
    findings, bound = check_fully(on_n, scenario(clips, SOLD, **fields), (SOLD,), ON)
    assert findings == [
        "baselines are always the dearest eligible, should be always m, always n, always the dearest eligible",
        "certificate: bound_usd is 3.000000, its multipliers prove 2.000000",
        "calls itself optimal without binding limits at 3.000000, but 2.000000 is possible",
    ]
    assert bound == 2


def test_what_a_plan_contradicts_itself_shows_without_the_scenario() -> None:
    assert check_alone(GOOD, ()) == []
    above = certificate(bound_usd=Decimal("10.000001"))
    assert check_alone(above, ()) == ["certificate: bound_usd is 10.000001, above the plan's own 10.000000"]
    unknown = certificate(multipliers=(multiplier("caps[1].max_clips", "0.5"),))
    assert check_alone(unknown, ()) == ["certificate: the plan shows no limit caps[1].max_clips"]


NO_MULTIPLIERS = ("NaN", "sNaN", "nan1", "-NaN", "Infinity", "-inf", "1e16", "1e17", "1e999999", "1e-999999", "", "0,5",
                  "half", "0x1", "1/2", 0.5, True, None)  # fmt: skip


@pytest.mark.parametrize(
    ("multipliers", "message"),
    [
        ([("budget_usd", "-0.5")], "must be a number of at least 0"),
        ([("budget_usd", "0.1234567890123")], "at most twelve decimals"),
        *(([("budget_usd", text)], "must be a number of at least 0") for text in NO_MULTIPLIERS),
        ([("budget_usd", "0.5"), ("budget_usd", "0.5")], "must name every limit once"),
    ],
)
def test_multipliers_that_are_none_are_no_plan(multipliers: list[tuple[str, object]], message: str) -> None:
    raw = GOOD.model_dump(mode="json", by_alias=True)
    raw["certificate"]["multipliers"] = [{"limit": limit, "value": value} for limit, value in multipliers]
    with pytest.raises(ValidationError, match=message):
        Plan.model_validate(raw)


@pytest.mark.parametrize(
    "fields",
    [
        {"packs": [{"provider": "p", "pays_for_usd": 5, "price_usd": 4}]},
        {"outages": {"correlation": "per-run"}, "limits": {"worst_case_usd": "10.5", **CAPPED}},
        {"limits": {"deadline_minutes": "1.5"}},
    ],
    ids=["packs", "the worst state of the run", "a deadline"],
)
def test_where_more_than_sums_couples_the_clips_there_is_no_certificate(fields: Raw) -> None:
    plan = planned(CLIPS, SOLD, **fields)
    assert (plan.method, plan.certificate) == ("solver", None)


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_no_multipliers_prove_more_than_brute_force_finds_and_the_plans_prove_the_relaxation(first: int) -> None:
    bound_by_limits = 0
    for seed in range(first, first + 100):
        case = limits_scenarios.random_case(seed)
        best = limits_oracle.best_plan_of(case.worked_out)
        if best is None:
            continue
        catalogs = tuple(Catalog.model_validate(each) for each in case.catalogs)
        given = Scenario.model_validate({**case.scenario, "catalogs": list(catalogs)})
        least, ours = best.totals.objective, sums(given, *catalogs)
        dice = random.Random(seed)
        for _ in range(10):
            some = {name: Fraction(dice.choice((0, 1, 3, 10, 40)), 20) for name in ours.limits}
            assert ours.bound(some) <= least + 1 + least / 10**9, (seed, some)
        plan = planned_case(case.scenario, case.catalogs, ON)
        assert plan is not None
        if plan.certificate is None:
            continue
        multipliers, stated = certified(plan)
        bound = ours.bound({name: Fraction(value) for name, value in multipliers.items()})
        # The relaxation takes groups and drafts apart, the check takes them together and may prove more.
        assert bound >= Fraction(stated) * 10**6 - 1, seed
        if given.limits.groups is None:
            assert abs(bound - Fraction(stated) * 10**6) <= 1, seed
        bound_by_limits += bool(multipliers)
    assert bound_by_limits > 5
