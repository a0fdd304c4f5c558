"""The library's ``simulate`` and ``compare_directions``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import router
from router.errors import InputError
from tests.builders import ON, catalog, model, planned, scenario

CLIPS = [{"id": "c", "seconds": 10, "count": 30}]
PAIR = catalog(model("one", availability="0.9"), model("two", [{"audio": False, "price_per_second": "0.20"}]))
# 10 s: $1 on one, $2 on two.


def test_a_plan_is_simulated_with_its_own_exact_figures_beside() -> None:
    found = router.simulate(planned(CLIPS, PAIR), draws=4000, seed=1)
    first = found.figures[0]
    # 30 x (0.9 x 1 + 0.1 x 2)
    assert (first.name, first.exact, found.draws, found.seed) == ("expected", Decimal("33"), 4000, 1)
    assert first.standard_error is not None
    assert abs(first.simulated - 33) <= 4 * first.standard_error
    assert found == router.simulate(planned(CLIPS, PAIR), draws=4000, seed=1)


def test_the_budget_is_among_the_amounts_wherever_there_is_one() -> None:
    plan = planned(CLIPS, PAIR, limits={"budget_usd": 35})
    found = [
        (f.above_usd, f.budget)
        for f in router.simulate(plan, draws=100, over=[40, Decimal("33.5"), 35]).figures
        if f.above_usd
    ]
    assert found == [(Decimal("33.5"), False), (Decimal(35), True), (Decimal(40), False)]


def test_many_different_numbers_of_unserved_clips_are_put_in_ranges_without_gaps() -> None:
    plan = planned([{"seconds": 10, "count": 5000}], catalog(model("one", availability="0.5")))
    lines = router.simulate(plan, draws=3000).unserved
    assert len(lines) <= 20
    assert len({line.at_most - line.at_least for line in lines[:-1]}) == 1
    assert sum(line.simulated for line in lines) == pytest.approx(1)
    assert sum(line.exact or 0 for line in lines) > 0.99


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draws": 1}, "draws must be from 2"),
        ({"seed": -1}, "seed must be 0"),
        ({"until": 0.0}, "until must be a fraction"),
        ({"until": 1.0}, "until must be a fraction"),
        ({"bins": 0}, "bins must be from 1"),
        ({"over": [-1]}, "amounts of dollars must be 0 or above"),
        ({"over": [float("nan")]}, "amounts of dollars must be 0 or above"),
    ],
)
def test_bad_numbers_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        router.simulate(planned(CLIPS, PAIR), **wrong)


def test_each_direction_is_planned_and_the_scenario_is_left_as_it_was() -> None:
    given = scenario(CLIPS, PAIR, fallback={"direction": "cheaper"})
    found = router.compare_directions(given, ON)
    # Nobody, and nobody cheaper, catches: 27; two catches 3 clips on average: 33.
    assert [(row.direction, row.expected_usd, row.chosen) for row in found.directions] == [
        ("none", Decimal(27), False), ("cheaper", Decimal(27), True), ("dearer", Decimal(33), False), ("any", Decimal(33), False),
    ]  # fmt: skip
    assert given.fallback.direction == "cheaper"
