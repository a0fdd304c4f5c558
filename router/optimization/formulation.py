"""The assignment problem as a PuLP model: one whole-number variable per class and option, one row per class and limit.

Variables and rows are named by position (``x_3_1``, ``class_3``, ``limit_0``). Numbers are scaled for the solver: rows of
whole numbers by their common divisor, so that one unit stands far above its tolerances; expectations to dollars.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

import pulp

from router.optimization.problem import Problem, Row, Uses, whole_numbers


class Formulation:
    """A PuLP model of a problem whose objective and rows can be set one by one.

    Attributes
    ----------
    model : pulp.LpProblem
    x : list of list of pulp.LpVariable
        ``x[c][o]``: how many of class ``c`` go to option ``o``.
    """

    def __init__(self, problem: Problem, *, rows: Sequence[Row] | None = None) -> None:
        self.problem = problem
        self.model = pulp.LpProblem("assignment", pulp.LpMinimize)
        self.scale = 1.0
        """What one unit of the model's objective is worth in the units of the weights."""
        self.x = [
            [self.model.add_variable(f"x_{c}_{o}", 0, group.count, pulp.LpInteger) for o in range(len(group.options))]
            for c, group in enumerate(problem.groups)
        ]
        for c, group in enumerate(problem.groups):
            every = pulp.LpAffineExpression([(variable, 1) for variable in self.x[c]])
            self.model.addConstraint(every == group.count, f"class_{c}")
        for position, row in enumerate(problem.rows if rows is None else rows):
            self.keep(row, f"limit_{position}")

    def minimise(self, weights: Uses) -> None:
        """Set the objective: the sum of ``weights[c][o] x[c][o]``."""
        flat = [weight for own in weights for weight in own]
        whole, unit = whole_numbers(flat) or ([float(weight) / 1e6 for weight in flat], 1e6)
        self.scale = float(unit)
        self.model.setObjective(self._sum(whole))

    def keep(self, row: Row, name: str, slack: pulp.LpVariable | None = None) -> float:
        """Add a limit; with a ``slack`` variable it may be missed. Returns the row's unit, which the slack is in."""
        uses, right = row.linear()
        flat = [use for own in uses for use in own]
        bound: float
        if (scaled := whole_numbers(flat)) is not None:
            coefficients: Sequence[float] = scaled[0]
            unit = float(scaled[1])
            # The next whole number inside the bound loses no solution.
            exact = Fraction(right) / scaled[1]
            bound = math.floor(exact) if row.sense == "at_most" else math.ceil(exact)
        else:
            # Sums of floats are compared after rounding; a bound near 1e6 puts the solver's tolerances far below that.
            unit = max(1.0, abs(float(right)) / 1e6)
            coefficients = [float(use) / unit for use in flat]
            room = 0.5 * 10**-row.digits
            bound = (float(right) + (room if row.sense == "at_most" else -room)) / unit
        expression = self._sum(coefficients)
        if slack is not None:
            expression.addterm(slack, -1.0 if row.sense == "at_most" else 1.0)
        self.model.addConstraint(expression <= bound if row.sense == "at_most" else expression >= bound, name)
        return unit

    def _sum(self, weights: Iterable[float]) -> pulp.LpAffineExpression:
        variables = (variable for own in self.x for variable in own)
        return pulp.LpAffineExpression([(v, w) for v, w in zip(variables, weights, strict=True) if w])
