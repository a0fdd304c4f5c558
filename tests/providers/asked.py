"""Small catalogs of one model each, and the requests that a plan over them carries."""

from __future__ import annotations

from router.schema.catalog import Catalog
from tests.builders import Raw, catalog, model, planned

MODES = ("text-to-video", "image-to-video", "motion-control", "reference-to-video", "video-edit")


def sold(provider: str, api_model: str, mode: str = "text-to-video", **fields: object) -> Catalog:
    """A catalog of one model: 1 to 30 s, one offer of the given resolution and sound."""
    offer = {"audio": fields.pop("audio", False), "price_per_second": "0.10"}
    if (resolution := fields.pop("resolution", "720p")) is not None:
        offer["resolution"] = resolution
    seconds = {"min": 1, "max": 30, "step": 1}
    return catalog(
        model(f"{provider}-m", [offer], provider=provider, api_model=api_model, mode=mode, seconds=seconds, **fields)
    )


def asked(where: Catalog, request: Raw | None = None, **clip: object) -> tuple[str, Raw]:
    """URL and body of the only request that makes one clip of 5 s; the clip is of the model's mode if it names none."""
    need = {"id": "c", "seconds": 5, "mode": where.models[0].mode, "request": request or {}, **clip}
    ((url, body),) = planned([need], where).requests()
    return url, body
