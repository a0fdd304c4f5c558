"""A clip in a few words."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InputError
from router.loading.wanted import Names, wanted_clip
from router.schema.base import unprintable

NAMES = Names(
    {"kling-3.0", "kling-o3", "Kling 3", "a/b", "o'neil"}, {"evolink", "fal", "x/y"}, {"text-to-video", "lip-sync"}
)


def refused(text: str) -> list[str]:
    with pytest.raises(InputError, match=r".") as caught:
        wanted_clip(text, NAMES)
    return [problem.message for problem in caught.value.problems]


def test_words_stand_in_any_order() -> None:
    words = ["10s", "1080p", "native", "image-to-video", "kling-3.0", "fal"]
    expected = wanted_clip(" ".join(words), NAMES)
    assert (expected.seconds, expected.resolution, expected.audio) == (Decimal(10), "1080p", "native")
    assert (expected.mode, expected.models, expected.providers) == ("image-to-video", ("kling-3.0",), ("fal",))
    for seed in range(20):
        random.Random(seed).shuffle(words)
        assert wanted_clip(" ".join(words), NAMES) == expected


@pytest.mark.parametrize(
    "text", ["10s", "10 s", "10 sec", "10 seconds", "10S", "10.0s", "10 s, text-to-video", "seconds=10", "seconds = 10"]
)
def test_a_length_is_written_as_people_write_it(text: str) -> None:
    assert wanted_clip(text, NAMES).seconds == 10


@pytest.mark.parametrize(
    ("word", "audio"),
    [("silent", "none"), ("none", "none"), ("deferred", "deferred"), ("any", "any"), ("NATIVE", "native")],
)
def test_sounds(word: str, audio: str) -> None:
    assert wanted_clip(f"5s {word}", NAMES).audio == audio


def test_what_a_plan_says_of_a_clip_can_be_pasted() -> None:
    clip = wanted_clip("12.5 s, text-to-video, 1080p, native audio", NAMES)
    assert (clip.seconds, clip.mode, clip.resolution, clip.audio) == (
        Decimal("12.5"),
        "text-to-video",
        "1080p",
        "native",
    )


def test_names_are_found_in_any_case_in_quotes_and_as_a_pair() -> None:
    assert wanted_clip("5s KLING-O3 EvoLink", NAMES).models == ("kling-o3",)
    assert wanted_clip("5s 'Kling 3'", NAMES).models == ("Kling 3",)
    assert wanted_clip('"Kling 3" 5s', NAMES).models == ("Kling 3",)
    assert wanted_clip("5s o'neil", NAMES).models == ("o'neil",)
    both = wanted_clip("5s x/y/a/b", NAMES)
    assert (both.providers, both.models) == (("x/y",), ("a/b",))
    several = wanted_clip("5s kling-o3 kling-3.0 fal kling-o3", NAMES)
    assert (several.models, several.providers) == (("kling-o3", "kling-3.0"), ("fal",))


def test_what_would_mend_a_miss_can_be_written_as_the_planner_says_it() -> None:
    clip = wanted_clip("20s max_segments = 2 accept_image_prompt=true max_surplus_seconds=0.5", NAMES)
    assert (clip.max_segments, clip.accept_image_prompt, clip.max_surplus_seconds) == (2, True, Decimal("0.5"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10s nativ", "'nativ' is no word for a clip; did you mean 'native'?"),
        ("10s klng-3.0", "'klng-3.0' is no word for a clip; did you mean 'kling-3.0'?"),
        ("10s 1080", "'1080' has no unit; did you mean '1080p'?"),
        ("10 1080p", "'10' has no unit; did you mean '10s'?"),
        ("10s txt-to-video", "'txt-to-video' is no word for a clip; did you mean 'text-to-video'?"),
        ("10s max_segmnts=2", "`max_segmnts`: no requirement of a clip; did you mean `max_segments`?"),
        ("10s 5s", "states `seconds` twice, as '10' and '5'; keep one"),
        ("10s native silent", "states `audio` twice, as 'native' and 'none'; keep one"),
        ("1080p", "states no length; add one such as 10s"),
        ("", "states no length; add one such as 10s"),
        ("0s", "`seconds` must be above 0, not 0"),
        ("5s max_segments=0", "`max_segments` must be at least 1, not 0"),
        ("5s max_segments=two", "`max_segments` must be a whole number, not a text"),
    ],
)
def test_what_is_no_clip_gets_one_clear_message(text: str, message: str) -> None:
    said = refused(text)
    assert len(said) == 1
    assert said[0].startswith(message)


def test_a_word_like_nothing_gets_what_there_is_to_say() -> None:
    (said,) = refused("10s qqqqqqq")
    assert "a length (10s), a resolution (360p to 4k), native | silent | deferred | any" in said


@given(st.text(max_size=80))
def test_any_text_is_a_clip_or_refused_in_printable_words(text: str) -> None:
    said = ""
    try:
        wanted_clip(text, NAMES)
    except InputError as error:
        said = " ".join(map(str, error.problems))
    assert unprintable(said) is None


def test_a_very_long_text_is_refused_at_once() -> None:
    assert refused("10s " + " " * 10**6) == ["is longer than 1,000 characters"]
