"""Logs of attempts: what is read, and what a bad one is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import router
from router.loading.outcome_table import IGNORED, load_outcomes
from router.schema.calibration import LoggedAttempt
from tests.cli.commands import Router
from tests.loading.messages import refusal, said_well, written

HEAD = "time,provider,model,outcome\n"
GOOD = "2026-03-01T09:30:00Z,p,m,kept\n"
SEVEN_THIRTY = dt.datetime(2026, 3, 1, 7, 30, tzinfo=dt.UTC)


def said(folder: Path, text: str, name: str = "log.csv") -> list[str]:
    return refusal(load_outcomes, written(folder, text, name))


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    csv = written(tmp_path, HEAD + "2026-03-01T07:30:00Z,p,m,kept\n,p,n,down\n", "log.csv")
    jsonl = written(
        tmp_path,
        '{"time": "2026-03-01T07:30:00Z", "provider": "p", "model": "m", "outcome": "kept"}\n\n'
        '{"provider": "p", "model": "n", "outcome": "down"}\n',
        "log.jsonl",
    )
    wanted = (LoggedAttempt("p", "m", "kept", SEVEN_THIRTY), LoggedAttempt("p", "n", "down"))
    assert load_outcomes(csv) == load_outcomes(jsonl) == wanted


@pytest.mark.parametrize(
    "time", ["2026-03-01T09:30+02:00", "2026-03-01 07:30:00", "20260301T073000Z", "2026-03-01T07:30:00.000+00:00"]
)
def test_times_are_kept_in_utc_and_are_utc_without_an_offset(tmp_path: Path, time: str) -> None:
    (attempt,) = load_outcomes(written(tmp_path, f"{HEAD}{time},p,m,kept\n", "log.csv"))
    assert attempt.time == SEVEN_THIRTY


def test_the_time_and_the_columns_that_are_named_as_ignored_may_be_there_or_not(tmp_path: Path) -> None:
    names = ",".join(IGNORED)
    text = f"provider,model,outcome,{names}\np,m,kept,{','.join('x' * len(IGNORED))}\n"
    assert load_outcomes(written(tmp_path, text, "log.csv")) == (LoggedAttempt("p", "m", "kept"),)


BAD: dict[str, tuple[str, list[str]]] = {
    "an outcome that is none": (
        HEAD + GOOD + ",p,m,servd\n",
        [
            "log.csv:3: `outcome` is 'servd', must be served | kept | rejected | failed | billed | down; did you mean 'served'?"
        ],
    ),
    "a time that is none": (
        HEAD + "yesterday,p,m,kept\n",
        ["log.csv:2: `time` must be a date and time as 2026-03-01T09:30:00Z, not 'yesterday'"],
    ),
    "a day": (
        HEAD + "2026-03-01,p,m,kept\n",
        ["log.csv:2: `time` must be a date and time as 2026-03-01T09:30:00Z, not '2026-03-01'"],
    ),
    "a time before all time": (
        HEAD + "0001-01-01T00:00:00+09:00,p,m,kept\n",
        ["log.csv:2: `time` must be a date and time as 2026-03-01T09:30:00Z, not '0001-01-01T00:00:00+09:00'"],
    ),
    "a line without a model": (HEAD + ",p,,kept\n" + GOOD, ["log.csv:2: `model` is required"]),
    "no such column, once": (
        "provider,model,outcome,colour\np,m,kept,red\np,m,kept,blue\n",
        ["log.csv:1: `colour`: no such column; the columns are time, provider, model, outcome; take it out"],
    ),
    "a column misspelt": (
        "provider,modle,outcome\np,m,kept\n",
        [
            "log.csv:1: `modle`: no such column; did you mean `model`?",
            "log.csv:1: no line states `model`, which every attempt needs",
        ],
    ),
    "more cells than columns": (HEAD + GOOD + "1,2,3,4,5\n", ["log.csv:3: has 5 cells under 4 columns"]),
    "no attempts": (HEAD, ["log.csv:1: holds no attempts"]),
    "markup in a name": (
        HEAD + ",p,<b>,kept\n",
        [
            "log.csv:2: `model` holds < >, which tables and pages read as markup; use letters, digits and . _ - / # : instead"
        ],
    ),
    "a name that no scenario could bear": (
        HEAD + f",{'p' * 100},{'m' * 100},kept\n",
        [
            "log.csv:2: `provider` and `model` are longer than 200 characters together, which no scenario can name",
        ],
    ),
    "two models of one name": (
        HEAD + ",a,b/c,kept\n,a/b,c,down\n",
        ["log.csv:3: 'a/b/c' is also model 'b/c' of 'a'; rename one of them"],
    ),
    "several things wrong": (
        HEAD + "x,p,m,Down\n" + GOOD + "1,2,3,4,5\n,,m,kept\n",
        [
            "log.csv:2: `outcome` is 'Down', must be served | kept | rejected | failed | billed | down; did you mean 'down'?",
            "log.csv:2: `time` must be a date and time as 2026-03-01T09:30:00Z, not 'x'",
            "log.csv:4: has 5 cells under 4 columns",
            "log.csv:5: `provider` is required for 'm'",
        ],
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_log_gets_one_message_with_every_error(tmp_path: Path, what: str) -> None:
    text, wanted = BAD[what]
    assert sorted(said(tmp_path, text)) == wanted


def test_a_bad_line_of_json_is_named_beside_a_bad_value(tmp_path: Path) -> None:
    text = '{"provider": "p", "model": "m", "outcome": 5}\nnope\n{"provider": "p", "model": "m", "outcome": "kept", "x": 1}\n'
    assert said(tmp_path, text, "log.jsonl") == [
        "log.jsonl:1: `outcome` must be served | kept | rejected | failed | billed | down, not 5",
        "log.jsonl:2: is not JSON: Expecting value (column 1)",
        "log.jsonl:3: `x`: no such column; the columns are time, provider, model, outcome; take it out",
    ]


def test_a_log_of_a_thousand_errors_shows_twenty_and_counts_the_rest(tmp_path: Path) -> None:
    lines = said(tmp_path, HEAD + ",p,m,nope\n" * 1000)
    assert len(lines) == 21
    assert lines[19].startswith("log.csv:21: ")
    assert lines[20] == "log.csv: holds 980 more errors; mend these first"


@pytest.mark.parametrize(
    "text", ["title = 'a scenario'\n", '[[clips]]\nid = "a"\n', "id,seconds\na,5\n", '{"clips": []}']
)
def test_what_is_no_log_is_told_what_a_log_is(router_: Router, text: str) -> None:
    ran = router_("calibrate", "-", stdin=text)
    (line,) = said_well(ran.err.rstrip("\n"))
    assert (ran.status, ran.out) == (2, "")
    assert line.startswith("<stdin>:1: ")
    assert "outcome" in line


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(router.InputError, match=r"nowhere\.csv: no such file"):
        router.calibrate(tmp_path / "nowhere.csv")
