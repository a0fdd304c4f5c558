"""One run of the solver on one formulation, and how much time is left for it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from router.errors import SolverError, TimeLimitError
from router.optimization import process
from router.optimization.formulation import Formulation
from router.optimization.model import Answer, LinearModel, Settings, SolverName
from router.optimization.rows import Counts

OTHER: SolverName = "cbc"
"""The solver to ask where HiGHS returned what cannot be right."""

CLEAR = (1e-3, 1e-9)
"""How far above what is known a search is cut off, in the solver's units and relative: what is known is not cut off itself."""
APART = 0.5
"""The same in the solver's units where objectives are whole numbers."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one run of the solver returned."""

    counts: Counts
    proven: bool
    bound: float = -math.inf
    """No solution of the formulation has a lower objective, by the solver."""


class EndedError(SolverError):
    """A search ended, other than by its time limit, without a solution."""


class Clock:
    """What is left of a time limit."""

    def __init__(self, seconds: float | None) -> None:
        self.limit = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds left; None: no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def part(self, share: float) -> Clock:
        """A clock of the same limit that has a share of what is left."""
        if self.left is None:
            return self
        part = Clock(share * self.left)
        part.limit = self.limit
        return part


def run(
    formulation: Formulation, clock: Clock, max_nodes: int | None = None, solver: SolverName | None = None,
    cutoff: float | None = None,
) -> Found | None:  # fmt: skip
    """Solve a formulation; None if it is infeasible.

    Parameters
    ----------
    cutoff
        An objective that some known solution has, or one above it.
    solver
        None: HiGHS, and the other one where that breaks or returns counts that cannot be right.

    Raises
    ------
    TimeLimitError, SolverError
    """
    model = formulation.model
    known = None if cutoff is None else cutoff / formulation.scale
    end = None if known is None else known + (APART if _whole(model) else CLEAR[0] + CLEAR[1] * abs(known))
    answer = solve_model(model, clock, whole=True, max_nodes=max_nodes, solver=solver, cutoff=end)
    if answer.state == "infeasible" and end is not None:
        # There is a solution: rounding has cut it off.
        answer = solve_model(model, clock, whole=True, max_nodes=max_nodes, solver=solver)
    if answer.state == "none" and clock.left != 0 and max_nodes is None:
        # HiGHS disowns its optimum where that misses a row by a hair more than its tolerance; another way there ends elsewhere.
        answer = solve_model(model, clock, whole=True, presolve=False, solver=solver)
    if answer.state == "infeasible":
        return None
    if answer.state == "none":
        if clock.limit is not None:
            raise TimeLimitError(clock.limit)
        raise EndedError("the solver ended without a solution")
    try:
        counts = _counts(formulation, answer)
    except SolverError:
        if answer.solver == OTHER:
            raise
        return run(formulation, clock, max_nodes, OTHER)
    bound = -math.inf if answer.bound is None else answer.bound * formulation.scale
    return Found(counts, answer.state == "optimal" and _bounded(model, answer), bound)


def solve_model(
    model: LinearModel, clock: Clock, *, whole: bool, max_nodes: int | None = None, presolve: bool = True,
    solver: SolverName | None = None, lean: bool = False, cutoff: float | None = None,
) -> Answer:  # fmt: skip
    """Solve a model as it is, or its relaxation.

    Raises
    ------
    SolverError
    """
    return process.solve(model, Settings(whole, clock.left, max_nodes, presolve, lean, cutoff), solver)


def _bounded(model: LinearModel, answer: Answer) -> bool:
    """Whether the solver's own bound is that of its optimum, by less than the least that two solutions can differ by."""
    if answer.bound is None:
        return True
    cost = model.value(answer.values)
    return cost - answer.bound <= (APART if _whole(model) else 1e-7 * max(1.0, abs(cost)))


def _whole(model: LinearModel) -> bool:
    """Whether every objective is a whole number."""
    return all(float(price).is_integer() and model.whole[column] for column, price in model.costs.items())


def _counts(formulation: Formulation, answer: Answer) -> Counts:
    counts: list[tuple[int, ...]] = []
    for group, values in zip(formulation.problem.groups, formulation.amounts(answer), strict=True):
        whole = tuple(round(value) for value in values)
        if (
            any(abs(v - w) > 1e-4 for v, w in zip(values, whole, strict=True))
            or min(whole) < 0
            or sum(whole) != group.count
        ):
            raise SolverError("the solver returned counts that are not whole, or do not add up")
        counts.append(whole)
    return tuple(counts)
