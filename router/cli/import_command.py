"""``router catalog import litellm|openrouter FILE``."""

from __future__ import annotations

import datetime as dt

import click

from router.cli.common import date, write
from router.report.document import as_json
from router.report.imported_catalog import imported_json, imported_text, summary
from router.schema.imported_catalog import ImportedCatalog


def _made(kind: str, path: str, overlay: str | None, providers: tuple[str, ...], day: dt.date) -> ImportedCatalog:
    if kind == "litellm":
        from router.loading.import_litellm import import_litellm  # Only the one that is asked for is loaded

        return import_litellm(path, as_of=day, overlay=overlay, providers=providers)
    from router.loading.import_openrouter import import_openrouter

    return import_openrouter(path, as_of=day, overlay=overlay, providers=providers)


@click.command("import")
@click.argument("kind", metavar="litellm|openrouter", type=click.Choice(["litellm", "openrouter"]))
@click.argument("path", metavar="FILE")
@click.option(
    "--overlay", metavar="OVERLAY", help="A file that says what the list cannot: lengths, sound, modes, other names."
)
@click.option(
    "--provider", "providers", metavar="NAME", multiple=True, help="Take its entries only; may be given again."
)
@click.option(
    "--as-of",
    "day",
    callback=date,
    metavar="DATE",
    help="The day on which the list was fetched; it does not say.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all.")
@click.option(
    "--format", "form", type=click.Choice(["toml", "json"]),
    help="toml: the catalog, what was left out in comments; json: all of it, the catalog in it. Default: by the ending of FILE, else toml.",
)  # fmt: skip
def command(
    kind: str,
    path: str,
    overlay: str | None,
    providers: tuple[str, ...],
    day: dt.date | None,
    output: str | None,
    form: str | None,
) -> int:
    """Make a catalog of another program's price list: LiteLLM's or OpenRouter's, from a file (- for standard input).

    litellm: model_prices_and_context_window.json; openrouter: the answer of GET /api/v1/videos/models. What a list does not say is
    never made up: an entry that neither the list nor the overlay completes is left out, with the reason at the head of the catalog.
    """
    if day is None:
        raise click.UsageError(
            "--as-of is needed: the list does not say when its prices held; give the day on which it was fetched, as --as-of 2026-04-09"
        )
    imported = _made(kind, path, overlay, providers, day)
    as_document = form == "json" or (form is None and output is not None and output.lower().endswith(".json"))
    write(as_json(imported_json(imported)) if as_document else imported_text(imported), output)
    click.echo(summary(imported), nl=False, err=True)
    return 0
