"""Who may serve a clip, and why others may not: SPEC 4.1."""

from __future__ import annotations

import datetime as dt

import pytest

from router.errors import NoPlanError
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from tests.builders import ON, Raw, catalog, model, names, planned, refusals, scenario, ways

RICH = catalog(
    model(
        "silent", [{"audio": False, "resolution": "720p", "price_per_second": "0.10"}], quality=7, quality_source="q"
    ),
    model("loud", [{"audio": True, "resolution": "1080p", "price_per_second": "0.20"}], image_prompt=True),
    model("image", mode="image-to-video"),
    model("motion-image", mode="motion-control", reference="image"),
    model("motion-video", mode="motion-control", reference="video"),
    model("motion-any", mode="motion-control"),
    model("early", available_from=dt.date(2026, 5, 1)),
    model("late", available_until=dt.date(2026, 4, 1)),
    model("other", provider="q"),
)


def served(**clip: object) -> set[str]:
    return {candidate.offer.model for candidate in ways({"seconds": 10, **clip}, RICH)}


def reason(name: str, **clip: object) -> str | None:
    found: Raw = {"seconds": 10, **clip}
    rejection = refusals(found, RICH).get(name)
    return None if rejection is None else rejection.reason


def test_the_mode_must_be_equal() -> None:
    assert served() == {"silent", "loud", "other"}
    assert served(mode="image-to-video") == {"image"}
    assert reason("image") == "mode"


def test_an_image_prompt_stands_in_only_where_the_clip_accepts_it() -> None:
    assert served(mode="image-to-video", accept_image_prompt=True) == {"image", "loud"}
    assert reason("loud", mode="image-to-video") == "mode"
    assert refusals({"seconds": 10, "mode": "image-to-video"}, RICH)["loud"].mend == "set accept_image_prompt = true"
    # It is about image-to-video only: a motion-control clip gains nothing by it.
    assert "loud" not in served(mode="motion-control", accept_image_prompt=True)


def test_motion_control_takes_a_video_reference_unless_told_otherwise() -> None:
    assert served(mode="motion-control") == {"motion-video", "motion-any"}
    assert served(mode="motion-control", reference="image") == {"motion-image", "motion-any"}
    assert reason("motion-image", mode="motion-control") == "reference"


def test_resolution_is_a_minimum_and_an_unstated_one_serves_only_clips_that_ask_for_none() -> None:
    assert served(resolution="720p") == {"silent", "loud"}
    assert served(resolution="768p") == {"loud"}
    assert served(resolution="4k") == set()
    assert reason("other", resolution="360p") == "resolution"


@pytest.mark.parametrize(
    ("audio", "expected"),
    [
        ("none", {"silent", "loud", "other"}),
        ("native", {"loud"}),
        ("deferred", {"silent", "other"}),
        ("any", {"silent", "loud", "other"}),
    ],
)
def test_audio_decides_who_serves(audio: str, expected: set[str]) -> None:
    assert served(audio=audio) == expected


def test_how_the_sound_is_made_and_what_dubbing_adds() -> None:
    # 10 s x $0.006 + $0.01 = $0.07 of dubbing on silent offers; sound of its own costs none.
    dubbing = {"usd_per_second": "0.006", "usd_per_clip": "0.01"}
    found = {c.offer.model: (c.audio, c.price) for c in ways({"seconds": 10, "audio": "any"}, RICH, dubbing=dubbing)}
    assert found == {"silent": ("deferred", 1_070_000), "loud": ("native", 2_000_000), "other": ("deferred", 1_070_000)}
    plain = {c.offer.model: (c.audio, c.price) for c in ways({"seconds": 10}, RICH, dubbing=dubbing)}
    assert plain == {"silent": ("none", 1_000_000), "loud": ("native", 2_000_000), "other": ("none", 1_000_000)}


def test_dubbing_is_paid_for_the_finished_clip_not_for_the_generated_length() -> None:
    # 7 s on a model that makes 10 s: 10 s x $0.10 generated, 7 s x $0.01 dubbed.
    tens = catalog(model(seconds={"choices": [10]}))
    (only,) = ways({"seconds": 7, "audio": "deferred"}, tens, dubbing={"usd_per_second": "0.01"})
    assert (only.price, only.dubbing) == (1_070_000, 70_000)


def test_too_long_too_many_segments_and_too_much_surplus_are_told_apart() -> None:
    assert reason("silent", seconds=21) == "too-long"
    assert reason("silent", seconds=41, max_segments=2) == "segments"
    assert reason("silent", seconds="10.5", max_surplus_seconds="0.4") == "surplus"
    assert served(seconds=40, max_segments=2) == {"silent", "loud", "other"}


def test_quality_needs_a_score() -> None:
    assert served(quality_min=7) == {"silent"}
    assert reason("loud", quality_min=1) == "quality"
    assert reason("silent", quality_min="7.1") == "quality"


def test_a_price_bound_is_inclusive_and_covers_dubbing() -> None:
    assert served(max_price_usd="1.00") == {"silent", "other"}
    assert reason("loud", max_price_usd="1.00") == "price"
    dubbing = {"usd_per_clip": "0.01"}
    assert not ways({"seconds": 10, "audio": "deferred", "max_price_usd": "1.00"}, RICH, dubbing=dubbing)


def test_lists_of_models_and_providers() -> None:
    assert served(models=["loud"]) == {"loud"}
    assert served(not_models=["loud"], not_providers=["q"]) == {"silent"}
    assert served(providers=["q"]) == {"other"}
    assert (reason("silent", models=["loud"]), reason("silent", not_providers=["p"])) == (
        "model-denied",
        "provider-denied",
    )


def test_dates_of_sale_are_judged_on_the_day_of_the_plan() -> None:
    assert (reason("early"), reason("late")) == ("not-yet-available", "retired")
    on_the_first = refusals({"seconds": 10}, RICH, on=dt.date(2026, 5, 1))
    on_the_last = refusals({"seconds": 10}, RICH, on=dt.date(2026, 4, 1))
    assert "early" not in on_the_first
    assert "late" not in on_the_last


def test_the_first_reason_in_the_order_of_the_codes_decides() -> None:
    # Wrong mode, too low, and denied: the mode is named; three misses in all.
    rejection = refusals({"seconds": 10, "resolution": "4k", "not_models": ["image"]}, RICH)["image"]
    assert (rejection.reason, rejection.misses) == ("mode", 3)


SCORED = catalog(
    model("good", quality=8, quality_source="q"),
    model("unscored", [{"audio": False, "price_per_second": "0.05"}]),
)


def test_a_primary_needs_a_score_under_a_limit_on_mean_quality() -> None:
    limits = {"limits": {"mean_quality_min": 1}}
    assert [c.offer.model for c in ways({"seconds": 10}, SCORED, **limits)] == ["good"]
    assert [c.offer.model for c in ways({"seconds": 10}, SCORED)] == ["good", "unscored"]
    refused = refusals({"seconds": 10}, SCORED, **limits)["unscored"]
    assert (refused.reason, refused.misses) == ("quality", 1)
    assert refused.detail == "has no quality score, which limits.mean_quality_min needs"
    assert refused.mend == "score it in the catalog or set no limits.mean_quality_min"
    # However low a score is: the limit is on the mean of all clips.
    assert "good" not in refusals({"seconds": 10}, SCORED, limits={"mean_quality_min": 9})


def test_drafts_need_no_score_under_a_limit_on_mean_quality() -> None:
    given = scenario(
        [{"seconds": 10, "drafts": {"count": 1}, "max_price_usd": 1}], SCORED, limits={"mean_quality_min": 1}
    )
    market = open_market(given, ON)
    final, draft = (ways_to_make(own, market) for own in clip_classes(given.clips))
    assert [c.offer.model for c in final.candidates] == ["good"]
    assert [c.offer.model for c in draft.candidates] == ["good", "unscored"]


# 10 s at 6 s of waiting for each second of video are 60 s: 1 minute for a generation.
TIMED = catalog(
    model("quick", generation_seconds_per_second="6", concurrency=2, keep_rate="0.5"),
    model("slow", generation_seconds_per_second="12.5", concurrency=1),
    model("no-rate", concurrency=1),
    model("no-slots", generation_seconds_per_second=6),
    model("neither"),
)


def late(clip: Raw, minutes: object) -> dict[str, str]:
    found = refusals({"seconds": 10, **clip}, TIMED, limits={"deadline_minutes": minutes})
    return {name: rejection.detail for name, rejection in found.items() if rejection.reason == "deadline"}


def test_a_primary_must_state_its_times_under_a_deadline_and_make_one_generation_in_time() -> None:
    # slow: 10 x 12.5 = 125 s = 2.0833... minutes.
    assert late({}, 3) == {
        "no-rate": "states no generation_seconds_per_second, which limits.deadline_minutes needs",
        "no-slots": "states no concurrency, which limits.deadline_minutes needs",
        "neither": "states no generation_seconds_per_second, which limits.deadline_minutes needs",
    }
    assert late({}, 2)["slow"] == "may need 2.083334 minutes for one generation, limits.deadline_minutes allows 2"
    assert late({}, "0.9")["quick"] == "may need 1 minutes for one generation, limits.deadline_minutes allows 0.9"
    assert "quick" not in late({}, 1)
    refused = refusals({"seconds": 10}, TIMED, limits={"deadline_minutes": 2})
    assert refused["slow"].mend == "set limits.deadline_minutes = 2.083334"
    assert refused["neither"].misses == 2
    assert (
        refused["neither"].mend
        == "state its generation_seconds_per_second in the catalog and state its concurrency in the catalog"
    )


def test_takes_follow_one_another_and_segments_need_not() -> None:
    # quick keeps half: 3 takes of 1 minute may follow one another; slow keeps all of them.
    assert late({"max_takes": 3}, "2.9")["quick"] == (
        "may need 3 minutes for one generation of 3 takes, limits.deadline_minutes allows 2.9"
    )
    assert "slow" not in late({"max_takes": 3}, "2.9")
    # 40 s in 20 + 20: 2 minutes for the longer one.
    assert "quick" not in late({"seconds": 40, "max_segments": 2}, 2)
    assert "quick" in late({"seconds": 40, "max_segments": 2}, "1.9")


def test_the_deadline_comes_after_the_price_and_before_the_lists() -> None:
    limits = {"limits": {"deadline_minutes": 1}}
    assert refusals({"seconds": 10, "max_price_usd": "0.50"}, TIMED, **limits)["slow"].reason == "price"
    assert refusals({"seconds": 10, "not_models": ["slow"]}, TIMED, **limits)["slow"].reason == "deadline"


@pytest.mark.parametrize("limits", [{"deadline_minutes": 2}, {"mean_quality_min": 1}])
def test_limits_on_primaries_do_not_restrict_fallbacks(limits: Raw) -> None:
    both = catalog(
        model("good", quality=8, quality_source="q", generation_seconds_per_second=6, concurrency=1),
        model("bare", [{"audio": False, "price_per_second": "0.20"}]),
    )
    given = scenario([{"seconds": 10}], both, limits=limits)
    (own,) = (ways_to_make(own, open_market(given, ON)) for own in clip_classes(given.clips))
    assert [c.offer.model for c in own.candidates] == ["good"]
    assert names(own.chains[0]) == ["good", "bare"]


def test_a_clip_that_no_limit_lets_through_says_so_with_what_would_mend_it() -> None:
    bare = catalog(model("bare"))
    message = r"none of 1 offer is eligible: 1 quality \(nearest: p/bare has no quality score, which limits.mean_quality_min needs\)"
    with pytest.raises(NoPlanError, match=message):
        planned([{"seconds": 10}], bare, limits={"mean_quality_min": 1})
    with pytest.raises(
        NoPlanError, match=r"1 deadline .*; to mend it, state its generation_seconds_per_second in the catalog"
    ):
        planned([{"seconds": 10}], bare, limits={"deadline_minutes": 1})


def test_drafts_that_nothing_can_make_say_so() -> None:
    message = (
        r"clip 'a' \(drafts of 10 s, text-to-video, 4k\): none of 1 offer is eligible: 1 resolution .*; "
        r'to mend it, set drafts.resolution = "720p"'
    )
    only = catalog(model("m", [{"audio": False, "resolution": "720p", "price_per_second": "0.10"}]))
    with pytest.raises(NoPlanError, match=message):
        planned([{"id": "a", "seconds": 10, "drafts": {"count": 1, "resolution": "4k"}}], only)
