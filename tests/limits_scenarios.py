"""Random tiny scenarios for every limit, for packs, tiers, drafts, takes and degrading: alone, in pairs and in threes.

A bound lies between what the best plan without limits uses and what some other plan, the target, uses. Mostly one target sets all
bounds, so that it keeps them all; at times each has its own, and they clash. All numbers are `int` or `Decimal`.
"""

from __future__ import annotations

import datetime
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests import limits_oracle, oracles
from tests.limits_oracle import LimitPlan
from tests.limits_ways import LimitProblem, generations_price, limited, problem

Raw = dict[str, Any]
Number = Decimal | int

ON = datetime.date(2026, 4, 10)
LIMITS = ("budget_usd", "worst_case_usd", "mean_quality_min", "deadline_minutes", "groups", "caps")
OTHERS = ("value", "takes", "drafts", "packs", "tiers", "degrade")
FEATURES = (*LIMITS, *OTHERS)
MOST_PLANS = 250
PROVIDERS, MODELS = ("north", "south"), ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class Case:
    """A scenario without `catalogs`, the catalogs it is planned with, and what it was drawn for."""

    scenario: Raw
    catalogs: list[Raw]
    features: tuple[str, ...]
    worked_out: LimitProblem


@lru_cache(maxsize=400)
def random_case(seed: int) -> Case:
    """A quarter of the seeds draw one feature alone, half of them two, a quarter three.

    Several tests look at the first few hundred; none may change what a case holds.
    """
    rng = random.Random(seed)
    alone = FEATURES[seed // 4 % len(FEATURES)]
    features = (alone,) if seed % 4 == 0 else tuple(rng.sample(FEATURES, 3 if seed % 4 == 3 else 2))
    catalogs = [_catalog(rng, features)]
    scenario: Raw = {"clips": _clips(rng, features, oracles.offers(catalogs))}
    scenario |= _world(rng)
    if "degrade" in features:
        scenario["objective"] = _degrading(rng)
    worked_out = _shrink(scenario, catalogs)
    if {"packs", "tiers"} & {*features}:
        scenario |= _rebates(rng, features, worked_out)
        worked_out = problem(scenario, catalogs, ON)
    if {*LIMITS} & {*features}:
        best = limits_oracle.best_plan_of(worked_out)
        scenario["limits"] = {"budget_usd": 5} if best is None else _limits(rng, features, worked_out, best)
        worked_out = limited(worked_out, scenario["limits"])
    return Case(scenario, catalogs, features, worked_out)


def _chance(rng: random.Random, probability: float) -> bool:
    return rng.random() < probability


def _some(rng: random.Random, probability: float, key: str, values: Sequence[Any]) -> Raw:
    """An entry that is there at times."""
    return {key: rng.choice(values)} if _chance(rng, probability) else {}


def _decimals(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def _number(value: Fraction, digits: int, *, up: bool) -> Number:
    """With at most so many digits; rounded so that what is at most (or at least) `value` still is."""
    scaled = (math.ceil if up else math.floor)(value * 10**digits)
    return Decimal(scaled).scaleb(-digits)


# ---- catalogs and clips ----------------------------------------------------------------------------------------------

LENGTHS: tuple[Raw, ...] = (
    {"min": 3, "max": 10, "step": 1},
    {"choices": [5, 10]},
    {"choices": [4, 6, 8]},
    {"min": 2, "max": 10, "step": 0},
)


def _catalog(rng: random.Random, features: Sequence[str]) -> Raw:
    """Two to five offers of two to four models."""
    pairs = rng.sample(list(itertools.product(PROVIDERS, MODELS)), rng.choice((2, 3, 3, 4)))
    variants = [(resolution, sound) for resolution in ("720p", "1080p") for sound in (False, True)]
    lengths = rng.choice(LENGTHS)
    models, room = [], 5 - len(pairs)
    for provider, model in pairs:
        several = room > 0 and _chance(rng, 0.4)
        room -= several
        chosen = rng.sample(variants, 1 + several)
        entry: Raw = {"provider": provider, "model": model, "mode": "text-to-video", "seconds": lengths}
        entry |= _some(rng, 0.3, "seconds", LENGTHS)
        entry |= _some(rng, 0.5, "availability", _decimals("0.9", "0.99", "0.5", "1", "0.75"))
        entry |= _terms(rng, features)
        offers = [{"resolution": resolution, "audio": sound, **_price(rng)} for resolution, sound in chosen]
        entry["offers"] = [{**offer, **(_terms(rng, features) if _chance(rng, 0.3) else {})} for offer in offers]
        models.append(entry)
    as_of = datetime.date(2026, 4, 1)
    return {
        "schema": 1,
        "name": "all",
        "as_of": as_of,
        "source": "https://prices.example",
        "unit": "usd",
        "models": models,
    }


def _price(rng: random.Random) -> Raw:
    return {"price_per_second": Decimal(rng.choice((100, 75, 150, 113, 60, 200, 100, 300))).scaleb(-3)}


def _terms(rng: random.Random, features: Sequence[str]) -> Raw:
    """What limits need to know of an offer; it is not always stated."""
    terms = _some(rng, 0.85 if "mean_quality_min" in features else 0.4, "quality", (3, 5, 6, 7, 9, Decimal("7.5")))
    terms |= {"quality_source": "https://scores.example"} if "quality" in terms else {}
    timed = 0.9 if "deadline_minutes" in features else 0.3
    terms |= _some(rng, timed, "generation_seconds_per_second", (6, 12, 20, 60, 7, Decimal("2.5")))
    terms |= _some(rng, timed, "concurrency", (1, 1, 2, 3))
    terms |= _some(rng, 0.7 if "takes" in features else 0.1, "keep_rate", _decimals("0.5", "0.8", "0.25", "1"))
    terms |= _some(rng, 0.15, "failure_rate", _decimals("0.1", "0.05", "0.2"))
    return terms | _some(rng, 0.15, "bills_failures", ("yes", "no", "unknown"))


def _clips(rng: random.Random, features: Sequence[str], offers: Sequence[oracles.Offer]) -> list[Raw]:
    """One to four lines, some of them of equal requirements."""
    lines: list[Raw] = []
    valued = "value" in features or ("budget_usd" in features and _chance(rng, 0.7))
    grouped = "groups" in features
    for index in range(rng.choice((2, 3, 3) if grouped else (1, 2, 2, 3, 3, 4))):
        copied = lines and _chance(rng, 0.05 if grouped else 0.2)
        line = {**lines[-1]} if copied else _clip(rng, features, rng.choice(offers))
        line |= {"id": f"clip-{index + 1}", "count": rng.randint(1, 4)}
        if valued and _chance(rng, 0.7):
            line["value_usd"] = Decimal(rng.choice((50, 80, 100, 150, 200, 300, 600))).scaleb(-2)
        if grouped and _chance(rng, 0.9):
            line["group"] = rng.choice(("g", "g", "g", "h"))
        lines.append(line)
    return lines


def _clip(rng: random.Random, features: Sequence[str], target: oracles.Offer) -> Raw:
    """Requirements that the target meets, mostly."""
    low, high = target.shortest, target.longest
    longest = [high, high, (low + high) / 2] if "degrade" in features else [low, low + 1, high, (low + high) / 2]
    clip: Raw = {"seconds": _number(min(high, rng.choice(longest)), 1, up=False)}
    clip |= _some(rng, 0.1, "max_segments", (2,))
    clip |= _some(rng, 0.3, "resolution", ("720p", target.resolution, target.resolution))
    clip |= _some(rng, 0.5, "audio", ("native", "native", "any") if target.sound else ("deferred", "any", "none"))
    clip |= _some(rng, 0.4 if "groups" in features else 0.05, "not_models", (["alpha"], ["beta"], ["gamma"]))
    if target.quality is not None:
        clip |= _some(rng, 0.08, "quality_min", (5, 6))
    clip |= _some(rng, 0.9 if "takes" in features else 0.1, "max_takes", (2, 2, 3))
    if "drafts" in features and _chance(rng, 0.8):
        drafts: Raw = {"count": rng.choice((1, 1, 2))}
        drafts |= _some(rng, 0.3, "resolution", ("720p", target.resolution))
        clip["drafts"] = drafts | _some(rng, 0.3, "audio", ("any", "none", "native" if target.sound else "deferred"))
    return clip


def _world(rng: random.Random) -> Raw:
    """Dubbing, fallback and outages."""
    fallback = _some(rng, 0.6, "direction", ("none", "none", "dearer", "cheaper", "any"))
    fallback |= _some(rng, 0.4, "across", ("all",)) | _some(rng, 0.5, "max_steps", (1, 2, 0))
    fallback |= _some(rng, 0.2, "accept", ("degraded",)) | _some(rng, 0.1, "billed", ("requested",))
    fallback |= _some(rng, 0.2, "order", ("expected",)) | _some(rng, 0.2, "unserved_usd", (2, Decimal("0.5")))
    availability = _some(rng, 0.3, "alpha", _decimals("0.9", "1", "0.6")) | _some(
        rng, 0.2, "north", _decimals("0.9", "0.99")
    )
    dubbing = {"usd_per_second": Decimal("0.02"), "usd_per_clip": Decimal("0.05")}
    world: Raw = {"fallback": fallback, "outages": {"availability": availability}} | _some(
        rng, 0.5, "dubbing", (dubbing,)
    )
    return {key: value for key, value in world.items() if value and value != {"availability": {}}}


def _degrading(rng: random.Random) -> Raw:
    names = rng.sample(("resolution", "audio", "seconds"), rng.choice((1, 2, 3)))
    large, small = ("0.1", "0.3", "0.05", "0.5", "0"), ("0.05", "0.02", "0.1", "0.2", "0.15")
    penalties = {name: rng.choice(_decimals(*(small if name == "seconds" else large))) for name in names}
    return {"degrade": True, "penalty_usd": penalties} | _some(
        rng, 0.4, "shorten_to", _decimals("0.6", "0.8", "0.3", "1")
    )


def _shrink(scenario: Raw, catalogs: list[Raw]) -> LimitProblem:
    """Take clips out until there are few enough plans to try; the ways to make one clip stay the same."""
    worked_out = problem(scenario, catalogs, ON)
    while limits_oracle.number_of_plans(worked_out) > MOST_PLANS:
        largest = max(scenario["clips"], key=lambda clip: (clip["count"], clip["id"]))
        if largest["count"] > 1:
            largest["count"] -= 1
        elif largest.get("drafts", {}).get("count", 0) > 1:
            largest["drafts"] = {**largest["drafts"], "count": 1}
        else:
            assert largest is scenario["clips"].pop()
            worked_out = replace(worked_out, finals=worked_out.finals[:-1], drafts=worked_out.drafts[:-1])
        worked_out = replace(worked_out, clips=oracles.clips(scenario))
    return worked_out


# ---- packs, tiers and bounds -----------------------------------------------------------------------------------------


def _rebates(rng: random.Random, features: Sequence[str], worked_out: LimitProblem) -> Raw:
    """About as large as what clips cost that are all made as cheaply as can be."""
    spend = sum(
        min((generations_price(way.primary) for way in ways if way.primary is not None), default=0) * clip["count"]
        for clip, ways in zip(worked_out.clips, worked_out.finals, strict=True)
    )
    spend_usd = max(Fraction(spend, oracles.MICRO), Fraction(1, 10))
    rebates: Raw = {}
    if "packs" in features:
        packs = []
        for _ in range(rng.choice((1, 1, 2))):
            face = _number(spend_usd * rng.choice((Fraction(1, 3), Fraction(1, 2), 1, Fraction(6, 5))), 2, up=True)
            price = _number(Fraction(face) * Fraction(rng.choice(("0.6", "0.8", "0.9", "0.95", "1.05"))), 2, up=True)
            of = {"provider": rng.choice(PROVIDERS), "pays_for_usd": face, "price_usd": price}
            packs.append(of | _some(rng, 0.7, "max_count", (2, 3)))
        rebates["packs"] = packs
    if "tiers" in features:
        rebates["tiers"] = []
        for provider in rng.sample(PROVIDERS, rng.choice((1, 2))):
            n = rng.choice((1, 2, 3))
            starts = sorted(rng.sample((Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(4, 5)), n))
            rates = sorted(rng.sample(_decimals("0.05", "0.1", "0.2", "0.3", "0.5"), n))
            for start, rate in zip(starts, rates, strict=True):
                from_usd = _number(start * spend_usd, 2, up=True)
                if not rebates["tiers"] or (provider, from_usd) > _last_tier(rebates):
                    rebates["tiers"].append({"provider": provider, "from_usd": from_usd, "discount": rate})
    return rebates


def _last_tier(rebates: Raw) -> tuple[str, Number]:
    """Where the last tier begins; a smaller provider name comes first."""
    last = rebates["tiers"][-1]
    return last["provider"], last["from_usd"]


USES: dict[str, Callable[[LimitPlan], Fraction | None]] = {
    "budget_usd": lambda plan: plan.totals.expected / oracles.MICRO,
    "worst_case_usd": lambda plan: plan.totals.worst / oracles.MICRO,
    "mean_quality_min": lambda plan: _mean_quality(plan),
    "deadline_minutes": lambda plan: _minutes(plan),
}


def _limits(rng: random.Random, features: Sequence[str], worked_out: LimitProblem, best: LimitPlan) -> Raw:
    """A bound for each limit that was drawn; one target for all of them, or (so that they may clash) one for each."""
    drawn = [name for name in features if name in LIMITS]
    others = _other_plans(rng, worked_out)
    target = _tightest(others, drawn[0], best) if _chance(rng, 0.8) else others[0]
    limits: Raw = {}
    for name in drawn:
        if _chance(rng, 0.3):
            target = _tightest(others, name, best)
        if name == "groups":
            limits["groups"] = rng.choice(("same-model", "same-provider"))
        elif name == "caps":
            limits["caps"] = [_cap(rng, best, target) for _ in range(rng.choice((1, 1, 2)))]
        else:
            limits[name] = _bound(rng, name, best, target)
    return limits


def _other_plans(rng: random.Random, worked_out: LimitProblem) -> list[LimitPlan]:
    """A few plans that need not be good."""
    lines = [list(worked_out.splits(line)) for line in range(len(worked_out.clips))]
    purchases = list(limits_oracle.all_purchases(worked_out.scenario))
    plans = []
    for _ in range(6):
        picks = tuple(itertools.chain.from_iterable(rng.choice(splits) for splits in lines))
        bought = rng.choice(purchases)
        plans.append(LimitPlan(picks, bought, limits_oracle.figures(worked_out, picks, bought)))
    return plans


def _tightest(plans: list[LimitPlan], name: str, best: LimitPlan) -> LimitPlan:
    """The best of these by what a limit bounds; the cheapest of those that use less than the best plan, if any does."""
    if name not in USES:
        return plans[0]
    sign = -1 if name == "mean_quality_min" else 1
    used = [(sign * use, i) for i, plan in enumerate(plans) if (use := USES[name](plan)) is not None]
    at_best = USES[name](best)
    tighter = [i for use, i in used if at_best is None or use < sign * at_best]
    if tighter:
        return plans[min(tighter, key=lambda i: (plans[i].totals.objective, i))]
    return plans[min(used)[1]] if used else plans[0]


def _bound(rng: random.Random, name: str, best: LimitPlan, target: LimitPlan) -> Number:
    """Between what the best plan uses and what the target does, and at times a little beyond."""
    known = [use for plan in (target, best) if (use := USES[name](plan)) is not None]
    at_target, at_best = (known[0], known[-1]) if known else (Fraction(5), Fraction(5))
    share = Fraction(rng.choice(("0", "0", "0.25", "0.5", "0.8")))
    bound = at_target + share * (at_best - at_target)
    upper = name != "mean_quality_min"
    if _chance(rng, 0.1):
        bound = min(at_target, at_best) * Fraction("0.97") if upper else max(at_target, at_best) * Fraction("1.03")
    return max(_number(bound, rng.choice((2, 6)), up=upper), Decimal("0.01"))


def _mean_quality(plan: LimitPlan) -> Fraction | None:
    """Of the clips that have a score; None without any."""
    scored = [
        (way.primary.offer.quality, n)
        for way, n in plan.picks
        if way.primary is not None and not way.draft and way.primary.offer.quality is not None
    ]
    return sum((score * n for score, n in scored), Fraction(0)) / sum(n for _, n in scored) if scored else None


def _minutes(plan: LimitPlan) -> Fraction | None:
    """The latest model to finish, of those that state their speed; None without any."""
    timed = [
        (way, way.primary, n)
        for way, n in plan.picks
        if way.primary is not None
        and way.primary.offer.generation_seconds_per_second is not None
        and way.primary.offer.concurrency is not None
    ]
    return max((usage.value for usage in limits_oracle.minutes_used(timed, Fraction(1))), default=None)


def _cap(rng: random.Random, best: LimitPlan, target: LimitPlan) -> Raw:
    """Where the two plans differ: an upper bound if the target uses less than the best plan, a lower bound if more."""
    primaries = [way.primary for plan in (best, target) for way, _ in plan.picks if way.primary is not None]
    if not primaries:
        return {"max_clips": 1}
    offer = rng.choice(primaries).offer
    facts: Raw = {
        "model": offer.model,
        "provider": offer.provider,
        "resolution": offer.resolution,
        "audio": offer.sound,
    }
    where = {key: facts[key] for key in rng.sample(tuple(facts), rng.choice((1, 1, 2)))}
    low, high = _inside(target, where), _inside(best, where)
    slack = Fraction(rng.choice(("0", "0", "0.5", "0.8")))
    between = {key: low[key] + slack * (high[key] - low[key]) for key in low}
    if low["clips"] < high["clips"] or (low["clips"] == high["clips"] and _chance(rng, 0.5)):
        bounds: Raw = {
            "max_clips": math.floor(between["clips"]),
            "max_seconds": _number(between["seconds"], 1, up=True),
            "max_usd": _number(between["usd"], 6, up=True),
            "max_share": _number(between["share"], 3, up=True),
        }
    else:
        bounds = {"min_clips": math.ceil(between["clips"]), "min_share": _number(between["share"], 3, up=False)}
    return {"where": where, **{key: bounds[key] for key in rng.sample(tuple(bounds), rng.choice((1, 1, 2)))}}


def _inside(plan: LimitPlan, where: Raw) -> dict[str, Fraction]:
    """How much of a plan a cap counts."""
    made = [(way.primary, n) for way, n in plan.picks if way.primary is not None]
    inside = [(primary, n) for primary, n in made if oracles.matches(primary, where)]
    clips = Fraction(sum(n for _, n in inside))
    return {
        "clips": clips,
        "seconds": sum((primary.billed_seconds * n for primary, n in inside), Fraction(0)),
        "usd": Fraction(sum(primary.price * n for primary, n in inside), oracles.MICRO),
        "share": clips / max(1, sum(n for _, n in made)),
    }


def without(case: Case, feature: str) -> Raw:
    """The scenario without one feature."""
    scenario = {**case.scenario, "limits": {k: v for k, v in case.scenario.get("limits", {}).items() if k != feature}}
    of_clip = {"value": "value_usd", "takes": "max_takes", "drafts": "drafts"}.get(feature)
    scenario["clips"] = [{k: v for k, v in clip.items() if k != of_clip} for clip in scenario["clips"]]
    of_scenario = {"degrade": "objective"}.get(feature, feature)
    return {key: value for key, value in scenario.items() if key != of_scenario}
