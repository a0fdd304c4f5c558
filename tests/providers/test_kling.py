"""Request bodies for Kling's own API, field by field: the older style by endpoint, the new style with the model in the path."""

from __future__ import annotations

from typing import Any

import pytest

from router.errors import InputError
from tests.builders import planned
from tests.providers.asked import asked, sold

HOST = "https://api-singapore.klingai.com"


# ---- the older style -------------------------------------------------------------------------------------------------


def test_text_to_video_states_everything_that_has_a_default() -> None:
    # Without model_name kling-v1 answers, without mode 720p, without sound silence, without a duration 5 s.
    url, body = asked(sold("kling", "kling-v3", resolution="1080p", audio=True), {"prompt": "a boat"}, seconds=7)
    assert url == f"{HOST}/v1/videos/text2video"
    assert body == {"model_name": "kling-v3", "prompt": "a boat", "mode": "pro", "sound": "on", "duration": "7"}


def test_a_length_is_a_text() -> None:
    assert asked(sold("kling", "kling-v2-6"))[1]["duration"] == "5"


def test_silence_is_asked_for_in_so_many_words() -> None:
    assert asked(sold("kling", "kling-v3"))[1]["sound"] == "off"


@pytest.mark.parametrize(("resolution", "mode"), [("720p", "std"), ("1080p", "pro"), ("4k", "4k")])
def test_the_mode_follows_from_the_resolution(resolution: str, mode: str) -> None:
    assert asked(sold("kling", "kling-v3", resolution=resolution))[1]["mode"] == mode


def test_a_resolution_that_kling_does_not_make_is_not_asked_for() -> None:
    with pytest.raises(InputError, match=r"provider 'kling' are not yet supported by this version \(kling-v3, 768p"):
        asked(sold("kling", "kling-v3", resolution="768p"))


@pytest.mark.parametrize(
    ("name", "mode", "request_", "fields"),
    [
        ("kling-v2-6", "text-to-video", {"prompt": "p"}, {}),
        ("kling-video-o1", "text-to-video", {"prompt": "p"}, {}),
        ("kling-v3", "motion-control", {"image_url": "i", "video_url": "v"}, {"reference": "video"}),
    ],
)
def test_where_no_resolution_is_stated_the_mode_is_the_clips_own_or_missing(
    name: str, mode: str, request_: dict[str, Any], fields: dict[str, Any]
) -> None:
    where = sold("kling", name, mode, resolution=None, **fields)
    assert asked(where, {**request_, "mode": "pro"})[1]["mode"] == "pro"
    plan = planned([{"id": "c", "seconds": 5, "mode": mode, "request": request_}], where)
    assert "clip 'c': kling/kling-m needs `mode`, which its request does not give" in plan.warnings
    with pytest.raises(InputError, match="kling/kling-m needs `mode`"):
        list(plan.requests(complete=True))


def test_where_a_resolution_is_stated_the_plan_decides_the_mode() -> None:
    assert asked(sold("kling", "kling-v3", resolution="1080p"), {"prompt": "p", "mode": "std"})[1]["mode"] == "pro"


def test_image_to_video_has_its_own_endpoint_and_names() -> None:
    request = {"prompt": "it turns", "image_url": "https://x.example/a.png", "end_image_url": "https://x.example/b.png"}
    url, body = asked(sold("kling", "kling-v3", "image-to-video"), request)
    assert url == f"{HOST}/v1/videos/image2video"
    assert body == {
        "model_name": "kling-v3",
        "prompt": "it turns",
        "image": "https://x.example/a.png",
        "image_tail": "https://x.example/b.png",
        "mode": "std",
        "sound": "off",
        "duration": "5",
    }


def test_a_text_model_that_stands_in_with_an_image_prompt_is_asked_at_image_to_video() -> None:
    where = sold("kling", "kling-v3", image_prompt=True)
    url, body = asked(where, {"image_url": "i"}, mode="image-to-video", accept_image_prompt=True)
    assert (url, body["image"]) == (f"{HOST}/v1/videos/image2video", "i")


@pytest.mark.parametrize("name", ["kling-v3-omni", "kling-video-o1"])
def test_omni_models_are_asked_at_omni_video_with_their_name_and_mode(name: str) -> None:
    # The default there is kling-video-o1 in mode pro: 720p would be billed as 1080p.
    url, body = asked(sold("kling", name), {"prompt": "a boat", "aspect_ratio": "9:16"})
    assert url == f"{HOST}/v1/videos/omni-video"
    assert body == {
        "model_name": name,
        "prompt": "a boat",
        "aspect_ratio": "9:16",
        "mode": "std",
        "sound": "off",
        "duration": "5",
    }


def test_omni_takes_frames_as_a_list_that_says_which_is_which() -> None:
    request = {"image_url": "a", "end_image_url": "b", "image_list": [{"image_url": "c"}]}
    _, body = asked(sold("kling", "kling-v3-omni", "image-to-video"), request)
    assert body["image_list"] == [
        {"image_url": "a", "type": "first_frame"},
        {"image_url": "b", "type": "end_frame"},
        {"image_url": "c"},
    ]


def test_omni_is_sent_no_video_together_with_sound() -> None:
    # The API answers such a request with an error.
    where = sold("kling", "kling-v3-omni", "reference-to-video", audio=True)
    request = {"prompt": "p", "video_url": "v", "video_list": [{"video_url": "w"}]}
    plan = planned([{"id": "c", "seconds": 5, "mode": "reference-to-video", "request": request}], where)
    (sent,) = plan.requests()
    assert sent.body == {"model_name": "kling-v3-omni", "prompt": "p", "mode": "std", "sound": "on", "duration": "5"}
    assert [warning for warning in plan.warnings if "takes no" in warning] == [
        "clip 'c': kling/kling-m takes no request.video_url; the clip's own value is not sent",
        "clip 'c': kling/kling-m takes no request.video_list; the clip's own value is not sent",
    ]


def test_a_silent_omni_clip_takes_a_video_as_a_feature() -> None:
    _, body = asked(sold("kling", "kling-v3-omni", "reference-to-video"), {"prompt": "p", "video_url": "v"})
    assert body["video_list"] == [{"video_url": "v", "refer_type": "feature"}]


@pytest.mark.parametrize("mode", ["text-to-video", "image-to-video"])
def test_omni_is_sent_no_video_where_it_would_make_another_product_of_it(mode: str) -> None:
    request = {"prompt": "p", "image_url": "i", "video_url": "v"}
    old = asked(sold("kling", "kling-v3-omni", mode), {**request, "video_list": [{"video_url": "w"}]})[1]
    new = asked(sold("kling", "omni-video/kling-3.0-omni", mode), request)[1]
    assert "video_list" not in old
    assert [part["type"] for part in new["contents"]] == ["prompt", "first_frame"]


def test_an_edit_states_no_length_because_it_is_that_of_the_video() -> None:
    request = {"prompt": "p", "video_url": "v", "duration": "9"}
    _, body = asked(sold("kling", "kling-video-o1", "video-edit"), request)
    assert body["video_list"] == [{"video_url": "v", "refer_type": "base"}]
    assert "duration" not in body


@pytest.mark.parametrize("reference", ["image", "video"])
def test_motion_control_states_mode_and_orientation_and_no_length_or_sound(reference: str) -> None:
    where = sold("kling", "kling-v3", "motion-control", reference=reference, resolution="1080p")
    request = {"image_url": "i", "video_url": "v", "keep_original_sound": "no", "character_orientation": "?"}
    url, body = asked(where, request, reference=reference)
    assert url == f"{HOST}/v1/videos/motion-control"
    assert body == {
        "model_name": "kling-v3",
        "image_url": "i",
        "video_url": "v",
        "keep_original_sound": "no",
        "mode": "pro",
        "character_orientation": reference,
    }


def test_motion_by_an_image_takes_no_element_because_that_forces_the_other_orientation() -> None:
    request = {"image_url": "i", "video_url": "v", "element_list": [{"element_id": 1}]}
    image = asked(sold("kling", "kling-v3", "motion-control", reference="image"), request, reference="image")
    video = asked(sold("kling", "kling-v3", "motion-control", reference="video"), request, reference="video")
    assert "element_list" not in image[1]
    assert video[1]["element_list"] == [{"element_id": 1}]


@pytest.mark.parametrize("name", ["kling-v2-6", "text-to-video/kling-2.6"])
def test_kling_2_6_is_not_asked_for_sound_at_720p(name: str) -> None:
    # The API would drop the sound without a word, and the clip would be silent.
    assert asked(sold("kling", name, resolution="1080p", audio=True))
    with pytest.raises(InputError, match="720p, audio native"):
        asked(sold("kling", name, audio=True))


# ---- the new style ---------------------------------------------------------------------------------------------------


def test_the_model_stands_in_the_path_and_a_length_is_an_integer() -> None:
    url, body = asked(
        sold("kling", "text-to-video/kling-3.0", resolution="1080p", audio=True),
        {"prompt": "a boat", "aspect_ratio": "9:16", "options": {"callback_url": "https://x.example"}},
    )
    assert url == f"{HOST}/text-to-video/kling-3.0"
    assert body == {
        "prompt": "a boat",
        "settings": {"aspect_ratio": "9:16", "resolution": "1080p", "audio": "native", "duration": 5},
        "options": {"callback_url": "https://x.example"},
    }


def test_turbo_has_no_setting_for_sound() -> None:
    request = {"prompt": "p", "settings": {"audio": "off", "seed": 3}}
    _, body = asked(sold("kling", "text-to-video/kling-3.0-turbo", audio=True), request)
    assert body == {"prompt": "p", "settings": {"seed": 3, "resolution": "720p", "duration": 5}}


def test_silence_is_a_setting_of_the_others() -> None:
    assert asked(sold("kling", "text-to-video/kling-3.0"))[1]["settings"]["audio"] == "off"


def test_frames_and_prompt_are_contents_that_say_what_they_are() -> None:
    element = {"type": "element", "element_id": "7", "id": "Zhang"}
    request = {"prompt": "p", "image_url": "a", "end_image_url": "b", "contents": [element]}
    url, body = asked(sold("kling", "image-to-video/kling-3.0", "image-to-video"), request)
    assert url == f"{HOST}/image-to-video/kling-3.0"
    assert body["contents"] == [
        {"type": "prompt", "text": "p"},
        {"type": "first_frame", "url": "a"},
        {"type": "last_frame", "url": "b"},
        element,
    ]


def test_turbo_takes_no_last_frame() -> None:
    request = {"prompt": "p", "image_url": "a", "end_image_url": "b"}
    _, body = asked(sold("kling", "image-to-video/kling-3.0-turbo", "image-to-video", audio=True), request)
    assert body["contents"] == [{"type": "prompt", "text": "p"}, {"type": "first_frame", "url": "a"}]


def test_an_image_prompt_is_asked_at_the_image_path_of_the_model() -> None:
    where = sold("kling", "text-to-video/kling-3.0", image_prompt=True)
    url, _ = asked(where, {"image_url": "i"}, mode="image-to-video", accept_image_prompt=True)
    assert url == f"{HOST}/image-to-video/kling-3.0"


def test_motion_control_of_the_new_style_has_its_orientation_in_the_settings() -> None:
    where = sold("kling", "motion-control/kling-3.0", "motion-control", reference="video")
    request = {"image_url": "i", "video_url": "v", "settings": {"audio": "off", "duration": 4}}
    assert asked(where, request) == (
        f"{HOST}/motion-control/kling-3.0",
        {
            "contents": [{"type": "image", "url": "i"}, {"type": "video", "url": "v"}],
            "settings": {"audio": "off", "resolution": "720p", "character_orientation": "video"},
        },
    )


def test_omni_of_the_new_style_takes_a_video_only_where_it_is_silent() -> None:
    request = {"prompt": "p", "video_url": "v", "aspect_ratio": "1:1"}
    api_model = "omni-video/kling-3.0-omni"
    silent = asked(sold("kling", api_model, "reference-to-video"), request)[1]
    loud = asked(sold("kling", api_model, "reference-to-video", audio=True), request)[1]
    assert silent["contents"] == [{"type": "prompt", "text": "p"}, {"type": "feature_video", "url": "v"}]
    assert silent["settings"] == {"aspect_ratio": "1:1", "resolution": "720p", "audio": "off", "duration": 5}
    assert loud["contents"] == [{"type": "prompt", "text": "p"}]


@pytest.mark.parametrize(
    ("api_model", "mode", "fields"),
    [
        ("text-to-video/kling-3.0", "motion-control", {"reference": "video"}),
        ("omni-video/kling-o1", "text-to-video", {"audio": True}),
        ("kling-v3", "reference-to-video", {}),
        ("kling-v3-omni", "video-edit", {"audio": True}),
    ],
)
def test_what_an_endpoint_cannot_do_has_no_request(api_model: str, mode: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="requests for provider 'kling' are not yet supported"):
        asked(sold("kling", api_model, mode, **fields))
