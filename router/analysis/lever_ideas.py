"""What a lever is before it is solved: a change of a scenario in words and as overrides, of all its clips or of some of them.

Clips of equal requirements are one kind. A change of all clips is also tried for each group label and for each kind alone, of which
those that cost most come first, and no more than `ALONE`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from router.loading.overrides import overridden, override
from router.loading.scenario_file import resolved_catalogs
from router.loading.selectors import clip_selectors
from router.offers.clip_classes import clip_classes
from router.offers.table import offer_table
from router.schema.base import printable
from router.schema.candidate import Offer
from router.schema.catalog import Catalog
from router.schema.levers import Kind
from router.schema.plan import Plan, Route
from router.schema.scenario import Clip, Drafts, Scenario
from router.units import clips_text

ALONE = 8
MOST_PATHS = 20_000
"""A change that takes more paths is not tried."""

Change = tuple[str, str]
"""A field and its new value, as ``--set`` spells them; an empty value takes the old one out."""
Atom = tuple[str | int, ...]
"""One value that is set: where, and last what."""
Positions = tuple[int, ...]
"""Of clips, in the scenario."""


@dataclass(frozen=True, slots=True)
class Idea:
    """A lever that is not solved yet."""

    key: str
    kind: Kind
    sentence: str
    set: tuple[str, ...]
    atoms: frozenset[Atom]
    """What it comes to: ideas with the same atoms are the same."""
    of_clips: bool = False
    """Whether the atoms are fields of clips at their positions."""

    def replaces(self, other: Idea) -> bool:
        """Whether it sets something anew that the other sets."""
        return not {atom[:-1] for atom in self.atoms}.isdisjoint(atom[:-1] for atom in other.atoms)


Found = Idea | str
"""A lever, or in words what is not tried."""


@dataclass(frozen=True)
class Given:
    """A scenario, and its plan if it has one."""

    scenario: Scenario
    on: dt.date
    plan: Plan | None

    @cached_property
    def catalogs(self) -> tuple[Catalog, ...]:
        """The catalogs that it names."""
        return resolved_catalogs(self.scenario)

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """What is sold on the day."""
        table = offer_table(self.catalogs, self.on, self.scenario)
        return tuple(offer for offer in table if offer.status == "sold")

    @cached_property
    def kinds(self) -> tuple[Positions, ...]:
        """Clips of equal requirements."""
        classes = clip_classes(self.scenario.clips)
        return tuple(tuple(k for k, _ in own.clips) for own in classes if own.draft_of is None)

    @cached_property
    def main_routes(self) -> Mapping[str, Route]:
        """By clip, the route of most of it."""
        found: dict[str, tuple[int, Route]] = {}
        for route in self.plan.routes if self.plan else ():
            for name, count in () if route.draft else zip(route.clips, route.counts, strict=True):
                if name not in found or found[name][0] < count:
                    found[name] = count, route
        return {name: route for name, (_, route) in found.items()}

    def makers(self, clip: Clip) -> list[Offer]:
        """Offers that make what the clip asks for, whatever their length, sound and resolution."""
        stand_in = clip.mode == "image-to-video" and clip.accept_image_prompt
        return [
            offer
            for offer in self.offers
            if offer.mode == clip.mode or (stand_in and offer.mode == "text-to-video" and offer.image_prompt)
        ]

    def weight(self, positions: Positions) -> Decimal:
        """What these clips cost as planned, dollars; without a plan how many seconds they are."""
        clips = [self.scenario.clips[k] for k in positions]
        if self.plan is None:
            return sum((clip.seconds * clip.count for clip in clips), Decimal(0))
        return sum((self._spend[clip.id] for clip in clips), Decimal(0))

    @cached_property
    def _spend(self) -> Mapping[str, Decimal]:
        spent = dict.fromkeys((clip.id for clip in self.scenario.clips), Decimal(0))
        for route in self.plan.routes if self.plan else ():
            for name, count in zip(route.clips, route.counts, strict=True):
                spent[name] += route.expected_usd * count
        return spent


def changed(scenario: Scenario, chosen: Sequence[Idea]) -> Scenario:
    """The scenario with these changes: what `overridden` makes of their texts, of many clips without walking to each by its path.

    Raises
    ------
    router.errors.InputError
        If one of them cannot apply.
    """
    clips = list(scenario.clips)
    for idea in chosen:
        for place, *fields in idea.atoms if idea.of_clips else ():
            clips[int(place)] = _with(clips[int(place)], *map(str, fields))
    direct = scenario.model_copy(update={"clips": tuple(clips)})
    return overridden(direct, [text for idea in chosen if not idea.of_clips for text in idea.set])


def _with(clip: Clip, field: str, value: str) -> Clip:
    """The clip with one field, or one field of its drafts, set anew; nothing takes it out, so that its own default holds."""
    read = override(f"{field}={value}").value
    outer, _, inner = field.partition(".")
    if inner:
        table = getattr(clip, outer)
        read = table.model_copy(update={inner: read})
    elif read is None:
        read = Clip.model_fields[outer].get_default(call_default_factory=True)
    elif isinstance(read, dict):
        read = Drafts.model_validate(read)
    elif isinstance(read, int) and outer in ("seconds", "quality_min"):
        read = Decimal(read)
    return clip.model_copy(update={outer: read})


def one(key: str, kind: Kind, sentence: str, *sets: str) -> Idea:
    """A change that is not of clips; each of ``sets`` is ``PATH=VALUE``."""
    return Idea(key, kind, printable(sentence, 500), sets, frozenset(map(_atom, sets)))


def _atom(text: str) -> Atom:
    path, _, value = text.partition("=")
    # What is appended to a list does not replace what else is.
    return (path, value, "") if path.endswith("+") else (path, value)


def of_clips(
    given: Given,
    key: str,
    kind: Kind,
    wanted: Mapping[int, Sequence[Change]],
    say: Callable[[Positions], str],
) -> Iterator[Found]:
    """A change of all clips that it can be made of, then of each label and each kind of them alone.

    Parameters
    ----------
    wanted
        What is set in the clip at a position.
    say
        What the change of the clips at these positions is, in words.
    """
    whole = tuple(sorted(wanted))
    parts = _parts(given, whole)
    if len(parts) > ALONE:
        left = len(parts) - ALONE
        yield f"{key}: of its groups and kinds of clips only the {ALONE} that cost most are tried alone, {left:,} are not"
    for own, positions in [(key, whole), *((f"{key}/{part}", positions) for part, positions in parts[:ALONE])]:
        if positions:
            yield of_these(given, own, kind, {k: wanted[k] for k in positions}, say(positions))


def named(given: Given, positions: Positions) -> str:
    """How many clips these are, and what they are called."""
    clips = [given.scenario.clips[k] for k in positions]
    names = ", ".join(printable(clip.id, 40) for clip in clips[:2])
    more = f" and {len(clips) - 2:,} more" if len(clips) > 2 else ""
    return f"{clips_text(sum(clip.count for clip in clips))} ({names}{more})"


def _parts(given: Given, whole: Positions) -> list[tuple[str, Positions]]:
    """The labels and kinds among these clips, those that cost most first; none that is all of them, none twice."""
    labels: dict[str, list[int]] = {}
    for k in whole:
        if (label := given.scenario.clips[k].group) is not None:
            labels.setdefault(label, []).append(k)
    inside = set(whole)
    kinds = [tuple(k for k in kind if k in inside) for kind in given.kinds]
    found: dict[Positions, str] = {whole: "", (): ""}
    for label, members in labels.items():
        found.setdefault(tuple(members), f"group/{label}")
    for positions in kinds:
        found.setdefault(positions, f"clip/{given.scenario.clips[positions[0]].id}" if positions else "")
    found = {positions: part for positions, part in found.items() if part}
    return sorted(((part, own) for own, part in found.items()), key=lambda item: (-given.weight(item[1]), item[0]))


def of_these(given: Given, key: str, kind: Kind, wanted: Mapping[int, Sequence[Change]], sentence: str) -> Found:
    """The change of just these clips, where not too many paths lead to them.

    Parameters
    ----------
    wanted
        What is set in the clip at a position.
    """
    alike: dict[Change, list[int]] = {}
    for k, changes in wanted.items():
        for change in changes:
            alike.setdefault(change, []).append(k)
    ids = [clip.id for clip in given.scenario.clips]
    texts: list[str] = []
    for (field, value), positions in alike.items():
        steps = clip_selectors(ids, positions)
        if not steps:
            return f"{printable(key, 200)} is not tried: no path leads to its clips alone"
        texts += [f"clips.{step}.{field}={value}" for step in steps]
    if len(texts) > MOST_PATHS:
        return (
            f"{printable(key, 200)} is not tried: it takes {len(texts):,} paths, as its clips have no names in common"
        )
    atoms = frozenset((k, *change) for k, changes in wanted.items() for change in changes)
    return Idea(key, kind, printable(sentence, 500), tuple(texts), atoms, of_clips=True)
