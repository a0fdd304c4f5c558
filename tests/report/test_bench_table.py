"""The table of ``router bench``: times in units that suit them, and shares that a person can read."""

from __future__ import annotations

from typing import Any

import router
from router.report.bench_table import bench_table
from router.schema.bench import Bench
from router.schema.scenario import Scenario
from tests.builders import ON


def shown(stages: dict[str, float], **calls: float) -> str:
    """The table of a measurement whose times are these seconds, and whose single decisions took these microseconds."""
    scenario = Scenario.model_validate({"clips": [{"seconds": 5}]})
    stated: dict[str, Any] = router.bench([("one", lambda: scenario)], rounds=1, draws=2, on=ON).model_dump(
        by_alias=True
    )
    (own,) = stated["scenarios"]
    planning = own["measured"]["planning"]
    for one in planning["stages"]:
        one |= dict.fromkeys(("median_seconds", "least_seconds", "most_seconds"), stages.get(one["stage"], 0.0))
    planning["total"] |= dict.fromkeys(("median_seconds", "least_seconds", "most_seconds"), 1.0)
    own["measured"]["routing"]["new"] |= calls
    return bench_table(Bench.model_validate(stated), width=160)


def test_shares_have_one_digit_behind_the_point_however_small() -> None:
    out = shown({"solve": 0.000022, "check": 0.9})
    assert out.split("  solve ")[1].split("\n")[0].split() == ["22", "us"] * 3 + ["0.0%", "▏"]
    assert "90.0%" in out.split("  independent check ")[1].split("\n")[0]


def test_a_slow_decision_is_told_in_milliseconds() -> None:
    out = shown({}, median_microseconds=16.44, p99_microseconds=2570.0)
    assert "on a requirement new to it: 16.4 us, 99 of 100 within 2.57 ms (1 kind of clip, " in out


def test_where_nothing_limits_it_is_not_said_that_no_limit_binds() -> None:
    assert "of 13 offers; 0 limits\n" in shown({})
