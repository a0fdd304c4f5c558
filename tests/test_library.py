"""The library as a caller meets it."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

import router
from router import log
from router.errors import InputError, NoPlanError
from router.report.json_schema import json_schema
from router.schema.base import Model
from router.schema.catalog import Catalog
from router.schema.directions import DirectionComparison
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from router.schema.simulation import SimulationReport
from tests.builders import ON, catalog, model, planned, scenario

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"


def test_the_public_names_are_there_and_no_others_are() -> None:
    assert sorted(router.__all__) == [
        "Account",
        "Calibration",
        "Catalog",
        "CheckError",
        "InputError",
        "NoPlanError",
        "Plan",
        "RouterError",
        "Scenario",
        "Variant",
        "bench",
        "calibrate",
        "check_catalogs",
        "compare",
        "compare_catalogs",
        "compare_directions",
        "distribution",
        "frontier",
        "import_litellm",
        "import_openrouter",
        "levers",
        "plan",
        "plan_table",
        "reconcile",
        "sellers",
        "sensitivity",
        "simulate",
        "sweep",
        "what_if",
    ]
    assert {name for name in router.__all__ if getattr(router, name) is None} == set()
    assert set(router.__all__) <= set(dir(router))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = router.nothing


def test_a_plan_saved_and_loaded_is_the_same_plan(tmp_path: Path) -> None:
    plan = router.plan(Scenario.load(QUICKSTART), on=ON)
    plan.save(tmp_path / "plan.json")
    again = Plan.load(tmp_path / "plan.json")
    assert again == plan
    assert again.to_json() == plan.to_json() == (tmp_path / "plan.json").read_text()
    assert list(again.requests()) == list(plan.requests())


def test_the_same_scenario_gives_the_same_bytes() -> None:
    texts = {router.plan(Scenario.load(QUICKSTART), on=ON).to_json() for _ in range(3)}
    assert len(texts) == 1


def test_the_bundled_catalog_has_exactly_the_contract_s_prices() -> None:
    found = {
        (entry.model, entry.mode, entry.reference, offer.resolution, offer.audio): offer.price_per_second
        or offer.prices
        for entry in Catalog.load("evolink").models
        for offer in entry.offers
    }
    d = Decimal
    text = ("kling-3.0", "text-to-video", None), ("kling-o3", "text-to-video", None)
    motion = "kling-motion-control", "motion-control"
    assert found == {
        (*text[0], "720p", False): d("0.075"), (*text[0], "720p", True): d("0.113"),
        (*text[0], "1080p", False): d("0.100"), (*text[0], "1080p", True): d("0.150"),
        (*text[1], "720p", False): d("0.075"), (*text[1], "720p", True): d("0.100"),
        (*text[1], "1080p", False): d("0.100"), (*text[1], "1080p", True): d("0.125"),
        ("kling-o1", "image-to-video", None, None, False): {d(5): d("0.556"), d(10): d("1.111")},
        (*motion, "image", "720p", False): d("0.113"), (*motion, "image", "1080p", False): d("0.151"),
        (*motion, "video", "720p", False): d("0.113"), (*motion, "video", "1080p", False): d("0.151"),
    }  # fmt: skip
    assert Catalog.load("evolink").as_of == dt.date(2026, 4, 9)


def test_a_number_from_python_is_the_literal_that_was_typed() -> None:
    # 0.1 + 0.2 is not typed by anybody; 12.4 is, and is 12.4 exactly.
    given = Scenario.model_validate(
        {"clips": [{"seconds": 12.4, "mode": "motion-control"}], "limits": {"budget_usd": 1.5}}
    )
    assert (given.clips[0].seconds, given.limits.budget_usd) == (Decimal("12.4"), Decimal("1.5"))


def test_defaults_reach_every_clip_that_does_not_say_otherwise() -> None:
    given = scenario(
        [{"seconds": 5}, {"id": "own", "audio": "none", "request": {"prompt": "p"}}],
        defaults={"seconds": 8, "audio": "native", "count": 2, "request": {"aspect_ratio": "1:1"}},
    )
    first, own = given.clips
    assert (first.id, first.seconds, first.audio, first.count, first.request) == (
        "clip-1",
        5,
        "native",
        2,
        {"aspect_ratio": "1:1"},
    )
    assert (own.seconds, own.audio, own.request) == (8, "none", {"aspect_ratio": "1:1", "prompt": "p"})


def test_prices_in_another_unit_are_shown_in_both() -> None:
    in_credits = catalog(model(offers=[{"audio": False, "price_per_second": "5.4"}]), unit="credit", units_per_usd=72)
    plan = planned([{"seconds": 10, "count": 3}], in_credits)
    route = plan.routes[0]
    assert (route.price_usd, route.price_units, route.unit) == (Decimal("0.75"), "54", "credit")
    assert (plan.totals.nominal_usd, plan.totals.nominal_units) == (Decimal("2.25"), {"credit": "162"})


def test_prices_grow_stale_after_the_stated_days() -> None:
    ninety = catalog(model(), stale_after_days=90)
    given = scenario([{"seconds": 5}], ninety)
    # As of 2026-04-09: 90 days later is 2026-07-08.
    assert router.plan(given, on=dt.date(2026, 7, 8)).warnings == ()
    assert router.plan(given, on=dt.date(2026, 7, 9)).warnings == (
        "prices of catalog 'test' are from 2026-04-09, more than 90 days old; check them before you buy",
    )


def test_names_that_no_offer_bears_are_warned_about() -> None:
    plan = planned(
        [{"seconds": 5, "not_models": ["kling-o4"], "not_providers": ["evolynk"]}],
        outages={"availability": {"kling-o33": "0.9"}},
        limits={"caps": [{"where": {"model": "kling-3"}, "max_clips": 5}]},
        fallback={"order": "expected"},
    )
    assert plan.warnings == (
        "outages.availability: no offer bears the name 'kling-o33'; did you mean 'kling-o3'?",
        "clips.models: no offer bears the name 'kling-o4'; did you mean 'kling-o3'?",
        "clips.providers: no offer bears the name 'evolynk'; did you mean 'evolink'?",
        "limits.caps[0].where: no offer bears the name 'kling-3'; did you mean 'kling-3.0'?",
        'fallback.order = "expected" needs across = "all": a provider orders its own fallback by price',
    )


def test_unknown_billing_of_failures_is_warned_about() -> None:
    plan = planned([{"seconds": 10}], catalog(model(failure_rate="0.1")), fallback={"unserved_usd": 1})
    assert plan.warnings == (
        "whether p bills failed generations of m is unknown: counted as billed in the worst case, as not billed in the expected cost",
    )
    assert (
        planned(
            [{"seconds": 10}], catalog(model(failure_rate="0.1", bills_failures="no")), fallback={"unserved_usd": 1}
        ).warnings
        == ()
    )


def test_baselines_say_what_one_model_for_all_would_cost() -> None:
    # 10 s at 1080p with audio: $1.25 on o3, $1.50 on 3.0; the motion clip has one way only and joins in as planned ($1.51).
    plan = planned(
        [
            {"id": "a", "seconds": 10, "count": 4, "resolution": "1080p", "audio": "native"},
            {"id": "b", "seconds": 10, "mode": "motion-control", "resolution": "1080p"},
        ]
    )
    assert [(b.name, b.clips, b.expected_usd, b.saving_usd) for b in plan.baselines] == [
        ("always kling-3.0", 4, Decimal("7.51"), Decimal("1.00")),
        ("always kling-o3", 4, Decimal("6.51"), Decimal(0)),
        ("always the dearest eligible", 5, Decimal("7.51"), Decimal("1.00")),
    ]


def test_a_clip_that_nothing_can_serve_is_explained() -> None:
    with pytest.raises(NoPlanError) as caught:
        planned([{"id": "epic", "seconds": 20, "resolution": "1080p", "audio": "native"}])
    (stuck,) = caught.value.unservable
    # 13 offers: 5 of other modes; of the 8 text-to-video ones 4 are 720p, 2 are silent 1080p, 2 are only too short.
    assert stuck.reasons == {"mode": 5, "resolution": 4, "audio": 2, "too-long": 2}
    assert stuck.nearest == "evolink/kling-3.0 makes 15 s at most, the clip needs 20 s"
    assert str(caught.value) == (
        "clip 'epic' (20 s, text-to-video, 1080p, native audio): none of 13 offers is eligible: 5 mode, 4 resolution, 2 audio, 2 too-long "
        "(nearest: evolink/kling-3.0 makes 15 s at most, the clip needs 20 s); to mend it, set max_segments = 2 or shorten it to 15 s"
    )


def test_a_clip_with_a_value_that_nothing_can_serve_is_left_out() -> None:
    plan = planned([{"id": "epic", "seconds": 99, "value_usd": 5}, {"id": "easy", "seconds": 5}])
    (left,) = plan.left_out
    assert (left.clips, left.value_usd, left.reason) == (("epic",), Decimal(5), "no offer is eligible")
    assert plan.totals.objective_usd == Decimal("5.375")


def test_limits_that_clash_name_the_smallest_loosening_of_each() -> None:
    # 10 clips of $1.25; a budget of $9 needs $12.50; nothing else helps. The cap is not in the way.
    clip = {"id": "hero", "seconds": 10, "count": 10, "resolution": "1080p", "audio": "native"}
    limits = {"budget_usd": 9, "caps": [{"where": {"model": "kling-3.0"}, "max_clips": 9}]}
    with pytest.raises(
        NoPlanError, match=r"raise limits.budget_usd from 9.00 to 12.50 \(pinned by 'hero' at least \$12.50\)"
    ) as caught:
        planned([clip], limits=limits)
    assert caught.value.clash is not None
    assert caught.value.clash.limits == ("budget_usd",)
    assert [(item.limit, item.needed) for item in caught.value.clash.alone] == [("budget_usd", Decimal("12.5"))]
    planned([clip], limits={**limits, "budget_usd": "12.50"})


def test_limits_of_which_none_alone_suffices_are_loosened_together() -> None:
    clip = {"id": "hero", "seconds": 10, "count": 10}
    limits = {"budget_usd": 1, "caps": [{"max_clips": 2}]}
    with pytest.raises(NoPlanError, match="no limit alone can be loosened enough; all of these together do") as caught:
        planned([clip], limits=limits)
    assert caught.value.clash is not None
    assert [(item.limit, item.needed) for item in caught.value.clash.together] == [
        ("budget_usd", Decimal("7.5")),
        ("caps[0].max_clips", Decimal(10)),
    ]


def test_what_a_user_wrote_never_reaches_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setattr(log, "_logger", None)
    log.turn_on()
    log.debug("a stage", classes=3, prompt="secret", api_key="secret", clip="secret", request_body="secret")
    planned([{"id": "secret-name", "seconds": 5, "request": {"prompt": "secret words", "note": "sk-secret"}}])
    assert "classes=3" in out.getvalue()
    assert "modelled" in out.getvalue()
    assert "secret" not in out.getvalue()


@pytest.mark.parametrize("model", [Scenario, Catalog, Plan, SimulationReport, DirectionComparison])
def test_every_field_of_a_schema_says_what_it_means(model: type[Model]) -> None:
    schema = json_schema(model, written=model not in (Scenario, Catalog))
    jsonschema.Draft202012Validator.check_schema(schema)
    parts = {model.__name__: schema, **schema["$defs"]}
    silent = [
        f"{name}.{field}"
        for name, part in parts.items()
        for field, spec in part.get("properties", {}).items()
        if "description" not in spec
    ]
    assert silent == []


def test_files_keep_to_their_schemas() -> None:
    plan = router.plan(Scenario.load(QUICKSTART), on=ON)
    jsonschema.validate(json.loads(plan.to_json()), json_schema(Plan, written=True))


def test_a_bundled_name_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'evolink'"):
        Catalog.load("evolynk")


def test_clips_that_are_likely_to_find_everything_down_at_no_cost_are_warned_about() -> None:
    said = (
        "some clips are likely to find their whole chain down, at a cost of nothing; "
        "set fallback.unserved_usd to what that would cost you"
    )
    down = {"outages": {"availability": {"m": "0.5"}}}
    assert planned([{"seconds": 10}], catalog(model()), **down).warnings == (said,)
    assert planned([{"seconds": 10}], catalog(model()), **down, fallback={"unserved_usd": 1}).warnings == ()
    assert planned([{"seconds": 10}], catalog(model()), outages={"availability": {"m": "0.995"}}).warnings == ()


def test_a_value_finer_than_a_micro_dollar_is_rounded_once_half_even() -> None:
    # 0.1234565 is half-way: the even micro-dollar is 0.123456; three clips lose 0.370368.
    plan = planned([{"seconds": 10, "count": 3, "value_usd": "0.1234565"}])
    assert (plan.left_out[0].value_usd, plan.totals.left_out_value_usd) == (Decimal("0.123456"), Decimal("0.370368"))


def test_large_sums_of_values_stay_exact() -> None:
    plan = planned([{"seconds": 99, "count": 10**6, "value_usd": "999999.999999"}])
    assert plan.totals.left_out_value_usd == plan.totals.objective_usd == Decimal("999999999999.000000")


def test_the_nearest_miss_is_the_offer_that_misses_by_least() -> None:
    with pytest.raises(NoPlanError, match=r'makes 1080p, the clip needs 4k\); to mend it, set resolution = "1080p"$'):
        planned([{"seconds": 10, "resolution": "4k"}])
    with pytest.raises(
        NoPlanError, match=r"kling-o3 costs \$1.25, the clip allows \$0.50\); to mend it, set max_price_usd = 1.25$"
    ):
        planned([{"seconds": 10, "resolution": "1080p", "audio": "native", "max_price_usd": "0.50"}])
