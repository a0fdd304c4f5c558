"""The catalog compiled for single clips: which offers suit a kind of clip, and what each bills for a length.

A *kind* is all that a clip asks for but its length, price and takes; what suits a kind is looked up once. Money is whole micro-dollars.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter

from router.offers.eligibility import shortfall, suits, treatment
from router.offers.lengths import cheapest_generation
from router.schema.candidate import AudioTreatment, Candidate, Generation, Offer
from router.schema.scenario import Clip
from router.units import Micro

KINDS = 4096
"""How many kinds of clips are remembered."""
_kind = attrgetter(
    *("mode", "accept_image_prompt", "resolution", "audio", "reference", "models", "not_models", "providers"),
    *("not_providers", "quality_min"),
)
_price = attrgetter("price")


class Maker:
    """An offer that suits a kind of clip."""

    __slots__ = ("audio", "cheapest", "lengths", "offer", "order", "own", "shortfall")

    def __init__(self, offer: Offer, audio: AudioTreatment, missed: tuple[str, ...]) -> None:
        self.offer, self.audio, self.shortfall = offer, audio, missed
        self.order = offer.order
        self.own = (offer.provider, offer.model)
        # Decimals compare ten times faster than fractions, and every length was one.
        self.lengths = tuple(Decimal(length.numerator) / length.denominator for length in offer.lengths)
        cheapest: list[Generation] = []
        for generation in reversed(offer.generations):
            cheapest.append(min(generation, *cheapest[-1:], key=_price) if cheapest else generation)
        self.cheapest = tuple(reversed(cheapest))
        """The cheapest generation of each length or a longer one; of equal prices the shortest."""

    def generation(self, clip: Clip) -> Generation | None:
        """How the offer makes the clip, as in a plan; None if no length of it will do."""
        if self.lengths and one_length(clip):
            at = bisect_left(self.lengths, clip.seconds)
            return self.cheapest[at] if at < len(self.cheapest) else None
        surplus = None if clip.max_surplus_seconds is None else Fraction(clip.max_surplus_seconds)
        return cheapest_generation(self.offer, Fraction(clip.seconds), clip.max_segments, surplus)

    def candidate(self, generation: Generation, dubbing: Micro) -> Candidate:
        """The offer as a way to make the clip."""
        extra = dubbing if self.audio == "deferred" else 0
        return Candidate(self.offer, generation, self.audio, generation.price + extra, extra, self.shortfall)


def one_length(clip: Clip) -> bool:
    """Whether a clip is one generation of any length that is not shorter."""
    return clip.max_segments == 1 and clip.max_surplus_seconds is None


@dataclass(frozen=True, slots=True)
class Alike:
    """Makers of the same lengths, so that a clip's length is looked up once for all."""

    lengths: tuple[Decimal, ...]
    makers: tuple[Maker, ...]


class Makers:
    """Offers for one kind of clip."""

    def __init__(self, makers: Sequence[Maker]) -> None:
        self._makers = makers
        alike: dict[tuple[Decimal, ...], list[Maker]] = {}
        for maker in makers:
            alike.setdefault(maker.lengths, []).append(maker)
        self._alike = [(lengths, own, [maker.cheapest for maker in own]) for lengths, own in alike.items()]

    def ways(self, clip: Clip) -> Iterator[tuple[Maker, Generation]]:
        """Every maker that can make the clip's length, and how."""
        if not one_length(clip):
            for maker in self._makers:
                if (found := maker.generation(clip)) is not None:
                    yield maker, found
            return
        for lengths, makers, cheapest in self._alike:
            if lengths:
                at = bisect_left(lengths, clip.seconds)
                if at < len(lengths):
                    yield from zip(makers, [own[at] for own in cheapest], strict=True)
            else:
                yield from ((maker, found) for maker in makers if (found := maker.generation(clip)) is not None)


@dataclass(frozen=True, slots=True)
class Kind:
    """The offers for one kind of clip."""

    primaries: Makers
    stand_ins: Makers
    """What may catch the clip: the same, or more where a fallback may be degraded."""


class Table:
    """Offers by kind of clip; what is learnt of them while running is elsewhere (see `view`)."""

    def __init__(self, offers: tuple[Offer, ...], *, degraded: bool) -> None:
        self.offers, self._degraded = offers, degraded
        self._kinds: dict[tuple[object, ...], Kind] = {}

    def kind(self, clip: Clip) -> Kind:
        """What suits a clip but for its length and price."""
        key = _kind(clip)
        found = self._kinds.get(key)
        if found is None:
            if len(self._kinds) >= KINDS:
                self._kinds.clear()
            primaries = self._makers(clip, degraded=False)
            found = Kind(primaries, self._makers(clip, degraded=True) if self._degraded else primaries)
            self._kinds[key] = found
        return found

    def _makers(self, clip: Clip, *, degraded: bool) -> Makers:
        return Makers(
            [
                Maker(offer, treatment(clip, offer), shortfall(clip, offer))
                for offer in self.offers
                if suits(clip, offer, degraded=degraded)
            ]
        )
