"""``router verify PLAN [SCENARIO]``."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

import click

from router.analysis.figures import misstated
from router.checking.alone import check_alone
from router.checking.check import check_fully
from router.checking.recorded import differing, stale_prices
from router.cli.common import (
    DEGRADE,
    account_option,
    as_of_option,
    fail_on_option,
    given_scenario,
    named_like,
    set_option,
    stale_status,
    verbose_option,
)
from router.cli.table_plan import by_classes
from router.errors import InputError, Problem
from router.loading.catalog_file import bundled_names, load_catalog
from router.market import open_market
from router.provenance import sha256
from router.schema.catalog import Catalog
from router.schema.plan import Plan
from router.schema.prices import CatalogRef
from router.schema.scenario import Scenario
from router.units import usd_text


@click.command("verify")
@click.argument("plan_file", metavar="PLAN")
@click.argument("scenario_file", metavar="[SCENARIO]", required=False)
@set_option
@account_option
@click.option("--degrade", is_flag=True, help="The plan was made with --degrade.")
@click.option("--skip-bad-rows", is_flag=True, help="The plan was made of a table with --skip-bad-rows.")
@as_of_option
@fail_on_option
@verbose_option
def command(
    plan_file: str,
    scenario_file: str | None,
    sets: tuple[str, ...],
    account: str | None,
    degrade: bool,
    skip_bad_rows: bool,
    on: dt.date | None,
    fail_on: tuple[str, ...],
) -> int:
    """Check a plan file independently of the planner; no solver, no planning code.

    With its SCENARIO every price, chain, requirement, limit and total is worked out again from the catalogs. Without it, the plan's own
    figures are held against one another and against the bundled catalogs. Where a catalog is no longer the file that the plan was made
    with, and no longer bears it out, the plan is checked by the prices that it records, and what differs today is said.
    """
    if scenario_file is None and (sets or degrade or skip_bad_rows or account is not None):
        raise click.UsageError("--set, --account, --degrade and --skip-bad-rows change the scenario: name it as well")
    plan, market = Plan.load(plan_file), None
    day = on or dt.datetime.now(dt.UTC).date()
    notes: list[str] = []
    if scenario_file is None:
        today = [load_catalog(ref.name) if ref.name in bundled_names() else None for ref in plan.catalogs]
        findings, proofs, notes = _alone(plan, today, day)
    else:
        anew = [*sets, *([DEGRADE] if degrade else [])]
        scenario = _planned(plan, scenario_file, anew, account, skip_bad_rows)
        market = open_market(scenario, day)
        findings, bound = check_fully(plan, scenario, market.catalogs, day)
        findings += check_alone(plan, market.catalogs)
        findings = findings or misstated(plan, market, on_that_day=on is not None)
        proofs = [*_said(plan, bound)]
        named = [ref.name for ref in plan.catalogs] == [catalog.name for catalog in market.catalogs]
        if findings and named and any(map(_changed, plan.catalogs, market.catalogs)):
            # The plan may be right all the same: for catalogs that are no longer at hand.
            findings, proofs, notes = _alone(plan, market.catalogs, day)
    if findings:
        file = plan_file if plan_file != "-" else "<stdin>"
        raise InputError([Problem(finding, file) for finding in dict.fromkeys([*notes, *findings])])
    for line in (*proofs, *notes):
        click.echo(line)
    return stale_status(fail_on, [*notes, *stale_prices(plan, day)])


def _planned(plan: Plan, file: str, sets: Sequence[str], account: str | None, skip_bad_rows: bool) -> Scenario:
    """The scenario that a plan is of: that of a table's classes where the plan names these."""
    if skip_bad_rows:
        return by_classes(file, sets, account, skip_bad_rows=True)
    return named_like(given_scenario(file, sets, account), file, plan, sets, account)


def _changed(ref: CatalogRef, catalog: Catalog) -> bool:
    """Whether a catalog is no longer the file that a plan was made with."""
    return ref.sha256 not in (None, sha256(catalog))


def _alone(plan: Plan, today: Sequence[Catalog | None], day: dt.date) -> tuple[list[str], list[str], list[str]]:
    """What is wrong with a plan by what it says itself, what that proves, and where catalogs differ from those that it was made with.

    Parameters
    ----------
    today
        The plan's catalogs as they are now; None where they are not at hand.
    """
    pairs = [(ref, own) for ref, own in zip(plan.catalogs, today, strict=True) if own is not None]
    at_hand = [own for ref, own in pairs if not _changed(ref, own)]
    lines = {ref.name: [line for line in plan.prices if line.catalog == ref.name] for ref, _ in pairs}
    notes = [note for ref, own in pairs if _changed(ref, own) for note in differing(ref, own, lines[ref.name], day)]
    findings = check_alone(plan, at_hand) or misstated(plan)
    return findings, [*_said_alone(plan, at_hand, whole=not notes)], notes


def _said_alone(plan: Plan, at_hand: Sequence[Catalog], *, whole: bool) -> Iterator[str]:
    """``whole``: no catalog is known to have changed."""
    missing = [ref.name for ref in plan.catalogs if ref.name not in {catalog.name for catalog in at_hand}]
    yield f"{_routes(plan)}: sums, chains, limits and the distribution of the cost agree with one another"
    if plan.prices:
        lines = len(plan.prices)
        yield f"every price follows from the {lines} price line{'s' * (lines != 1)} that the plan records"
    if at_hand:
        yield f"prices agree with {', '.join(f'{c.name} as of {c.as_of}' for c in at_hand)}"
    if missing and whole:
        what = "are not at hand" if plan.prices else "were not worked out again"
        yield f"prices of {', '.join(missing)} {what}: give the scenario to check them"
    mend = "give the scenario" if whole else "give the catalogs that it was made with"
    yield f"requirements and the optimum were not checked: {mend} to check them"


def _said(plan: Plan, bound: Decimal) -> Iterator[str]:
    yield f"{_routes(plan)}: every requirement, price, chain, total, limit and percentile holds"
    objective = plan.totals.objective_usd
    if bound >= objective:
        yield f"optimal, proved again without a solver: no plan costs less than {usd_text(bound)}"
    else:
        share = math.floor(bound / objective * 10**6) / 10**4
        yield (
            f"proved again without a solver: no plan costs less than {usd_text(bound)}, {share:g} % of this one's "
            f"{usd_text(objective)}; by the solver's own word, none costs less than {usd_text(plan.bound_usd)}"
        )


def _routes(plan: Plan) -> str:
    routes, clips = len(plan.routes), plan.totals.served
    return f"{routes:,} route{'s' * (routes != 1)} for {clips:,} clip{'s' * (clips != 1)}"
