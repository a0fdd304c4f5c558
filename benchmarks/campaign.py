"""Question ``campaign``: a whole plan of a million clips under five limits, expected costs that are no whole numbers among them.

The scenario is that of question ``certificate``. Ours is timed from the scenario to the finished, checked plan, ties broken; the peer gets
the finished table of costs and uses, and breaks no ties. With costs in fractions of a micro-dollar hardly two plans cost the same, and
what has to be proven is which of very many is the cheapest.
"""

from __future__ import annotations

from benchmarks import peers
from benchmarks.certificate import limited
from benchmarks.clock import Spent, Stopwatch
from benchmarks.instances import ON
from benchmarks.limits import FASTER_THAN_CLASSES, MICRO, broken_by
from benchmarks.result import Result, WrongAnswerError
from router import Plan, Scenario, plan
from router.at_risk import by_state
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.optimization.limits import assignment
from router.optimization.problem import Problem

CLIPS = 1_000_000
CLOSE = 1e-8
"""Relative: what HiGHS leaves of a gap, in dollars that are no whole numbers, when it calls a solution optimal."""


def campaign(rounds: int, limit_seconds: float) -> Result:
    """Plan once for each seed; the peer on the first alone.

    Raises
    ------
    WrongAnswerError
        If a plan is not proven, or the peer finds a better one that keeps the limits.
    """
    plan(limited(0, 1_000)[0], on=ON, shadow_prices=False, time_limit_seconds=limit_seconds)
    spent: list[Spent] = []
    first: tuple[Scenario, Plan] | None = None
    for seed in range(1, rounds + 1):
        scenario, _ = limited(seed, CLIPS)
        watch = Stopwatch()
        made = plan(scenario, on=ON, shadow_prices=False, time_limit_seconds=limit_seconds)
        spent.append(watch.spent())
        if made.status != "optimal":
            raise WrongAnswerError(f"campaign, seed {seed}: the plan is {made.status}, its gap {made.gap}")
        first = first or (scenario, made)
    assert first is not None
    problem = _problem(first[0])
    answer = peers.solved(lambda: peers.of_classes(problem), "HiGHS", limit_seconds)
    cost = float(first[1].totals.objective_usd)
    return Result(
        question=f"campaign, {CLIPS:,} clips",
        ours=tuple(spent),
        peer=(answer.spent,),
        peer_is="HiGHS on the classes",
        stopped="" if answer.finished else f"after {limit_seconds:g} s on the clock",
        optimum=_agreement(problem, answer, cost),
        target="faster",
        met=answer.spent.cpu / spent[0].cpu > FASTER_THAN_CLASSES,
        counts={
            "clips": CLIPS,
            "classes": len(problem.groups),
            "options": sum(len(group.options) for group in problem.groups),
            **first[1].solved.model_dump(),
        },
        notes=(
            "ours includes all ways to make every clip, their chains, ties, the distribution of the cost and the check",
        ),
    )


def _problem(scenario: Scenario) -> Problem:
    """The abstract problem that a scenario comes to."""
    market = open_market(scenario, ON)
    choices = [ways_to_make(own, market) for own in clip_classes(scenario.clips)]
    return assignment(choices, scenario, *by_state(choices, market))


def _agreement(problem: Problem, answer: peers.Answer, cost: float) -> str:
    if answer.counts is None:
        return "the peer found no solution"
    theirs = problem.cost(answer.counts) / MICRO
    said = f"ours ${cost:,.6f}, proven; the peer's ${theirs:,.6f}, its bound ${answer.bound:,.6f}"
    if broken_by(problem, answer.counts):
        return f"the peer breaks a limit by its tolerances: {said}"
    if theirs < cost - CLOSE * cost:
        raise WrongAnswerError(f"campaign: the peer's plan is better: {said}")
    return "yes" if theirs <= cost + CLOSE * cost and answer.finished else said
