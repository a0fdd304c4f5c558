"""`[columns]` row by row and by classes: the same columns are read, carried along or refused, in words of the table."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import router
from router.errors import InputError
from router.schema.scenario import Scenario
from tests.builders import ON
from tests.loading.messages import said_well, written

Told = Callable[[Path, str, str], list[str]]


def by_rows(folder: Path, columns: str, name: str) -> list[str]:
    """What loading the scenario says."""
    return refused(folder, lambda path: Scenario.load(path), columns, name)


def by_classes(folder: Path, columns: str, name: str) -> list[str]:
    """What planning its table by classes says."""
    return refused(folder, lambda path: router.plan_table(path, on=ON), columns, name)


def refused(folder: Path, load: Callable[[Path], Any], columns: str, name: str) -> list[str]:
    path = written(folder, f'clips = "{name}"\n[columns]\n{columns}\n', "s.toml")
    with pytest.raises(InputError, match=r".") as caught:
        load(path)
    return said_well(str(caught.value).replace(f"{folder}/", ""))


BOTH = pytest.mark.parametrize("told", [by_rows, by_classes], ids=["by rows", "by classes"])


@pytest.fixture(params=["csv", "jsonl", "parquet", "arrow"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Two clips with columns of the user's own names, and two that are no fields."""
    form = request.param
    frame = pl.DataFrame({"shot": ["a", "b"], "length": [5, -1], "job": ["x", "y"], "audio": ["none", "none"]})
    path = tmp_path / f"t.{form}"
    write = {
        "csv": frame.write_csv,
        "jsonl": frame.write_ndjson,
        "parquet": frame.write_parquet,
        "arrow": frame.write_ipc,
    }
    write[form](path)
    return path.name


@BOTH
def test_a_bad_value_is_told_by_the_column_that_it_stands_in(told: Told, table: str, tmp_path: Path) -> None:
    (line,) = told(tmp_path, 'id = "shot"\nseconds = "length"\ncarry = ["job"]', table)
    assert line.endswith("`length` (seconds) must be above 0, not -1")


@BOTH
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ('id = "shot"\nseconds = "length"', "`job` is no field of a clip"),
        ('id = "shot"\nseconds = "duration"\ncarry = "*"', "has no column `duration`, which `columns.seconds` names"),
        (
            'id = "shot"\nseconds = "length"\ncarry = ["job", "team"]',
            "has no column `team`, which `columns.carry` names",
        ),
        ('id = "shot"\nseconds = "length"\naudio = "job"\ncarry = ["x"]', "`audio` is read from the column `job`"),
    ],
)
def test_columns_that_are_missing_unknown_or_named_twice_are_told(
    told: Told, columns: str, said: str, table: str, tmp_path: Path
) -> None:
    assert any(said in line for line in told(tmp_path, columns, table))


@BOTH
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ('secnods = "length"', "`secnods` is no field of a clip; did you mean `seconds`?"),
        ('seconds = "length"\ncount = "length"', "reads two fields from the column `length`"),
        ('seconds = ["length"]', "`seconds` must be the name of one column"),
        ("seconds = 5", "must be the name of a column"),
        ('carry = "job"', "must be a list of columns"),
    ],
)
def test_columns_that_say_nothing_are_told_at_their_line(told: Told, columns: str, said: str, tmp_path: Path) -> None:
    written(tmp_path, "id,seconds,length,job\na,5,5,x\n", "t.csv")
    assert any(said in line and line.startswith(("s.toml:2", "s.toml:3")) for line in told(tmp_path, columns, "t.csv"))


@BOTH
def test_a_name_that_stands_twice_is_told_by_its_column(told: Told, tmp_path: Path) -> None:
    written(tmp_path, "shot,seconds\na,5\na,5\n", "t.csv")
    (line,) = told(tmp_path, 'id = "shot"', "t.csv")
    assert "t.csv:3: `shot` (id) " in line
    assert "ids must differ" in line


@BOTH
def test_a_field_that_a_row_lacks_is_told_by_its_column(told: Told, tmp_path: Path) -> None:
    written(tmp_path, "id,length\na,5\nb,\n", "t.csv")
    (line,) = told(tmp_path, 'seconds = "length"', "t.csv")
    assert "t.csv:3: `length` (seconds) is required" in line


@BOTH
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"id,seconds\na,5\n', "is not CSV"),
        ("id,seconds,\na,5,\n", "column 3 has no name"),
        ("id,seconds,seconds\na,5,5\n", "column `seconds` stands twice"),
        ("id;seconds\na;5\n", "separated by semicolons"),
        ("id\tseconds\na\t5\n", "separated by tabs"),
        ("id,seconds\n", "holds no clips"),
        ("id,seconds", "holds no clips"),
        ("id,seconds\n\n,\n", "holds no clips"),
        ("", "is empty"),
        ("id,seconds\na,5,6\n", "t.csv:2: has 3 cells under 2 columns"),
        ('id,seconds\n"a"b,5\n', "t.csv:2: is not CSV"),
    ],
)
def test_a_text_that_is_no_table_is_told(told: Told, text: str, said: str, tmp_path: Path) -> None:
    written(tmp_path, text, "t.csv")
    assert any(said in line for line in told(tmp_path, 'seconds = "seconds"', "t.csv"))


@pytest.mark.parametrize(
    ("heading", "name"), [('"my ""id"""', 'my "id"'), ("my id", "my id"), (" my id ", "my id"), ('"a, b"', "a, b")]
)
def test_a_heading_may_hold_quotes_commas_and_spaces(heading: str, name: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"{heading},seconds\na,5\n", "t.csv")
    toml = written(tmp_path, f"clips = 't.csv'\n[columns]\nid = '{name}'\n", "s.toml")
    assert [clip.id for clip in Scenario.load(toml).clips] == ["a"]
    made = router.plan_table(path, {"columns": {"id": name}}, on=ON)
    assert made.routed().collect()[name].to_list() == ["a"]


def test_a_request_goes_on_as_it_stands_in_a_table(tmp_path: Path) -> None:
    """Also where a name in it is that of a field whose texts are read as numbers or lists."""
    request = {"prompt": " p ", "count": "5", "models": "x;y", "scale": 0.5, "deep": {"a": 1, "b": None}}
    pl.DataFrame({"seconds": [5], **{f"request.{name}": [value] for name, value in request.items()}}).write_parquet(
        tmp_path / "flat.parquet"
    )
    pl.DataFrame({"seconds": [5, 6], "request": [request, None]}).write_parquet(tmp_path / "nested.parquet")
    expected = {**request, "deep": {"a": 1}}
    for name in ("flat", "nested"):
        assert Scenario.load(tmp_path / f"{name}.parquet").clips[0].request == expected
    assert Scenario.load(tmp_path / "nested.parquet").clips[1].request == {}


def test_lists_of_a_table_are_lists_of_a_clip(tmp_path: Path) -> None:
    models = [["kling-3.0", "kling-o3"], None, ["kling-o3"]]
    pl.DataFrame({"seconds": [5.5, 5, 5], "models": models}).write_parquet(tmp_path / "t.parquet")
    clips = Scenario.load(tmp_path / "t.parquet").clips
    assert [clip.models for clip in clips] == [("kling-3.0", "kling-o3"), None, ("kling-o3",)]
    assert [clip.seconds for clip in clips] == [Decimal("5.5"), 5, 5]


def test_a_table_of_nothing_but_own_columns_takes_all_from_the_defaults(tmp_path: Path) -> None:
    pl.DataFrame({"job": ["x", "y"]}).write_parquet(tmp_path / "t.parquet")
    path = written(tmp_path, 'clips = "t.parquet"\n[columns]\ncarry = "*"\n[defaults]\nseconds = 5\n', "s.toml")
    assert [clip.seconds for clip in Scenario.load(path).clips] == [5, 5]
    assert router.plan_table(path, on=ON).plan.totals.served == 2
