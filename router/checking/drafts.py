"""Drafts and groups: what a draft must meet, how many are made, what they cost, and what the clips of a group share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from router.checking.limits import CostedRoute
from router.schema.plan import Plan, Route, Totals
from router.schema.scenario import Clip


def draft_of(clip: Clip) -> Clip:
    """What a draft of a clip must meet: the clip's own length and lists, with the size and the sound of its drafts.

    A draft is taken once, at any quality and price, and is made whenever the clip is.
    """
    assert clip.drafts is not None
    plain = {
        name: Clip.model_fields[name].get_default()
        for name in ("quality_min", "max_price_usd", "max_takes", "drafts", "value_usd", "group")
    }
    return clip.model_copy(update={**plain, "resolution": clip.drafts.resolution, "audio": clip.drafts.audio})


def counts(plan: Plan, clips: Mapping[str, Clip]) -> Iterator[str]:
    """What is wrong with how many of each clip, and how many drafts of it, a plan makes."""
    made: Counter[str] = Counter()
    drafts: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for entries, counter in (
        ([route for route in plan.routes if not route.draft], made),
        ([route for route in plan.routes if route.draft], drafts),
        (plan.left_out, left),
    ):
        for entry in entries:
            if entry.count != sum(entry.counts):
                yield f"says {entry.count} clips where its counts add up to {sum(entry.counts)}"
            for name, count in zip(entry.clips, entry.counts, strict=True):
                counter[name] += count
    for name in made.keys() | drafts.keys() | left.keys() | clips.keys():
        clip = clips.get(name)
        wanted = clip.count if clip is not None else 0
        if made[name] + left[name] != wanted:
            yield f"clip '{name}': {made[name] + left[name]} planned, {wanted} wanted"
        each = clip.drafts.count if clip is not None and clip.drafts is not None else 0
        if drafts[name] != each * made[name]:
            yield f"clip '{name}': {drafts[name]} drafts planned, {each * made[name]} wanted"


def left_out(plan: Plan, clips: Mapping[str, Clip]) -> Iterator[str]:
    """Clips that are left out and must be made, or are worth something else."""
    for left in plan.left_out:
        for clip in (clips[name] for name in left.clips if name in clips):
            value = None if clip.value_usd is None else Decimal(round(Fraction(clip.value_usd) * 10**6)).scaleb(-6)
            if value is None:
                yield f"clip '{clip.id}' is left out, but has no value and must be made"
            elif value != left.value_usd:
                yield f"clip '{clip.id}' is left out, but is worth {value}, not {left.value_usd}"


def drafting(routes: Sequence[CostedRoute], class_of: Callable[[Route], object]) -> Iterator[str]:
    """Routes that misstate what the drafts of one of their clips cost on average.

    Parameters
    ----------
    class_of
        The same for all routes whose clips are of one class, drafts of them included.
    """
    spent: dict[object, Fraction] = {}
    made: Counter[object] = Counter()
    for route, _, _, cost in routes:
        own = class_of(route)
        if route.draft:
            spent[own] = spent.get(own, Fraction(0)) + Fraction(cost.expected) * route.count
        else:
            made[own] += route.count
    for number, (route, *_) in enumerate(routes, start=1):
        own = class_of(route)
        should = Fraction(0) if route.draft else spent.get(own, Fraction(0)) / made[own] / 10**6
        if abs(Fraction(route.drafting_usd) - should) > Fraction(1, 10**6) + should / 10**9:
            yield (
                f"route {number} ({route.provider}/{route.model}): drafting_usd is {route.drafting_usd}, "
                f"should be {float(should):.6f}"
            )


def per_served(sums: Totals) -> Iterator[str]:
    """Whether the mean cost of one clip that is made follows from the plan's mean cost."""
    should = None if not sums.served else Fraction(sums.expected_usd) / sums.served
    said = sums.per_served_usd
    if said is None or should is None:
        if (said is None) != (should is None):
            yield f"totals.per_served_usd is {said}, but {sums.served} clips are made"
    elif abs(Fraction(said) - should) > Fraction(1, 10**6):
        yield f"totals.per_served_usd is {said}, should be {float(should):.6f}"


def groups(routes: Sequence[Route], clips: Mapping[str, Clip], rule: str | None) -> Iterator[str]:
    """Routes that misstate their group, and groups whose clips do not share what the rule says; no rule: no groups."""
    shared: dict[str, set[str]] = {}
    for number, route in enumerate(routes, start=1):
        bound = rule is not None and not route.draft
        labels = {clips[name].group for name in route.clips if name in clips} if bound else {None}
        if labels - {route.group}:
            named = " and ".join(sorted(repr(label) for label in labels))
            yield f"route {number} ({route.provider}/{route.model}): group is {route.group!r}, should be {named}"
        for label in labels:
            if label is not None:
                what = route.model if rule == "same-model" else route.provider
                shared.setdefault(label, set()).add(what)
    for label, found in shared.items():
        if len(found) > 1:
            yield f"limits.groups: the clips of group '{label}' are made on {' and '.join(sorted(found))}"
