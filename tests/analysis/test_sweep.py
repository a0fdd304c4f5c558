"""Sweeps: every point is the plan of its own, changes are found to the last decimal, and nobody can tell who worked them out."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.analysis.straight import straight
from router.analysis.study import Study
from router.analysis.sweep import MOST_POINTS, axis, sweep
from router.errors import InputError
from router.loading.overrides import overridden
from router.pipeline import plan
from router.schema.sweep import Sweep
from tests.analysis.sweeping import by_itself, random_axes, random_given
from tests.builders import ON, catalog, model, scenario

CLIP = {"id": "a", "seconds": 10, "count": 10}


def offer(rate: str) -> list[dict[str, Any]]:
    return [{"audio": False, "price_per_second": rate}]


def shop(*rates: str) -> Any:
    """10 s cost ten times the rate; models a, b, c in this order."""
    return catalog(*(model(name, offer(rate)) for name, rate in zip("abc", rates, strict=False)))


@pytest.mark.parametrize("seed", range(6))
def test_every_point_is_what_its_own_plan_comes_to(seed: int) -> None:
    rng, given = random.Random(seed), random_given(seed)
    for text in rng.sample(axes := random_axes(rng, given, 17), min(3, len(axes))):
        found = sweep(given, [text], on=ON)
        for point in found.points:
            wanted = by_itself(given, found, point)
            assert {name: getattr(point, name) for name in wanted} == wanted, (seed, text, point.at)


def test_packs_that_were_bought_stay_bought_where_nothing_is_solved() -> None:
    # A pack pays for $10 of the ten clips of $1.00, for $5.
    given = scenario(
        [CLIP], shop("0.1"), packs=[{"provider": "p", "pays_for_usd": 10, "price_usd": 5}], limits={"budget_usd": 9}
    )
    found = sweep(given, ["limits.budget_usd=5:9:0.5"], on=ON)
    assert {point.expected_usd for point in found.points} == {Decimal(5)}


def test_a_price_that_rises_is_paid_until_another_model_is_as_cheap() -> None:
    # Of $0.10 and $0.12 a second the first is the cheaper one until it costs 1.2 times as much; at a tie the first of the catalog is kept.
    found = sweep(scenario([CLIP], shop("0.10", "0.12")), ["offers.a.*.price*=1:1.5:0.1"], on=ON)
    assert [str(point.expected_usd) for point in found.points] == [
        "10.000000", "11.000000", "12.000000", "12.000000", "12.000000", "12.000000",
    ]  # fmt: skip
    (change,) = found.changes
    assert (change.until, change.since) == ("1.2", "1.200001")
    assert change.moved == ("10 x p/a -> p/b",)
    assert [point.changed for point in found.points] == [False, False, False, True, False, False]


def test_several_changes_between_two_values_are_all_found() -> None:
    # Five clips may use model b alone, which takes them from a at 0.11 / 0.10; the other five wait for c at 0.12 / 0.10.
    clips = [{**CLIP, "count": 5, "models": ["a", "b"]}, {**CLIP, "id": "c", "count": 5, "models": ["a", "c"]}]
    found = sweep(scenario(clips, shop("0.10", "0.11", "0.12")), ["offers.a.*.price*=1,2"], on=ON)
    assert [(one.until, one.since, one.moved) for one in found.changes] == [
        ("1.1", "1.100001", ("5 x p/a -> p/b",)),
        ("1.2", "1.200001", ("5 x p/a -> p/c",)),
    ]


def test_more_changes_than_are_followed_are_told() -> None:
    clips = [{**CLIP, "id": f"c{k}", "count": 1, "seconds": 10, "not_models": ["b"] if k % 2 else []} for k in range(4)]
    given = scenario(clips, shop("0.10", "0.11", "0.12"), limits={"caps": [{"where": {"model": "a"}, "max_clips": 0}]})
    found = sweep(given, ["limits.caps[0].max_clips=0,4"], on=ON)
    # Each clip more that may go to a goes there; three steps are followed.
    assert [(one.until, one.since, one.more) for one in found.changes] == [
        ("0", "1", False), ("1", "2", False), ("2", "3", True),
    ]  # fmt: skip


def test_a_budget_below_which_there_is_no_plan_is_found_to_the_micro_dollar() -> None:
    found = sweep(scenario([CLIP], shop("0.1"), limits={"budget_usd": 20}), ["limits.budget_usd=8:12:1"], on=ON)
    assert [point.expected_usd for point in found.points] == [None, None, 10, 10, 10]
    assert "no plan" in found.points[0].no_plan
    (change,) = found.changes
    assert (change.until, change.since, change.moved) == ("9.999999", "10", ("there is a plan",))


def test_falling_values_are_followed_downwards() -> None:
    found = sweep(scenario([CLIP], shop("0.10", "0.12")), ["offers.a.*.price*=1.5:1:-0.1"], on=ON)
    (change,) = found.changes
    assert (change.until, change.since) == ("1.200001", "1.2")


def test_two_axes_make_every_pair_and_words_have_no_changes_between_them() -> None:
    given = scenario([CLIP], shop("0.10", "0.12"))
    found = sweep(given, ["fallback.direction=none,any", "offers.a.*.price*=1,1.3"], on=ON)
    assert [point.at for point in found.points] == [("none", "1"), ("none", "1.3"), ("any", "1"), ("any", "1.3")]
    assert [str(point.worst_per_request_usd) for point in found.points] == [
        "10.000000", "12.000000", "12.000000", "13.000000",
    ]  # fmt: skip
    assert [change.at for change in found.changes] == [("none",), ("any",)]
    words = sweep(given, ["fallback.direction=none,any"], on=ON)
    assert words.changes == ()


def test_little_is_solved_where_costs_run_straight() -> None:
    study = Study(scenario([CLIP], shop("0.10", "0.12")), ON)
    low, high = (study.answer([f"offers.a.*.price*={factor}"]) for factor in ("0.5", "1.1"))
    assert straight("offers.a.*.price", low, high)
    assert not straight("clips.a.seconds", low, high)
    held = study.held(low, ["offers.a.*.price*=1.1"])
    assert held is not None
    assert held.expected_usd == high.expected_usd == 11
    assert study.solved == 2


STRAIGHT_NO_MORE: dict[str, dict[str, Any]] = {
    "a worst case that is bounded": {"limits": {"worst_case_usd": 1000}},
    "a cap in dollars": {"limits": {"caps": [{"where": {"model": "a"}, "max_usd": 1000}]}},
    "another aim": {"objective": {"minimise": "worst-case"}},
    "a pack": {"packs": [{"provider": "p", "pays_for_usd": 10, "price_usd": 5}]},
    "a clip that may be left out under a budget": {
        "limits": {"budget_usd": 1000}, "clips": [{**CLIP, "value_usd": 100}],
    },
}  # fmt: skip


@pytest.mark.parametrize("fields", STRAIGHT_NO_MORE.values(), ids=STRAIGHT_NO_MORE)
def test_a_price_does_not_run_straight_with(fields: dict[str, Any]) -> None:
    clips = fields.get("clips", [CLIP])
    study = Study(scenario(clips, shop("0.10", "0.12"), **{k: v for k, v in fields.items() if k != "clips"}), ON)
    low, high = (study.answer([f"offers.a.*.price*={factor}"]) for factor in ("1", "1.1"))
    assert low.ways == high.ways
    assert not straight("offers.a.*.price", low, high)


def priced(name: str, rate: str, **fields: Any) -> dict[str, Any]:
    own = {"price_minimum": fields.pop("price_minimum")} if "price_minimum" in fields else {}
    more = {"price_per_generation": fields.pop("price_per_generation")} if "price_per_generation" in fields else {}
    return model(name, [{"audio": False, "price_per_second": rate, **own, **more}], **fields)


BENT: dict[str, tuple[Any, list[str], dict[str, Any]]] = {
    "a least price of a generation": (
        catalog(priced("q", "0.098", price_minimum="1.05"), priced("p", "0.08", price_per_generation="0.2")),
        ["offers.*.*.price_per_second*=1:1.3:0.01"],
        {"fallback": {"direction": "none"}},
    ),
    "what the other axis sets": (
        catalog(
            priced("ka", "0.1", provider="n"), priced("y", "0.11", provider="s", availability="0.99"), priced("kb", "0.2", provider="s")
        ),
        ["limits.worst_case_usd=26", "offers.k?.*.price*=1:3:0.02"],
        {},
    ),
    "prices that are equal but for rounding": (
        catalog(
            priced("x", "0.0123453", availability="0.5"),
            priced("y", "0.0123453", seconds={"choices": [5]}),
            priced("z", "1"),
        ),
        ["offers.?.*.price*=1:2:0.01"],
        {"fallback": {"direction": "cheaper", "unserved_usd": 3}, "clips": [{**CLIP, "max_segments": 2}]},
    ),
    "several chances of one chain": (
        catalog(priced("y", "0.1"), priced("x", "0.3")),
        ["models.*.availability=0,0.5,0.86,0.9,0.92,0.94,0.96,0.97,0.98,0.99,1"],
        {"fallback": {"direction": "cheaper", "unserved_usd": 20}},
    ),
    "a model of two providers": (
        catalog(priced("x", "0.1"), priced("x", "0.2", provider="r")),
        ["outages.availability.x=0:1:0.05"],
        {"fallback": {"across": "all", "unserved_usd": 20}},
    ),
    "ties that worst cases break": (
        catalog(
            priced("x", "0.1", provider="n"), priced("fz", "0.2", provider="n"),
            priced("y", "0.1", provider="s"), priced("fu", "0.1", provider="s", seconds={"choices": [20]}),
        ),
        ["offers.f?.*.price_per_second+=0:0.3:0.01"],
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sold", "axes", "fields"), BENT.values(), ids=BENT)
def test_what_bends_a_line_is_solved(
    monkeypatch: pytest.MonkeyPatch, sold: Any, axes: list[str], fields: dict[str, Any]
) -> None:
    monkeypatch.setattr("router.analysis.sweep.RUNS", 1)
    clips = fields.get("clips", [CLIP])
    given = scenario(clips, sold, **{name: value for name, value in fields.items() if name != "clips"})
    found = sweep(given, axes, on=ON)
    for point in found.points:
        wanted = by_itself(given, found, point)
        assert {name: getattr(point, name) for name in wanted} == wanted, point.at


def test_values_that_are_not_allowed_are_refused_between_others_without_a_plan() -> None:
    given = scenario([{**CLIP, "count": 30}], shop("0.1"), limits={"caps": [{"where": {"model": "a"}, "max_clips": 9}]})
    with pytest.raises(InputError, match="must be a whole number"):
        sweep(given, ["limits.caps[0].max_clips=0,0.5,1,2,3,4,5,6,7,8,9"], on=ON)


@pytest.mark.parametrize("values", ["1,1.5,1.1,1.4", "1,1.5,1.1,1.4,1.05,1.45,1.01,1.41,1.02"])
def test_between_values_in_no_order_nothing_is_looked_for(values: str) -> None:
    found = sweep(scenario([CLIP], shop("0.10", "0.12")), [f"offers.a.*.price*={values}"], on=ON)
    assert found.changes == ()
    assert any(point.changed for point in found.points)


def test_a_path_may_end_in_a_star() -> None:
    given = scenario([CLIP], shop("0.1", "0.2"), outages={"availability": {"a": "0.9", "b": "0.9"}})
    for text in ("outages.availability.*=0.5,1", "outages.availability.* =0.5,1"):
        found = sweep(given, [text], on=ON)
        assert found.axes[0].path == "outages.availability.*"
        for point in found.points:
            both = {name: Decimal(point.at[0]) for name in ("a", "b")}
            alone = scenario([CLIP], shop("0.1", "0.2"), outages={"availability": both})
            assert point.expected_usd == plan(alone, on=ON).totals.expected_usd


def test_clips_that_were_not_asked_for_are_not_called_left_out() -> None:
    found = sweep(scenario([CLIP], shop("0.1")), ["clips.a.count=10,11"], on=ON)
    assert [change.moved for change in found.changes] == [("1 x not asked for -> p/a",)]


def test_threads_work_it_out_the_same() -> None:
    given, axes = random_given(4), ["offers.alpha.*.price*=0.5:2:0.1"]
    alone = sweep(given, axes, on=ON)
    with ThreadPoolExecutor(3) as executor:
        assert sweep(given, axes, on=ON, executor=executor) == alone


IN_PROCESSES = """
import datetime as dt, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from router import Scenario, sweep

def main():
    given, axes, day = Scenario.load(sys.argv[1]), ["offers.kling-o3.*.price*=0.8:1.4:0.05"], dt.date(2026, 4, 10)
    alone = sweep(given, axes, on=day).model_dump_json()
    if sys.argv[2] == "dask":
        from distributed import Client, LocalCluster
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
            found = sweep(given, axes, on=day, executor=client.get_executor())
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
            found = sweep(given, axes, on=day, executor=executor)
    print(found.model_dump_json() == alone)

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("kind", ["spawn", "dask"])
def test_processes_and_a_dask_cluster_work_out_the_same_bytes(tmp_path: Path, kind: str) -> None:
    if kind == "dask":
        pytest.importorskip("distributed", reason="needs dask's distributed")
    (tmp_path / "script.py").write_text(IN_PROCESSES)
    file = Path(__file__).parents[2] / "scenarios/quickstart.toml"
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(file), kind], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip().endswith("True"), done.stderr[-2000:]


def test_progress_is_told_point_by_point_of_all() -> None:
    told: list[tuple[int, int]] = []
    sweep(scenario([CLIP], shop("0.1")), ["limits.budget_usd=10:20:1"], on=ON, progress=lambda *n: told.append(n))
    assert told[-1] == (11, 11)
    assert told == sorted(told)


def test_it_survives_being_written_and_read() -> None:
    found = sweep(scenario([CLIP], shop("0.1", "0.2")), ["offers.a.*.price*=1,3"], on=ON)
    assert Sweep.model_validate_json(found.model_dump_json(by_alias=True)) == found


REFUSED = {
    "no values": ("limits.budget_usd=", "names no value"),
    "a gap": ("limits.budget_usd=1,,2", "names no value"),
    "no step": ("limits.budget_usd=1:2:0", "has a step of 0, which must not be 0"),
    "a step away": ("limits.budget_usd=1:2:-1", "has a step of -1, which leads away from 2"),
    "no numbers": ("limits.budget_usd=a:b:c", "must run from:to:step"),
    "twice the same": ("limits.budget_usd=1,1", "names a value twice"),
    "twice the same number": ("limits.budget_usd=18,18.0,20", "names a value twice"),
    "too many": ("limits.budget_usd=0:1:0.000001", f"more than {MOST_POINTS:,}"),
    "no path": ("limits.budgt=1,2", "did you mean `limits.budget_usd`?"),
    "no such value": ("clips.*.audio=none,loud", "must be none | native | deferred | any"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_swept_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        sweep(scenario([CLIP], shop("0.1")), [text], on=ON)
    assert message in str(refused.value)


def test_three_axes_are_too_many() -> None:
    with pytest.raises(InputError, match="one axis or two"):
        sweep(scenario([CLIP], shop("0.1")), ["title=a,b", "title=c,d", "title=e,f"], on=ON)


def test_an_axis_keeps_its_operator_and_exact_values() -> None:
    assert axis("offers.a.*.price*=0.9:1.1:0.1").values == ("0.9", "1.0", "1.1")
    assert axis("limits.budget_usd+=1,2").operator == "+="


def test_a_change_is_one_of_the_plans_themselves() -> None:
    given = scenario([CLIP], shop("0.10", "0.12"))
    (change,) = sweep(given, ["offers.a.*.price*=1,2"], on=ON).changes
    models = [
        plan(overridden(given, [f"offers.a.*.price*={value}"]), on=ON).routes[0].model
        for value in (change.until, change.since)
    ]
    assert models == ["a", "b"]


def test_a_length_that_grows_with_the_clip_is_no_change_of_plan() -> None:
    # a makes any length at $0.10 a second, b 10 s for $0.85: above 8.5 s b is cheaper, and nothing else changes.
    any_length = model("a", offer("0.10"), seconds={"min": 2, "max": 20, "step": 0}, rounding="none")
    steps = model("b", [{"audio": False, "prices": {"10": "0.85"}}], seconds={"choices": [10]})
    given = scenario([{**CLIP, "seconds": 8}], catalog(any_length, steps))
    (change,) = sweep(given, ["clips.a.seconds=8:9:0.25"], on=ON).changes
    # 8.500005 s come to $0.8500005, which is $0.85 rounded half to even.
    assert (change.until, change.since, change.more) == ("8.500005", "8.500006", False)
    assert change.moved == ("10 x p/a -> p/b",)


def test_another_split_of_a_length_is_no_change_of_plan() -> None:
    # 14 s cost 14 times the rate however they are split, but for the rounding of each part, up to the rate of b.
    priced = {"unit": "credit", "units_per_usd": "72"}
    sold = catalog(
        *(
            model(name, offer(rate), seconds={"min": 3, "max": 10, "step": 1})
            for name, rate in (("a", "5"), ("b", "7"))
        ),
        **priced,
    )
    given = scenario([{**CLIP, "seconds": 14, "max_segments": 3}], sold)
    (change,) = sweep(given, ["offers.a.*.price=5:8:1"], on=ON).changes
    assert change.moved == ("10 x p/a -> p/b",)
    assert abs(Decimal(change.since) - 7) < Decimal("0.0001")
