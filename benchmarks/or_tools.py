"""What asks OR-tools: a problem as plain arrays, handed to `ortools_peer` in a process of its own, and its answer.

Making the arrays, starting the process and handing them over is not asked of the peer's time.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.clock import Spent
from benchmarks.peers import MICRO, Answer, plain_rows
from router.optimization.problem import Problem
from router.optimization.rows import Row

PYTHON = "BENCHMARK_ORTOOLS_PYTHON"
"""The environment variable that names the interpreter that has `ortools`, if it is another one."""
SOLVERS = {
    "CP-SAT": "CP-SAT",
    "HIGHS": "MathOpt + HiGHS",
    "GSCIP": "MathOpt + SCIP",
}
"""What each is called."""
LARGEST = 2**62
"""CP-SAT's sums have to be below 2^63."""


def installed() -> str | None:
    """The version that the interpreter has; None: it has none. It is not imported here."""
    program = "from importlib.metadata import version; print(version('ortools'))"
    ended = subprocess.run([_python(), "-c", program], capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else None


def solved(problem: Problem, by: str, limit_seconds: float) -> Answer:
    """Hand the classes of a problem to one of `SOLVERS`.

    Raises
    ------
    ValueError
        If CP-SAT is asked for what has no exact form in its whole numbers.
    RuntimeError
        If the process failed.
    """
    costs = [[option.cost for option in group.options] for group in problem.groups]
    whole = by == "CP-SAT"
    job = {
        "by": by,
        "limit": limit_seconds,
        "counts": [group.count for group in problem.groups],
        "costs": [[_whole(cost) if whole else cost / MICRO for cost in own] for own in costs],
        "rows": [whole_row(row, problem) for row in problem.rows] if whole else plain_rows(problem),
    }
    program = [_python(), str(Path(__file__).with_name("ortools_peer.py"))]
    ended = subprocess.run(program, input=json.dumps(job), capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"the peer failed: {ended.stderr[-500:]}")
    said: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    unit = MICRO if whole else 1
    return Answer(
        value=math.inf if said["value"] is None else said["value"] / unit,
        bound=said["bound"] / unit,
        finished=said["finished"],
        counts=None if said["counts"] is None else tuple(map(tuple, said["counts"])),
        spent=Spent(said["cpu"], said["wall"]),
    )


def whole_row(row: Row, problem: Problem) -> tuple[str, list[list[int]], int]:
    """A row in whole numbers that exactly the same solutions keep: scaled, and its bound moved to the next whole number inside.

    Raises
    ------
    ValueError
        If a number of it is a float, or a sum could be too large.
    """
    if not row.exact:
        raise ValueError(f"{row.name}: floats have no exact form in whole numbers")
    uses, right = row.linear()
    scale = math.lcm(*(Fraction(use).denominator for own in uses for use in own))
    weights = [[int(use * scale) for use in own] for own in uses]
    edge = Fraction(right) * scale
    bound = math.floor(edge) if row.sense == "at_most" else math.ceil(edge)
    most = sum(group.count * max(map(abs, own)) for group, own in zip(problem.groups, weights, strict=True))
    if max(most, abs(bound)) >= LARGEST:
        raise ValueError(f"{row.name}: sums in whole numbers are too large for CP-SAT")
    return row.sense, weights, bound


def _whole(cost: float) -> int:
    if cost != int(cost):
        raise ValueError(f"a cost of {cost} micro-dollars is no whole number")
    return int(cost)


def _python() -> str:
    return os.environ.get(PYTHON, sys.executable)
