"""The independent check reads a body of each provider by that provider's names, and refuses one that asks for something else."""

from __future__ import annotations

from typing import Any

import pytest

from router.checking.check import check_fully
from router.schema.catalog import Catalog
from tests.builders import ON, Raw, planned, scenario
from tests.providers.asked import sold

V3 = "fal-ai/kling-video/v3/standard/text-to-video"
O3 = "fal-ai/kling-video/o3/standard/text-to-video"
IMAGE = "fal-ai/kling-video/v3/standard/image-to-video"
MOTION = "fal-ai/kling-video/v3/standard/motion-control"
LOUD: Raw = {"audio": True}
BY_VIDEO: Raw = {"reference": "video"}


def changed(where: Catalog, *, request: Raw, url: str | None = None, drop: str = "", **fields: Any) -> str:
    """What the check says of a plan for one clip whose body was changed so."""
    clip = {"id": "c", "seconds": 5, "mode": where.models[0].mode, "request": request}
    plan, given = planned([clip], where), scenario([clip], where)
    assert list(check_fully(plan, given, (where,), ON)[0]) == []
    (route,) = plan.routes
    assert route.request is not None
    body = {key: value for key, value in {**route.request.body, **fields}.items() if key != drop}
    sent = route.request.model_copy(update={"body": body, "url": url or route.request.url})
    doctored = plan.model_copy(update={"routes": (route.model_copy(update={"request": sent}),)})
    return "\n".join(check_fully(doctored, given, (where,), ON)[0])


PROMPT: Raw = {"prompt": "p"}
FRAME: Raw = {"prompt": "p", "image_url": "i"}
BOTH: Raw = {"image_url": "i", "video_url": "v"}
SETTINGS: Raw = {"resolution": "720p", "audio": "off", "duration": 5}

DOCTORED: dict[str, tuple[Catalog, Raw, Raw, str]] = {
    "kling: no model": (sold("kling", "kling-v3"), PROMPT, {"drop": "model_name"}, "model_name is None, the route's kling-v3"),
    "kling: no mode": (sold("kling", "kling-v3"), PROMPT, {"drop": "mode"}, "mode is None, the route's std"),
    "kling: another mode": (sold("kling", "kling-v3-omni"), PROMPT, {"mode": "pro"}, "mode is pro, the route's std"),
    "kling: an integer": (sold("kling", "kling-v3"), PROMPT, {"duration": 5}, "duration is 5, the route's 5 s"),
    "kling: no sound": (sold("kling", "kling-v3"), PROMPT, {"drop": "sound"}, "sound is None, the route's off"),
    "kling: another address": (
        sold("kling", "kling-v3-omni"), PROMPT, {"url": "https://api-singapore.klingai.com/v1/videos/text2video"}, "goes to",
    ),
    "kling: motion with sound": (
        sold("kling", "kling-v3", "motion-control", **BY_VIDEO), BOTH, {"sound": "on"}, "sound is on, the route's without it",
    ),
    "kling: another orientation": (
        sold("kling", "kling-v3", "motion-control", **BY_VIDEO), BOTH, {"character_orientation": "image"}, "orientation is image",
    ),
    "new style: a text": (
        sold("kling", "text-to-video/kling-3.0"), PROMPT, {"settings": {**SETTINGS, "duration": "5"}}, "settings.duration is 5",
    ),
    "new style: sound": (
        sold("kling", "text-to-video/kling-3.0"), PROMPT, {"settings": {**SETTINGS, "audio": "native"}}, "settings.audio is native",
    ),
    "new style: another model in the path": (
        sold("kling", "text-to-video/kling-3.0-turbo", **LOUD), PROMPT,
        {"url": "https://api-singapore.klingai.com/text-to-video/kling-3.0"}, "goes to",
    ),
    "fal: sound by default": (sold("fal", V3), PROMPT, {"drop": "generate_audio"}, "generate_audio is None, the route's False"),
    "fal: sound as a number": (sold("fal", V3), PROMPT, {"generate_audio": 0}, "generate_audio is 0, the route's False"),
    "fal: no sound": (sold("fal", O3, **LOUD), PROMPT, {"generate_audio": False}, "generate_audio is False, the route's True"),
    "fal: an integer": (sold("fal", V3), PROMPT, {"duration": 5}, "duration is 5, the route's 5 s"),
    "fal: a shape with a frame": (sold("fal", IMAGE, "image-to-video"), FRAME, {"aspect_ratio": "1:1"}, "aspect_ratio is 1:1"),
    "fal: motion with a length": (sold("fal", MOTION, "motion-control", **BY_VIDEO), BOTH, {"duration": "5"}, "the route's without it"),
    "fal: another tier": (sold("fal", V3), PROMPT, {"url": "https://queue.fal.run/" + V3.replace("standard", "pro")}, "goes to"),
    "fal: 4.0 in its default": (
        sold("fal", "kling/v4/text-to-video", **LOUD), PROMPT, {"drop": "resolution"}, "resolution is None, the route's 720p",
    ),
    "litellm: an integer": (sold("x", "litellm/openai/sora-2"), PROMPT, {"seconds": 5}, "seconds is 5"),
    "litellm: another size": (sold("x", "litellm/openai/sora-2"), PROMPT, {"size": "1920x1080"}, "size is 1920x1080"),
    "litellm: another model": (sold("x", "litellm/openai/sora-2"), PROMPT, {"model": "sora-2"}, "model is 'sora-2'"),
    "a prompt lost": (sold("fal", V3), PROMPT, {"drop": "prompt"}, "does not carry the clip's own request.prompt"),
    "an image lost": (sold("fal", IMAGE, "image-to-video"), FRAME, {"drop": "start_image_url"}, "lacks image_url, and says nothing"),
    "a key": (sold("fal", V3), PROMPT, {"headers": {"Authorization": "x"}}, "holds a key or token in headers"),
}  # fmt: skip


@pytest.mark.parametrize(("where", "request_", "change", "says"), DOCTORED.values(), ids=DOCTORED)
def test_a_request_for_something_else_is_refused(where: Catalog, request_: Raw, change: Raw, says: str) -> None:
    assert says in changed(where, request=request_, **change)
