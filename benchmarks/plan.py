"""Questions ``plan``, ``counts`` and ``mixed``: 5,000 clips, 20 candidates, five caps, against one binary per clip and candidate.

Ours is timed from the scenario object to the finished plan, its check included; the peer only from the table of candidates and
costs, which ours has to work out first, to the candidate chosen for each clip. Each round is an instance of its own; where the peer
does not finish within its limit, it runs on the first alone.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks import instances, naive
from benchmarks.clock import Spent, Stopwatch
from benchmarks.result import Result, WrongAnswerError
from router import Plan, Scenario
from router import plan as planned
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.schema.candidate import Choices

TARGET = 100
"""Ours must be this many times faster."""
SAME_USD = 2e-6
"""Both costs are sums rounded to the micro-dollar."""
PRINTED_USD = 1e-3
"""CBC prints its bounds with three decimals."""


def plan(rounds: int, limit_seconds: float) -> Result:
    """Caps on numbers and shares of clips and on billed seconds."""
    return _measured("plan", "seconds", rounds, 1, limit_seconds)


def counts(rounds: int, limit_seconds: float) -> Result:
    """Caps on numbers and shares of clips alone, the easiest for the peer: it finishes every instance."""
    return _measured("counts", "counts", rounds, rounds, limit_seconds)


def mixed(rounds: int, limit_seconds: float) -> Result:
    """Caps of five kinds, on numbers, shares, billed seconds and dollars: the hardest for both."""
    return _measured("mixed", "mixed", rounds, 1, limit_seconds)


def _measured(question: str, caps: instances.Caps, rounds: int, peer_rounds: int, limit_seconds: float) -> Result:
    _warm_up(caps)
    ours: list[Spent] = []
    peer: list[Spent] = []
    first: Plan | None = None
    finished: list[bool] = []
    answers: list[str] = []
    for seed in range(1, rounds + 1):
        scenario = instances.capped(seed, caps)
        watch = Stopwatch()
        found = planned(scenario, on=instances.ON, shadow_prices=False)
        ours.append(watch.spent())
        if found.status != "optimal":
            raise WrongAnswerError(f"{question}, seed {seed}: the plan is {found.status}, not optimal")
        first = first or found
        if seed <= peer_rounds:
            theirs = naive.solve(table(scenario), scenario.limits.caps, limit_seconds)
            peer.append(theirs.spent)
            finished.append(theirs.finished)
            answers.append(agreement(found, theirs, f"{question}, seed {seed}"))
    pairs = list(zip(ours, peer, strict=False))
    faster = statistics.median(by_peer.cpu / own.cpu for own, by_peer in pairs)
    on_clock = statistics.median(by_peer.wall / own.wall for own, by_peer in pairs)
    assert first is not None
    scenario = instances.capped(1, caps)
    distinct = len(clip_classes(scenario.clips))
    return Result(
        question=question,
        ours=tuple(ours),
        peer=tuple(peer),
        peer_is="PuLP + CBC",
        stopped="" if all(finished) else f"after {limit_seconds:g} s on the clock",
        optimum=next((answer for answer in answers if answer != "yes"), "yes"),
        target=f"{TARGET} times faster",
        met=faster >= TARGET,
        counts={
            "clips": len(scenario.clips),
            "classes": distinct,
            "candidates": distinct * instances.CANDIDATES,
            **first.solved.model_dump(),
        },
        notes=(
            f"{distinct} distinct requirements; on the clock the ratio is {on_clock:.0f}",
            f"without its caps one by one the first plan would cost {_relief(scenario)} less",
        ),
    )


def table(scenario: Scenario) -> list[Choices]:
    """For each clip its candidates and their costs, worked out by the planner's own stages."""
    market = open_market(scenario, instances.ON)
    rows: dict[int, Choices] = {}
    for own in clip_classes(scenario.clips):
        choices = ways_to_make(own, market)
        if len(choices.candidates) != instances.CANDIDATES:
            raise WrongAnswerError(f"a clip has {len(choices.candidates)} candidates, not {instances.CANDIDATES}")
        rows |= {position: choices for position, _ in own.clips}
    return [rows[position] for position in range(len(scenario.clips))]


def agreement(plan: Plan, found: naive.NaivePlan, where: str) -> str:
    """Whether the peer's answer is ours; what is known where it did not finish.

    Raises
    ------
    WrongAnswerError
        If the two contradict each other.
    """
    cost = float(plan.totals.objective_usd)
    known = f"ours ${cost:,.6f}, the peer's best ${found.cost_usd:,.6f}, its bound ${found.bound_usd:,.6f}"
    if found.finished:
        if abs(cost - found.cost_usd) > SAME_USD:
            raise WrongAnswerError(f"{where}: two optima: {known}")
        return "yes"
    if not found.bound_usd - PRINTED_USD <= cost <= found.cost_usd + SAME_USD:
        raise WrongAnswerError(f"{where}: contradiction: {known}")
    if abs(cost - found.cost_usd) <= SAME_USD:
        return "yes, though not proven by the peer"
    return f"not found by the peer: {known}"


def _relief(scenario: Scenario) -> str:
    """What each cap costs; a cap that costs nothing would not belong into the instance."""
    cost = planned(scenario, on=instances.ON).totals.objective_usd
    saved = [
        cost - planned(instances.without_cap(scenario, position), on=instances.ON).totals.objective_usd
        for position in range(len(scenario.limits.caps))
    ]
    if min(saved) <= 0:
        raise WrongAnswerError(f"cap {saved.index(min(saved))} of the instance does not bind")
    return _listed([f"${amount:,.2f}" for amount in saved])


def _listed(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def _warm_up(caps: instances.Caps) -> None:
    """Import everything and fill the caches of both sides that outlive a call, on a tiny instance."""
    scenario = instances.capped(0, caps, clips=200)
    planned(scenario, on=instances.ON)
    naive.solve(table(scenario), scenario.limits.caps, 5)
