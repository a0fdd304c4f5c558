"""Clips below their requirements: what may be lowered, by how much, and what counts against it.

A degraded clip is a clip of lowered requirements: no least resolution, dubbing instead of native sound, or fewer seconds. Its
candidates, its dubbing and its chains are those of such a clip. What meets the requirements as they are is not degraded.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from router.schema.candidate import Candidate, ClipClass, Offer
from router.schema.scenario import Objective
from router.units import RESOLUTION_RANK, to_micro

What = Literal["resolution", "audio", "seconds"]


@dataclass(frozen=True, slots=True)
class Lowered:
    """A class of clips with some requirements lowered."""

    clips: ClipClass
    what: tuple[What, ...]
    offers: frozenset[Offer]
    """Those that can make a clip of this length in one generation; of others it is not asked for."""

    def candidates(self, own: ClipClass, eligible: Sequence[Candidate], aim: Objective) -> tuple[Candidate, ...]:
        """Of the lowered clips' candidates those that fall below everything that was lowered, each with its penalty."""
        penalty = self._penalty(own, aim)
        shortened = self.clips.seconds if "seconds" in self.what else None
        return tuple(
            replace(candidate, degraded=self.what, penalty=penalty, shortened=shortened)
            for candidate in eligible
            if candidate.offer in self.offers and self._falls_below(own, candidate)
        )

    def _falls_below(self, own: ClipClass, candidate: Candidate) -> bool:
        offer, asked = candidate.offer, own.need.resolution
        below: dict[What, bool] = {
            "resolution": asked is not None and offer.resolution_rank < RESOLUTION_RANK[asked],
            "audio": candidate.audio == "deferred",
            "seconds": sum(candidate.generation.segments, Fraction(0)) < own.seconds,
        }
        return all(below[name] for name in self.what)

    def _penalty(self, own: ClipClass, aim: Objective) -> int:
        stated = aim.penalty_usd
        each: dict[What, Fraction] = {
            "resolution": Fraction(stated.resolution or 0),
            "audio": Fraction(stated.audio or 0),
            "seconds": Fraction(stated.seconds or 0) * (own.seconds - self.clips.seconds),
        }
        return to_micro(sum((each[name] for name in self.what), Fraction(0)))


def lowered_classes(own: ClipClass, offers: Sequence[Offer], aim: Objective) -> Iterator[Lowered]:
    """Every way to lower the requirements of a class that the objective allows; drafts are made as they are asked for."""
    if not aim.degrade or own.draft_of is not None:
        return
    stated, need = aim.penalty_usd, own.need
    lower_resolution = (False, True) if stated.resolution is not None and need.resolution is not None else (False,)
    lower_audio = (False, True) if stated.audio is not None and need.audio == "native" else (False,)
    lengths: dict[Fraction, set[Offer]] = {own.seconds: set(offers)}
    if stated.seconds is not None:
        for offer in offers:
            for length in shorter_lengths(offer, own.seconds, Fraction(aim.shorten_to)):
                lengths.setdefault(length, set()).add(offer)
    for length, resolution, audio in itertools.product(sorted(lengths, reverse=True), lower_resolution, lower_audio):
        flags: tuple[tuple[What, bool], ...] = (
            ("resolution", resolution),
            ("audio", audio),
            ("seconds", length < own.seconds),
        )
        what = tuple(name for name, lower in flags if lower)
        if what:
            changed = ({"resolution": None} if resolution else {}) | ({"audio": "deferred"} if audio else {})
            clips = replace(own, need=need.model_copy(update=changed), seconds=length)
            yield Lowered(clips, what, frozenset(lengths[length]))


def shorter_lengths(offer: Offer, seconds: Fraction, share: Fraction) -> tuple[Fraction, ...]:
    """The lengths of one generation that keep at least this share of ``seconds``; of any length only the shortest."""
    least = share * seconds
    if offer.length_range is not None:
        shortest, most = offer.length_range
        length = max(least, shortest)
        return (length,) if 0 < length < seconds and length <= most else ()
    return tuple(length for length in offer.lengths if least <= length < seconds)
