"""The linear outline of a problem: what the solver knows of an objective and of limits that are not linear themselves.

A tail is the largest of many linear costs, of which few matter. The outline starts from those that touch the tails at one solution,
and learns those that the next solution shows to be missing (cutting planes). It never rules out what keeps the limits, and never puts
the objective too high: so what is best by the outline, and is all that the outline says it is, is best.

Source: J. E. Kelley, The Cutting-Plane Method for Solving Convex Programs, Journal of the SIAM 8 (1960); for tails, A. Kuenzi-Bay and
J. Mayer, Computational Aspects of Minimizing Conditional Value-at-Risk, Computational Management Science 3 (2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from router.optimization.formulation import ScaledRow, scaled
from router.optimization.rows import Amounts, Counts, Limit, Number, Row, Uses, weighed
from router.optimization.tails import Ceiling, Objective

EXACT = 1e-12
"""Relative; what floats leave of equality."""

RELAXED = 1e-9
"""How well the relaxation has to know what is not linear, relative: the bound holds whatever it knows."""

Known: TypeAlias = tuple[Limit, Row, ScaledRow]
"""A limit, a row that is kept by what keeps the limit, and that row in the solver's numbers."""


class Outline:
    """Linear objectives of which the largest is minimised, and rows.

    Attributes
    ----------
    faces : list of Uses
        Linear objectives, none of which is ever above the objective.
    rows : list of Known
        At least one for each limit.
    """

    def __init__(
        self, objective: Objective, limits: Sequence[Limit], faces: Sequence[Uses], rows: Sequence[Known]
    ) -> None:
        self.objective = objective
        self.limits = tuple(limits)
        self.faces = list(faces)
        self.rows = list(rows)

    @classmethod
    def at(cls, start: Counts, objective: Objective, limits: Sequence[Limit]) -> Outline:
        """What touches the objective and the limits at one solution."""
        return cls(
            objective, limits, [objective.slope(start)], [_known(limit, limit.row_at(start)) for limit in limits]
        )

    def then(self, weights: Uses, reached: Number) -> Outline:
        """The outline of minimising ``weights`` next, where the objective is at most what was reached."""
        limit = Ceiling("reached", self.objective, reached, digits=6, stated=False)
        rows = [*self.rows, *(_known(limit, limit.row_of(face)) for face in self.faces)]
        return Outline(Objective(weights), (*self.limits, limit), [weights], rows)

    def learn_value(self, counts: Amounts, tolerance: float = EXACT) -> bool:
        """Learn what the objective of this solution is; False if it was known."""
        known = max(float(weighed(face, counts)) for face in self.faces)
        if not self.objective.tails or not above(float(self.objective.value(counts)), known, tolerance):
            return False
        self.faces.append(self.objective.slope(counts))
        return True

    def learn_limits(self, limits: Sequence[Limit], counts: Amounts, tolerance: float = EXACT) -> bool:
        """Learn that this solution breaks any of these limits; False if it breaks none, or all that was known."""
        before = len(self.rows)
        for limit in limits:
            if isinstance(limit, Row) or limit.holds(counts):
                continue
            row = limit.row_at(counts)
            known = max(float(weighed(old.uses, counts)) for other, old, _ in self.rows if other is limit)
            if above(float(weighed(row.uses, counts)), known, tolerance):
                self.rows.append(_known(limit, row))
        return len(self.rows) > before


def _known(limit: Limit, row: Row) -> Known:
    return limit, row, scaled(row)


def above(value: float, other: float, tolerance: float) -> bool:
    """Whether one value is above another by more than a relative tolerance."""
    return value - other > 1e-4 + tolerance * abs(value)
