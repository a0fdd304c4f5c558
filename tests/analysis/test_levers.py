"""Levers: the claims of the cost analysis, groups and kinds of clips, what is told first, what comes on top of what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import router
from router.analysis.lever_ideas import Given, Idea, changed
from router.analysis.lever_kinds import ideas
from router.errors import InputError
from router.loading.overrides import overridden
from router.schema.levers import Levers
from router.schema.scenario import Defaults, Drafts, Scenario
from tests.analysis.pulled import CHOICES, LADDER, SCENARIOS, every, found, savings
from tests.analysis.test_random_levers import drawn
from tests.builders import ON, catalog, model, scenario


def dollars(*amounts: str) -> list[Decimal]:
    """Amounts as exact decimals."""
    return [Decimal(amount) for amount in amounts]


# ---- the claims of the cost analysis -----------------------------------------------------------------------------------


def campaign(**fields: Any) -> Levers:
    """scenarios/levers.toml: 60 clips on any model, 20 on kling-3.0 alone; 10 s, 1080p, with sound."""
    given = Scenario.load(SCENARIOS / "levers.toml")
    return router.levers(overridden(given, [f"{path}={value}" for path, value in fields.items()]), on=ON)


def test_deferred_audio_is_the_largest_lever_of_an_all_audio_1080p_campaign() -> None:
    levers = campaign()

    # 60 x 10 x 0.125 + 20 x 10 x 0.150 = 75 + 30 with sound, 80 x 10 x 0.100 = 80 without.
    assert levers.baseline is not None
    assert levers.baseline.expected_usd == levers.baseline.objective_usd == Decimal(105)
    assert (levers.levers[0].key, levers.levers[0].saving_usd) == ("defer-audio", Decimal(25))
    assert levers.levers[0].saving_share == pytest.approx(25 / 105, abs=1e-9)
    # In the worst case kling-3.0 makes every clip: 80 x 10 x 0.150 = 120; without sound both models cost the same.
    assert (levers.baseline.worst_usd, levers.levers[0].worst_usd) == (120, 80)


def test_deferred_audio_saves_2_5_to_5_cents_a_second() -> None:
    alone = savings(campaign(), "audio")

    # kling-o3: 0.125 - 0.100 = 0.025 on 60 x 10 s; kling-3.0: 0.150 - 0.100 = 0.050 on 20 x 10 s
    assert alone["defer-audio/clip/hero"] == 600 * Decimal("0.025")
    assert alone["defer-audio/clip/star"] == 200 * Decimal("0.050")


def test_what_dubbing_costs_is_taken_off_what_it_saves_and_said() -> None:
    levers = every(campaign(**{"dubbing.usd_per_second": "0.006", "dubbing.usd_per_clip": "0.01"}))

    # 25 - 800 x 0.006 - 80 x 0.01 = 25 - 4.80 - 0.80
    assert levers["defer-audio"].saving_usd == Decimal("19.40")
    assert levers["defer-audio"].sentence == "dub 80 clips (hero, star) at $0.006 a second and $0.01 a clip"


def test_a_step_down_in_resolution_saves_as_the_catalog_says() -> None:
    alone = savings(campaign(), "resolution")

    # kling-o3: 0.125 - 0.100 = 0.025; kling-3.0: 0.150 - 0.113 = 0.037
    assert [alone[f"lower-resolution{part}"] for part in ("", "/clip/hero", "/clip/star")] == dollars(
        "22.4", "15", "7.4"
    )


def test_levers_on_top_of_others_show_what_they_save_together() -> None:
    steps = campaign().combined

    # Dubbed, 720p saves 0.100 - 0.075 = 0.025 on 800 s; a second less of 80 clips is then 80 x 0.075.
    assert [step.key for step in steps] == ["defer-audio", "lower-resolution", "shorten"]
    assert [step.saving_usd for step in steps] == dollars("25", "20", "6")
    assert [step.alone_usd for step in steps] == dollars("25", "22.4", "10.5")
    assert [step.interaction_usd for step in steps] == dollars("0", "-2.4", "-4.5")
    assert [step.total_usd for step in steps] == dollars("25", "45", "51")
    assert steps[-1].expected_usd == Decimal(54)


def test_drafts_at_720p_are_held_against_drafts_as_the_finals_are() -> None:
    staging = campaign().staging

    # 105 and 800 s of drafts: at 0.075 silent at 720p, or as the finals another 105
    assert staging is not None
    assert (staging.staged_usd, staging.final_usd, staging.saving_usd) == (165, 210, 45)


# ---- groups, kinds and how many ----------------------------------------------------------------------------------------


def test_labels_and_kinds_of_clips_are_tried_alone_and_each_set_of_clips_once() -> None:
    clips = [
        {"id": "a", "seconds": 10, "audio": "native", "group": "one"},
        {"id": "b", "seconds": 10, "audio": "native", "group": "one"},
        {"id": "c", "seconds": 10, "audio": "native", "group": "two"},
        {"id": "d", "seconds": 4, "audio": "native", "group": "two"},
        {"id": "e", "seconds": 4},
    ]

    # a, b and c are one kind, d is another; e needs no sound.
    assert set(savings(found(clips), "audio")) == {
        "defer-audio", "defer-audio/group/one", "defer-audio/group/two", "defer-audio/clip/a", "defer-audio/clip/d",
    }  # fmt: skip


def test_only_the_kinds_that_cost_most_are_tried_alone_and_the_rest_is_counted() -> None:
    clips = [{"id": f"c{k}", "seconds": k, "audio": "native"} for k in range(3, 14)]

    levers = found(clips)

    # 11 kinds, 8 of which are tried: those of 6 to 13 s
    alone = {key for key in savings(levers, "audio") if "/" in key}
    assert alone == {f"defer-audio/clip/c{k}" for k in range(6, 14)}
    assert (
        "defer-audio: of its groups and kinds of clips only the 8 that cost most are tried alone, 3 are not"
        in levers.notes
    )


def test_the_same_scenario_is_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def counted(given: Scenario, **options: Any) -> router.Plan:
        seen.append(given.model_dump_json(exclude={"catalogs"}))
        return router.plan(given, **options)

    monkeypatch.setattr("router.analysis.levers.plan", counted)
    campaign()

    assert len(seen) == len(set(seen))


def test_a_change_of_clips_is_what_its_texts_say() -> None:
    clips = [
        {"id": "a.b", "seconds": 6, "audio": "native", "resolution": "1080p", "quality_min": 7, "value_usd": 3},
        {
            "id": "c",
            "seconds": 10,
            "resolution": "1080p",
            "quality_min": 4,
            "drafts": {"count": 2, "resolution": "1080p"},
        },
        {"id": "d", "seconds": 10, "resolution": "768p", "audio": "any", "drafts": {"count": 2, "resolution": "480p"}},
        {"id": "e", "seconds": 5, "mode": "image-to-video", "value_usd": 1},
    ]
    given = scenario(clips, catalog(model(offers=LADDER, image_prompt=True), CHOICES))
    changes = [idea for idea in ideas(Given(given, ON, router.plan(given, on=ON))) if isinstance(idea, Idea)]

    assert {idea.kind for idea in changes if idea.of_clips} == {
        "audio", "resolution", "image-prompt", "split", "length", "drafts", "quality",
    }  # fmt: skip
    for idea in changes:
        assert changed(given, [idea]).model_dump() == overridden(given, idea.set).model_dump()


def test_a_floor_that_the_defaults_set_is_gone_where_a_lever_takes_it_out() -> None:
    scored = [{"audio": False, "price_per_second": "0.3", "quality": 8, "quality_source": "a test"}]
    sold = catalog(model("fine", scored), model("plain", [{"audio": False, "price_per_second": "0.1"}]))
    given = scenario([{"id": "a", "seconds": 10, "count": 10}], sold, defaults={"quality_min": 8})

    lever = every(router.levers(given, on=ON))["lower-quality"]

    # 100 s at 0.30 before, at 0.10 where no score is asked for
    assert (lever.set, lever.saving_usd, lever.expected_usd) == (("clips.a.quality_min=",), 20, 10)
    assert router.plan(overridden(given, lever.set), on=ON).totals.expected_usd == 10


def test_random_changes_of_clips_are_what_their_texts_say() -> None:
    for seed in range(40):
        given = drawn(seed)
        shared = Defaults(quality_min=5, audio="any", drafts=Drafts(count=1, resolution="1080p"))
        own = [{**shared.model_dump(exclude_unset=True), **clip.model_dump(exclude_unset=True)} for clip in given.clips]
        fields = {name: getattr(given, name) for name in given.model_fields_set - {"clips", "defaults"}}
        given = Scenario.model_validate({**fields, "clips": own, "defaults": shared})
        for idea in ideas(Given(given, ON, None)):
            if isinstance(idea, Idea):
                direct, by_text = changed(given, [idea]), overridden(given, idea.set)
                assert [clip.model_dump() for clip in direct.clips] == [clip.model_dump() for clip in by_text.clips], (
                    seed
                )
                assert [clip.model_dump() for clip in overridden(direct, ["title=x"]).clips] == [
                    clip.model_dump() for clip in by_text.clips
                ]


def test_thousands_of_clips_of_many_kinds_take_few_plans_and_paths_that_lead_to_them() -> None:
    clips = [
        {"id": f"shot-{k}", "seconds": 4 + k % 3, "audio": ("native", "none")[k % 2], "resolution": "1080p"}
        for k in range(600)
    ]
    given = scenario(clips)

    best = router.levers(given, on=ON, combine=0).levers[0]

    # 300 clips of 4, 5 and 6 s with sound, 100 each: 1,500 s at 0.025; the step to 720p: 1,500 x 0.025 on both halves
    assert (best.key, best.saving_usd) == ("lower-resolution", Decimal(75))
    deferred = every(router.levers(given, on=ON, combine=0))["defer-audio"]
    assert (deferred.saving_usd, deferred.clips, len(deferred.set)) == (Decimal("37.5"), 300, 300)
    assert router.plan(overridden(given, deferred.set), on=ON).totals.expected_usd == deferred.expected_usd


# ---- what is told ------------------------------------------------------------------------------------------------------


def test_the_most_saving_come_first_and_ties_go_by_their_keys() -> None:
    levers = campaign()

    assert [lever.saving_usd for lever in levers.levers] == sorted(
        (own.saving_usd for own in levers.levers), reverse=True
    )
    tied = [lever.key for lever in levers.levers if lever.saving_usd == 15]
    assert tied == sorted(tied) == ["defer-audio/clip/hero", "lower-resolution/clip/hero"]
    assert all(own.outcome == "saves-nothing" and own.why == "changes nothing of the cost" for own in levers.idle)


def test_only_the_top_is_told_and_the_rest_counted() -> None:
    given = Scenario.load(SCENARIOS / "levers.toml")
    whole, cut = router.levers(given, on=ON), router.levers(given, on=ON, top=2, combine=1)

    assert (cut.levers, cut.more) == (whole.levers[:2], len(whole.levers) - 2)
    assert cut.combined == whole.combined[:1]


def test_the_same_scenario_gives_the_same_bytes() -> None:
    given = Scenario.load(SCENARIOS / "budget.toml")

    assert router.levers(given, on=ON).model_dump_json() == router.levers(given, on=ON).model_dump_json()


@pytest.mark.parametrize(("options", "match"), [({"top": 0}, "top must"), ({"combine": 21}, "combine must")])
def test_senseless_numbers_are_refused(options: dict[str, int], match: str) -> None:
    with pytest.raises(InputError, match=match):
        router.levers(scenario([{"id": "a", "seconds": 5}]), on=ON, **options)


# ---- no plan -----------------------------------------------------------------------------------------------------------


def test_where_there_is_no_plan_what_makes_one_comes_first_the_cheapest_plan_before_others() -> None:
    levers = router.levers(Scenario.load(SCENARIOS / "infeasible-clip.toml"), on=ON)

    # 15 s at 0.125; 20 s in two parts at 0.125
    assert levers.baseline is None
    assert "makes 15 s at most" in levers.no_plan
    assert [(own.key, own.outcome, own.expected_usd, own.saving_usd, own.clips) for own in levers.levers] == [
        ("shorten", "makes-possible", Decimal("1.875"), None, None),
        ("allow-split", "makes-possible", Decimal("2.5"), None, None),
    ]
    assert {own.outcome for own in levers.idle} == {"no-plan"}
    assert all("makes 15 s at most" in own.why for own in levers.idle)
    # 15 s, then dubbed: 15 x 0.100, then at 720p: 15 x 0.075
    assert [(step.key, step.saving_usd, step.alone_usd, step.total_usd) for step in levers.combined] == [
        ("shorten", None, None, None),
        ("defer-audio", Decimal("0.375"), None, None),
        ("lower-resolution", Decimal("0.375"), None, None),
    ]


def test_a_lever_that_leaves_no_plan_comes_last_and_says_why() -> None:
    clip = {"id": "a", "seconds": 10, "resolution": "1080p", "audio": "native", "models": ["talks"]}
    talks = model("talks", [{"resolution": "1080p", "audio": True, "price_per_second": "0.2"}])

    levers = found([clip], catalog(talks))

    # Its only model makes sound, so that nothing can be dubbed.
    assert levers.idle[-1].key == "defer-audio"
    assert levers.idle[-1].outcome == "no-plan"
    assert "comes with sound" in levers.idle[-1].why or "none of" in levers.idle[-1].why
