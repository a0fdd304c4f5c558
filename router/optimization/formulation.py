"""The assignment problem as a linear model: one whole-number variable per class and option, one row per class and limit.

An objective that is the largest of several linear ones is a variable ``v`` with a row for each. Variables and rows are named by
position (``x_3_1``, ``class_3``, ``limit_0``, ``face_0``). Numbers are scaled for the solver: rows of whole numbers by their common
divisor, so that one unit stands far above its tolerances; expectations to dollars, or finer next to tails.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from router.optimization.model import Answer, LinearModel, LinearRow
from router.optimization.problem import Problem, Selector
from router.optimization.rows import Counts, Row, Uses, weighed, whole_numbers

LARGEST = 10**9
"""Whole numbers above this are more than the solver's tolerances can tell apart: they are scaled like fractions."""


@dataclass(frozen=True, slots=True)
class ScaledRow:
    """A row in numbers that suit the solver."""

    sense: Literal["at_most", "at_least"]
    coefficients: tuple[tuple[float, ...], ...]
    bound: float
    unit: float
    """What one of the solver's units is worth in the row's own."""

    def missed(self, counts: Counts) -> float:
        """By how many of the solver's units a solution misses the bound; nothing or less where it keeps it."""
        over = float(weighed(self.coefficients, counts)) - self.bound
        return over if self.sense == "at_most" else -over

    def tightened(self, by: float) -> ScaledRow:
        """The row with its bound moved inwards by so many of the solver's units."""
        return replace(self, bound=self.bound + (-by if self.sense == "at_most" else by))


def scaled(row: Row) -> ScaledRow:
    """Scale a row: exactly where its numbers are rational, to a bound near 10^6 where they are floats."""
    uses, right = row.simplest().linear()
    flat = [use for own in uses for use in own]
    whole = whole_numbers(flat)
    if whole is not None and max(map(abs, whole[0]), default=0) <= LARGEST:
        numbers: Sequence[float] = whole[0]
        unit = float(whole[1])
        # The next whole number inside the bound loses no solution.
        exact = Fraction(right) / whole[1]
        bound: float = math.floor(exact) if row.sense == "at_most" else math.ceil(exact)
    else:
        # A bound near 10^6 puts the solver's tolerances far below what is compared.
        unit = max(1.0, abs(float(right)) / 1e6)
        numbers = [float(use) / unit for use in flat]
        edge = Fraction(right)
        if not row.exact:
            # Sums of floats are compared after rounding.
            last = Fraction(1, 10**row.digits)
            steps, half = edge / last, Fraction(1, 2)
            edge = last * (math.floor(steps) + half if row.sense == "at_most" else math.ceil(steps) - half)
        bound = float(edge / Fraction(unit))
    return ScaledRow(row.sense, _shaped(numbers, uses), bound, unit)


def scaled_weights(weights: Uses, unit: float) -> tuple[tuple[tuple[float, ...], ...], float]:
    """An objective in numbers that suit the solver, and what one of them is worth: ``unit``, or what they all are multiples of."""
    flat = [weight for own in weights for weight in own]
    whole = whole_numbers(flat)
    numbers: Sequence[float] = whole[0] if whole else [float(weight) / unit for weight in flat]
    return _shaped(numbers, weights), float(whole[1]) if whole else unit


def unit_of(total: float) -> float:
    """A unit for objectives next to tails, micro-dollars: the solver takes for equal what differs by a millionth of it.

    That is a thousandth of a micro-dollar or, of more than a thousand dollars, the twelfth digit.
    """
    return max(1e3, abs(total) / 1e6)


def _shaped(flat: Sequence[float], like: Uses) -> tuple[tuple[float, ...], ...]:
    values = iter(flat)
    return tuple(tuple(next(values) for _ in own) for own in like)


def _settling(problem: Problem, most: Counts) -> Counts:
    """Closes the options of alternatives that leave a class of their selector without any."""
    if not problem.selectors:
        return most
    tops = [list(own) for own in most]
    for selector in problem.selectors:
        linked = selector.linked
        needy = {c for c, own in linked.items() if not any(top and o not in own for o, top in enumerate(most[c]))}
        for alternative in selector.alternatives:
            settled = {c for c, options in alternative if any(most[c][o] for o in options)}
            if not needy <= settled:
                for c, options in alternative:
                    for o in options:
                        tops[c][o] = 0
    return tuple(map(tuple, tops))


class Formulation:
    """A linear model of a problem.

    Parameters
    ----------
    faces
        Linear objectives; the largest of them is minimised.
    most
        How many of each class may go to each option; an option that may take none has no variable. None: all it has.

    Attributes
    ----------
    model : LinearModel
    scale : float
        What one of the solver's units of the objective is worth.
    x : list of list of int or None
        ``x[c][o]``: the column of how many of class ``c`` go to option ``o``.
    """

    def __init__(
        self, problem: Problem, rows: Sequence[ScaledRow], faces: Sequence[Uses], most: Counts | None = None
    ) -> None:
        self.problem = problem
        self.faces = tuple(faces)
        self.model = LinearModel()
        self.x: list[list[int | None]] = []
        most = _settling(problem, problem.everything if most is None else most)
        for c, tops in enumerate(most):
            self.x.append([self._variable(f"x_{c}_{o}", top) for o, top in enumerate(tops)])
        self.scale = self._minimise(faces)
        for c, group in enumerate(problem.groups):
            own = [column for column in self.x[c] if column is not None]
            self.model.rows.append(LinearRow(f"class_{c}", own, [1.0] * len(own), "==", group.count))
        for s, selector in enumerate(problem.selectors):
            self._select(s, selector)
        for position, row in enumerate(rows):
            self.keep(row, f"limit_{position}")

    def _minimise(self, faces: Sequence[Uses]) -> float:
        counts = [group.count for group in self.problem.groups]
        low = max(sum(n * float(min(own)) for n, own in zip(counts, face, strict=True)) for face in faces)
        unit = unit_of(low) if self.problem.tails else 1e6
        if len(faces) == 1:
            coefficients, unit = scaled_weights(faces[0], unit)
            self.model.costs = dict(zip(*self.terms(coefficients), strict=True))
            return unit
        largest = self.model.add_column("v")
        self.model.costs = {largest: 1.0}
        for position, face in enumerate(faces):
            columns, numbers = self.terms([[float(weight) / unit for weight in own] for own in face])
            self.model.rows.append(LinearRow(f"face_{position}", [*columns, largest], [*numbers, -1.0], "<=", 0.0))
        return unit

    def _select(self, s: int, selector: Selector) -> None:
        """One alternative, which settles all of a class that has no other options, and no more of it than it has members."""
        rows, linked = self.model.rows, selector.linked
        free = {c for c, own in linked.items() if any(x is not None and o not in own for o, x in enumerate(self.x[c]))}
        opened = [
            [(c, [x for o in options if (x := self.x[c][o]) is not None]) for c, options in alternative]
            for alternative in selector.alternatives
        ]
        live = [(a, own) for a, own in enumerate(opened) if any(columns for _, columns in own)]
        if len(live) < 2:
            return
        chosen = [self.model.add_column(f"z_{s}_{a}", 0, 1, whole=True) for a, _ in live]
        rows.append(LinearRow(f"one_{s}", chosen, [1.0] * len(chosen), "==", 1.0))
        for z, (a, own) in zip(chosen, live, strict=True):
            for c, columns in own:
                if columns:
                    numbers = [*[1.0] * len(columns), -float(self.problem.groups[c].count)]
                    sense: Literal["<=", "=="] = "<=" if c in free else "=="
                    rows.append(LinearRow(f"open_{s}_{a}_{c}", [*columns, z], numbers, sense, 0.0))

    def _variable(self, name: str, top: int) -> int | None:
        return self.model.add_column(name, 0, top, whole=True) if top else None

    def keep(self, row: ScaledRow, name: str, slack: int | None = None, per_slack: float = 1.0) -> None:
        """Add a limit; with a ``slack`` column it may be missed by ``per_slack`` of its units for each of the column's."""
        columns, coefficients = self.terms(row.coefficients)
        if slack is not None:
            columns.append(slack)
            coefficients.append(-per_slack if row.sense == "at_most" else per_slack)
        sense: Literal["<=", ">="] = "<=" if row.sense == "at_most" else ">="
        self.model.rows.append(LinearRow(name, columns, coefficients, sense, row.bound))

    def amounts(self, answer: Answer) -> list[list[float]]:
        """How many of each class go to each option by the solver; in the relaxation these need not be whole."""
        return [[0.0 if column is None else answer.values[column] for column in own] for own in self.x]

    def price(self, answer: Answer, name: str) -> float:
        """What the relaxation pays for one more unit of a row, in the solver's units, without its sign."""
        return abs(next(dual for row, dual in zip(self.model.rows, answer.duals, strict=True) if row.name == name))

    def terms(self, weights: Sequence[Sequence[float]]) -> tuple[list[int], list[float]]:
        """Columns and their coefficients, where these are not zero."""
        pairs = (pair for own, row in zip(self.x, weights, strict=True) for pair in zip(own, row, strict=True))
        kept = [(column, weight) for column, weight in pairs if column is not None and weight]
        return [column for column, _ in kept], [weight for _, weight in kept]
