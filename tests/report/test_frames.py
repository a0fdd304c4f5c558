"""A plan as rows, as an Arrow table and as a polars data frame."""

from __future__ import annotations

import csv
import io
import sys
from decimal import Decimal

import pytest

from router.report.tabular import plan_csv
from router.schema.plan import Plan
from tests.builders import catalog, model, planned

CLIPS = [
    {"id": "a; b", "seconds": "7.5", "count": 3, "max_segments": 2},
    {"id": "worthless", "seconds": 10, "value_usd": "0.01", "count": 2},
]


@pytest.fixture
def plan() -> Plan:
    """Three clips that are made, two that are left out."""
    return planned(CLIPS, catalog(model(seconds={"min": 1, "max": 4, "step": "0.5"}, rounding="none")))


def test_rows_are_exact_and_keep_several_values_apart(plan: Plan) -> None:
    made, left = plan.to_rows()

    # 7.5 s in two segments of at most 4 s at 0.10: 0.75 for one, 2.25 for three
    assert (made["clips"], made["count"], made["draft"], made["left_out"]) == (("a; b",), 3, False, None)
    assert (made["seconds"], sum(made["segments"]), len(made["segments"])) == (Decimal("7.5"), Decimal("7.5"), 2)
    assert (made["price_usd"], made["total_price_usd"]) == (Decimal("0.75"), Decimal("2.25"))
    assert (left["clips"], left["count"], left["price_usd"], left["segments"]) == (("worthless",), 2, None, None)
    assert left["left_out"]


def test_rows_and_csv_have_the_same_columns_in_the_same_order(plan: Plan) -> None:
    lines = list(csv.DictReader(io.StringIO(plan_csv(plan))))
    assert [list(row) for row in plan.to_rows()] == [list(line) for line in lines]
    assert sum((row["total_expected_usd"] or 0) for row in plan.to_rows()) == plan.totals.expected_usd


def test_an_arrow_table_holds_the_rows_with_decimals(plan: Plan) -> None:
    pytest.importorskip("pyarrow")
    table = plan.to_arrow()
    assert str(table.schema.field("price_usd").type) == "decimal128(38, 6)"
    assert table.to_pylist() == [
        {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}
        for row in plan.to_rows()
    ]


def test_a_polars_frame_holds_the_rows_with_decimals(plan: Plan) -> None:
    pytest.importorskip("polars")
    frame = plan.to_polars()
    assert frame["price_usd"].to_list() == [Decimal("0.75"), None]
    assert frame["clips"].to_list() == [["a; b"], ["worthless"]]
    assert frame.columns == list(plan.to_rows()[0])


def test_a_plan_of_nothing_but_clips_left_out_has_columns_of_the_same_types() -> None:
    arrow = pytest.importorskip("pyarrow")
    empty = planned([CLIPS[1]], catalog(model()))
    assert empty.to_arrow().schema.field("segments").type == arrow.list_(arrow.decimal128(38, 6))


@pytest.mark.parametrize(("method", "package"), [("to_arrow", "pyarrow"), ("to_polars", "polars")])
def test_without_the_package_the_error_says_what_to_install(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, method: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"Plan.{method}\(\) needs the package {package}; install it") as caught:
        getattr(plan, method)()
    assert caught.value.name == package
