"""``router simulate SCENARIO|PLAN``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import click
from click.core import ParameterSource

from router.analysis.directions import compare_directions
from router.analysis.simulation import simulate
from router.cli.common import (
    account_option,
    as_of_option,
    chosen_format,
    dollars,
    given_plan_or_scenario,
    output_options,
    page,
    progress,
    set_anew,
    set_option,
    share,
    verbose_option,
    write,
)
from router.errors import InputError, NoPlanError, Problem
from router.pipeline import plan
from router.report.document import as_json, no_plan
from router.schema.directions import DirectionComparison
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from router.schema.simulation import SimulationReport

_OF_DRAWS = {"draws": "--draws", "seed": "--seed", "until": "--until", "bins": "--bins", "over": "--over"}


def _fraction(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    found = share(_ctx, _param, value)
    return None if found is None else float(found)


def _amounts(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Decimal, ...]:
    amounts = [dollars(ctx, param, value) for value in values]
    if any(amount is None or amount >= 10**12 or amount != amount.quantize(Decimal("0.000001")) for amount in amounts):
        raise click.BadParameter("must be an amount of dollars below 10^12 with at most six decimals")
    return tuple(amount for amount in amounts if amount is not None)


@click.command("simulate")
@click.argument("path", metavar="SCENARIO|PLAN")
@click.option(
    "--draws",
    type=click.IntRange(2, 10**7),
    default=10_000,
    metavar="N",
    help="At most this many; 10,000 if not given.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, metavar="N",
              help="The same seed gives the same draws; 0 if not given.")  # fmt: skip
@click.option("--until", callback=_fraction, metavar="FRACTION",
              help="Stop once expected cost, P95 and CVaR are known to within this, as 0.1% or 0.001.")  # fmt: skip
@click.option(
    "--bins",
    type=click.IntRange(1, 1000),
    default=20,
    metavar="N",
    help="Lines of the histogram, at most; 20 if not given.",
)
@click.option("--over", multiple=True, callback=_amounts, metavar="USD",
              help="Show the chance of costing more than this; may be given again. The budget is always among them.")  # fmt: skip
@click.option("--compare-directions", "compare", is_flag=True,
              help="Plan the scenario under each fallback direction instead, side by side.")  # fmt: skip
@set_option
@account_option
@output_options
@as_of_option
@verbose_option
@click.pass_context
def command(
    ctx: click.Context,
    path: str,
    sets: tuple[str, ...],
    account: str | None,
    draws: int,
    seed: int,
    until: float | None,
    bins: int,
    over: tuple[Decimal, ...],
    compare: bool,
    form: str | None,
    output: str | None,
    on: dt.date | None,
) -> int:
    """Simulate what a plan costs: every clip, model and take drawn many times, with the exact figures beside.

    A SCENARIO (TOML or JSON, a table of clips, or - for standard input) is planned first; a PLAN is a JSON file that `router plan`
    wrote, and is taken as it is.
    """
    form = chosen_format(form, output)
    given = given_plan_or_scenario(path)
    if sets or account is not None:
        if isinstance(given, Plan):
            flag = "--set" if sets else "--account"
            raise click.UsageError(f"{flag} changes a scenario; this is a plan, which is taken as it is")
        given = set_anew(given, sets, account)
    if compare:
        extra = [
            flag for name, flag in _OF_DRAWS.items() if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE
        ]
        if extra:
            raise click.UsageError(f"--compare-directions shows the plans' own figures; leave out {', '.join(extra)}")
        return _directions(given, path, on, form, output)
    try:
        made = given if isinstance(given, Plan) else plan(given, on=on, shadow_prices=False)
    except NoPlanError as error:
        if form == "json":
            click.echo(as_json(no_plan(error)), nl=False)
        raise
    with progress("Draws") as told:
        each = None if told is None else partial(_of_draws, told, draws)
        report = simulate(made, draws=draws, seed=seed, until=until, bins=bins, over=over, progress=each)
    write(_rendered(report, form, output), output)
    return 0


def _of_draws(told: Callable[[int, int], None], draws: int, done: int) -> None:
    told(done, draws)


def _directions(given: Plan | Scenario, path: str, on: dt.date | None, form: str, output: str | None) -> int:
    """Write the comparison; 3 if no direction has a plan."""
    if isinstance(given, Plan):
        where = path if path != "-" else "<stdin>"
        raise InputError([Problem("is a plan; --compare-directions plans anew, so give it the scenario", where)])
    found = compare_directions(given, on)
    write(_rendered(found, form, output), output)
    return 3 if all(row.no_plan for row in found.directions) else 0


def _rendered(found: SimulationReport | DirectionComparison, form: str, output: str | None) -> str:
    if form == "json":
        return as_json(found)
    if form == "csv":
        from router.report.tabular import directions_csv, simulation_csv  # Only the format that is asked for is loaded

        return simulation_csv(found) if isinstance(found, SimulationReport) else directions_csv(found)
    from router.report.simulation_table import directions_table, simulation_table

    if isinstance(found, SimulationReport):
        return simulation_table(found, **page(output))
    return directions_table(found, **page(output))
