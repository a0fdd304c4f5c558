"""The check derives drafts, groups, quality and times on its own: good plans pass, doctored ones are refused by name."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import router
from router.checking.alone import check_alone
from router.checking.alternatives import Alternatives, Book
from router.checking.certificate import Sums
from router.checking.check import check, check_fully
from router.checking.prices import least_charge, price_lines
from router.checking.primaries import planned_lengths
from router.offers.lengths import cheapest_generation
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests.builders import ON, Raw, catalog, model, offers, planned, scenario

# 10 s: $1.00 on m, $2.00 on n at 720p, $3.00 on x, which has no score and states no times.
SOLD = catalog(
    model("m", [{"audio": False, "resolution": "480p", "price_per_second": "0.10"}], quality=4, quality_source="q",
          generation_seconds_per_second=6, concurrency=2, keep_rate="0.5"),
    model("n", [{"audio": False, "resolution": "720p", "price_per_second": "0.20"}], quality=9, quality_source="q",
          generation_seconds_per_second=12, concurrency=1),
    model("x", [{"audio": False, "resolution": "720p", "price_per_second": "0.30"}]),
)  # fmt: skip
CLIPS: list[Raw] = [
    {"id": "a", "seconds": 10, "count": 2, "resolution": "720p", "group": "g", "drafts": {"count": 3}},
    {"id": "b", "seconds": 10, "resolution": "720p", "group": "g", "max_takes": 2},
    {"id": "c", "seconds": 10, "max_takes": 2},
]
# a on n: 2 x 2 minutes; b on n: 2; c on m: 2 takes of 1; the 6 drafts of a on m: 6 x 1.
# n: 6 / 1 + 2 = 8 minutes. m: 8 / 2 + 2 = 6 minutes. Mean quality: (3 x 9 + 4) / 4 = 7.75.
LIMITS: Raw = {"groups": "same-provider", "mean_quality_min": "7.75", "deadline_minutes": 8}


def given(**limits: Any) -> Scenario:
    return scenario(CLIPS, SOLD, limits=limits)


def made() -> Plan:
    """The plan of the clips without limits, and what limits would show beside it: all of them hold."""
    plan = planned(CLIPS, SOLD)
    assert [(r.clips, r.model, r.draft) for r in plan.routes] == [
        (("a",), "n", False),
        (("a",), "m", True),
        (("b",), "n", False),
        (("c",), "m", False),
    ]
    return plan


FREE = made()
GOOD = router.plan(given(**LIMITS), on=ON)


def findings(plan: Plan, under: Scenario | None = None) -> str:
    return "\n".join(check_fully(plan, under or given(**LIMITS), (SOLD,), ON)[0])


def route(position: int, **changes: Any) -> Plan:
    routes = list(GOOD.routes)
    routes[position] = routes[position].model_copy(update=changes)
    return GOOD.model_copy(update={"routes": tuple(routes)})


def total(**changes: Any) -> Plan:
    return GOOD.model_copy(update={"totals": GOOD.totals.model_copy(update=changes)})


def limit(name: str, **changes: Any) -> Plan:
    values = [v.model_copy(update=changes) if v.limit == name else v for v in GOOD.limits]
    return GOOD.model_copy(update={"limits": tuple(values)})


def without(name: str) -> Plan:
    return GOOD.model_copy(update={"limits": tuple(v for v in GOOD.limits if v.limit != name)})


def test_a_plan_with_drafts_and_limits_that_hold_passes_both_checks() -> None:
    assert findings(GOOD) == ""
    assert check_alone(GOOD, (SOLD,)) == []
    assert [route.group for route in GOOD.routes] == ["g", None, "g", None]
    assert {v.limit: v.value for v in GOOD.limits} == {
        "mean_quality_min": Decimal("7.75"),
        "deadline_minutes[p/n]": 8,
        "deadline_minutes[p/m]": 6,
    }


def test_without_limits_labels_do_nothing() -> None:
    assert findings(FREE, given()) == ""
    assert {route.group for route in FREE.routes} == {None}
    assert check_alone(FREE, (SOLD,)) == []


DOCTORED: dict[str, tuple[Callable[[], Plan], str]] = {
    "a draft too few": (lambda: route(1, count=5, counts=(5,)), "clip 'a': 5 drafts planned, 6 wanted"),
    "drafts called clips": (lambda: route(1, draft=False), "clip 'a': 8 planned, 2 wanted"),
    "drafts of another clip": (lambda: route(1, clips=("c",)), "drafts clip 'c', which asks for no drafts"),
    "clips called drafts": (lambda: route(3, draft=True), "clip 'c': 0 planned, 1 wanted"),
    "what drafts cost": (lambda: route(0, drafting_usd=Decimal(2)), "drafting_usd is 2, should be 3.000000"),
    "drafts of drafts": (lambda: route(1, drafting_usd=Decimal(1)), "drafting_usd is 1, should be 0.000000"),
    "drafts of a clip that has none": (lambda: route(2, drafting_usd=Decimal(1)), "drafting_usd is 1, should be 0"),
    "takes of drafts": (lambda: route(1, max_takes=2), "max_takes is 2, the clip allows 1"),
    "the number of drafts": (lambda: total(drafts=5), "totals.drafts is 5, should be 6"),
    "the cost of drafts": (lambda: total(drafts_usd=Decimal(5)), "totals.drafts_usd is 5, should be 6"),
    "the price of one": (lambda: total(per_served_usd=Decimal(1)), "totals.per_served_usd is 1, should be"),
    "no price of one": (lambda: total(per_served_usd=None), "totals.per_served_usd is None, but 4 clips are made"),
    "clips with drafts among them": (lambda: total(clips=10, served=10), "totals.clips is 10, should be 4"),
    "a group": (lambda: route(0, group="h"), "group is 'h', should be 'g'"),
    "no group": (lambda: route(0, group=None), "group is None, should be 'g'"),
    "a group of drafts": (lambda: route(1, group="g"), "group is 'g', should be None"),
    "a group of a clip without": (lambda: route(3, group="g"), "group is 'g', should be None"),
    "a quality": (
        lambda: limit("mean_quality_min", value=Decimal(8), slack=Decimal("0.25")),
        "limits.mean_quality_min: the plan shows 8, its routes use 7.750000",
    ),
    "no quality": (lambda: without("mean_quality_min"), "limits.mean_quality_min: the plan shows nothing"),
    "minutes": (
        lambda: limit("deadline_minutes[p/m]", value=Decimal(5), slack=Decimal(3)),
        "limits.deadline_minutes[p/m]: the plan shows 5, its routes use 6.000000",
    ),
    "no minutes": (lambda: without("deadline_minutes[p/m]"), "limits.deadline_minutes[p/m]: the plan shows nothing"),
    "another's minutes": (
        lambda: limit("deadline_minutes[p/m]", limit="deadline_minutes[p/o]"),
        "limits.deadline_minutes[p/o]: the scenario has no such limit",
    ),
}


@pytest.mark.parametrize("what", DOCTORED)
def test_a_doctored_plan_is_refused_by_name(what: str) -> None:
    plan, message = DOCTORED[what][0](), DOCTORED[what][1]
    assert message in findings(plan)


ALONE = {
    "a draft too few", "drafts called clips", "drafts of another clip", "what drafts cost", "drafts of drafts",
    "drafts of a clip that has none", "takes of drafts", "the number of drafts", "the cost of drafts", "the price of one",
    "no price of one", "clips with drafts among them", "clips called drafts", "a group of drafts", "no minutes",
    "another's minutes",
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(ALONE))
def test_much_of_it_shows_without_the_scenario(what: str) -> None:
    assert check_alone(DOCTORED[what][0](), (SOLD,)) != []


def test_groups_that_share_neither_model_nor_provider_show_without_the_scenario() -> None:
    assert check_alone(route(2, model="o"), (SOLD,)) != []
    apart = route(2, model="o", provider="q")
    assert "clips of group 'g' share neither model nor provider" in "\n".join(check_alone(apart, ()))


TIGHTER = {
    "quality": ({"mean_quality_min": "7.76"}, "limits.mean_quality_min: uses 7.750000, at least 7.760000 is allowed"),
    "deadline": (
        {"deadline_minutes": "7.99"},
        "limits.deadline_minutes[p/n]: uses 8.000000, at most 7.990000 is allowed",
    ),
    # Two takes of a minute on m, one generation of 2 minutes on n.
    "one generation": ({"deadline_minutes": "1.99"}, "may not serve clip 'a'"),
}


@pytest.mark.parametrize("what", TIGHTER)
def test_a_limit_that_the_routes_break_is_named(what: str) -> None:
    limits, message = TIGHTER[what]
    assert message in "\n".join(check(GOOD, given(**{**LIMITS, **limits}), (SOLD,), ON))


def test_a_third_of_a_minute_too_long_is_too_long() -> None:
    # 1 s takes 20 s: 3 clips one after the other, and the longest again: 4/3 minutes, which no decimal holds.
    sold = catalog(model("m", generation_seconds_per_second=20, concurrency=1))
    clips: list[Raw] = [{"seconds": 1, "count": 3}]
    enough = scenario(clips, sold, limits={"deadline_minutes": "1.333334"})
    plan = router.plan(enough, on=ON)
    assert plan.limits[0].value == Decimal("1.333334")
    short = scenario(clips, sold, limits={"deadline_minutes": "1.333333"})
    assert "limits.deadline_minutes[p/m]: uses 1.333333" in "\n".join(check(plan, short, (sold,), ON))


def test_what_states_no_score_or_times_is_no_primary_but_may_catch_a_clip() -> None:
    only_x = [{"id": "a", "seconds": 10, "models": ["x"], "drafts": {"count": 1}}]
    plan = planned(only_x, SOLD)
    scored = scenario(only_x, SOLD, limits={"mean_quality_min": 1})
    timed = scenario(only_x, SOLD, limits={"deadline_minutes": 99})
    assert "\n".join(check(plan, scored, (SOLD,), ON)) == "route 1 (p/x): may not serve clip 'a'"
    refused = "\n".join(check(plan, timed, (SOLD,), ON))
    assert refused == "route 1 (p/x): may not serve clip 'a'\nroute 2 (p/x): may not serve drafts of clip 'a'"
    assert [step.model for step in GOOD.routes[0].chain] == ["n", "x"]


def test_clips_of_one_group_that_are_made_apart_are_named() -> None:
    # By model: a and b on n, c on m with the same label.
    clips: list[Raw] = [{**clip, "group": "g"} for clip in CLIPS]
    plan = planned(clips, SOLD)
    labelled = plan.model_copy(
        update={"routes": tuple(r.model_copy(update={"group": None if r.draft else "g"}) for r in plan.routes)}
    )
    assert findings(labelled, scenario(clips, SOLD, limits={"groups": "same-provider"})) == ""
    apart = findings(labelled, scenario(clips, SOLD, limits={"groups": "same-model"}))
    assert apart == "limits.groups: the clips of group 'g' are made on m and n"


def test_clips_of_different_groups_are_not_interchangeable() -> None:
    clips: list[Raw] = [{"id": name, "seconds": 10, "group": name, "drafts": {"count": 1}} for name in ("a", "b")]
    merged = planned(clips, SOLD)
    assert merged.routes[0].clips == ("a", "b")
    found = findings(merged, scenario(clips, SOLD, limits={"groups": "same-model"}))
    assert found.count("merges clips of different requirements") == 2
    assert "group is None, should be 'a' and 'b'" in found


def least(given: Scenario) -> Fraction:
    """What no plan costs less than, by no multipliers; dollars."""
    return Sums(Alternatives(Book(given, (SOLD,), ON), {}, [])).bound({}) / 10**6


@pytest.mark.parametrize(
    ("clip", "bound"),
    [
        ({}, "4.00"),  # $1.00 and 3 drafts at $1.00
        ({"value_usd": "3.99"}, "3.99"),
        ({"value_usd": "4.01"}, "4.00"),
        ({"value_usd": 9, "drafts": {"count": 3, "resolution": "4k"}}, "9.00"),  # nobody makes its drafts
        ({"drafts": {"count": 2, "resolution": "720p"}}, "5.00"),
    ],
)
def test_the_bound_counts_drafts_and_spares_those_of_what_is_left_out(clip: Raw, bound: str) -> None:
    needed = scenario([{"seconds": 10, "drafts": {"count": 3}, **clip}], SOLD)
    assert least(needed) == Fraction(bound)


def test_the_bound_asks_of_primaries_what_the_limits_do() -> None:
    # On x alone, which no limit lets be a primary, nothing can be made.
    clips: list[Raw] = [{"seconds": 10, "models": ["n", "x"], "drafts": {"count": 1}}]
    for limits, bound in (({}, 4), ({"mean_quality_min": 1}, 4), ({"deadline_minutes": 2}, 4)):
        assert least(scenario(clips, SOLD, limits=limits)) == bound
    only_x = scenario([{"seconds": 10, "models": ["x"], "value_usd": 50}], SOLD, limits={"deadline_minutes": 2})
    assert least(only_x) == 50


def test_the_lengths_that_are_generated_are_the_planners_own() -> None:
    rng = random.Random(4)
    compared = 0
    for _ in range(300):
        lengths = sorted(rng.sample(range(1, 12), rng.randint(1, 4)))
        prices = {str(length): str(rng.randint(1, 6)) for length in lengths}
        offer: Raw = {"audio": False, "prices": prices}
        sold = catalog(model("m", [offer], seconds={"choices": lengths}))
        surplus = rng.choice([None, 0, 2])
        clip: Raw = {"seconds": rng.randint(1, 25), "max_segments": rng.randint(1, 5), "max_surplus_seconds": surplus}
        need = scenario([clip], sold).clips[0]
        (line,) = price_lines((sold,))
        made_of = cheapest_generation(
            offers(sold)[0], Fraction(need.seconds), need.max_segments, None if surplus is None else Fraction(surplus)
        )
        assert (made_of is None) == (least_charge(line, need) is None)
        if made_of is not None:
            assert planned_lengths(line, need) == made_of.segments
            compared += 1
    assert compared > 100


def test_equal_parts_are_the_planners_own() -> None:
    sold = catalog(model("m", seconds={"min": 3, "max": 10, "step": 0}, rounding="up"))
    (line,) = price_lines((sold,))
    for seconds in range(1, 31):
        need = scenario([{"seconds": seconds, "max_segments": 4}], sold).clips[0]
        made_of = cheapest_generation(offers(sold)[0], Fraction(seconds), 4, None)
        assert made_of is not None
        assert planned_lengths(line, need) == made_of.segments
