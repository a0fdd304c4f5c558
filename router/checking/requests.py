"""Whether a route's requests ask for what the route plans; written from the providers' documentation, not from `router.providers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from router.schema.plan import Request, Route
from router.schema.requests import NEUTRAL, secret_paths
from router.schema.scenario import Clip

DECIDED = {
    "model", "duration", "quality", "sound", "model_params", "model_name", "mode", "character_orientation", "settings",
    "resolution", "generate_audio", "seconds", "size",
}  # fmt: skip
"""What the plan decides, whatever a clip's own request says."""

_DROPPED = {
    "aspect_ratio",
    "image_url",
    "end_image_url",
    "video_url",
    "video_list",
    "element_list",
    "contents",
    "image_list",
}
"""What some endpoints do not take."""

_LITELLM = "litellm:video_generation"
_LINES = {f"{lines}p": lines for lines in (360, 480, 540, 720, 768, 1080)} | {"2k": 1440, "4k": 2160}
_OMNI = ("kling-v3-omni", "kling-video-o1")
_KINDS = {
    "prompt": {"prompt"},
    "image_url": {"first_frame", "image"},
    "video_url": {"video", "feature_video", "base_video"},
}
"""By neutral name, the types of what says in ``contents`` that it is there."""

Expected = tuple[str, dict[str, tuple[Any, ...]]]
"""Where a request goes, and for each field (a dot leads into a table) the values that it may have; none: it must not be there."""


def requests(route: Route) -> Iterator[str]:
    """What is wrong with the requests of a route, by the route's own figures."""
    if route.request is None:
        if route.further_requests or route.provider == "evolink":
            yield "lacks its first request"
        return
    every = (route.request, *route.further_requests)
    if len(every) != len(route.segments):
        yield f"has {len(every)} requests for {len(route.segments)} segments"
    for request, length in zip(every, route.segments, strict=False):
        yield from _request(route, request, length)


def own_request(route: Route, clip: Clip) -> Iterator[str]:
    """What is wrong with what the requests make of the clip's own table.

    They carry what it says, but for what the plan decides or the endpoint does not take, and say what of their needs it lacks.
    """
    mode = "image-to-video" if clip.mode == "image-to-video" else route.mode
    needed = _needed(route, mode)
    for request in (route.request, *route.further_requests):
        if request is None:
            continue
        for name, value in clip.request.items():
            if name not in DECIDED and not _carried(request.body, name, value):
                yield f"its request does not carry the clip's own request.{name}"
        names = _names(route, mode)
        lacks = {name for name in needed if not _is_there(request.body, clip, name, names[name])}
        if set(request.lacks) != lacks:
            yield f"its request lacks {', '.join(sorted(lacks)) or 'nothing'}, and says {', '.join(request.lacks) or 'nothing'}"


def _needed(route: Route, mode: str) -> set[str]:
    needed = {
        "text-to-video": {"prompt"},
        "image-to-video": {"prompt", "image_url"},
        "motion-control": {"image_url", "video_url"},
        "reference-to-video": {"prompt"},
        "video-edit": {"prompt", "video_url"},
    }.get(mode, set())
    name = route.api_model
    if name.startswith("litellm/"):
        return {"prompt", "image_url"} if mode == "image-to-video" else {"prompt"}
    if route.provider == "evolink" and mode not in ("text-to-video", "motion-control"):
        return needed if mode == "image-to-video" and name.startswith("kling-") else set()
    if route.provider == "kling" and "/" not in name and route.resolution is None:
        needed = needed | {"mode"}
    may_be_silent = (route.provider == "kling" and "/" not in name) or (route.provider == "fal" and "/turbo/" in name)
    return needed - {"prompt"} if mode == "image-to-video" and may_be_silent else needed


def _names(route: Route, mode: str) -> dict[str, tuple[str, ...]]:
    """The fields in which a body has the inputs."""
    model, motion = route.api_model, mode == "motion-control"
    if model.startswith("litellm/"):
        return {"prompt": ("prompt",), "image_url": ("input_reference",)}
    if route.provider == "evolink":
        listed = motion or model.startswith("kling-o1-")
        image = ("image_urls",) if listed else ("image_start", "image_end", "image_urls")
        return {"prompt": ("prompt", "model_params.multi_prompt"), "image_url": image, "video_url": ("video_urls",)}
    if "/" in model and route.provider == "kling":
        contents = () if mode == "text-to-video" and not model.startswith("omni") else ("contents",)
        return {"prompt": ("prompt", *contents), "image_url": contents, "video_url": contents}
    plain = motion or any(word in model for word in ("/turbo/", "/o3/"))
    image = ("image_url",) if plain else ("start_image_url",)
    omni = model in _OMNI and not motion
    if route.provider == "kling" and not motion:
        image = ("image_list",) if omni else ("image",)
    video = ("video_list",) if omni else ("video_url",)
    return {"prompt": ("prompt", "multi_prompt"), "image_url": image, "video_url": video, "mode": ("mode",)}


def _carried(body: Mapping[str, Any], name: str, value: Any) -> bool:
    if _within(body.get(name), value) or (name in _DROPPED and name not in body) or (name in NEUTRAL and not value):
        return True
    if not isinstance(
        value, {"extra_body": dict, "contents": list, "image_list": list, "video_list": list}.get(name, object)
    ):
        return True  # Nothing that an endpoint takes
    extra = body.get("extra_body")
    return (name in NEUTRAL and _somewhere(body, value)) or (isinstance(extra, dict) and extra.get(name) == value)


def _is_there(body: Mapping[str, Any], clip: Clip, name: str, fields: tuple[str, ...]) -> bool:
    if "contents" not in fields:
        return any(_at(body, field) for field in fields)
    contents, own = body.get("contents"), clip.request.get("contents")
    if isinstance(own, list) and own:
        return True  # What is in these is the clip's own affair
    return isinstance(contents, list) and any(_at(item, "type") in _KINDS[name] for item in contents)


def _within(sent: Any, value: Any) -> bool:
    """Whether a value is what was sent, or a part of it where that holds more."""
    if isinstance(sent, dict) and isinstance(value, dict):
        return all(_within(sent.get(name), inner) for name, inner in value.items())
    if isinstance(sent, list) and isinstance(value, list):
        return all(inner in sent for inner in value)
    return bool(sent == value)


def _somewhere(body: Any, value: Any) -> bool:
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return body == value or any(_somewhere(part, value) for part in inner)


def _request(route: Route, request: Request, length: Decimal) -> Iterator[str]:
    for path in secret_paths(request.body):
        yield f"its request holds a key or token in {'.'.join(map(str, path))}"
    if route.api_model.startswith("litellm/"):
        url, fields = _litellm(route, length)
    elif route.provider in _EXPECTED:
        url, fields = _EXPECTED[route.provider](route, length)
    else:
        return
    if request.url not in (url, _of_an_image(url)):
        yield f"its request goes to {request.url}"
    if url == _LITELLM and _lines(request.body.get("size")) != _LINES.get(route.resolution or "", 0):
        yield f"its request's size is {request.body.get('size')}, the route's resolution {route.resolution}"
    for name, allowed in fields.items():
        asked = _at(request.body, name)
        if not any(type(asked) is type(value) and asked == value for value in allowed or (None,)):
            planned = " or ".join(map(str, allowed)) if allowed else "without it"
            shown = repr(asked) if name == "model" else asked
            yield f"its request's {name} is {shown}, the route's {planned}{' s' if name == 'duration' and allowed else ''}"


def _lines(size: Any) -> int:
    """The shorter side of ``WIDTHxHEIGHT``; 0 of anything else."""
    sides = [int(side) for side in str(size).split("x") if side.isdigit()]
    return min(sides) if len(sides) == 2 else 0


def _evolink(route: Route, length: Decimal) -> Expected:
    fields: dict[str, tuple[Any, ...]] = {
        "model": (route.api_model, _of_an_image(route.api_model)),
        "duration": () if _follows(route) else (_number(length),),
        "quality": (route.resolution,),
    }
    if route.audio == "native":
        fields["sound"] = () if route.api_model.startswith("kling-v3-turbo") else ("on",)
    else:
        switched = ("kling-v3-text", "kling-v3-image", "kling-o3-text", "kling-o3-image")
        fields["sound"] = ("off",) if route.api_model.startswith(switched) else (None, "off")
    if route.mode == "motion-control" and route.reference:
        fields["model_params.character_orientation"] = (route.reference,)
    return "https://api.evolink.ai/v1/videos/generations", fields


def _kling(route: Route, length: Decimal) -> Expected:
    host, model, on = "https://api-singapore.klingai.com", route.api_model, route.audio == "native"
    turning = (
        {"character_orientation": (route.reference,)} if route.mode == "motion-control" and route.reference else {}
    )
    if "/" in model:
        settings: dict[str, tuple[Any, ...]] = {
            "resolution": (route.resolution,),
            "duration": () if _follows(route) else (_number(length),),
            **turning,
        }
        if route.mode != "motion-control" and "turbo" not in model:
            settings["audio"] = ("native" if on else "off",)
        return f"{host}/{model.strip('/')}", {f"settings.{name}": values for name, values in settings.items()} | {
            "model_name": ()
        }
    path = {"text-to-video": "text2video", "motion-control": "motion-control", "image-to-video": "image2video"}.get(
        route.mode
    )
    if model in _OMNI and route.mode != "motion-control":
        path = "omni-video"
    # Without a resolution the mode is the clip's own.
    mode = {"mode": ({"720p": "std", "1080p": "pro", "4k": "4k"}.get(route.resolution),)} if route.resolution else {}
    return f"{host}/v1/videos/{path}", {
        "model_name": (model,),
        **mode,
        "duration": () if _follows(route) else (str(_number(length)),),
        "sound": () if route.mode == "motion-control" else ("on" if on else "off",),
        **turning,
    }


def _fal(route: Route, length: Decimal) -> Expected:
    name, on = route.api_model, route.audio == "native"
    tier = next(
        (made for word, made in (("/standard/", "720p"), ("/pro/", "1080p"), ("/4k/", "4k")) if word in name), None
    )
    fields: dict[str, tuple[Any, ...]] = {"model": (), "resolution": () if tier else (route.resolution,)}
    if tier and route.resolution not in (None, tier):
        fields["resolution"] = (route.resolution,)  # The endpoint makes another one
    if _follows(route):
        fields |= {"duration": ()} | ({"character_orientation": (route.reference,)} if route.reference else {})
    else:
        fields["duration"] = (str(_number(length)) if tier else _number(length),)
        switched = tier is not None and not any(word in name for word in ("/turbo/", "/o1/"))
        fields["generate_audio"] = (on,) if switched else ()
    if name.endswith("/image-to-video"):
        fields["aspect_ratio"] = ()
    return f"https://queue.fal.run/{name}", fields


def _litellm(route: Route, length: Decimal) -> Expected:
    return _LITELLM, {
        "model": (route.api_model.removeprefix("litellm/"),),
        "seconds": () if _follows(route) else (str(_number(length)),),
    }


_EXPECTED = {"evolink": _evolink, "kling": _kling, "fal": _fal}


def _of_an_image(name: str) -> str:
    """The same where a text-to-video model takes an image prompt."""
    return name.replace("text-to-video", "image-to-video").replace("text2video", "image2video")


def _follows(route: Route) -> bool:
    return route.mode in ("motion-control", "video-edit")


def _number(length: Decimal) -> int | float:
    return int(length) if length == length.to_integral_value() else float(length)


def _at(body: Any, name: str) -> Any:
    for part in name.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body
