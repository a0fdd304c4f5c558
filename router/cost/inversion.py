"""The law of a sum of many independent lattice variables, by its characteristic function.

All values are whole numbers; those of one sum lie on a lattice ``start + step k``. In a window of ``size`` lattice points that
holds all but 1e-13 of the mass, the probabilities are a discrete Fourier transform of the characteristic function at ``2 pi j / size``. Its
logarithm is a sum of the laws' logarithms times their counts, so a million clips cost as much as a hundred. There are two ways to it:

- Where few terms leave their likeliest value, at all frequencies at once: a law with likeliest value of chance ``p`` has
  ``log(p (1 + sum x_a z^a))``, a power series in ``z`` whose coefficients all laws share (a compound Poisson law with signed weights).
- Where many do, at the few frequencies at which the function is above 1e-14; those at which the large laws come back into phase are
  among them. Sums over the window then have closed forms.

Source: J. Abate and W. Whitt, The Fourier-series method for inverting transforms of probability distributions, Queueing Systems 10 (1992);
N. De Pril, On the exact computation of the aggregate claims distribution in the individual life model, ASTIN Bulletin 16 (1986);
the window is Bernstein's inequality (S. Boucheron, G. Lugosi, P. Massart, Concentration Inequalities, 2013, section 2.8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from router.cost.sums import Complexes, Floats, Integers, Points, Terms, Wave, angles, one_less

OUTSIDE = 1e-14
"""Mass that may lie beyond each end of the window."""
SILENT = -33.0
"""Logarithm of the size below which a frequency is left out."""
MAX_TABLE = 1 << 20
"""Lattice points that are tabulated at most."""
MAX_BAND = 1 << 21
"""Frequencies that are looked at, at most."""
_MANY = 4096
"""With more frequencies than this a table is cheaper than sums over them."""
_FEW_EVENTS = 500.0
"""Up to so many terms that leave their likeliest value, on average, the power series is accurate to 1e-13."""
_FEW_TERMS = 256
_FEW_OUTCOMES = 1 << 14
"""A sum of few terms with few outcomes is listed value by value."""
_NEGLIGIBLE = 1e-17
"""Coefficients of the power series below this are left out."""
_CHUNK = 1 << 20
"""Numbers that are worked on at once."""


def sum_law(terms: Terms) -> Wave | Points:
    """The law of the sum."""
    ends = terms.ends()
    likely, apart, chances = _about_likeliest(terms)
    base = terms.total(likely)
    several = apart.any(axis=1)
    random = Terms(apart[several], chances[several], terms.counts[several])
    if random.counts.sum() <= _FEW_TERMS and random.outcomes() <= _FEW_OUTCOMES:
        return _listed(random, base)
    apart = random.values
    means = (apart * random.chances).sum(axis=1)
    variances = (((apart - means[:, None]) ** 2) * random.chances).sum(axis=1)
    mean, variance = math.fsum(means * random.counts), math.fsum(variances * random.counts)
    step = int(np.gcd.reduce(apart, axis=None))
    low = max(float(ends[0] - base), mean - _reach(variance, float((means - apart.min(axis=1)).max())))
    high = min(float(ends[1] - base), mean + _reach(variance, float((apart.max(axis=1) - means).max())))
    first = math.floor(low / step)
    points = math.ceil(high / step) - first + 1
    own = _Sum(apart // step, random.chances, random.counts, means / step)
    frame = (base, step, first, ends, base + mean, variance)
    coarser = math.ceil((high - low) / (MAX_TABLE // 2))
    if own.events <= _FEW_EVENTS:
        if points <= MAX_TABLE:
            return _tabulated(own.series(points), *frame)
        return _coarsened(terms, ends, coarser)
    if points > 2 * MAX_BAND and not own.dies_away(points):
        return _coarsened(terms, ends, coarser)
    size, j, logs = own.loud(points)
    if len(j) > _MANY:
        if size > 4 * MAX_TABLE:
            return _coarsened(terms, ends, coarser)
        spectrum = np.zeros(size // 2 + 1, dtype=np.complex128)
        spectrum[0] = 1.0
        spectrum[j] = np.exp(logs - 1j * angles(j * (-own.centre % size), size))
        return _tabulated(spectrum, *frame)
    # The series is of the sum about its centre; from here on it counts from the first point of the window.
    series = np.exp(logs - 1j * angles(j * ((first - own.centre) % size), size))
    both = np.where(2 * j == size, 1.0, 2.0)
    weights = both * series / size / one_less(j, size)
    error = 0.0 if size // 2 <= MAX_BAND else step * size / MAX_BAND
    return Wave(base + mean, variance, *ends, base + first * step, step, size, error, j, weights, None)


def _listed(random: Terms, base: int) -> Points:
    """Every value of a sum with few outcomes, by adding term after term."""
    values, chances = np.array([base], dtype=np.int64), np.ones(1)
    for own, weights, count in zip(random.values, random.chances, random.counts, strict=True):
        possible = weights > 0
        for _ in range(int(count)):
            sums = np.add.outer(values, own[possible]).reshape(-1)
            values, which = np.unique(sums, return_inverse=True)
            products = np.multiply.outer(chances, weights[possible]).reshape(-1)
            chances = np.bincount(which.reshape(-1), weights=products).astype(float)
    return Points(values, chances)


def _about_likeliest(terms: Terms) -> tuple[Integers, Integers, Floats]:
    """(likeliest value of every law, the values less it, their chances); columns that repeat the likeliest are emptied into its own."""
    column = terms.chances.argmax(axis=1)[:, None]
    likely = np.take_along_axis(terms.values, column, axis=1)
    apart = np.where(terms.possible, terms.values - likely, 0)
    chances = np.where(apart == 0, 0.0, terms.chances)
    np.put_along_axis(chances, column, np.where(apart == 0, terms.chances, 0.0).sum(axis=1)[:, None], axis=1)
    return likely[:, 0], apart, chances


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum in steps of its lattice, each term less its likeliest value."""

    values: Integers
    chances: Floats
    counts: Integers
    means: Floats

    @property
    def centres(self) -> Integers:
        """The lattice point next to the mean of each law."""
        return np.rint(self.means).astype(np.int64)

    @property
    def centre(self) -> int:
        return sum(int(c) * int(n) for c, n in zip(self.centres, self.counts, strict=True))

    @property
    def events(self) -> float:
        """How many terms leave their likeliest value, on average."""
        return float(self.counts @ (1 - self.chances.max(axis=1)))

    def logs(self, j: Integers, size: int, rows: slice = slice(None)) -> Complexes:
        """Logarithm of the characteristic function of the sum about its centre; never far below ``SILENT``."""
        values = np.where(self.chances > 0, self.values - self.centres[:, None], 0)[rows]
        angle = angles(values[:, :, None] * j, size)
        chances = self.chances[rows]
        # exp(i angle) - 1 without cancellation: the difference from 1 is what the counts multiply.
        apart = np.einsum("lak,la->lk", -2 * np.sin(angle / 2) ** 2, chances) + 1j * np.einsum(
            "lak,la->lk", np.sin(angle), chances
        )
        with np.errstate(divide="ignore"):
            logs = np.log1p(apart)
        logs = np.where(logs.real > 100 * SILENT, logs, 100 * SILENT)
        # Not a matrix product: its threads would cost more than they save.
        total: Complexes = np.einsum("l,lk->k", self.counts[rows].astype(float), logs)
        return total

    def dies_away(self, points: int) -> bool:
        """Whether the function is silent at the upper end of the band that can be looked at."""
        size = 2 * ((points + 1) // 2)
        if size // 2 <= MAX_BAND // 2:
            return False
        j = np.linspace(MAX_BAND // 2, min(MAX_BAND, size // 2), 256).astype(np.int64)
        return bool(np.all(self.logs(j, size).real < SILENT))

    def loud(self, points: int) -> tuple[int, Integers, Complexes]:
        """(size, j, logarithm) at the frequencies ``2 pi j / size`` that are not silent.

        For two values of a law that lie ``d`` apart and have chances ``p`` and ``q``, the logarithm of the function's size is at most
        ``-p q (1 - cos(d angle))``: a sieve, first by a large distance, whose loud places repeat themselves after ``size / d``.
        """
        distances, weights = self._distances()
        strong = weights >= weights.max() / 8
        repeats = int(distances[strong].max())
        period = max(2, 2 * math.ceil(points / repeats / 2))
        size = period * repeats
        top = min(size // 2, MAX_BAND)
        once = np.arange(min(period, top + 1), dtype=np.int64)
        weight = float(weights[strong][distances[strong].argmax()])
        once = once[-weight * 2 * np.sin(angles(once * repeats, size) / 2) ** 2 > SILENT]
        j = (once + period * np.arange(top // period + 1, dtype=np.int64)[:, None]).reshape(-1)
        j = j[(j >= 1) & (j <= top)]
        ceiling = np.zeros(len(j))
        for distance, weight in sorted(zip(distances, weights, strict=True), key=lambda pair: -pair[1])[:24]:
            ceiling -= weight * 2 * np.sin(angles(j * distance, size) / 2) ** 2
            j, ceiling = j[ceiling > SILENT], ceiling[ceiling > SILENT]
        logs = np.zeros(len(j), dtype=np.complex128)
        done, laws = 0, len(self.counts)
        while done < laws and len(j):
            together = max(1, min(1 + laws // 6, _CHUNK // (self.values.shape[1] * len(j))))
            logs = logs + self.logs(j, size, slice(done, done + together))
            done += together
            # What is left can only make it quieter.
            j, logs = j[logs.real > SILENT], logs[logs.real > SILENT]
        return size, j, logs

    def _distances(self) -> tuple[Integers, Floats]:
        """How far values lie from their law's likeliest, and how strongly such a distance speaks in the sum."""
        weights = self.counts[:, None] * self.chances.max(axis=1)[:, None] * self.chances
        away = (self.values != 0) & (self.chances > 0)
        distances, which = np.unique(np.abs(self.values[away]), return_inverse=True)
        return distances, np.bincount(which.reshape(-1), weights=weights[away]).astype(float)

    def series(self, points: int) -> Complexes:
        """The characteristic function of the sum of the values at ``2 pi j / size`` for ``j`` up to half of the (even) size."""
        size = _good_size(points)
        likely = self.chances.max(axis=1)
        small = likely > 0.75
        constant = float((self.counts[small] * np.log(likely[small])).sum())
        logs = constant + np.conj(np.fft.rfft(self._exponents(size, np.flatnonzero(small))))
        j = np.arange(size // 2 + 1, dtype=np.int64)
        step = max(1, _CHUNK // self.values.shape[1])
        for row in np.flatnonzero(~small):
            turn = int(self.centres[row]) * int(self.counts[row]) % size
            for part in range(0, len(j), step):
                some = j[part : part + step]
                own = self.logs(some, size, slice(row, row + 1))
                logs[part : part + step] += own + 1j * angles(some * turn, size)
        series: Complexes = np.exp(logs)
        return series

    def _exponents(self, size: int, rows: Integers) -> Floats:
        """Coefficients of ``sum counts log(1 + sum x_a z^a)`` over some laws, by exponent modulo the size.

        The ``k``-th power of the inner sum stands with ``(-1)^(k+1) / k``; its terms are multisets of ``k`` values, each with as many
        orders as the multinomial coefficient says, and each made from one of ``k - 1`` by a value no earlier than its last.
        """
        ratio = self.chances[rows] / self.chances[rows].max(axis=1)[:, None]
        laws, places = np.nonzero(np.where(self.values[rows] != 0, ratio, 0.0))
        values, x = self.values[rows][laws, places], ratio[laws, places]
        ends = np.searchsorted(laws, laws, side="right")
        counts = self.counts[rows][laws].astype(float)
        found = np.zeros(size)
        last, total, power, run, order = np.arange(len(laws)), values, x, np.ones(len(laws)), 1
        while len(last):
            sign = 1.0 if order % 2 else -1.0
            found += np.bincount(total % size, weights=sign / order * counts[last] * power, minlength=size)
            order += 1
            ways = ends[last] - last
            term = np.repeat(np.arange(len(last)), ways)
            ahead = np.arange(len(term)) - np.repeat(np.cumsum(ways) - ways, ways)
            pick = last[term] + ahead
            times = np.where(ahead == 0, run[term] + 1, 1.0)
            grown = power[term] * x[pick] * order / times
            keep = grown * counts[pick] / order > _NEGLIGIBLE
            term, last, power, run = term[keep], pick[keep], grown[keep], times[keep]
            total = total[term] + values[last]
        return found


def _good_size(points: int) -> int:
    """An even size for a fast transform: the next ``2^a 3^b 5^c``."""
    size = points + points % 2
    while True:
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return size
        size += 2


def _reach(variance: float, farthest: float) -> float:
    """Bernstein: how far from the mean all but ``OUTSIDE`` of a sum lies, on the side where one term goes ``farthest`` at most."""
    doubt = -math.log(OUTSIDE)
    linear = farthest * doubt / 3
    return linear + math.sqrt(linear**2 + 2 * variance * doubt)


def _tabulated(
    spectrum: Complexes, base: int, step: int, first: int, ends: tuple[int, int], mean: float, variance: float
) -> Wave:
    """The law from its characteristic function at all frequencies: ``P(X <= point)`` and ``E[(point - X)+]`` at every point."""
    size = 2 * (len(spectrum) - 1)
    # irfft turns the other way round; the window begins at its first point.
    chances = np.roll(np.fft.irfft(np.conj(spectrum), n=size), -(first % size))
    cdf = np.cumsum(chances)
    table = cdf, np.concatenate([[0.0], np.cumsum(cdf)[:-1]])
    none = np.zeros(0, dtype=np.int64)
    return Wave(mean, variance, *ends, base + first * step, step, size, 0.0, none, none.astype(np.complex128), table)


def _coarsened(terms: Terms, ends: tuple[int, int], least: int) -> Wave:
    """The law on a coarser lattice, of steps of ``least`` or somewhat more.

    Values between its points are moved to them, in parts that keep the mean. The lattice holds as many of the frequent values as it
    can. Each of the others is moved by less than a step, and no more of them occur than Bernstein allows.
    """
    likely, apart, chances = _about_likeliest(terms)
    weights = chances * terms.counts[:, None]
    grid = min((least, _common_step(apart, weights, least)), key=lambda step: _displaced(apart, weights, step))
    steps, rest = np.divmod(apart, grid)
    share = rest / grid
    values = np.concatenate([steps, steps + 1], axis=1) * grid + likely[:, None]
    found = sum_law(Terms(values, np.concatenate([chances * (1 - share), chances * share], axis=1), terms.counts))
    assert isinstance(found, Wave), "a law of few outcomes is not coarsened"
    return replace(found, least=ends[0], most=ends[1], error=found.error + _displaced(apart, weights, grid))


def _displaced(apart: Integers, weights: Floats, grid: int) -> float:
    """By how much all but 1e-14 of the sum may be off its place on a lattice: each value that is moved, by a step."""
    moved = float(weights[apart % grid > 0].sum())
    return grid * (moved + _reach(moved, 1.0)) if moved else 0.0


def _common_step(apart: Integers, weights: Floats, least: int) -> int:
    """A step of at least ``least`` that divides as many as it can of the distances that occur most."""
    distances, which = np.unique(np.abs(apart), return_inverse=True)
    often = np.bincount(which.reshape(-1), weights=weights.reshape(-1))
    common = 0
    for distance in distances[np.argsort(-often)]:
        if math.gcd(common, int(distance)) >= least:
            common = math.gcd(common, int(distance))
    if common == 0:
        return least
    return common // next(parts for parts in range(min(common // least, 10_000), 0, -1) if common % parts == 0)
