"""OpenRouter's price keys (``pricing_skus``): what each is a price of, and which of them bills a generation.

Keys that are known, as they stand in the public list and its documentation: dollars by the second (``duration_seconds``,
``text_to_video_duration_seconds``, ``image_to_video_duration_seconds``, ``per-video-second``), cents by the second
(``cents_per_second_output``, ``cents_per_video_output_second``), each with a resolution or ``with_audio`` and ``without_audio`` behind
it; ``minimum_cents_per_generation`` and ``cents_per_image_input``. What is billed by the token or the megapixel has no price of a second.
A key that is not known may change what a generation costs, so an entry that has one is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from router.schema.base import quoted

_BY_THE_SECOND = re.compile(
    r"(?:(text_to_video|image_to_video)_)?"
    r"(duration_seconds|per_video_second|cents_per_second_output|cents_per_video_output_second)"
    r"(?:_(with|without)_audio)?(?:_(\d+p|\dk))?(?:_(with|without)_audio)?"
)
_OTHER_TASKS = re.compile(r"cents_per_second_video_continuation(_.+)?|reference_duration_seconds(_.+)?")
"""What is billed where a video goes in, which neither text-to-video nor image-to-video does."""
_NO_SECONDS = re.compile(r"video_tokens(_.+)?|cents_per_megapixel_second(_.+)?")


@dataclass(frozen=True, slots=True)
class Sku:
    """A price of a second, and what has to be so for it to be the one that is billed (None: whatever)."""

    key: str
    usd: Decimal
    mode: str | None
    resolution: str | None
    sound: bool | None

    def stated(self) -> frozenset[str]:
        """Of what it says for which it is."""
        return frozenset(name for name in ("mode", "resolution", "sound") if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Skus:
    """The prices of one entry."""

    by_second: tuple[Sku, ...]
    minimum: Decimal | None
    """Dollars a generation at least."""
    per_image: Decimal | None
    """Dollars for each image that goes in."""
    reference_images: bool
    """Whether images that go in have a price, without a word on whether a first frame is one of them."""
    other_tasks: tuple[str, ...]
    """Keys of what is no part of a generation from text or a first frame."""
    no_seconds: tuple[str, ...]
    """Keys of what has no price of a second."""
    unknown: tuple[str, ...]


def read_skus(prices: Mapping[str, Decimal]) -> Skus:
    """What the price keys of an entry are.

    >>> read_skus({"cents_per_second_output_720p": Decimal(17)}).by_second
    (Sku(key='cents_per_second_output_720p', usd=Decimal('0.17'), mode=None, resolution='720p', sound=None),)
    """
    by_second: list[Sku] = []
    others: dict[str, list[str]] = {"tasks": [], "seconds": [], "unknown": []}
    extra: dict[str, Decimal] = {}
    for key, price in prices.items():
        name = key.lower().replace("-", "_")
        found = _BY_THE_SECOND.fullmatch(name)
        if found is not None and not (found[3] and found[5]):
            sound = found[3] or found[5]
            usd = price.scaleb(-2) if found[2].startswith("cents") else price
            mode = found[1].replace("_", "-") if found[1] else None
            by_second.append(Sku(key, usd, mode, found[4], None if sound is None else sound == "with"))
        elif name in ("minimum_cents_per_generation", "cents_per_image_input", "reference_images"):
            extra[name] = price
        elif _OTHER_TASKS.fullmatch(name):
            others["tasks"].append(key)
        else:
            others["seconds" if _NO_SECONDS.fullmatch(name) else "unknown"].append(key)
    cents = {name: price.scaleb(-2) for name, price in extra.items()}
    return Skus(
        tuple(by_second),
        cents.get("minimum_cents_per_generation"),
        cents.get("cents_per_image_input"),
        "reference_images" in extra,
        tuple(others["tasks"]),
        tuple(others["seconds"]),
        tuple(others["unknown"]),
    )


def sounds(skus: Sequence[Sku], *, makes_sound: bool | None) -> tuple[bool, ...]:
    """Whether a model is sold silent, with sound, or both; empty where nothing says so.

    One price for whatever is asked is that of a video with sound where the model can make it: it serves silent clips as well.
    """
    told = {sku.sound for sku in skus if sku.sound is not None}
    if makes_sound is False:
        return (False,)
    if told:
        unnamed = any(sku.sound is None for sku in skus)
        return tuple(sound for sound in (False, True) if sound in told or unnamed)
    return () if makes_sound is None else (True,)


def billed(skus: Iterable[Sku], mode: str, resolution: str | None, *, sound: bool) -> Sku | str | None:
    """The price of a generation: of those that may be meant, the one that says most about what it is for.

    Returns
    -------
    The price; a reason where two that say different things differ; None where there is none.

    Notes
    -----
    Where a key names one of both sounds, the keys that name none are of the other: Kling's ``duration_seconds`` is silent, for
    there is a ``duration_seconds_with_audio`` beside it.

    Examples
    --------
    >>> kling = read_skus({
    ...     "duration_seconds": Decimal("0.084"), "duration_seconds_with_audio": Decimal("0.126"),
    ...     "text_to_video_duration_seconds_720p": Decimal("0.084"),
    ... }).by_second
    >>> [billed(kling, "text-to-video", "720p", sound=sound).key for sound in (False, True)]
    ['text_to_video_duration_seconds_720p', 'duration_seconds_with_audio']
    """
    known = list(skus)
    told = {sku.sound for sku in known if sku.sound is not None}
    (unnamed,) = {not told_one for told_one in told} if len(told) == 1 else {None}
    meant = [
        sku
        for sku in known
        if sku.mode in (None, mode)
        and sku.resolution in (None, resolution)
        and (unnamed if sku.sound is None else sku.sound) in (None, sound)
    ]
    most = [sku for sku in meant if not any(sku.stated() < other.stated() for other in meant)]
    if len({sku.usd for sku in most}) > 1:
        keys = " or ".join(f"{quoted(sku.key)}" for sku in most[:3])
        return f"it is not clear which price bills {mode} {resolution or ''}".rstrip() + f": {keys}"
    return most[0] if most else None
