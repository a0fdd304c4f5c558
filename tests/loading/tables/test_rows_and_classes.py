"""A table is read alike row by row and by classes: what one takes the other takes, at the same cost."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import router
from router.errors import InputError, NoPlanError
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests.builders import ON
from tests.bulk.tables import FORMATS, plain
from tests.loading.messages import written

KINDS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "id": (pl.String, ("a", "b", "c", "d", None, "é", " a", "", "<")),
    "seconds": (pl.Float64, (5, 5, 7.5, 10, None, -1)),
    "count": (pl.Int64, (1, 2, None, 0)),
    "resolution": (pl.String, ("720p", None, "1080p", "x")),
    "mode": (pl.String, ("text-to-video", None)),
    "accept_image_prompt": (pl.Boolean, (True, False, None)),
    "models": (pl.List(pl.String), (["kling-3.0", "kling-o3"], ["kling-o3"], None)),
    "drafts": (pl.Struct({"count": pl.Int64, "resolution": pl.String}), ({"count": 2, "resolution": None}, None)),
    "group": (pl.String, ("g", None)),
    "max_price_usd": (pl.Decimal(10, 2), ("5.50", None)),
    "request.prompt": (pl.String, ("p", None)),
}


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    names = ["seconds", *draw(st.sets(st.sampled_from(sorted(KINDS.keys() - {"seconds"}))))]
    rows = draw(st.integers(1, 4))
    good = draw(st.booleans())
    columns = {}
    for name in names:
        kind, values = KINDS[name]
        usual = values[: {"id": 6, "seconds": 4, "count": 3, "resolution": 3}.get(name, len(values))]
        drawn = draw(st.lists(st.sampled_from(usual if good else values), min_size=rows, max_size=rows))
        columns[name] = (
            pl.Series(drawn, strict=False).cast(kind) if kind == pl.Decimal(10, 2) else pl.Series(drawn, dtype=kind)
        )
    return pl.DataFrame(columns)


def as_text(table: pl.DataFrame) -> pl.DataFrame:
    """Lists as CSV has them, and tables as columns."""
    table = table.with_columns(pl.col(pl.List(pl.String)).list.join(";"))
    return table.unnest("drafts", separator=".") if "drafts" in table.columns else table


def outcome(made: Any) -> str:
    """What it costs, or that it is refused."""
    try:
        plan = made()
    except (InputError, NoPlanError) as error:
        return type(error).__base__.__name__ if isinstance(error, InputError) else "no plan"
    assert isinstance(plan, Plan)
    return str(plan.totals.expected_usd)


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=15)
@given(table=frames())
def test_both_ways_take_the_same_tables_at_the_same_cost(form: str, table: pl.DataFrame) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t.{form}"
        # A decimal is a text in JSON lines: by classes it is read as in CSV, row by row it is refused.
        written_as = {"csv": as_text, "jsonl": lambda own: own.cast({pl.Decimal: pl.Float64})}.get(
            form, lambda own: own
        )
        FORMATS[form](written_as(table), path)
        one_by_one = outcome(lambda: router.plan(Scenario.load(path), on=ON))
        assert outcome(lambda: router.plan_table(path, on=ON).plan) == one_by_one


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"seconds": 5, "audio": null}\n{"seconds": 5, "audio": "native"}\n', "nulls.jsonl"),
        ('{"seconds": 5, "drafts.count": 2, "request.prompt": "p"}\n{"seconds": 5}\n', "dotted.jsonl"),
        ('seconds,request\n5,"{""prompt"": ""p""}"\n5,\n', "request.csv"),
        ('seconds,drafts\n5,"{""count"": 2}"\n5,\n', "drafts.csv"),
        ("seconds,models\n5, kling-3.0 ; kling-o3 \n5,kling-o3\n", "spaces.csv"),
        ("seconds,accept_image_prompt\n5,TRUE\n5,False\n", "flags.csv"),
    ],
)
def test_what_a_cell_may_spell_it_may_spell_both_ways(text: str, name: str, tmp_path: Path) -> None:
    path = written(tmp_path, text, name)
    by_classes = router.plan_table(path, on=ON)
    assert by_classes.plan.totals.expected_usd == router.plan(Scenario.load(path), on=ON).totals.expected_usd
    own = [name for name in plain(by_classes.routed())[0] if not name.startswith("route.")]
    heading = text.partition("\n")[0]
    assert own == (heading.split(",") if name.endswith("csv") else list(dict.fromkeys(
        key for line in text.splitlines() for key in json.loads(line)
    )))  # fmt: skip
