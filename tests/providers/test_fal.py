"""Request bodies for fal, where every model is an endpoint with names of its own."""

from __future__ import annotations

from typing import Any

import pytest

from router.errors import InputError
from tests.builders import planned
from tests.providers.asked import asked, sold

QUEUE = "https://queue.fal.run"
V3 = "fal-ai/kling-video/v3/standard"
O3 = "fal-ai/kling-video/o3/pro"
TURBO = "fal-ai/kling-video/v3/turbo/standard"
IMAGE = {"prompt": "p", "image_url": "https://x.example/a.png", "end_image_url": "https://x.example/b.png"}


def test_the_endpoint_is_the_model_and_a_length_is_a_text() -> None:
    url, body = asked(sold("fal", f"{V3}/text-to-video"), {"prompt": "a boat", "aspect_ratio": "9:16", "model": "x"})
    assert url == f"{QUEUE}/fal-ai/kling-video/v3/standard/text-to-video"
    assert body == {"prompt": "a boat", "aspect_ratio": "9:16", "duration": "5", "generate_audio": False}


@pytest.mark.parametrize("endpoint", [V3, "fal-ai/kling-video/o3/standard", "fal-ai/kling-video/v2.6/pro"])
@pytest.mark.parametrize("audio", [False, True])
def test_sound_is_always_switched_because_v3_makes_it_unless_told_not_to(endpoint: str, audio: bool) -> None:
    resolution = "1080p" if "pro" in endpoint else "720p"
    where = sold("fal", f"{endpoint}/text-to-video", resolution=resolution, audio=audio)
    assert asked(where, {"generate_audio": not audio})[1]["generate_audio"] is audio


def test_turbo_always_makes_sound_and_has_no_switch() -> None:
    _, body = asked(sold("fal", f"{TURBO}/text-to-video", audio=True), {"prompt": "p", "generate_audio": False})
    assert body == {"prompt": "p", "duration": "5"}


def test_o1_has_no_switch_and_makes_no_sound() -> None:
    o1 = "fal-ai/kling-video/o1/standard/image-to-video"
    _, body = asked(sold("fal", o1, "image-to-video"), IMAGE)
    assert body == {
        "prompt": "p",
        "start_image_url": "https://x.example/a.png",
        "end_image_url": "https://x.example/b.png",
        "duration": "5",
    }
    with pytest.raises(InputError, match="not yet supported"):
        asked(sold("fal", o1, "image-to-video", audio=True))


@pytest.mark.parametrize(
    ("endpoint", "resolution", "name"),
    [
        (V3, "720p", "start_image_url"),
        (O3, "1080p", "image_url"),
        (TURBO, "720p", "image_url"),
        ("kling/v4", "1080p", "start_image_url"),
    ],
)
def test_the_first_frame_is_called_by_the_endpoint_s_own_name(endpoint: str, resolution: str, name: str) -> None:
    where = sold("fal", f"{endpoint}/image-to-video", "image-to-video", resolution=resolution, audio=True)
    _, body = asked(where, {"prompt": "p", "image_url": "https://x.example/a.png"})
    assert {key: value for key, value in body.items() if "image" in key} == {name: "https://x.example/a.png"}


@pytest.mark.parametrize("endpoint", [V3, TURBO])
def test_image_to_video_has_no_aspect_ratio(endpoint: str) -> None:
    where = sold("fal", f"{endpoint}/image-to-video", "image-to-video", audio=True)
    clip = {"id": "c", "seconds": 5, "mode": "image-to-video", "request": {**IMAGE, "aspect_ratio": "16:9"}}
    plan = planned([clip], where)
    (sent,) = plan.requests()
    assert "aspect_ratio" not in sent.body
    assert "clip 'c': fal/fal-m takes no request.aspect_ratio; the clip's own value is not sent" in plan.warnings


@pytest.mark.parametrize(
    ("tier", "resolution", "other"), [("standard", "720p", "1080p"), ("pro", "1080p", "720p"), ("4k", "4k", "1080p")]
)
def test_the_endpoint_settles_the_resolution_and_is_not_asked_for_another(
    tier: str, resolution: str, other: str
) -> None:
    name = f"fal-ai/kling-video/v3/{tier}/text-to-video"
    url, body = asked(sold("fal", name, resolution=resolution), {"prompt": "p", "resolution": "360p"})
    assert url == f"{QUEUE}/{name}"
    assert body == {"prompt": "p", "duration": "5", "generate_audio": False}
    with pytest.raises(InputError, match=f"not yet supported by this version .*{other}"):
        asked(sold("fal", name, resolution=other))


def test_kling_4_is_told_the_resolution_and_takes_an_integer() -> None:
    # Its resolution is 1080p unless it is told, at half again the price; its endpoints have no prefix; it always makes sound.
    url, body = asked(sold("fal", "kling/v4/text-to-video", audio=True), {"prompt": "p"}, seconds=20)
    assert url == f"{QUEUE}/kling/v4/text-to-video"
    assert body == {"prompt": "p", "duration": 20, "resolution": "720p"}


def test_a_text_endpoint_that_stands_in_with_an_image_prompt_is_asked_at_image_to_video() -> None:
    where = sold("fal", f"{V3}/text-to-video", image_prompt=True)
    url, body = asked(where, {"image_url": "i"}, mode="image-to-video", accept_image_prompt=True)
    assert (url, body["start_image_url"]) == (f"{QUEUE}/{V3}/image-to-video", "i")


@pytest.mark.parametrize("reference", ["image", "video"])
def test_motion_control_states_the_orientation_and_no_length_or_sound(reference: str) -> None:
    where = sold("fal", f"{V3}/motion-control", "motion-control", reference=reference)
    request = {"image_url": "i", "video_url": "v", "keep_original_sound": False, "duration": "9"}
    assert asked(where, request, reference=reference) == (
        f"{QUEUE}/{V3}/motion-control",
        {"image_url": "i", "video_url": "v", "keep_original_sound": False, "character_orientation": reference},
    )


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("fal-ai/luma-dream-machine/ray-2-flash", "text-to-video"),
        ("kling/v4/video-to-video/edit", "video-edit"),
        (f"{V3}/text-to-video", "motion-control"),
    ],
)
def test_an_endpoint_whose_names_are_not_known_has_no_request(name: str, mode: str) -> None:
    fields: dict[str, Any] = {"reference": "video"} if mode == "motion-control" else {}
    with pytest.raises(InputError, match="requests for provider 'fal' are not yet supported"):
        asked(sold("fal", name, mode, **fields))
