"""The least sum of moves that leads to an element, against all elements and what it takes to come there."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from router.optimization import meeting
from router.optimization.lattice import Lattice
from router.optimization.meeting import Move, Search
from router.optimization.run import Clock


def drawn(dice: random.Random, *, money: bool) -> tuple[Lattice, float, list[Move], tuple[int, float]]:
    """A lattice of up to a few thousand elements in one to three dimensions, a price of money, moves and a target; money is whole."""
    lattice = Lattice([(1,)], [0.0])
    while not 20 <= lattice.size * lattice.period <= 3_000:
        size = dice.randint(1, 3)
        columns = [[dice.randint(-12, 12) for _ in range(size)] for _ in range(size + money)]
        lattice = Lattice(columns, [float(dice.randint(1, 9) * money) for _ in columns])

    def element() -> tuple[int, float]:
        vector = [dice.randint(-20, 20) for _ in range(lattice.dimensions)]
        return lattice.element(vector, float(dice.randint(-20, 20) * money))

    moves = [
        Move(dice.choice((0.0, *range(1, 40))) + dice.random(), *element(), k, 0) for k in range(dice.randint(1, 40))
    ]
    return lattice, dice.uniform(1, 5) * money, meeting.different(sorted(moves)), element()


def least_of_all(lattice: Lattice, price: float, moves: list[Move], target: tuple[int, float]) -> float:
    """The least excess that leads to the target, money left unused counted, by making moves until no element is reached for less."""
    period = int(lattice.period)
    keys, reals = np.repeat(np.arange(lattice.size), period), np.tile(np.arange(period, dtype=float), lattice.size)

    def places(move: Move) -> NDArray[np.int64]:
        key, real = lattice.add(keys, reals, np.array([move.key]), np.array([move.real]))
        return key * period + np.round(real).astype(np.int64) % period

    steps = [(places(move), move.excess) for move in moves]
    if price:
        steps.append((places(Move(price, 0, 1.0, -1, 0)), price))
    least = np.where((keys == 0) & (reals == 0), 0.0, np.inf)
    before = np.empty(0)
    while not np.array_equal(before, least):
        before = least.copy()
        for ends, excess in steps:
            least[ends] = np.minimum(least[ends], least + excess)
    return float(least[target[0] * period + round(target[1]) % period])


@pytest.mark.parametrize("money", [False, True])
@pytest.mark.parametrize("pairs", [0, 1, 32, 10**9])
def test_the_sum_found_is_the_least_however_rests_are_split_and_its_moves_lead_to_the_target(
    money: bool, pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "PAIRS", pairs)
    monkeypatch.setattr(meeting, "AT_ONCE", 100)
    dice, reached = random.Random(f"{money} {pairs}"), 0
    for _ in range(30):
        lattice, price, moves, target = drawn(dice, money=money)
        least = least_of_all(lattice, price, moves, target)
        found = Search(lattice, price, moves, target, Clock(None)).run()
        if found is None:
            assert least == np.inf
            continue
        reached += 1
        excess, made = found
        assert excess == pytest.approx(least, abs=1e-4)
        key, real, spent = np.zeros(1, np.int64), np.zeros(1), 0.0
        for number, times in made.items():
            move = moves[number]
            more = lattice.multiple(np.array([move.key]), np.array([move.real]), times)
            key, real = lattice.add(key, real, *more)
            spent += times * move.excess
        assert int(key[0]) == target[0]
        unused = (target[1] - float(real[0])) % lattice.period if money else 0.0
        assert spent + price * unused == pytest.approx(least, abs=1e-4)
    assert reached > 10


def test_no_more_sums_are_listed_than_lead_to_a_third_of_the_excess(monkeypatch: pytest.MonkeyPatch) -> None:
    # Steps of 1 and of 100 for 1 each; 6,060 is 60 of each. 40 steps lead to 41 * 42 / 2 = 861 elements, 60 to 61 * 62 / 2 = 1,891.
    lattice = Lattice([(10_000,)], [0.0])
    moves = [Move(1.0, 1, 0.0, 0, 0), Move(1.0, 100, 0.0, 1, 0)]
    monkeypatch.setattr(meeting, "SUMS", 1_000)
    assert Search(lattice, 0.0, moves, (6_060, 0.0), Clock(None)).run() == (120.0, {0: 60, 1: 60})
    monkeypatch.setattr(meeting, "SUMS", 800)
    assert Search(lattice, 0.0, moves, (6_060, 0.0), Clock(None)).run() is None
