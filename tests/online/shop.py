"""A small market for tests of single decisions: three models at two providers, a dollar or so for ten seconds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from router.online import Router
from tests.builders import catalog, model

ON = dt.date(2026, 4, 10)
CLIP = {"seconds": 10}


class Clock:
    """A clock that stands until it is told to move."""

    def __init__(self, now: float = 1_775_822_400.0) -> None:  # 2026-04-10 12:00 UTC
        self.now = now

    def __call__(self) -> float:
        return self.now


def prices(rate: str) -> list[dict[str, Any]]:
    return [{"audio": False, "price_per_second": rate}]


def shop(**fields: dict[str, Any]) -> Any:
    """10 s cost $1.00 on ``a``, $1.50 on ``b``, both at provider p, and $2.00 on ``c`` at provider q; ``fields`` by model add to that."""
    usual: dict[str, dict[str, Any]] = {
        "a": {"rate": "0.10"},
        "b": {"rate": "0.15"},
        "c": {"rate": "0.20", "provider": "q"},
    }
    entries = {name: {**own, **fields.get(name, {})} for name, own in usual.items()}
    return catalog(*(model(name, prices(own.pop("rate")), **own) for name, own in entries.items()))


def router(rates: dict[str, dict[str, Any]] | None = None, **settings: Any) -> Router:
    """A router over that market, whose chains go across providers."""
    return Router(shop(**(rates or {})), **{"fallback": {"across": "all"}, "on": ON, **settings})


def taken(own: Router) -> dict[str, tuple[int, int]]:
    """Cents reserved and spent, by account."""
    return {one.account: (one.reserved // 10_000, one.spent // 10_000) for one in own.ledger.accounts()}
