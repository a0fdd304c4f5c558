"""``router sensitivity SCENARIO``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import click

from router.analysis.sensitivity import sensitivity
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
    share,
    verbose_option,
    write,
)
from router.errors import NoPlanError
from router.report.document import as_json, no_plan


@click.command("sensitivity")
@click.argument("scenario", metavar="SCENARIO")
@click.option("--by", callback=share, default="10%", metavar="SHARE",
              help="Lower and raise prices by this for the tornado, as 10% or 0.1; 10% if not given.")  # fmt: skip
@page_options
@set_option
@account_option
@as_of_option
@verbose_option
def command(
    scenario: str,
    sets: tuple[str, ...],
    account: str | None,
    by: Decimal,
    form: str | None,
    output: str | None,
    on: dt.date | None,
) -> int:
    """Show how far each price and availability can go until the plan changes, what takes over there, and how the cost follows prices.

    Everything is found by planning anew: break-evens are exact to the sixth decimal.
    """
    form = chosen_format(form, output, PAGES)
    given = given_scenario(scenario, sets, account)
    try:
        with progress("Prices") as told:
            found = sensitivity(given, on=on, by=by, progress=told)
    except NoPlanError as error:
        if form == "json":
            click.echo(as_json(no_plan(error)), nl=False)
        raise
    if form == "json":
        text = as_json(found)
    elif form == "csv":
        from router.report.studies_csv import sensitivity_csv  # Only the format that is asked for is loaded

        text = sensitivity_csv(found)
    elif form == "html":
        from router.report.html.sensitivity import sensitivity_page

        text = sensitivity_page(found)
    else:
        from router.report.sensitivity_table import sensitivity_table

        text = sensitivity_table(found, **page(output))
    write(text, output)
    return 0
