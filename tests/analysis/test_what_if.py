"""Variants of a scenario: each is the plan of the changed scenario, beside the plan of the one that is given."""

from __future__ import annotations

import pytest

from router.analysis.what_if import what_if
from router.errors import InputError
from router.loading.overrides import overridden
from router.pipeline import plan
from router.schema.scenario import Scenario, Variant
from router.schema.what_if import WhatIf
from tests.analysis.sweeping import random_given
from tests.builders import ON, catalog, model, scenario

SILENT_AND_SOUND = [
    {"audio": False, "price_per_second": "0.10"}, {"audio": True, "price_per_second": "0.15"},
]  # fmt: skip


def given(**fields: object) -> Scenario:
    """Ten clips of 10 s with sound: $15.00 on a; silent $10.00."""
    clips = [{"id": "a", "seconds": 10, "count": 10, "audio": "native"}]
    return scenario(clips, catalog(model("a", SILENT_AND_SOUND)), **fields)


def variant(name: str, *sets: str) -> Variant:
    return Variant(name=name, set=sets)


def test_each_variant_is_planned_and_held_against_the_plan_as_it_is() -> None:
    found = what_if(given(), [variant("silent", "clips.*.audio=none"), variant("dear", "offers.a.*.price*=2")], on=ON)
    assert found.baseline.totals is not None
    assert found.baseline.totals.expected_usd == 15
    silent, dear = found.variants
    assert (silent.totals and silent.totals.expected_usd, dear.totals and dear.totals.expected_usd) == (10, 30)
    assert silent.comparison is not None
    assert dear.comparison is not None
    assert silent.comparison.made_of.expected_usd == -5
    assert [reason.kind for move in silent.comparison.moved for reason in move.why] == ["requirement"]
    assert [reason.kind for move in dear.comparison.repriced for reason in move.why] == ["price"]


@pytest.mark.parametrize("seed", range(8))
def test_figures_are_those_of_the_variants_own_plan(seed: int) -> None:
    own = random_given(seed)
    sets = ("offers.*.*.price*=1.1", "fallback.direction=none")
    (found,) = what_if(own, [variant("v", *sets)], on=ON).variants
    if found.totals is not None:
        assert found.totals == plan(overridden(own, sets), on=ON).totals


def test_the_scenarios_own_variants_are_planned_where_none_is_given() -> None:
    own = given(what_if=[{"name": "silent", "set": ["clips.*.audio=none"]}])
    assert [one.name for one in what_if(own, on=ON).variants] == ["silent"]


def test_a_variant_without_a_plan_says_why_and_the_others_are_planned() -> None:
    found = what_if(given(), [variant("poor", "limits.budget_usd=1"), variant("silent", "clips.*.audio=none")], on=ON)
    poor, silent = found.variants
    assert poor.totals is poor.comparison is None
    assert "raise limits.budget_usd from 1.00 to 15.00" in poor.no_plan
    assert silent.totals is not None


def test_a_baseline_without_a_plan_is_held_against_nothing() -> None:
    found = what_if(given(limits={"budget_usd": 1}), [variant("rich", "limits.budget_usd=")], on=ON)
    assert found.baseline.totals is None
    assert "no plan keeps limits.budget_usd" in found.baseline.no_plan
    assert found.variants[0].totals is not None
    assert found.variants[0].comparison is None


def test_it_survives_being_written_and_read() -> None:
    found = what_if(given(), [variant("silent", "clips.*.audio=none")], on=ON)
    assert WhatIf.model_validate_json(found.model_dump_json(by_alias=True)) == found


def test_variants_are_made_sure_of_before_anything_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.analysis.what_if.plan", None)
    with pytest.raises(InputError, match=r"did you mean `limits\.budget_usd`"):
        what_if(given(), [variant("fine", "title=x"), variant("wrong", "limits.budgt_usd=1")], on=ON)


@pytest.mark.parametrize(
    ("names", "message"),
    [([], "nothing to compare with"), (["x", "x"], "names of their own"), (["baseline"], "none of them 'baseline'")],
)
def test_nothing_to_compare_and_names_that_are_taken_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        what_if(given(), [variant(name, "title=x") for name in names], on=ON)
