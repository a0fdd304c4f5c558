"""What all commands share: options, output, and where colour goes."""

from __future__ import annotations

import datetime as dt
import functools
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from pydantic_core import PydanticCustomError

from router import log
from router.cli.table_plan import TABLES, by_classes, is_large, table_of
from router.loading.account_file import under_account
from router.loading.overrides import overridden
from router.loading.plan_file import load_plan_or_scenario
from router.schema.base import Within, printable
from router.schema.plan import Plan
from router.schema.scenario import Scenario

F = TypeVar("F", bound=Callable[..., Any])
_DOLLARS = Within(minimum=0, below=10**12, from_text=True)
"""As in a file."""


def date(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.date | None:
    """A date that was given on the command line."""
    try:
        return None if value is None else dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("must be a date as 2026-04-09") from None


def dollars(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Decimal | None:
    """An amount of dollars that was given on the command line."""
    if value is None:
        return None
    try:
        return _DOLLARS.exact(value)
    except PydanticCustomError:
        raise click.BadParameter("must be an amount of dollars as 1250 or 0.75, below 1,000,000,000,000") from None


def share(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Decimal | None:
    """A share above 0 and below 1 that was given on the command line."""
    if value is None:
        return None
    try:
        found = Decimal(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 < found < 1 or not float(found):
        raise click.BadParameter("must be a fraction above 0 and below 1, as 0.1% or 0.001")
    return found


as_of_option = click.option(
    "--as-of", "on", callback=date, metavar="DATE", help="Judge prices and dates of sale on this day (default: today)."
)


def verbose_option(command: F) -> F:
    """``--verbose``: write what happens to standard error."""

    @click.option("--verbose", is_flag=True, help="Write what happens to standard error.")
    @functools.wraps(command)
    def wrapped(*args: Any, verbose: bool, **options: Any) -> Any:
        if verbose:
            log.turn_on()
        return command(*args, **options)

    return cast(F, wrapped)


set_option = click.option(
    "--set", "sets", multiple=True, metavar="PATH=VALUE",
    help="Set a value of the scenario or its catalogs anew, as if its file said so: limits.budget_usd=900, clips.*.audio=deferred, "
    "'offers.kling-o3.*.price*=1.2'; may be given again.",
)  # fmt: skip


account_option = click.option(
    "--account", metavar="FILE", help="Plan under the account terms of this file, in place of the scenario's own."
)


DEGRADE = "objective.degrade=true"
"""What ``--degrade`` sets."""


def given_scenario(path: str, sets: Sequence[str] = (), account: str | None = None) -> Scenario:
    """The scenario that a command was given, with what ``--account`` and then ``--set`` say; of a large table, that of its classes."""
    if is_large(table_of(path)):
        return by_classes(path, sets, account)
    return set_anew(Scenario.load(path), sets, account)


def given_plan_or_scenario(path: str) -> Plan | Scenario:
    """The plan or the scenario that a command was given; of a large table, the scenario of its classes."""
    return by_classes(path, (), None) if is_large(table_of(path)) else load_plan_or_scenario(path)


Given = TypeVar("Given", bound=Plan | Scenario)


def named_like(
    given: Given, path: str, other: Plan | Scenario, sets: Sequence[str] = (), account: str | None = None
) -> Given | Scenario:
    """What was given, or the scenario of its table's classes where the other side names these: small tables are read row by row."""
    table = table_of(path)
    if isinstance(given, Plan) or table is None or table.suffix.lower() not in TABLES:
        return given
    if not _names(given).isdisjoint(_names(other)):
        return given
    of_classes = by_classes(path, sets, account)
    return given if _names(of_classes).isdisjoint(_names(other)) else of_classes


def _names(given: Plan | Scenario) -> set[str | None]:
    if isinstance(given, Scenario):
        return {clip.id for clip in given.clips}
    return {name for way in (*given.routes, *given.left_out) for name in way.clips}


def set_anew(scenario: Scenario, sets: Sequence[str], account: str | None) -> Scenario:
    """A scenario with what ``--account`` and then ``--set`` say."""
    return overridden(scenario if account is None else under_account(scenario, account), sets)


fail_on_option = click.option(
    "--fail-on", "fail_on", multiple=True, type=click.Choice(["stale"]),
    help="Exit with 4 if prices are older than their catalog allows, or for a plan file differ from today's.",
)  # fmt: skip


def stale_status(fail_on: Sequence[str], said: Sequence[str]) -> int:
    """4 if ``--fail-on stale`` was given and something is stale, after saying what; else 0."""
    if "stale" not in fail_on or not said:
        return 0
    for text in said:
        click.echo(f"router: stale: {text}", err=True)
    return 4


def output_formats(*forms: str) -> Callable[[F], F]:
    """``--format`` and ``-o``: in which of these formats, and where, the result is written."""
    where = click.option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all.")
    how = click.option(
        "--format", "form", type=click.Choice(forms),
        help="Default: by the ending of FILE; else a table on a terminal and JSON elsewhere.",
    )  # fmt: skip

    def both(command: F) -> F:
        return how(where(command))

    return both


output_options = output_formats("table", "json", "csv")
"""What most commands can write."""

PAGES = ("json", "csv", "html", "table")
"""What those can write that have a page, the first where nothing is said."""
page_options = output_formats("table", "json", "csv", "html")
"""The same, as options."""


def chosen_format(form: str | None, output: str | None, forms: Sequence[str] = ("json", "csv", "table")) -> str:
    """The format to write: the one given, else by the ending of the file; else a table on a terminal, and the first one elsewhere."""
    if form is not None:
        return form
    if output is not None and output != "-":
        suffix = Path(output).suffix.lower()
        endings = {".txt" if known == "table" else f".{known}": known for known in forms}
        if suffix and suffix not in endings:
            *others, last = endings
            raise click.UsageError(
                f"-o: no format ends in '{printable(suffix, 20)}'; use {', '.join(others)} or {last}, or give --format"
            )
        return endings.get(suffix, forms[0])
    return "table" if sys.stdout.isatty() else forms[0]


def write(text: str, output: str | None) -> None:
    """Write a result to standard output, or to a file whole or not at all."""
    if output is None or output == "-":
        try:
            click.echo(text, nl=False)
        except BrokenPipeError:
            # The reader of our output has gone; there is nobody left to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    from router.report.document import write_whole  # Most runs print

    write_whole(Path(output), text)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, if that is a terminal: it is told how much is done, and of how much."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(label, total=None)
    with bar:
        yield lambda made, of: bar.update(task, completed=made, total=of)


def page(output: str | None) -> dict[str, Any]:
    """Width and colour of a table: the terminal's, or a plain wide page elsewhere."""
    if (output is None or output == "-") and sys.stdout.isatty():
        return {"width": max(60, shutil.get_terminal_size((120, 40)).columns), "colour": True}
    return {}
