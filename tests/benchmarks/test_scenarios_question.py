"""Every scenario is a case of the question; its peer has the whole problem, and both sides must agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import scenarios
from benchmarks.recorded import PATH, read
from benchmarks.result import Result, WrongAnswerError
from benchmarks.scenarios import FOLDER, agreement, argmin, by_highs, couples, files, known

SMALL = ("credits.toml", "every-limit.toml", "infeasible-clip.toml", "infeasible-limits.toml", "packs-and-tiers.toml")


def test_every_scenario_is_a_case() -> None:
    # As the gate finds them: all but catalogs.
    there = {p.name for kind in ("toml", "json", "csv") for p in FOLDER.glob(f"*.{kind}") if "catalog" not in p.name}

    assert {path.name for path in files()} == there
    assert len(there) > 50


def test_scenarios_are_recorded_with_what_it_takes_to_measure_them_again() -> None:
    found = read(PATH)["scenarios"]

    # A file that is new is told by --check, and need not be recorded at once.
    names = {line.key.removeprefix("scenarios, ").partition(";")[0] for line in found.lines}
    assert len(names & {path.name for path in files()}) > 50
    assert all(line.counts["pricing calls"] > 0 for line in found.lines)
    assert found.command == f"python -m benchmarks scenarios --rounds {found.rounds} --limit {found.limit_seconds:g}"
    assert {"cores", "memory_gib", "processor", "system"} == set(found.machine)


@pytest.mark.parametrize("name", [path.name for path in files()])
def test_the_peer_finds_the_same_optimum_of_every_scenario_or_none_as_well(name: str) -> None:
    case = known(FOLDER / name)
    if case.problem is None:
        assert name == "infeasible-clip.toml"
        return
    found = by_highs(case.problem, 60)

    assert found.finished
    assert (found.counts is None) == (case.answer is None) == name.startswith("infeasible")
    agreement(case, found)
    if not couples(case.problem):
        agreement(case, argmin(case.problem))


def test_a_cheaper_and_a_dearer_answer_of_the_peer_fail() -> None:
    case = known(FOLDER / "credits.toml")
    assert case.answer is not None
    assert case.problem is not None
    found = argmin(case.problem)
    for by in (-2, 2):
        totals = case.answer.totals.model_copy(update={"objective_usd": case.answer.totals.objective_usd + by})
        other = replace(case, answer=case.answer.model_copy(update={"totals": totals}))
        with pytest.raises(WrongAnswerError, match=r"credits\.toml: ours costs \$[\d.]+, the peer's \$[\d.]+"):
            agreement(other, found)


def test_a_plan_where_the_peer_finds_none_fails() -> None:
    case, none = known(FOLDER / "cap.toml"), known(FOLDER / "infeasible-budget.toml")
    assert none.problem is not None

    with pytest.raises(WrongAnswerError, match=r"cap\.toml: only one side finds a plan"):
        agreement(case, by_highs(none.problem, 60))


def test_a_file_that_says_wrongly_that_it_has_no_plan_fails(tmp_path: Path) -> None:
    text = "# exit status: 3\n" + (FOLDER / "text-to-video-100.toml").read_text("utf-8")
    (tmp_path / "text-to-video-100.toml").write_text(text, encoding="utf-8")

    with pytest.raises(WrongAnswerError, match=r"text-to-video-100\.toml: a plan was made"):
        known(tmp_path / "text-to-video-100.toml")


def test_a_refusal_that_the_file_does_not_announce_fails(tmp_path: Path) -> None:
    text = (FOLDER / "infeasible-budget.toml").read_text("utf-8").replace("# exit status: 3\n", "")
    (tmp_path / "infeasible-budget.toml").write_text(text, encoding="utf-8")

    with pytest.raises(WrongAnswerError, match=r"infeasible-budget\.toml: no plan exists"):
        known(tmp_path / "infeasible-budget.toml")


def test_counts_are_those_of_the_plan_and_the_same_every_time() -> None:
    case = known(FOLDER / "every-limit.toml")
    assert case.answer is not None

    assert case.counts == known(FOLDER / "every-limit.toml").counts
    # 14 clips: the sum of the counts in the file.
    assert (case.counts["clips"], case.counts["columns"]) == (14, case.answer.solved.columns)


def test_a_case_is_measured_on_both_sides_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "AT_LEAST", 0.0)
    monkeypatch.setattr(scenarios, "files", lambda: [FOLDER / name for name in SMALL])

    *results, table = scenarios.scenarios(2, 60)

    assert [result.question for result in results] == [f"scenarios, {name}" for name in SMALL]
    assert all(isinstance(result, Result) and len(result.ours) == 2 for result in results)
    assert [len(result.peer) for result in results if isinstance(result, Result)] == [2, 2, 0, 2, 2]
    said = [result.optimum for result in results if isinstance(result, Result)]
    assert said[0].startswith("yes; and a plain argmin, in ")
    assert said[1:] == ["yes", "refused, as its file says", "yes: both find none", "yes"]
    assert table.document()["rows"][0][:3] == ["5", "3", "2"]


def test_a_peer_that_is_stopped_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "AT_LEAST", 0.0)
    monkeypatch.setattr(scenarios, "files", lambda: [FOLDER / "cap.toml"])
    whole = scenarios.by_highs
    monkeypatch.setattr(scenarios, "by_highs", lambda *asked: replace(whole(*asked), finished=False))

    result, _ = scenarios.scenarios(3, 60)

    assert isinstance(result, Result)
    assert (len(result.ours), len(result.peer), result.stopped) == (3, 1, "after 60 s on the clock")
    assert result.lines[0].lower_bound


def test_a_plan_that_changes_between_rounds_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "AT_LEAST", 0.0)
    timing = scenarios.Timing(replace(known(FOLDER / "credits.toml"), answer=known(FOLDER / "cap.toml").answer))

    with pytest.raises(WrongAnswerError, match=r"credits\.toml: planned again, it is another plan"):
        timing.measure(60)
