"""Question ``follow``: clips that come one by one in unknown order, under a budget and quotas that do not suffice for all.

A campaign is forecast as so many clips of each kind; what arrives is drawn at random from the same kinds, in random order. Every policy
meets the same clips under the same limits and is judged by what they cost it, clips left out at their value. The yardstick is the plan of
exactly the clips that came, which nobody could know before.

No time is in it: seeds and code alone decide every figure. The ratio is how many times less than first come, first served a policy loses.
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from benchmarks.markdown import ratio, yes
from benchmarks.result import Line, Table, WrongAnswerError
from router.errors import NotWorthItError, OverBudgetError
from router.online import Router
from router.pipeline import plan
from router.schema.catalog import Catalog
from router.schema.scenario import Clip, Scenario
from router.units import MICRO, to_micro

ON = dt.date(2026, 4, 10)
KINDS = 40
CLIPS = 4_000
EVERY = 250
WITHIN = 0.02
"""Of the yardstick, at most."""
NOTHING = 1e-6
"""Of the yardstick: who loses less has lost as good as nothing."""
Policy = Callable[[Scenario, Sequence[Clip]], float]


def follow(rounds: int, _: float) -> Table:
    """``rounds`` campaigns, each of which arrives once as forecast and once otherwise."""
    rows: list[tuple[str, ...]] = []
    lines: list[Line] = []
    for name, drift in (
        ("as forecast, but for chance", 0.0),
        ("half of the kinds come twice as often as forecast", 1.0),
    ):
        lost: dict[str, list[float]] = {policy: [] for policy in POLICIES}
        for seed in range(1, rounds + 1):
            forecast, arriving = campaign(seed, drift)
            best = hindsight(forecast, arriving)
            for policy, run in POLICIES.items():
                lost[policy].append(run(forecast, arriving) / best - 1)
                if lost[policy][-1] < -1e-9:
                    raise WrongAnswerError(f"{policy} does better than the optimum in hindsight, seed {seed}")
        counted = {"clips": len(campaign(1, drift)[1]), "kinds": KINDS}
        for policy, shares in lost.items():
            line = _line(f"{name}; {policy}", shares, lost[BESIDE], counted)
            middle = statistics.median(shares)
            spread = f"{middle:.2%} ({min(shares):.2%} to {max(shares):.2%})"
            rows.append((name, policy, spread, ratio(line), line.target, yes(line.met)))
            if policy in OURS:
                lines.append(line)
    header = ("clips come", "policy", "above the optimum in hindsight", f"times less than {BESIDE}", "target", "met")
    return Table("follow", header, tuple(rows), lines=tuple(lines))


def _line(key: str, lost: Sequence[float], beside: Sequence[float], counted: dict[str, int]) -> Line:
    """What a policy loses, as shares of the yardstick, held against what the other one loses on the same clips."""
    if not key.endswith(OURS):
        return Line(key)
    times = statistics.median(theirs / max(own, NOTHING) for own, theirs in zip(lost, beside, strict=True))
    aimed = key.endswith(OURS[0])
    met = statistics.median(lost) <= WITHIN if aimed else None
    return Line(key, times, counts=counted, target=f"within {WITHIN:.0%}" if aimed else "", met=met)


def campaign(seed: int, drift: float) -> tuple[Scenario, list[Clip]]:
    """The forecast with its limits, and the clips in the order in which they come."""
    rng = random.Random(seed)
    kinds = [
        {
            "id": f"kind-{k}",
            "seconds": rng.randint(3, 15),
            "resolution": rng.choice(("720p", "1080p")),
            "audio": rng.choice(("native", "none", "any")),
            "value_usd": Decimal(rng.randint(60, 400)).scaleb(-2),
            "count": max(1, round(rng.expovariate(1) * CLIPS / KINDS)),
        }
        for k in range(KINDS)
    ]
    free: dict[str, Any] = {"clips": kinds, "catalogs": [catalog(rng)], "fallback": {"direction": "none"}}
    cheapest = plan(Scenario.model_validate(free), on=ON, shadow_prices=False)
    used: Counter[str] = Counter()
    for route in cheapest.routes:
        used[route.model] += route.count
    caps = [
        {"where": {"model": model}, "max_clips": round(count * rng.uniform(0.4, 0.8))}
        for model, count in used.most_common(3)
    ]
    money = round(cheapest.totals.expected_usd * Decimal(rng.uniform(0.5, 0.8)), 2)
    forecast = Scenario.model_validate({**free, "limits": {"budget_usd": money, "caps": caps}})
    more = set(rng.sample(range(KINDS), KINDS // 2))
    weights = [clip.count * (1 + drift * (k in more)) for k, clip in enumerate(forecast.clips)]
    total = sum(clip.count for clip in forecast.clips)
    arriving = rng.choices(forecast.clips, weights, k=total)
    return forecast, [clip.model_copy(update={"count": 1}) for clip in arriving]


def catalog(rng: random.Random) -> Catalog:
    """Six models; the dearer ones are not all better."""
    models = [
        {
            "model": f"model-{k}",
            "provider": f"provider-{k % 3}",
            "mode": "text-to-video",
            "seconds": {"min": 3, "max": 15, "step": 1},
            "offers": [
                {
                    "resolution": resolution,
                    "audio": audio,
                    "price_per_second": Decimal(round((60 + 12 * k) * size * sound * rng.uniform(0.9, 1.1))).scaleb(-3),
                }
                for resolution, size in (("720p", 1.0), ("1080p", 1.35))
                for audio, sound in ((False, 1.0), (True, 1.3))
            ],
        }
        for k in range(6)
    ]
    raw = {"schema": 1, "name": "made-up", "as_of": dt.date(2026, 4, 9), "source": "made up", "models": models}
    return Catalog.model_validate(raw)


def hindsight(forecast: Scenario, arriving: Sequence[Clip]) -> float:
    """The least that exactly these clips can cost, micro-dollars."""
    counts = Counter(clip.id for clip in arriving)
    came = tuple(clip.model_copy(update={"count": counts[clip.id]}) for clip in forecast.clips if counts[clip.id])
    found = plan(forecast.model_copy(update={"clips": came}), on=ON, shadow_prices=False)
    if found.status != "optimal":
        raise WrongAnswerError("the yardstick is not proven optimal")
    return float(found.totals.objective_usd) * MICRO


def router_of(forecast: Scenario) -> Router:
    """A router under the same rules."""
    return Router(forecast.catalogs, fallback=forecast.fallback, limits=forecast.limits, on=ON)


def one_by_one(router: Router, arriving: Sequence[Clip], *, cheapest_only: bool = False) -> float:
    """What clips cost that are routed, made and settled one after another."""
    cost = 0
    for clip in arriving:
        value = to_micro(clip.value_usd or 0)
        try:
            decision = router.route(clip)
        except (NotWorthItError, OverBudgetError):
            cost += value
            continue
        gap = decision.gap_usd if cheapest_only else None
        if gap is not None and gap < 0:
            router.give_up(decision)
            cost += value
            continue
        router.report(decision, "served")
        cost += to_micro(decision.price_usd)
    return float(cost)


def followed(forecast: Scenario, arriving: Sequence[Clip]) -> float:
    """Ours: by the plan's prices, planned again as clips come."""
    router = router_of(forecast)
    router.follow(
        plan(forecast, on=ON), forecast, solve=lambda left: plan(left, on=ON, shadow_prices=False), every=EVERY
    )
    return one_by_one(router, arriving)


def followed_once(forecast: Scenario, arriving: Sequence[Clip]) -> float:
    """By the plan's prices, never planned again."""
    router = router_of(forecast)
    router.follow(plan(forecast, on=ON), forecast)
    return one_by_one(router, arriving)


BESIDE = "first come, cheapest that fits"
OURS = (f"ours, planned again every {EVERY} clips", "the first plan's prices to the end")
"""The first is what is aimed at."""
POLICIES: dict[str, Policy] = {
    OURS[0]: followed,
    OURS[1]: followed_once,
    BESIDE: lambda forecast, arriving: one_by_one(router_of(forecast), arriving),
    "always the cheapest, or left out": lambda forecast, arriving: one_by_one(
        router_of(forecast), arriving, cheapest_only=True
    ),
}
