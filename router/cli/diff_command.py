"""``router diff A B``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import click

from router.analysis.comparison import compare
from router.cli.common import (
    PAGES,
    account_option,
    as_of_option,
    chosen_format,
    given_plan_or_scenario,
    named_like,
    page,
    page_options,
    set_anew,
    set_option,
    verbose_option,
    write,
)
from router.errors import InputError, NoPlanError, Problem
from router.pipeline import plan
from router.schema.comparison import Comparison
from router.schema.plan import Plan
from router.schema.scenario import Scenario


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@set_option
@account_option
@page_options
@click.option("--exit-code", is_flag=True, help="Exit with 4 if anything differs, with 0 if nothing does.")
@as_of_option
@verbose_option
def command(
    before: str,
    after: str,
    sets: tuple[str, ...],
    account: str | None,
    form: str | None,
    output: str | None,
    exit_code: bool,
    on: dt.date | None,
) -> int:
    """Show what differs between two plans: figures, which clips are made differently, and why.

    A and B are each a plan (the JSON that `router plan -o` wrote) or a scenario, which is planned first; one of them may be - for
    standard input. Where both are scenarios, the reasons are what differs between these: prices, requirements, limits, settings.

    --set and --account hold for each of A and B that is a scenario; a plan is taken as it is.

    With --exit-code the exit status is 4 if a clip is made differently, added, removed or at another cost, or if a figure or limit
    differs; titles, requests and warnings do not count.
    """
    if before == after == "-":
        raise click.UsageError("only one of A and B can come from standard input")
    form = chosen_format(form, output, PAGES)
    own, other = (given_plan_or_scenario(path) for path in (before, after))
    sides = [(before, named_like(own, before, other)), (after, named_like(other, after, own))]
    given = _set_anew(sides, sets, account)
    plans = [_planned(own, path, on) for own, path in zip(given, (before, after), strict=True)]
    scenarios = [own for own in given if isinstance(own, Scenario)]
    found = compare(plans[0], plans[1], (scenarios[0], scenarios[1]) if len(scenarios) == 2 else None)
    write(rendered(found, form, output), output)
    return 4 if exit_code and not found.same else 0


def _set_anew(
    given: Sequence[tuple[str, Plan | Scenario]], sets: Sequence[str], account: str | None
) -> list[Plan | Scenario]:
    """Both sides, with what options say in those that are scenarios; what is wrong in one of two is told with its name."""
    count = sum(isinstance(own, Scenario) for _, own in given)
    if (sets or account is not None) and not count:
        flag = "--set" if sets else "--account"
        raise click.UsageError(
            f"{flag} changes scenarios; A and B are plans, which are taken as they are; give a scenario"
        )
    found: list[Plan | Scenario] = []
    problems: list[Problem] = []
    for path, own in given:
        try:
            found.append(own if isinstance(own, Plan) else set_anew(own, sets, account))
        except InputError as error:
            problems += [_on_side(problem, path) if count > 1 else problem for problem in error.problems]
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return found


def _on_side(problem: Problem, path: str) -> Problem:
    """What is wrong with a value that is set anew, told of which file; what stands in a file is told with its line anyway."""
    return replace(problem, where=f"{_name(path)}: {problem.where}") if problem.where.startswith("--set") else problem


def _name(path: str) -> str:
    return "<stdin>" if path == "-" else path


def _planned(given: Plan | Scenario, path: str, on: dt.date | None) -> Plan:
    if isinstance(given, Plan):
        return given
    try:
        return plan(given, on=on, shadow_prices=False)
    except NoPlanError:
        click.echo(f"router: no plan exists for {_name(path)}:", err=True)
        raise


def rendered(found: Comparison, form: str, output: str | None) -> str:
    """The comparison in one of the formats."""
    if form == "json":
        from router.report.document import as_json  # Only the format that is asked for is loaded

        return as_json(found)
    if form == "csv":
        from router.report.tabular import comparison_csv

        return comparison_csv(found)
    if form == "html":
        from router.report.html.comparison import comparison_page

        return comparison_page(found)
    from router.report.comparison_table import comparison_table

    return comparison_table(found, **page(output))
