"""Price lists for tests, in the shape of LiteLLM's and OpenRouter's."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import router
from router.schema.catalog import Catalog, OfferEntry
from router.schema.imported_catalog import ImportedCatalog
from tests.loading.messages import written

AS_OF = "2026-11-23"
ON = dt.date(2026, 11, 24)
Raw = dict[str, Any]


def video(provider: str = "p", **fields: Any) -> Raw:
    """An entry for video of LiteLLM's list, at $0.10 a second whatever the resolution."""
    entry = {"litellm_provider": provider, "mode": "video_generation", "output_cost_per_second": 0.1}
    return {**entry, **fields}


def tiers(**rates: float) -> Raw:
    """An entry with a price for each of these resolutions (``_720p=0.1``) and no base price."""
    entry = video(**{f"output_cost_per_second{key}": rate for key, rate in rates.items()})
    return {key: value for key, value in entry.items() if key != "output_cost_per_second"}


def sold(name: str = "v/m", /, *, skus: Raw | None = None, **fields: Any) -> Raw:
    """A model of OpenRouter's list: 5 or 10 s at 720p, silent, from text, at $0.10 a second."""
    entry = {
        "id": name,
        "supported_durations": [5, 10],
        "supported_resolutions": ["720p"],
        "supported_frame_images": None,
        "generate_audio": False,
        "pricing_skus": {"duration_seconds": "0.1"} if skus is None else skus,
    }
    return {**entry, **fields}


WHOLE = '[models."*"]\nmode = "text-to-video"\naudio = false\nseconds = { choices = [5, 10] }\n'
"""An overlay that completes every entry."""


def from_litellm(
    folder: Path, entries: Raw | str, overlay: str | None = WHOLE, providers: tuple[str, ...] = ()
) -> ImportedCatalog:
    """What is imported of such a list."""
    text = entries if isinstance(entries, str) else json.dumps(entries, indent=1)
    path = written(folder, text, "prices.json")
    beside = None if overlay is None else written(folder, overlay, "overlay.toml")
    return router.import_litellm(path, as_of=AS_OF, overlay=beside, providers=providers)


def from_openrouter(
    folder: Path, *models: Raw, overlay: str | None = None, providers: tuple[str, ...] = (), text: str | None = None
) -> ImportedCatalog:
    """What is imported of a list of these models, or of a file that holds this text."""
    path = written(folder, json.dumps({"data": models}, indent=1) if text is None else text, "models.json")
    beside = None if overlay is None else written(folder, overlay, "overlay.toml")
    return router.import_openrouter(path, as_of=AS_OF, overlay=beside, providers=providers)


def rates(imported: ImportedCatalog, mode: str | None = None) -> dict[tuple[str | None, bool], str]:
    """The price of a second by resolution and sound, of all models or those of one mode."""
    return {
        (offer.resolution, offer.audio): str(offer.price_per_second)
        for entry in imported.catalog.models
        if mode in (None, entry.mode)
        for offer in entry.offers
    }


def reasons(imported: ImportedCatalog) -> dict[str, str]:
    """By entry, the first reason why something of it is left out."""
    return {left.entry: left.reason for left in reversed(imported.left_out)}


def facts(catalog: Catalog) -> dict[str, object]:
    """All that a catalog says, exactly; not where it was read."""
    return {name: getattr(catalog, name) for name in Catalog.model_fields}


def price(offer: OfferEntry) -> Decimal:
    """Its price of a second."""
    assert offer.price_per_second is not None
    return offer.price_per_second
