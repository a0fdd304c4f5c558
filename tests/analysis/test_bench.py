"""Timing scenarios: what is timed is what planning does, and the figures hang together. No duration is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import router
from router.analysis import bench as module
from router.analysis.bench import bench
from router.analysis.bench_summary import summary
from router.errors import InputError
from router.schema.bench import Bench, Measured, Planning, Sizes, Span, StageSpan
from router.schema.scenario import Scenario
from router.stages import STAGES, Laps, Stage
from tests.builders import ON

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"


def loaded(name: str) -> Scenario:
    return Scenario.load(SCENARIOS / f"{name}.toml")


def of(name: str, **options: Any) -> Measured:
    """One scenario file, timed."""
    (own,) = bench([(name, lambda: loaded(name))], on=ON, **{"rounds": 2, "draws": 50, **options}).scenarios
    assert own.measured is not None
    return own.measured


@pytest.mark.parametrize("name", ["quickstart", "every-limit", "risky-launch", "same-model"])
def test_every_plan_tells_of_all_stages_in_their_order(name: str) -> None:
    laps = Laps()
    router.plan(loaded(name), on=ON, laps=laps)

    assert tuple(laps.seconds) == STAGES


def test_a_plan_without_shadow_prices_tells_of_all_other_stages() -> None:
    laps = Laps()
    router.plan(loaded("budget"), on=ON, laps=laps, shadow_prices=False)

    assert tuple(laps.seconds) == tuple(stage for stage in STAGES if stage != "shadow-prices")


def test_being_told_of_stages_changes_no_plan() -> None:
    assert router.plan(loaded("every-limit"), on=ON, laps=Laps()) == router.plan(loaded("every-limit"), on=ON)


def test_a_lap_begins_where_the_one_before_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 12.0, 12.5])
    monkeypatch.setattr("router.stages.time.perf_counter", lambda: next(times))
    laps = Laps()

    assert (laps.ended("market"), laps.ended("solve")) == (2.0, 0.5)
    assert laps.seconds == {"market": 2.0, "solve": 0.5}


@pytest.mark.parametrize("name", ["quickstart", "budget"])
def test_stages_are_those_of_the_pipeline_and_no_more_than_the_whole(name: str) -> None:
    planning = of(name, rounds=3).planning

    assert tuple(one.stage for one in planning.stages) == STAGES
    for end in ("least_seconds", "median_seconds", "most_seconds"):
        # The sum of each round is below its total, so every order statistic is; figures are rounded to a tenth of a microsecond.
        assert getattr(planning.all_stages, end) <= getattr(planning.total, end) + 1e-6
    least = sum(one.least_seconds for one in planning.stages)
    assert least <= planning.all_stages.least_seconds + 1e-6


def test_medians_lie_between_least_and_most() -> None:
    found = of("quickstart", rounds=4)
    spans = [
        *found.planning.stages,
        found.planning.all_stages,
        found.planning.other,
        found.planning.total,
        found.simulation,
    ]
    assert found.exact is not None
    for span in (*spans, found.exact):
        assert 0 <= span.least_seconds <= span.median_seconds <= span.most_seconds
    assert found.routing is not None
    for calls in (found.routing.new, found.routing.remembered):
        assert 0 < calls.median_microseconds <= calls.p99_microseconds


def test_sizes_are_those_of_the_plan() -> None:
    sizes, made = of("every-limit").sizes, router.plan(loaded("every-limit"), on=ON)

    assert (sizes.rows, sizes.columns, sizes.blocks) == (made.solved.rows, made.solved.columns, made.solved.blocks)
    assert (sizes.method, sizes.status, sizes.clips) == (made.method, made.status, made.totals.clips)
    # By hand: the file has four clips, one of which wants drafts, a class of their own.
    assert (sizes.lines, sizes.classes) == (4, 5)


def test_every_round_loads_and_plans_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    loads, plans = [], []
    planned = module.plan

    def load() -> Scenario:
        loads.append(loaded("quickstart"))
        return loads[-1]

    def plan(scenario: Scenario, **options: Any) -> Any:
        plans.append(scenario)
        return planned(scenario, **options)

    monkeypatch.setattr(module, "plan", plan)
    bench([("own", load)], rounds=3, draws=10, on=ON)

    # Once before the rounds, which is not timed.
    assert len(loads) == 4
    assert [id(one) for one in plans] == [id(one) for one in loads]


def test_decisions_that_are_called_new_are_worked_out_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    timed, chosen = [], []
    call, choose = module._microseconds, module.Router

    def microseconds(own: Any, clip: Any) -> float:
        before = len(chosen)
        took = call(own, clip)
        timed.append(len(chosen) - before)
        return took

    def watched(*arguments: Any, **options: Any) -> Any:
        own = choose(*arguments, **options)
        work_out = own._chooser._choose
        own._chooser._choose = lambda *given: chosen.append(1) or work_out(*given)
        return own

    monkeypatch.setattr(module, "_microseconds", microseconds)
    monkeypatch.setattr(module, "Router", watched)
    for name in ("quickstart", "account"):  # Of several kinds of clips, and of one
        timed.clear()
        routing = of(name, rounds=1).routing
        assert routing is not None
        assert timed == [1] * routing.new.calls + [0] * routing.remembered.calls


def test_clips_that_a_router_refuses_are_counted_and_not_timed() -> None:
    clips = [{"id": "a", "seconds": 5}, {"id": "b", "seconds": 5, "audio": "native", "value_usd": 0.01}]
    (own,) = bench([("own", lambda: Scenario(clips=clips))], rounds=1, draws=10, on=ON).scenarios

    assert own.measured is not None
    assert own.measured.routing is not None
    assert (own.measured.routing.kinds, own.measured.routing.refused) == (1, 1)

    (other,) = bench([("own", lambda: Scenario(clips=clips[1:]))], rounds=1, draws=10, on=ON).scenarios
    assert other.measured is not None
    assert other.measured.routing is None
    assert "no clip is routed by itself: each is refused" in other.measured.notes


def test_what_has_no_exact_distribution_says_so() -> None:
    def load() -> Scenario:
        outages = {"correlation": "over-time", "availability": {"kling-o3": 0.9}}
        timing = {"repair_minutes": 5, "run_minutes": 60}
        return Scenario(clips=[{"id": "a", "seconds": 5}], outages={**outages, **timing})

    (own,) = bench([("own", load)], rounds=1, draws=10, on=ON).scenarios

    assert own.measured is not None
    assert own.measured.exact is None
    assert "over time have no exact distribution" in own.measured.notes[0]


def test_a_scenario_without_a_plan_is_named_beside_the_others() -> None:
    names = ("infeasible-clip", "quickstart", "infeasible-limits")
    found = bench([(name, lambda name=name: loaded(name)) for name in names], rounds=1, draws=10, on=ON)

    assert [own.scenario for own in found.scenarios] == list(names)
    assert [own.measured is None for own in found.scenarios] == [True, False, True]
    assert "none of 13 offers is eligible" in found.scenarios[0].no_plan
    assert found.scenarios[2].load.least_seconds <= found.scenarios[2].load.most_seconds
    assert Bench.model_validate_json(found.model_dump_json(by_alias=True)) == found


def test_progress_is_told_round_by_round() -> None:
    told: list[tuple[int, int]] = []
    names = ("quickstart", "infeasible-clip")
    bench(
        [(name, lambda name=name: loaded(name)) for name in names],
        rounds=2,
        draws=10,
        on=ON,
        progress=lambda *done: told.append(done),
    )

    assert told == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(("rounds", "given", "says"), [(0, 1, "rounds must be 1 or more"), (1, 0, "no scenario")])
def test_senseless_numbers_are_refused(rounds: int, given: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        bench([("own", lambda: loaded("quickstart"))] * given, rounds=rounds)


def said(longest: Stage, **sizes: Any) -> str:
    """What is said where one stage takes 72 of 100 seconds."""

    def span(seconds: float) -> dict[str, float]:
        return {"median_seconds": seconds, "least_seconds": seconds, "most_seconds": seconds}

    stages = tuple(StageSpan(stage=stage, **span(72 if stage == longest else 2)) for stage in STAGES)
    planning = Planning(stages=stages, all_stages=Span(**span(92)), other=Span(**span(8)), total=Span(**span(100)))
    plain = {
        "lines": 20, "clips": 40, "classes": 12, "catalogs": 1, "offers": 13, "candidates": 50, "limits": 3, "blocks": 1, "rows": 15,
        "columns": 50, "nodes": 1, "routes": 9, "states": 4, "method": "solver", "status": "optimal",
    }  # fmt: skip
    return summary(Sizes.model_validate({**plain, **sizes}), planning)


def test_the_longest_stage_is_named_with_its_share_and_sizes() -> None:
    assert said("solve").startswith(
        "72% of planning is the solve (3 limits couple 12 classes: 15 rows and 50 columns in 1 part); `router plan --time-limit"
    )
    assert said("check") == "72% of planning is the independent check (9 routes for 20 clip lines, 3 limits)"
    assert said("shadow-prices").endswith("; `router plan --no-shadow-prices` leaves them out")


def test_no_advice_is_given_where_none_helps() -> None:
    free = said("solve", method="argmin", rows=0, columns=0, blocks=0, nodes=0)

    assert free == "72% of planning is the solve (12 classes, each on its cheapest way, as no limit binds)"
    assert said("solve", limits=0).startswith("72% of planning is the solve (12 classes: 15 rows")


def test_every_stage_has_its_sentence() -> None:
    sentences = {said(stage) for stage in STAGES}

    assert len(sentences) == len(STAGES)
