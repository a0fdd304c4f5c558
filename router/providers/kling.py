"""Kling's own API, in both its styles; the catalog's ``api_model`` says in which a model is asked.

- A path such as ``text-to-video/kling-3.0-turbo`` is the new style: the model stands in the URL, the body is ``contents`` (of a
  text-to-video model only ``prompt``), ``settings`` and ``options``, and lengths are integers.
- A name such as ``kling-v3`` is the older style: ``/v1/videos/...`` by mode, with ``model_name`` in the body and lengths as texts.
  ``kling-v3-omni`` and ``kling-video-o1`` are asked at ``omni-video``.

What has a default is always stated: without ``model_name`` an old model answers, without ``mode`` another resolution. Where the catalog
states no resolution, the older style's ``mode`` is the user's to give.

Sources: Kling's API reference of both styles in the copies of public clients, 2026-02 to 2026-09; a model of the older style makes
720p as ``std``, 1080p as ``pro``.
"""

from __future__ import annotations

from typing import Any

from router.providers.endpoint import Ask, Endpoint, Slot
from router.units import plain_seconds

HOST = "https://api-singapore.klingai.com"
_MODES = {"720p": "std", "1080p": "pro", "4k": "4k"}
_PATHS = {"text-to-video": "text2video", "image-to-video": "image2video", "motion-control": "motion-control"}
_OMNI = ("kling-v3-omni", "kling-video-o1")
_TAKES_VIDEO = ("reference-to-video", "video-edit")
"""Modes of an omni model; in the others a video would make it another product, at another price."""
_OMNI_MODES = ("text-to-video", "image-to-video", "reference-to-video", "video-edit")
_SOUND_AT_1080P_ONLY = ("kling-v2-6", "kling-2.6")

_ELSEWHERE = frozenset({"model", "model_name", "mode", "sound", "duration", "resolution"})
"""What the new style says in the path and in ``settings``."""

_REQUIRED = {
    "text-to-video": ("prompt",),
    "image-to-video": ("image_url",),
    "motion-control": ("image_url", "video_url"),
    "reference-to-video": ("prompt",),
    "video-edit": ("prompt", "video_url"),
}
_PROMPT = Slot("prompt", instead=("multi_prompt",))
_TEXT = {"prompt": _PROMPT, "aspect_ratio": Slot("aspect_ratio")}
_FRAMES = {"prompt": _PROMPT, "image_url": Slot("image"), "end_image_url": Slot("image_tail")}
_MOTION = {"prompt": Slot("prompt"), "image_url": Slot("image_url"), "video_url": Slot("video_url")}


def endpoint(ask: Ask) -> Endpoint | None:
    """The endpoint of the style that ``api_model`` is written in.

    None for a resolution that Kling does not make, and for the sound of Kling 2.6 below 1080p, which the API drops without a word.
    """
    if ask.resolution not in (None, *_MODES):
        return None
    model = ask.api_model.rpartition("/")[2]
    if model in _SOUND_AT_1080P_ONLY and ask.audio and ask.resolution != "1080p":
        return None
    return _new(ask) if "/" in ask.api_model else _old(ask)


# ---- the older style -------------------------------------------------------------------------------------------------


def _old(ask: Ask) -> Endpoint | None:
    omni = ask.api_model in _OMNI and ask.mode in _OMNI_MODES
    path = "omni-video" if omni else _PATHS.get(ask.mode)
    if path is None or (omni and ask.mode == "video-edit" and ask.audio):
        return None
    decided: dict[str, Any] = {"model_name": ask.api_model}
    if ask.resolution:
        decided["mode"] = _MODES[ask.resolution]
    if ask.mode != "motion-control":
        decided["sound"] = "on" if ask.audio else "off"
    elif ask.reference:
        decided["character_orientation"] = ask.reference
    if not ask.follows_video:
        decided["duration"] = str(plain_seconds(ask.seconds))
    inputs = _omni(ask) if omni else {"text2video": _TEXT, "image2video": _FRAMES}.get(path, _MOTION)
    required = _REQUIRED[ask.mode]
    if not ask.resolution:
        # Motion control refuses to do without; elsewhere some models fall to std, others to pro.
        inputs, required = {**inputs, "mode": Slot("mode")}, (*required, "mode")
    never = {"model", "sound", "duration"} - decided.keys()
    # The API refuses sound together with a video, and lets an element turn the character as the video does.
    never |= {"video_list"} if omni and "video_url" not in inputs else set()
    never |= {"element_list"} if ask.reference == "image" else set()
    return Endpoint(f"{HOST}/v1/videos/{path}", decided, inputs, required, frozenset(never))


def _omni(ask: Ask) -> dict[str, Slot]:
    inputs = {
        **_TEXT,
        "image_url": Slot("image_list", entry="image_url", tag=("type", "first_frame")),
        "end_image_url": Slot("image_list", entry="image_url", tag=("type", "end_frame")),
    }
    if not ask.audio and ask.mode in _TAKES_VIDEO:
        kind = "base" if ask.mode == "video-edit" else "feature"
        inputs["video_url"] = Slot("video_list", entry="video_url", tag=("refer_type", kind))
    return inputs


# ---- the new style ---------------------------------------------------------------------------------------------------


def _new(ask: Ask) -> Endpoint | None:
    product, _, model = ask.api_model.strip("/").partition("/")
    if product == "text-to-video" and ask.mode == "image-to-video":
        product = "image-to-video"
    if product == "omni-video":
        known = ask.mode in _OMNI_MODES and not (ask.audio and (ask.mode == "video-edit" or model == "kling-o1"))
    else:
        known = product == ask.mode and ask.mode in _PATHS
    if not known:
        return None
    settings: dict[str, Any] = {}
    if ask.resolution:
        settings["resolution"] = ask.resolution
    if ask.mode == "motion-control":
        settings |= {"character_orientation": ask.reference} if ask.reference else {}
    elif "turbo" not in model:
        # Turbo has no such setting: 3.0 always makes sound, 2.5 never.
        settings["audio"] = "native" if ask.audio else "off"
    if not ask.follows_video:
        settings["duration"] = plain_seconds(ask.seconds)
    required = _REQUIRED[ask.mode]
    required = required if "prompt" in required or product == "motion-control" else ("prompt", *required)
    inputs = _contents(ask, product, model)
    own_audio = ask.mode == "motion-control"  # Of the reference: to keep or not, at the same price
    never = _ELSEWHERE | {f"settings.{name}" for name in ("resolution", "duration", "audio")[: 2 if own_audio else 3]}
    return Endpoint(f"{HOST}/{product}/{model}", {"settings": settings}, inputs, required, never)


def _contents(ask: Ask, product: str, model: str) -> dict[str, Slot]:
    shape = Slot("settings.aspect_ratio")
    if product == "text-to-video":
        return {"prompt": Slot("prompt"), "aspect_ratio": shape}
    prompt = Slot("contents", entry="text", tag=("type", "prompt"))
    if product == "motion-control":
        image, video = _content("image"), _content("video")
        return {"prompt": prompt, "image_url": image, "video_url": video}
    inputs = {"prompt": prompt, "image_url": _content("first_frame")}
    if model != "kling-3.0-turbo":
        inputs["end_image_url"] = _content("last_frame")
    if product == "omni-video":
        inputs["aspect_ratio"] = shape
        if not ask.audio and ask.mode in _TAKES_VIDEO:
            inputs["video_url"] = _content("base_video" if ask.mode == "video-edit" else "feature_video")
    return inputs


def _content(kind: str) -> Slot:
    return Slot("contents", entry="url", tag=("type", kind))
