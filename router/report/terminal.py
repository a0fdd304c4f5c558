"""Tables for people, on a terminal or in a text file. What a clip is called is printed as it is, never as markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from router.report.limits import limits_table, pushed_lines
from router.report.page import NARROW, Column, Page, cents
from router.report.sentences import (
    account_lines,
    alike,
    degraded_text,
    left_out_text,
    length_text,
    made_text,
    penalty_lines,
    proof_text,
    region_lines,
    risk_move_text,
    saving_text,
    settlement_lines,
    shortfall_lines,
    spread_lines,
    to_hundredth_cent,
    worst_text,
)
from router.report.tabular import lengths_text
from router.report.words import makes_text, segments_text, some_text
from router.schema.catalog import Catalog, ModelEntry, OfferEntry
from router.schema.explanation import ExplainedOffer, Explanation
from router.schema.plan import Plan, Route
from router.units import seconds_text, usd_text


def plan_table(plan: Plan, width: int | None = None, *, colour: bool = False) -> str:
    """The plan: one line a route, totals, limits, savings, warnings."""
    page = Page(width, colour=colour)
    page.line(plan.title or "Plan", style="bold")
    alone = len({step.provider for route in plan.routes for step in route.chain}) == 1
    modes = {route.mode for route in plan.routes}
    grouped = any(route.group is not None for route in plan.routes)
    cells = [
        _route_cells(routes, name_provider=not alone, name_mode=len(modes) > 1, name_group=grouped)
        for routes in alike(plan.routes)
    ]
    group: list[Column] = [("Group", "left")] if grouped else []
    columns: list[Column] = [
        ("Clips", "left"), *group, ("Count", "right"), ("Model", "whole"), ("Makes", "left"), ("Length", "left"), ("Price", "right"),
        ("Expected", "right"), ("Worst case", "right"), ("All expected", "right"),
    ]  # fmt: skip
    if cells:
        page.table(*_stacked(columns, cells, 2 + len(group), 3, page))
    if alone:
        page.line(f"All from {plan.routes[0].provider}. Price, expected and worst case are for one clip.")
    for line in (*account_lines(plan), *region_lines(plan)):
        page.line(line)
    for line in _totals(plan):
        page.line(line)
    for entry in plan.degraded:
        page.line(f"* Degraded: {degraded_text(entry)}", style="yellow")
    for left in plan.left_out:
        page.line(f"Left out: {left_out_text(left)}", style="yellow")
    if plan.limits:
        page.line("")
        limits_table(page, plan)
    if not plan.limits:
        page.line("")
    for line in pushed_lines(plan):
        page.line(line)
    for move in plan.moves:
        page.line(risk_move_text(move))
    for baseline in plan.baselines if plan.routes else ():
        page.line(f"Against {baseline.name} ({usd_text(cents(baseline.expected_usd))}): {saving_text(baseline)}")
    for warning in plan.warnings:
        page.line(f"Warning: {warning}", style="yellow")
    return page.text()


def explanation_table(explanation: Explanation, width: int | None = None, *, colour: bool = False) -> str:
    """Every offer for one clip: the candidates, cheapest first, then the rejections."""
    page = Page(width, colour=colour)
    page.line(f"{explanation.clip}: {explanation.count} x {explanation.requirements}", style="bold")
    candidates = [offer for offer in explanation.offers if offer.verdict == "candidate"]
    below = any(offer.degraded for offer in candidates)
    columns: list[Column] = [
        ("", "left"), ("Offer", "whole"), ("Makes", "left"), ("Length", "left"), ("Price", "right"), ("Expected", "right"),
        ("Worst case", "right"), *([("Penalty", "right")] if below else []), ("Gap", "right"), ("If it is down", "left"),
    ]  # fmt: skip
    rows = [_candidate_cells(offer, explanation.count, penalty=below) for offer in candidates]
    if rows:
        page.table(*_stacked(columns, rows, 1, 2, page))
    refused = [offer for offer in explanation.offers if offer.verdict == "rejected"]
    if refused:
        page.line("Not eligible:")
        cells = [
            (
                f"{o.provider}/{o.model}",
                makes_text(o.resolution, "native" if o.sound else "none", o.mode, o.region),
                o.reason,
                o.detail,
            )
            for o in refused
        ]
        page.table([("Offer", "whole"), ("Makes", "left"), ("Reason", "whole"), ("Because it", "left")], cells)
    if candidates and any(offer.chosen for offer in candidates):
        cost = "expected cost and penalty" if below else "expected cost"
        page.line(f"* chosen by the plan; gap: {cost} above the chosen one's")
    if explanation.left_out:
        page.line(f"The plan leaves out {explanation.left_out} of {explanation.count}.", style="yellow")
    for note in explanation.notes:
        page.line(note, style="yellow")
    return page.text()


def _candidate_cells(offer: ExplainedOffer, count: int, *, penalty: bool) -> tuple[str, ...]:
    """One way to make a clip, of which ``count`` are needed."""
    mark = ("*" if offer.chosen == count else f"* {offer.chosen}") if offer.chosen else ""
    fallbacks = ", ".join(f"{step.model} {usd_text(step.billed_usd)}" for step in offer.chain[1:])
    makes = makes_text(offer.resolution, offer.chain[0].audio, offer.mode, offer.region)
    if offer.degraded:
        makes += f", below {' and '.join(offer.degraded)}"
    counted = [offer.penalty_usd if offer.degraded else None] if penalty else []
    costs = (
        offer.price_usd, offer.expected_usd and to_hundredth_cent(offer.expected_usd), offer.worst_usd, *counted,
        offer.gap_usd and to_hundredth_cent(offer.gap_usd),
    )  # fmt: skip
    return (
        mark,
        f"{offer.provider}/{offer.model}",
        makes,
        segments_text(offer.segments),
        *map(_usd, costs),
        fallbacks or "unserved",
    )


def catalogs_table(catalogs: Sequence[Catalog], width: int | None = None, *, colour: bool = False) -> str:
    """The catalogs by name, with their dates and sizes."""
    page = Page(width, colour=colour)
    rows = []
    for catalog in catalogs:
        entries = catalog.models
        names = sorted({entry.model for entry in entries})
        unit = _unit(catalog)
        prices = str(sum(len(entry.offers) for entry in entries))
        rows.append((catalog.name, str(catalog.as_of), unit, ", ".join(names), prices))
    columns: list[Column] = [
        ("Catalog", "left"),
        ("Prices as of", "left"),
        ("Unit", "left"),
        ("Models", "left"),
        ("Offers", "right"),
    ]
    page.table(columns, rows)
    return page.text()


def catalog_table(catalog: Catalog, width: int | None = None, *, colour: bool = False) -> str:
    """Every price of one catalog."""
    page = Page(width, colour=colour)
    page.line(f"{catalog.name}, prices as of {catalog.as_of}", style="bold")
    page.line(f"Source: {catalog.source}")
    if catalog.unit != "usd":
        page.line(f"Unit: {_unit(catalog)}")
    terms = [(entry, offer, entry.terms(offer)) for entry in catalog.models for offer in entry.offers]
    seen, sold = any(own.as_of for *_, own in terms), any(_sold(entry) for entry in catalog.models)
    if any(own.source for *_, own in terms):
        page.line("Some prices have a source of their own: see --format json or csv.")
    rows = [
        (
            f"{entry.provider}/{entry.model}", entry.mode + (f", {own.reference} reference" if own.reference else ""),
            makes_text(offer.resolution, "native" if offer.audio else "none", region=entry.region), lengths_text(own.seconds),
            _rate(catalog, entry, offer),
            *([str(own.as_of or catalog.as_of)] if seen else []), *([_sold(entry)] if sold else []),
        )
        for entry, offer, own in terms
    ]  # fmt: skip
    columns: list[Column] = [
        ("Model", "whole"), ("Mode", "left"), ("Makes", "left"), ("Lengths", "left"), ("Price", "right"),
        *([("Seen", "left")] if seen else []), *([("Sold", "left")] if sold else []),
    ]  # fmt: skip
    page.table(*_stacked(columns, rows, 0, 2 if page.width >= NARROW else 4, page))
    return page.text()


def _sold(entry: ModelEntry) -> str:
    """On which days a model is sold at these prices."""
    parts = [f"{word} {day}" for word, day in (("from", entry.available_from), ("until", entry.available_until)) if day]
    return " ".join(parts)


def _stacked(
    columns: list[Column], rows: Sequence[Sequence[str]], first: int, more: int, page: Page
) -> tuple[list[Column], list[Sequence[str]]]:
    """On a page that is narrow, or too narrow for the table, ``more`` columns after column ``first`` go below it, into the same cells."""
    if not page.narrow and page.fits(columns, rows):
        return columns, list(rows)
    last = first + more
    below: list[Sequence[str]] = [
        [*row[:first], "\n".join([row[first], ", ".join(row[first + 1 : last])]), *row[last:]] for row in rows
    ]
    short = {"Worst case": "Worst", "All expected": "Total"}
    headings = [(short.get(heading, heading), justify) for heading, justify in columns[last:]]
    return [*columns[:first], (columns[first][0], "left"), *headings], below


def _route_cells(routes: Sequence[Route], *, name_provider: bool, name_mode: bool, name_group: bool) -> tuple[str, ...]:
    route, count = routes[0], sum(route.count for route in routes)
    clips = [name for route in routes for name in route.clips]
    mark = "* " if route.degraded else ""
    mode = route.mode if name_mode and route.mode == "image-to-video" else ""
    names = some_text(clips) + (" (drafts)" if route.draft else "")
    group = (route.group or "",) if name_group else ()
    return (
        mark + names, *group, f"{count:,}", f"{route.provider}/{route.model}" if name_provider else route.model,
        makes_text(route.resolution, route.audio, mode), length_text(route), usd_text(route.price_usd),
        usd_text(to_hundredth_cent(route.expected_usd)), usd_text(route.worst_usd), usd_text(cents(route.expected_usd * count)),
    )  # fmt: skip


def _totals(plan: Plan) -> Iterator[str]:
    sums = plan.totals
    worst, sense = worst_text(plan)
    yield (
        f"{made_text(plan)}: nominal {usd_text(cents(sums.nominal_usd))}, expected {usd_text(cents(sums.expected_usd))}, "
        f"P95 {usd_text(cents(sums.p95_usd))}, worst case {worst} ({sense})"
    )
    yield from settlement_lines(plan)
    yield from penalty_lines(plan)
    yield from spread_lines(plan)
    yield from shortfall_lines(plan)
    yield proof_text(plan)


def _usd(amount: Decimal | None) -> str:
    return "" if amount is None else usd_text(amount)


def _dollars(amount: Decimal) -> str:
    """A price in dollars, with all its decimals."""
    return usd_text(amount) if amount == amount.quantize(Decimal("0.000001")) else f"${amount:f}"


def _unit(catalog: Catalog) -> str:
    """What the prices are in, and what that is in dollars."""
    if catalog.usd_per_unit is not None:
        return f"{catalog.unit} at {_dollars(catalog.usd_per_unit)}"
    return catalog.unit if catalog.units_per_usd is None else f"{catalog.unit} at {catalog.units_per_usd} to the dollar"


def _rate(catalog: Catalog, entry: ModelEntry, offer: OfferEntry) -> str:
    """The price of an offer in the catalog's unit."""

    def money(amount: Decimal) -> str:
        if catalog.unit != "usd":
            return f"{amount.normalize():f} {catalog.unit}"
        return _dollars(amount)

    terms = entry.terms(offer)
    if offer.prices is not None:
        return ", ".join(f"{money(price)} for {seconds_text(length)}" for length, price in offer.prices.items())
    parts = []
    if offer.price_per_second is not None:
        parts.append(f"{money(offer.price_per_second)}/s")
    if terms.price_per_generation is not None:
        parts.append(f"{money(terms.price_per_generation)} a generation")
    least = f", at least {money(terms.price_minimum)}" if terms.price_minimum is not None else ""
    return " + ".join(parts) + least
