"""``router schema NAME``."""

from __future__ import annotations

from importlib import import_module

import click

from router.cli.common import write
from router.report.document import as_json
from router.report.json_schema import json_schema

_MODELS = {
    "scenario": "Scenario",
    "catalog": "Catalog",
    "plan": "Plan",
    "simulation": "SimulationReport",
    "calibration": "Calibration",
    "reconciliation": "Reconciliation",
    "what-if": "WhatIf",
    "sweep": "Sweep",
    "comparison": "Comparison",
    "levers": "Levers",
    "sensitivity": "Sensitivity",
    "frontier": "Frontier",
    "account": "Account",
    "overlay": "Overlay",
    "imported-catalog": "ImportedCatalog",
    "sellers": "Sellers",
    "catalog-comparison": "CatalogComparison",
    "catalog-check": "CatalogCheck",
    "bench": "Bench",
}

_READ = ("scenario", "catalog", "account", "calibration", "overlay")
"""What users write; the rest the program writes, and nobody else."""


@click.command("schema")
@click.argument("name", type=click.Choice(list(_MODELS)))
@click.option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all.")
def command(name: str, output: str | None) -> int:
    """Print the JSON Schema of a file format, for editors that complete and check."""
    model = getattr(import_module(f"router.schema.{name.replace('-', '_')}"), _MODELS[name])
    write(as_json(json_schema(model, written=name not in _READ)), output)
    return 0
