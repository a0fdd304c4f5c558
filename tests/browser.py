"""A real browser for the tests that need one: Debian's Chromium, headless, driven by playwright; without it they are skipped and say so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; skips the test where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[test]'")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("needs Debian's Chromium: apt-get install chromium")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a page did besides being shown."""

    said: list[str] = field(default_factory=list)
    """Messages on its console, errors in its script, dialogs."""
    asked: list[str] = field(default_factory=list)
    """Addresses that it requested."""


@contextmanager
def opened(browser: Any, path: Path, **context: Any) -> Iterator[tuple[Any, Seen]]:
    """A file shown in a fresh context, and what it did."""
    seen = Seen()
    within = browser.new_context(**context)
    page = within.new_page()
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("dialog", lambda dialog: (seen.said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: seen.asked.append(request.url))
    page.goto(path.as_uri())
    try:
        yield page, seen
    finally:
        within.close()


def accessibility_findings(page: Any) -> list[str]:
    """What axe-core finds to be serious or critical; the page's context must bypass its content security policy."""
    rules = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(rules)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert found["passes"], "axe looked at nothing"
    return [
        f"{own['id']}: {node['html'][:200]}"
        for own in found["violations"]
        if own["impact"] in ("serious", "critical")
        for node in own["nodes"]
    ]
