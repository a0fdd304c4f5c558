"""How long scenarios take: loading, every stage of planning, simulating, and deciding single clips.

Stages are timed by the stopwatch that `router.pipeline.plan` itself tells of their ends: no step of it is repeated here. Every round
loads and plans anew. Before the first, each scenario is planned once and not timed, so that modules and the solver are loaded and bundled
catalogs read. All times are on the clock.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TypeAlias, TypeVar

from router.analysis.bench_summary import summary
from router.analysis.distribution import distribution
from router.analysis.simulation import simulate
from router.errors import InputError, NoPlanError, RefusalError, TooManyStatesError
from router.offers.clip_classes import requirements
from router.online.router import Router
from router.pipeline import Modelled, modelled, plan
from router.schema.bench import (
    Bench,
    Calls,
    Measured,
    Planning,
    Routing,
    Simulating,
    Sizes,
    Span,
    StageSpan,
    Timed,
)
from router.schema.plan import Plan
from router.schema.scenario import Clip, Objective, Scenario
from router.stages import Laps

Given: TypeAlias = tuple[str, Callable[[], Scenario]]
"""What a scenario is called, and what loads it anew."""
Value = TypeVar("Value")
KINDS = 1_000
"""At most so many different requirements are routed."""
CALLS = 500
"""At least so many decisions of each sort are timed a round."""
_ANY_PRICE = Decimal(10**6)
"""Above every price that a catalog may state."""


def bench(
    given: Sequence[Given],
    *,
    rounds: int = 5,
    draws: int = 10_000,
    on: dt.date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Bench:
    """Time scenarios, one after the other; one that has no plan says why.

    Parameters
    ----------
    draws
        Of each simulation.
    progress
        Told how many rounds are done, and of how many.

    Raises
    ------
    router.errors.InputError
        If rounds or draws are no sensible numbers, or a scenario cannot be read.
    """
    if rounds < 1:
        raise InputError("rounds must be 1 or more")
    if not given:
        raise InputError("there is no scenario to time")
    day = on or dt.datetime.now(dt.UTC).date()
    rows = []
    for position, own in enumerate(given):

        def told(done: int, before: int = position * rounds) -> None:
            if progress is not None:
                progress(before + done, len(given) * rounds)

        told(0)
        rows.append(_timed(own, rounds, draws, day, told))
    return Bench(
        schema=1,
        on=day,
        rounds=rounds,
        python=platform.python_version(),
        cores=os.cpu_count() or 1,
        scenarios=tuple(rows),
    )


@dataclass(slots=True)
class _Rounds:
    """Seconds of each round."""

    load: list[float] = field(default_factory=list)
    laps: list[Laps] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    simulation: list[float] = field(default_factory=list)


def _timed(given: Given, rounds: int, draws: int, on: dt.date, told: Callable[[int], None]) -> Timed:
    name, load = given
    scenario, taken = load(), _Rounds()
    try:
        found, made = modelled(scenario, on), plan(scenario, on=on)
    except NoPlanError as error:
        for done in range(rounds):
            _clocked(taken.load, load)
            told(done + 1)
        return Timed(scenario=name, load=_span(taken.load), no_plan=str(error))
    notes = []
    try:
        distribution(made)
    except (InputError, TooManyStatesError) as error:
        notes.append(f"the exact distribution is not timed: {error}")
    for done in range(rounds):
        scenario = _clocked(taken.load, load)
        made = _clocked(taken.total, partial(_planned, scenario, on, taken))
        if not notes:
            _clocked(taken.exact, partial(distribution, made))
        _clocked(taken.simulation, partial(simulate, made, draws=draws))
        told(done + 1)
    routing = _routing(scenario, rounds, on)
    if routing is None:
        notes.append("no clip is routed by itself: each is refused")
    sizes, planning = _sizes(found, made), _planning(taken)
    simulation = Simulating(draws=draws, **_span(taken.simulation).model_dump())
    measured = Measured(
        sizes=sizes,
        planning=planning,
        exact=_span(taken.exact) if taken.exact else None,
        simulation=simulation,
        routing=routing,
        summary=summary(sizes, planning),
        notes=tuple(notes),
    )
    return Timed(scenario=name, load=_span(taken.load), measured=measured)


def _clocked(seconds: list[float], work: Callable[[], Value]) -> Value:
    """Do something, and add how long it took."""
    start = time.perf_counter()
    done = work()
    seconds.append(time.perf_counter() - start)
    return done


def _planned(scenario: Scenario, on: dt.date, taken: _Rounds) -> Plan:
    laps = Laps()
    made = plan(scenario, on=on, laps=laps)
    taken.laps.append(laps)
    return made


def _planning(taken: _Rounds) -> Planning:
    sums = [sum(laps.seconds.values()) for laps in taken.laps]
    return Planning(
        stages=tuple(
            StageSpan(stage=stage, **_span([laps.seconds[stage] for laps in taken.laps]).model_dump())
            for stage in taken.laps[0].seconds
        ),
        all_stages=_span(sums),
        # Sums of floats may be off by their last digit.
        other=_span([max(0.0, total - own) for total, own in zip(taken.total, sums, strict=True)]),
        total=_span(taken.total),
    )


def _span(seconds: Iterable[float]) -> Span:
    rounded = [round(one, 7) for one in seconds]
    return Span(
        median_seconds=round(statistics.median(rounded), 7), least_seconds=min(rounded), most_seconds=max(rounded)
    )


def _sizes(found: Modelled, made: Plan) -> Sizes:
    solved, spread = made.solved, made.distribution
    return Sizes(
        lines=len(found.market.scenario.clips),
        clips=made.totals.clips,
        classes=len(found.choices),
        catalogs=len(found.market.catalogs),
        offers=len(found.market.offers),
        candidates=sum(len(own.candidates) for own in found.choices),
        limits=len(found.problem.limits),
        blocks=solved.blocks,
        rows=solved.rows,
        columns=solved.columns,
        nodes=solved.nodes,
        routes=len(made.routes),
        states=spread.states if spread.method == "exact" else 0,
        method=made.method,
        status=made.status,
    )


def _routing(scenario: Scenario, rounds: int, on: dt.date) -> Routing | None:
    """Decisions for clips of a scenario, each for one clip without drafts."""
    clips = {requirements(own): own for own in (_alone(clip) for clip in scenario.clips)}
    router = _router(scenario, on)
    routed = [clip for clip in list(clips.values())[:KINDS] if _is_routed(router, clip)]
    if not routed:
        return None
    times = -(-CALLS // len(routed))
    new: list[float] = []
    remembered: list[float] = []
    for _ in range(rounds):
        # It remembers one requirement, and that is the other one.
        forgetful = _router(scenario, on, remember=1)
        for clip in routed * times:
            forgetful.route(_likewise(clip))
            new.append(_microseconds(forgetful, clip))
        remembered += (_microseconds(router, clip) for clip in routed * times)
    refused = min(len(clips), KINDS) - len(routed)
    return Routing(kinds=len(routed), refused=refused, new=_calls(new), remembered=_calls(remembered))


def _router(scenario: Scenario, on: dt.date, remember: int = 2 * KINDS) -> Router:
    """A router with the rules of a scenario, but for what looks at all clips together."""
    # A single clip has no tail of its own.
    aim = "worst-case" if scenario.objective.minimise == "worst-case" else "expected"
    rules = ("fallback", "outages", "dubbing", "failure_rate", "keep_rate", "bills_failures", "account")
    return Router(
        scenario.catalogs,
        objective=Objective(minimise=aim),
        on=on,
        remember=remember,
        **{name: getattr(scenario, name) for name in rules},
    )


def _alone(clip: Clip) -> Clip:
    return clip.model_copy(update={"count": 1, "drafts": None})


def _likewise(clip: Clip) -> Clip:
    """A clip of other requirements that can be made in the same ways."""
    return clip.model_copy(update={"max_price_usd": None if clip.max_price_usd is not None else _ANY_PRICE})


def _is_routed(router: Router, clip: Clip) -> bool:
    try:
        router.route(clip)
        router.route(_likewise(clip))
    except (NoPlanError, RefusalError):
        return False
    return True


def _microseconds(router: Router, clip: Clip) -> float:
    start = time.perf_counter_ns()
    router.route(clip)
    return (time.perf_counter_ns() - start) / 1e3


def _calls(taken: list[float]) -> Calls:
    ranked = sorted(taken)
    middle, late = (round(ranked[k], 3) for k in (len(ranked) // 2, len(ranked) * 99 // 100))
    return Calls(calls=len(ranked), median_microseconds=middle, p99_microseconds=late)
