"""``router report PLAN``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from router.analysis.cost_histogram import cost_histogram
from router.cli.common import verbose_option, write
from router.loading.catalog_file import bundled_names, load_catalog
from router.loading.plan_file import load_plan
from router.report.html.page import Section
from router.report.html.plan_page import plan_page
from router.schema.base import printable
from router.schema.catalog import Catalog
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
    plan = load_plan(path)
    bundled = [load_catalog(used.name) for used in plan.catalogs if used.name in bundled_names()]
    write(report(plan, bundled), output)
    return 0


def report(plan: Plan, catalogs: Iterable[Catalog], further: Sequence[Section] = ()) -> str:
    """The page of a plan, with the sources of those catalogs that it was priced with, and further sections."""
    priced = {(used.name, used.as_of) for used in plan.catalogs}
    sources = {own.name: own.source for own in catalogs if (own.name, own.as_of) in priced}
    return plan_page(plan, cost_histogram(plan), sources, further)
