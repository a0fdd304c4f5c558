"""``router schema scenario|catalog|plan``."""

from __future__ import annotations

from importlib import import_module

import click

from router.cli.common import write
from router.report.document import as_json

_MODELS = {"scenario": "Scenario", "catalog": "Catalog", "plan": "Plan"}


@click.command("schema")
@click.argument("name", type=click.Choice(list(_MODELS)))
@click.option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all.")
def command(name: str, output: str | None) -> int:
    """Print the JSON Schema of a file format, for editors that complete and check."""
    model = getattr(import_module(f"router.schema.{name}"), _MODELS[name])
    mode = "serialization" if name == "plan" else "validation"
    schema = model.model_json_schema(by_alias=True, mode=mode)
    write(as_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}), output)
    return 0
