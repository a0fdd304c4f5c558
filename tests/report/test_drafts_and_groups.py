"""Drafts, groups, scores and minutes as people and spreadsheets see them."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import router
from router.analysis.directions import compare_directions
from router.analysis.explain import explain
from router.report.tabular import plan_csv
from router.report.terminal import plan_table
from router.schema.plan import Move, Plan
from tests.builders import ON, Raw, catalog, model, planned, scenario

# 10 s: $0.95 for the final clip on n, $0.15 for each of its 4 drafts on m: $1.55 a clip.
SOLD = catalog(
    model("m", [{"audio": False, "resolution": "480p", "price_per_second": "0.015"}], quality=3, quality_source="q"),
    model("n", [{"audio": False, "resolution": "720p", "price_per_second": "0.095"}], quality=8, quality_source="q",
          generation_seconds_per_second=2, concurrency=4),
)  # fmt: skip
HERO: Raw = {"id": "hero", "seconds": 10, "count": 40, "resolution": "720p", "drafts": {"count": 4}}


def line(plan: Plan, start: str) -> str:
    (found,) = (text for text in plan_table(plan).splitlines() if text.startswith(start))
    return " ".join(found.split())


def test_drafts_are_shown_as_such_and_what_a_clip_costs_with_them() -> None:
    plan = planned([HERO], SOLD)
    assert line(plan, "hero (drafts)") == "hero (drafts) 160 m 480p silent 10 s $0.15 $0.15 $0.95 $24.00"
    assert line(plan, "40 clips").startswith("40 clips: nominal $62.00, expected $62.00, ")
    assert line(plan, "Drafts") == "Drafts: 160 for 40 clips, $24.00; $1.55 per clip made, drafts included"


def test_clips_without_drafts_are_not_among_those_that_drafts_are_for() -> None:
    # One more clip at $0.15, without drafts: 41 are made for $62.15.
    plan = planned([HERO, {"id": "b", "seconds": 10}], SOLD)
    assert line(plan, "Drafts") == "Drafts: 160 for 40 clips, $24.00; $1.52 per clip made, drafts included"


def test_a_plan_without_drafts_or_groups_says_nothing_of_them() -> None:
    text = plan_table(planned([{"id": "b", "seconds": 10, "group": "g"}], SOLD))
    assert "raft" not in text
    assert "Group" not in text


def test_groups_have_a_column_where_they_bind() -> None:
    clips: list[Raw] = [{**HERO, "group": "scene-4"}, {"id": "b", "seconds": 10}]
    plan = planned(clips, SOLD, limits={"groups": "same-model"})
    assert line(plan, "Clips").split()[:4] == ["Clips", "Group", "Count", "Model"]
    assert "hero scene-4 40 n" in " ".join(plan_table(plan).split())
    assert line(plan, "hero (drafts)").startswith("hero (drafts) 160 m ")
    narrow = plan_table(plan, width=80)
    assert max(map(len, narrow.split("\n\n")[0].splitlines())) <= 80
    assert "scene-4" in narrow


def test_a_plan_that_a_group_decides_does_not_say_that_no_limit_binds() -> None:
    # b needs n; a alone would go to m, for $0.15 instead of $0.95. No solver is needed for that.
    clips: list[Raw] = [
        {"id": "a", "seconds": 10, "group": "g"},
        {"id": "b", "seconds": 10, "group": "g", "models": ["n"]},
    ]
    plan = planned(clips, SOLD, limits={"groups": "same-model"})
    assert (plan.method, plan.totals.expected_usd) == ("argmin", Decimal("1.90"))
    assert line(plan, "Proven optimal") == "Proven optimal: no better plan exists (within the limits)."
    free = planned(clips, SOLD)
    assert line(free, "Proven optimal") == "Proven optimal: no better plan exists (no limit binds)."
    assert free.totals.expected_usd == Decimal("1.10")


def test_a_plan_that_makes_nothing_shows_neither_an_empty_table_nor_what_it_saves() -> None:
    text = plan_table(planned([{"id": "a", "seconds": 10, "count": 3, "value_usd": "0.10"}], SOLD))
    # The cheapest way is $0.15.
    assert text.splitlines()[:2] == [
        "Plan",
        "0 clips of 3: nominal $0.00, expected $0.00, P95 $0.00, worst case $0.00 (every clip meeting its own worst)",
    ]
    assert "Against" not in text


def test_scores_and_minutes_are_shown_in_their_units() -> None:
    # 3 clips of 10 s: 20 s each, 60 s in all, 4 at once: 15 + 20 s = 0.58333... minutes.
    clip = {"id": "a", "seconds": 10, "count": 3, "resolution": "720p"}
    plan = planned([clip], SOLD, limits={"mean_quality_min": "7.5", "deadline_minutes": 2})
    assert line(plan, "mean_quality_min") == "mean_quality_min 8 at least 7.5 0.5"
    assert line(plan, "deadline_minutes[p/n]") == "deadline_minutes[p/n] 0.5833 min at most 2 min 1.4167 min"


def test_a_spreadsheet_tells_drafts_from_clips() -> None:
    clips: list[Raw] = [{**HERO, "group": "scene-4"}, {"id": "no", "seconds": 10, "value_usd": 0}]
    plan = planned(clips, SOLD, limits={"groups": "same-model"})
    rows = list(csv.DictReader(io.StringIO(plan_csv(plan))))
    shown = [(row["clips"], row["count"], row["draft"], row["drafting_usd"], row["group"]) for row in rows]
    assert shown == [
        ("hero", "40", "", "0.600000", "scene-4"),
        ("hero", "160", "yes", "0.000000", ""),
        ("no", "1", "", "", ""),
    ]
    assert rows[-1]["left_out"]


def test_a_plan_file_with_drafts_comes_back_as_it_was() -> None:
    plan = planned([{**HERO, "group": "scene-4"}], SOLD, limits={"groups": "same-model"})
    assert Plan.model_validate_json(plan.to_json()) == plan


def test_an_explanation_is_of_the_finished_clip() -> None:
    free = explain(scenario([{**HERO, "resolution": "480p"}], SOLD), "hero", on=ON)
    assert [(offer.model, offer.chosen) for offer in free.offers] == [("m", 40), ("n", 0)]
    at_720p = explain(scenario([HERO], SOLD), "hero", on=ON)
    assert [(offer.model, offer.verdict, offer.chosen) for offer in at_720p.offers] == [
        ("n", "candidate", 40),
        ("m", "rejected", 0),
    ]


def test_an_explanation_says_that_drafts_go_their_own_way() -> None:
    told = explain(scenario([HERO], SOLD), "hero", on=ON)
    assert told.notes == ("its 4 drafts of 10 s, text-to-video are routed on their own",)
    told = explain(scenario([{**HERO, "drafts": {"count": 1}}], SOLD), "hero", on=ON)
    assert told.notes == ("its draft of 10 s, text-to-video is routed on its own",)


def test_groups_that_no_clip_names_are_worth_a_warning() -> None:
    plan = planned([{"seconds": 10}], SOLD, limits={"groups": "same-provider"})
    assert plan.warnings == ('limits.groups = "same-provider" binds nothing: no clip names its group',)


def test_an_explanation_names_what_limits_reject() -> None:
    clips: list[Raw] = [{"id": "a", "seconds": 10}]
    told = explain(scenario(clips, SOLD, limits={"deadline_minutes": 2}), "a", on=ON)
    (refused,) = (offer for offer in told.offers if offer.verdict == "rejected")
    assert (refused.model, refused.reason) == ("m", "deadline")
    assert refused.detail == "states no generation_seconds_per_second, which limits.deadline_minutes needs"


def test_directions_compare_where_the_finished_clips_go() -> None:
    found = compare_directions(scenario([HERO], SOLD), ON)
    assert {(p.model, p.clips) for row in found.directions for p in row.primaries} == {("n", 40)}


def test_drafts_are_simulated_with_their_clips() -> None:
    plan = planned([{**HERO, "count": 1}], SOLD, outages={"availability": {"m": "0.5", "n": "0.5"}})
    found = router.simulate(plan, draws=2000, seed=1)
    unserved = next(figure for figure in found.figures if figure.name == "unserved")
    # The chain of the clip is n alone, m misses its resolution: 0.5; each draft has both: 4 x 0.25.
    assert unserved.exact == Decimal("1.5")
    assert unserved.low is not None
    assert unserved.high is not None
    assert unserved.low <= Decimal("1.5") <= unserved.high


def test_a_move_for_less_risk_names_clips_and_drafts() -> None:
    plan = planned([HERO], SOLD)
    more = {"model": "n", "instead_of": ("m",), "expected_usd": "1", "p95_usd": "2", "cvar95_usd": "-3"}
    told = {
        (40, 160): "40 clips and 160 drafts on n instead of m",
        (0, 1): "1 draft on n instead of m",
        (1, 0): "1 clip on n instead of m",
    }
    for (clips, drafts), words in told.items():
        moved = plan.model_copy(update={"moves": (Move(clips=clips, drafts=drafts, **more),)})
        assert line(moved, "For less risk").startswith(f"For less risk: {words}: +$1.00 expected")


def test_a_table_that_does_not_fit_puts_columns_below_others_and_breaks_no_word() -> None:
    clips: list[Raw] = [{"id": f"{scene}-establishing-shot", "seconds": 7, "group": scene} for scene in ("one", "two")]
    sold = catalog(
        model("a-model-of-a-long-name", provider="first-provider"), model("b", provider="second"), name="two providers"
    )
    plan = planned(clips, sold, limits={"groups": "same-provider"}, fallback={"across": "all"})
    wide, fitting = plan_table(plan, width=150), plan_table(plan, width=113)
    assert ("Makes" in wide, "Makes" in fitting) == (True, False)
    assert "one-establishing-shot   one " in fitting
    assert max(map(len, fitting.split("\n\n")[0].splitlines())) <= 113
