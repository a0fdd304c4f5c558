"""Question ``shell``: the processor time of planning 1,000 clip lines from the shell, beside that of the imports alone."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from benchmarks import instances
from benchmarks.clock import Spent
from benchmarks.result import Result, WrongAnswerError

LINES = 1_000
TARGET = 0.5
"""Seconds of processor time."""


def shell(rounds: int) -> Result:
    """Plan the file ``rounds`` times, each in a process of its own, in turn with the bare imports."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, clips, cost = instances.clip_lines(folder, LINES)
        output = folder / "plan.json"
        planning = ["-m", "router", "plan", str(path), "--format", "json", "--as-of", f"{instances.ON}"]
        importing = ["-c", "import pydantic, click"]
        # Bytecode is written by the first run, as an installation would have done, whatever this process was told.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        child(planning, output, environment)
        child(importing, output, environment)
        ours: list[Spent] = []
        floor: list[Spent] = []
        for _ in range(rounds):
            ours.append(child(planning, output, environment))
            _verify(output, clips, cost)
            floor.append(child(importing, output, environment))
    return Result(
        question="shell",
        ours=tuple(ours),
        peer=tuple(floor),
        peer_is="bare `import pydantic, click`",
        optimum="yes (by hand)",
        target=f"under {TARGET} s",
        counts={"lines": LINES, "clips": clips},
        met=statistics.median(own.cpu for own in ours) < TARGET,
        notes=(f"{LINES:,} lines, {clips:,} clips, ${cost:,.2f}",),
    )


def child(arguments: Sequence[str], output: Path, environment: Mapping[str, str]) -> Spent:
    """Run this Python with some arguments, standard output to a file; what the process took."""
    with output.open("wb") as stream:
        started = time.perf_counter()
        command, home = [sys.executable, *arguments], Path(__file__).parents[1]
        process = subprocess.Popen(command, stdout=stream, cwd=home, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise WrongAnswerError(f"python {' '.join(arguments[:3])} ended with exit status {process.returncode}")
    return Spent(usage.ru_utime + usage.ru_stime, wall)


def _verify(output: Path, clips: int, cost: Decimal) -> None:
    plan = json.loads(output.read_text(encoding="utf-8"))
    found = plan["status"], plan["totals"]["served"], Decimal(plan["totals"]["expected_usd"])
    if found != (wanted := ("optimal", clips, cost)):
        raise WrongAnswerError(f"shell: (status, clips, dollars) are {found}, should be {wanted}")
