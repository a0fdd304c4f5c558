"""``router calibrate``."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema

import router
from tests.cli.commands import ROOT, Router
from tests.loading.messages import written

LOG = ROOT / "scenarios" / "outcomes" / "attempts.csv"
KEPT = ROOT / "scenarios" / "calibrations" / "measured.toml"
ONE = "provider,model,outcome\np,m,kept\n"


def test_it_prints_toml_where_nobody_watches_and_says_nothing_else(router_: Router) -> None:
    assert router_("calibrate", LOG) == (0, KEPT.read_text(), "")


def test_it_writes_what_the_ending_of_the_file_says(router_: Router, tmp_path: Path) -> None:
    for name in ("c.toml", "c.json", "c.txt", "c"):
        assert router_("calibrate", LOG, "-o", tmp_path / name) == (0, "", "")

    assert (tmp_path / "c.toml").read_text() == (tmp_path / "c").read_text() == KEPT.read_text()
    assert router.Calibration.load(tmp_path / "c.json") == router.Calibration.load(KEPT)
    assert (
        (tmp_path / "c.txt")
        .read_text()
        .startswith("Measured from 210 attempts, 2026-03-02 08:11 to 2026-03-04 07:21 UTC\n")
    )


def test_an_ending_that_names_no_format_is_refused(router_: Router, tmp_path: Path) -> None:
    ran = router_("calibrate", LOG, "-o", tmp_path / "c.csv")
    assert (ran.status, ran.out) == (2, "")
    assert "no format ends in '.csv'; use .toml, .json or .txt" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_table_shows_each_estimate_with_its_interval_and_what_it_rests_on(router_: Router) -> None:
    out = router_(
        "calibrate", "-", "--format", "table", stdin="provider,model,outcome\n" + "p,m,kept\n" * 9 + "p,m,billed\n"
    ).out

    # Nothing down: 10.5 / 11. One failure in ten: 1.5 / 11. Nine kept of nine: 9.5 / 10.
    rows = [line.split() for line in out.splitlines() if line.startswith("p/m ")]
    assert [(row[1], row[2]) for row in rows] == [
        ("availability", "95.45%"),
        ("failure_rate", "13.64%"),
        ("keep_rate", "95.00%"),
    ]
    assert [" ".join(row[6:]) for row in rows] == ["10 of 10 up", "1 of 10 failed", "9 of 9 kept"]
    assert "p/m: failures are billed.\n" in out
    assert "Note: 10 attempts have no time" in out


def test_json_lines_come_from_standard_input_too(router_: Router) -> None:
    line = '{"provider": "p", "model": "m", "outcome": "kept"}\n'
    assert (
        router_("calibrate", "-", "--format", "json", stdin=line).out
        == router_("calibrate", "-", "--format", "json", stdin=ONE).out
    )


def test_a_name_with_markup_of_the_terminal_is_printed_as_it_is(router_: Router) -> None:
    out = router_("calibrate", "-", "--format", "table", stdin="provider,model,outcome\np,:smile: {m},kept\n").out
    assert "p/:smile: {m}" in out


def test_bad_input_writes_nothing_and_ends_with_status_2(router_: Router, tmp_path: Path) -> None:
    bad = written(tmp_path, ONE + "p,m,nope\n", "log.csv")
    ran = router_("calibrate", bad, "-o", tmp_path / "c.toml")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"{bad}:3: `outcome` is 'nope'")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv"]


def test_what_it_writes_fits_its_schema(router_: Router) -> None:
    schema = router_("schema", "calibration").json
    jsonschema.Draft202012Validator.check_schema(schema)
    as_json = json.loads(router_("calibrate", LOG, "--format", "json").out)
    as_toml = json.loads(json.dumps(tomllib.loads(KEPT.read_text()), default=lambda moment: moment.isoformat()))

    for data in (as_json, as_toml):
        assert list(jsonschema.Draft202012Validator(schema).iter_errors(data)) == []
    assert not jsonschema.Draft202012Validator(schema).is_valid({"failure_rate": {"p/m": 2}})
