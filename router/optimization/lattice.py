"""Whole-number vectors up to the combinations of a few of them, each with a real number that goes along.

Vectors ``v`` of ``Z^n`` that differ by a whole combination of the columns are one element. With one column more than there are
dimensions, some combination of them is nothing but a real number, the period: then the real number matters up to that only.
An element has a key, a whole number below ``size``, and what is left of its real number.

Source: H. Cohen, A Course in Computational Algebraic Number Theory, section 2.4 (1993), for the Hermite normal form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Reals = NDArray[np.float64]


class Lattice:
    """The elements of ``Z^n x R`` up to whole combinations of columns that span them.

    Attributes
    ----------
    size : int
        How many keys there are; 0 where the columns do not span.
    period : float
        Real numbers that differ by this are the same; 1 where there is no column to spare, and real numbers must be 0.
    """

    def __init__(self, columns: Sequence[Sequence[int]], reals: Sequence[float]) -> None:
        self.dimensions = len(columns[0])
        work = [[*map(int, column)] for column in columns]
        carried = [Fraction(real) for real in reals]
        self.size, self.period = 0, 1.0
        for row in range(self.dimensions):
            if not _eliminate(work, carried, row):
                return
        self.size = math.prod(work[row][row] for row in range(self.dimensions))
        for column in reversed(range(self.dimensions)):
            for row in range(column + 1, self.dimensions):
                _subtract(work, carried, column, row, work[column][row] // work[row][row])
        spare = [abs(real) for real in carried[self.dimensions :] if real]
        self._modulus = min(spare) if spare else Fraction(0)
        if spare:
            self.period = float(self._modulus)
        self._columns = work[: self.dimensions]
        self._reals = [real % self._modulus if spare else real for real in carried[: self.dimensions]]
        self._live = [row for row in range(self.dimensions) if work[row][row] > 1]

    def element(self, vector: Sequence[int], real: float) -> tuple[int, float]:
        """The key of a vector, and its real number within the period."""
        rest, left = [*map(int, vector)], Fraction(real)
        for row, column in enumerate(self._columns):
            times = rest[row] // column[row]
            if times:
                rest = [a - times * b for a, b in zip(rest, column, strict=True)]
                left -= times * self._reals[row]
        key, step = 0, 1
        for row in self._live:
            key += rest[row] * step
            step *= self._columns[row][row]
        return key, float(left % self._modulus) if self._modulus else 0.0

    def add(self, keys: Keys, reals: Reals, others: Keys, more: Reals) -> tuple[Keys, Reals]:
        """Every element of a list plus the one beside it in another, or plus the only one there."""
        pairs = zip(self._split(keys), self._split(others), strict=True)
        return self._joined([a + b for a, b in pairs], reals + more)

    def multiple(self, keys: Keys, reals: Reals, times: int) -> tuple[Keys, Reals]:
        """Every element of a list so many times; below 0: what added to that gives nothing."""
        return self._joined([times * residue for residue in self._split(keys)], times * reals)

    def _split(self, keys: Keys) -> list[Keys]:
        """Keys as vectors, without the numbers that are always 0."""
        residues = []
        for row in self._live[:-1]:
            keys, own = np.divmod(keys, self._columns[row][row])
            residues.append(own)
        return [*residues, keys] if self._live else []

    def _joined(self, residues: list[Keys], reals: Reals) -> tuple[Keys, Reals]:
        """Vectors as keys, and their real numbers within the period."""
        keys, step = np.zeros(len(reals), np.int64), 1
        for place, row in enumerate(self._live):
            column, own = self._columns[row], residues[place]
            times = own // column[row]
            for later in range(place, len(self._live)):
                residues[later] -= times * column[self._live[later]]
            if self._modulus:
                reals = reals - times * float(self._reals[row])
            keys = own if step == 1 else keys + own * step
            step *= column[row]
        if not self._modulus:
            return keys, reals
        reals = reals - np.floor(reals / self.period) * self.period
        return keys, np.where(reals >= self.period, 0.0, reals)


def _eliminate(work: list[list[int]], carried: list[Fraction], row: int) -> bool:
    """Leave one column from ``row`` on with a number in that row, and put it there; False if there is none."""
    while True:
        live = [c for c in range(row, len(work)) if work[c][row]]
        if not live:
            return False
        least = min(live, key=lambda c: abs(work[c][row]))
        work[row], work[least] = work[least], work[row]
        carried[row], carried[least] = carried[least], carried[row]
        if work[row][row] < 0:
            work[row] = [-a for a in work[row]]
            carried[row] = -carried[row]
        if len(live) == 1:
            return True
        for c in range(row + 1, len(work)):
            _subtract(work, carried, c, row, work[c][row] // work[row][row])


def _subtract(work: list[list[int]], carried: list[Fraction], column: int, other: int, times: int) -> None:
    if times:
        work[column] = [a - times * b for a, b in zip(work[column], work[other], strict=True)]
        carried[column] -= times * carried[other]
