"""Whatever stands in a price list: it is imported whole and read back equal, or refused with messages that are well said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InputError
from router.schema.catalog import Catalog
from router.schema.imported_catalog import ImportedCatalog
from tests.loading.messages import said_well
from tests.loading.price_lists import WHOLE, Raw, facts, from_litellm, from_openrouter

TEXTS = st.sampled_from(
    ["p", "720p", "4K", "2026-09-24", "first_frame", "", "a\nb", "[x]", "\u2028", "1e400", "-1", "0.1"]
) | st.text(st.characters(exclude_characters="\u200c\u200d"), max_size=8)
NUMBERS = st.sampled_from([0, 0.1, 5, -1, 1e-7, 10**30, float("nan"), float("inf")]) | st.integers(1, 20)
ODD = (
    st.none()
    | st.booleans()
    | TEXTS
    | NUMBERS
    | st.lists(TEXTS | NUMBERS, max_size=3)
    | st.dictionaries(TEXTS, NUMBERS, max_size=2)
)
COST = st.sampled_from(
    ["output_cost_per_second", "output_cost_per_second_720p", "output_cost_per_second_4K", "output_cost_per_second_1024p",
     "output_cost_per_video_per_second", "input_cost_per_image"]
)  # fmt: skip
SKU = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "text_to_video_", "image_to_video_"]),
    st.sampled_from(["duration_seconds", "cents_per_second_output", "per-video-second"]),
    st.sampled_from(["", "_with_audio", "_without_audio"]),
    st.sampled_from(["", "_720p", "_4k"]),
) | st.sampled_from(["cents_per_image_input", "minimum_cents_per_generation", "reference_images", "video_tokens"])  # fmt: skip


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What it should be, now and then something else."""
    return st.one_of(usual, usual, usual, usual, usual, ODD)


def entries(prices: st.SearchStrategy[Any]) -> st.SearchStrategy[Raw]:
    """An entry of LiteLLM's for video."""
    known = {
        "litellm_provider": mostly(st.sampled_from(["p", "q"])),
        "source": mostly(st.just("https://s.example")),
        "deprecation_date": mostly(st.sampled_from(["2026-09-24", "2027-01-01", None])),
        "metadata": mostly(st.just({"comment": "said"})),
    }
    costs = st.dictionaries(COST, prices, min_size=1, max_size=4)
    return st.tuples(st.fixed_dictionaries({}, optional=known), costs).map(
        lambda both: {"mode": "video_generation", "litellm_provider": "p", **both[0], **both[1]}
    )


def models(prices: st.SearchStrategy[Any]) -> st.SearchStrategy[Raw]:
    """A model of OpenRouter's."""
    known = {
        "id": mostly(st.sampled_from(["a/m", "b/m", "c/n"])),
        "supported_durations": mostly(st.lists(st.integers(1, 15), max_size=4)),
        "supported_resolutions": mostly(st.lists(st.sampled_from(["720p", "1080p", "4K", "1024p"]), max_size=3)),
        "supported_frame_images": mostly(st.just(["first_frame"])),
        "generate_audio": mostly(st.booleans()),
        "pricing_skus": mostly(st.dictionaries(SKU, prices, max_size=4)),
    }
    return st.fixed_dictionaries({}, optional=known).map(lambda entry: {"id": "a/m", "generate_audio": False, **entry})


def comes_out(make: Callable[[Path], ImportedCatalog], folder: Path) -> None:
    """Assert that a list is imported and read back, or refused as it should be."""
    try:
        made = make(folder)
    except InputError as error:
        said_well(str(error).replace(f"{folder}/", ""))
        return
    made.save(folder / "out.toml")
    assert facts(Catalog.load(folder / "out.toml")) == facts(made.catalog)
    assert len({*made.taken, *(left.entry for left in made.left_out)}) <= made.entries
    json.dumps(made.model_dump(mode="json")).encode()


@given(
    st.dictionaries(
        mostly(st.sampled_from(["p/m-t2v", "p/m-i2v", "q/m", "m"])).filter(lambda key: isinstance(key, str)),
        entries(mostly(st.sampled_from([0.1, 0.25]))),
        max_size=4,
    )
)
def test_litellms(tmp_path_factory: pytest.TempPathFactory, listed: Raw) -> None:
    comes_out(lambda folder: from_litellm(folder, listed, WHOLE), tmp_path_factory.mktemp("list"))


@given(st.lists(models(mostly(st.sampled_from(["0.1", "0.25", "12"]))), max_size=4))
def test_openrouters(tmp_path_factory: pytest.TempPathFactory, listed: list[Raw]) -> None:
    comes_out(lambda folder: from_openrouter(folder, *listed), tmp_path_factory.mktemp("list"))
