"""Scenario files: the clips (in the file, or in a table beside it) and the catalogs that they name."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from router.errors import InputError, Problem
from router.loading.account_file import account_of
from router.loading.calibration_file import load_calibration
from router.loading.catalog_file import check_distinct, load_catalog
from router.loading.clip_table import rows
from router.loading.formats import Source, parse, read
from router.loading.origins import Origin, WithAccount, WithTable
from router.loading.validation import validated
from router.schema.base import Path, kind_of, printable
from router.schema.catalog import Catalog
from router.schema.scenario import Defaults, Scenario, duplicate_ids


def load_scenario(path: str | FilePath) -> Scenario:
    """Read a scenario with its clips and catalogs; a plain table of clips is a scenario with all defaults.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    return scenario_of(read(path, tables=True))


def scenario_of(source: Source) -> Scenario:
    """The scenario that a text spells.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    table: Source | None = None
    data: dict[str, Any] = {"clips": source.label} if source.kind in ("csv", "jsonl") else parse(source)
    if source.kind in ("csv", "jsonl"):
        table = source
    elif isinstance(data.get("clips"), str):
        table = _table_beside(source, data["clips"])
    origin: Origin = source
    if table is not None:
        numbered = rows(table)
        origin = WithTable(source, table, tuple(line for line, _ in numbered))
        data = {**data, "clips": [fields for _, fields in numbered]}
        if not numbered:
            raise InputError([Problem("holds no clips", f"{table.label}:1")])

    found, data = _without_bad_defaults(data, origin)
    clips = data.get("clips")
    if isinstance(clips, list):
        ids = [clip.get("id", f"clip-{i + 1}") if isinstance(clip, dict) else None for i, clip in enumerate(clips)]
        found += [Problem(f"`id` {text}", origin.where(place)) for place, text in duplicate_ids(ids)]
    catalogs = _catalogs(data, source, found)
    data = _calibrated(data, source, found)
    if isinstance(data.get("account"), str):
        data, origin = _under_account(data, source, origin, found)
    scenario = validated(Scenario, data, origin.where, found=found)
    if catalogs:
        scenario = scenario.model_copy(update={"catalogs": catalogs})
    scenario._source, scenario._folder = origin, source.folder  # Private attributes carry what is not data
    return scenario


def where_in(scenario: Scenario, path: Path) -> str:
    """``file:line`` of a value of a scenario; empty where it did not come from a file."""
    origin: Origin | None = scenario._source
    return origin.where(path) if origin is not None else ""


def resolved_catalogs(scenario: Scenario) -> tuple[Catalog, ...]:
    """The scenario's catalogs, read where they are still names, and found to price nothing twice.

    Raises
    ------
    InputError
        If a catalog cannot be read, or two price the same thing.
    """
    catalogs = tuple(c if isinstance(c, Catalog) else load_catalog(c) for c in scenario.catalogs)
    for position, catalog in enumerate(catalogs):
        if catalog in catalogs[:position]:
            text = f"catalog '{catalog.name}' is named twice; name it once"
            raise InputError([Problem(text, where_in(scenario, ("catalogs", position)))])
    check_distinct(catalogs)
    return catalogs


def _table_beside(source: Source, name: str) -> Source:
    try:
        table = read(source.folder / name, tables=True)
    except InputError as error:
        problems = [
            Problem(f"`clips` names a table: {problem}", source.where(("clips",))) for problem in error.problems
        ]
        raise InputError(problems) from None
    if table.kind not in ("csv", "jsonl"):
        raise InputError([Problem("`clips` must name a table that ends in .csv or .jsonl", source.where(("clips",)))])
    return table


def _without_bad_defaults(data: dict[str, Any], origin: Origin) -> tuple[list[Problem], dict[str, Any]]:
    """Report what is wrong in the defaults once, not again for every clip that takes them."""
    defaults = data.get("defaults")
    if defaults is None:
        return [], data
    try:
        validated(
            Defaults,
            defaults,
            lambda path: origin.where(("defaults", *path)),
            name="defaults",
        )
    except InputError as error:
        kept = {k: v for k, v in data.items() if k != "defaults"}
        if isinstance(data.get("clips"), list):
            kept["clips"] = [{"seconds": 1, **clip} if isinstance(clip, dict) else clip for clip in data["clips"]]
        return list(error.problems), kept
    return [], data


def _catalogs(data: dict[str, Any], source: Source, found: list[Problem]) -> tuple[Catalog, ...]:
    """The catalogs that the file names, relative to it; what is wrong with them goes to ``found``."""
    names = data.get("catalogs")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return ()
    catalogs: list[Catalog] = []
    for position, name in enumerate(names):
        try:
            catalogs.append(load_catalog(name, source.folder))
        except InputError as error:
            place = source.where(("catalogs", position))
            found += [Problem(f"in catalog '{printable(name[:80])}': {problem}", place) for problem in error.problems]
    return tuple(catalogs)


def _calibrated(data: dict[str, Any], source: Source, found: list[Problem]) -> dict[str, Any]:
    """The fields with the calibration that the file names, read relative to it; what is wrong with it goes to ``found``."""
    if "calibration" not in data:
        return data
    name, place = data["calibration"], source.where(("calibration",))
    others = {field: value for field, value in data.items() if field != "calibration"}
    if not isinstance(name, str):
        text = f"`calibration` must be the path of a calibration file, not {kind_of(name)[:40]}"
        found.append(Problem(text, place))
        return others
    try:
        return {**others, "calibration": load_calibration(source.folder / name)}
    except InputError as error:
        found += [Problem(f"in calibration '{printable(name[:80])}': {problem}", place) for problem in error.problems]
        return others


def _under_account(
    data: dict[str, Any], source: Source, origin: Origin, found: list[Problem]
) -> tuple[dict[str, Any], Origin]:
    """The fields with the account whose file is named, read relative to the scenario; what is wrong with it goes to ``found``."""
    name, others = data["account"], {field: value for field, value in data.items() if field != "account"}
    try:
        file = read(source.folder / name)
        return {**others, "account": account_of(file)}, WithAccount(origin, file)
    except InputError as error:
        place = source.where(("account",))
        found += [Problem(f"in account '{printable(name[:80])}': {problem}", place) for problem in error.problems]
        return others, origin
