"""Each kind of lever: what it changes and saves, by hand; what cannot apply is not listed."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

import router
from router.loading.overrides import overridden
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario
from tests.analysis.pulled import CHOICES, LADDER, SCENARIOS, every, found, savings
from tests.builders import ON, catalog, model, scenario


def test_resolution_goes_down_to_the_next_that_is_sold() -> None:
    levers = found(
        [{"id": "a", "seconds": 10, "resolution": "1080p"}, {"id": "b", "seconds": 10, "resolution": "720p"}],
        catalog(model(offers=LADDER)),
    )

    own = every(levers)
    # a: 3.00 - 2.00; b asks for 720p and gets 768p for 2.00, then 480p for 1.00
    assert own["lower-resolution/clip/a"].set == ("clips.a.resolution=768p",)
    assert own["lower-resolution/clip/b"].set == ("clips.b.resolution=480p",)
    assert own["lower-resolution"].saving_usd == Decimal(2)
    assert own["lower-resolution"].quality == ("1080p -> 768p on 1 clip", "768p -> 480p on 1 clip")
    # Scores: (9 + 7) / 2 before, (7 + 4) / 2 after
    assert own["lower-resolution"].mean_quality_change == -2.5


def test_quality_floors_go_down_to_the_next_score_that_there_is() -> None:
    levers = every(
        found(
            [{"id": "a", "seconds": 10, "quality_min": 8}, {"id": "b", "seconds": 10, "quality_min": 4}],
            catalog(model(offers=LADDER)),
            limits={"mean_quality_min": 8},
        )
    )

    # The mean of 8 over 9, and 7 at least: a for 3.00, b for 2.00
    assert levers["lower-quality/clip/a"].set == ("clips.a.quality_min=7",)
    assert levers["lower-quality/clip/b"].set == ("clips.b.quality_min=",)
    # 7 on average: a 9, b 7 is still the least under a's own floor and the mean ((9 + 4) / 2 is 6.5)
    assert (levers["lower-mean-quality"].set, levers["lower-mean-quality"].saving_usd) == (
        ("limits.mean_quality_min=7",),
        0,
    )
    # Without the mean b goes to 480p
    assert levers["lift/mean_quality_min"].saving_usd == Decimal(1)


def test_image_prompts_open_the_text_to_video_models() -> None:
    levers = router.levers(Scenario.load(SCENARIOS / "image-to-video-100.toml"), on=ON)

    # 100 x 1.111 on kling-o1 against 100 x 10 x 0.075
    best = levers.levers[0]
    assert (best.key, best.saving_usd, best.clips) == ("accept-image-prompt", Decimal("36.1"), 100)
    assert "text-to-video instead of image-to-video on 100 clips" in best.quality


def test_a_split_saves_where_two_short_generations_cost_less() -> None:
    levers = every(found([{"id": "a", "seconds": 10, "count": 3}], catalog(CHOICES)))

    # 3.00 for 10 s, 1.00 + 1.00 for 5 + 5 s
    assert (levers["allow-split"].set, levers["allow-split"].saving_usd) == (("clips.a.max_segments=2",), 3)
    assert levers["allow-split"].quality == ("2 parts instead of 1 on 3 clips",)


def test_clips_are_shortened_to_the_next_length_below_that_keeps_three_quarters_of_them() -> None:
    clips = [{"id": name, "seconds": seconds} for name, seconds in (("a", 6), ("b", 7), ("c", 16))]

    levers = found(clips, catalog(CHOICES))
    further = found(clips, catalog(CHOICES), objective={"shorten_to": Decimal("0.6")})

    # a: 10 s for 3.00 becomes 5 s for 1.00. b would keep 5 of 7 s, c 10 of 16 s (9.00 becomes 3.00): too little, unless 0.6 will do.
    assert savings(levers, "length") == {"shorten": 2}
    assert every(levers)["shorten"].quality == ("1 s shorter on 1 clip",)
    assert savings(further, "length") == {"shorten": 10, "shorten/clip/a": 2, "shorten/clip/b": 2, "shorten/clip/c": 6}


def test_what_is_billed_by_the_second_is_shortened_to_the_second_below() -> None:
    levers = found(
        [{"id": "dance", "seconds": "12.5", "mode": "motion-control", "resolution": "1080p"}], Catalog.load("evolink")
    )

    # 12.5 s are billed as 13 s, 12 s as 12 s
    assert every(levers)["shorten"].set == ("clips.dance.seconds=12",)
    assert every(levers)["shorten"].saving_usd == Decimal("0.151")


def test_drafts_above_720p_are_staged_and_staged_ones_show_what_that_saves() -> None:
    clip = {"id": "a", "seconds": 10, "resolution": "1080p", "audio": "native"}
    high = every(found([{**clip, "drafts": {"count": 2, "resolution": "1080p"}}], Catalog.load("evolink")))
    low = every(found([{**clip, "drafts": {"count": 2, "resolution": "720p"}}], Catalog.load("evolink")))

    # Two drafts of 10 s: 2.00 at 0.100, 1.50 at 0.075; with sound at 1080p 2.50
    assert (high["stage-drafts"].saving_usd, high["stage-drafts"].clips) == (Decimal("0.5"), 1)
    assert high["stage-drafts"].quality == ("1080p -> 720p on 2 drafts",)
    assert low["unstage-drafts"].saving_usd == Decimal("-1")
    assert low["unstage-drafts"].why == "costs $1.00 more"
    assert "unstage-drafts" not in high
    assert "stage-drafts" not in low


def test_each_limit_is_lifted() -> None:
    limits = {
        "budget_usd": 50, "worst_case_usd": 60, "mean_quality_min": 4, "deadline_minutes": 90, "groups": "same-model",
        "cvar": {"usd": 70}, "caps": [{"max_clips": 4}, {"where": {"model": "slow"}, "min_clips": 2}],
    }  # fmt: skip
    timed = {"generation_seconds_per_second": 2, "concurrency": 3}
    sold = [model(offers=LADDER, **timed), model("slow", [{**LADDER[0], "price_per_second": "0.5"}], **timed)]

    levers = found([{"id": "a", "seconds": 10, "count": 3, "value_usd": 9}], catalog(*sold), limits=limits)

    # Two of three clips go to the model that costs 5.00, not 1.00; no other limit binds.
    assert savings(levers, "limit") == {
        "lift/budget_usd": 0, "lift/worst_case_usd": 0, "lift/cvar": 0, "lift/mean_quality_min": 0, "lift/deadline_minutes": 0,
        "lift/groups": 0, "lift/caps[0]": 0, "lift/caps[1]": 8,
    }  # fmt: skip
    assert every(levers)["lift/caps[1]"].sentence == "lift limits.caps[1] (min_clips 2 where model slow)"
    assert every(levers)["lift/cvar"].sentence == "lift limits.cvar (level 0.95, usd 70)"
    assert levers.measure == "expected cost, with the value of clips left out"


def test_a_lifted_budget_saves_the_value_of_clips_that_were_left_out() -> None:
    lever = every(router.levers(Scenario.load(SCENARIOS / "budget.toml"), on=ON))["lift/budget_usd"]

    assert (lever.saving_usd, lever.quality, lever.clips) == (Decimal("8.5"), ("43 more clips made",), 43)


def test_each_other_direction_of_fallback_is_tried_and_who_is_left_unserved_is_said() -> None:
    levers = every(router.levers(Scenario.load(SCENARIOS / "fallback-any.toml"), on=ON))

    # any: 60 (0.98 x 1.25 + 0.0198 x 1.50 + 0.0002 x 3) + 40 (0.99 x 1.50 + 0.0098 x 1.25 + 0.0002 x 3) = 75.318 + 59.914
    # none: 60 (0.98 x 1.25 + 0.02 x 3) + 40 (0.99 x 1.50 + 0.01 x 3) = 77.10 + 60.60
    assert levers["fallback/none"].saving_usd == Decimal("135.232") - Decimal("137.70")
    assert levers["fallback/none"].why == "costs $2.468 more"
    assert levers["fallback/none"].quality == ("1.58 more clips find every model down, on average",)
    assert set(savings(found([{"id": "a", "seconds": 5}], catalog(model())), "fallback")) == {
        "fallback/cheaper", "fallback/dearer", "fallback/none",
    }  # fmt: skip


def test_the_order_by_expected_cost_is_tried_where_the_caller_owns_the_chain() -> None:
    rules = {"fallback": {"across": "all", "unserved_usd": "9"}}
    failing = model("often", [{"audio": False, "price_per_second": "0.10"}], failure_rate="0.5", bills_failures="yes")
    steady = model("never", [{"audio": False, "price_per_second": "0.12"}])
    first = model("first", [{"audio": False, "price_per_second": "0.05"}], availability="0.5")
    clips = [{"id": "a", "seconds": 10, "count": 8}]

    lever = every(found(clips, catalog(failing, steady, first), **rules))["fallback/order"]

    # Behind first (0.50, up half the time) comes often: 1.00 and with 0.5 then 1.20, which is 1.60; or never: 1.20 at once.
    # A clip: 0.5 x 0.50 + 0.5 x 1.60 = 1.05, or 0.5 x 0.50 + 0.5 x 1.20 = 0.85: 8 x 0.20 less
    assert lever.saving_usd == Decimal("1.6")
    assert "fallback/order" not in every(found(clips, catalog(failing, steady, first)))


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three bundled catalogs: evolink; one of two providers; one that sells what evolink sells."""
    own = Path(router.__file__).parent / "catalogs" / "evolink.toml"
    shutil.copy(own, tmp_path / "evolink.toml")
    shutil.copy(own, tmp_path / "again.toml")
    entry = """
    [[models]]
    model = "kling-o3"
    provider = "{}"
    mode = "text-to-video"
    seconds = {{ min = 3, max = 15, step = 1 }}
    offers = [{{ resolution = "1080p", audio = true, price_per_second = {} }}]
    """
    head = 'schema = 1\nname = "two"\nas_of = 2026-04-09\nsource = "made up"\nunit = "usd"\n'
    (tmp_path / "two.toml").write_text(head + entry.format("east", "0.120") + entry.format("west", "0.110"))
    monkeypatch.setattr("router.loading.catalog_file._BUNDLED", tmp_path)
    monkeypatch.setattr("router.analysis.lever_kinds.bundled_names", lambda: ("again", "evolink", "two"))


@pytest.mark.usefixtures("bundled")
def test_bundled_catalogs_and_their_providers_are_tried_and_those_that_price_a_thing_twice_are_not() -> None:
    clips = [{"id": "a", "seconds": 10, "resolution": "1080p", "audio": "native"}]
    given = scenario(clips)

    levers = every(router.levers(given, on=ON))

    # kling-o3 for 1.25 at evolink, 1.20 in the east, 1.10 in the west
    assert {key: lever.saving_usd for key, lever in levers.items() if lever.kind in ("catalog", "provider")} == {
        "catalog/two": Decimal("0.15"), "catalog/two/east": Decimal("0.05"), "catalog/two/west": Decimal("0.15"),
    }  # fmt: skip
    assert levers["catalog/two/east"].set == ('catalogs+=["two"]', 'clips.*.not_providers+=["west"]')
    assert levers["catalog/two/west"].quality == ("west instead of evolink on 1 clip",)
    for lever in (levers["catalog/two"], levers["catalog/two/east"]):
        assert router.plan(overridden(given, lever.set), on=ON).totals.expected_usd == lever.expected_usd


def test_what_cannot_apply_is_not_listed() -> None:
    levers = every(found([{"id": "a", "seconds": 5}], catalog(model())))

    # Silent, no resolution, no limit, no score, no drafts, no image; 5 s at 0.10 a second can be 4 s.
    assert set(levers) == {
        "shorten", "allow-split", "fallback/cheaper", "fallback/dearer", "fallback/none", "catalog/evolink",
    }  # fmt: skip
