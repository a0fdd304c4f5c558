"""``router what-if`` and ``--set``: tables, CSV and JSON, exit statuses, and one message for what cannot be."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.cli.commands import DAY, QUICKSTART, Router, process
from tests.golden import agrees
from tests.loading.messages import written

TOP = Path(__file__).parents[2]
WHAT_IF = TOP / "scenarios/what-if.toml"
HOSTILE = '[[clips]]\nid = "=1+1"\nseconds = 5\n[[clips]]\nid = "@cmd"\nseconds = 5\naudio = "native"\n'


def test_variants_of_the_scenario_are_shown_beside_it(router_: Router) -> None:
    ran = router_("what-if", WHAT_IF, "--as-of", DAY, "--format", "table")
    assert ran.status == 0
    agrees("what_if.txt", ran.out)


def test_a_sweep_is_shown_line_by_line(router_: Router) -> None:
    ran = router_("what-if", WHAT_IF, "--as-of", DAY, "--sweep", "limits.budget_usd=100:140:20", "--format", "table")
    assert ran.status == 0
    agrees("sweep.txt", ran.out)


def test_all_of_set_is_one_variant_and_variant_names_more(router_: Router) -> None:
    ran = router_(
        "what-if", QUICKSTART, "--set", "clips.*.audio=none", "--set", "limits.budget_usd=", "--variant",
        "dear:offers.kling-o3.*.price*=1.3; title=x", "--as-of", DAY, "--format", "json",
    )  # fmt: skip
    assert [(one["name"], one["set"]) for one in ran.json["variants"]] == [
        ("variant", ["clips.*.audio=none", "limits.budget_usd="]),
        ("dear", ["offers.kling-o3.*.price*=1.3", "title=x"]),
    ]


def test_set_changes_the_scenario_of_every_command(router_: Router, tmp_path: Path) -> None:
    cheap = ("--set", "clips.*.audio=none", "--as-of", DAY)
    planned = router_("plan", QUICKSTART, *cheap, "-o", tmp_path / "plan.json")
    assert planned.status == 0
    assert router_("verify", tmp_path / "plan.json", QUICKSTART, *cheap).status == 0
    assert router_("verify", tmp_path / "plan.json", QUICKSTART, "--as-of", DAY).status == 2
    assert "18.90" in router_("simulate", QUICKSTART, *cheap, "--format", "table").out
    assert "silent" in router_("explain", QUICKSTART, "hero", *cheap, "--format", "table").out


def test_csv_has_a_line_for_each_variant_and_each_value(router_: Router) -> None:
    ran = router_("what-if", WHAT_IF, "--as-of", DAY, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [(row["name"], row["expected_usd"], row["difference_usd"]) for row in rows[:2]] == [
        ("baseline", "122.000000", ""), ("dubbed", "100.720000", "-21.280000"),
    ]  # fmt: skip
    swept = router_("what-if", WHAT_IF, "--as-of", DAY, "--sweep", "limits.budget_usd=130,90", "--format", "csv")
    assert [row["limits.budget_usd"] for row in csv.DictReader(io.StringIO(swept.out))] == ["130", "90"]
    times = router_("what-if", WHAT_IF, "--as-of", DAY, "--sweep", "limits.budget_usd*=0.9,1", "--format", "csv")
    assert times.out.startswith("limits.budget_usd *=,")


def test_formulas_in_names_stay_text_in_a_spreadsheet_and_a_table(router_: Router, tmp_path: Path) -> None:
    given = written(tmp_path, HOSTILE, "s.toml")
    ran = router_("what-if", given, "--variant", "=1+1:clips.*.seconds=6", "--as-of", DAY, "--format", "csv")
    assert "\n'=1+1," in ran.out
    table = router_("what-if", given, "--set", "clips.*.audio=none", "--as-of", DAY, "--format", "table")
    assert "@cmd" in table.out


def test_processes_share_a_sweep_and_write_the_same(tmp_path: Path) -> None:
    arguments = (
        "what-if",
        QUICKSTART,
        "--sweep",
        "offers.kling-o3.*.price*=0.9:1.3:0.1",
        "--as-of",
        DAY,
        "--format",
        "json",
    )
    alone, shared = process(*arguments), process(*arguments, "--jobs", "2")
    assert (shared.status, shared.out) == (0, alone.out)


BAD = {
    "a path that leads nowhere": (("--set", "limits.budgt_usd=9"), "did you mean `limits.budget_usd`?"),
    "a variant without a name": (("--variant", "clips.hero.count=1"), "must be NAME:PATH=VALUE"),
    "a variant that sets nothing": (("--variant", "x:"), "must be NAME:PATH=VALUE"),
    "a sweep of nothing": (("--sweep", "limits.budget_usd"), "must be PATH=VALUE"),
    "a sweep and a variant": (("--sweep", "title=a,b", "--variant", "x:title=y"), "two questions"),
    "processes without a sweep": (("--set", "title=x", "--jobs", "2"), "give --sweep"),
    "nothing to compare with": ((), "nothing to compare with"),
    "a variant with markup in its name": (("--variant", "a<b:title=x"), "`name` holds <"),
    "a variant with an escape in its name": (
        ("--variant", "a\x1bb:title=x"),
        "`name` holds the control character U+001B",
    ),
    "a variant of a very long name": (("--variant", f"{'x' * 600}:title=x"), "`name` is longer than 500 characters"),
    "a sweep over no number": (
        ("--sweep", "limits.budget_usd=100,nan"),
        "`budget_usd` must be a finite number, not NaN",
    ),
    "a sweep by tiny steps": (("--sweep", "limits.budget_usd=0:1:1e-999999"), "must run from:to:step"),
    "a sweep to a huge end": (("--sweep", "limits.budget_usd=1:1e999999999:1"), "must run from:to:step"),
    "a sweep from a huge start": (("--sweep", "limits.budget_usd=1e999999:1e999999:1"), "must run from:to:step"),
    "a sweep over huge numbers": (("--sweep", "limits.budget_usd=1,1e999999"), "must be a number of ordinary size"),
    "a sweep over a very long value": (("--sweep", f"title=a,{'x' * 600}"), "`values` is longer than 500 characters"),
    "a sweep of a path with an escape": (
        ("--sweep", "clips.\x1b.count=1,2"),
        "`path` holds the control character U+001B",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_one_message_and_status_2(
    router_: Router, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    ran = router_("what-if", QUICKSTART, *arguments, "-o", tmp_path / "out.json", "--as-of", DAY)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out.json").exists()


def test_a_variant_in_a_file_that_is_wrong_is_named_with_its_line(router_: Router, tmp_path: Path) -> None:
    given = written(tmp_path, '[[clips]]\nseconds = 5\n[[what_if]]\nname = "x"\nsets = ["title=y"]\n', "s.toml")
    ran = router_("plan", given, "--as-of", DAY)
    assert ran.status == 2
    assert "s.toml:5: `sets`: no such field; did you mean `set`?" in ran.err


def test_a_path_in_a_file_that_leads_nowhere_is_told_with_its_line_and_variant(router_: Router, tmp_path: Path) -> None:
    given = written(
        tmp_path, '[[clips]]\nseconds = 5\n[[what_if]]\nname = "w"\nset = ["clips.*.audoi=none"]\n', "s.toml"
    )
    ran = router_("what-if", given, "--as-of", DAY)
    assert ran.status == 2
    assert "s.toml:5: variant 'w': --set 'clips.*.audoi=none': no such field as `audoi`" in ran.err


def test_no_plan_at_all_is_status_3(router_: Router) -> None:
    ran = router_("what-if", TOP / "scenarios/infeasible-budget.toml", "--set", "title=x", "--as-of", DAY)
    assert ran.status == 3


def test_a_sweep_without_any_plan_is_status_3(router_: Router) -> None:
    ran = router_("what-if", QUICKSTART, "--sweep", "limits.budget_usd=1,2", "--as-of", DAY, "--format", "json")
    assert ran.status == 3
    assert all(point["no_plan"] for point in ran.json["points"])
    assert router_("what-if", QUICKSTART, "--sweep", "limits.budget_usd=1,99", "--as-of", DAY).status == 0


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_one_value_set_anew_is_a_variant_by_its_own_text(router_: Router, form: str) -> None:
    for text, name in (
        ("fallback.max_steps=3", "fallback.max_steps=3"),
        ("limits.caps[0].max_clips=3", "limits.caps[0].max_clips=3"),
        (f"clips.*.request.prompt={'x' * 600}", f"clips.*.request.prompt={'x' * 600}"[:117] + "..."),
        ("clips.*.request.prompt=a\x1bb", "clips.*.request.prompt=a?b"),
    ):
        ran = router_("what-if", TOP / "scenarios/every-limit.toml", "--set", text, "--as-of", DAY, "--format", form)
        assert ran.status == 0
        assert "\x1b" not in ran.out
        if form == "json":
            assert [one["name"] for one in ran.json["variants"]] == [name]


def test_a_semicolon_in_quotes_does_not_part_what_a_variant_sets(router_: Router) -> None:
    for sets, parts in (
        ("title='a;b'; limits.budget_usd=900", ["title='a;b'", "limits.budget_usd=900"]),
        ('title="a;\\";b";clips.*.count=1', ['title="a;\\";b"', "clips.*.count=1"]),
        ("title=it's; clips.'hero'.count=2", ["title=it's", "clips.'hero'.count=2"]),
    ):
        ran = router_("what-if", QUICKSTART, "--variant", f"v:{sets}", "--as-of", DAY, "--format", "json")
        assert [one["set"] for one in ran.json["variants"]] == [parts]


def test_set_needs_a_scenario(router_: Router, tmp_path: Path) -> None:
    assert router_("plan", QUICKSTART, "-o", tmp_path / "plan.json", "--as-of", DAY).status == 0
    assert "name it as well" in router_("verify", tmp_path / "plan.json", "--set", "title=x").err
    assert "taken as it is" in router_("simulate", tmp_path / "plan.json", "--set", "title=x").err
