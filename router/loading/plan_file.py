"""Plan files: JSON as `Plan.save` writes it."""

from __future__ import annotations

from pathlib import Path as FilePath

from router.errors import InputError, Problem
from router.loading.formats import parse, read
from router.loading.validation import validated
from router.schema.plan import Plan


def load_plan(path: str | FilePath) -> Plan:
    """Read a plan.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    source = read(path)
    if source.kind != "json":
        raise InputError(
            [Problem("is not a plan; a plan is a JSON file that `router plan -o plan.json` wrote", source.where())]
        )
    return validated(Plan, parse(source), source.where)
