"""The peer: the formulation that most people would write, with one binary for each clip and candidate.

One row makes each clip exactly once and one row keeps each cap; PuLP writes the model and the CBC bundled with it solves it to gap 0
on one thread. Clips of equal requirements are not merged. Costs are in dollars.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pulp

from benchmarks.clock import Spent, Stopwatch
from router.optimization.limits import matches
from router.schema.candidate import Candidate, Choices
from router.schema.scenario import Cap

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class NaivePlan:
    """What the peer found."""

    chosen: tuple[int, ...]
    """For each clip, the position of its candidate; empty if it found no plan."""
    cost_usd: float
    """Expected cost of what it chose, summed from the table; infinite if it found no plan."""
    bound_usd: float
    """No plan costs less, as far as CBC proved; equal to the cost where it finished."""
    finished: bool
    """False where the time limit ended the search."""
    spent: Spent


def solve(table: Sequence[Choices], caps: Sequence[Cap], time_limit_seconds: float) -> NaivePlan:
    """Build the model, solve it, and read the solution back.

    Parameters
    ----------
    table
        One entry for each clip, with its candidates and the chain behind each.
    """
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "cbc.log"
        model, x = formulation(table, caps)
        model.solve(solver(time_limit_seconds, log))
        said = log.read_text(encoding="utf-8", errors="replace")
    found = model.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    chosen = tuple(max(range(len(own)), key=lambda o: own[o].varValue or 0.0) for own in x) if found else ()
    costs = [own.chains[o].expected / MICRO for own, o in zip(table, chosen, strict=True)] if found else [math.inf]
    cost = math.fsum(costs)
    finished = found and model.sol_status == pulp.LpSolutionOptimal and "Optimal solution found" in said
    return NaivePlan(chosen, cost, cost if finished else last_bound(said), finished, watch.spent())


def formulation(table: Sequence[Choices], caps: Sequence[Cap]) -> tuple[pulp.LpProblem, list[list[pulp.LpVariable]]]:
    """One binary for each clip and candidate; one row for each clip and each cap."""
    model = pulp.LpProblem("naive", pulp.LpMinimize)
    x = [
        [model.add_variable(f"x_{k}_{o}", cat=pulp.LpBinary) for o in range(len(own.candidates))]
        for k, own in enumerate(table)
    ]
    pairs = [(x[k][o], own.chains[o].expected / MICRO) for k, own in enumerate(table) for o in range(len(x[k]))]
    model.setObjective(pulp.LpAffineExpression(pairs))
    for k, own in enumerate(x):
        model.addConstraint(pulp.LpAffineExpression([(variable, 1) for variable in own]) == 1, f"clip_{k}")
    for position, cap in enumerate(caps):
        for kind, sense, bound, use in _bounds(cap, len(table)):
            terms = [
                (x[k][o], use(candidate))
                for k, own in enumerate(table)
                for o, candidate in enumerate(own.candidates)
                if matches(candidate, cap.where)
            ]
            used = pulp.LpAffineExpression(terms)
            model.addConstraint(used <= bound if sense == "at_most" else used >= bound, f"cap_{position}_{kind}")
    return model, x


def _bounds(
    cap: Cap, clips: int
) -> list[tuple[str, Literal["at_most", "at_least"], float, Callable[[Candidate], float]]]:
    """The bounds of a cap; every clip is served, so that a share is a share of their number."""

    def one(_: Candidate) -> float:
        return 1

    def seconds(candidate: Candidate) -> float:
        return float(candidate.generation.billed_seconds)

    def usd(candidate: Candidate) -> float:
        return candidate.price / MICRO

    found: list[tuple[str, Literal["at_most", "at_least"], float, Callable[[Candidate], float]]] = []
    if cap.max_clips is not None:
        found.append(("max_clips", "at_most", cap.max_clips, one))
    if cap.max_seconds is not None:
        found.append(("max_seconds", "at_most", float(cap.max_seconds), seconds))
    if cap.max_usd is not None:
        found.append(("max_usd", "at_most", float(cap.max_usd), usd))
    if cap.max_share is not None:
        found.append(("max_share", "at_most", float(cap.max_share * clips), one))
    if cap.min_clips is not None:
        found.append(("min_clips", "at_least", cap.min_clips, one))
    if cap.min_share is not None:
        found.append(("min_share", "at_least", float(cap.min_share * clips), one))
    return found


def solver(time_limit_seconds: float, log: Path) -> pulp.COIN_CMD:
    """CBC as PuLP bundles it, on one thread and to gap 0.

    ``COIN_CMD`` with the path of the bundled program is the same call as ``PULP_CBC_CMD``, which PuLP 3.3 deprecates.
    """
    return pulp.COIN_CMD(
        path=pulp.PULP_CBC_CMD.pulp_cbc_path,
        msg=False,
        timeLimit=time_limit_seconds,
        gapRel=0,
        threads=1,
        logPath=str(log),
    )


def last_bound(said: str) -> float:
    """The last bound in CBC's log, which prints the optimum of the relaxation and, when it is stopped, its lower bound."""
    bound = -math.inf
    for line in said.splitlines():
        if line.startswith("Continuous objective value is"):
            bound = max(bound, float(line.split()[4]))
        if line.startswith("Lower bound:"):
            bound = max(bound, float(line.split()[2]))
    return bound


def cbc_version() -> str:
    """The version that the bundled program states."""
    program = [pulp.PULP_CBC_CMD.pulp_cbc_path, "-quit"]
    said = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60).stdout
    return next((line.split()[1] for line in said.splitlines() if line.startswith("Version:")), "unknown")
