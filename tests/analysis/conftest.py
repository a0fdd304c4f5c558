"""For all tests of studies: levers know only evolink, whatever else is bundled; to try every catalog is slower and proves no more."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def one_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.analysis.lever_kinds.bundled_names", lambda: ("evolink",))
