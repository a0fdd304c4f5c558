"""Questions that answer with tables of their own: every measured line has its ratio, counts and target, and a wrong answer fails."""

from __future__ import annotations

import doctest
import math
import sys
from pathlib import Path

import pytest

from benchmarks import calls, follow, markdown, route, sweep
from benchmarks.calls import calls_of
from benchmarks.clock import Spent, Spread, repeated
from benchmarks.published import published
from benchmarks.result import Result, WrongAnswerError
from benchmarks.route import Timed

GAP = "2 3\n 4 7 3\n 5 2 6\n 2 3 2\n 3 2 4\n 4 5\n"


def test_following_is_recorded_as_how_many_times_less_it_loses_and_seeds_alone_decide_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow, "CLIPS", 200)

    first, second = follow.follow(1, 60), follow.follow(1, 1)

    assert first == second
    assert [line.key.partition("; ")[2] for line in first.lines] == [*follow.OURS, *follow.OURS]
    assert all(line.ratio is not None and line.ratio > 1 for line in first.lines)
    # Only what plans again is aimed at.
    assert [line.met is not None for line in first.lines] == [True, False, True, False]


def test_a_policy_is_held_against_the_other_on_the_same_clips() -> None:
    # 10 % and 30 % against 1 % and 2 %: 10 and 15 times less.
    line = follow._line(f"x; {follow.OURS[0]}", [0.01, 0.02], [0.10, 0.30], {"clips": 1})

    assert line.ratio == pytest.approx(12.5)
    assert (line.target, line.met) == ("within 2%", True)


def test_a_sweep_is_recorded_beside_plans_with_and_without_shadow_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "CLIPS", 40)
    monkeypatch.setattr(sweep, "SAMPLE", 2)
    cells, lines = sweep._beside_plans("tiny", sweep.campaign(1), "offers.kling-o3.*.price*=0.9:1.1:0.1")

    assert [line.key for line in lines] == ["tiny; plan for each", "tiny; plan for each, without shadow prices"]
    assert lines[0].counts["values"] == 3
    assert all(line.ratio is not None and line.ratio > 0 for line in lines)
    assert cells[0] == "tiny"


def test_a_sweep_that_says_something_else_than_the_plan_fails() -> None:
    scenario = sweep.campaign(1).model_copy(update={"clips": sweep.campaign(1).clips[:20]})
    (point, *_) = sweep.sweep(scenario, ["offers.kling-o3.*.price*=0.9:1.1:0.1"], on=sweep.instances.ON).points
    wrong = point.model_copy(update={"expected_usd": point.expected_usd + 1})

    with pytest.raises(WrongAnswerError, match=r"sweep at 0\.9"):
        sweep._plans(scenario, "offers.kling-o3.*.price", wrong)


def test_instances_are_lines_with_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "gap").mkdir()
    (tmp_path / "gap" / "tiny").write_text(GAP, encoding="utf-8")

    table = published(tmp_path, 10)

    assert [line.key for line in table.lines] == ["tiny_Min", "tiny_Max"]
    assert all(line.counts == {"groups": 3, "items": 6, "resources": 2} for line in table.lines)
    assert all(line.met and line.ratio is not None and not line.lower_bound for line in table.lines)


def test_calls_are_shown_by_their_median_round_and_compared_by_medians() -> None:
    ours = Timed("ours", [[1e-6, 2e-6, 9e-6], [1e-6, 1e-6, 1e-6], [3e-6, 3e-6, 3e-6]], "at most 2 us", (2e-6, math.inf))
    peer = Timed("peer", [[8e-6]])

    # Medians of the rounds are 2, 1 and 3 us.
    assert (ours.median, ours.met) == (2e-6, True)
    assert ours.cells() == ("ours", "2.00 us", "1.00 us to 3.00 us", "9.00 us", "at most 2 us", "yes")
    line = route._line(ours, peer)
    assert (line.key, line.ratio, line.met) == ("ours; peer", 4.0, True)


def test_processes_are_compared_whole_and_shown_without_what_nothing_takes() -> None:
    ours = Timed("ours", [[0.010]], base=0.020)
    peer = Timed("peer", [[0.040]], base=0.020)

    # 20 + 40 ms against 20 + 10 ms.
    assert route._line(ours, peer).ratio == pytest.approx(2.0)
    assert ours.cells()[1] == "10.00 ms"


def test_a_peer_that_is_not_installed_is_said_and_has_no_line() -> None:
    absent = Timed("peer", (), instead="not installed")

    assert absent.cells() == ("peer", "not installed", "", "", "", "")
    assert absent.met is None


def test_decisions_that_are_not_the_plain_search_s_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "CLIPS", 20)
    monkeypatch.setattr(route, "by_hand", lambda *_: ("nothing", 0))

    with pytest.raises(WrongAnswerError, match=r"is not \('nothing', 0\)"):
        route._remembered(1)


def test_calls_are_counted_under_any_name_and_also_when_the_work_fails() -> None:
    def counted(value: int) -> int:
        return value

    other = counted
    before = sys.getprofile()

    assert calls_of(counted, lambda: [other(1), counted(2), max(3, 4)]) == 2
    with pytest.raises(ZeroDivisionError, match="division"):
        calls_of(counted, lambda: 1 // 0)
    assert sys.getprofile() is before


def test_work_is_repeated_for_the_time_asked_and_at_least_once() -> None:
    times: list[int] = []

    spent = repeated(lambda: times.append(1), 0.0)

    assert len(times) >= 1
    assert spent.wall >= 0
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_a_ratio_is_the_median_of_rounds_and_only_of_those_of_both() -> None:
    ours = tuple(Spent(cpu, 1.0) for cpu in (1.0, 2.0, 4.0))
    result = Result("q", ours, (Spent(3.0, 1.0), Spent(10.0, 1.0)), "peer", "yes")

    # 3 and 5 times; the third round has no peer.
    assert result.ratio == 4.0
    assert Result("q", ours, (), "none", "yes").lines[0].key == "q"


def test_the_examples_in_the_code_hold() -> None:
    found = [doctest.testmod(module) for module in (calls, markdown)]

    assert all(each.attempted > 0 and each.failed == 0 for each in found)
