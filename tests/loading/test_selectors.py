"""Paths to some clips: they lead to just these, whatever clips are called."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from router.loading.overrides import overridden
from router.loading.selectors import clip_selectors
from tests.builders import catalog, model, scenario

HOSTILE = (
    "a", "a.audio", "a.b", "a.b.c", "0", "1", "3", "12", "*", "a*", "?", 'say "a"', "it's", "x=1", "x+", "*=", "é.1", "clips", "-",
    "a b", "a, b", "#", "=1+1", "hero-1", "hero-10", "hero-2", "hero", "1.0",
)  # fmt: skip


def reached(ids: Sequence[str], steps: Sequence[str]) -> set[int]:
    """The clips that a `--set` with these steps changes."""
    given = scenario([{"id": name, "seconds": 5} for name in ids], catalog(model()))
    found = overridden(given, [f"clips.{step}.max_segments=7" for step in steps])
    return {k for k, clip in enumerate(found.clips) if clip.max_segments == 7}


@pytest.mark.parametrize(
    ("ids", "positions", "steps"),
    [
        (["a", "b"], [0, 1], ("*",)),
        (["a", "b"], [1], ("b",)),
        (["hero-1", "hero-2", "teaser"], [0, 1], ("hero-*",)),
        (["hero-1", "hero-2", "hero-x", "teaser"], [0, 1], ("hero-1", "hero-2")),
        (["s-10", "s-11", "s-20", "s-21"], [0, 1], ("s-1*",)),
        (["a.b", "c"], [0], ('"a.b"',)),
        (['"', "c"], [0], ("'\"'",)),
        (["\"'", "c"], [0], ("0",)),
    ],
)
def test_few_steps_lead_to_many_clips_where_their_names_begin_alike(
    ids: list[str], positions: list[int], steps: tuple[str, ...]
) -> None:
    assert clip_selectors(ids, positions) == steps
    assert reached(ids, steps) == set(positions)


def test_a_clip_that_no_path_leads_to_alone_gets_none() -> None:
    assert clip_selectors(["\"'", "0"], [0]) == ()


@pytest.mark.parametrize("seed", range(40))
def test_steps_lead_to_just_these_clips_whatever_they_are_called(seed: int) -> None:
    rng = random.Random(seed)
    names = [*HOSTILE, *(f"shot-{k:03}" for k in range(20)), *(str(k) for k in range(30, 40))]
    ids = rng.sample(names, rng.randint(1, len(names)))
    wanted = {k for k in range(len(ids)) if rng.random() < rng.choice((0.1, 0.5, 0.95))} or {0}

    steps = clip_selectors(ids, sorted(wanted))

    assert steps
    assert len(steps) <= len(wanted)
    assert reached(ids, steps) == wanted


def test_an_id_that_reads_like_a_position_comes_before_it() -> None:
    # The first clip is called 1, the second 0.
    assert reached(["1", "0", "x"], ["0"]) == {1}
    assert reached(["1", "0", "x"], ['"1"']) == {0}
    assert reached(["1", "0", "x"], ["2"]) == {2}
