"""A video provider on loopback: it is down at times, fails, bills, and now and then answers too late. It keeps its own ledger.

Prices are written down here once more, in cents a second, so that what it bills owes nothing to the catalog.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiohttp import web

CENTS_A_SECOND = {
    ("kling-v3-text-to-video", "720p", "off"): Decimal("7.5"),
    ("kling-v3-text-to-video", "720p", "on"): Decimal("11.3"),
    ("kling-v3-text-to-video", "1080p", "off"): Decimal("10"),
    ("kling-v3-text-to-video", "1080p", "on"): Decimal("15"),
    ("kling-o3-text-to-video", "720p", "off"): Decimal("7.5"),
    ("kling-o3-text-to-video", "720p", "on"): Decimal("10"),
    ("kling-o3-text-to-video", "1080p", "off"): Decimal("10"),
    ("kling-o3-text-to-video", "1080p", "on"): Decimal("12.5"),
}


@dataclass
class Provider:
    """``POST /v1/videos/generations`` submits; ``GET /v1/tasks?reference=`` says what became of a job, or that none will come."""

    rng: random.Random
    late_seconds: float = 1.0
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the caller's reference."""
    down: set[str] = field(default_factory=set)
    void: set[str] = field(default_factory=set)
    """References that were asked for before any job came under them."""
    requests: int = 0

    @property
    def billed_usd(self) -> Decimal:
        """What was billed in all."""
        return sum((job["billed"] for job in self.jobs.values()), Decimal(0))

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/videos/generations", self.submit)
        app.router.add_get("/v1/tasks", self.task)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        body, reference = await request.json(), request.headers["X-Reference"]
        self.requests += 1
        if self.requests % 10 == 0:
            self.down = {model for model, *_ in CENTS_A_SECOND if self.rng.random() < 0.3}
        if reference in self.void:
            return web.json_response({"error": "cancelled"}, status=409)
        if body["model"] in self.down:
            return web.json_response({"error": "model down"}, status=503)
        assert reference not in self.jobs, "a job was submitted twice under one reference"
        price = CENTS_A_SECOND[body["model"], body["quality"], body["sound"]] * body["duration"] / 100
        ending = self.rng.choices(("completed", "failed", "failed and billed"), (90, 6, 4))[0]
        self.jobs[reference] = {"status": ending, "billed": Decimal(0) if ending == "failed" else price}
        if self.rng.random() < 0.05:
            await asyncio.sleep(self.late_seconds)
        return web.json_response(self.told(reference))

    async def task(self, request: web.Request) -> web.Response:
        reference = request.query["reference"]
        if reference in self.jobs:
            return web.json_response(self.told(reference))
        self.void.add(reference)
        return web.json_response({"status": "cancelled"})

    def told(self, reference: str) -> dict[str, str]:
        job = self.jobs[reference]
        return {"status": job["status"].split()[0], "billed_usd": str(job["billed"])}
