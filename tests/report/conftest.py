"""For all tests of reports: a browser for each module, gone before others look which processes are left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(autouse=True)
def one_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is bundled, levers know only evolink here: pages need not change with every price list."""
    monkeypatch.setattr("router.analysis.lever_kinds.bundled_names", lambda: ("evolink",))
