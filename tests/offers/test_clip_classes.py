"""Which clips are one class, and which drafts follow them."""

from __future__ import annotations

from decimal import Decimal

from router.offers.clip_classes import clip_classes
from router.schema.candidate import ClipClass
from tests.builders import Raw, scenario


def classes(*clips: Raw, by_group: bool = False) -> tuple[ClipClass, ...]:
    return clip_classes(scenario([{"seconds": 10, **clip} for clip in clips]).clips, by_group=by_group)


def test_labels_keep_clips_apart_only_where_groups_bind() -> None:
    clips: list[Raw] = [{"group": "a"}, {"group": "b", "count": 2}, {"group": "a", "count": 3}, {}]
    (together,) = classes(*clips)
    assert (together.group, together.clips) == (None, ((0, 1), (1, 2), (2, 3), (3, 1)))
    apart = classes(*clips, by_group=True)
    assert [(own.group, own.clips) for own in apart] == [("a", ((0, 1), (2, 3))), ("b", ((1, 2),)), (None, ((3, 1),))]


def test_a_class_is_followed_by_its_drafts() -> None:
    drafted = {"drafts": {"count": 4}, "count": 3}
    found = classes({}, drafted, {"seconds": 5}, {**drafted, "count": 2})
    assert [(own.draft_of, own.clips, own.count) for own in found] == [
        (None, ((0, 1),), 1),
        (None, ((1, 3), (3, 2)), 5),
        (1, ((1, 3), (3, 2)), 20),  # 4 drafts for each of 3 + 2 clips
        (None, ((2, 1),), 1),
    ]
    assert [own.drafts_each for own in found] == [1, 1, 4, 1]


def test_a_draft_keeps_the_clips_length_and_lists_and_drops_what_only_the_final_one_needs() -> None:
    clip = {
        "seconds": 7, "mode": "image-to-video", "accept_image_prompt": True, "max_surplus_seconds": 3, "max_segments": 2,
        "resolution": "1080p", "audio": "native", "reference": "image", "models": ["m"], "not_models": ["n"], "providers": ["p"],
        "not_providers": ["q"], "quality_min": 5, "max_price_usd": 2, "max_takes": 3, "value_usd": 9, "group": "g",
        "request": {"prompt": "a boat"}, "drafts": {"count": 2},
    }  # fmt: skip
    final, draft = classes(clip, by_group=True)
    kept = (
        "mode", "accept_image_prompt", "max_surplus_seconds", "max_segments", "reference", "models", "not_models", "providers",
        "not_providers", "request",
    )  # fmt: skip
    assert all(getattr(draft.need, name) == getattr(final.need, name) for name in kept)
    assert (final.seconds, draft.seconds) == (7, 7)
    assert (draft.need.resolution, draft.need.audio, draft.need.max_takes) == (None, "none", 1)
    dropped = ("quality_min", "max_price_usd", "value_usd", "group", "drafts")
    assert all(getattr(draft.need, name) is None for name in dropped)
    assert (final.group, draft.group) == ("g", None)
    assert final.need.value_usd == Decimal(9)


def test_drafts_have_the_size_and_sound_that_they_ask_for() -> None:
    _, draft = classes({"resolution": "1080p", "drafts": {"count": 1, "resolution": "720p", "audio": "deferred"}})
    assert (draft.need.resolution, draft.need.audio) == ("720p", "deferred")


def test_clips_of_different_drafts_are_different_and_so_are_their_drafts() -> None:
    # The drafts of both are alike; they stay apart, for each belongs to clips that may be left out.
    found = classes({"drafts": {"count": 2}}, {"drafts": {"count": 3}}, {"drafts": {"count": 2}, "resolution": "720p"})
    assert [own.draft_of for own in found] == [None, 0, None, 2, None, 4]
    assert [own.count for own in found] == [1, 2, 1, 3, 1, 2]


def test_drafts_may_be_given_by_the_defaults() -> None:
    given = scenario([{"seconds": 5}, {"seconds": 6, "drafts": {"count": 1}}], defaults={"drafts": {"count": 2}})
    assert [own.count for own in clip_classes(given.clips)] == [1, 2, 1, 1]
