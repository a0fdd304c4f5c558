"""Why there is no plan, in words: whose drafts, how many, and which field to edit."""

from __future__ import annotations

from pathlib import Path

import pytest

import router
from router.errors import NoPlanError
from router.schema.scenario import Scenario
from tests.builders import ON, Raw, catalog, model, planned
from tests.loading.messages import CATALOG, written

# 10 s: $0.20 on m, $1.00 on n; at 720p only n.
TWO = catalog(
    model("m", [{"audio": False, "resolution": "480p", "price_per_second": "0.02"}]),
    model("n", [{"audio": False, "resolution": "720p", "price_per_second": "0.10"}]),
)


def test_drafts_that_pin_a_limit_are_told_from_their_clips() -> None:
    # 5 clips at $1.00, 10 drafts of them at $0.20.
    clips: list[Raw] = [{"id": "a", "seconds": 10, "count": 5, "resolution": "720p", "drafts": {"count": 2}}]
    with pytest.raises(NoPlanError, match=r"pinned by 'a' at least \$5\.00, drafts of 'a' at least \$2\.00\)"):
        planned(clips, TWO, limits={"budget_usd": 3})


def test_clips_and_their_drafts_that_cannot_count_are_both_named() -> None:
    clips: list[Raw] = [{"id": "a", "seconds": 10, "resolution": "720p", "drafts": {"count": 2, "resolution": "720p"}}]
    caps = [{"where": {"model": "m"}, "min_clips": 1}]
    with pytest.raises(
        NoPlanError,
        match=r"pinned by 'a', which cannot count towards it, drafts of 'a', which cannot count towards it\)",
    ):
        planned(clips, TWO, limits={"caps": caps})


@pytest.mark.parametrize(("count", "words"), [(1, r"at least 1 clip\)"), (2, r"at least 2 clips\)")])
def test_one_clip_is_no_clips(count: int, words: str) -> None:
    with pytest.raises(NoPlanError, match=rf"pinned by 'a' {words}"):
        planned([{"id": "a", "seconds": 10, "count": count}], TWO, limits={"caps": [{"max_clips": 0}]})


def test_the_limit_on_the_tail_is_named_by_the_field_to_edit(tmp_path: Path) -> None:
    written(tmp_path, CATALOG, "c.toml")
    text = 'catalogs = ["c.toml"]\n[[clips]]\nid = "a"\nseconds = 5\n[limits.cvar]\nlevel = 0.9\nusd = 0.01\n'
    given = Scenario.load(written(tmp_path, text, "s.toml"))
    # `usd` stands in line 7.
    with pytest.raises(NoPlanError, match=r"s\.toml:7: raise limits\.cvar\.usd from 0\.01 to "):
        router.plan(given, on=ON)
