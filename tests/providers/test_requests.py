"""What holds at every provider: neutral names, what is missing, what is refused, and that the independent check agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from router.errors import InputError
from router.loading.scenario_file import load_scenario
from router.providers import requests
from router.schema.candidate import Candidate
from router.schema.catalog import Catalog
from router.schema.requests import is_secret
from tests.builders import Raw, catalog, model, planned, scenario, ways
from tests.providers.asked import sold

TEXT, IMAGE, MOTION = "text-to-video", "image-to-video", "motion-control"
EVOLINK = Catalog.load("evolink")


def body(way: Candidate, clip: Raw, request: Raw) -> Raw:
    need = scenario([{**clip, "request": request}]).clips[0]
    (found,) = requests(way, need, need.request)
    return found.body


# ---- neutral names ---------------------------------------------------------------------------------------------------


def test_a_fallback_to_another_model_or_provider_keeps_the_image() -> None:
    clip = {"id": "c", "seconds": 5, "mode": IMAGE, "accept_image_prompt": True}
    request = {"prompt": "p", "image_url": "https://x.example/a.png"}
    rivals = [
        sold("fal", "fal-ai/kling-video/v3/standard/image-to-video", IMAGE),
        sold("kling", "kling-v3", IMAGE),
        sold("openai", "litellm/openai/sora-2", IMAGE),
    ]
    named = {
        (way.offer.provider, way.offer.model): next(
            name for name, value in body(way, clip, request).items() if "https://x.example/a.png" in value
        )
        for where in (EVOLINK, *rivals)
        for way in ways(clip, where)
    }
    assert named == {
        ("evolink", "kling-3.0"): "image_start",
        ("evolink", "kling-o3"): "image_start",
        ("evolink", "kling-o1"): "image_urls",
        ("fal", "fal-m"): "start_image_url",
        ("kling", "kling-m"): "image",
        ("openai", "openai-m"): "input_reference",
    }


def test_first_and_last_frame_are_a_list_at_evolink_s_o1() -> None:
    clip = {"id": "c", "seconds": 5, "mode": IMAGE}
    (way,) = ways(clip, EVOLINK)
    assert body(way, clip, {"end_image_url": "b", "image_url": "a"})["image_urls"] == ["a", "b"]


@pytest.mark.parametrize(
    ("provider", "api_model", "key"),
    [
        ("evolink", "kling-o1-image-to-video", "image_urls"),
        ("kling", "kling-v3-omni", "image_list"),
        ("kling", "image-to-video/kling-3.0", "contents"),
    ],
)
def test_a_last_frame_alone_is_not_sent_as_if_it_were_the_first(provider: str, api_model: str, key: str) -> None:
    clip = {"id": "c", "seconds": 5, "mode": IMAGE, "request": {"end_image_url": "b"}}
    plan = planned([clip], sold(provider, api_model, IMAGE))
    (sent,) = plan.requests()
    assert key not in sent.body
    assert f"clip 'c': {provider}/{provider}-m needs `image_url`, which its request does not give" in plan.warnings


def test_an_endpoint_s_own_name_stands_above_the_neutral_one() -> None:
    where = sold("fal", "fal-ai/kling-video/v3/standard/image-to-video", IMAGE)
    request = {"prompt": "p", "image_url": "a", "start_image_url": "b"}
    (sent,) = planned([{"id": "c", "seconds": 5, "mode": IMAGE, "request": request}], where).requests()
    assert sent.body == {"prompt": "p", "start_image_url": "b", "duration": "5", "generate_audio": False}


def test_evolink_s_turbo_has_no_field_for_sound() -> None:
    where = sold("evolink", "kling-v3-turbo-text-to-video", audio=True)
    (sent,) = planned([{"id": "c", "seconds": 5, "request": {"prompt": "p", "sound": "off"}}], where).requests()
    assert sent.body == {"model": "kling-v3-turbo-text-to-video", "prompt": "p", "duration": 5, "quality": "720p"}


def test_what_the_offer_leaves_open_is_not_for_the_clip_s_request_to_decide() -> None:
    # The price of O1 is for a length alone; asking for a quality would be asking for another product.
    clip = {"id": "c", "seconds": 5, "mode": IMAGE, "request": {"prompt": "p", "image_url": "a", "quality": "1080p"}}
    plan = planned([clip])
    (sent,) = plan.requests()
    assert sent.body == {"model": "kling-o1-image-to-video", "prompt": "p", "image_urls": ["a"], "duration": 5}
    assert "clip 'c': evolink/kling-o1 takes no request.quality; the clip's own value is not sent" in plan.warnings


# ---- what is missing -------------------------------------------------------------------------------------------------


def about_requests(plan: Any) -> list[str]:
    return [warning for warning in plan.warnings if "request" in warning]


def test_a_request_that_lacks_what_the_model_needs_is_reported_when_it_is_planned() -> None:
    clip = {"id": "c", "seconds": 5, "mode": IMAGE, "request": {"aspect_ratio": "16:9"}}
    plan = planned([clip])
    assert about_requests(plan) == [
        "clip 'c': evolink/kling-o1 needs `prompt`, which its request does not give",
        "clip 'c': evolink/kling-o1 needs `image_url`, which its request does not give",
    ]
    assert plan.routes[0].request is not None
    assert plan.routes[0].request.lacks == ("prompt", "image_url")


def test_clips_without_a_request_are_planned_for_their_cost_and_nothing_is_said() -> None:
    plan = planned([{"id": "a", "seconds": 5}, {"id": "b", "seconds": 5, "request": {"prompt": "p"}}])
    assert about_requests(plan) == []


def test_many_clips_that_lack_the_same_are_one_warning_that_names_a_few() -> None:
    clips = [{"id": f"c{i}", "seconds": 5, "request": {"seed": i}} for i in range(8)]
    assert about_requests(planned(clips)) == [
        "clips 'c0', 'c1', 'c2', 'c3', 'c4' and 3 more: evolink/kling-3.0 needs `prompt`, which their request does not give"
    ]


def test_a_clip_whose_request_cannot_be_written_is_reported() -> None:
    # Kling 2.6 at 720p would drop the sound that is paid for.
    where = sold("kling", "kling-v2-6", audio=True)
    plan = planned([{"id": "a", "seconds": 5, "request": {"prompt": "p"}}, {"id": "b", "seconds": 5}], where)
    assert about_requests(plan) == ["clip 'a': this version can write no request for kling/kling-m (kling-v2-6)"]


def test_defaults_count_as_a_clip_s_request() -> None:
    plan = planned([{"id": "a", "seconds": 5}], defaults={"request": {"aspect_ratio": "1:1"}})
    assert about_requests(plan) == ["clip 'a': evolink/kling-3.0 needs `prompt`, which its request does not give"]


@pytest.mark.parametrize(
    ("where", "mode", "request_", "lacks"),
    [
        (sold("evolink", "kling-v3-text-to-video"), TEXT, {"prompt": ""}, ("prompt",)),
        (sold("evolink", "kling-v3-text-to-video"), TEXT, {"model_params": {"multi_prompt": [{"index": 1}]}}, ()),
        (sold("evolink", "kling-v3-image-to-video", IMAGE), IMAGE, {"prompt": "p", "image_end": "b"}, ()),
        (sold("evolink", "kling-v3-motion-control", MOTION, reference="video"), MOTION, {}, ("image_url", "video_url")),
        (sold("fal", "fal-ai/kling-video/v3/standard/text-to-video"), TEXT, {"multi_prompt": [{"prompt": "p"}]}, ()),
        (sold("fal", "fal-ai/kling-video/v3/standard/image-to-video", IMAGE), IMAGE, {"start_image_url": "a"}, ("prompt",)),
        (sold("fal", "fal-ai/kling-video/v3/turbo/standard/image-to-video", IMAGE, audio=True), IMAGE, {}, ("image_url",)),
        (sold("kling", "kling-v3", IMAGE), IMAGE, {}, ("image_url",)),
        (sold("kling", "image-to-video/kling-3.0", IMAGE), IMAGE, {}, ("prompt", "image_url")),
        (sold("kling", "kling-v3-omni", "video-edit"), "video-edit", {"prompt": "p"}, ("video_url",)),
        (sold("openai", "litellm/openai/sora-2", IMAGE), IMAGE, {}, ("prompt", "image_url")),
    ],
)  # fmt: skip
def test_every_endpoint_knows_what_it_cannot_do_without(
    where: Catalog, mode: str, request_: Raw, lacks: tuple[str, ...]
) -> None:
    plan = planned([{"id": "c", "seconds": 5, "mode": mode, "request": request_}], where)
    assert plan.routes[0].request is not None
    assert plan.routes[0].request.lacks == lacks


def test_requests_can_be_asked_for_only_if_all_are_complete() -> None:
    secret = "a boat nobody may see"
    plan = planned(
        [{"id": "full", "seconds": 5, "request": {"prompt": secret}}, {"id": "bare", "seconds": 7, "count": 3}]
    )
    assert [sent.body.get("prompt") for sent in plan.requests()] == [secret, None, None, None]
    assert len(list(plan.requests("full", complete=True))) == 1
    with pytest.raises(
        InputError, match=r"^clip 'bare': evolink/kling-3\.0 needs `prompt`, which its request does not"
    ):
        next(plan.requests(complete=True))


# ---- keys and tokens -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        "api_key = 'S3CR'",
        "ak = 'S3CR'",
        "headers = { Authorization = 'S3CR' }",
        "extra_headers = { any = 'S3CR' }",
        "options = [{ accessToken = 'S3CR' }]",
        "FAL_KEY = 'S3CR'",
    ],
)
@pytest.mark.parametrize("table", ["[defaults.request]", "[clips.request]"])
def test_a_key_or_token_in_a_request_is_refused_once_and_never_shown(tmp_path: Path, field: str, table: str) -> None:
    path = tmp_path / "s.toml"
    clip = "[[clips]]\nid = 'a'\nseconds = 5\n"
    path.write_text(f"{clip}{table}\n{field}\n" if "clips" in table else f"{table}\n{field}\n{clip}")
    line = 5 if "clips" in table else 2
    with pytest.raises(InputError, match="is a key or token and no part of a request") as caught:
        load_scenario(path)
    assert str(caught.value).count("\n") == 0
    assert f"s.toml:{line}: " in str(caught.value)
    assert "S3CR" not in str(caught.value)


def test_a_scenario_in_code_holds_no_key_either() -> None:
    with pytest.raises(ValidationError, match="is a key or token"):
        scenario([{"seconds": 5, "request": {"token": "x"}}])


# ---- the independent check -------------------------------------------------------------------------------------------

_OFFERS = [
    {"audio": sound, "resolution": made, "price_per_second": price}
    for sound, made, price in [(False, "720p", "0.1"), (True, "720p", "0.2"), (False, "1080p", "0.3"), (True, "1080p", "0.4")]
]  # fmt: skip
_NAMES = {
    "evolink": ["kling-v3-text-to-video", "kling-o3-image-to-video", "kling-o1-image-to-video", "kling-v3-turbo-text-to-video",
                "kling-v3-motion-control", "kling-o3-reference-to-video", "seedance-2.0"],
    "fal": [f"fal-ai/kling-video/{family}/{task}" for family in ("v3/standard", "v3/pro", "v3/turbo/pro", "o3/pro", "o1/standard")
            for task in (TEXT, IMAGE, MOTION)] + [f"kling/v4/{TEXT}", f"kling/v4/{IMAGE}"],
    "kling": ["kling-v3", "kling-v2-6", "kling-v3-omni", "kling-video-o1", f"{TEXT}/kling-3.0", f"{TEXT}/kling-3.0-turbo",
              f"{IMAGE}/kling-3.0", f"{MOTION}/kling-3.0", "omni-video/kling-3.0-omni", "omni-video/kling-o1"],
    "studio": ["litellm/openai/sora-2", "litellm/fal_ai/bytedance/seedance-2.0/text-to-video"],
}  # fmt: skip
_KEYS = [
    "prompt", "image_url", "end_image_url", "video_url", "aspect_ratio", "image_start", "image_urls", "start_image_url", "image",
    "image_list", "video_list", "element_list", "contents", "settings", "model_params", "multi_prompt", "extra_body", "duration",
    "quality", "mode", "sound", "model", "model_name", "generate_audio", "resolution", "size", "seconds", "character_orientation",
    "seed",
]  # fmt: skip
_PLAIN = st.sampled_from(["", "a", "9:16", 0, 5, True, None])
_VALUES = (
    _PLAIN
    | st.lists(_PLAIN, max_size=2)
    | st.dictionaries(st.sampled_from(["duration", "audio", "prompt"]), _PLAIN, max_size=2)
)


@st.composite
def markets(draw: st.DrawFn) -> tuple[Catalog, Raw]:
    """A catalog of one model at a provider, and a clip that it can make."""
    provider = draw(st.sampled_from([*_NAMES]))
    name = draw(st.sampled_from(_NAMES[provider]))
    mode = draw(st.sampled_from([TEXT, IMAGE, MOTION, "reference-to-video", "video-edit"]))
    fields: Raw = {"reference": draw(st.sampled_from(["image", "video"]))} if mode == MOTION else {}
    entry = model(
        "m",
        draw(st.permutations(_OFFERS))[:3],
        provider=provider,
        api_model=name,
        mode=mode,
        image_prompt=mode == TEXT,
        **fields,
    )
    need: Raw = {"seconds": draw(st.integers(1, 45)), "max_segments": 3, "mode": mode, "count": 2, **fields}
    if mode == TEXT and draw(st.booleans()):
        need |= {"mode": IMAGE, "accept_image_prompt": True}
    return catalog(entry), need | {"request": draw(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=6))}


@given(markets())
@settings(max_examples=200, deadline=None)
def test_whatever_is_planned_and_requested_the_body_asks_for_it_and_holds_no_secret(
    market: tuple[Catalog, Raw],
) -> None:
    where, clip = market
    plan = planned([clip], where)  # The independent check is part of planning and raises what it finds
    (route,) = plan.routes
    if route.request is None:
        return
    assert len(list(plan.requests())) == 2 * len(route.segments)
    names = [name for sent in plan.requests() for name in names_in(sent.body)]
    assert not any(map(is_secret, names))


def names_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for inner in value.values() for name in names_in(inner))]
    return [name for inner in value for name in names_in(inner)] if isinstance(value, list) else []
