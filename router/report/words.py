"""Ways to make clips, and moves between them, in a few words for a line or a cell; plain text, never markup."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from router.schema.comparison import Move, State, Way
from router.units import plain_seconds, seconds_text, usd_text

_NOT_MADE: dict[State, str] = {"made": "", "left-out": "left out", "absent": "not asked for"}


class Made(Protocol):
    """What is made: a way, a route or a step of a chain."""

    @property
    def model(self) -> str:
        """The model."""

    @property
    def resolution(self) -> str | None:
        """The resolution, where it is stated."""

    @property
    def audio(self) -> str:
        """How it gets its sound."""


def makes_text(resolution: str | None, audio: str, mode: str = "", region: str | None = None) -> str:
    """What an offer makes.

    >>> makes_text("1080p", "native"), makes_text(None, "none", "image-to-video"), makes_text("4k", "none", region="eu")
    ('1080p with audio', 'image-to-video silent', '4k silent in eu')
    """
    sound = {"none": "silent", "native": "with audio", "deferred": "dubbed"}[audio]
    return " ".join(part for part in (mode, resolution, sound, f"in {region}" if region else "") if part)


def offer_text(made: Made) -> str:
    """A model and what it makes."""
    return f"{made.model} {makes_text(made.resolution, made.audio)}"


def segments_text(segments: Sequence[Decimal]) -> str:
    """Generated lengths.

    >>> segments_text([Decimal(10)]), segments_text([Decimal(8)] * 2), segments_text([Decimal(8), Decimal("7.5")])
    ('10 s', '2 x 8 s', '8 + 7.5 s')
    """
    if len(segments) == 1:
        return seconds_text(segments[0])
    if len(set(segments)) == 1:
        return f"{len(segments)} x {seconds_text(segments[0])}"
    return " + ".join(str(plain_seconds(length)) for length in segments) + " s"


def some_text(clips: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are.

    >>> some_text(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    names = list(dict.fromkeys(clips))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def signed_usd(amount: Decimal) -> str:
    """A difference to the cent; what is less than ten cents to the hundredth of a cent.

    >>> signed_usd(Decimal("12.005")), signed_usd(Decimal("-0.0125")), signed_usd(Decimal(0))
    ('+$12.01', '-$0.0125', '$0.00')
    """
    whole = (
        Decimal("0.01")
        if abs(amount) >= Decimal("0.1")
        else Decimal("0.0001" if abs(amount) >= Decimal("0.0001") else "0.000001")
    )
    shown = amount.quantize(whole, ROUND_HALF_UP)
    return f"+{usd_text(shown)}" if amount > 0 else usd_text(shown)


def signed_share(more: Decimal, of: Decimal) -> str:
    """A difference as a share; nothing where there is none.

    >>> signed_share(Decimal(-1), Decimal(8)), signed_share(Decimal(0), Decimal(8))
    ('-12.5%', '')
    """
    return f"{more / of:+.1%}" if of and more else ""


def both_ways(move: Move) -> tuple[str, str]:
    """How the clips of a move were made and how they are made now: the model, its resolution, and what else differs; else the cost."""
    before, after = move.before, move.after
    if before is None or after is None:
        return (
            _whole(before) if before else _NOT_MADE[move.before_is],
            _whole(after) if after else _NOT_MADE[move.after_is],
        )
    sides: tuple[list[str], list[str]] = ([], [])
    for way, parts in zip((before, after), sides, strict=True):
        name = f"{way.provider}/{way.model}" if before.provider != after.provider else way.model
        mode = way.mode if before.mode != after.mode else ""
        reference = f"from {way.reference}" if before.reference != after.reference else ""
        sound = makes_text(None, way.audio) if before.audio != after.audio else ""
        parts.append(" ".join(filter(None, (name, mode, reference, way.resolution, sound))))
        if before.segments != after.segments:
            parts.append(segments_text(way.segments))
        if before.degraded != after.degraded:
            parts.append(f"below {' and '.join(way.degraded)}" if way.degraded else "as asked for")
    if sides[0] != sides[1]:
        return ", ".join(sides[0]), ", ".join(sides[1])
    old, new = _costs(before, after)
    return f"{sides[0][0]} at {old}", f"at {new}"


def move_text(move: Move) -> str:
    """One line for a move: ``40 x hero: kling-o3 1080p -> kling-3.0 720p, -$12.00``."""
    before, after = both_ways(move)
    return f"{move.count:,} x {clips_of(move)}: {before} -> {after}, {signed_usd(move.all_usd)}"


def clips_of(move: Move) -> str:
    """Whose clips or drafts move."""
    return some_text(move.clips) + (" (drafts)" if move.draft else "")


def _costs(before: Way, after: Way) -> tuple[str, str]:
    """The first of price, mean and worst cost that differs."""
    kinds = (("price_usd", ""), ("expected_usd", " expected"), ("worst_usd", " at worst"), ("penalty_usd", " penalty"))
    for name, noun in kinds:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            return f"{usd_text(old)}{noun}", f"{usd_text(new)}{noun}"
    return f"{seconds_text(before.billed_seconds)} billed", f"{seconds_text(after.billed_seconds)} billed"


def _whole(way: Way) -> str:
    return f"{offer_text(way)}, {segments_text(way.segments)}"
