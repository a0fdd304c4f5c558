"""Counts of finals and drafts as routes, totals, limits and moves; the counts are made up, no solver is asked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest

from router.assembly.moves import moves, without
from router.assembly.no_plan import relaxation
from router.assembly.routes import routes_and_left_out
from router.assembly.totals import baselines
from router.checking.alone import check_alone
from router.checking.check import check, check_fully
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.optimization.limits import assignment
from router.optimization.problem import Size, Solution
from router.pipeline import assemble
from router.providers import requests
from router.schema.candidate import Choices
from router.schema.plan import LeftOut, Plan, Route
from router.schema.scenario import Scenario
from tests.builders import ON, Raw, catalog, model, planned, scenario

Rows = Sequence[Sequence[int]]

# 10 s: $1.00 on m, $2.00 on n; at 720p only n.
TWO = catalog(
    model("m", [{"audio": False, "resolution": "480p", "price_per_second": "0.10"}]),
    model("n", [{"audio": False, "resolution": "720p", "price_per_second": "0.20"}]),
)


def ways_in(given: Scenario) -> list[Choices]:
    market = open_market(given, ON)
    by_group = given.limits.groups is not None
    return [ways_to_make(own, market) for own in clip_classes(given.clips, by_group=by_group)]


def dealt(counts: Rows, *clips: Raw, **fields: object) -> tuple[tuple[Route, ...], tuple[LeftOut, ...]]:
    given = scenario([{"seconds": 10, **clip} for clip in clips], TWO, **fields)
    return routes_and_left_out(given.clips, ways_in(given), counts, requests)


def assembled(counts: Rows, *clips: Raw, cost: float = 0.0, **fields: object) -> tuple[Plan, Scenario]:
    """The plan of made-up counts, and its scenario; it calls itself the best found, with a bound of 0."""
    given = scenario([{"seconds": 10, **clip} for clip in clips], TWO, **fields)
    choices = ways_in(given)
    solution = Solution(tuple(map(tuple, counts)), cost, 0.0, "solver", proven=False, size=Size(1, 1, 1, 1))
    return assemble(open_market(given, ON), choices, assignment(choices, given), solution), given


def who(routes: Sequence[Route]) -> list[tuple[str, bool, dict[str, int]]]:
    return [(r.model, r.draft, dict(zip(r.clips, r.counts, strict=True))) for r in routes]


DRAFTED: Raw = {"drafts": {"count": 3}}


def test_drafts_are_dealt_out_in_the_order_of_the_scenario_so_many_for_each_clip() -> None:
    # 2 of a and 1 of b; 9 drafts, of which m makes 7: all 6 of a, and 1 of b.
    routes, left = dealt([[1, 2], [7, 2]], {"id": "a", "count": 2, **DRAFTED}, {"id": "b", **DRAFTED})
    assert who(routes) == [
        ("m", False, {"a": 1}),
        ("n", False, {"a": 1, "b": 1}),
        ("m", True, {"a": 6, "b": 1}),
        ("n", True, {"b": 2}),
    ]
    assert left == ()


def test_what_the_drafts_of_one_clip_cost_is_the_mean_over_its_class() -> None:
    # 7 drafts at $1.00 and 2 at $2.00 for 3 clips: $11.00 / 3 = $3.666667.
    routes, _ = dealt([[1, 2], [7, 2]], {"id": "a", "count": 2, **DRAFTED}, {"id": "b", **DRAFTED})
    assert [str(route.drafting_usd) for route in routes] == ["3.666667", "3.666667", "0.000000", "0.000000"]


def test_what_is_left_out_has_no_drafts() -> None:
    # 3 of 5 are made: a twice and b once; 9 drafts, 6 of them a's. The last number is left out.
    clips: list[Raw] = [
        {"id": "a", "count": 2, "value_usd": 9, **DRAFTED},
        {"id": "b", "count": 3, "value_usd": 9, **DRAFTED},
    ]
    routes, left = dealt([[3, 0, 2], [9, 0]], *clips)
    assert who(routes) == [("m", False, {"a": 2, "b": 1}), ("m", True, {"a": 6, "b": 3})]
    assert [(entry.clips, entry.counts) for entry in left] == [(("b",), (2,))]
    # The solver may say how many drafts are not made.
    assert dealt([[3, 0, 2], [9, 0, 6]], *clips) == (routes, left)
    nothing, everything = dealt([[0, 0, 5], [0, 0]], *clips)
    assert (nothing, [(entry.clips, entry.counts) for entry in everything]) == ((), [(("a", "b"), (2, 3))])


def test_a_class_and_its_drafts_need_not_stand_side_by_side() -> None:
    clips = ({"id": "a", **DRAFTED}, {"id": "b", "seconds": 5}, {"id": "c", "drafts": {"count": 1}})
    routes, _ = dealt([[1, 0], [3, 0], [1, 0], [1, 0], [0, 1]], *clips)
    assert who(routes) == [
        ("m", False, {"a": 1}),
        ("m", True, {"a": 3}),
        ("m", False, {"b": 1}),
        ("m", False, {"c": 1}),
        ("n", True, {"c": 1}),
    ]
    assert [route.drafting_usd for route in routes] == [3, 0, 0, 2, 0]


def test_drafts_of_clips_with_requests_of_their_own_are_routes_of_their_own() -> None:
    clips = [{"id": name, "request": {"prompt": name}, **DRAFTED} for name in ("x", "y")]
    routes, _ = dealt([[2, 0], [6, 0]], *clips)
    assert who(routes) == [
        ("m", False, {"x": 1}),
        ("m", False, {"y": 1}),
        ("m", True, {"x": 3}),
        ("m", True, {"y": 3}),
    ]


def test_routes_carry_their_group_where_groups_bind_and_drafts_never_do() -> None:
    clips = ({"id": "a", "group": "g", **DRAFTED}, {"id": "b"})
    bound, _ = dealt([[1, 0], [3, 0], [1, 0]], *clips, limits={"groups": "same-model"})
    assert [route.group for route in bound] == ["g", None, None]
    free, _ = dealt([[1, 0], [3, 0], [1, 0]], *clips)
    assert {route.group for route in free} == {None}


def test_why_a_clip_is_left_out_counts_its_drafts() -> None:
    # $1.00 for the clip and 3 x $1.00 for its drafts is more than $3.50.
    _, (left,) = dealt([[0, 0, 1], [0, 0]], {"value_usd": "3.50", **DRAFTED})
    assert left.reason == "making it and its drafts costs $4.00, more than it is worth"
    _, (left,) = dealt([[0, 0, 1], [0, 0]], {"value_usd": 4, **DRAFTED})
    assert left.reason == "the limits leave no room for it"
    _, (left,) = dealt([[0, 0, 1], []], {"value_usd": 4, "drafts": {"count": 1, "resolution": "4k"}})
    assert left.reason == "no offer is eligible for its drafts"


def test_totals_count_clips_and_drafts_apart_and_pass_both_checks() -> None:
    # 3 of 5 clips: 1 on m and 2 on n = $5.00; 9 drafts: 7 on m, 2 on n = $11.00; 2 left out at $9.00.
    made, given = assembled([[1, 2, 2], [7, 2, 6]], {"id": "a", "count": 5, "value_usd": 9, **DRAFTED})
    sums = made.totals
    assert (sums.clips, sums.served, sums.left_out, sums.drafts) == (5, 3, 2, 9)
    assert (sums.expected_usd, sums.drafts_usd, sums.objective_usd) == (16, 11, 34)
    assert sums.per_served_usd == Decimal("5.333333")
    assert check(made, given, given.catalogs, ON) == []
    assert check_alone(made, given.catalogs) == []


def test_a_clip_that_is_left_out_altogether_has_no_price_of_one() -> None:
    made, given = assembled([[0, 0, 1], [0, 0, 3]], {"value_usd": 1, **DRAFTED})
    assert (made.totals.per_served_usd, made.totals.drafts, made.routes) == (None, 0, ())
    assert check(made, given, given.catalogs, ON) == []


def test_baselines_decide_clips_and_drafts_alike_and_count_the_clips() -> None:
    # As planned all is on m: 2 x $1.00 + 6 x $1.00; always n: twice that.
    given = scenario([{"seconds": 10, "count": 2, **DRAFTED}], TWO)
    found = {b.name: b for b in baselines(ways_in(given), [[2, 0], [6, 0]])}
    assert {name: (b.clips, b.expected_usd, b.saving_usd) for name, b in found.items()} == {
        "always m": (2, 8, 0),
        "always n": (2, 16, 8),
        "always the dearest eligible": (2, 16, 8),
    }


def test_a_rule_may_decide_the_drafts_of_clips_that_it_cannot_make() -> None:
    # At 720p only n makes the clip; m makes its drafts.
    given = scenario([{"seconds": 10, "resolution": "720p", **DRAFTED}], TWO)
    found = {b.name: (b.clips, b.expected_usd) for b in baselines(ways_in(given), [[1], [0, 3]])}
    assert found == {"always m": (0, 5), "always n": (1, 8), "always the dearest eligible": (1, 8)}


def test_requests_ask_for_the_drafts_own_size_and_sound() -> None:
    clip = {
        "id": "a", "seconds": 10, "resolution": "1080p", "audio": "native", "request": {"prompt": "a boat"},
        "drafts": {"count": 2, "resolution": "720p"},
    }  # fmt: skip
    plan = planned([clip])
    final, *drafts = [request.body for request in plan.requests("a")]
    assert len(drafts) == 2
    assert (final["quality"], final["sound"], final["prompt"]) == ("1080p", "on", "a boat")
    assert [request.body for request in plan.requests(draft=True)] == drafts
    assert [request.body for request in plan.requests("a", draft=False)] == [final]
    assert all((d["quality"], d["sound"], d["duration"], d["prompt"]) == ("720p", "off", 10, "a boat") for d in drafts)


def test_a_request_that_fits_the_final_clip_is_no_reason_to_warn_of_its_drafts() -> None:
    clip = {"seconds": 10, "audio": "native", "request": {"sound": "on"}, "drafts": {"count": 2}}
    assert not [warning for warning in planned([clip]).warnings if "request." in warning]


TIMED = catalog(
    model("m", quality=4, quality_source="q", generation_seconds_per_second=6, concurrency=2, keep_rate="0.5"),
    model("n", [{"audio": False, "price_per_second": "0.20"}], quality=9, quality_source="q",
          generation_seconds_per_second=3, concurrency=4, provider="p"),
    model("n", [{"audio": False, "price_per_second": "0.20"}], quality=9, quality_source="q", mode="image-to-video",
          generation_seconds_per_second=12, concurrency=3, provider="p"),
)  # fmt: skip


def test_mean_quality_and_minutes_are_those_of_the_primaries_used() -> None:
    given = scenario(
        [
            {"seconds": 10, "count": 5, "max_takes": 3, "drafts": {"count": 2}},
            {"seconds": 5, "mode": "image-to-video", "count": 2},
        ],
        TIMED,
        limits={"mean_quality_min": 5, "deadline_minutes": 30},
    )
    # Finals: 4 on m (1 minute, 3 takes), 1 on n (half a minute). Drafts: 10 on m, 1 minute each, of one take. Then 2 x 1 minute on n.
    found = {v.limit: v for v in assembled_from(given, [[4, 1], [10, 0], [2]]).limits}
    # (4 x 4 + 9 + 2 x 9) / 7 = 43 / 7 = 6.142857...: a lower bound is rounded down.
    quality = found["mean_quality_min"]
    assert (quality.unit, quality.value, quality.at_least) == ("score", Decimal("6.142857"), 5)
    # m: 4 x 3 + 10 = 22 minutes, 2 at once, the longest 3: 14. n: 0.5 + 2 = 2.5 minutes, 3 at once at least, the longest 1.
    m, n = found["deadline_minutes[p/m]"], found["deadline_minutes[p/n]"]
    assert (m.unit, m.value, m.at_most, m.slack) == ("minutes", 14, 30, 16)
    assert n.value == Decimal("1.833334")  # 2.5 / 3 + 1, rounded up
    assert list(found) == ["mean_quality_min", "deadline_minutes[p/m]", "deadline_minutes[p/n]"]


def test_models_that_are_not_used_have_no_deadline_and_no_clip_keeps_any_quality() -> None:
    given = scenario([{"seconds": 10, "value_usd": 1}], TIMED, limits={"mean_quality_min": 5, "deadline_minutes": 30})
    (only,) = assembled_from(given, [[0, 0, 1]]).limits
    assert (only.limit, only.value, only.slack) == ("mean_quality_min", 5, 0)


def test_limits_that_hold_anyway_are_shown_and_pass_both_checks() -> None:
    given = scenario(
        [{"seconds": 10, "count": 5, "max_takes": 3, "group": "g", "drafts": {"count": 2}}],
        TIMED,
        # m for all: (5 x 3 + 10) / 2 + 3 = 15.5 minutes.
        limits={"mean_quality_min": 4, "deadline_minutes": "15.5", "groups": "same-model"},
    )
    made = assembled_from(given, [[5, 0], [10, 0]])
    assert [(v.limit, v.value, v.slack) for v in made.limits] == [
        ("mean_quality_min", 4, 0),
        ("deadline_minutes[p/m]", Decimal("15.5"), 0),
    ]
    assert check_fully(made, given, given.catalogs, ON)[0] == []
    assert check_alone(made, given.catalogs) == []


def assembled_from(given: Scenario, counts: Rows) -> Plan:
    choices = ways_in(given)
    solution = Solution(tuple(map(tuple, counts)), 0.0, 0.0, "solver", proven=False, size=Size(1, 1, 1, 1))
    return assemble(open_market(given, ON), choices, assignment(choices, given), solution)


@pytest.mark.parametrize("unmade", [[], [2]])
def test_drafts_move_with_their_clips(unmade: list[int]) -> None:
    given = scenario([{"seconds": 10, "count": 2, "value_usd": 9, "drafts": {"count": 2}}], TWO)
    choices = ways_in(given)
    # From all on m to one on n and one left out, with one draft on n.
    before, after = [[2, 0, 0], [4, 0]], [[0, 1, 1], [1, 1, *unmade]]
    found = list(moves(choices, before, after))
    assert [(m.choices.clip_class.draft_of, m.model(m.before), m.model(m.after), m.count) for m in found] == [
        (None, "m", "n", 1),
        (None, "m", "left out", 1),
        (0, "m", "n", 1),
        (0, "m", "left out", 2),
    ]
    # $1.00 more; $8.00 of value lost beyond its price; $1.00 more; 2 drafts of $1.00 spared.
    assert [m.dearer() for m in found] == [1e6, 8e6, 1e6, -2e6]
    assert without(choices, after, found) == [[2, 0, 0], [4, 0, 0]]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("deadline_minutes[evolink/kling-3.0]", ("limits", "deadline_minutes")),
        ("groups[3]", ("limits", "groups")),
        ("mean_quality_min", ("limits", "mean_quality_min")),
        ("caps[2].max_clips", ("limits", "caps", 2, "max_clips")),
    ],
)
def test_a_limit_is_looked_up_where_it_stands_in_the_file(name: str, path: tuple[str | int, ...]) -> None:
    found = relaxation(name, "at_most", "minutes", Fraction(10), Fraction(32, 3), [("'a'", Fraction(5, 2))], repr)
    assert found.where == repr(path)
    assert str(found) == f"{path!r}: raise limits.{name} from 10 to 10.666667 (pinned by 'a' at least 2.5 minutes)"
