"""Who may serve a clip, and why others may not: SPEC 4.1."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.builders import Raw, catalog, model, refusals, ways

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
