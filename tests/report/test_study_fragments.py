"""What a notebook shows of variants, sweeps, levers, frontiers and comparisons."""

from __future__ import annotations

import pytest

import router
from tests.builders import ON, scenario
from tests.report.pages import HOSTILE, Read
from tests.report.studies import NAMES, renamed, study


@pytest.mark.parametrize(
    ("name", "tables", "said"),
    [
        ("what-if", 1, "dubbed$100.72-$21.28-17.4%"),
        ("sweep", 1, "0.9$18.57"),
        ("levers", 1, "dub 80 clips (hero, star) at no stated price$25.0023.8%"),
        ("sensitivity", 2, "kling-o3, all offers$18.57 *$20.65$2.08"),
        ("frontier", 1, "5 knee$3.807.3333$0.45"),
        ("frontier of a part", 1, "8 of at least 15 plans"),
        ("comparison", 2, "Expected"),
        ("no difference", 1, "No difference"),
    ],
)
def test_a_notebook_shows_the_figures(name: str, tables: int, said: str) -> None:
    read = Read.of(study(name)._repr_html_())
    assert read.tags.count("table") == tables
    assert said in read.text


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_fragment_reaches_beyond_it(name: str) -> None:
    read = Read.of(study(name)._repr_html_())
    assert not {"style", "script", "link", "iframe", "html", "body"} & set(read.tags)
    assert not [own for own in read.attributes if own[1] in ("id", "href", "src") or own[1].startswith("on")]
    assert {value for _, key, value in read.attributes if key == "style"} <= {"text-align:left", "text-align:right"}


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_text_in_a_notebook(name: str) -> None:
    plain = tuple(f"n{k}" for k in range(len(HOSTILE)))
    hostile, harmless = (Read.of(renamed(study(name), names)._repr_html_()) for names in (HOSTILE, plain))
    kept = [[tag for tag in read.tags if tag != "wbr"] for read in (hostile, harmless)]
    assert kept[0] == kept[1]
    assert HOSTILE[0] in hostile.text


def test_a_sweep_has_its_chart_and_a_long_one_is_cut() -> None:
    found = router.sweep(scenario([{"id": "c", "seconds": 5}]), ["clips.c.count=1:50:1"], on=ON)
    read = Read.of(found._repr_html_())
    assert read.tags.count("svg") == 2
    assert read.tags.count("tr") < 30
    assert "more values" in read.text


def test_a_long_frontier_is_cut_and_says_so() -> None:
    found = study("frontier")
    long = found.model_copy(update={"points": found.points * 5})
    read = Read.of(long._repr_html_())
    assert read.tags.count("tr") == 51
    assert "and 25 more plans" in read.text
