"""Overlay files: what the user adds to the entries of another program's price list, by their names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path as FilePath

from router.errors import InputError, Problem, nearest
from router.loading.formats import Source, decoded, parse, raw
from router.loading.validation import validated
from router.schema.base import quoted
from router.schema.overlay import Overlay, OverlayEntry


@dataclass(frozen=True)
class Added:
    """An overlay and where it came from."""

    overlay: Overlay
    source: Source
    sha256: str

    def to(self, name: str) -> OverlayEntry:
        """All that it says of an entry; of two patterns that fit, the more exact one wins, field by field."""
        found: dict[str, object] = {}
        for pattern in sorted(self._fitting(name), key=_exactness):
            entry = self.overlay.models[pattern]
            found.update({field: getattr(entry, field) for field in entry.model_fields_set})
        return OverlayEntry.model_construct(**found)  # type: ignore[arg-type]

    def _fitting(self, name: str) -> list[str]:
        return [pattern for pattern in self.overlay.models if fits(pattern, name)]

    def unused(self, names: Iterable[str]) -> tuple[str, ...]:
        """What of it fits none of these entries, each with its place and the nearest name."""
        known = list(names)
        found: list[str] = []
        for pattern in self.overlay.models:
            if not any(fits(pattern, name) for name in known):
                near = nearest(pattern, known)
                hint = f"; did you mean {quoted(near)}?" if near else ""
                problem = Problem(
                    f"{quoted(pattern)} fits no entry for video{hint}", self.source.where(("models", pattern))
                )
                found.append(str(problem))
        return tuple(found)


def fits(pattern: str, name: str) -> bool:
    """Whether a name is the one meant, or one of those.

    >>> fits("gemini/veo-*", "gemini/veo-3.1"), fits("gen4.5", "gen4-5"), fits("a[b]", "a[b]")
    (True, False, True)
    """
    return pattern == name or fnmatchcase(name, pattern.replace("[", "[[]"))


def _exactness(pattern: str) -> tuple[bool, int]:
    """A name is more exact than a pattern, and a pattern the more so the more it spells out."""
    wild = sum(pattern.count(mark) for mark in "*?")
    return not wild, len(pattern) - wild


def load_overlay(path: str | FilePath) -> Added:
    """Read an overlay.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    if str(path) == "-":
        raise InputError([Problem("an overlay is a file; only the price list may come from standard input", "<stdin>")])
    data = raw(path)
    source = decoded(data, path)
    return Added(validated(Overlay, parse(source), source.where), source, hashlib.sha256(data).hexdigest())
