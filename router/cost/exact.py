"""The exact distribution of a plan's cost, and of how many of its clips nobody makes.

The outage states of the run are looked at one by one (those that are alike for every clip as one); within a state clips are
independent, and their sum is found by its characteristic function. Money is micro-dollars. Probabilities are right to 1e-12; only
where so many different sums are possible that they cannot all be told apart, ``error`` says by how much they may be off their place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from router.cost.inversion import sum_law
from router.cost.laws import terms_in_states
from router.cost.risk_measures import MOST, SLACK
from router.cost.states import run_states
from router.cost.sums import Points, Terms, Wave
from router.errors import InputError
from router.schema.exposure import Chances

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """The law of a sum over a mixture of states: in some its values are listed, in the others it is a wave."""

    values: Floats
    """Sums that are listed one by one, ascending."""
    cumulative: Floats
    """Probability of all that is before each of these, and of all of them."""
    waves: tuple[tuple[float, Wave], ...]
    """(probability, law of the sum) of the other states."""
    states: int
    """How many states of the run differ."""
    mean: float
    std: float
    least: int
    """Smallest value of positive probability."""
    most: int
    """Largest."""
    error: float
    """Quantiles are right to within this; 0: exactly, on the lattice of all sums."""

    def cdf(self, x: float) -> float:
        """``P(X <= x)``."""
        return float(self._cdf(np.array([x], dtype=float))[0])

    def above(self, x: float) -> float:
        """``P(X > x)``."""
        return max(0.0, 1 - self.cdf(x))

    def quantile(self, level: float) -> int:
        """The least whole value with ``P(X <= value) >= level``, to within 1e-12 of probability."""
        return self.quantiles((level,))[0]

    def quantiles(self, levels: Iterable[float]) -> list[int]:
        """`quantile` of several levels at once.

        Raises
        ------
        router.errors.InputError
            If a value of positive probability is beyond what floats tell apart.
        """
        if self.most > MOST:
            raise InputError(
                f"the cost may be more than the {MOST / 1e6:,.0f} dollars up to which its distribution can be worked out"
            )
        wanted = np.array([level - SLACK for level in levels])
        if not self.waves:
            at = np.minimum(np.searchsorted(self.cumulative[1:], wanted), len(self.values) - 1)
            return [int(value) for value in self.values[at]]
        low, high = np.full(len(wanted), float(self.least)), np.full(len(wanted), float(self.most))
        while (low < high).any():
            middle = np.floor((low + high) / 2)
            enough = self._cdf(middle) >= wanted
            high = np.where(enough, middle, high)
            low = np.where(enough, low, middle + 1)
        return [int(value) for value in low]

    def cvar(self, level: float) -> float:
        """Mean of the worst ``1 - level`` share: ``q + E[(X - q)+] / (1 - level)`` with the quantile ``q``."""
        q = self.quantile(level)
        excess = math.fsum(np.maximum(self.values - q, 0) * np.diff(self.cumulative))
        excess += math.fsum(chance * wave.excess(q) for chance, wave in self.waves)
        return min(q + excess / (1 - level), float(self.most))

    @cached_property
    def _windows(self) -> tuple[Floats, Floats, Floats]:
        """Where each wave starts and stops, and its probability."""
        starts, stops = [wave.start for _, wave in self.waves], [wave.stop for _, wave in self.waves]
        chances = [chance for chance, _ in self.waves]
        return np.array(starts, dtype=float), np.array(stops, dtype=float), np.array(chances, dtype=float)

    def _cdf(self, x: Floats) -> Floats:
        total = self.cumulative[np.searchsorted(self.values, x, side="right")]
        if self.waves:
            total = self._with_waves(total, x)
        return np.where(x < self.least, 0.0, np.where(x >= self.most, 1.0, np.minimum(total, 1.0)))

    def _with_waves(self, total: Floats, x: Floats) -> Floats:
        """What is listed at or below each ``x``, and what the waves have there."""
        starts, stops, chances = self._windows
        total = total + np.where(x[:, None] >= stops, chances, 0.0).sum(axis=1)
        # States lie far apart: most are wholly below or above.
        inside = (x[:, None] >= starts) & (x[:, None] < stops)
        for number in np.flatnonzero(inside.any(axis=0)):
            chance, wave = self.waves[number]
            total[inside[:, number]] += chance * wave.cdf(x[inside[:, number]])
        return total


@dataclass(frozen=True)
class Exact:
    """What a plan costs, and how many of its clips nobody makes."""

    cost: Distribution
    _nobody: Sequence[tuple[float, Terms]]

    @cached_property
    def unserved(self) -> Distribution:
        """Clips that nobody makes; worked out when it is asked for."""
        return _mixture([(probability, sum_law(terms)) for probability, terms in self._nobody])


def exact(chances: Chances) -> Exact:
    """The distribution of a plan's cost under ``per-request`` and ``per-run`` outages, and mixtures of both.

    Raises
    ------
    router.errors.TooManyStatesError
        Beyond ``MAX_STATES`` outage states of the run.
    ValueError
        For outages over time, which can only be simulated.
    """
    if "over-time" in (chances.correlation, chances.provider_correlation):
        raise ValueError("outages over time can only be simulated")
    costs: list[tuple[float, Wave | Points]] = []
    nobody: list[tuple[float, Terms]] = []
    for probability, cost, lost in terms_in_states(chances, run_states(chances)):
        costs.append((probability, sum_law(cost)))
        nobody.append((probability, lost))
    return Exact(_mixture(costs), nobody)


def _mixture(states: Sequence[tuple[float, Wave | Points]]) -> Distribution:
    listed = [(chance, found) for chance, found in states if isinstance(found, Points)]
    waves = tuple((chance, found) for chance, found in states if isinstance(found, Wave))
    every = np.concatenate([np.zeros(0, dtype=np.int64), *(found.values for _, found in listed)])
    values, which = np.unique(every, return_inverse=True)
    weights = np.concatenate([np.zeros(0), *(chance * found.chances for chance, found in listed)])
    chances = np.bincount(which.reshape(-1), weights=weights, minlength=len(values))
    parts = [(float(chance), float(value), 0.0) for chance, value in zip(chances, values, strict=True)]
    parts += [(chance, wave.mean, wave.variance) for chance, wave in waves]
    mean = math.fsum(chance * centre for chance, centre, _ in parts)
    variance = math.fsum(chance * (spread + (centre - mean) ** 2) for chance, centre, spread in parts)
    return Distribution(
        values.astype(float),
        np.concatenate([[0.0], np.cumsum(chances)]),
        waves,
        len(states),
        mean,
        math.sqrt(variance),
        min([*map(int, values[:1]), *(wave.least for _, wave in waves)]),
        max([*map(int, values[-1:]), *(wave.most for _, wave in waves)]),
        max((wave.error for _, wave in waves), default=0.0),
    )
