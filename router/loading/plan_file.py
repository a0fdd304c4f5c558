"""Plan files: JSON as `Plan.save` writes it; and files that may be a plan or a scenario."""

from __future__ import annotations

from pathlib import Path as FilePath

from router.errors import InputError, Problem
from router.loading.formats import BINARY, Source, parse, read
from router.loading.scenario_file import load_scenario, scenario_of
from router.loading.validation import validated
from router.schema.plan import Plan
from router.schema.scenario import Scenario


def load_plan(path: str | FilePath) -> Plan:
    """Read a plan.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    return _plan_of(read(path))


def load_plan_or_scenario(path: str | FilePath) -> Plan | Scenario:
    """Read a plan where a JSON file holds routes and totals, else a scenario.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    if FilePath(str(path)).suffix.lower() in BINARY:
        return load_scenario(path)
    source = read(path, tables=True)
    is_plan = source.kind == "json" and {"routes", "totals"} <= parse(source).keys()
    return _plan_of(source) if is_plan else scenario_of(source)


def _plan_of(source: Source) -> Plan:
    if source.kind != "json":
        raise InputError(
            [Problem("is not a plan; a plan is a JSON file that `router plan -o plan.json` wrote", source.where())]
        )
    return validated(Plan, parse(source), source.where)
