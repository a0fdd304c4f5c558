"""``--account FILE``: the terms of an account in place of the scenario's own, wherever a scenario is planned."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.commands import DAY, ROOT, Router
from tests.cli.test_catalog_and_schema import data_of, fits, schema
from tests.loading.messages import said_well, written

CLIPS = '[[clips]]\nid = "a"\nseconds = 10\ncount = 4\nresolution = "1080p"\naudio = "native"\nvalue_usd = 3\n'
"""4 x 10 x 0.125 on kling-o3 = 5.00; on kling-3.0 6.00."""


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path]:
    """A scenario with an account of its own, and the file of another."""
    own = '[account.evolink]\ndiscount = 0.5\nmodels = ["kling-3.0"]\n'
    account = written(tmp_path, "[account.evolink]\ndiscount = 0.2\n", "account.toml")
    return written(tmp_path, CLIPS + own, "s.toml"), account


def test_a_plan_is_made_under_the_file_in_place_of_the_scenario_s_own_terms(
    router_: Router, given: tuple[Path, Path]
) -> None:
    path, account = given
    # 6.00 x 0.5 on kling-3.0, which alone is enabled; 5.00 x 0.8 on kling-o3; what is set comes after: 5.00 x 0.7
    told = [
        router_.plan(path, *more).json["totals"]["expected_usd"]
        for more in ((), ("--account", account), ("--account", account, "--set", "account.evolink.discount=0.3"))
    ]
    assert told == ["3.000000", "4.000000", "3.500000"]


@pytest.mark.parametrize(
    ("command", "more", "shown"),
    [
        ("simulate", ["--draws", "10"], '"expected"'),
        ("explain", ["a"], '"expected_usd": "1.000000"'),
        ("what-if", ["--set", "clips.a.count=1"], '"expected_usd": "4.000000"'),
        ("what-if", ["--sweep", "clips.a.count=1:2:1"], '"expected_usd": "1.000000"'),
        ("levers", [], '"4.000000"'),
        ("sensitivity", [], '"4.000000"'),
        ("frontier", ["--of", "cost,clips-served"], '"4.000000"'),
    ],
)
def test_every_study_looks_at_it_under_the_file_s_terms(
    router_: Router, given: tuple[Path, Path], command: str, more: list[str], shown: str
) -> None:
    path, account = given
    ran = router_(command, path, *more, "--account", account, "--as-of", DAY, "--format", "json")
    assert (ran.status, ran.err) == (0, "")
    assert shown in ran.out


def test_a_plan_is_verified_under_the_terms_it_was_made_under(
    router_: Router, given: tuple[Path, Path], tmp_path: Path
) -> None:
    path, account = given
    plan = tmp_path / "plan.json"
    assert router_.plan(path, "--account", account, "-o", plan).status == 0
    assert router_("verify", plan, "--as-of", DAY).status == 0
    assert router_("verify", plan, path, "--account", account, "--as-of", DAY).status == 0
    ran = router_("verify", plan, path, "--as-of", DAY)
    assert ran.status == 2
    assert "account.evolink.discount is 0.2, the scenario states 0.5" in ran.err


def test_a_difference_of_terms_is_told(router_: Router, given: tuple[Path, Path], tmp_path: Path) -> None:
    path, _ = given
    packs = "[[account.evolink.packs]]\npays_for_usd = 2\n"
    other = written(tmp_path, CLIPS + "[account.evolink]\ndiscount = 0.4\n" + packs, "t.toml")
    ran = router_("diff", path, other, "--as-of", DAY, "--format", "table")
    assert "account.evolink.discount 0.4 instead of 0.5" in ran.out
    assert "account.evolink.models" in ran.out
    assert "packs owned of evolink differ: 1 x $2.00 instead of none" in " ".join(ran.out.split())
    assert router_("diff", path, path, "--account", given[1], "--as-of", DAY, "--exit-code").status == 0


def test_a_difference_of_prices_is_told_as_the_account_pays_them(router_: Router, given: tuple[Path, Path]) -> None:
    # kling-o3 at 0.125 x 0.8 = 0.10 and at 0.110 x 0.8 = 0.088
    path, account = given
    cheaper = "offers.kling-o3.1080p-audio.price_per_second=0.110"
    ran = router_("what-if", path, "--account", account, "--set", cheaper, "--as-of", DAY, "--format", "table")
    assert "costs $0.088/s instead of $0.10/s" in ran.out


def test_a_plan_takes_no_account(router_: Router, given: tuple[Path, Path], tmp_path: Path) -> None:
    path, account = given
    plan = tmp_path / "plan.json"
    router_.plan(path, "-o", plan)
    for command in (["simulate", plan], ["diff", plan, plan], ["verify", plan]):
        ran = router_(*command, "--account", account)
        assert (ran.status, "--account" in ran.err) == (2, True)


def test_what_is_wrong_in_the_file_is_told_with_its_line(
    router_: Router, given: tuple[Path, Path], tmp_path: Path
) -> None:
    bad = written(tmp_path, "[account.evolink]\ndiscount = 2\n", "bad.toml")
    ran = router_.plan(given[0], "--account", bad)
    assert (ran.status, ran.out) == (2, "")
    assert said_well(ran.err.rstrip("\n").replace(f"{tmp_path}/", "")) == [
        "bad.toml:2: `discount` must be below 1, not 2"
    ]


def test_account_files_and_scenarios_with_an_account_fit_their_schemas(
    router_: Router, given: tuple[Path, Path]
) -> None:
    fits(schema(router_, "account"), data_of(ROOT / "scenarios" / "accounts" / "agency.toml"))
    for path in (ROOT / "scenarios" / "account.toml", given[0]):
        fits(schema(router_, "scenario"), data_of(path))
    fits(schema(router_, "plan"), router_.plan(given[0]).json)


def test_the_page_and_the_table_show_the_terms(router_: Router, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    scenario = ROOT / "scenarios" / "account.toml"
    assert router_.plan(scenario, "-o", page).status == 0
    html = page.read_text(encoding="utf-8")
    for said in (
        "Account terms by provider",
        "10% off list prices",
        "8 units to the dollar",
        "owns 2 packs for $24.50 each",
    ):
        assert said in html
    table = " ".join(router_.plan(scenario, "--format", "table").out.split())
    assert "Account with evolink: 10% off list prices" in table
    assert "Packs: 2 of example-units owned already pay for $49.00; $0.00 unused" in table


def test_exact_money_of_a_discount_stands_in_the_plan(router_: Router, given: tuple[Path, Path]) -> None:
    path, account = given
    (first, *_) = router_.plan(path, "--account", account).json["prices"]
    assert first["account"] == {"discount": "0.2", "units_per_usd": None, "usd_per_unit": None}
    assert Decimal(first["price_per_second"]) in (Decimal("0.125"), Decimal("0.150"))
