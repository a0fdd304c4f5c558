"""Paths into a scenario and its catalogs: ``clips.hero.audio``, ``limits.caps[0].max_clips``, ``offers.kling-o3.1080p.price_per_second``.

A step is a field's name, or of a list an entry's position, id or name; ``*`` and ``?`` in it match any. Names may hold dots: the longest
that fits is taken, and quotes keep one together; an id comes before a position that reads the same. What is walked are plain tables and
lists, as `overrides` makes them of models.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple, NoReturn, Union, get_args, get_origin

from pydantic import BaseModel

from router.errors import InputError, Problem, nearest
from router.loading.formats import MAX_DEPTH
from router.schema.base import Path, printable
from router.schema.calibration import Calibration
from router.schema.catalog import Catalog, ModelEntry, OfferEntry
from router.schema.scenario import Scenario

Tree = dict[str, Any]
PRICES = ("price_per_second", "price_per_generation", "price_minimum", "prices")
GONE: Any = object()
"""Stands in a list where an entry was taken out, so that the others keep their positions."""
_SHOWN = 6
_NOTHING: Tree = {}
_KINDS: dict[type, str] = {dict: "table", list: "list"}
_QUOTED = re.compile(r"""(?:"([^"]*)"|'([^']*)')(?=\.|\Z)""")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one value stands, or would stand."""

    holder: Any
    """The table or list that holds it."""
    key: Any
    path: Path
    """From the top of the scenario; what is in a catalog begins with ``("catalogs", position)``."""
    otherwise: Any = None
    """What holds where nothing is stated here."""

    @property
    def value(self) -> Any:
        """What is stated, else what holds without it."""
        if isinstance(self.holder, list):
            return self.holder[self.key]
        return self.holder.get(self.key, self.otherwise)


class _Branch(NamedTuple):
    """An entry of a list."""

    labels: tuple[str, ...]
    holder: list[Any]
    key: int
    annotation: Any
    path: Path
    above: Tree = _NOTHING
    """What an offer takes from its model."""
    alone: bool = False
    """Whether it can be set as a whole, or taken out."""
    offers: bool = False
    """Whether it stands for the offers of a model."""


def shallow(model: BaseModel) -> Tree:
    """What a model was given; models in it and in its lists stay the objects that they are until something in them is set."""
    known = type(model).model_fields
    stated = {known[name].alias or name: getattr(model, name) for name in known if name in model.model_fields_set}
    whole = {name: value for name, value in stated.items() if value is not None}
    return {
        name: list(value) if isinstance(value, tuple) else plain(value) if isinstance(value, dict) else value
        for name, value in whole.items()
    }


def plain(value: Any) -> Any:
    """What a model was given, as tables and lists that can be changed; what is whole stays as it is."""
    if isinstance(value, BaseModel):
        if isinstance(value, Calibration):
            return value
        known, stated = type(value).model_fields, value.model_fields_set
        own = {known[name].alias or name: getattr(value, name) for name in known if name in stated}
        return {name: plain(inner) for name, inner in own.items() if inner is not None}
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def entered(node: Tree, name: str) -> Any:
    """A field of a scenario as a table or list that can be changed; until it is entered it stays what it was."""
    if isinstance(node[name], BaseModel):
        node[name] = plain(node[name])
    return node[name]


def opened(entries: list[Any], k: int) -> Any:
    """An entry of a list, likewise."""
    if isinstance(entries[k], BaseModel):
        entries[k] = plain(entries[k])
    return entries[k]


def _stated(entry: Any, name: str) -> Any:
    """A field of an entry, opened or not; None where it has none."""
    return entry.get(name) if isinstance(entry, dict) else getattr(entry, name, None)


def places(scenario: Tree, catalogs: list[Tree], text: str, label: str) -> list[Place]:
    """Every place that a path leads to.

    Parameters
    ----------
    label
        What is to blame if there is none.

    Raises
    ------
    InputError
        With the nearest path that leads somewhere.
    """
    rest = re.sub(r"\[(\d+|\*)\]", r".\1", text)
    walk = _Walk(label, rest, catalogs)
    root, _, below = rest.partition(".")
    if root in _SOLD:
        return list(walk.among(list(_SOLD[root](catalogs)), below))
    return list(walk.into(scenario, Scenario, rest, (), ("models", "offers")))


def _catalogs(catalogs: list[Tree]) -> Iterator[_Branch]:
    for c, catalog in enumerate(catalogs):
        yield _Branch((str(catalog.get("name")), str(c)), catalogs, c, Catalog, ("catalogs", c))


def _models(catalogs: list[Tree]) -> Iterator[_Branch]:
    for c, catalog in enumerate(catalogs):
        entries = catalog.get("models")
        entries = entries if isinstance(entries, list) else []
        for m, entry in enumerate(entries):
            yield _Branch(_names(entry), entries, m, ModelEntry, ("catalogs", c, "models", m), alone=True)


def _offers(catalogs: list[Tree]) -> Iterator[_Branch]:
    for branch in _models(catalogs):
        yield branch._replace(
            annotation=tuple[OfferEntry, ...], path=(*branch.path, "offers"), alone=False, offers=True
        )


_SOLD = {"catalogs": _catalogs, "models": _models, "offers": _offers}


def _names(entry: Any) -> tuple[str, ...]:
    """What an entry of a list may be called by, besides its position."""
    model, provider = _stated(entry, "model"), _stated(entry, "provider")
    if model is not None and provider is not None:
        return str(model), f"{provider}/{model}"
    return tuple(str(name) for field in ("id", "name", "provider") if (name := _stated(entry, field)) is not None)


def _kinds(offer: Tree, entry: Tree) -> tuple[str, ...]:
    """What an offer of a model may be called by: ``1080p``, ``audio``, ``1080p-audio``, or those after its mode."""
    sound = "audio" if offer.get("audio") else "silent"
    made = [part for part in (offer.get("resolution"), sound) if part]
    whole = "-".join(made)
    return *dict.fromkeys((*made, whole)), str(entry.get("mode")), f"{entry.get('mode')}-{whole}"


class _Walk:
    """One path, walked; it knows what to say where it ends."""

    def __init__(self, label: str, text: str, catalogs: list[Tree]) -> None:
        self._label, self._text, self._catalogs = label, text, catalogs

    def into(
        self, node: Any, annotation: Any, rest: str, path: Path, besides: Sequence[str] = (), above: Tree = _NOTHING
    ) -> Iterator[Place]:
        """What ``rest`` leads to in a table or list."""
        kind, inner = _shape(annotation)
        if annotation is Any:
            kind, inner = _KINDS.get(type(node), "value"), Any
        if not isinstance(node, list if kind == "list" else dict):
            kind = "value"  # Whatever should be here, something else was set
        if kind == "list":
            yield from self.among(_entries(node, inner, path, above, _called(node, rest)), rest)
        elif kind == "table":
            yield from self._named(node, inner, rest, path)
        elif kind == "model":
            yield from self._fields(node, inner, rest, path, besides, above)
        else:
            self._lost(f"{self._before(rest)} is a single value: nothing is in it")

    def among(self, branches: Sequence[_Branch], rest: str) -> Iterator[Place]:
        """What ``rest`` leads to in those of these entries that its first step fits and that have it."""
        if not rest:
            self._lost(f"{self._before(rest)} is a list: say which entry, or `*` for all")
        branches = [branch for branch in branches if branch.holder[branch.key] is not GONE]
        found, below, token = _matching([(branch.labels, branch) for branch in branches], rest)
        if not found:
            names = dict.fromkeys(label for branch in branches for label in branch.labels[:1])
            every = [label for branch in branches for label in branch.labels]
            what = f"nothing in {self._before(rest)} is called `{printable(token, 60)}`"
            self._lost(what, rest, token, list(names), every)
        led, lost = False, None
        for branch in found:
            try:
                for place in self._below(branch, below):
                    led = True
                    yield place
            except InputError as error:
                lost = lost or error
        if lost is not None and not led:
            raise lost

    def _below(self, branch: _Branch, below: str | None) -> Iterator[Place]:
        if below is not None:
            node, above = opened(branch.holder, branch.key), branch.above
            if branch.offers:
                node, above = _stated(node, "offers"), node
            yield from self.into(node, branch.annotation, below, branch.path, above=above)
        elif branch.alone:
            yield Place(branch.holder, branch.key, branch.path)
        else:
            self._lost(f"`{printable(self._text, 80)}` holds several values: say which")

    def _named(self, node: Tree, inner: Any, rest: str, path: Path) -> Iterator[Place]:
        """In a table of names, a name that is not there yet is a new one; of a request, which can hold tables, its first step is."""
        found, below, token = _matching([((str(key),), key) for key in node], rest)
        if not found and re.search(r"[*?]", token) and not _QUOTED.match(rest):
            self._lost(f"nothing in {self._before(rest)} is called `{printable(token, 60)}`", rest, token, list(node))
        if not found and isinstance(inner, type) and issubclass(inner, BaseModel):
            found, below, token = self._new(node, rest)
        if inner is Any:
            if len(path) > MAX_DEPTH:
                self._lost(f"`{printable(self._text, 80)}` nests deeper than {MAX_DEPTH} levels")
            if not found and below is not None:
                node[token] = {}
            found = found or [token]
        for key in found or [rest.strip("\"'")]:
            if below is None or not found:
                yield Place(node, key, (*path, key))
            else:
                yield from self.into(node[key], inner, below, (*path, key))

    def _new(self, node: Tree, rest: str) -> tuple[list[Any], str | None, str]:
        """In a table of providers, one that it says nothing of yet and catalogs sell, as an empty table."""
        sold = dict.fromkeys(str(_stated(branch.holder[branch.key], "provider")) for branch in _models(self._catalogs))
        found, below, token = _matching([((name,), name) for name in sold], rest)
        if not found:
            what = f"nothing in {self._before(rest)} is called `{printable(token, 60)}`, and no catalog sells from it"
            self._lost(what, rest, token, [*dict.fromkeys((*map(str, node), *sold))])
        for name in found:
            node[name] = {}
        return found, below, token

    def _fields(
        self, node: Tree, model: type[BaseModel], rest: str, path: Path, besides: Sequence[str], above: Tree
    ) -> Iterator[Place]:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if model is OfferEntry and rest == "price":
            yield from _all_prices(node, path, above)
            return
        found, below, token = _matching([((name,), name) for name in fields], rest)
        if not found:
            whole = f" in {self._before(rest)}" if path else ""
            self._lost(f"no such field as `{printable(token, 60)}`{whole}", rest, token, [*fields, *besides])
        for name in found:
            if below is None:
                default = fields[name].default
                if name in node:
                    entered(node, name)
                yield Place(node, name, (*path, name), above.get(name, default if isinstance(default, int) else None))
                continue
            kind, _ = _shape(fields[name].annotation)
            if name not in node:
                node[name] = [] if kind == "list" else {}
            yield from self.into(entered(node, name), fields[name].annotation, below, (*path, name), above=above)

    def _before(self, rest: str) -> str:
        """The path as far as it led, as it was written."""
        return f"`{printable(self._text.removesuffix(rest).rstrip('.'), 120)}`"

    def _lost(
        self, what: str, rest: str = "", token: str = "", names: Sequence[str] = (), every: Sequence[str] = ()
    ) -> NoReturn:
        near = nearest(token, every or names) if token else None
        if near is not None:
            led = self._text.removesuffix(rest)
            hint = f"; did you mean `{printable(led + near, 120)}`?"
        elif names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            hint = f"; there is {', '.join(printable(name, 40) for name in names[:_SHOWN])}{more}"
        else:
            hint = ""
        raise InputError([Problem(f"{what}{hint}", self._label)])


def _called(node: Sequence[Any], rest: str) -> Sequence[int]:
    """Positions of the entries whose id is the first step of a path, where no longer id may be meant; of all, where there is none."""
    quoted = _QUOTED.match(rest)
    token = rest.partition(".")[0] if quoted is None else quoted.group(1) or quoted.group(2) or ""
    begun = [
        (k, name)
        for k, entry in enumerate(node)
        if isinstance(name := _stated(entry, "id"), str) and name.startswith(token)
    ]
    longer = quoted is None and any(name.startswith(f"{token}.") for _, name in begun)
    return [k for k, name in begun if name == token and not longer] or range(len(node))


def _entries(node: list[Any], inner: Any, path: Path, above: Tree, positions: Sequence[int]) -> list[_Branch]:
    labels = [
        (*(_kinds(node[k], above) if above and isinstance(node[k], dict) else _names(node[k])), str(k))
        for k in positions
    ]
    return [
        _Branch(own, node, k, inner, (*path, k), above, alone=True) for own, k in zip(labels, positions, strict=True)
    ]


def _all_prices(node: Tree, path: Path, above: Tree) -> Iterator[Place]:
    """Every price of an offer, also those that it has from its model."""
    for name in PRICES:
        if isinstance(own := node.get(name), dict):
            yield from (Place(own, length, (*path, name, length)) for length in own)
        elif name in node or name in above:
            yield Place(node, name, (*path, name), above.get(name))


def _matching(options: Sequence[tuple[tuple[str, ...], Any]], rest: str) -> tuple[list[Any], str | None, str]:
    """What the first step of a path fits, the rest of the path behind it (None: it ends there), and the step."""
    quoted = _QUOTED.match(rest)
    if quoted is not None:
        token = quoted.group(1) or quoted.group(2) or ""
        below = rest[quoted.end() + 1 :] or None
        exact = [key for labels, key in options if token in labels]
    else:
        fitting = [label for labels, _ in options for label in labels if rest == label or rest.startswith(f"{label}.")]
        token, below = rest.partition(".")[0], rest.partition(".")[2] or None
        if fitting:
            token = max(fitting, key=len)
            below = rest[len(token) + 1 :] or None
        exact = [key for labels, key in options if token in labels] if fitting else []
    if exact or not re.search(r"[*?]", token):
        return exact, below, token
    return [key for labels, key in options if any(fnmatchcase(label, token) for label in labels)], below, token


def _shape(annotation: Any) -> tuple[str, Any]:
    """What a value of this type is: a ``list`` or ``table`` of something, a ``model``, or a plain ``value``, as a whole file is."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(inner[0])
    if origin in (Union, types.UnionType):
        return next((found for part in inner if (found := _shape(part))[0] != "value"), ("value", None))
    if origin in (tuple, list):
        return "list", inner[0]
    if origin is dict:
        return "table", inner[1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not Calibration:
        return "model", annotation
    return "value", None
