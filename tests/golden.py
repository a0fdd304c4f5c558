"""Golden files: what the program wrote when somebody last looked at it and found it right.

``ROUTER_UPDATE_GOLDEN=1 python -m pytest`` rewrites them; the commit that does so says why.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def agrees(name: str, text: str) -> None:
    """Assert that ``text`` is what the golden file ``name`` holds."""
    path = FOLDER / name
    if os.environ.get("ROUTER_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
