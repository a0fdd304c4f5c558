"""Question ``route``: one decision ahead of the API call, beside LiteLLM's cost-based routing and a plain filter and argmin.

Five providers sell models in two resolutions, silent and with sound, by the second and by fixed lengths. Clips ask for random lengths to a
hundredth of a second. Every decision of ours that is timed is compared with the plain search.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.result import Table, WrongAnswerError
from router.online import Router
from router.schema.catalog import Catalog
from router.schema.scenario import Clip

ON = dt.date(2026, 4, 10)
OFFERS = 20
SIZES = (20, 100, 1000)
CLIPS = 20_000
DISTINCT = 1_000_000
ROUNDS_COLD = 15
Sold = dict[str, Any]


def route(rounds: int, _: float) -> Table:
    """``rounds`` repetitions of each row; the median of the medians counts."""
    rows = [
        *_decisions(rounds),
        _plain(rounds),
        _litellm(rounds),
        *(_new(offers, rounds) for offers in SIZES),
        *_with_budgets(rounds),
        _memory(),
        *_cold(rounds),
    ]
    return Table(
        "route",
        ("question", "median", "99th of 100", "target", "met"),
        tuple(rows),
        ("wall time of single calls, in microseconds, with other jobs on the machine; the garbage collector as it is",),
    )


def catalog(offers: int, seed: int) -> tuple[Catalog, list[Sold]]:
    """Models of two offers each, and the same as plain tables."""
    rng = random.Random(seed)
    models: list[Sold] = []
    for number in range(offers // 2):
        rates = [Decimal(rng.randint(5000, 30_000)).scaleb(-5) for _ in range(2)]
        models.append(
            {
                "model": f"model-{number}",
                "provider": f"provider-{number % 5}",
                "mode": "text-to-video",
                "seconds": {"min": 3, "max": 15, "step": 1},
                "offers": [
                    {"resolution": rng.choice(("720p", "1080p")), "audio": audio, "price_per_second": rate}
                    for audio, rate in zip((False, True), rates, strict=True)
                ],
            }
        )
    sold = Catalog.model_validate(
        {"schema": 1, "name": "made-up", "as_of": dt.date(2026, 4, 9), "source": "made up", "models": models}
    )
    plain = [
        {"model": one["model"], "lengths": range(3, 16), "rank": {"720p": 3, "1080p": 5}[offer["resolution"]], **offer}
        for one in models
        for offer in one["offers"]
    ]
    return sold, plain


def clips(number: int, seed: int) -> list[Clip]:
    """Clips of random lengths."""
    rng = random.Random(seed)
    return [
        Clip(
            id="clip",
            seconds=Decimal(rng.randint(300, 1500)).scaleb(-2),
            resolution=rng.choice(("720p", None)),
            audio=rng.choice(("native", "none")),
        )
        for _ in range(number)
    ]


def by_hand(plain: Sequence[Sold], clip: Clip) -> tuple[str, Decimal]:
    """What most people would write: filter, then the least price, of equal ones the first."""
    best: tuple[str, Decimal] | None = None
    for offer in plain:
        if clip.audio == "native" and not offer["audio"]:
            continue
        if clip.resolution is not None and offer["rank"] < 3:
            continue
        length = next((length for length in offer["lengths"] if length >= clip.seconds), None)
        if length is None:
            continue
        price = offer["price_per_second"] * length
        if best is None or price < best[1]:
            best = offer["model"], price
    assert best is not None
    return best


def timed(call: Callable[[Clip], Any], over: Sequence[Clip]) -> list[float]:
    """Microseconds of each call, sorted."""
    clock, taken = time.perf_counter_ns, []
    for clip in over:
        start = clock()
        call(clip)
        taken.append((clock() - start) / 1e3)
    return sorted(taken)


def _row(
    name: str, rounds: Sequence[list[float]], target: str, met: Callable[[float, float], bool] | None
) -> tuple[str, ...]:
    """The median round by its median."""
    taken = sorted(rounds, key=lambda one: one[len(one) // 2])[len(rounds) // 2]
    middle, late = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    return (
        name,
        f"{middle:.2f} us",
        f"{late:.2f} us",
        target,
        "" if met is None else "yes" if met(middle, late) else "no",
    )


def _decisions(rounds: int) -> list[tuple[str, ...]]:
    """A remembered decision, and that it is the right one."""
    sold, plain = catalog(OFFERS, 1)
    router, asked = Router(sold, fallback={"across": "all"}, on=ON, remember=CLIPS), clips(CLIPS, 2)
    for clip in asked:
        found = router.route(clip)
        if (found.model, found.price_usd) != by_hand(plain, clip):
            raise WrongAnswerError(f"{found.model} at {found.price_usd} is not {by_hand(plain, clip)}")
    taken = [timed(router.route, asked) for _ in range(rounds)]
    return [
        _row(
            f"remembered, {OFFERS} offers",
            taken,
            "at most 2 us, 99th at most 5 times that",
            lambda m, n: m <= 2 and n <= 5 * m,
        )
    ]


def _new(offers: int, rounds: int) -> tuple[str, ...]:
    """A requirement that was never asked for."""
    sold, plain = catalog(offers, 1)
    asked = clips(CLIPS // (offers // 20), 3)
    taken = []
    for _ in range(rounds):
        router = Router(sold, fallback={"across": "all"}, on=ON, remember=1)
        for clip in clips(50, 4):
            router.route(clip)
        gc.collect()
        taken.append(timed(router.route, asked))
    for clip in asked[:500]:
        if (router.route(clip).model, router.route(clip).price_usd) != by_hand(plain, clip):
            raise WrongAnswerError(f"{router.route(clip).model} is not {by_hand(plain, clip)}")
    most = offers // OFFERS * 20
    return _row(f"new, {offers:,} offers", taken, f"at most {most} us", lambda middle, _: middle <= most)


def _plain(rounds: int) -> tuple[str, ...]:
    _, plain = catalog(OFFERS, 1)
    asked = clips(CLIPS, 3)
    taken = [timed(lambda clip: by_hand(plain, clip), asked) for _ in range(rounds)]
    return _row(f"beside it: plain filter and argmin, {OFFERS} offers", taken, "", None)


_ASK_LITELLM = """
import asyncio, json, sys, time, warnings
warnings.simplefilter("ignore")
start = time.process_time()
from litellm import Router
loaded = time.process_time() - start
deployments = [
    {"model_name": "video", "model_info": {"id": str(k)}, "litellm_params": {
        "model": f"openai/model-{k}", "api_key": "x", "input_cost_per_token": 1e-4 * (k + 1), "output_cost_per_token": 0.0}}
    for k in range(int(sys.argv[1]))
]
async def main():
    router, taken = Router(model_list=deployments, routing_strategy="cost-based-routing"), []
    for k in range(1050):
        start = time.perf_counter_ns()
        found = await router.async_get_available_deployment(
            model="video", messages=[{"role": "user", "content": "a boat"}], request_kwargs={})
        taken.append((time.perf_counter_ns() - start) / 1e3)
    assert found["model_info"]["id"] == "0", found
    print(json.dumps([loaded, sorted(taken[50:])]))
asyncio.run(main())
"""


def _litellm(rounds: int) -> tuple[str, ...]:
    """In a process of its own, where it is installed; it knows prices by the token only."""
    name = f"beside it: LiteLLM's Router, cost-based-routing, {OFFERS} deployments"
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "CRITICAL"}
    taken = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", _ASK_LITELLM, str(OFFERS)],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if done.returncode:
            missing = "ModuleNotFoundError" in done.stderr
            return name, "not installed" if missing else "failed", "", "", ""
        loaded, times = json.loads(done.stdout.splitlines()[-1])
        taken.append(times)
    return _row(f"{name} (its import takes {loaded:.1f} s)", taken, "", None)


def _with_budgets(rounds: int) -> list[tuple[str, ...]]:
    """Remembered, with the worst case set aside; settled between the calls, which is not timed."""
    sold, _ = catalog(OFFERS, 1)
    asked, rows = clips(CLIPS // 10, 2), []
    for name, in_file in (("in memory", False), ("in a SQLite file", True)):
        with tempfile.TemporaryDirectory() as folder:
            ledger = Path(folder) / "spend.db" if in_file else None
            limits = {"budget_usd": 10**9}
            router = Router(sold, fallback={"across": "all"}, limits=limits, ledger=ledger, on=ON, remember=CLIPS)
            for clip in asked:
                router.report(router.route(clip), "served")
            taken = []
            for _ in range(rounds):
                decided = []
                taken.append(timed(lambda clip: decided.append(router.route(clip)), asked))  # noqa: B023 - called at once
                for decision in decided:
                    router.report(decision, "served")
            router.ledger.close()
        rows.append(_row(f"remembered, with a budget {name}", taken, "", None))
    return rows


def _memory() -> tuple[str, ...]:
    """A million requirements that all differ, in a process of its own."""
    script = (
        "import resource, sys; from benchmarks.route import *; sold, _ = catalog(OFFERS, 1);"
        "router = Router(sold, fallback={'across': 'all'}, on=ON); rng = random.Random(5)\n"
        "def ask(n):\n"
        "    for _ in range(n):\n"
        "        router.route(Clip.model_construct(**{**base, 'seconds': Decimal(rng.randint(3_000_000, 15_000_000)).scaleb(-6)}))\n"
        "base = dict(Clip(id='clip', seconds=5)); ask(20_000)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; ask(int(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(DISTINCT)], capture_output=True, text=True, check=True)
    grown = int(done.stdout) / 1024
    return (
        f"memory taken by {DISTINCT:,} distinct requirements",
        f"{grown:.1f} MB",
        "",
        "bounded",
        "yes" if grown < 20 else "no",
    )


def _cold(rounds: int) -> list[tuple[str, ...]]:
    """Processor time of a process, less that of one that does nothing."""
    first = "import datetime as dt; from router.online import Router; Router(on=dt.date(2026, 4, 10)).route({'seconds': 10})"
    rows: list[tuple[str, ...]] = []
    idle = statistics.median(_child("pass") for _ in range(ROUNDS_COLD))
    for name, script, most in (
        ("import router", "import router", 30.0),
        ("first route() of a cold process", first, 250.0),
    ):
        taken = sorted(_child(script) - idle for _ in range(max(rounds, ROUNDS_COLD)))
        middle, late = taken[len(taken) // 2] * 1e3, taken[-1] * 1e3
        rows.append(
            (name, f"{middle:.0f} ms", f"{late:.0f} ms", f"under {most:.0f} ms", "yes" if middle < most else "no")
        )
    return rows


def _child(script: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", script], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
