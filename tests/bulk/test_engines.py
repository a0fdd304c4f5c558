"""The same table in every engine and format: the same routes, its own columns as they came, its order kept."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import router
from router.errors import InputError
from tests.builders import ON
from tests.bulk.tables import ENGINES, FORMATS, ORDERED, Rows, by_route, frame_of, kept, plain, planned_counts, routed

RULES = {
    "columns": {"carry": ["n", "note"]},
    "limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 5}]},
}
WHAT = ("n", "note", "seconds", "count", "models", "route.number", "route.model", "route.first", "route.count")


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """Twelve rows in four classes, with gaps; kling-3.0 may make five of their clips."""
    rows = [
        {
            "n": n,
            "id": f"clip-{n}",
            "seconds": 5 + n % 2 * 5,
            "count": (None, 2, 1)[n % 3],
            "resolution": (None, "720p")[n % 2],
            "models": (None, "kling-3.0;kling-o3")[n % 4 // 2],
            "note": (None, 'so, a "quote"', "two\nlines")[n % 3],
        }
        for n in range(12)
    ]
    return frame_of(rows)


@pytest.fixture(scope="module")
def expected(table: pl.DataFrame) -> Rows:
    made = router.plan_table(table, RULES, on=ON)
    found = routed(made)
    assert by_route(found) == planned_counts(made)
    assert len({row["route.number"] for row in found}) > 2
    return found


def same(found: Rows, expected: Rows, names: tuple[str, ...] = WHAT) -> bool:
    """Whether rows are equal, numbers by their value and what is missing as it is missing."""
    return [tuple(map(value_of, row)) for row in kept(found, names)] == kept(expected, names)


def value_of(value: Any) -> Any:
    return None if value == "" or value != value else value


@pytest.mark.parametrize("block", [1, 7])
@pytest.mark.parametrize("engine", ORDERED)
def test_engines_with_an_order_give_equal_rows_in_it(
    engine: str, block: int, table: pl.DataFrame, expected: Rows
) -> None:
    with mock.patch("router.bulk.routed.BLOCK", block):
        assert same(routed(router.plan_table(ENGINES[engine](table), RULES, on=ON)), expected)


@pytest.mark.parametrize("engine", ["DuckDB", "Dask"])
def test_engines_without_an_order_give_as_many_clips_to_each_route_and_lose_no_row(
    engine: str, table: pl.DataFrame, expected: Rows
) -> None:
    made = router.plan_table(ENGINES[engine](table), RULES, on=ON)
    found = routed(made)
    assert by_route(found) == by_route(expected)
    rows = {row["n"]: tuple(map(value_of, (row["note"], row["seconds"], row["count"], row["models"]))) for row in found}
    assert rows == {row["n"]: (row["note"], row["seconds"], row["count"], row["models"]) for row in expected}


@pytest.mark.parametrize("form", FORMATS)
def test_files_of_every_format_give_equal_rows_in_their_order(
    form: str, table: pl.DataFrame, expected: Rows, tmp_path: Path
) -> None:
    FORMATS[form](table, tmp_path / f"clips.{form}")
    found = routed(router.plan_table(tmp_path / f"clips.{form}", RULES, on=ON))
    if form == "csv":  # Its cells are texts
        found = [{**row, **{name: row[name] and int(row[name]) for name in ("n", "seconds", "count")}} for row in found]
    assert same(found, expected)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_is_what_routed_gives(form: str, table: pl.DataFrame, expected: Rows, tmp_path: Path) -> None:
    router.plan_table(table, RULES, on=ON).write(tmp_path / f"routed.{form}")
    read: dict[str, Any] = {
        "csv": pl.read_csv,
        "jsonl": pl.read_ndjson,
        "parquet": pl.read_parquet,
        "arrow": pl.read_ipc,
    }
    assert same(read[form](tmp_path / f"routed.{form}").rows(named=True), expected)
    assert [path.name for path in tmp_path.iterdir()] == [f"routed.{form}"]


def test_a_query_whose_rows_come_in_another_order_each_time_is_routed_as_planned() -> None:
    """DuckDB numbers equal rows only: a route that ends within a row of several clips ends within the same row."""
    connection = duckdb.connect()
    connection.execute(
        "create table t as select 5 + (i % 3) as seconds, i as n, i % 7 + 1 as count from range(40000) r(i)"
    )
    rules = {"columns": {"carry": "*"}, "limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 20001}]}}
    made = router.plan_table(connection.sql("select seconds, n, count from t group by all"), rules, on=ON)
    counted = made.routed().aggregate('"route.number", sum("route.count")').fetchall()
    assert {number: int(clips) for number, clips in counted} == planned_counts(made)


NESTED = pa.table(
    {
        "id": ["a", "b", "c", "d"],
        "seconds": [5, 5, 5, 6],
        "models": [["kling-3.0", "kling-o3"], None, ["kling-o3"], []],
        "drafts": [{"count": 2}, None, None, None],
        "x": [[1], None, [2, 3], []],
        "s": [{"a": 1}, None, {"a": 2}, {"a": None}],
        "none": pa.nulls(4),
        "kind": pa.array(["p", "q", None, "p"]).dictionary_encode(),
    }
)


@pytest.mark.parametrize("engine", ["polars", "pandas of Arrow", "pyarrow", "DuckDB", "Dask"])
def test_lists_of_unequal_lengths_and_nested_columns_are_read_and_carried_along(engine: str) -> None:
    given = NESTED if engine == "pyarrow" else ENGINES[engine](pl.from_arrow(NESTED))
    if engine == "Dask":
        given = given.drop(columns=["none", "drafts"])
        given["drafts.count"] = given["seconds"].where(given["id"] == "a") * 0 + 2
    made = router.plan_table(given, {"columns": {"carry": "*"}}, on=ON)
    found = sorted(plain(made.routed()), key=lambda row: (row["id"], row["route.draft"]))
    assert [(row["id"], row["route.draft"], row["route.count"]) for row in found] == [
        ("a", False, 1),
        ("a", True, 2),
        ("b", False, 1),
        ("c", False, 1),
        ("d", False, 1),
    ]
    assert {row["id"]: row["x"] for row in found} == {"a": [1], "b": None, "c": [2, 3], "d": []}
    assert found[0]["s"] == {"a": 1}
    assert next(row["route.model"] for row in found if row["id"] == "c") == "kling-o3"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_text_that_says_none_is_not_what_is_missing(engine: str) -> None:
    """The first two rows are bad alike, and only that text tells their keys apart."""
    rows = [
        {"id": "a", "seconds": -1, "not_models": None},
        {"id": "b", "seconds": -1, "not_models": "None"},
        {"id": "c", "seconds": 5, "not_models": "<"},
        {"id": "d", "seconds": 5, "not_models": None},
    ]
    made = router.plan_table(ENGINES[engine](frame_of(rows)), on=ON, skip_bad_rows=True)
    assert (made.rows, made.bad) == (1, 3)
    assert [row["id"] for row in plain(made.routed())] == ["d"]
    assert sorted(row["id"] for row in plain(made.bad_rows())) == ["a", "b", "c"]


def test_tables_in_a_column_are_refused_where_dask_cannot_take_them_apart() -> None:
    with pytest.raises(InputError, match="`drafts` holds tables, which Dask cannot take apart"):
        router.plan_table(ENGINES["Dask"](pl.from_arrow(NESTED).select("seconds", "drafts")), on=ON)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (pd.Series(["5", None, "5"], dtype="string"), "texts of pandas"),
        (pd.Series([5, None, 5], dtype="Int64"), "numbers of pandas with NA"),
        (pd.Series([5.0, float("nan"), 5.0]), "numbers with NaN"),
        (pd.Series([5, None, 5], dtype="object"), "objects"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_pandas_has_for_missing_is_missing(given: Any, kind: str) -> None:
    table = pd.DataFrame({"id": ["a", "b", "c"], "seconds": [5, 6, 5], "count": given})
    if kind == "objects":
        with pytest.raises(InputError, match="`count` holds values of mixed kinds"):
            router.plan_table(table, on=ON)
        return
    assert planned_counts(router.plan_table(table, on=ON)) == {1: 10, 2: 1}


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["none", "native"]), pl.String])
def test_categories_are_texts(kind: Any) -> None:
    table = frame_of([{"seconds": 5, "audio": audio} for audio in ("native", None, "native")], {"audio": kind})
    assert [row["route.audio"] for row in plain(router.plan_table(table, on=ON).routed())] == [
        "native",
        "none",
        "native",
    ]


def test_decimals_are_exact_and_whole_numbers_may_be_names() -> None:
    seconds = [Decimal("5.5"), Decimal("5.50"), Decimal("6")]
    made = router.plan_table(frame_of([{"id": n, "seconds": own} for n, own in enumerate(seconds)]), on=ON)
    assert [clip.seconds for clip in made.scenario.clips] == [Decimal("5.5"), Decimal(6)]
    assert [row["id"] for row in plain(made.routed())] == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pd.DataFrame([[1, 5, 5]], columns=["id", "seconds", "seconds"]), "two columns of one name"),
        (pd.DataFrame([[1, 5]], columns=[0, 1]), "names are no texts"),
        (pl.DataFrame(), "holds no columns"),
        (pl.DataFrame({"seconds": []}), "holds no clips"),
        (pl.DataFrame({"seconds": [[5], [6, 7]]}), "`seconds` holds lists; only `models`"),
        (pl.DataFrame({"id": [b"a", b"\xff"], "seconds": [5, 5]}), "`id` holds bytes"),
        (pl.DataFrame({"seconds": [5], "audio": [{"a": 1}]}), "`audio` holds tables"),
        (pl.DataFrame({"seconds": [5], "request": ["a"]}), "make a column of each name"),
        (pl.DataFrame({"seconds": [5], "request": [{"api_key": "s3cret"}]}), "key or token"),
        (pl.DataFrame({"seconds": [5], "request": [{"a": {"api_key": "s3cret"}}]}), "key or token"),
    ],
    ids=str,
)
def test_frames_that_cannot_be_read_are_refused_in_words(given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        router.plan_table(given, on=ON)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("given", [None, {"seconds": [5]}, pl.Series([5]), [1]], ids=str)
def test_what_is_no_table_is_a_type_error(given: Any) -> None:
    with pytest.raises(TypeError, match="a table must be a path or a data frame of polars"):
        router.plan_table(given, on=ON)


def test_a_column_of_mixed_kinds_that_is_carried_along_stays_in_pandas_and_goes_into_no_file(tmp_path: Path) -> None:
    made = router.plan_table(
        pd.DataFrame({"seconds": [5, 6], "x": ["s3cret", 1]}), {"columns": {"carry": ["x"]}}, on=ON
    )
    assert made.routed()["x"].to_list() == ["s3cret", 1]
    with pytest.raises(InputError, match="values of mixed kinds, which no file can hold") as caught:
        made.write(tmp_path / "routed.csv")
    assert "s3cret" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_columns_have_the_same_kinds_where_nothing_is_made(engine: str, tmp_path: Path) -> None:
    """A cent pays for no clip: without one that is made all prices are empty, and still numbers."""
    both = []
    for value in (0.01, 9.0):
        own = ENGINES[engine](frame_of([{"id": "a", "seconds": 5, "value_usd": value}]))
        router.plan_table(own, on=ON).write(tmp_path / "r.parquet")
        both.append(dict(pl.read_parquet_schema(tmp_path / "r.parquet")))
    assert {name: both[0][name] for name in both[0] if name.endswith(("_usd", "_seconds"))} == {
        name: both[1][name] for name in both[1] if name.endswith(("_usd", "_seconds"))
    }
    assert both[0]["route.price_usd"] == pl.Decimal(18, 6)
