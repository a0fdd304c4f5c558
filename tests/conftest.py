"""For all tests: examples are drawn the same way every time, and a slow machine fails none."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")
