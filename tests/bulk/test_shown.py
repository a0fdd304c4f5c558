"""What a person is shown of a plan of classes: short, and told apart where several stand in one line."""

from __future__ import annotations

import polars as pl

import router
from tests.builders import ON


def test_a_table_plan_says_in_a_line_what_it_is_and_no_clip_of_it() -> None:
    clips = pl.DataFrame({"id": ["secret", "b", "b"], "seconds": [10, 5, 5], "resolution": ["1080p", "720p", "720p"]})
    made = router.plan_table(clips, on=ON, skip_bad_rows=True)
    assert repr(made) == "<TablePlan: 2 rows, 1 bad, 2 classes, $1.375 expected>"


def test_in_a_notebook_it_shows_its_plan() -> None:
    made = router.plan_table(pl.DataFrame({"seconds": [10]}), on=ON)
    assert made._repr_html_() == made.plan._repr_html_()


def test_what_else_a_class_asks_for_stands_in_parentheses_since_commas_stand_between_classes() -> None:
    clips = pl.DataFrame(
        {
            "seconds": [10, 10, 5],
            "resolution": "1080p",
            "models": ["kling-3.0;kling-o3", None, None],
            "drafts.count": [2, 2, None],
            "drafts.resolution": ["720p", None, None],
        }
    )
    assert [clip.id for clip in router.plan_table(clips, on=ON).scenario.clips] == [
        "5 s text-to-video 1080p",
        "10 s text-to-video 1080p (models kling-3.0+kling-o3, 2 drafts 720p)",
        "10 s text-to-video 1080p (2 drafts)",
    ]
