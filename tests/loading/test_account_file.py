"""Account files: read beside a scenario, in it, or in its place; and what is wrong in them, with its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import router
from router.errors import InputError
from router.loading.account_file import under_account
from router.loading.overrides import overridden
from router.loading.scenario_file import where_in
from router.schema.account import Account
from router.schema.scenario import Scenario
from tests.builders import ON, catalog, model, scenario
from tests.loading.messages import CLIP, refusal, scenario_refusal, written

TERMS = """[account.evolink]
discount = 0.1
usd_per_unit = 0.126
concurrency = 20
models = ["kling-3.0", "kling-o3"]
regions = ["global"]
[[account.evolink.packs]]
pays_for_usd = 98.00
count = 3
valid_until = 2026-12-31
"""


def beside(folder: Path, terms: str = TERMS) -> Scenario:
    written(folder, terms, "account.toml")
    return Scenario.load(written(folder, 'account = "account.toml"\n' + CLIP, "s.toml"))


def test_a_file_beside_the_scenario_and_tables_in_it_say_the_same(tmp_path: Path) -> None:
    inline = Scenario.load(written(tmp_path, CLIP + TERMS, "inline.toml"))
    assert beside(tmp_path).account == inline.account
    (terms,) = inline.account.values()
    (pack,) = terms.packs
    assert (terms.discount, terms.usd_per_unit, terms.concurrency) == (Decimal("0.1"), Decimal("0.126"), 20)
    assert (terms.models, terms.regions) == (("kling-3.0", "kling-o3"), ("global",))
    assert (pack.pays_for_usd, pack.count, f"{pack.valid_until}") == (Decimal("98.00"), 3, "2026-12-31")


def test_an_account_in_json_and_one_of_the_library_are_the_same_too(tmp_path: Path) -> None:
    path = written(tmp_path, '{"account": {"evolink": {"discount": 0.1}}}', "a.json")
    made = router.Account.load(path)
    given = Scenario.model_validate({"clips": [{"seconds": 5}], "account": made})
    assert given.account == beside(tmp_path, "[account.evolink]\ndiscount = 0.1\n").account


def test_values_know_their_line_in_the_file_that_holds_them(tmp_path: Path) -> None:
    given = beside(tmp_path)
    assert where_in(given, ("account", "evolink", "discount")).endswith("account.toml:2")
    assert where_in(given, ("clips", 0, "seconds")).endswith("s.toml:4")


def test_another_file_takes_the_place_of_the_scenario_s_own(tmp_path: Path) -> None:
    other = written(tmp_path, "[account.evolink]\ndiscount = 0.2\n", "other.toml")
    given = under_account(beside(tmp_path), other)
    assert given.account == Account.load(other).account
    assert where_in(given, ("account", "evolink", "discount")).endswith("other.toml:2")


BAD = [
    ("discount = 1", "`discount` must be below 1, not 1"),
    ("discount = -0.1", "`discount` must be >= 0, not -0.1"),
    ("discount = 0.1234567890123456", "`discount` has more than 15 digits; round it"),
    ("discoutn = 0.1", "`discoutn`: no such field; did you mean `discount`?"),
    ("units_per_usd = 0", "`units_per_usd` must be above 0, not 0"),
    ("units_per_usd = 8\nusd_per_unit = 0.126", "`usd_per_unit` says again what units_per_usd says; keep one"),
    ("concurrency = 0", "`concurrency` must be at least 1, not 0"),
    ("models = []", "`models` must not be empty"),
    ('models = "kling-3.0"', "`models` must be a list, not a text"),
    ("regions = [1]", "`regions` must be a text, not 1"),
    ("packs = [ { count = 2 } ]", "`pays_for_usd` is required"),
    ("packs = [ { pays_for_usd = 0 } ]", "`pays_for_usd` must be above 0, not 0"),
    ('packs = [ { pays_for_usd = 1, valid_until = "soon" } ]', "`valid_until` must be a date as 2026-04-09"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    line = 1 + len(text.split("\n"))
    (told,) = refusal(Account.load, written(tmp_path, f"[account.evolink]\n{text}\n", "a.toml"))
    assert told == f"a.toml:{line}: {said}"
    (inline,) = scenario_refusal(tmp_path, f"{CLIP}[account.evolink]\n{text}\n")
    assert inline == f"s.toml:{line + 3}: {said}"


def test_what_is_wrong_in_a_file_beside_is_told_with_both_lines(tmp_path: Path) -> None:
    written(tmp_path, "[account.evolink]\ndiscount = 2\nmodel = []\n", "a.toml")
    told = scenario_refusal(tmp_path, f'account = "a.toml"\n{CLIP}')
    assert told == [
        "s.toml:1: in account 'a.toml': a.toml:2: `discount` must be below 1, not 2",
        "s.toml:1: in account 'a.toml': a.toml:3: `model`: no such field; did you mean `models`?",
    ]


def test_a_file_that_is_not_there_or_no_account_is_told(tmp_path: Path) -> None:
    assert scenario_refusal(tmp_path, f'account = "no.toml"\n{CLIP}') == [
        "s.toml:1: in account 'no.toml': no.toml: no such file"
    ]
    assert scenario_refusal(tmp_path, f"account = 3\n{CLIP}") == ["s.toml:1: `account` must be a table, not 3"]
    assert "a.toml:1: `account` is required" in refusal(Account.load, written(tmp_path, "[kling]\n", "a.toml"))


def test_a_rate_that_no_price_can_have_is_told_with_its_line(tmp_path: Path) -> None:
    # 10 units a second at 0.00001 units to the dollar are a million dollars.
    sold = catalog(model(offers=[{"audio": False, "price_per_second": "10"}]), unit="credit", units_per_usd=Decimal(80))
    given = scenario([{"seconds": 5}], sold)
    dear = written(tmp_path, "[account.p]\nunits_per_usd = 0.00001\n", "dear.toml")
    with pytest.raises(InputError, match=r"dear\.toml:2: `units_per_usd` makes a price of p/m 1,000,000 USD or more"):
        router.plan(under_account(given, dear), on=ON)
    most = written(tmp_path, "[account.p]\nunits_per_usd = 0.000011\n", "most.toml")
    assert router.plan(under_account(given, most), on=ON).routes[0].price_usd > 4_500_000


# ---- --set -----------------------------------------------------------------------------------------------------------


def test_terms_can_be_set_one_by_one_also_with_a_provider_that_has_none_yet(tmp_path: Path) -> None:
    given = overridden(beside(tmp_path), ["account.evolink.discount=0.2", "account.evolink.packs[0].count=1"])
    assert (given.account["evolink"].discount, given.account["evolink"].packs[0].count) == (Decimal("0.2"), 1)
    plain = Scenario.load(written(tmp_path, CLIP, "plain.toml"))
    assert overridden(plain, ["account.evolink.discount=0.2"]).account["evolink"].discount == Decimal("0.2")
    assert overridden(given, ["account.*.discount*=2"]).account["evolink"].discount == Decimal("0.4")
    assert overridden(given, ["account.evolink.discount="]).account["evolink"].discount == 0
    assert overridden(given, ["account="]).account == {}


def test_a_file_can_be_set_relative_to_the_scenario(tmp_path: Path) -> None:
    written(tmp_path, "[account.evolink]\ndiscount = 0.3\n", "third.toml")
    assert overridden(beside(tmp_path), ["account=third.toml"]).account["evolink"].discount == Decimal("0.3")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("account.evolnk.discount=0.2", "did you mean `account.evolink`?"),
        ("account.evolink.discuont=0.2", "did you mean `account.evolink.discount`?"),
        ("account.evolink.discount=1", "`discount` must be below 1, not 1"),
        ("account=no.toml", "no.toml: no such file"),
        ("account+=no.toml", "`account` takes the path of an account file with `=`"),
        ("account.kling.discount=0.2", "nothing in `account` is called `kling`, and no catalog sells from it; there is evolink"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_told_with_the_nearest_that_can(tmp_path: Path, text: str, said: str) -> None:
    plain = Scenario.load(written(tmp_path, CLIP, "plain.toml"))
    with pytest.raises(InputError) as caught:
        overridden(plain, [text])
    assert said in f"{caught.value}"
    assert f"--set '{text}'" in f"{caught.value}"


def test_a_sweep_over_a_discount_finds_where_the_plan_changes() -> None:
    # m at p costs 5 x 0.10 = 0.50 less the discount, n at q 0.45: from a tenth on m is as cheap, above it cheaper.
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.09"}], provider="q"))
    found = router.sweep(scenario([{"seconds": 5}], sold), ["account.p.discount=0:0.4:0.2"], on=ON)
    assert [(point.expected_usd, point.primaries[0].model) for point in found.points] == [
        (Decimal("0.45"), "n"),
        (Decimal("0.4"), "m"),
        (Decimal("0.3"), "m"),
    ]
    # At 0.099999 it costs 0.4500005, which is billed as 0.450000: of equals the first of the catalog.
    assert [(change.since, change.moved) for change in found.changes] == [("0.099999", ("1 x q/n -> p/m",))]
