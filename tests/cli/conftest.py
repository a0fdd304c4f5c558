"""The command line for every test of this folder."""

from __future__ import annotations

import pytest

from tests.cli.commands import Router


@pytest.fixture
def router_(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Router:
    """Runs commands and captures what they write, the solver's own output included."""
    return Router(capfd, monkeypatch)
