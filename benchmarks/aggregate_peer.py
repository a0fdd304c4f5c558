"""The second peer of ``distribution``: the PyPI package `aggregate`, in a process of its own.

Run as a program by the interpreter that has the package; reads a job from standard input, writes figures to standard output, both JSON.
In each outage state the plan is a ``Portfolio`` with one unit for each route, whose frequency is ``fixed`` and whose severity is ``dsev``;
the package convolves them by FFT. The states are then mixed on the common grid. Nothing of this module needs the planner.
"""

from __future__ import annotations

import json
import math
import sys
import time
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

LOG2 = 16
"""The grid has 2^16 points. A larger one errs less and takes longer."""


def bucket(most: float) -> float:
    """The smallest power of two, in dollars, with which the grid reaches ``most``."""
    return float(2.0 ** math.ceil(math.log2(most / (1 << LOG2))))


def program(name: str, routes: list[list[Any]]) -> str:
    """One state's portfolio in the package's own language; prices in dollars."""
    lines = [f"port {name}"]
    for number, (count, values, chances) in enumerate(routes):
        outcomes = " ".join(f"{value:.2f}" for value in values)
        weights = " ".join(f"{chance:.17f}" for chance in chances)
        lines.append(f"\tagg {name}r{number} {count} claims dsev [{outcomes}] [{weights}] fixed")
    return "\n".join(lines)


def main() -> None:
    """Work the states off, most likely first, until the time is over; what is left has no part in the figures."""
    job: Mapping[str, Any] = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    import numpy as np
    from aggregate import build

    build(program("warm", [[2, [1.0, 2.0], [0.5, 0.5]]]), update=False).update(log2=8, bs=1, add_exa=False)
    bs = bucket(job["most"])
    began, building, updating = time.perf_counter(), 0.0, 0.0
    mixed, covered, done = np.zeros(1 << LOG2), 0.0, 0
    for number, (probability, routes) in enumerate(job["states"]):
        if time.perf_counter() - began > job["limit"]:
            break
        started = time.process_time()
        portfolio = build(program(f"s{number}", routes), update=False)
        built = time.process_time()
        portfolio.update(log2=LOG2, bs=bs, add_exa=False, remove_fuzz=False)
        building += built - started
        updating += time.process_time() - built
        mixed += probability * portfolio.density_df["p_total"].to_numpy()
        covered += probability
        done += 1
    grid = bs * np.arange(len(mixed))
    cumulative = np.cumsum(mixed) / covered
    quantiles = [float(grid[min(int(np.searchsorted(cumulative, level)), len(grid) - 1)]) for level in job["levels"]]
    q = quantiles[job["levels"].index(job["tail"])]
    excess = float(np.maximum(grid - q, 0) @ mixed) / covered
    answer = {
        "mean": float(grid @ mixed) / covered,
        "quantiles": quantiles,
        "cvar": q + excess / (1 - job["tail"]),
        "states": done,
        "covered": covered,
        "bucket": bs,
        "cpu": updating,
        "building": building,
        "wall": time.perf_counter() - began,
        "version": version("aggregate"),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
