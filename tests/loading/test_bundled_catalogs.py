"""The bundled catalogs: who sells what, at which price on which day. Prices are worked out by hand from what the sellers state."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import router
from router.checking.check import check
from router.errors import InputError, NoPlanError
from router.loading.catalog_file import bundled_names, check_distinct, load_catalog
from router.loading.scenario_file import resolved_catalogs
from router.schema.catalog import Catalog, ModelEntry, OfferEntry
from router.schema.plan import Plan, Route
from tests.builders import scenario

GATHERED = dt.date(2026, 11, 23)
NAMES = bundled_names()
FILES = Path(router.__file__).parent / "catalogs"

MODELS = {
    "gemini-omni-flash", "grok-imagine-1.5", "grok-imagine-1.5-lite", "hailuo-2.3", "kling-2.5-turbo", "kling-2.6", "kling-3.0",
    "kling-3.0-turbo", "kling-4.0", "kling-4.0-flash", "kling-motion-control", "kling-o1", "kling-o3", "luma-ray-2-flash",
    "minimax-h3", "runway-gen4-turbo", "runway-gen4.5", "seedance-1.5-pro", "seedance-2.0", "seedance-2.0-fast",
    "seedance-2.0-mini", "seedance-2.5", "sora-2", "sora-2-pro", "sora-2-pro-high-res", "veo-3.0", "veo-3.0-fast", "veo-3.1",
    "veo-3.1-fast", "veo-3.1-fast-preview", "veo-3.1-lite", "veo-3.1-lite-preview", "veo-3.1-preview", "vidu-q3-pro",
    "vidu-q3-turbo", "wan-2.5", "wan-2.6", "wan-2.6-flash", "wan-2.7",
}  # fmt: skip
"""Each model's one name, whoever sells it."""

MODES = {"text-to-video", "image-to-video", "reference-to-video", "video-edit", "motion-control"}

ALWAYS_WITH_SOUND = {
    "gemini-omni-flash", "kling-4.0", "kling-4.0-flash", "minimax-h3", "sora-2", "sora-2-pro", "sora-2-pro-high-res", "vidu-q3-pro",
    "vidu-q3-turbo", "wan-2.5", "wan-2.6", "wan-2.7",
}  # fmt: skip


class Offered(NamedTuple):
    """One price of a bundled catalog."""

    catalog: Catalog
    entry: ModelEntry
    offer: OfferEntry

    @property
    def key(self) -> tuple[Any, ...]:
        """What is sold, whoever sells it."""
        terms = self.entry.terms(self.offer)
        return (self.entry.model, self.entry.mode, terms.reference, self.offer.resolution, self.offer.audio)


def offered(*names: str) -> Iterator[Offered]:
    """Every price of these catalogs."""
    for catalog in map(load_catalog, names):
        yield from (Offered(catalog, entry, offer) for entry in catalog.models for offer in entry.offers)


def made(catalog: str, clip: dict[str, Any], on: dt.date = GATHERED) -> Route:
    """The route of one clip, made by this catalog and found right by the independent check."""
    (route,) = verified(scenario([clip], catalogs=[catalog]), on).routes
    return route


def verified(given: router.Scenario, on: dt.date = GATHERED) -> Plan:
    plan = router.plan(given, on=on)
    assert check(plan, given, resolved_catalogs(given), on) == []
    return plan


# ---- what stands in every file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_catalog_is_dated_and_sourced_and_becomes_stale(name: str) -> None:
    catalog = load_catalog(name)
    assert (catalog.name, catalog.stale_after_days) == (name, 90)
    for _, entry, offer in offered(name):
        terms = entry.terms(offer)
        assert (terms.as_of or catalog.as_of) <= GATHERED
        assert (terms.source or catalog.source).startswith(
            ("https://", "the price table of a public client of fal, 2026")
        )


@pytest.mark.parametrize("name", NAMES)
def test_models_and_modes_have_the_names_that_they_have_everywhere(name: str) -> None:
    entries = load_catalog(name).models
    assert {entry.model for entry in entries} <= MODELS
    assert {entry.mode for entry in entries} <= MODES


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_free(name: str) -> None:
    data = tomllib.loads((FILES / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    for entry in data["models"]:
        for offer in entry["offers"]:
            prices = [*offer.get("prices", {}).values(), offer.get("price_per_second")]
            assert all(price > 0 for price in prices if price is not None)


def test_every_model_is_sold_by_someone() -> None:
    assert {one.entry.model for one in offered(*NAMES)} == MODELS


def test_what_always_makes_sound_has_no_silent_offer() -> None:
    silent = {one.entry.model for one in offered(*NAMES) if not one.offer.audio}
    assert silent & ALWAYS_WITH_SOUND == set()
    # The Gemini API prices Veo with sound only; Vertex AI sells it without too.
    assert all(one.offer.audio for one in offered("veo") if one.entry.provider == "gemini")


def test_motion_control_has_an_entry_for_either_reference() -> None:
    for name in NAMES:
        found = {
            (one.entry.provider, one.key[2], one.entry.terms(one.offer).seconds)
            for one in offered(name)
            if one.entry.mode == "motion-control"
        }
        # At most 10 s after an image, 30 s after a video.
        assert {(reference, seconds.max) for _, reference, seconds in found if seconds} in (
            set(),
            {("image", Decimal(10)), ("video", Decimal(30))},
        )


def test_nothing_has_two_prices_on_one_day_but_in_the_two_catalogs_of_evolink() -> None:
    check_distinct([load_catalog(name) for name in NAMES if name != "evolink-late"])
    check_distinct([load_catalog(name) for name in NAMES if name != "evolink"])
    with pytest.raises(
        InputError, match=r"evolink/kling-3\.0 text-to-video 720p audio = false is priced already at evolink\.toml"
    ):
        check_distinct([load_catalog("evolink"), load_catalog("evolink-late")])


# ---- sellers of one thing --------------------------------------------------------------------------------------------


def test_sellers_of_one_product_stand_side_by_side() -> None:
    found = {
        one.catalog.name: (one.offer.price_per_second, one.catalog.unit)
        for one in offered(*NAMES)
        if one.key == ("kling-3.0", "text-to-video", None, "720p", True)
    }
    usd = {
        "evolink": "0.113",
        "fal": "0.126",
        "inference-sh": "0.126",
        "muvi": "0.126",
        "piapi": "0.15",
        "replicate": "0.252",
    }
    units = {"evolink-late": ("8.1", "credit"), "kling": ("0.9", "unit"), "openrouter": ("0.126", "credit")}
    prices = {**{name: (price, "usd") for name, price in usd.items()}, "krea": ("0.2646", "usd"), **units}
    assert found == {name: (Decimal(price), unit) for name, (price, unit) in prices.items()}


def test_the_same_clip_goes_to_the_cheapest_seller_of_its_model() -> None:
    clips = [
        {"id": "kling-4.0", "seconds": 10, "resolution": "1080p", "audio": "native", "models": ["kling-4.0"]},
        {"id": "seedance-2.0", "seconds": 10, "resolution": "720p", "models": ["seedance-2.0"]},
    ]
    given = scenario(clips, catalogs=["venice", "piapi", "siray", "runway", "fal", "seedance"])
    # Kling 4.0 at 1080p: 0.2937, 0.25, 0.235 (Siray, then fal at the same price); Seedance 2.0: 0.36, 0.3034, 0.9936 / 7 = 0.141942857.
    found = {route.clips[0]: (route.provider, route.price_usd) for route in verified(given).routes}
    assert found == {"kling-4.0": ("siray", Decimal("2.35")), "seedance-2.0": ("volcengine", Decimal("1.419429"))}


# ---- prices by hand --------------------------------------------------------------------------------------------------

PRICES: list[tuple[str, dict[str, Any], str]] = [
    # 10 x 5.4 = 54 credits, 54 / 68 = 0.7941176...
    ("evolink-late", {"seconds": 10, "resolution": "720p", "models": ["kling-3.0"]}, "0.794118"),
    # 40 / 68 = 0.5882352...
    ("evolink-late", {"seconds": 5, "mode": "image-to-video", "models": ["kling-o1"]}, "0.588235"),
    # 12.5 s are billed as 13: 13 x 10.88368 = 141.48784, / 68 = 2.0807035...
    (
        "evolink-late",
        {"seconds": "12.5", "mode": "motion-control", "reference": "video", "resolution": "1080p"},
        "2.080704",
    ),
    # 10 x 0.8 x 0.14
    ("kling", {"seconds": 10, "resolution": "1080p", "models": ["kling-3.0"]}, "1.12"),
    # 7 x 0.8 x 0.14
    ("kling", {"seconds": 7, "resolution": "720p", "audio": "native", "models": ["kling-o3"]}, "0.784"),
    # 4K costs 3 units a second, with sound or without: 15 x 3 x 0.14
    ("kling", {"seconds": 15, "resolution": "4k", "audio": "native", "models": ["kling-3.0"]}, "6.30"),
    # 30 x 0.235
    ("fal", {"seconds": 30, "resolution": "1080p", "audio": "native", "models": ["kling-4.0"]}, "7.05"),
    # 9 s cost twice what 5 s cost, 720p twice what 540p costs
    ("fal", {"seconds": 9, "resolution": "720p", "models": ["luma-ray-2-flash"]}, "0.80"),
    # A second of 7 is not sold: 8 s are taken
    ("krea", {"seconds": 7, "resolution": "1080p", "audio": "native", "models": ["veo-3.1-fast"]}, "1.008"),
    # 10 x 0.126 credits at 1.055
    ("openrouter", {"seconds": 10, "audio": "native"}, "1.3293"),
    # 5 x 17.72 = 88.6 credits, / 211 = 0.4199052...
    ("comfy", {"seconds": 5, "resolution": "720p", "models": ["kling-o3"]}, "0.419905"),
    # 4 x 30 credits are above the least of 80; at $0.01
    ("runway", {"seconds": 4, "resolution": "720p", "models": ["seedance-2.5"]}, "1.20"),
    # 5 x 0.462024 CNY = 2.31012, / 7 = 0.3300171...
    ("seedance", {"seconds": 5, "resolution": "480p", "models": ["seedance-2.0"]}, "0.330017"),
    # 12 x 21,600 tokens at $2.40 a million
    ("byteplus", {"seconds": 12, "resolution": "720p", "audio": "native"}, "0.62208"),
    # 10 x 0.03 and an image at 0.01
    ("grok", {"seconds": 10, "mode": "image-to-video", "resolution": "720p"}, "0.31"),
    # 15 x 0.086012 in Beijing, where Singapore takes 15 x 0.10
    ("wan", {"seconds": 15, "resolution": "720p", "audio": "native"}, "1.29018"),
    # 16 x 0.148
    ("vidu", {"seconds": 16, "resolution": "1080p", "audio": "native", "models": ["vidu-q3-pro"]}, "2.368"),
    # Between 6 s and 10 s there is nothing
    ("wavespeed", {"seconds": 7, "resolution": "720p"}, "0.56"),
    # 8 x 0.08 on Veo 3.1 Lite, the cheapest with sound at 1080p
    ("veo", {"seconds": 8, "resolution": "1080p", "audio": "native"}, "0.64"),
    # 15 x 0.13
    ("hailuo", {"seconds": 15, "resolution": "2k", "audio": "native"}, "1.95"),
]


@pytest.mark.parametrize(("name", "clip", "price"), PRICES, ids=[f"{name}-{k}" for k, (name, *_) in enumerate(PRICES)])
def test_a_price_is_what_its_seller_states(name: str, clip: dict[str, Any], price: str) -> None:
    assert made(name, clip).price_usd == Decimal(price)


# ---- days ------------------------------------------------------------------------------------------------------------

ENDS: list[tuple[str, dict[str, Any], str]] = [
    ("sora", {"seconds": 8, "audio": "native", "providers": ["openai"]}, "2026-09-23"),
    ("sora", {"seconds": 8, "audio": "native", "providers": ["azure"], "models": ["sora-2"]}, "2026-11-01"),
    ("veo", {"seconds": 8, "audio": "native", "models": ["veo-3.1-preview"], "providers": ["gemini"]}, "2026-10-21"),
    ("veo", {"seconds": 8, "audio": "native", "models": ["veo-3.1"], "providers": ["vertex-ai"]}, "2026-11-16"),
    ("veo", {"seconds": 8, "audio": "native", "models": ["veo-3.0"]}, "2026-06-29"),
]


@pytest.mark.parametrize(("name", "clip", "last"), ENDS)
def test_what_has_ended_is_sold_up_to_its_last_day(name: str, clip: dict[str, Any], last: str) -> None:
    day = dt.date.fromisoformat(last)
    assert made(name, clip, day).price_usd > 0
    with pytest.raises(NoPlanError, match=r"[1-9]\d* retired"):
        made(name, clip, day + dt.timedelta(days=1))


@pytest.mark.parametrize("name", ["fal", "muapi", "piapi", "siray", "venice"])
def test_kling_4_is_sold_from_its_launch_on(name: str) -> None:
    clip = {"seconds": 20, "audio": "native", "resolution": "1080p", "models": ["kling-4.0"]}
    launch = dt.date(2026, 10, 15)
    assert made(name, clip, launch).model == "kling-4.0"
    with pytest.raises(NoPlanError, match=r"not-yet-available.*sold from 2026-10-15"):
        made(name, clip, launch - dt.timedelta(days=1))


# ---- buying ----------------------------------------------------------------------------------------------------------


def test_a_campaign_over_five_catalogs_is_planned_and_verified() -> None:
    clips = [
        {
            "id": "hero",
            "count": 10,
            "seconds": 10,
            "resolution": "1080p",
            "audio": "native",
            "models": ["kling-o3", "kling-3.0"],
        },
        {"id": "teaser", "count": 20, "seconds": 6, "resolution": "720p", "models": ["kling-3.0"]},
        {"id": "wide", "count": 5, "seconds": 10, "resolution": "4k", "audio": "native"},
        {
            "id": "dancer",
            "count": 4,
            "seconds": 20,
            "mode": "motion-control",
            "reference": "video",
            "resolution": "1080p",
        },
        {"id": "turn", "count": 3, "seconds": 5, "mode": "image-to-video", "resolution": "1080p"},
    ]
    given = scenario(
        clips,
        catalogs=["kling", "fal", "runway", "seedance", "veo"],
        fallback={"across": "all"},
        outages={"availability": {"kling": "0.99", "fal": "0.98", "gemini": "0.99"}},
        limits={"budget_usd": 100, "caps": [{"where": {"provider": "kling"}, "max_clips": 20}]},
    )
    plan = verified(given)
    prices = {(route.clips[0], route.provider): route.price_usd for route in plan.routes}
    # kling-o3 at 1080p with sound: 10 x 1.0 x 0.14 = 1.40 at Kling and 10 x 0.14 at fal. Silent kling-3.0 at 720p: 6 x 0.084 at both.
    # 4K with sound: Veo fast, 10 s are more than its 8; Kling 10 x 3 x 0.14. Motion at 1080p: Kling alone, 20 x 1.2 x 0.14.
    # From an image, silent: Kling's O3, 3.0 and O1 and fal's two at 5 x 0.112, fal's Kling 2.6 at 5 x 0.07.
    assert (
        prices.items()
        >= {
            ("wide", "kling"): Decimal("4.20"),
            ("dancer", "kling"): Decimal("3.36"),
            ("turn", "fal"): Decimal("0.35"),
        }.items()
    )
    assert {price for (clip, _), price in prices.items() if clip == "hero"} == {Decimal("1.40")}
    assert {price for (clip, _), price in prices.items() if clip == "teaser"} == {Decimal("0.504")}
    # 10 x 1.40 + 20 x 0.504 + 5 x 4.20 + 4 x 3.36 + 3 x 0.35 = 14 + 10.08 + 21 + 13.44 + 1.05
    assert plan.totals.nominal_usd == Decimal("59.57")
    assert plan.totals.nominal_units["unit"]


ASKED = [
    one for one in offered("evolink", "evolink-late", "kling", "fal")
    if one.entry.model not in {"kling-2.5-turbo", "luma-ray-2-flash", "seedance-2.0", "seedance-2.5", "veo-3.0-fast", "wan-2.5"}
]  # fmt: skip
"""What the providers' files know how to ask for."""


@pytest.mark.parametrize(
    "one", ASKED, ids=lambda one: "-".join((one.catalog.name, *(f"{part}" for part in one.key if part)))
)
def test_what_an_api_is_known_for_can_be_asked_for(one: Offered) -> None:
    terms = one.entry.terms(one.offer)
    assert terms.seconds is not None
    clip: dict[str, Any] = {
        "seconds": f"{terms.seconds.min or min(terms.seconds.choices or ())}",
        "mode": one.entry.mode,
        "models": [one.entry.model],
        "audio": "native" if one.offer.audio else "none",
    }
    clip |= {"resolution": one.offer.resolution} if one.offer.resolution else {}
    clip |= {"reference": terms.reference} if terms.reference else {}
    route = made(one.catalog.name, clip)
    assert (route.resolution, route.mode) == (one.offer.resolution, one.entry.mode)
    assert route.request is not None
    assert route.request.url.startswith("https://")


def test_what_failures_cost_is_stated_where_the_seller_states_it() -> None:
    stated = {
        (one.entry.provider, one.entry.terms(one.offer).bills_failures)
        for one in offered(*NAMES)
        if one.entry.terms(one.offer).bills_failures
    }
    assert stated == {("kling", "no"), ("reapi", "no"), ("runway", "yes"), ("volcengine", "no")}


def test_evolink_in_credits_is_no_lever_beside_evolink_in_dollars() -> None:
    found = router.levers(
        scenario([{"seconds": 10, "resolution": "1080p", "audio": "native"}], catalogs=["evolink"]), on=GATHERED
    )
    keys = {lever.key for lever in (*found.levers, *found.idle)}
    assert "catalog/kling" in keys
    assert not any(key.startswith("catalog/evolink") for key in keys)
