"""fal: every model is an endpoint of its own, which the catalog's ``api_model`` names; the body has no model.

The endpoint also settles the resolution (``standard`` is 720p, ``pro`` 1080p), but for Kling 4.0, which is told. What it calls the
first frame, whether it can be silent and how it takes a length differ by family.

Sources: the schemas of fal's own pages (fal.ai/models/ENDPOINT/llms.txt), 2025-12 to 2026-11. Of Kling 2.6 no end frame is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from router.providers.endpoint import Ask, Endpoint, Slot
from router.units import plain_seconds

QUEUE = "https://queue.fal.run"
_ENDPOINT = re.compile(
    r"(?:fal-ai/kling-video/(?P<family>v3/turbo|v3|o3|o1|v2\.6)/(?P<tier>standard|pro|4k)|kling/(?P<four>v4))"
    r"/(?P<task>text-to-video|image-to-video|motion-control)"
)
_TIERS = {"standard": "720p", "pro": "1080p", "4k": "4k"}


@dataclass(frozen=True, slots=True)
class _Family:
    image: str
    """What it calls the first frame."""
    end: bool
    """Whether it takes a last frame."""
    sound: str
    """``switch``: on unless it is switched off (in O3: off unless on); ``always`` or ``never``, and then no field for it."""


_FAMILIES = {
    "v2.6": _Family("start_image_url", False, "switch"),
    "v3": _Family("start_image_url", True, "switch"),
    "v3/turbo": _Family("image_url", False, "always"),
    "o1": _Family("start_image_url", True, "never"),
    "o3": _Family("image_url", True, "switch"),
    "v4": _Family("start_image_url", True, "always"),
}


def endpoint(ask: Ask) -> Endpoint | None:
    """The endpoint; None for one that this version does not know, or that does not make what the catalog says."""
    name = ask.api_model
    if ask.mode == "image-to-video" and name.endswith("/text-to-video"):
        name = name.removesuffix("text-to-video") + "image-to-video"
    found = _ENDPOINT.fullmatch(name)
    if found is None or found["task"] != ask.mode:
        return None
    family = _FAMILIES[found["family"] or found["four"]]
    if found["tier"] and ask.resolution not in (None, _TIERS[found["tier"]]):
        return None
    if ask.mode == "motion-control":
        return _motion(name, ask)
    if ask.audio and family.sound == "never":
        return None
    decided: dict[str, Any] = {}
    if found["four"]:
        decided["duration"] = plain_seconds(ask.seconds)
        decided |= {"resolution": ask.resolution} if ask.resolution else {}
    else:
        decided["duration"] = str(plain_seconds(ask.seconds))
    if family.sound == "switch":
        decided["generate_audio"] = ask.audio
    inputs = {"prompt": Slot("prompt", instead=("multi_prompt",))}
    if ask.mode == "text-to-video":
        inputs["aspect_ratio"] = Slot("aspect_ratio")
    else:
        inputs["image_url"] = Slot(family.image)
        inputs |= {"end_image_url": Slot("end_image_url")} if family.end else {}
    required = ("prompt",) if ask.mode == "text-to-video" else ("prompt", "image_url")
    if found["family"] == "v3/turbo" and ask.mode == "image-to-video":
        required = ("image_url",)
    never = frozenset({"model", "resolution", "generate_audio"} - decided.keys())
    return Endpoint(f"{QUEUE}/{name}", decided, inputs, required, never)


def _motion(name: str, ask: Ask) -> Endpoint:
    decided = {"character_orientation": ask.reference} if ask.reference else {}
    inputs = {field: Slot(field) for field in ("prompt", "image_url", "video_url")}
    never = frozenset({"model", "duration", "resolution", "generate_audio"})
    return Endpoint(f"{QUEUE}/{name}", decided, inputs, ("image_url", "video_url"), never)
