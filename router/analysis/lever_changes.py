"""What a change does to the clips, read off two plans: how many are made in another way, and what becomes of them, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from router.schema.candidate import Offer
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from router.units import clips_text, seconds_text


class Way(NamedTuple):
    """How one clip, or one draft of it, is made."""

    provider: str
    model: str
    mode: str
    resolution: str
    audio: str
    seconds: Decimal
    segments: tuple[Decimal, ...]


class Moved(NamedTuple):
    """So many of a clip, or drafts of it, that are made in another way; None: not made."""

    clip: str
    draft: bool
    before: Way | None
    after: Way | None
    number: int


_SOUND = {"none": "silence", "native": "native sound", "deferred": "dubbing"}
_SHOWN = 3
"""Phrases of a sort; what more there are goes unsaid."""


def moved(before: Plan, after: Plan) -> list[Moved]:
    """What two plans of the same clips make in different ways."""
    old, new = _ways(before), _ways(after)
    found: list[Moved] = []
    for clip, draft in dict.fromkeys((*old, *new)):
        gone, come = (ways.get((clip, draft), Counter()) for ways in (old, new))
        found += [Moved(clip, draft, *pair) for pair in _paired(gone - come, come - gone)]
    return found


def touched(changes: Sequence[Moved], scenario: Scenario) -> int:
    """How many clips are made in another way, or have other drafts."""
    finals: Counter[str] = Counter()
    drafts: Counter[str] = Counter()
    for own in changes:
        (drafts if own.draft else finals)[own.clip] += own.number
    each = {clip.id: clip.drafts.count for clip in scenario.clips if clip.drafts is not None}
    return sum(max(finals[clip], -(-drafts[clip] // each.get(clip, 1))) for clip in {**finals, **drafts})


def in_words(changes: Sequence[Moved], before: Plan, after: Plan) -> Iterator[str]:
    """What becomes of the clips, as far as somebody may mind."""
    for draft in (False, True):
        pairs = [(own.before, own.after, own.number) for own in changes if own.draft is draft]
        both = [(old, new, count) for old, new, count in pairs if old is not None and new is not None]
        counted = _drafts_text if draft else clips_text
        for difference in (_of_sound, _of_resolution, _of_length, _of_mode, *(() if draft else (_of_parts, _of_model))):
            phrases: Counter[str] = Counter()
            for old, new, count in both:
                if phrase := difference(old, new):
                    phrases[phrase] += count
            yield from (f"{phrase} on {counted(count)}" for phrase, count in phrases.most_common(_SHOWN))
    lost = after.totals.left_out - before.totals.left_out
    if lost:
        yield f"{abs(lost):,} more {'clip' if abs(lost) == 1 else 'clips'} {'left out' if lost > 0 else 'made'}"
    for name, what in (
        ("unserved_expected", "find every model down"),
        ("degraded_expected", "fall short of what they ask for"),
    ):
        more = getattr(after.totals, name) - getattr(before.totals, name)
        if abs(more) > 1e-9:
            yield f"{abs(more):.3g} {'more' if more > 0 else 'fewer'} clips {what}, on average"


def mean_quality(plan: Plan, offers: Sequence[Offer]) -> Decimal | None:
    """The mean score of the finished clips; None unless every one of them has a score."""
    scores: Mapping[object, Decimal | None] = {
        (o.catalog, o.provider, o.model, o.mode, o.resolution, o.audio, o.reference): o.quality for o in offers
    }
    total, clips = Decimal(0), 0
    for route in plan.routes:
        if route.draft:
            continue
        made = (route.catalog, route.provider, route.model, route.mode, route.resolution)
        score = scores.get((*made, route.audio == "native", route.reference))
        if score is None:
            return None
        total, clips = total + score * route.count, clips + route.count
    return total / clips if clips else None


def _ways(plan: Plan) -> dict[tuple[str, bool], Counter[Way]]:
    """How each clip is made, and how each draft."""
    found: dict[tuple[str, bool], Counter[Way]] = {}
    for route in plan.routes:
        made = route.resolution or "not stated"
        way = Way(route.provider, route.model, route.mode, made, route.audio, route.seconds, route.segments)
        for clip, count in zip(route.clips, route.counts, strict=True):
            found.setdefault((clip, route.draft), Counter())[way] += count
    return found


def _paired(gone: Counter[Way], come: Counter[Way]) -> Iterator[tuple[Way | None, Way | None, int]]:
    """Ways that are left and ways that are taken side by side, in order; what has no counterpart is not made."""
    sides: list[list[tuple[Way | None, int]]] = [[*sorted(side.items())] for side in (gone, come)]
    totals = [sum(count for _, count in side) for side in sides]
    for side, total, other in zip(sides, totals, reversed(totals), strict=True):
        if other > total:
            side.append((None, other - total))
    (left, right) = (iter(side) for side in sides)
    (old, n), (new, m) = next(left, (None, 0)), next(right, (None, 0))
    while n and m:
        yield old, new, min(n, m)
        n, m = n - min(n, m), m - min(n, m)
        if not n:
            old, n = next(left, (None, 0))
        if not m:
            new, m = next(right, (None, 0))


def _drafts_text(number: int) -> str:
    return f"{number:,} draft{'' if number == 1 else 's'}"


def _of_sound(old: Way, new: Way) -> str:
    if (old.audio, new.audio) == ("native", "deferred"):
        return "native sound is dubbed instead"
    return "" if old.audio == new.audio else f"{_SOUND[old.audio]} becomes {_SOUND[new.audio]}"


def _of_resolution(old: Way, new: Way) -> str:
    return "" if old.resolution == new.resolution else f"{old.resolution} -> {new.resolution}"


def _of_length(old: Way, new: Way) -> str:
    change = new.seconds - old.seconds
    return "" if not change else f"{seconds_text(abs(change))} {'shorter' if change < 0 else 'longer'}"


def _of_mode(old: Way, new: Way) -> str:
    return "" if old.mode == new.mode else f"{new.mode} instead of {old.mode}"


def _of_parts(old: Way, new: Way) -> str:
    parts = len(new.segments)
    return (
        "" if len(old.segments) == parts else f"{parts} part{'' if parts == 1 else 's'} instead of {len(old.segments)}"
    )


def _of_model(old: Way, new: Way) -> str:
    if old.model != new.model:
        return f"{new.model} instead of {old.model}"
    return "" if old.provider == new.provider else f"{new.provider} instead of {old.provider}"
