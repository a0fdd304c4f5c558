"""``router what-if SCENARIO``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial

import click

from router.analysis.sweep import sweep
from router.analysis.what_if import what_if
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
from router.loading.validation import validated
from router.report.document import as_json
from router.schema.base import Path, printable
from router.schema.scenario import Variant
from router.schema.sweep import Sweep
from router.schema.what_if import WhatIf

_PARTS = re.compile(r"""(?:(?<![^\s=.,:\[{(])(?:"(?:\\.|[^"\\])*"|'[^']*')|[^;])+""")
"""What stands between semicolons; one in quotes, which begin a value or a step of a path, is part of it."""


def _variants(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[Variant]:
    found = []
    for value in values:
        name, colon, sets = value.partition(":")
        parts = [part.strip() for part in _PARTS.findall(sets) if part.strip()]
        if not colon or not name.strip() or not parts:
            raise click.BadParameter(
                "must be NAME:PATH=VALUE, with ; between several, as 'no audio:clips.*.audio=none'"
            )
        label = f"--variant '{printable(value, 120)}'"
        found.append(validated(Variant, {"name": name.strip(), "set": parts}, partial(_everywhere, label)))
    return found


def _everywhere(label: str, _path: Path) -> str:
    return label


@click.command("what-if")
@click.argument("scenario", metavar="SCENARIO")
@set_option
@account_option
@click.option("--variant", "variants", multiple=True, callback=_variants, metavar="NAME:PATH=VALUE[;...]",
              help="A variant by name, held against the scenario as it is; may be given again.")  # fmt: skip
@click.option("--sweep", "axes", multiple=True, metavar="PATH=FROM:TO:STEP",
              help="Plan at every value (or PATH=one,other), and find where between them it changes; may be given twice.")  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, metavar="N", help="Processes that a sweep is shared out to."
)
@page_options
@as_of_option
@verbose_option
def command(
    scenario: str,
    sets: tuple[str, ...],
    account: str | None,
    variants: list[Variant],
    axes: tuple[str, ...],
    jobs: int,
    form: str | None,
    output: str | None,
    on: dt.date | None,
) -> int:
    """Plan a scenario again with some values set anew, beside the plan of the scenario as it is.

    What all of --set says together is one variant; --variant names further ones. Without either, the scenario's own [[what_if]] tables are
    planned. With --sweep the values of --set hold throughout.
    """
    form = chosen_format(form, output, PAGES)
    if axes:
        if variants:
            raise click.UsageError("--sweep and --variant are two questions; ask one at a time")
        given = given_scenario(scenario, sets, account)
        with _workers(jobs) as executor, progress("Values") as told:
            swept = sweep(given, axes, on=on, executor=executor, progress=told)
            write(_rendered(swept, form, output), output)
        return 3 if all(point.no_plan for point in swept.points) else 0
    if jobs > 1:
        raise click.UsageError("--jobs shares out a sweep; give --sweep")
    name = "variant" if len(sets) > 1 else printable("".join(sets), 120)
    together = [Variant.model_construct(name=name, set=sets)] if sets else []
    found = what_if(given_scenario(scenario, account=account), [*together, *variants], on=on)
    write(_rendered(found, form, output), output)
    return 3 if all(one.totals is None for one in (found.baseline, *found.variants)) else 0


def _rendered(found: WhatIf | Sweep, form: str, output: str | None) -> str:
    if form == "json":
        return as_json(found)
    if form == "csv":
        from router.report.tabular import sweep_csv, what_if_csv  # Only the format that is asked for is loaded

        return sweep_csv(found) if isinstance(found, Sweep) else what_if_csv(found)
    if form == "html":
        from router.report.html.sweep import sweep_page
        from router.report.html.what_if import what_if_page

        return sweep_page(found) if isinstance(found, Sweep) else what_if_page(found)
    if isinstance(found, Sweep):
        from router.report.sweep_table import sweep_table

        return sweep_table(found, **page(output))
    from router.report.what_if_table import what_if_table

    return what_if_table(found, **page(output))


@contextmanager
def _workers(jobs: int) -> Iterator[Executor | None]:
    """Processes, started afresh: a forked child of a solver hangs."""
    if jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as executor:
        yield executor
