"""Random scenarios, written as TOML: a value set anew is the same as the same edit of what the file holds."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.errors import InputError
from router.loading.overrides import overridden
from router.loading.scenario_file import resolved_catalogs
from router.loading.selectors import clip_selectors
from router.report.toml import as_toml
from router.schema.scenario import Scenario
from tests import limits_scenarios, strategies

Raw = dict[str, Any]
Edit = Callable[[Raw, list[Raw]], None]
NAMES = ("1", "a.audio", 'say "a"', "it's", "*", "=1+1", "v1.5", "clip")
FIELDS = {
    "audio": ("none", "any", "deferred", "loud"), "resolution": ("720p", "1080p"), "quality_min": (5, Decimal("7.5")),
    "value_usd": (2, 0), "max_segments": (2, 0), "max_surplus_seconds": (0, 3), "seconds": (4, Decimal("2.5")), "count": (7,),
    "not_models": (["alpha"], []), "drafts": ({"count": 2}, {"count": 1, "resolution": "720p"}),
    "request": ({"prompt": "a boat", "camera": {"type": "pan"}}, {}), "group": ("g", "h"),
}  # fmt: skip


def drawn(seed: int) -> tuple[Raw, list[Raw]]:
    """A scenario and its catalogs; of the clips some have names that are hard to spell, drafts, and requests."""
    rng = random.Random(seed)
    if seed % 2:
        case = limits_scenarios.random_case(seed)
        raw, catalogs = copy.deepcopy(case.scenario), copy.deepcopy(case.catalogs)
    else:
        raw, catalogs = strategies.random_scenario(rng)
    for clip, name in zip(raw["clips"], rng.sample(NAMES, len(raw["clips"])), strict=True):
        clip["id"] = name
        if rng.random() < 0.4:
            clip["request"] = rng.choice(({"prompt": "a boat"}, {"prompt": "a kite", "seed": 3}))
        if rng.random() < 0.3:
            clip["drafts"] = {"count": 2}
    for field in ("request", "drafts", "quality_min", "audio"):
        if rng.random() < 0.4:
            raw.setdefault("defaults", {})[field] = rng.choice(FIELDS[field][:2])
    return raw, catalogs


def plain(value: Any) -> Any:
    """As `as_toml` writes it."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def spelled(value: Any) -> str:
    """As ``--set`` takes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {spelled(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)


def loaded(folder: Path, raw: Raw, catalogs: list[Raw]) -> Scenario:
    for k, catalog in enumerate(catalogs):
        (folder / f"catalog-{k}.toml").write_text(as_toml(plain(catalog)))
    names = [f"catalog-{k}.toml" for k in range(len(catalogs))]
    (folder / "s.toml").write_text(as_toml(plain({"catalogs": names, **raw})))
    return Scenario.load(folder / "s.toml")


def whole(scenario: Scenario) -> Raw:
    """All that it says; defaults are in the clips."""
    sold = [catalog.model_dump() for catalog in resolved_catalogs(scenario)]
    return {**scenario.model_dump(exclude={"catalogs", "defaults"}), "catalogs": sold}


def drop(table: Raw, *path: str) -> None:
    """What is named is stated no more."""
    *above, last = path
    for part in above:
        table = table.get(part, {})
    table.pop(last, None)


def put(table: Raw, value: Any, *path: str) -> None:
    """What is named is stated so."""
    *above, last = path
    for part in above:
        table = table.setdefault(part, {})
    table[last] = value


def merged(raw: Raw, _: list[Raw] | None = None) -> None:
    """Every clip states what it has from the defaults."""
    shared = raw.pop("defaults", {})
    for clip in raw["clips"]:
        both = {**shared, **copy.deepcopy(clip)}
        if "request" in shared and "request" in clip:
            both["request"] = {**shared["request"], **clip["request"]}
        clip.update(copy.deepcopy(both))


def apart(raw: Raw) -> Raw:
    """No clip states what the defaults say anyway."""
    for clip in raw["clips"]:
        for name, value in raw.get("defaults", {}).items():
            if name == "request" and isinstance(clip.get(name), dict):
                clip[name] = {key: own for key, own in clip[name].items() if value.get(key) != own}
            elif clip.get(name) == value:
                del clip[name]
    return raw


def edits(raw: Raw, catalogs: list[Raw], rng: random.Random) -> Iterator[tuple[str, Edit]]:
    """Values to be set anew, and what each does to what the files hold."""
    yield from of_clips(raw, rng)
    yield from of_defaults(raw, rng)
    for name in (*raw.get("limits", {}), "budget_usd"):
        if name == "caps":
            continue
        yield f"limits.{name}=", lambda r, _, n=name: drop(r, "limits", n)
        if name != "groups":
            bound = raw.get("limits", {}).get(name)
            yield f"limits.{name}=12.5", lambda r, _, n=name: put(r, Decimal("12.5"), "limits", n)
            if bound is not None:
                yield f"limits.{name}*=2", lambda r, _, n=name, b=bound: put(r, b * 2, "limits", n)
    for k in range(len(raw.get("limits", {}).get("caps", ()))):
        yield f"limits.caps[{k}]=", lambda r, _, k=k: r["limits"]["caps"].pop(k)
        yield f"limits.caps[{k}].max_clips=3", lambda r, _, k=k: put(r["limits"]["caps"][k], 3, "max_clips")
    yield "limits=", lambda r, _: drop(r, "limits")
    yield "fallback={direction = 'none'}", lambda r, _: put(r, {"direction": "none"}, "fallback")
    stated = raw.get("outages", {}).get("availability", {})
    for name in (*stated, "alpha", "north/beta"):
        yield f"outages.availability.{name}=0.5", lambda r, _, n=name: put(r, 0.5, "outages", "availability", n)
        yield f"outages.availability.{name}=", lambda r, _, n=name: drop(r, "outages", "availability", n)
    yield from of_catalogs(catalogs)


def of_clips(raw: Raw, rng: random.Random) -> Iterator[tuple[str, Edit]]:
    ids = [clip["id"] for clip in raw["clips"]]
    for k in range(len(ids)):
        (step,) = clip_selectors(ids, [k]) or [f"[{k}]"]
        at = f"clips.{step}"
        yield f"{at}=", lambda r, _, k=k: r["clips"].pop(k)
        for field, values in FIELDS.items():
            value = rng.choice(values)
            yield f"{at}.{field}={spelled(value)}", lambda r, _, k=k, f=field, v=value: put(r["clips"][k], v, f)
            yield f"{at}.{field}=", lambda r, _, k=k, f=field: (merged(r), drop(r["clips"][k], f))
        for path in (("prompt",), ("camera", "zoom"), ("seed",)):
            text = f"{at}.request.{'.'.join(path)}"
            yield f"{text}=4", lambda r, _, k=k, p=path: (merged(r), put(r["clips"][k], 4, "request", *p))
        yield f"{at}.request.prompt=", lambda r, _, k=k: (merged(r), drop(r["clips"][k], "request", "prompt"))
    yield 'clips+={id = "new", seconds = 5}', lambda r, _: r["clips"].append({"id": "new", "seconds": 5})
    new = [{"seconds": 5, "request": {"seed": 1}}, {"seconds": 6}]
    yield f"clips={spelled(new)}", lambda r, _: put(r, copy.deepcopy(new), "clips")


def of_defaults(raw: Raw, rng: random.Random) -> Iterator[tuple[str, Edit]]:
    yield "defaults=", lambda r, _: drop(apart(r), "defaults")
    table = {field: rng.choice(FIELDS[field]) for field in rng.sample(("audio", "request", "drafts", "quality_min"), 2)}
    yield f"defaults={spelled(table)}", lambda r, _: put(apart(r), table, "defaults")
    for field in (*raw.get("defaults", {}), "max_segments", "request"):
        value = rng.choice(FIELDS.get(field, ("image-to-video",)))
        yield f"defaults.{field}=", lambda r, _, f=field: drop(apart(r), "defaults", f)
        yield f"defaults.{field}={spelled(value)}", lambda r, _, f=field, v=value: put(apart(r), v, "defaults", f)
    yield "defaults.request.prompt=x", lambda r, _: put(apart(r), "x", "defaults", "request", "prompt")


def of_catalogs(catalogs: list[Raw]) -> Iterator[tuple[str, Edit]]:
    def entries(sold: list[Raw], name: str) -> list[Raw]:
        return [entry for catalog in sold for entry in catalog["models"] if entry["model"] == name]

    def without_model(sold: list[Raw], name: str) -> None:
        for catalog in sold:
            catalog["models"] = [entry for entry in catalog["models"] if entry["model"] != name]

    def without_sound(sold: list[Raw], name: str) -> None:
        for entry in entries(sold, name):
            entry["offers"] = [offer for offer in entry["offers"] if not offer["audio"]]

    for name in sorted({entry["model"] for catalog in catalogs for entry in catalog["models"]}):
        own = entries(catalogs, name)
        yield f"models.{name}=", lambda _, c, n=name: without_model(c, n)
        yield (
            f"models.{name}.availability=0.25",
            lambda _, c, n=name: [put(e, 0.25, "availability") for e in entries(c, n)],
        )
        if any(offer["audio"] for entry in own for offer in entry["offers"]):
            yield f"offers.{name}.audio=", lambda _, c, n=name: without_sound(c, n)


@pytest.mark.parametrize("seed", range(24))
def test_a_value_set_anew_is_the_same_as_an_edit_of_the_file(tmp_path: Path, seed: int) -> None:
    raw, catalogs = drawn(seed)
    given = loaded(tmp_path, raw, catalogs)
    (tmp_path / "edited").mkdir()
    before = whole(given)
    for text, edit in edits(raw, catalogs, random.Random(seed)):
        changed, sold = copy.deepcopy((raw, catalogs))
        edit(changed, sold)
        outcomes = []
        for made in (
            lambda t=text: overridden(given, [t]),
            lambda r=changed, c=sold: loaded(tmp_path / "edited", r, c),
        ):
            try:
                outcomes.append(whole(made()))
            except InputError as error:
                outcomes.append({"refused": bool(str(error))})
        assert outcomes[0] == outcomes[1], text
    assert whole(given) == before
