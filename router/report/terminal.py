"""Tables for people, on a terminal or in a text file. What a clip is called is printed as it is, never as markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from router.report.limits import clips_text, limits_table, pushed_lines
from router.report.page import Column, Page, cents
from router.report.tabular import lengths_text
from router.schema.catalog import Catalog, ModelEntry, OfferEntry
from router.schema.explanation import ExplainedOffer, Explanation
from router.schema.plan import Move, Plan, Route
from router.units import plain_seconds, seconds_text, usd_text


def plan_table(plan: Plan, width: int | None = None, *, colour: bool = False) -> str:
    """The plan: one line a route, totals, limits, savings, warnings."""
    page = Page(width, colour=colour)
    page.line(plan.title or "Plan", style="bold")
    alone = len({step.provider for route in plan.routes for step in route.chain}) == 1
    modes = {route.mode for route in plan.routes}
    grouped = any(route.group is not None for route in plan.routes)
    cells = [
        _route_cells(routes, name_provider=not alone, name_mode=len(modes) > 1, name_group=grouped)
        for routes in _alike(plan.routes)
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
    for line in _totals(plan):
        page.line(line)
    for entry in plan.degraded:
        penalty = f"a penalty of {usd_text(entry.penalty_usd)} each"
        page.line(
            f"* Degraded: {entry.count:,} x {_some(entry.clips)}: {', '.join(entry.what)}, at {penalty}", style="yellow"
        )
    for left in plan.left_out:
        page.line(
            f"Left out: {left.count:,} x {_some(left.clips)}, worth {usd_text(left.value_usd)} each: {left.reason}",
            style="yellow",
        )
    if plan.limits:
        page.line("")
        limits_table(page, plan)
    if not plan.limits:
        page.line("")
    for line in pushed_lines(plan):
        page.line(line)
    for move in plan.moves:
        page.line(_move(move))
    for baseline in plan.baselines if plan.routes else ():
        saving = baseline.saving_usd
        share = f" ({saving / baseline.expected_usd:.1%})" if baseline.expected_usd else ""
        verdict = (
            f"saves {usd_text(cents(saving))}{share}"
            if saving >= 0
            else f"costs {usd_text(cents(-saving))} more, to keep the limits"
        )
        page.line(f"Against {baseline.name} ({usd_text(cents(baseline.expected_usd))}): {verdict}")
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
                _makes(o.mode, o.resolution, "native" if o.sound else "none"),
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
    makes = _makes(offer.mode, offer.resolution, offer.chain[0].audio)
    if offer.degraded:
        makes += f", below {' and '.join(offer.degraded)}"
    counted = [offer.penalty_usd if offer.degraded else None] if penalty else []
    costs = (
        offer.price_usd, offer.expected_usd and _mean(offer.expected_usd), offer.worst_usd, *counted,
        offer.gap_usd and _mean(offer.gap_usd),
    )  # fmt: skip
    return (
        mark,
        f"{offer.provider}/{offer.model}",
        makes,
        _segments(offer.segments),
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
        unit = catalog.unit if catalog.unit == "usd" else f"{catalog.unit} at {catalog.units_per_usd} to the dollar"
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
    rows = [
        (
            f"{entry.provider}/{entry.model}", entry.mode + (f", {entry.terms(o).reference} reference" if entry.terms(o).reference else ""),
            lengths_text(entry.terms(o).seconds), o.resolution or "not stated", "yes" if o.audio else "no", _rate(catalog, entry, o),
        )
        for entry in catalog.models
        for o in entry.offers
    ]  # fmt: skip
    columns: list[Column] = [
        ("Model", "whole"), ("Mode", "left"), ("Lengths", "left"), ("Resolution", "left"), ("Sound", "left"), ("Price", "right"),
    ]  # fmt: skip
    page.table(columns, rows)
    return page.text()


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


def _alike(routes: Sequence[Route]) -> Iterator[list[Route]]:
    """Routes that differ only in whose clips they make and in what they submit, together."""
    merged: dict[str, list[Route]] = {}
    for route in routes:
        key = repr([getattr(route, name) for name in Route.model_fields if name not in _OF_ONE_ROUTE])
        merged.setdefault(key, []).append(route)
    yield from merged.values()


_OF_ONE_ROUTE = {"clips", "counts", "count", "request", "further_requests"}


def _route_cells(routes: Sequence[Route], *, name_provider: bool, name_mode: bool, name_group: bool) -> tuple[str, ...]:
    route, count = routes[0], sum(route.count for route in routes)
    clips = [name for route in routes for name in route.clips]
    mark = "* " if route.degraded else ""
    length = _segments(route.segments)
    if route.billed_seconds != route.generated_seconds:
        length += f", billed {seconds_text(route.billed_seconds)}"
    if route.surplus_seconds:
        length += f", {seconds_text(route.surplus_seconds)} trimmed"
    mode = route.mode if name_mode and route.mode == "image-to-video" else ""
    names = _some(clips) + (" (drafts)" if route.draft else "")
    group = (route.group or "",) if name_group else ()
    return (
        mark + names, *group, f"{count:,}", f"{route.provider}/{route.model}" if name_provider else route.model,
        _makes(mode, route.resolution, route.audio), length, usd_text(route.price_usd), usd_text(_mean(route.expected_usd)),
        usd_text(route.worst_usd), usd_text(cents(route.expected_usd * count)),
    )  # fmt: skip


def _some(clips: Sequence[str], most: int = 3) -> str:
    names = list(dict.fromkeys(clips))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _makes(mode: str, resolution: str | None, audio: str) -> str:
    sound = {"none": "silent", "native": "with audio", "deferred": "dubbed"}[audio]
    return " ".join(part for part in (mode, resolution, sound) if part)


def _segments(segments: Sequence[Decimal]) -> str:
    if len(segments) == 1:
        return seconds_text(segments[0])
    if len(set(segments)) == 1:
        return f"{len(segments)} x {seconds_text(segments[0])}"
    return " + ".join(str(plain_seconds(length)) for length in segments) + " s"


def _totals(plan: Plan) -> Iterator[str]:
    sums = plan.totals
    clips = f"{clips_text(sums.served)}" + (f" of {sums.clips:,}" if sums.left_out else "")
    yield (
        f"{clips}: nominal {usd_text(cents(sums.nominal_usd))}, expected {usd_text(cents(sums.expected_usd))}, "
        f"P95 {usd_text(cents(sums.p95_usd))}, worst case {_worst(plan)}"
    )
    if sums.drafts:
        yield _drafts(plan)
    yield from _savings(plan)
    yield from _spread(plan)
    if sums.nominal_units:
        yield "Nominal in the providers' own units: " + ", ".join(
            f"{amount} {unit}s" for unit, amount in sums.nominal_units.items()
        )
    if sums.unserved_expected:
        yield f"Clips that find every model of their chain down: {sums.unserved_expected:.6g} on average."
    if sums.degraded_expected:
        yield f"Clips that a fallback makes below their requirements: {sums.degraded_expected:.6g} on average."
    if plan.status == "optimal":
        # What the clips of a group share may be the cheapest way of none of them, and needs no solver.
        free = plan.method == "argmin" and not any(route.pushed_by for route in plan.routes)
        why = "no limit binds" if free else "within the limits"
        yield f"Proven optimal: no better plan exists ({why})."
    else:
        yield f"Best plan found in the time given: at most {plan.gap:.2%} above the optimum (bound {usd_text(cents(plan.bound_usd))})."


def _drafts(plan: Plan) -> str:
    """What the drafts cost, and with them a clip."""
    sums = plan.totals
    drafted = {name for route in plan.routes if route.draft for name in route.clips}
    clips = sum(
        count
        for route in plan.routes
        if not route.draft
        for name, count in zip(route.clips, route.counts, strict=True)
        if name in drafted
    )
    each = usd_text(cents(sums.per_served_usd or Decimal(0)))
    drafts = f"{sums.drafts:,} for {clips_text(clips)}, {usd_text(cents(sums.drafts_usd))}"
    return f"Drafts: {drafts}; {each} per clip made, drafts included"


def _savings(plan: Plan) -> Iterator[str]:
    """List price, and what packs and volume discounts take off it."""
    sums = plan.totals
    if plan.discounts:
        listed = usd_text(cents(sums.list_usd))
        yield f"List price {listed}, saving {usd_text(cents(sums.saving_usd))}; routes are at list prices, all totals after the saving."
    for pack in plan.packs:
        face, unused = usd_text(cents(pack.bought * pack.pays_for_usd)), usd_text(cents(pack.unused_usd))
        if pack.bought:
            price = usd_text(pack.price_usd)
            yield f"Packs: {pack.bought:,} of {pack.provider} at {price} pay for {face}; {unused} unused"
    for row in plan.discounts:
        if row.discount_usd:
            rest = usd_text(cents(row.list_usd - row.prepaid_usd))
            yield f"Discount of {row.provider}: {usd_text(cents(row.discount_usd))} off {rest} of list price"
    if sums.penalty_usd:
        yield f"Penalties for degraded clips count {usd_text(cents(sums.penalty_usd))} in the objective; they are no cost."


def _move(move: Move) -> str:
    clips = clips_text(move.clips) if move.clips or not move.drafts else ""
    drafts = f"{move.drafts:,} draft{'' if move.drafts == 1 else 's'}" if move.drafts else ""
    what = " and ".join(filter(None, (clips, drafts)))
    where = "left out" if move.model == "left out" else f"on {move.model}"
    return (
        f"For less risk: {what} {where} instead of {' and '.join(move.instead_of)}: {_signed(move.expected_usd)} expected, "
        f"{_signed(move.p95_usd)} at P95, {_signed(move.cvar95_usd)} in the mean of the worst 5%"
    )


def _signed(amount: Decimal) -> str:
    return ("+" if amount >= 0 else "") + usd_text(cents(amount))


def _worst(plan: Plan) -> str:
    sums, outages = plan.totals, plan.outages
    own = usd_text(cents(sums.worst_per_request_usd))
    if "per-run" not in (outages.correlation, outages.provider_correlation):
        return f"{own} (every clip meeting its own worst)"
    if sums.worst_usd == sums.worst_per_request_usd:
        return f"{own} (in one outage state for the whole run, as with every clip meeting its own worst)"
    in_run = usd_text(cents(sums.worst_usd))
    return f"{in_run} (one outage state for the whole run; {own} if every clip met its own worst)"


def _spread(plan: Plan) -> Iterator[str]:
    """How far the cost may be from its mean, and why."""
    sums, found = plan.totals, plan.distribution
    if not sums.std_usd:
        return
    how = f" (simulated: {found.draws:,} draws, seed {found.seed})" if found.method == "simulated" else ""
    yield (
        f"Standard deviation {usd_text(cents(sums.std_usd))}, P99 {usd_text(cents(sums.p99_usd))}; "
        f"the worst 5% of runs cost {usd_text(cents(sums.cvar95_usd))} on average{how}."
    )
    if sums.over_budget_probability:
        yield f"Chance of going over the budget: {_percent(sums.over_budget_probability)}."
    rest = 1 - sum(source.share for source in found.sources)
    if found.sources and found.sources[0].share >= rest:
        main = found.sources[0]
        yield f"Main source of variance: {main.source} being down, {_percent(main.share)} of it."
    else:
        yield f"Main source of variance: {_beside_single_outages(plan)}, {_percent(rest)} of it."


def _beside_single_outages(plan: Plan) -> str:
    """What makes the cost vary beside a single model or provider being down."""
    generations = any(
        step.failure_rate or (route.max_takes > 1 and step.keep_rate < 1)
        for route in plan.routes
        for step in route.chain
    )
    together = "outages that coincide" if plan.distribution.sources else ""
    return " and ".join(part for part in ("failures and takes" if generations else "", together) if part)


def _percent(share: float) -> str:
    """A share to three digits.

    >>> _percent(0.4567), _percent(0.00012), _percent(1.0)
    ('45.7%', '0.012%', '100%')
    """
    return f"{100 * share:.3g}%"


def _mean(amount: Decimal) -> Decimal:
    """A mean to a hundredth of a cent."""
    return amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _usd(amount: Decimal | None) -> str:
    return "" if amount is None else usd_text(amount)


def _rate(catalog: Catalog, entry: ModelEntry, offer: OfferEntry) -> str:
    """The price of an offer in the catalog's unit."""

    def money(amount: Decimal) -> str:
        if catalog.unit != "usd":
            return f"{amount.normalize():f} {catalog.unit}"
        return usd_text(amount) if amount == amount.quantize(Decimal("0.000001")) else f"${amount:f}"

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
