"""The brute-force oracle against hand calculations from the contract, and against plain enumeration of all plans."""

from __future__ import annotations

import datetime
import math
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests import oracles, strategies

Raw = dict[str, Any]

ON = datetime.date(2026, 4, 10)
USD = 1_000_000  # micro-dollars
D = Decimal
F = Fraction


def catalog(*models: Raw, **more: Any) -> Raw:
    return {"schema": 1, "name": "c", "as_of": ON, "source": "s", "unit": "usd", "models": list(models), **more}


def sold(model: str, *offers: Raw, **more: Any) -> Raw:
    """A text-to-video model of 1 to 10 whole seconds, with 1080p offers."""
    lengths = {"min": 1, "max": 10, "step": 1}
    entry = {"provider": "p", "model": model, "mode": "text-to-video", "api_model": model, "seconds": lengths, **more}
    return {**entry, "offers": [{"resolution": "1080p", "audio": False, **offer} for offer in offers]}


def per_second(price: str, **more: Any) -> Raw:
    return {"price_per_second": D(price), **more}


def clip(seconds: int | str = 10, **more: Any) -> Raw:
    return {"id": "a", "seconds": D(seconds), **more}


def kling() -> Raw:
    """The default catalog of SPEC 3, its text-to-video and image-to-video part."""
    text: Raw = {"seconds": {"min": 3, "max": 15, "step": 1}, "image_prompt": True}
    prices = {"kling-3.0": ("0.075", "0.113", "0.100", "0.150"), "kling-o3": ("0.075", "0.100", "0.100", "0.125")}
    kinds = [("720p", False), ("720p", True), ("1080p", False), ("1080p", True)]
    models = [
        sold(model, *(per_second(p, resolution=r, audio=a) for p, (r, a) in zip(of_model, kinds, strict=True)), **text)
        for model, of_model in prices.items()
    ]
    fixed: Raw = {"audio": False, "prices": {"5": D("0.556"), "10": D("1.111")}}
    o1 = sold("kling-o1", mode="image-to-video", seconds={"choices": [5, 10]})
    return catalog(*models, {**o1, "offers": [fixed]})


def offer(raw: Raw, **of_catalog: Any) -> oracles.Offer:
    return oracles.offers([catalog(raw, **of_catalog)])[0]


def price_in_usd(raw: Raw, length: str, **of_catalog: Any) -> Fraction:
    return F(oracles.generation_price(offer(raw, **of_catalog), F(length)), USD)


def step(bill: str, a: str | None = None, f: str = "0", bills: str = "unknown", provider: str = "p") -> oracles.Step:
    return oracles.Step(provider, None if a is None else F(a), F(f), bills, int(D(bill) * USD))


def in_usd(cost: oracles.Cost) -> tuple[object, ...]:
    """Expected and worst cost in dollars, and the chance of not being served."""
    return cost.expected / USD, F(cost.worst, USD), cost.unserved


def options(scenario: Raw, *catalogs: Raw) -> dict[str, oracles.Option]:
    """The options of the only clip line by their primary's model, or model/resolution where a model has several."""
    (of_line,) = oracles.problem(scenario, catalogs, ON).options
    return {o.primary.offer.model: o for o in of_line if o.primary is not None}


def chain_of(primary: str, fallback: Raw, *models: Raw, seconds: int = 10, **of_clip: Any) -> list[str]:
    scenario = {"clips": [clip(seconds, **of_clip)], "fallback": fallback}
    return [step.offer.model for step in options(scenario, catalog(*models))[primary].chain]


# ---- prices (SPEC 2 and 3) -------------------------------------------------------------------------------------------


def test_a_half_second_is_billed_up_a_fraction_up_or_as_it_is_by_the_rounding_mode() -> None:
    by_mode = {mode: offer(sold("m", per_second("0.1"), rounding=mode)) for mode in ("nearest", "up", "none")}

    billed = {mode: [oracles.billed(o, F(s)) for s in ("4.4", "4.5", "5")] for mode, o in by_mode.items()}

    assert billed == {"nearest": [4, 5, 5], "up": [5, 5, 5], "none": [F("4.4"), F("4.5"), 5]}


def test_the_price_of_a_generation_is_rounded_once_half_even_after_conversion() -> None:
    credit = {"unit": "credit", "units_per_usd": 72}

    # 7.2 credits/s * 5 s / 72 = 0.5 USD; 1 * 5 / 72 = 0.069444(4); 0.0000005 * 1 and * 3 are halves of a micro-dollar.
    assert price_in_usd(sold("m", per_second("7.2")), "5", **credit) == F("0.5")
    assert price_in_usd(sold("m", per_second("1")), "5", **credit) == F("0.069444")
    assert price_in_usd(sold("m", per_second("0.0000005")), "1") == 0
    assert price_in_usd(sold("m", per_second("0.0000005")), "3") == F("0.000002")


def test_a_price_has_a_part_for_each_generation_and_a_minimum() -> None:
    both = sold("m", per_second("0.1", price_per_generation=D("0.05")), price_minimum=D("0.5"))

    # 0.1 * 4 + 0.05 = 0.45 < 0.5; 0.1 * 5 + 0.05 = 0.55.
    assert [price_in_usd(both, s) for s in ("4", "5")] == [F("0.5"), F("0.55")]


# ---- lengths (SPEC 4.1) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_clip", "lengths"),
    [
        # Two of 5 s cost 1.112, one of 10 s 1.111; three of 5 s for 15 s cost 1.668, 10 + 5 cost 1.667.
        (clip(10, max_segments=2), (10,)),
        (clip(15, max_segments=3), (5, 10)),
        (clip(4), (5,)),
        (clip(10, max_segments=2, max_surplus_seconds=0), (10,)),
    ],
)
def test_segments_are_chosen_by_price(of_clip: Raw, lengths: tuple[int, ...]) -> None:
    o1 = oracles.offers([kling()])[8]

    assert oracles.best_segments(o1, of_clip) == [lengths]


def test_a_longer_length_is_taken_where_it_is_cheaper_and_the_surplus_allows_it() -> None:
    odd = offer({**sold("m", seconds={"choices": [4, 6]}), "offers": [{"prices": {"4": D("0.9"), "6": D("0.7")}}]})

    assert oracles.best_segments(odd, clip(4)) == [(F(6),)]
    assert oracles.best_segments(odd, clip(4, max_surplus_seconds=1)) == [(F(4),)]


def test_any_length_splits_into_equal_parts_as_short_as_allowed() -> None:
    any_length = offer(sold("m", per_second("0.1"), seconds={"min": D("0.2"), "max": 8, "step": 0}, rounding="none"))
    nearest = offer(sold("m", per_second("0.1"), seconds={"min": D("0.2"), "max": 8, "step": 0}))

    # 20 s need three parts of 20/3 s; 0.3 s would be billed as 0 s by `nearest`, so it grows to 0.5 s.
    assert oracles.best_segments(any_length, clip(20, max_segments=3)) == [(F(20, 3),) * 3]
    assert oracles.best_segments(any_length, clip("0.3")) == [(F("0.3"),)]
    assert oracles.best_segments(nearest, clip("0.3")) == [(F("0.5"),)]


# ---- eligibility (SPEC 4.1) ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_clip", "of_model", "reason"),
    [
        ({"mode": "image-to-video"}, {"image_prompt": True}, "mode"),
        ({"mode": "image-to-video", "accept_image_prompt": True}, {}, "mode"),
        ({"mode": "motion-control"}, {"mode": "motion-control", "reference": "image"}, "reference"),
        ({"resolution": "2k"}, {}, "resolution"),
        ({"audio": "native"}, {}, "audio"),
        ({"seconds": 11}, {}, "too-long"),
        ({"seconds": 21, "max_segments": 2}, {}, "segments"),
        ({"seconds": D("9.5"), "max_surplus_seconds": D("0.4")}, {}, "surplus"),
        ({"quality_min": 1}, {}, "quality"),
        ({"quality_min": 6}, {"quality": 5}, "quality"),
        ({"max_price_usd": D("0.999999")}, {}, "price"),
        ({"models": ["n"]}, {}, "model-denied"),
        ({"not_models": ["m"]}, {}, "model-denied"),
        ({"providers": ["q"]}, {}, "provider-denied"),
        ({"not_providers": ["p"]}, {}, "provider-denied"),
        ({}, {"available_from": datetime.date(2026, 5, 1)}, "not-yet-available"),
        ({}, {"available_until": datetime.date(2026, 4, 1)}, "retired"),
    ],
)
def test_an_offer_is_rejected_for_its_first_failing_check(of_clip: Raw, of_model: Raw, reason: str) -> None:
    every_offer = oracles.offers([catalog(sold("m", per_second("0.1"), **of_model))])

    found, rejected = oracles.candidates({**clip(), **of_clip}, every_offer, {}, ON)

    assert (found, rejected) == ([], [(0, reason)])


@pytest.mark.parametrize(
    ("of_clip", "of_model"),
    [
        ({"mode": "image-to-video", "accept_image_prompt": True}, {"image_prompt": True}),
        ({"mode": "motion-control"}, {"mode": "motion-control", "reference": "video"}),
        ({"mode": "motion-control", "reference": "image"}, {"mode": "motion-control"}),
        ({"resolution": "1080p"}, {}),
        ({"seconds": 20, "max_segments": 2}, {}),
        ({"quality_min": 5}, {"quality": 5}),
        ({"max_price_usd": 1}, {}),
        ({}, {"available_from": ON}),
    ],
)
def test_an_offer_that_just_meets_a_requirement_is_eligible(of_clip: Raw, of_model: Raw) -> None:
    every_offer = oracles.offers([catalog(sold("m", per_second("0.1"), **of_model))])

    found, rejected = oracles.candidates({**clip(), **of_clip}, every_offer, {}, ON)

    assert [c.offer.model for c in found] == ["m"]
    assert rejected == []


@pytest.mark.parametrize(
    ("audio", "expected"),
    [
        ("none", [("none", "1"), ("native", "2")]),
        ("native", [("native", "2")]),
        # 0.006 USD/s * 10 s + 0.25 USD = 0.31 USD on top of silence.
        ("deferred", [("deferred", "1.31")]),
        ("any", [("deferred", "1.31"), ("native", "2")]),
    ],
)
def test_audio_decides_the_offers_the_treatment_and_the_dubbing(audio: str, expected: list[tuple[str, str]]) -> None:
    every_offer = oracles.offers([catalog(sold("m", per_second("0.1"), per_second("0.2", audio=True)))])
    dubbing = {"usd_per_second": D("0.006"), "usd_per_clip": D("0.25")}

    found, _ = oracles.candidates(clip(audio=audio), every_offer, dubbing, ON)

    assert [(c.treatment, F(c.price, USD)) for c in found] == [(t, F(price)) for t, price in expected]


# ---- chains (SPEC 4.2) -----------------------------------------------------------------------------------------------


LADDER = [sold("one", per_second("0.1")), sold("two", per_second("0.2")), sold("three", per_second("0.3"))]


@pytest.mark.parametrize(
    ("fallback", "steps"),
    [
        ({}, ["two", "one", "three"]),
        ({"direction": "cheaper"}, ["two", "one"]),
        ({"direction": "dearer"}, ["two", "three"]),
        ({"direction": "none"}, ["two"]),
        ({"max_steps": 1}, ["two", "one"]),
        ({"max_steps": 0}, ["two"]),
    ],
)
def test_the_direction_filters_and_orders_the_fallbacks(fallback: Raw, steps: list[str]) -> None:
    assert chain_of("two", fallback, *LADDER) == steps


def test_cheaper_fallbacks_start_with_the_dearest_of_them() -> None:
    assert chain_of("three", {"direction": "cheaper"}, *LADDER) == ["three", "two", "one"]


def test_a_model_is_represented_by_its_cheapest_candidate_even_where_the_direction_then_drops_it() -> None:
    both = sold("both", per_second("0.1"), per_second("0.3", resolution="4k"))

    assert chain_of("two", {}, LADDER[1], both) == ["two", "both"]
    assert chain_of("two", {"direction": "dearer"}, LADDER[1], both) == ["two"]


def test_equal_prices_are_tried_by_quality_then_by_catalog_order() -> None:
    plain = [sold(name, per_second("0.1")) for name in ("b", "a")]
    scored = [sold(name, per_second("0.1"), quality=quality) for name, quality in (("low", 1), ("high", 2))]

    assert chain_of("two", {}, *plain, *scored, LADDER[1]) == ["two", "high", "low", "b", "a"]


def test_other_providers_catch_only_where_the_chain_goes_across_all() -> None:
    elsewhere = sold("one", per_second("0.1"), provider="q")

    assert chain_of("two", {}, elsewhere, LADDER[1]) == ["two"]
    assert chain_of("two", {"across": "all"}, elsewhere, LADDER[1]) == ["two", "one"]


def test_the_expected_order_divides_by_the_success_rate_and_acts_only_across_all() -> None:
    # cheap: 1.0 * (0.2 + 0.8) / 0.2 = 5 where failures are billed, 1.0 where they are not; never: comes last.
    for bills, steps in (("yes", ["two", "three", "cheap", "never"]), ("no", ["two", "cheap", "three", "never"])):
        cheap = sold("cheap", per_second("0.1"), failure_rate=D("0.8"), bills_failures=bills)
        never = sold("never", per_second("0.01"), failure_rate=1)
        fallback = {"across": "all", "order": "expected"}

        assert chain_of("two", fallback, cheap, never, *LADDER[1:]) == steps
        assert chain_of("two", {"order": "expected"}, cheap, never, *LADDER[1:]) == ["two", "never", "cheap", "three"]


def test_a_degraded_fallback_may_miss_resolution_and_audio_and_is_dubbed_where_sound_is_deferred() -> None:
    small = sold("small", per_second("0.05", resolution="540p", audio=True))
    late = sold("late", per_second("0.01"), seconds={"choices": [5]})
    scenario = {
        "clips": [clip(resolution="1080p", audio="deferred")],
        "dubbing": {"usd_per_clip": D("0.3")},
        "fallback": {"accept": "degraded"},
    }

    steps = options(scenario, catalog(LADDER[1], small, late))["two"].chain

    # 0.2 * 10 + 0.3 and 0.05 * 10 + 0.3; the length is never waived.
    assert [(s.offer.model, F(s.price, USD)) for s in steps] == [("two", F("2.3")), ("small", F("0.8"))]
    assert chain_of("two", {}, LADDER[1], small, resolution="1080p") == ["two"]


# ---- cost (SPEC 4.4) -------------------------------------------------------------------------------------------------


def test_the_example_of_the_contract_costs_1_25_expects_1_25_and_at_worst_1_50() -> None:
    scenario: Raw = {"clips": [clip(resolution="1080p", audio="native")]}

    o3 = options(scenario, kling())["kling-o3"]

    # 10 s * 0.125 = 1.25; kling-3.0 catches it at 10 s * 0.150 = 1.50; nothing states an availability.
    assert o3.primary is not None
    assert o3.primary.price == 1_250_000
    assert in_usd(o3.cost) == (F("1.25"), F("1.5"), 0)
    alone = options({**scenario, "fallback": {"direction": "none"}}, kling())["kling-o3"]
    assert in_usd(alone.cost) == (F("1.25"), F("1.25"), 0)


def test_the_example_with_an_availability_expects_the_fallback_that_often() -> None:
    outages = {"availability": {"kling-o3": D("0.995"), "evolink/kling-3.0": 1}}
    scenario = {"clips": [clip(resolution="1080p", audio="native")], "outages": outages}

    o3 = options(scenario, kling())["kling-o3"]

    # 0.995 * 1.25 + 0.005 * 1.50 = 1.24375 + 0.0075.
    assert in_usd(o3.cost) == (F("1.25125"), F("1.5"), 0)
    assert o3.cost.served_by == (F("0.995"), F("0.005"))


def test_two_steps_with_failures_by_hand() -> None:
    chain = (step("1", "0.9", "0.2", "yes"), step("2", "0.5", "0.1", "unknown"))

    cost = oracles.cost_by_enumeration(chain, (), 3 * USD)

    # Step 1 serves with 0.9 * 0.8 = 0.72 and bills whenever it is up: 0.9 * 1 = 0.9. It fails or is down with 0.28.
    # Step 2 serves with 0.5 * 0.9 = 0.45 of those = 0.126, bills only then: 0.126 * 2 = 0.252.
    # Nothing serves with 0.28 * 0.55 = 0.154, booked at 3: 0.462. Together 0.9 + 0.252 + 0.462 = 1.614.
    # At worst both fail and may be billed, and nothing served: 1 + 2 + 3 = 6.
    assert in_usd(cost) == (F("1.614"), 6, F("0.154"))
    assert cost.served_by == (F("0.72"), F("0.126"))


def test_failures_that_are_not_billed_cost_nothing_in_either_sense() -> None:
    chain = (step("1", "1", "0.5", "no"), step("2", "1"))

    # 0.5 * 1 + 0.5 * 2 = 1.5; at worst the second alone.
    assert in_usd(oracles.cost_by_enumeration(chain, (), 0)) == (F("1.5"), 2, 0)


def test_certain_things_are_not_in_the_worst_case() -> None:
    always = (step("1", "1"), step("9"))
    never = (step("9", "0"), step("1", "1"))
    hopeless = (step("1", "1", "1", "yes"), step("2", "1"))

    assert in_usd(oracles.cost_by_enumeration(always, (), 0)) == (1, 1, 0)
    assert in_usd(oracles.cost_by_enumeration(never, (), 0)) == (1, 1, 0)
    assert in_usd(oracles.cost_by_enumeration(hopeless, (), 0)) == (3, 3, 0)


def test_a_shared_provider_outage_takes_all_its_models_down_together() -> None:
    chain = (step("1", "0.9"), step("2", "0.8"), step("4", "1", provider="q"))

    cost = oracles.cost_by_enumeration(chain, (("p", F("0.95")),), 0)

    # p up (0.95): 0.9 * 1 + 0.1 * 0.8 * 2 + 0.02 * 4 = 0.9 + 0.16 + 0.08 = 1.14. p down (0.05): 4.
    # 0.95 * 1.14 + 0.05 * 4 = 1.083 + 0.2.
    assert in_usd(cost) == (F("1.283"), 4, 0)
    assert cost.served_by == (F("0.855"), F("0.076"), F("0.069"))


def test_a_provider_that_is_never_down_is_no_cause_of_a_dearer_outcome() -> None:
    outages: Raw = {"availability": {"one": 1, "p": 1}}
    scenario = {"clips": [clip()], "outages": outages}

    assert in_usd(options(scenario, catalog(*LADDER))["one"].cost) == (1, 1, 0)
    outages["availability"]["p"] = D("0.5")
    assert in_usd(options(scenario, catalog(*LADDER))["one"].cost) == (F("0.5"), 1, F("0.5"))


def test_availability_comes_from_provider_and_model_then_model_then_catalog() -> None:
    one = offer(sold("one", per_second("0.1"), availability=D("0.7")))
    stated = {"one": D("0.8"), "p/one": D("0.9"), "two": D("0.1")}

    found = []
    for name in ("two", "p/one", "one", "nothing"):
        found.append(oracles.availability(one, {"availability": stated}))
        stated.pop(name, None)

    assert found == [F("0.9"), F("0.9"), F("0.8"), F("0.7")]


def test_the_requested_price_is_billed_on_every_step_where_the_provider_does_so() -> None:
    outages = {"availability": {"one": D("0.9"), "two": 1}}
    scenario = {"clips": [clip()], "outages": outages, "fallback": {"billed": "requested"}}

    assert in_usd(options(scenario, catalog(*LADDER))["one"].cost) == (1, 1, 0)


def test_the_enumeration_equals_the_closed_formula_where_states_are_independent() -> None:
    rng = random.Random(1)
    for _ in range(100):
        chain = tuple(
            step(str(rng.randint(1, 9)), f"0.{rng.randint(0, 9)}", f"0.{rng.randint(0, 9)}", rng.choice(("yes", "no")))
            for _ in range(rng.randint(1, 4))
        )
        # SPEC 4.4: sum_k [ prod_{j<k} (1 - a_j (1 - f_j)) ] a_k p_k ((1 - f_k) + f_k b_k) + the rest * unserved.
        not_yet, by_formula = F(1), F(0)
        for s in chain:
            a = s.availability if s.availability is not None else F(1)
            billed_failures = s.failure_rate * (s.bills_failures == "yes")
            by_formula += not_yet * a * s.bill * ((1 - s.failure_rate) + billed_failures)
            not_yet *= 1 - a * (1 - s.failure_rate)

        cost = oracles.cost_by_enumeration(chain, (), 5 * USD)

        assert cost.expected == by_formula + not_yet * 5 * USD
        assert cost.unserved == not_yet == 1 - sum(cost.served_by)


# ---- plans (SPEC 4.5) ------------------------------------------------------------------------------------------------


def best(scenario: Raw, *models: Raw) -> oracles.BestPlan:
    plan = oracles.best_plan(scenario, [catalog(*models)], ON)
    assert plan is not None
    return plan


ALONE: Raw = {"fallback": {"direction": "none"}}  # every cost is the price
TWO = [sold("cheap", per_second("0.1"), quality=1), sold("good", per_second("0.3", audio=True), quality=9)]


def test_without_limits_every_clip_takes_its_cheapest_candidate() -> None:
    plan = best({**ALONE, "clips": [clip(count=3)]}, *TWO)

    assert (plan.counts, plan.expected, plan.objective) == ([{0: 3}], F(3 * USD), F(3 * USD))


@pytest.mark.parametrize(
    ("cap", "counts"),
    [
        ({"where": {"model": "cheap"}, "max_clips": 3}, {0: 3, 1: 1}),
        ({"where": {"model": "cheap"}, "max_seconds": D("29.9")}, {0: 2, 1: 2}),
        ({"where": {"provider": "p", "audio": False}, "max_usd": 2}, {0: 2, 1: 2}),
        ({"where": {"audio": "none"}, "max_share": D("0.75")}, {0: 3, 1: 1}),
        ({"where": {"model": "good", "resolution": "1080p"}, "min_clips": 1}, {0: 3, 1: 1}),
        ({"where": {"audio": "native", "mode": "text-to-video"}, "min_share": D("0.3")}, {0: 2, 1: 2}),
        ({"where": {"model": "cheap", "resolution": "4k"}, "max_clips": 0}, {0: 4}),
    ],
)
def test_a_cap_moves_as_few_clips_as_it_must(cap: Raw, counts: dict[int, int]) -> None:
    plan = best({**ALONE, "clips": [clip(count=4)], "limits": {"caps": [cap]}}, *TWO)

    assert plan.counts == [counts]


def test_a_share_is_of_the_clips_that_are_made() -> None:
    # Each cheap clip needs a good one beside it: 1.0 + 3.0 for two clips that are worth 2 * 1.5 left out.
    caps = [{"where": {"model": "cheap"}, "max_share": D("0.5")}]
    clips = [clip(count=4, value_usd=D("1.5"))]

    plan = best({**ALONE, "clips": clips, "limits": {"caps": caps}}, *TWO)

    assert (plan.counts, plan.objective) == ([{None: 4}], F(6 * USD))


@pytest.mark.parametrize(("budget", "made"), [("3", 3), ("2.999999", 2), ("0", 0)])
def test_clips_with_a_value_are_left_out_as_the_budget_asks(budget: str, made: int) -> None:
    scenario: Raw = {**ALONE, "clips": [clip(count=4, value_usd=5)], "limits": {"budget_usd": D(budget)}}

    plan = best(scenario, TWO[0])

    # The value of what is left out is lost, not spent: only made clips count against the budget.
    assert (plan.served, plan.left_out, plan.objective) == (made, 4 - made, F((made + 5 * (4 - made)) * USD))


def test_a_clip_worth_less_than_its_cost_is_left_out() -> None:
    assert best({**ALONE, "clips": [clip(value_usd=D("0.999999"))]}, TWO[0]).left_out == 1
    assert best({**ALONE, "clips": [clip(value_usd=1)]}, TWO[0]).left_out == 0, "a tie is made, not left out"


@pytest.mark.parametrize(("at_most", "counts"), [("6", {0: 2}), ("5", {0: 1, 1: 1}), ("4", {1: 2}), ("3.99", None)])
def test_the_worst_case_limit_pays_for_a_surer_model(at_most: str, counts: dict[int, int] | None) -> None:
    # one costs 1.0 and at worst 3.0, where three of its provider catches it; sure costs 2.0 and never more.
    sure = sold("sure", per_second("0.2"), provider="q", availability=1)
    scenario: Raw = {"clips": [clip(count=2)], "limits": {"worst_case_usd": D(at_most)}}

    plan = oracles.best_plan(scenario, [catalog(LADDER[0], sure, LADDER[2])], ON)

    assert (plan.counts[0] if plan else None) == counts


def test_a_budget_is_compared_in_whole_micro_dollars() -> None:
    # One clip at 0.000001 USD with availability 1/2 expects half a micro-dollar, three expect 1.5, rounded to even: 2.
    tiny = sold("tiny", per_second("0.0000001"), availability=D("0.5"))
    scenario: Raw = {"clips": [clip(count=3)], "limits": {"budget_usd": D("0.000002")}}

    assert best(scenario, tiny).expected == F(3, 2)
    scenario["limits"]["budget_usd"] = D("0.000001")
    assert oracles.best_plan(scenario, [catalog(tiny)], ON) is None


@pytest.mark.parametrize(
    ("models", "position"),
    [
        # Equal price, but a can be caught by three of its provider at 3.0, b by nobody: the lower worst case wins.
        ([sold("a", per_second("0.1"), quality=9), sold("b", per_second("0.1"), provider="q"), LADDER[2]], 1),
        # Equal worst case: the higher quality wins, and none is the lowest.
        ([sold("a", per_second("0.1")), sold("b", per_second("0.1"), quality=3)], 1),
        ([sold("a", per_second("0.1"), quality=3), sold("b", per_second("0.1"), quality=4)], 1),
        # Equal in everything: catalog order.
        ([sold("a", per_second("0.1"), quality=3), sold("b", per_second("0.1"), quality=3)], 0),
    ],
)
def test_ties_go_to_the_lower_worst_case_then_quality_then_catalog_order(models: list[Raw], position: int) -> None:
    plan = best({"clips": [clip(count=2)], "fallback": {"direction": "dearer", "max_steps": 1}}, *models)

    assert plan.counts == [{position: 2}]


def test_a_clip_that_nothing_serves_leaves_no_plan_unless_it_has_a_value() -> None:
    scenario: Raw = {"clips": [clip(), {**clip(99), "id": "long"}]}

    assert oracles.unservable(scenario, [catalog(*TWO)], ON) == ["long"]
    assert oracles.best_plan(scenario, [catalog(*TWO)], ON) is None
    scenario["clips"][1]["value_usd"] = 7
    assert oracles.unservable(scenario, [catalog(*TWO)], ON) == ["long"]
    assert best(scenario, *TWO).counts == [{0: 1}, {None: 1}]


def test_defaults_fill_in_what_a_clip_does_not_say() -> None:
    scenario = {**ALONE, "defaults": {"audio": "native", "resolution": "720p"}, "clips": [clip(), clip(audio="none")]}

    assert best(scenario, *TWO).counts == [{1: 1}, {0: 1}]


def test_the_best_plan_equals_that_of_plain_enumeration_of_all_plans() -> None:
    compared = bound = 0
    for seed in range(10_000, 10_200):
        worked_out = oracles.problem(*strategies.random_scenario(random.Random(seed)), ON)
        if _splits(worked_out) > 100:  # too slow for plain enumeration
            continue
        plain, clever = oracles.best_plan_by_full_enumeration(worked_out), oracles.best_plan_of(worked_out)
        compared += 1
        bound += bool(worked_out.rows)
        assert (plain and plain.key) == (clever and clever.key), f"seed {seed}"
        assert clever is None or not oracles.broken_limits(worked_out, clever.counts), f"seed {seed}"
    assert compared > 100
    assert bound > 75


def _splits(worked_out: oracles.Problem) -> int:
    """How many plans a scenario has, limits aside: n clips over k options in C(n + k - 1, n) ways."""
    counts = [worked_out.counts(line) for line in range(len(worked_out.options))]
    return math.prod(
        math.comb(n + len(of) - 1, n) if of else 0 for n, of in zip(counts, worked_out.options, strict=True)
    )


# ---- the random scenarios --------------------------------------------------------------------------------------------


def test_random_scenarios_are_mostly_feasible_and_often_bound_by_a_limit() -> None:
    feasible = bound = caught = 0
    for seed in range(100):
        scenario, catalogs = strategies.random_scenario(random.Random(seed))
        worked_out = oracles.problem(scenario, catalogs, ON)
        plan = oracles.best_plan_of(worked_out)
        feasible += plan is not None
        free = oracles.best_plan({**scenario, "limits": {}}, catalogs, ON)
        bound += plan is not None and free is not None and plan.objective > free.objective
        caught += any(len(option.chain) > 1 for of_line in worked_out.options for option in of_line)

    assert feasible > 70
    assert bound > 30
    assert caught > 30


def test_random_scenarios_are_the_same_for_the_same_seed() -> None:
    assert strategies.random_scenario(random.Random(7)) == strategies.random_scenario(random.Random(7))
