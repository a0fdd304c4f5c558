"""Questions ``limits`` and ``different``: what couples classes of clips, and what couples clips that all differ, beside plain models.

Ours is `solve`, timed from the abstract problem to the solution; peers are timed over building, solving and reading their model. Every
answer is checked in exact arithmetic. OR-tools is asked in a process of its own, where it is installed. A peer whose solution breaks a
limit by its tolerances, or is dearer than ours though it calls it optimal, is said to; one that keeps the limits and is cheaper than ours
makes the run fail.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial

from benchmarks import classes, or_tools, peers
from benchmarks.clock import Spent, Stopwatch
from benchmarks.result import Result, WrongAnswerError
from router.errors import TimeLimitError
from router.optimization.problem import Problem, Solution
from router.optimization.rows import Counts
from router.optimization.solve import solve

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
PER_CLIP = (1_000, 10_000)
"""Where a binary for each clip and candidate can be solved; `CUT` is the size where it is only shown to be cut."""
CUT = 100_000
FASTER_THAN_CLASSES = 1.0
"""Ours against the same classes handed to HiGHS as they are."""
NOT_ASKED = "OR-tools (CP-SAT, MathOpt) is not installed, and was not asked"
FASTER_THAN_CLIPS = 100.0
"""Ours against a binary for each clip and candidate."""
DIFFERENT = 100_000
GAP = 1e-6
"""Relative: what is asked for where all clips differ."""
MICRO = 1_000_000
SAME = 1.0
"""Micro-dollars."""


@dataclass(frozen=True, slots=True)
class Round:
    """One instance, solved by ours."""

    problem: Problem
    found: Solution
    spent: Spent

    @property
    def counts(self) -> dict[str, int]:
        """How large the instance is, and what of it went to the solver."""
        groups = self.problem.groups
        options = sum(len(group.options) for group in groups)
        return {"classes": len(groups), "options": options, **asdict(self.found.size)}


def limits(rounds: int, limit_seconds: float) -> tuple[Result, ...]:
    """About 260 classes, twelve candidates, a budget, three quotas and a mean quality, from a thousand clips to ten million."""
    _warm_up()
    results: list[Result] = []
    installed = or_tools.installed()
    for clips in SIZES:
        own = [
            ours(classes.coupled(seed, clips), f"{clips:,} clips, seed {seed}", limit_seconds)
            for seed in range(1, rounds + 1)
        ]
        name = f"limits, {clips:,} clips"
        on_classes = _by(peers.of_classes, "HiGHS", limit_seconds)
        result = _beside(name, own, on_classes, "HiGHS on the classes", FASTER_THAN_CLASSES, limit_seconds)
        results.append(result if installed else replace(result, notes=(*result.notes, NOT_ASKED)))
        for by, solver in or_tools.SOLVERS.items() if installed else ():
            what = f"OR-tools {installed}, {solver} on the classes"
            of_ortools = partial(or_tools.solved, by=by, limit_seconds=limit_seconds)
            results.append(_beside(name, own, of_ortools, what, FASTER_THAN_CLASSES, limit_seconds))
        if clips in (*PER_CLIP, CUT):
            for by in ("CBC", "HiGHS"):
                what = f"PuLP + {by}, a binary per clip and candidate"
                on_clips = _by(peers.of_clips, by, limit_seconds)
                results.append(_beside(name, own[:1], on_clips, what, FASTER_THAN_CLIPS, limit_seconds))
    return tuple(results)


def different(rounds: int, limit_seconds: float) -> Result:
    """A hundred thousand clips that all differ, under the same limits: nothing to merge."""
    _warm_up()
    own = [
        ours(classes.all_different(seed, DIFFERENT), f"different, seed {seed}", limit_seconds)
        for seed in range(1, rounds + 1)
    ]
    gap = max((way.found.cost - way.found.bound) / abs(way.found.cost) for way in own)
    name = f"different, {DIFFERENT:,} clips"
    as_one = _by(peers.of_classes, "HiGHS", limit_seconds)
    result = _beside(name, own[:1], as_one, "PuLP + HiGHS", FASTER_THAN_CLASSES, limit_seconds)
    faster = result.peer[0].cpu / own[0].spent.cpu
    return replace(
        result,
        ours=tuple(way.spent for way in own),
        target=f"gap at most {GAP:g}, and faster",
        met=gap <= GAP and faster > 1,
        notes=(f"largest relative gap of ours {gap:.2g}", *result.notes),
    )


def ours(problem: Problem, where: str, limit_seconds: float, cost: Callable[[Counts], float] | None = None) -> Round:
    """Solve by ours, and check it.

    Parameters
    ----------
    cost
        What a solution costs; None: what the problem says.

    Raises
    ------
    WrongAnswerError
        If there is no solution, or it breaks a limit, or does not cost what is said.
    """
    watch = Stopwatch()
    try:
        found = solve(problem, limit_seconds)
    except TimeLimitError as error:
        raise WrongAnswerError(f"{where}: ours found no solution within {limit_seconds} s") from error
    spent = watch.spent()
    if found is None:
        raise WrongAnswerError(f"{where}: ours says that no solution keeps the limits")
    if broken := broken_by(problem, found.counts):
        raise WrongAnswerError(f"{where}: ours breaks {', '.join(broken)}")
    if abs((cost or problem.cost)(found.counts) - found.cost) > SAME or found.bound > found.cost + SAME:
        raise WrongAnswerError(
            f"{where}: cost {found.cost} and bound {found.bound} of ours are not what its counts cost"
        )
    return Round(problem, found, spent)


def broken_by(problem: Problem, counts: Counts) -> list[str]:
    """What a solution breaks, in exact arithmetic."""
    pairs = zip(problem.groups, counts, strict=True)
    broken = [row.name for row in problem.rows if not row.holds(counts)]
    return broken if all(sum(own) == group.count and min(own) >= 0 for group, own in pairs) else ["a class", *broken]


def _by(build: Callable[[Problem], peers.Model], by: str, limit_seconds: float) -> Callable[[Problem], peers.Answer]:
    """What builds a plain model of a problem and hands it to ``HiGHS`` or ``CBC``."""
    return lambda problem: peers.solved(lambda: build(problem), by, limit_seconds)


def _beside(
    question: str,
    own: list[Round],
    asked: Callable[[Problem], peers.Answer],
    what: str,
    target: float,
    limit_seconds: float,
) -> Result:
    answers = []
    for way in own:
        answers.append(asked(way.problem))
        if not answers[-1].finished:
            break
    said = [agreement(way, answer, question) for way, answer in zip(own, answers, strict=False)]
    faster = statistics.median(answer.spent.cpu / way.spent.cpu for way, answer in zip(own, answers, strict=False))
    on_clock = statistics.median(answer.spent.wall / way.spent.wall for way, answer in zip(own, answers, strict=False))
    finished = all(answer.finished for answer in answers)
    open_ones = [
        f"ours is not proven for seed {seed}: its bound is ${(way.found.cost - way.found.bound) / MICRO:,.6f} below its cost"
        for seed, way in enumerate(own, start=1)
        if not way.found.proven
    ]
    return Result(
        question=question,
        ours=tuple(way.spent for way in own),
        peer=tuple(answer.spent for answer in answers),
        peer_is=what,
        stopped="" if finished else f"after {limit_seconds:g} s on the clock",
        optimum=next((answer for answer in said if answer != "yes"), "yes"),
        target=f"{target:g} times faster" if target > 1 else "faster",
        met=faster > target and not open_ones,
        counts=own[0].counts,
        notes=(f"{what}: on the clock the ratio is {on_clock:.2g}", *open_ones),
    )


def agreement(way: Round, answer: peers.Answer, where: str) -> str:
    """Whether a peer's answer is ours; what is known where it is not.

    Raises
    ------
    WrongAnswerError
        If the peer found a better solution that keeps every limit, or proved that there is none as good as ours.
    """
    cost = way.found.cost
    if answer.counts is None:
        return "the peer found no solution"
    broken = broken_by(way.problem, answer.counts)
    theirs = way.problem.cost(answer.counts)
    known = f"ours ${cost / MICRO:,.6f}, the peer's ${theirs / MICRO:,.6f}"
    if broken:
        return f"the peer breaks {', '.join(broken)} by its tolerances: {known}"
    if theirs < way.found.bound - SAME:
        raise WrongAnswerError(f"{where}: the peer's solution is below the bound of ours: {known}")
    if not answer.finished:
        same = abs(theirs - cost) <= SAME
        return "yes, though not proven by the peer" if same else f"not found by the peer: {known}"
    if theirs < cost - SAME and way.found.proven:
        raise WrongAnswerError(f"{where}: the peer's solution is better than what ours calls optimal: {known}")
    if theirs < cost - SAME:
        return f"no, ours is not proven and the peer's is better: {known}"
    if theirs > cost + SAME:
        return f"the peer calls optimal what is dearer: {known}"
    return "yes"


def _warm_up() -> None:
    """Import everything on both sides."""
    problem = classes.coupled(0, 500, 20)
    ours(problem, "warm-up", 30)
    for by in ("CBC", "HiGHS"):
        peers.solved(lambda: peers.of_classes(problem), by, 5)
