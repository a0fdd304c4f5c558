"""``router catalog list --for``, ``catalog diff`` and ``catalog check``."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import pytest

from tests.cli.commands import DAY, Ran, Router
from tests.cli.test_catalog_and_schema import fits, schema
from tests.loading.messages import CATALOG, said_well, written

MINE = CATALOG.replace('"m"', '"made-up"').replace("a price list", "https://prices.example/list")
"""One silent offer of ``made-up`` by ``p`` at $0.10 a second, 1 to 10 s."""

HOSTILE = """
schema = 1
name = "=HYPERLINK(0)"
as_of = 2026-04-09
source = "=cmd|' /C calc'!A0"
stale_after_days = 30
[[models]]
model = "+%s"
provider = "@SUM(1)"
mode = "text-to-video"
api_model = "-2+3 :smile: {bold} [red]"
available_until = %s
seconds = { choices = [5, 10] }
offers = [
  { resolution = "720p", audio = false, prices = { 5 = %s, 10 = 0.4 }, source = "=1+1" },
  { resolution = "1080p", audio = false, prices = { 5 = 0.3, 10 = 0.3 } },
]
"""


def hostile(folder: Path, name: str = "=1+1.toml", price: str = "0.5", until: str = "2026-05-01") -> Path:
    return written(folder, HOSTILE % ("é💣" * 90, until, price), name)


def safe(ran: Ran) -> None:
    """Assert that nothing that was written can do harm on a terminal, nor in a spreadsheet."""
    for text in (ran.out, ran.err):
        bad = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} and c != "\n"}
        assert not bad


def cells(ran: Ran) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_every_seller_of_a_clip_dearest_first_in_every_format(router_: Router, tmp_path: Path) -> None:
    mine = written(tmp_path, MINE, "mine.toml")
    dear = written(tmp_path, MINE.replace('"p"', '"q"').replace("0.1", "0.25").replace('"c"', '"dear"'), "dear.toml")
    asked = ("catalog", "list", "--for", "10s made-up", "--catalog", mine, "--catalog", dear, "--as-of", DAY)
    found = router_(*asked)
    # 10 s at $0.25 and at $0.10.
    rows = [(one["catalog"], one["price_usd"], one["times_cheapest"]) for one in found.json["sellers"]]
    assert rows == [("dear", "2.500000", "2.5000"), ("c", "1.000000", "1.0000")]
    fits(schema(router_, "sellers"), found.json)
    assert [(row["provider"], row["price_usd"]) for row in cells(router_(*asked, "--format", "csv"))] == [
        ("q", "2.500000"),
        ("p", "1.000000"),
    ]
    table = router_(*asked, "--format", "table").out
    assert table.index("q/made-up") < table.index("p/made-up")
    assert "2.5x" in table


def test_the_bundled_catalogs_are_looked_at_too(router_: Router) -> None:
    found = router_("catalog", "list", "--for", "native 10s 1080p evolink/kling-o3", "--as-of", DAY).json
    assert [one["price_usd"] for one in found["sellers"] if one["catalog"] == "evolink"] == ["1.250000"]


def test_a_copy_of_a_bundled_catalog_is_an_alternative_and_no_double_price(router_: Router, tmp_path: Path) -> None:
    shown = router_("catalog", "show", "evolink", "--format", "json").out
    copy = written(tmp_path, shown.replace('"name": "evolink"', '"name": "evolink-copy"'), "copy.json")
    found = router_("catalog", "list", "--for", "10s native kling-o3 evolink", "--catalog", copy, "--as-of", DAY).json
    assert {"evolink", "evolink-copy"} <= {one["catalog"] for one in found["sellers"]}


def test_where_nothing_makes_it_the_status_is_3_and_the_nearest_miss_is_told(router_: Router, tmp_path: Path) -> None:
    mine = written(tmp_path, MINE, "mine.toml")
    asked = ("catalog", "list", "--for", "12s made-up", "--catalog", mine)
    ran = router_(*asked)
    assert ran.status == 3
    assert "nearest: p/made-up makes 10 s at most, the clip needs 12 s" in ran.err
    assert ran.json["status"] == "infeasible"
    assert (router_(*asked, "--format", "csv").out, router_(*asked, "--format", "csv").status) == ("", 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("10s nativ", "did you mean 'native'?"),
        ("10s klng-3.0", "did you mean 'kling-3.0'?"),
        ("1080p", "states no length"),
    ],
)
def test_a_misspelt_word_gets_one_message_and_status_2(router_: Router, words: str, said: str) -> None:
    ran = router_("catalog", "list", "--for", words)
    assert (ran.status, ran.out) == (2, "")
    (line,) = said_well(ran.err.rstrip("\n"))
    assert said in line


def test_a_further_catalog_is_listed_and_what_is_wrong_in_several_is_told_at_once(
    router_: Router, tmp_path: Path
) -> None:
    mine = written(tmp_path, MINE, "mine.toml")
    assert {"evolink", "c"} <= {row["name"] for row in router_("catalog", "list", "--catalog", mine).json}
    ran = router_("catalog", "list", "--catalog", tmp_path / "one.toml", "--catalog", "evolnk")
    assert ran.status == 2
    assert len(said_well(ran.err.rstrip("\n"))) == 2


def test_on_a_day_only_what_is_on_sale_is_listed_and_shown(router_: Router, tmp_path: Path) -> None:
    gone = MINE.replace("seconds", "available_until = 2026-04-01\nseconds").partition("[[models]]")[2]
    both = written(tmp_path, MINE + "[[models]]" + gone.replace('"made-up"', '"made-too"'), "both.toml")

    def models(*more: str) -> list[str]:
        return [entry["model"] for entry in router_("catalog", "show", both, *more).json["models"]]

    assert (models(), models("--as-of", DAY)) == (["made-up", "made-too"], ["made-up"])
    listed = router_("catalog", "list", "--catalog", both, "--as-of", DAY).json
    assert [row["offers"] for row in listed if row["name"] == "c"] == [1]
    for form in ("table", "csv"):
        alone = written(tmp_path, MINE.replace("seconds", "available_until = 2026-04-01\nseconds"), "gone.toml")
        assert router_("catalog", "show", alone, "--as-of", DAY, "--format", form).status == 0
        assert router_("catalog", "list", "--catalog", alone, "--as-of", DAY, "--format", form).status == 0


def test_diff_tells_what_rose_in_every_format_and_its_status(router_: Router, tmp_path: Path) -> None:
    before = written(tmp_path, MINE, "before.toml")
    after = written(tmp_path, MINE.replace("0.1", "0.12").replace("2026-04-09", "2026-06-01"), "after.toml")
    found = router_("catalog", "diff", before, after)
    assert found.status == 0
    fits(schema(router_, "catalog-comparison"), found.json)
    assert [(one["difference_usd"], one["share"]) for one in found.json["prices"]] == [("0.020000", 0.2)]
    (row,) = cells(router_("catalog", "diff", before, after, "--format", "csv"))
    assert (row["what"], row["before_as_of"], row["after_as_of"]) == ("rose", "2026-04-09", "2026-06-01")
    table = router_("catalog", "diff", before, after, "--format", "table").out
    assert "+20.0%" in table
    assert "prices as of 2026-06-01" in table
    assert router_("catalog", "diff", before, after, "--exit-code").status == 4
    assert router_("catalog", "diff", before, before, "--exit-code").status == 0
    assert router_("catalog", "diff", "evolink", "evolink", "--exit-code").status == 0


def test_diff_says_what_is_wrong_in_both(router_: Router, tmp_path: Path) -> None:
    ran = router_("catalog", "diff", tmp_path / "a.toml", tmp_path / "b.toml")
    assert (ran.status, ran.out) == (2, "")
    assert len(said_well(ran.err.rstrip("\n"))) == 2


def test_check_of_a_clean_catalog_says_so(router_: Router, tmp_path: Path) -> None:
    mine = written(tmp_path, MINE, "mine.toml")
    found = router_("catalog", "check", mine, "--as-of", DAY, "--strict")
    assert (found.status, found.json["findings"]) == (0, [])
    fits(schema(router_, "catalog-check"), found.json)
    table = router_("catalog", "check", mine, "--as-of", DAY, "--format", "table").out
    assert "c: nothing odd in 1 offer\n0 errors, 0 findings, 0 notes." in table


def test_check_has_a_status_for_errors_and_one_for_findings_if_it_is_strict(router_: Router, tmp_path: Path) -> None:
    odd = written(tmp_path, MINE.replace("2026-04-09", "2026-05-01"), "odd.toml")
    gone = written(tmp_path, MINE.replace("seconds", "available_until = 2026-04-01\nseconds"), "gone.toml")
    bad = written(tmp_path, MINE.replace("0.1", "nan"), "bad.toml")
    assert router_("catalog", "check", odd, "--as-of", DAY).status == 0
    assert router_("catalog", "check", odd, "--as-of", DAY, "--strict").status == 4
    assert router_("catalog", "check", gone, "--as-of", DAY, "--strict").status == 0
    ran = router_("catalog", "check", odd, bad, gone, "--as-of", DAY, "--strict")
    assert ran.status == 2
    assert [(one["level"], one["what"]) for one in ran.json["findings"]] == [
        ("error", "unreadable"), ("finding", "future"), ("note", "retired"),
    ]  # fmt: skip
    assert [row["where"] for row in cells(router_("catalog", "check", odd, "--as-of", DAY, "--format", "csv"))] == [
        f"{odd}:3"
    ]


def test_check_without_a_catalog_looks_at_all_that_are_bundled(router_: Router) -> None:
    names = {row["name"] for row in router_("catalog", "list").json}
    assert {own["name"] for own in router_("catalog", "check", "--as-of", DAY).json["catalogs"]} == names


def test_nothing_that_a_catalog_holds_does_harm(
    router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = hostile(tmp_path).name, hostile(tmp_path, "-2.toml", "0.7", "2026-04-30").name
    commands = [
        ("list", "--for", "5s providers=@SUM(1)", f"--catalog={one}", f"--catalog={other}", "--as-of", DAY),
        ("diff", "--", one, other),
        ("check", "--as-of", "2026-07-01", "--", one, other),
        ("check", "--as-of", DAY, "--", one, other),
    ]
    for command in commands:
        for form in ("table", "csv", "json"):
            ran = router_("catalog", command[0], "--format", form, *command[1:])
            assert (ran.status, ran.err) == (0, ""), command
            assert ran.out
            safe(ran)
            if form == "csv":
                run = [cell for row in cells(ran) for cell in row.values() if cell.startswith(("=", "+", "@", "-"))]
                assert [cell for cell in run if not cell.lstrip("-+").replace(".", "").isdigit()] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("source =", 'unit = "credit"\nunits_per_usd = 1e-18\nsource ='),
        ("source =", 'unit = "credit"\nunits_per_usd = 1000000000\nsource ='),
        ("{ min = 1, max = 10, step = 1 }", "{ min = 0.000000000000000001, max = 0.000000000000000002, step = 0 }"),
        ("{ min = 1, max = 10, step = 1 }", "{ choices = [0.000000000000000001, 1000000] }\nrounding = 'up'"),
        ("price_per_second = 0.1", "price_per_second = 999999"),
        ("price_per_second = 0.1", "price_per_second = 0.000000000000000001"),
    ],
)
def test_numbers_of_any_size_that_a_catalog_may_hold_are_shown(
    router_: Router, tmp_path: Path, old: str, new: str
) -> None:
    price = "0.0000000000001" if "1e-18" in new else "0.1"
    text = MINE.replace(old, new).replace("price_per_second = 0.1", f"price_per_second = {price}")
    extreme = written(tmp_path, text, "extreme.toml")
    plain = written(tmp_path, MINE.replace('"p"', '"q"').replace('"c"', '"plain"'), "plain.toml")
    for form in ("table", "csv", "json"):
        more = ("--as-of", DAY, "--format", form)
        assert router_("catalog", "check", extreme, plain, *more).status == 0
        assert router_("catalog", "diff", plain, extreme, *more).status == 0
        assert router_("catalog", "diff", extreme, written(tmp_path, MINE, "mine.toml"), *more).status == 0
        listed = ("catalog", "list", "--catalog", extreme, "--catalog", plain, *more)
        for length in ("0.000000000000000001s", "1000000s", "1s"):
            assert router_(*listed, "--for", f"{length} made-up").status in (0, 3)
