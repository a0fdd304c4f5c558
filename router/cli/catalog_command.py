"""``router catalog list|show|import``."""

from __future__ import annotations

import click

from router.cli.common import chosen_format, output_options, page, write
from router.cli.import_command import command as import_
from router.loading.catalog_file import bundled_names, load_catalog
from router.report.document import as_json
from router.report.tabular import lengths_text, to_csv


@click.group("catalog")
def command() -> None:
    """List, show and import price catalogs."""


@command.command("list")
@output_options
def list_(form: str | None, output: str | None) -> int:
    """List the bundled catalogs: name, date of the prices, models."""
    form = chosen_format(form, output)
    catalogs = [load_catalog(name) for name in bundled_names()]
    rows = [
        {
            "name": catalog.name,
            "as_of": catalog.as_of.isoformat(),
            "unit": catalog.unit,
            "models": sorted({entry.model for entry in catalog.models}),
            "offers": sum(len(entry.offers) for entry in catalog.models),
            "source": catalog.source,
        }
        for catalog in catalogs
    ]
    if form == "json":
        write(as_json(rows), output)
    elif form == "csv":
        cells = [("; ".join(value) if isinstance(value, list) else value for value in row.values()) for row in rows]
        write(to_csv(list(rows[0]), [tuple(row) for row in cells]), output)
    else:
        from router.report.terminal import catalogs_table  # Only the format that is asked for is loaded

        write(catalogs_table(catalogs, **page(output)), output)
    return 0


@command.command("show")
@click.argument("name", metavar="CATALOG")
@output_options
def show(name: str, form: str | None, output: str | None) -> int:
    """Show every price of one catalog: a bundled name, or the path of a catalog file."""
    form = chosen_format(form, output)
    catalog = load_catalog(name)
    if form == "json":
        write(as_json(catalog.model_dump(mode="json", by_alias=True, exclude_none=True)), output)
    elif form == "csv":
        header = (
            "provider", "model", "mode", "reference", "resolution", "audio", "unit", "price_per_second", "prices",
            "price_per_generation", "price_minimum", "lengths",
        )  # fmt: skip
        rows = [
            (
                entry.provider, entry.model, entry.mode, terms.reference, o.resolution, o.audio, catalog.unit,
                o.price_per_second, "; ".join(f"{length} s: {price}" for length, price in (o.prices or {}).items()),
                terms.price_per_generation, terms.price_minimum, lengths_text(terms.seconds),
            )
            for entry in catalog.models
            for o in entry.offers
            for terms in (entry.terms(o),)
        ]  # fmt: skip
        write(to_csv(header, rows), output)
    else:
        from router.report.terminal import catalog_table

        write(catalog_table(catalog, **page(output)), output)
    return 0


command.add_command(import_)
