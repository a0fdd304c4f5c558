"""What counts as a loss against what was recorded, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.comparison import Finding, compared, lost, said
from benchmarks.recorded import Record
from benchmarks.result import Line

BEFORE = Record("0.1.0", "python -m benchmarks tiny", 3, 60.0, {"cores": 2, "processor": "x"}, {"Python": "3.11"}, ())
OTHER_MACHINE = replace(BEFORE, machine={"cores": 64, "processor": "y"})
OTHER_LIMIT = replace(BEFORE, limit_seconds=20.0)


def held(old: Line, new: Line | None, run: Record = BEFORE, again: Line | None = None) -> list[Finding]:
    now = replace(run, lines=() if new is None else (new,))
    return compared("tiny", replace(BEFORE, lines=(old,)), now, () if again is None else (again,))


def verdicts(findings: list[Finding]) -> list[str]:
    return [finding.verdict for finding in findings]


@pytest.mark.parametrize(
    ("now", "expected"),
    # Of a ratio of 10: 8.1 has lost 19 %, 8 has lost 20 %, 7.9 has lost 21 %.
    [(12.0, []), (10.0, []), (8.1, []), (8.0, []), (7.9, ["lost"]), (1.0, ["lost"])],
)
def test_a_ratio_may_lose_20_percent_and_no_more(now: float, expected: list[str]) -> None:
    findings = held(Line("a", 10.0), Line("a", now))

    assert verdicts(findings) == expected
    assert any(finding.fails for finding in findings) == bool(expected)


def test_a_loss_says_what_was_recorded_what_is_now_and_how_much_was_lost() -> None:
    (finding,) = held(Line("a", 10.0), Line("a", 7.9))

    assert (finding.recorded, finding.now, finding.loss) == ("10", "7.9", "21.0%")
    text = said([finding], 1)
    assert "1 lines; ratios that lost more than 20%: 1; counts that rose: 0" in text
    assert "| **fails** | tiny | a | ratio | 10 | 7.9 | 21.0% |" in text


def test_ratios_are_compared_across_machines_and_limits() -> None:
    for run in (OTHER_MACHINE, OTHER_LIMIT):
        assert verdicts(held(Line("a", 10.0), Line("a", 7.9), run)) == ["lost"]


def test_of_two_measurements_the_better_counts() -> None:
    bad, good = Line("a", 5.0), Line("a", 9.0)

    assert held(Line("a", 10.0), bad, again=good) == []
    assert held(Line("a", 10.0), good, again=bad) == []
    (finding,) = held(Line("a", 10.0), bad, again=Line("a", 6.0))
    assert finding.loss == "40.0%"


@pytest.mark.parametrize(("now", "expected"), [(7, ["more"]), (6, []), (5, ["told"])])
def test_a_count_that_rose_fails_and_one_that_fell_is_told(now: int, expected: list[str]) -> None:
    assert verdicts(held(Line("a", counts={"rows": 6}), Line("a", counts={"rows": now}))) == expected


def test_a_count_that_rose_in_either_measurement_fails() -> None:
    six, seven = Line("a", 10.0, counts={"rows": 6}), Line("a", 10.0, counts={"rows": 7})

    assert verdicts(held(six, six, again=seven)) == ["more"]
    assert verdicts(held(six, seven, again=six)) == ["more"]


def test_counts_that_came_or_went_are_told() -> None:
    findings = held(Line("a", counts={"rows": 6}), Line("a", counts={"calls": 1}))

    assert [(finding.verdict, finding.what) for finding in findings] == [
        ("told", "rows are no longer counted"),
        ("told", "calls: new; --record it"),
    ]


def test_lines_that_came_or_went_are_told() -> None:
    gone = held(Line("a", 10.0), None)
    both = held(Line("a", 10.0), Line("b", 10.0))

    assert [(each.key, each.verdict, each.what) for each in gone] == [("a", "told", "recorded, but not measured now")]
    assert [(each.key, each.verdict) for each in both] == [("a", "told"), ("b", "told")]
    assert not lost(both)


def test_a_ratio_on_one_side_only_is_told() -> None:
    assert verdicts(held(Line("a", 10.0), Line("a"))) == ["told"]
    assert verdicts(held(Line("a"), Line("a", 10.0))) == ["told"]
    assert held(Line("a"), Line("a")) == []


def test_a_target_that_is_missed_by_less_than_a_loss_is_told() -> None:
    old, new = Line("a", 10.0, target="10 times", met=True), Line("a", 9.0, target="10 times", met=False)

    assert verdicts(held(old, new)) == ["told"]
    assert held(new, old) == []


# Peers that were stopped: ours took 1 s before.
BOUND = Line("a", 10.0, lower_bound=True, ours_seconds=1.0)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    # 1 - 1/1.23 = 18.7 %; 1 - 1/1.27 = 21.3 %.
    [(1.23, []), (1.27, ["lost"])],
)
def test_bounds_are_compared_by_the_time_of_ours_whatever_the_peer_had_of_a_processor(
    seconds: float, expected: list[str]
) -> None:
    for by_chance in (3.0, 10.0, 30.0):
        new = Line("a", by_chance, lower_bound=True, ours_seconds=seconds)

        assert verdicts(held(BOUND, new)) == expected


@pytest.mark.parametrize("run", [OTHER_LIMIT, OTHER_MACHINE])
def test_bounds_under_another_limit_or_on_another_machine_are_not_compared(run: Record) -> None:
    (finding,) = held(BOUND, replace(BOUND, ratio=1.0, ours_seconds=9.0), run)

    assert (finding.verdict, finding.fails) == ("told", False)
    assert finding.what.startswith("not compared")


@pytest.mark.parametrize(("now", "expected"), [(30.0, []), (8.1, []), (7.9, ["lost"])])
def test_a_peer_that_finishes_now_must_not_fall_below_its_old_bound(now: float, expected: list[str]) -> None:
    assert verdicts(held(BOUND, Line("a", now, ours_seconds=1.0), OTHER_LIMIT)) == expected


@pytest.mark.parametrize(("now", "expected"), [(8.1, []), (7.9, ["told"])])
def test_a_peer_that_is_stopped_now_and_finished_before_proves_no_loss(now: float, expected: list[str]) -> None:
    new = Line("a", now, lower_bound=True, ours_seconds=1.0)

    assert verdicts(held(Line("a", 10.0, ours_seconds=1.0), new)) == expected


def test_a_measurement_that_can_be_compared_counts_before_one_that_cannot() -> None:
    stopped, finished = Line("a", 2.0, lower_bound=True, ours_seconds=1.0), Line("a", 9.5, ours_seconds=1.0)

    assert held(Line("a", 10.0, ours_seconds=1.0), stopped, again=finished) == []


def test_other_rounds_than_recorded_are_told() -> None:
    findings = held(Line("a", 10.0), Line("a", 10.0), replace(BEFORE, rounds=5))

    assert [(each.verdict, each.recorded, each.now) for each in findings] == [("told", "3", "5")]
