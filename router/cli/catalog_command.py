"""``router catalog list|show|diff|check|import``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import click

from router.cli.common import as_of_option, chosen_format, date, output_options, page, write
from router.cli.import_command import command as import_
from router.errors import NoPlanError
from router.loading.catalog_file import bundled_names, distinct_catalogs, load_catalog
from router.report.document import as_json, no_plan
from router.report.tabular import lengths_text, to_csv
from router.schema.catalog import Catalog

_only_on = click.option(
    "--as-of", "on", callback=date, metavar="DATE", help="Only what is on sale on this day (default: whatever a catalog holds)."
)  # fmt: skip


@click.group("catalog")
def command() -> None:
    """List, show, compare, check and import price catalogs."""


@command.command("list")
@click.option(
    "--for", "clip", metavar="WORDS",
    help='Every seller of such a clip, dearest first: "10s 1080p native"; a length, a resolution, native | silent | deferred | any, '
    "a mode, names of models and providers, FIELD=VALUE, in any order.",
)  # fmt: skip
@click.option(
    "--catalog",
    "further",
    multiple=True,
    metavar="FILE",
    help="A catalog besides the bundled ones; may be given again.",
)
@as_of_option
@output_options
def list_(clip: str | None, further: tuple[str, ...], on: dt.date | None, form: str | None, output: str | None) -> int:
    """List the catalogs: name, date of the prices, models; or, with --for, who sells a clip at what price.

    Without --for, --as-of leaves out what is not on sale on that day. Nothing that makes the clip: exit status 3.
    """
    form = chosen_format(form, output)
    if clip is not None:
        return _sellers(clip, further, on, form, output)
    catalogs = [in_force(catalog, on) for catalog in distinct_catalogs([*bundled_names(), *further])]
    rows = [
        {
            "name": catalog.name,
            "as_of": catalog.as_of.isoformat(),
            "unit": catalog.unit,
            **catalog.model_dump(mode="json", include={"units_per_usd", "usd_per_unit"}),
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


def _sellers(clip: str, further: Sequence[str], on: dt.date | None, form: str, output: str | None) -> int:
    from router.analysis.sellers import sellers
    from router.report.sellers_table import sellers_csv, sellers_table

    try:
        found = sellers(clip, further, on=on)
    except NoPlanError as error:
        if form == "json":
            click.echo(as_json(no_plan(error)), nl=False)
        raise
    if form == "table":
        write(sellers_table(found, **page(output)), output)
    else:
        write(as_json(found) if form == "json" else sellers_csv(found), output)
    return 0


def in_force(catalog: Catalog, on: dt.date | None) -> Catalog:
    """The catalog without what is not on sale on a day; as it is without one."""
    if on is None:
        return catalog
    kept = tuple(entry for entry in catalog.models if entry.sold_on(on))
    return catalog.model_copy(update={"models": kept})


@command.command("show")
@click.argument("name", metavar="CATALOG")
@_only_on
@output_options
def show(name: str, on: dt.date | None, form: str | None, output: str | None) -> int:
    """Show every price of one catalog: a bundled name, or the path of a catalog file."""
    form = chosen_format(form, output)
    catalog = in_force(load_catalog(name), on)
    if form == "json":
        write(as_json(catalog.model_dump(mode="json", by_alias=True, exclude_none=True)), output)
    elif form == "csv":
        header = (
            "provider", "model", "mode", "reference", "resolution", "audio", "unit", "price_per_second", "prices",
            "price_per_generation", "price_minimum", "lengths", "as_of", "source", "available_from", "available_until",
            "region",
        )  # fmt: skip
        rows = [
            (
                entry.provider, entry.model, entry.mode, terms.reference, o.resolution, o.audio, catalog.unit,
                o.price_per_second, "; ".join(f"{length} s: {price}" for length, price in (o.prices or {}).items()),
                terms.price_per_generation, terms.price_minimum, lengths_text(terms.seconds),
                terms.as_of or catalog.as_of, terms.source or catalog.source, entry.available_from, entry.available_until,
                entry.region,
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


@command.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@output_options
@click.option("--exit-code", is_flag=True, help="Exit with 4 if a price or a term differs, with 0 if none does.")
@_only_on
def diff(before: str, after: str, form: str | None, output: str | None, exit_code: bool, on: dt.date | None) -> int:
    """Show which prices rose or fell, are new or gone, and which terms changed, from catalog A to B: bundled names, or files.

    Prices are compared in dollars, whatever the unit of a catalog. Dates and sources alone are no difference.
    """
    from router.analysis.compare_catalogs import compare_catalogs
    from router.report.catalog_comparison_table import catalog_comparison_csv, catalog_comparison_table

    form = chosen_format(form, output)
    distinct_catalogs([before, after])  # What is wrong in both is told at once
    found = compare_catalogs(before, after, on=on)
    if form == "table":
        write(catalog_comparison_table(found, **page(output)), output)
    else:
        write(as_json(found) if form == "json" else catalog_comparison_csv(found), output)
    return 4 if exit_code and not found.same else 0


@command.command("check")
@click.argument("catalogs", nargs=-1, metavar="[CATALOG]...")
@output_options
@click.option("--strict", is_flag=True, help="Exit with 4 if there is a finding; notes do not count.")
@as_of_option
def check(catalogs: tuple[str, ...], form: str | None, output: str | None, strict: bool, on: dt.date | None) -> int:
    """Look for what is odd in catalogs, bundled names or files (default: all bundled), and say what would mend it.

    An error (a catalog that cannot be used) makes the exit status 2. A finding is probably a mistake: a gap, a price that does not go with
    those beside it, a name spelt otherwise elsewhere, no api_model, an old or future date. A note is no
    mistake: what is retired or not yet on sale, a source that is no address.
    """
    from router.analysis.check_catalogs import check_catalogs
    from router.report.catalog_check_table import catalog_check_csv, catalog_check_table

    form = chosen_format(form, output)
    found = check_catalogs(catalogs, on=on)
    if form == "table":
        write(catalog_check_table(found, **page(output)), output)
    else:
        write(as_json(found) if form == "json" else catalog_check_csv(found), output)
    if found.count("error"):
        return 2
    return 4 if strict and found.count("finding") else 0


command.add_command(import_)
