"""Overrides: single values of a scenario or of its catalogs set anew, as if the files said so.

``limits.budget_usd=900``, ``clips.hero.audio=deferred``, ``offers.kling-o3.*.price*=1.2``: for paths see `paths`. ``=`` sets, with nothing
behind it takes out; ``*=`` multiplies; ``+=`` adds, or appends to a list. Values are read as in TOML, and as texts where they are none.

What is taken out of a clip is not had from the defaults again. What was measured comes behind what the scenario says by then.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, TypeVar

from router.errors import InputError, Problem
from router.loading.account_file import load_account
from router.loading.calibration_file import load_calibration
from router.loading.catalog_file import check_distinct, load_catalog
from router.loading.catalog_file import where_in as where_in_catalog
from router.loading.formats import MAX_DEPTH, deeper
from router.loading.origins import Mark, Origin, SetAnew
from router.loading.paths import GONE, Place, Tree, entered, opened, places, plain, shallow
from router.loading.scenario_file import resolved_catalogs
from router.loading.validation import validated
from router.schema.account import Account
from router.schema.base import Path, kind_of, printable
from router.schema.calibration import Calibration
from router.schema.catalog import Catalog
from router.schema.scenario import Defaults, Scenario, with_defaults

_GRAMMAR = re.compile(r"""((?:"[^"]*"|'[^']*'|[^"'=])+?)\s*((?<!\.)[*+]=|=)(.*)""", re.DOTALL)
"""A star behind a dot is a step of the path."""
_LONGEST = 100_000
_MEASURED = ("calibration", "failure_rate", "keep_rate", "bills_failures", "outages")
"""A calibration, and where what it measured stands."""
Loaded = TypeVar("Loaded", Catalog, Calibration, Account)


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
    path, operator, written = found.groups()
    value = _value(written.strip())
    if deeper(value, MAX_DEPTH):
        raise InputError([Problem(f"nests deeper than {MAX_DEPTH} levels", _label(text))])
    return Override(text.strip(), path.strip(), operator, value)


def overridden(scenario: Scenario, overrides: Iterable[str | Override]) -> Scenario:
    """The scenario, and its catalogs, with these values set anew, one after the other.

    One in ``defaults`` reaches the clips that say what the defaults said. Without its calibration a scenario no longer says what that says.

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
        self._marks: list[Mark] = []
        self._gaps: set[Path] = set()
        """Lists that something was taken out of."""
        for one in wanted:
            self._apply(one)
        self._kept = dict(self._closed())

    def validated(self) -> Scenario:
        """The scenario that came of it."""
        catalogs = tuple(map(self._catalog, range(len(self._given))))
        check_distinct(catalogs)
        origin = self._origin((), self._scenario._source)
        if all(mark.path[0] == "catalogs" for mark in self._marks):
            made = self._scenario.model_copy(update={"catalogs": catalogs})
        else:
            made = self._whole(catalogs, origin)
        made._source, made._folder = origin, self._scenario._folder
        return made

    def _whole(self, catalogs: tuple[Catalog, ...], origin: Origin) -> Scenario:
        """All of it; clips have taken the defaults already, and what was taken out of them is not to come back."""
        self._take_back_measured()
        found: Sequence[Problem] = ()
        defaults = self._tree.pop("defaults", None)
        if defaults is not None and not isinstance(defaults, Defaults):
            try:
                defaults = validated(
                    Defaults, defaults, lambda path: origin.where(("defaults", *path)), name="defaults"
                )
            except InputError as error:
                found = error.problems
        made = validated(Scenario, {**self._tree, "catalogs": catalogs}, origin.where, found=found)
        return made if defaults is None else made.model_copy(update={"defaults": defaults})

    def _apply(self, one: Override) -> None:
        if one.path == "catalogs":
            self._sell(one)
            return
        found = places(self._tree, self._catalogs, one.path, one.label)
        of_defaults = any(place.path[0] == "defaults" for place in found)
        before = self._defaults() if of_defaults else {}
        for place in found:
            if place.path == ("catalogs",):
                self._sell(one)
            elif place.path == ("calibration",):
                self._measure(one)
            elif place.path == ("account",) and isinstance(one.value, str):
                self._agree(one, one.value)
            else:
                self._set(place, one)
        if of_defaults:
            self._follow(before, one)

    def _set(self, place: Place, one: Override) -> None:
        """Set one value in its table or list."""
        # A length as the key of its price is a number here and a text in what a file says.
        written = tuple(f"{part}" if isinstance(part, Decimal) else part for part in place.path)
        self._marks.append(Mark(written, one.label, one.value is None))
        if one.value is not None:
            own = self._filled(place, plain(one.value))
            place.holder[place.key] = own if one.operator == "=" else _combined(place, replace(one, value=own))
        elif one.operator != "=":
            place.holder[place.key] = _combined(place, one)
        elif isinstance(place.holder, list):
            place.holder[place.key] = GONE
            self._gaps.add(place.path[:-1])
        else:
            place.holder.pop(place.key, None)

    def _defaults(self) -> Tree:
        """What the defaults say now."""
        stated = plain(self._tree.get("defaults"))
        return stated if isinstance(stated, dict) else {}

    def _filled(self, place: Place, value: Any) -> Any:
        """Clips that are new, or a clip's new request, with the defaults that they do not state, as in a file."""
        match place.path:
            case ("clips",) | ("clips", _):
                shared = self._defaults()
                clips = value if isinstance(value, list) else [value]
                whole = [with_defaults(clip, shared) if isinstance(clip, dict) else clip for clip in clips]
                return whole if isinstance(value, list) else whole[0]
            case ("clips", _, "request") if isinstance(value, dict):
                return with_defaults({"request": value}, self._defaults())["request"]
        return value

    def _follow(self, before: Tree, one: Override) -> None:
        """Change the clips that say what the defaults said, too; of a request each name by itself."""
        after, clips = self._defaults(), self._tree.get("clips")
        clips = clips if isinstance(clips, list) else []
        requests = [table.pop("request", None) or {} for table in (before, after)]
        for k in range(len(clips)):
            clip = opened(clips, k)
            if not isinstance(clip, dict):
                continue  # It was taken out
            changed: list[Path] = [(name,) for name in _followed(clip, before, after)]
            if isinstance(own := clip.setdefault("request", {}), dict) and all(isinstance(r, dict) for r in requests):
                changed += [("request", name) for name in _followed(own, *requests)]
            self._marks += [Mark(("clips", k, *path), one.label) for path in changed]

    def _sell(self, one: Override) -> None:
        """Other catalogs, or further ones; paths are relative to the scenario's file."""
        names = one.value if isinstance(one.value, list) else [one.value]
        if one.operator == "*=" or not names or not all(isinstance(name, str) for name in names):
            raise InputError([Problem('must be names of catalogs, as catalogs+=["other.toml"]', one.label)])
        loaded = [self._loaded(load_catalog, name, one) for name in names]
        kept = self._given if one.operator == "+=" else []
        self._catalogs = [*self._catalogs[: len(kept)], *map(shallow, loaded)]
        self._given = [*kept, *loaded]

    def _measure(self, one: Override) -> None:
        """Another calibration, or none; its path is relative to the scenario's file."""
        if one.operator != "=" or not isinstance(one.value, str | None):
            given = f", not {kind_of(one.value)[:40]}" if one.operator == "=" else ""
            raise InputError([Problem(f"`calibration` must be the path of a calibration file{given}", one.label)])
        self._marks.append(Mark(("calibration",), one.label, one.value is None))
        if one.value is None:
            self._tree.pop("calibration", None)
        else:
            self._tree["calibration"] = self._loaded(
                lambda name, folder: load_calibration((folder or FilePath()) / name), one.value, one
            )

    def _agree(self, one: Override, name: str) -> None:
        """The terms of another account's file, whose path is relative to the scenario's file."""
        if one.operator != "=":
            raise InputError([Problem("`account` takes the path of an account file with `=`", one.label)])
        terms = self._loaded(lambda name, folder: load_account((folder or FilePath()) / name), name, one).account
        self._marks.append(Mark(("account",), one.label))
        self._tree["account"] = plain(terms)

    def _loaded(self, load: Callable[[str, FilePath | None], Loaded], name: str, one: Override) -> Loaded:
        try:
            return load(name, self._scenario._folder)
        except InputError as error:
            raise InputError([Problem(str(problem), one.label) for problem in error.problems]) from None

    def _take_back_measured(self) -> None:
        """Take out of the tables what the calibration put there: what one says comes behind what the tables say by now."""
        measured = self._scenario.calibration
        if measured is not None and any(mark.path[0] in _MEASURED for mark in self._marks):
            self._take_back(self._tree, {name: plain(getattr(measured, name)) for name in _MEASURED[1:]}, ())

    def _take_back(self, table: Tree, measured: Tree, path: Path) -> None:
        for key, value in measured.items():
            if key not in table:
                continue
            place = (*path, key)
            if isinstance(value, dict) and isinstance(entered(table, key), dict):
                self._take_back(table[key], value, place)
            elif table[key] == value and not any(mark.path == place[: len(mark.path)] for mark in self._marks):
                del table[key]

    def _closed(self) -> Iterator[tuple[Path, tuple[int, ...]]]:
        """Close the gaps in lists; the positions in each of what is left."""
        whole = {**self._tree, "catalogs": self._catalogs}
        for path in sorted(self._gaps, key=len, reverse=True):
            entries: Any = whole
            for part in path:
                inside = isinstance(entries, dict) or (isinstance(entries, list) and part in range(len(entries)))
                entries = (entries.get(part) if isinstance(entries, dict) else entries[part]) if inside else None
            if isinstance(entries, list):
                yield path, tuple(k for k, entry in enumerate(entries) if entry is not GONE)
                entries[:] = [entry for entry in entries if entry is not GONE]

    def _catalog(self, c: int) -> Catalog:
        """One catalog, as it was where nothing in it was set."""
        given, place = self._given[c], ("catalogs", c)
        if not any(mark.path[:2] == place for mark in self._marks):
            return given
        origin = self._origin(place, given._source)
        made = validated(Catalog, self._catalogs[c], lambda path: origin.where(path) or where_in_catalog(given, path))
        made._source = origin
        return made

    def _origin(self, place: Path, below: Origin | None) -> SetAnew:
        """Where the values come from by now, of the whole scenario or of what stands at one place."""
        n = len(place)
        marks = (mark._replace(path=mark.path[n:]) for mark in self._marks if mark.path[:n] == place)
        return SetAnew(below, tuple(marks), {path[n:]: own for path, own in self._kept.items() if path[:n] == place})


def _followed(own: Tree, before: Tree, after: Tree) -> Iterator[str]:
    """Change in a table what said as one table what another says now; the names of it."""
    for name in dict.fromkeys((*before, *after)):
        was, now = (None if table.get(name) == {} else table.get(name) for table in (before, after))
        if was != now and own.get(name) == was:
            own.pop(name, None)
            if now is not None:
                own[name] = plain(now)
            yield name


def _combined(place: Place, one: Override) -> Any:
    """What there was, multiplied by or added to."""
    before, change = place.value, one.value
    if one.operator == "+=" and (isinstance(before, list) or (before is None and isinstance(change, list | dict))):
        return [*(before or []), *(change if isinstance(change, list) else [change])]
    written, meant = (printable(path, 80) for path in (one.path, ".".join(map(str, place.path))))
    whole = f"`{written}`" if not re.search(r"[*?]", one.path) else f"`{written}` (`{meant}`)"
    for value, what in (
        (change, "a number behind it"),
        (before, f"a number at {whole}, which states none; set it with `=`"),
    ):
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise InputError([Problem(f"`{one.operator}` needs {what}", one.label)])
    exact = [Decimal(value if isinstance(value, int) else str(value)) for value in (before, change)]
    try:
        result = exact[0] * exact[1] if one.operator == "*=" else exact[0] + exact[1]
        kept_whole = isinstance(before, int) and abs(result) < 10**18 and result == int(result)
    except ArithmeticError:
        raise InputError([Problem(f"`{one.operator}` leads to no number of ordinary size", one.label)]) from None
    return int(result) if kept_whole else result
