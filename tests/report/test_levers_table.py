"""Levers as a table and as CSV: two widths, names that are hard to print, scenarios without a plan."""

from __future__ import annotations

import csv
import io
import shlex
from pathlib import Path

import pytest

import router
from router.report.levers_table import levers_csv, levers_table
from router.schema.levers import Levers
from tests import golden
from tests.builders import ON, catalog, model, scenario

TOP = Path(__file__).parent.parent.parent


def levers_of(name: str) -> Levers:
    """The levers of a bundled scenario; the working directory is the repository."""
    return router.levers(router.Scenario.load(f"scenarios/{name}.toml"), on=ON)


@pytest.fixture(autouse=True)
def at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages name files as a user at the top of the repository names them."""
    monkeypatch.chdir(TOP)


@pytest.fixture
def hostile() -> Levers:
    """Clips that are called like formulas, markup and options."""
    names = ("=HYPERLINK(1)", "@sum", "-rf", "{bold} :smile:", "$(id); `id`", "a\"b'c", "é" * 190)
    clips = [{"id": name, "seconds": 5 + k, "audio": "native", "group": f"={name}"} for k, name in enumerate(names)]
    return router.levers(scenario(clips), on=ON)


@pytest.mark.parametrize("width", [80, 120])
def test_levers_as_a_table(width: int) -> None:
    text = levers_table(levers_of("levers"), width=width)

    golden.agrees(f"levers-{width}.txt", text)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("name", ["infeasible-limits", "drafts"])
def test_levers_without_a_plan_and_with_clips_left_out_as_a_table(name: str) -> None:
    golden.agrees(f"levers-{name}.txt", levers_table(levers_of(name)))


def test_levers_as_csv() -> None:
    levers = levers_of("levers")

    rows = list(csv.DictReader(io.StringIO(levers_csv(levers))))

    assert [row["key"] for row in rows] == [own.key for own in (*levers.levers, *levers.idle, *levers.combined)]
    assert rows[0]["saving_usd"] == "25.000000"
    assert rows[0]["set"] == "'clips.*.audio=deferred'"
    assert {row["list"] for row in rows} == {"lever", "combined"}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_that_are_hard_to_print_stay_text_and_break_no_table(hostile: Levers, width: int) -> None:
    text = levers_table(hostile, width=width)

    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert ":smile:" in " ".join(text.split())


def test_no_cell_of_a_csv_is_a_formula(hostile: Levers) -> None:
    rows = list(csv.reader(io.StringIO(levers_csv(hostile))))

    assert len({len(row) for row in rows}) == 1
    columns = {name: k for k, name in enumerate(rows[0])}
    texts = [row[columns[name]] for row in rows for name in ("key", "sentence", "quality", "why")]
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]


def test_what_is_to_be_set_is_quoted_for_a_shell(hostile: Levers) -> None:
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(levers_csv(hostile)))}

    for lever in (*hostile.levers, *hostile.idle):
        assert shlex.split(rows[lever.key]["set"]) == list(lever.set)


def test_where_nothing_saves_anything_it_is_said() -> None:
    levers = router.levers(scenario([{"id": "a", "seconds": 1}], catalog(model())), on=ON)

    assert "No lever saves anything." in levers_table(levers)
    assert "To repeat" not in levers_table(levers)


def test_only_the_first_of_many_paths_are_shown() -> None:
    clips = [{"id": f"{k}", "seconds": 5, "audio": ("native", "none")[k % 2]} for k in range(40)]

    text = levers_table(router.levers(scenario(clips), on=ON))

    assert "and 17 more (all in --format json)" in " ".join(text.split())
