"""Tables of pandas and Dask by their index: routes stand beside the rows they are of, and names in an index are names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pandas as pd
import pytest

import router
from router.errors import InputError
from tests.builders import ON

SPLIT = {"limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 2}]}}
SECONDS = [10, 5, 10, 5]


def table(index: Any, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"seconds": SECONDS, "resolution": "720p", **columns}, index=index)


@pytest.mark.parametrize(
    "index",
    [
        [7, 3, 9, 1],
        pd.RangeIndex(4, 8),
        pd.Index(["b", "a", "d", "c"], name="id"),
        pd.Index([4, 3, 2, 1], name="seconds"),  # As a column that stays one
        pd.Index([4, 3, 2, 1], name=0),
        pd.MultiIndex.from_product([["x", "y"], [1, 2]]),
    ],
    ids=["numbers", "later", "named", "as-a-column", "by-a-number", "levels"],
)
@pytest.mark.parametrize("rules", [None, SPLIT], ids=["whole", "split"])
def test_a_column_of_the_result_falls_beside_the_rows_that_it_is_of(index: Any, rules: Any) -> None:
    own = table(index)
    own["billed"] = router.plan_table(own, rules, on=ON).routed()["route.billed_seconds"]
    assert [int(value) for value in own["billed"]] == SECONDS


def test_the_index_comes_back_with_its_names_and_a_row_in_two_routes_has_it_twice() -> None:
    own = table(pd.Index(["b", "a", "d", "c"], name="id"), count=2)
    found = router.plan_table(
        own, SPLIT | {"limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 3}]}}, on=ON
    )
    routed = found.routed()
    assert routed.index.name == "id"
    assert list(routed.index) in (["b", "b", "a", "d", "c"], ["b", "a", "a", "d", "c"], ["b", "a", "d", "d", "c"],
                                  ["b", "a", "d", "c", "c"])  # fmt: skip
    assert "id" not in routed.columns
    assert int(routed["route.count"].sum()) == 8


def test_rows_that_are_merely_numbered_stay_so() -> None:
    assert list(router.plan_table(table(None), on=ON).routed().index) == [0, 1, 2, 3]


def test_names_in_an_index_must_differ_and_the_message_says_of_which_row() -> None:
    own = table(pd.Index(["b", "a", "b", "c"], name="id"))
    with pytest.raises(InputError, match="the table: row 3: `id` is also that of row 1; ids must differ"):
        router.plan_table(own, on=ON)
    made = router.plan_table(own, on=ON, skip_bad_rows=True)
    assert (list(made.routed().index), list(made.bad_rows().index)) == (["b", "a", "c"], ["b"])


def test_a_level_that_is_no_field_is_refused_as_a_column_of_its_name_is() -> None:
    with pytest.raises(InputError, match=r"`job` is no field of a clip; name it in `.columns.`"):
        router.plan_table(table(pd.Index([4, 3, 2, 1], name="job")), on=ON)


def test_a_named_level_is_written_and_one_without_a_name_is_not(tmp_path: Path) -> None:
    levels = pd.MultiIndex.from_arrays([["b", "a", "d", "c"], [4, 3, 2, 1]], names=["id", None])
    router.plan_table(table(levels), on=ON).write(tmp_path / "routed.csv")
    heading, first = (tmp_path / "routed.csv").read_text().splitlines()[:2]
    assert heading.startswith("id,seconds,resolution,route.number,")
    assert first.startswith("b,10,720p,")


def test_a_named_index_of_dask_is_a_column() -> None:
    own = dd.from_pandas(table(pd.Index(["a", "b", "c", "d"], name="id")), npartitions=2)
    found = router.plan_table(own, on=ON).routed().compute()
    assert list(found["id"]) == ["a", "b", "c", "d"]
    assert [int(value) for value in found["route.billed_seconds"]] == SECONDS
