"""EvoLink: one endpoint for all video models; the fields depend on the model.

Sources: docs.evolink.ai, the pages of kling-v3 and kling-o3 text-to-video and image-to-video, kling-o1-image-to-video and
kling-v3-motion-control; evolink.ai/kling-3-0-turbo; read in 2026. Lengths are integers, and are those of the reference in motion control.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.providers.endpoint import Ask, Endpoint, Slot
from router.schema.requests import NEUTRAL
from router.units import plain_seconds

URL = "https://api.evolink.ai/v1/videos/generations"
_SWITCHES_SOUND = ("kling-v3-text", "kling-v3-image", "kling-o3-text", "kling-o3-image")
_DECIDED = frozenset({"model", "duration", "quality", "sound"})

_TEXT = {
    "prompt": Slot("prompt", instead=("model_params.multi_prompt",)),
    "aspect_ratio": Slot("aspect_ratio"),
}
_FRAMES = {
    **_TEXT,
    "image_url": Slot("image_start", instead=("image_end", "end_image_url", "image_urls")),
    "end_image_url": Slot("image_end"),
}
_FRAME_LIST = {
    **_TEXT,
    "image_url": Slot("image_urls", listed=True),
    "end_image_url": Slot("image_urls", listed=True),
}
_MOTION = {
    "prompt": Slot("prompt"),
    "image_url": Slot("image_urls", listed=True),
    "video_url": Slot("video_urls", listed=True),
}


def endpoint(ask: Ask) -> Endpoint:
    """The one endpoint, with what this model calls its inputs; of a model not known here they keep their names."""
    model = ask.api_model
    if ask.mode == "image-to-video":
        model = model.replace("-text-to-video", "-image-to-video")
    inputs, required = _inputs(model, ask.mode)
    decided = {"model": model, **_decided(ask, model)}
    return Endpoint(URL, decided, inputs, required, never=_DECIDED - decided.keys())


def _inputs(model: str, mode: str) -> tuple[Mapping[str, Slot], tuple[str, ...]]:
    if mode == "motion-control":
        return _MOTION, ("image_url", "video_url")
    if mode == "text-to-video":
        return _TEXT, ("prompt",)
    if mode == "image-to-video" and model.startswith("kling-"):
        return _FRAME_LIST if model.startswith("kling-o1-") else _FRAMES, ("prompt", "image_url")
    return {name: Slot(name) for name in NEUTRAL}, ()


def _decided(ask: Ask, model: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if ask.mode == "motion-control" and ask.reference:
        # The orientation decides how long the reference may be.
        fields["model_params"] = {"character_orientation": ask.reference}
    if not ask.follows_video:
        fields["duration"] = plain_seconds(ask.seconds)
    if ask.resolution:
        fields["quality"] = ask.resolution
    # Turbo always makes sound and has no field for it.
    if model.startswith(_SWITCHES_SOUND) or (ask.audio and not model.startswith("kling-v3-turbo")):
        fields["sound"] = "on" if ask.audio else "off"
    return fields
