"""``router plan SCENARIO``."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from router.assembly.warnings import stale
from router.cli.common import (
    DEGRADE,
    PAGES,
    account_option,
    as_of_option,
    chosen_format,
    dollars,
    fail_on_option,
    given_scenario,
    output_formats,
    page,
    set_option,
    stale_status,
    verbose_option,
    write,
)
from router.cli.table_plan import Asked, is_large, planned, refuse_places, table_of
from router.errors import InputError, NoPlanError
from router.loading.scenario_file import resolved_catalogs
from router.pipeline import plan
from router.report.document import as_json, no_plan
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from router.units import usd_text

if TYPE_CHECKING:
    from router.report.html.page import Section


def _seconds(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise click.BadParameter("must be a number of seconds above 0")
    return value


@click.command("plan")
@click.argument("scenario", metavar="SCENARIO")
@output_formats("table", "json", "csv", "html")
@as_of_option
@click.option("--time-limit", type=float, callback=_seconds, metavar="SECONDS",
              help="Take the best plan found by then, and say how far from proven it is.")  # fmt: skip
@set_option
@account_option
@click.option("--degrade", is_flag=True,
              help="Clips may be made below their requirements, at the scenario's penalties: --set objective.degrade=true.")  # fmt: skip
@click.option("--shadow-prices/--no-shadow-prices", default=True,
              help="Work out what one more unit of each limit would save, by solving once more for each (default: yes).")  # fmt: skip
@click.option("--with", "studies", multiple=True, type=click.Choice(["levers", "sensitivity", "what-if", "frontier"]),
              help="Put this study into the page (what-if: the scenario's own [[what_if]] tables; frontier: cost against quality); "
              "may be given again.")  # fmt: skip
@click.option("--routed", metavar="FILE",
              help="Plan a table by classes of equal clips, and write it with every row's route (.csv, .jsonl, .parquet).")  # fmt: skip
@click.option("--skip-bad-rows", is_flag=True,
              help="Plan a table without the rows that are no clips; they are written to TABLE.bad-rows.* beside the result.")  # fmt: skip
@click.option("--bad-rows", metavar="FILE", help="The same, and where these rows are written.")
@click.option("--fail-above", callback=dollars, metavar="USD", help="Exit with 4 if the expected cost is above this.")
@click.option(
    "--fail-if-worst-above", callback=dollars, metavar="USD", help="Exit with 4 if the worst case is above this."
)
@fail_on_option
@verbose_option
def command(
    scenario: str,
    form: str | None,
    output: str | None,
    on: dt.date | None,
    time_limit: float | None,
    degrade: bool,
    sets: tuple[str, ...],
    account: str | None,
    shadow_prices: bool,
    studies: tuple[str, ...],
    routed: str | None,
    skip_bad_rows: bool,
    bad_rows: str | None,
    fail_above: Decimal | None,
    fail_if_worst_above: Decimal | None,
    fail_on: tuple[str, ...],
) -> int:
    """Plan a scenario: the cheapest way to make every clip within all limits.

    SCENARIO is a TOML or JSON file, a table of clips (CSV, JSONL, Parquet, Arrow), or - for standard input. A table of very many clips is
    planned by classes of equal clips, which the plan then names in their place.

    Where no plan exists the exit status is 3, and JSON says why, as standard error does; so does the page of studies (--with).
    """
    form = chosen_format(form, output, PAGES)
    if studies and form != "html":
        raise click.UsageError("--with puts studies into a page; give --format html, or -o FILE.html")
    anew = [*sets, *([DEGRADE] if degrade else [])]
    tables = Asked(routed, skip_bad_rows, bad_rows)
    table = table_of(scenario)
    by_class = bool(tables) or is_large(table)
    refuse_places(scenario, table, tables, output)
    given = None if by_class else given_scenario(scenario, anew, account)
    try:
        if given is None:
            found = planned(
                scenario,
                table,
                tables,
                output,
                on=on,
                time_limit=time_limit,
                shadow_prices=shadow_prices,
                sets=anew,
                account=account,
            )
            made, given = found.plan, found.scenario
        else:
            made = plan(given, on=on, time_limit_seconds=time_limit, shadow_prices=shadow_prices)
    except NoPlanError as error:
        if form == "json":
            click.echo(as_json(no_plan(error)), nl=False)
        if studies and given is not None:
            write(_page_without_plan(error, given, studies, on), output)
        raise
    if form == "html":
        from router.cli.report_command import report  # Only the format that is asked for is loaded

        write(report(made, _sections(given, studies, on)), output)
    else:
        write(rendered(made, form, output), output)
    day = on or dt.datetime.now(dt.UTC).date()
    old = stale_status(fail_on, list(stale(resolved_catalogs(given), day)))
    return guarded(made, fail_above, fail_if_worst_above) or old


def _sections(given: Scenario, studies: Sequence[str], on: dt.date | None) -> list[Section]:
    """The studies that are asked for, each once."""
    found: list[Section] = []
    if "levers" in studies:
        from router.analysis.levers import levers  # Only what is asked for is loaded
        from router.report.html.levers import levers_sections

        found += levers_sections(levers(given, on=on))
    if "sensitivity" in studies:
        from router.analysis.sensitivity import sensitivity
        from router.report.html.sensitivity import sensitivity_sections

        found += sensitivity_sections(sensitivity(given, on=on))
    if "what-if" in studies:
        from router.analysis.what_if import what_if
        from router.report.html.what_if import what_if_sections

        found += what_if_sections(what_if(given, on=on))
    if "frontier" in studies:
        from router.analysis.frontier import frontier
        from router.report.html.frontier import frontier_sections, no_frontier_section

        try:
            found += frontier_sections(frontier(given, on=on))
        except (InputError, NoPlanError) as error:
            # There is a plan, but none with a mean quality: nothing has a score, or a clip can be made by nothing that has one.
            found.append(no_frontier_section(error))
    return found


def _page_without_plan(error: NoPlanError, given: Scenario, studies: Sequence[str], on: dt.date | None) -> str:
    """Why there is no plan, with those studies that need none."""
    from router.report.html.no_plan import no_plan_page  # Only the format that is asked for is loaded

    left_out = {
        "sensitivity": "A sensitivity is that of a plan: without one there is none to show.",
        "frontier": "A frontier is made of plans: without any there is none to show.",
    }
    if not given.what_if:
        left_out["what-if"] = "The scenario has no [[what_if]] tables: there are no variants to show."
    shown = _sections(given, [study for study in studies if study not in left_out], on)
    return no_plan_page(error, shown, [said for study, said in left_out.items() if study in studies])


def rendered(made: Plan, form: str, output: str | None) -> str:
    """The plan in one of the formats."""
    if form == "json":
        return made.to_json()
    if form == "csv":
        from router.report.tabular import plan_csv  # Only the format that is asked for is loaded

        return plan_csv(made)
    from router.report.terminal import plan_table

    return plan_table(made, **page(output))


def guarded(made: Plan, fail_above: Decimal | None, fail_if_worst_above: Decimal | None) -> int:
    """4 if a guard is exceeded, after saying which; else 0."""
    sums, status = made.totals, 0
    guards = (("expected cost", sums.expected_usd, fail_above), ("worst case", sums.worst_usd, fail_if_worst_above))
    for name, amount, most in guards:
        if most is not None and amount > most:
            click.echo(f"router: the {name} of {usd_text(amount)} is above the guard of {usd_text(most)}", err=True)
            status = 4
    return status
