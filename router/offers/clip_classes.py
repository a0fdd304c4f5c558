"""Clips with equal requirements are one class with a count: a million clips are a few hundred classes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import attrgetter

from router.schema.candidate import ClipClass
from router.schema.scenario import Clip, Requirements

_NOT_REQUIREMENTS = {"group", "request"}
_requirements = attrgetter("seconds", *(name for name in Requirements.model_fields if name not in _NOT_REQUIREMENTS))


def clip_classes(clips: Sequence[Clip]) -> tuple[ClipClass, ...]:
    """Merge clips of equal requirements, in the order in which the requirements first appear."""
    members: dict[tuple[object, ...], list[tuple[int, int]]] = {}
    for position, clip in enumerate(clips):
        members.setdefault(_requirements(clip), []).append((position, clip.count))
    return tuple(
        ClipClass(need=clips[merged[0][0]], seconds=Fraction(clips[merged[0][0]].seconds), clips=tuple(merged))
        for merged in members.values()
    )
