"""The assignment problem as a PuLP model: one whole-number variable per class and option, one row per class and limit.

Variables and rows are named by position (``x_3_1``, ``class_3``, ``limit_0``). Numbers are scaled for the solver: rows of
whole numbers by their common divisor, so that one unit stands far above its tolerances; expectations to dollars.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import pulp

from router.optimization.problem import Counts, Problem, Row, Uses, whole_numbers


@dataclass(frozen=True, slots=True)
class ScaledRow:
    """A row in numbers that suit the solver."""

    sense: Literal["at_most", "at_least"]
    coefficients: tuple[tuple[float, ...], ...]
    bound: float
    unit: float
    """What one of the solver's units is worth in the row's own."""

    def moved(self, by: float) -> ScaledRow:
        """The row with its bound moved by so much, in the row's own units."""
        return replace(self, bound=self.bound + by / self.unit)


def scaled(row: Row) -> ScaledRow:
    """Scale a row: exactly where its numbers are rational, to a bound near 10^6 where they are floats."""
    uses, right = row.linear()
    flat = [use for own in uses for use in own]
    whole = whole_numbers(flat)
    if whole is not None:
        numbers: Sequence[float] = whole[0]
        unit = float(whole[1])
        # The next whole number inside the bound loses no solution.
        exact = Fraction(right) / whole[1]
        bound: float = math.floor(exact) if row.sense == "at_most" else math.ceil(exact)
    else:
        # Sums of floats are compared after rounding; a bound near 10^6 puts the solver's tolerances far below that.
        unit = max(1.0, abs(float(right)) / 1e6)
        numbers = [float(use) / unit for use in flat]
        room = 0.5 * 10**-row.digits
        bound = (float(right) + (room if row.sense == "at_most" else -room)) / unit
    return ScaledRow(row.sense, _shaped(numbers, uses), bound, unit)


def scaled_weights(weights: Uses) -> tuple[tuple[tuple[float, ...], ...], float]:
    """An objective in numbers that suit the solver, and what one of them is worth."""
    flat = [weight for own in weights for weight in own]
    whole = whole_numbers(flat)
    numbers: Sequence[float] = whole[0] if whole else [float(weight) / 1e6 for weight in flat]
    return _shaped(numbers, weights), float(whole[1]) if whole else 1e6


def _shaped(flat: Sequence[float], like: Uses) -> tuple[tuple[float, ...], ...]:
    values = iter(flat)
    return tuple(tuple(next(values) for _ in own) for own in like)


class Formulation:
    """A PuLP model of a problem.

    Parameters
    ----------
    most
        How many of each class may go to each option; an option that may take none has no variable. None: all it has.

    Attributes
    ----------
    model : pulp.LpProblem
    x : list of list of pulp.LpVariable or None
        ``x[c][o]``: how many of class ``c`` go to option ``o``.
    """

    def __init__(self, problem: Problem, rows: Sequence[ScaledRow], weights: Uses, most: Counts | None = None) -> None:
        self.problem = problem
        self.model = pulp.LpProblem("assignment", pulp.LpMinimize)
        coefficients, self.scale = scaled_weights(weights)
        self.x: list[list[pulp.LpVariable | None]] = []
        for c, group in enumerate(problem.groups):
            tops = most[c] if most is not None else (group.count,) * len(group.options)
            self.x.append([self._variable(f"x_{c}_{o}", top) for o, top in enumerate(tops)])
        self.model.setObjective(self._sum(coefficients))
        for c, group in enumerate(problem.groups):
            every = pulp.LpAffineExpression([(variable, 1) for variable in self.x[c] if variable is not None])
            self.model.addConstraint(every == group.count, f"class_{c}")
        for position, row in enumerate(rows):
            self.keep(row, f"limit_{position}")

    def _variable(self, name: str, top: int) -> pulp.LpVariable | None:
        return self.model.add_variable(name, 0, top, pulp.LpInteger) if top else None

    def keep(self, row: ScaledRow, name: str, slack: pulp.LpVariable | None = None) -> None:
        """Add a limit; with a ``slack`` variable it may be missed by that many of its units."""
        expression = self._sum(row.coefficients)
        if slack is not None:
            expression.addterm(slack, -1.0 if row.sense == "at_most" else 1.0)
        kept = expression <= row.bound if row.sense == "at_most" else expression >= row.bound
        self.model.addConstraint(kept, name)

    def _sum(self, weights: Sequence[Sequence[float]]) -> pulp.LpAffineExpression:
        pairs = (pair for own, row in zip(self.x, weights, strict=True) for pair in zip(own, row, strict=True))
        return pulp.LpAffineExpression(
            [(variable, weight) for variable, weight in pairs if variable is not None and weight]
        )
