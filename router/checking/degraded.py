"""Clips below their requirements, checked: what may be lowered on which price line, and what counts against it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from router.checking.prices import Priced, falls_short, possible
from router.schema.plan import Plan, Route
from router.schema.scenario import Clip, Objective


@dataclass(frozen=True, slots=True)
class Way:
    """A clip of lowered requirements."""

    clip: Clip
    what: tuple[str, ...]
    penalty: int
    """For one clip, micro-dollars."""


def ways_below(line: Priced, clip: Clip, aim: Objective) -> Iterator[Way]:
    """Every way in which this line may make the clip below its requirements, whether or not it can serve it then."""
    if not aim.degrade:
        return
    short = set(falls_short(line, clip))
    resolutions, sounds = [clip.resolution], [clip.audio]
    if "resolution" in short and aim.penalty_usd.resolution is not None:
        resolutions.append(None)
    if clip.audio == "native" and "audio" in short and aim.penalty_usd.audio is not None:
        sounds.append("deferred")
    whole = Fraction(clip.seconds)
    lengths = [whole] if aim.penalty_usd.seconds is None else [whole, *_shorter(line, whole, Fraction(aim.shorten_to))]
    for resolution, sound, length in itertools.product(resolutions, sounds, lengths):
        counted = {
            "resolution": Fraction(aim.penalty_usd.resolution or 0) if resolution != clip.resolution else None,
            "audio": Fraction(aim.penalty_usd.audio or 0) if sound != clip.audio else None,
            "seconds": Fraction(aim.penalty_usd.seconds or 0) * (whole - length) if length != whole else None,
        }
        lowered = {name: amount for name, amount in counted.items() if amount is not None}
        if lowered:
            changed = {"resolution": resolution, "audio": sound, "seconds": length}
            penalty = round(sum(lowered.values(), Fraction(0)) * 1_000_000)
            yield Way(clip.model_copy(update=changed), tuple(lowered), penalty)


def _shorter(line: Priced, whole: Fraction, share: Fraction) -> list[Fraction]:
    """The lengths of one generation that keep the share of the clip; of any length the shortest."""
    seconds = line.terms.seconds
    if seconds is not None and seconds.step == 0:
        least = max(share * whole, Fraction(seconds.min or 0))
        if line.entry.rounding == "nearest":
            least = max(least, Fraction(1, 2))
        return [least] if 0 < least < whole and possible(line, least) else []
    return [length for length, _ in line.charges if share * whole <= length < whole]


def lowered_by(route: Route, clip: Clip, lines: Sequence[Priced], aim: Objective) -> Way | None:
    """The clip with the requirements lowered that the route says are; None if it may not be made so."""
    if route.draft or ("seconds" in route.degraded and route.generated_seconds >= clip.seconds):
        return None
    for line in lines:
        if line.key == (route.provider, route.model) and line.offer.resolution == route.resolution:
            for way in ways_below(line, clip, aim):
                same = abs(Fraction(way.clip.seconds) - Fraction(route.seconds)) < Fraction(1, 10**6)
                if way.what == route.degraded and same:
                    return way
    return None


def degraded_list(plan: Plan, clips: Mapping[str, Clip] | None = None) -> Iterator[str]:
    """Whether the list of degraded clips is that of the routes, in the words that the clips call for where these are known."""
    made: Counter[tuple[object, ...]] = Counter()
    listed: Counter[tuple[object, ...]] = Counter()
    for route in plan.routes:
        for name, count in zip(route.clips, route.counts, strict=True) if route.degraded else ():
            what = _words(route, clips[name]) if clips is not None and name in clips else ()
            made[name, route.penalty_usd, what] += count
    for entry in plan.degraded:
        if entry.count != sum(entry.counts):
            yield f"degraded says {entry.count} clips where its counts add up to {sum(entry.counts)}"
        for name, count in zip(entry.clips, entry.counts, strict=True):
            listed[name, entry.penalty_usd, entry.what if clips is not None and name in clips else ()] += count
    if made != listed:
        yield "degraded does not list the clips that the routes make below their requirements"


def _words(route: Route, clip: Clip) -> tuple[str, ...]:
    said = {
        "resolution": f"{route.resolution or 'a resolution that is not stated'} instead of {clip.resolution}",
        "audio": "dubbed instead of native sound",
        "seconds": f"{float(route.seconds):.6f}".rstrip("0").rstrip(".")
        + f" s instead of {f'{float(clip.seconds):.6f}'.rstrip('0').rstrip('.')} s",
    }
    return tuple(said[name] for name in route.degraded)
