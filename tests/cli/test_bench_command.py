"""``router bench``: formats, exit status, standard input and bad files. No duration is looked at."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from router.stages import STAGES
from tests.cli.commands import DAY, QUICKSTART, ROOT, Ran, Router
from tests.cli.test_catalog_and_schema import fits, schema
from tests.loading.messages import CLIP, written

CLASHING = ROOT / "scenarios" / "infeasible-limits.toml"
QUICK = ("--rounds", "1", "--draws", "20")


def timed(router_: Router, *arguments: str | Path, stdin: str | None = None) -> Ran:
    """``router bench`` on a fixed day, one round."""
    return router_("bench", *arguments, *QUICK, "--as-of", DAY, stdin=stdin)


def test_the_json_fits_its_schema_with_and_without_a_plan(router_: Router) -> None:
    ran = timed(router_, QUICKSTART, CLASHING)

    assert (ran.status, ran.err) == (3, "")
    fits(schema(router_, "bench"), ran.json)
    assert [own["scenario"] for own in ran.json["scenarios"]] == [str(QUICKSTART), str(CLASHING)]
    assert "no plan keeps" in ran.json["scenarios"][1]["no_plan"]
    assert not schema(router_, "bench").is_valid({"schema": 1})


def test_rounds_and_draws_are_those_asked_for(router_: Router) -> None:
    ran = router_("bench", QUICKSTART, "--rounds", "2", "--draws", "30", "--as-of", DAY)

    assert ran.status == 0
    assert (ran.json["rounds"], ran.json["on"]) == (2, DAY)
    assert ran.json["scenarios"][0]["measured"]["simulation"]["draws"] == 30
    # At least 500 of each sort a round.
    assert ran.json["scenarios"][0]["measured"]["routing"]["new"]["calls"] >= 1000


def test_the_table_has_every_stage_and_says_where_the_time_goes(router_: Router) -> None:
    out = timed(router_, QUICKSTART, CLASHING, "--format", "table").out

    for line in (
        "load ",
        "  market ",
        "  solve ",
        "  shadow prices ",
        "  independent check ",
        "  other ",
        "plan ",
        "simulation, 20 draws ",
    ):
        assert f"\n{line}" in out
    assert "% of planning is " in out
    assert "22 clips in 5 lines and 5 classes; 21 candidates of 13 offers; 1 limit; no limit binds" in out
    assert "No plan: " in out


def test_the_csv_has_every_stage_of_every_scenario(router_: Router, tmp_path: Path) -> None:
    target = tmp_path / "times.csv"
    assert timed(router_, QUICKSTART, CLASHING, "-o", target).status == 3
    rows = [*csv.DictReader(io.StringIO(target.read_text()))]

    assert tuple(row["what"] for row in rows if row["kind"] == "stage") == STAGES
    assert [row["scenario"] for row in rows if row["kind"] == "load"] == [str(QUICKSTART), str(CLASHING)]
    assert [row["scenario"] for row in rows if row["kind"] == "no plan"] == [str(CLASHING)]
    assert {row["what"]: row["number"] for row in rows if row["kind"] == "size"}["candidates"] == "21"


def test_standard_input_is_one_of_the_scenarios_and_timed_in_every_round(router_: Router) -> None:
    ran = router_("bench", "-", QUICKSTART, "--rounds", "3", "--draws", "20", "--as-of", DAY, stdin=CLIP)

    assert (ran.status, ran.err) == (0, "")
    assert [own["scenario"] for own in ran.json["scenarios"]] == ["-", str(QUICKSTART)]


def test_standard_input_cannot_be_named_twice(router_: Router) -> None:
    ran = timed(router_, "-", "-", stdin=CLIP)

    assert (ran.status, ran.out) == (2, "")
    assert "standard input (-) can be read once" in ran.err


def test_what_is_set_anew_is_what_is_timed(router_: Router) -> None:
    ran = timed(router_, QUICKSTART, "--set", "clips.hero.count=7")
    before = timed(router_, QUICKSTART).json["scenarios"][0]["measured"]["sizes"]["clips"]

    # The file asks for four of them.
    assert ran.json["scenarios"][0]["measured"]["sizes"]["clips"] == before - 4 + 7


def test_all_bad_files_are_told_before_anything_is_timed(
    router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(tmp_path, CLIP.replace("5", "nan"), "first.toml")
    second = written(tmp_path, 'catalogs = ["evolnk"]\n' + CLIP, "second.toml")
    begun: list[object] = []
    monkeypatch.setattr("router.cli.bench_command.bench", lambda *given, **_: begun.append(given))
    target = tmp_path / "out.json"

    ran = timed(router_, QUICKSTART, first, second, "-o", target)

    assert (ran.status, ran.out, begun, target.exists()) == (2, "", [], False)
    assert f"{first}:3: `seconds` must be a finite number" in ran.err
    assert f"{second}:1: in catalog 'evolnk'" in ran.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "SCENARIO"), ([QUICKSTART, "--rounds", "0"], "--rounds"), ([QUICKSTART, "--format", "html"], "--format")],
)
def test_senseless_arguments_are_refused(router_: Router, arguments: list[str | Path], says: str) -> None:
    ran = router_("bench", *arguments)

    assert (ran.status, ran.out) == (2, "")
    assert says in ran.err


def test_a_log_has_no_word_of_what_a_user_wrote(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, CLIP.replace('"a"', '"secret-boat"'), "s.toml")
    ran = timed(router_, path, "--verbose")

    assert ran.status == 0
    assert "solved" in ran.err
    assert "secret-boat" not in ran.err
