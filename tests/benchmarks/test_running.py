"""The command: what it prints, records, compares, and with which exit status it ends; on questions that take no time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.clock import Spent
from benchmarks.result import Answer, Line, Result, Table, WrongAnswerError

Ask = Callable[[int, float], Answer | tuple[Answer, ...]]
Run = Callable[..., int]


def tiny(
    *,
    peer: float = 2.0,
    rows: int = 3,
    stopped: str = "",
    asked: list[tuple[int, float]] | None = None,
    name: str = "tiny",
) -> Ask:
    """Ours takes 1, 1.5, 2 ... s of a processor, twice that on the clock; the peer ``peer`` times as long."""

    def ask(rounds: int, limit_seconds: float) -> Result:
        if asked is not None:
            asked.append((rounds, limit_seconds))
        ours = [Spent(1 + 0.5 * k, 2 + k) for k in range(rounds)]
        theirs = tuple(Spent(own.cpu * peer, own.wall * peer) for own in ours)
        return Result(
            name, tuple(ours), theirs, "by hand", "yes", "faster", peer > 1, stopped, {"rows": rows}, ("a note",)
        )

    return ask


def several(_rounds: int, _limit: float) -> tuple[Answer, ...]:
    table = Table(
        "several", ("a", "b"), (("1", "2|3"),), ("of a table",), (Line("first row", 4.0, counts={"plans": 8}),)
    )
    return (tiny(name="one")(1, 1), table)


def wrong(_rounds: int, _limit: float) -> Result:
    raise WrongAnswerError("7 is not 6")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on questions of one's own, with a record of its own."""

    def call(questions: dict[str, Ask], *arguments: str) -> int:
        monkeypatch.setattr(command, "QUESTIONS", questions)
        try:
            return command.main([*arguments, "--recorded", str(tmp_path / "recorded.json")])
        except SystemExit as ended:
            return int(str(ended.code))

    return call


def recorded(tmp_path: Path) -> dict[str, object]:
    document = json.loads((tmp_path / "recorded.json").read_text("utf-8"))
    assert isinstance(document["questions"], dict)
    return document["questions"]


def test_what_was_recorded_passes_its_own_check(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run({"tiny": tiny()}, "tiny", "--rounds", "3", "--limit", "20", "--record") == 0
    (own,) = recorded(tmp_path).values()
    assert isinstance(own, dict)
    assert own["command"] == "python -m benchmarks tiny --rounds 3 --limit 20"
    assert (own["rounds"], own["limit_seconds"], own["release"]) == (3, 20, "0.1.0")
    # Ours takes 1, 1.5 and 2 s.
    line = {
        "ratio": 2,
        "lower_bound": False,
        "ours_seconds": 1.5,
        "counts": {"rows": 3},
        "target": "faster",
        "met": True,
    }
    assert own["lines"] == {"tiny; by hand": line}
    capsys.readouterr()

    assert run({"tiny": tiny()}, "--check") == 0
    assert "Against what was recorded: 1 lines; ratios that lost more than 20%: 0" in capsys.readouterr().out


def test_a_check_asks_as_it_was_recorded_unless_told_otherwise(run: Run) -> None:
    asked: list[tuple[int, float]] = []
    run({"tiny": tiny()}, "--rounds", "3", "--limit", "20", "--record")

    run({"tiny": tiny(asked=asked)}, "--check")
    run({"tiny": tiny(asked=asked)}, "--check", "--rounds", "2", "--limit", "30")

    assert asked == [(3, 20), (2, 30)]


def test_a_loss_is_measured_again_and_fails_with_status_1(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[int, float]] = []
    run({"tiny": tiny()}, "--record")
    capsys.readouterr()

    assert run({"tiny": tiny(peer=1.5, asked=asked)}, "--check") == 1
    assert len(asked) == 2
    assert "| **fails** | tiny | tiny; by hand | ratio | 2 | 1.5 | 25.0% |" in capsys.readouterr().out


def test_a_loss_that_is_not_there_again_is_none(run: Run) -> None:
    ratios = iter((1.5, 1.9))
    run({"tiny": tiny()}, "--record")

    assert run({"tiny": lambda rounds, limit: tiny(peer=next(ratios))(rounds, limit)}, "--check") == 0
    assert next(ratios, None) is None


def test_a_count_that_rose_is_not_measured_again_and_fails(run: Run) -> None:
    asked: list[tuple[int, float]] = []
    run({"tiny": tiny()}, "--record")

    assert run({"tiny": tiny(rows=4, asked=asked)}, "--check") == 1
    assert len(asked) == 1


def test_a_wrong_answer_fails_is_not_recorded_and_stops_no_other_question(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run({"wrong": wrong, "tiny": tiny()}, "--record") == 1

    printed = capsys.readouterr()
    assert "benchmarks: wrong: wrong answer: 7 is not 6" in printed.err
    assert "| tiny |" in printed.out
    assert list(recorded(tmp_path)) == ["tiny"]


def test_recording_one_question_keeps_the_others(run: Run, tmp_path: Path) -> None:
    both: dict[str, Ask] = {"tiny": tiny(), "several": several}
    run(both, "--record")
    before = recorded(tmp_path)

    run({**both, "tiny": tiny(peer=3.0)}, "tiny", "--record")

    after = recorded(tmp_path)
    assert after["several"] == before["several"]
    assert after["tiny"] != before["tiny"]


def test_every_measured_line_of_a_table_is_recorded_too(run: Run, tmp_path: Path) -> None:
    run({"several": several}, "--record")

    (own,) = recorded(tmp_path).values()
    assert isinstance(own, dict)
    assert list(own["lines"]) == ["one; by hand", "first row"]
    assert own["lines"]["first row"]["counts"] == {"plans": 8}


def test_markdown_has_medians_spread_ratio_counts_machine_versions_and_notes(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run({"tiny": tiny(stopped="after 5 s on the clock"), "several": several}, "--rounds", "3")

    text = capsys.readouterr().out
    # Ours takes 1, 1.5 and 2 s, and 2, 3 and 4 s on the clock; the peer twice as much.
    assert (
        "| tiny | 1.500 s (1.000 s to 2.000 s) | 3.000 s | by hand, stopped after 5 s on the clock: 3.000 s (2.000 s to 4.000 s) "
        "| 6.000 s | over 2 | yes | faster | yes |"
    ) in text
    assert "| 1 | 2\\|3 |" in text
    assert "| counts of | rows |\n| --- | --- |\n| tiny | 3 |" in text
    assert "| several: first row | 8 |" in text
    assert "GiB" in text
    assert "highspy" in text
    assert "- several: of a table" in text


def test_json_has_every_round_the_spread_and_the_machine(run: Run, tmp_path: Path) -> None:
    run({"tiny": tiny()}, "--rounds", "3", "--json", str(tmp_path / "out.json"))

    document = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert {"cores", "memory_gib", "processor", "system"} == set(document["machine"])
    assert {"Python", "pulp", "highspy", "numpy", "CBC"} <= set(document["versions"])
    (answer,) = document["questions"]["tiny"]["answers"]
    assert answer["ours"]["cpu_seconds"] == [1, 1.5, 2]
    assert answer["ours"]["wall_spread"] == {"median": 3, "least": 2, "most": 4}
    assert answer["peer"]["cpu_spread"] == {"median": 3, "least": 2, "most": 4}
    assert answer["lines"][0]["ratio"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no such question: nothing; the questions are tiny, instances"),
        (["--check"], "nothing is recorded in .*; measure with --record first"),
        (["tiny", "--check"], "nothing is recorded of tiny in"),
        (["--check", "--record"], "not allowed with argument"),
        (["instances"], "instances needs --instances FOLDER"),
        (["--rounds", "0"], "must be a whole number of at least 1, not '0'"),
        (["--json", "/no/such/folder/x.json"], "--json: there is no folder /no/such/folder"),
    ],
)
def test_wrong_usage_ends_with_status_2(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run({"tiny": tiny()}, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.search(message, printed.err)


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"schema": 2}', '{"schema": 1, "questions": {"tiny": {}}}', '{"schema": 1, "questions": {"tiny": 3}}'],
)
def test_a_record_that_is_none_is_refused_and_left_alone(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "recorded.json"
    path.write_text(content, encoding="utf-8")

    assert run({"tiny": tiny()}, "--record") == 2
    assert "record" in capsys.readouterr().err
    assert path.read_text("utf-8") == content


def test_two_lines_of_one_question_must_differ_in_their_keys(run: Run) -> None:
    with pytest.raises(ValueError, match="two lines of a question have the key 'tiny; by hand'"):
        run({"twice": lambda rounds, limit: (tiny()(rounds, limit), tiny()(rounds, limit))})
