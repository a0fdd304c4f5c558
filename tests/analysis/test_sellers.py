"""Every seller of a clip, side by side."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import router
from router.report.sellers_table import sellers_csv, sellers_table
from router.schema.catalog import Catalog
from router.schema.sellers import Seller, Sellers
from tests.builders import ON, catalog, model

SOUND = [{"resolution": "1080p", "audio": True, "price_per_second": "0.10"}]


def rows(clip: Any, *catalogs: Catalog, on: dt.date = ON) -> list[Seller]:
    """The sellers by these catalogs alone; what is bundled does not sell their models."""
    return list(found(clip, *catalogs, on=on).sellers)


def found(clip: Any, *catalogs: Catalog, on: dt.date = ON) -> Sellers:
    return router.sellers(clip, catalogs, on=on)


def seller(name: str, price: str, **fields: Any) -> Catalog:
    """A catalog in which ``name`` sells the model ``made-up`` at 1080p with sound."""
    offers = [{"resolution": "1080p", "audio": True, "price_per_second": price}]
    return catalog(model("made-up", offers, provider=name), name=name, **fields)


def test_every_seller_is_shown_dearest_first_with_how_many_times_the_cheapest_it_costs() -> None:
    got = rows("10s 1080p native made-up", seller("p-low", "0.08"), seller("p-high", "0.20"), seller("p-mid", "0.10"))
    assert [(one.provider, one.price_usd, one.usd_per_second, one.times_cheapest) for one in got] == [
        ("p-high", Decimal("2.000000"), Decimal("0.200000"), Decimal("2.5000")),
        ("p-mid", Decimal("1.000000"), Decimal("0.100000"), Decimal("1.2500")),
        ("p-low", Decimal("0.800000"), Decimal("0.080000"), Decimal("1.0000")),
    ]


def test_times_are_of_the_same_model_only() -> None:
    other = catalog(model("made-too", SOUND, provider="p-other"), name="other")
    got = rows("10s 1080p native made-up made-too", seller("p-one", "0.40"), other)
    assert [one.times_cheapest for one in got] == [1, 1]


def test_prices_in_another_unit_are_shown_in_dollars() -> None:
    # 10 s at 6.8 credits are 68 credits, which is one dollar.
    (one,) = rows("10s native made-up", seller("p-credits", "6.8", unit="credit", units_per_usd="68"))
    assert one.price_usd == 1


def test_alternative_catalogs_of_one_provider_stand_side_by_side() -> None:
    now = seller("p-one", "0.10")
    later = seller("p-one", "0.12", as_of=dt.date(2026, 6, 1)).model_copy(update={"name": "p-one-late"})
    got = rows("10s native made-up", now, later)
    assert [(one.catalog, one.price_usd, one.as_of, one.times_cheapest) for one in got] == [
        ("p-one-late", Decimal("1.2"), dt.date(2026, 6, 1), Decimal("1.2")),
        ("p-one", Decimal(1), dt.date(2026, 4, 9), Decimal(1)),
    ]


def test_two_catalogs_of_one_name_are_told_apart() -> None:
    got = rows("10s native made-up", seller("p-one", "0.10"), seller("p-one", "0.12"))
    assert len({one.catalog for one in got}) == 2
    assert all(one.catalog.startswith("p-one (") for one in got)


def test_a_catalog_that_is_given_twice_counts_once() -> None:
    own = seller("p-one", "0.10")
    assert len(rows("10s native made-up", own, own)) == 1
    assert router.sellers("10s kling-o1 image-to-video", ["evolink"], on=ON) == router.sellers(
        "10s kling-o1 image-to-video", on=ON
    )


def test_a_seller_stands_with_the_cheapest_of_its_offers() -> None:
    offers = [
        {"resolution": "4k", "audio": True, "price_per_second": "0.40"},
        {"resolution": "1080p", "audio": True, "price_per_second": "0.10"},
        {"resolution": "720p", "audio": True, "price_per_second": "0.05"},
    ]
    (one,) = rows("10s 1080p native made-up", catalog(model("made-up", offers)))
    assert (one.resolution, one.price_usd, one.dearer) == ("1080p", 1, 1)


def test_what_cannot_make_it_is_counted_by_reason() -> None:
    short = catalog(
        model("made-up", SOUND, provider="p-short", seconds={"choices": [5]}),
        model("made-up", [{"resolution": "720p", "audio": True, "price_per_second": "0.1"}], provider="p-low"),
        model("made-up", SOUND, provider="p-gone", available_until=dt.date(2026, 4, 1)),
        model("made-up", SOUND, provider="p-brief", seconds={"choices": [4]}),
        name="several",
    )
    got = found("10s 1080p native made-up", seller("p-one", "0.10"), short)
    assert [(one.reason, one.offers) for one in got.cannot] == [("too-long", 2), ("resolution", 1), ("retired", 1)]
    assert got.offers == 5
    assert "The others cannot: too-long 2, resolution 1, retired 1" in sellers_table(got)


def test_the_day_decides_what_is_sold() -> None:
    until = catalog(
        model("made-up", SOUND, provider="p", available_until=dt.date(2026, 5, 31)),
        model(
            "made-up",
            [{"resolution": "1080p", "audio": True, "price_per_second": "0.2"}],
            provider="p",
            available_from=dt.date(2026, 6, 1),
        ),
    )
    assert [one.price_usd for one in rows("10s native made-up", until)] == [1]
    assert [one.price_usd for one in rows("10s native made-up", until, on=dt.date(2026, 6, 1))] == [2]


def test_a_price_has_the_date_and_source_of_its_own_and_may_be_stale() -> None:
    own = {**SOUND[0], "as_of": dt.date(2026, 1, 1), "source": "https://elsewhere.example"}
    got = found("10s native made-up", catalog(model("made-up", [own]), stale_after_days=90))
    (one,) = got.sellers
    # From 1 January to 10 April are 99 days.
    assert (one.as_of, one.source, one.stale) == (dt.date(2026, 1, 1), "https://elsewhere.example", True)
    assert "2026-01-01*" in sellers_table(got)


def test_a_price_per_second_is_of_the_seconds_that_were_asked_for() -> None:
    (one,) = rows("4s native made-up", catalog(model("made-up", SOUND, seconds={"choices": [5, 10]})))
    # 5 s at $0.10 for a clip of 4 s.
    assert (one.generated_seconds, one.price_usd, one.usd_per_second) == (5, Decimal("0.5"), Decimal("0.125"))


def test_what_is_free_has_no_multiple() -> None:
    free = [{"resolution": "1080p", "audio": True, "price_per_second": "0", "free": True}]
    got = found(
        "10s native made-up", seller("p-one", "0.10"), catalog(model("made-up", free, provider="p-free"), name="f")
    )
    assert [(one.provider, one.times_cheapest) for one in got.sellers] == [("p-one", None), ("p-free", Decimal(1))]
    assert "$0.00" in sellers_table(got)


def test_a_clip_of_code_is_taken_as_it_is() -> None:
    clip = {"seconds": 20, "audio": "native", "models": ["made-up"], "max_segments": 3}
    (one,) = rows(clip, catalog(model("made-up", SOUND, seconds={"choices": [8]})))
    # 8 + 8 + 8 s, of which 4 s are too many.
    assert (one.segments, one.price_usd) == ((8, 8, 8), Decimal("2.4"))
    assert rows(router.Scenario(clips=[clip]).clips[0], catalog(model("made-up", SOUND)))[0].price_usd == 2


def test_where_nothing_makes_it_the_nearest_miss_is_told_as_the_planner_tells_it() -> None:
    with pytest.raises(router.NoPlanError, match="none of 1 offer is eligible: 1 too-long") as caught:
        found("25s native made-up", seller("p-one", "0.10"))
    said = str(caught.value)
    assert "clip '25s native made-up' (25 s, text-to-video, native audio)" in said
    assert "nearest: p-one/made-up makes 20 s at most, the clip needs 25 s" in said
    assert "set max_segments = 2 or shorten it to 20 s" in said


def test_where_a_provider_does_not_sell_a_model_those_who_do_are_named() -> None:
    with pytest.raises(router.NoPlanError, match="ask p-one, who sells made-up"):
        found("10s made-up p-two", seller("p-one", "0.10"), catalog(model("made-too", provider="p-two"), name="two"))


def test_names_that_look_like_formulas_are_disarmed() -> None:
    text = sellers_csv(found("10s native models==1+1", catalog(model("=1+1", SOUND, provider="@p"), name="-c")))
    row = text.splitlines()[1].split(",")
    assert row[:2] == ["'@p", "'=1+1"]
    assert "'-c" in row


def test_a_narrow_terminal_gets_a_table_of_its_width() -> None:
    table = sellers_table(found("10s native made-up", seller("p-one", "0.10")), width=70).split("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 70
