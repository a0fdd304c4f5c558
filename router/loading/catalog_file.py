"""Catalog files, bundled or the user's own, and what can be wrong between several of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from router.errors import InputError, Problem, nearest
from router.loading.formats import Source, parse, read
from router.loading.origins import Origin
from router.loading.validation import validated
from router.schema.base import Path
from router.schema.catalog import Catalog, ModelEntry

_BUNDLED = FilePath(__file__).parents[1] / "catalogs"


def bundled_names() -> tuple[str, ...]:
    """The catalogs that come with the package, in alphabetical order."""
    return tuple(sorted(file.stem for file in _BUNDLED.glob("*.toml")))


def load_catalog(name: str | FilePath, folder: FilePath | None = None) -> Catalog:
    """A bundled catalog by its name, or a catalog file by its path (relative to ``folder``).

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    text = str(name)
    if isinstance(name, str) and text in bundled_names():
        return _bundled(text)
    path = (folder or FilePath()) / text
    if not path.suffix and not path.exists():
        near = nearest(text, bundled_names())
        hint = f"did you mean '{near}'?" if near else f"bundled are {', '.join(bundled_names())}"
        raise InputError([Problem(f"no bundled catalog and no file is called so; {hint}", f"{text:.80}")])
    return catalog_from(read(path))


def distinct_catalogs(given: Iterable[Catalog | str | FilePath]) -> list[Catalog]:
    """Several catalogs, read where they are names or paths; the same one is taken once.

    Raises
    ------
    InputError
        With every error in all of them.
    """
    found: list[Catalog] = []
    problems: list[Problem] = []
    for own in given:
        try:
            catalog = own if isinstance(own, Catalog) else load_catalog(own)
        except InputError as error:
            problems += error.problems
            continue
        if catalog not in found:
            found.append(catalog)
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return found


@cache
def _bundled(name: str) -> Catalog:
    data = (_BUNDLED / f"{name}.toml").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return catalog_from(Source(f"{name}.toml (bundled)", data.decode("utf-8"), "toml", FilePath(), digest))


def catalog_from(source: Source) -> Catalog:
    """The catalog that a text spells; it remembers the text, so that later findings can name their line."""
    data = parse(source)
    try:
        catalog = validated(Catalog, data, source.where)
    except InputError as error:
        raise InputError(list(dict.fromkeys([*error.problems, *_masked(data, source)]))) from None
    catalog._source = source  # A private attribute is pydantic's way to carry what is not data
    check_distinct([catalog])
    return catalog


def _masked(data: dict[str, Any], source: Source) -> list[Problem]:
    """What is wrong with single offers of a bad catalog, where an error beside them kept their model from being looked at as a whole."""
    found: list[Problem] = []
    entries = data.get("models")
    for m, entry in enumerate(entries if isinstance(entries, list) else ()):
        offers = entry.get("offers") if isinstance(entry, dict) else None
        for i, offer in enumerate(offers if isinstance(offers, list) else ()):
            place = ("models", m, "offers", i)

            def where(path: Path, place: Path = place) -> str:
                return source.where((*place, *path[2:]) if path[:1] == ("offers",) else (*place[:2], *path))

            try:
                validated(ModelEntry, {**entry, "offers": [offer]}, where)
            except InputError as error:
                found += error.problems
    return found


def where_in(catalog: Catalog, path: Path) -> str:
    """``file:line`` of a value of a catalog; its name and the path where it did not come from a file."""
    origin: Origin | None = catalog._source
    return (origin.where(path) if origin is not None else "") or f"catalog {catalog.name}, {'.'.join(map(str, path))}"


def check_distinct(catalogs: Sequence[Catalog]) -> None:
    """Refuse two prices for one thing on one day in one region: (provider, model, mode, resolution, audio, reference) must differ.

    Raises
    ------
    InputError
        Naming both places.
    """
    priced: dict[tuple[object, ...], list[tuple[ModelEntry, Catalog, Path]]] = {}
    problems: list[Problem] = []
    for catalog in catalogs:
        for m, entry in enumerate(catalog.models):
            for i, offer in enumerate(entry.offers):
                reference = offer.reference or entry.reference
                key = (entry.provider, entry.model, entry.mode, offer.resolution, offer.audio, reference)
                others = priced.setdefault(key, [])
                place: Path = ("models", m, "offers", i)
                if clashing := [
                    other for other in others if _same_day(entry, other[0]) and _same_place(entry, other[0])
                ]:
                    named = f"{entry.provider}/{entry.model} {entry.mode} {offer.resolution or ''} audio = {str(offer.audio).lower()}"
                    first = where_in(*clashing[0][1:])
                    problems.append(
                        Problem(
                            f"{' '.join(named.split())} is priced already at {first}; "
                            "keep one, or give them different days of sale or regions",
                            where_in(catalog, place),
                        )
                    )
                others.append((entry, catalog, place))
    if problems:
        raise InputError(problems)


def _same_place(one: ModelEntry, other: ModelEntry) -> bool:
    """Whether there is a region in which both are sold; one that states none is sold everywhere."""
    return one.region is None or other.region is None or one.region == other.region


def _same_day(one: ModelEntry, other: ModelEntry) -> bool:
    """Whether there is a day on which both are sold."""
    first = max((e.available_from for e in (one, other) if e.available_from), default=None)
    last = min((e.available_until for e in (one, other) if e.available_until), default=None)
    return first is None or last is None or first <= last
