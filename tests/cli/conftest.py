"""The command line for every test of this folder; its levers know only evolink, whatever else is bundled."""

from __future__ import annotations

import pytest

from tests.cli.commands import Router


@pytest.fixture
def router_(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Router:
    """Runs commands and captures what they write, the solver's own output included."""
    return Router(capfd, monkeypatch)


@pytest.fixture(autouse=True)
def one_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.analysis.lever_kinds.bundled_names", lambda: ("evolink",))
