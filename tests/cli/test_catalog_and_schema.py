"""``router catalog`` and ``router schema``."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.commands import QUICKSTART, ROOT, Router
from tests.loading.messages import CATALOG, said_well, written

SCENARIOS = sorted([*(ROOT / "scenarios").glob("*.toml"), *(ROOT / "scenarios").glob("*.json")])
CATALOGS = sorted([*(ROOT / "router" / "catalogs").glob("*.toml"), *(ROOT / "scenarios").glob("catalogs/*.toml")])


def data_of(path: Path) -> Any:
    """A file as a JSON document, dates as texts."""
    value = tomllib.loads(path.read_text()) if path.suffix == ".toml" else json.loads(path.read_text())
    return json.loads(json.dumps(value, default=str))


_VALIDATORS: dict[str, jsonschema.Draft202012Validator] = {}
"""Those asked for before; a schema never changes within a run."""


def schema(router_: Router, name: str) -> jsonschema.Draft202012Validator:
    """What ``router schema NAME`` prints, ready to validate with."""
    if name not in _VALIDATORS:
        ran = router_("schema", name)
        assert (ran.status, ran.err) == (0, "")
        jsonschema.Draft202012Validator.check_schema(ran.json)
        _VALIDATORS[name] = jsonschema.Draft202012Validator(ran.json)
    return _VALIDATORS[name]


def fits(validator: jsonschema.Draft202012Validator, data: Any) -> None:
    """Assert that a document fits a schema; a message for each place where it does not."""
    assert [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(data)] == []


def test_catalog_list_shows_the_bundled_catalogs(router_: Router) -> None:
    rows = {row["name"]: row for row in router_("catalog", "list").json}
    assert sorted(rows) == sorted(path.stem for path in (ROOT / "router" / "catalogs").glob("*.toml"))
    # 4 + 4 offers of text to video, 1 of image to video, 2 + 2 of motion control.
    assert (rows["evolink"]["as_of"], rows["evolink"]["unit"], rows["evolink"]["offers"]) == ("2026-04-09", "usd", 13)
    assert (rows["kling"]["unit"], rows["kling"]["usd_per_unit"], rows["kling"]["units_per_usd"]) == (
        "unit",
        0.14,
        None,
    )
    table = router_("catalog", "list", "--format", "table").out
    assert re.search(r"kling +2026-09-01 +unit at \$0\.14 ", table)
    assert re.search(r"evolink-late +2026-09-10 +credit at 68 to the dollar ", table)
    found = {row["name"]: row for row in csv.DictReader(io.StringIO(router_("catalog", "list", "--format", "csv").out))}
    assert (found["evolink"]["offers"], found["kling"]["usd_per_unit"]) == ("13", "0.14")


def test_catalog_show_gives_the_catalog_back(router_: Router, tmp_path: Path) -> None:
    shown = router_("catalog", "show", "evolink")
    again = router_("catalog", "show", written(tmp_path, shown.out, "again.json"))
    assert again.out == shown.out
    assert shown.json["models"][0]["offers"][1]["price_per_second"] == 0.113


def test_catalog_show_as_csv_has_every_price_that_a_generation_is_billed_by(router_: Router, tmp_path: Path) -> None:
    text = CATALOG.replace("0.1", "0.1, price_per_generation = 0.25, price_minimum = 0.7")
    (row,) = csv.DictReader(
        io.StringIO(router_("catalog", "show", written(tmp_path, text, "c.toml"), "--format", "csv").out)
    )
    assert (row["price_per_second"], row.get("price_per_generation"), row.get("price_minimum")) == (
        "0.1",
        "0.25",
        "0.7",
    )


def test_catalog_show_as_a_table_has_every_price_that_a_generation_is_billed_by(
    router_: Router, tmp_path: Path
) -> None:
    text = CATALOG.replace("0.1", "0.1, price_per_generation = 0.25, price_minimum = 0.7")
    out = router_("catalog", "show", written(tmp_path, text, "c.toml"), "--format", "table").out
    assert re.search(r"\$0\.10/s", out)
    assert re.search(r"\$0\.25", out)
    assert re.search(r"\$0\.70", out)


def test_catalog_show_says_what_a_unit_is_in_dollars(router_: Router, tmp_path: Path) -> None:
    for rate, said in (
        ("usd_per_unit = 0.14", r"credit at \$0\.14\n"),
        ("units_per_usd = 72", "credit at 72 to the dollar\n"),
    ):
        text = CATALOG.replace("[[", f'unit = "credit"\n{rate}\n[[', 1)
        path = written(tmp_path, text, "c.toml")
        assert re.search(said, router_("catalog", "show", path, "--format", "table").out)
        shown = router_("catalog", "show", path).json
        assert {name: shown[name] for name in shown if "per_u" in name} == dict([json_pair(rate)])


def json_pair(line: str) -> tuple[str, float]:
    """A line of TOML as JSON has it."""
    name, _, value = line.partition(" = ")
    return name, float(value)


def test_catalog_show_of_nothing_offers_the_nearest(router_: Router) -> None:
    ran = router_("catalog", "show", "evolnk")
    assert (ran.status, ran.out) == (2, "")
    (line,) = said_well(ran.err.rstrip("\n"))
    assert "did you mean 'evolink'?" in line


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_every_scenario_fits_its_schema(router_: Router, path: Path) -> None:
    fits(schema(router_, "scenario"), data_of(path))


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.name)
def test_every_catalog_fits_its_schema(router_: Router, path: Path) -> None:
    fits(schema(router_, "catalog"), data_of(path))


def test_a_plan_fits_its_schema(router_: Router, tmp_path: Path) -> None:
    fits(schema(router_, "plan"), router_.plan(QUICKSTART).json)
    text = '[[clips]]\nid = "a"\nseconds = 5\ncount = 3\nvalue_usd = 1\n[limits]\nbudget_usd = 0.5\n[[limits.caps]]\nmax_share = 1\n'
    fits(schema(router_, "plan"), router_.plan(written(tmp_path, text, "s.toml")).json)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("scenario", {"clips": [{"seconds": 5, "resolutoin": "720p"}]}),
        ("scenario", {"clips": [{"seconds": 5, "resolution": "1080"}]}),
        ("scenario", {"clips": []}),
        ("scenario", {"clips": [{"seconds": 0}]}),
        ("scenario", {"clips": [{"seconds": 5, "count": 0}]}),
        ("scenario", {"clips": [{"seconds": "5"}]}),
        ("scenario", {"clips": [{"seconds": 5}], "limits": {"budget_usd": -1}}),
        ("catalog", {"schema": 1, "name": "c", "models": []}),
        ("plan", {"schema": 1}),
    ],
)
def test_a_schema_refuses_what_the_command_line_refuses(router_: Router, name: str, data: Any) -> None:
    assert not schema(router_, name).is_valid(data)


@pytest.mark.parametrize(
    "data", [{"clips": [{"seconds": 5}]}, {"clips": "jobs.csv"}, {"schema": 1, "clips": [{"id": "a", "seconds": 5.5}]}]
)
def test_a_schema_accepts_what_the_command_line_accepts(router_: Router, data: Any) -> None:
    fits(schema(router_, "scenario"), data)


def test_a_length_from_the_defaults_is_enough_for_the_schema_too(router_: Router) -> None:
    fits(schema(router_, "scenario"), {"defaults": {"seconds": 5}, "clips": [{"id": "a"}]})


def test_every_field_of_a_schema_says_what_it_means(router_: Router) -> None:
    for name in (
        "scenario",
        "catalog",
        "plan",
        "simulation",
        "calibration",
        "reconciliation",
        "sellers",
        "catalog-comparison",
        "catalog-check",
        "bench",
    ):
        found = dict(schema(router_, name).schema)
        parts = {name: found, **found.get("$defs", {})}
        silent = [
            f"{part}.{key}"
            for part, table in parts.items()
            for key, field in table.get("properties", {}).items()
            if not field.get("description")
        ]
        assert silent == []


def test_a_schema_is_written_to_a_file(router_: Router, tmp_path: Path) -> None:
    assert router_("schema", "plan", "-o", tmp_path / "plan.schema.json") == (0, "", "")
    assert json.loads((tmp_path / "plan.schema.json").read_text())["title"] == "Plan"


def test_prices_shown_as_json_are_the_prices_of_the_file(router_: Router) -> None:
    exact = json.loads(router_("catalog", "show", "evolink").out, parse_float=Decimal)
    assert exact["models"][2]["offers"][0]["prices"] == {"5": Decimal("0.556"), "10": Decimal("1.111")}


@pytest.mark.parametrize("form", ["table", "csv"])
def test_catalog_show_names_the_region_of_a_price(router_: Router, form: str) -> None:
    file = ROOT / "scenarios" / "catalogs" / "example-units.toml"
    shown = router_("catalog", "show", file, "--format", form).out.splitlines()
    for price, region in (("0.6", "cn"), ("0.8", "global")):
        assert any(price in line and "kling-3.0" in line and region in line for line in shown)
