"""``router plan`` of tables by classes: statuses, what is written where, and what is left when it does not end well."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from unittest import mock

import polars as pl
import pytest

from router.bulk.class_table import class_scenario
from router.cli.table_plan import table_of
from router.schema.scenario import Scenario
from tests.cli.commands import DAY, ROOT, Router
from tests.loading.messages import said_well, written

GOOD = "id,seconds\na,5\nb,5\nc,10\n"
BAD = "id,seconds\na,5\nb,x\nc,5,6\nd,10\n"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_routed_table_and_the_plan_are_written_beside_one_another(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, "t.csv")
    ran = router_.plan(path, "--routed", tmp_path / "r.parquet", "-o", tmp_path / "p.json")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert names(tmp_path) == ["p.json", "r.parquet", "t.csv"]
    assert pl.read_parquet(tmp_path / "r.parquet")["id"].to_list() == ["a", "b", "c"]
    assert router_("verify", tmp_path / "p.json").status == 0


def test_guards_hold_for_tables_and_the_table_is_written_all_the_same(router_: Router, tmp_path: Path) -> None:
    """Twenty seconds at $0.075 are $1.50."""
    path = written(tmp_path, GOOD, "t.csv")
    ran = router_.plan(path, "--routed", tmp_path / "r.csv", "--fail-above", "1.49")
    assert (ran.status, ran.json["totals"]["expected_usd"]) == (4, "1.500000")
    assert "above the guard of $1.49" in ran.err
    assert names(tmp_path) == ["r.csv", "t.csv"]


def test_values_set_anew_and_accounts_hold_for_tables(router_: Router, tmp_path: Path) -> None:
    """Half the price: $0.75."""
    path = written(tmp_path, GOOD, "t.csv")
    account = written(tmp_path, "[account.evolink]\ndiscount = 0.5\n", "a.toml")
    ran = router_.plan(path, "--routed", tmp_path / "r.csv", "--account", account)
    assert (ran.status, ran.json["totals"]["expected_usd"]) == (0, "0.750000")
    ran = router_.plan(path, "--routed", tmp_path / "r.csv", "--set", "clips.*.audio=native")
    assert (ran.status, set(pl.read_csv(tmp_path / "r.csv")["route.audio"])) == (0, {"native"})


@pytest.mark.parametrize("form", ["parquet", "arrow", "jsonl", "csv"])
def test_a_scenario_may_name_its_table(router_: Router, tmp_path: Path, form: str) -> None:
    frame = pl.DataFrame({"shot": ["a", "b"], "seconds": [5, 10]})
    write = {
        "parquet": frame.write_parquet,
        "arrow": frame.write_ipc,
        "jsonl": frame.write_ndjson,
        "csv": frame.write_csv,
    }
    write[form](tmp_path / f"jobs.{form}")
    path = written(tmp_path, f'clips = "jobs.{form}"\n[columns]\nid = "shot"\n', "s.toml")
    one_by_one, by_classes = router_.plan(path), router_.plan(path, "--routed", tmp_path / "r.csv")
    assert (one_by_one.status, by_classes.status) == (0, 0)
    assert one_by_one.json["totals"]["expected_usd"] == by_classes.json["totals"]["expected_usd"]
    assert pl.read_csv(tmp_path / "r.csv")["shot"].to_list() == ["a", "b"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_large_tables_are_planned_by_classes_unasked(
    router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    frame = pl.DataFrame({"id": ["a", "b", "c"], "seconds": [5, 5, 10]})
    (frame.write_csv if form == "csv" else frame.write_parquet)(tmp_path / f"t.{form}")
    assert "a" in router_.plan(tmp_path / f"t.{form}").json["routes"][0]["clips"]
    monkeypatch.setattr("router.cli.table_plan.LARGE_BYTES", 10)
    monkeypatch.setattr("router.cli.table_plan.LARGE_ROWS", 2)
    ran = router_.plan(tmp_path / f"t.{form}")
    assert [route["clips"] for route in ran.json["routes"]] == [["5 s text-to-video"], ["10 s text-to-video"]]
    assert ran.err == "router: 3 rows were planned as 2 classes; --routed FILE writes the route of each row\n"


def test_a_plan_of_classes_holds_against_its_table(router_: Router, tmp_path: Path) -> None:
    path, plan = written(tmp_path, BAD, "t.csv"), tmp_path / "p.json"
    assert router_.plan(path, "--skip-bad-rows", "-o", plan).status == 0
    assert router_("verify", plan, path, "--skip-bad-rows", "--as-of", DAY).status == 0
    assert router_("verify", plan, path, "--as-of", DAY).status == 2
    assert "change the scenario: name it as well" in router_("verify", plan, "--skip-bad-rows").err
    good = written(tmp_path, GOOD, "good.csv")
    assert router_.plan(good, "--routed", tmp_path / "r.csv", "-o", plan).status == 0
    assert router_("verify", plan, good, "--as-of", DAY).status == 0
    more = written(tmp_path, f"{GOOD}d,10\n", "more.csv")
    refused = router_("verify", plan, more, "--as-of", DAY)
    assert (refused.status, "10 s text-to-video" in refused.err) == (2, True)
    assert router_.plan(good, "-o", plan).status == 0
    assert router_("verify", plan, good, "--as-of", DAY).status == 0


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("command", ["levers", "sensitivity", "simulate", "what-if", "bench", "diff"])
def test_every_command_takes_a_large_table_by_its_classes(
    router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, form: str
) -> None:
    """Of 30 clips that a plan could name, the classes of one length are one."""
    frame, path = pl.DataFrame({"id": [f"{n}" for n in range(30)], "seconds": [5, 10] * 15}), tmp_path / f"t.{form}"
    (frame.write_csv if form == "csv" else frame.write_parquet)(path)
    monkeypatch.setattr("router.cli.table_plan.LARGE_BYTES", 10)
    monkeypatch.setattr("router.cli.table_plan.LARGE_ROWS", 2)
    named: list[tuple[str, int]] = []
    load = class_scenario

    def seen(*arguments: object) -> Scenario:
        made = load(*arguments)  # type: ignore[arg-type]
        named.extend((clip.id, clip.count) for clip in made.clips)
        return made

    monkeypatch.setattr("router.bulk.class_table.class_scenario", seen)
    more = {
        "what-if": ["--set", "clips.*.audio=native"],
        "simulate": ["--draws", "10"],
        "bench": ["--rounds", "1", "--draws", "10"],
        "diff": [path],
    }
    ran = router_(command, path, *more.get(command, []), "--as-of", DAY)
    assert (ran.status, ran.err) == (0, "")
    assert set(named) == {("5 s text-to-video", 15), ("10 s text-to-video", 15)}


def test_bad_rows_and_broken_lines_are_set_aside_beside_the_result(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, BAD, "t.csv")
    refused = router_.plan(path, "--routed", tmp_path / "r.csv")
    assert (refused.status, names(tmp_path)) == (2, ["t.csv"])
    assert said_well(refused.err.strip().replace(f"{tmp_path}/", "")) == [
        "t.csv:3: `seconds` must be a number, not a text",
        "t.csv:4: has 3 cells under 2 columns",
    ]
    (tmp_path / "out").mkdir()
    ran = router_.plan(path, "--routed", tmp_path / "out" / "r.csv", "--skip-bad-rows")
    assert ran.status == 0
    assert names(tmp_path / "out") == ["r.csv", "t.bad-rows.csv", "t.unreadable.csv"]
    assert pl.read_csv(tmp_path / "out" / "r.csv")["id"].to_list() == ["a", "d"]
    assert (tmp_path / "out" / "t.bad-rows.csv").read_text().startswith("id,seconds,route.problem\nb,x,")
    assert (tmp_path / "out" / "t.unreadable.csv").read_text() == "c,5,6\n"
    assert "t.csv:3: `seconds` must be a number, not a text" in ran.err
    assert "router: bad rows: 1; they stand in" in ran.err
    assert "router: lines that cannot be read as rows: 1; they stand in" in ran.err


def test_a_plan_of_classes_differs_in_nothing_from_the_small_table_that_it_is_of(
    router_: Router, tmp_path: Path
) -> None:
    path = written(tmp_path, GOOD, "t.csv")
    plan = tmp_path / "p.json"
    assert router_.plan(path, "--routed", tmp_path / "r.csv", "-o", plan).status == 0
    for sides in ((plan, path), (path, plan)):
        ran = router_("diff", *sides, "--as-of", DAY, "--exit-code", "--format", "json")
        assert (ran.status, ran.json["same"]) == (0, True)


def test_small_tables_of_other_names_are_compared_row_by_row(router_: Router, tmp_path: Path) -> None:
    """Three clips gone, three new, though the classes are the same."""
    sides = (written(tmp_path, GOOD, "a.csv"), written(tmp_path, "id,seconds\nxa,5\nxb,5\nxc,10\n", "b.csv"))
    ran = router_("diff", *sides, "--as-of", DAY, "--format", "table")
    assert "Clips: 3 gone, 3 new, 0 as before" in ran.out


def test_bad_rows_go_where_they_are_asked_to_go(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, BAD, "t.csv")
    ran = router_.plan(path, "--bad-rows", tmp_path / "b.jsonl", "-o", tmp_path / "p.json")
    assert (ran.status, ran.out) == (0, "")
    assert names(tmp_path) == ["b.jsonl", "p.json", "t.csv", "t.unreadable.csv"]
    assert pl.read_ndjson(tmp_path / "b.jsonl")["id"].to_list() == ["b"]


def test_where_no_row_is_bad_the_file_that_was_asked_for_is_no_older_one(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, "id,seconds\na,5\n", "t.csv")
    written(tmp_path, "id,seconds,route.problem\nold,x,wrong\n", "b.csv")
    ran = router_.plan(path, "--bad-rows", tmp_path / "b.csv", "-o", tmp_path / "p.json")
    assert (ran.status, "bad rows" in ran.err) == (0, False)
    assert (tmp_path / "b.csv").read_text() == "id,seconds,route.problem\n"


def test_a_scenario_whose_clips_stand_in_it_is_parsed_once(tmp_path: Path) -> None:
    inline = written(tmp_path, 'title = "x"\n[[clips]]\nid = "clips"\nseconds = 5\n', "s.toml")
    with mock.patch("router.cli.table_plan.parse", side_effect=AssertionError("parsed")):
        assert table_of(str(inline)) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.toml", 'clips = "t.csv"'),
        ("s.toml", "'clips'='t.csv'"),
        ("s.json", '{"title": "x", "clips" : "t.csv"}'),
        ("s.json", '{"clips":\n"t.csv"}'),
    ],
)
def test_the_table_of_a_scenario_is_found_however_it_is_written(tmp_path: Path, name: str, text: str) -> None:
    assert table_of(str(written(tmp_path, text, name))) == tmp_path / "t.csv"


@pytest.mark.parametrize(
    "text", ["id,seconds\na,x\nb,-1\n", "id,seconds\na,5,6\n", "id,seconds\n"], ids=["bad", "broken", "none"]
)
def test_a_table_without_a_good_row_has_status_2_and_nothing_is_written(
    router_: Router, tmp_path: Path, text: str
) -> None:
    path = written(tmp_path, text, "t.csv")
    ran = router_.plan(path, "--skip-bad-rows", "--routed", tmp_path / "r.csv", "-o", tmp_path / "p.json")
    assert (ran.status, ran.out, names(tmp_path)) == (2, "", ["t.csv"])
    said_well(ran.err.strip().replace(f"{tmp_path}/", ""))


def test_where_no_plan_exists_the_status_is_3_and_nothing_is_written(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, BAD, "t.csv")
    ran = router_.plan(
        path,
        "--skip-bad-rows",
        "--routed",
        tmp_path / "r.csv",
        "-o",
        tmp_path / "p.json",
        "--set",
        "limits.budget_usd=0.01",
    )
    assert (ran.status, names(tmp_path)) == (3, ["t.csv"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--routed", "t.csv"], "is both SCENARIO and --routed"),
        (["--routed", "link.csv"], "is both SCENARIO and --routed"),
        (["-o", "t.csv"], "is both SCENARIO and -o"),
        (["--routed", "r.csv", "--bad-rows", "r.csv"], "is both --routed and --bad-rows"),
        (["--routed", "r.csv", "-o", "r.csv"], "is both -o and --routed"),
        (["--routed", "t.bad-rows.csv", "--skip-bad-rows"], "is both --routed and where bad rows go"),
        (["--routed", "r.txt", "--skip-bad-rows"], "no table ends so"),
        (["--routed", "-"], "no table ends so"),
        (["--routed", "r.csv", "--bad-rows", "b.toml"], "no table ends so"),
        (["--routed", "no/r.csv", "--skip-bad-rows"], "there is no such folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_places_of_results_are_refused_before_anything_is_done(
    router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    written(tmp_path, BAD, "t.csv")
    (tmp_path / "link.csv").symlink_to("t.csv")
    monkeypatch.chdir(tmp_path)
    ran = router_.plan("t.csv", *options)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert names(tmp_path) == ["link.csv", "t.csv"]
    assert (tmp_path / "t.csv").read_text() == BAD


def test_the_table_that_a_scenario_names_is_not_written_over(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, GOOD, "t.csv")
    path = written(tmp_path, 'clips = "t.csv"\n', "s.toml")
    for option in ("-o", "--routed"):
        ran = router_.plan(path, option, tmp_path / "t.csv")
        assert (ran.status, ran.out) == (2, "")
        assert f"is both its table and {option}" in ran.err
    assert (tmp_path / "t.csv").read_text() == GOOD


def test_a_table_on_standard_input_is_no_table_to_plan_by_classes(router_: Router, tmp_path: Path) -> None:
    ran = router_.plan("-", "--routed", tmp_path / "r.csv", stdin=GOOD)
    assert (ran.status, names(tmp_path)) == (2, [])
    assert ran.err.startswith("<stdin>: is a table that is read more than once; name a file")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_interrupt_while_the_table_is_written_leaves_no_file(tmp_path: Path, form: str) -> None:
    """The interrupt comes when a megabyte is written beside the result: about a hundred are yet to be."""
    (tmp_path / "copies").mkdir()
    pl.select(seconds=pl.int_range(1_000_000) % 7 + 5).write_csv(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open("a") as file:
        file.write("5,6\n")
    options = ["--routed", f"r.{form}", "--skip-bad-rows", "--as-of", DAY]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "copies")}
    running = subprocess.Popen(
        [sys.executable, "-m", "router", "plan", "t.csv", *options],
        cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while running.poll() is None and not any(size > 10**6 for size in sizes(tmp_path, f".router-*.{form}")):
        time.sleep(0.001)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err.strip()) == (130, b"", b"")
    assert names(tmp_path) == ["copies", "t.csv", "t.unreadable.csv"]
    assert names(tmp_path / "copies") == []


def sizes(folder: Path, pattern: str) -> list[int]:
    """Of files that may be moved away meanwhile."""
    found = []
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            found.append(path.stat().st_size)
    return found


def on_terminal(folder: Path) -> str:
    """What the command writes on standard error, which is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "router", "plan", "t.csv", "--routed", "r.csv", "-o", "p.json", "--as-of", DAY]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    running = subprocess.Popen(command, cwd=folder, env=env, stderr=theirs)
    os.close(theirs)
    found = b""
    try:
        while data := os.read(ours, 65536):
            found += data
    except OSError:
        pass  # How Linux ends a terminal that nobody writes to any more
    os.close(ours)
    assert running.wait(timeout=60) == 0
    return found.decode()


def test_progress_is_shown_on_a_terminal_and_nowhere_else(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, "t.csv")
    assert "r.csv" in on_terminal(tmp_path)
    assert router_.plan(path, "--routed", tmp_path / "r.csv").err == ""


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_no_prompt_and_no_bad_name_stands_in_what_is_said_or_logged(router_: Router, tmp_path: Path, form: str) -> None:
    secret = "a prompt that nobody may read"
    frame = pl.DataFrame({"id": ["a", f"{secret}<"], "seconds": [5, -1], "request.prompt": [secret, secret]})
    (frame.write_csv if form == "csv" else frame.write_ndjson)(tmp_path / f"t.{form}")
    with (tmp_path / f"t.{form}").open("a") as file:
        file.write(f'"{secret}\n')
    for options in ([], ["--skip-bad-rows"]):
        ran = router_.plan(tmp_path / f"t.{form}", "--routed", tmp_path / "r.csv", "--verbose", *options)
        assert ran.status == (0 if options else 2)
        assert secret not in ran.out + ran.err
