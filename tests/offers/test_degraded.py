"""Clips below their requirements: SPEC 4.5 and the penalties of the objective."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import router
from router.analysis.explain import explain
from router.analysis.figures import misstated
from router.checking.alone import check_alone
from router.checking.check import check, check_fully
from router.errors import NoPlanError
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.schema.candidate import Candidate
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests.builders import ON, Raw, catalog, model, scenario


def sold(name: str, per_second: str, resolution: str, *, audio: bool = False, **fields: Any) -> Raw:
    return model(name, [{"audio": audio, "resolution": resolution, "price_per_second": per_second}], **fields)


LOUD = catalog(
    sold("high", "0.20", "1080p", audio=True),
    sold("low", "0.10", "720p", audio=True),
    sold("mute", "0.05", "1080p"),
    sold("worst", "0.01", "720p"),
)
CLIP: Raw = {"id": "c", "seconds": 10, "resolution": "1080p", "audio": "native"}


def lowering(**penalties: str) -> Raw:
    return {"degrade": True, "penalty_usd": {name: Decimal(value) for name, value in penalties.items()}}


def candidates(given: Scenario) -> list[Candidate]:
    """The candidates of the first clip."""
    return list(ways_to_make(clip_classes(given.clips)[0], open_market(given, ON)).candidates)


def accepted(given: Scenario) -> Plan:
    plan = router.plan(given, on=ON)
    catalogs = open_market(given, ON).catalogs
    assert check_fully(plan, given, catalogs, ON)[0] == []
    assert check_alone(plan, catalogs) == []
    assert misstated(plan) == []
    return plan


def test_only_what_has_a_penalty_is_lowered_and_only_where_asked() -> None:
    def lowered(**objective: Any) -> list[tuple[str, tuple[str, ...]]]:
        found = candidates(scenario([CLIP], LOUD, objective=objective))
        return [(way.offer.model, way.degraded) for way in found]

    assert lowered() == [("high", ())]
    assert lowered(**{**lowering(resolution="1"), "degrade": False}) == [("high", ())]
    assert lowered(**lowering(resolution="1")) == [("high", ()), ("low", ("resolution",))]
    assert lowered(**lowering(audio="1")) == [("high", ()), ("mute", ("audio",))]
    assert set(lowered(**lowering(audio="1", resolution="2"))) == {
        ("high", ()),
        ("low", ("resolution",)),
        ("mute", ("audio",)),
        ("worst", ("resolution", "audio")),
    }


def test_what_meets_the_requirements_is_not_degraded() -> None:
    plain = {"id": "c", "seconds": 10}
    found = candidates(scenario([plain], LOUD, objective=lowering(resolution="1", audio="1")))
    assert [way.degraded for way in found] == [()] * 4


def test_penalties_add_up_and_are_in_the_objective_alone() -> None:
    # high 2.00; low 1.00 + 0.60; mute 0.50, dubbed for 0.20, + 0.80; worst 0.10, dubbed for 0.20, + 0.60 + 0.80: mute is best.
    given = scenario(
        [{**CLIP, "count": 3}],
        LOUD,
        objective=lowering(resolution="0.60", audio="0.80"),
        dubbing={"usd_per_second": "0.02"},
        fallback={"direction": "none"},
        limits={"budget_usd": 5},
    )
    plan = accepted(given)
    (route,) = plan.routes
    assert (route.model, route.audio, route.degraded) == ("mute", "deferred", ("audio",))
    assert (route.price_usd, route.dubbing_usd, route.penalty_usd) == (
        Decimal("0.7"),
        Decimal("0.2"),
        Decimal("0.8"),
    )
    sums = plan.totals
    assert (sums.expected_usd, sums.penalty_usd, sums.objective_usd) == (Decimal("2.1"), Decimal("2.4"), Decimal("4.5"))
    assert plan.limits[0].value == Decimal("2.1")
    (entry,) = plan.degraded
    assert (entry.clips, entry.counts, entry.what, entry.penalty_usd) == (
        ("c",),
        (3,),
        ("dubbed instead of native sound",),
        Decimal("0.8"),
    )


def test_a_penalty_above_what_it_saves_lowers_nothing() -> None:
    plan = accepted(scenario([CLIP], LOUD, objective=lowering(resolution="1.01"), fallback={"direction": "none"}))
    assert (plan.routes[0].model, plan.degraded, plan.totals.penalty_usd) == ("high", (), 0)


def test_a_shorter_clip_keeps_its_share_of_the_seconds() -> None:
    one = catalog(model("m", seconds={"min": 1, "max": 20, "step": 3}))  # 1, 4, 7, 10, ... s
    found = candidates(scenario([{"seconds": 9}], one, objective=lowering(seconds="0.05")))
    # Asked 9 s: made as 10 s. Of 4.5 s or more and less than 9 s there is 7 s: 2 s shorter.
    assert [(way.shortened, way.generation.segments, way.penalty) for way in found] == [
        (None, (10,), 0),
        (7, (7,), 100_000),
    ]
    lower = {**lowering(seconds="0.05"), "shorten_to": Decimal("0.4")}
    assert [way.shortened for way in candidates(scenario([{"seconds": 9}], one, objective=lower))] == [None, 7, 4]
    none = {**lowering(seconds="0.05"), "shorten_to": 1}
    assert [way.shortened for way in candidates(scenario([{"seconds": 9}], one, objective=none))] == [None]


def test_of_any_length_only_the_shortest_is_made() -> None:
    entry = model("m", seconds={"min": 3, "max": 30, "step": 0}, rounding="none")
    found = candidates(scenario([{"seconds": "12.5"}], catalog(entry), objective=lowering(seconds="0.01")))
    # Half of 12.5 s; 6.25 s shorter at a cent each.
    assert [(way.shortened, way.penalty) for way in found] == [(None, 0), (Fraction(25, 4), 62_500)]
    short = candidates(scenario([{"seconds": 5}], catalog(entry), objective=lowering(seconds="0.01")))
    assert [way.shortened for way in short] == [None, 3]


def test_a_clip_too_long_for_every_offer_can_be_shortened() -> None:
    # 20 s is the longest; 5 s shorter at $0.20 each, more than each second costs.
    given = scenario([{"id": "c", "seconds": 25}], catalog(model()), objective=lowering(seconds="0.20"))
    (route,) = (plan := accepted(given)).routes
    assert (route.seconds, route.segments, route.surplus_seconds, route.penalty_usd) == (20, (20,), 0, 1)
    assert plan.degraded[0].what == ("20 s instead of 25 s",)
    assert [baseline.clips for baseline in plan.baselines] == [0]
    with pytest.raises(NoPlanError, match="too-long"):
        router.plan(scenario([{"id": "c", "seconds": 25}], catalog(model())), on=ON)


def test_a_shortened_clip_is_dubbed_for_its_own_length() -> None:
    given = scenario(
        [{"id": "c", "seconds": 10, "audio": "deferred"}],
        catalog(model("m", seconds={"choices": [5, 10]})),
        objective=lowering(seconds="0.01"),
        dubbing={"usd_per_second": "0.02"},
    )
    (route,) = accepted(given).routes
    # 5 s: 0.50 + 0.10 and a penalty of 0.05, against 1.00 + 0.20.
    assert (route.price_usd, route.dubbing_usd, route.penalty_usd) == (Decimal("0.6"), Decimal("0.1"), Decimal("0.05"))


def test_chains_follow_from_the_lowered_requirements() -> None:
    given = scenario([CLIP], LOUD, objective=lowering(resolution="0.1"))
    (route,) = accepted(given).routes
    # At any resolution with sound: low at 1.00, caught by high at 2.00.
    assert [(step.model, step.shortfall) for step in route.chain] == [("low", ()), ("high", ())]
    assert route.worst_usd == 2


def test_a_degraded_clip_still_keeps_its_other_requirements() -> None:
    picky = {**CLIP, "not_models": ["low"], "max_price_usd": "1.50"}
    found = candidates(scenario([picky], LOUD, objective=lowering(resolution="0.1", audio="0.1")))
    assert {way.offer.model for way in found} == {"mute", "worst"}


def test_degraded_clips_without_native_sound_and_shorter_and_smaller_at_once() -> None:
    given = scenario([CLIP], LOUD, objective=lowering(resolution="0.01", audio="0.02", seconds="0.001"))
    (route,) = accepted(given).routes
    # worst for 5 s: 0.05 and penalties of 0.01 + 0.02 + 5 x 0.001.
    assert (route.model, route.seconds, route.degraded) == ("worst", 5, ("resolution", "audio", "seconds"))
    assert route.penalty_usd == Decimal("0.035")


@pytest.mark.parametrize("minimise", ["worst-case", "cvar"])
def test_penalties_count_whatever_is_minimised(minimise: str) -> None:
    aim = {**lowering(resolution="0.5"), "minimise": minimise}
    given = scenario([CLIP], LOUD, objective=aim, fallback={"direction": "none"})
    sums = accepted(given).totals
    assert (sums.expected_usd, sums.objective_usd) == (1, Decimal("1.5"))


def test_packs_and_degraded_clips_go_together() -> None:
    tiers = [{"provider": "p", "from_usd": 0, "discount": Decimal("0.5")}]
    sums = accepted(scenario([CLIP], LOUD, objective=lowering(resolution="0.1"), tiers=tiers)).totals
    # low: 1.00 of list price, 0.50 after the discount, and the penalty.
    assert (sums.list_usd, sums.expected_usd, sums.objective_usd) == (1, Decimal("0.5"), Decimal("0.6"))


def test_explain_shows_the_ways_that_meet_the_requirements_and_the_one_below_that_is_taken() -> None:
    found = explain(scenario([CLIP], LOUD, objective=lowering(resolution="0.1")), "c", on=ON)
    assert [(offer.model, offer.chosen) for offer in found.offers if offer.verdict == "candidate"] == [
        ("low", 1),
        ("high", 0),
    ]
    assert found.notes == ("the plan makes 1 of them on p/low below resolution, at a penalty of $0.10 each",)


DOCTORED: dict[str, tuple[dict[str, Any], str]] = {
    "a lower penalty": ({"penalty_usd": Decimal("0.01")}, "penalty_usd is 0.01"),
    "not degraded": ({"degraded": (), "penalty_usd": Decimal(0)}, "may not serve|may not make"),
    "a penalty without degrading": ({"degraded": ()}, "for clips that meet their requirements"),
    "degraded in something else": ({"degraded": ("audio",)}, "may not make clip 'c' below its audio"),
    "longer than it is": ({"seconds": Decimal(6)}, "seconds|may not make"),
}


@pytest.mark.parametrize(("changes", "finding"), DOCTORED.values(), ids=DOCTORED)
def test_doctored_degraded_routes_are_refused(changes: dict[str, Any], finding: str) -> None:
    given = scenario([CLIP], LOUD, objective=lowering(resolution="0.1"))
    plan = router.plan(given, on=ON)
    doctored = plan.model_copy(update={"routes": (plan.routes[0].model_copy(update=changes),)})
    found = "\n".join(check(doctored, given, (LOUD,), ON))
    assert any(word in found for word in finding.split("|")), found


def test_degraded_routes_are_refused_where_the_scenario_does_not_allow_them() -> None:
    plan = router.plan(scenario([CLIP], LOUD, objective=lowering(resolution="0.1")), on=ON)
    found = check(plan, scenario([CLIP], LOUD), (LOUD,), ON)
    assert "route 1 (p/low): may not make clip 'c' below its resolution" in found


def test_a_plan_that_does_not_list_its_degraded_clips_is_refused() -> None:
    given = scenario([CLIP], LOUD, objective=lowering(resolution="0.1"))
    plan = router.plan(given, on=ON).model_copy(update={"degraded": ()})
    listed = "degraded does not list the clips that the routes make below their requirements"
    assert listed in check(plan, given, (LOUD,), ON)
    assert listed in check_alone(plan, (LOUD,))
