"""Which clips do two plans make differently? The core under every comparison; it knows nothing of causes.

Counts of one clip are held against each other: what both plans make the same way at the same cost is not mentioned, what is left is
paired the same way every time (same way at another cost, then same model, then the rest, each in the order of their names), and
pairs of the same two routes are merged over clips. The other way round gives the same pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

from router.schema.comparison import State, Way
from router.schema.plan import LeftOut, Plan, Route

NOTHING = Decimal(0)
_KEY = ("provider", "model", "mode", "reference", "resolution", "audio", "segments", "degraded")
_COSTS = ("billed_seconds", "price_usd", "expected_usd", "worst_usd", "penalty_usd")
_key, _costs = attrgetter(*_KEY), attrgetter(*_COSTS)


class Place:
    """Where a clip can be in one plan: on a route, left out, or absent."""

    __slots__ = ("clips", "counts", "identity", "key", "left_out", "route", "state")

    def __init__(self, route: Route | None = None, left_out: LeftOut | None = None) -> None:
        self.route, self.left_out = route, left_out
        self.state: State = "made" if route else "left-out" if left_out else "absent"
        held = route or left_out
        self.clips: Sequence[str] = held.clips if held else ()
        self.counts: Sequence[int] = held.counts if held else ()
        self.key: tuple[object, ...] = (self.state,) if route is None else _key(route)
        """What makes it the same way, whatever it costs."""
        self.identity: tuple[object, ...] = self.key if route is None else (*self.key, *_costs(route))
        """What makes it the same way at the same cost."""

    @property
    def model(self) -> tuple[object, ...]:
        """Who makes it."""
        return self.key[:2]

    @property
    def rank(self) -> tuple[str, ...]:
        """Its turn when places are paired: what is left out or absent comes last."""
        return ("~" if self.route is None else "", *map(str, self.identity))

    @property
    def way(self) -> Way | None:
        """How clips are made here; None where they are not."""
        if self.route is None:
            return None
        fields: dict[str, Any] = dict(zip((*_KEY, *_COSTS), self.identity, strict=True))
        return Way.model_construct(**fields)

    @property
    def expected(self) -> Decimal:
        """Mean cost of one clip here, dollars."""
        return NOTHING if self.route is None else self.route.expected_usd


ABSENT = Place()


@dataclass(slots=True, eq=False)
class Shift:
    """Clips that go from one place of the plan before to one place of the plan after."""

    before: Place
    after: Place
    draft: bool
    clips: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    @property
    def repriced(self) -> bool:
        """Whether they are made the same way, at another cost."""
        return self.before.route is not None and self.before.key == self.after.key

    @property
    def each(self) -> Decimal:
        """By how much one of them costs more on average, dollars."""
        return self.after.expected - self.before.expected


def shifts(before: Plan, after: Plan) -> list[Shift]:
    """Clips that the two plans make differently or at another cost, merged where they go the same way.

    A place of a plan stands for one of its routes, so that shifts of alike clips on several routes are several.
    """
    found: dict[tuple[int, int], Shift | None] = {}
    for draft in (False, True):
        old, new = _places(before, draft), _places(after, draft)
        _drop_equal(old, new)
        hard = _plain(old, new, draft, found)
        was, now = _by_clip(old, hard), _by_clip(new, hard)
        nowhere: list[tuple[Place, int]] = []
        for clip in hard:
            for here, there, count in _pairs(was.get(clip, nowhere), now.get(clip, nowhere)):
                shift = found.get((id(here), id(there)))
                if shift is None:
                    shift = found[id(here), id(there)] = Shift(here, there, draft)
                shift.clips.append(clip)
                shift.counts.append(count)
    return [shift for shift in found.values() if shift is not None and shift.clips]


def _plain(
    old: list[Place], new: list[Place], draft: bool, found: dict[tuple[int, int], Shift | None]
) -> dict[str, None]:
    """Shift the clips that each plan makes as many times in one place; the others, which have to be paired, are returned."""
    (homes, counts, many), (others, _, more) = _homes(old), _homes(new)
    hard: dict[str, None] = dict.fromkeys(clip for clip in homes if clip not in others)
    apart = many | more
    for there in new:
        last: Place | None = None
        shift: Shift | None = None
        for clip, count in zip(there.clips, there.counts, strict=True):
            here = homes.get(clip)
            if here is None or counts[clip] != count or clip in apart:
                hard[clip] = None
                continue
            if here is not last:
                last, pair = here, (id(here), id(there))
                if pair not in found:
                    found[pair] = None if here.identity == there.identity else Shift(here, there, draft)
                shift = found[pair]
            if shift is not None:
                shift.clips.append(clip)
                shift.counts.append(count)
    return hard


def _homes(places: Sequence[Place]) -> tuple[dict[str, Place], dict[str, int], set[str]]:
    """Where each clip is, and how many of it; then the clips that are in several places."""
    homes: dict[str, Place] = {}
    counts: dict[str, int] = {}
    for place in places:
        homes.update(zip(place.clips, repeat(place)))
        counts.update(zip(place.clips, place.counts, strict=True))
    if len(homes) == sum(len(place.clips) for place in places):
        return homes, counts, set()
    seen = Counter(chain.from_iterable(place.clips for place in places))
    return homes, counts, {clip for clip, times in seen.items() if times > 1}


def _places(plan: Plan, draft: bool) -> list[Place]:
    own = [Place(route) for route in plan.routes if route.draft == draft]
    return own if draft else [*own, *(Place(left_out=left) for left in plan.left_out)]


def _drop_equal(old: list[Place], new: list[Place]) -> None:
    """Take out routes that both plans have: their clips stay where they are, as one by one they would."""
    waiting: dict[object, list[Place]] = {}
    for place in new:
        waiting.setdefault(place.clips[0], []).append(place)
    dropped: set[int] = set()
    for place in old:
        for twin in waiting.get(place.clips[0], ()):
            if id(twin) not in dropped and _same(place, twin):
                dropped |= {id(place), id(twin)}
                break
    for places in (old, new):
        places[:] = [place for place in places if id(place) not in dropped]


def _same(one: Place, other: Place) -> bool:
    return one.identity == other.identity and one.clips == other.clips and one.counts == other.counts


def _by_clip(places: Sequence[Place], clips: Mapping[str, None]) -> dict[str, list[tuple[Place, int]]]:
    found: dict[str, list[tuple[Place, int]]] = {}
    for place in places if clips else ():
        for clip, count in zip(place.clips, place.counts, strict=True):
            if clip in clips:
                found.setdefault(clip, []).append((place, count))
    return found


def _pairs(old: list[tuple[Place, int]], new: list[tuple[Place, int]]) -> Iterator[tuple[Place, Place, int]]:
    """One clip's places in both plans, paired; what stays where it is at the same cost is left away."""
    missing = sum(count for _, count in new) - sum(count for _, count in old)
    was = sorted(old, key=lambda entry: entry[0].rank) + [(ABSENT, missing)] * (missing > 0)
    now = sorted(new, key=lambda entry: entry[0].rank) + [(ABSENT, -missing)] * (missing < 0)
    for alike in _ALIKE:
        for here, there, count in _matched(was, now, alike):
            if here.identity != there.identity:
                yield here, there, count


_ALIKE: tuple[Callable[[Place], object], ...] = (
    attrgetter("identity"),
    attrgetter("key"),
    attrgetter("model"),
    lambda place: None,
)


def _matched(
    was: list[tuple[Place, int]], now: list[tuple[Place, int]], alike: Callable[[Place], object]
) -> list[tuple[Place, Place, int]]:
    """Pairs of places that are alike, each taken in order; what is paired is taken out of both lists."""
    pairs: list[tuple[Place, Place, int]] = []
    rest: list[tuple[Place, int]] = []
    for here, count in was:
        wanted = alike(here)
        for position, (there, free) in enumerate(now):
            taken = min(count, free)
            if taken and alike(there) == wanted:
                pairs.append((here, there, taken))
                now[position] = (there, free - taken)
                count -= taken  # Counts down what is still to be paired
        if count:
            rest.append((here, count))
    was[:] = rest
    now[:] = [entry for entry in now if entry[1]]
    return pairs
