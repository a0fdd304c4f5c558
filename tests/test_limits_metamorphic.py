"""What must not change, or change one way only, when a scenario is written differently, loosened or tightened."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pytest

from tests import oracles
from tests.limits_reading import planned
from tests.limits_scenarios import LIMITS, ON, Case, random_case

Raw = dict[str, Any]

SEEDS = [range(first, first + 50) for first in range(10_000, 10_150, 50)]
SAME = Decimal("0.000002")  # each of two objectives may be a micro-dollar off


def objective(scenario: Raw, catalogs: list[Raw]) -> Decimal:
    """Infinite where there is no plan, so that any plan is better."""
    return _objective(oracles.Written.of((scenario, catalogs)))


@lru_cache(maxsize=1000)
def _objective(written: oracles.Written) -> Decimal:
    """Planned once for all tests that start from the same scenario."""
    plan = planned(*written.data, ON)
    return Decimal("Infinity") if plan is None else plan.totals.objective_usd


def same(one: Decimal, other: Decimal) -> bool:
    return one == other or abs(one - other) <= SAME


def at_most(one: Decimal, other: Decimal) -> bool:
    return one <= other or one - other <= SAME


def with_limits(scenario: Raw, limits: Raw) -> Raw:
    return {**scenario, "limits": limits}


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_a_looser_limit_never_raises_the_objective(seeds: range) -> None:
    for seed in seeds:
        case = random_case(seed)
        if "limits" not in case.scenario:
            continue
        tight = objective(case.scenario, case.catalogs)
        for name, looser in loosened(case.scenario["limits"]):
            loose = objective(with_limits(case.scenario, looser), case.catalogs)
            assert at_most(loose, tight), f"seed {seed}: {name} loosened to {looser}: {loose}, not {tight}"


LOOSER = {
    "budget_usd": Decimal("1.1"),
    "worst_case_usd": Decimal("1.1"),
    "deadline_minutes": Decimal("1.25"),
    "mean_quality_min": Decimal("0.9"),
    "max_seconds": Decimal("1.3"),
    "max_usd": Decimal("1.3"),
    "max_share": Decimal("1.3"),
    "min_share": Decimal("0.7"),
}


def loosened(limits: Raw) -> Iterator[tuple[str, Raw]]:
    """One limit a little looser at a time."""
    for name, bound in limits.items():
        if name in LOOSER:
            yield name, {**limits, name: bound * LOOSER[name]}
    for index, cap in enumerate(limits.get("caps", [])):
        for name in (key for key in cap if key != "where"):
            by_one = {"max_clips": cap[name] + 1, "min_clips": max(0, cap[name] - 1)}
            looser = by_one[name] if name in by_one else min(cap[name] * LOOSER[name], 1 if "share" in name else 10**6)
            caps = [{**other, name: looser} if i == index else other for i, other in enumerate(limits["caps"])]
            yield f"caps[{index}].{name}", {**limits, "caps": caps}


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_adding_a_limit_never_lowers_the_objective(seeds: range) -> None:
    for seed in seeds:
        case = random_case(seed)
        limits: Raw = {}
        if "limits" not in case.scenario:
            continue
        before = objective(with_limits(case.scenario, limits), case.catalogs)
        for name in (name for name in LIMITS if name in case.scenario["limits"]):
            limits[name] = case.scenario["limits"][name]
            after = objective(with_limits(case.scenario, limits), case.catalogs)
            assert at_most(before, after), f"seed {seed}: {name} takes {before} to {after}"
            before = after


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_something_more_to_choose_never_raises_the_objective(seeds: range) -> None:
    for seed in seeds:
        case = random_case(seed)
        offered = objective(case.scenario, case.catalogs)
        for name in ("packs", "tiers", "objective"):  # the objective holds what may be degraded
            if name in case.scenario:
                scenario = {key: value for key, value in case.scenario.items() if key != name}
                without = objective(scenario, case.catalogs)
                assert at_most(offered, without), f"seed {seed}: {name} takes {without} to {offered}"


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_clips_may_be_listed_one_by_one(seeds: range) -> None:
    for seed in seeds:
        case = random_case(seed)
        lines = [
            {**clip, "id": f"{clip['id']}-{i}", "count": 1}
            for clip in case.scenario["clips"]
            for i in range(clip["count"])
        ]
        whole, split = (
            objective({**case.scenario, "clips": c}, case.catalogs) for c in (case.scenario["clips"], lines)
        )
        assert same(whole, split), f"seed {seed}: {whole} as lines with counts, {split} clip by clip"


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_the_order_of_clips_models_packs_and_caps_does_not_matter(seeds: range) -> None:
    for seed in seeds:
        case = random_case(seed)
        catalogs = [_without_equal_prices(catalog) for catalog in case.catalogs]
        ordered = objective(case.scenario, catalogs)
        assert same(ordered, objective(*_shuffled(case, catalogs, random.Random(seed)))), f"seed {seed}"


def _without_equal_prices(catalog: Raw) -> Raw:
    """Equal prices are tried in catalog order, which must matter; with these prices hardly any two sums are equal."""
    distinct = copy.deepcopy(catalog)
    offers = [offer for entry in distinct["models"] for offer in entry["offers"]]
    for index, offer in enumerate(offers):
        offer["price_per_second"] += (index + 1) ** 2 * Decimal("0.000137")
    return distinct


def _shuffled(case: Case, catalogs: list[Raw], rng: random.Random) -> tuple[Raw, list[Raw]]:
    scenario, catalogs = copy.deepcopy((case.scenario, catalogs))
    for catalog in catalogs:
        for entry in catalog["models"]:
            rng.shuffle(entry["offers"])
        rng.shuffle(catalog["models"])
    for lines in (scenario["clips"], scenario.get("packs", []), scenario.get("limits", {}).get("caps", [])):
        rng.shuffle(lines)
    return scenario, catalogs


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_an_offer_that_is_worse_in_all_changes_nothing(seeds: range) -> None:
    """One more offer of a model, dearer and at a lower resolution, else the same.

    Its chain is the same as well where the direction of the fallback does not depend on the price of the primary.
    """
    for seed in seeds:
        case = random_case(seed)
        scenario = copy.deepcopy(case.scenario)
        if scenario.get("fallback", {}).get("direction") in ("cheaper", "dearer"):
            del scenario["fallback"]["direction"]
        for cap in scenario.get("limits", {}).get("caps", []):
            cap["where"].pop("resolution", None)  # or the new offer would be outside of a cap
        catalogs = copy.deepcopy(case.catalogs)
        before = objective(scenario, catalogs)
        entry = random.Random(seed).choice(catalogs[0]["models"])
        offer = entry["offers"][0]
        dearer = {**offer, "resolution": "480p", "price_per_second": offer["price_per_second"] * 2}
        entry["offers"].append(dearer)
        after = objective(scenario, catalogs)
        assert same(before, after), f"seed {seed}: {before}, with {dearer} {after}"
