"""OpenRouter's list of video models to a catalog: which key bills what, and what stays out."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import router
from router.errors import InputError
from router.loading.openrouter_skus import billed, read_skus
from router.schema.catalog import Catalog, Lengths
from router.schema.scenario import Scenario
from tests.loading.messages import said_well, written
from tests.loading.price_lists import AS_OF, ON, Raw, facts, from_openrouter, rates, reasons, sold

VEO: Raw = {
    "duration_seconds_with_audio": "0.12", "duration_seconds_with_audio_4k": "0.30", "duration_seconds_without_audio": "0.10",
    "duration_seconds_with_audio_720p": "0.10", "duration_seconds_without_audio_4k": "0.25", "duration_seconds_without_audio_720p": "0.08",
}  # fmt: skip
KLING: Raw = {
    "duration_seconds": "0.084", "duration_seconds_with_audio": "0.126", "text_to_video_duration_seconds_720p": "0.084",
    "image_to_video_duration_seconds_720p": "0.09",
}  # fmt: skip
FIRST = ["first_frame"]


def refused(folder: Path, *models: Raw, text: str | None = None, **options: Any) -> list[str]:
    """The lines of the one error that an import ends with, without the folder."""
    with pytest.raises(InputError, match=r".") as caught:
        from_openrouter(folder, *models, text=text, **options)
    return said_well(str(caught.value).replace(f"{folder}/", ""))


def test_each_resolution_and_sound_has_the_price_of_the_key_that_says_most_about_it(tmp_path: Path) -> None:
    made = from_openrouter(tmp_path, sold(skus=VEO, supported_resolutions=["720p", "1080p", "4K"], generate_audio=True))
    assert rates(made) == {
        ("720p", False): "0.08", ("720p", True): "0.10",
        # No key names 1080p, so those without a resolution are its.
        ("1080p", False): "0.10", ("1080p", True): "0.12",
        ("4k", False): "0.25", ("4k", True): "0.30",
    }  # fmt: skip


def test_keys_that_name_no_sound_are_silent_where_one_beside_them_is_with_sound(tmp_path: Path) -> None:
    made = from_openrouter(tmp_path, sold(skus=KLING, generate_audio=True, supported_frame_images=FIRST))

    assert rates(made, "text-to-video") == {("720p", False): "0.084", ("720p", True): "0.126"}
    # From an image the silent second has a price of its own; with sound it has not.
    assert rates(made, "image-to-video") == {("720p", False): "0.09", ("720p", True): "0.126"}


def test_cents_are_turned_into_dollars_exactly(tmp_path: Path) -> None:
    skus = {"cents_per_video_output_second_480p": "5", "cents_per_second_output": "12.345"}
    made = from_openrouter(tmp_path, sold(skus=skus, supported_resolutions=["480p", "720p"]))
    assert rates(made) == {("480p", False): "0.05", ("720p", False): "0.12345"}


def test_the_spelling_of_the_documentation_is_read(tmp_path: Path) -> None:
    skus = {"per-video-second": "0.50", "per-video-second-1080p": "0.75"}
    made = from_openrouter(tmp_path, sold(skus=skus, supported_resolutions=["720p", "1080p"]))
    assert rates(made) == {("720p", False): "0.50", ("1080p", False): "0.75"}


def test_one_price_whatever_the_sound_is_that_of_a_video_with_sound(tmp_path: Path) -> None:
    assert rates(from_openrouter(tmp_path, sold(generate_audio=True))) == {("720p", True): "0.1"}


def test_a_model_that_makes_no_sound_is_silent_whatever_its_keys_name(tmp_path: Path) -> None:
    assert set(rates(from_openrouter(tmp_path, sold(skus=KLING, generate_audio=False)))) == {("720p", False)}


def test_a_first_frame_makes_image_to_video_and_one_image_is_billed(tmp_path: Path) -> None:
    skus = {"cents_per_image_input": "0.2", "duration_seconds": "0.05", "minimum_cents_per_generation": "56"}
    made = from_openrouter(tmp_path, sold(skus=skus, supported_frame_images=["first_frame", "last_frame"]))

    text, image = made.catalog.models
    assert (text.mode, text.price_per_generation, text.price_minimum) == ("text-to-video", None, Decimal("0.56"))
    assert (image.mode, image.price_per_generation) == ("image-to-video", Decimal("0.002"))


def test_image_to_video_is_left_out_where_reference_images_have_a_price_and_frames_may_be_some(tmp_path: Path) -> None:
    skus = {"duration_seconds": "0.13", "reference_images": "0.04"}
    made = from_openrouter(tmp_path, sold(skus=skus, supported_frame_images=FIRST))

    assert [entry.mode for entry in made.catalog.models] == ["text-to-video"]
    assert [(left.price, left.reason.partition(" is")[0]) for left in made.left_out] == [("image-to-video", "it")]


@pytest.mark.parametrize(
    ("listed", "lengths"),
    [
        ([3, 4, 5, 6], Lengths(min=Decimal(3), max=Decimal(6), step=Decimal(1))),
        ([8, 4, 6, 4], Lengths(choices=(Decimal(4), Decimal(6), Decimal(8)))),
        ([5], Lengths(choices=(Decimal(5),))),
        ([1, 2], Lengths(choices=(Decimal(1), Decimal(2)))),
        ([0.5, 1.5, 2.5], Lengths(min=Decimal("0.5"), max=Decimal("2.5"), step=Decimal(1))),
    ],
)
def test_lengths_are_those_that_are_listed(tmp_path: Path, listed: list[float], lengths: Lengths) -> None:
    assert from_openrouter(tmp_path, sold(supported_durations=listed)).catalog.models[0].seconds == lengths


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (sold(supported_durations=None), "states no lengths (`supported_durations`)"),
        (sold(supported_durations=[]), "states no lengths (`supported_durations`)"),
        (sold(generate_audio=None), "does not say whether its videos come with sound (`generate_audio`)"),
        (sold(skus={}), "states no price by the second"),
        (sold(pricing_skus=None), "states no price by the second"),
        (sold(skus={"cents_per_image_input": "1"}), "states no price by the second"),
        (sold(skus={"duration_seconds": "0"}), "a price of 0 does not say that it is free"),
        (sold(skus={"video_tokens": "0.000007"}), "is billed by `video_tokens`, and it is not stated how many of these a second is"),
        (
            sold(skus={"cents_per_megapixel_second_precise": "7.5"}),
            "is billed by `cents_per_megapixel_second_precise`, and it is not stated how many of these a second is",
        ),
        (
            sold(skus={"duration_seconds": "0.1", "per_vibe_unit": "3"}),
            "`per_vibe_unit` is no price that is known, and may change what a generation costs",
        ),
        (
            sold(skus={"duration_seconds_with_audio_720p_without_audio": "3"}),
            "`duration_seconds_with_audio_720p_without_audio` is no price that is known, and may change what a generation costs",
        ),
        (
            sold(skus={"duration_seconds": "0.1", "cents_per_second_output": "11"}),
            "it is not clear which price bills text-to-video 720p: `duration_seconds` or `cents_per_second_output`",
        ),
        (
            sold(skus={"duration_seconds_720p": "0.1", "text_to_video_duration_seconds": "0.2"}),
            "it is not clear which price bills text-to-video 720p: `duration_seconds_720p` or `text_to_video_duration_seconds`",
        ),
        (sold(skus={"image_to_video_duration_seconds": "0.1"}), "no price of it bills this"),
        (sold(supported_resolutions=["1024p"]), "'1024p' is none of the resolutions 360p, 480p, 540p, 720p, 768p, 1080p, 2k, 4k"),
        (sold("v/<b>"), "`model` holds < >, which tables and pages read as markup; use letters, digits and . _ - / # : instead"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_left_out_with_its_reason(tmp_path: Path, entry: Raw, reason: str) -> None:
    made = from_openrouter(tmp_path, sold("v/clear"), {**entry, "id": entry["id"].replace("v/m", "v/other")})

    assert made.taken == ("v/clear",)
    assert reason in reasons(made)[made.left_out[0].entry]


def test_two_keys_that_fit_equally_well_and_agree_are_one_price(tmp_path: Path) -> None:
    skus = {"duration_seconds": "0.1", "cents_per_second_output": "10"}
    assert rates(from_openrouter(tmp_path, sold(skus=skus))) == {("720p", False): "0.1"}


def test_keys_of_other_tasks_change_nothing_and_are_named(tmp_path: Path) -> None:
    skus = {
        "duration_seconds": "0.1",
        "cents_per_second_video_continuation_720p": "41",
        "reference_duration_seconds": "9",
    }
    made = from_openrouter(tmp_path, sold(skus=skus))

    assert rates(made) == {("720p", False): "0.1"}
    assert [remark.text for remark in made.remarks] == [
        "`cents_per_second_video_continuation_720p` is the price of another task",
        "`reference_duration_seconds` is the price of another task",
    ]


def test_a_price_of_a_resolution_that_is_not_listed_is_left_out_and_without_a_list_prices_name_them(
    tmp_path: Path,
) -> None:
    skus = {"duration_seconds_720p": "0.3", "duration_seconds_1080p": "0.5"}
    made = from_openrouter(tmp_path, sold(skus=skus))
    assert rates(made) == {("720p", False): "0.3"}
    assert [left.price for left in made.left_out] == ["duration_seconds_1080p"]

    unlisted = from_openrouter(tmp_path, sold(skus=skus, supported_resolutions=None))
    assert rates(unlisted) == {("720p", False): "0.3", ("1080p", False): "0.5"}
    assert set(rates(from_openrouter(tmp_path, sold(supported_resolutions=None)))) == {(None, False)}


def test_what_an_overlay_says_goes_before_what_the_list_says(tmp_path: Path) -> None:
    overlay = (
        '[models."v/*"]\nmodel = "kling-3.0"\nprovider = "me"\nmode = "video-to-video"\naudio = true\nresolution = "1080p"\n'
        'seconds = { choices = [4] }\nprice_minimum = 0.7\nimage_prompt = true\nrounding = "up"\n'
    )
    entry = sold(supported_durations=None, generate_audio=None)
    (model,) = from_openrouter(tmp_path, entry, overlay=overlay).catalog.models

    assert (model.model, model.provider, model.mode, model.api_model) == ("kling-3.0", "me", "video-to-video", "v/m")
    assert (model.price_minimum, model.image_prompt, model.rounding) == (Decimal("0.7"), True, "up")
    assert [(offer.resolution, offer.audio) for offer in model.offers] == [("1080p", True)]
    assert model.seconds == Lengths(choices=(Decimal(4),))


def test_providers_are_the_first_part_of_an_id_or_what_the_overlay_calls_them(tmp_path: Path) -> None:
    models = [sold("google/a"), sold("kwaivgi/b"), sold("x/c")]
    assert from_openrouter(tmp_path, *models, providers=("google", "x")).taken == ("google/a", "x/c")
    assert refused(tmp_path, *models, providers=("gogle",)) == [
        "provider: no entry for video is sold by 'gogle'; did you mean 'google'?"
    ]


def test_two_models_of_one_name_are_one_and_the_second_is_left_out(tmp_path: Path) -> None:
    made = from_openrouter(tmp_path, sold("a/m"), sold("b/m", skus={"duration_seconds": "0.2"}), sold("a/m"))
    assert made.taken == ("a/m",)
    assert [(left.entry, left.instead) for left in made.left_out] == [("b/m", "a/m"), ("a/m", "a/m")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pricing_skus": {"duration_seconds": "-0.1"}}, "`v/m`: `duration_seconds` must be >= 0, not -0.1"),
        ({"pricing_skus": {"duration_seconds": "nan"}}, "`v/m`: `duration_seconds` must be a finite number, not NaN"),
        ({"pricing_skus": {"duration_seconds": "a lot"}}, "`v/m`: `duration_seconds` is not a number"),
        ({"pricing_skus": {"duration_seconds": {"type": "second"}}}, "`v/m`: `duration_seconds` must be a number, not a table"),
        ({"pricing_skus": ["0.1"]}, "`v/m`: `pricing_skus` must be a table, not a list"),
        ({"supported_durations": "5"}, "`v/m`: `supported_durations` must be a list, not a text"),
        ({"supported_durations": [5, "8"]}, "`v/m`: `supported_durations` must be a number, not a text"),
        ({"supported_durations": [0]}, "`v/m`: `supported_durations` must be above 0, not 0"),
        ({"supported_resolutions": [720]}, "`v/m`: `supported_resolutions` must be a text, not 720"),
        ({"generate_audio": "yes"}, "`v/m`: `generate_audio` must be true or false, not a text"),
        ({"id": None}, "`id` is required for every model"),
        ({"id": 5}, "`id` must be a text, not 5"),
    ],
)  # fmt: skip
def test_what_is_of_the_wrong_kind_is_refused_with_its_line(tmp_path: Path, change: Raw, said: str) -> None:
    (line,) = refused(tmp_path, sold("v/first"), {**sold(), **change})
    where, _, text = line.partition(": ")
    assert text == said
    assert int(where.removeprefix("models.json:")) > 17  # Below the first model


OWNER = "OpenRouter's list of video models (GET https://openrouter.ai/api/v1/videos/models)"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<html>", f"models.json:1: is an HTML page, not {OWNER}; save that as it is served"),
        ("[]", f"models.json:1: is a list, not {OWNER}; save that as it is served"),
        ('{"data": []}', f"models.json:1: has no list of models in `data`, so it is not {OWNER}"),
        ('{"error": {"code": 401}}', f"models.json:1: has no list of models in `data`, so it is not {OWNER}"),
        (
            '{"p/m": {"litellm_provider": "p"}}',
            f"models.json:1: has no list of models in `data`, so it is not {OWNER}; it looks like LiteLLM's list: import it as `litellm`",
        ),
        ('{"data": [5]}', "models.json:1: `data` must be a table, not 5"),
        ('{"data": [{"id": "a", "id": "b"}]}', "models.json:1: `id` stands twice in one object; keep one"),
    ],
)
def test_a_file_that_is_another_thing_gets_one_clear_line(tmp_path: Path, text: str, line: str) -> None:
    assert refused(tmp_path, text=text) == [line]


def test_the_price_of_an_unnamed_sound_is_that_of_the_other_one() -> None:
    skus = read_skus(
        {"duration_seconds": Decimal("0.2"), "duration_seconds_without_audio_720p": Decimal("0.1")}
    ).by_second
    found = [billed(skus, "text-to-video", "720p", sound=sound) for sound in (False, True)]
    assert [getattr(sku, "usd", None) for sku in found] == [Decimal("0.1"), Decimal("0.2")]


def test_what_is_imported_and_planned_costs_what_a_calculation_by_hand_says(tmp_path: Path) -> None:
    made = router.import_openrouter("scenarios/imports/videos_models.json", as_of=AS_OF)
    made.save(tmp_path / "openrouter.toml")
    assert facts(Catalog.load(tmp_path / "openrouter.toml")) == facts(made.catalog)

    clips: list[Raw] = [
        {"seconds": 10, "resolution": "720p", "audio": "native", "models": ["kling-v3.0-std"]},  # 10 x 0.126
        {"seconds": 10, "resolution": "720p", "models": ["kling-v3.0-std"]},  # 10 x 0.084
        {"seconds": 7, "resolution": "4k", "audio": "native"},  # Veo makes 8: 8 x 0.30
        {
            "seconds": 6,
            "mode": "image-to-video",
            "resolution": "480p",
            "models": ["grok-imagine-video"],
        },  # 6 x 0.05 + 0.002
        {"seconds": 6, "resolution": "480p", "models": ["grok-imagine-video"]},  # 6 x 0.05
    ]
    raw = {"catalogs": ["openrouter.toml"], "clips": [{**clip, "id": f"c{k}"} for k, clip in enumerate(clips)]}
    plan = router.plan(Scenario.load(written(tmp_path, json.dumps(raw), "s.json")), on=ON)
    by_clip = {name: str(route.price_usd) for route in plan.routes for name in route.clips}
    assert [by_clip[f"c{k}"] for k in range(5)] == ["1.260000", "0.840000", "2.400000", "0.302000", "0.300000"]
