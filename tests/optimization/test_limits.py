"""Each limit alone: its rows as LP text, and what it does to a plan."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.errors import NoPlanError
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.optimization.branching import relaxed
from router.optimization.formulation import Formulation
from router.optimization.limits import assignment
from router.optimization.outline import Outline
from router.optimization.problem import Problem, Solution, without_limits
from router.optimization.solve import solve
from router.optimization.through_pulp import to_pulp
from router.schema.candidate import Chain, Choices, StateCosts
from router.schema.plan import Plan
from router.schema.scenario import Cap, Clip, Limits, Scenario
from tests import golden
from tests.builders import ON, Raw, catalog, model, planned, scenario

SILENT, LOUD = (
    {"audio": False, "price_per_second": "0.10"},
    {"audio": True, "resolution": "1080p", "price_per_second": "0.20"},
)
TWO = catalog(model("cheap", [SILENT]), model("dear", [LOUD]))
RATED = catalog(
    model("cheap", [SILENT], quality=4, quality_source="q", generation_seconds_per_second=6, concurrency=2),
    model("dear", [LOUD], quality=9, quality_source="q", generation_seconds_per_second=3, concurrency=4),
)
CLIPS: list[Raw] = [
    {"id": "plain", "seconds": 10, "count": 6},
    {"id": "sound", "seconds": 5, "count": 4, "audio": "native"},
    {"id": "spare", "seconds": 8, "count": 3, "value_usd": "2.00"},
]
EACH: dict[str, Raw] = {
    "budget_usd": {"budget_usd": 14},
    "worst_case_usd": {"worst_case_usd": 17},
    "cvar": {"cvar": {"level": 0.9, "usd": 18}},
    "max_clips": {"caps": [{"where": {"model": "cheap"}, "max_clips": 5}]},
    "max_seconds": {"caps": [{"where": {"audio": False}, "max_seconds": 50}]},
    "max_usd": {"caps": [{"where": {"resolution": "1080p"}, "max_usd": "4.50"}]},
    "max_share": {"caps": [{"where": {"provider": "p", "model": "cheap"}, "max_share": "0.5"}]},
    "min_clips": {"caps": [{"where": {"audio": "native"}, "min_clips": 7}]},
    "min_share": {"caps": [{"where": {"mode": "text-to-video", "model": "dear"}, "min_share": "0.6"}]},
    "mean_quality_min": {"mean_quality_min": 6},
    "deadline_minutes": {"deadline_minutes": 4},
    "groups": {"groups": "same-model"},
}
GROUPED: list[Raw] = [{**clip, "group": group} for clip, group in zip(CLIPS, ("g", "g", "h"), strict=True)]
DRAFTED: list[Raw] = [*CLIPS[:2], {**CLIPS[2], "drafts": {"count": 2}}]
PACKS: Raw = {"packs": [{"provider": "p", "pays_for_usd": 5, "price_usd": 4, "max_count": 3}]}
TIERS: Raw = {"tiers": [{"provider": "p", "from_usd": 10, "discount": 0.5}]}
BESIDES: dict[str, Scenario] = {
    "packs": scenario(CLIPS, TWO, **PACKS),
    "tiers": scenario(CLIPS, TWO, **TIERS),
    "packs_and_tiers": scenario(CLIPS, TWO, **PACKS, **TIERS, limits={"budget_usd": 9}),
    "drafts": scenario(DRAFTED, TWO),
}
"""What couples clips, or is bought besides them, and is no limit."""


UP = {"availability": {"cheap": 0.9, "dear": 0.8}}
STATES = {(True, True): 0.72, (False, True): 0.08, (True, False): 0.18, (False, False): 0.02}
"""Whether cheap and dear are up, and how likely that is."""


def choices_of(given: Scenario) -> list[Choices]:
    market = open_market(given, ON)
    return [ways_to_make(own, market) for own in clip_classes(given.clips, by_group=given.limits.groups is not None)]


def in_states(choices: list[Choices]) -> StateCosts:
    """What the first model of each chain that is up bills; nothing where none is."""

    def bill(chain: Chain, cheap: bool, dear: bool) -> float:
        up = {"cheap": cheap, "dear": dear}
        return float(next((step.attempt.billed for step in chain.steps if up[step.candidate.offer.model]), 0))

    return StateCosts(
        tuple(STATES.values()),
        tuple(tuple(tuple(bill(chain, *state) for state in STATES) for chain in own.chains) for own in choices),
    )


def problem_of(given: Scenario, *, per_run: bool = False) -> Problem:
    choices = choices_of(given)
    states = in_states(choices)
    return assignment(choices, given, mean=states, worst=states if per_run else None)


def lp_text(problem: Problem, path: Path) -> str:
    """The model as the solver first sees it."""
    problem = relaxed(problem, problem.rough)
    outline = Outline.at(without_limits(problem), problem.objective, problem.limits)
    to_pulp(Formulation(problem, [row for _, _, row in outline.rows], outline.faces).model).writeLP(str(path))
    return path.read_text()


@pytest.mark.parametrize("name", EACH)
def test_each_limit_alone_is_written_as_it_was_found_right(name: str, tmp_path: Path) -> None:
    clips = GROUPED if name == "groups" else CLIPS
    sold = RATED if name in ("mean_quality_min", "deadline_minutes") else TWO
    golden.agrees(f"lp/{name}.lp", lp_text(problem_of(scenario(clips, sold, limits=EACH[name])), tmp_path / "model.lp"))


@pytest.mark.parametrize("name", BESIDES)
def test_what_else_couples_clips_is_written_as_it_was_found_right(name: str, tmp_path: Path) -> None:
    golden.agrees(f"lp/{name}.lp", lp_text(problem_of(BESIDES[name]), tmp_path / "model.lp"))


def test_a_worst_case_per_run_is_written_as_the_state_that_is_worst(tmp_path: Path) -> None:
    problem = problem_of(scenario(CLIPS, TWO, limits=EACH["worst_case_usd"]), per_run=True)
    golden.agrees("lp/worst_case_usd_per_run.lp", lp_text(problem, tmp_path / "model.lp"))


def test_a_risk_in_the_objective_is_written_as_the_linear_cost_that_it_is_at_first(tmp_path: Path) -> None:
    problem = problem_of(scenario(CLIPS, TWO, outages=UP, objective={"risk_aversion": 0.5, "level": 0.9}))
    golden.agrees("lp/risk_aversion.lp", lp_text(problem, tmp_path / "model.lp"))


def test_every_limit_has_a_golden_model() -> None:
    bounds = {*Limits.model_fields, *Cap.model_fields} - {"caps", "where"}
    assert bounds == set(EACH)
    coupling = {"packs", "tiers", "drafts"}
    assert coupling <= {*Scenario.model_fields, *Clip.model_fields}
    assert coupling <= set(BESIDES)


def on(plan: Plan, name: str) -> int:
    return sum(route.count for route in plan.routes if route.model == name)


def left_out(plan: Plan) -> int:
    return plan.totals.left_out


def test_without_limits_every_clip_takes_its_cheapest_way() -> None:
    # 6 x $1.00 + 4 x 5 s x $0.20 + 3 x $0.80 = 6 + 4 + 2.4
    plan = planned(CLIPS, TWO)
    assert (plan.method, plan.totals.expected_usd, on(plan, "cheap"), on(plan, "dear")) == (
        "argmin",
        Decimal("12.40"),
        9,
        4,
    )


def test_a_limit_that_does_not_bind_leaves_the_argmin_alone() -> None:
    plan = planned(CLIPS, TWO, limits={"budget_usd": "12.40", "caps": [{"where": {"model": "dear"}, "min_clips": 4}]})
    assert (plan.method, plan.status, plan.gap) == ("argmin", "optimal", 0)


def test_a_budget_leaves_out_what_is_worth_least() -> None:
    # $12.40 asked for, $11 there: two of the three spare clips of $0.80 go; one micro-dollar less takes the third.
    plan = planned(CLIPS, TWO, limits={"budget_usd": 11})
    assert (left_out(plan), plan.totals.expected_usd, plan.totals.objective_usd) == (
        2,
        Decimal("10.80"),
        Decimal("14.80"),
    )
    assert left_out(planned(CLIPS, TWO, limits={"budget_usd": "10.80"})) == 2
    assert left_out(planned(CLIPS, TWO, limits={"budget_usd": "10.799999"})) == 3


def test_a_worst_case_limit_counts_the_dearest_fallback() -> None:
    # Worst cases: plain $2.00 on either, sound $1.00, spare $1.60; 12 + 4 + 3 x 1.6 = 20.80 in all; each spare clip gives 1.60.
    assert planned(CLIPS, TWO).totals.worst_usd == Decimal("20.80")
    plan = planned(CLIPS, TWO, limits={"worst_case_usd": 18})
    assert (left_out(plan), plan.totals.worst_usd) == (2, Decimal("17.60"))


def test_a_cap_on_clips_moves_the_rest() -> None:
    # At most 5 on cheap: making plain on dear costs $1 more, spare on dear $0.80 more; leaving spare out costs 1.20 more.
    # 9 - 5 = 4 must move: 3 spare (0.80 each) and 1 plain (1.00).
    plan = planned(CLIPS, TWO, limits={"caps": [{"where": {"model": "cheap"}, "max_clips": 5}]})
    assert (on(plan, "cheap"), left_out(plan), plan.totals.expected_usd) == (5, 0, Decimal("12.40") + Decimal("3.40"))


def test_a_cap_on_seconds_counts_billed_seconds() -> None:
    # 84 s on cheap, 50 allowed: a moved plain clip frees 10 s for $1.00, a spare one 8 s for $0.80: ten cents a second each.
    # 3 plain + 1 spare frees 38 s ($3.80); 1 plain + 3 spare frees exactly 34 s for $3.40.
    plan = planned(CLIPS, TWO, limits={"caps": [{"where": {"audio": False}, "max_seconds": 50}]})
    assert (plan.totals.expected_usd, plan.limits[0].value, plan.limits[0].slack) == (Decimal("15.80"), 50, 0)


def test_a_cap_on_price_bounds_the_sum_of_prices() -> None:
    plan = planned(CLIPS, TWO, limits={"caps": [{"where": {"model": "cheap"}, "max_usd": "6.00"}]})
    # $8.40 on cheap, $6.00 allowed: moving k plain and j spare must free 2.40: 3 spare free exactly 2.40 for 2.40 more.
    assert (plan.limits[0].value, plan.totals.expected_usd) == (Decimal("6.00"), Decimal("14.80"))


def test_shares_are_of_the_clips_served() -> None:
    # cheap at most half of those served: of 13, 6 at most, so 3 move: the 3 spare clips at $0.80 each.
    plan = planned(CLIPS, TWO, limits=EACH["max_share"])
    assert (on(plan, "cheap"), plan.totals.served, plan.totals.expected_usd) == (6, 13, Decimal("14.80"))
    # dear at least 60 % of 13 = 7.8: 8 clips, so 4 move: 3 spare and 1 plain.
    plan = planned(CLIPS, TWO, limits=EACH["min_share"])
    assert (on(plan, "dear"), plan.totals.expected_usd) == (8, Decimal("15.80"))


def test_a_minimum_is_met_by_the_cheapest_moves() -> None:
    plan = planned(CLIPS, TWO, limits=EACH["min_clips"])
    assert (on(plan, "dear"), plan.totals.expected_usd) == (7, Decimal("12.40") + 3 * Decimal("0.80"))


def test_a_mean_quality_is_met_by_the_cheapest_moves() -> None:
    # 9 clips of score 4 and 4 of 9: 72 / 13. Two more on dear: 82 / 13 > 6, at $0.80 each; leaving one out costs 1.20
    plan = planned(CLIPS, RATED, limits=EACH["mean_quality_min"])
    assert (on(plan, "dear"), left_out(plan), plan.totals.expected_usd) == (6, 0, Decimal("14.00"))
    assert (plan.limits[0].unit, plan.limits[0].value) == ("score", Decimal("6.307692"))


def test_a_deadline_counts_work_over_slots_and_the_longest_generation() -> None:
    # cheap takes 1 minute for a plain clip and 0.8 for a spare one: 8.4 / 2 + 1 = 5.2 minutes. For 4 it may have 6 minutes of work:
    # the three spare ones go, $0.80 each. dear: (4 x 0.25 + 3 x 0.4) / 4 + 0.4 = 0.95.
    plan = planned(CLIPS, RATED, limits=EACH["deadline_minutes"])
    assert (on(plan, "dear"), left_out(plan), plan.totals.expected_usd) == (7, 0, Decimal("14.80"))
    assert [(limit.limit, limit.value) for limit in plan.limits] == [
        ("deadline_minutes[p/cheap]", 4),
        ("deadline_minutes[p/dear]", Decimal("0.95")),
    ]
    # Without a plain clip the longest on cheap would take 0.8 minutes only; in 1.5 minutes one plain clip is (1 / 2 + 1).
    assert on(planned(CLIPS, RATED, limits={"deadline_minutes": "1.6"}), "cheap") == 2  # 1.6 / 2 + 0.8: two spare ones
    assert on(planned(CLIPS, RATED, limits={"deadline_minutes": "1.5"}), "cheap") == 1


def test_a_group_is_made_by_the_model_that_all_of_it_can_have() -> None:
    # Sound needs dear, so the plain clips of its group go there too: 12 + 4 + 2.4.
    plan = planned(GROUPED, TWO, limits=EACH["groups"])
    assert (on(plan, "dear"), on(plan, "cheap"), plan.totals.expected_usd) == (10, 3, Decimal("18.40"))
    plan = planned(GROUPED, TWO, limits={"groups": "same-provider"})
    assert (on(plan, "dear"), plan.totals.expected_usd) == (4, Decimal("12.40"))


def test_packs_are_bought_as_long_as_they_save() -> None:
    # $12.40 of list price: two packs of $4 pay for $10, a third would pay for 2.40 only.
    plan = planned(CLIPS, TWO, **PACKS)
    assert ([pack.bought for pack in plan.packs], plan.totals.expected_usd) == ([2], Decimal("10.40"))
    # At a price of 2.40 it makes no difference, and is not bought; at less it is, and half of it is lost.
    two = {**PACKS["packs"][0], "price_usd": 2, "max_count": 2}
    for price, bought in (("2.40", [2, 0]), ("2.399999", [2, 1])):
        third = {"provider": "p", "pays_for_usd": 5, "price_usd": Decimal(price), "max_count": 1}
        plan = planned(CLIPS, TWO, packs=[two, third])
        assert [pack.bought for pack in plan.packs] == bought
        assert sum(pack.unused_usd for pack in plan.packs) == (Decimal("2.60") if sum(bought) == 3 else 0)


def test_a_volume_discount_is_on_what_is_spent_above_its_threshold() -> None:
    plan = planned(CLIPS, TWO, **TIERS)
    assert (plan.totals.list_usd, plan.totals.saving_usd) == (Decimal("12.40"), Decimal("1.20"))
    # Half price above $10: a budget of $11.20 makes all.
    assert left_out(planned(CLIPS, TWO, **TIERS, limits={"budget_usd": "11.20"})) == 0
    assert left_out(planned(CLIPS, TWO, **TIERS, limits={"budget_usd": "11.199999"})) == 1


def test_a_clip_that_with_its_drafts_costs_more_than_its_value_is_left_out() -> None:
    # Three times 0.80 for a spare clip worth 2.00.
    plan = planned(DRAFTED, TWO)
    assert (left_out(plan), plan.totals.drafts, plan.totals.objective_usd) == (3, 0, Decimal("16.00"))
    worth_it = [*CLIPS[:2], {**DRAFTED[2], "value_usd": "2.41"}]
    plan = planned(worth_it, TWO)
    assert (left_out(plan), plan.totals.drafts, plan.totals.drafts_usd) == (0, 6, Decimal("4.80"))


def test_where_matches_the_offer_s_sound_or_the_route_s() -> None:
    # Dubbed clips are on silent offers: audio = false counts them, audio = "none" does not, audio = "deferred" does.
    clip: Raw = {"id": "c", "seconds": 10, "audio": "deferred"}
    for audio, value in ((False, 1), (True, 0), ("none", 0), ("deferred", 1), ("native", 0)):
        plan = planned([clip], TWO, limits={"caps": [{"where": {"audio": audio}, "max_clips": 5}]})
        assert plan.limits[0].value == value


def test_a_looser_limit_never_raises_the_cost() -> None:
    costs = []
    for budget in range(10, 16):
        try:
            costs.append(planned(CLIPS, TWO, limits={"budget_usd": budget}).totals.objective_usd)
        except NoPlanError:
            costs.append(Decimal(10**6))
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) > 3


def test_splitting_or_merging_equal_clips_changes_nothing() -> None:
    limits: dict[str, Any] = {"budget_usd": 11, "caps": [{"where": {"model": "cheap"}, "max_clips": 7}]}
    merged = planned(CLIPS, TWO, limits=limits)
    split = [{**clip, "id": f"{clip['id']}-{k}", "count": 1} for clip in CLIPS for k in range(clip["count"])]
    assert planned(split, TWO, limits=limits).totals == merged.totals


def test_permuting_clips_or_catalog_gives_the_same_cost() -> None:
    limits = {"budget_usd": 11}
    swapped = catalog(model("dear", [LOUD]), model("cheap", [SILENT]))
    assert planned(CLIPS[::-1], swapped, limits=limits).totals == planned(CLIPS, TWO, limits=limits).totals


def solved(given: Scenario, *, per_run: bool = False) -> tuple[Problem, Solution]:
    problem = problem_of(given, per_run=per_run)
    found = solve(problem)
    assert found is not None
    assert found.proven
    return problem, found


def spare_left_out(found: Solution) -> int:
    return found.counts[2][-1]


def test_a_limit_on_the_worst_share_leaves_out_what_is_worth_least() -> None:
    # All on cheap by state: 12.40 with both up, 20.80 without cheap, 8.40 without dear, nothing without both. Worst 10 %: 8 % at 20.80,
    # 2 % at 12.40: 19.12. A spare clip left out frees (8 x 1.60 + 2 x 0.80) / 10 = 1.44.
    for usd, out in ((19.12, 0), (19.119999, 1), (18, 1), (16.24, 2), (14.8, 3)):
        given = scenario(CLIPS, TWO, outages=UP, limits={"cvar": {"level": 0.9, "usd": usd}})
        problem, found = solved(given)
        assert spare_left_out(found) == out
        (limit,) = problem.limits
        assert (limit.name, limit.used(found.counts)) == ("cvar", 19_120_000 - out * 1_440_000)


def test_a_worst_case_per_run_is_that_of_the_worst_state() -> None:
    # Without cheap all is dear: 12 + 4 + 4.80 = 20.80; each spare clip left out frees 1.60.
    given = scenario(CLIPS, TWO, limits={"worst_case_usd": 18, "caps": [{"max_clips": 13}]})
    problem, found = solved(given, per_run=True)
    assert [limit.name for limit in problem.limits] == ["caps[0].max_clips", "worst_case_usd"]
    assert (spare_left_out(found), problem.limits[1].used(found.counts)) == (2, 17_600_000)
    assert isinstance(problem.limits[1].used(found.counts), int)


VALUED: list[Raw] = [*CLIPS[:2], {**CLIPS[2], "value_usd": "1.40"}]


def test_a_clip_is_made_if_that_costs_less_than_its_value_in_what_is_minimised() -> None:
    # A spare clip, worth 1.40, is 0.72 x 0.80 + 0.08 x 1.60 + 0.18 x 0.80 = 0.848 on average, 1.44 in the worst 10 %, and 1.60 at worst.
    # (1 - r) 0.848 + r 1.44 = 1.40 at r = 0.932.
    def out(*, per_run: bool = False, **objective: Any) -> int:
        given = scenario(VALUED, TWO, outages=UP, objective={"level": 0.9, **objective})
        return spare_left_out(solved(given, per_run=per_run)[1])

    assert (out(), out(risk_aversion=0.9), out(risk_aversion=0.95), out(risk_aversion=1)) == (0, 0, 3, 3)
    assert (out(minimise="cvar"), out(minimise="worst-case"), out(minimise="worst-case", per_run=True)) == (3, 3, 3)


def test_what_is_minimised_is_what_the_solution_costs() -> None:
    # Expected: plain 1 x 0.9 + 2 x 0.08 = 1.06 each, sound 0.80, spare 0.848: 6.36 + 3.20 + 2.544 = 12.104; the worst 10 % as above: 19.12.
    def cost(*, per_run: bool = False, **objective: Any) -> float:
        return solved(scenario(CLIPS, TWO, outages=UP, objective={"level": 0.9, **objective}), per_run=per_run)[1].cost

    assert cost() == pytest.approx(12_104_000)
    assert cost(minimise="cvar") == pytest.approx(19_120_000)
    assert cost(risk_aversion=0.25) == pytest.approx(0.75 * 12_104_000 + 0.25 * 19_120_000)
    assert cost(minimise="worst-case") == cost(minimise="worst-case", per_run=True) == 20_800_000


def test_plans_of_equal_risk_are_told_apart_by_expected_cost() -> None:
    # A plain clip costs 2.00 at worst whichever model comes first; cheap first is cheaper on average.
    for per_run in (False, True):
        given = scenario(CLIPS, TWO, outages=UP, objective={"minimise": "worst-case"})
        assert solved(given, per_run=per_run)[1].counts == ((6, 0), (4,), (3, 0, 0))


def test_the_plain_objective_is_the_default() -> None:
    given = scenario(CLIPS, TWO, limits=EACH["budget_usd"])
    choices = choices_of(given)
    plain = assignment(choices, given)
    assert plain.tails == ()
    assert [len(option.ties) for group in plain.groups for option in group.options] == [4] * 6
