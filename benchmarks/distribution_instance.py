"""The instance of ``distribution``, made from a seed: six models drawn up or down once per run, 250 routes of different prices."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.schema.exposure import Attempt, Chances, Exposure

MODELS = 6
ROUTES = 250
Array: TypeAlias = NDArray[Any]
CENT = 10_000
"""Micro-dollars; every price is a whole number of cents."""
LEVELS = (0.5, 0.9, 0.95, 0.99)
TAIL = 0.95


@dataclass(frozen=True, slots=True)
class Figures:
    """What is asked of a distribution, micro-dollars."""

    mean: float
    quantiles: tuple[float, ...]
    """At ``LEVELS``."""
    cvar: float
    """At ``TAIL``."""


@dataclass(frozen=True, slots=True)
class Market:
    """Models and routes, as arrays."""

    availability: Array
    """By model."""
    failure_rate: Array
    billed: Array
    """Whether a failure of the model is billed."""
    order: Array
    """Shape (routes, steps): the model that a route tries at each step."""
    prices: Array
    """Shape (routes, steps), micro-dollars."""
    unserved: int

    def counts(self, clips: int) -> Array:
        """How many clips each route has."""
        each, more = divmod(clips, len(self.order))
        return each + (np.arange(len(self.order)) < more)

    def chances(self, clips: int) -> Chances:
        """The same for the planner."""
        exposures = [
            Exposure(
                tuple(
                    Attempt(
                        provider="p",
                        model=f"m{model}",
                        billed=int(price),
                        availability=float(self.availability[model]),
                        failure_rate=float(self.failure_rate[model]),
                        bills_failures="yes" if self.billed[model] else "no",
                    )
                    for model, price in zip(models, prices, strict=True)
                ),
                takes=1,
                count=int(count),
            )
            for models, prices, count in zip(self.order, self.prices, self.counts(clips), strict=True)
        ]
        return Chances(tuple(exposures), {}, self.unserved, correlation="per-run")

    def states(self) -> Iterator[tuple[float, Array]]:
        """(probability, which models are up) of all 64 outage states."""
        for state in itertools.product((True, False), repeat=MODELS):
            up = np.array(state)
            yield float(np.prod(np.where(up, self.availability, 1 - self.availability))), up

    def clip_laws(self, up: Array) -> list[dict[int, float]]:
        """For each route, what one clip costs in a state, with probabilities: down the chain by hand, nothing of the planner's."""
        laws: list[dict[int, float]] = []
        for models, prices in zip(self.order, self.prices, strict=True):
            law: dict[int, float] = {}
            spent, reach = 0, 1.0
            for model, price in zip(models, prices.tolist(), strict=True):
                if up[model]:
                    failing = float(self.failure_rate[model])
                    law[spent + price] = law.get(spent + price, 0.0) + reach * (1 - failing)
                    spent += price if self.billed[model] else 0
                    reach *= failing
            law[spent + self.unserved] = law.get(spent + self.unserved, 0.0) + reach
            laws.append(law)
        return laws


def market(seed: int) -> Market:
    """Models up 97 to 99.9 % of the time that fail in 1 to 3 % of requests, half of them billing that; prices from $0.20 to $4."""
    dice = random.Random(seed)
    availability = np.array([dice.randrange(970, 1000) / 1000 for _ in range(MODELS)])
    failure_rate = np.array([dice.randrange(100, 301) / 10_000 for _ in range(MODELS)])
    billed = np.array(dice.sample((True, False) * (MODELS // 2), MODELS))
    order, prices = [], []
    for _ in range(ROUTES):
        scale = dice.uniform(0.3, 2.4)
        by_model = [round(scale * (1 + 0.12 * rank) * dice.uniform(0.9, 1.1) * 100) * CENT for rank in range(MODELS)]
        chain = sorted(range(MODELS), key=by_model.__getitem__)
        order.append(chain)
        prices.append([by_model[model] for model in chain])
    return Market(availability, failure_rate, billed, np.array(order), np.array(prices), 500 * CENT)
