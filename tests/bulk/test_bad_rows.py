"""Rows that are no clips: all of them told up to a cap, and with `skip_bad_rows` set aside whole, so that nothing is lost."""

from __future__ import annotations

import gc
import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import router
from router.errors import InputError
from tests.builders import ON
from tests.bulk.tables import ENGINES, FORMATS, Rows, frame_of, plain
from tests.loading.messages import said_well, written

CELLS: dict[str, tuple[Any, ...]] = {
    "id": ("a", "b", "c", "d", "=1", "<x>", " ", None, "e" * 201),
    "seconds": (5, 5, 5, 10, -1, 0, None),
    "resolution": ("720p", None, "9000p"),
    "count": (1, 2, None, 0, 10**10),
}
KINDS = {"id": pl.String, "seconds": pl.Int64, "resolution": pl.String, "count": pl.Int64}


@st.composite
def mixed(draw: st.DrawFn) -> Rows:
    """Rows good and bad, at times twice bad."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries({name: st.sampled_from(own) for name, own in CELLS.items()}), min_size=1, max_size=9
        )
    )
    return [{**row, "n": n} for n, row in enumerate(rows)]


def good(rows: Rows, *, is_text: bool) -> set[int]:
    """Which rows are clips, by the rules for each field and the names of rows before."""
    found, seen = set(), set()
    for row in rows:
        name = row["id"].strip() or None if is_text and row["id"] else row["id"]
        fine = row["seconds"] in (5, 10) and row["resolution"] != "9000p" and row["count"] in (1, 2, None)
        if fine and name not in ("<x>", " ", "e" * 201) and name not in seen:
            found.add(row["n"])
        seen |= {name} - {None}
    return found


@pytest.mark.parametrize("engine", sorted(ENGINES.keys() - {"Dask"}))
@settings(max_examples=6)
@given(mixed())
def test_every_row_is_routed_or_set_aside_in_every_engine(engine: str, rows: Rows) -> None:
    held_apart(ENGINES[engine](frame_of(rows, KINDS)), rows, good(rows, is_text=False))


@settings(max_examples=1)
@given(mixed().filter(lambda rows: 0 < len(good(rows, is_text=False)) < len(rows)))
def test_every_row_is_routed_or_set_aside_in_dask(rows: Rows) -> None:
    held_apart(ENGINES["Dask"](frame_of(rows, KINDS)), rows, good(rows, is_text=False))


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=10)
@given(rows=mixed())
def test_every_row_is_routed_or_set_aside_in_every_format(form: str, rows: Rows) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clips.{form}"
        FORMATS[form](frame_of(rows, KINDS), path)
        held_apart(path, rows, good(rows, is_text=form == "csv"))


def held_apart(table: Any, rows: Rows, right: set[int]) -> None:
    """Rows that are clips are routed, the others set aside with what is wrong, and no plan is made of nothing."""
    rules = {"columns": {"carry": ["n"]}}
    if len(right) < len(rows):
        with pytest.raises(InputError, match=r"must|is no|is also|is required|holds|than") as caught:
            router.plan_table(table, rules, on=ON)
        said_well(str(caught.value).replace(f"{Path(str(table)).parent}/", ""))
    if not right:
        with pytest.raises(InputError, match=r"must|is no|is also|is required|holds|than"):
            router.plan_table(table, rules, on=ON, skip_bad_rows=True)
        return
    made = router.plan_table(table, rules, on=ON, skip_bad_rows=True)
    assert (made.rows, made.bad) == (len(right), len(rows) - len(right))
    assert sorted(int(row["n"]) for row in plain(made.routed())) == sorted(right)
    aside = plain(made.bad_rows()) if made.bad else []
    assert sorted(int(row["n"]) for row in aside) == sorted({row["n"] for row in rows} - right)
    assert all(row["route.problem"] for row in aside)


def test_bad_rows_are_named_by_their_lines_past_blank_lines_and_cells_of_several(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,seconds,note\n\na,5,"two\nlines"\r\n\n,,\nb,x,"three\n\nlines"\nc,y,\n', "t.csv")
    with pytest.raises(InputError, match="must be a number") as caught:
        router.plan_table(path, {"columns": {"carry": ["note"]}}, on=ON)
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["7", "10"]


def test_bad_rows_of_json_lines_are_named_by_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path, '\n{"id": "a", "seconds": 5}\n  \n{"id": "b", "seconds": 0}\n', "t.jsonl")
    with pytest.raises(InputError, match=r"t\.jsonl:4: `seconds` must be above 0, not 0$"):
        router.plan_table(path, on=ON)


def test_the_first_twenty_are_told_and_how_many_there_are_besides(tmp_path: Path) -> None:
    path = written(tmp_path, "seconds\n" + "5\n" * 3 + "-1\n" * 30, "t.csv")
    with pytest.raises(InputError, match="above 0") as caught:
        router.plan_table(path, on=ON)
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems[:-1]] == [
        str(line) for line in range(5, 25)
    ]
    assert "holds 10 more bad rows" in caught.value.problems[-1].message


def test_a_row_that_is_bad_twice_stands_once_with_both_reasons(tmp_path: Path) -> None:
    path = written(tmp_path, "id,seconds\na,5\na,x\n<,y\n", "t.csv")
    made = router.plan_table(path, on=ON, skip_bad_rows=True)
    first, second = (row["route.problem"] for row in plain(made.bad_rows()))
    assert "`seconds` must be a number" in first
    assert "`id` is also that of row 1" in first
    assert "`seconds` must be a number" in second
    assert "`id` is no name" in second
    assert [problem.where.rpartition(":")[2] for problem in made.problems()] == ["3", "4"]


@pytest.mark.parametrize(
    ("form", "lines", "broken"),
    [
        ("csv", [b"id,seconds", b"a,5", b"b,5,6", b"c,\xff", b"d,5", b'"e"f,5', b'"g,5', b"h,5"], (2, 3, 5, 6, 7)),
        ("jsonl", [b'{"id":"a","seconds":5}', b'{"id":"b"', b"[1]", b"7", b'{"id":"\xff","seconds":5}',
                   b'{"id":"d","seconds":NaN}', b'{"id":"e","seconds":5,"seconds":6', b'{"id":"f","seconds":5}'], (1, 2, 3, 4, 5, 6)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_that_are_no_rows_are_set_aside_byte_by_byte(
    form: str, lines: list[bytes], broken: tuple[int, ...], end: bytes, tmp_path: Path
) -> None:
    path = written(tmp_path, end.join(lines) + end, f"t.{form}")
    with pytest.raises(InputError, match=r":\d+: ") as caught:
        router.plan_table(path, on=ON)
    said_well(str(caught.value).replace(f"{tmp_path}/", ""))
    made = router.plan_table(path, on=ON, skip_bad_rows=True)
    made.write_unreadable(tmp_path / "aside")
    assert (tmp_path / "aside").read_bytes() == b"".join(lines[at] + end for at in broken)
    heading = form == "csv"
    assert (made.rows, made.bad, made.unreadable) == (len(lines) - heading - len(broken), 0, len(broken))
    assert len(plain(made.routed())) == made.rows


def test_bad_rows_keep_their_lines_where_lines_before_them_are_set_aside(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,seconds\na,5\nb,5,6\n"c",x\nd,5\n', "t.csv")
    made = router.plan_table(path, on=ON, skip_bad_rows=True)
    assert (made.rows, made.bad, made.unreadable) == (2, 1, 1)
    assert [problem.where for problem in made.problems()] == [f"{path}:4"]


def test_a_table_of_nothing_but_broken_lines_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, '{"a\n{"b\n', "t.jsonl")
    with pytest.raises(InputError, match=r"t\.jsonl:1: is not JSON"):
        router.plan_table(path, on=ON, skip_bad_rows=True)
    with pytest.raises(InputError, match="cannot be read as a Parquet file"):
        router.plan_table(written(tmp_path, b"PAR1xx", "t.parquet"), on=ON, skip_bad_rows=True)


def test_a_parquet_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    frame_of([{"seconds": 5}] * 100).write_parquet(tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    for name, data in {"end.parquet": whole[:-9], "half.parquet": whole[: len(whole) // 2], "t.arrow": whole}.items():
        with pytest.raises(InputError, match="cannot be read as a"):
            router.plan_table(written(tmp_path, data, name), on=ON)


def test_copies_without_broken_lines_are_gone_with_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    path = written(tmp_path, "id,seconds\na,5\nb,5,6\n", "t.csv")
    made = router.plan_table(path, on=ON, skip_bad_rows=True)
    assert len(list((tmp_path / "copies").iterdir())) == 1
    with pytest.raises(InputError, match="cells under"):
        router.plan_table(path, on=ON)
    del made
    gc.collect()
    assert not list((tmp_path / "copies").iterdir())


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("bom.jsonl", '\ufeff{"id": "a", "seconds": 5}\n', ["a"]),
        ("bom.csv", "\ufeffid,seconds\na,5\n", ["a"]),
        ("quotes.csv", 'id,seconds,note\na"b,5,5" screen\n"c ""d""",5,"e, f"\n', ['a"b', 'c "d"']),
        ("crlf.csv", "id,seconds\r\n\r\na,5\r\n", ["a"]),
        ("empty.csv", 'id,seconds\n"",""\na,5\n,\n', ["a"]),
    ],
)
def test_what_only_an_engine_stumbles_over_is_read_all_the_same(
    name: str, text: str, values: list[str], tmp_path: Path
) -> None:
    made = router.plan_table(written(tmp_path, text, name), {"columns": {"carry": "*"}}, on=ON)
    assert [row["id"] for row in plain(made.routed())] == values
    assert (made.bad, made.unreadable) == (0, 0)


def test_values_of_kinds_that_do_not_go_together_are_told_without_quoting_them(tmp_path: Path) -> None:
    lines = [{"seconds": 5, "x": 1.5}, {"seconds": 5, "x": True}]
    path = written(tmp_path, "".join(json.dumps(line) + "\n" for line in lines), "t.jsonl")
    with pytest.raises(InputError, match="kinds that do not go together"):
        router.plan_table(path, {"columns": {"carry": ["x"]}}, on=ON, skip_bad_rows=True)


SECRET = "a prompt that nobody may read"


@pytest.mark.parametrize("form", FORMATS)
def test_no_prompt_stands_in_a_message_or_a_plan(form: str, tmp_path: Path) -> None:
    rows = [
        {"id": f"{SECRET}<", "seconds": -5, "request.prompt": SECRET},
        {"id": "b", "seconds": 5, "request.prompt": SECRET},
    ]
    FORMATS[form](frame_of(rows), tmp_path / f"t.{form}")
    with pytest.raises(InputError, match="above 0") as caught:
        router.plan_table(tmp_path / f"t.{form}", on=ON)
    assert SECRET not in str(caught.value)
    made = router.plan_table(tmp_path / f"t.{form}", on=ON, skip_bad_rows=True)
    assert SECRET not in made.plan.to_json()
    assert SECRET not in str(made.problems())
    assert SECRET not in repr(made)
