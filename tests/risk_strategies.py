"""Random small chances, and random scenarios in which takes, common outages and risk limits matter.

Numbers are drawn so that what is awkward comes up often: prices that share no divisor, rates of 0 and 1, causes that several
chains share, availabilities that nobody states.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from router.schema.exposure import Attempt, Chances, Exposure
from tests import risk_oracle, risk_plan_oracle, strategies

Raw = dict[str, Any]

ON = strategies.ON
PROVIDERS = ("north", "south")
MODELS = ("alpha", "beta", "gamma")
CORRELATIONS = (
    ("per-request", "per-request"),
    ("per-run", "per-run"),
    ("per-request", "per-run"),
    ("per-run", "per-request"),
)
PLAIN_PRICES = (1_000_000, 1_250_000, 500_000, 1_500_000, 750_000)
USUAL_PRICES = (1_131_000, 565_000, 900_000, 75_000, 1_508_000, 0)
UGLY_PRICES = (1_113_457, 999_999, 333_333, 1, 1_131_113, 7, 0)
AVAILABILITIES = (None, 0.99, 0.9, 0.5, 0.75, 0.995, 1.0, 0.0)
FAILURE_RATES = (0.0, 0.0, 0.0, 0.1, 0.5, 0.05, 0.025, 1.0)
KEEP_RATES = (1.0, 1.0, 0.5, 0.8, 0.9, 0.3, 0.0)
MOST_SUMS = 4_000  # of different costs, about: what the oracle adds up in a moment


def random_chances(seed: int, *, ugly: bool = False) -> Chances:
    """Up to four exposures of up to six clips, few enough for enumeration; with prices that share no divisor if `ugly`."""
    rng = random.Random(seed)
    chances = _chances(rng, exposures=rng.choice((1, 2, 2, 3, 4)), counts=(1, 2, 3, 4, 5, 6), ugly=ugly)
    while sums(chances) > MOST_SUMS:
        largest = max(range(len(chances.exposures)), key=lambda i: chances.exposures[i].count)
        if chances.exposures[largest].count == 1:
            return replace(chances, exposures=chances.exposures[:1])
        smaller = [replace(e, count=e.count - (i == largest)) for i, e in enumerate(chances.exposures)]
        chances = replace(chances, exposures=tuple(smaller))
    return chances


def random_large_chances(seed: int, *, ugly: bool = False) -> Chances:
    """The same with up to thousands of clips: too many to enumerate, and what a simulation is for."""
    rng = random.Random(seed)
    return _chances(rng, exposures=rng.choice((1, 2, 3)), counts=(3, 10, 40, 150, 600, 3000), ugly=ugly)


def _chances(rng: random.Random, *, exposures: int, counts: tuple[int, ...], ugly: bool) -> Chances:
    sold = [(provider, model) for provider in PROVIDERS for model in MODELS]
    sold = rng.sample(sold, rng.choice((1, 2, 3, 4, 5)))
    availability = {pair: rng.choice(AVAILABILITIES) for pair in sold}
    models, providers = rng.choice(CORRELATIONS)
    prices, unserved = (PLAIN_PRICES + UGLY_PRICES, 777_777) if ugly else (PLAIN_PRICES + USUAL_PRICES, 500_000)
    if rng.random() < 0.5:
        prices = UGLY_PRICES if ugly else PLAIN_PRICES
    return Chances(
        exposures=tuple(_exposure(rng, availability, prices, rng.choice(counts)) for _ in range(exposures)),
        providers={name: rng.choice((0.99, 0.9, 0.5, 1.0, 0.75)) for name in PROVIDERS if rng.random() < 0.4},
        unserved=rng.choice((0, unserved)),
        correlation=models,
        provider_correlation=providers,
    )


def _exposure(
    rng: random.Random, availability: dict[tuple[str, str], float | None], prices: tuple[int, ...], count: int
) -> Exposure:
    steps = rng.sample(list(availability), rng.randint(1, min(4, len(availability))))
    plain = rng.random() < 0.4
    attempts = tuple(
        Attempt(
            provider,
            model,
            billed=rng.choice(prices),
            availability=availability[provider, model],
            failure_rate=0.0 if plain else rng.choice(FAILURE_RATES),
            bills_failures=rng.choice(("no", "yes", "unknown")),
            keep_rate=1.0 if plain else rng.choice(KEEP_RATES),
            degraded=k > 0 and rng.random() < 0.3,
        )
        for k, (provider, model) in enumerate(steps)
    )
    return Exposure(attempts, rng.choice((1, 2, 3)), count)


def sums(chances: Chances) -> int:
    """How many totals there can be: a bound over multisets of outcomes."""
    bound = 1
    for exposure in chances.exposures:
        kinds = len(risk_oracle.cost_of(risk_oracle.clip(exposure, chances)).weights)
        bound *= math.comb(exposure.count + kinds - 1, kinds - 1)
    return bound


# ---- scenarios -------------------------------------------------------------------------------------------------------


MOST_PLANS = 250
SURE = (Decimal("0.999"), 1, Decimal("0.99"))
UNSURE = (Decimal("0.9"), Decimal("0.8"), Decimal("0.5"), Decimal("0.95"))


def random_risk_scenario(seed: int) -> tuple[Raw, list[Raw]]:
    """A scenario and its catalogs, as their files would hold them, so small that every plan can be tried.

    They are drawn as by `strategies.random_scenario`, with takes, keep rates and correlations, and with limits and objectives
    on risk on top.
    """
    for attempt in itertools.count():
        rng = random.Random(f"{seed}/{attempt}")
        scenario, catalogs = _risky_clips(rng)
        worked_out = risk_plan_oracle.problem(scenario, catalogs, ON)
        few = 2 if rng.random() < 0.97 else 0
        if few <= risk_plan_oracle.number_of_plans(worked_out.plain) <= MOST_PLANS:
            break
    if rng.random() < 0.3:
        scenario["limits"] = strategies.random_limits(rng, scenario, catalogs)
        scenario["limits"].pop("worst_case_usd", None)
    if rng.random() < 0.75:
        scenario["objective"] = _objective(rng)
    if "objective" not in scenario or rng.random() < 0.6:
        scenario["limits"] = {**scenario.get("limits", {}), **_risk_limits(rng, scenario, catalogs)}
    return scenario, catalogs


def _risky_clips(rng: random.Random) -> tuple[Raw, list[Raw]]:
    catalogs = strategies.random_catalogs(rng)
    for entry in (entry for catalog in catalogs for entry in catalog["models"]):
        entry.pop("available_until", None)
    _one_availability_each(catalogs)
    _keep_rates(rng, catalogs)
    scenario: Raw = {"clips": []}
    scenario["clips"] = strategies.random_clips(rng, scenario, catalogs)
    for clip in scenario["clips"]:
        if rng.random() < 0.7:
            clip["max_takes"] = rng.choice((2, 3, 2, 1))
    scenario["fallback"], scenario["outages"] = strategies.random_fallback(rng), _outages(rng, catalogs)
    if rng.random() < 0.3:  # what nothing makes is dear, so that being caught is worth something
        scenario["fallback"] |= {"unserved_usd": Decimal(rng.choice((2, 5, 10)))}
    models, providers = rng.choice((*CORRELATIONS, ("per-run", None), ("per-run", None), (None, None)))
    scenario["outages"] |= {} if models is None else {"correlation": models}
    scenario["outages"] |= {} if providers is None else {"provider_correlation": providers}
    return scenario, catalogs


def _outages(rng: random.Random, catalogs: list[Raw]) -> Raw:
    """Availabilities as of any scenario; at times what is cheap is down often and what is dear is not."""
    outages = strategies.random_outages(rng)
    entries = [entry for catalog in catalogs for entry in catalog["models"]]
    sold = sorted({(_price(entry), f"{entry['provider']}/{entry['model']}") for entry in entries})
    if rng.random() < 0.6:
        stated = outages.setdefault("availability", {})
        for i, (_, name) in enumerate(sold):
            sure = (2 * i + 1) / (2 * len(sold)) > rng.random()
            stated[name] = rng.choice(SURE if sure else UNSURE)
    return outages


def _price(entry: Raw) -> Fraction:
    """About what a second of a model costs, in the catalog's unit."""
    offer = entry["offers"][0]
    return Fraction(offer.get("price_per_second", 0) or next(iter(offer.get("prices", {}).values()), 0) / 5)


def _one_availability_each(catalogs: list[Raw]) -> None:
    """A model at a provider is one cause, so what its entries say about it must not differ: the first one's word holds."""
    first: dict[tuple[str, str], Raw] = {}
    for entry in (entry for catalog in catalogs for entry in catalog["models"]):
        stated = {"availability": entry.pop("availability")} if "availability" in entry else {}
        entry |= first.setdefault((entry["provider"], entry["model"]), stated)


def _keep_rates(rng: random.Random, catalogs: list[Raw]) -> None:
    for entry in (entry for catalog in catalogs for entry in catalog["models"]):
        for terms in (entry, *entry["offers"]):
            if rng.random() < (0.5 if terms is entry else 0.15):
                terms["keep_rate"] = rng.choice((Decimal("0.5"), Decimal("0.8"), Decimal("0.9"), 1, Decimal("0.25"), 0))


def _objective(rng: random.Random) -> Raw:
    level = {} if rng.random() < 0.4 else {"level": rng.choice((Decimal("0.5"), Decimal("0.9"), Decimal("0.99"), 0))}
    return rng.choice(
        (
            {"minimise": "cvar", **level},
            {"minimise": "worst-case"},
            {"risk_aversion": rng.choice((Decimal("0.5"), Decimal("0.25"), 1)), **level},
        )
    )


def _risk_limits(rng: random.Random, scenario: Raw, catalogs: list[Raw]) -> Raw:
    """Bounds on the tail and on the worst case between the least that a plan can reach and what the best plan has."""
    worked_out = risk_plan_oracle.problem(scenario, catalogs, ON)
    every = list(risk_plan_oracle.all_plans(worked_out))
    best = risk_plan_oracle.best_of(worked_out, every)
    limits: Raw = {}
    if best is None:
        return limits
    if rng.random() < 0.4:
        level = rng.choice((None, Decimal("0.9"), Decimal("0.5"), Decimal("0.99")))
        exactly = Fraction(level or Decimal("0.95"))
        least = min(plan.cvar(exactly) for plan in every)
        limits["cvar"] = {"usd": _between(rng, least, best.cvar(exactly))} | ({} if level is None else {"level": level})
    if rng.random() < 0.4:
        limits["worst_case_usd"] = _between(rng, Fraction(min(plan.worst for plan in every)), Fraction(best.worst))
    return limits


def _between(rng: random.Random, least: Fraction, most: Fraction) -> Decimal:
    share = Fraction(rng.choice(("0.5", "0.8", "0.25", "0", "1.1", "1", "0.97", "-0.05")))
    return Decimal(max(0, math.ceil(least + share * (most - least)))).scaleb(-6)
