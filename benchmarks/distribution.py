"""Question ``distribution``: the exact distribution of a plan's cost, beside 10,000 draws and beside the package `aggregate`.

Plans of 1,000, 100,000 and 1,000,000 clips on one market. Errors are against `benchmarks.truth`, which is computed once, untimed, for
seed 1; later rounds are markets of their own and are timed only. `aggregate` runs in round 1 alone and is stopped by the limit:
its errors are against the truth of the very states that it finished.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clock import Spent, Stopwatch
from benchmarks.distribution_instance import LEVELS, MODELS, ROUTES, TAIL, Figures, Market, market
from benchmarks.draws import DRAWS, simulated
from benchmarks.result import Result, WrongAnswerError
from benchmarks.truth import State, figures, states_of
from router.cost.exact import exact

SIZES = (1_000, 100_000, 1_000_000)
SMALLER = 100
"""Ours must err this many times less."""
FASTER = 10
"""Ours must be this many times faster than `aggregate`."""
SAME = 1e-9
"""Relative: how closely the mean and CVaR must agree with the truth."""
MICRO = 1_000_000
PEER_PYTHON = "BENCHMARK_AGGREGATE_PYTHON"
"""Environment variable: an interpreter that has the package; absent: this one."""


@dataclass(frozen=True, slots=True)
class PeerRun:
    """What `aggregate` found in the states that it finished."""

    spent: Spent
    figures: Figures
    states: int
    said: dict[str, Any]


def distribution(rounds: int, limit_seconds: float) -> tuple[Result, ...]:
    """Every size beside both peers."""
    _ours(market(0), SIZES[0])
    simulated(market(0), SIZES[0], 0)
    return tuple(result for clips in SIZES for result in _measured(clips, rounds, limit_seconds))


def _measured(clips: int, rounds: int, limit_seconds: float) -> list[Result]:
    ours: list[Spent] = []
    drawn: list[Spent] = []
    first: list[Figures] = []
    for seed in range(1, rounds + 1):
        own = market(seed)
        watch = Stopwatch()
        found = _ours(own, clips)
        ours.append(watch.spent())
        watch = Stopwatch()
        sample = simulated(own, clips, seed)
        drawn.append(watch.spent())
        first = first or [found, sample]
    states = sorted(states_of(market(1), clips), key=lambda state: -state.probability)
    right = figures(states)
    _verify(first[0], right, f"{clips:,} clips")
    own_errors, draw_errors = _errors(first[0], right), _errors(first[1], right)
    faster = statistics.median(theirs.cpu / mine.cpu for mine, theirs in zip(ours, drawn, strict=True))
    results = [
        Result(
            question=f"distribution, {clips:,} clips",
            ours=tuple(ours),
            peer=tuple(drawn),
            peer_is=f"{DRAWS:,} draws in NumPy",
            optimum="yes (against the truth)",
            target=f"no slower, errors {SMALLER} times smaller",
            met=faster >= 1 and _smaller(own_errors, draw_errors),
            counts=_sizes(clips),
            notes=(f"errors of ours {_shown(own_errors)}; of the draws {_shown(draw_errors)}",),
        )
    ]
    peer = _aggregate(market(1), clips, limit_seconds)
    if peer is None:
        print(f"{clips:,} clips: peer absent: no package aggregate in ${PEER_PYTHON} or here", file=sys.stderr)
        return results
    return [*results, _beside_aggregate(clips, ours[:1], peer, states, own_errors)]


def _beside_aggregate(
    clips: int, ours: Sequence[Spent], peer: PeerRun, states: Sequence[State], own_errors: tuple[float, ...]
) -> Result:
    errors = _errors(peer.figures, figures(states[: peer.states]))
    finished = peer.states == 1 << MODELS
    said = peer.said
    return Result(
        question=f"distribution, {clips:,} clips",
        ours=tuple(ours),
        peer=(peer.spent,),
        peer_is="aggregate",
        stopped="" if finished else f"after {peer.states} of {1 << MODELS} states",
        optimum="yes (against the truth)",
        target=f"{FASTER} times faster, errors {SMALLER} times smaller",
        met=peer.spent.cpu >= FASTER * ours[0].cpu and _smaller(own_errors, errors),
        counts=_sizes(clips),
        notes=(
            f"aggregate {said['version']} errs by {_shown(errors)} against the truth of its {peer.states} states "
            f"({said['covered']:.4%} of the probability), bucket ${said['bucket']:g}; the time is its update alone, "
            f"to build the portfolios took {said['building']:.1f} s more",
        ),
    )


def _sizes(clips: int) -> dict[str, int]:
    return {"clips": clips, "routes": ROUTES, "states": 1 << MODELS}


def _ours(own: Market, clips: int) -> Figures:
    cost = exact(own.chances(clips)).cost
    quantiles = tuple(float(value) for value in cost.quantiles(LEVELS))
    return Figures(cost.mean, quantiles, cost.cvar(TAIL))


def _verify(found: Figures, right: Figures, where: str) -> None:
    """A wrong answer fails.

    Raises
    ------
    WrongAnswerError
    """
    for name, own, true in (("mean", found.mean, right.mean), ("CVaR", found.cvar, right.cvar)):
        if abs(own - true) > SAME * abs(true):
            raise WrongAnswerError(f"distribution, {where}: {name} is {own}, should be {true}")
    if found.quantiles != right.quantiles:
        raise WrongAnswerError(f"distribution, {where}: quantiles are {found.quantiles}, should be {right.quantiles}")


def _errors(found: Figures, right: Figures) -> tuple[float, ...]:
    """Of P95, P99 and CVaR 95 %, dollars."""
    pairs = [*zip(found.quantiles[2:], right.quantiles[2:], strict=True), (found.cvar, right.cvar)]
    return tuple(abs(own - true) / MICRO for own, true in pairs)


def _smaller(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    return all(own * SMALLER <= other for own, other in zip(ours, theirs, strict=True))


def _shown(errors: Sequence[float]) -> str:
    return ", ".join(f"{name} ${error:,.6g}" for name, error in zip(("P95", "P99", "CVaR"), errors, strict=True))


def _aggregate(own: Market, clips: int, limit_seconds: float) -> PeerRun | None:
    """Run the package in its own process; None if it is not installed."""
    python = os.environ.get(PEER_PYTHON, sys.executable)
    if subprocess.run([python, "-c", "import aggregate"], capture_output=True, check=False).returncode != 0:
        return None
    counts = own.counts(clips)
    states, most = [], 0.0
    for chance, up in own.states():
        laws = own.clip_laws(up)
        states.append((chance, [_route(int(n), law) for n, law in zip(counts, laws, strict=True)]))
        mean = sum(int(n) * sum(v * p for v, p in law.items()) for n, law in zip(counts, laws, strict=True))
        variance = sum(
            int(n) * (sum(v * v * p for v, p in law.items()) - sum(v * p for v, p in law.items()) ** 2)
            for n, law in zip(counts, laws, strict=True)
        )
        most = max(most, (mean + 8 * float(np.sqrt(max(variance, 0.0)))) / MICRO)
    states.sort(key=lambda state: -state[0])
    job = {"states": states, "most": most, "limit": limit_seconds, "levels": LEVELS, "tail": TAIL}
    program = [python, str(Path(__file__).with_name("aggregate_peer.py"))]
    ended = subprocess.run(program, input=json.dumps(job), capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"the peer failed: {ended.stderr[-500:]}")
    said = json.loads(ended.stdout.splitlines()[-1])
    found = Figures(said["mean"] * MICRO, tuple(q * MICRO for q in said["quantiles"]), said["cvar"] * MICRO)
    return PeerRun(Spent(said["cpu"], said["wall"]), found, said["states"], said)


def _route(count: int, law: dict[int, float]) -> tuple[int, list[float], list[float]]:
    return count, [value / MICRO for value in law], list(law.values())
