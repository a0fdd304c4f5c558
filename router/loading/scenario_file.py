"""Scenario files: the clips (in the file, or in a table beside it) and the catalogs that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from router.errors import InputError, Problem
from router.loading.account_file import account_of
from router.loading.calibration_file import load_calibration
from router.loading.catalog_file import check_distinct, load_catalog
from router.loading.clip_table import rows
from router.loading.formats import BINARY, Source, label_of, parse, read
from router.loading.origins import Origin, WithAccount, WithTable
from router.loading.validation import validated
from router.schema.base import Path, kind_of, printable
from router.schema.catalog import Catalog
from router.schema.columns import in_columns
from router.schema.scenario import Defaults, Scenario, duplicate_ids


def load_scenario(path: str | FilePath) -> Scenario:
    """Read a scenario with its clips and catalogs; a plain table of clips is a scenario with all defaults.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    if FilePath(str(path)).suffix.lower() in BINARY:
        return scenario_from({}, nowhere(label_of(path)), _of_frame(FilePath(path), {}))
    return scenario_of(read(path, tables=True))


def scenario_of(source: Source) -> Scenario:
    """The scenario that a text spells.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    if source.kind in ("csv", "jsonl"):
        return scenario_from({}, source, _of_text(source, {}))
    data = parse(source)
    if not isinstance(data.get("clips"), str):
        return scenario_from(data, source)
    columns = checked_columns(data, source)
    try:
        clips = _beside(source.folder / data["clips"], columns)
    except InputError as error:
        problems = [
            Problem(f"`clips` names a table: {problem}", source.where(("clips",))) for problem in error.problems
        ]
        raise InputError(problems) from None
    return scenario_from(data, source, clips)


def scenario_from(data: dict[str, Any], source: Source, table: ClipTable | None = None) -> Scenario:
    """The scenario that plain values state, its clips those of a table if there is one.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    origin: Origin = source
    if table is not None:
        origin = WithTable(source, table.origin, tuple(line for line, _ in table.rows))
        data = {**data, "clips": [fields for _, fields in table.rows]}
    found, data = _without_bad_defaults(data, origin)
    clips = data.get("clips")
    if isinstance(clips, list):
        ids = [clip.get("id", f"clip-{i + 1}") if isinstance(clip, dict) else None for i, clip in enumerate(clips)]
        found += [Problem(f"`id` {text}", origin.where(place)) for place, text in duplicate_ids(ids)]
    catalogs = _catalogs(data, source, found)
    data = _calibrated(data, source, found)
    if isinstance(data.get("account"), str):
        data, origin = _under_account(data, source, origin, found)
    try:
        scenario = validated(Scenario, data, origin.where, found=found)
    except InputError as error:
        raise error if table is None else _by_column(error, data, table) from None
    if catalogs:
        scenario = scenario.model_copy(update={"catalogs": catalogs})
    scenario._source, scenario._folder = origin, source.folder  # Private attributes carry what is not data
    return scenario


def _by_column(error: InputError, data: Mapping[str, Any], table: ClipTable) -> InputError:
    """The same of a table's rows in the words of its columns, where the scenario reads a field from a column of another name."""
    of = {field: column for field, column in columns_in(data).items() if isinstance(column, str)}
    rows = {table.origin.where(("clips", row)) for row, _ in table.rows}
    return InputError(
        [
            Problem(in_columns(problem.message, of), problem.where) if problem.where in rows else problem
            for problem in error.problems
        ]
    )


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


class ClipTable(NamedTuple):
    """The clips of a table."""

    origin: Origin
    """Says where a row is, by its number: ``("clips", NUMBER)``."""
    rows: Sequence[tuple[int, dict[str, Any]]]
    """(number, fields) of each."""


def nowhere(label: str) -> Source:
    """What stands for the text of a scenario where there is none."""
    return Source(label, "", "csv", FilePath())


def columns_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a scenario says of a table's columns; nothing where that is wrong, which its own check will say."""
    columns = data.get("columns")
    return columns if isinstance(columns, dict) else {}


def checked_columns(data: Mapping[str, Any], source: Source) -> Mapping[str, Any]:
    """What a scenario says of a table's columns.

    Raises
    ------
    InputError
        If that is wrong: a table would be read by it, and its columns be blamed.
    """
    if "columns" in data:
        validated(Scenario, {"clips": [{"seconds": 1}], "columns": data["columns"]}, source.where)
    return columns_in(data)


def _beside(path: FilePath, columns: Mapping[str, Any]) -> ClipTable:
    if path.suffix.lower() in BINARY:
        return _of_frame(path, columns)
    table = read(path, tables=True)
    if table.kind not in ("csv", "jsonl"):
        raise InputError([Problem("is no table; one ends in .csv, .jsonl, .parquet or .arrow", table.label)])
    return _of_text(table, columns)


def _of_text(table: Source, columns: Mapping[str, Any]) -> ClipTable:
    found = rows(table, columns)
    if not found:
        raise InputError([Problem("holds no clips", f"{table.label}:1")])
    return ClipTable(table, found)


def _of_frame(path: FilePath, columns: Mapping[str, Any]) -> ClipTable:
    from router.loading.tables.frames import scan  # Loads a data-frame engine
    from router.loading.tables.rows import each_clip

    frame = scan(path)
    return ClipTable(frame, each_clip(frame, columns))


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
