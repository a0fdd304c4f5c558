"""Ways to settle half of the classes that come near a bound, listed, and what they use of the limits.

What is used is counted in whole numbers above the least that each class can use. That of several limits is packed into one word, with a
guard bit above each: room with all guards set, less what is used, has a guard cleared where a limit was overrun.

Costs and excess (see `bound`) are micro-dollars.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise

import numpy as np
from numpy.typing import NDArray

from router.optimization.bound import Bound
from router.optimization.formulation import scaled
from router.optimization.problem import Problem
from router.optimization.run import Clock

WORD = 62
"""Bits of a word that are used."""
LARGEST = 2**31
"""Numbers of a limit are below this."""
WAYS = 1000
"""Ways to settle one class, at most."""
HAIR = 1e-8
"""Relative: what floats may hide of a reach."""

Whole = NDArray[np.int64]
Reals = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Packed:
    """What is used of the limits, in words."""

    uses: tuple[Whole, ...]
    """For each class, options by limits, above the least of the class."""
    room: Whole
    """Of each limit, above the least that all classes use."""
    prices: Reals
    """Micro-dollars for one."""
    places: tuple[tuple[int, int], ...]
    """Of each limit: its word, and where in the word it begins."""

    @classmethod
    def of_problem(cls, problem: Problem, prices: Sequence[float]) -> Packed | None:
        """The rows of a problem; None where not all their numbers are whole, or are too large.

        Parameters
        ----------
        prices
            Of each row.
        """
        rows = [scaled(row) for row in problem.rows]
        exact = all(row.exact for row in problem.rows)
        if not exact or any(n % 1 or abs(n) >= LARGEST for row in rows for own in row.coefficients for n in own):
            return None
        signs = [1 if row.sense == "at_most" else -1 for row in rows]
        bounds = [math.floor(sign * row.bound) for sign, row in zip(signs, rows, strict=True)]
        uses = []
        for c, group in enumerate(problem.groups):
            used = np.array([row.coefficients[c] for row in rows], np.int64).T * signs
            least = used.min(axis=0)
            uses.append(used - least)
            bounds = [bound - group.count * int(low) for bound, low in zip(bounds, least, strict=True)]
        # More room than everything uses is as good as that much.
        most = sum(group.count * own.max(axis=0) for group, own in zip(problem.groups, uses, strict=True))
        room = [min(bound, int(top)) for bound, top in zip(bounds, most, strict=True)]
        if min(room) < 0 or max(room) >= LARGEST:
            return None
        places = [(0, 0)]
        for before, now in pairwise(int(own).bit_length() + 1 for own in room):
            word, end = places[-1][0], places[-1][1] + before
            places.append((word, end) if end + now <= WORD else (word + 1, 0))
        paid = np.array([price * row.unit for price, row in zip(prices, rows, strict=True)])
        return cls(tuple(uses), np.array(room), paid, tuple(places))

    def words(self, numbers: Whole) -> Whole:
        """Numbers, of which the last axis is limits, packed: the first axis is words."""
        packed = np.zeros((self.places[-1][0] + 1, *numbers.shape[:-1]), np.int64)
        for k, (word, shift) in enumerate(self.places):
            packed[word] |= numbers[..., k] << shift
        return packed

    def used(self, words: Whole, k: int) -> Whole:
        """What is used of one limit."""
        word, shift = self.places[k]
        numbers: Whole = words[word] >> shift & (1 << int(self.room[k]).bit_length()) - 1
        return numbers

    @property
    def guards(self) -> Whole:
        """The bits above the limits, for each word."""
        return self.words(np.array([1 << int(most).bit_length() for most in self.room]))

    @property
    def open(self) -> Whole:
        """All room, and all guards."""
        return self.words(self.room) + self.guards


@dataclass(frozen=True, slots=True)
class Ways:
    """How the members of a class can be spread over its options."""

    of: tuple[tuple[int, ...], ...]
    """The option of each member."""
    excess: Reals
    costs: Reals
    used: Whole
    """Packed: words by ways."""


def ways(problem: Problem, relaxed: Bound, packed: Packed, c: int, reach: float) -> Ways | None:
    """Of one class, the ways within reach; None if these are too many."""
    group, excess = problem.groups[c], np.array(relaxed.excess[c])
    near = np.flatnonzero(excess <= reach * (1 + HAIR)).tolist()
    if math.comb(len(near) + group.count - 1, group.count) > WAYS:
        return None
    of = np.array(list(combinations_with_replacement(near, group.count)), np.int64).reshape(-1, group.count)
    added, used = excess[of].sum(axis=1), packed.uses[c][of].sum(axis=1)
    kept = (added <= reach * (1 + HAIR)) & (used <= packed.room).all(axis=1)
    costs = np.array([float(option.cost) for option in group.options])[of[kept]].sum(axis=1)
    return Ways(tuple(map(tuple, of[kept].tolist())), added[kept], costs, packed.words(used[kept]))


@dataclass(frozen=True, slots=True)
class Half:
    """Ways to settle some of the classes together."""

    excess: Reals
    costs: Reals
    used: Whole
    """Packed: words by ways."""
    steps: tuple[tuple[int, Whole, Whole], ...] = ()
    """For each class settled: which it is, what each way was made from, and how the class is settled in it."""

    @classmethod
    def empty(cls, packed: Packed) -> Half:
        """No class settled yet."""
        return cls(np.zeros(1), np.zeros(1), np.zeros((packed.places[-1][0] + 1, 1), np.int64))

    def __len__(self) -> int:
        return len(self.excess)

    @property
    def work(self) -> int:
        """How many ways were listed, those to settle fewer classes included."""
        return sum(len(parents) for _, parents, _ in self.steps)

    def settled(self, at: int) -> Iterator[tuple[int, int]]:
        """Each class, and how it is settled."""
        for c, parents, how in reversed(self.steps):
            yield c, int(how[at])
            at = int(parents[at])

    def joined(self, c: int, ways: Ways, packed: Packed, reach: float) -> Half:
        """With one more class settled, within reach and the limits."""
        room, guards, within = packed.open[:, None], packed.guards[:, None], reach * (1 + HAIR)
        parents: list[Whole] = [np.zeros(0, np.int64)]
        for n in range(len(ways.of)):
            near = np.flatnonzero(self.excess <= within - ways.excess[n])
            left = room - self.used[:, near] - ways.used[:, n, None]
            parents.append(near[((left & guards) == guards).all(axis=0)])
        made, how = np.concatenate(parents), np.repeat(np.arange(len(ways.of)), [*map(len, parents[1:])])
        excess, costs = self.excess[made] + ways.excess[how], self.costs[made] + ways.costs[how]
        return Half(excess, costs, self.used[:, made] + ways.used[:, how], (*self.steps, (c, made, how)))


def listed(every: Sequence[Ways], packed: Packed, reach: float, most: int, clock: Clock) -> tuple[Half, Half] | None:
    """Two halves of about as many ways; None where one has more than ``most``, or time ran out."""
    halves = [Half.empty(packed), Half.empty(packed)]
    for c in sorted(range(len(every)), key=lambda c: (len(every[c].of), c)):
        shorter = int(len(halves[1]) < len(halves[0]))
        halves[shorter] = halves[shorter].joined(c, every[c], packed, reach)
        if len(halves[shorter]) > most or clock.left == 0:
            return None
    return halves[0], halves[1]
