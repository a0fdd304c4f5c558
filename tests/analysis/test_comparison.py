"""Two plans held against each other: what moves, why, and that the differences add up."""

from __future__ import annotations

import time
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pytest

import router
from router.analysis.comparison import compare
from router.report.words import move_text
from router.schema.catalog import Catalog
from router.schema.comparison import Comparison, Move
from router.schema.plan import Plan
from tests.builders import ON, catalog, model, planned, scenario
from tests.limits_reading import planned as planned_case
from tests.limits_scenarios import random_case

HERO = {"id": "hero", "seconds": 10, "resolution": "1080p", "audio": "native", "count": 40}


def kinds(move: Move) -> list[str]:
    return [own.kind for own in move.why]


def texts(found: Comparison) -> list[str]:
    return [own.text for move in (*found.moved, *found.repriced) for own in move.why]


def two(name: str = "m", price: str = "0.10", other: str = "0.20", **fields: Any) -> Catalog:
    """A cheap and a dear model."""
    return catalog(
        model(name, [{"audio": False, "price_per_second": price}], **fields),
        model("n", [{"audio": False, "price_per_second": other}]),
    )


def test_a_plan_does_not_differ_from_itself() -> None:
    plan = planned([HERO])

    found = compare(plan, plan.model_copy(deep=True))

    assert found.same
    assert (found.moved, found.repriced, found.limits, found.unchanged) == ((), (), (), 40)
    assert all(figure.difference in (0, None) for figure in found.figures)


def test_a_unit_that_costs_less_is_a_lower_price_in_dollars() -> None:
    def sold(usd_per_unit: str) -> Catalog:
        return catalog(
            model("m", [{"audio": False, "price_per_second": "0.6"}]), unit="unit", usd_per_unit=usd_per_unit
        )

    scenarios = scenario([{"seconds": 10}], sold("0.14")), scenario([{"seconds": 10}], sold("0.126"))
    before, after = (router.plan(own, on=ON) for own in scenarios)

    # 0.6 x 0.14 = 0.084 and 0.6 x 0.126 = 0.0756
    assert texts(compare(before, after, scenarios)) == ["m silent costs $0.0756/s instead of $0.084/s"]


def test_a_requirement_that_is_dropped_is_the_reason_with_both_values() -> None:
    scenarios = scenario([HERO]), scenario([{**HERO, "audio": "none"}])
    before, after = (router.plan(own, on=ON) for own in scenarios)

    found = compare(before, after, scenarios)

    # kling-o3 at 1080p: 10 s at 0.125 with audio, 10 s at 0.100 without: 0.25 less for each of 40
    (move,) = found.moved
    assert (move.count, move.difference_usd, move.all_usd) == (40, Decimal("-0.25"), Decimal("-10"))
    assert [(own.kind, own.text) for own in move.why] == [("requirement", "audio none instead of native")]
    assert found.made_of.expected_usd == Decimal("-10")
    assert not found.same


def test_a_dearer_price_is_told_per_second_whether_scenarios_are_known_or_not() -> None:
    clips = [{"id": "c", "seconds": 10, "count": 3}]
    scenarios = scenario(clips, two()), scenario(clips, two(price="0.15"))
    before, after = (router.plan(own, on=ON) for own in scenarios)

    for found in (compare(before, after), compare(before, after, scenarios)):
        assert found.moved == ()
        (own,) = found.repriced
        assert (own.difference_usd, own.all_usd) == (Decimal("0.5"), Decimal("1.5"))
        assert [(why.kind, why.text) for why in own.why] == [("price", "m silent costs $0.15/s instead of $0.10/s")]
        assert move_text(own) == "3 x c: m at $1.00 -> at $1.50, +$1.50"


def test_a_price_that_drives_clips_away_is_the_reason_and_plans_alone_know_it_from_the_chain() -> None:
    clips = [{"id": "c", "seconds": 10, "count": 3}]
    scenarios = scenario(clips, two()), scenario(clips, two(price="0.25"))
    before, after = (router.plan(own, on=ON) for own in scenarios)

    (exact,) = compare(before, after, scenarios).moved
    (alone,) = compare(before, after).moved

    assert [why.text for why in exact.why] == ["m silent costs $0.25/s instead of $0.10/s"]
    assert [why.text for why in alone.why] == ["m silent costs $2.50 for 10 s instead of $1.00"]
    assert move_text(exact) == "3 x c: m -> n, +$3.00"


def test_an_offer_that_is_new_or_gone_is_the_reason() -> None:
    clips = [{"id": "c", "seconds": 10}]
    old, new = scenario(clips, two()), scenario(clips, two("fresh", "0.05"))
    before, after = router.plan(old, on=ON), router.plan(new, on=ON)

    (move,) = compare(before, after, (old, new)).moved

    assert [(own.kind, own.text) for own in move.why] == [
        ("new", "fresh silent is new in catalog test, at $0.05/s"),
        ("gone", "m silent is in no catalog any more (test had it)"),
    ]


def test_a_term_of_an_offer_that_differs_is_the_reason() -> None:
    clips = [{"id": "c", "seconds": 10}]
    short = {"min": 1, "max": 8, "step": 1}
    old, new = scenario(clips, two()), scenario(clips, two(seconds=short))
    (move,) = compare(router.plan(old, on=ON), router.plan(new, on=ON), (old, new)).moved

    assert [(own.kind, own.text) for own in move.why] == [
        ("catalog", "m silent: seconds min 1, max 8, step 1 instead of min 1, max 20, step 1")
    ]


def test_a_limit_that_pushes_clips_is_the_reason_with_its_bound() -> None:
    clips = [{"id": "c", "seconds": 10, "count": 5}]
    before = planned(clips, two())
    after = planned(clips, two(), limits={"caps": [{"where": {"model": "m"}, "max_clips": 2}]})

    found = compare(before, after)

    # 3 of 5 clips go from 1.00 to 2.00
    (move,) = found.moved
    assert (move.count, move.all_usd, kinds(move)) == (3, Decimal(3), ["limit"])
    assert texts(found) == ["limits.caps[0].max_clips (new: at most 2 clips) keeps it off p/m, $1.00 more each"]
    (limit,) = found.limits
    assert limit.before is None
    assert limit.after is not None
    assert (limit.after.value, limit.after.at_most, limit.after.binding) == (2, 2, True)
    assert found.unchanged == 2

    (back,) = compare(after, before).moved
    assert [own.text for own in back.why] == [
        "limits.caps[0].max_clips (dropped: at most 2 clips) no longer keeps it off p/m"
    ]


def test_clips_that_are_added_removed_or_left_out_have_no_way_on_that_side() -> None:
    worth = {"id": "extra", "seconds": 10, "count": 2, "value_usd": "0.90"}
    before = planned([{"id": "c", "seconds": 10, "count": 5}, worth], two())
    after = planned([{"id": "c", "seconds": 10, "count": 7}, {**worth, "value_usd": "1.10"}], two())

    found = {move.clips[0]: move for move in compare(before, after).moved}

    assert (found["c"].before_is, found["c"].before, found["c"].all_usd) == ("absent", None, Decimal(2))
    assert [own.text for own in found["c"].why] == ["more of them are asked for"]
    assert move_text(found["c"]) == "2 x c: not asked for -> m silent, 10 s, +$2.00"
    assert found["extra"].before_is == "left-out"
    assert [(own.kind, own.text) for own in found["extra"].why] == [
        ("value", "it was left out: making it costs $1.00, more than it is worth")
    ]


def test_ways_of_equal_cost_are_a_tie() -> None:
    clips = [{"id": "c", "seconds": 10}]
    one = catalog(model("a"), model("b"))
    other = catalog(model("b"), model("a"))
    (move,) = compare(planned(clips, one), planned(clips, other)).moved
    assert (kinds(move), move.all_usd) == (["tie"], 0)


def test_fallback_and_outages_that_differ_are_the_reason_where_only_the_mean_moves() -> None:
    clips = [{"id": "c", "seconds": 10}]
    old = scenario(clips, two(), outages={"availability": {"m": "0.9"}})
    new = scenario(clips, two(), outages={"availability": {"m": "0.8"}}, fallback={"max_steps": 1})
    found = compare(router.plan(old, on=ON), router.plan(new, on=ON), (old, new))

    # 0.9 x 1 + 0.1 x 2 = 1.10 before, 0.8 x 1 + 0.2 x 2 = 1.20 after
    (own,) = found.repriced
    assert own.difference_usd == Decimal("0.1")
    assert [(why.kind, why.text) for why in own.why] == [
        ("fallback", "fallback.max_steps 1 instead of none"),
        ("outages", "outages.availability of m is 0.8 instead of 0.9"),
    ]


def test_dubbing_of_what_catches_a_clip_is_a_reason() -> None:
    # The primary makes sound for $1.00; what catches it is silent and dubbed.
    sold = catalog(
        model("m", [{"audio": True, "price_per_second": "0.1"}], availability="0.9"),
        model("n", [{"audio": False, "price_per_second": "0.1"}]),
    )
    given = [
        scenario([{"id": "a", "seconds": 10, "audio": "any"}], sold, dubbing={"usd_per_second": rate})
        for rate in ("0.02", "0.03")
    ]
    (move,) = compare(*(router.plan(own, on=ON) for own in given), (given[0], given[1])).repriced
    assert [reason.text for reason in move.why] == ["dubbing costs $0.03/s instead of $0.02/s"]


def test_drafts_that_make_a_clip_too_dear_are_the_reason() -> None:
    # $1.00 is worth it, with a draft $2.00 is not.
    sold = catalog(model("m"))
    given = [
        scenario([{"id": "a", "seconds": 10, "value_usd": "1.50", **drafts}], sold)
        for drafts in ({}, {"drafts": {"count": 1}})
    ]
    moves = compare(*(router.plan(own, on=ON) for own in given), (given[0], given[1])).moved
    assert any("drafts" in reason.text for move in moves for reason in move.why if not move.draft)


def test_a_rate_that_the_scenario_did_not_state_was_the_catalogs() -> None:
    def reasons(sold: Catalog, name: str, before: dict[str, str]) -> set[str]:
        old, new = (
            scenario([{"id": "c", "seconds": 10}], sold, outages={"availability": own})
            for own in (before, {**before, name: "0.8"})
        )
        found = compare(router.plan(old, on=ON), router.plan(new, on=ON), (old, new))
        return {why.text for move in found.repriced for why in move.why}

    stated = catalog(model("m", availability="0.9"), model("n", [{"audio": False, "price_per_second": "0.2"}]))
    silent = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.2"}]))
    whose = "outages.availability of"
    assert reasons(stated, "m", {}) == {f"{whose} m is 0.8 instead of the catalog's 0.9"}
    assert reasons(stated, "p/m", {"m": "0.7"}) == {f"{whose} p/m is 0.8 instead of 0.7"}
    assert reasons(silent, "m", {}) == {f"{whose} m is 0.8 instead of none"}


def test_less_risk_makes_another_way_the_better_one() -> None:
    # In one of ten runs a is down and each clip costs $2.40: the mean of the worst 5 % is above the $1.18 of b.
    sold = catalog(
        *(model(name, [{"audio": False, "price_per_second": usd}], provider=at)
          for name, usd, at in (("a", "0.10", "n"), ("b", "0.118", "s"), ("z", "0.24", "n")))
    )  # fmt: skip
    chances = {"availability": {"a": "0.9"}, "correlation": "per-run"}
    plain, careful = (
        planned([{"id": "c", "seconds": 10}], sold, outages=chances, objective=aim)
        for aim in ({}, {"minimise": "cvar"})
    )
    for (before, after), verb in (((plain, careful), "makes"), ((careful, plain), "made")):
        (move,) = compare(before, after).moved
        assert [why.text for why in move.why] == [f"less risk {verb} b silent the better way, not n/a"]


def test_plans_alone_tell_what_catches_a_clip_and_how_likely_it_is_up() -> None:
    clips = [{"id": "c", "seconds": 10}]
    before = planned(clips, two(), outages={"availability": {"m": "0.9"}})
    rarer = planned(clips, two(), outages={"availability": {"m": "0.8"}})
    alone = planned(clips, two(), outages={"availability": {"m": "0.9"}}, fallback={"direction": "none"})
    dearer = planned(clips, two(other="0.30"), outages={"availability": {"m": "0.9"}})

    assert texts(compare(before, rarer)) == ["availability of m is 0.8 instead of 0.9"]
    assert texts(compare(before, alone)) == ["caught by nothing instead of n"]
    assert texts(compare(before, dearer)) == ["n silent, which can catch it, costs $3.00 instead of $2.00"]


def test_what_plans_alone_cannot_know_is_said_to_be_unknown() -> None:
    (move,) = compare(planned([HERO]), planned([{**HERO, "audio": "none"}])).moved
    assert (kinds(move), move.why[0].text.endswith("compare the scenarios")) == (["other"], True)


def test_packs_are_a_line_of_their_own() -> None:
    clips = [{"id": "c", "seconds": 10, "count": 5}]
    packs = [{"provider": "p", "pays_for_usd": 4, "price_usd": 3}]
    found = compare(planned(clips, two()), planned(clips, two(), packs=packs))

    # A pack that pays for 4.00 costs 3.00; every clip is made as before.
    assert (found.moved, found.repriced) == ((), ())
    assert (found.made_of.savings_usd, found.made_of.expected_usd) == (Decimal(-1), Decimal(-1))
    assert not found.same


def test_drafts_are_moves_of_their_own() -> None:
    clip = {"id": "c", "seconds": 10, "count": 2}
    drafts = {"count": 3}
    found = compare(planned([clip], two()), planned([{**clip, "drafts": drafts}], two()))

    (move,) = found.moved
    assert (move.draft, move.count, move.all_usd) == (True, 6, Decimal(6))
    assert found.unchanged == 2


def test_alike_clips_are_one_move_and_the_largest_difference_comes_first() -> None:
    clips = [{"id": f"c{i}", "seconds": 5 + i % 2 * 10, "count": i + 1} for i in range(4)]
    found = compare(planned(clips, two()), planned(clips, two(price="0.30")))

    # 5 s: 0.50 -> 1.00 for 1 + 3 of them; 15 s: 1.50 -> 3.00 for 2 + 4
    assert [(move.clips, move.counts, move.all_usd) for move in found.moved] == [
        (("c1", "c3"), (2, 4), Decimal(9)),
        (("c0", "c2"), (1, 3), Decimal(2)),
    ]


def test_a_comparison_is_read_back_as_it_was_written() -> None:
    found = compare(planned([HERO]), planned([{**HERO, "audio": "none"}]))
    assert Comparison.model_validate_json(found.model_dump_json(by_alias=True)) == found


# ---- properties ------------------------------------------------------------------------------------------------------


SEEDS = [range(first, first + 20) for first in range(20_000, 20_080, 20)]
each_block = pytest.mark.parametrize("seeds", SEEDS, ids=str)


@lru_cache
def pairs(seeds: range) -> list[tuple[Plan, Plan]]:
    """Random scenarios with limits, each beside the same without limits, or beside one that has nothing to do with it."""
    found = []
    for seed in seeds:
        case, other = random_case(seed), random_case(seed + 1)
        free = {key: value for key, value in case.scenario.items() if key != "limits"}
        before = planned_case(case.scenario, case.catalogs, ON)
        after = planned_case(*((free, case.catalogs) if seed % 2 else (other.scenario, other.catalogs)), ON)
        if before is not None and after is not None:
            found.append((before, after))
    return found


@each_block
def test_differences_add_up_exactly(seeds: range) -> None:
    for plans in pairs(seeds):
        adds_up(plans)


def adds_up(plans: tuple[Plan, Plan]) -> None:
    before, after = plans
    found = compare(before, after)
    made_of = found.made_of

    moved = sum((move.difference_usd * move.count for move in found.moved), Decimal(0))
    repriced = sum((move.difference_usd * move.count for move in found.repriced), Decimal(0))
    parts = moved + repriced + made_of.savings_usd + made_of.rounding_usd
    assert parts == made_of.expected_usd == after.totals.expected_usd - before.totals.expected_usd
    parts += made_of.left_out_value_usd + made_of.penalty_usd + made_of.risk_usd
    assert parts == after.totals.objective_usd - before.totals.objective_usd
    # Half a micro-dollar for each clip and draft that is told rounded, and one for each sum
    told = sum(plan.totals.served + plan.totals.drafts for plan in plans)
    assert abs(made_of.rounding_usd) <= Decimal("0.0000005") * told + Decimal("0.000002")
    values = ((plan.totals.objective_usd - plan.totals.expected_usd) for plan in plans)
    if all(plan.objective.cvar_usd is None and plan.objective.minimise == "expected" for plan in plans):
        old, new = values
        assert made_of.risk_usd == new - old - made_of.left_out_value_usd - made_of.penalty_usd


@each_block
def test_every_clip_is_accounted_for(seeds: range) -> None:
    for plans in pairs(seeds):
        accounts_for_every_clip(plans)


def accounts_for_every_clip(plans: tuple[Plan, Plan]) -> None:
    """What leaves a way and what arrives there is what the routes hold fewer or more of it."""
    before, after = plans
    found = compare(before, after)
    flow: dict[tuple[object, ...], int] = {}

    def book(key: tuple[object, ...], count: int) -> None:
        flow[key] = flow.get(key, 0) + count

    for plan, sign in ((before, -1), (after, 1)):
        for route in plan.routes:
            for clip, count in zip(route.clips, route.counts, strict=True):
                book((clip, route.draft, route.model, route.resolution, route.segments, route.price_usd), sign * count)
    for move in (*found.moved, *found.repriced):
        for way, sign in ((move.before, 1), (move.after, -1)):
            for clip, count in zip(move.clips, move.counts, strict=True) if way else ():
                book((clip, move.draft, way.model, way.resolution, way.segments, way.price_usd), sign * count)
    assert not any(flow.values())


@each_block
def test_the_other_way_round_is_the_mirror_image(seeds: range) -> None:
    for plans in pairs(seeds):
        mirrors(plans)


def mirrors(plans: tuple[Plan, Plan]) -> None:
    there, back = compare(*plans), compare(*reversed(plans))

    def read(found: Comparison, *, turned: bool) -> set[tuple[object, ...]]:
        return {
            (
                frozenset(zip(move.clips, move.counts, strict=True)),
                move.draft,
                *((move.after, move.before) if turned else (move.before, move.after)),
                -move.all_usd if turned else move.all_usd,
            )
            for move in (*merged(found.moved), *merged(found.repriced))
        }

    assert read(there, turned=False) == read(back, turned=True)
    turned = {name: -value for name, value in back.made_of.model_dump().items()}
    assert there.made_of.model_dump() == turned
    assert [figure.difference for figure in there.figures] == [
        None if figure.difference is None else -figure.difference for figure in back.figures
    ]
    assert there.unchanged == back.unchanged


def merged(moves: tuple[Move, ...]) -> list[Move]:
    """Moves that differ only in their reasons as one: the same cause may be told for one side and not for the other."""
    alike: dict[tuple[object, ...], list[Move]] = {}
    for move in moves:
        key = (move.draft, move.before, move.after, move.before_is, move.after_is)
        alike.setdefault(key, []).append(move)
    return [
        own[0].model_copy(
            update={
                "clips": tuple(clip for move in own for clip in move.clips),
                "counts": tuple(count for move in own for count in move.counts),
                "all_usd": sum((move.all_usd for move in own), Decimal(0)),
            }
        )
        for own in alike.values()
    ]


@each_block
def test_a_random_plan_does_not_differ_from_itself(seeds: range) -> None:
    for plan, _ in pairs(seeds):
        found = compare(plan, plan.model_copy(deep=True))
        assert found.same
        assert found.unchanged == plan.totals.clips


def test_ten_thousand_routes_and_a_million_clips_are_compared_at_once() -> None:
    """Generous bounds: machines that run tests are busy."""
    clips = [{"id": f"c{i}", "seconds": Decimal(3) + Decimal(i) / 1000} for i in range(10_000)]
    many = [{"id": "million", "seconds": 10, "count": 1_000_000}]
    for wanted, most in ((clips, 3.0), (many, 0.1)):
        before, after = planned(wanted, two()), planned(wanted, two(price="0.30"))
        start = time.process_time()
        found = compare(before, after)
        assert time.process_time() - start < most
        assert sum(move.count for move in found.moved) == before.totals.clips
