"""The command as a process of its own: streams, statuses, bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import DAY, QUICKSTART, ROOT, process
from tests.cli.test_plan_command import TIGHT
from tests.loading.messages import CLIP, written


def test_two_processes_of_different_hash_seeds_write_the_same_bytes_and_the_solver_says_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, TIGHT, "s.toml")
    first, second = (process("plan", path, "--as-of", DAY, env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert first == second
    assert (first.status, first.err, first.json["method"]) == (0, "", "solver")


def test_verbose_logs_of_a_process_are_on_standard_error_alone() -> None:
    ran = process("plan", QUICKSTART, "--as-of", DAY, "--verbose")
    assert ran.status == 0
    assert ran.json["schema"] == 1
    assert "solved" in ran.err
    assert "hero" not in ran.err
    assert "paper boat" not in ran.err


def test_bad_standard_input_of_a_process_has_status_2() -> None:
    ran = process("plan", "-", stdin=CLIP.replace("5", "nan").encode())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("<stdin>:3: `seconds` must be a finite number")


def test_a_reader_that_goes_away_is_no_defect() -> None:
    command = [sys.executable, "-m", "router", "plan", str(QUICKSTART), "--as-of", DAY]
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as gone:
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, cwd=ROOT, check=False, timeout=60)
    assert b"defect" not in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0


def test_output_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    path = written(tmp_path, CLIP.replace('"a"', '"日本語"'), "s.toml")
    ran = process(
        "plan",
        path,
        "--as-of",
        DAY,
        "--format",
        "table",
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""},
    )
    assert ran.status == 0
    assert "日本語" in ran.out
