"""The keyword arguments of ``litellm.video_generation``, which a catalog asks for with ``api_model = "litellm/..."``."""

from __future__ import annotations

import pytest

from router.schema.catalog import Catalog
from tests.providers.asked import asked, sold

CALL = "litellm:video_generation"
SIGNATURE = {
    "prompt", "model", "input_reference", "seconds", "size", "user", "timeout", "custom_llm_provider", "extra_headers",
    "extra_query", "extra_body",
}  # fmt: skip
"""What ``video_generation`` of litellm 1.109.1 names, apart from ``**kwargs``."""


def sora(mode: str = "text-to-video", **fields: object) -> Catalog:
    return sold("openai", "litellm/openai/sora-2", mode, audio=True, **fields)


def test_a_model_of_any_provider_is_asked_through_litellm_by_its_name_there() -> None:
    # Without a model LiteLLM takes one of its own choice.
    url, kwargs = asked(sora(), {"prompt": "a boat"}, seconds=8)
    assert url == CALL
    assert kwargs == {"model": "openai/sora-2", "prompt": "a boat", "seconds": "8", "size": "1280x720"}


def test_seconds_is_a_text() -> None:
    assert asked(sora())[1]["seconds"] == "5"


@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [
        ("720p", "9:16", "720x1280"),
        ("1080p", None, "1920x1080"),
        ("4k", "16:9", "3840x2160"),
        ("2k", "1:1", "1440x1440"),
    ],
)
def test_the_size_is_in_pixels_because_a_name_that_is_not_known_is_priced_as_the_base(
    resolution: str, ratio: str | None, size: str
) -> None:
    request = {"prompt": "p", "size": "4k"} | ({"aspect_ratio": ratio} if ratio else {})
    _, kwargs = asked(sora(resolution=resolution), request)
    assert kwargs["size"] == size
    assert "aspect_ratio" not in kwargs


def test_no_size_is_made_up_where_the_catalog_states_no_resolution() -> None:
    assert "size" not in asked(sora(resolution=None), {"prompt": "p", "size": "640x360"})[1]


def test_the_image_is_the_input_reference() -> None:
    _, kwargs = asked(sora("image-to-video"), {"prompt": "p", "image_url": "https://x.example/a.png"})
    assert kwargs["input_reference"] == "https://x.example/a.png"


def test_what_the_signature_does_not_name_goes_into_the_extra_body() -> None:
    request = {"prompt": "p", "seed": 7, "timeout": 60, "extra_body": {"generate_audio": False}}
    _, kwargs = asked(sora(), request)
    assert kwargs["extra_body"] == {"seed": 7, "generate_audio": False}
    assert kwargs["timeout"] == 60
    assert set(kwargs) <= SIGNATURE
