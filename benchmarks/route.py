"""Question ``route``: one decision ahead of the API call, beside LiteLLM's cost-based routing and a plain filter and argmin.

Five providers sell models in two resolutions, silent and with sound, by the second and by fixed lengths. Clips ask for random lengths to a
hundredth of a second. Every decision of ours that is timed is compared with the plain search.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.clock import Spread
from benchmarks.markdown import shown, yes
from benchmarks.result import Line, Table, WrongAnswerError
from router.online import Router
from router.schema.catalog import Catalog
from router.schema.scenario import Clip

ON = dt.date(2026, 4, 10)
OFFERS = 20
SIZES = (20, 100, 1000)
CLIPS = 20_000
DISTINCT = 1_000_000
ROUNDS_COLD = 15
IMPORT = "`from litellm import Router`"
Sold = dict[str, Any]


def route(rounds: int, _: float) -> Table:
    """``rounds`` repetitions of each row; the median of the medians counts."""
    beside = {offers: _plain(offers, rounds) for offers in SIZES}
    calls, loading = _litellm(rounds)
    remembered, *others = [_remembered(rounds), *_with_budgets(rounds)]
    first = [_new(offers, rounds) for offers in SIZES]
    memory = _memory()
    *cold, floor = _cold(rounds)
    pairs = [
        (remembered, beside[OFFERS]),
        (remembered, calls),
        *zip(first, beside.values(), strict=True),
        *((own, beside[OFFERS]) for own in others),
        *((own, floor) for own in cold),
        (cold[-1], loading),
    ]
    rows = [remembered, calls, *(one for pair in zip(first, beside.values(), strict=True) for one in pair), *others]
    return Table(
        "route",
        ("question", "median", "least to most of the rounds", "99th of 100", "target", "met"),
        (*(one.cells() for one in rows), memory, *(one.cells() for one in (*cold, floor, loading))),
        (
            "wall time of single calls, with other jobs on the machine; the garbage collector as it is; "
            "of processes and imports, processor time above that of a process that does nothing",
        ),
        (
            *(_line(*pair) for pair in pairs if pair[1].rounds),
            Line(memory[0], target=memory[-2], met=memory[-1] == "yes"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Timed:
    """Calls of one kind, timed in rounds."""

    name: str
    rounds: Sequence[Sequence[float]]
    """Seconds of each call, sorted; none where it could not be run."""
    target: str = ""
    limits: tuple[float, float] = (math.inf, math.inf)
    """Of the median, seconds, and of the 99th of 100, in medians."""
    instead: str = ""
    """What to show where it could not be run."""
    base: float = 0.0
    """Seconds of a process that does nothing, taken off: in a ratio it counts, for a small difference of two times is mostly noise."""

    @property
    def middle(self) -> Sequence[float]:
        """The median round by its median."""
        return sorted(self.rounds, key=statistics.median)[len(self.rounds) // 2]

    @property
    def median(self) -> float:
        """Of the median round."""
        return statistics.median(self.middle)

    @property
    def late(self) -> float:
        """The 99th of 100 of the median round; with few calls, the last."""
        return self.middle[len(self.middle) * 99 // 100]

    @property
    def met(self) -> bool | None:
        """None where nothing was aimed at."""
        most, times = self.limits
        return self.median <= most and self.late <= times * self.median if self.target else None

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        if not self.rounds:
            return self.name, self.instead, "", "", "", ""
        spread = Spread.of([statistics.median(each) for each in self.rounds])
        between = f"{shown(spread.least)} to {shown(spread.most)}"
        return self.name, shown(self.median), between, shown(self.late), self.target, yes(self.met)


def _line(own: Timed, peer: Timed) -> Line:
    ratio = (own.base + peer.median) / (own.base + own.median)
    return Line(f"{own.name}; {peer.name}", ratio, ours_seconds=own.median, target=own.target, met=own.met)


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
    """Seconds of each call, sorted."""
    clock, taken = time.perf_counter_ns, []
    for clip in over:
        start = clock()
        call(clip)
        taken.append((clock() - start) / 1e9)
    return sorted(taken)


def _remembered(rounds: int) -> Timed:
    """A remembered decision, and that it is the right one."""
    sold, plain = catalog(OFFERS, 1)
    router, asked = Router(sold, fallback={"across": "all"}, on=ON, remember=CLIPS), clips(CLIPS, 2)
    for clip in asked:
        found = router.route(clip)
        if (found.model, found.price_usd) != by_hand(plain, clip):
            raise WrongAnswerError(f"{found.model} at {found.price_usd} is not {by_hand(plain, clip)}")
    taken = [timed(router.route, asked) for _ in range(rounds)]
    return Timed(f"remembered, {OFFERS} offers", taken, "at most 2 us, 99th at most 5 times that", (2e-6, 5))


def _new(offers: int, rounds: int) -> Timed:
    """A requirement that was never asked for."""
    sold, plain = catalog(offers, 1)
    asked = _asked(offers)
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
    return Timed(f"new, {offers:,} offers", taken, f"at most {most} us", (most / 1e6, math.inf))


def _asked(offers: int) -> list[Clip]:
    return clips(CLIPS // (offers // OFFERS), 3)


def _plain(offers: int, rounds: int) -> Timed:
    _, plain = catalog(offers, 1)
    asked = _asked(offers)
    taken = [timed(lambda clip: by_hand(plain, clip), asked) for _ in range(rounds)]
    return Timed(f"plain filter and argmin, {offers:,} offers", taken)


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
        taken.append((time.perf_counter_ns() - start) / 1e9)
    assert found["model_info"]["id"] == "0", found
    print(json.dumps([loaded, sorted(taken[50:])]))
asyncio.run(main())
"""


def _litellm(rounds: int) -> tuple[Timed, Timed]:
    """Calls of its router, and its import: in a process of its own, where it is installed; it knows prices by the token only."""
    name = f"LiteLLM's Router, cost-based-routing, {OFFERS} deployments"
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "CRITICAL"}
    taken, imports = [], []
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
            instead = "not installed" if missing else "failed"
            return Timed(name, (), instead=instead), Timed(IMPORT, (), instead=instead)
        loaded, times = json.loads(done.stdout.splitlines()[-1])
        taken.append(times)
        imports.append([loaded])
    return Timed(name, taken), Timed(IMPORT, imports)


def _with_budgets(rounds: int) -> list[Timed]:
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
        rows.append(Timed(f"remembered, with a budget {name}", taken))
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
        "",
        "bounded",
        yes(grown < 20),
    )


def _cold(rounds: int) -> list[Timed]:
    """Processor time of processes, less that of one that does nothing, all in turn; last the yardstick."""
    first = "import datetime as dt; from router.online import Router; Router(on=dt.date(2026, 4, 10)).route({'seconds': 10})"
    asked = (
        ("import router", "import router", 0.03),
        ("first route() of a cold process", first, 0.25),
        ("bare `import pydantic`", "import pydantic", None),
    )
    idle: list[float] = []
    times: dict[str, list[float]] = {name: [] for name, _, _ in asked}
    for _ in range(max(rounds, ROUNDS_COLD)):
        idle.append(_child("pass"))
        for name, script, _ in asked:
            times[name].append(_child(script))
    nothing = statistics.median(idle)
    found = []
    for name, _, most in asked:
        target = "" if most is None else f"at most {most * 1e3:.0f} ms"
        limits = (most or math.inf, math.inf)
        found.append(Timed(name, [[each - nothing] for each in times[name]], target, limits, base=nothing))
    return found


def _child(script: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", script], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
