"""``router diff``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

import router
from router.analysis.comparison import compare
from router.report.comparison_table import comparison_table
from tests import golden
from tests.builders import ON, catalog, model, planned
from tests.cli.commands import DAY, QUICKSTART, Ran, Router
from tests.loading.messages import written

SCENARIO = '[[clips]]\nid = "{clip}"\ncount = 40\nseconds = 10\nresolution = "1080p"\naudio = "{audio}"\n'


@pytest.fixture
def diff(router_: Router) -> Callable[..., Ran]:
    """Runs the command on a fixed day."""

    def ran(*arguments: str | Path, stdin: str | None = None) -> Ran:
        return router_("diff", *arguments, "--as-of", DAY, stdin=stdin)

    return ran


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Forty clips with audio, and the same without."""
    one, other = (SCENARIO.format(clip="hero", audio=audio) for audio in ("native", "none"))
    return written(tmp_path, one, "a.toml"), written(tmp_path, other, "b.toml")


def test_two_scenarios_are_planned_and_the_requirement_is_the_reason(
    diff: Callable[..., Ran], pair: tuple[Path, Path]
) -> None:
    ran = diff(*pair)

    # 10 s at 0.125 with audio, at 0.100 without: 0.25 less for each of 40
    assert (ran.status, ran.err) == (0, "")
    (move,) = ran.json["moved"]
    assert (move["clips"], move["all_usd"]) == (["hero"], "-10.000000")
    assert move["why"] == [{"kind": "requirement", "text": "audio none instead of native"}]
    assert (ran.json["same"], ran.json["made_of"]["expected_usd"]) == (False, "-10.000000")


def test_a_plan_is_told_from_a_scenario_by_what_it_holds(
    router_: Router, diff: Callable[..., Ran], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.txt.json"
    assert router_.plan(pair[0], "-o", plan).status == 0
    scenario = tmp_path / "s.json"
    clip = {"id": "hero", "count": 40, "seconds": 10, "resolution": "1080p", "audio": "native"}
    scenario.write_text(json.dumps({"clips": [clip]}))

    assert diff(plan, scenario, "--exit-code").status == 0
    assert diff(pair[0], plan, "--exit-code").status == 0
    assert diff(plan, pair[1], "--exit-code").status == 4
    assert diff("-", plan, "--exit-code", stdin=plan.read_text()).status == 0


def test_the_exit_status_is_0_without_the_option_whatever_differs(
    diff: Callable[..., Ran], pair: tuple[Path, Path]
) -> None:
    assert diff(*pair).status == 0
    assert diff(*pair, "--exit-code").status == 4


def test_set_holds_for_both_scenarios(diff: Callable[..., Ran], pair: tuple[Path, Path]) -> None:
    half = diff(*pair, "--set", "clips.hero.count=20").json
    # 0.25 less for each of 20.
    assert [(move["count"], move["all_usd"]) for move in half["moved"]] == [(20, "-5.000000")]
    # What told them apart is set to the same.
    assert diff(*pair, "--set", "clips.*.audio=none", "--exit-code").status == 0


def test_set_holds_for_the_one_that_is_a_scenario(
    router_: Router, diff: Callable[..., Ran], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert router_.plan(pair[0], "-o", plan).status == 0
    for sides, sign in (((plan, pair[0]), "-"), ((pair[0], plan), "")):
        made_of = diff(*sides, "--set", "clips.hero.audio=none").json["made_of"]
        assert made_of["expected_usd"] == f"{sign}10.000000"


def test_set_is_refused_where_both_are_plans(
    router_: Router, diff: Callable[..., Ran], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert router_.plan(pair[0], "-o", plan).status == 0
    ran = diff(plan, plan, "--set", "limits.budget_usd=1")
    assert (ran.status, ran.out) == (2, "")
    assert "--set changes scenarios; A and B are plans, which are taken as they are; give a scenario" in ran.err


def test_a_set_that_one_side_refuses_names_the_side(
    router_: Router, diff: Callable[..., Ran], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    pair[1].write_text(SCENARIO.format(clip="heroine", audio="none"))
    ran = diff(*pair, "--set", "clips.hero.count=2")
    assert (ran.status, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith(f"{pair[1]}: --set 'clips.hero.count=2': ")
    assert "heroine" in line

    both = diff(*pair, "--set", "limits.budget=2").err.splitlines()
    assert [line.partition(": ")[0] for line in both] == [str(path) for path in pair]

    plan = tmp_path / "plan.json"
    assert router_.plan(pair[0], "-o", plan).status == 0
    assert diff(plan, pair[0], "--set", "limits.budget=2").err.startswith("--set 'limits.budget=2': ")


def test_only_one_of_both_can_come_from_standard_input(diff: Callable[..., Ran]) -> None:
    ran = diff("-", "-", stdin="{}")
    assert (ran.status, ran.out) == (2, "")
    assert "only one of A and B can come from standard input" in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[clips]]\nid = "a"\nseconds = 5\nresolutoin = "1080p"\n', "b.toml:4: `resolutoin`: no such field; did you mean"),
        ("", "b.toml:1: is empty"),
        ('{"routes": [], "totals": {}}', "b.toml:1: is not TOML"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_with_file_and_line(
    diff: Callable[..., Ran], pair: tuple[Path, Path], text: str, said: str
) -> None:
    pair[1].write_text(text)
    ran = diff(*pair)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_a_plan_that_is_damaged_names_the_line(router_: Router, diff: Callable[..., Ran], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert router_.plan(QUICKSTART, "-o", plan).status == 0
    lines = plan.read_text().splitlines()
    line = next(n for n, text in enumerate(lines) if '"expected_usd"' in text)
    lines[line] = lines[line].split(":")[0] + ': "a lot",'
    plan.write_text("\n".join(lines))

    ran = diff(QUICKSTART, plan)

    assert (ran.status, ran.out) == (2, "")
    assert f"plan.json:{line + 1}: " in ran.err
    assert 'must be an amount as "1250.000000"' in ran.err


def test_where_no_plan_exists_the_file_is_named(
    diff: Callable[..., Ran], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    stuck = written(tmp_path, '[[clips]]\nseconds = 10\nresolution = "4k"\n', "stuck.toml")
    ran = diff(pair[0], stuck)
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.startswith(f"router: no plan exists for {stuck}:\n")


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "@sum", "-1+1", ":smile: {bold}", "a; b", "x" * 200, "画面-長い"]
)
def test_a_hostile_name_breaks_neither_the_table_nor_the_csv(
    diff: Callable[..., Ran], tmp_path: Path, name: str
) -> None:
    files = [
        written(tmp_path, SCENARIO.format(clip=name, audio=audio), f"{audio}.toml") for audio in ("native", "none")
    ]
    table = diff(*files, "--format", "table").out
    rows = list(csv.reader(io.StringIO(diff(*files, "--format", "csv").out)))

    assert name[:30] in table.replace("\n", "")
    assert max(map(len, table.splitlines())) <= 120
    assert len({len(row) for row in rows}) == 1
    cell = rows[1][rows[0].index("clips")]
    assert cell == (f"'{name}" if name[0] in "=@-" else name)
    assert not any(value.startswith(("=", "@")) for row in rows for value in row)


def test_csv_holds_moves_figures_and_limits(diff: Callable[..., Ran], pair: tuple[Path, Path]) -> None:
    pair[1].write_text(pair[1].read_text() + "[limits]\nbudget_usd = 100\n")
    lines = list(csv.DictReader(io.StringIO(diff(*pair, "--format", "csv").out)))
    by_what = {line["what"]: line for line in lines}

    assert (by_what["moved"]["before_audio"], by_what["moved"]["after_audio"]) == ("native", "none")
    assert (by_what["moved"]["difference_usd"], by_what["moved"]["all_usd"]) == ("-0.250000", "-10.000000")
    assert by_what["moved"]["why"] == "audio none instead of native"
    assert by_what["expected_usd"]["difference"] == "-10.000000"
    assert (by_what["limits.budget_usd"]["before"], by_what["limits.budget_usd"]["after"]) == ("", "40.000000")


def test_json_fits_its_schema(router_: Router, diff: Callable[..., Ran], pair: tuple[Path, Path]) -> None:
    schema = router_("schema", "comparison").json
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for files in (pair, (pair[0], QUICKSTART), (QUICKSTART, QUICKSTART)):
        assert not [error.message for error in validator.iter_errors(diff(*files).json)]


def test_the_table_is_the_one_that_was_looked_at() -> None:
    clips = [
        {"id": "hero", "seconds": 10, "count": 40},
        {"id": "shot", "seconds": 5, "count": 10, "value_usd": 2},
        {"id": "teaser", "seconds": 10, "count": 4, "drafts": {"count": 2}},
    ]
    prices = {"swift": ("0.10", "0.15"), "plain": ("0.20", "0.20")}
    before, after = (
        catalog(*(model(name, [{"audio": False, "price_per_second": both[side]}]) for name, both in prices.items()))
        for side in (0, 1)
    )
    cap = {"caps": [{"where": {"model": "swift"}, "max_clips": 30}]}
    found = compare(planned(clips, before), planned(clips[:2], after, limits=cap))

    golden.agrees("diff.txt", comparison_table(found))
    golden.agrees("diff-80.txt", comparison_table(found, 80))
    assert max(map(len, comparison_table(found, 80).splitlines())) <= 80


def test_equal_plans_say_so() -> None:
    plan = router.plan(router.Scenario.load(QUICKSTART), on=ON)
    text = comparison_table(compare(plan, plan))
    assert "No difference: every clip is made the same way at the same cost.\n" in text


def test_a_table_shows_the_fifty_largest_moves_and_counts_the_rest() -> None:
    clips = [{"id": f"c{i}", "seconds": 3, "count": i + 1} for i in range(60)]
    longer = [{**clip, "seconds": 4 + i % 17, "id": f"d{i}"} for i, clip in enumerate(clips)]
    many = [{**clip, "seconds": f"{3 + i / 100:.2f}"} for i, clip in enumerate(longer)]
    free = catalog(model(seconds={"min": 1, "max": 20, "step": 0}, rounding="none"))
    text = comparison_table(compare(planned(clips, free), planned(many, free)))
    # 60 of the new names all differ in length; the 60 that are gone are alike
    assert "11 more are in the CSV and the JSON.\n" in text
