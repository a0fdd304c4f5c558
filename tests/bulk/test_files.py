"""What is written: whole or not at all, nothing that a spreadsheet runs, and never over what is read."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import router
from router.bulk.plan_table import TablePlan
from router.errors import InputError
from tests.builders import ON
from tests.bulk.tables import FORMATS, frame_of, plain
from tests.loading.messages import written

ALL = {"columns": {"carry": "*"}}


@pytest.fixture
def made() -> TablePlan:
    return router.plan_table(frame_of([{"id": "a", "seconds": 5}]), on=ON)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["t*", "t?", "t[1]", "[t]/t", "t{1,2}", "t 1", "t%20", "k=v/t", "日"])
def test_a_name_is_that_of_one_file_and_no_pattern(name: str, form: str, tmp_path: Path) -> None:
    """The other table would be read as well, or in its place."""
    path = tmp_path / f"{name}.{form}"
    path.parent.mkdir(exist_ok=True)
    for own, place in (("other", path.parent / f"t1.{form}"), ("mine", path)):
        with place.open("wb") as file:
            FORMATS[form](frame_of([{"id": own, "seconds": 5}]), file)
    router.plan_table(path, on=ON).write(path.parent / f"r[1].{form}")
    assert [row["id"] for row in plain(router.plan_table(path, on=ON).routed())] == ["mine"]


RUN = ["=1+1", "+cmd", "-cmd", "@y", "\t=z", "\r=z"]


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(RUN), pl.List(pl.String)], ids=str)
def test_a_csv_table_holds_no_text_that_a_spreadsheet_runs(kind: pl.DataType, tmp_path: Path) -> None:
    texts = pl.Series("=x", [[text] for text in RUN] if isinstance(kind, pl.List) else RUN, kind)
    router.plan_table(pl.DataFrame({"seconds": [5] * len(RUN)}).with_columns(texts), ALL, on=ON).write(
        tmp_path / "r.csv"
    )
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["'=x"] for row in rows] == [f"'{text}" for text in RUN]


def test_numbers_of_a_csv_table_stay_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, "seconds,x\n5,-5\n5,+3.5\n5,-1e5\n", "t.csv")
    router.plan_table(path, ALL, on=ON).write(tmp_path / "r.csv")
    assert pl.read_csv(tmp_path / "r.csv")["x"].to_list() == [-5, 3.5, -1e5]


@pytest.mark.parametrize("form", FORMATS)
def test_columns_of_every_kind_are_written(form: str, tmp_path: Path) -> None:
    """Bytes are base64 where a file holds texts alone."""
    columns = {
        "b": b"\xff",
        "d": dt.date(2026, 1, 2),
        "u": dt.timedelta(1),
        "s": {"a": 1},
        "l": [{"a": 1}],
        "m": [[1], [2]],
    }
    table = pl.DataFrame({"seconds": [5, 6], **{name: [value, None] for name, value in columns.items()}})
    router.plan_table(table, ALL, on=ON).write(tmp_path / f"r.{form}")
    if form == "csv":
        with (tmp_path / "r.csv").open(newline="") as file:
            first, second = csv.DictReader(file)
        assert [first[name] for name in "bdus"] == ["/w==", "2026-01-02", "P1D", '{"a":1}']
        assert [first[name] for name in "lm"] == ['[{"a":1}]', "[[1],[2]]"]
        assert [second[name] for name in columns] == [""] * 6


@pytest.mark.parametrize(
    ("place", "said"),
    [("r.txt", "no table ends so"), ("r", "no table ends so"), ("no/r.csv", "No such file"), ("t.csv/r.csv", "Not a directory"),
     ("d.csv", "is a directory"), ("x" * 300 + ".csv", "cannot be written")],
)  # fmt: skip
def test_places_that_cannot_be_written_are_refused_and_nothing_is_left(
    place: str, said: str, made: TablePlan, tmp_path: Path
) -> None:
    written(tmp_path, "", "t.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(InputError, match=said):
        made.write(tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.csv", "t.csv"]


def test_a_table_is_never_written_over_itself(tmp_path: Path) -> None:
    """Also not where a copy without its broken lines is read in its place, nor through another name."""
    text = "id,seconds\na,5\nb,5,6\nc,x\n"
    path = written(tmp_path, text, "t.csv")
    (tmp_path / "link.csv").symlink_to("t.csv")
    made = router.plan_table(path, on=ON, skip_bad_rows=True)
    for write in (made.write, made.write_bad_rows, made.write_unreadable):
        for name in ("t.csv", "link.csv"):
            with pytest.raises(InputError, match="is the table that is read"):
                write(tmp_path / name)
    assert path.read_text() == text


def test_a_link_is_written_through_and_a_file_keeps_its_rights(made: TablePlan, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    made.write(tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("id,seconds,route.number")
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("column", ["route.number", "route.mine", "router_row", "router_key_seconds"])
def test_columns_that_begin_as_those_of_a_result_are_refused(column: str) -> None:
    """A table that was routed before would else have two of them, or lose one."""
    with pytest.raises(InputError, match=f"`{column}` begins as columns of the result do"):
        router.plan_table(frame_of([{"seconds": 5, column: 1}]), ALL, on=ON)
