"""Instances: scenarios made from a seed; the same seed always gives the same scenario.

In the capped instances the market sells every (provider, model, mode) at 1080p, silent and with sound, and every clip asks for 1080p
and for sound that is either native or dubbed afterwards: each clip has exactly one candidate for each provider and model.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Literal

from router import Catalog, Scenario

ON = dt.date(2026, 4, 10)
"""The day that every benchmark plans on."""

Caps = Literal["counts", "seconds", "mixed"]
"""``counts``: bounds on numbers and shares of clips; ``seconds``: one of them on billed seconds instead; ``mixed``: one on dollars too."""

CLIPS = 5_000
PROVIDERS = ("amber", "basalt", "cedar", "delta", "ember")
MODELS = ("aurora-2", "boreas-3", "cirrus-1", "dune-4")
CANDIDATES = len(PROVIDERS) * len(MODELS)
MODES = ("text-to-video", "image-to-video", "reference-to-video")
SECONDS = tuple(Decimal(halves) / 2 for halves in range(6, 31))
"""Lengths of finished clips, 3 to 15 seconds."""

_MODEL_SECONDS: dict[str, dict[str, Any]] = {
    "aurora-2": {"min": 3, "max": 15, "step": 1},
    "boreas-3": {"choices": [5, 10, 15]},
    "cirrus-1": {"min": 2, "max": 16, "step": 0},
    "dune-4": {"min": 4, "max": 16, "step": 2},
}
_MODEL_PRICE = {"aurora-2": 0.075, "boreas-3": 0.060, "cirrus-1": 0.090, "dune-4": 0.068}
_MODE_FACTOR = {"text-to-video": 1.0, "image-to-video": 1.1, "reference-to-video": 1.35}


def capped(seed: int, caps: Caps, *, clips: int = CLIPS) -> Scenario:
    """Clips of 150 kinds in random order, 20 candidates for each, and five caps, each of which makes the plan dearer."""
    dice = random.Random(seed)
    market = _catalog(dice)
    wanted = [
        {
            "id": f"clip-{number}",
            "mode": dice.choices(MODES, (5, 3, 2))[0],
            "seconds": dice.choice(SECONDS),
            "resolution": "1080p",
            "audio": dice.choices(("native", "deferred"), (3, 2))[0],
        }
        for number in range(1, clips + 1)
    ]
    return Scenario.model_validate(
        {
            "title": f"Benchmark, seed {seed}",
            "catalogs": [market],
            "clips": wanted,
            "dubbing": {"usd_per_second": Decimal("0.006")},
            "limits": {"caps": _caps(caps, clips)},
        }
    )


def without_cap(scenario: Scenario, position: int) -> Scenario:
    """The scenario with one of its caps taken out."""
    kept = tuple(cap for at, cap in enumerate(scenario.limits.caps) if at != position)
    return scenario.model_copy(update={"limits": scenario.limits.model_copy(update={"caps": kept})})


def _catalog(dice: random.Random) -> Catalog:
    """Five providers that sell the same four models at their own prices, each up 97 to 99.9 % of the time."""
    entries: list[dict[str, Any]] = []
    for rank, provider in enumerate(PROVIDERS):
        for model in MODELS:
            for mode in MODES:
                silent = _MODEL_PRICE[model] * _MODE_FACTOR[mode] * (1 + 0.06 * rank) * dice.uniform(0.97, 1.03)
                with_sound = silent * dice.uniform(1.2, 1.5)
                entries.append(
                    {
                        "model": model,
                        "provider": provider,
                        "mode": mode,
                        "seconds": _MODEL_SECONDS[model],
                        "availability": Decimal(dice.randrange(970, 1000)) / 1000,
                        "offers": [
                            {"resolution": "1080p", "audio": False, "price_per_second": _four_decimals(silent)},
                            {"resolution": "1080p", "audio": True, "price_per_second": _four_decimals(with_sound)},
                        ],
                    }
                )
    source = "made up from a seed"
    return Catalog.model_validate(
        {"name": "benchmark", "as_of": dt.date(2026, 4, 9), "source": source, "models": entries}
    )


def _four_decimals(usd: float) -> Decimal:
    return Decimal(round(usd * 10_000)) / 10_000


def _caps(caps: Caps, clips: int) -> list[dict[str, Any]]:
    amber = {"where": {"provider": "amber"}, "max_clips": clips * 45 // 100}
    share = {"where": {"model": "dune-4", "audio": "native"}, "max_share": Decimal("0.10")}
    ember = {"where": {"provider": "ember"}, "min_share": Decimal("0.12")}
    boreas: dict[str, Any] = {"where": {"model": "boreas-3"}, "max_clips": clips * 8 // 100}
    basalt: dict[str, Any] = {"where": {"provider": "basalt", "audio": "native"}, "max_clips": clips * 15 // 100}
    if caps in ("seconds", "mixed"):
        basalt = {"where": {"provider": "basalt"}, "max_seconds": clips * 3 // 2}
    if caps == "mixed":
        boreas = {"where": {"model": "boreas-3"}, "max_usd": Decimal(clips) / 20}
    return [amber, boreas, basalt, share, ember]


def clip_lines(folder: Path, lines: int, seed: int = 1) -> tuple[Path, int, Decimal]:
    """Write a scenario of clip lines that all differ, on the bundled catalog and without limits.

    Returns
    -------
    path, clips, cost in dollars
        How many clips it asks for, and what the cheapest way to make them costs, from the prices in `cheapest_usd`.
    """
    dice = random.Random(seed)
    clips = [_line(number, dice) for number in range(1, lines + 1)]
    path = folder / "clip-lines.json"
    path.write_text(json.dumps({"schema": 1, "title": f"{lines} clip lines", "clips": clips}, indent=1))
    cost = sum((clip["count"] * cheapest_usd(clip) for clip in clips), Decimal(0))
    return path, sum(clip["count"] for clip in clips), cost


def _line(number: int, dice: random.Random) -> dict[str, Any]:
    pace = dice.choice(("slow", "fast", "still"))
    mode = dice.choices(("text-to-video", "image-to-video", "motion-control"), (7, 2, 1))[0]
    line: dict[str, Any] = {
        "id": f"shot-{number}",
        "mode": mode,
        "count": dice.choice((1, 1, 1, 2, 4)),
        "seconds": dice.choice((5, 10) if mode == "image-to-video" else (3, 4, 5, 6, 8, 10, 12.5, 15)),
        "request": {"prompt": f"Shot {number}: a {pace} view of scene {number // 10}", "aspect_ratio": "16:9"},
    }
    if mode == "text-to-video":
        line |= {
            "resolution": dice.choice(("720p", "1080p")),
            "audio": dice.choice(("none", "native", "deferred", "any")),
        }
    return line


def cheapest_usd(clip: dict[str, Any]) -> Decimal:
    """The least price of one clip of `clip_lines` on the bundled catalog, by hand; dubbing costs nothing there.

    >>> cheapest_usd({"mode": "text-to-video", "seconds": 12.5, "resolution": "1080p", "audio": "native"})
    Decimal('1.625')
    """
    seconds = Decimal(str(clip["seconds"]))
    if clip["mode"] == "image-to-video":
        return Decimal("0.556") if seconds == 5 else Decimal("1.111")
    if clip["mode"] == "motion-control":
        return Decimal("0.113") * seconds.quantize(Decimal(1), ROUND_HALF_UP)
    with_sound, high = clip["audio"] == "native", clip["resolution"] == "1080p"
    rates = {(False, False): "0.075", (False, True): "0.100", (True, False): "0.100", (True, True): "0.125"}
    return Decimal(rates[with_sound, high]) * math.ceil(seconds)
