"""Break-evens are where the plan changes: planned just before and just behind each. Tornado and elasticities are plans of their own."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

import router
from router.schema.sensitivity import Edge, PriceRange, Range, Sensitivity
from tests import strategies
from tests.analysis.replanned import replanned, ways
from tests.builders import ON, catalog, model, scenario
from tests.limits_reading import planned as planned_raw

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
HERO = {"id": "hero", "seconds": 10, "resolution": "1080p", "audio": "native", "count": 100}


def of(given: router.Scenario, by: str = "0.1") -> Sensitivity:
    return router.sensitivity(given, on=ON, by=Decimal(by))


def price_of(found: Sensitivity, model: str) -> PriceRange:
    return next(one for one in found.prices if one.model == model)


def edges(found: Sensitivity) -> list[tuple[Range, Edge]]:
    return [(one, e) for one in (*found.prices, *found.availabilities) for e in (one.below, one.above) if e]


def assert_changes_there(given: router.Scenario, found: Sensitivity) -> int:
    """Plan at the last value with today's plan, and at the first with another one; how many break-evens there were."""
    today = ways(replanned(given))
    for one, edge in edges(found):
        assert one.path, one
        operator = "*=" if isinstance(one, PriceRange) and one.per == "length" else "="
        since, until = (
            (replanned(given, f"{one.path}{operator}{at:f}"))
            for at in (edge.since, edge.since if edge.until is None else edge.until)
        )
        assert ways(since) != today, (one, edge)
        assert (since is None) == bool(edge.no_plan)
        assert since is None or since.totals.expected_usd == edge.expected_usd
        if edge.until is not None:
            assert ways(until) == today, (one, edge)
            assert abs(edge.since - edge.until) <= Decimal("0.000001")
    return len(edges(found))


def test_kling_o3_stays_chosen_up_to_the_price_of_kling_3_0() -> None:
    # 10 s at 1080p with audio: kling-o3 at 0.125, kling-3.0 at 0.150; 0.150 / 0.125 - 1 = 20 %, 0.125 / 0.150 - 1 = -16.7 %.
    found = of(scenario([HERO]))

    used, unused = found.prices
    assert (used.model, used.clips, unused.model, unused.clips) == ("kling-o3", 100, "kling-3.0", 0)
    assert (used.below, unused.above) == (None, None)
    assert used.above is not None
    assert unused.below is not None
    assert (used.above.break_even, used.above.change) == (Decimal("0.150"), 0.2)
    assert (unused.below.break_even, unused.below.change) == (Decimal("0.125"), -0.166667)
    (taker,) = used.above.takes_over
    assert (taker.model, taker.resolution, taker.audio, taker.more, taker.new) == (
        "kling-3.0",
        "1080p",
        "native",
        100,
        True,
    )
    assert all(one.below_proven and one.above_proven for one in found.prices)


def test_the_tie_at_the_break_even_goes_to_the_offer_that_comes_first_in_the_catalog() -> None:
    # At 0.150 both cost 1.50 and neither has a score. In the worst case each is caught by the other for 1.50. kling-3.0 comes first.
    used = price_of(of(scenario([HERO])), "kling-o3")

    assert used.above is not None
    assert used.above.ties
    assert (used.above.until, used.above.since) == (Decimal("0.149999"), Decimal("0.150000"))


def test_a_tie_goes_to_the_lower_worst_case_before_the_catalog_order() -> None:
    # Nothing else can catch, so the worst case of each is its own price but for failures of `a`, which are billed and doubled by `b`.
    sold = catalog(
        model("a", failure_rate="0.5", bills_failures="no", offers=[{"audio": False, "price_per_second": "0.20"}]),
        model("b", offers=[{"audio": False, "price_per_second": "0.10"}]),
    )
    found = of(scenario([{"seconds": 10}], sold, fallback={"direction": "none", "unserved_usd": "3"}))

    # `b` costs 1.00 and is never missing more than 3.00 if down: worst 3.00 for both. `a` costs 0.5 x 2.00 + 0.5 x 3.00 = 2.50 on average.
    above = price_of(found, "b").above
    assert above is not None
    assert (above.break_even, above.ties) == (Decimal("0.25"), True)


def test_where_nothing_else_can_make_a_clip_it_stays_at_any_price() -> None:
    (only,) = of(scenario([{**HERO, "models": ["kling-o3"]}])).prices

    assert (only.below, only.above, only.needed) == (None, None, True)


def test_where_a_budget_ends_the_plan_ends() -> None:
    # 100 clips of 10 s: 1,000 s, at 0.130 $130.
    found = of(scenario([{**HERO, "models": ["kling-o3"]}], limits={"budget_usd": "130"}))

    above = found.prices[0].above
    assert above is not None
    assert (above.until, above.no_plan) == (Decimal("0.130000"), "no plan keeps all limits")


def test_fixed_prices_of_lengths_move_together() -> None:
    # 5 s at 0.50 and 10 s at 1.00 a generation; the rival costs 0.75 for 5 s and 1.20 for 10 s: the 10 s clip goes first, at x 1.2.
    sold = catalog(
        model("fixed", seconds={"choices": [5, 10]}, offers=[{"audio": False, "prices": {"5": "0.50", "10": "1.00"}}]),
        model("rival", seconds={"choices": [5, 10]}, offers=[{"audio": False, "prices": {"5": "0.75", "10": "1.20"}}]),
    )
    given = scenario([{"id": "five", "seconds": 5}, {"id": "ten", "seconds": 10}], sold)
    found = of(given)

    fixed = price_of(found, "fixed")
    assert (fixed.per, fixed.price) == ("length", 1)
    assert [(own.seconds, own.price) for own in fixed.lengths] == [(5, Decimal("0.50")), (10, Decimal("1.00"))]
    assert fixed.above is not None
    assert (fixed.above.break_even, fixed.above.ties) == (Decimal("1.200000"), False)
    assert [own.price for own in fixed.above.lengths] == [Decimal("0.60"), Decimal("1.20")]
    assert fixed.above.clips == 1
    assert assert_changes_there(given, found)


def test_a_price_in_credits_is_varied_in_credits() -> None:
    # 10 credits a second at 100 to the dollar is $0.10, the rival $0.12. A generation is rounded half-even to the micro-dollar: 10 s at
    # 12.000005 credits are $1.2000005, which is $1.20 as well.
    sold = catalog(
        model("m", offers=[{"audio": False, "price_per_second": "10"}]),
        unit="credit",
        units_per_usd="100",
        name="credits",
    )
    rival = catalog(model("n", provider="q", offers=[{"audio": False, "price_per_second": "0.12"}]))
    used = price_of(of(scenario([{"seconds": 10}], sold, rival)), "m")

    assert used.unit == "credit"
    assert used.above is not None
    assert (used.above.until, used.above.since) == (Decimal("12.000005"), Decimal("12.000006"))


def test_another_split_of_a_length_is_no_break_even() -> None:
    # 14 s at 6 credits a second against 7: the rival takes over there, whichever parts of 14 s round to the least on the way.
    made = {"seconds": {"min": 3, "max": 10, "step": 1}}
    sold = catalog(
        model("m", offers=[{"audio": False, "price_per_second": "6"}], **made),
        model("n", offers=[{"audio": False, "price_per_second": "7"}], **made),
        unit="credit",
        units_per_usd="72",
    )
    given = scenario([{"seconds": 14, "max_segments": 3, "count": 4}], sold)
    used = price_of(found := of(given), "m")
    assert used.above is not None
    assert abs(used.above.break_even - 7) < Decimal("0.0001")
    assert [taker.model for taker in used.above.takes_over] == ["n"]
    assert (used.below, used.below_proven, used.above_proven) == (None, True, True)
    assert assert_changes_there(given, found)


def test_a_price_in_units_that_cost_dollars_goes_as_far_as_dollars_allow() -> None:
    sold = catalog(
        model("m", [{"audio": False, "price_per_second": "20000"}]), unit="unit", usd_per_unit="0.14", name="units"
    )
    rival = catalog(model("n", [{"audio": False, "price_per_second": "70000"}], provider="q"), name="usd")
    used = price_of(of(scenario([{"seconds": 10}], sold, rival)), "m")

    # 20,000 units a second at $0.14 are $2,800, the rival $70,000: as much as 500,000 units, which are below the
    # 1,000,000 / 0.14 = 7,142,857.142857... that a price must be below, but 25 times today's.
    assert used.above is not None
    assert (used.unit, used.above.break_even) == ("unit", Decimal("500000"))


def test_a_price_by_generation_is_varied_as_such() -> None:
    sold = catalog(
        model("flat", price_per_generation="0.80", offers=[{"audio": False}]),
        model("rival"),  # 1.00 for 10 s
    )
    given = scenario([{"seconds": 10}], sold)
    found = of(given)

    used = price_of(found, "flat")
    assert (used.per, used.path) == ("generation", "offers.flat.silent.price_per_generation")
    assert used.above is not None
    assert used.above.break_even == 1
    assert assert_changes_there(given, found)


@pytest.mark.parametrize(
    "name",
    ["quickstart", "cap", "calibrated", "commitments", "deadline", "drafts", "fallback-cheaper", "same-provider", "takes", "tiers",
     "mean-quality", "outage-two-providers", "dubbing"],
)  # fmt: skip
def test_the_plan_of_a_bundled_scenario_changes_at_each_break_even_and_not_before(name: str) -> None:
    given = router.Scenario.load(SCENARIOS / f"{name}.toml")

    assert assert_changes_there(given, of(given))


@pytest.mark.parametrize("seed", range(4))
def test_the_plan_of_a_random_scenario_changes_at_each_break_even_and_not_before(seed: int) -> None:
    rng = random.Random(seed)
    cases = (strategies.random_scenario(rng) for _ in range(200))
    with_plan = ((raw, sold) for raw, sold in cases if planned_raw(raw, sold, ON) is not None)
    met = 0
    for raw, sold in islice(with_plan, 6):
        given = router.Scenario.model_validate({**raw, "catalogs": [router.Catalog.model_validate(c) for c in sold]})
        met += assert_changes_there(given, of(given))
    assert met


def test_within_a_proven_range_the_plan_is_the_same() -> None:
    given = router.Scenario.load(SCENARIOS / "commitments.toml")
    today = ways(replanned(given))
    rng = random.Random(1)
    for one in of(given).prices:
        assert one.above_proven
        end = one.above.until if one.above and one.above.until else 10 * one.price
        for _ in range(5):
            value = one.price + (end - one.price) * Decimal(rng.randrange(10**6)).scaleb(-6)
            assert ways(replanned(given, f"{one.path}={value:f}")) == today


def test_an_availability_ends_where_another_model_is_worth_its_price() -> None:
    # Nothing catches and a missing clip costs 3.00. kling-3.0, always up, costs 1.50. kling-o3: 1.25 a + 3 (1 - a) = 1.50 at a = 6/7.
    given = scenario(
        [HERO],
        fallback={"direction": "none", "unserved_usd": "3"},
        outages={"availability": {"kling-o3": "0.99", "kling-3.0": "1"}},
    )
    found = of(given)

    known = next(one for one in found.availabilities if one.model == "kling-o3")
    assert (known.availability, known.clips, known.above) == (Decimal("0.99"), 100, None)
    assert known.below is not None
    assert abs(known.below.break_even - Decimal(6) / 7) < Decimal("0.000002")
    assert known.below.clips == 0
    assert [taker.model for taker in known.below.takes_over] == ["kling-3.0"]
    # kling-3.0 would have to be up more often than always; it is next, and does not matter.
    assert assert_changes_there(given, found)


def test_the_tornado_and_elasticities_are_those_of_plans_made_anew() -> None:
    given = router.Scenario.load(SCENARIOS / "fallback-cheaper.toml")
    today = replanned(given)
    assert today is not None

    found = of(given, "0.25")

    for one in found.swings:
        costs = [replanned(given, f"{one.path}*={factor}") for factor in ("0.75", "1.25")]
        assert [plan and plan.totals.expected_usd for plan in costs] == [
            one.lower.expected_usd,
            one.higher.expected_usd,
        ]
        assert [ways(plan) != ways(today) for plan in costs] == [one.lower.changed, one.higher.changed]
    swings = [one.swing_usd for one in found.swings]
    assert swings == sorted(swings, reverse=True, key=lambda swing: swing or 0)
    before = today.totals.expected_usd
    dearer = replanned(given, "offers.*.*.price*=1.01")
    assert dearer is not None
    assert found.elasticity == pytest.approx(float((dearer.totals.expected_usd / before - 1) * 100), abs=1e-4)
    (o3,) = (one.elasticity for one in found.elasticities if one.model == "kling-o3")
    dearer = replanned(given, "offers.kling-o3.*.price*=1.01")
    assert dearer is not None
    assert o3 == pytest.approx(float((dearer.totals.expected_usd / before - 1) * 100), abs=1e-4)


def test_what_is_no_price_of_an_offer_makes_the_cost_less_elastic() -> None:
    # 10 s at 0.100 and 0.06 of dubbing: 1.06, of which 1.00 are prices; kling-3.0 and kling-o3 both, so that only both together matter.
    found = of(scenario([{**HERO, "audio": "deferred"}], dubbing={"usd_per_second": "0.006"}))

    assert found.elasticity == pytest.approx(1 / 1.06, abs=1e-4)
    assert [one.elasticity for one in found.elasticities] == [0.0]


def test_a_model_is_shown_as_a_whole_only_where_it_sells_more_than_one_offer() -> None:
    sold = catalog(
        model("one"), model("two", offers=[{"audio": sound, "price_per_second": "0.05"} for sound in (False, True)])
    )
    found = of(scenario([{"id": "a", "seconds": 5, "models": ["one"]}, {"id": "b", "seconds": 5}], sold))

    assert {(one.model, one.offer is None) for one in found.swings} == {("one", False), ("two", False), ("two", True)}


def test_names_that_read_as_positions_or_paths_lead_astray_nowhere() -> None:
    sold = catalog(
        model("0", provider="1", offers=[{"audio": False, "price_per_second": "0.10"}]),
        model("1", provider="0", offers=[{"audio": False, "price_per_second": "0.12"}]),
        model("a.b=c*", provider="'q\"", offers=[{"audio": False, "price_per_second": "0.14"}]),
        name="0",
    )
    given = scenario([{"seconds": 10}], sold)
    found = of(given)

    first = price_of(found, "0")
    assert first.above is not None
    assert first.above.since == Decimal("0.120001")  # The first in the catalog has the tie
    for one, edge in edges(found):
        if one.path:
            assert ways(replanned(given, f"{one.path}={edge.since:f}")) != ways(replanned(given)), one


def test_without_a_plan_it_says_why_there_is_none() -> None:
    with pytest.raises(router.NoPlanError, match=r"budget_usd"):
        of(scenario([HERO], limits={"budget_usd": "1"}))


def test_a_share_outside_0_and_1_is_refused() -> None:
    with pytest.raises(router.InputError, match="above 0 and below 1"):
        of(scenario([HERO]), "1")


def test_progress_is_told_of_every_value() -> None:
    told: list[tuple[int, int]] = []

    router.sensitivity(scenario([HERO]), on=ON, progress=lambda done, known: told.append((done, known)))

    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert all(done <= known for done, known in told)
