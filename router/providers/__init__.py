"""Request bodies: what to submit to a provider's API for each generation of a route, one file per provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from router.providers import evolink
from router.schema.candidate import Candidate
from router.schema.plan import Request
from router.schema.scenario import Requirements


class RequestBuilder(Protocol):
    """What a provider's module offers."""

    def __call__(self, candidate: Candidate, need: Requirements, user: Mapping[str, Any]) -> tuple[Request, ...]:
        """One request for each generation of the candidate; ``user`` is the clip's own ``request`` table."""


BUILDERS: dict[str, RequestBuilder] = {"evolink": evolink.requests}


def requests(candidate: Candidate, need: Requirements, user: Mapping[str, Any]) -> tuple[Request, ...]:
    """The requests that make one clip by this candidate; empty where the provider's API is not known."""
    builder = BUILDERS.get(candidate.offer.provider)
    return builder(candidate, need, user) if builder else ()
