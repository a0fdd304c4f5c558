"""``router levers SCENARIO``."""

from __future__ import annotations

import datetime as dt

import click

from router.analysis.levers import levers
from router.cli.common import (
    PAGES,
    account_option,
    as_of_option,
    chosen_format,
    given_scenario,
    page,
    page_options,
    progress,
    set_option,
    verbose_option,
    write,
)
from router.report.document import as_json
from router.schema.levers import Levers


@click.command("levers")
@click.argument("scenario", metavar="SCENARIO")
@click.option("--top", type=click.IntRange(1), metavar="N", help="Tell only the N levers that save most.")
@click.option("--combine", type=click.IntRange(0, 20), default=3, metavar="K",
              help="Put up to K levers on top of one another, the best first; 3 if not given.")  # fmt: skip
@set_option
@account_option
@page_options
@as_of_option
@verbose_option
def command(
    scenario: str,
    top: int | None,
    combine: int,
    sets: tuple[str, ...],
    account: str | None,
    form: str | None,
    output: str | None,
    on: dt.date | None,
) -> int:
    """Rank what would save most on a scenario: each change planned anew, alone and on top of others.

    SCENARIO is a TOML or JSON file, a table of clips (CSV, JSONL, Parquet, Arrow), or - for standard input. Every lever says with which
    --set `router plan` repeats it.
    """
    form = chosen_format(form, output, PAGES)
    given = given_scenario(scenario, sets, account)
    with progress("Levers") as told:
        found = levers(given, on=on, top=top, combine=combine, progress=told)
    write(_rendered(found, form, output), output)
    return 3 if found.baseline is None and not found.levers else 0


def _rendered(found: Levers, form: str, output: str | None) -> str:
    if form == "json":
        return as_json(found)
    if form == "csv":
        from router.report.levers_table import levers_csv  # Only the format that is asked for is loaded

        return levers_csv(found)
    if form == "html":
        from router.report.html.levers import levers_page

        return levers_page(found)
    from router.report.levers_table import levers_table

    return levers_table(found, **page(output))
