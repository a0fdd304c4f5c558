"""Where the values of a scenario or a catalog came from: a line of a file, a row of a table beside it, or what set them anew.

Each has ``where``, as `formats.Source` has it. None holds code, so that what carries one can be copied and sent to other processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from router.loading.formats import Source
from router.schema.base import Path


class Origin(Protocol):
    """What knows where values came from."""

    def where(self, path: Path = ()) -> str:
        """``file:line`` of a value, or what set it; empty where nothing is known."""


@dataclass(frozen=True, slots=True)
class WithTable:
    """A scenario's file, and the table of its clips beside it."""

    file: Source
    table: Origin
    lines: tuple[int, ...]
    """Of each clip, in the table."""

    def where(self, path: Path = ()) -> str:
        """Of a clip, its row."""
        if len(path) > 1 and path[0] == "clips" and isinstance(path[1], int):
            return self.table.where(("clips", self.lines[path[1]]))
        return self.file.where(path)


@dataclass(frozen=True, slots=True)
class WithAccount:
    """A scenario, and the file of its account's terms beside it."""

    below: Origin | None
    file: Source

    def where(self, path: Path = ()) -> str:
        """Of the account, its line in that file."""
        if path[:1] == ("account",):
            return self.file.where(path)
        return self.below.where(path) if self.below is not None else ""


class Mark(NamedTuple):
    """One value that was set anew."""

    path: Path
    label: str
    """What set it."""
    taken_out: bool = False


@dataclass(frozen=True, slots=True)
class SetAnew:
    """What was set anew, on top of where the rest came from."""

    below: Origin | None
    marks: tuple[Mark, ...]
    """In the order in which they were made."""
    kept: Mapping[Path, tuple[int, ...]] = field(default_factory=dict)
    """Of lists that something was taken out of: where what is left stood before."""

    def where(self, path: Path = ()) -> str:
        """What set a value, what holds it, or something in it last; else where it came from before."""
        for end in range(1, len(path)):
            if (kept := self.kept.get(path[:end])) is not None and isinstance(path[end], int):
                path = (*path[:end], kept[int(path[end])], *path[end + 1 :])
        for mark in reversed(self.marks):
            taken_out = mark.taken_out and mark.path[:-1] == path
            if taken_out or (path and _one_in_other(mark.path, path)):
                return mark.label
        return self.below.where(path) if self.below is not None else ""


def _one_in_other(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
