"""``router bench SCENARIO...``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

import click

from router.analysis.bench import Given, bench
from router.cli.common import (
    account_option,
    as_of_option,
    chosen_format,
    given_scenario,
    output_options,
    page,
    progress,
    set_anew,
    set_option,
    verbose_option,
    write,
)
from router.errors import InputError, Problem
from router.loading.formats import decoded, raw
from router.loading.scenario_file import resolved_catalogs, scenario_of
from router.report.document import as_json
from router.schema.base import printable
from router.schema.bench import Bench
from router.schema.scenario import Scenario


@click.command("bench")
@click.argument("scenarios", metavar="SCENARIO...", nargs=-1, required=True)
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, metavar="N",
              help="Time everything this often; 5 if not given.")  # fmt: skip
@click.option("--draws", type=click.IntRange(2, 10**7), default=10_000, metavar="N",
              help="Draws of each simulation; 10,000 if not given.")  # fmt: skip
@set_option
@account_option
@output_options
@as_of_option
@verbose_option
def command(
    scenarios: tuple[str, ...],
    rounds: int,
    draws: int,
    sets: tuple[str, ...],
    account: str | None,
    form: str | None,
    output: str | None,
    on: dt.date | None,
) -> int:
    """Time loading, planning stage by stage, simulation and routing of scenarios, and say where the time goes.

    Each SCENARIO is a TOML or JSON file, a table of clips (CSV, JSONL, Parquet, Arrow), or - for standard input. All are read before
    anything is timed. One that has no plan says so; the exit status is then 3.
    """
    form = chosen_format(form, output)
    if scenarios.count("-") > 1:
        raise click.UsageError("standard input (-) can be read once; give the others as files")
    given = [(printable(path), _loader(path, sets, account)) for path in scenarios]
    _read(given)
    with progress("Rounds") as told:
        found = bench(given, rounds=rounds, draws=draws, on=on, progress=told)
    write(_rendered(found, form, output), output)
    return 3 if any(own.measured is None for own in found.scenarios) else 0


def _loader(path: str, sets: Sequence[str], account: str | None) -> Callable[[], Scenario]:
    """What reads a scenario anew each time; of standard input, which is read once, what it held."""
    if path != "-":
        return partial(given_scenario, path, sets, account)
    held = raw(path)
    return lambda: set_anew(scenario_of(decoded(held, path, tables=True)), sets, account)


def _read(given: Sequence[Given]) -> None:
    """Raise InputError with what is wrong in any of the scenarios or their catalogs."""
    problems: list[Problem] = []
    for _, load in given:
        try:
            resolved_catalogs(load())
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


def _rendered(found: Bench, form: str, output: str | None) -> str:
    if form == "json":
        return as_json(found)
    from router.report.bench_table import bench_csv, bench_table  # Only the format that is asked for is loaded

    return bench_csv(found) if form == "csv" else bench_table(found, **page(output))
