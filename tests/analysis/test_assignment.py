"""Who goes where at least cost, against every way there is."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from router.analysis.assignment import Some, assign


def best(things: list[Some], places: list[int], bounds: dict[object, int]) -> tuple[int, int]:
    """(how many go somewhere, at what cost), by trying every way for every single thing."""
    single = [own for own in things for _ in range(own.number)]
    found = []
    for way in itertools.product(*[(None, *own.costs) for own in single]):
        placed = [(own, at) for own, at in zip(single, way, strict=True) if at is not None]
        fits = all(sum(at == place for _, at in placed) <= room for place, room in enumerate(places))
        fits &= all(sum(own.group == group for own, _ in placed) <= most for group, most in bounds.items())
        if fits:
            found.append((-len(placed), sum(own.costs[at] for own, at in placed)))
    number, cost = min(found)
    return -number, cost


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_as_many_as_can_go_somewhere_at_the_least_cost_of_all_ways(rng: random.Random) -> None:
    places = [rng.randint(0, 3) for _ in range(rng.randint(1, 3))]
    things = [
        Some(
            rng.randint(1, 2),
            {at: rng.choice((0, 1, 5, 10**30)) for at in range(len(places)) if rng.random() < 0.7},
            rng.choice((None, None, "a", "b")),
        )
        for _ in range(rng.randint(0, 3))
    ]
    bounds: dict[object, int] = {"a": rng.randint(0, 3), "b": rng.randint(0, 3)}

    where = assign(things, places, bounds)

    assert [sum(own.get(at, 0) for own in where) <= room for at, room in enumerate(places)] == [True] * len(places)
    assert all(sum(own.values()) <= thing.number for own, thing in zip(where, things, strict=True))
    for group, most in bounds.items():
        used = sum(sum(own.values()) for own, thing in zip(where, things, strict=True) if thing.group == group)
        assert used <= most
    number = sum(sum(own.values()) for own in where)
    cost = sum(thing.costs[at] * n for own, thing in zip(where, things, strict=True) for at, n in own.items())
    assert (number, cost) == best(things, places, bounds)


def test_one_gives_up_its_place_where_another_can_go_nowhere_else() -> None:
    # The first prefers place 0 by 1; the second fits only there.
    assert assign([Some(1, {0: 0, 1: 1}), Some(1, {0: 7})], [1, 1], {}) == [{1: 1}, {0: 1}]
