"""A plan as rows for notebooks and data frames: one a route at list prices, then one for what is left out.

The columns are those of the CSV. Money is exact dollars and lengths are exact seconds (decimals), what has several values is a tuple,
and what does not apply is None.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from router.schema.plan import LeftOut, Plan, Route

if TYPE_CHECKING:
    import polars
    import pyarrow

Row = dict[str, Any]
_WHOLE = {"count"}
_FLAGS = {"draft"}
_TEXTS = {"provider", "model", "mode", "resolution", "audio", "left_out", "group", "instead_of"}
_LISTS = {"clips", "fallbacks", "degraded", "pushed_by"}
_DIGITS, _DECIMALS = 38, 6


def plan_rows(plan: Plan) -> list[Row]:
    """The routes of a plan, then what it leaves out."""
    blank: Row = dict.fromkeys(COLUMNS)
    return [_route(route) for route in plan.routes] + [{**blank, **_left_out(left)} for left in plan.left_out]


def _route(route: Route) -> Row:
    names = ("provider", "model", "mode", "resolution", "audio", "seconds", "segments", "generated_seconds", "surplus_seconds",
             "billed_seconds", "price_usd", "expected_usd", "worst_usd")  # fmt: skip
    return {
        "clips": route.clips,
        "count": route.count,
        **{name: getattr(route, name) for name in names},
        "total_price_usd": route.price_usd * route.count,
        "total_expected_usd": route.expected_usd * route.count,
        "total_worst_usd": route.worst_usd * route.count,
        "fallbacks": tuple(f"{step.provider}/{step.model}" for step in route.chain[1:]),
        "degraded": route.degraded,
        "penalty_usd": route.penalty_usd if route.degraded else None,
        "left_out": None,
        "draft": route.draft,
        "drafting_usd": route.drafting_usd,
        "group": route.group,
        "instead_of": route.instead_of,
        "extra_usd": route.extra_usd if route.pushed_by else None,
        "pushed_by": route.pushed_by,
    }


def _left_out(left: LeftOut) -> Row:
    return {"clips": left.clips, "count": left.count, "left_out": left.reason, "pushed_by": left.pushed_by}


COLUMNS = (
    "clips", "count", "provider", "model", "mode", "resolution", "audio", "seconds", "segments", "generated_seconds",
    "surplus_seconds", "billed_seconds", "price_usd", "expected_usd", "worst_usd", "total_price_usd", "total_expected_usd",
    "total_worst_usd", "fallbacks", "degraded", "penalty_usd", "left_out", "draft", "drafting_usd", "group", "instead_of",
    "extra_usd", "pushed_by",
)  # fmt: skip
"""In their order."""


def plan_arrow(plan: Plan) -> pyarrow.Table:
    """The rows as an Arrow table.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    """
    arrow = _needed("pyarrow", "to_arrow")
    number = arrow.decimal128(_DIGITS, _DECIMALS)
    kinds = {"whole": arrow.int64(), "flag": arrow.bool_(), "text": arrow.string(), "list": arrow.list_(arrow.string()),
             "numbers": arrow.list_(number), "number": number}  # fmt: skip
    schema = arrow.schema([(name, kinds[_kind(name)]) for name in COLUMNS])
    table: pyarrow.Table = arrow.Table.from_pylist(plan_rows(plan), schema=schema)
    return table


def plan_polars(plan: Plan) -> polars.DataFrame:
    """The rows as a polars data frame.

    Raises
    ------
    ImportError
        If polars is not installed.
    """
    pl = _needed("polars", "to_polars")
    number = pl.Decimal(_DIGITS, _DECIMALS)
    kinds = {"whole": pl.Int64, "flag": pl.Boolean, "text": pl.String, "list": pl.List(pl.String), "numbers": pl.List(number),
             "number": number}  # fmt: skip
    rows = plan_rows(plan)
    columns = {name: [_listed(row[name]) for row in rows] for name in COLUMNS}
    frame: polars.DataFrame = pl.DataFrame(columns, schema={name: kinds[_kind(name)] for name in COLUMNS})
    return frame


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _kind(name: str) -> str:
    groups = ((_WHOLE, "whole"), (_FLAGS, "flag"), (_TEXTS, "text"), (_LISTS, "list"), ({"segments"}, "numbers"))
    return next((kind for names, kind in groups if name in names), "number")


def _needed(package: str, method: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        raise ImportError(
            f"Plan.{method}() needs the package {package}; install it (python -m pip install {package}), or use "
            "Plan.to_rows(), which needs none",
            name=package,
        ) from None
