"""``router reconcile PLAN ACTUALS``."""

from __future__ import annotations

from decimal import Decimal

import click

from router.analysis.reconcile import exceeds, reconcile
from router.cli.common import chosen_format, dollars, output_options, page, verbose_option, write
from router.schema.plan import Plan
from router.units import usd_text


def _tolerance(ctx: click.Context, param: click.Parameter, value: str) -> tuple[Decimal, bool]:
    """An amount, and whether it is in percent."""
    percent = value.strip().endswith("%")
    try:
        amount = dollars(ctx, param, value.strip().removesuffix("%"))
    except click.BadParameter:
        raise click.BadParameter("must be an amount of dollars or a percentage, as 5, 0.75 or 2%") from None
    assert amount is not None
    return amount, percent


@click.command("reconcile")
@click.argument("plan_file", metavar="PLAN")
@click.argument("actuals", metavar="ACTUALS")
@output_options
@click.option("--tolerance", default="0", callback=_tolerance, metavar="USD|PERCENT%",
              help="How much may stay unexplained before the exit status is 4, as 5 or 2% (default: nothing).")  # fmt: skip
@verbose_option
def command(plan_file: str, actuals: str, form: str | None, output: str | None, tolerance: tuple[Decimal, bool]) -> int:
    """Hold billed amounts against a plan, line by line.

    ACTUALS is a table (CSV or JSON lines; - for standard input), one attempt, clip or generation a line: clip, provider, model,
    billed_usd and, where known, outcome, time, take and draft.

    The exit status is 4 if the amounts by which single lines differ from the plan's price for what ran, over or under and never netted,
    missing clips counted at their price, come to more than the tolerance: dollars, or a percentage of that price. At the default of 0
    any line that is off in money, any missing clip and any double one is too much.
    """
    if plan_file == actuals == "-":
        raise click.UsageError("only one of PLAN and ACTUALS can come from standard input")
    form = chosen_format(form, output)
    found = reconcile(Plan.load(plan_file), actuals)
    if form == "json":
        from router.report.document import as_json  # Only the format that is asked for is loaded

        text = as_json(found)
    elif form == "csv":
        from router.report.tabular import reconciliation_csv

        text = reconciliation_csv(found)
    else:
        from router.report.reconciliation_table import reconciliation_table

        text = reconciliation_table(found, **page(output))
    write(text, output)
    amount, percent = tolerance
    most = found.priced_usd * amount / 100 if percent else amount
    if not exceeds(found, most):
        return 0
    allowed = f"{amount:f} % of {usd_text(found.priced_usd)}" if percent else usd_text(amount)
    missing, double = found.clips_of("missing"), found.clips_of("double")
    click.echo(
        f"router: {usd_text(found.unexplained_usd)} is not explained by the plan (tolerance: {allowed}); "
        f"{missing:,} missing, {double:,} double",
        err=True,
    )
    return 4
