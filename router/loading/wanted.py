"""A clip in a few words, in any order: ``10s 1080p native kling-3.0``.

A word is a length, a resolution, a sound, a mode, the name of a model or a provider, or ``FIELD=VALUE`` for another requirement.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from router.errors import InputError, Problem, nearest
from router.loading.validation import validated
from router.schema.base import Path, printable
from router.schema.scenario import Clip, Requirements
from router.units import RESOLUTIONS

MODES = ("text-to-video", "image-to-video", "motion-control")
"""Known whether or not a catalog sells them."""
_SOUNDS = {"native": "native", "silent": "none", "none": "none", "deferred": "deferred", "any": "any"}
_FILLERS = {"audio", "sound"}
"""As in "native audio", which is how a plan says it."""
_LENGTH = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(?:s|secs?|seconds?)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(\.\d+)?")
_FIELDS = sorted({"seconds", *Requirements.model_fields} - {"request", "drafts", "group", "value_usd", "max_takes"})
_ID = "wanted"
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """What can be named in words: what the catalogs sell."""

    models: Collection[str]
    providers: Collection[str]
    modes: Collection[str]


def wanted_clip(text: str, names: Names) -> Clip:
    """The clip that a few words ask for; models and providers that are named stand in its lists.

    Raises
    ------
    InputError
        If a word is none of a clip, with the nearest one; if there is no length, or two of what there can be one.

    Examples
    --------
    >>> names = Names({"kling-3.0"}, {"evolink"}, {"text-to-video"})
    >>> clip = wanted_clip("native 10s evolink/kling-3.0 1080p max_segments=2", names)
    >>> clip.seconds, clip.resolution, clip.audio, clip.models, clip.providers, clip.max_segments
    (Decimal('10'), '1080p', 'native', ('kling-3.0',), ('evolink',), 2)
    """
    where = printable(text.strip(), 60) or "the clip"
    if len(text) > _LONGEST:
        raise InputError([Problem(f"is longer than {_LONGEST:,} characters", where)])
    said: dict[str, list[Any]] = {}
    problems: list[Problem] = []
    for word in _words(text):
        found = _meant(word, names)
        if found is None:
            problems.append(Problem(_unknown(word, names), where))
        for field, value in found or ():
            if value not in said.setdefault(field, []):
                said[field].append(value)
    lists = {"models", "providers", "not_models", "not_providers"}
    for field, values in said.items():
        if len(values) > 1 and field not in lists:
            both = " and ".join(f"'{printable(str(value), 30)}'" for value in values[:2])
            problems.append(Problem(f"states `{field}` twice, as {both}; keep one", where))
    if "seconds" not in said and not problems:
        problems.append(Problem("states no length; add one such as 10s", where))
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    data = {field: values if field in lists else values[0] for field, values in said.items()}

    def place(_path: Path) -> str:
        return where

    return validated(Clip, {"id": _ID, **data}, place)


def _words(text: str) -> Iterable[str]:
    """The words; a number and its unit, or a field and its value, are one also where spaces part them; quotes keep a name together."""
    joined = re.sub(r"\b(\d+(?:\.\d+)?)\s+(?=(?:s|secs?|seconds?)\b)", r"\1", text, flags=re.IGNORECASE)
    joined = re.sub(r"\s*=\s*", "=", joined)
    for parts in re.findall(r"\"([^\"]*)\"|'([^']*)'|([^\s,]+)", joined):
        if word := "".join(parts).strip():
            yield word


def _meant(word: str, names: Names) -> list[tuple[str, Any]] | None:
    """The fields that a word states; None where it is no word of a clip."""
    low = word.lower()
    if length := _LENGTH.fullmatch(word):
        return [("seconds", Decimal(length[1]))]
    if low in RESOLUTIONS:
        return [("resolution", low)]
    if low in _SOUNDS:
        return [("audio", _SOUNDS[low])]
    if low in _FILLERS:
        return []
    if mode := _called(word, {*MODES, *names.modes}):
        return [("mode", mode)]
    field, equals, value = word.partition("=")
    if equals and field in _FIELDS:
        return [(field, _value(value))]
    if provider := _called(word, names.providers):
        return [("providers", provider)]
    if model := _called(word, names.models):
        return [("models", model)]
    return _pair(word, names)


def _pair(word: str, names: Names) -> list[tuple[str, Any]] | None:
    """A model at a provider, as tables write it: ``evolink/kling-3.0``; names may hold the stroke too."""
    for stroke in re.finditer("/", word):
        provider = _called(word[: stroke.start()], names.providers)
        model = _called(word[stroke.end() :], names.models)
        if provider and model:
            return [("providers", provider), ("models", model)]
    return None


def _called(word: str, names: Collection[str]) -> str | None:
    """The name that a word is, in whatever case."""
    if word in names:
        return word
    return next((name for name in sorted(names) if name.casefold() == word.casefold()), None)


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.isdigit() and len(text) < 19 else Decimal(text)


def _unknown(word: str, names: Names) -> str:
    shown = printable(word, 60)
    field, equals, _ = word.partition("=")
    if equals:
        near = nearest(field, _FIELDS)
        return f"`{printable(field, 60)}`: no requirement of a clip" + (f"; did you mean `{near}`?" if near else "")
    if word.isdigit():
        meant = f"{word}p" if f"{word}p" in RESOLUTIONS else f"{word}s"
        return f"'{shown}' has no unit; did you mean '{meant}'?"
    known = [*_SOUNDS, *RESOLUTIONS, *MODES, *sorted({*names.modes, *names.models, *names.providers})]
    near = nearest(word.lower(), known)
    if near:
        return f"'{shown}' is no word for a clip; did you mean '{near}'?"
    return (
        f"'{shown}' is no word for a clip; write a length (10s), a resolution ({RESOLUTIONS[0]} to {RESOLUTIONS[-1]}), "
        "native | silent | deferred | any, a mode, or the name of a model or provider"
    )
