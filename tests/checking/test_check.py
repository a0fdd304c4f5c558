"""The independent check agrees with the planner, and refuses every doctored plan by name."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import router
from router import checking
from router.checking.alone import check_alone, optimality
from router.checking.check import check, check_fully
from router.errors import CheckError
from router.schema.catalog import Catalog
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests.builders import ON, planned, scenario

GIVEN = scenario(
    [
        {
            "id": "hero",
            "seconds": 10,
            "count": 4,
            "resolution": "1080p",
            "audio": "native",
            "request": {"prompt": "a boat"},
        },
        {"id": "cut", "seconds": 40, "count": 2, "max_segments": 3, "audio": "deferred"},
        {"id": "dance", "seconds": "12.5", "mode": "motion-control", "resolution": "720p"},
        {"id": "extra", "seconds": 6, "count": 5, "value_usd": "0.50"},
    ],
    dubbing={"usd_per_second": "0.006"},
    outages={"availability": {"kling-3.0": Decimal("0.99"), "evolink": Decimal("0.999")}},
    fallback={"unserved_usd": 1},
    limits={"budget_usd": 15, "worst_case_usd": 40, "caps": [{"where": {"model": "kling-o3"}, "max_clips": 20}]},
)
CATALOGS = (Catalog.load("evolink"),)
GOOD = router.plan(GIVEN, on=ON)


def findings(plan: Plan) -> str:
    return "\n".join(check_fully(plan, GIVEN, CATALOGS, ON)[0])


def route(position: int = 0, **changes: Any) -> Plan:
    routes = list(GOOD.routes)
    routes[position] = routes[position].model_copy(update=changes)
    return GOOD.model_copy(update={"routes": tuple(routes)})


def step(number: int, **changes: Any) -> Plan:
    steps = list(GOOD.routes[0].chain)
    steps[number] = steps[number].model_copy(update=changes)
    return route(chain=tuple(steps))


def total(**changes: Any) -> Plan:
    return GOOD.model_copy(update={"totals": GOOD.totals.model_copy(update=changes)})


def limit(**changes: Any) -> Plan:
    return GOOD.model_copy(update={"limits": (GOOD.limits[0].model_copy(update=changes), *GOOD.limits[1:])})


def test_a_good_plan_passes_both_checks() -> None:
    assert findings(GOOD) == ""
    assert check_alone(GOOD, CATALOGS) == []
    assert GOOD.method == "solver"


MICRO = Decimal("0.000001")
DOCTORED: dict[str, tuple[Callable[[], Plan], str]] = {
    "a price": (lambda: route(price_usd=GOOD.routes[0].price_usd - MICRO), "price_usd is"),
    "an expected cost": (lambda: route(expected_usd=GOOD.routes[0].expected_usd - 3 * MICRO), "expected_usd is"),
    "a worst case": (lambda: route(worst_usd=GOOD.routes[0].worst_usd - MICRO), "worst_usd is"),
    "a count": (lambda: route(count=3), "says 3 clips where its counts add up to 4"),
    "counts": (lambda: route(count=3, counts=(3,)), "clip 'hero': 3 planned, 4 wanted"),
    "another clip": (lambda: route(clips=("nobody",)), "clip 'nobody': 4 planned, 0 wanted"),
    "a probability": (lambda: step(0, probability=0.5), "probability 0.5, should be"),
    "an availability": (lambda: step(1, availability=None), "misstates the availability of"),
    "a bill": (lambda: step(1, billed_usd=Decimal(1)), "its chain bills 1"),
    "a step's resolution": (lambda: step(1, resolution="720p"), "misstates what"),
    "a chain cut short": (lambda: route(chain=GOOD.routes[0].chain[:1]), "its chain is"),
    "segments": (lambda: route(segments=(Decimal(16),)), "cannot generate 16 s"),
    "billed seconds": (lambda: route(billed_seconds=Decimal(9)), "billed_seconds is 9"),
    "surplus": (lambda: route(surplus_seconds=Decimal(1)), "surplus_seconds is 1"),
    "a lower resolution": (lambda: route(resolution="720p"), "may not serve clip 'hero'"),
    "silence": (lambda: route(audio="none"), "may not serve clip 'hero'"),
    "an unknown model": (lambda: route(model="kling-9"), "no catalog sells this"),
    "an API name": (lambda: route(api_model="kling-v9"), "no catalog sells this"),
    "a dubbing price": (lambda: route(1, dubbing_usd=Decimal(0)), "dubbing_usd is 0"),
    "a chance of nothing": (lambda: route(unserved_probability=0.5), "unserved_probability is 0.5"),
    "the nominal total": (lambda: total(nominal_usd=Decimal(1)), "totals.nominal_usd is 1"),
    "the expected total": (lambda: total(expected_usd=GOOD.totals.expected_usd - 3 * MICRO), "totals.expected_usd"),
    "the worst total": (lambda: total(worst_usd=Decimal(1), worst_per_request_usd=Decimal(1)), "totals.worst_usd is 1"),
    "the objective": (lambda: total(objective_usd=Decimal(1)), "totals.objective_usd is 1"),
    "clips unserved": (lambda: total(unserved_expected=0.5), "totals.unserved_expected is 0.5"),
    "clips served": (lambda: total(served=1), "totals.served is 1"),
    "the status": (lambda: GOOD.model_copy(update={"status": "feasible"}), "status feasible with gap 0"),
    "the gap": (lambda: GOOD.model_copy(update={"gap": 0.1}), "gap 0.1"),
    "the bound": (lambda: GOOD.model_copy(update={"bound_usd": Decimal(99)}), "bound_usd 99 is above"),
    "a limit's value": (lambda: limit(value=Decimal(1)), "limits.budget_usd: the plan shows 1"),
    "a limit's bound": (lambda: limit(at_most=Decimal(99)), "limits.budget_usd: the plan shows the bound 99"),
    "a limit's slack": (lambda: limit(slack=Decimal(9)), "limits.budget_usd: the plan shows the slack 9"),
    "a limit taken out": (lambda: GOOD.model_copy(update={"limits": ()}), "the plan shows nothing"),
    "a baseline": (
        lambda: GOOD.model_copy(
            update={"baselines": (GOOD.baselines[0].model_copy(update={"expected_usd": Decimal(99)}),)}
        ),
        "baseline 'always",
    ),
    "a catalog's date": (
        lambda: GOOD.model_copy(
            update={"catalogs": (GOOD.catalogs[0].model_copy(update={"as_of": dt.date(2026, 1, 1)}),)}
        ),
        "priced with evolink as of 2026-01-01",
    ),
    "what was left out": (
        lambda: GOOD.model_copy(update={"left_out": (GOOD.left_out[0].model_copy(update={"value_usd": Decimal(9)}),)}),
        "is worth 0.50",
    ),
    "a must-have left out": (
        lambda: GOOD.model_copy(update={"left_out": (GOOD.left_out[0].model_copy(update={"clips": ("hero",)}),)}),
        "has no value and must be made",
    ),
    "a request's model": (lambda: route(request=body(model="cheap")), "its request's model is 'cheap'"),
    "a request's length": (lambda: route(request=body(duration=3)), "its request's duration is 3"),
    "a request's quality": (lambda: route(request=body(quality="720p")), "its request's quality is 720p"),
    "a request's sound": (lambda: route(request=body(sound="off")), "its request's sound is off"),
    "a request's prompt": (lambda: route(request=body(prompt="a car")), "does not carry the clip's own request.prompt"),
    "a request's address": (
        lambda: route(request=GOOD.routes[0].request.model_copy(update={"url": "https://x.example"})),
        "its request goes to",
    ),  # type: ignore[union-attr]
    "requests of segments": (lambda: route(1, further_requests=()), "has 1 requests for 3 segments"),
}


def body(**changes: Any) -> Any:
    request = GOOD.routes[0].request
    assert request is not None
    return request.model_copy(update={"body": {**request.body, **changes}})


@pytest.mark.parametrize("what", DOCTORED)
def test_a_doctored_plan_is_refused_by_name(what: str) -> None:
    make, message = DOCTORED[what]
    assert message in findings(make())


ALONE = (
    "a price", "a worst case", "a count", "counts", "a probability", "a bill", "segments", "surplus", "the nominal total",
    "the worst total", "the objective", "clips unserved", "clips served", "the status", "the gap", "the bound", "a limit's value",
    "a limit's slack", "a baseline", "a catalog's date", "an unknown model",
)  # fmt: skip


@pytest.mark.parametrize("what", ALONE)
def test_much_of_it_shows_without_the_scenario(what: str) -> None:
    assert check_alone(DOCTORED[what][0](), CATALOGS) != []


def test_a_plan_that_fails_the_check_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    from router import pipeline

    real = pipeline.totals
    monkeypatch.setattr(pipeline, "totals", lambda *a: real(*a).model_copy(update={"nominal_usd": Decimal(1)}))
    with pytest.raises(CheckError, match=r"totals.nominal_usd is 1, should be"):
        router.plan(GIVEN, on=ON)


def test_a_limit_that_the_routes_break_is_named() -> None:
    tight = GIVEN.model_copy(update={"limits": GIVEN.limits.model_copy(update={"budget_usd": Decimal(14)})})
    assert "limits.budget_usd: uses" in "\n".join(check(GOOD, tight, CATALOGS, ON))


def test_the_bound_without_limits_is_proved_again() -> None:
    free = GIVEN.model_copy(update={"limits": GIVEN.limits.model_copy(update={"budget_usd": None})})
    plan = router.plan(free, on=ON)
    assert plan.method == "argmin"
    assert check_fully(plan, free, CATALOGS, ON) == ([], plan.totals.objective_usd)
    assert plan.totals.objective_usd < GOOD.totals.objective_usd


def test_the_check_shares_no_code_with_the_planner() -> None:
    folder = Path(checking.__file__).parent
    modules = {
        name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if name.startswith("router")
    }
    assert {name.split(".")[1] for name in modules} <= {"schema", "checking"}


def test_equal_parts_that_no_decimal_can_hold_are_checked_exactly() -> None:
    clip = {"id": "c", "seconds": 22, "mode": "motion-control", "reference": "image", "max_segments": 3}
    plan = router.plan(scenario([clip]), on=ON)
    assert len(plan.routes[0].segments) == 3
    assert check_alone(plan, CATALOGS) == []
    assert (
        Scenario.model_validate(scenario([clip]).model_dump(by_alias=True, exclude={"catalogs"})).clips
        == scenario([clip]).clips
    )


def test_a_plan_that_is_not_proven_may_be_as_near_to_its_bound_as_it_likes_but_not_at_it() -> None:
    # Half a thousandth of a dollar of $1,250,000 is a gap of 4e-10; at the bound itself the plan would be proven.
    plan = planned([{"id": "c", "seconds": 10, "resolution": "1080p", "audio": "native", "count": 1_000_000}])
    bound = plan.totals.objective_usd - Decimal("0.0005")
    near = plan.model_copy(update={"status": "feasible", "gap": 4e-10, "bound_usd": bound})
    assert list(optimality(near)) == []
    at_it = near.model_copy(update={"gap": 0.0, "bound_usd": plan.totals.objective_usd})
    assert "status feasible with gap 0.0 does not follow" in next(optimality(at_it))
    claimed = plan.model_copy(update={"bound_usd": plan.totals.objective_usd / 2, "gap": 0.5})
    assert "status optimal with gap 0.5 does not follow" in next(optimality(claimed))
