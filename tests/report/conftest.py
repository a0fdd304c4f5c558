"""For all tests of reports: one browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(autouse=True)
def one_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is bundled, levers know only evolink here: pages need not change with every price list."""
    monkeypatch.setattr("router.analysis.lever_kinds.bundled_names", lambda: ("evolink",))
