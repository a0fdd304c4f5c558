"""The program against brute force: 2,000 seeded random scenarios, and as many more as hypothesis draws.

A plan is read back from its routes, priced again by the oracle in exact arithmetic, and compared with the best plan
that the oracle knows. Two plans may differ where both are best; their totals and ties may not.
"""

from __future__ import annotations

import datetime
import itertools
import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import router
from router.errors import NoPlanError
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario
from tests import oracles, strategies

Raw = dict[str, Any]

BLOCK = 100
# An expectation is a float on its way and is reported in whole micro-dollars: half a micro-dollar of rounding, and a
# thousandth for the floats (totals stay below 10^9 micro-dollars, where a float is good to 10^-7). A number that is
# whole in exact arithmetic, as every one is where no probability enters, must therefore be met exactly.
REPORTED = Fraction(501, 1000)
# SPEC 4.6: optimal "to the micro-dollar". Where no probability enters, objectives are whole and must be equal.
OPTIMAL = 1
LENGTH = Fraction(1, 1_000_000)  # an equal part of a clip may have no finite decimal
PROBABILITY = 1e-6


@pytest.mark.parametrize("first", range(0, 2000, BLOCK))
def test_2000_random_scenarios_agree_with_brute_force(first: int) -> None:
    for seed in range(first, first + BLOCK):
        scenario, catalogs = strategies.random_scenario(random.Random(seed))
        try:
            check_agreement(scenario, catalogs)
        except Exception as error:
            error.add_note(f"seed {seed}: scenario {scenario}\ncatalogs {catalogs}")
            raise


@settings(
    derandomize=True,
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(strategies.scenarios())
def test_drawn_scenarios_agree_with_brute_force(case: tuple[Raw, list[Raw]]) -> None:
    check_agreement(*case)


def check_agreement(scenario: Raw, catalogs: list[Raw]) -> None:
    """A plan exists for both or for neither; it keeps every limit; its totals and ties are the best there are."""
    worked_out = oracles.problem(scenario, catalogs, strategies.ON)
    best = oracles.best_plan_of(worked_out)
    plan = planned(scenario, catalogs, strategies.ON)
    if best is None or plan is None:
        by = "brute force" if plan is None else "the program"
        nothing_serves = oracles.unservable(scenario, catalogs, strategies.ON)
        assert best is plan, f"only {by} finds a plan: {best or plan}; nothing serves {nothing_serves}"
        return
    requested = scenario.get("fallback", {}).get("billed", "actual") == "requested"
    assert plan.status == "optimal"
    every = [(counts, oracles.broken_limits(worked_out, counts)) for counts in readings(worked_out, plan, requested)]
    assert every, f"the routes do not add up to the clips: {plan.routes}"
    kept = [oracles.evaluate(worked_out, counts) for counts, broken in every if not broken]
    assert kept, f"the plan breaks {every[0][1]}: {every[0][0]}"
    found = min(kept, key=lambda one: one.key)
    check_totals(plan.totals, found)
    assert found.key >= best.key, "the oracle missed a plan"
    assert found.objective - best.objective < OPTIMAL, f"{found.key} is not best: {best.key} by {best.counts}"
    if found.objective == best.objective:
        assert found.key == best.key, f"tie broken as {found.counts}: {found.key}, not as {best.counts}: {best.key}"


def planned(scenario: Raw, catalogs: list[Raw], on: datetime.date) -> Any:
    """The program's plan, or None if it says that there is none."""
    objects = [Catalog.model_validate(catalog) for catalog in catalogs]
    try:
        return router.plan(Scenario.model_validate({**scenario, "catalogs": objects}), on=on)
    except NoPlanError:
        return None


def check_totals(totals: Any, found: oracles.BestPlan) -> None:
    """The totals are those of the plan's own routes."""
    assert totals.served == found.served
    assert totals.left_out == found.left_out
    assert oracles.micro(totals.nominal_usd) == found.nominal
    assert oracles.micro(totals.worst_usd) == found.worst
    assert_reported(totals.expected_usd, found.expected)
    assert_reported(totals.objective_usd, found.objective)


def assert_reported(usd: Decimal, exact_micro: Fraction) -> None:
    """A number in dollars is an expectation in micro-dollars, rounded."""
    assert abs(oracles.micro(usd) - exact_micro) < REPORTED, f"{usd} is not {float(exact_micro / oracles.MICRO)!r}"


def readings(worked_out: oracles.Problem, plan: Any, requested: bool) -> Iterator[oracles.Counts]:
    """What the routes can mean: how many clips of each line are made on each option.

    Nearly always one reading. A route over several equal lines may take its clips from any of them, and it may fit
    two offers that differ in nothing that a route shows.
    """
    lines = {clip["id"]: line for line, clip in enumerate(worked_out.clips)}
    allocations = []
    for route in plan.routes:
        targets = []
        for line in (lines[clip_id] for clip_id in route.clips):
            targets += [(line, option.position) for option in matching_options(worked_out, line, route, requested)]
        allocations.append(list(itertools.combinations_with_replacement(targets, route.count)))
    for choice in itertools.product(*allocations):
        counts: oracles.Counts = [{} for _ in worked_out.clips]
        for line, position in itertools.chain.from_iterable(choice):
            counts[line][position] = counts[line].get(position, 0) + 1
        if _leave_out_the_rest(worked_out, counts):
            yield counts


def _leave_out_the_rest(worked_out: oracles.Problem, counts: oracles.Counts) -> bool:
    """Book what no route makes as left out; false if a line has too many clips, or must not leave any out."""
    for line, split in enumerate(counts):
        rest = worked_out.counts(line) - sum(split.values())
        if rest < 0 or (rest > 0 and "value_usd" not in worked_out.clips[line]):
            return False
        if rest > 0:
            split[None] = rest
    return True


def matching_options(worked_out: oracles.Problem, line: int, route: Any, requested: bool) -> list[oracles.Option]:
    """The options that a route can be, agreeing in everything that it shows."""
    same_offer = [
        option
        for option in worked_out.options[line]
        if option.primary is not None
        and (option.primary.offer.provider, option.primary.offer.model) == (route.provider, route.model)
        and (option.primary.offer.mode, option.primary.offer.resolution) == (route.mode, route.resolution)
        and option.primary.treatment == route.audio
    ]
    found = {option.position: differences(option, worked_out.clips[line], route, requested) for option in same_offer}
    matching = [option for option in same_offer if not found[option.position]]
    assert matching, f"no candidate of {worked_out.clips[line]} is {route}: {found or 'no such offer is eligible'}"
    return matching


def differences(option: oracles.Option, clip: Raw, route: Any, requested: bool) -> list[str]:
    """In what a route differs from an option, in words."""
    primary = option.primary
    assert primary is not None
    checks = {
        f"price {primary.price}": oracles.micro(route.price_usd) == primary.price,
        f"expected {float(option.cost.expected)}": abs(oracles.micro(route.expected_usd) - option.cost.expected)
        < REPORTED,
        f"worst {option.cost.worst}": oracles.micro(route.worst_usd) == option.cost.worst,
        f"segments {primary.segments}, billed {primary.billed_seconds}": any(
            same_lengths(way, route.segments)
            and abs(billed(way, primary.offer) - Fraction(route.billed_seconds)) < LENGTH
            for way in oracles.best_segments(primary.offer, clip)
        ),
        f"chain {[step.offer.pair for step in option.chain]}": same_chain(option, route.chain, requested),
    }
    return [f"should be {name}" for name, holds in checks.items() if not holds]


def billed(way: oracles.Segments, offer: oracles.Offer) -> Fraction:
    """Billed seconds of several generations."""
    return sum((oracles.billed(offer, length) for length in way), Fraction(0))


def same_lengths(way: oracles.Segments, segments: tuple[Decimal, ...]) -> bool:
    """The same lengths, in any order."""
    ordered = sorted(map(Fraction, segments))
    return len(way) == len(ordered) and all(abs(a - b) < LENGTH for a, b in zip(sorted(way), ordered, strict=True))


def same_chain(option: oracles.Option, chain: tuple[Any, ...], requested: bool) -> bool:
    """The same steps in the same order: who, at what price, and the chance that this step makes the clip.

    Where the primary's price is billed, a step may show either what it would bill of its own or what it does bill.
    """
    if [(step.provider, step.model) for step in chain] != [step.offer.pair for step in option.chain]:
        return False
    prices = ({step.price, option.chain[0].price} if requested else {step.price} for step in option.chain)
    return all(
        oracles.micro(step.price_usd) in price and abs(float(step.probability) - chance) < PROBABILITY
        for step, price, chance in zip(chain, prices, option.cost.served_by, strict=True)
    )
