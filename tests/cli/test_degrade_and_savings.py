"""``--degrade``, and how packs, discounts and degraded clips are shown."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from router.report.terminal import plan_table
from router.schema.plan import Plan
from tests.assembly.test_savings import CLIPS, PAIR, TERMS, bought
from tests.builders import scenario
from tests.cli.commands import DAY, QUICKSTART, Router
from tests.loading.messages import written

SCENARIO = """\
[[clips]]
id = "a"
count = 200
seconds = 10
resolution = "1080p"
audio = "native"
[[tiers]]
provider = "evolink"
from_usd = 50
discount = 0.1
[objective.penalty_usd]
resolution = 0.05
"""
# On kling-o3 at 1080p: 200 x $1.25 = 250, of which the tier takes 10 % of 200.
# At 720p: 200 x $1.00 = 200, of which it takes 10 % of 150, and penalties of 200 x 0.05.


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return written(tmp_path, SCENARIO, "s.toml")


def test_degrade_lets_clips_be_made_below_their_requirements(router_: Router, given: Path) -> None:
    whole = router_.plan(given, "--format", "json").json
    assert (whole["totals"]["expected_usd"], whole["degraded"]) == ("230.000000", [])
    lowered = router_.plan(given, "--degrade", "--format", "json").json
    assert lowered["totals"]["list_usd"] == "200.000000"
    assert lowered["totals"]["expected_usd"] == "185.000000"
    assert lowered["totals"]["penalty_usd"] == "10.000000"
    assert lowered["totals"]["objective_usd"] == "195.000000"
    assert lowered["degraded"] == [
        {"clips": ["a"], "counts": [200], "count": 200, "what": ["720p instead of 1080p"], "penalty_usd": "0.050000"}
    ]


def test_explain_shows_the_way_below_the_requirements_that_the_plan_takes(router_: Router, tmp_path: Path) -> None:
    scenario = written(
        tmp_path,
        SCENARIO.replace("[objective.penalty_usd]", "[objective]\ndegrade = true\n[objective.penalty_usd]"),
        "s.toml",
    )
    told = router_("explain", scenario, "a", "--as-of", DAY, "--format", "json").json
    shown = [
        (
            way["model"],
            way["resolution"],
            way["chosen"],
            way["price_usd"],
            way["degraded"],
            way["penalty_usd"],
            way["gap_usd"],
        )
        for way in told["offers"]
        if way["verdict"] == "candidate"
    ]
    # $1.00 at 720p and a penalty of $0.05; at 1080p $1.25 on kling-o3 and $1.50 on kling-3.0.
    assert shown == [
        ("kling-o3", "720p", 200, "1.000000", ["resolution"], "0.050000", "0.000000"),
        ("kling-o3", "1080p", 0, "1.250000", [], "0.000000", "0.200000"),
        ("kling-3.0", "1080p", 0, "1.500000", [], "0.000000", "0.450000"),
    ]
    table = " ".join(router_("explain", scenario, "a", "--as-of", DAY, "--format", "table").out.split())
    # kling-3.0 at 720p catches it: 10 s at $0.113.
    assert "$1.00 $1.00 $1.13 $0.05 $0.00" in table
    assert "gap: expected cost and penalty above the chosen one's" in table


def test_degrade_without_a_penalty_is_the_input_error_of_a_file_that_says_so(router_: Router, tmp_path: Path) -> None:
    asked = router_.plan(QUICKSTART, "--degrade")
    assert asked.status == 2
    said = "`degrade` needs penalty_usd: say what resolution, audio or seconds count when they are lowered"
    assert said in asked.err
    path = written(tmp_path, SCENARIO.partition("[objective")[0] + "[objective]\ndegrade = true\n", "t.toml")
    assert said in router_.plan(path).err


def test_verify_takes_the_same_flag(router_: Router, given: Path, tmp_path: Path) -> None:
    plan = tmp_path / "p.json"
    assert router_.plan(given, "--degrade", "--format", "json", "-o", plan).status == 0
    assert router_("verify", plan).status == 0
    assert router_("verify", plan, given, "--degrade", "--as-of", DAY).status == 0
    refused = router_("verify", plan, given, "--as-of", DAY)
    assert refused.status == 2
    assert "may not make clip 'a' below its resolution" in refused.err


def test_the_table_marks_degraded_clips_and_shows_what_is_saved(router_: Router, given: Path) -> None:
    lines = router_.plan(given, "--degrade", "--format", "table").out.splitlines()
    assert any(line.startswith("* a  ") for line in lines)
    assert "* Degraded: 200 x a: 720p instead of 1080p, at a penalty of $0.05 each" in lines
    assert any(line.startswith("List price $200.00, saving $15.00;") for line in lines)
    assert "Discount of evolink: $15.00 off $200.00 of list price" in lines
    assert "Penalties for degraded clips count $10.00 in the objective; they are no cost." in lines


def test_the_table_says_what_packs_pay_for_and_what_is_lost() -> None:
    # Three packs pay for 10 each; the list price is 33 of which they leave 3: all of them are used.
    full = plan_table(bought(scenario(CLIPS, PAIR, packs=TERMS["packs"]), 3), width=200)
    assert "Packs: 3 of p at $8.00 pay for $30.00; $0.00 unused" in full
    fewer = scenario([{**CLIPS[0], "count": 15}], PAIR, packs=TERMS["packs"])
    # 16.50 of list price; two packs pay for 20 and cost 16.
    half = plan_table(bought(fewer, 2), width=200)
    assert "Packs: 2 of p at $8.00 pay for $20.00; $3.50 unused" in half
    assert "List price $16.50, saving $0.50;" in half
    assert "Packs" not in plan_table(bought(fewer, 0), width=200)


def test_csv_names_what_is_lowered_and_at_what_penalty(router_: Router, given: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(router_.plan(given, "--degrade", "--format", "csv").out))
    assert (row["degraded"], row["penalty_usd"], row["left_out"]) == ("resolution", "0.050000", "")
    (plain,) = csv.DictReader(io.StringIO(router_.plan(given, "--format", "csv").out))
    assert (plain["degraded"], plain["penalty_usd"]) == ("", "")


def test_a_plan_with_packs_survives_its_file(tmp_path: Path) -> None:
    plan = bought(scenario(CLIPS, PAIR, **TERMS), 2)
    path = tmp_path / "p.json"
    plan.save(path)
    assert Plan.load(path) == plan
    assert json.loads(path.read_text())["packs"] == [
        {
            "provider": "p", "pays_for_usd": "10.000000", "price_usd": "8.000000", "max_count": 3, "owned": False, "valid_until": None,
            "bought": 2, "used_usd": "20.000000", "unused_usd": "0.000000",
        }
    ]  # fmt: skip


def test_simulate_shows_figures_after_the_saving(router_: Router, given: Path) -> None:
    figures = {
        f["name"]: f
        for f in router_("simulate", given, "--as-of", DAY, "--draws", 50, "--format", "json").json["figures"]
    }
    assert figures["expected"]["simulated"] == figures["expected"]["exact"] == "230.000000"
    assert figures["worst"]["exact"] == "230.000000"
