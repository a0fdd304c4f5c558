"""``router frontier SCENARIO --of cost,quality``."""

from __future__ import annotations

import datetime as dt

import click

from router.analysis.frontier import MOST, frontier
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
from router.errors import NoPlanError
from router.report.document import as_json, no_plan

_PAIRS = ("cost,quality", "cost,cvar", "cost,clips-served")


@click.command("frontier")
@click.argument("scenario", metavar="SCENARIO")
@click.option("--of", type=click.Choice(_PAIRS), default=_PAIRS[0], help="The two figures; cost,quality if not given.")
@click.option("--points", type=click.IntRange(3, 10_000), default=MOST, metavar="N",
              help=f"At most so many points, spread evenly where there are more; {MOST} if not given.")  # fmt: skip
@page_options
@set_option
@account_option
@as_of_option
@verbose_option
def command(
    scenario: str,
    sets: tuple[str, ...],
    account: str | None,
    of: str,
    points: int,
    form: str | None,
    output: str | None,
    on: dt.date | None,
) -> int:
    """Show the plans that nothing beats in cost without losing in mean quality, in risk or in clips made: the exact Pareto set.

    Each plan is proven to be one of them; limits of the scenario hold for all.
    """
    form = chosen_format(form, output, PAGES)
    given = given_scenario(scenario, sets, account)
    try:
        with progress("Points") as told:
            found = frontier(given, tuple(of.split(",")), on=on, points=points, progress=told)
    except NoPlanError as error:
        if form == "json":
            click.echo(as_json(no_plan(error)), nl=False)
        raise
    if form == "json":
        text = as_json(found)
    elif form == "csv":
        from router.report.studies_csv import frontier_csv  # Only the format that is asked for is loaded

        text = frontier_csv(found)
    elif form == "html":
        from router.report.html.frontier import frontier_page

        text = frontier_page(found)
    else:
        from router.report.frontier_table import frontier_table

        text = frontier_table(found, **page(output))
    write(text, output)
    return 0
