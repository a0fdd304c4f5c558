"""Whatever happens to the solver, there is a checked answer or a typed error, and neither a process nor a file is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from router.errors import SolverError, TimeLimitError
from router.optimization import process
from router.optimization.model import Answer, LinearModel, LinearRow, Settings, SolverName
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Row
from router.optimization.solve import solve

REAL = process.command
MISBEHAVING = Path(__file__).parent / "misbehaving.py"
BEST = ((4, 6),)
CRASHES = ["segfault", "killed", "leaves", "raises", "missing"]
GARBAGE = [
    "noise", "no pickle", "huge", "code", "no tuple", "too few", "not finite", "text", "out of bounds",
    "another word",
]  # fmt: skip
HANGS = ["hangs", "hangs holding the interpreter", "hangs while it is loaded", "half a frame"]
WRONG = ["halves", "wrong"]
PRELUDE = """
import os, sys
from router.optimization import process
from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Row
from router.optimization.solve import solve
problem = Problem((Group(10, (Option(1e6, (0,)), Option(2e6, (0,)))),), (Row("cap", "at_most", 4, ((1, 0),), "clips"),))
"""


def two_ways() -> Problem:
    """Ten of which four may take the cheap way: 4 and 6."""
    group = Group(10, (Option(1e6, (0,)), Option(2e6, (0,))))
    return Problem((group,), (Row("cap", "at_most", 4, ((1, 0),), "clips"),))


def small() -> LinearModel:
    """Ten of which at most 4.5 may be ``a``, which costs half as much."""
    model = LinearModel()
    a, b = (model.add_column(name, 0, 10, whole=True) for name in ("x_0_0", "x_0_1"))
    model.costs = {a: 1.0, b: 2.0}
    model.rows = [LinearRow("class_0", [a, b], [1, 1], "==", 10), LinearRow("limit_0", [a], [2], "<=", 9)]
    return model


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """What every process that is started has in its environment."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv("ROUTER_TEST", mark)
    return mark


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, and where temporary files go."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _nothing_is_left(mark: str, files: Path) -> Iterator[None]:
    process.close()
    yield
    process.close()
    nothing(mark, files)


def nothing(mark: str, files: Path) -> None:
    """Assert that no process and no file is left; what was killed may take a moment to be gone."""
    end = time.monotonic() + 20
    while (running(mark) or any(files.iterdir())) and time.monotonic() < end:
        time.sleep(0.01)
    assert running(mark) == []
    assert not any(files.iterdir())


def running(mark: str) -> list[str]:
    """Children of this process, and whatever has the mark in its environment: the numbers of these processes."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            marked = mark.encode() in (folder / "environ").read_bytes()
            if folder.name != str(os.getpid()) and (parent == str(os.getpid()) or marked):
                found.append(folder.name)
    return found


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """How each solver misbehaves; others are real."""
    how: dict[str, str] = {}

    def command(solver: SolverName) -> list[str]:
        if solver not in how:
            return REAL(solver)
        return [sys.executable, str(MISBEHAVING), how[solver], solver, *map(os.path.abspath, sys.path)]

    monkeypatch.setattr(process, "command", command)
    yield how
    process.close()


@pytest.mark.parametrize("how", [*CRASHES, *GARBAGE, *WRONG])
def test_where_highs_breaks_cbc_finds_the_same_plan(how: str, broken: dict[str, str]) -> None:
    broken["highs"] = how
    found = solve(two_ways())
    assert found is not None
    assert (found.counts, found.proven) == (BEST, True)


@pytest.mark.parametrize("how", [*CRASHES, *GARBAGE])
def test_where_both_break_the_error_says_how(how: str, broken: dict[str, str]) -> None:
    broken.update(highs=how, cbc=how)
    with pytest.raises(SolverError, match=r"^the solver failed: HiGHS: .*; CBC: ") as caught:
        solve(two_ways())
    assert "secret" not in str(caught.value)


def test_the_error_names_what_ended_a_solver(broken: dict[str, str]) -> None:
    broken.update(highs="segfault", cbc="raises")
    with pytest.raises(SolverError, match=r"HiGHS: its process was ended by SIGSEGV; CBC: MemoryError$"):
        solve(two_ways())


def test_where_no_solver_is_installed_the_error_says_what_to_do(broken: dict[str, str]) -> None:
    broken.update(highs="missing", cbc="missing")
    for _ in range(2):
        with pytest.raises(SolverError, match=r"HiGHS: .*not installed \(pip install highspy pulp\); CBC: "):
            solve(two_ways())


def test_a_wrong_solution_of_both_solvers_is_refused(broken: dict[str, str]) -> None:
    broken.update(highs="wrong", cbc="wrong")
    with pytest.raises(SolverError, match="miss a limit by more than rounding"):
        solve(two_ways())
    process.close()
    broken.update(highs="halves", cbc="halves")
    with pytest.raises(SolverError, match="not whole"):
        solve(two_ways())


@pytest.mark.parametrize("how", HANGS)
def test_a_solver_that_hangs_is_ended_at_the_time_limit(
    how: str, broken: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    broken.update(highs=how, cbc=how)
    with pytest.raises(TimeLimitError, match=r"time limit of 0.3 s ended the search"):
        solve(two_ways(), time_limit_seconds=0.3)


def test_a_solver_that_hangs_without_a_time_limit_is_ended_too(
    broken: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CEILING_SECONDS", 0.5)
    broken.update(highs="hangs", cbc="hangs")
    with pytest.raises(SolverError, match="HiGHS: it did not answer in time; CBC: it did not answer in time"):
        solve(two_ways())


def test_a_process_killed_while_it_idles_is_replaced() -> None:
    for end in (signal.SIGKILL, signal.SIGSEGV):
        process.warm_up()
        assert process.solve(small(), Settings(whole=True)).solver == "highs"
        (worker,) = process._POOL._all
        os.kill(worker._process.pid, end)
        os.waitid(os.P_PID, worker._process.pid, os.WEXITED | os.WNOWAIT)
        answer = process.solve(small(), Settings(whole=True))
        assert (answer.solver, answer.values) == ("highs", [4, 6])


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_killed_at_work_is_replaced_by_the_other_solver(end: int, broken: dict[str, str]) -> None:
    broken["highs"] = "hangs"
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(process.solve, small(), Settings(whole=True))
        while not (workers := list(process._POOL._all)):
            time.sleep(0.01)
        os.kill(workers[0]._process.pid, end)
        assert (answer.result().solver, answer.result().values) == ("cbc", [4, 6])


def test_a_stopped_process_is_ended_at_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    process.solve(small(), Settings(whole=True))
    (worker,) = process._POOL._all
    os.kill(worker._process.pid, signal.SIGSTOP)
    assert process.solve(small(), Settings(whole=True, seconds=0.2)).state == "none"


def test_an_interrupt_ends_the_solver_too(broken: dict[str, str]) -> None:
    broken["highs"] = "hangs"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            process.solve(small(), Settings(whole=True))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not process._POOL._all


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second search joins at once."""
    monkeypatch.setattr(process, "JOINED_AFTER", 0.1)
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(process, "KEPT", 2)


@pytest.mark.usefixtures("joined")
def test_a_second_search_that_is_done_ends_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[SolverName] = []

    def command(solver: SolverName) -> list[str]:
        started.append(solver)
        hangs = [sys.executable, str(MISBEHAVING), "hangs", solver, *map(os.path.abspath, sys.path)]
        return REAL(solver) if len(started) > 1 else hangs

    monkeypatch.setattr(process, "command", command)
    end = time.monotonic() + 60
    answer = process.solve(small(), Settings(whole=True, seconds=60))
    assert (answer.state, answer.solver, answer.values) == ("optimal", "highs", [4, 6])
    assert time.monotonic() < end, "the first search was waited for"
    assert started == ["highs", "highs"]
    assert len(process._POOL._all) == 1


@pytest.mark.usefixtures("joined")
def test_two_searches_that_hang_are_ended_at_the_time_limit(broken: dict[str, str]) -> None:
    broken["highs"] = "hangs"
    assert process.solve(small(), Settings(whole=True, seconds=1)).state == "none"
    assert not process._POOL._all


@pytest.mark.usefixtures("joined")
def test_an_interrupt_ends_both_searches(broken: dict[str, str]) -> None:
    broken["highs"] = "hangs"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(KeyboardInterrupt):
            process.solve(small(), Settings(whole=True, seconds=60))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not process._POOL._all


def said(answer: Answer | Exception) -> Future[Answer]:
    search: Future[Answer] = Future()
    if isinstance(answer, Answer):
        search.set_result(answer)
    else:
        search.set_exception(answer)
    return search


def test_what_both_searches_found_and_proved_counts() -> None:
    # The first found 5 on each way, for 15, and proved 14; the second found 4 and 6, for 16, and proved that none is below 14.5.
    one, other = Answer("feasible", "highs", [5, 5], (), 14.0), Answer("feasible", "highs", [4, 6], (), 14.5)
    together = Answer("feasible", "highs", [5, 5], (), 14.5)
    broke = process._BrokenError("it broke")
    nothing_yet = Answer("none", "highs")
    assert process._of_both(small(), [said(one), said(other)]) == together
    assert process._of_both(small(), [said(broke), said(other)]) == other
    assert process._of_both(small(), [said(nothing_yet), said(one)]) == one
    assert process._of_both(small(), [said(nothing_yet), said(broke)]) == nothing_yet
    proven = Answer("optimal", "highs", [4, 6], (), 16.0)
    assert process._of_both(small(), [said(nothing_yet), said(proven)]) == proven
    with pytest.raises(process._BrokenError, match="it broke"):
        process._of_both(small(), [said(broke), said(process._BrokenError("so did it"))])


@pytest.fixture
def hanging_cbc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program ``cbc`` on the path that hangs; it leaves a file at ``started`` when it runs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "cbc"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\nsleep 3600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path / "started"


def test_a_program_that_hangs_is_ended_with_its_files(
    hanging_cbc: Path, broken: dict[str, str], files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    broken["highs"] = "missing"
    assert process.solve(small(), Settings(whole=True, seconds=3)).state == "none"
    assert hanging_cbc.exists()
    assert not any(files.iterdir())


def test_a_full_disk_is_a_typed_error(broken: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken.update(highs="missing", cbc="full")
    with pytest.raises(SolverError, match="CBC: OSError: No space left on device"):
        solve(two_ways())
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(SolverError, match="CBC: No such file or directory"):
        solve(two_ways())


def test_highs_needs_no_disk(broken: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken["highs"] = "full"
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    found = solve(two_ways())
    assert found is not None
    assert found.counts == BEST


def test_a_forked_child_starts_a_process_of_its_own() -> None:
    assert process.solve(small(), Settings(whole=True)).values == [4, 6]
    (ours,) = process._POOL._all
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            # The child must not hold the parent's process open: that ends when its socket is closed.
            forgotten = not process._POOL._all and ours._socket.fileno() == -1
            found = process.solve(small(), Settings(whole=True))
            (own,) = process._POOL._all
            status = 0 if forgotten and found.values == [4, 6] and own is not ours else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert process.solve(small(), Settings(whole=True)).values == [4, 6]
    assert process._POOL._all == {ours}


def test_eight_threads_at_once_get_an_answer_each() -> None:
    together = threading.Barrier(8)

    def one(_: int) -> object:
        together.wait()
        found = solve(two_ways())
        return found and found.counts

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(8))) == [BEST] * 8
    assert len(process._POOL._all) <= process.KEPT


def test_a_process_started_early_is_the_one_that_solves() -> None:
    process.warm_up()
    process.warm_up()
    (early,) = process._POOL._all
    assert process.solve(small(), Settings(whole=True)).values == [4, 6]
    assert process._POOL._all == {early}


def ran(code: str) -> str:
    """What a program prints that has all warnings as errors; nothing may be on standard error."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", PRELUDE + textwrap.dedent(code)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_a_program_ends_without_a_word() -> None:
    assert ran("print(solve(problem).counts)") == f"{BEST}\n"


def test_a_host_may_use_the_solver_with_other_settings() -> None:
    code = """
    import highspy
    model = highspy.Highs()
    print(flush=True)
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 2)
    model.setOptionValue("parallel", "on")
    x = model.addIntegral(lb=0, ub=9)
    model.addConstr(2 * x <= 9)
    model.maximize(x)
    print(model.val(x), solve(problem).counts)
    model.maximize(x)
    print(model.val(x), solve(problem).counts, flush=True)
    """
    assert ran(code).endswith(f"\n4.0 {BEST}\n4.0 {BEST}\n")


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_a_host_that_is_killed_takes_the_solver_with_it(solver: str, hanging_cbc: Path, mark: str, files: Path) -> None:
    code = """
    import random
    from router.optimization.model import LinearModel, LinearRow, Settings
    dice = random.Random(1)
    model = LinearModel()
    every = [model.add_column(f"x_{k}", 0, 1, whole=True) for k in range(60)]
    model.costs = dict.fromkeys(every, 1.0)
    for k in range(8):
        uses = [dice.randint(0, 99) for _ in every]
        model.rows.append(LinearRow(f"limit_{k}", every, uses, "==", sum(uses) // 2))
    process.warm_up(sys.argv[1])
    process._POOL._idle[sys.argv[1]][0].begin(1e300)
    print("ready", flush=True)
    process.solve(model, Settings(whole=True), sys.argv[1])
    """
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), solver], stdout=subprocess.PIPE
    ) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"ready\n"
        end = time.monotonic() + 20
        while solver == "cbc" and not hanging_cbc.exists() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.3)
        assert host.poll() is None
        assert len(running(mark)) >= 2
        host.kill()
    nothing(mark, files)


def test_a_host_that_is_killed_before_it_heard_of_the_solver_takes_it_along(mark: str, files: Path) -> None:
    code = """
    process.warm_up()
    worker = process._POOL._idle["highs"][0]
    # The solver has said that it is there, and nobody has read it.
    while not worker._socket.recv(1, __import__("socket").MSG_PEEK):
        pass
    print("ready", flush=True)
    sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"ready\n"
        assert len(running(mark)) >= 2
        host.kill()
    nothing(mark, files)


@pytest.mark.parametrize("seconds", [None, 10.0])
def test_an_optimum_that_highs_disowns_is_looked_for_in_another_way(
    seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import highspy  # Not everywhere

    from router.optimization import highs

    told = highs._QuietHighs.getModelStatus

    def disowned(self: highspy.Highs) -> highspy.HighsModelStatus:
        presolved = self.getOptionValue("presolve")[1] != "off"
        return highspy.HighsModelStatus.kSolveError if presolved else told(self)

    monkeypatch.setattr(highs._QuietHighs, "getModelStatus", disowned)
    state, values, _, bound = highs.solve(small(), Settings(whole=True, seconds=seconds, max_nodes=3000))
    assert (state, bound) == ("optimal", pytest.approx(small().value(values)))
