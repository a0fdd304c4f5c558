"""Whether a route's requests ask for what the route plans."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from router.schema.plan import Request, Route
from router.schema.scenario import Clip

DECIDED = {"model", "duration", "quality", "sound", "model_params"}
"""What the plan decides, whatever a clip's own request says."""

_ENDPOINTS = {"evolink": "https://api.evolink.ai/v1/videos/generations"}


def requests(route: Route) -> Iterator[str]:
    """What is wrong with the requests of a route, by the route's own figures."""
    if route.request is None:
        if route.further_requests or route.provider in _ENDPOINTS:
            yield "lacks its first request"
        return
    every = (route.request, *route.further_requests)
    if len(every) != len(route.segments):
        yield f"has {len(every)} requests for {len(route.segments)} segments"
    for request, length in zip(every, route.segments, strict=False):
        yield from _request(route, request, length)


def own_request(route: Route, clip: Clip) -> Iterator[str]:
    """The requests carry what the clip's own table says, but for what the plan decides."""
    for request in (route.request, *route.further_requests):
        for name, value in clip.request.items() if request else ():
            if name not in DECIDED and request and request.body.get(name) != value:
                yield f"its request does not carry the clip's own request.{name}"


def _request(route: Route, request: Request, length: Decimal) -> Iterator[str]:
    body = request.body
    if request.url != _ENDPOINTS.get(route.provider, request.url):
        yield f"its request goes to {request.url}"
    if body.get("model") not in (route.api_model, route.api_model.replace("-text-to-video", "-image-to-video")):
        yield f"its request's model is {body.get('model')!r}"
    if route.mode == "motion-control":
        asked = _table(body.get("model_params")).get("character_orientation")
        if route.reference is not None and asked != route.reference:
            yield f"its request's character_orientation is {asked!r}, the route's reference {route.reference!r}"
    elif not _is_length(body.get("duration"), length):
        yield f"its request's duration is {body.get('duration')}, the route's {length} s"
    if body.get("quality") != route.resolution:
        yield f"its request's quality is {body.get('quality')}, the route's {route.resolution}"
    sound = "on" if route.audio == "native" else "off"
    if body.get("sound", "off") != sound:
        yield f"its request's sound is {body.get('sound', 'off')}, the route's {sound}"


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_length(value: Any, length: Decimal) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and Decimal(str(value)) == length
