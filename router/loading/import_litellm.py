"""LiteLLM's price list, ``model_prices_and_context_window.json``, to a catalog.

LiteLLM bills ``output_cost_per_video_per_second`` whatever the resolution; else ``output_cost_per_second_<resolution>``; else, and for a
resolution that it does not know, ``output_cost_per_second``. So that last one is an offer whose resolution is not stated, until an overlay
says which it is. Lengths, sound and, where the name does not tell it, the mode are not in the list at all. An entry's
``deprecation_date`` is the day on which it goes; the day before is the last on which it is sure to be sold.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

from router.errors import InputError, Problem
from router.loading.price_list import PriceList, check_providers, read_price_list
from router.schema.base import printable, quoted
from router.schema.imported_catalog import ImportedCatalog
from router.schema.overlay import OverlayEntry
from router.units import RESOLUTION_RANK, RESOLUTIONS

OWNER = "LiteLLM's model_prices_and_context_window.json"
_BASE, _ANY = "output_cost_per_second", "output_cost_per_video_per_second"
_MODES = {
    "text-to-video": "text-to-video", "t2v": "text-to-video", "image-to-video": "image-to-video", "i2v": "image-to-video",
    "reference-to-video": "reference-to-video", "r2v": "reference-to-video", "video-to-video": "video-to-video",
}  # fmt: skip
"""By how names end."""


def import_litellm(
    path: str | FilePath,
    *,
    as_of: dt.date | str,
    overlay: str | FilePath | None = None,
    providers: Sequence[str] = (),
) -> ImportedCatalog:
    """A catalog of what LiteLLM's price list says about video, from a file or from standard input (``-``).

    Parameters
    ----------
    as_of
        The day on which the list was fetched; it does not say.
    overlay
        A file that says what the list cannot: lengths, sound, modes.
    providers
        Take the entries of these only, as the list or the overlay calls them.

    Raises
    ------
    InputError
        With every error in the files, each with its line; or if no entry can be taken.

    Examples
    --------
    >>> from router import import_litellm
    >>> made = import_litellm(
    ...     "scenarios/imports/model_prices.json", overlay="scenarios/imports/overlay.toml", as_of="2026-11-23"
    ... )
    >>> made.catalog.models[0].model, len(made.catalog.models), len(made.left_out)
    ('veo-3.1-fast', 6, 2)
    """
    prices = read_price_list("litellm", path, as_of, overlay, OWNER)
    video = {name: entry for name, entry in prices.data.items() if _is_video(entry)}
    if not video:
        other = "; it looks like OpenRouter's list: import it as `openrouter`" if "data" in prices.data else ""
        raise InputError(
            [Problem(f'has no entry with mode "video_generation", so it is not {OWNER}{other}', prices.source.label)]
        )
    sellers = {name: _sellers(prices, name, entry) for name, entry in video.items()}
    check_providers(providers, (seller for known in sellers.values() for seller in known))
    chosen = [name for name in video if not providers or set(providers) & set(sellers[name])]
    for name in chosen:
        _take(prices, name, video[name], sellers[name])
    return prices.imported(OWNER, chosen, video)


def _is_video(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("mode") == "video_generation"


def _sellers(prices: PriceList, name: str, entry: dict[str, Any]) -> list[str]:
    """What the seller of an entry is called, the name that the catalog uses first.

    LiteLLM calls one ``vertex_ai`` in names and ``vertex_ai-video-models`` in the field; the shorter one is taken.
    """
    stated = entry.get("litellm_provider")
    stated = stated if isinstance(stated, str) else ""
    prefix = name.partition("/")[0] if "/" in name else stated
    found = [prices.said_of(name).provider, prefix if stated.startswith(prefix) else stated, stated]
    return list(dict.fromkeys(seller for seller in found if seller))


def _take(prices: PriceList, name: str, entry: dict[str, Any], sellers: list[str]) -> None:
    """One entry: a model for each of its modes, or the reason why there is none."""
    prices.entry = name
    said = prices.said_of(name)
    prices.a_text((name, "litellm_provider"), entry.get("litellm_provider"))
    stated: dict[str, Any] = {}
    if source := prices.a_text((name, "source"), entry.get("source")):
        stated["source"] = source
    gone = prices.a_day((name, "deprecation_date"), entry.get("deprecation_date"))
    if gone is not None and gone > dt.date.min:
        stated["available_until"] = gone - dt.timedelta(days=1)
    rates = dict(_rates(prices, name, entry, said))
    own, mode = named(name, sellers)
    modes = (mode,) if mode else said.mode or ()
    lacking = _lacking(said, modes)
    if not sellers:
        prices.leave_out(name, "names no provider")
    elif not rates:
        prices.leave_out(name, "states no price by the second that could be taken")
    elif lacking:
        prices.leave_out(name, f"no overlay says its {lacking}")
    else:
        offers = sorted(rates.items(), key=lambda item: RESOLUTION_RANK.get(item[0] or "", len(RESOLUTIONS)))
        terms = {"rounding": said.rounding, "image_prompt": said.image_prompt, "price_minimum": said.price_minimum}
        table = {
            "model": said.model or own,
            "provider": sellers[0],
            "api_model": f"litellm/{name}",
            "seconds": said.seconds,
            "offers": [_offer(resolution, rate, audio=bool(said.audio)) for resolution, rate in offers],
            **{key: value for key, value in terms.items() if value is not None},
            **stated,
        }
        for one in modes:
            prices.add(name, {**table, "mode": one})
        _remark(prices, name, entry, said)


def _lacking(said: OverlayEntry, modes: Sequence[str]) -> str:
    """What is not known of an entry; empty if all is."""
    known = {"lengths (`seconds`)": said.seconds, "sound (`audio`)": said.audio, "mode (`mode`)": modes or None}
    *others, last = [what for what, value in known.items() if value is None] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def named(name: str, sellers: Sequence[str]) -> tuple[str, str | None]:
    """The model and the mode that the name of an entry tells.

    >>> named("fal_ai/bytedance/seedance-2.0/image-to-video", ["fal", "fal_ai"]), named("sora-2", ["openai"])
    (('bytedance/seedance-2.0', 'image-to-video'), ('sora-2', None))
    """
    seller, _, rest = name.partition("/")
    model = rest if rest and any(known.startswith(seller) for known in sellers) else name
    found = re.fullmatch(rf"(.+)[/_-]({'|'.join(_MODES)})", model)
    return (found[1], _MODES[found[2]]) if found else (model, None)


def _offer(resolution: str | None, rate: Decimal, *, audio: bool) -> dict[str, Any]:
    stated = {"resolution": resolution} if resolution else {}
    return {**stated, "audio": audio, "price_per_second": rate}


def _rates(
    prices: PriceList, name: str, entry: dict[str, Any], said: OverlayEntry
) -> Iterator[tuple[str | None, Decimal]]:
    """Each resolution (None: not stated) with its price of a second."""
    found: dict[str, Decimal] = {}
    for key, value in entry.items():
        if key in (_BASE, _ANY) or key.startswith(f"{_BASE}_"):
            rate = prices.price((name, key), value)
            if rate:
                found[key] = rate
            elif rate is not None:
                prices.leave_out(name, "a price of 0 does not say that it is free", key)
    whole: tuple[str | None, ...] = said.resolution or (None,)
    if (rate := found.pop(_ANY, None)) is not None:
        for key in found:
            prices.leave_out(name, f"LiteLLM bills `{_ANY}` instead, at every resolution", key)
        yield from ((resolution, rate) for resolution in whole)
        return
    base = found.pop(_BASE, None)
    tiers: dict[str | None, Decimal] = {}
    for key, rate in found.items():
        tier = key.removeprefix(f"{_BASE}_").lower()
        if tier not in RESOLUTIONS:
            prices.leave_out(name, f"'{printable(tier, 40)}' is none of the resolutions {', '.join(RESOLUTIONS)}", key)
        elif tiers.setdefault(tier, rate) != rate:
            prices.leave_out(name, f"{tier} has another price already, which is taken", key)
    yield from tiers.items()
    if base is not None:
        for resolution in whole:
            if resolution not in tiers:
                yield resolution, base
            elif tiers[resolution] != base:
                prices.remark(name, f"`{_BASE}` is {base:f}, but {resolution} has a price of its own, which is taken")


def _remark(prices: PriceList, name: str, entry: dict[str, Any], said: OverlayEntry) -> None:
    """What the entry says besides, and a catalog cannot hold; and where the rest was seen."""
    if said.source:
        prices.remark(name, f"the overlay's source: {said.source}")
    for key, value in entry.items():
        if "cost" in key and key != _ANY and not key.startswith(_BASE) and value:
            amount = f"{value:f}" if isinstance(value, Decimal) else str(value)
            prices.remark(name, f"{quoted(key)} = {amount} is not in these prices: no field of a catalog holds it")
    comment = prices.a_table((name, "metadata"), entry.get("metadata")).get("comment")
    if isinstance(comment, str) and comment.strip():
        prices.remark(name, comment.strip())
