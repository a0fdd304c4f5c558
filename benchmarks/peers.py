"""The peers of the questions on limits: plain PuLP models of the abstract problem, handed as they are to HiGHS or to CBC.

One thread, gap 0, and a time limit on the solver. Money is in dollars, as one would write it by hand; every other number is as it stands.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import highspy
import pulp

from benchmarks import naive
from benchmarks.clock import Spent, Stopwatch
from router.optimization.problem import Problem
from router.optimization.rows import Counts

MICRO = 1_000_000

Columns = list[list[pulp.LpVariable]]
"""The variables of each class and option."""
Model = tuple[pulp.LpProblem, Callable[[], Counts]]
"""A model, and what reads the counts of each class and option off it once it is solved."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer found, in the units of its objective."""

    value: float
    """The solver's objective, minimised; infinite if it found nothing, or showed that there is nothing."""
    bound: float
    """No solution is better, as far as the solver proved."""
    finished: bool
    """False where the time limit ended the search; true also of one that showed that no solution exists."""
    counts: Counts | None
    spent: Spent
    """Building, solving and reading."""


class _SilentHighs(highspy.Highs):
    """HiGHS prints a banner from its constructor, where callbacks are enabled before any option can be set."""

    def enableCallbacks(self) -> None:  # noqa: N802 - overrides
        """Turn output off first; standard output belongs to the tables."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class _Highs(pulp.HiGHS):  # type: ignore[misc]
    """PuLP's HiGHS without its banner, on one thread, to gap 0."""

    def createAndConfigureSolver(self, lp: pulp.LpProblem) -> None:  # noqa: N802 - overrides
        """Make and set up the solver object of a model."""
        options = {"threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0, "time_limit": float(self.timeLimit)}
        lp.solverModel = _SilentHighs()  # type: ignore[no-untyped-call]
        for name, value in options.items():
            lp.solverModel.setOptionValue(name, value)


def solved(build: Callable[[], Model], by: str, limit_seconds: float) -> Answer:
    """Build a model, solve it by ``HiGHS`` or ``CBC``, and read it."""
    watch = Stopwatch()
    model, counts_of = build()
    value, bound, finished = _RUN[by](model, limit_seconds)
    counts = counts_of() if math.isfinite(value) else None
    return Answer(value, bound, finished, counts, watch.spent())


def _highs(model: pulp.LpProblem, limit_seconds: float) -> tuple[float, float, bool]:
    model.solve(_Highs(msg=False, timeLimit=limit_seconds))
    info = model.solverModel.getInfo()
    found = model.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    finished = model.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionInfeasible)
    bound = float(info.mip_dual_bound)
    if abs(bound) >= 1e30:  # HiGHS's infinity
        bound = -math.inf
    return float(info.objective_function_value) if found else math.inf, bound, finished


def _cbc(model: pulp.LpProblem, limit_seconds: float) -> tuple[float, float, bool]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "cbc.log"
        model.solve(naive.solver(limit_seconds, log))
        said = log.read_text(encoding="utf-8", errors="replace")
    found = model.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    finished = model.sol_status == pulp.LpSolutionOptimal and "Optimal solution found" in said
    value = float(pulp.value(model.objective)) if found else math.inf
    return value, value if finished else naive.last_bound(said), finished


_RUN: dict[str, Callable[[pulp.LpProblem, float], tuple[float, float, bool]]] = {"HiGHS": _highs, "CBC": _cbc}


def of_classes(problem: Problem) -> Model:
    """A whole number for each class and option: how many of the class go there."""
    model, x = class_model(problem)
    keep_rows(model, problem, x)
    return model, lambda: counts_of(x)


def class_model(problem: Problem) -> tuple[pulp.LpProblem, Columns]:
    """Classes, options and costs in dollars, without the limits."""
    model = pulp.LpProblem("classes", pulp.LpMinimize)
    x = [
        [model.add_variable(f"x_{c}_{o}", 0, group.count, pulp.LpInteger) for o in range(len(group.options))]
        for c, group in enumerate(problem.groups)
    ]
    pairs = zip(x, problem.groups, strict=True)
    model.setObjective(
        total((v, option.cost / MICRO) for own, group in pairs for v, option in zip(own, group.options, strict=True))
    )
    for c, (own, group) in enumerate(zip(x, problem.groups, strict=True)):
        model.addConstraint(total((variable, 1) for variable in own) == group.count, f"class_{c}")
    return model, x


def keep_rows(model: pulp.LpProblem, problem: Problem, x: Columns) -> None:
    """Add the rows; ``x`` has the variables of each class and option."""
    for k, (sense, weights, right) in enumerate(plain_rows(problem)):
        pairs = zip(x, weights, strict=True)
        used = total((v, w) for own, row in pairs for v, w in zip(own, row, strict=True) if w)
        model.addConstraint(used <= right if sense == "at_most" else used >= right, f"limit_{k}")


def plain_rows(problem: Problem) -> list[tuple[str, Sequence[Sequence[float]], float]]:
    """The rows as floats, money in dollars."""
    found: list[tuple[str, Sequence[Sequence[float]], float]] = []
    for row in problem.rows:
        uses, right = row.linear()
        unit = MICRO if row.unit == "usd" else 1
        found.append((row.sense, [[float(use) / unit for use in own] for own in uses], float(right) / unit))
    return found


def counts_of(x: Columns) -> Counts:
    """The counts that the solver returned, rounded to whole numbers."""
    return tuple(tuple(round(variable.varValue or 0.0) for variable in own) for own in x)


def of_clips(problem: Problem) -> Model:
    """A binary for each clip and option: equal clips are not merged."""
    model = pulp.LpProblem("clips", pulp.LpMinimize)
    x: list[Columns] = []
    costs: list[tuple[pulp.LpVariable, float]] = []
    for c, group in enumerate(problem.groups):
        prices = [option.cost / MICRO for option in group.options]
        x.append([])
        for n in range(group.count):
            own = [model.add_variable(f"x_{c}_{n}_{o}", cat=pulp.LpBinary) for o in range(len(prices))]
            x[c].append(own)
            costs += zip(own, prices, strict=True)
    model.setObjective(total(costs))
    for c, clips in enumerate(x):
        for n, own in enumerate(clips):
            model.addConstraint(total((variable, 1) for variable in own) == 1, f"clip_{c}_{n}")
    for k, (sense, weights, right) in enumerate(plain_rows(problem)):
        pairs = zip(x, weights, strict=True)
        used = total((v, w) for clips, row in pairs for own in clips for v, w in zip(own, row, strict=True) if w)
        model.addConstraint(used <= right if sense == "at_most" else used >= right, f"limit_{k}")
    return model, lambda: tuple(tuple(map(sum, zip(*counts_of(clips), strict=True))) for clips in x)


def total(terms: Iterable[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """A sum of variables with weights: from pairs, which is how PuLP builds it fastest."""
    return pulp.LpAffineExpression(list(terms))
