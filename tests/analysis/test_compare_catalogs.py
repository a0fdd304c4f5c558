"""What differs between two catalogs."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import router
from router.report.catalog_comparison_table import catalog_comparison_csv, catalog_comparison_table
from router.schema.catalog import Catalog
from router.schema.catalog_comparison import CatalogComparison, PriceChange
from tests.builders import catalog, model

LATER = dt.date(2026, 6, 1)


def offer(price: str, resolution: str = "1080p", *, audio: bool = False, **fields: Any) -> dict[str, Any]:
    return {"resolution": resolution, "audio": audio, "price_per_second": price, **fields}


def compared(before: Catalog, after: Catalog, on: dt.date | None = None) -> CatalogComparison:
    return router.compare_catalogs(before, after, on=on)


def told(change: PriceChange) -> tuple[Any, ...]:
    return change.model, change.per, change.before_usd, change.after_usd, change.difference_usd, change.share


def test_a_catalog_does_not_differ_from_itself_nor_from_its_later_look() -> None:
    own = catalog(model())
    assert compared(own, own).same
    later = compared(own, catalog(model(), as_of=LATER, source="another"))
    assert later.same
    assert (later.before.as_of, later.after.as_of, later.unchanged) == (dt.date(2026, 4, 9), LATER, 1)


def test_prices_that_rose_and_fell_are_told_with_amount_and_share_the_largest_first() -> None:
    before = catalog(model("m", [offer("0.10"), offer("0.20", audio=True), offer("0.05", "720p")]))
    after = catalog(model("m", [offer("0.11"), offer("0.10", audio=True), offer("0.05", "720p")]), as_of=LATER)
    found = compared(before, after)
    assert [told(one) for one in found.prices] == [
        ("m", "second", Decimal("0.2"), Decimal("0.1"), Decimal("-0.1"), -0.5),
        ("m", "second", Decimal("0.1"), Decimal("0.11"), Decimal("0.01"), 0.1),
    ]
    assert (found.unchanged, found.same) == (1, False)
    assert {(one.before_as_of, one.after_as_of) for one in found.prices} == {(dt.date(2026, 4, 9), LATER)}
    table = catalog_comparison_table(found)
    assert "1 rose, 1 fell, 0 new, 0 gone" in table
    assert "-50.0%" in table


def test_units_are_compared_in_dollars() -> None:
    in_credits = catalog(model("m", [offer("7.2")]), unit="credit", units_per_usd="72")
    assert compared(catalog(model("m", [offer("0.1")])), in_credits).same
    dearer = compared(in_credits, catalog(model("m", [offer("7.2")]), unit="credit", units_per_usd="60"))
    assert [told(one) for one in dearer.prices] == [
        ("m", "second", Decimal("0.1"), Decimal("0.12"), Decimal("0.02"), 0.2)
    ]


def test_what_differs_by_less_than_a_micro_dollar_is_the_same() -> None:
    # 1 / 3 of a dollar, and that to six decimals.
    third = catalog(model("m", [offer("1")]), unit="credit", units_per_usd="3")
    assert compared(third, catalog(model("m", [offer("0.333333")]))).same


def test_what_is_new_and_gone_is_told_with_its_price() -> None:
    before = catalog(model("m", [offer("0.10"), offer("0.20", audio=True)]))
    after = catalog(model("m", [offer("0.10")]), model("n", [{"audio": False, "price_per_generation": "0.5"}]))
    found = compared(before, after)
    assert [(one.model, one.audio, [(part.per, part.usd) for part in one.prices]) for one in found.gone] == [
        ("m", True, [("second", Decimal("0.2"))])
    ]
    assert [(one.model, [(part.per, part.usd) for part in one.prices]) for one in found.new] == [
        ("n", [("generation", Decimal("0.5"))])
    ]
    assert "$0.50 a generation" in catalog_comparison_table(found)


def test_lengths_and_terms_that_changed_are_told() -> None:
    before = catalog(model("m", seconds={"choices": [5, 10]}, failure_rate="0.10"))
    after = catalog(
        model("m", seconds={"min": 3, "max": 15, "step": 1}, failure_rate="0.1", rounding="up", image_prompt=True)
    )
    assert [(one.term, one.before, one.after) for one in compared(before, after).terms] == [
        ("seconds", "5 or 10 s", "3-15 s, step 1"),
        ("rounding", "nearest", "up"),
        ("image_prompt", "false", "true"),
    ]


def test_a_price_added_to_each_generation_and_a_minimum_are_prices_too() -> None:
    before = catalog(model("m", [offer("0.1")]))
    after = catalog(model("m", [offer("0.1", price_per_generation="0.25", price_minimum="0.7")]))
    assert [(one.per, one.before_usd, one.after_usd, one.share) for one in compared(before, after).prices] == [
        ("generation", 0, Decimal("0.25"), None),
        ("minimum", 0, Decimal("0.7"), None),
    ]


def test_fixed_prices_are_compared_length_by_length() -> None:
    def fixed(prices: dict[str, str]) -> Catalog:
        return catalog(
            model("m", [{"audio": False, "prices": prices}], seconds={"choices": [int(length) for length in prices]})
        )

    found = compared(fixed({"5": "0.5", "10": "1.0"}), fixed({"5": "0.6", "15": "1.5"}))
    assert [(one.per, one.seconds, one.before_usd, one.after_usd) for one in found.prices] == [
        ("length", 5, Decimal("0.5"), Decimal("0.6"))
    ]
    assert [[(part.seconds, part.usd) for part in one.prices] for one in found.new] == [[(15, Decimal("1.5"))]]
    assert [[(part.seconds, part.usd) for part in one.prices] for one in found.gone] == [[(10, Decimal(1))]]


def test_prices_by_the_second_and_by_length_are_compared_by_what_each_length_costs() -> None:
    fixed = catalog(model("m", [{"audio": False, "prices": {"5": "0.5", "10": "1.2"}}], seconds={"choices": [5, 10]}))
    by_second = catalog(model("m", [{"audio": False, "price_per_second": "0.1"}], seconds={"choices": [5, 10]}))
    found = compared(fixed, by_second)
    # 5 s cost $0.50 either way; 10 s $1.20 and $1.00.
    assert [(one.seconds, one.before_usd, one.after_usd) for one in found.prices] == [
        (10, Decimal("1.2"), Decimal("1.0"))
    ]
    assert [(one.term, one.before, one.after) for one in found.terms] == [
        ("prices", "for each length", "by the second")
    ]


def test_what_is_retired_now_is_matched_and_only_its_last_day_is_told() -> None:
    after = catalog(model("m", available_until=LATER))
    assert [(one.term, one.before, one.after) for one in compared(catalog(model("m")), after).terms] == [
        ("available_until", "", "2026-06-01")
    ]


def test_one_thing_at_several_prices_is_matched_by_its_days_of_sale() -> None:
    def two(first: str, second: str) -> Catalog:
        return catalog(
            model("m", [offer(first)], available_until=dt.date(2026, 5, 31)),
            model("m", [offer(second)], available_from=LATER),
        )

    found = compared(two("0.1", "0.2"), two("0.1", "0.3"))
    assert [(one.before_usd, one.after_usd, one.available_from) for one in found.prices] == [
        (Decimal("0.2"), Decimal("0.3"), LATER)
    ]
    assert (found.new, found.gone) == ((), ())
    assert compared(two("0.1", "0.2"), two("0.1", "0.3"), on=dt.date(2026, 5, 1)).same


def test_a_price_that_follows_another_is_told_on_the_day() -> None:
    after = catalog(
        model("m", [offer("0.1")], available_until=dt.date(2026, 5, 31)),
        model("m", [offer("0.2")], available_from=LATER),
    )
    found = compared(catalog(model("m", [offer("0.1")])), after, on=LATER)
    assert [(one.before_usd, one.after_usd) for one in found.prices] == [(Decimal("0.1"), Decimal("0.2"))]
    assert (found.before.offers, found.after.offers) == (1, 1)


def test_two_providers_have_nothing_in_common_and_are_referred_to_the_list() -> None:
    found = compared(catalog(model("m")), catalog(model("m", provider="q")))
    assert (len(found.new), len(found.gone)) == (1, 1)
    assert "router catalog list --for" in catalog_comparison_table(found)


def test_the_csv_has_a_line_for_each_difference_and_runs_nothing() -> None:
    before = catalog(model("=m", [offer("0.1"), offer("0.3", "4k")]), model("+gone"))
    after = catalog(model("=m", [offer("0.2"), offer("0.3", "4k", quality=7, quality_source="q")]), model("@new"))
    lines = list(csv.reader(io.StringIO(catalog_comparison_csv(compared(before, after)))))
    assert {len(line) for line in lines} == {21}
    assert [(line[0], line[2]) for line in lines[1:]] == [
        ("rose", "'=m"), ("new", "'@new"), ("gone", "'+gone"), ("term", "'=m"),
    ]  # fmt: skip


PRICES = st.integers(1, 30).map(lambda cents: f"{cents / 100:.2f}")
CATALOGS = st.dictionaries(st.sampled_from(["480p", "720p", "1080p", "4k"]), PRICES, min_size=1).map(
    lambda prices: catalog(model("m", [offer(price, resolution) for resolution, price in prices.items()]))
)


@given(CATALOGS, CATALOGS)
def test_the_way_back_is_the_way_there_with_signs_turned(one: Catalog, other: Catalog) -> None:
    there, back = compared(one, other), compared(other, one)
    assert {(c.resolution, c.difference_usd) for c in there.prices} == {
        (c.resolution, -c.difference_usd) for c in back.prices
    }
    assert {c.resolution for c in there.new} == {c.resolution for c in back.gone}
    assert there.unchanged + len(there.prices) + len(there.gone) == there.before.offers
    assert there.unchanged + len(there.prices) + len(there.new) == there.after.offers


def test_a_narrow_terminal_gets_tables_of_its_width() -> None:
    before = catalog(model("m", [offer("0.1"), offer("0.3", "4k")]), model("gone"))
    after = catalog(model("m", [offer("0.2"), offer("0.3", "4k")], rounding="up"), model("new"))
    text = catalog_comparison_table(compared(before, after), width=70)
    assert max(map(len, text.splitlines())) <= 70
    assert "\n  text-to-video 1080p silent" in text


def test_what_changes_alike_in_all_offers_of_a_model_is_one_row() -> None:
    offers = [offer("0.1"), offer("0.3", "4k")]
    table = catalog_comparison_table(compared(catalog(model("m", offers)), catalog(model("m", offers, rounding="up"))))
    assert table.count("rounding") == 1
    assert "text-to-video, 2 offers" in table
