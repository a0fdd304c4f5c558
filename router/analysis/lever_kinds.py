"""The catalogue of levers: for each kind one function that says which changes of a scenario there are.

What cannot apply is not among them: no sound to defer, no lower resolution that anybody sells, no limit to lift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from router.analysis.lever_ideas import Change, Found, Given, Positions, named, of_clips, of_these, one
from router.loading.catalog_file import bundled_names, load_catalog
from router.offers.lengths import longest
from router.schema.plan import Route
from router.schema.scenario import Cap, Clip, Fallback
from router.units import RESOLUTION_RANK, RESOLUTIONS, decimal_seconds, seconds_text, usd_text

STAGED = "720p"
"""What drafts are made in where drafts and finals are staged."""
KEPT = Decimal("0.75")
"""Least share of its seconds that a shortened clip keeps."""


def ideas(given: Given) -> Iterator[Found]:
    """Every lever of the scenario, kind by kind."""
    for kind in (
        defer_audio, lower_resolution, accept_image_prompts, allow_split, shorten, stage_drafts, lower_quality_floors,
        lower_mean_quality, lift_limits, add_catalogs, turn_fallback, order_by_expected,
    ):  # fmt: skip
        yield from kind(given)


def defer_audio(given: Given) -> Iterator[Found]:
    """Clips that ask for native sound are dubbed instead."""
    dubbing = given.scenario.dubbing
    rates = ((dubbing.usd_per_second, "a second"), (dubbing.usd_per_clip, "a clip"))
    price = " and ".join(f"{usd_text(Decimal(rate))} {each}" for rate, each in rates if rate)
    at = f"at {price}" if price else "at no stated price"
    wanted = {k: (("audio", "deferred"),) for k, clip in _clips(given) if clip.audio == "native"}
    yield from of_clips(given, "defer-audio", "audio", wanted, lambda own: f"dub {named(given, own)} {at}")


def lower_resolution(given: Given) -> Iterator[Found]:
    """Clips go one step down on the ladder of what is sold."""
    below = {k: lower for k, clip in _clips(given) if (lower := _step_below(given, clip)) is not None}

    def say(own: Positions) -> str:
        steps = _steps(f"{given.scenario.clips[k].resolution} to {below[k]}" for k in own)
        return f"lower {named(given, own)} from {steps}"

    wanted = {k: (("resolution", lower),) for k, lower in below.items()}
    yield from of_clips(given, "lower-resolution", "resolution", wanted, say)


def accept_image_prompts(given: Given) -> Iterator[Found]:
    """Image-to-video clips may go to text-to-video models that take an image."""
    if not any(offer.mode == "text-to-video" and offer.image_prompt for offer in given.offers):
        return
    wanted = {
        k: (("accept_image_prompt", "true"),)
        for k, clip in _clips(given)
        if clip.mode == "image-to-video" and not clip.accept_image_prompt
    }
    yield from of_clips(
        given, "accept-image-prompt", "image-prompt", wanted,
        lambda own: f"let text-to-video models make {named(given, own)} from an image prompt",
    )  # fmt: skip


def allow_split(given: Given) -> Iterator[Found]:
    """Clips may be made of one more generation; of as many as they need, where they are too long for what they may be made of."""
    parts: dict[int, int] = {}
    for k, clip in _clips(given):
        most = max((longest(offer) for offer in given.makers(clip)), default=Fraction(0))
        if most:
            parts[k] = max(clip.max_segments + 1, -(-Fraction(clip.seconds) // most))

    def say(own: Positions) -> str:
        counts = sorted({parts[k] for k in own})
        up_to = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        return f"let {named(given, own)} be made of up to {up_to} generations each"

    wanted = {k: (("max_segments", str(n)),) for k, n in parts.items() if n <= 100}
    yield from of_clips(given, "allow-split", "split", wanted, say)


def shorten(given: Given) -> Iterator[Found]:
    """Clips are cut to the next length below that is billed as less, or can be made at all, if they keep their least share.

    That is what ``objective.shorten_to`` says, if the scenario states it.
    """
    aim = given.scenario.objective
    share = aim.shorten_to if "shorten_to" in aim.model_fields_set else KEPT
    lengths: dict[int, Decimal] = {}
    for k, clip in _clips(given):
        length = _length_below(given, clip)
        if length is not None and clip.seconds * share <= length < clip.seconds:
            lengths[k] = length

    def say(own: Positions) -> str:
        steps = _steps(f"{seconds_text(given.scenario.clips[k].seconds)} to {seconds_text(lengths[k])}" for k in own)
        return f"shorten {named(given, own)} from {steps}"

    wanted = {k: (("seconds", f"{length:f}"),) for k, length in lengths.items()}
    yield from of_clips(given, "shorten", "length", wanted, say)


def stage_drafts(given: Given) -> Iterator[Found]:
    """Drafts at 720p before finals above it; where they are so staged already, drafts as the finals are, to show what staging saves."""
    staged: dict[int, tuple[Change, ...]] = {}
    final: dict[int, tuple[Change, ...]] = {}
    for k, clip in _clips(given):
        if clip.drafts is None or _rank(clip.resolution) <= RESOLUTION_RANK[STAGED]:
            continue
        if _rank(clip.drafts.resolution) > RESOLUTION_RANK[STAGED]:
            staged[k] = (("drafts.resolution", STAGED),)
        else:
            sound: tuple[Change, ...] = () if clip.drafts.audio == clip.audio else (("drafts.audio", clip.audio),)
            final[k] = (("drafts.resolution", str(clip.resolution)), *sound)
    yield from of_clips(
        given, "stage-drafts", "drafts", staged, lambda own: f"make the drafts of {named(given, own)} at {STAGED}"
    )
    yield from of_clips(
        given, "unstage-drafts", "drafts", final, lambda own: f"make the drafts of {named(given, own)} as their finals"
    )


def assumed_drafts(given: Given) -> tuple[Found, Found] | None:
    """One draft of each clip above 720p that wants none: staged, and as the finals are. None where there is no such clip."""
    clips = {
        k: clip for k, clip in _clips(given) if clip.drafts is None and _rank(clip.resolution) > RESOLUTION_RANK[STAGED]
    }
    if not clips:
        return None
    ways = [
        dict.fromkeys(clips, (("drafts", f'{{count = 1, resolution = "{STAGED}"}}'),)),
        {
            k: (("drafts", f'{{count = 1, resolution = "{clip.resolution}", audio = "{clip.audio}"}}'),)
            for k, clip in clips.items()
        },
    ]
    staged, final = (of_these(given, "assume-drafts", "drafts", way, named(given, tuple(clips))) for way in ways)
    return staged, final


def lower_quality_floors(given: Given) -> Iterator[Found]:
    """Clips ask for the next lower score that there is, or for none."""
    floors = {
        k: _score_below(given, clip.quality_min, clip) for k, clip in _clips(given) if clip.quality_min is not None
    }

    def say(own: Positions) -> str:
        steps = _steps(f"{given.scenario.clips[k].quality_min} to {floors[k] or 'none'}" for k in own)
        return f"lower the least quality of {named(given, own)} from {steps}"

    wanted = {k: (("quality_min", floor),) for k, floor in floors.items()}
    yield from of_clips(given, "lower-quality", "quality", wanted, say)


def lower_mean_quality(given: Given) -> Iterator[Found]:
    """The mean quality is at least the next lower score that there is."""
    floor = given.scenario.limits.mean_quality_min
    if floor is not None and (lower := _score_below(given, floor)):
        yield one(
            "lower-mean-quality", "quality", f"lower the least mean quality from {floor} to {lower}",
            f"limits.mean_quality_min={lower}",
        )  # fmt: skip


def lift_limits(given: Given) -> Iterator[Found]:
    """Each limit is dropped."""
    limits = given.scenario.limits
    for name in type(limits).model_fields:
        if name != "caps" and getattr(limits, name) is not None:
            yield one(
                f"lift/{name}", "limit", f"lift limits.{name} ({_bound(getattr(limits, name))})", f"limits.{name}="
            )
    for k, cap in enumerate(limits.caps):
        yield one(f"lift/caps[{k}]", "limit", f"lift limits.caps[{k}] ({_cap(cap)})", f"limits.caps[{k}]=")


def add_catalogs(given: Given) -> Iterator[Found]:
    """Bundled catalogs that sell from a provider whose prices the scenario has not yet, and each such provider in one alone."""
    known = {catalog.name for catalog in given.catalogs}
    named_so = {name for name in given.scenario.catalogs if isinstance(name, str)}
    before = {entry.provider for catalog in given.catalogs for entry in catalog.models}
    for name in bundled_names():
        sold = sorted({entry.provider for entry in load_catalog(name).models} - before)
        if name in known | named_so or not sold:
            continue
        buy = f'catalogs+=["{name}"]'
        yield one(f"catalog/{name}", "catalog", f"buy from catalog {name} too", buy)
        for provider in sold if len(sold) > 1 else ():
            others = ", ".join(f'"{other}"' for other in sold if other != provider)
            yield one(
                f"catalog/{name}/{provider}", "provider", f"buy from {provider} too (catalog {name})", buy,
                f"clips.*.not_providers+=[{others}]",
            )  # fmt: skip


def turn_fallback(given: Given) -> Iterator[Found]:
    """Each other direction of fallback."""
    chosen = given.scenario.fallback.direction
    for direction in get_args(Fallback.model_fields["direction"].annotation):
        if direction != chosen:
            sentence = (
                f"let fallback go {direction} instead of {chosen}"
                if direction != "none"
                else "let nothing catch a clip"
            )
            yield one(f"fallback/{direction}", "fallback", sentence, f"fallback.direction={direction}")


def order_by_expected(given: Given) -> Iterator[Found]:
    """Chains that the caller runs go by expected price over success rate."""
    rule = given.scenario.fallback
    if rule.across == "all" and rule.order == "price" and rule.direction != "none":
        yield one(
            "fallback/order", "fallback", "try fallbacks by expected price over success rate, not by list price",
            "fallback.order=expected",
        )  # fmt: skip


def _clips(given: Given) -> Iterator[tuple[int, Clip]]:
    return iter(enumerate(given.scenario.clips))


def _steps(texts: Iterable[str]) -> str:
    """The different ones, the first three of them."""
    steps = [*dict.fromkeys(texts)]
    return ", ".join(steps[:3]) + (", ..." if len(steps) > 3 else "")


def _rank(resolution: str | None) -> int:
    return -1 if resolution is None else RESOLUTION_RANK[resolution]


def _step_below(given: Given, clip: Clip) -> str | None:
    """The next lower resolution that anybody sells for such a clip."""
    ranks = {offer.resolution_rank for offer in given.makers(clip)}
    lower = max((rank for rank in ranks if 0 <= rank < _rank(clip.resolution)), default=None)
    return None if lower is None else RESOLUTIONS[lower]


def _score_below(given: Given, floor: Decimal, clip: Clip | None = None) -> str:
    """The next lower score that there is; nothing where there is none."""
    sold = given.offers if clip is None else given.makers(clip)
    lower = max((offer.quality for offer in sold if offer.quality is not None and offer.quality < floor), default=None)
    return "" if lower is None else f"{lower:f}"


def _length_below(given: Given, clip: Clip) -> Decimal | None:
    """The next length that is billed as less than the plan's; without a plan, the longest that can be made of a clip that is too long."""
    route = given.main_routes.get(clip.id)
    if route is not None and not route.degraded:
        shorter = _generated_below(given, clip, route)
    elif given.plan is None:
        most = max((longest(offer) for offer in given.makers(clip)), default=Fraction(0)) * clip.max_segments
        shorter = most if 0 < most < clip.seconds else None
    else:
        shorter = None
    return None if shorter is None else decimal_seconds(shorter)


def _generated_below(given: Given, clip: Clip, route: Route) -> Fraction | None:
    """The longest sum of lengths below the clip's that comes of one shorter generation, or one less."""
    offer = next(
        (
            offer
            for offer in given.makers(clip)
            if (offer.catalog, offer.provider, offer.model, offer.mode, offer.resolution, offer.audio)
            == (route.catalog, route.provider, route.model, route.mode, route.resolution, route.audio == "native")
            and offer.reference == route.reference
        ),
        None,
    )
    if offer is None:
        return None
    segments = [Fraction(length) for length in route.segments]
    if offer.length_range is not None:
        # Billed by the second: the next whole second below, in each of the equal parts.
        each = Fraction(route.billed_seconds) / len(segments) - 1
        whole = offer.rounding != "none" and each.denominator == 1 and each >= offer.length_range[0]
        return each * len(segments) if whole else None
    total = sum(segments, Fraction(0))
    ways = [
        total - own + max((length for length in offer.lengths if length < own), default=Fraction(0)) for own in segments
    ]
    return max((way for way in ways if 0 < way < clip.seconds), default=None)


def _bound(value: object) -> str:
    """A bound as a sentence shows it."""
    if isinstance(value, Decimal | str):
        return str(value)
    fields = value.model_dump() if hasattr(value, "model_dump") else {}
    return ", ".join(f"{name} {inner}" for name, inner in fields.items())


def _cap(cap: Cap) -> str:
    facts = [f"{name} {value}" for name, value in cap.where.model_dump(exclude_none=True).items()]
    bounds = [f"{name} {value}" for name, value in cap.model_dump(exclude_none=True, exclude={"where"}).items()]
    return f"{', '.join(bounds)} where {', '.join(facts) or 'any'}"
