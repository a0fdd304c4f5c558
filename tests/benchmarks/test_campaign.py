"""The question on a whole campaign: its peer gets the very problem that is planned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import campaign, peers
from benchmarks.certificate import limited
from benchmarks.clock import Spent
from benchmarks.result import WrongAnswerError
from router.optimization.problem import without_limits
from router.optimization.solve import solve


def test_ours_is_proven_and_what_the_peer_finds_is_no_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "CLIPS", 20_000)
    found = campaign.campaign(1, 2)
    assert found.ratio is not None
    assert found.optimum == "yes" or "proven" in found.optimum


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
