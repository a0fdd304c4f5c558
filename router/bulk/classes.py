"""A table's keys as the clips of a scenario, one a class, each named by what it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from router.errors import InputError, Problem
from router.loading.formats import Source, row_line
from router.loading.scenario_file import ClipTable, scenario_from
from router.loading.tables.classes import Keys
from router.loading.validation import line_of
from router.offers.clip_classes import clip_classes
from router.schema.base import Path
from router.schema.scenario import Drafts, Requirements, Scenario
from router.units import RESOLUTION_RANK, Exact, seconds_text

MOST_CLIPS = 10**9
"""Of a class: the most that a clip of a scenario can stand for."""
_LONGEST = 180
"""Characters of a class's name, which leaves room for a number behind it."""
_NOT_SAID = {"mode", "resolution", "audio", "request"}
_LAST = tuple(name for name in Requirements.model_fields if name not in _NOT_SAID)
_KEY = "\0key"
"""Marks what is said of a key, by its number."""


@dataclass(frozen=True)
class Classes:
    """The scenario of a table's classes, and the class of each key."""

    scenario: Scenario | None
    """None if no key is right."""
    of_keys: Mapping[int, str]
    """The name of the class of each key that is right, by position."""
    wrong: Mapping[int, str]
    """What is wrong with the other keys."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What says where a key is: by its number, or only in which table."""

    label: str

    def where(self, path: Path = ()) -> str:
        """The mark of a key, or the table."""
        return f"{_KEY}:{row_line(path)}" if self.label == _KEY else self.label


def classes_of(keys: Keys, data: dict[str, Any], source: Source, label: str) -> Classes:
    """The classes of a table under the rules of a scenario.

    Parameters
    ----------
    data
        What the scenario states, but for its clips.
    label
        What messages call the table.

    Raises
    ------
    InputError
        If the rules themselves are wrong.
    """
    right = list(range(len(keys.rows)))
    wrong: dict[int, str] = {}
    try:
        scenario = _of_keys(keys, right, data, source)
    except InputError as error:
        wrong = _wrong_keys(error)
        right = [position for position in right if position not in wrong]
        if not right:
            return Classes(None, {}, wrong)
        scenario = _of_keys(keys, right, data, source)
    merged = clip_classes(scenario.clips, by_group=scenario.limits.groups is not None)
    finals = sorted((own for own in merged if own.draft_of is None), key=lambda own: _order(own.need, own.seconds))
    clips: list[tuple[int, dict[str, Any]]] = []
    of_keys: dict[int, str] = {}
    for number, (name, own) in enumerate(
        zip(_names([(own.seconds, own.need) for own in finals]), finals, strict=True), start=1
    ):
        members = [right[position] for position, _ in own.clips]
        of_keys |= dict.fromkeys(members, name)
        count = sum(keys.clips(position) for position in members)
        if count > MOST_CLIPS:
            text = f"{count:,} clips ask for the same ({name}); {MOST_CLIPS:,} are the most that one table can"
            raise InputError([Problem(text, label)])
        clips.append((number, {**keys.fields[members[0]], "id": name, "count": count}))
    return Classes(scenario_from(data, source, ClipTable(_Place(label), clips)), of_keys, wrong)


def _of_keys(keys: Keys, positions: Sequence[int], data: dict[str, Any], source: Source) -> Scenario:
    return scenario_from(
        data, source, ClipTable(_Place(_KEY), [(position + 1, keys.clip(position)) for position in positions])
    )


def _wrong_keys(error: InputError) -> dict[int, str]:
    """What is wrong with keys, by position; what is wrong with anything else is raised."""
    others = [problem for problem in error.problems if not problem.where.startswith(_KEY)]
    if others:
        raise InputError(others) from None
    found: dict[int, list[str]] = {}
    for problem in error.problems:
        found.setdefault(line_of(problem) - 1, []).append(problem.message)
    return {position: "; ".join(messages) for position, messages in found.items()}


def _order(need: Requirements, seconds: Fraction) -> tuple[object, ...]:
    rank = -1 if need.resolution is None else RESOLUTION_RANK[need.resolution]
    return need.mode, seconds, rank, need.audio, repr([getattr(need, name) for name in _LAST])


def _names(needs: Sequence[tuple[Exact, Requirements]]) -> list[str]:
    """What each class of that length asks for in a few words; a number behind them where others are said to ask for the same.

    >>> need = Requirements(resolution="720p", audio="native", max_segments=2)
    >>> _names([(5, need), (Fraction("7.5"), need), (5, need)])[1:]
    ['7.5 s text-to-video 720p native (max_segments 2)', '5 s text-to-video 720p native (max_segments 2) #3']
    """
    found: dict[str, None] = {}
    for seconds, need in needs:
        words = [
            seconds_text(seconds),
            need.mode,
            need.resolution or "",
            "" if need.audio == "none" else need.audio,
        ]
        besides = [(name, getattr(need, name)) for name in _LAST]
        name = " ".join(word for word in words if word)
        # In parentheses: where classes are listed, commas stand between them.
        parts = [_said(name, value) for name, value in besides if value != Requirements.model_fields[name].default]
        name = (f"{name} ({', '.join(parts)})" if parts else name)[:_LONGEST].strip()
        number = len(found)
        while name in found:
            number += 1
            name = f"{name} #{number}"
        found[name] = None
    return list(found)


def _said(name: str, value: Any) -> str:
    if value is True:
        return name
    if isinstance(value, tuple):
        return f"{name} {'+'.join(value)}"
    if isinstance(value, Drafts):
        words = [f"{value.count} drafts", value.resolution or "", "" if value.audio == "none" else value.audio]
        return " ".join(word for word in words if word)
    return f"{name} {value}"
