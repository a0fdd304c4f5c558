"""For all tests: examples are drawn the same way every time, and a slow machine fails none."""

from __future__ import annotations

import gc

from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What has been collected stays to the end, and need not be gone through again with every garbage collection."""
    gc.collect()
    gc.freeze()
