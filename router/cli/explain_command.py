"""``router explain SCENARIO CLIP``."""

from __future__ import annotations

import datetime as dt

import click

from router.analysis.explain import explain
from router.cli.common import (
    account_option,
    as_of_option,
    chosen_format,
    given_scenario,
    output_options,
    page,
    set_option,
    verbose_option,
    write,
)
from router.report.document import as_json


@click.command("explain")
@click.argument("scenario", metavar="SCENARIO")
@click.argument("clip", metavar="CLIP")
@output_options
@set_option
@account_option
@as_of_option
@verbose_option
def command(
    scenario: str,
    clip: str,
    sets: tuple[str, ...],
    account: str | None,
    form: str | None,
    output: str | None,
    on: dt.date | None,
) -> int:
    """Show every offer for one clip: what it would cost, or why it is not eligible."""
    form = chosen_format(form, output)
    found = explain(given_scenario(scenario, sets, account), clip, on=on)
    if form == "json":
        text = as_json(found)
    elif form == "csv":
        from router.report.tabular import explanation_csv  # Only the format that is asked for is loaded

        text = explanation_csv(found)
    else:
        from router.report.terminal import explanation_table

        text = explanation_table(found, **page(output))
    write(text, output)
    return 0
