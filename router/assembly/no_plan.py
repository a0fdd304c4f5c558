"""Why there is no plan, in words: clips that nothing can serve, and limits that clash."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction

from router.errors import Relaxation, Unservable, field_of
from router.schema.base import Path
from router.schema.candidate import Choices, ClipClass, Rejection
from router.schema.scenario import Clip
from router.units import MICRO, seconds_text, usd_text

Where = Callable[[Path], str]


def requirements(clips: ClipClass) -> str:
    """What a class of clips needs, in a few words."""
    need = clips.need
    parts = [("" if clips.draft_of is None else "drafts of ") + seconds_text(clips.seconds), need.mode]
    if need.resolution:
        parts.append(need.resolution)
    if need.audio != "none":
        parts.append(f"{need.audio} audio")
    if need.reference:
        parts.append(f"{need.reference} reference")
    if need.max_segments > 1:
        parts.append(f"up to {need.max_segments} segments")
    return ", ".join(parts)


def unservable(clips: Sequence[Clip], own: ClipClass, rejections: Sequence[Rejection], where: Where) -> Unservable:
    """A class that no offer can serve: rejections by reason, the nearest miss, and what would mend it."""
    nearest = min(rejections, key=lambda r: (r.misses, r.reason == "mode", r.distance, r.offer.order), default=None)
    counts = Counter(rejection.reason for rejection in rejections)
    names = tuple(clips[position].id for position, _ in own.clips)
    return Unservable(
        clips=names,
        requirements=requirements(own),
        offers=len(rejections),
        reasons=dict(sorted(counts.items(), key=lambda item: -item[1])),
        nearest=f"{nearest.offer.provider}/{nearest.offer.model} {nearest.detail}" if nearest else "",
        mend=nearest.mend if nearest else "",
        where=where(("clips", own.clips[0][0])),
    )


def dropped(name: str, mends: bool, where: Where) -> Relaxation:
    """A limit that has no bound to loosen, and whether dropping it makes a plan possible."""
    return Relaxation(name, None, None, "holds", "", where=where(("limits", name)), dropped=mends)


def relaxation(
    name: str,
    sense: str,
    unit: str,
    bound: float | Fraction,
    needed: float | Fraction | None,
    pins: Sequence[tuple[str, Fraction]],
    where: Where,
) -> Relaxation:
    """A limit's loosening as the message shows it; money comes in micro-dollars.

    Parameters
    ----------
    pins
        (clip or its drafts, what they must use of the limit at least), most first.
    """
    field, _, rest = name.partition("[")
    position, _, bound_of = rest.partition("].")
    # A position among caps; what stands in brackets otherwise (a model, a group) is no place in the file.
    path: Path = (
        ("limits", field, int(position), bound_of) if position.isdigit() else ("limits", *field_of(field).split("."))
    )
    return Relaxation(
        limit=name,
        bound=_shown(bound, unit, sense),
        needed=None if needed is None else _shown(needed, unit, sense),
        kind=sense,
        unit=unit,
        pinned_by=tuple(_pin(clip, used, unit, sense) for clip, used in pins[:3])
        + ((f"{len(pins) - 3} more",) if len(pins) > 3 else ()),
        where=where(path),
    )


def pinning(
    choices: Sequence[Choices], clips: Sequence[Clip], pins: Sequence[tuple[int, float | Fraction]]
) -> list[tuple[str, Fraction]]:
    """(first clip of the class in quotes, or its drafts; what all of them must use at least), most first."""
    found = []
    for position, least in pins:
        if position >= len(choices):  # What is bought besides clips
            continue
        own = choices[position].clip_class
        name = f"'{clips[own.clips[0][0]].id}'"
        found.append((name if own.draft_of is None else f"drafts of {name}", Fraction(least) * own.count))
    return sorted(found, key=lambda pin: -pin[1])


def _shown(amount: float | Fraction, unit: str, sense: str) -> Decimal:
    """The amount in its own unit, rounded to six decimals so that the rounded value still does."""
    if unit == "clips":
        return Decimal(int(amount))
    millionths = Fraction(amount) if unit == "usd" else Fraction(amount) * MICRO
    whole = math.ceil(millionths) if sense == "at_most" else math.floor(millionths)
    text = f"{Decimal(whole).scaleb(-6):f}"
    return Decimal(text) if unit == "usd" else Decimal(text.rstrip("0").rstrip("."))


def _pin(clip: str, used: Fraction, unit: str, sense: str) -> str:
    if sense == "at_least":
        return f"{clip}, which cannot count towards it"
    amounts = {
        "usd": usd_text(Decimal(math.ceil(used / 10_000)).scaleb(-2)),
        "seconds": seconds_text(used),
        "clips": f"{int(used)} clip{'' if used == 1 else 's'}",
        "minutes": f"{float(used):.6g} minutes",
    }
    return f"{clip} at least {amounts[unit]}" if unit in amounts else clip
