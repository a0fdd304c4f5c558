"""Random small scenarios, with limits placed where they matter.

`random_scenario` draws one from a `random.Random`; `scenarios` is the same as a hypothesis strategy. The first entry of
every choice is the plainest one, so shrinking leads to plain scenarios. All numbers are `int` or `Decimal`.
"""

from __future__ import annotations

import datetime
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests import oracles

Raw = dict[str, Any]
Number = Decimal | int

ON = datetime.date(2026, 4, 10)  # the date on which the scenarios are planned
TEXT, IMAGE, MOTION = "text-to-video", "image-to-video", "motion-control"
PROVIDERS = ("north", "south")
MODELS = ("alpha", "beta", "gamma")
RESOLUTIONS = ("720p", "1080p", "768p", "4k", None)
UNIT_PRICES = (100, 100, 75, 150, 113, 125, 90, 60, 200)  # thousandths of a dollar for a second; repeats make ties
QUALITIES = (5, Decimal("7.5"), 6, 8, Decimal("5.5"), 3)


def scenarios() -> st.SearchStrategy[tuple[Raw, list[Raw]]]:
    """Strategy for (scenario, catalogs)."""
    return st.randoms(use_true_random=False).map(random_scenario)


def random_scenario(rng: random.Random) -> tuple[Raw, list[Raw]]:
    """A scenario without `catalogs`, and the catalogs it is planned with, both as their files would hold them."""
    catalogs = random_catalogs(rng)
    if all(entry.get("available_until", ON) < ON for catalog in catalogs for entry in catalog["models"]):
        del catalogs[0]["models"][0]["available_until"]  # a catalog that sells nothing any more is bad input
    scenario: Raw = {"clips": []}
    scenario |= _some(rng, {"dubbing": (0.5, random_dubbing(rng)), "defaults": (0.3, random_defaults(rng))})
    scenario["clips"] = random_clips(rng, scenario, catalogs)
    fallback, outages = random_fallback(rng), random_outages(rng)
    scenario |= {"fallback": fallback} if fallback else {}
    scenario |= {"outages": outages} if outages else {}
    limits = random_limits(rng, scenario, catalogs)
    scenario |= {"limits": limits} if limits else {}
    return scenario, catalogs


def _chance(rng: random.Random, probability: float) -> bool:
    return rng.random() > 1 - probability


def _some(rng: random.Random, entries: dict[str, tuple[float, Any]]) -> Raw:
    """Each entry with its own probability."""
    return {key: value for key, (probability, value) in entries.items() if _chance(rng, probability)}


def _number(value: Fraction | int, digits: int = 6) -> Number:
    """An `int` where it is one, else a `Decimal`; rounded down to so many digits."""
    one: int = 10**digits
    scaled = math.floor(Fraction(value) * one)
    if scaled % one == 0:
        return scaled // one
    return Decimal(scaled).scaleb(-digits).normalize()


# ---- catalogs --------------------------------------------------------------------------------------------------------


def random_catalogs(rng: random.Random) -> list[Raw]:
    """One catalog for each provider, or one for both; most models can do one common mode."""
    providers = PROVIDERS[: rng.choice((2, 1))]
    models = MODELS[: rng.choice((3, 2, 3, 2, 3, 1))]
    common = rng.choice((TEXT, TEXT, IMAGE, MOTION))
    sold = [entry for name in providers for entry in _entries_of_provider(rng, name, models, common)]
    if _chance(rng, 0.25):
        return [_catalog(rng, "all", sold)]
    return [_catalog(rng, name, [entry for entry in sold if entry["provider"] == name]) for name in providers]


def _catalog(rng: random.Random, name: str, entries: list[Raw]) -> Raw:
    catalog: Raw = {
        "schema": 1,
        "name": name,
        "as_of": datetime.date(2026, 4, 1),
        "source": f"https://prices.example/{name}",
        "unit": "usd",
        "models": entries,
    }
    if _chance(rng, 0.25):
        rates: tuple[Raw, ...] = (
            {"units_per_usd": 100}, {"units_per_usd": 72}, {"units_per_usd": Decimal("12.5")}, {"usd_per_unit": Decimal("0.14")},
        )  # fmt: skip
        rate = rng.choice(rates)
        per_usd = Fraction(rate.get("units_per_usd", 1)) / Fraction(rate.get("usd_per_unit", 1))
        catalog |= {"unit": "credit", **rate}
        for part in entries + [offer for entry in entries for offer in entry["offers"]]:
            _price_in_units(part, per_usd)
    return catalog


def _price_in_units(part: Raw, per_usd: Fraction) -> None:
    """Turn dollars into about as many units, with at most two digits."""
    for key in ("price_per_second", "price_per_generation", "price_minimum"):
        if key in part:
            part[key] = _number(Fraction(part[key]) * per_usd, 2)
    if "prices" in part:
        part["prices"] = {length: _number(Fraction(price) * per_usd, 2) for length, price in part["prices"].items()}


def _entries_of_provider(rng: random.Random, provider: str, models: Sequence[str], common: str) -> list[Raw]:
    entries = []
    for model in rng.sample(models, rng.choice((len(models), len(models), 1))):
        for mode in dict.fromkeys(rng.choice((*[(common,)] * 8, (TEXT, IMAGE), (MOTION,), (common, TEXT)))):
            references = rng.choice(((None,), ("video",), ("video", "image"), (None,))) if mode == MOTION else (None,)
            entries += [_entry(rng, provider, model, mode, reference) for reference in references]
    return entries


def _entry(rng: random.Random, provider: str, model: str, mode: str, reference: str | None) -> Raw:
    entry: Raw = {"model": model, "provider": provider, "mode": mode, "api_model": f"{model}-{mode}"}
    entry |= {} if reference is None else {"reference": reference}
    entry |= _some(
        rng,
        {
            "rounding": (0.4, rng.choice(("nearest", "up", "none"))),
            "image_prompt": (0.5 if mode == TEXT else 0, rng.choice((True, True, False))),
            "availability": (0.4, _availability(rng)),
            **_dates_of_sale(rng),
            **_rates(rng, 0.3),
        },
    )
    if "quality" in entry:
        entry["quality_source"] = "https://scores.example"
    variants = [(resolution, sound) for resolution in RESOLUTIONS for sound in (False, True)]
    chosen = rng.sample(variants, rng.choice((1, 2, 1, 2, 3)))
    fixed = [_chance(rng, 0.2) for _ in chosen]
    if not any(fixed):
        entry |= _some(rng, _price_parts(rng, 0.1))
    entry["seconds"] = random_lengths(rng, any_length=not any(fixed))
    entry["offers"] = [_offer(rng, entry, *variant, is_fixed) for variant, is_fixed in zip(chosen, fixed, strict=True)]
    if all("seconds" in offer for offer in entry["offers"]):
        del entry["seconds"]
    return entry


def _dates_of_sale(rng: random.Random) -> dict[str, tuple[float, Any]]:
    """Sold on the day of the plan or not yet; or until later, or no more."""
    if _chance(rng, 0.5):
        return {"available_from": (0.2, datetime.date(2026, rng.choice((2, 6)), 5))}
    return {"available_until": (0.2, datetime.date(2026, rng.choice((9, 3)), 5))}


def _rates(rng: random.Random, probability: float) -> dict[str, tuple[float, Any]]:
    return {
        "quality": (1.5 * probability, rng.choice(QUALITIES)),
        "failure_rate": (probability, _fraction(rng, ("0.1", "0.05", "0.2", "0.5", "0", "0.025"), "1")),
        "bills_failures": (1.5 * probability, rng.choice(("yes", "no", "yes", "unknown"))),
    }


def _price_parts(rng: random.Random, probability: float) -> dict[str, tuple[float, Any]]:
    return {
        "price_minimum": (probability, Decimal(rng.choice((500, 400, 1000))).scaleb(-3)),
        "price_per_generation": (probability, Decimal(rng.choice((100, 50, 25))).scaleb(-3)),
    }


def _offer(rng: random.Random, entry: Raw, resolution: str | None, sound: bool, is_fixed: bool) -> Raw:
    offer: Raw = {"audio": sound} | ({} if resolution is None else {"resolution": resolution})
    if _chance(rng, 0.2):
        offer["seconds"] = random_lengths(rng, any_length=not is_fixed)
    offer |= _some(rng, _rates(rng, 0.15))
    if "quality" in offer:
        offer["quality_source"] = "https://scores.example"
    if is_fixed:
        lengths = oracles.lengths_of({**entry, **offer}["seconds"])
        assert lengths is not None
        offer["prices"] = {str(_number(length)): _fixed_price(rng, length) for length in lengths}
        return offer
    offer["price_per_second"] = Decimal(rng.choice(UNIT_PRICES)).scaleb(-3)
    offer |= _some(rng, _price_parts(rng, 0.1))
    if "price_per_generation" in offer and "price_minimum" not in offer and _chance(rng, 0.2):
        del offer["price_per_second"]
    return offer


def _fixed_price(rng: random.Random, length: Fraction) -> Decimal:
    """About ten cents a second, so far off at times that a longer length costs less."""
    return Decimal(math.ceil(length * 100) + rng.choice((0, 50, -10, 200, 111, 500))).scaleb(-3) + Decimal("0.1")


def random_lengths(rng: random.Random, *, any_length: bool = True) -> Raw:
    """Choices, a range with steps, or (step 0) any length."""
    form = rng.choice(("range", "choices", "any", "half-steps"))
    if form == "choices" or (form == "any" and not any_length):
        return {"choices": list(rng.choice(((5, 10), (4, 8, 12), (5,), (Decimal("2.5"), 6), (10, 5, 15))))}
    if form == "any":
        return {"min": rng.choice((3, 1, Decimal("0.2"))), "max": rng.choice((10, 30, Decimal("7.5"))), "step": 0}
    low = rng.choice((3, 1, 4))
    if form == "half-steps":
        return {"min": low, "max": low + rng.choice((4, 3)), "step": Decimal("0.5")}
    return {"min": low, "max": low + rng.choice((7, 12, 5)), "step": rng.choice((2, 1, 5))}


def _fraction(rng: random.Random, usual: Sequence[str], rare: str) -> Number:
    return _number(Fraction(rare if _chance(rng, 0.05) else rng.choice(usual)))


def _availability(rng: random.Random) -> Number:
    return _fraction(rng, ("0.99", "0.9", "0.995", "0.5", "1", "0.75"), "0")


# ---- clips -----------------------------------------------------------------------------------------------------------


def random_dubbing(rng: random.Random) -> Raw:
    """What audio made elsewhere costs; the last digits make rounding matter."""
    return {
        "usd_per_second": Decimal(rng.choice(("0.006", "0.02", "0.0012345"))),
        "usd_per_clip": Decimal(rng.choice(("0.05", "0", "0.0000005"))),
    }


def random_defaults(rng: random.Random) -> Raw:
    """One field for every clip that does not say otherwise."""
    field, values = rng.choice(
        (
            ("resolution", ("720p", "1080p")),
            ("mode", (IMAGE, MOTION)),
            ("audio", ("any", "deferred", "native")),
            ("max_segments", (2,)),
            ("accept_image_prompt", (True,)),
            ("value_usd", (Decimal("1.5"),)),
        )
    )
    return {field: rng.choice(values)}


def random_clips(rng: random.Random, scenario: Raw, catalogs: list[Raw]) -> list[Raw]:
    """One to three lines; most can be served by some offer, and some repeat the requirements of another."""
    every_offer = oracles.offers(catalogs)
    lines: list[Raw] = []
    for index in range(rng.choice((1, 2, 2, 3))):
        line = {**lines[-1]} if lines and _chance(rng, 0.15) else _servable_clip(rng, scenario, every_offer)
        line |= {"id": f"clip-{index + 1}", "count": rng.randint(1, 4)}
        if "value_usd" in line and _chance(rng, 0.5):
            line["value_usd"] = _number(Fraction(line["value_usd"]) * rng.choice((2, 1, 3)) / 2, 2)
        lines.append(line)
    return lines


def _servable_clip(rng: random.Random, scenario: Raw, every_offer: list[oracles.Offer]) -> Raw:
    """A few tries to draw a clip that some offer serves; the last one stays as it is."""
    defaults, dubbing = scenario.get("defaults", {}), scenario.get("dubbing", {})
    for attempt in range(5):
        target = rng.choice(every_offer)
        clip = _clip(rng, defaults, target)
        whole = {**defaults, **clip}
        if any(oracles.candidates(whole, [offer], dubbing, ON)[0] for offer in (target, *every_offer)):
            break
        if attempt == 0 and _chance(rng, 0.02):
            break
    return clip


def _clip(rng: random.Random, defaults: Raw, target: oracles.Offer) -> Raw:
    """Requirements that the target offer roughly meets, with a few more on top."""
    clip: Raw = {"seconds": 5}
    if target.image_prompt and _chance(rng, 0.4):
        clip |= {"mode": IMAGE, "accept_image_prompt": True}
    elif target.mode != defaults.get("mode", TEXT) or _chance(rng, 0.2):
        clip["mode"] = target.mode
    if target.reference is not None and (target.reference == "image" or _chance(rng, 0.3)):
        clip["reference"] = target.reference
    segments = rng.choice((1, 1, 1, 1, 2, 2, 3))
    clip |= {"max_segments": segments} if segments > 1 else {}
    clip["seconds"] = _seconds(rng, target, segments)
    if target.resolution is not None and _chance(rng, 0.4):
        clip["resolution"] = rng.choice(("540p", target.resolution, "720p"))
    if _chance(rng, 0.6):
        clip["audio"] = rng.choice(("native", "any", "none") if target.sound else ("deferred", "any", "none"))
    return clip | _some(rng, _restrictions(rng, target))


def _seconds(rng: random.Random, target: oracles.Offer, segments: int) -> Number:
    low, high = target.shortest, target.longest
    choices = [min(high, low + 2), low, high, (low + high) / 2, Fraction(5), low + Fraction(1, 3), Fraction(3, 10)]
    if segments > 1:
        choices += [high + low, high * Fraction(3, 2), high * segments, high * Fraction(19, 10)]
    return _number(rng.choice(choices), 1)


def _restrictions(rng: random.Random, target: oracles.Offer) -> dict[str, tuple[float, Any]]:
    model_list = rng.choice(("models", "not_models"))
    provider_list = rng.choice(("providers", "not_providers"))
    other_model = rng.choice([model for model in MODELS if model != target.model])
    other_provider = rng.choice([provider for provider in PROVIDERS if provider != target.provider])
    return {
        "max_surplus_seconds": (0.15, rng.choice((2, 1, Decimal("0.5"), 0, 5))),
        model_list: (0.1, [target.model] if model_list == "models" else [other_model]),
        provider_list: (0.08, [target.provider] if provider_list == "providers" else [other_provider]),
        "quality_min": (0.1 if target.quality is None else 0.2, rng.choice((5, Decimal("5.5"), 7))),
        "max_price_usd": (0.1, Decimal(rng.choice((200, 100, 75, 150, 50))).scaleb(-2)),
        "value_usd": (0.35, Decimal(rng.choice((100, 50, 80, 125, 200, 300))).scaleb(-2)),
    }


# ---- fallback and outages --------------------------------------------------------------------------------------------


def random_fallback(rng: random.Random) -> Raw:
    """Every key, each at times."""
    return _some(
        rng,
        {
            "direction": (0.5, rng.choice(("any", "cheaper", "cheaper", "dearer", "dearer", "none"))),
            "accept": (0.4, rng.choice(("qualified", "degraded", "degraded"))),
            "across": (0.7, rng.choice(("all", "all", "all", "provider"))),
            "billed": (0.3, rng.choice(("actual", "requested", "requested"))),
            "order": (0.4, rng.choice(("price", "expected", "expected"))),
            "max_steps": (0.2, rng.choice((1, 2, 1, 2, 0))),
            "unserved_usd": (0.3, Decimal(rng.choice((50, 100, 500, 25))).scaleb(-2)),
        },
    )


def random_outages(rng: random.Random) -> Raw:
    """Availability of some models, models at a provider, and providers."""
    names = (*MODELS, *(f"{provider}/{model}" for provider in PROVIDERS for model in MODELS))
    stated = {name: _availability(rng) for name in names if _chance(rng, 0.25)}
    stated |= {name: _availability(rng) for name in PROVIDERS if _chance(rng, 0.25)}
    return {"availability": stated} if stated else {}


# ---- limits ----------------------------------------------------------------------------------------------------------


def random_limits(rng: random.Random, scenario: Raw, catalogs: list[Raw]) -> Raw:
    """Limits near what the best plan without them uses; of those that rule out every plan most are dropped again."""
    worked_out = oracles.problem({**scenario, "limits": {}}, catalogs, ON)
    best = oracles.best_plan_of(worked_out)
    if best is None:
        return {"budget_usd": 5} if _chance(rng, 0.3) else {}
    limits: Raw = {}
    for _ in range(rng.choice((0, 1, 1, 2))):
        limits, best = _with(rng, worked_out, limits, {"caps": [_cap(rng, worked_out, best)]}, best)
    if _chance(rng, 0.5):
        limits, best = _with(rng, worked_out, limits, {"worst_case_usd": _worst_case(rng, worked_out, best)}, best)
    if _chance(rng, 0.5):
        limits, best = _with(rng, worked_out, limits, {"budget_usd": _budget(rng, worked_out, best)}, best)
    return limits


def _with(
    rng: random.Random, worked_out: oracles.Problem, limits: Raw, more: Raw, best: oracles.BestPlan
) -> tuple[Raw, oracles.BestPlan]:
    """The limits with one more and the best plan under them; without it where nothing is left, mostly."""
    both = {**limits, **more}
    if "caps" in limits and "caps" in more:
        both["caps"] = limits["caps"] + more["caps"]
    tighter = oracles.best_plan_of(replace(worked_out, rows=oracles.limit_rows(both)))
    if tighter is None:
        return (both if _chance(rng, 0.3) else limits), best
    return both, tighter


def _budget(rng: random.Random, worked_out: oracles.Problem, best: oracles.BestPlan) -> Number:
    """Below the best plan's cost where clips may be left out, else about at it."""
    may_leave_out = any(option.primary is None for options in worked_out.options for option in options)
    factors = ("1", "0.9", "0.75", "0.5", "0.95") if may_leave_out else ("1", "1.1", "1.001", "0.97")
    return _number(best.expected / oracles.MICRO * Fraction(rng.choice(factors)) + Fraction(9, 1000), 2)


def _worst_case(rng: random.Random, worked_out: oracles.Problem, best: oracles.BestPlan) -> Number:
    """Between the least that any plan can reach and what the best plan has."""
    least = sum(
        worked_out.counts(line) * min(option.cost.worst for option in options)
        for line, options in enumerate(worked_out.options)
    )
    share = Fraction(rng.choice(("0.5", "0.8", "0.25", "0", "1.1", "1", "-0.05")))
    return _number(max(Fraction(0), least + share * (best.worst - least)) / oracles.MICRO, 6)


def _cap(rng: random.Random, worked_out: oracles.Problem, best: oracles.BestPlan) -> Raw:
    """An upper bound on what the best plan uses, or a lower bound on something that it may not use."""
    made = [
        (option.primary, split.get(option.position, 0))
        for options, split in zip(worked_out.options, best.counts, strict=True)
        for option in options
        if option.primary is not None
    ]
    used = [candidate for candidate, n in made if n]
    upper = bool(used) and _chance(rng, 0.6)
    target = rng.choice(used if upper else [candidate for candidate, _ in made] or [None])
    where = {} if target is None else _where(rng, target)
    inside = [(candidate, n) for candidate, n in made if oracles.matches(candidate, where)]
    matching = sum(n for _, n in inside)
    if not upper:
        lower_bounds = {"min_clips": min(matching + rng.choice((1, 2)), 4), "min_share": rng.choice(SHARES)}
        bound = rng.choice(tuple(lower_bounds))
        return {"where": where, bound: lower_bounds[bound]}
    seconds = sum((candidate.billed_seconds * n for candidate, n in inside), Fraction(0))
    spent = Fraction(sum(candidate.price * n for candidate, n in inside), oracles.MICRO)
    part = Fraction(rng.choice(("0.5", "0.75", "1", "0.9", "0.3")))
    bounds = {
        "max_clips": max(matching - rng.choice((1, 0, 2)), 0),
        "max_share": rng.choice(SHARES),
        "max_usd": _number(spent * part, 3),
        "max_seconds": _number(seconds * part, 1),
    }
    names = rng.sample(tuple(bounds), rng.choice((1, 1, 2)))
    if "max_seconds" in names and _billed_is_open(worked_out):
        names = ["max_clips"]
    return {"where": where, **{name: bounds[name] for name in names}}


SHARES = (Decimal("0.5"), Decimal("0.25"), Decimal("0.75"), Decimal("0.4"), Decimal("0.333"), 1, 0)


def _where(rng: random.Random, target: oracles.Candidate) -> Raw:
    """One to three facts of a candidate's offer; at times none, which is every clip."""
    offer = target.offer
    facts: Raw = {"model": offer.model, "provider": offer.provider, "mode": offer.mode}
    facts["audio"] = rng.choice((target.treatment, offer.sound))
    facts |= {} if offer.resolution is None else {"resolution": offer.resolution}
    keys = rng.sample(tuple(facts), rng.choice((1, 1, 2, 3)))
    return {} if _chance(rng, 0.03) else {key: facts[key] for key in keys}


def _billed_is_open(worked_out: oracles.Problem) -> bool:
    """Whether equally good segments are billed for different seconds, so that `max_seconds` has no one answer."""
    for clip, options in zip(worked_out.clips, worked_out.options, strict=True):
        for primary in (option.primary for option in options if option.primary is not None):
            ways = oracles.best_segments(primary.offer, clip)
            if len({sum(oracles.billed(primary.offer, s) for s in way) for way in ways}) > 1:
                return True
    return False
