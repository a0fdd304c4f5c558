"""Clips with equal requirements are one class with a count: a million clips are a few hundred classes.

A class whose clips want drafts is followed by the class of these drafts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import TypeVar

from router.schema.candidate import ClipClass
from router.schema.scenario import Clip, Requirements

Kind = TypeVar("Kind", bound=Requirements)
_NOT_REQUIREMENTS = {"group", "request"}
_REQUIREMENTS = ("seconds", *(name for name in Requirements.model_fields if name not in _NOT_REQUIREMENTS))
requirements = attrgetter(*_REQUIREMENTS)
_requirements_and_group = attrgetter(*_REQUIREMENTS, "group")


def clip_classes(clips: Sequence[Clip], *, by_group: bool = False) -> tuple[ClipClass, ...]:
    """Merge clips of equal requirements, in the order in which the requirements first appear.

    Parameters
    ----------
    by_group
        Groups bind: clips of different labels stay apart.
    """
    key = _requirements_and_group if by_group else requirements
    members: dict[tuple[object, ...], list[tuple[int, int]]] = {}
    for position, clip in enumerate(clips):
        members.setdefault(key(clip), []).append((position, clip.count))
    found: list[ClipClass] = []
    for merged in members.values():
        need = clips[merged[0][0]]
        group = need.group if by_group else None
        found.append(ClipClass(need=need, seconds=Fraction(need.seconds), clips=tuple(merged), group=group))
        found.extend(_drafts(found[-1], len(found) - 1))
    return tuple(found)


def draft_of(clip: Kind) -> Kind | None:
    """One draft of a clip, as a clip of its own; None where it wants none."""
    drafts = clip.drafts
    if drafts is None:
        return None
    lowered = {
        "resolution": drafts.resolution,
        "audio": drafts.audio,
        "quality_min": None,
        "max_price_usd": None,
        "max_takes": 1,
        "drafts": None,
        "value_usd": None,
        "group": None,
    }
    return clip.model_copy(update=lowered)


def _drafts(own: ClipClass, position: int) -> Iterator[ClipClass]:
    """The class of the drafts of a class, which stands at ``position``; none where its clips want none."""
    need, drafts = draft_of(own.need), own.need.drafts
    if need is not None and drafts is not None:
        yield ClipClass(need, own.seconds, own.clips, draft_of=position, drafts_each=drafts.count)
