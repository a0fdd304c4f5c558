"""Bills held against a plan: what each line is, and what it comes to; amounts are worked out in the comments."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import router
from router.analysis.reconcile import exceeds, reconcile
from router.schema.plan import Plan
from router.schema.reconciliation import Reconciliation
from tests.builders import catalog, model, planned

HERO = {"id": "hero", "count": 2, "seconds": 10}
NEVER, ALWAYS = {"bills_failures": "no"}, {"bills_failures": "yes"}


def shop(count: int = 2, *, fails: dict[str, str] = NEVER, **clip: Any) -> Plan:
    """``hero`` twice on ``cheap`` for $1.00, with ``dear`` for $1.50 behind it."""
    cheap = model("cheap", failure_rate="0.1", **fails)
    dear = model("dear", [{"audio": False, "price_per_second": "0.15"}])
    return planned([{**HERO, "count": count, **clip}], catalog(cheap, dear))


def bills(
    folder: Path, text: str, plan: Plan, columns: str = "clip,provider,model,billed_usd,outcome"
) -> Reconciliation:
    """These lines (separated by spaces) against a plan."""
    path = folder / "bills.csv"
    path.write_text("\n".join([columns, *text.split()]) + "\n")
    return reconcile(plan, path)


def classes(found: Reconciliation) -> dict[str, tuple[int, str]]:
    """By class: how many, and the difference."""
    return {own.what: (own.clips, f"{own.difference_usd.normalize():f}") for own in found.classes}


def test_what_is_billed_as_planned_leaves_nothing_to_explain(tmp_path: Path) -> None:
    found = bills(tmp_path, "hero,p,cheap,1.00,served hero,p,cheap,1,served", shop())

    assert classes(found) == {"as-planned": (2, "0")}
    assert found.findings == ()
    assert (found.nominal_usd, found.billed_usd, found.priced_usd, found.unexplained_usd) == (2, 2, 2, 0)
    assert not exceeds(found, Decimal(0))


def test_a_fallback_at_its_own_price_costs_more_than_nominal_and_is_explained(tmp_path: Path) -> None:
    found = bills(tmp_path, "hero,p,cheap,1.00,served hero,p,cheap,0,down hero,p,dear,1.50,served", shop())

    assert classes(found) == {"as-planned": (1, "0"), "fallback": (1, "0"), "unavailable": (1, "0")}
    assert found.difference_usd == Decimal("0.5")  # 2.50 - 2 x 1.00
    assert not exceeds(found, Decimal(0))


def test_drift_over_and_under_does_not_cancel_out(tmp_path: Path) -> None:
    found = bills(tmp_path, "hero,p,cheap,1.10,served hero,p,cheap,0.90,served", shop())

    assert classes(found) == {"price-drift": (2, "0")}  # 2.00 billed, 2.00 priced
    assert found.unexplained_usd == Decimal("0.2")  # 0.10 over and 0.10 under
    assert exceeds(found, Decimal("0.19"))
    assert not exceeds(found, Decimal("0.20"))


def test_a_fallback_that_drifts_is_held_against_its_own_price(tmp_path: Path) -> None:
    found = bills(tmp_path, "hero,p,cheap,1.00,served hero,p,dear,1.60,served", shop())

    (drift,) = found.findings
    assert (drift.what, drift.step, drift.priced_usd, drift.difference_usd) == (
        "price-drift",
        1,
        Decimal("1.5"),
        Decimal("0.1"),
    )


@pytest.mark.parametrize(
    ("fails", "billed", "what", "difference"),
    [
        (NEVER, "0", "unbilled-failure", "0"),
        (ALWAYS, "0", "unbilled-failure", "0"),
        (ALWAYS, "1.00", "billed-failure", "0"),
        (ALWAYS, "1.25", "price-drift", "0.25"),  # A failure costs the price, 1.00
        (NEVER, "1.00", "unexpected-failure", "1"),
        ({"bills_failures": "unknown"}, "1.00", "unexpected-failure", "1"),  # The mean counts it as not billed
    ],
)
def test_whether_a_failure_may_be_billed_is_what_the_plan_says(
    tmp_path: Path, fails: dict[str, str], billed: str, what: str, difference: str
) -> None:
    found = bills(tmp_path, f"hero,p,cheap,1,served hero,p,cheap,{billed},failed", shop(1, fails=fails))
    assert classes(found) == {"as-planned": (1, "0"), what: (1, difference)}


def test_nothing_may_be_billed_by_a_model_that_was_down(tmp_path: Path) -> None:
    found = bills(tmp_path, "hero,p,cheap,1,unavailable hero,p,cheap,1,served", shop(1, fails=ALWAYS))
    assert classes(found) == {"as-planned": (1, "0"), "unexpected-failure": (1, "1")}


def test_a_model_outside_the_chain_makes_the_clip_and_has_no_price(tmp_path: Path) -> None:
    found = bills(tmp_path, "hero,p,cheap,1,served hero,q,cheap,0.80,served", shop())

    # The clip is not missing, but its whole bill is unexplained; against nominal it is 0.20 less.
    assert classes(found) == {"as-planned": (1, "0"), "off-chain": (1, "0.8")}
    assert (found.findings[0].step, found.findings[0].planned_usd) == (None, 1)
    assert found.difference_usd == Decimal("-0.2")


def test_missing_and_double_clips_are_counted_by_clip_not_netted(tmp_path: Path) -> None:
    plan = planned([HERO, {"id": "b", "seconds": 5}], catalog(model("cheap")))
    found = bills(tmp_path, "b,p,cheap,0.5,served b,p,cheap,0.5,served hero,p,cheap,1,served", plan)

    assert classes(found) == {"as-planned": (2, "0"), "double": (1, "0.5"), "missing": (1, "-1")}
    assert found.unexplained_usd == Decimal("1.5")
    assert [(own.clip, own.what) for own in found.findings] == [("hero", "missing"), ("b", "double")]


def test_of_too_many_lines_the_one_that_fits_least_is_the_double_one(tmp_path: Path) -> None:
    lines = "hero,p,cheap,1.40,served hero,p,cheap,1,served hero,q,x,1,served hero,p,cheap,1,served"
    found = bills(tmp_path, lines, shop())

    assert sorted((own.what, own.model, own.billed_usd) for own in found.findings) == [
        ("double", "cheap", Decimal("1.4")),
        ("double", "x", 1),
    ]


def test_what_costs_nothing_may_still_not_be_missing_or_double_without_a_tolerance(tmp_path: Path) -> None:
    free = model("free", [{"audio": False, "price_per_second": 0, "free": True}])
    plan = planned([HERO], catalog(free))
    lines = "hero,p,free,0,served " * 3

    assert classes(bills(tmp_path, lines, plan))["double"] == (1, "0")
    assert exceeds(bills(tmp_path, lines, plan), Decimal(0))
    assert not exceeds(bills(tmp_path, lines, plan), Decimal("0.01"))
    assert exceeds(bills(tmp_path, "hero,p,free,0,served", plan), Decimal(0))


def test_a_free_line_without_an_outcome_is_a_clip_and_another_a_failure(tmp_path: Path) -> None:
    free = model("free", [{"audio": False, "price_per_second": 0, "free": True}])
    columns = "clip,provider,model,billed_usd"

    assert classes(bills(tmp_path, "hero,p,free,0 hero,p,free,0", planned([HERO], catalog(free)), columns)) == {
        "as-planned": (2, "0")
    }
    assert classes(bills(tmp_path, "hero,p,cheap,0 hero,p,cheap,1 hero,p,cheap,1", shop(), columns)) == {
        "as-planned": (2, "0"),
        "unbilled-failure": (1, "0"),
    }


@pytest.mark.parametrize("word", ["pending", "unknown"])
def test_what_has_not_ended_is_missing_until_it_is_billed(tmp_path: Path, word: str) -> None:
    waiting = bills(tmp_path, f"hero,p,cheap,0,{word}", shop(1))
    billed = bills(tmp_path, f"hero,p,cheap,1,{word}", shop(1))

    assert classes(waiting) == {"unresolved": (1, "0"), "missing": (1, "-1")}
    assert classes(billed) == {"as-planned": (1, "0")}


def test_clips_that_the_plan_does_not_know_or_leaves_out_have_no_price(tmp_path: Path) -> None:
    plan = planned([{**HERO, "count": 1}, {"id": "extra", "seconds": 10, "value_usd": "0.5"}], catalog(model("cheap")))
    found = bills(tmp_path, "extra,p,cheap,1,served hero,p,cheap,1,served hreo,p,cheap,1,served", plan)

    assert classes(found) == {"as-planned": (1, "0"), "left-out": (1, "1"), "unknown-clip": (1, "1")}
    assert [(own.clip, own.first_line) for own in found.findings] == [("extra", 2), ("hreo", 4)]


# -- takes and drafts --------------------------------------------------------------------------------------------------


def takes(count: int = 1) -> Plan:
    """Up to three takes at $1.00."""
    return planned([{**HERO, "count": count, "max_takes": 3}], catalog(model("cheap", keep_rate="0.5")))


def test_as_many_takes_as_allowed_are_explained_and_one_more_is_double(tmp_path: Path) -> None:
    line = "hero,p,cheap,1,served "

    assert classes(bills(tmp_path, line * 3, takes())) == {"as-planned": (1, "0"), "further-take": (2, "0")}
    assert classes(bills(tmp_path, line * 4, takes()))["double"] == (1, "1")
    assert classes(bills(tmp_path, line * 1, takes(2))) == {"as-planned": (1, "0"), "missing": (1, "-1")}


def test_where_every_take_is_kept_a_second_one_is_double(tmp_path: Path) -> None:
    found = bills(tmp_path, "hero,p,cheap,1,served hero,p,cheap,1,served", shop(1, max_takes=3))
    assert classes(found) == {"as-planned": (1, "0"), "double": (1, "1")}


@pytest.mark.parametrize("stated", [("1", "1"), ("2", "2"), ("4", "1")])
def test_the_same_take_twice_and_one_beyond_the_last_are_double(tmp_path: Path, stated: Sequence[str]) -> None:
    lines = " ".join(f"hero,p,cheap,1,{take}" for take in stated)
    found = bills(tmp_path, lines, takes(), "clip,provider,model,billed_usd,take")
    assert classes(found)["double"] == (1, "1")


def test_a_clip_is_kept_once(tmp_path: Path) -> None:
    lines = "hero,p,cheap,1,kept hero,p,cheap,1,rejected hero,p,cheap,1,kept"
    assert classes(bills(tmp_path, lines, takes()))["double"] == (1, "1")


def test_drafts_are_held_against_drafts_where_the_table_says_so_and_where_it_does_not(tmp_path: Path) -> None:
    offers = [
        {"audio": False, "resolution": "720p", "price_per_second": "0.05"},
        {"audio": False, "resolution": "1080p", "price_per_second": "0.10"},
    ]
    clip = {"id": "hero", "seconds": 10, "resolution": "1080p", "drafts": {"count": 2, "resolution": "720p"}}
    plan = planned([clip], catalog(model("cheap", offers)))
    silent = bills(tmp_path, "hero,p,cheap,0.5 hero,p,cheap,1 hero,p,cheap,0.5", plan, "clip,provider,model,billed_usd")
    columns = "clip,provider,model,billed_usd,draft"
    stated = bills(tmp_path, "hero,p,cheap,0.5,true hero,p,cheap,1,no hero,p,cheap,0.5,false", plan, columns)

    assert (silent.clips, silent.drafts, silent.nominal_usd) == (1, 2, 2)
    assert classes(silent) == {"as-planned": (3, "0")}
    # Only one draft is said to be one; the line at 0.50 that is said to be the clip is one too many.
    assert classes(stated) == {"as-planned": (2, "0"), "double": (1, "0.5"), "missing": (1, "-0.5")}
    assert [(own.what, own.draft) for own in stated.findings] == [("double", False), ("missing", True)]


# -- several generations, sound made elsewhere, several ways -----------------------------------------------------------


def film(count: int = 1) -> Plan:
    """40 s in generations of 20 s for $4.00, with $0.24 of sound made elsewhere."""
    clip = {"id": "film", "count": count, "seconds": 40, "max_segments": 2, "audio": "deferred"}
    return planned([clip], catalog(model("cheap")), dubbing={"usd_per_second": "0.006"})


@pytest.mark.parametrize(
    ("lines", "count", "expected"),
    [
        ("4.24", 1, {"as-planned": (1, "0")}),
        ("4.00", 1, {"as-planned": (1, "0")}),  # without the sound
        ("2.00 2.00", 1, {"as-planned": (1, "0")}),
        ("1.70 2.30", 1, {"as-planned": (1, "0")}),
        ("4.00 2.00 2.00 2.00 2.00", 3, {"as-planned": (3, "0")}),
        ("2.20 2.20", 1, {"price-drift": (1, "0.16")}),  # 4.40 - 4.24, which is nearer than 4.00
        ("4.40 4.40", 2, {"price-drift": (2, "0.32")}),
        ("2.00", 1, {"price-drift": (1, "-2")}),  # A generation without the other
        ("2.00 2.00 2.00", 1, {"price-drift": (1, "1.76")}),  # One clip with a generation too many: 6.00 - 4.24
        ("2.00 2.00 2.00 2.00", 1, {"as-planned": (1, "0"), "double": (1, "4")}),
    ],
)
def test_a_clip_of_several_generations_is_billed_whole_or_by_generation(
    tmp_path: Path, lines: str, count: int, expected: dict[str, tuple[int, str]]
) -> None:
    text = " ".join(f"film,p,cheap,{billed},served" for billed in lines.split())
    assert classes(bills(tmp_path, text, film(count))) == expected


def test_sound_that_is_in_no_line_is_told_and_not_taken_for_drift(tmp_path: Path) -> None:
    found = bills(tmp_path, "film,p,cheap,2,served film,p,cheap,2,served film,p,cheap,4.24,served", film(2))

    assert (found.unexplained_usd, found.unbilled_dubbing_usd) == (0, Decimal("0.24"))
    assert found.difference_usd == Decimal("-0.24")


def test_one_generation_that_fails_alone_bills_itself(tmp_path: Path) -> None:
    clip = {"id": "film", "seconds": 40, "max_segments": 2}
    plan = planned([clip], catalog(model("cheap", failure_rate="0.1", bills_failures="yes")))
    found = bills(tmp_path, "film,p,cheap,2,served film,p,cheap,2,failed film,p,cheap,2,served", plan)

    assert classes(found) == {"as-planned": (1, "0"), "billed-failure": (1, "0")}


def two_ways() -> Plan:
    """``a`` once on ``cheap`` ($1.00, behind it ``dear``) and once on ``dear`` ($1.50, behind it ``cheap``)."""
    dear = model("dear", [{"audio": False, "price_per_second": "0.15"}])
    caps = [{"where": {"model": "cheap"}, "max_clips": 1}]
    return planned([{**HERO, "id": "a"}], catalog(model("cheap"), dear), limits={"caps": caps})


def test_lines_of_a_clip_that_goes_two_ways_are_held_against_the_way_that_explains_them(tmp_path: Path) -> None:
    straight = bills(tmp_path, "a,p,dear,1.5,served a,p,cheap,1,served", two_ways())
    both_cheap = bills(tmp_path, "a,p,cheap,1,served a,p,cheap,1,served", two_ways())

    assert classes(straight) == {"as-planned": (2, "0")}
    assert classes(both_cheap) == {"as-planned": (1, "0"), "fallback": (1, "0")}
    assert both_cheap.difference_usd == Decimal("-0.5")  # 2.00 - 2.50


def test_the_sums_by_class_bridge_nominal_and_billed(tmp_path: Path) -> None:
    lines = "a,p,dear,1.7,served a,p,cheap,1,served a,q,x,3,served a,p,cheap,0,failed z,p,x,1,served"
    found = bills(tmp_path, lines, two_ways())

    assert sum(own.planned_usd for own in found.classes) == found.nominal_usd == Decimal("2.5")
    assert sum(own.billed_usd for own in found.classes) == found.billed_usd == Decimal("6.7")
    assert sum(own.lines for own in found.classes) == sum(own.lines for own in found.models) == found.lines == 5
    assert [(own.provider, own.model, own.billed_usd) for own in found.models] == [
        ("p", "cheap", 1), ("p", "dear", Decimal("1.7")), ("p", "x", 1), ("q", "x", 3),
    ]  # fmt: skip


def test_what_was_requested_is_billed_where_the_scenario_says_so(tmp_path: Path) -> None:
    dear = model("dear", [{"audio": False, "price_per_second": "0.15"}])
    plan = planned([{**HERO, "count": 1}], catalog(model("cheap"), dear), fallback={"billed": "requested"})
    assert classes(bills(tmp_path, "hero,p,dear,1,served", plan)) == {"fallback": (1, "0")}


def test_the_times_of_the_lines_are_those_of_the_report(tmp_path: Path) -> None:
    lines = "hero,p,cheap,1,2026-04-11T09:30:00Z hero,p,cheap,1,2026-04-11T10:30:00+02:00"
    found = bills(tmp_path, lines, shop(), "clip,provider,model,billed_usd,time")

    assert found.since is not None
    assert found.until is not None
    assert (f"{found.since:%H:%M}", f"{found.until:%H:%M}") == ("08:30", "09:30")


def test_a_bad_table_is_refused_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(router.InputError, match=r"bills\.csv:3: `billed_usd` must be an amount as 1\.25, not 'x'"):
        bills(tmp_path, "hero,p,cheap,1,served hero,p,cheap,x,served", shop())


def test_a_plan_with_prices_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    plan = shop()
    (route,) = plan.routes
    huge = plan.model_copy(update={"routes": (route.model_copy(update={"price_usd": Decimal(10) ** 17}),)})

    with pytest.raises(router.InputError, match="come to more than a report can hold; verify the plan"):
        bills(tmp_path, "hero,p,cheap,1,served", huge)
