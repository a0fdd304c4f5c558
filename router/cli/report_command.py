"""``router report PLAN``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from router.analysis.cost_histogram import cost_histogram
from router.cli.common import verbose_option, write
from router.loading.plan_file import load_plan
from router.report.html.page import Section
from router.report.html.plan_page import plan_page
from router.schema.base import printable
from router.schema.plan import Plan


def _page(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    suffix = Path(value).suffix if value not in (None, "-") else ""
    if suffix.lower() not in ("", ".html", ".htm"):
        raise click.BadParameter(f"a report is a page: no '{printable(suffix, 20)}', but .html")
    return value


@click.command("report")
@click.argument("path", metavar="PLAN")
@click.option("-o", "--output", callback=_page, metavar="FILE", help="Write to this file, whole or not at all.")
@verbose_option
def command(path: str, output: str | None) -> int:
    """Show a plan as one self-contained HTML page, to look at, print or send.

    PLAN is a JSON file that `router plan` wrote, or - for standard input. `router plan SCENARIO --format html` plans and shows at once.
    """
    write(report(load_plan(path)), output)
    return 0


def report(plan: Plan, further: Sequence[Section] = ()) -> str:
    """The page of a plan, with further sections."""
    return plan_page(plan, cost_histogram(plan), further)
