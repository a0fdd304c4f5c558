"""LiteLLM's price list to a catalog: what it says, what an overlay adds, and what stays out."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.util
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import router
from router.errors import InputError
from router.loading.import_litellm import named
from router.schema.catalog import Catalog
from router.schema.imported_catalog import ImportedCatalog
from router.schema.scenario import Scenario
from router.units import RESOLUTIONS
from tests.loading.messages import said_well, written
from tests.loading.price_lists import AS_OF, ON, WHOLE, Raw, facts, from_litellm, price, rates, reasons, tiers, video


def refused(
    folder: Path, entries: Raw | str, overlay: str | None = WHOLE, providers: tuple[str, ...] = ()
) -> list[str]:
    """The lines of the one error that an import ends with, without the folder."""
    with pytest.raises(InputError, match=r".") as caught:
        from_litellm(folder, entries, overlay, providers)
    return said_well(str(caught.value).replace(f"{folder}/", ""))


def test_a_resolution_with_a_price_of_its_own_has_that_and_the_base_price_is_of_none_stated(tmp_path: Path) -> None:
    made = from_litellm(tmp_path, {"p/m": video(output_cost_per_second=0.4, output_cost_per_second_4k=0.6)})
    assert rates(made) == {("4k", False): "0.6", (None, False): "0.4"}


def test_the_overlay_says_which_resolutions_the_base_price_is_for(tmp_path: Path) -> None:
    overlay = WHOLE + 'resolution = ["720p", "1080p"]\n'
    made = from_litellm(tmp_path, {"p/m": video(output_cost_per_second=0.4, output_cost_per_second_4k=0.6)}, overlay)
    assert rates(made) == {("720p", False): "0.4", ("1080p", False): "0.4", ("4k", False): "0.6"}


def test_a_resolution_that_the_overlay_names_keeps_a_price_of_its_own(tmp_path: Path) -> None:
    entry = video(output_cost_per_second=0.4, output_cost_per_second_720p=0.3)
    made = from_litellm(tmp_path, {"p/m": entry}, WHOLE + 'resolution = "720p"\n')

    assert rates(made) == {("720p", False): "0.3"}
    assert "`output_cost_per_second` is 0.4, but 720p has a price of its own" in made.remarks[0].text


def test_a_price_whatever_the_resolution_comes_before_all_others(tmp_path: Path) -> None:
    entry = video(output_cost_per_video_per_second=0.3, output_cost_per_second_4k=0.6)
    made = from_litellm(tmp_path, {"p/m": entry})

    assert rates(made) == {(None, False): "0.3"}
    assert [left.price for left in made.left_out] == ["output_cost_per_second", "output_cost_per_second_4k"]
    assert rates(from_litellm(tmp_path, {"p/m": entry}, WHOLE + 'resolution = "1080p"\n')) == {("1080p", False): "0.3"}


@given(st.dictionaries(st.sampled_from(RESOLUTIONS), st.decimals("0.000001", 9, places=9), min_size=1))
def test_every_price_is_exactly_the_one_that_stands_in_the_list(
    tmp_path_factory: pytest.TempPathFactory, by: dict[str, Decimal]
) -> None:
    text = ", ".join(f'"output_cost_per_second_{name}": {rate:f}' for name, rate in by.items())
    listed = f'{{"p/m": {{"mode": "video_generation", "litellm_provider": "p", {text}}}}}'
    made = from_litellm(tmp_path_factory.mktemp("prices"), listed)

    (entry,) = made.catalog.models
    assert {offer.resolution: price(offer) for offer in entry.offers} == by
    assert [offer.resolution for offer in entry.offers] == [name for name in RESOLUTIONS if name in by]


def test_a_price_in_scientific_notation_is_exact(tmp_path: Path) -> None:
    (entry,) = from_litellm(tmp_path, {"p/m": tiers(_720p=1e-07)}).catalog.models
    assert price(entry.offers[0]) == Decimal("0.0000001")


def test_the_day_before_a_model_goes_is_the_last_on_which_it_is_sold(tmp_path: Path) -> None:
    (entry,) = from_litellm(tmp_path, {"p/m": video(deprecation_date="2026-09-24")}).catalog.models
    assert entry.available_until == dt.date(2026, 9, 23)


def test_the_source_of_an_entry_is_the_source_of_its_prices(tmp_path: Path) -> None:
    made = from_litellm(tmp_path, {"p/a": video(source="https://a.example"), "p/b": video()})

    assert [entry.source for entry in made.catalog.models] == ["https://a.example", None]
    digest = hashlib.sha256((tmp_path / "prices.json").read_bytes()).hexdigest()
    assert (made.file, made.sha256) == ("prices.json", digest)
    assert made.catalog.source == f"LiteLLM's model_prices_and_context_window.json; file prices.json, SHA-256 {digest}"
    assert (made.catalog.name, made.catalog.as_of) == ("litellm", dt.date(2026, 11, 23))


def test_it_is_bought_through_litellm(tmp_path: Path) -> None:
    (entry,) = from_litellm(tmp_path, {"vertex_ai/m": video("vertex_ai-video-models")}).catalog.models
    assert (entry.provider, entry.model, entry.api_model) == ("vertex_ai", "m", "litellm/vertex_ai/m")


@pytest.mark.parametrize(
    ("name", "sellers", "found"),
    [
        ("dashscope/wan2.7-t2v", ["dashscope"], ("wan2.7", "text-to-video")),
        ("dashscope/happyhorse-1.1-r2v", ["dashscope"], ("happyhorse-1.1", "reference-to-video")),
        ("fal_ai/bytedance/seedance-2.5/image-to-video", ["fal_ai"], ("bytedance/seedance-2.5", "image-to-video")),
        ("fal_ai/luma/agent/ray/v3.2/video-to-video", ["fal", "fal_ai"], ("luma/agent/ray/v3.2", "video-to-video")),
        ("gemini/veo-3.1-generate-001", ["google", "gemini"], ("veo-3.1-generate-001", None)),
        ("sora-2", ["openai"], ("sora-2", None)),
        ("other/sora-2", ["openai"], ("other/sora-2", None)),
        ("p/t2v", ["p"], ("t2v", None)),
        ("p/not2v", ["p"], ("not2v", None)),
    ],
)
def test_a_name_tells_the_model_and_where_it_can_the_mode(name: str, sellers: list[str], found: object) -> None:
    assert named(name, sellers) == found


def test_what_no_overlay_completes_is_left_out_with_what_it_lacks(tmp_path: Path) -> None:
    entries = {f"p/{name}": video() for name in ("whole", "nothing", "no-mode", "only-mode-t2v")}
    overlay = (
        '[models."p/whole"]\nmode = "m"\naudio = true\nseconds = { choices = [5] }\n'
        '[models."p/no-mode"]\naudio = true\nseconds = { choices = [5] }\n'
    )
    made = from_litellm(tmp_path, entries, overlay)

    assert made.taken == ("p/whole",)
    assert made.entries == 4
    assert reasons(made) == {
        "p/nothing": "no overlay says its lengths (`seconds`), sound (`audio`) and mode (`mode`)",
        "p/no-mode": "no overlay says its mode (`mode`)",
        "p/only-mode-t2v": "no overlay says its lengths (`seconds`) and sound (`audio`)",
    }


def test_of_two_patterns_that_fit_the_more_exact_one_wins_field_by_field(tmp_path: Path) -> None:
    overlay = (
        '[models."p/m-1"]\nmodel = "one"\n'
        '[models."p/m-?"]\nmodel = "some"\naudio = true\n' + WHOLE + 'model = "any"\nprovider = "seller"\n'
    )
    made = from_litellm(tmp_path, {f"p/{name}": video() for name in ("m-1", "m-2", "n")}, overlay)
    assert [(entry.model, entry.provider, entry.offers[0].audio) for entry in made.catalog.models] == [
        ("one", "seller", True),
        ("some", "seller", True),
        ("any", "seller", False),
    ]


def test_the_mode_that_a_name_tells_holds_against_a_pattern(tmp_path: Path) -> None:
    made = from_litellm(tmp_path, {"p/m-i2v": video(), "p/m-t2v": video()})
    assert [(entry.model, entry.mode) for entry in made.catalog.models] == [
        ("m", "image-to-video"),
        ("m", "text-to-video"),
    ]


def test_several_modes_are_a_model_each_at_the_same_prices(tmp_path: Path) -> None:
    overlay = (
        WHOLE.replace('"text-to-video"', '["text-to-video", "image-to-video"]')
        + "price_minimum = 0.56\nrounding = 'up'\n"
    )
    made = from_litellm(tmp_path, {"p/m": video()}, overlay)

    assert [entry.mode for entry in made.catalog.models] == ["text-to-video", "image-to-video"]
    assert made.taken == ("p/m", "p/m")
    assert {(entry.price_minimum, entry.rounding) for entry in made.catalog.models} == {(Decimal("0.56"), "up")}


def test_what_is_sold_already_is_left_out_and_names_the_entry_that_is_taken(tmp_path: Path) -> None:
    entries = {"p/m": video(), "m": video(), "p/m-t2v": video(output_cost_per_second=0.2)}
    made = from_litellm(tmp_path, entries)

    assert made.taken == ("p/m",)
    assert [(left.entry, left.instead) for left in made.left_out] == [("m", "p/m"), ("p/m-t2v", "p/m")]
    assert [left.reason.rpartition(", ")[2] for left in made.left_out] == ["at the same price", "at another price"]


def test_of_two_that_sell_the_same_the_one_that_is_sold_longer_is_taken(tmp_path: Path) -> None:
    dates = {"p/m-1": "2026-10-22", "p/m-2": "2026-11-17", "p/m-3": None, "p/m-4": None, "p/m-5": "2026-11-17"}
    entries = {name: video(deprecation_date=day) for name, day in dates.items()}
    made = from_litellm(tmp_path, entries, WHOLE + 'model = "m"\n')

    assert made.taken == ("p/m-3",)
    assert {left.entry: left.instead for left in made.left_out} == dict.fromkeys(
        ("p/m-1", "p/m-2", "p/m-4", "p/m-5"), "p/m-3"
    )


def test_prices_that_cannot_be_sold_from_are_left_out_alone(tmp_path: Path) -> None:
    entry = video(output_cost_per_second_1024p=0.5, output_cost_per_second_720p=0, output_cost_per_second_4k=None)
    made = from_litellm(tmp_path, {"p/m": entry, "p/free": video(output_cost_per_second=0), "p/none": tiers()})

    assert rates(made) == {(None, False): "0.1"}
    assert {(left.entry, left.price, left.reason.partition(" of the")[0]) for left in made.left_out} == {
        ("p/m", "output_cost_per_second_1024p", "'1024p' is none"),
        ("p/m", "output_cost_per_second_720p", "a price of 0 does not say that it is free"),
        ("p/free", None, "states no price by the second that could be taken"),
        ("p/none", None, "states no price by the second that could be taken"),
    }


def test_costs_that_a_catalog_has_no_field_for_and_comments_stand_above_the_model(tmp_path: Path) -> None:
    entry = video(input_cost_per_image=0.01, metadata={"comment": "56 credits\nat least"}, max_input_tokens=1024)
    made = from_litellm(tmp_path, {"p/m": entry}, WHOLE + 'source = "https://o.example"\n')

    assert [remark.text for remark in made.remarks] == [
        "the overlay's source: https://o.example",
        "`input_cost_per_image` = 0.01 is not in these prices: no field of a catalog holds it",
        "56 credits?at least",
    ]
    assert "\n# p/m\n#   the overlay's source: https://o.example\n" in made.text()


def test_entries_for_other_things_are_not_looked_at(tmp_path: Path) -> None:
    others = {
        "sample_spec": {"mode": "one of: chat"},
        "chat": {"mode": "chat", "input_cost_per_token": -1},
        "odd": [1],
        "none": None,
    }
    made = from_litellm(tmp_path, {**others, "p/m": video()})
    assert (made.entries, made.left_out) == (1, ())


@pytest.mark.parametrize("name", ["vertex_ai", "vertex_ai-video-models", "google"])
def test_only_the_entries_of_providers_asked_for_are_taken_and_looked_at(tmp_path: Path, name: str) -> None:
    entries = {"vertex_ai/m": video("vertex_ai-video-models"), "p/m": video(output_cost_per_second=-1)}
    made = from_litellm(tmp_path, entries, WHOLE + '[models."vertex*"]\nprovider = "google"\n', (name,))
    assert (made.taken, made.entries, made.left_out) == (("vertex_ai/m",), 1, ())


def test_a_provider_that_sells_nothing_is_refused_with_the_nearest(tmp_path: Path) -> None:
    assert refused(tmp_path, {"runwayml/m": video("runwayml")}, providers=("rnwayml", "zzz")) == [
        "provider: no entry for video is sold by 'rnwayml'; did you mean 'runwayml'?",
        "provider: no entry for video is sold by 'zzz'; there is runwayml",
    ]


def test_a_pattern_that_fits_nothing_is_named_with_its_line_and_the_nearest_entry(tmp_path: Path) -> None:
    made = from_litellm(tmp_path, {"p/model-1": video()}, WHOLE + '\n[models."p/modle-1"]\naudio = true\n')
    (unused,) = made.unused
    assert unused.replace(f"{tmp_path}/", "") == (
        "overlay.toml:6: `p/modle-1` fits no entry for video; did you mean `p/model-1`?"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-0.1", "must be >= 0, not -0.1"),
        ("NaN", "must be a finite number, not NaN"),
        ("Infinity", "must be a finite number, not Infinity"),
        ("1e7", "must be below 1,000,000, not 1E+7"),
        ("1e-30", "must be a number of ordinary size, not 1E-30"),
        ('"0.1"', "must be a number, not a text"),
        ("true", "must be a number, not true or false"),
        ("[0.1]", "must be a number, not a list"),
    ],
)
def test_a_price_that_is_none_is_refused_with_its_line(tmp_path: Path, value: str, said: str) -> None:
    text = (
        f'{{\n"p/m": {{"mode": "video_generation", "litellm_provider": "p",\n"output_cost_per_second_720p": {value}}}}}'
    )
    assert refused(tmp_path, text) == [f"prices.json:3: `p/m`: `output_cost_per_second_720p` {said}"]


def test_every_mistake_is_in_the_one_message(tmp_path: Path) -> None:
    wrong = video(7, source=["x"], deprecation_date="soon", output_cost_per_second_720p=-1)
    assert refused(tmp_path, {"p/m": wrong, "p/n": video(deprecation_date=5)}) == [
        "prices.json:3: `p/m`: `litellm_provider` must be a text, not 7",
        "prices.json:6: `p/m`: `source` must be a text, not a list",
        "prices.json:9: `p/m`: `deprecation_date` must be a date as 2026-04-09, not 'soon'",
        "prices.json:10: `p/m`: `output_cost_per_second_720p` must be >= 0, not -1",
        "prices.json:16: `p/n`: `deprecation_date` must be a text, not 5",
    ]


OWNER = "LiteLLM's model_prices_and_context_window.json"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n<!DOCTYPE html><html>", f"prices.json:2: is an HTML page, not {OWNER}; save that as it is served"),
        ("[]", f"prices.json:1: is a list, not {OWNER}; save that as it is served"),
        ("404: Not Found", f"prices.json:1: is another kind of file, not {OWNER}; save that as it is served"),
        (
            '{\n"p/m": {"mode": "video_gen',
            "prices.json:2: is not JSON: Unterminated string starting at (column 17): it may have been cut off; "
            "fetch LiteLLM's model_prices_and_context_window.json once more",
        ),
        ('{"a": 1 "b": 2,\n"c": 3}', "prices.json:1: is not JSON: Expecting ',' delimiter (column 9)"),
        ('{"a": 1,\n"a": 2}', "prices.json:2: `a` stands twice in one object; keep one"),
        ("", "prices.json:1: is empty"),
        ("{}", 'prices.json: has no entry with mode "video_generation", so it is not LiteLLM\'s model_prices_and_context_window.json'),
        (
            '{"data": [{"id": "a/b"}]}',
            'prices.json: has no entry with mode "video_generation", so it is not LiteLLM\'s model_prices_and_context_window.json; '
            "it looks like OpenRouter's list: import it as `openrouter`",
        ),
        ("[" * 100, f"prices.json:1: is a list, not {OWNER}; save that as it is served"),
        ('{"a":' * 100 + "1" + "}" * 100, "prices.json:1: nests deeper than 60 levels"),
        ('{"a": ' + "9" * 5000 + "}", "prices.json:1: holds a number of a size that cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_is_another_thing_gets_one_clear_line(tmp_path: Path, text: str, line: str) -> None:
    assert refused(tmp_path, text) == [line]


def test_an_import_of_nothing_says_why_with_the_commonest_reasons(tmp_path: Path) -> None:
    entries = {"p/a": video(), "p/b": video(), "p/c-t2v": video()}
    assert refused(tmp_path, entries, overlay=None) == [
        "prices.json: none of 3 entries for video can be taken: "
        "2 as `p/a`: no overlay says its lengths (`seconds`), sound (`audio`) and mode (`mode`); "
        "1 as `p/c-t2v`: no overlay says its lengths (`seconds`) and sound (`audio`); to mend it, give an overlay that says it"
    ]


def test_a_bad_overlay_gets_every_mistake_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    overlay = (
        '[models."p/*"]\nresolutoin = "720p"\naudio = "yes"\nseconds = { min = 4 }\nresolution = "720"\nmode = []\nrounding = "upp"\n'
        "[modles.x]\naudio = true\n"
    )
    assert refused(tmp_path, {"p/m": video()}, overlay) == [
        "overlay.toml:2: `resolutoin`: no such field; did you mean `resolution`?",
        "overlay.toml:3: `audio` must be true or false, not a text",
        "overlay.toml:4: `seconds` lengths need min, max and step, or choices",
        "overlay.toml:5: `resolution` is '720', must be 360p | 480p | 540p | 720p | 768p | 1080p | 2k | 4k; did you mean '720p'?",
        "overlay.toml:6: `mode` must not be empty",
        "overlay.toml:7: `rounding` is 'upp', must be nearest | up | none; did you mean 'up'?",
        "overlay.toml:8: `modles`: no such field; did you mean `models`?",
    ]


@pytest.mark.parametrize(
    "name",
    ['p/a"b', "p/a\nb = 1", "p/\r\n[[models]]", "p/\u2028", "p/\x1b[31m", "p/<script>",
     "p/" + "x" * 600, "p/", "", "p/\ud83d\ude00", "p/'''", "p/\ud800"],
)  # fmt: skip
def test_no_name_breaks_the_file(tmp_path: Path, name: str) -> None:
    made = from_litellm(tmp_path, {name: video(metadata={"comment": name}), "p/m": video()})
    made.save(tmp_path / "out.toml")

    assert facts(Catalog.load(tmp_path / "out.toml")) == facts(made.catalog)
    assert "p/m" in made.taken
    assert len(made.taken) + len({left.entry for left in made.left_out}) == 2
    json.dumps(made.model_dump(mode="json")).encode()


def test_thousands_of_entries_are_imported_and_read_back(tmp_path: Path) -> None:
    entries = {f"p/m{k}": video(output_cost_per_second=k / 1000) for k in range(1, 3001)}
    made = from_litellm(tmp_path, {**entries, **{f"p/x{k}": tiers() for k in range(2000)}})
    made.save(tmp_path / "out.toml")

    assert (len(made.catalog.models), len(made.left_out)) == (3000, 2000)
    assert facts(Catalog.load(tmp_path / "out.toml")) == facts(made.catalog)


def test_the_same_lists_give_the_same_bytes(tmp_path: Path) -> None:
    first, again = (from_litellm(tmp_path, {"p/m": video(), "p/n": tiers()}).text() for _ in range(2))
    assert first == again
    assert "Left out:\n#   states no price by the second that could be taken:\n#     p/n\n" in first


def cost_of(imported: ImportedCatalog, folder: Path, *clips: Raw) -> list[Decimal]:
    """What each of these clips costs when it is planned with the catalog as it is read back from its file."""
    imported.save(folder / "imported.toml")
    raw = {
        "catalogs": [str(folder / "imported.toml")],
        "clips": [{**clip, "id": f"c{k}"} for k, clip in enumerate(clips)],
    }
    plan = router.plan(Scenario.load(written(folder, json.dumps(raw), "s.json")), on=ON)
    by_clip = {name: route.price_usd for route in plan.routes for name in route.clips}
    return [by_clip[f"c{k}"] for k in range(len(clips))]


def test_what_is_imported_and_planned_costs_what_a_calculation_by_hand_says(tmp_path: Path) -> None:
    made = router.import_litellm(
        "scenarios/imports/model_prices.json",
        overlay="scenarios/imports/overlay.toml",
        as_of=AS_OF,
        providers=["fal", "google"],
    )
    clips: list[Raw] = [
        {"seconds": 8, "resolution": "720p", "audio": "native"},  # Veo 3.1 Fast: 8 x 0.10; Seedance 8 x 0.3034
        {"seconds": 5, "resolution": "1080p"},  # Veo makes 6: 6 x 0.12 = 0.72; Seedance 5 x 0.682 = 3.41
        {"seconds": 5, "resolution": "4k", "models": ["seedance-2.0"]},  # 5 x 1.5552
        {"seconds": 7, "mode": "image-to-video", "resolution": "480p"},  # 7 x 0.1346
    ]
    assert cost_of(made, tmp_path, *clips) == [
        Decimal(text) for text in ("0.800000", "0.720000", "7.776000", "0.942200")
    ]


# ---- LiteLLM's own list, where its package is installed ------------------------------------------------------------------


@pytest.fixture
def listed() -> Path:
    """The list in LiteLLM's package, which takes seconds to import and is not."""
    found = importlib.util.find_spec("litellm")
    if found is None or found.origin is None:
        pytest.skip("litellm is not installed")
    path = Path(found.origin).parent / "model_prices_and_context_window_backup.json"
    if not path.exists():
        pytest.skip("litellm is installed without its price list")
    return path


def test_every_entry_of_the_real_list_is_taken_or_left_out_with_a_reason(listed: Path, tmp_path: Path) -> None:
    real = json.loads(listed.read_text(encoding="utf-8"), parse_float=Decimal)
    names = {name for name, entry in real.items() if entry.get("mode") == "video_generation"}
    overlay = written(tmp_path, WHOLE, "overlay.toml")
    made = router.import_litellm(listed, as_of=AS_OF, overlay=overlay)
    made.save(tmp_path / "litellm.toml")

    assert names == {*made.taken, *(left.entry for left in made.left_out)}
    assert made.entries == len(names) >= 80
    assert facts(Catalog.load(tmp_path / "litellm.toml")) == facts(made.catalog)
    # What is left out is sold by an entry that is taken, as `sora-2` is by `openai/sora-2`.
    assert {left.instead for left in made.left_out} <= set(made.taken)
    for name, entry in zip(made.taken, made.catalog.models, strict=True):
        for offer in entry.offers:
            key = f"output_cost_per_second{f'_{offer.resolution}' if offer.resolution else ''}"
            stated = real[name].get("output_cost_per_video_per_second", real[name].get(key))
            assert price(offer) == stated, (name, key)


def test_the_real_list_with_the_overlay_that_is_shown_costs_what_its_entries_say(listed: Path, tmp_path: Path) -> None:
    real = json.loads(listed.read_text(encoding="utf-8"), parse_float=Decimal)
    veo = "gemini/veo-3.1-fast-generate-001"
    if veo not in real:
        pytest.skip("this release lists other models")
    overlay = written(tmp_path, Path("scenarios/imports/overlay.toml").read_text(), "overlay.toml")
    made = router.import_litellm(listed, as_of=AS_OF, overlay=overlay, providers=["gemini"])

    clips: list[Raw] = [
        {"seconds": 8, "resolution": resolution, "audio": "native"} for resolution in ("720p", "1080p", "4k")
    ]
    expected = [8 * real[veo][f"output_cost_per_second{tier}"] for tier in ("", "_1080p", "_4k")]
    assert cost_of(made, tmp_path, *clips) == expected
    assert re.search(r"^# gemini/veo-3.1-fast", made.text(), re.MULTILINE)
