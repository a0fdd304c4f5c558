"""A pipeline of 1,000 clips against a provider on loopback: outages, failures, answers that come too late.

This is also how a pipeline is meant to use the router.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from router.errors import CircuitOpenError, OverBudgetError
from router.online import Decision, Health, Outcome, Router
from tests.online.provider import Provider
from tests.online.shop import ON

CLIPS = 1000
AT_ONCE = 40


class Pipeline:
    """Makes clips one by one, many at once."""

    def __init__(self, router: Router, session: aiohttp.ClientSession, base: str, timeout_seconds: float) -> None:
        self._router, self._session, self._base = router, session, base
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self.served: Counter[int] = Counter()
        self.accounted: Counter[str] = Counter()

    async def make(self, number: int, clip: dict[str, Any]) -> None:
        try:
            decision = await self.begun(clip)
        except OverBudgetError:
            self.accounted["over budget"] += 1
            return
        while decision is not None:
            outcome, billed = await self.submit(number, decision)
            await self._router.areport(decision, outcome, billed)
            if outcome is Outcome.UNKNOWN:
                # The chain must not go on: the job may have been taken in. Ask for it until it is clear.
                outcome, billed = await self.looked_up(number, decision)
                await self._router.areport(decision, outcome, billed)
            if outcome is Outcome.SERVED:
                self.served[number] += 1
                return
            decision = await self._router.anext(decision)
        self.accounted["nobody made it"] += 1

    async def begun(self, clip: dict[str, Any]) -> Decision | None:
        while True:
            try:
                return await self._router.aroute(clip)
            except CircuitOpenError as everything_down:
                await asyncio.sleep(everything_down.retry_after_seconds)

    async def submit(self, number: int, decision: Decision) -> tuple[Outcome, Decimal | None]:
        (request,) = decision.requests
        url = request.url.replace("https://api.evolink.ai", self._base)
        headers = {"X-Reference": self.reference(number, decision)}
        try:
            async with self._session.post(url, json=request.body, headers=headers, timeout=self._timeout) as answer:
                if answer.status == 503:
                    return Outcome.UNAVAILABLE, None
                return ended(await answer.json())
        except TimeoutError:
            return Outcome.UNKNOWN, None

    async def looked_up(self, number: int, decision: Decision) -> tuple[Outcome, Decimal | None]:
        query = {"reference": self.reference(number, decision)}
        async with self._session.get(f"{self._base}/v1/tasks", params=query) as answer:
            return ended(await answer.json())

    def reference(self, number: int, decision: Decision) -> str:
        return f"clip-{number}-step-{decision.step}"


def ended(told: dict[str, str]) -> tuple[Outcome, Decimal | None]:
    if told["status"] == "cancelled":
        return Outcome.UNAVAILABLE, None
    billed = Decimal(told["billed_usd"])
    if told["status"] == "completed":
        return Outcome.SERVED, billed
    return (Outcome.FAILED_BILLED, billed) if billed else (Outcome.FAILED_UNBILLED, None)


def a_clip(rng: random.Random) -> dict[str, Any]:
    return {
        "seconds": rng.randint(3, 15),
        "resolution": rng.choice(("720p", "1080p")),
        "audio": rng.choice(("native", "none")),
        "request": {"prompt": "a boat"},
    }


@pytest.mark.parametrize(
    ("where", "budget_usd"),
    [(lambda _folder: None, 3000), (lambda folder: folder / "spend.db", 400)],
    ids=["in memory, money for all", "in a file, money for some"],
)
def test_every_clip_is_served_once_or_accounted_for_and_spend_equals_the_providers_ledger(
    where: Callable[[Path], Path | None], budget_usd: int, tmp_path: Path
) -> None:
    asyncio.run(campaign(where(tmp_path), budget_usd))


async def campaign(ledger: Path | None, budget_usd: int) -> None:
    rng = random.Random(7)
    provider = Provider(random.Random(8))
    # What the provider really does with failures is learnt from its bills; the worst case has to allow for them.
    rates = {name: Decimal("0.1") for name in ("kling-3.0", "kling-o3")}
    router = Router(
        limits={"budget_usd": budget_usd},
        failure_rate=rates,
        ledger=ledger,
        on=ON,
        health=Health(cool_down_seconds=0.01),
    )
    runner = web.AppRunner(provider.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (host, port), *_ = runner.addresses
    async with aiohttp.ClientSession() as session:
        pipeline = Pipeline(router, session, f"http://{host}:{port}", timeout_seconds=provider.late_seconds / 2)
        waiting = iter(enumerate(a_clip(rng) for _ in range(CLIPS)))

        async def worker() -> None:
            for number, clip in waiting:
                await pipeline.make(number, clip)

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    await runner.cleanup()

    assert max(pipeline.served.values()) == 1
    assert len(pipeline.served) + pipeline.accounted.total() == CLIPS
    completed = sum(job["status"] == "completed" for job in provider.jobs.values())
    assert completed == len(pipeline.served)
    (account,) = router.ledger.accounts()
    assert account.reserved == 0
    assert Decimal(account.spent).scaleb(-6) == provider.billed_usd
    assert provider.billed_usd <= budget_usd
    assert router.ledger.open_reservations() == []
    assert len(pipeline.served) > CLIPS / 10, "hardly anything was made: the test shows nothing"
    router.ledger.close()
