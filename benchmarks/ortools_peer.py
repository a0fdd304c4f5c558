"""OR-tools as a peer of ``limits``, in a process of its own: it and highspy cannot be imported in one.

Run as a program by the interpreter that has `ortools`; reads a job from standard input, writes an answer to standard output, both JSON.
A job is the classes formulation as plain arrays: a whole number for each class and option, one row per class and limit. CP-SAT has it in
whole numbers, costs in micro-dollars; MathOpt's solvers have it in floats, money in dollars. One thread, gap 0. What is timed is building
the model, solving and reading it, after a model of one variable that loads the solver. Nothing of this module needs the planner.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

Job = Mapping[str, Any]
TRIVIAL: Job = {"counts": [1], "costs": [[1]], "rows": [], "limit": 10}


def cp_sat(job: Job) -> dict[str, Any]:
    """CP-SAT, with one worker."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    x = [[model.new_int_var(0, n, "") for _ in own] for n, own in zip(job["counts"], job["costs"], strict=True)]
    flat, total = [v for own in x for v in own], cp_model.LinearExpr.weighted_sum
    model.minimize(total(flat, [cost for own in job["costs"] for cost in own]))
    for own, n in zip(x, job["counts"], strict=True):
        model.add(cp_model.LinearExpr.sum(own) == n)
    for sense, weights, right in job["rows"]:
        used = total(*_sparse(flat, weights))
        model.add(used <= right if sense == "at_most" else used >= right)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = job["limit"]
    solver.parameters.relative_gap_limit = solver.parameters.absolute_gap_limit = 0.0
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "finished": status in (cp_model.OPTIMAL, cp_model.INFEASIBLE),
        "value": solver.objective_value if found else None,
        "bound": solver.best_objective_bound,
        "counts": [[solver.value(v) for v in own] for own in x] if found else None,
    }


def math_opt(job: Job, by: str) -> dict[str, Any]:
    """One of MathOpt's solvers: ``HIGHS`` or ``GSCIP``."""
    from ortools.math_opt.python import mathopt
    from ortools.math_opt.solvers import highs_pb2

    model = mathopt.Model()
    x = [
        [model.add_integer_variable(lb=0, ub=n) for _ in own]
        for n, own in zip(job["counts"], job["costs"], strict=True)
    ]
    flat = [v for own in x for v in own]
    for variable, cost in zip(flat, (cost for own in job["costs"] for cost in own), strict=True):
        model.objective.set_linear_coefficient(variable, cost)
    for own, n in zip(x, job["counts"], strict=True):
        _row(model.add_linear_constraint(lb=n, ub=n), own, [1.0] * len(own))
    for sense, weights, right in job["rows"]:
        bound = {"ub": right} if sense == "at_most" else {"lb": right}
        _row(model.add_linear_constraint(**bound), *_sparse(flat, weights))
    given = mathopt.SolveParameters(
        time_limit=dt.timedelta(seconds=job["limit"]), relative_gap_tolerance=0.0, absolute_gap_tolerance=0.0
    )
    if by == "HIGHS":  # MathOpt refuses its own number of threads for it
        given.highs = highs_pb2.HighsOptionsProto(int_options={"threads": 1})
    else:
        given.threads = 1
    result = mathopt.solve(model, mathopt.SolverType[by], params=given)
    found, reason = result.has_primal_feasible_solution(), mathopt.TerminationReason
    return {
        "finished": result.termination.reason in (reason.OPTIMAL, reason.INFEASIBLE),
        "value": result.objective_value() if found else None,
        "bound": result.termination.objective_bounds.dual_bound,
        "counts": [[round(value) for value in result.variable_values(own)] for own in x] if found else None,
    }


def _sparse(flat: list[Any], weights: list[list[Any]]) -> tuple[list[Any], list[Any]]:
    """Variables and their weights, where these are not zero."""
    pairs = zip(flat, (weight for own in weights for weight in own), strict=True)
    kept = [(variable, weight) for variable, weight in pairs if weight]
    return [variable for variable, _ in kept], [weight for _, weight in kept]


def _row(row: Any, variables: list[Any], weights: list[float]) -> None:
    for variable, weight in zip(variables, weights, strict=True):
        row.set_coefficient(variable, weight)


def main() -> None:
    """Solve the job by the solver that it names."""
    job: Job = json.load(sys.stdin)

    def solve(one: Job) -> dict[str, Any]:
        return cp_sat(one) if job["by"] == "CP-SAT" else math_opt(one, job["by"])

    solve(TRIVIAL)
    cpu, wall = time.process_time(), time.perf_counter()
    answer = solve(job)
    answer |= {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
