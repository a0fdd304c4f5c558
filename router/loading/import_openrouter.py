"""OpenRouter's list of video models, the answer of ``GET /api/v1/videos/models``, to a catalog.

The list states lengths, resolutions, sound and prices, and not which modes a model has. A request needs a prompt, and may have frames:
so a model whose lengths are listed makes text-to-video, one that takes a first frame image-to-video too. Those that need a video
or sound to begin with list no lengths. What an overlay says goes before what the list says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

from router.errors import InputError, Problem
from router.loading.openrouter_skus import Skus, billed, read_skus, sounds
from router.loading.price_list import PriceList, check_providers, read_price_list
from router.schema.base import Path, printable, quoted
from router.schema.catalog import Lengths
from router.schema.imported_catalog import ImportedCatalog
from router.schema.overlay import OverlayEntry
from router.units import RESOLUTIONS

OWNER = "OpenRouter's list of video models (GET https://openrouter.ai/api/v1/videos/models)"
_TEXT, _IMAGE = "text-to-video", "image-to-video"


def import_openrouter(
    path: str | FilePath,
    *,
    as_of: dt.date | str,
    overlay: str | FilePath | None = None,
    providers: Sequence[str] = (),
) -> ImportedCatalog:
    """A catalog of what OpenRouter sells, from its list of video models in a file or from standard input (``-``).

    Parameters
    ----------
    as_of
        The day on which the list was fetched; it does not say.
    overlay
        A file that says what the list cannot, such as what a model is called elsewhere.
    providers
        Take the models of these only: the part of their id before the stroke, or what the overlay calls the seller.

    Raises
    ------
    InputError
        With every error in the files, each with its line; or if no entry can be taken.

    Examples
    --------
    >>> from router import import_openrouter
    >>> made = import_openrouter("scenarios/imports/videos_models.json", as_of="2026-11-23")
    >>> made.catalog.models[0].offers[0].price_per_second, made.left_out[-1].entry
    (Decimal('0.084'), 'bytedance/seedance-2.0-fast')
    """
    prices = read_price_list("openrouter", path, as_of, overlay, OWNER)
    models = prices.data.get("data")
    if not isinstance(models, list) or not models:
        isolated = any(isinstance(entry, dict) and "litellm_provider" in entry for entry in prices.data.values())
        other = "; it looks like LiteLLM's list: import it as `litellm`" if isolated else ""
        raise InputError(
            [Problem(f"has no list of models in `data`, so it is not {OWNER}{other}", f"{prices.source.label}:1")]
        )
    entries = [(("data", i), prices.a_table(("data", i), model)) for i, model in enumerate(models)]
    named = [(place, _id(prices, place, model), model) for place, model in entries]
    if prices.problems:
        raise InputError(prices.problems)
    sellers = {name: [prices.said_of(name).provider or "openrouter", name.partition("/")[0]] for _, name, _ in named}
    check_providers(providers, (seller for known in sellers.values() for seller in known))
    chosen = [one for one in named if not providers or set(providers) & set(sellers[one[1]])]
    for place, name, model in chosen:
        _take(prices, place, name, model)
    return prices.imported(OWNER, (name for _, name, _ in chosen), sellers)


def _id(prices: PriceList, place: Path, model: dict[str, Any]) -> str:
    name = prices.a_text((*place, "id"), model.get("id"))
    if not name and not prices.problems:
        prices.wrong((*place, "id"), "is required for every model")
    return name


def _take(prices: PriceList, place: Path, name: str, model: dict[str, Any]) -> None:
    """One entry: a model for each of its modes, or the reason why there is none."""
    prices.entry = name
    said = prices.said_of(name)
    stated = prices.a_table((*place, "pricing_skus"), model.get("pricing_skus"))
    known = {key: prices.price((*place, "pricing_skus", key), value, text=True) for key, value in stated.items()}
    skus = read_skus({key: price for key, price in known.items() if price is not None})
    lengths = prices.lengths((*place, "supported_durations"), model.get("supported_durations"))
    listed = prices.texts((*place, "supported_resolutions"), model.get("supported_resolutions"))
    frames = prices.texts((*place, "supported_frame_images"), model.get("supported_frame_images"))
    makes_sound = prices.a_flag((*place, "generate_audio"), model.get("generate_audio"))
    if said.audio is not None:
        makes_sound = said.audio
    modes = said.mode or tuple(mode for mode, has in ((_TEXT, lengths), (_IMAGE, "first_frame" in frames)) if has)
    seconds = said.seconds or (_lengths(lengths) if lengths else None)
    sold = sounds(skus.by_second, makes_sound=makes_sound)
    if reason := _lacking(skus, seconds, modes, sold):
        prices.leave_out(name, reason)
        return
    table: dict[str, Any] = {
        "model": said.model or name.rpartition("/")[2],
        "provider": said.provider or "openrouter",
        "api_model": name,
        "seconds": seconds,
    }
    minimum = said.price_minimum if said.price_minimum is not None else skus.minimum
    terms = {"rounding": said.rounding, "image_prompt": said.image_prompt, "price_minimum": minimum}
    table |= {key: value for key, value in terms.items() if value is not None}
    before, already = len(prices.found), len(prices.left_out)
    resolutions = _resolutions(prices, name, said, listed, skus)
    for mode in modes:
        offers = _offers(prices, name, skus, mode, resolutions, sold)
        if mode == _IMAGE and skus.reference_images:
            prices.leave_out(
                name, "it is not stated whether a first frame is billed as one of `reference_images`", mode
            )
        elif not offers:
            prices.leave_out(name, f"no price of it bills {mode}", mode)
        else:
            image = {"price_per_generation": skus.per_image} if mode == _IMAGE and skus.per_image else {}
            prices.add(name, {**table, **image, "mode": mode, "offers": offers})
    if len(prices.found) == before and all(left.price is not None for left in prices.left_out[already:]):
        reasons = dict.fromkeys(left.reason for left in prices.left_out[already:])
        prices.leave_out(name, "; ".join(list(reasons)[:3]) or "no price of it bills what it makes")
    if skus.per_image and _IMAGE in modes:
        prices.remark(
            name,
            "image-to-video: the price of one image that goes in is added to each generation; a last frame is a second one",
        )
    if said.source:
        prices.remark(name, f"the overlay's source: {said.source}")
    for key in skus.other_tasks:
        prices.remark(name, f"{quoted(key)} is the price of another task")


def _lacking(skus: Skus, seconds: Lengths | None, modes: Sequence[str], sold: Sequence[bool]) -> str:
    """Why an entry cannot be taken; empty if it can."""
    if skus.unknown:
        return f"{quoted(skus.unknown[0])} is no price that is known, and may change what a generation costs"
    if skus.no_seconds:
        return f"is billed by {quoted(skus.no_seconds[0])}, and it is not stated how many of these a second is"
    if not skus.by_second:
        return "states no price by the second"
    if seconds is None:
        return "states no lengths (`supported_durations`)"
    if not modes:
        return "states no lengths (`supported_durations`) and no first frame, so its mode is not known"
    return "" if sold else "does not say whether its videos come with sound (`generate_audio`)"


def _lengths(listed: Sequence[Decimal]) -> Lengths:
    """Seconds as a range where they are one."""
    first, last = listed[0], listed[-1]
    if len(listed) > 2 and all(one == first + i for i, one in enumerate(listed)):
        return Lengths(min=first, max=last, step=Decimal(1))
    return Lengths(choices=tuple(listed))


def _resolutions(
    prices: PriceList, name: str, said: OverlayEntry, listed: Sequence[str], skus: Skus
) -> tuple[str | None, ...]:
    """What the entry makes: what it lists, else what its prices name, else what the overlay says; None: not stated."""
    priced = dict.fromkeys(sku.resolution for sku in skus.by_second if sku.resolution)
    asked = list(dict.fromkeys(one.lower() for one in (said.resolution or listed or priced)))
    for other in asked:
        if other not in RESOLUTIONS:
            reason = f"'{printable(other, 40)}' is none of the resolutions {', '.join(RESOLUTIONS)}"
            prices.leave_out(name, reason, printable(other, 40))
    for sku in skus.by_second:
        if sku.resolution and sku.resolution not in asked:
            prices.leave_out(name, f"{sku.resolution} is not among its `supported_resolutions`", sku.key)
    return tuple(one for one in RESOLUTIONS if one in asked) or (() if asked else (None,))


def _offers(
    prices: PriceList, name: str, skus: Skus, mode: str, resolutions: Sequence[str | None], sold: Sequence[bool]
) -> list[dict[str, Any]]:
    """The offers of one mode, each with its price of a second."""
    offers: list[dict[str, Any]] = []
    for resolution in resolutions:
        for sound in sold:
            sku = billed(skus.by_second, mode, resolution, sound=sound)
            what = f"{mode} {resolution or ''}".strip() + (" with sound" if sound else " silent")
            if sku is None:
                prices.leave_out(name, "no price of it bills this", what)
            elif isinstance(sku, str):
                prices.leave_out(name, sku, what)
            elif not sku.usd:
                prices.leave_out(name, "a price of 0 does not say that it is free", sku.key)
            else:
                stated = {"resolution": resolution} if resolution else {}
                offers.append({**stated, "audio": sound, "price_per_second": sku.usd})
    return offers
