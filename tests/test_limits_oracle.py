"""The oracle for limits against hand calculations from the contract, and against plainer enumeration."""

from __future__ import annotations

import datetime
import itertools
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests import limits_oracle, limits_ways, oracles, strategies

Raw = dict[str, Any]

ON = datetime.date(2026, 4, 10)
USD = 1_000_000
D = Decimal
F = Fraction
ALONE: Raw = {"direction": "none"}


def sold(model: str, price: str, *more_offers: Raw, **more: Any) -> Raw:
    """A text-to-video model of 1 to 20 whole seconds: a silent 1080p offer, and others."""
    offer: Raw = {"audio": False, "resolution": "1080p", "price_per_second": D(price)}
    entry = {"provider": "p", "model": model, "mode": "text-to-video", "seconds": {"min": 1, "max": 20, "step": 1}}
    return {**entry, "offers": [offer, *({**offer, **other} for other in more_offers)], **more}


def clip(count: int = 1, name: str = "a", **more: Any) -> Raw:
    """Clips of 10 s: one costs $1 at $0.1 a second."""
    return {"id": name, "seconds": 10, "count": count, **more}


def best(clips: list[Raw], *models: Raw, **scenario: Any) -> limits_oracle.LimitPlan | None:
    catalog = {"schema": 1, "name": "c", "as_of": ON, "source": "s", "unit": "usd", "models": list(models)}
    raw: Raw = {"clips": clips, "fallback": ALONE, **scenario}
    worked_out = limits_ways.problem(raw, [catalog], ON)
    plan = limits_oracle.best_plan_of(worked_out)
    by_definition = limits_oracle.best_plan_by_definition(worked_out)
    assert (plan and plan.totals.key) == (by_definition and by_definition.totals.key)
    return plan


def dollars(clips: list[Raw], *models: Raw, **scenario: Any) -> Fraction | None:
    """The best objective."""
    plan = best(clips, *models, **scenario)
    return None if plan is None else plan.totals.objective / USD


def used(plan: limits_oracle.LimitPlan | None) -> dict[tuple[str, ...], int]:
    """How many clips go where; drafts have a mark."""
    assert plan is not None
    found: dict[tuple[str, ...], int] = {}
    for way, n in plan.picks:
        name = "left out" if way.primary is None else way.primary.offer.model
        key = (name, *(["draft"] if way.draft else []), *way.degraded)
        found[key] = found.get(key, 0) + n
    return found


LO, HI = sold("lo", "0.1", quality=4), sold("hi", "0.2", quality=8)


# ---- quality ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    # Scores of 4 for $1 and 8 for $2. Of three clips k on hi have the mean 4 + 4 k / 3: 5.33, 6.67, 8.
    ("at_least", "usd"),
    [("4", 3), ("5", 4), ("6", 5), ("6.666", 5), ("6.667", 6), ("8", 6), ("8.1", None)],
)
def test_mean_quality_is_bought_clip_by_clip(at_least: str, usd: int | None) -> None:
    assert dollars([clip(3)], LO, HI, limits={"mean_quality_min": D(at_least)}) == usd


def test_an_offer_without_a_score_is_no_primary_under_a_mean_but_may_catch_and_draft() -> None:
    plain = sold("plain", "0.05")
    limits: Raw = {"mean_quality_min": 4}
    # plain would cost 0.5. lo at 1.0 is up half of the time, plain catches it: 0.5 * 1 + 0.5 * 0.5 = 0.75.
    caught = best([clip()], {**LO, "availability": D("0.5")}, plain, limits=limits, fallback={})

    assert used(caught) == {("lo",): 1}
    assert caught is not None
    assert caught.totals.objective == F("0.75") * USD
    # Two drafts on plain at 0.5 each, and the final on lo: drafts do not count in the mean.
    assert dollars([clip(drafts={"count": 2})], LO, plain, limits=limits) == 2


def test_clips_left_out_do_not_count_in_the_mean() -> None:
    # A mean of 9 is out of reach: everything is left out at its value, and nothing served keeps the limit.
    assert dollars([clip(2, value_usd=5)], LO, HI, limits={"mean_quality_min": 9}) == 10
    assert dollars([clip(2, value_usd=5), clip(1, "b")], LO, HI, limits={"mean_quality_min": 9}) is None
    # A mean of 8: lo must go. Leaving one out costs 1.5, hi costs 2.
    assert dollars([clip(2, value_usd=D("1.5"))], LO, HI, limits={"mean_quality_min": 8}) == 3


# ---- deadline --------------------------------------------------------------------------------------------------------

SLOW = {**LO, "generation_seconds_per_second": 60, "concurrency": 2}  # 10 minutes for a clip, two at once
FAST = {**HI, "generation_seconds_per_second": 6, "concurrency": 1}  # 1 minute, one at once


@pytest.mark.parametrize(
    # n clips on slow: 10 n / 2 + 10 minutes = 15, 20, 25, 30; m on fast: m + 1.
    ("minutes", "usd"),
    [("30", 4), ("29.9", 5), ("20", 6), ("15", 7), ("14", 8), ("5", 8), ("4.9", None), ("9.9", 8)],
)
def test_a_deadline_spreads_clips_over_models(minutes: str, usd: int | None) -> None:
    assert dollars([clip(4)], SLOW, FAST, limits={"deadline_minutes": D(minutes)}) == usd


def test_an_offer_that_states_no_speed_or_no_concurrency_is_no_primary_under_a_deadline() -> None:
    limits: Raw = {"deadline_minutes": 1000}
    assert used(best([clip()], SLOW, FAST, limits=limits)) == {("lo",): 1}
    for missing in ("generation_seconds_per_second", "concurrency"):
        silent = {key: value for key, value in SLOW.items() if key != missing}
        assert used(best([clip()], silent, FAST, limits=limits)) == {("hi",): 1}


def test_takes_and_segments_follow_one_another() -> None:
    # Two takes of 10 minutes: T = 20, L = 20, so 20 / 2 + 20 = 30; without a keep rate 10 / 2 + 10 = 15.
    half = {**SLOW, "keep_rate": D("0.5")}
    for model, minutes in ((half, 30), (SLOW, 15)):
        assert best([clip(max_takes=2)], model, limits={"deadline_minutes": minutes}) is not None
        assert best([clip(max_takes=2)], model, limits={"deadline_minutes": D(minutes) - D("0.001")}) is None
    # 30 s are made as 10 + 20: T = 30, L = 20, so 30 / 2 + 20 = 35.
    long = {**SLOW, "seconds": {"choices": [10, 20]}}
    assert best([clip(seconds=30, max_segments=2)], long, limits={"deadline_minutes": 35}) is not None
    assert best([clip(seconds=30, max_segments=2)], long, limits={"deadline_minutes": D("34.9")}) is None


def test_a_model_is_as_slow_as_the_slowest_of_its_offers_that_are_used() -> None:
    # The sounding offer runs one at a time at 30 s a second: 5 minutes. Silent only: 10 / 2 + 10 = 15 minutes; both:
    # (10 + 5) / 1 + 10 = 25 minutes.
    mixed = {**SLOW, "offers": [*SLOW["offers"], {**SLOW["offers"][0], "audio": True, "concurrency": 1}]}
    mixed["offers"][1]["generation_seconds_per_second"] = 30
    lines = [clip(), clip(1, "b", audio="native")]
    assert best(lines, mixed, limits={"deadline_minutes": 25}) is not None
    plan = best(lines, mixed, limits={"deadline_minutes": D("24.9")})
    # Both on the sounding offer, at the same price: 10 / 1 + 5 = 15.
    assert plan is not None
    assert [way.primary.offer.sound for way, _ in plan.picks if way.primary] == [True, True]


def test_drafts_take_time() -> None:
    # 1 clip and 2 drafts on slow: 30 / 2 + 10 = 25 minutes.
    one = [clip(drafts={"count": 2})]
    assert best(one, SLOW, limits={"deadline_minutes": 25}) is not None
    assert best(one, SLOW, limits={"deadline_minutes": D("24.99")}) is None


# ---- groups ----------------------------------------------------------------------------------------------------------


def test_a_group_shares_a_model_or_a_provider() -> None:
    # a can be made by lo at $1 or hi at $2, b by hi only (it asks for quality 8) at $2, or by other at $5.
    other = sold("lo", "0.5", provider="q", quality=9)
    lines = [clip(2, group="g"), clip(1, "b", group="g", quality_min=8)]

    assert dollars(lines, LO, HI, other) == 4
    assert dollars(lines, LO, HI, other, limits={"groups": "same-model"}) == 6  # all on hi; on lo: 2 + 5
    assert dollars(lines, LO, HI, other, limits={"groups": "same-provider"}) == 4
    assert dollars(lines, LO, other, limits={"groups": "same-model"}) == 7  # the model lo, of two providers
    assert dollars(lines, LO, other, limits={"groups": "same-provider"}) == 15


def test_clips_left_out_drafts_and_other_groups_are_free() -> None:
    limits: Raw = {"groups": "same-model"}
    b = clip(1, "b", quality_min=8, value_usd=D("1.5"))
    # Together a and b cost 4 on hi; leaving b out costs 1.5.
    assert dollars([clip(1, group="g"), {**b, "group": "g"}], LO, HI, limits=limits) == F("2.5")
    assert dollars([clip(1, group="g"), {**b, "group": "h", "value_usd": 9}], LO, HI, limits=limits) == 3
    assert dollars([clip(1, group="g"), {**b, "value_usd": 9}], LO, HI, limits=limits) == 3
    # The final needs hi, its drafts do not.
    assert dollars([clip(1, group="g", quality_min=8, drafts={"count": 2})], LO, HI, limits=limits) == 4


# ---- drafts ----------------------------------------------------------------------------------------------------------


def test_drafts_are_made_for_every_clip_that_is_made() -> None:
    small = sold("small", "0.05", resolution="720p")
    small["offers"][0]["resolution"] = "720p"
    asks: Raw = {"resolution": "1080p", "drafts": {"count": 3}}
    plan = best([clip(2, **asks)], LO, small)

    # 2 * 1 + 2 * 3 * 0.5.
    assert used(plan) == {("lo",): 2, ("small", "draft"): 6}
    assert plan is not None
    assert (plan.totals.objective, plan.totals.drafts_cost, plan.totals.served) == (5 * USD, 3 * USD, 2)
    # Drafts that must be 1080p cost 1 each; a clip with its drafts then costs 4: worth less, it is left out with them.
    asks = {"resolution": "1080p", "drafts": {"count": 3, "resolution": "1080p"}}
    assert dollars([clip(2, **asks)], LO, small) == 8
    assert used(best([clip(2, **asks, value_usd=D("3.9"))], LO, small)) == {("left out",): 2}


def test_drafts_have_no_quality_price_or_take_of_their_own_and_keep_deny_lists() -> None:
    asks: Raw = {"quality_min": 8, "max_price_usd": 2, "drafts": {"count": 1}}
    assert used(best([clip(**asks)], LO, HI)) == {("hi",): 1, ("lo", "draft"): 1}
    assert used(best([clip(**asks, not_models=["lo"])], LO, HI)) == {("hi",): 1, ("hi", "draft"): 1}
    # Kept half of the time: the final takes 1.5 generations in the mean, the draft 1; at worst 2 + 1.
    plan = best([clip(max_takes=2, drafts={"count": 1})], {**LO, "keep_rate": D("0.5")})
    assert plan is not None
    assert (plan.totals.objective, plan.totals.worst) == (F("2.5") * USD, 3 * USD)


def test_shares_are_of_clips_and_drafts() -> None:
    # 1 clip and 3 drafts: at most half of the 4 on lo, the other 2 cost $2.
    caps: Raw = {"caps": [{"where": {"model": "lo"}, "max_share": D("0.5")}]}
    assert dollars([clip(drafts={"count": 3})], LO, HI, limits=caps) == 6


# ---- caps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    # 4 clips of 10 s, $1 on lo and $2 on hi.
    ("cap", "usd"),
    [
        ({"max_clips": 3}, 5),
        ({"max_seconds": D("29.9")}, 6),
        ({"max_usd": D("1.99")}, 7),
        ({"max_share": D("0.25")}, 7),
        ({"max_clips": 3, "max_seconds": 10}, 7),
    ],
)
def test_an_upper_bound_on_the_cheaper_model(cap: Raw, usd: int) -> None:
    assert dollars([clip(4)], LO, HI, limits={"caps": [{"where": {"model": "lo"}, **cap}]}) == usd


@pytest.mark.parametrize(
    ("cap", "usd"), [({"min_clips": 3}, 7), ({"min_share": D("0.3")}, 6), ({"min_clips": 5}, None)]
)
def test_a_lower_bound_on_the_dearer_model(cap: Raw, usd: int | None) -> None:
    assert dollars([clip(4)], LO, HI, limits={"caps": [{"where": {"model": "hi"}, **cap}]}) == usd


# ---- packs and tiers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    # A pack pays for $4 and costs $3. 10 clips at $1: two packs save 2; a third would pay for the last $2 and cost 3.
    ("clips", "usd", "packs"),
    [(10, 8, 6), (11, 9, 6), (12, 9, 9), (13, 10, 9), (3, 3, 0), (4, 3, 3)],
)
def test_packs_are_bought_while_they_pay(clips: int, usd: int, packs: int) -> None:
    plan = best([clip(clips)], LO, packs=[{"provider": "p", "pays_for_usd": 4, "price_usd": 3, "max_count": 3}])

    assert plan is not None
    assert (plan.totals.objective, plan.totals.packs_price) == (usd * USD, packs * USD), "a tie buys fewer"


@pytest.mark.parametrize(
    # 10 % from $4 and 50 % from $8 on: 10 clips save 0.4 + 1.
    ("clips", "usd"),
    [(4, "4"), (6, "5.8"), (8, "7.6"), (10, "8.6")],
)
def test_tiers_take_off_what_is_spent_above_them(clips: int, usd: str) -> None:
    tiers = [
        {"provider": "p", "from_usd": 4, "discount": D("0.1")},
        {"provider": "p", "from_usd": 8, "discount": D("0.5")},
    ]
    assert dollars([clip(clips)], LO, tiers=tiers) == F(usd)


def test_tiers_act_on_what_packs_leave_and_both_on_their_provider_alone() -> None:
    tiers = [{"provider": "p", "from_usd": 4, "discount": D("0.5")}]
    pack: Raw = {"provider": "p", "pays_for_usd": 4, "price_usd": 3}
    # 10 clips: without the pack 10 - 3 = 7; with it 6 - 1 + 3 = 8.
    assert dollars([clip(10)], LO, tiers=tiers, packs=[pack]) == 7
    # 6 clips: without 6 - 1 = 5; with it 2 + 3 = 5: a tie, no pack. At $2.9 it is bought.
    assert dollars([clip(6)], LO, tiers=tiers, packs=[pack]) == 5
    assert dollars([clip(6)], LO, tiers=tiers, packs=[{**pack, "price_usd": D("2.9")}]) == F("4.9")
    assert dollars([clip(6)], LO, tiers=[{**tiers[0], "provider": "q"}], packs=[{**pack, "provider": "q"}]) == 6


def test_a_discount_can_pull_clips_to_a_dearer_provider_all_at_once() -> None:
    # q sells at $1.2; from $2 on at half: n clips cost 2 + (1.2 n - 2) / 2 = 1 + 0.6 n, below n from 3 on.
    q = sold("q", "0.12", provider="q")
    tiers = [{"provider": "q", "from_usd": 2, "discount": D("0.5")}]
    assert [dollars([clip(n)], LO, q, tiers=tiers) for n in (1, 2, 3, 4)] == [1, 2, F("2.8"), F("3.4")]


def test_a_saving_counts_in_every_limit_on_money() -> None:
    # lo is caught by hi at $2: three clips expect $3, at worst $6. A pack that pays for $3 for $1 takes 2 off both.
    scenario: Raw = {"fallback": {}, "packs": [{"provider": "p", "pays_for_usd": 3, "price_usd": 1}]}
    for limits, usd in (
        ({"budget_usd": 1}, 1),
        ({"budget_usd": D("0.999999")}, None),
        ({"worst_case_usd": 4}, 1),
        ({"worst_case_usd": D("3.999999")}, None),
    ):
        assert dollars([clip(3)], LO, HI, limits=limits, **scenario) == usd


def test_each_provider_is_paid_for_what_it_makes_without_dubbing() -> None:
    # lo of p at $1 is up half of the time, else q makes the clip at $3. Dubbing adds $0.4 to each. Expected 0.5 * 1.4 +
    # 0.5 * 3.4 = 2.4. A tier of q from 0 on takes half of its mean 0.5 * 3 off: 0.75; a pack of p pays for 0.5.
    q = sold("q", "0.3", provider="q", availability=1)
    scenario: Raw = {
        "fallback": {"across": "all"},
        "dubbing": {"usd_per_second": D("0.04")},
        "tiers": [{"provider": "q", "from_usd": 0, "discount": D("0.5")}],
        "packs": [{"provider": "p", "pays_for_usd": 1, "price_usd": D("0.1")}],
    }
    one = [clip(audio="deferred", not_models=["x"])]
    plan = best(one, {**LO, "availability": D("0.5")}, q, **scenario)

    assert plan is not None
    assert plan.totals.list_price == F("2.4") * USD
    # On q first: 3.4 - 1.5 = 1.9. On lo first: 2.4 - 0.75 - 0.5 + 0.1 = 1.25.
    assert plan.totals.objective == F("1.25") * USD
    # Nominal: 1.4, of which the pack pays for $1 and costs $0.1.
    assert plan.totals.nominal == F("0.5") * USD


def test_every_take_is_spend_and_a_fallback_that_bills_as_requested_is_paid_the_requested_price() -> None:
    half_off = [{"provider": name, "from_usd": 0, "discount": D("0.5")} for name in "pq"]
    # Kept half of the time, two takes at most: 1.5 generations of $1 in the mean, and half of that off.
    assert dollars([clip(max_takes=2)], {**LO, "keep_rate": D("0.5")}, tiers=half_off[:1]) == F("0.75")
    # lo of p is up half of the time, else q makes the clip: for $1, since that was requested, of which q takes half off.
    q = sold("q", "0.3", provider="q", availability=1)
    fallback: Raw = {"across": "all", "billed": "requested"}
    assert dollars([clip()], {**LO, "availability": D("0.5")}, q, fallback=fallback, tiers=half_off[1:]) == F("0.75")


def test_nothing_is_taken_off_what_an_unserved_clip_costs() -> None:
    # Down half of the time, and then $4 is booked: 0.5 * 1 + 0.5 * 4 = 2.5, of which half of 0.5 is taken off.
    tiers = [{"provider": "p", "from_usd": 0, "discount": D("0.5")}]
    fallback = {**ALONE, "unserved_usd": 4}
    assert dollars([clip()], {**LO, "availability": D("0.5")}, fallback=fallback, tiers=tiers) == F("2.25")


# ---- degrading -------------------------------------------------------------------------------------------------------


def degrading(**penalties: str) -> Raw:
    return {"degrade": True, "penalty_usd": {name: D(usd) for name, usd in penalties.items()}}


def test_a_lower_resolution_is_taken_if_it_saves_more_than_its_penalty() -> None:
    small = sold("small", "0.05")
    small["offers"][0]["resolution"] = "720p"
    asks = [clip(2, resolution="1080p")]

    assert dollars(asks, LO, small) == 2
    plan = best(asks, LO, small, objective=degrading(resolution="0.4"))
    assert used(plan) == {("small", "resolution"): 2}
    assert plan is not None
    # 2 * (0.5 + 0.4); the penalty is in the objective only.
    assert (plan.totals.objective, plan.totals.expected) == (F("1.8") * USD, 1 * USD)
    assert used(best(asks, LO, small, objective=degrading(resolution="0.6"))) == {("lo",): 2}
    assert used(best(asks, LO, small, objective=degrading(audio="0"))) == {("lo",): 2}
    # A budget is kept by the cost without the penalty: one degraded 0.5 + one 1.0.
    assert dollars(asks, LO, small, objective=degrading(resolution="3"), limits={"budget_usd": D("1.5")}) == F("4.5")


def test_native_sound_gives_way_to_dubbing() -> None:
    loud = sold("loud", "0.2")
    loud["offers"][0]["audio"] = True
    scenario: Raw = {"dubbing": {"usd_per_second": D("0.02")}, "objective": degrading(audio="0.5")}
    # loud 2.0; lo dubbed 1.0 + 0.2, with the penalty 1.7.
    plan = best([clip(audio="native")], LO, loud, **scenario)
    assert used(plan) == {("lo", "audio"): 1}
    assert plan is not None
    assert plan.totals.objective == F("1.7") * USD
    assert used(best([clip(audio="any")], loud, **scenario)) == {("loud",): 1}


@pytest.mark.parametrize(
    # 10 s cost 1.0; each second less saves 0.1 and costs its penalty. At least half, or 0.75 of it: 5 s, 8 s.
    ("penalty", "least", "seconds", "usd"),
    [("0.09", "0.5", 5, "0.95"), ("0.11", "0.5", 10, "1"), ("0.09", "0.75", 8, "0.98"), ("0", "0.31", 4, "0.4")],
)
def test_a_clip_is_shortened_to_a_length_that_the_offer_makes(penalty: str, least: str, seconds: int, usd: str) -> None:
    plan = best([clip()], LO, objective={**degrading(seconds=penalty), "shorten_to": D(least)})

    assert plan is not None
    ((way, _),) = plan.picks
    assert (way.seconds, plan.totals.objective) == (seconds, F(usd) * USD)


def test_a_clip_that_is_too_long_is_made_shorter_at_need() -> None:
    short = {**LO, "seconds": {"min": 1, "max": 6, "step": 0}}
    assert dollars([clip()], short) is None
    # Any length: the shortest allowed, 5 s for 0.5 and 5 * 0.2 of penalty.
    assert dollars([clip()], short, objective=degrading(seconds="0.2")) == F("1.5")
    # Listed lengths: 6 s, for 0.6 and 4 * 0.2.
    assert dollars([clip()], {**short, "seconds": {"choices": [4, 5, 6]}}, objective=degrading(seconds="0.2")) == F(
        "1.4"
    )


def test_requirements_are_lowered_together_and_drafts_are_not() -> None:
    small = sold("small", "0.05")
    small["offers"][0]["resolution"] = "720p"
    asks = [clip(resolution="1080p", drafts={"count": 1, "resolution": "1080p"})]
    plan = best(asks, LO, small, objective=degrading(resolution="0.1", seconds="0.01"))

    # 5 s at 720p for 0.25, with penalties of 0.1 and 0.05; the draft at 1080p and 10 s for 1.0.
    assert used(plan) == {("small", "resolution", "seconds"): 1, ("lo", "draft"): 1}
    assert plan is not None
    assert plan.totals.objective == F("1.4") * USD


# ---- against plainer enumeration -------------------------------------------------------------------------------------


def test_the_old_limits_agree_with_the_old_oracle() -> None:
    compared = 0
    for seed in range(20_000, 20_150):
        scenario, catalogs = strategies.random_scenario(random.Random(seed))
        worked_out = limits_ways.problem(scenario, catalogs, strategies.ON)
        if limits_oracle.number_of_plans(worked_out) > 500:
            continue
        plan, old = limits_oracle.best_plan_of(worked_out), oracles.best_plan(scenario, catalogs, strategies.ON)
        assert (plan is None) == (old is None), f"seed {seed}"
        if plan is not None and old is not None:
            assert (plan.totals.objective, plan.totals.left_out, plan.totals.worst_list) == old.key[:3], f"seed {seed}"
            compared += 1
    assert compared > 50


def test_packs_of_each_provider_can_be_chosen_by_themselves() -> None:
    packs = [
        {"provider": "pq"[i % 2], "pays_for_usd": D(face), "price_usd": D(price), "max_count": 2}
        for i, (face, price) in enumerate([("4", "3"), ("5", "4.5"), ("1.5", "1"), ("2", "1.9")])
    ]
    tiers = [{"provider": "p", "from_usd": 2, "discount": D("0.25")}]
    scenario: Raw = {"packs": packs, "tiers": tiers}
    for spend in itertools.product((F(0), F(3_300_000), F(7_777_777), F(20_000_000)), repeat=2):
        both = dict(zip("pq", spend, strict=True))
        every = [
            sum(limits_oracle.saving_with(scenario, name, of, bought) for name, of in both.items())
            for bought in limits_oracle.all_purchases(scenario)
        ]
        assert max(every) == sum(limits_oracle.best_purchase(scenario, name, of)[0] for name, of in both.items())
