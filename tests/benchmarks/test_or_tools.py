"""OR-tools as a peer: it finds our optimum, and an answer of it that is wrong is caught.

The process that has the package is asked for real where it is installed; what hands problems over and judges answers is tested without it.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from benchmarks import classes, limits, or_tools, peers
from benchmarks.clock import Spent
from benchmarks.limits import Round, agreement, ours
from benchmarks.result import Result, WrongAnswerError
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Row

PROBLEM = classes.coupled(1, 60, 6)
TWO = Problem((Group(3, (Option(1e6), Option(2e6))),), (Row("cap", "at_most", 2, ((1, 0),), "clips"),))
"""Three clips at $1 or $2, at most two of them at $1: by hand 2 x $1 + 1 x $2."""

needs_ortools = pytest.mark.skipif(
    or_tools.installed() is None,
    reason=f"ortools is not installed; name an interpreter that has it by {or_tools.PYTHON}",
)


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An interpreter that answers what it is told, in place of the one with the package; gives the file of the job that it was handed."""

    def stand_in(status: int = 0, **said: Any) -> Path:
        job, program = tmp_path / "job.json", tmp_path / "python"
        answer = {"finished": True, "value": 4.0, "bound": 4.0, "cpu": 1.5, "wall": 2.0, **said}
        program.write_text(
            f"#!{sys.executable}\nimport pathlib, sys\n"
            "if sys.argv[1] == '-c': sys.exit(print('9.9'))\n"
            f"pathlib.Path({str(job)!r}).write_text(sys.stdin.read())\n"
            f"print({json.dumps(answer)!r})\nprint('no such solver', file=sys.stderr)\nsys.exit({status})\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv(or_tools.PYTHON, str(program))
        return job

    return stand_in


@needs_ortools
@pytest.mark.parametrize("by", or_tools.SOLVERS)
@pytest.mark.parametrize("problem", [TWO, classes.coupled(1, 12, 3), PROBLEM], ids=["by hand", "12 clips", "60 clips"])
def test_ortools_finds_our_optimum_to_the_micro_dollar(problem: Problem, by: str) -> None:
    way = ours(problem, "tiny", 30)
    answer = or_tools.solved(problem, by, 30)

    assert way.found.proven
    assert answer.finished
    assert agreement(way, answer, "tiny") == "yes"
    # Both are dollars; a millionth of one is the last digit that is compared.
    assert answer.value == pytest.approx(way.found.cost / 1e6, abs=1e-6)
    assert answer.bound == pytest.approx(way.found.cost / 1e6, abs=1e-6)
    assert answer.spent.cpu > 0


@needs_ortools
@pytest.mark.parametrize("by", or_tools.SOLVERS)
def test_ortools_that_was_not_told_of_a_row_is_found_to_break_it(by: str) -> None:
    told = replace(PROBLEM, rows=PROBLEM.rows[1:])
    answer = or_tools.solved(told, by, 30)

    assert agreement(ours(PROBLEM, "tiny", 30), answer, "tiny").startswith("the peer breaks budget")


@needs_ortools
@pytest.mark.parametrize("by", or_tools.SOLVERS)
def test_ortools_says_that_nothing_keeps_limits_that_clash(by: str) -> None:
    clashing = replace(TWO, rows=(*TWO.rows, Row("floor", "at_least", 3, ((1, 0),), "clips")))
    answer = or_tools.solved(clashing, by, 30)

    assert (answer.counts, answer.value, answer.finished) == (None, math.inf, True)


def test_an_answer_is_read_in_dollars_and_seconds(answers: Any) -> None:
    answers(counts=[[2, 1]])

    assert or_tools.solved(TWO, "HIGHS", 7) == peers.Answer(4.0, 4.0, True, ((2, 1),), Spent(1.5, 2.0))


def test_cp_sat_is_handed_whole_micro_dollars_and_the_others_dollars(answers: Any) -> None:
    job = answers(value=4e6, bound=4e6, counts=[[2, 1]])
    answer = or_tools.solved(TWO, "CP-SAT", 7)
    handed = json.loads(job.read_text())

    assert (answer.value, answer.bound) == (4.0, 4.0)
    assert (handed["counts"], handed["costs"], handed["limit"]) == ([3], [[1_000_000, 2_000_000]], 7)
    assert handed["rows"] == [["at_most", [[1, 0]], 2]]

    job = answers(counts=[[2, 1]])
    or_tools.solved(TWO, "GSCIP", 7)
    assert json.loads(job.read_text())["costs"] == [[1.0, 2.0]]


def test_a_row_in_whole_numbers_is_kept_by_the_same_solutions() -> None:
    uses = ((Fraction(1, 2), Fraction(5, 3)),)
    # 3 x + 10 y at most 6 * 7/4 = 10.5, and so 10; at least: 11.
    at_most, at_least = (Row("r", sense, Fraction(7, 4), uses, "seconds") for sense in ("at_most", "at_least"))  # type: ignore[arg-type]

    assert or_tools.whole_row(at_most, TWO) == ("at_most", [[3, 10]], 10)
    assert or_tools.whole_row(at_least, TWO) == ("at_least", [[3, 10]], 11)
    for row in PROBLEM.rows:
        sense, weights, right = or_tools.whole_row(row, PROBLEM)
        for o in range(len(PROBLEM.groups[0].options)):
            counts = tuple(
                tuple(group.count if k == min(o, len(group.options) - 1) else 0 for k in range(len(group.options)))
                for group in PROBLEM.groups
            )
            used = sum(w * n for own, ns in zip(weights, counts, strict=True) for w, n in zip(own, ns, strict=True))
            assert (used <= right if sense == "at_most" else used >= right) == row.holds(counts)


def test_cp_sat_is_not_asked_for_what_has_no_exact_whole_numbers() -> None:
    row = TWO.rows[0]
    with pytest.raises(ValueError, match="floats have no exact form"):
        or_tools.whole_row(replace(row, uses=((0.5, 0.0),)), TWO)
    with pytest.raises(ValueError, match="too large for CP-SAT"):
        or_tools.whole_row(replace(row, uses=((2**61, 0),)), TWO)
    with pytest.raises(ValueError, match="no whole number"):
        or_tools.solved(Problem((Group(1, (Option(0.5),)),)), "CP-SAT", 7)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([[3, 0]], "the peer breaks cap"),
        ([[2, 0]], "the peer breaks a class"),
        ([[4, -1]], "the peer breaks a class, cap"),
        ([[1, 2]], "the peer calls optimal what is dearer: ours $4.000000, the peer's $5.000000"),
        (None, "the peer found no solution"),
        ([[2, 1]], "yes"),
    ],
)
def test_a_wrong_answer_is_caught(answers: Any, counts: list[list[int]] | None, says: str) -> None:
    answers(counts=counts)
    way = ours(TWO, "by hand", 30)

    assert agreement(way, or_tools.solved(TWO, "HIGHS", 7), "by hand").startswith(says)


def test_a_better_answer_than_what_ours_calls_optimal_fails_the_run(answers: Any) -> None:
    answers(counts=[[2, 1]])
    way = ours(TWO, "by hand", 30)
    dearer = replace(way.found, counts=((1, 2),), cost=5e6, bound=4e6)

    with pytest.raises(WrongAnswerError, match="better than what ours calls optimal"):
        agreement(Round(TWO, dearer, way.spent), or_tools.solved(TWO, "HIGHS", 7), "by hand")


def test_a_peer_that_fails_is_no_answer(answers: Any) -> None:
    answers(status=1, counts=[[2, 1]])

    with pytest.raises(RuntimeError, match="no such solver"):
        or_tools.solved(TWO, "HIGHS", 7)


def small_run(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """The question ``limits``, of one small size."""
    monkeypatch.setattr(limits, "SIZES", (60,))
    monkeypatch.setattr(limits.classes, "CLASSES", 6)
    monkeypatch.setattr(limits.classes, "coupled", lambda *_: PROBLEM)
    return list(limits.limits(1, 20))


def test_where_ortools_is_absent_the_line_says_so_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = tmp_path / "python"
    absent.write_text("#!/bin/sh\nexit 1\n")
    absent.chmod(0o755)
    monkeypatch.setenv(or_tools.PYTHON, str(absent))
    (result,) = small_run(monkeypatch)

    assert result.peer_is == "HiGHS on the classes"
    assert limits.NOT_ASKED in result.notes


def test_where_ortools_is_installed_each_of_its_solvers_has_a_line(
    answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ours(PROBLEM, "small", 30).found
    answers(counts=[list(own) for own in found.counts])
    results = small_run(monkeypatch)

    assert [result.peer_is for result in results] == [
        "HiGHS on the classes",
        "OR-tools 9.9, CP-SAT on the classes",
        "OR-tools 9.9, MathOpt + HiGHS on the classes",
        "OR-tools 9.9, MathOpt + SCIP on the classes",
    ]
    assert {result.optimum for result in results} == {"yes"}
    assert all(limits.NOT_ASKED not in result.notes for result in results)
    # What the process says that it took is what counts.
    assert [result.peer for result in results[1:]] == [(Spent(1.5, 2.0),)] * len(or_tools.SOLVERS)
