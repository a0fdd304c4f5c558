"""Clips that a plan makes below their requirements, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from router.schema.plan import DegradedClips, Route
from router.schema.scenario import Clip
from router.units import seconds_text


def degraded_clips(routes: Sequence[Route], clips: Sequence[Clip]) -> tuple[DegradedClips, ...]:
    """What is lowered for which clips: one entry for each way, in the order of the routes."""
    asked = {clip.id: clip for clip in clips} if any(route.degraded for route in routes) else {}
    alike: dict[tuple[tuple[str, ...], Decimal], dict[str, int]] = {}
    for route in routes:
        if route.degraded:
            members = alike.setdefault((tuple(_lowered(route, asked[route.clips[0]])), route.penalty_usd), {})
            for name, count in zip(route.clips, route.counts, strict=True):
                members[name] = members.get(name, 0) + count
    return tuple(
        DegradedClips(
            clips=tuple(members),
            counts=tuple(members.values()),
            count=sum(members.values()),
            what=what,
            penalty_usd=penalty,
        )
        for (what, penalty), members in alike.items()
    )


def _lowered(route: Route, clip: Clip) -> Iterator[str]:
    if "resolution" in route.degraded:
        yield f"{route.resolution or 'a resolution that is not stated'} instead of {clip.resolution}"
    if "audio" in route.degraded:
        yield "dubbed instead of native sound"
    if "seconds" in route.degraded:
        yield f"{seconds_text(route.seconds)} instead of {seconds_text(clip.seconds)}"
