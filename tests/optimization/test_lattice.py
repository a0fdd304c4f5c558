"""Elements of whole-number vectors up to combinations of columns, against sums worked out in fractions."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest

from router.optimization.lattice import Lattice


def test_columns_that_do_not_span_have_no_elements() -> None:
    assert Lattice([(2, 4), (1, 2)], [0.0, 0.0]).size == 0


def test_there_are_as_many_keys_as_the_columns_have_volume() -> None:
    # 2 * 5 - 1 * 3
    lattice = Lattice([(2, 1), (3, 5)], [0.0, 0.0])
    assert lattice.size == 7
    keys = {lattice.element(vector, 0.0)[0] for vector in itertools.product(range(-7, 8), repeat=2)}
    assert keys == set(range(7))


def test_a_group_that_no_single_element_generates_has_all_its_keys() -> None:
    lattice = Lattice([(2, 0), (0, 2)], [0.0, 0.0])
    found = {v: lattice.element(v, 0.0)[0] for v in itertools.product(range(2), repeat=2)}
    assert sorted(found.values()) == [0, 1, 2, 3]
    keys, _ = lattice.add(np.array(list(found.values())), np.zeros(4), np.array([found[1, 1]]), np.zeros(1))
    assert keys.tolist() == [found[(a + 1) % 2, (b + 1) % 2] for a, b in found]


def test_a_column_more_than_there_are_dimensions_gives_the_period_of_the_real_number() -> None:
    # Three of the first less two of the second are (0) and 3 * 1.5 - 2 * 0.5 = 3.5.
    lattice = Lattice([(2,), (3,)], [1.5, 0.5])
    assert (lattice.size, lattice.period) == (1, 3.5)
    assert lattice.element([2], 1.5) == lattice.element([3], 0.5) == (0, 0.0)


@pytest.mark.parametrize("seed", range(60))
def test_elements_of_sums_are_sums_of_elements_and_columns_change_nothing(seed: int) -> None:
    dice = random.Random(seed)
    size, spare = dice.randint(1, 3), dice.randint(0, 1)
    columns = [[dice.randint(-6, 6) for _ in range(size)] for _ in range(size + spare)]
    reals = [dice.randint(-40, 40) / 4 if spare else 0.0 for _ in columns]
    lattice = Lattice(columns, reals)
    if not lattice.size:
        pytest.skip("the columns do not span")
    draw = lambda: ([dice.randint(-30, 30) for _ in range(size)], dice.randint(-60, 60) / 4 if spare else 0.0)  # noqa: E731
    for (one, more), (other, less) in [(draw(), draw()) for _ in range(20)]:
        a, b = lattice.element(one, more), lattice.element(other, less)
        both = lattice.element([x + y for x, y in zip(one, other, strict=True)], more + less)
        first = np.array([a[0]]), np.array([a[1]])
        (key,), (real,) = lattice.add(*first, np.array([b[0]]), np.array([b[1]]))
        assert (key, same(real, both[1], lattice.period)) == (both[0], True)
        thrice = lattice.multiple(*first, 3)
        (key,), (real,) = lattice.add(*lattice.multiple(*first, -2), *thrice)
        assert (key, same(real, a[1], lattice.period)) == (a[0], True)
        (key,), (real,) = lattice.add(*lattice.multiple(*first, -3), *thrice)
        assert (key, same(real, 0.0, lattice.period)) == (0, True)
        times = [dice.randint(-3, 3) for _ in columns]
        moved = [x + sum(t * c[row] for t, c in zip(times, columns, strict=True)) for row, x in enumerate(one)]
        shifted = lattice.element(
            moved, float(more + sum(Fraction(t) * Fraction(r) for t, r in zip(times, reals, strict=True)))
        )
        assert shifted[0] == a[0]
        assert same(shifted[1], a[1], lattice.period)


def same(one: float, other: float, period: float) -> bool:
    apart = abs(one - other) % period
    return min(apart, period - apart) < 1e-9
