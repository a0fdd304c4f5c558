"""Request bodies for EvoLink, field by field as its documentation lists them."""

from __future__ import annotations

import pytest

from router.errors import InputError
from tests.builders import Raw, catalog, model, planned

URL = "https://api.evolink.ai/v1/videos/generations"


def bodies(clip: Raw) -> list[Raw]:
    return [request.body for request in planned([{"id": "c", **clip}]).requests()]


def test_text_to_video_names_model_length_quality_and_sound() -> None:
    clip = {
        "seconds": 10,
        "resolution": "1080p",
        "audio": "native",
        "request": {"prompt": "a boat", "aspect_ratio": "9:16"},
    }
    assert bodies(clip) == [
        {
            "model": "kling-o3-text-to-video",
            "prompt": "a boat",
            "aspect_ratio": "9:16",
            "duration": 10,
            "quality": "1080p",
            "sound": "on",
        }
    ]


def test_silence_is_asked_for_in_so_many_words() -> None:
    assert bodies({"seconds": 5})[0]["sound"] == "off"


def test_o1_takes_a_length_but_neither_quality_nor_sound() -> None:
    clip = {"seconds": 7, "mode": "image-to-video", "request": {"image_urls": ["https://x.example/a.png"]}}
    assert bodies(clip) == [
        {"model": "kling-o1-image-to-video", "image_urls": ["https://x.example/a.png"], "duration": 10}
    ]


def test_an_image_prompt_asks_the_image_to_video_model_of_the_family() -> None:
    clip = {
        "seconds": 7,
        "mode": "image-to-video",
        "accept_image_prompt": True,
        "resolution": "720p",
        "request": {"image_start": "u"},
    }
    (body,) = bodies(clip)
    assert (body["model"], body["duration"], body["image_start"]) == ("kling-v3-image-to-video", 7, "u")


@pytest.mark.parametrize("reference", ["image", "video"])
def test_motion_control_is_as_long_as_its_reference(reference: str) -> None:
    clip = {
        "seconds": 8, "mode": "motion-control", "reference": reference, "resolution": "720p",
        "request": {"image_urls": ["i"], "video_urls": ["v"], "model_params": {"keep_sound": True, "character_orientation": "?"}},
    }  # fmt: skip
    assert bodies(clip) == [
        {
            "model": "kling-v3-motion-control",
            "image_urls": ["i"],
            "video_urls": ["v"],
            "model_params": {"keep_sound": True, "character_orientation": reference},
            "quality": "720p",
        }
    ]


def test_what_the_plan_decides_stands_above_the_clip_s_own_request_and_a_warning_says_so() -> None:
    plan = planned([{"id": "c", "seconds": 10, "request": {"duration": 3, "model": "kling-v9", "seed": 7}}])
    (request,) = plan.requests()
    assert request.body == {
        "model": "kling-v3-text-to-video",
        "duration": 10,
        "seed": 7,
        "quality": "720p",
        "sound": "off",
    }
    assert [w for w in plan.warnings if "request." in w] == [
        "clip 'c': request.duration is decided by the plan; the clip's own value is not sent",
        "clip 'c': request.model is decided by the plan; the clip's own value is not sent",
    ]


def test_there_is_one_request_per_generation() -> None:
    # 2 clips of three segments and 3 clips of one: nine generations.
    plan = planned(
        [{"id": "long", "seconds": 40, "max_segments": 3, "count": 2}, {"id": "short", "seconds": 5, "count": 3}]
    )
    assert [request.url for request in plan.requests()] == [URL] * 9
    assert [request.body["duration"] for request in plan.requests("long")] == [14, 13, 13] * 2
    for url, body in plan.requests("short"):
        assert (url, body["duration"]) == (URL, 5)


def test_a_request_is_the_caller_s_own_copy() -> None:
    plan = planned([{"id": "c", "seconds": 5, "count": 2, "request": {"tags": ["a"]}}])
    first, second = plan.requests()
    first.body["tags"].append("b")
    assert second.body["tags"] == ["a"]
    assert next(plan.requests()).body["tags"] == ["a"]


def test_a_provider_whose_api_is_not_known_has_no_requests() -> None:
    plan = planned([{"id": "c", "seconds": 5}], catalog(model()))
    assert plan.routes[0].request is None
    with pytest.raises(InputError, match="requests for provider 'p' are not yet supported"):
        list(plan.requests())
