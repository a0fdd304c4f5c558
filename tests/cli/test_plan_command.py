"""``router plan`` and ``router explain``: input from anywhere, formats, guards and exit statuses."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from tests.cli.commands import DAY, QUICKSTART, Router
from tests.loading.messages import CATALOG, CLIP, written

# One silent clip of 5 s over the bundled catalog: 720p at $0.075 a second is 0.375, on kling-3.0 (first of two equals).
TIGHT = (
    CLIP.replace('"a"', '"hero"')
    + 'resolution = "1080p"\naudio = "native"\ncount = 10\nvalue_usd = 5\n[limits]\nbudget_usd = 3\n'
)
# A clip costs 5 x 0.125 = 0.625 on kling-o3, so that a budget of $3 makes 4 of the 10 at 2.50: the limit binds.


def test_off_a_terminal_the_plan_is_json(router_: Router) -> None:
    ran = router_.plan(QUICKSTART)
    assert (ran.status, ran.err) == (0, "")
    assert ran.json["schema"] == 1


def test_a_table_is_for_people_and_csv_has_a_line_for_each_route(router_: Router) -> None:
    plan = router_.plan(QUICKSTART).json
    table, rows = router_.plan(QUICKSTART, "--format", "table"), router_.plan(QUICKSTART, "--format", "csv")
    assert table.out.startswith("Spring launch\n")
    found = list(csv.DictReader(io.StringIO(rows.out)))
    assert [(row["clips"], row["price_usd"]) for row in found] == [
        ("; ".join(r["clips"]), r["price_usd"]) for r in plan["routes"]
    ]
    # 4 heroes of 10 s at 0.125 a second.
    assert (found[0]["clips"], found[0]["total_price_usd"]) == ("hero", "5.000000")


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_the_same_input_gives_the_same_bytes(router_: Router, form: str) -> None:
    first = router_.plan(QUICKSTART, "--format", form)
    assert router_.plan(QUICKSTART, "--format", form) == first


@pytest.mark.parametrize(
    "text",
    [
        CLIP,
        '{"clips": [{"id": "a", "seconds": 5}]}',
        '{"clips": [\n{"id": "a", "seconds": 5}\n]}\n',
        '{"id": "a", "seconds": 5}\n{"id": "b", "seconds": 5}\n',
        "id,seconds\na,5\n",
        "# a comment\n" + CLIP,
        "[limits]\nbudget_usd = 3\n" + CLIP,
        "\ufeff" + CLIP,
        CLIP.replace("\n", "\r\n"),
    ],
    ids=["TOML", "JSON", "JSON on lines", "JSONL", "CSV", "comment first", "table first", "byte order mark", "Windows"],
)
def test_a_dash_reads_standard_input_in_every_format(router_: Router, text: str) -> None:
    ran = router_.plan("-", stdin=text)
    assert (ran.status, ran.err) == (0, "")
    # 5 s x 0.075
    assert {(r["model"], r["price_usd"]) for r in ran.json["routes"]} == {("kling-3.0", "0.375000")}


def test_catalogs_of_standard_input_are_found_in_the_current_folder(
    router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, CATALOG, "c.toml")
    monkeypatch.chdir(tmp_path)
    ran = router_.plan("-", stdin='catalogs = ["c.toml"]\n' + CLIP)
    assert [route["model"] for route in ran.json["routes"]] == ["m"]


def test_bad_standard_input_is_named_with_its_line(router_: Router) -> None:
    ran = router_.plan("-", stdin=CLIP + "count = -1\n")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("<stdin>:4: `count` ")
    empty = router_.plan("-", stdin="")
    assert (empty.status, empty.err) == (2, "<stdin>:1: is empty\n")


def test_a_plain_table_is_a_scenario(router_: Router, tmp_path: Path) -> None:
    path = written(tmp_path, "id,seconds,count,resolution\na,5,2,1080p\nb,5,1,1080p\n", "jobs.csv")
    # 3 clips x 5 s x 0.100
    assert router_.plan(path).json["totals"]["nominal_usd"] == "1.500000"


# ---- exit statuses ---------------------------------------------------------------------------------------------------


def test_where_no_plan_exists_the_status_is_3_and_standard_output_says_why_for_programs(
    router_: Router, tmp_path: Path
) -> None:
    ran = router_.plan(written(tmp_path, CLIP + "[limits]\nbudget_usd = 0.3\n", "s.toml"))
    assert ran.status == 3
    assert (ran.json["status"], ran.json["relaxations"][0]["limit"]) == ("infeasible", "budget_usd")
    # 5 s x 0.075 is the least that the clip can cost.
    assert ran.json["relaxations"][0]["needed"] == "0.375000"
    assert re.search(r"s\.toml:5: raise limits\.budget_usd from 0\.3\d* to 0\.375 ", ran.err)


def test_a_clip_that_nothing_can_serve_has_status_3_and_is_named_with_its_line(router_: Router, tmp_path: Path) -> None:
    ran = router_.plan(written(tmp_path, CLIP + 'resolution = "4k"\n', "s.toml"), "--format", "table")
    assert (ran.status, ran.out) == (3, "")
    assert re.search(r"s\.toml:1: clip 'a' \(5 s, text-to-video, 4k\): none of 13 offers is eligible: ", ran.err)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        # One clip of 0.375, expected and (as no availability is known, and both models cost the same) in the worst case.
        (["--fail-above", "0.375"], 0),
        (["--fail-above", "0.374999"], 4),
        (["--fail-above", "0"], 4),
        (["--fail-if-worst-above", "0.375"], 0),
        (["--fail-if-worst-above", "0.37"], 4),
        (["--fail-above", "1", "--fail-if-worst-above", "0.1"], 4),
    ],
)
def test_a_guard_fails_only_above_its_amount_and_the_plan_is_written_all_the_same(
    router_: Router, tmp_path: Path, arguments: list[str], status: int
) -> None:
    path, output = written(tmp_path, CLIP, "s.toml"), tmp_path / "p.json"
    ran = router_.plan(path, *arguments)
    assert (ran.status, ran.json["totals"]["expected_usd"]) == (status, "0.375000")
    assert ("above the guard of" in ran.err) == (status == 4)
    assert router_.plan(path, *arguments, "-o", output).status == status
    assert output.read_text() == ran.out


def test_both_guards_that_are_exceeded_are_named(router_: Router, tmp_path: Path) -> None:
    err = router_.plan(written(tmp_path, CLIP, "s.toml"), "--fail-above", "0.1", "--fail-if-worst-above", "0.1").err
    assert len(err.splitlines()) == 2
    assert "expected cost" in err
    assert "worst case" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan"], "SCENARIO"),
        (["plan", str(QUICKSTART), "--as-of", "yesterday"], "must be a date as 2026-04-09"),
        (["plan", str(QUICKSTART), "--fail-above", "nan"], "must be an amount of dollars"),
        (["plan", str(QUICKSTART), "--fail-above", "-1"], "must be an amount of dollars"),
        (["plan", str(QUICKSTART), "--fail-above", "inf"], "must be an amount of dollars"),
        (["plan", str(QUICKSTART), "--time-limit", "0"], "--time-limit"),
        (["plan", str(QUICKSTART), "--time-limit", "-1"], "--time-limit"),
        (["plan", str(QUICKSTART), "--time-limit", "nan"], "--time-limit"),
        (["plan", str(QUICKSTART), "--format", "yaml"], "--format"),
        (["plan", str(QUICKSTART), "--frmat", "json"], "--format"),
        (["explain", str(QUICKSTART)], "CLIP"),
        (["schema", "nothing"], "scenario"),
        (["catalog", "show"], "CATALOG"),
        (["nothing"], "nothing"),
        ([], "Usage"),
    ],
)
def test_bad_usage_has_status_2_and_says_what_is_right(router_: Router, arguments: list[str], message: str) -> None:
    ran = router_(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


@pytest.mark.parametrize(
    "arguments", [["-h"], ["--help"], ["plan", "-h"], ["catalog", "show", "--help"], ["--version"]]
)
def test_help_goes_to_standard_output(router_: Router, arguments: list[str]) -> None:
    ran = router_(*arguments)
    assert (ran.status, ran.err) == (0, "")
    assert "router" in ran.out


# ---- the day and the time --------------------------------------------------------------------------------------------


def test_as_of_decides_what_is_stale(router_: Router) -> None:
    # The bundled prices of 2026-04-09 are good for 90 days: through 2026-07-08.
    assert router_("plan", QUICKSTART, "--as-of", "2026-07-08").json["warnings"] == []
    (warning,) = router_("plan", QUICKSTART, "--as-of", "2026-07-09").json["warnings"]
    assert "more than 90 days old" in warning


def test_as_of_decides_what_is_sold(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, CATALOG.replace("seconds", "available_from = 2026-04-10\nseconds", 1), "c.toml")
    path = written(tmp_path, 'catalogs = ["c.toml"]\n' + CLIP, "s.toml")
    assert router_("plan", path, "--as-of", "2026-04-10").status == 0
    assert router_("plan", path, "--as-of", "2026-04-09").status == 3


def test_without_as_of_the_day_is_today(router_: Router, tmp_path: Path) -> None:
    # A price list of the day before the first of this century's last year: whenever this runs, it is older than a day.
    written(
        tmp_path,
        CATALOG.replace("source", "stale_after_days = 1\nsource").replace("2026-04-09", "2020-01-01"),
        "c.toml",
    )
    assert len(router_("plan", written(tmp_path, 'catalogs = ["c.toml"]\n' + CLIP, "s.toml")).json["warnings"]) == 1


def test_nothing_but_the_plan_is_on_standard_output_when_the_solver_runs(router_: Router, tmp_path: Path) -> None:
    ran = router_.plan(written(tmp_path, TIGHT, "s.toml"))
    assert (ran.status, ran.err) == (0, "")
    assert (ran.json["method"], ran.json["status"], ran.json["totals"]["served"]) == ("solver", "optimal", 4)
    # 4 x 0.625 expected, and 6 clips of $5 left out.
    assert (ran.json["totals"]["expected_usd"], ran.json["totals"]["objective_usd"]) == ("2.500000", "32.500000")


@pytest.mark.parametrize("limit", ["60", "1e-9"])
def test_a_time_limit_gives_a_plan_that_says_how_good_it_is_or_a_message(
    router_: Router, tmp_path: Path, limit: str
) -> None:
    ran = router_.plan(written(tmp_path, TIGHT, "s.toml"), "--time-limit", limit)
    if ran.status == 0:
        assert ran.json["status"] in ("optimal", "feasible")
        assert (ran.json["status"] == "optimal") == (ran.json["gap"] == 0)
    else:
        assert (ran.status, ran.out) == (2, "")
        assert "time limit" in ran.err
    assert limit != "60" or ran.json["status"] == "optimal"


# ---- explain ---------------------------------------------------------------------------------------------------------


def test_explain_shows_every_offer_once_and_marks_the_chosen(router_: Router) -> None:
    ran = router_("explain", QUICKSTART, "hero", "--as-of", DAY)
    assert (ran.status, ran.err) == (0, "")
    offers = ran.json["offers"]
    assert sorted(offer["position"] for offer in offers) == list(range(13))
    assert [(o["model"], o["chosen"], o["price_usd"]) for o in offers if o["chosen"]] == [("kling-o3", 4, "1.250000")]
    assert {offer["verdict"] for offer in offers} == {"candidate", "rejected"}
    table = router_("explain", QUICKSTART, "hero", "--as-of", DAY, "--format", "table").out
    assert "resolution" in table
    rows = list(
        csv.DictReader(io.StringIO(router_("explain", QUICKSTART, "hero", "--as-of", DAY, "--format", "csv").out))
    )
    assert [row["price_usd"] for row in rows] == [offer["price_usd"] or "" for offer in offers]


def test_explain_of_a_clip_that_is_not_there_offers_the_nearest(router_: Router) -> None:
    ran = router_("explain", QUICKSTART, "heroo")
    assert (ran.status, ran.out) == (2, "")
    assert "no clip is called 'heroo'; did you mean 'hero'?" in ran.err


def test_explain_says_how_clips_are_called_where_none_is_near(router_: Router) -> None:
    ran = router_("explain", QUICKSTART, "10 s \x1b[31mat night")
    expected = "no clip is called '10 s ?[31mat night'; the first are 'hero', 'teaser', 'product-turn' and 2 more"
    assert (ran.status, expected in ran.err) == (2, True)


def test_explain_still_answers_where_no_plan_exists(router_: Router, tmp_path: Path) -> None:
    ran = router_("explain", written(tmp_path, CLIP + "[limits]\nbudget_usd = 0.3\n", "s.toml"), "a", "--as-of", DAY)
    assert ran.status == 0
    assert "no plan exists" in ran.json["notes"][0]


def test_explain_of_a_clip_that_nothing_can_serve_shows_why(router_: Router, tmp_path: Path) -> None:
    ran = router_("explain", written(tmp_path, CLIP + 'resolution = "4k"\n', "s.toml"), "a", "--as-of", DAY)
    assert ran.status == 0
    assert {offer["verdict"] for offer in ran.json["offers"]} == {"rejected"}


@pytest.mark.parametrize("name", ["\x1b[31m", "x" * 5000, "", "[bold]"])
def test_explain_prints_the_name_that_it_was_given_safely(router_: Router, name: str) -> None:
    ran = router_("explain", QUICKSTART, name)
    assert ran.status == 2
    assert "\x1b" not in ran.err
    assert len(ran.err) < 300


def test_a_plan_is_read_back_by_verify(router_: Router, tmp_path: Path) -> None:
    for text in (CLIP, TIGHT):
        path, plan = written(tmp_path, text, "s.toml"), tmp_path / "p.json"
        assert router_.plan(path, "-o", plan).status == 0
        assert json.loads(plan.read_text())["schema"] == 1
        assert router_("verify", plan, path, "--as-of", DAY).status == 0
        assert router_("verify", plan).status == 0
