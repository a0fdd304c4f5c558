"""Overrides: single values of a scenario or of its catalogs set anew, as if the files said so.

``limits.budget_usd=900``, ``clips.hero.audio=deferred``, ``offers.kling-o3.*.price*=1.2``: for paths see `paths`. ``=`` sets, with nothing
behind it takes out; ``*=`` multiplies; ``+=`` adds, or appends to a list. Values are read as in TOML, and as texts where they are none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from router.errors import InputError, Problem
from router.loading.catalog_file import check_distinct, load_catalog
from router.loading.catalog_file import where_in as where_in_catalog
from router.loading.paths import Place, Tree, opened, places, shallow
from router.loading.scenario_file import resolved_catalogs, where_in
from router.loading.validation import validated
from router.schema.base import Path, printable
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario

_GRAMMAR = re.compile(r"""((?:"[^"]*"|'[^']*'|[^"'=])+?)\s*([*+]?=)(.*)""", re.DOTALL)
_LONGEST = 100_000
_GONE = object()


@dataclass(frozen=True, slots=True)
class Override:
    """One value that is set anew."""

    text: str
    """As it was written."""
    path: str
    operator: str
    """``=``, ``*=`` or ``+=``."""
    value: Any
    """None: the value is taken out."""

    @property
    def label(self) -> str:
        """What errors call it."""
        return _label(self.text)


def override(text: str) -> Override:
    """What ``PATH=VALUE`` spells.

    Raises
    ------
    InputError
        If it is no such thing.

    Examples
    --------
    >>> override("limits.budget_usd*=1.2").value
    Decimal('1.2')
    >>> override("clips.hero.resolution = 720p").value
    '720p'
    """
    found = _GRAMMAR.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise InputError(
            [Problem("must be PATH=VALUE, as limits.budget_usd=900 or clips.*.audio=deferred", _label(text))]
        )
    path, operator, value = found.groups()
    return Override(text.strip(), path.strip(), operator, _value(value.strip()))


def overridden(scenario: Scenario, overrides: Iterable[str | Override]) -> Scenario:
    """The scenario, and its catalogs, with these values set anew, one after the other.

    One in ``defaults`` reaches the clips that say what the defaults said.

    Raises
    ------
    InputError
        If a path leads nowhere, with the nearest that does, or a value is not allowed there.
    """
    wanted = [one if isinstance(one, Override) else override(one) for one in overrides]
    return _Draft(scenario, wanted).validated() if wanted else scenario


def _label(text: str) -> str:
    return f"--set '{printable(text, 120)}'"


def _value(text: str) -> Any:
    """A value as TOML reads it, else a text; None for nothing."""
    if not text:
        return None
    try:
        return text if "\n" in text else tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, ArithmeticError):
        return text


class _Draft:
    """A scenario as plain tables, with overrides applied, and where each came from."""

    def __init__(self, scenario: Scenario, wanted: Sequence[Override]) -> None:
        self._scenario = scenario
        self._given = list(resolved_catalogs(scenario))
        self._tree = shallow(scenario)
        self._catalogs: list[Tree] = [shallow(catalog) for catalog in self._given]
        self._set: list[tuple[Path, Override]] = []
        for one in wanted:
            self._apply(one)
        self._kept: dict[Path, list[int]] = {}
        self._take_out(self._tree, ())

    def validated(self) -> Scenario:
        """The scenario that came of it."""
        catalogs = tuple(map(self._catalog, range(len(self._given))))
        check_distinct(catalogs)
        if all(path[0] == "catalogs" for path, _ in self._set):
            made = self._scenario.model_copy(update={"catalogs": catalogs})
        else:
            made = validated(Scenario, {**self._tree, "catalogs": catalogs}, self._where)
        made._source, made._folder = self._where, self._scenario._folder
        return made

    def _apply(self, one: Override) -> None:
        if one.path == "catalogs":
            self._sell(one)
            return
        for place in places(self._tree, self._catalogs, one.path, one.label):
            for same in (*self._taken_from(place), place):
                _change(same, one)
                self._set.append((same.path, one))

    def _taken_from(self, place: Place) -> list[Place]:
        """The places in clips that say what this place in the defaults says."""
        if place.path[0] != "defaults":
            return []
        found = []
        for k in range(len(self._tree["clips"])):
            clip = opened(self._tree["clips"], k)
            if not isinstance(clip, dict):
                continue  # It was taken out
            holder, defaults = clip, self._tree["defaults"]
            for part in place.path[1:-1]:
                holder, defaults = holder.setdefault(part, {}), defaults[part]
            if holder.get(place.key) == defaults.get(place.key):
                found.append(Place(holder, place.key, ("clips", k, *place.path[1:]), place.otherwise))
        return found

    def _sell(self, one: Override) -> None:
        """Other catalogs, or further ones; paths are relative to the scenario's file."""
        names = one.value if isinstance(one.value, list) else [one.value]
        if one.operator == "*=" or not names or not all(isinstance(name, str) for name in names):
            raise InputError([Problem('must be names of catalogs, as catalogs+=["other.toml"]', one.label)])
        try:
            loaded = [load_catalog(name, self._scenario._folder) for name in names]
        except InputError as error:
            raise InputError([Problem(str(problem), one.label) for problem in error.problems]) from None
        kept = self._given if one.operator == "+=" else []
        self._catalogs = [*self._catalogs[: len(kept)], *map(shallow, loaded)]
        self._given = [*kept, *loaded]

    def _take_out(self, node: Any, path: Path) -> None:
        """Drop what was taken out of lists, and remember where the rest stood."""
        for key, inner in node.items() if isinstance(node, dict) else ():
            if isinstance(inner, list) and any(entry is _GONE for entry in inner):
                self._kept[(*path, key)] = [k for k, entry in enumerate(inner) if entry is not _GONE]
                inner[:] = [entry for entry in inner if entry is not _GONE]
            elif key != "clips":
                self._take_out(inner, (*path, key))

    def _catalog(self, c: int) -> Catalog:
        """One catalog, as it was where nothing in it was set."""
        given = self._given[c]
        if not any(path[:2] == ("catalogs", c) for path, _ in self._set):
            return given

        def where(path: Path) -> str:
            return self._origin(("catalogs", c, *path)) or where_in_catalog(given, path)

        made = validated(Catalog, self._catalogs[c], where)
        made._source = given._source
        return made

    def _where(self, path: Path) -> str:
        """Which override set a value, else where the scenario's file states it."""
        for end in range(1, len(path)):
            if (kept := self._kept.get(path[:end])) is not None and isinstance(path[end], int):
                path = (*path[:end], kept[int(path[end])], *path[end + 1 :])
        return self._origin(path) or where_in(self._scenario, path)

    def _origin(self, path: Path) -> str:
        """The last override that set a value, what holds it, or something in it."""
        for own, one in reversed(self._set):
            taken_out = one.value is None and own[:-1] == path
            if taken_out or (path and _one_in_other(own, path)):
                return one.label
        return ""


def _one_in_other(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _change(place: Place, one: Override) -> None:
    """Set one value in its table or list."""
    if one.operator != "=":
        place.holder[place.key] = _combined(place, one)
    elif one.value is not None:
        place.holder[place.key] = one.value
    elif isinstance(place.holder, list):
        place.holder[place.key] = _GONE
    else:
        place.holder.pop(place.key, None)


def _combined(place: Place, one: Override) -> Any:
    """What there was, multiplied by or added to."""
    before, change = place.value, one.value
    if one.operator == "+=" and (isinstance(before, list) or (before is None and isinstance(change, list | dict))):
        return [*(before or []), *(change if isinstance(change, list) else [change])]
    whole = printable(".".join(map(str, place.path)), 80)
    for value, what in (
        (change, "a number behind it"),
        (before, f"a number at `{whole}`, which states none; set it with `=`"),
    ):
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise InputError([Problem(f"`{one.operator}` needs {what}", one.label)])
    exact = [value if isinstance(value, int) else Decimal(str(value)) for value in (before, change)]
    result = exact[0] * exact[1] if one.operator == "*=" else exact[0] + exact[1]
    kept_whole = isinstance(exact[0], int) and result == int(result)
    return int(result) if kept_whole else result
