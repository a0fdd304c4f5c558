"""What a plan says, in sentences: the same ones for the table on a terminal and for the page that people open.

Amounts are as `usd_text` writes them; a sum is in cents, a mean of one clip in hundredths of a cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from router.report.page import cents
from router.report.words import segments_text, signed_usd, some_text
from router.schema.account import AccountTerms
from router.schema.plan import Baseline, DegradedClips, LeftOut, Move, Plan, Route
from router.schema.prices import PriceLine
from router.units import clips_text, seconds_text, usd_text

_OF_ONE_ROUTE = {"clips", "counts", "count", "request", "further_requests"}


def alike(routes: Sequence[Route]) -> Iterator[list[Route]]:
    """Routes that differ only in whose clips they make and in what they submit, together."""
    merged: dict[str, list[Route]] = {}
    for route in routes:
        key = repr([getattr(route, name) for name in Route.model_fields if name not in _OF_ONE_ROUTE])
        merged.setdefault(key, []).append(route)
    yield from merged.values()


def length_text(route: Route) -> str:
    """The lengths that are generated, and where billed or kept seconds differ from them."""
    length = segments_text(route.segments)
    if route.billed_seconds != route.generated_seconds:
        length += f", billed {seconds_text(route.billed_seconds)}"
    if route.surplus_seconds:
        length += f", {seconds_text(route.surplus_seconds)} trimmed"
    return length


def made_text(plan: Plan) -> str:
    """How many clips are made, and of how many."""
    sums = plan.totals
    return clips_text(sums.served) + (f" of {sums.clips:,}" if sums.left_out else "")


def worst_text(plan: Plan) -> tuple[str, str]:
    """The worst case, and in which sense it is one."""
    sums, outages = plan.totals, plan.outages
    own = usd_text(cents(sums.worst_per_request_usd))
    if "per-run" not in (outages.correlation, outages.provider_correlation):
        return own, "every clip meeting its own worst"
    if sums.worst_usd == sums.worst_per_request_usd:
        return own, "in one outage state for the whole run, as with every clip meeting its own worst"
    return usd_text(cents(sums.worst_usd)), f"one outage state for the whole run; {own} if every clip met its own worst"


def proof_text(plan: Plan) -> str:
    """Whether the plan is proven to be the best, or how far from it it may be."""
    if plan.status == "optimal":
        # What the clips of a group share may be the cheapest way of none of them, and needs no solver.
        free = plan.method == "argmin" and not any(route.pushed_by for route in plan.routes)
        why = "no limit binds" if free else "within the limits"
        return f"Proven optimal: no better plan exists ({why})."
    bound = usd_text(cents(plan.bound_usd))
    return f"Best plan found in the time given: at most {plan.gap:.2%} above the optimum (bound {bound})."


def spread_lines(plan: Plan) -> Iterator[str]:
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
        yield f"Chance of going over the budget: {percent_text(sums.over_budget_probability)}."
    rest = 1 - sum(source.share for source in found.sources)
    if found.sources and found.sources[0].share >= rest:
        main = found.sources[0]
        yield f"Main source of variance: {main.source} being down, {percent_text(main.share)} of it."
    else:
        yield f"Main source of variance: {_beside_single_outages(plan)}, {percent_text(rest)} of it."


def shortfall_lines(plan: Plan) -> Iterator[str]:
    """The mean cost in providers' own units, and the clips that chance leaves unmade or below their requirements."""
    sums = plan.totals
    if sums.nominal_units:
        units = ", ".join(f"{amount} {unit}s" for unit, amount in sums.nominal_units.items())
        yield f"Nominal in the providers' own units: {units}"
    if sums.unserved_expected:
        yield f"Clips that find every model of their chain down: {sums.unserved_expected:.6g} on average."
    if sums.degraded_expected:
        yield f"Clips that a fallback makes below their requirements: {sums.degraded_expected:.6g} on average."


def penalty_lines(plan: Plan) -> Iterator[str]:
    """What penalties count, where there are any."""
    if plan.totals.penalty_usd:
        yield f"Penalties for degraded clips count {usd_text(cents(plan.totals.penalty_usd))} in the objective; they are no cost."


def settlement_lines(plan: Plan) -> Iterator[str]:
    """What drafts cost; list price, and what packs and volume discounts take off it."""
    sums = plan.totals
    if sums.drafts:
        yield _drafts(plan)
    if plan.discounts:
        listed = usd_text(cents(sums.list_usd))
        yield f"List price {listed}, saving {usd_text(cents(sums.saving_usd))}; routes are at list prices, all totals after the saving."
    for pack in plan.packs:
        face, unused = usd_text(cents(pack.bought * pack.pays_for_usd)), usd_text(cents(pack.unused_usd))
        if pack.bought:
            price = "owned already" if pack.owned else f"at {usd_text(pack.price_usd)}"
            yield f"Packs: {pack.bought:,} of {pack.provider} {price} pay for {face}; {unused} unused"
    for row in plan.discounts:
        if row.discount_usd:
            rest = usd_text(cents(row.list_usd - row.prepaid_usd))
            yield f"Discount of {row.provider}: {usd_text(cents(row.discount_usd))} off {rest} of list price"


def account_lines(plan: Plan) -> Iterator[str]:
    """The terms of the account that the plan was made under, one line a provider."""
    for provider, terms in plan.account.items():
        if said := [*agreed(terms)]:
            yield f"Account with {provider}: {'; '.join(said)}"


def region_lines(plan: Plan) -> Iterator[str]:
    """Where the clips are bought, as far as their prices hold in one region only."""
    region_of = {line.offer: line.region for line in plan.prices}
    found: dict[str, list[str]] = {}
    for route in plan.routes:
        first = route.chain[0].offer
        if first is not None and (region := region_of.get(first)) is not None:
            regions = found.setdefault(f"{route.provider}/{route.model}", [])
            regions += [region] if region not in regions else []
    if found:
        yield f"Sold by region: {', '.join(f'{name} in {some_text(regions)}' for name, regions in found.items())}"


def agreed(terms: AccountTerms) -> Iterator[str]:
    """What an account agreed with a provider, term by term."""
    if terms.discount:
        yield f"{_percent(terms.discount)} off list prices"
    if terms.units_per_usd is not None:
        yield f"{terms.units_per_usd.normalize():f} units to the dollar"
    if terms.usd_per_unit is not None:
        yield f"{usd_text(terms.usd_per_unit)} a unit"
    if terms.concurrency is not None:
        yield f"{terms.concurrency:,} generations at once"
    if terms.models is not None:
        yield f"enabled {some_text(terms.models)}"
    if terms.regions is not None:
        yield f"bought in {some_text(terms.regions)}"
    for pack in terms.packs:
        until = f", valid until {pack.valid_until}" if pack.valid_until else ""
        packs = f"pack{'' if pack.count == 1 else 's'}"
        yield f"owns {pack.count:,} {packs} for {usd_text(pack.pays_for_usd)}{' each' if pack.count > 1 else ''}{until}"


def paid_text(line: PriceLine) -> str:
    """What of its price an account pays; empty where it pays it as it is."""
    paid = line.account
    if paid is None:
        return ""
    parts = [f"{_percent(paid.discount)} off"] if paid.discount else []
    if paid.units_per_usd is not None:
        parts.append(f"{paid.units_per_usd.normalize():f} {line.unit}s to the dollar")
    if paid.usd_per_unit is not None:
        parts.append(f"{usd_text(paid.usd_per_unit)} a {line.unit}")
    return ", ".join(parts)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def degraded_text(entry: DegradedClips) -> str:
    """Clips that are made below their requirements, and at which penalty."""
    penalty = f"a penalty of {usd_text(entry.penalty_usd)} each"
    return f"{entry.count:,} x {some_text(entry.clips)}: {', '.join(entry.what)}, at {penalty}"


def left_out_text(left: LeftOut) -> str:
    """Clips that are not made, what they are worth, and why."""
    return f"{left.count:,} x {some_text(left.clips)}, worth {usd_text(left.value_usd)} each: {left.reason}"


def risk_move_text(move: Move) -> str:
    """Clips that are made elsewhere for the sake of risk."""
    clips = clips_text(move.clips) if move.clips or not move.drafts else ""
    drafts = f"{move.drafts:,} draft{'' if move.drafts == 1 else 's'}" if move.drafts else ""
    what = " and ".join(filter(None, (clips, drafts)))
    where = "left out" if move.model == "left out" else f"on {move.model}"
    return (
        f"For less risk: {what} {where} instead of {' and '.join(move.instead_of)}: {signed_usd(move.expected_usd)} expected, "
        f"{signed_usd(move.p95_usd)} at P95, {signed_usd(move.cvar95_usd)} in the mean of the worst 5%"
    )


def saving_text(baseline: Baseline) -> str:
    """What a plan saves against a rule, or costs more."""
    saving = baseline.saving_usd
    share = f" ({saving / baseline.expected_usd:.1%})" if baseline.expected_usd else ""
    if saving >= 0:
        return f"saves {usd_text(cents(saving))}{share}"
    return f"costs {usd_text(cents(-saving))} more, to keep the limits"


def percent_text(share: float) -> str:
    """A share to three digits.

    >>> percent_text(0.4567), percent_text(0.00012), percent_text(1.0)
    ('45.7%', '0.012%', '100%')
    """
    return f"{100 * share:.3g}%"


def to_hundredth_cent(amount: Decimal) -> Decimal:
    """A mean to a hundredth of a cent."""
    return amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)


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


def _beside_single_outages(plan: Plan) -> str:
    """What makes the cost vary beside a single model or provider being down."""
    generations = any(
        step.failure_rate or (route.max_takes > 1 and step.keep_rate < 1)
        for route in plan.routes
        for step in route.chain
    )
    together = "outages that coincide" if plan.distribution.sources else ""
    return " and ".join(part for part in ("failures and takes" if generations else "", together) if part)
