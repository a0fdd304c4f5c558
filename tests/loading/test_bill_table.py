"""Tables of bills: what is read, and what a bad one is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from router.loading.bill_table import IGNORED, bill_lines
from router.schema.reconciliation import Bill, BilledLine
from tests.cli.commands import Router
from tests.loading.messages import refusal, said_well, written

HEAD = "clip,provider,model,billed_usd,outcome,time,take,draft\n"
GOOD = "hero,p,m,1.25,kept,2026-03-01T09:30:00Z,2,no\n"
WORDS = "served | kept | rejected | failed | failed-unbilled | failed-billed | billed | unavailable | down | pending | unknown"


def lines(path: Path) -> list[BilledLine]:
    return list(bill_lines(path))


def said(folder: Path, text: str, name: str = "bills.csv") -> list[str]:
    return refusal(lines, written(folder, text, name))


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    csv = written(tmp_path, HEAD + GOOD + "hero,p,m,0,,,,\n", "bills.csv")
    one = '{"clip": "hero", "provider": "p", "model": "m", "billed_usd": '
    rest = ', "outcome": "kept", "time": "2026-03-01T09:30:00Z", "take": 2, "draft": false}\n'
    jsonl = written(tmp_path, f'{one}"1.250000"{rest}{one}0}}\n', "bills.jsonl")
    half_past = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
    bill = Bill("p", "m", 1_250_000, "served", True, 2, False)
    nothing = Bill("p", "m", 0, None, False, None, None)

    assert lines(csv) == [BilledLine(2, "hero", bill, half_past), BilledLine(3, "hero", nothing, None)]
    assert lines(jsonl) == [BilledLine(1, "hero", bill, half_past), BilledLine(2, "hero", nothing, None)]


@pytest.mark.parametrize(
    ("word", "ended"),
    [
        ("served", "served"), ("kept", "served"), ("rejected", "served"), ("failed", "failed"), ("billed", "failed"),
        ("failed-billed", "failed"), ("failed-unbilled", "failed"), ("unavailable", "down"), ("down", "down"),
        ("pending", "open"), ("unknown", "open"),
    ],
)  # fmt: skip
def test_the_words_of_the_router_and_of_logs_of_attempts_are_both_understood(
    tmp_path: Path, word: str, ended: str
) -> None:
    (line,) = lines(written(tmp_path, f"clip,provider,model,billed_usd,outcome\na,p,m,1,{word}\n", "bills.csv"))
    assert (line.bill.ended, line.bill.kept) == (ended, word == "kept")


@pytest.mark.parametrize(
    ("text", "micro"),
    [
        ("0.1", 100_000),
        ("1e-06", 1),
        (".5", 500_000),
        ("1.", 1_000_000),
        # Half a micro-dollar goes to the even one.
        ("0.0000005", 0),
        ("0.0000015", 2),
        ("999999999.999999", 999_999_999_999_999),
    ],
)
def test_amounts_are_exact_to_the_micro_dollar(tmp_path: Path, text: str, micro: int) -> None:
    (line,) = lines(written(tmp_path, f"clip,provider,model,billed_usd\na,p,m,{text}\n", "bills.csv"))
    assert line.bill.billed == micro


def test_the_columns_that_are_named_as_ignored_may_be_there(tmp_path: Path) -> None:
    text = f"clip,provider,model,billed_usd,{','.join(IGNORED)}\na,p,m,1,{','.join('x' * len(IGNORED))}\n"
    assert len(lines(written(tmp_path, text, "bills.csv"))) == 1


def test_a_line_break_in_quotes_counts_as_a_line(tmp_path: Path) -> None:
    text = 'clip,provider,model,billed_usd,note\na,p,m,1,"two\nlines"\nb,p,m,1,\n'
    assert [line.line for line in lines(written(tmp_path, text, "bills.csv"))] == [2, 4]


BAD: dict[str, tuple[str, list[str]]] = {
    "an outcome that is none": (
        HEAD + "hero,p,m,1,servd,,,\n",
        [f"bills.csv:2: `outcome` is 'servd', must be {WORDS}; did you mean 'served'?"],
    ),
    "amounts that are none": (
        HEAD + "a,p,m,$1.25,,,,\n" + 'a,p,m,"1,250.00",,,,\n' + "a,p,m,nan,,,,\n" + "a,p,m,1_0,,,,\n",
        [
            "bills.csv:2: `billed_usd` must be an amount as 1.25, not '$1.25'",
            "bills.csv:3: `billed_usd` must be an amount as 1.25, not '1,250.00'",
            "bills.csv:4: `billed_usd` must be an amount as 1.25, not 'nan'",
            "bills.csv:5: `billed_usd` must be an amount as 1.25, not '1_0'",
        ],
    ),
    "a refund, and too much": (
        HEAD + "a,p,m,-1.25,,,,\na,p,m,1e9,,,,\n",
        [
            "bills.csv:2: `billed_usd` must be >= 0, not -1.25; take a refund off the line that it is for",
            "bills.csv:3: `billed_usd` must be below 1,000,000,000, not 1E+9",
        ],
    ),
    "a take, a draft and a time that are none": (
        HEAD + "a,p,m,1,,today,first,perhaps\na,p,m,1,,,0,\n",
        [
            "bills.csv:2: `draft` must be true or false, not a text",
            "bills.csv:2: `take` must be a whole number, not a text",
            "bills.csv:2: `time` must be a date and time as 2026-03-01T09:30:00Z, not 'today'",
            "bills.csv:3: `take` must be at least 1, not 0",
        ],
    ),
    "a line without a clip or an amount": (
        HEAD + ",p,m,1,,,,\na,p,m,,,,,\n",
        ["bills.csv:2: `clip` is required for 'm'", "bills.csv:3: `billed_usd` is required for 'm'"],
    ),
    "a column misspelt": (
        "clip,provider,model,biled_usd\na,p,m,1\n",
        [
            "bills.csv:1: `biled_usd`: no such column; did you mean `billed_usd`?",
            "bills.csv:1: no line states `billed_usd`, which every bill needs",
        ],
    ),
    "more cells than columns, beside a bad value": (
        HEAD + "a,p,m,1,,,,,,\n" + GOOD + "a,p,m,x,,,,\n",
        [
            "bills.csv:2: has 10 cells under 8 columns",
            "bills.csv:4: `billed_usd` must be an amount as 1.25, not 'x'",
        ],
    ),
    "no bills": (HEAD, ["bills.csv:1: holds no bills"]),
    "markup and control characters in an id": (
        HEAD + "<b>,p,m,1,,,,\na\x1b[31m,p,m,1,,,,\n",
        [
            "bills.csv:2: `clip` holds < >, which tables and pages read as markup; use letters, digits and . _ - / # : instead",
            "bills.csv:3: `clip` holds the control character U+001B; take it out",
        ],
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_table_gets_one_message_with_every_error(tmp_path: Path, what: str) -> None:
    text, wanted = BAD[what]
    assert sorted(said(tmp_path, text)) == wanted


def test_true_is_no_number_though_the_same_line_was_read_with_one_before(tmp_path: Path) -> None:
    one = '{"clip": "a", "provider": "p", "model": "m", "billed_usd": 1, "take": 1, "draft": false}\n'
    text = (
        one
        + one.replace('"take": 1', '"take": true')
        + one.replace("false", "0")
        + one.replace('usd": 1', 'usd": true')
    )
    assert said(tmp_path, text, "bills.jsonl") == [
        "bills.jsonl:2: `take` must be a whole number, not true or false",
        "bills.jsonl:3: `draft` must be true or false, not 0",
        "bills.jsonl:4: `billed_usd` must be a number, not true or false",
    ]


def test_a_table_of_a_thousand_errors_shows_twenty_and_counts_the_rest(tmp_path: Path) -> None:
    found = said(tmp_path, HEAD + GOOD + "a,p,m,x,,,,\n" * 1000)
    assert len(found) == 21
    assert found[19].startswith("bills.csv:22: ")
    assert found[20] == "bills.csv: holds 980 more errors; mend these first"


def test_nothing_is_handed_out_of_a_table_that_is_none(tmp_path: Path) -> None:
    assert said(tmp_path, "title = 'a scenario'\n", "s.toml") == [
        "s.toml:1: is no table of bills; write one (CSV or JSON lines) with the columns clip, provider, model, billed_usd "
        "and, where known, outcome, time, take and draft"
    ]


@pytest.mark.parametrize("text", ["title = 'a scenario'\n", "id,seconds\na,5\n", '{"clips": []}', "", "\0"])
def test_what_is_no_table_of_bills_on_standard_input_is_told_where(router_: Router, tmp_path: Path, text: str) -> None:
    plan = tmp_path / "plan.json"
    assert router_.plan("-", "-o", plan, stdin="id,seconds\na,5\n").status == 0
    ran = router_("reconcile", plan, "-", stdin=text)
    assert (ran.status, ran.out) == (2, "")
    assert said_well(ran.err.rstrip("\n"))[0].startswith("<stdin>:1: ")
