"""How many clips a row is, and what may not be set anew where rows are classes."""

from __future__ import annotations

from typing import Any

import pytest

import router
from router.errors import InputError
from tests.builders import ON
from tests.bulk.tables import ORDERED, by_route, frame_of, planned_counts, routed
from tests.loading.messages import written

CAPPED = {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 3}]}


@pytest.mark.parametrize("limits", [{}, CAPPED], ids=["one route", "two routes"])
def test_counts_of_a_text_may_be_spelt_in_any_way_that_a_scenario_reads(tmp_path: Any, limits: dict[str, Any]) -> None:
    """Two clips, three, ten, one for want of a count (twice), twenty."""
    path = written(tmp_path, 'id,seconds,count\na,5,2.0\nb,5, 3\nc,5,1e1\nd,5,""\ne,5," "\nf,5,2_0\n', "t.csv")
    made = router.plan_table(path, {"limits": limits}, on=ON)
    found = routed(made)
    assert by_route(found) == planned_counts(made)
    clips = {name: sum(row["route.count"] for row in found if row["id"] == name) for name in "abcdef"}
    assert clips == {"a": 2, "b": 3, "c": 10, "d": 1, "e": 1, "f": 20}


@pytest.mark.parametrize("limits", [{}, CAPPED], ids=["one route", "two routes"])
@pytest.mark.parametrize("engine", ORDERED)
def test_a_row_that_states_no_count_is_as_many_clips_as_the_defaults_say(engine: str, limits: dict[str, Any]) -> None:
    for rows, counts in (([{}, {}], [3, 3]), ([{"count": 2}, {}], [2, 3])):
        clips = [{"seconds": 5, **row} for row in rows]
        rules = {"limits": limits, "defaults": {"count": 3}}
        made = router.plan_table(
            ORDERED[engine](frame_of([{**clip, "n": n} for n, clip in enumerate(clips)])),
            {**rules, "columns": {"carry": ["n"]}},
            on=ON,
        )
        one_by_one = router.plan(router.Scenario.model_validate({"clips": clips, **rules}), on=ON)
        assert made.plan.totals.expected_usd == one_by_one.totals.expected_usd
        found = routed(made)
        assert by_route(found) == planned_counts(made)
        assert [sum(row["route.count"] for row in found if row["n"] == n) for n in (0, 1)] == counts


def test_rows_may_state_nothing_where_the_defaults_state_all(tmp_path: Any) -> None:
    path = written(tmp_path, "id\na\n\nb\n", "t.csv")
    made = router.plan_table(path, {"defaults": {"seconds": 5}}, on=ON)
    assert (made.rows, [row["id"] for row in routed(made)]) == (2, ["a", "b"])


def test_a_billion_clips_are_one_class_and_more_are_refused(tmp_path: Any) -> None:
    path = written(tmp_path, "seconds,count\n5,999999999\n5,1\n", "t.csv")
    assert router.plan_table(path, on=ON).plan.totals.served == 10**9
    path = written(tmp_path, "seconds,count\n5,999999999\n5,2\n", "t.csv")
    with pytest.raises(InputError, match=r"t\.csv: 1,000,000,001 clips ask for the same \(5 s text-to-video\)"):
        router.plan_table(path, on=ON)


@pytest.mark.parametrize(
    ("count", "said"),
    [("0", "at least 1, not 0"), ("-1", "at least 1, not -1"), ("1000000001", "at most 1,000,000,000"), ("1.5", "whole number"),
     ("9" * 30, "whole number"), ("two", "whole number"), ("nan", "whole number"), ("true", "whole number")],
)  # fmt: skip
def test_counts_that_are_none_are_bad_rows(count: str, said: str, tmp_path: Any) -> None:
    path = written(tmp_path, f"seconds,count\n5,1\n5,{count}\n", "t.csv")
    with pytest.raises(InputError, match=rf"t\.csv:3: `count` must be .*{said}"):
        router.plan_table(path, on=ON)
    assert router.plan_table(path, on=ON, skip_bad_rows=True).plan.totals.served == 1


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ("clips.*.count=7", "which clips there are, and how many"),
        ('clips=[{id="q",seconds=3}]', "which clips there are, and how many"),
        ("defaults.seconds=7", "`defaults` must stand in the scenario itself"),
        ("limits.groups=same-model", "`limits.groups` must stand in the scenario itself"),
    ],
)
def test_what_decides_which_rows_are_one_class_cannot_be_set_anew(sets: str, said: str) -> None:
    with pytest.raises(InputError, match=f"--set: {said}"):
        router.plan_table(frame_of([{"seconds": 5}, {"seconds": 5}]), on=ON, sets=[sets])


def test_what_else_is_set_anew_holds_for_every_row() -> None:
    table = frame_of([{"seconds": 5}, {"seconds": 10}])
    made = router.plan_table(table, on=ON, sets=["clips.*.audio=native"])
    assert [row["route.audio"] for row in routed(made)] == ["native", "native"]


@pytest.mark.parametrize("group", [True, False], ids=["labels", "no labels"])
def test_groups_bind_whether_or_not_rows_have_labels(group: bool) -> None:
    rows = [{"seconds": 5, **({"group": "g"} if group else {}), "audio": audio} for audio in ("none", "native")]
    rules = {"limits": {"groups": "same-model"}}
    made = router.plan_table(frame_of(rows), rules, on=ON)
    one_by_one = router.plan(router.Scenario.model_validate({"clips": rows, **rules}), on=ON)
    assert made.plan.totals.expected_usd == one_by_one.totals.expected_usd
    assert len({row["route.model"] for row in routed(made)}) == 1 or not group
