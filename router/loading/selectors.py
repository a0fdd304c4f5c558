"""Paths that lead to some clips of a scenario and to no other: few where names have a beginning in common, else one for each.

What is made here is read by `paths`: ``*`` fits ids and positions alike, quotes keep a name together, an id comes before a position.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby

_PLAIN = re.compile(r"[\w-]+\*?")


def clip_selectors(ids: Sequence[str], positions: Sequence[int]) -> tuple[str, ...]:
    r"""Steps behind ``clips.`` that lead to the clips at these positions and to no others; none if there are no such steps.

    Examples
    --------
    >>> clip_selectors(["hero-1", "hero-2", "teaser"], [0, 1])
    ('hero-*',)
    >>> clip_selectors(["a.b", 'say "a"', "c"], [0, 1])
    ('"a.b"', '\'say "a"\'')
    """
    meant = set(positions)
    globs = not any(set("*?") & set(name) for name in ids)
    if globs and len(meant) == len(ids) > 1:
        return ("*",)
    others = sorted(label for k, name in enumerate(ids) if k not in meant for label in (name, str(k)))
    at = {name: k for k, name in enumerate(ids)}
    dotted = any("." in name for name in ids)
    found = [
        _quoted(text, dotted=dotted) or _position(text, at)
        for text in (_cover(sorted(ids[k] for k in meant), others) if globs else sorted(ids[k] for k in meant))
    ]
    return tuple(found) if all(found) else ()


def _cover(names: list[str], others: Sequence[str]) -> list[str]:
    """The fewest beginnings, each with a ``*``, that fit all names and no others; a name that shares none stands alone."""
    if len(names) == 1:
        return names
    shared = _common(names[0], names[-1])
    if shared and _quoted(f"{shared}*", dotted=True) and not _begins(shared, others):
        return [f"{shared}*"]
    found: list[str] = []
    for _, inner in groupby(names, key=lambda name: name[: len(shared) + 1]):
        found += _cover(list(inner), others)
    return found


def _common(one: str, other: str) -> str:
    length = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]


def _begins(prefix: str, labels: Sequence[str]) -> bool:
    k = bisect_left(labels, prefix)
    return k < len(labels) and labels[k].startswith(prefix)


def _quoted(text: str, *, dotted: bool) -> str:
    """A step as a path spells it; nothing where no quotes can hold it."""
    if not dotted and _PLAIN.fullmatch(text):
        return text
    return next((f"{mark}{text}{mark}" for mark in "\"'" if mark not in text), "")


def _position(name: str, at: dict[str, int]) -> str:
    """The position of a clip whose id no quotes can hold; nothing if another clip is called so."""
    where = str(at[name])
    return "" if where in at else where
