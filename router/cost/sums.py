"""Sums of independent terms: what is added up, and the law of the sum, listed or as a Fourier series in a window.

All values are whole numbers. How a law is found is `router.cost.inversion`'s business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Terms:
    """Independent terms of a sum: ``counts[r]`` of them take ``values[r, a]`` with probability ``chances[r, a]``."""

    values: Integers
    """Shape (laws, values); what pads a row has no chance."""
    chances: Floats
    counts: Integers

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Which values have a chance."""
        return self.chances > 0

    def total(self, each: Integers) -> int:
        """``sum counts[r] each[r]``, exact whatever its size."""
        if float(np.abs(each).max(initial=0)) * float(self.counts.sum()) < 2.0**62:
            return int(each @ self.counts)
        return sum(int(value) * int(count) for value, count in zip(each, self.counts, strict=True))

    def outcomes(self) -> float:
        """In how many ways the terms can turn out, the members of a law being alike; at most so many sums differ."""
        widths = self.possible.sum(axis=1)
        pairs = zip(self.counts, widths, strict=True)
        logs = math.fsum(math.lgamma(n + w) - math.lgamma(n + 1) - math.lgamma(w) for n, w in pairs if w > 1)
        return math.exp(logs) if logs < 700 else math.inf

    def ends(self) -> tuple[int, int]:
        """The least and the largest sum of positive probability."""
        low = np.where(self.possible, self.values, np.iinfo(np.int64).max).min(axis=1)
        high = np.where(self.possible, self.values, np.iinfo(np.int64).min).max(axis=1)
        return self.total(low), self.total(high)


@dataclass(frozen=True, slots=True)
class Points:
    """The law of a sum with few values: each, ascending, with its probability."""

    values: Integers
    chances: Floats


@dataclass(frozen=True, slots=True)
class Wave:
    """The law of a sum inside its window, as a Fourier series or as a table."""

    mean: float
    variance: float
    least: int
    """Smallest value of positive probability."""
    most: int
    """Largest."""
    start: int
    """First lattice point of the window."""
    step: int
    size: int
    """Lattice points in the window."""
    error: float
    """Quantiles are right to within this; 0: to the lattice point."""
    frequencies: Integers
    """The ``j`` of the angles ``2 pi j / size`` that are in the series."""
    weights: Complexes
    """What each contributes to ``P(X <= point)``, at the point before the window."""
    table: tuple[Floats, Floats] | None
    """``P(X <= point)`` and ``E[(point - X)+]`` in steps, where tabulated."""

    @property
    def stop(self) -> int:
        """Last lattice point of the window."""
        return self.start + self.step * (self.size - 1)

    def cdf(self, x: Floats) -> Floats:
        """``P(X <= x)``."""
        k = np.floor((x - self.start) / self.step)
        inside = np.clip(k, 0, self.size - 1).astype(np.int64)
        if self.table is not None:
            found = self.table[0][inside]
        else:
            turns = np.exp(-1j * angles(np.multiply.outer(inside + 1, self.frequencies), self.size))
            found = (inside + 1) / self.size + self.weights.sum().real - (turns * self.weights).sum(axis=1).real
        return np.where(k < 0, 0.0, np.where(k >= self.size - 1, 1.0, np.clip(found, 0.0, 1.0)))

    def excess(self, x: float) -> float:
        """``E[(X - x)+]``."""
        if x >= self.stop:
            return 0.0
        if x <= self.start:
            return self.mean - x
        k = math.floor((x - self.start) / self.step)
        if self.table is not None:
            below = float(self.table[1][k])
        else:
            # The series of P(X <= point), summed over the points from the first to the one before k.
            geometric = (1 - np.exp(-1j * angles(k * self.frequencies, self.size))) / one_less(
                self.frequencies, self.size
            )
            turned = np.exp(-1j * angles(self.frequencies, self.size)) * geometric
            below = (
                k * (k + 1) / 2 / self.size + k * self.weights.sum().real - float((turned * self.weights).sum().real)
            )
        point = self.start + k * self.step
        # Between two lattice points the excess falls by P(X > point) for each unit.
        above_point = 1 - float(self.cdf(np.array([float(point)]))[0])
        return self.mean - point + self.step * below - (x - point) * above_point


def angles(multiples: Integers, size: int) -> Floats:
    """``2 pi j / size`` for whole ``j``, reduced to [-pi, pi) before it is rounded."""
    half = size // 2
    reduced: Integers = (multiples + half) % size - half
    return reduced.astype(float) * (2 * math.pi / size)


def one_less(j: Integers, size: int) -> Complexes:
    """``1 - exp(-2 pi i j / size)``, without cancellation."""
    angle = angles(j, size)
    less: Complexes = 2 * np.sin(angle / 2) ** 2 + 1j * np.sin(angle)
    return less
