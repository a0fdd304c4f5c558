"""``scenarios/every-limit.toml`` against all of its plans, gone through one by one, and what each of its limits costs.

Everything here is restated from the two files by hand; no code of the planner works out a cost or a limit.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import router
from router.schema.scenario import Cap

FILE = Path(__file__).resolve().parent.parent / "scenarios" / "every-limit.toml"

USD_A_SECOND = {("plain", 720): 0.05, ("plain", 1080): 0.08, ("fine", 1080): 0.14, ("swift", 1080): 0.11}
QUALITY = {"plain": 6, "fine": 9, "swift": 8}
SPEED = {"plain": 12, "fine": 30, "swift": 6}
AT_ONCE = {"plain": 4, "fine": 2, "swift": 4}
UP = {"plain": 1.0, "fine": 0.98, "swift": 0.96}
UNSERVED = 3.0
LIMITS = (
    *("budget_usd", "worst_case_usd", "cvar", "mean_quality_min", "deadline_minutes", "groups"),
    *(f"caps.{position}" for position in range(5)),
)
STATES = [
    ({"plain": 1, "fine": f, "swift": s}, (0.98, 0.02)[1 - f] * (0.96, 0.04)[1 - s]) for f in (1, 0) for s in (1, 0)
]

FIELDS = (
    *("counted", "north", "south", "expected"),  # value left out and penalties; list price by provider; cost
    *(f"mean {state}" for state in range(4)),
    *(f"worst {state}" for state in range(4)),
    *("points", "finals", "made", "on south", "fine", "1080p", "720p", "plain seconds", "fine usd"),
    *(f"minutes {model}" for model in AT_ONCE),
    *(f"longest {model}" for model in AT_ONCE),  # of which the largest counts, not the sum
    *("film north", "film south"),
)
AT = {name: position for position, name in enumerate(FIELDS)}
LONGEST = slice(AT["longest plain"], AT["longest swift"] + 1)


class Way(NamedTuple):
    """One way to make a clip."""

    model: str
    resolution: int
    penalty: float = 0.0


PLAIN, PLAIN_720, FINE, SWIFT = Way("plain", 1080), Way("plain", 720), Way("fine", 1080), Way("swift", 1080)
DEGRADED = Way("plain", 720, 0.35)


def uses(way: Way | None, seconds: int, *, takes: int = 1, draft: bool = False, film: bool = False) -> list[float]:
    """What one clip uses; None: it is left out, at its value of 1."""
    use = dict.fromkeys(FIELDS, 0.0)
    if way is None:
        return list((use | {"counted": 1.0}).values())
    price = USD_A_SECOND[way[:2]] * seconds
    # Half of the takes of plain are kept: with two at most there are 1.5 on average.
    most = takes if way.model == "plain" else 1
    mean = price * (1 if most == 1 else 1.5)
    provider = "south" if way.model == "swift" else "north"
    use |= {"counted": way.penalty, provider: UP[way.model] * mean}
    use["expected"] = UP[way.model] * mean + (1 - UP[way.model]) * UNSERVED
    for state, (up, _) in enumerate(STATES):
        use |= {f"mean {state}": mean if up[way.model] else UNSERVED}
        use |= {f"worst {state}": price * most if up[way.model] else UNSERVED}
    use |= {"made": 1, "on south": provider == "south", f"{way.resolution}p": 1}
    use |= {} if draft else {"points": QUALITY[way.model], "finals": 1}
    use |= {"plain seconds": seconds} if way.model == "plain" else {}
    use |= {"fine": 1, "fine usd": price} if way.model == "fine" else {}
    use |= {f"{what} {way.model}": SPEED[way.model] * seconds * most / 60 for what in ("minutes", "longest")}
    use |= {f"film {provider}": 1} if film else {}
    return [float(amount) for amount in use.values()]


def splits(count: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to give ``count`` clips to so many options."""
    if parts == 1:
        yield (count,)
        return
    for first in range(count + 1):
        yield from ((first, *rest) for rest in splits(count - first, parts - 1))


def both(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Every row of the one with every row of the other."""
    total = one[:, None, :] + other[None, :, :]
    total[:, :, LONGEST] = np.maximum(one[:, None, LONGEST], other[None, :, LONGEST])
    return total.reshape(-1, len(FIELDS))


def gone_through(options: Sequence[tuple[int, list[list[float]]]]) -> np.ndarray[Any, Any]:
    """What every way to split these (clips, their options) uses, one row each."""
    plans = np.zeros((1, len(FIELDS)))
    for count, own in options:
        table = np.array(own)
        rows = []
        for split in splits(count, len(own)):
            row = np.array(split) @ table
            row[LONGEST] = (table[:, LONGEST] * (np.array(split) > 0)[:, None]).max(axis=0)
            rows.append(row)
        plans = both(plans, np.array(rows))
    return plans


@cache
def least_by_broken() -> dict[frozenset[str], float]:
    """The least objective of all plans that break exactly these limits."""
    film = gone_through([
        (2, [uses(way, 10, film=True) for way in (FINE, SWIFT)]),
        (4, [uses(way, 8, film=True) for way in (PLAIN, DEGRADED, FINE, SWIFT)]),
    ])  # fmt: skip
    others = gone_through([
        (2, [uses(way, 10, draft=True) for way in (PLAIN_720, PLAIN, FINE, SWIFT)]),
        (6, [uses(way, 5, takes=2) for way in (PLAIN_720, PLAIN, FINE, SWIFT)]),
        (2, [uses(way, 10) for way in (PLAIN, DEGRADED, FINE, SWIFT, None)]),
    ])  # fmt: skip
    assert (len(film), len(others)) == (3 * 35, 10 * 84 * 15)
    least_of = np.full(1 << len(LIMITS), np.inf)
    for row, packs in itertools.product(film, range(3)):
        objective, over = settled(both(row[None], others), packs)
        broken = sum((over[name] > 1e-9).astype(int) << position for position, name in enumerate(LIMITS))
        np.minimum.at(least_of, broken, objective)
    return {
        frozenset(name for position, name in enumerate(LIMITS) if broken >> position & 1): float(objective)
        for broken, objective in enumerate(least_of)
    }


def settled(plans: np.ndarray[Any, Any], packs: int) -> tuple[np.ndarray[Any, Any], dict[str, np.ndarray[Any, Any]]]:
    """The objective, and by limit how far it is broken, with so many packs bought.

    A pack is $3 of north for $2.50; south takes 20 % off what is spent above $3.
    """

    def of(name: str) -> np.ndarray[Any, Any]:
        return plans[:, AT[name]]

    saving = np.minimum(3 * packs, of("north")) - 2.5 * packs + 0.2 * np.maximum(0, of("south") - 3)
    mean, worst = (np.stack([of(f"{what} {state}") for state in range(4)]) for what in ("mean", "worst"))
    order = np.argsort(-mean, axis=0)
    chances = np.array([chance for _, chance in STATES])[order]
    shares = np.minimum(chances, np.maximum(0, 0.05 - (np.cumsum(chances, axis=0) - chances)))
    tail = (shares * np.take_along_axis(mean, order, axis=0)).sum(axis=0) / 0.05
    times = [of(f"minutes {model}") / slots + of(f"longest {model}") for model, slots in AT_ONCE.items()]
    expected = of("expected") - saving
    return expected + of("counted"), {
        "budget_usd": expected - 11,
        "worst_case_usd": worst.max(axis=0) - saving - 24,
        "cvar": tail - saving - 22.5,
        "mean_quality_min": 7 * of("finals") - of("points"),
        "deadline_minutes": np.max(times, axis=0) - 13,
        "groups": np.minimum(of("film north"), of("film south")),
        "caps.0": np.maximum(of("on south") - 0.5 * of("made"), 2 - of("on south")),
        "caps.1": of("plain seconds") - 60,
        "caps.2": np.maximum(4 - of("fine"), of("fine usd") - 8),
        "caps.3": 0.75 * of("made") - of("1080p"),
        "caps.4": of("720p") - 4,
    }


def least(*dropped: str) -> Decimal:
    """The least objective of all plans that keep the limits which are not dropped."""
    found = min(objective for broken, objective in least_by_broken().items() if broken <= {*dropped})
    return Decimal(f"{found:.6f}")


def planned(*dropped: str) -> router.Plan:
    scenario = router.Scenario.load(FILE)
    limits = scenario.limits
    caps = tuple(cap for position, cap in enumerate(limits.caps) if f"caps.{position}" not in dropped)
    others: dict[str, Any] = {name: None for name in dropped if not name.startswith("caps")}
    changed = scenario.model_copy(update={"limits": limits.model_copy(update={**others, "caps": caps})})
    return router.plan(changed, on=dt.date(2026, 4, 10), shadow_prices=False)


def test_the_scenario_has_the_limits_that_are_gone_through() -> None:
    scenario = router.Scenario.load(FILE)
    assert scenario.limits.model_fields_set == {*(name for name in LIMITS if "." not in name), "caps"}
    assert {name for cap in scenario.limits.caps for name in cap.model_fields_set} == {*Cap.model_fields}


@pytest.mark.parametrize("dropped", [(), *itertools.combinations(LIMITS, 1), LIMITS], ids=" ".join)
def test_no_plan_is_better_with_all_limits_without_one_of_them_or_without_all(dropped: tuple[str, ...]) -> None:
    plan = planned(*dropped)

    assert plan.status == "optimal"
    assert plan.totals.objective_usd == least(*dropped)


def test_six_limits_each_cost_something_alone() -> None:
    costly = {name for name in LIMITS if least(name) < least()}

    assert costly == {"worst_case_usd", "deadline_minutes", "groups", "caps.1", "caps.2", "caps.3"}
    assert least() - least(*LIMITS) == Decimal("2.828")
