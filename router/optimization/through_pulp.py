"""A linear model as a PuLP model, and PuLP's solution of it in plain numbers. Importing this imports PuLP, which imports HiGHS."""

from __future__ import annotations

import operator
from typing import Any, TypeAlias

import pulp

from router.optimization.model import LinearModel, State

_SENSES = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}
Reply: TypeAlias = tuple[State, list[float], list[float], float | None]
"""State, values, duals and bound, as they go over the wire."""


def to_pulp(model: LinearModel) -> pulp.LpProblem:
    """The model as PuLP has it, with the same names."""
    return _built(model)[0]


def solved(model: LinearModel, solver: Any, *, whole: bool) -> tuple[pulp.LpProblem, Reply]:
    """Solve through PuLP; the bound is left open."""
    problem, variables = _built(model)
    problem.solve(solver)
    # `status` says "Optimal" also when the time limit ended the search; `sol_status` tells.
    if pulp.LpStatusInfeasible == problem.status:
        return problem, ("infeasible", [], [], None)
    states: dict[int, State] = {pulp.LpSolutionOptimal: "optimal", pulp.LpSolutionInfeasible: "infeasible"}
    if whole:
        states[pulp.LpSolutionIntegerFeasible] = "feasible"
    state = states.get(problem.sol_status, "none")
    if state not in ("optimal", "feasible"):
        return problem, (state, [], [], None)
    values = [float(variable.varValue or 0.0) for variable in variables]
    duals = [] if whole else [float(row.pi or 0.0) for row in map(problem.get_constraint_by_name, _names(model))]
    return problem, (state, values, duals, None)


def _names(model: LinearModel) -> list[str]:
    return [row.name for row in model.rows]


def _built(model: LinearModel) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    problem = pulp.LpProblem("assignment", pulp.LpMinimize)
    variables = [
        problem.add_variable(name, low, high, pulp.LpInteger if whole else pulp.LpContinuous)
        for name, low, high, whole in zip(model.names, model.lower, model.upper, model.whole, strict=True)
    ]
    problem.setObjective(pulp.LpAffineExpression([(variables[k], cost) for k, cost in model.costs.items()]))
    for row in model.rows:
        pairs = zip(row.columns, row.coefficients, strict=True)
        total = pulp.LpAffineExpression([(variables[k], coefficient) for k, coefficient in pairs])
        problem.addConstraint(_SENSES[row.sense](total, row.right), row.name)
    return problem, variables
