"""The question on a whole campaign: its peer gets the very problem that is planned."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks import campaign, peers
from benchmarks.certificate import limited
from benchmarks.clock import Spent
from benchmarks.result import WrongAnswerError
from router.optimization.problem import without_limits
from router.optimization.solve import solve


def test_ours_is_proven_and_the_peer_gets_the_model_of_the_same_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def found_nothing(build: Callable[[], peers.Model], by: str, limit_seconds: float) -> peers.Answer:
        asked.append((len(build()[0].variables()), by, limit_seconds))
        return peers.Answer(math.inf, -math.inf, False, None, Spent(50.0, 60.0))

    monkeypatch.setattr(campaign, "CLIPS", 20_000)
    monkeypatch.setattr(peers, "solved", found_nothing)
    found = campaign.campaign(1, 3600)
    assert (found.optimum, found.peer_finished, len(found.ours)) == ("the peer found no solution", False, 1)
    # 260 classes on twelve candidates, and every third may be left out.
    assert asked == [(260 * 12 + 87, "HiGHS", 3600)]


def test_a_better_plan_of_the_peer_fails_and_one_that_breaks_a_limit_does_not() -> None:
    problem = campaign._problem(limited(3, 2_000)[0])
    best = solve(problem)
    assert best is not None
    answer = peers.Answer(best.cost / 1e6, best.cost / 1e6, True, best.counts, Spent(1.0, 1.0))
    assert campaign._agreement(problem, answer, best.cost / 1e6) == "yes"
    with pytest.raises(WrongAnswerError, match="the peer's plan is better"):
        campaign._agreement(problem, answer, best.cost / 1e6 * 1.001)
    broken = replace(answer, counts=without_limits(problem))
    assert campaign._agreement(problem, broken, best.cost / 1e6).startswith("the peer breaks a limit")
