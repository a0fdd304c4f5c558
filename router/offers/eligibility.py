"""Whether an offer can serve a clip: a candidate, or a rejection with the first requirement it misses.

The first that fails decides, in this order: mode, reference, resolution, audio, too-long, surplus, segments, quality, price,
deadline, model-denied, provider-denied, not-yet-available, retired.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from router.offers.lengths import cheapest_generation, least_surplus, longest
from router.schema.candidate import AudioTreatment, Candidate, ClipClass, Generation, Offer, Rejection
from router.schema.scenario import Dubbing, Limits, Requirements
from router.units import MICRO, RESOLUTION_RANK, Micro, from_micro, seconds_text, to_micro, usd_text

WAIVABLE = {"resolution", "audio"}
"""What a degraded fallback may miss."""


class Miss(NamedTuple):
    """A requirement that an offer misses."""

    reason: str
    detail: str
    """The numbers that decided it."""
    mend: str
    distance: float = 0
    """By how much, in the measure of the reason: steps of the ladder, seconds, dollars, points."""


def dubbing_price(dubbing: Dubbing, seconds: Fraction) -> Micro:
    """What sound made elsewhere costs for one clip of ``seconds``, rounded once to micro-dollars."""
    return to_micro(Fraction(dubbing.usd_per_second) * seconds + Fraction(dubbing.usd_per_clip))


def candidates(
    clips: ClipClass,
    offers: Sequence[Offer],
    dubbing: Dubbing,
    *,
    degraded: bool = False,
    limits: Limits | None = None,
    known: Mapping[Offer, Candidate | None] = MappingProxyType({}),
) -> tuple[Candidate, ...]:
    """The eligible ways to make a class of clips, one for each eligible offer, in catalog order.

    Parameters
    ----------
    degraded
        Waive resolution and audio, as a degraded fallback may; the candidate's ``shortfall`` names what it misses.
    limits
        What a primary must state for these limits is required too; absent for fallbacks, which limits do not restrict.
    known
        The candidate of an offer, or None where it is not eligible, as far as it was found out before.
    """
    found: list[Candidate] = []
    dubbed: Micro | None = None
    for offer in offers:
        if offer in known:
            if (before := known[offer]) is not None:
                found.append(before)
            continue
        if not _makes_mode(clips.need, offer):
            continue
        missed = shortfall(clips.need, offer)
        if missed and not degraded:
            continue
        if dubbed is None:
            dubbed = dubbing_price(dubbing, clips.seconds)
        candidate = _candidate(clips, offer, dubbed, missed)
        if candidate is not None and all(miss[0] in WAIVABLE for miss in _misses(clips, offer, candidate, limits)):
            found.append(candidate)
    return tuple(found)


def at_prices(candidate: Candidate, clips: ClipClass, offer: Offer) -> Candidate | None:
    """The candidate at the prices of an offer that is like its own in all else."""
    generation = _generation(clips, offer)
    if generation is None:
        return None
    dubbed = candidate.dubbing
    return Candidate(offer, generation, candidate.audio, generation.price + dubbed, dubbed, candidate.shortfall)


def barred_by(clips: ClipClass, offer: Offer, limits: Limits) -> tuple[str, ...]:
    """The limits under which an offer can be no primary of a class whatever their bound is: it does not state what they need."""
    scored = offer.quality is not None or clips.draft_of is not None
    timed = offer.generation_rate is not None and offer.concurrency is not None
    stated = {"mean_quality_min": scored, "deadline_minutes": timed}
    return tuple(name for name, enough in stated.items() if getattr(limits, name) is not None and not enough)


def rejections(
    clips: ClipClass, offers: Sequence[Offer], dubbing: Dubbing, limits: Limits | None = None
) -> tuple[Rejection, ...]:
    """The offers that cannot serve a class of clips, in catalog order, each with the first requirement it misses."""
    found: list[Rejection] = []
    dubbed = dubbing_price(dubbing, clips.seconds)
    for offer in offers:
        candidate = _candidate(clips, offer, dubbed, ()) if _makes_mode(clips.need, offer) else None
        if misses := list(_misses(clips, offer, candidate, limits)):
            mend = " and ".join(dict.fromkeys(miss.mend for miss in misses))
            found.append(Rejection(offer, misses[0].reason, misses[0].detail, mend, len(misses), misses[0].distance))
    return tuple(found)


def treatment(need: Requirements, offer: Offer) -> AudioTreatment:
    """How a clip made by this offer gets its sound.

    An offer that misses the clip's audio (a degraded fallback) is dubbed where the clip meant to be dubbed.
    """
    if need.audio == "deferred" or (need.audio == "any" and not offer.audio):
        return "deferred"
    return "native" if offer.audio else "none"


def shortfall(need: Requirements, offer: Offer) -> tuple[str, ...]:
    """What a fallback to this offer would miss: resolution, audio."""
    return tuple(miss.reason for miss in _on_sound_and_size(need, offer))


def _candidate(clips: ClipClass, offer: Offer, dubbed: Micro, missed: tuple[str, ...]) -> Candidate | None:
    generation = _generation(clips, offer)
    if generation is None:
        return None
    audio = treatment(clips.need, offer)
    extra = dubbed if audio == "deferred" else 0
    return Candidate(offer, generation, audio, generation.price + extra, extra, missed)


def _generation(clips: ClipClass, offer: Offer) -> Generation | None:
    need = clips.need
    surplus = None if need.max_surplus_seconds is None else Fraction(need.max_surplus_seconds)
    return cheapest_generation(offer, clips.seconds, need.max_segments, surplus)


def _stands_in(need: Requirements, offer: Offer) -> bool:
    """A text-to-video model with an image prompt can stand in for image-to-video."""
    return need.mode == "image-to-video" and offer.mode == "text-to-video" and offer.image_prompt


def _makes_mode(need: Requirements, offer: Offer) -> bool:
    return offer.mode == need.mode or (need.accept_image_prompt and _stands_in(need, offer))


def suits(need: Requirements, offer: Offer, *, degraded: bool = False) -> bool:
    """Whether an offer can make some clip that asks for this, whatever its length and price.

    Parameters
    ----------
    degraded
        Waive resolution and audio, as a degraded fallback may.
    """
    misses = (
        _on_mode(need, offer),
        _on_sound_and_size(need, offer),
        _on_quality(need, offer),
        _on_lists(need, offer),
        _on_sale(offer),
    )
    return all(degraded and miss.reason in WAIVABLE for miss in chain.from_iterable(misses))


def _misses(clips: ClipClass, offer: Offer, candidate: Candidate | None, limits: Limits | None) -> Iterator[Miss]:
    """Every requirement that the offer misses, in the order of the reason codes."""
    need = clips.need
    yield from _on_mode(need, offer)
    yield from _on_sound_and_size(need, offer, "" if clips.draft_of is None else "drafts.")
    if candidate is None and _makes_mode(need, offer):
        yield from _on_length(clips, offer)
    barred = () if limits is None else barred_by(clips, offer, limits)
    yield from _on_quality(need, offer, unscored="mean_quality_min" in barred)
    yield from _on_price(need, candidate)
    if limits is not None and limits.deadline_minutes is not None:
        yield from _on_deadline(need, offer, candidate, Fraction(limits.deadline_minutes))
    yield from _on_lists(need, offer)
    yield from _on_sale(offer)


def _on_mode(need: Requirements, offer: Offer) -> Iterator[Miss]:
    if not _makes_mode(need, offer):
        mend = "set accept_image_prompt = true" if _stands_in(need, offer) else f'set mode = "{offer.mode}"'
        yield Miss("mode", f"makes {offer.mode}, the clip needs {need.mode}", mend)
    reference = need.reference or ("video" if need.mode == "motion-control" else None)
    if reference is not None and offer.reference not in (None, reference):
        mend = f'set reference = "{offer.reference}"'
        yield Miss("reference", f"takes motion from {offer.reference}, the clip gives {reference}", mend)


def _on_sale(offer: Offer) -> Iterator[Miss]:
    if offer.status == "not-yet-available":
        yield Miss("not-yet-available", offer.dates, "plan for a later day")
    if offer.status == "retired":
        yield Miss("retired", offer.dates, "choose another model, or a catalog that still sells it")


def _on_sound_and_size(need: Requirements, offer: Offer, table: str = "") -> Iterator[Miss]:
    """Resolution and sound; ``table`` is where the clip asks for them, if not in its own fields."""
    if need.resolution is not None and offer.resolution_rank < RESOLUTION_RANK[need.resolution]:
        made = offer.resolution or "a resolution that is not stated"
        mend = f'set {table}resolution = "{offer.resolution}"' if offer.resolution else f"ask for no {table}resolution"
        steps = RESOLUTION_RANK[need.resolution] - offer.resolution_rank
        yield Miss("resolution", f"makes {made}, the clip needs {need.resolution}", mend, steps)
    if need.audio == "native" and not offer.audio:
        yield Miss("audio", "is silent, the clip needs native sound", f'set {table}audio = "deferred" or "any"')
    if need.audio == "deferred" and offer.audio:
        yield Miss("audio", "comes with sound, the clip is dubbed afterwards", f'set {table}audio = "any"')


def _on_length(clips: ClipClass, offer: Offer) -> Iterator[Miss]:
    need, seconds, most = clips.need, clips.seconds, longest(offer)
    if need.max_segments * most < seconds:
        parts = -(-seconds // most) if most else 0
        split = f"set max_segments = {parts} or " if parts else ""
        mend = f"{split}shorten it to {seconds_text(need.max_segments * most)}" if most else "choose another model"
        detail = f"makes {seconds_text(most)} at most, the clip needs {seconds_text(seconds)}"
        missing = float(seconds - need.max_segments * most)
        if need.max_segments == 1:
            yield Miss("too-long", detail, mend, missing)
        else:
            yield Miss("segments", f"{detail} in at most {need.max_segments} segments", mend, missing)
        return
    surplus = least_surplus(offer, seconds, need.max_segments)
    detail = f"makes {seconds_text(seconds + surplus)}, {seconds_text(surplus)} more than the clip needs"
    mend = f"set max_surplus_seconds = {seconds_text(surplus).removesuffix(' s')}"
    yield Miss("surplus", detail, mend, float(surplus))


def _on_quality(need: Requirements, offer: Offer, *, unscored: bool = False) -> Iterator[Miss]:
    """``unscored``: the offer has no score, and a limit needs one."""
    if need.quality_min is not None and (offer.quality is None or offer.quality < need.quality_min):
        has = "has no quality score" if offer.quality is None else f"has quality {offer.quality}"
        mend = "ask for no quality_min" if offer.quality is None else f"set quality_min = {offer.quality}"
        gap = float("inf") if offer.quality is None else float(need.quality_min - offer.quality)
        yield Miss("quality", f"{has}, the clip needs {need.quality_min}", mend, gap)
    if unscored:
        detail = "has no quality score, which limits.mean_quality_min needs"
        yield Miss("quality", detail, "score it in the catalog or set no limits.mean_quality_min", float("inf"))


def _on_price(need: Requirements, candidate: Candidate | None) -> Iterator[Miss]:
    if need.max_price_usd is None or candidate is None or Fraction(candidate.price, MICRO) <= need.max_price_usd:
        return
    cost = from_micro(candidate.price)
    detail = f"costs {usd_text(cost)}, the clip allows {usd_text(need.max_price_usd)}"
    mend = f"set max_price_usd = {usd_text(cost).removeprefix('$').replace(',', '')}"
    yield Miss("price", detail, mend, float(cost))


def _on_deadline(
    need: Requirements, offer: Offer, candidate: Candidate | None, deadline_minutes: Fraction
) -> Iterator[Miss]:
    for name, stated in (
        ("generation_seconds_per_second", offer.generation_rate),
        ("concurrency", offer.concurrency),
    ):
        if stated is None:
            detail = f"states no {name}, which limits.deadline_minutes needs"
            yield Miss("deadline", detail, f"state its {name} in the catalog", float("inf"))
    if candidate is None or offer.generation_rate is None:
        return
    _, longest_one = candidate.minutes(need.max_takes)
    if longest_one > deadline_minutes:
        takes = f" of {need.max_takes} takes" if need.max_takes > 1 and offer.keep_rate < 1 else ""
        needed, allowed = _upwards(longest_one), _upwards(deadline_minutes)
        detail = f"may need {needed} minutes for one generation{takes}, limits.deadline_minutes allows {allowed}"
        mend = f"set limits.deadline_minutes = {needed}"
        yield Miss("deadline", detail, mend, float(longest_one - deadline_minutes))


def _upwards(minutes: Fraction) -> str:
    """As a decimal of at most six places, rounded up, so that it suffices."""
    text = f"{Decimal(math.ceil(minutes * MICRO)).scaleb(-6):f}"
    return text.rstrip("0").rstrip(".")


def _on_lists(need: Requirements, offer: Offer) -> Iterator[Miss]:
    by_account = {denied.reason: Miss(*denied) for denied in offer.denied}
    if "model-denied" in by_account:
        yield by_account["model-denied"]
    if (need.models is not None and offer.model not in need.models) or offer.model in need.not_models:
        yield Miss("model-denied", "is not among the clip's models", f"allow {offer.model}")
    if "provider-denied" in by_account:
        yield by_account["provider-denied"]
    if (need.providers is not None and offer.provider not in need.providers) or offer.provider in need.not_providers:
        yield Miss("provider-denied", "is not from one of the clip's providers", f"allow {offer.provider}")
