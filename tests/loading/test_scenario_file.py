"""Scenario files: defaults, clips within and beside, catalogs relative to the file."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from router.errors import InputError
from router.loading.scenario_file import where_in
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario
from tests.loading.messages import CATALOG, CLIP, scenario_refusal, written


def loaded(folder: Path, text: str, name: str = "s.toml") -> Scenario:
    return Scenario.load(written(folder, text, name))


def test_an_empty_scenario_but_for_one_length_has_every_default(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, "[[clips]]\nseconds = 5\n")
    (clip,) = scenario.clips
    assert (clip.id, clip.count, clip.seconds, clip.mode, clip.audio, clip.max_segments) == (
        "clip-1",
        1,
        5,
        "text-to-video",
        "none",
        1,
    )
    assert (clip.resolution, clip.reference, clip.max_surplus_seconds, clip.value_usd, clip.request) == (
        None,
        None,
        None,
        None,
        {},
    )
    assert [catalog.name for catalog in scenario.catalogs if isinstance(catalog, Catalog)] in ([], ["evolink"])
    fallback = scenario.fallback
    assert (fallback.direction, fallback.accept, fallback.across, fallback.billed, fallback.order) == (
        "any", "qualified", "provider", "actual", "price",
    )  # fmt: skip
    assert (fallback.max_steps, fallback.unserved_usd, scenario.dubbing.usd_per_clip, scenario.limits.budget_usd) == (
        None,
        0,
        0,
        None,
    )


def test_defaults_fill_what_a_clip_does_not_say_and_requests_merge_key_by_key(tmp_path: Path) -> None:
    text = (
        '[defaults]\nseconds = 8\ncount = 3\nresolution = "1080p"\nrequest = { aspect_ratio = "16:9", seed = 1 }\n'
        '[[clips]]\nid = "a"\n[[clips]]\nid = "b"\nseconds = 5\nresolution = "720p"\nrequest = { seed = 2, prompt = "x" }\n'
    )
    first, second = loaded(tmp_path, text).clips
    assert (first.seconds, first.count, first.resolution, first.request) == (
        8,
        3,
        "1080p",
        {"aspect_ratio": "16:9", "seed": 1},
    )
    assert (second.seconds, second.count, second.resolution) == (5, 3, "720p")
    assert second.request == {"aspect_ratio": "16:9", "seed": 2, "prompt": "x"}


def test_names_are_made_up_from_the_position_among_all_clips(tmp_path: Path) -> None:
    text = '[[clips]]\nseconds = 5\n[[clips]]\nid = "b"\nseconds = 5\n[[clips]]\nseconds = 5\n'
    assert [clip.id for clip in loaded(tmp_path, text).clips] == ["clip-1", "b", "clip-3"]


def test_toml_and_json_spell_the_same_scenario(tmp_path: Path) -> None:
    text = (
        CLIP
        + '[limits]\nbudget_usd = 0.10\n[[limits.caps]]\nmax_share = 0.5\nwhere = { model = "kling-o3", audio = true }\n'
    )
    data = {
        "clips": [{"id": "a", "seconds": 5}],
        "limits": {"budget_usd": 0.1, "caps": [{"max_share": 0.5, "where": {"model": "kling-o3", "audio": True}}]},
    }
    assert loaded(tmp_path, text).model_dump() == loaded(tmp_path, json.dumps(data), "s.json").model_dump()


def test_numbers_stay_exact(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, CLIP.replace("5", "5.1") + "[limits]\nbudget_usd = 0.30000000000000001\n")
    assert (scenario.clips[0].seconds, scenario.limits.budget_usd) == (Decimal("5.1"), Decimal("0.30000000000000001"))


def test_catalogs_and_tables_are_found_beside_the_scenario_wherever_it_is_called_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "campaign"
    (folder / "prices").mkdir(parents=True)
    written(folder, CATALOG, "prices/c.toml")
    written(folder, "id,seconds\nx,5\n", "jobs.csv")
    written(folder, 'catalogs = ["prices/c.toml"]\nclips = "jobs.csv"\n', "s.toml")
    monkeypatch.chdir(tmp_path)
    scenario = Scenario.load("campaign/s.toml")
    assert [catalog.name for catalog in scenario.catalogs if isinstance(catalog, Catalog)] == ["c"]
    assert [clip.id for clip in scenario.clips] == ["x"]


def test_defaults_reach_the_rows_of_a_table(tmp_path: Path) -> None:
    written(tmp_path, '{"id": "x"}\n{"id": "y", "seconds": 7}\n', "jobs.jsonl")
    scenario = loaded(tmp_path, 'clips = "jobs.jsonl"\n[defaults]\nseconds = 5\nresolution = "720p"\n')
    assert [(clip.id, clip.seconds, clip.resolution) for clip in scenario.clips] == [("x", 5, "720p"), ("y", 7, "720p")]


def test_findings_in_a_table_name_the_table_and_its_line(tmp_path: Path) -> None:
    written(tmp_path, "id,seconds\nx,5\ny,-5\n", "jobs.csv")
    (line,) = scenario_refusal(tmp_path, 'clips = "jobs.csv"\n')
    assert line.startswith("jobs.csv:3: `seconds` ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.csv", r"s\.toml:2: `clips` names a table: .*nothing\.csv: no such file"),
        ("empty.csv", r"s\.toml:2: `clips` names a table: .*empty\.csv:1: is empty"),
        ("s.toml", r"s\.toml:2: `clips` names a table: .*s\.toml: is no table; one ends in \.csv, \.jsonl, \.parquet"),
        ("jobs.parquet", r"s\.toml:2: `clips` names a table: .*jobs\.parquet: cannot be read as a Parquet file"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_where_the_scenario_names_it(
    tmp_path: Path, name: str, message: str
) -> None:
    written(tmp_path, b"", "empty.csv")
    written(tmp_path, b"PAR1", "jobs.parquet")
    with pytest.raises(InputError, match=message):
        loaded(tmp_path, f'title = "x"\nclips = "{name}"\n')


def test_a_bad_catalog_is_reported_with_both_places_and_together_with_the_scenarios_own_errors(tmp_path: Path) -> None:
    written(tmp_path, CATALOG.replace("0.1", "-1"), "c.toml")
    lines = scenario_refusal(tmp_path, 'catalogs = [\n"evolink",\n"c.toml"]\n' + CLIP.replace("5", "-5"))
    assert len(lines) == 2
    assert lines[0].startswith("s.toml:3: in catalog 'c.toml': c.toml:10: `price_per_second` ")
    assert lines[1].startswith("s.toml:6: `seconds` ")


def test_a_value_remembers_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, CLIP + "[limits]\nbudget_usd = 3\n", "s.toml")
    assert where_in(Scenario.load(path), ("limits", "budget_usd")) == f"{path}:5"
    assert where_in(Scenario.load(path), ("clips", 0)) == f"{path}:1"


def test_a_json_array_of_clips_is_told_to_be_a_table_of_clips(tmp_path: Path) -> None:
    (line,) = scenario_refusal(tmp_path, '[{"seconds": 5}]', "s.json")
    assert line.startswith("s.json:1: must be a table")


def test_a_scenario_in_code_takes_the_same_values() -> None:
    scenario = Scenario.model_validate({"clips": [{"seconds": 5.1}], "limits": {"budget_usd": 0.3}})
    # A float stands for the literal that Python prints for it.
    assert (scenario.clips[0].seconds, scenario.limits.budget_usd) == (Decimal("5.1"), Decimal("0.3"))


def test_a_cap_may_allow_the_seconds_of_as_many_clips_as_there_can_be(tmp_path: Path) -> None:
    text = "[[clips]]\nseconds = 10\ncount = 1000000000\n[[limits.caps]]\nmax_seconds = 9999999999.5\n"
    assert loaded(tmp_path, text).limits.caps[0].max_seconds == Decimal("9999999999.5")
