"""What is odd in catalogs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import router
from router.analysis.catalog_names import plain
from router.report.catalog_check_table import catalog_check_csv, catalog_check_table
from router.schema.catalog import Catalog
from router.schema.catalog_check import CatalogCheck, CatalogFinding
from tests.builders import ON, catalog, model
from tests.loading.messages import CATALOG, written

CLEAN = {"source": "https://prices.example/list"}


def offer(price: str, resolution: str = "1080p", *, audio: bool = False, **fields: Any) -> dict[str, Any]:
    return {"resolution": resolution, "audio": audio, "price_per_second": price, **fields}


def checked(*models: dict[str, Any], on: dt.date = ON, **fields: Any) -> list[CatalogFinding]:
    return list(check(catalog(*models, **{**CLEAN, **fields}), on=on).findings)


def check(*catalogs: Catalog | str | Path, on: dt.date = ON) -> CatalogCheck:
    return router.check_catalogs(catalogs, on=on)


def rules(found: list[CatalogFinding]) -> list[str]:
    return [one.what for one in found]


def test_the_default_catalog_is_clean_on_the_day_after_its_prices() -> None:
    found = check("evolink")
    assert found.findings == ()
    assert [(own.name, own.offers, own.on_sale, own.odd) for own in found.catalogs] == [("evolink", 13, 13, 0)]
    assert "evolink: nothing odd in 13 offers" in catalog_check_table(found)


def test_without_any_all_bundled_catalogs_are_checked() -> None:
    from router.loading.catalog_file import bundled_names, load_catalog

    assert [own.name for own in check().catalogs] == [load_catalog(name).name for name in bundled_names()]


def test_a_file_that_cannot_be_read_is_an_error_and_the_others_are_looked_at(tmp_path: Path) -> None:
    bad = written(tmp_path, CATALOG.replace("seconds = { min = 1, max = 10, step = 1 }\n", ""), "bad.toml")
    found = check(bad, tmp_path / "none.toml", "evolnk", "evolink")
    assert {one.level for one in found.findings} == {"error"}
    assert [own.name for own in found.catalogs] == ["evolink"]
    said = " ".join(f"{one.where} {one.text}" for one in found.findings)
    assert f"{bad}:" in said
    assert "states no lengths" in said
    assert "did you mean 'evolink'?" in said


@pytest.mark.parametrize(
    ("made", "missing"),
    [
        # 720p and 4k of both sounds, 1080p of one.
        ([("720p", 0), ("720p", 1), ("1080p", 0), ("4k", 0), ("4k", 1)], ["1080p with audio"]),
        ([("720p", 0), ("720p", 1), ("1080p", 1), ("4k", 0), ("4k", 1)], ["1080p silent"]),
        ([("720p", 0), ("720p", 1), ("1080p", 0)], []),
        ([("720p", 0), ("1080p", 0), ("1080p", 1), ("4k", 0), ("4k", 1)], []),
        ([("360p", 1), ("480p", 0), ("720p", 0), ("1080p", 1), ("360p", 0)], ["480p with audio", "720p with audio"]),
    ],
)
def test_a_resolution_lacks_a_sound_that_those_around_it_have(made: list[tuple[str, int]], missing: list[str]) -> None:
    offers = [offer("0.1", resolution, audio=bool(audio)) for resolution, audio in made]
    found = checked(model("m", offers))
    assert [one.mend for one in found] == [f"add {what}" for what in missing]
    assert {one.what for one in found} <= {"gap"}


def test_a_mode_lacks_a_resolution_that_another_mode_has() -> None:
    def ladder(*resolutions: str) -> list[dict[str, Any]]:
        return [offer("0.1", resolution) for resolution in resolutions]

    found = checked(model("m", ladder("720p", "1080p", "4k")), model("m", ladder("720p", "4k"), mode="image-to-video"))
    assert [(one.what, one.mend) for one in found] == [("gap", "add 1080p to image-to-video")]
    assert not checked(model("m", ladder("720p", "1080p", "4k")), model("m", ladder("720p"), mode="image-to-video"))


def test_a_resolution_cheaper_than_the_next_lower_one() -> None:
    found = checked(model("m", [offer("0.10", "1080p"), offer("0.12", "720p"), offer("0.30", "4k")]))
    assert rules(found) == ["resolution"]
    # 1 s is the shortest length.
    assert "1080p silent costs $0.10 for 1 s, 720p $0.12" in found[0].text


def test_resolutions_are_compared_at_the_same_length_and_sound_only() -> None:
    offers = [
        offer("0.12", "720p", seconds={"choices": [5]}),
        offer("0.10", "1080p", seconds={"choices": [10]}),
        offer("0.11", "4k", audio=True),
    ]
    assert not checked(model("m", offers))


def test_sound_cheaper_than_silence() -> None:
    found = checked(model("m", [offer("0.10"), offer("0.09", audio=True)]))
    assert rules(found) == ["sound"]
    assert not checked(model("m", [offer("0.10"), offer("0.10", audio=True)]))


def test_a_longer_generation_cheaper_than_a_shorter_one() -> None:
    prices = {"audio": False, "prices": {"5": "0.5", "10": "0.4", "15": "0.9"}}
    found = checked(model("m", [prices], seconds={"choices": [5, 10, 15]}))
    assert rules(found) == ["length"]
    assert "$0.40 for 10 s, $0.50 for 5 s" in found[0].text


def test_a_price_ten_times_that_of_other_sellers_or_a_tenth_of_it() -> None:
    others = catalog(
        *(model("made-up", [offer(price)], provider=f"p{price}") for price in ("0.10", "0.12", "0.14")),
        name="others",
        **CLEAN,
    )

    def at(price: str) -> list[CatalogFinding]:
        mine = catalog(model("made-up", [offer(price)], provider="mine"), name="mine", **CLEAN)
        return [one for one in check(others, mine).findings if one.catalog == "mine"]

    # The median is $0.12.
    assert rules(at("1.20")) == ["outlier"]
    assert "10 times the $0.12/s" in at("1.20")[0].text
    assert rules(at("0.012")) == ["outlier"]
    assert "1/10 of the $0.12/s" in at("0.012")[0].text
    assert not at("1.19")
    assert not at("0.013")


def test_a_price_ten_times_the_sellers_other_resolutions() -> None:
    # Of 1080p the others are at 0.05 and 0.07; of 480p at 0.07 and 1.00, of which 0.07 is the nearer.
    found = checked(model("m", [offer("0.05", "480p"), offer("0.07", "720p"), offer("1.00", "1080p")]))
    assert [(one.what, "1080p" in one.text) for one in found] == [("outlier", True)]
    assert "14.3 times the $0.07/s of its other resolutions" in found[0].text


def test_of_two_prices_far_apart_the_dearer_is_told() -> None:
    found = checked(model("m", [offer("0.075", "720p"), offer("1.00", "1080p")]))
    assert [(one.what, "1080p" in one.text) for one in found] == [("outlier", True)]


def test_what_is_retired_or_not_yet_sold_is_a_note_unless_something_stands_in_for_it() -> None:
    found = checked(
        model("gone", available_until=dt.date(2026, 4, 1)),
        model("coming", available_from=dt.date(2026, 5, 1)),
        model("m", [offer("0.1")], available_until=dt.date(2026, 4, 9)),
        model("m", [offer("0.2")], available_from=dt.date(2026, 4, 10)),
    )
    assert [(one.level, one.what) for one in found] == [("note", "retired"), ("note", "not-yet-available")]


def test_what_is_not_on_sale_has_no_odd_price() -> None:
    assert rules(
        checked(model("m", [offer("0.1", "1080p"), offer("0.2", "720p")], available_until=dt.date(2026, 4, 1)))
    ) == ["retired"]


def test_dates_of_prices_in_the_future_and_too_long_ago() -> None:
    offers = [offer("0.1", as_of=dt.date(2026, 5, 1)), offer("0.2", "4k", as_of=dt.date(2026, 1, 1))]
    assert rules(checked(model("m", offers), stale_after_days=90)) == ["future", "stale"]
    assert rules(checked(model("m", offers))) == ["future"]
    assert rules(checked(model("m"), stale_after_days=90, on=dt.date(2026, 7, 8))) == []
    assert rules(checked(model("m"), stale_after_days=90, on=dt.date(2026, 7, 9))) == ["stale"]


@pytest.mark.parametrize(
    ("source", "odd"),
    [
        ("https://prices.example/list", False),
        ("http://prices.example", False),
        ("a price list", True),
        ("prices.example", True),
        ("https://", True),
        ("ftp://prices.example/", True),
        ("javascript:alert(1)", True),
    ],
)
def test_a_source_that_is_no_address(source: str, *, odd: bool) -> None:
    found = checked(model("m"), source=source)
    assert [(one.level, one.what) for one in found] == [("note", "source")] * odd
    assert rules(checked(model("m", [offer("0.1", source=source)]))) == ["source"] * odd


def test_an_entry_without_the_name_that_the_providers_api_knows() -> None:
    assert rules(checked(model("made-up", provider="fal"))) == ["api-model"]
    assert not checked(model("made-up", provider="fal", api_model="fal-ai/kling-video/v3/pro/text-to-video"))
    assert not checked(model("made-up", provider="nobody"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("kling-3.0", "Kling 3", True),
        ("kling-3.0", "KLING_3.0", True),
        ("veo-3.1", "veo-3-1", True),
        ("seedance-1.0-pro", "Seedance 1 Pro", True),
        ("kling-3.0", "kling-o3", False),
        ("kling-2.5", "kling-25", False),
        ("kling-3.0", "kling-3.0-turbo", False),
        ("wan-2.10", "wan-2.1", False),
    ],
)
def test_names_that_differ_in_case_and_punctuation_only(one: str, other: str, *, same: bool) -> None:
    assert (plain(one) == plain(other)) is same
    assert plain("---") != plain("...")
    mine = catalog(model(f"x {one}"), model(f"x {other}", provider="q"), **CLEAN)
    assert rules(list(check(mine).findings)) == ["name"] * same


def test_a_name_spelt_otherwise_than_in_the_bundled_catalogs() -> None:
    (found,) = checked(model("Kling 3"), model("Kling 3", provider="q"))
    assert found.what == "name"
    assert "model 'Kling 3' is called 'kling-3.0' at " in found.text
    assert found.mend == 'set model = "kling-3.0", or rename both'


def test_findings_name_the_line(tmp_path: Path) -> None:
    text = CATALOG.replace("a price list", "https://prices.example").replace(
        "offers = [ { audio = false, price_per_second = 0.1 } ]",
        'offers = [\n  { resolution = "720p", audio = false, price_per_second = 0.2 },\n'
        '  { resolution = "1080p", audio = false, price_per_second = 0.1 },\n]',
    )
    path = written(tmp_path, text, "c.toml")
    # Ten lines, the offers on the last: the second offer is two lines below.
    assert [(one.what, one.where) for one in check(path).findings] == [
        ("resolution", f"{path}:{text.count(chr(10)) - 1}")
    ]


def test_the_csv_runs_nothing_and_very_long_names_break_nothing() -> None:
    long = "=" + "m" * 199
    found = check(catalog(model(long, [offer("0.1"), offer("0.2", "720p")]), name="=c", **CLEAN))
    text = catalog_check_csv(found)
    assert text.splitlines()[1].split(",")[2] == "'=c"
    assert long in catalog_check_table(found, width=1000)
    assert max(map(len, catalog_check_table(found, width=60).splitlines())) <= 60
