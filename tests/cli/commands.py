"""The command line as its callers meet it: in process, or as a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from router.cli import run

ROOT = Path(__file__).parent.parent.parent
QUICKSTART = ROOT / "scenarios" / "quickstart.toml"
DAY = "2026-04-10"


class Ran(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Router:
    """Runs commands in this process; standard output is no terminal."""

    def __init__(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capture, self._patch = capfd, monkeypatch
        monkeypatch.setattr("router.log._logger", None)

    def __call__(self, *arguments: str | Path, stdin: str | bytes | None = None) -> Ran:
        if stdin is not None:
            data = stdin if isinstance(stdin, bytes) else stdin.encode()
            self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        self._capture.readouterr()
        with pytest.raises(SystemExit, match=r"^\d+$") as ended:
            run([str(argument) for argument in arguments])
        out, err = self._capture.readouterr()
        return Ran(int(str(ended.value)), out, err)

    def plan(self, *arguments: str | Path, stdin: str | bytes | None = None) -> Ran:
        """``router plan`` on a fixed day."""
        return self("plan", *arguments, "--as-of", DAY, stdin=stdin)


def process(*arguments: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
    """``python -m router`` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "router", *map(str, arguments)],
        input=stdin, capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}, check=False, timeout=60,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
