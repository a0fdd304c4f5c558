"""CBC through PuLP: the program of that name if there is one, else the one that PuLP brings. Imported by the solver's own process only.

It works through files, in the folder that it is given.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial

import pulp

from router.optimization.model import LinearModel, Settings
from router.optimization.through_pulp import Reply, solved

EXACT = 1e-6
"""Relative. CBC takes for equal what differs by less than this, whatever gap it is asked for: its optimum is a bound only to within it."""


def load() -> Callable[[LinearModel, Settings], Reply]:
    """What solves a model.

    Raises
    ------
    ModuleNotFoundError
        If CBC is nowhere.
    """
    for path in (shutil.which("cbc"), pulp.PULP_CBC_CMD.pulp_cbc_path):
        if path and os.access(path, os.X_OK):
            return partial(solve, path)
    raise ModuleNotFoundError("no program cbc", name="cbc")


def solve(program: str, model: LinearModel, settings: Settings) -> Reply:
    """Solve a model; the bound allows for what CBC takes for equal."""
    # `COIN_CMD` with a path is the same call as `PULP_CBC_CMD`, which PuLP 3.3 deprecates.
    solver = pulp.COIN_CMD(
        path=program, mip=settings.whole, msg=False, timeLimit=settings.seconds, gapRel=0, gapAbs=0,
        maxNodes=settings.max_nodes, presolve=None if settings.presolve else False,
    )  # fmt: skip
    solver.tmpDir = settings.folder
    _, (state, values, duals, _) = solved(model, solver, whole=settings.whole)
    bound = None
    if settings.whole and state == "optimal":
        cost = model.value(values)
        bound = cost - EXACT * max(1.0, abs(cost))
    return state, values, duals, bound
