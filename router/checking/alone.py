"""What a plan file shows about itself, without its scenario: sums, chains, limits, and prices of catalogs at hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from router.checking.account import account_alone
from router.checking.binding import said_alone
from router.checking.degraded import degraded_list
from router.checking.drafts_alone import drafts_and_groups
from router.checking.moves import moves_alone
from router.checking.once import once
from router.checking.prices import Priced, billed, charge, possible, price_lines
from router.checking.recorded import misdated, recorded, same_price
from router.checking.requests import requests
from router.checking.savings_alone import savings_alone
from router.checking.spread import spread
from router.schema.catalog import Catalog
from router.schema.plan import ChainStep, Plan, Route

_MICRO = Decimal("0.000001")


def check_alone(plan: Plan, catalogs: Sequence[Catalog]) -> list[str]:
    """What is wrong with a plan by its own figures and the catalogs at hand; empty if nothing is.

    Parameters
    ----------
    catalogs
        Those of the plan's catalogs that could be found; routes priced by others are not priced again.
    """
    findings = [*_catalogs(plan, catalogs), *_sums(plan), *drafts_and_groups(plan), *_limits(plan), *_baselines(plan)]
    findings += [*_certificate(plan), *once(plan), *moves_alone(plan)]
    findings += [*savings_alone(plan), *degraded_list(plan), *said_alone(plan), *recorded(plan)]
    findings += account_alone(plan)
    lines = price_lines(catalogs, accounts=plan.account)
    for line in plan.prices:
        own = [other for other in lines if other.catalog.name == line.catalog]
        if own and not any(same_price(line, other) for other in own):
            findings.append(
                f"prices: catalog '{line.catalog}' does not price {line.provider}/{line.model} as the plan records"
            )
    at_hand = {catalog.name for catalog in catalogs}
    for number, route in enumerate(plan.routes, start=1):
        found = [*_route(route), *(_prices(route, lines) if route.catalog in at_hand else ())]
        findings += [f"route {number} ({route.provider}/{route.model}): {finding}" for finding in found]
    return findings


def _catalogs(plan: Plan, catalogs: Sequence[Catalog]) -> Iterator[str]:
    dated = {(ref.name, ref.as_of) for ref in plan.catalogs}
    names = {ref.name for ref in plan.catalogs}
    for catalog in catalogs:
        if catalog.name in names and (catalog.name, catalog.as_of) not in dated:
            days = ", ".join(str(day) for name, day in sorted(dated) if name == catalog.name)
            yield f"priced with {catalog.name} as of {days}, the one at hand is as of {catalog.as_of}"
        if any(ref.name == catalog.name and misdated(ref, catalog) for ref in plan.catalogs):
            yield f"catalogs: stale_after_days of {catalog.name} is not what the catalog says"
    for route in plan.routes:
        if route.catalog not in names:
            yield f"a route is priced by catalog '{route.catalog}', which the plan does not list"


def _sums(plan: Plan) -> Iterator[str]:
    sums, routes = plan.totals, plan.routes
    for entry in (*routes, *plan.left_out):
        if entry.count != sum(entry.counts):
            yield f"says {entry.count} clips where its counts add up to {sum(entry.counts)}"
    generated = sum(route.count for route in routes)
    served = sum(route.count for route in routes if not route.draft)
    left = sum(entry.count for entry in plan.left_out)
    worst = sum((route.worst_usd * route.count for route in routes), Decimal(0))
    exact = {
        "served": served,
        "left_out": left,
        "clips": served + left,
        "drafts": generated - served,
        "penalty_usd": sum((route.penalty_usd * route.count for route in routes), Decimal(0)),
        "left_out_value_usd": sum((entry.value_usd * entry.count for entry in plan.left_out), Decimal(0)),
    }
    for name, value in exact.items():
        if getattr(sums, name) != value:
            yield f"totals.{name} is {getattr(sums, name)}, should be {value}"
    if abs(sums.worst_per_request_usd - (worst - sums.saving_usd)) > (_MICRO if sums.saving_usd else 0):
        yield f"totals.worst_per_request_usd is {sums.worst_per_request_usd}, should be {worst - sums.saving_usd}"
    if sums.worst_usd > sums.worst_per_request_usd:
        yield f"totals.worst_usd is {sums.worst_usd}, above the sum of the clips' worst cases {sums.worst_per_request_usd}"
    # Routes show expectations rounded to the micro-dollar; each clip may hide half of one.
    room = _MICRO * (generated // 2 + 1)
    expected = sum((route.expected_usd * route.count for route in routes), Decimal(0))
    if abs(sums.expected_usd + sums.saving_usd - expected) > room:
        yield f"totals.expected_usd is {sums.expected_usd}, should be {expected - sums.saving_usd}"
    if abs(sums.list_usd - sums.saving_usd - sums.expected_usd) > (_MICRO if sums.saving_usd else 0):
        yield f"totals.list_usd is {sums.list_usd}, should be {sums.expected_usd + sums.saving_usd}"
    objective = _objective(plan) + sums.left_out_value_usd + sums.penalty_usd
    if abs(sums.objective_usd - objective) > 2 * _MICRO:
        yield f"totals.objective_usd is {sums.objective_usd}, should be {objective:.6f}"
    unkept = math.fsum(route.unkept_probability * route.count for route in routes)
    if abs(sums.unkept_expected - unkept) > 1e-6 + 1e-9 * generated:
        yield f"totals.unkept_expected is {sums.unkept_expected}, should be {unkept:.6f}"
    yield from spread(sums, simulated=plan.distribution.method == "simulated")
    unserved = math.fsum(route.unserved_probability * route.count for route in routes)
    if abs(sums.unserved_expected - unserved) > 1e-6 + 1e-9 * generated:
        yield f"totals.unserved_expected is {sums.unserved_expected}, should be {unserved:.6f}"
    degraded = math.fsum(step.probability * route.count for route in routes for step in route.chain if step.shortfall)
    if abs(sums.degraded_expected - degraded) > 1e-6 + 1e-9 * generated:
        yield f"totals.degraded_expected is {sums.degraded_expected}, should be {degraded:.6f}"
    yield from optimality(plan)


def optimality(plan: Plan) -> Iterator[str]:
    """Whether status, gap and bound say the same; a plan that is not proven may be as near to its bound as it likes, but not at it."""
    objective = plan.totals.objective_usd
    if plan.bound_usd > objective:
        yield f"bound_usd {plan.bound_usd} is above the plan's own objective {objective}"
    gap = float((objective - plan.bound_usd) / objective) if objective else 0.0
    follows = plan.gap <= 1e-9 if plan.status == "optimal" else plan.bound_usd < objective
    if abs(plan.gap - gap) > 1e-9 or not follows:
        yield f"status {plan.status} with gap {plan.gap} does not follow from bound_usd {plan.bound_usd}"


def _certificate(plan: Plan) -> Iterator[str]:
    if plan.certificate is None:
        return
    if plan.certificate.bound_usd > plan.bound_usd:
        yield f"certificate: bound_usd is {plan.certificate.bound_usd}, above the plan's own {plan.bound_usd}"
    limits = {value.limit for value in plan.limits}
    for multiplier in plan.certificate.multipliers:
        if multiplier.limit not in limits:
            yield f"certificate: the plan shows no limit {multiplier.limit}"


def _objective(plan: Plan) -> Decimal:
    """What the plan says it minimised, the value of clips left out aside."""
    aim, sums = plan.objective, plan.totals
    if aim.minimise == "worst-case":
        return sums.worst_usd
    aversion = Decimal(1) if aim.minimise == "cvar" else Decimal(str(aim.risk_aversion))
    return (1 - aversion) * sums.expected_usd + aversion * (aim.cvar_usd or Decimal(0))


def _limits(plan: Plan) -> Iterator[str]:
    for value in plan.limits:
        upper = value.at_most is not None
        bound = value.at_most if upper else value.at_least
        if bound is None:
            yield f"limits.{value.limit} shows no bound"
            continue
        slack = bound - value.value if upper else value.value - bound
        if slack < 0:
            yield f"limits.{value.limit}: uses {value.value}, {'at most' if upper else 'at least'} {bound} is allowed"
        if slack != value.slack:
            yield f"limits.{value.limit}: slack is {value.slack}, should be {slack}"
        sums = {"budget_usd": plan.totals.expected_usd, "worst_case_usd": plan.totals.worst_usd}
        if value.limit in sums and value.value != sums[value.limit]:
            yield f"limits.{value.limit}: value is {value.value}, the totals say {sums[value.limit]}"


def _baselines(plan: Plan) -> Iterator[str]:
    for baseline in plan.baselines:
        saving = baseline.expected_usd - plan.totals.expected_usd
        if saving != baseline.saving_usd:
            yield f"baseline '{baseline.name}': saving_usd is {baseline.saving_usd}, should be {saving}"


def _route(route: Route) -> Iterator[str]:
    primary = route.chain[0]
    yield from requests(route)
    for step in route.chain:
        if step.dubbing_usd and step.audio != "deferred":
            yield f"dubs {step.provider}/{step.model}, which is {step.audio}"
    if route.penalty_usd and not route.degraded:
        yield f"penalty_usd is {route.penalty_usd} for clips that meet their requirements"
    same = ("provider", "model", "resolution", "audio", "segments", "price_usd", "dubbing_usd")
    if any(getattr(route, name) != getattr(primary, name) for name in same):
        yield "its chain does not begin with the route itself"
    chances = math.fsum([route.unserved_probability, *(step.probability for step in route.chain)])
    if abs(chances - 1) > 1e-9 * (1 + len(route.chain)):
        yield f"the probabilities of its chain add up to {chances:.9f}, not 1"
    if len({(step.provider, step.model) for step in route.chain}) < len(route.chain):
        yield "its chain tries one model twice"
    for step in route.chain:
        if step.billed_usd not in (step.price_usd, route.price_usd):
            yield f"its chain bills {step.billed_usd} on {step.provider}/{step.model}, neither its price nor the primary's"
    billed = [step.billed_usd for step in route.chain if step.probability > 0]
    if route.worst_usd < max(billed, default=Decimal(0)):
        yield f"worst_usd is {route.worst_usd}, but its chain can bill {max(billed)}"
    served = math.fsum(step.probability * float(step.billed_usd) for step in route.chain)
    if float(route.expected_usd) < served - 2e-6 - 1e-9 * served:
        yield f"expected_usd is {route.expected_usd}, but making the clip alone costs {served:.6f} on average"
    generated = sum(route.segments, Decimal(0))
    if abs(route.generated_seconds - generated) > _MICRO * len(route.segments):
        yield f"generated_seconds is {route.generated_seconds}, its segments add up to {generated}"
    if abs(route.surplus_seconds - (route.generated_seconds - route.seconds)) > _MICRO:
        yield f"surplus_seconds is {route.surplus_seconds}, should be {route.generated_seconds - route.seconds}"
    if route.generated_seconds + _MICRO * len(route.segments) < route.seconds:
        yield f"generates {route.generated_seconds} s of the {route.seconds} s that the clip needs"


def _prices(route: Route, lines: Sequence[Priced]) -> Iterator[str]:
    if not any(_sells(line, route.catalog, route.mode, route.chain[0]) for line in lines):
        yield f"catalog '{route.catalog}' does not sell this"
        return
    for step in route.chain:
        spent = {
            sum(charge(line, Fraction(length)) for length in _exact(step, line, route))
            for line in lines
            if _sells(line, None, None, step) and all(possible(line, length) for length in _exact(step, line, route))
        }
        dubbing = int(step.dubbing_usd.scaleb(6))
        if spent and int(step.price_usd.scaleb(6)) - dubbing not in spent:
            prices = " or ".join(str(Decimal(price + dubbing).scaleb(-6)) for price in sorted(spent))
            yield f"price of {step.provider}/{step.model} is {step.price_usd}, the catalog makes it {prices}"
        if not spent and step is route.chain[0]:
            yield f"the model cannot generate {', '.join(map(str, step.segments))} s"
    rounded = {
        sum((billed(line, length) for length in _exact(route.chain[0], line, route)), Fraction(0))
        for line in lines
        if _sells(line, route.catalog, route.mode, route.chain[0])
    }
    if all(abs(Fraction(route.billed_seconds) - seconds) >= Fraction(1, 10**6) for seconds in rounded):
        yield f"billed_seconds is {route.billed_seconds}, should be {' or '.join(f'{float(s):g}' for s in sorted(rounded))}"


def _sells(line: Priced, catalog: str | None, mode: str | None, step: ChainStep) -> bool:
    sound = step.audio == "native"
    return (
        line.key == (step.provider, step.model)
        and line.offer.resolution == step.resolution
        and (line.offer.audio == sound or step.audio == "deferred")
        and catalog in (None, line.catalog.name)
        and mode in (None, line.entry.mode)
    )


def _exact(step: ChainStep, line: Priced, route: Route) -> list[Fraction]:
    """The step's lengths; equal parts that a decimal cannot hold are made exact again."""
    lengths = [Fraction(length) for length in step.segments]
    part = Fraction(route.seconds) / len(lengths)
    any_length = line.terms.seconds is not None and line.terms.seconds.step == 0
    if any_length and all(abs(length - part) < Fraction(1, 10**6) for length in lengths):
        return [part] * len(lengths)
    return lengths
