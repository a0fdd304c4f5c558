"""The truth that ``distribution`` measures errors against: in every outage state a plain Fourier transform on the whole cent lattice.

It shares no code with the planner and none with the peers. The law of a route's one clip is transformed, raised to its number of clips
and multiplied into the rest; the lattice wraps round at a power of two that is at least 24 standard deviations long. A frequency
is left out once the product is below 1e-20 there, which no further factor can raise. Slow, and never timed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.distribution_instance import CENT, LEVELS, TAIL, Array, Figures, Market

_SLACK = 1e-12
"""A quantile at p is the least x with ``P(X <= x) >= p - 1e-12``."""
_SHORTEST = 1 << 16
_GONE = 1e-20


@dataclass(frozen=True, slots=True)
class State:
    """The law of the sum in one state, in cents from ``start`` on."""

    probability: float
    mean: float
    start: int
    chances: Array
    cumulative: Array

    def cdf(self, x: int) -> float:
        """``P(X <= x)``."""
        if x < self.start:
            return 0.0
        return float(self.cumulative[min(x - self.start, len(self.cumulative) - 1)])

    def excess(self, x: int) -> float:
        """``E[(X - x)+]``."""
        away = np.arange(len(self.chances)) + (self.start - x)
        return float(np.maximum(away, 0) @ self.chances)


def states_of(market: Market, clips: int) -> list[State]:
    """The law of the cost in every outage state."""
    counts = market.counts(clips)
    return [_in_state(chance, market.clip_laws(up), counts) for chance, up in market.states()]


def figures(given: Sequence[State]) -> Figures:
    """Mean, quantiles and CVaR, given that the run is in one of these states."""
    total = math.fsum(state.probability for state in given)
    states = [replace(state, probability=state.probability / total) for state in given]
    mean = math.fsum(state.probability * state.mean for state in states)
    quantiles = [_quantile(states, level) for level in LEVELS]
    q = quantiles[LEVELS.index(TAIL)]
    excess = math.fsum(state.probability * state.excess(q) for state in states)
    cvar = q + excess / (1 - TAIL)
    return Figures(mean * CENT, tuple(float(value * CENT) for value in quantiles), cvar * CENT)


def _quantile(states: Sequence[State], level: float) -> int:
    low = min(state.start for state in states)
    high = max(state.start + len(state.chances) for state in states)
    while low < high:
        middle = (low + high) // 2
        if math.fsum(state.probability * state.cdf(middle) for state in states) >= level - _SLACK:
            high = middle
        else:
            low = middle + 1
    return low


def _in_state(probability: float, laws: list[dict[int, float]], counts: Array) -> State:
    values = [np.array(list(law)) // CENT for law in laws]
    chances = [np.array(list(law.values())) for law in laws]
    means = [float(v @ p) for v, p in zip(values, chances, strict=True)]
    mean = math.fsum(m * int(n) for m, n in zip(means, counts, strict=True))
    variance = math.fsum(
        float((v - m) ** 2 @ p) * int(n) for v, p, m, n in zip(values, chances, means, counts, strict=True)
    )
    size = max(_SHORTEST, 1 << math.ceil(math.log2(24 * math.sqrt(variance) + 1)))
    # Each law is counted from its likeliest value, which keeps the powers accurate.
    likeliest = [int(v[p.argmax()]) for v, p in zip(values, chances, strict=True)]
    base = sum(value * int(n) for value, n in zip(likeliest, counts, strict=True))
    turn = np.exp(-2j * np.pi * np.arange(size) / size)
    j = np.arange(size // 2 + 1)
    product = np.ones(len(j), dtype=complex)
    for v, p, from_, n in zip(values, chances, likeliest, counts, strict=True):
        one = np.zeros(len(j), dtype=complex)
        for value, chance in zip(v, p, strict=True):
            one += chance * turn[int(value - from_) * j % size]
        product = product * one ** int(n)
        alive = np.abs(product) > _GONE
        if not alive.all():
            j, product = j[alive], product[alive]
    spectrum = np.zeros(size // 2 + 1, dtype=complex)
    spectrum[j] = product
    start = math.floor(mean) - size // 2
    found = np.roll(np.fft.irfft(spectrum, n=size), -((start - base) % size))
    return State(probability, mean, start, found, np.cumsum(found))
