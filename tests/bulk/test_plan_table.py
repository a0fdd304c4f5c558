"""A table planned by its classes is the plan of its clips one by one, and every clip is routed once, as its row asks."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import router
from router.bulk.plan_table import TablePlan
from router.errors import NoPlanError
from router.units import RESOLUTION_RANK
from tests.builders import ON
from tests.bulk.tables import ENGINES, Rows, by_route, frame_of, planned_counts, routed

OWN = ("n", "customer")
"""Columns of the user's own."""
FIELDS: dict[str, tuple[Any, ...]] = {
    "seconds": (5, 10, 7),
    "count": (None, 1, 2, 5),
    "resolution": (None, "720p", "1080p"),
    "audio": (None, "none", "native"),
    "models": (None, ["kling-3.0", "kling-o3"], ["kling-3.0"]),
    "not_models": (None, ["None"]),
    "value_usd": (None, 1, 2),
    "drafts.count": (None, 2),
    "group": (None, "None", "g"),
}


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Up to eight rows of fields with gaps; rows that are equal are common."""
    names = ["seconds", *draw(st.sets(st.sampled_from(sorted(FIELDS.keys() - {"seconds"}))))]
    kinds = draw(
        st.lists(st.fixed_dictionaries({name: st.sampled_from(FIELDS[name]) for name in names}), min_size=1, max_size=3)
    )
    rows = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=8))
    return [{**row, "n": n, "customer": f"c{n % 2}"} for n, row in enumerate(rows)]


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    """Limits that leave a class to several routes, or leave clips out."""
    cap = {"where": {"model": "kling-3.0"}, "max_clips": draw(st.integers(0, 6))}
    choices: dict[str, Any] = {
        "caps": [cap],
        "budget_usd": draw(st.sampled_from((1, 3, 6, 12))),
        "groups": "same-model",
    }
    return {name: choices[name] for name in draw(st.sets(st.sampled_from(sorted(choices))))}


def clips_of(rows: Rows) -> list[dict[str, Any]]:
    """The rows as clips of a scenario."""
    clips = []
    for row in rows:
        clip = {name: value for name, value in row.items() if value is not None and name not in OWN}
        drafts = clip.pop("drafts.count", None)
        clips.append({**clip, **({} if drafts is None else {"drafts": {"count": drafts}})})
    return clips


def one_by_one(rows: Rows, own_limits: dict[str, Any]) -> router.Plan | None:
    scenario = router.Scenario.model_validate({"clips": clips_of(rows), "limits": own_limits})
    try:
        return router.plan(scenario, on=ON, shadow_prices=False)
    except NoPlanError:
        return None


def by_classes(table: Any, own_limits: dict[str, Any]) -> TablePlan | None:
    rules = {"limits": own_limits, "columns": {"carry": list(OWN)}}
    try:
        return router.plan_table(table, rules, on=ON, shadow_prices=False)
    except NoPlanError:
        return None


def kinds_of(rows: Rows) -> dict[str, Any]:
    """What polars cannot tell of a column that is missing throughout is left to it."""
    import polars as pl

    kinds = {
        "models": pl.List(pl.String),
        "not_models": pl.List(pl.String),
        "resolution": pl.String,
        "audio": pl.String,
    }
    return {name: kind for name, kind in kinds.items() if name in rows[0]}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), limits(), st.sampled_from((1, 7, 2**16)))
def test_a_table_costs_what_its_clips_cost_and_its_rows_are_the_plan(
    rows: Rows, own_limits: dict[str, Any], block: int
) -> None:
    expected, made = one_by_one(rows, own_limits), by_classes(frame_of(rows, kinds_of(rows)), own_limits)
    assert (expected is None) == (made is None)
    if expected is None or made is None:
        return
    assert made.plan.totals.objective_usd == expected.totals.objective_usd
    assert made.plan.totals.served == expected.totals.served
    with mock.patch("router.bulk.routed.BLOCK", block):
        found = routed(made)
    assert by_route(found) == planned_counts(made)
    assert [row["n"] for row in found] == sorted(row["n"] for row in found)
    for n, row in enumerate(rows):
        own = [other for other in found if other["n"] == n]
        assert all(other[name] == row[name] for other in own for name in row)
        routed_as_asked(row, own, made)


def routed_as_asked(row: dict[str, Any], own: Rows, made: TablePlan) -> None:
    """Each clip of a row once, by a route that makes what the row asks for, and its drafts if it is made."""
    count, drafts = row.get("count") or 1, row.get("drafts.count")
    finals = [other for other in own if not other.get("route.draft")]
    ranks = [
        rank for other in finals for rank in range(other["route.first"], other["route.first"] + other["route.count"])
    ]
    assert sorted(ranks) == list(range(1, count + 1))
    kept = [other for other in finals if other["route.left_out"] is None]
    assert all(row.get("value_usd") is not None for other in finals if other not in kept)
    assert sum(other["route.count"] for other in own if other.get("route.draft")) == sum(
        other["route.count"] for other in kept
    ) * (drafts or 0)
    for other in kept:
        assert other["route.billed_seconds"] >= row["seconds"]
        assert row.get("models") is None or other["route.model"] in row["models"]
        assert row.get("audio") != "native" or other["route.audio"] == "native"
        wanted = row.get("resolution")
        assert wanted is None or RESOLUTION_RANK[other["route.resolution"]] >= RESOLUTION_RANK[wanted]


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), limits())
def test_every_engine_routes_each_clip_once_at_the_same_cost(
    engine: str, rows: Rows, own_limits: dict[str, Any]
) -> None:
    if engine == "pandas":  # Its own kinds know no lists: they are texts
        rows = [
            {name: ";".join(value) if isinstance(value, list) else value for name, value in row.items()} for row in rows
        ]
        table = frame_of(rows)
        rows = [{**row, "models": row["models"].split(";")} if row.get("models") else row for row in rows]
    else:
        table = frame_of(rows, kinds_of(rows))
    expected, made = (
        one_by_one([{**row, "not_models": None} for row in rows], own_limits),
        by_classes(ENGINES[engine](table), own_limits),
    )
    assert (expected is None) == (made is None)
    if expected is None or made is None:
        return
    assert made.plan.totals.objective_usd == expected.totals.objective_usd
    found = routed(made)
    assert by_route(found) == planned_counts(made)
    for n, row in enumerate(rows):
        routed_as_asked(row, [other for other in found if other["n"] == n], made)
