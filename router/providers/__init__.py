"""Request bodies: what to submit to a provider's API for each generation of a route, one file per provider.

Each file says of an endpoint how it is asked (`router.providers.endpoint`). Keys and tokens are no part of a body: the caller adds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from router.providers import evolink, fal, kling, litellm
from router.providers.endpoint import Ask, Endpoint, body, lacking
from router.schema.candidate import Candidate
from router.schema.plan import Request
from router.schema.scenario import Requirements


class Provider(Protocol):
    """What a provider's file offers."""

    def __call__(self, ask: Ask) -> Endpoint | None:
        """The endpoint for one generation; None where the API that this version knows cannot be asked for it."""


PROVIDERS: dict[str, Provider] = {"evolink": evolink.endpoint, "fal": fal.endpoint, "kling": kling.endpoint}


def requests(candidate: Candidate, need: Requirements, user: Mapping[str, Any]) -> tuple[Request, ...]:
    """The requests that make one clip by this candidate; empty where the provider's API cannot be asked for it.

    Parameters
    ----------
    user
        The clip's own ``request`` table.
    """
    offer = candidate.offer
    through_litellm = offer.api_model.startswith(litellm.PREFIX)
    provider = litellm.endpoint if through_litellm else PROVIDERS.get(offer.provider)
    if provider is None:
        return ()
    stands_in = need.mode == "image-to-video" and offer.mode == "text-to-video"
    ratio = user.get("aspect_ratio")
    found: list[Request] = []
    for seconds in candidate.generation.segments:
        ask = Ask(
            api_model=offer.api_model,
            mode=need.mode if stands_in else offer.mode,
            seconds=seconds,
            resolution=offer.resolution,
            audio=offer.audio,
            reference=offer.reference,
            aspect_ratio=ratio if isinstance(ratio, str) else None,
        )
        if (at := provider(ask)) is None:
            return ()
        found.append(Request.model_construct(url=at.url, body=body(at, user), lacks=tuple(lacking(at, user))))
    return tuple(found)
