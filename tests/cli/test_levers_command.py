"""``router levers``: formats, exit status, and that what it prints can be repeated with ``router plan --set``."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.commands import DAY, ROOT, Ran, Router
from tests.cli.test_catalog_and_schema import fits, schema
from tests.loading.messages import CLIP, written

LEVERS = ROOT / "scenarios" / "levers.toml"


def levers(router_: Router, *arguments: str | Path, stdin: str | None = None) -> Ran:
    """``router levers`` on a fixed day."""
    return router_("levers", *arguments, "--as-of", DAY, stdin=stdin)


def test_what_is_printed_can_be_repeated(router_: Router) -> None:
    ran = levers(router_, LEVERS, "--format", "table")
    assert (ran.status, ran.err) == (0, "")
    told = levers(router_, LEVERS).json["levers"]
    lines = ran.out.partition("To repeat one, plan the scenario with:\n")[2].partition("\n\n")[0].splitlines()

    assert len(lines) == len(told)
    for line, lever in zip(lines, told, strict=True):
        number, _, sets = line.partition(": ")
        again = router_.plan(LEVERS, *shlex.split(sets)).json["totals"]
        assert number == str(told.index(lever) + 1)
        assert (again["expected_usd"], again["worst_usd"]) == (lever["expected_usd"], lever["worst_usd"])


def test_the_json_fits_its_schema(router_: Router) -> None:
    for name in ("levers", "drafts", "infeasible-clip", "mean-quality"):
        fits(schema(router_, "levers"), levers(router_, ROOT / "scenarios" / f"{name}.toml").json)
    assert not schema(router_, "levers").is_valid({"schema": 1})


def test_values_set_anew_are_the_baseline(router_: Router) -> None:
    found = levers(router_, LEVERS, "--set", "clips.*.audio=deferred").json

    # 80 x 10 x 0.100; there is no sound left to defer
    assert found["baseline"]["expected_usd"] == "80.000000"
    assert found["levers"][0]["key"] == "lower-resolution"


def test_top_and_combine_say_how_much_is_told(router_: Router) -> None:
    found = levers(router_, LEVERS, "--top", "3", "--combine", "2").json

    assert (len(found["levers"]), len(found["combined"])) == (3, 2)
    assert "6 more save less." in levers(router_, LEVERS, "--top", "3", "--format", "table").out
    assert levers(router_, LEVERS, "--combine", "0").json["combined"] == []


def test_the_format_goes_by_the_ending_of_the_file(router_: Router, tmp_path: Path) -> None:
    for ending, begins in (("csv", "list,key,"), ("json", "{\n"), ("txt", "All sound")):
        target = tmp_path / f"out.{ending}"
        assert levers(router_, LEVERS, "-o", target).status == 0
        assert target.read_text().startswith(begins)


def test_without_a_plan_the_status_is_3_unless_a_lever_makes_one_possible(router_: Router, tmp_path: Path) -> None:
    possible = levers(router_, ROOT / "scenarios" / "infeasible-clip.toml")
    stuck = levers(router_, written(tmp_path, CLIP + 'models = ["nobody"]\n', "stuck.toml"), "--format", "table")

    assert (possible.status, possible.json["baseline"]) == (0, None)
    assert stuck.status == 3
    assert "No lever alone makes a plan possible." in stuck.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--top", "0"], "--top"), (["--combine", "21"], "--combine"), (["--set", "clips.nobody.audio=any"], "nobody")],
)
def test_senseless_arguments_are_refused(router_: Router, arguments: list[str], says: str) -> None:
    ran = levers(router_, LEVERS, *arguments)

    assert (ran.status, ran.out) == (2, "")
    assert says in ran.err
