"""Question ``certificate``: how long it takes to prove a plan's bound again from its multipliers, without a solver.

Six models at two providers make every clip: 260 classes that differ in length, a third of them optional, of 100,000 clips together.
A budget, caps on clips, seconds and a share, and a mean quality are set against the plan without limits, so that they bind or nearly do.

Timed is the bound from the multipliers: exact fractions to whole numbers, what every way to make each clip weighs, the least of each
class, their sum. What comes before it is timed apart and stated in the notes: the ways with their prices, chains and costs, and what
they use of each limit. So is the whole of ``verify``, but for reading the files: that a proven plan is found, and how soon, is not asked.
"""

from __future__ import annotations

import random
import statistics
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from benchmarks import classes
from benchmarks.clock import Spent, Stopwatch
from benchmarks.instances import ON
from benchmarks.result import Result, WrongAnswerError
from router import Catalog, Plan, Scenario, plan
from router.analysis.figures import misstated
from router.checking.alone import check_alone
from router.checking.alternatives import Alternatives, Book
from router.checking.certificate import Sums
from router.checking.check import check_fully

CLIPS = 100_000
REPEATS = 20
"""Evaluations in one measurement."""
TARGET = 0.020
"""Seconds of processor time."""
SAME = Decimal("0.000001")
"""Dollars."""
PROVIDERS = ("amber", "basalt")


def certificate(rounds: int, limit_seconds: float) -> Result:
    """Plan once for each seed, and work the bound out again from the multipliers.

    Parameters
    ----------
    limit_seconds
        On the clock, for each plan; one that is not proven has multipliers too.

    Raises
    ------
    WrongAnswerError
        If the plan has no certificate, or the check refuses it or proves something else.
    """
    spent: list[Spent] = []
    prepared: list[float] = []
    verified: list[float] = []
    shares: list[Decimal] = []
    counted: dict[str, int] = {}
    for seed in range(1, rounds + 1):
        scenario, catalog = limited(seed)
        made = plan(scenario, on=ON, time_limit_seconds=limit_seconds, shadow_prices=False)
        if made.certificate is None or not made.certificate.multipliers:
            raise WrongAnswerError(f"certificate, seed {seed}: the plan has no multipliers")
        watch = Stopwatch()
        findings, _bound = check_fully(made, scenario, (catalog,), ON)
        findings += [*check_alone(made, (catalog,)), *misstated(made)]
        verified.append(watch.spent().cpu)
        if findings:
            raise WrongAnswerError(f"certificate, seed {seed}: {findings[0]}")
        multipliers = {each.limit: Fraction(each.value) for each in made.certificate.multipliers}
        watch = Stopwatch()
        sums = Sums(Alternatives(Book(scenario, (catalog,), ON), {}, []))
        # The first time also works out what every way uses of each limit.
        proven = Decimal(round(sums.bound(multipliers))).scaleb(-6)
        prepared.append(watch.spent().cpu)
        if abs(proven - made.certificate.bound_usd) > SAME:
            raise WrongAnswerError(f"certificate, seed {seed}: proves {proven}, not {made.certificate.bound_usd}")
        cpu, wall = time.process_time(), time.perf_counter()
        for _repeat in range(REPEATS):
            sums.bound(multipliers)
        spent.append(Spent((time.process_time() - cpu) / REPEATS, (time.perf_counter() - wall) / REPEATS))
        shares.append(proven / made.totals.objective_usd)
        counted = counted or {
            "clips": CLIPS,
            "classes": len(scenario.clips),
            "multipliers": len(multipliers),
            **made.solved.model_dump(),
        }
    middle = statistics.median(way.cpu for way in spent)
    return Result(
        question="certificate",
        ours=tuple(spent),
        peer=(),
        peer_is="none",
        optimum=f"the relaxation's bound to {SAME} dollars",
        target=f"under {TARGET} s",
        met=middle < TARGET,
        counts=counted,
        notes=(
            f"median {1000 * middle:.1f} ms; the least share of a plan's cost that is proven: {min(shares):.6%}",
            f"every way to make a clip and what it uses, worked out before: median {statistics.median(prepared):.2f} s",
            f"the whole of `verify` of plan and scenario, these ways included: median {statistics.median(verified):.2f} s",
        ),
    )


def limited(seed: int, total: int = CLIPS) -> tuple[Scenario, Catalog]:
    """The scenario of a seed, with so many clips, and its catalog."""
    dice = random.Random(seed)
    catalog = Catalog.model_validate(_market(dice))
    counts = classes.shared_out(seed, total, classes.CLASSES)
    clips = [_clip(dice, number, count) for number, count in enumerate(counts)]
    free: dict[str, Any] = {"title": f"Benchmark, seed {seed}", "catalogs": [catalog], "clips": clips}
    limits = _limits(plan(Scenario.model_validate(free), on=ON))
    return Scenario.model_validate({**free, "limits": limits}), catalog


def _market(dice: random.Random) -> dict[str, Any]:
    models = [
        {
            "model": f"model-{m}",
            "provider": provider,
            "mode": "text-to-video",
            "seconds": {"min": 3, "max": 15, "step": 1},
            "availability": Decimal(dice.randrange(9_700, 10_000)).scaleb(-4),
            "quality": Decimal(700 + 25 * m + dice.randrange(-10, 11)).scaleb(-1),
            "quality_source": "made up",
            "offers": [
                {
                    "audio": False,
                    "price_per_second": Decimal(60 + 9 * m + 3 * p + dice.randrange(15)).scaleb(-3),
                    "price_per_generation": Decimal(dice.randrange(40)).scaleb(-3),
                }
            ],
        }
        for p, provider in enumerate(PROVIDERS)
        for m in range(classes.MODELS)
    ]
    source = {"name": "made-up", "as_of": ON, "source": "benchmarks"}
    return {"schema": 1, **source, "models": models}


def _clip(dice: random.Random, number: int, count: int) -> dict[str, Any]:
    # No two classes may be equal: lengths differ by hundredths of a second.
    clip: dict[str, Any] = {"id": f"clip-{number}", "seconds": Decimal(300 + 4 * number).scaleb(-2), "count": count}
    if number % classes.OPTIONAL == 0:
        clip["value_usd"] = Decimal(dice.randrange(80, 200)).scaleb(-3) * round(clip["seconds"])
    return clip


def _limits(free: Plan) -> dict[str, Any]:
    """A twentieth less money, two thirds of what the busiest make, a share for a model that is hardly used, a point more quality."""
    made = {f"model-{m}": 0 for m in range(classes.MODELS)}
    seconds = dict.fromkeys(PROVIDERS, Decimal(0))
    for route in free.routes:
        made[route.model] += route.count
        seconds[route.provider] += route.billed_seconds * route.count
    busiest = max(seconds, key=seconds.__getitem__)
    return {
        "budget_usd": round(free.totals.expected_usd * Decimal("0.95"), 2),
        "mean_quality_min": 72,
        "caps": [
            {"where": {"model": max(made, key=made.__getitem__)}, "max_clips": max(made.values()) * 2 // 3},
            {"where": {"provider": busiest}, "max_seconds": int(seconds[busiest] * 2 / 3)},
            {"where": {"model": min(made, key=made.__getitem__)}, "min_share": Decimal("0.08")},
        ],
    }
