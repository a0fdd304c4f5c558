"""The command line for tests of what it says to bad files."""

from __future__ import annotations

import pytest

from tests.cli.commands import Router


@pytest.fixture
def router_(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Router:
    """Runs commands and captures what they write."""
    return Router(capfd, monkeypatch)
