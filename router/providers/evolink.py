"""EvoLink: one endpoint for all video models; the fields depend on the model.

Sources: docs.evolink.ai, the pages of kling-v3 and kling-o3 text-to-video and image-to-video, kling-o1-image-to-video and
kling-v3-motion-control, read in 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from router.schema.candidate import Candidate, Offer
from router.schema.plan import Request
from router.schema.scenario import Requirements
from router.units import plain_seconds

URL = "https://api.evolink.ai/v1/videos/generations"
_SWITCHES_SOUND = (
    "kling-v3-text-to-video",
    "kling-v3-image-to-video",
    "kling-o3-text-to-video",
    "kling-o3-image-to-video",
)


def requests(candidate: Candidate, need: Requirements, user: Mapping[str, Any]) -> tuple[Request, ...]:
    """One request for each generation; what the plan decided stands above what the user's table says."""
    offer = candidate.offer
    model = api_model(offer, need)
    return tuple(
        Request.model_construct(url=URL, body=_merged(user, {"model": model, **_decided(offer, model, seconds)}))
        for seconds in candidate.generation.segments
    )


def api_model(offer: Offer, need: Requirements) -> str:
    """The model's name in the API; one that stands in with an image prompt is asked by its image-to-video name."""
    if need.mode == "image-to-video" and offer.mode == "text-to-video":
        return offer.api_model.replace("-text-to-video", "-image-to-video")
    return offer.api_model


def _decided(offer: Offer, model: str, seconds: Fraction) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if offer.mode == "motion-control":
        # The length is that of the reference video; the orientation decides how long it may be.
        if offer.reference:
            fields["model_params"] = {"character_orientation": offer.reference}
    else:
        fields["duration"] = plain_seconds(seconds)
    if offer.resolution:
        fields["quality"] = offer.resolution
    if offer.audio or model in _SWITCHES_SOUND:
        fields["sound"] = "on" if offer.audio else "off"
    return fields


def _merged(user: Mapping[str, Any], decided: Mapping[str, Any]) -> dict[str, Any]:
    body = {**user, **decided}
    theirs, ours = user.get("model_params"), decided.get("model_params")
    if isinstance(theirs, dict) and isinstance(ours, dict):
        body["model_params"] = {**theirs, **ours}
    first = ["model", "prompt"]
    return {key: body[key] for key in (*(k for k in first if k in body), *(k for k in body if k not in first))}
