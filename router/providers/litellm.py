"""LiteLLM: the caller's own gateway, not a seller. The body is the keyword arguments of ``litellm.video_generation``.

A catalog entry of any provider is bought through it if its ``api_model`` is ``litellm/`` and LiteLLM's name of the model
(``litellm/runwayml/gen4.5``). Lengths are texts; the resolution is a size in pixels, for LiteLLM prices one that it cannot read at
the base rate. There is no argument for sound: what a seller wants to hear of it goes into the clip's ``request``.

Source: litellm 1.109.1, ``litellm/videos/main.py``. Arguments that it does not name belong into ``extra_body``.
"""

from __future__ import annotations

import re
from fractions import Fraction

from router.providers.endpoint import Ask, Endpoint, Slot
from router.units import plain_seconds

PREFIX = "litellm/"
URL = "litellm:video_generation"
_ARGUMENTS = frozenset(
    {"model", "prompt", "input_reference", "seconds", "size", "user", "timeout", "custom_llm_provider"}
    | {"extra_headers", "extra_query", "extra_body"}
)
_SHORT_SIDES = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "768p": 768, "1080p": 1080, "2k": 1440, "4k": 2160}
_INPUTS = {"prompt": Slot("prompt"), "image_url": Slot("input_reference")}


def endpoint(ask: Ask) -> Endpoint:
    """The keyword arguments; motion control is not LiteLLM's, but what a seller needs for it can stand in the clip's request."""
    decided = {"model": ask.api_model.removeprefix(PREFIX)}
    if not ask.follows_video:
        decided["seconds"] = str(plain_seconds(ask.seconds))
    if ask.resolution:
        decided["size"] = size(ask.resolution, ask.aspect_ratio or "16:9")
    required = ("prompt", "image_url") if ask.mode == "image-to-video" else ("prompt",)
    never = frozenset({"seconds", "size"} - decided.keys())
    return Endpoint(URL, decided, _INPUTS, required, never, top=_ARGUMENTS)


def size(resolution: str, aspect_ratio: str) -> str:
    """Width and height in even pixels; of a shape that is no ratio, those of 16:9.

    >>> size("720p", "16:9"), size("1080p", "9:16"), size("480p", "16:9"), size("4k", "1:1")
    ('1280x720', '1080x1920', '854x480', '2160x2160')
    """
    short = _SHORT_SIDES[resolution]
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", aspect_ratio)
    width, height = (int(found[1]), int(found[2])) if found else (16, 9)
    long = 2 * round(Fraction(short * max(width, height), 2 * min(width, height)))
    return f"{long}x{short}" if width >= height else f"{short}x{long}"
