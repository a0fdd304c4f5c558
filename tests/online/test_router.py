"""Single decisions: what is chosen, what follows, and what is refused."""

from __future__ import annotations

import json
import sys
import threading
import time
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from router.errors import (
    CircuitOpenError,
    InputError,
    NoPlanError,
    NotWorthItError,
    OverBudgetError,
    RefusalError,
    UnresolvedError,
)
from router.online import Decision, Health, Outcome, Router
from router.schema.scenario import Clip
from tests.online.shop import CLIP, ON, Clock, router, taken


def test_a_decision_says_what_to_submit_what_it_costs_and_why() -> None:
    found = router().route(CLIP)
    assert (found.provider, found.model, found.segments) == ("p", "a", (10,))
    # Nothing states an availability, so a is taken to be up, and may be down in the worst case: then c, the dearest, may be left.
    assert (found.price_usd, found.expected_usd, found.worst_usd) == (1, 1, 2)
    assert [step.model for step in found.chain] == ["a", "b", "c"]
    assert (found.runner_up, found.gap_usd) == ("p/b (silent)", Decimal("0.50"))
    assert found.reason == "costs $0.50 less than p/b (silent)"


def test_a_tie_is_told_by_the_worst_case_then_by_quality_then_by_the_catalog() -> None:
    level = {"rate": "0.10"}
    catalog_order = router({"b": level}, fallback={"direction": "none"}).route(CLIP)
    assert catalog_order.reason == "costs the same as p/b (silent), which the catalog lists later"
    scored = {**level, "quality": "7", "quality_source": "made up"}
    better = router({"b": scored}, fallback={"direction": "none"}).route(CLIP)
    assert (better.model, better.reason) == ("b", "costs the same as p/a (silent), but its quality is higher")
    # a's provider also sells c, which may catch its clips at $2.00; b's sells nothing else.
    alone = router({"b": {**level, "provider": "q"}, "c": {"provider": "p"}}, fallback={"across": "provider"}).route(
        CLIP
    )
    assert (alone.model, alone.reason) == ("b", "costs the same as p/a (silent), but its worst case is lower")


def test_a_lone_way_says_so() -> None:
    found = router().route({**CLIP, "models": ["c"]})
    assert (found.reason, found.runner_up, found.gap_usd) == ("nothing else can make it", None, None)


def test_equal_requirements_are_decided_once_whatever_the_clips_are_called() -> None:
    own = router()
    one, other = own.route(Clip(id="one", seconds=10)), own.route(Clip(id="two", seconds=10, request={"prompt": "x"}))
    assert one._choice is other._choice
    assert other.clip.request == {"prompt": "x"}


def test_what_is_remembered_is_bounded_and_holds_nothing_that_a_user_wrote() -> None:
    own = router(remember=3)
    for seconds in range(1, 11):
        own.route(
            {
                "seconds": seconds,
                "request": {"prompt": "secret"} if seconds % 2 else {},
                "id": "secret",
                "group": "secret",
            }
        )
    remembered = own._chooser.state.remembered
    assert len(remembered) <= 3
    assert "secret" not in str([choice.clip for choice in remembered.values()])


def test_requests_are_built_for_the_step_from_the_clips_own_table() -> None:
    own = Router("evolink", on=ON)
    clip = {"seconds": 10, "resolution": "1080p", "audio": "native", "request": {"prompt": "a boat"}}
    first = own.route(clip)
    (request,) = first.requests
    assert (request.body["model"], request.body["prompt"]) == ("kling-o3-text-to-video", "a boat")
    request.body["prompt"] = "changed by the caller"
    second = own.next(first, "unavailable")
    assert second is not None
    (request,) = second.requests
    assert (request.body["model"], request.body["prompt"]) == ("kling-v3-text-to-video", "a boat")


def test_an_unknown_api_is_said_when_its_requests_are_asked_for() -> None:
    with pytest.raises(InputError, match="the API of provider 'p' cannot be asked for it"):
        _ = router().route(CLIP).requests


def test_a_request_that_lacks_what_the_api_needs_is_refused_when_it_is_asked_for() -> None:
    found = Router("evolink", on=ON).route({"seconds": 5, "mode": "image-to-video", "request": {"prompt": "a boat"}})
    with pytest.raises(
        InputError, match="evolink/kling-o1 needs `image_url`, which the clip's `request` does not give"
    ):
        _ = found.requests


# ---- the chain -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["unavailable", "failed-unbilled", "failed-billed"])
def test_next_goes_down_the_chain_to_its_end(outcome: str) -> None:
    own, models = router(), []
    step: Decision | None = own.route(CLIP)
    while step is not None:
        models.append((step.model, step.step))
        step = own.next(step, outcome)
    assert models == [("a", 0), ("b", 1), ("c", 2)]


def test_next_after_a_report_does_not_report_again() -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    own.report(first, "failed-billed", Decimal("0.70"))
    second = own.next(first)
    assert second is not None
    assert second.model == "b"
    assert own.next(first, "failed-billed") is not None  # asked twice, answered twice, booked once
    assert taken(own)["limits.budget_usd"][1] == 70


def test_nothing_follows_a_clip_that_was_made() -> None:
    own = router()
    assert own.next(own.route(CLIP), Outcome.SERVED) is None


@pytest.mark.parametrize("outcome", ["pending", "unknown"])
def test_next_refuses_to_go_on_while_a_job_may_still_be_billed(outcome: str) -> None:
    own = router()
    first = own.route(CLIP)
    with pytest.raises(UnresolvedError, match=f"the last step is '{outcome}'.*accept_double_billing=True"):
        own.next(first, outcome)
    besides = own.next(first, accept_double_billing=True)
    assert besides is not None
    assert besides.model == "b"


def test_an_unresolved_step_can_be_resolved_and_only_then_goes_on() -> None:
    own = router()
    first = own.route(CLIP)
    own.report(first, "unknown")
    second = own.next(first, "failed-unbilled")
    assert second is not None
    assert second.model == "b"


def test_a_step_ends_once() -> None:
    own = router()
    first = own.route(CLIP)
    own.report(first, "served")
    with pytest.raises(InputError, match="this step was reported as 'served' before; a step ends once"):
        own.report(first, "failed-billed")


def test_next_wants_to_know_how_the_step_ended() -> None:
    own = router()
    with pytest.raises(InputError, match="say how the step ended"):
        own.next(own.route(CLIP))


def test_an_outcome_that_does_not_exist_is_refused() -> None:
    own = router()
    with pytest.raises(InputError, match=r"no such outcome as 'done'.*served, unavailable, failed-unbilled"):
        own.report(own.route(CLIP), "done")


def test_a_take_that_is_not_kept_is_made_again_as_often_as_the_clip_allows() -> None:
    own = router({"a": {"keep_rate": "0.5"}}, limits={"budget_usd": 9})
    first = own.route({**CLIP, "max_takes": 2, "models": ["a"]})
    assert taken(own)["limits.budget_usd"] == (200, 0)
    own.report(first, "served", kept=False)
    assert taken(own)["limits.budget_usd"] == (100, 100)
    again = own.next(first)
    assert again is not None
    assert (again.model, again.take, again.step) == ("a", 2, 0)
    own.report(again, "served", kept=False)
    assert own.next(again) is None
    assert taken(own)["limits.budget_usd"] == (0, 200)


def test_several_clips_are_refused_though_the_requirement_is_remembered() -> None:
    clock = Clock()
    own = router(health=Health(failures_to_open=1), clock=clock)
    own.report(own.route(CLIP), "unavailable")
    for _ in range(2):
        with pytest.raises(InputError, match=r"clip\.count: is 40"):
            own.route({**CLIP, "count": 40})
        clock.now += 60


def test_what_is_remembered_of_groups_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.online.till.GROUPS", 3)
    own = router(budgets=[{"usd": 9, "group": "*"}])
    for seconds in range(1, 8):
        for k in range(10):
            own.route({"seconds": seconds, "group": f"g{k}"})
    assert len(own._chooser.state.view.claims) <= 3


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_a_clip_that_nothing_can_make_is_explained_as_in_a_plan() -> None:
    with pytest.raises(NoPlanError, match=r"none of 3 offers is eligible: 3 too-long \(nearest:.*set max_segments = 2"):
        router().route({"seconds": 30})


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        ({**CLIP, "count": 40}, "clip.count: is 40; a router decides one clip at a time"),
        ({**CLIP, "drafts": {"count": 2}}, "clip.drafts: are clips of their own"),
        ({"secnds": 10}, r"clip.secnds: `secnds`: no such field; did you mean `seconds`\?"),
        ({}, "clip: `seconds` is required"),
        ({"seconds": float("nan")}, "clip.seconds: .*must be a finite number"),
        (17, "clip: .*must be a table"),
    ],
)
def test_a_clip_that_is_none_is_refused_with_its_field(clip: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        router().route(clip)


def test_a_clip_is_refused_that_costs_more_than_it_is_worth() -> None:
    own = router()
    with pytest.raises(NotWorthItError, match=r"would cost \$1.00, more than its value of \$0.99"):
        own.route({**CLIP, "value_usd": Decimal("0.99")})
    assert own.route({**CLIP, "value_usd": 1}).model == "a"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"limits": {"mean_quality_min": 5}}, "limits.mean_quality_min: is about all clips together"),
        ({"limits": {"caps": [{"max_share": "0.5"}]}}, r"limits.caps\[0\].max_share: is about all clips together"),
        ({"limits": {"cvar": {"usd": 9}}, "budgets": []}, "limits.cvar: is about all clips together"),
        ({"objective": {"minimise": "cvar"}}, "objective: looks at all clips together"),
        ({"objective": {"risk_aversion": "0.5"}}, "objective: looks at all clips together"),
        ({"budgets": [{"usd": 5, "per": "fortnight"}]}, r"budgets\[0\].per: .*must be run | hour | day"),
        ({"limits": {"caps": [{"max_clips": -1}]}}, r"limits.caps\[0\].max_clips: "),
        (
            {"budgets": [{"provider": "p"}, {"us": 5}]},
            r"budgets\[0\]: .*`usd` is required(.|\n)*budgets\[1\]\.us: .*no such",
        ),
        ({"health": {"failures_to_open": 5}}, r"health must be a router\.online\.Health, .*, not a table"),
        ({"ledger": 5}, "ledger must be a path or a router.online.Ledger, not 5"),
        ({"fallback": {"direction": "up"}}, "fallback.direction: .*must be any | cheaper"),
    ],
)
def test_settings_that_cannot_hold_clip_by_clip_are_refused(settings: dict[str, Any], message: str) -> None:
    exact = json.loads(json.dumps(settings), parse_float=Decimal)
    for part in (*exact.get("limits", {}).get("caps", ()), exact.get("objective", {})):
        for name in ("max_share", "risk_aversion"):
            if name in part:
                part[name] = Decimal(part[name])
    with pytest.raises(InputError, match=message):
        router(**exact)


# ---- health ----------------------------------------------------------------------------------------------------------


def test_a_run_of_failures_opens_a_circuit_and_decisions_follow_at_once() -> None:
    told: list[str] = []
    own = router(health=Health(failures_to_open=2), listen=lambda event, facts: told.append(event))
    for _ in range(2):
        assert own.route(CLIP).model == "a"
        own.report(own.route(CLIP), "failed-unbilled")
    assert own.route(CLIP).model == "b"
    assert told.count("circuit_opened") == 1


def test_success_in_between_ends_a_run() -> None:
    own = router(health=Health(failures_to_open=2))
    for outcome in ("unavailable", "served", "unavailable", "served", "failed-billed"):
        own.report(own.route({**CLIP, "models": ["a"]}), outcome)
    assert own.route(CLIP).model == "a"


def test_after_the_cool_down_one_clip_tries_again_and_closes_the_circuit() -> None:
    clock = Clock()
    own = router(health=Health(failures_to_open=1, cool_down_seconds=60), clock=clock)
    own.report(own.route(CLIP), "unavailable")
    assert own.route(CLIP).model == "b"
    clock.now += 60
    probe = own.route(CLIP)
    assert (probe.model, probe.probe) == ("a", True)
    assert own.route(CLIP).model == "b"  # one is enough
    own.report(probe, "served")
    assert own.route(CLIP).model == "a"


def test_a_probe_that_fails_opens_the_circuit_again_for_the_whole_cool_down() -> None:
    clock = Clock()
    own = router(health=Health(failures_to_open=1, cool_down_seconds=60), clock=clock)
    own.report(own.route(CLIP), "unavailable")
    clock.now += 60
    probe = own.route(CLIP)
    clock.now += 30
    own.report(probe, "unavailable")
    clock.now += 59
    assert own.route(CLIP).model == "b"
    clock.now += 1
    assert own.route(CLIP).probe


def test_a_probe_that_nobody_reports_is_followed_by_another() -> None:
    clock = Clock()
    own = router(health=Health(failures_to_open=1, cool_down_seconds=60), clock=clock)
    own.report(own.route(CLIP), "unavailable")
    clock.now += 60
    assert own.route(CLIP).probe
    clock.now += 60
    assert own.route(CLIP).probe


@pytest.mark.parametrize(
    "more", [{"value_usd": Decimal("0.90")}, {"max_price_usd": Decimal("0.90")}], ids=["its value", "its price"]
)
def test_a_clip_that_would_not_go_to_a_model_does_not_find_out_whether_it_is_back(more: dict[str, Any]) -> None:
    clock = Clock()
    own = router(health=Health(failures_to_open=1), clock=clock)
    own.report(own.route(CLIP), "unavailable")
    clock.now += 60
    with pytest.raises((NotWorthItError, NoPlanError)):
        own.route({**CLIP, **more})
    assert own.route(CLIP).probe


def test_a_clip_that_fits_no_budget_of_a_closed_model_goes_elsewhere_and_the_next_one_finds_out() -> None:
    clock = Clock()
    own = router(
        budgets=[{"usd": Decimal("0.50"), "model": "a"}],
        fallback={"direction": "none"},
        health=Health(failures_to_open=1),
        clock=clock,
    )
    own.report(own.route({"seconds": 5}), "unavailable")
    clock.now += 60
    long = own.route(CLIP)
    assert (long.model, long.probe) == ("b", False)
    short = own.route({"seconds": 5})
    assert (short.model, short.probe) == ("a", True)


def test_threads_that_route_at_once_send_one_clip_to_find_out() -> None:
    clock = Clock()
    own = router(health=Health(failures_to_open=1), clock=clock)
    own.report(own.route(CLIP), "unavailable")
    clock.now += 60
    together, probes = threading.Barrier(8), []

    def work() -> None:
        together.wait()
        probes.append(own.route(CLIP).probe)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(probes) == 1


def test_a_clock_that_is_set_back_keeps_no_circuit_open(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking = Clock(100.0)
    monkeypatch.setattr(time, "monotonic", ticking)
    own = router(health=Health(failures_to_open=1, cool_down_seconds=60))
    own.report(own.route(CLIP), "unavailable")
    monkeypatch.setattr(time, "time", Clock(0.0))
    ticking.now += 60
    assert own.route(CLIP).probe


def test_with_every_circuit_open_the_clip_is_refused_and_told_when_to_come_back() -> None:
    clock = Clock()
    own = router(health=Health(failures_to_open=1, cool_down_seconds=60), clock=clock)
    for _ in range(3):
        own.report(own.route(CLIP), "unavailable")
    clock.now += 15
    with pytest.raises(CircuitOpenError, match=r"\(p/a, p/b, q/c\); try again in 45 s") as caught:
        own.route(CLIP)
    assert caught.value.retry_after_seconds == 45
    assert isinstance(caught.value, RefusalError)


def test_next_passes_over_models_whose_circuit_is_open() -> None:
    own = router(health=Health(failures_to_open=1))
    first, other = own.route(CLIP), own.route({**CLIP, "models": ["b"]})
    own.report(other, "unavailable")
    second = own.next(first, "unavailable")
    assert second is not None
    assert second.model == "c"


def test_outcomes_move_availability_by_the_mean_of_a_beta_law() -> None:
    # Stated 0.9, which counts like 10 outcomes: after one more down it is 9 / 11, after ten up besides 19 / 21.
    own = router({"a": {"availability": "0.9"}}, health=Health(weight=10, failures_to_open=99), clock=Clock())
    own.report(own.route({**CLIP, "models": ["a"]}), "unavailable")
    assert own.route({**CLIP, "models": ["a"]}).chain[0].availability == pytest.approx(9 / 11)
    for _ in range(10):
        own.report(own.route({**CLIP, "models": ["a"]}), "served")
    assert own.route({**CLIP, "models": ["a"]}).chain[0].availability == pytest.approx(19 / 21, rel=0.1)


def test_old_outcomes_count_less() -> None:
    clock = Clock()
    own = router(
        {"a": {"availability": 1}}, health=Health(weight=10, half_life_seconds=100, failures_to_open=99), clock=clock
    )
    own.report(own.route({**CLIP, "models": ["a"]}), "unavailable")
    clock.now += 200
    own.report(own.route({**CLIP, "models": ["a"]}), "unavailable")
    # A quarter of an outcome is left of the first: 10 / (10 + 1.25).
    assert own.route({**CLIP, "models": ["a"]}).chain[0].availability == pytest.approx(10 / 11.25)


def test_a_model_that_is_down_often_loses_its_place_before_its_circuit_opens() -> None:
    # b costs $1.50. With nobody to catch it, a clip that finds a down costs $4.00: a is worth it while 1.00 up + 4.00 down < 1.50.
    rule = {"direction": "none", "unserved_usd": 4}
    own = router(fallback=rule, health=Health(weight=10, failures_to_open=99), clock=Clock())
    own.report(own.route(CLIP), "unavailable")  # up 10/11: 1.27
    assert own.route(CLIP).model == "a"
    own.report(own.route(CLIP), "unavailable")  # up 10/12: 1.50, a tie that b's worst case does not lose either
    own.report(own.route({**CLIP, "models": ["a"]}), "unavailable")  # up 10/13: 1.69
    assert own.route(CLIP).model == "b"


def test_a_model_of_unknown_availability_stays_unknown_until_it_is_found_down() -> None:
    own = router(health=Health(failures_to_open=99))
    own.report(own.route(CLIP), "served")
    assert own.route(CLIP).chain[0].availability is None
    own.report(own.route(CLIP), "unavailable")
    availability = own.route(CLIP).chain[0].availability
    assert availability is not None
    assert availability < 1


def test_pending_and_unknown_say_nothing_about_health() -> None:
    own = router(health=Health(failures_to_open=1))
    own.report(own.route(CLIP), "pending")
    own.report(own.route(CLIP), "unknown")
    assert own.route(CLIP).model == "a"


@pytest.mark.parametrize(
    "wrong", [{"weight": 0}, {"half_life_seconds": 0}, {"failures_to_open": 0}, {"cool_down_seconds": -1}]
)
def test_health_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Health(**wrong)


# ---- events ----------------------------------------------------------------------------------------------------------


def test_events_have_stable_names_and_nothing_that_a_user_wrote() -> None:
    told: list[tuple[str, Any]] = []
    own = router(limits={"budget_usd": 5}, budgets=[{"usd": 9, "group": "*"}], listen=lambda *event: told.append(event))
    clip = {**CLIP, "id": "secret-id", "group": "secret-group", "request": {"prompt": "secret", "k": "sk-secret"}}
    first = own.route(clip)
    own.next(first, "failed-billed")
    own.route({**clip, "models": ["a"]})
    with pytest.raises(OverBudgetError):
        own.route({**clip, "models": ["c"]})
    names = [name for name, _ in told]
    assert names == ["route_decided", "spend_settled", "step_reported", "route_decided", "route_refused"]
    assert "secret" not in json.dumps(told)


def test_a_listener_that_breaks_does_not_stop_a_decision() -> None:
    def broken(event: str, facts: Any) -> None:
        raise ZeroDivisionError

    own = router(limits={"budget_usd": 3}, listen=broken)
    own.report(own.route(CLIP), "served")
    assert taken(own)["limits.budget_usd"] == (0, 100)


def test_a_decision_is_a_span_and_a_refusal_says_its_kind_only() -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    own = router(limits={"budget_usd": 3}, budgets=[{"usd": 9, "group": "*"}])
    own._tell._tracer = provider.get_tracer("router")
    clip = {**CLIP, "id": "secret-id", "group": "secret-group", "request": {"prompt": "secret"}}
    own.route(clip)
    with pytest.raises(OverBudgetError):
        own.route(clip)
    decided, refused = spans.get_finished_spans()
    assert (decided.name, dict(decided.attributes or {})) == (
        "router.route",
        {
            "router.provider": "p",
            "router.model": "a",
            "router.price_usd": "1.000000",
            "router.step": 0,
            "router.take": 1,
            "router.probe": False,
        },
    )
    assert dict(refused.attributes or {}) == {"router.refused": "OverBudgetError"}
    assert "secret" not in decided.to_json() + refused.to_json()
    assert isinstance(router()._tell._tracer, type(trace.get_tracer("router")))


def test_a_span_that_nobody_records_is_not_made() -> None:
    from opentelemetry import trace

    own = router()
    own._tell._tracer = trace.NoOpTracer()
    assert own._tell.span() is None
    assert own.route(CLIP).model == "a"


@pytest.mark.parametrize("installed", [None, ModuleType("opentelemetry")], ids=["nothing", "another package's part"])
def test_without_opentelemetrys_api_decisions_are_made_without_spans(
    monkeypatch: pytest.MonkeyPatch, installed: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", installed)
    monkeypatch.delitem(sys.modules, "opentelemetry.trace", raising=False)
    own = router()
    assert own._tell._tracer is None
    assert own.route(CLIP).model == "a"
