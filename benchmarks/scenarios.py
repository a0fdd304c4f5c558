"""Question ``scenarios``: every file in ``scenarios/`` is a case, from the scenario to the finished, checked plan.

The peer gets the abstract problem, with every way to make a clip and what it costs worked out for it, and hands it as it is to PuLP and
HiGHS. It breaks no ties, works out no distribution and no routes, and checks nothing, so that a ratio below 1 is no defect: it is a figure
to hold against the recorded one. Where nothing couples the clips, a plain argmin over the same problem must agree as well; it takes
microseconds, too few for a ratio that means anything, and is said beside it. Where no plan exists, ours says why and what would mend
it; the peer only that there is none.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from benchmarks import peers
from benchmarks.calls import calls_of
from benchmarks.clock import Spent, repeated
from benchmarks.instances import ON
from benchmarks.markdown import shown
from benchmarks.result import Answer, Result, Table, WrongAnswerError
from benchmarks.whole import of_problem
from router import NoPlanError, Plan, Scenario, plan
from router.offers.clip_classes import clip_classes
from router.offers.pricing import price_units
from router.optimization.branching import truth_at
from router.optimization.problem import Problem
from router.optimization.rows import Counts
from router.pipeline import Modelled, modelled
from router.units import MICRO, to_micro

FOLDER = Path(__file__).parents[1] / "scenarios"
FORMATS = frozenset({".toml", ".json", ".csv"})
NO_PLAN = "# exit status: 3"
"""The first line of a file that is meant to have no plan."""
SAME = 1.0
"""Micro-dollars."""
AT_LEAST = 0.2
"""Seconds on the clock over which one measurement repeats what takes less."""
Found = TypeVar("Found")


def files(folder: Path = FOLDER) -> list[Path]:
    """Every scenario, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix in FORMATS)


def scenarios(rounds: int, limit_seconds: float) -> tuple[Answer, ...]:
    """Every scenario, planned once untimed and then in rounds, in turn with its peer.

    A round goes through all files, so that a busy minute of the machine spoils one round of many files and not all rounds of one.
    """
    timings = [Timing(known(path)) for path in files()]
    for _ in range(rounds):
        for timing in timings:
            timing.measure(limit_seconds)
    refused = sum(timing.case.answer is None for timing in timings)
    coupled = sum(couples(timing.case.problem) for timing in timings if timing.case.problem is not None)
    part = statistics.median(share for timing in timings for share in timing.shares)
    header = (
        "scenarios",
        "with limits",
        "refused, as their files say",
        "of a plan's time, the problem that the peer is given",
    )
    summary = Table("scenarios", header, ((f"{len(timings)}", f"{coupled}", f"{refused}", f"{part:.0%}"),))
    return (*(timing.result(limit_seconds) for timing in timings), summary)


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario, and what is known of it before anything is timed."""

    name: str
    scenario: Scenario
    ready: Modelled | None
    """What it comes to; None if some clip has no candidate."""
    answer: Plan | None
    """None where no plan exists, as its file says."""
    calls: int
    """Of the function that prices one generation."""

    @property
    def problem(self) -> Problem | None:
        """What the peer is given."""
        return None if self.ready is None else self.ready.problem

    @property
    def counts(self) -> dict[str, int]:
        """How large it is, what of it went to the solver, and how often a generation was priced."""
        classes, candidates = len(clip_classes(self.scenario.clips)), 0
        if self.ready is not None:
            classes = len(self.ready.choices)
            candidates = sum(len(own.candidates) for own in self.ready.choices)
        solved = {} if self.answer is None else self.answer.solved.model_dump()
        clips = sum(clip.count for clip in self.scenario.clips)
        return {"clips": clips, "classes": classes, "candidates": candidates, **solved, "pricing calls": self.calls}


def known(path: Path) -> Case:
    """Plan once, untimed, and count.

    Raises
    ------
    WrongAnswerError
        If the scenario has a plan though its file says that it has none, or the other way round.
    """
    scenario = Scenario.load(path)
    refused = path.read_text("utf-8").startswith(NO_PLAN)
    answers: list[Plan | None] = []
    calls = calls_of(cast("Any", price_units), lambda: answers.append(_planned(scenario)))
    (answer,) = answers
    if refused != (answer is None):
        raise WrongAnswerError(f"{path.name}: {'no plan exists' if answer is None else 'a plan was made'}")
    if answer is not None and answer.status != "optimal":
        raise WrongAnswerError(f"{path.name}: the plan is {answer.status}, its gap {answer.gap}")
    try:
        ready = modelled(scenario, ON)
    except NoPlanError:
        ready = None
    return Case(path.name, scenario, ready, answer, calls)


def _planned(scenario: Scenario) -> Plan | None:
    """The plan, or None where there is a reason why none exists."""
    try:
        return plan(scenario, on=ON, shadow_prices=False)
    except NoPlanError as error:
        if not error.unservable and error.clash is None:
            raise
        return None


@dataclass(slots=True)
class Timing:
    """What a case took, round by round."""

    case: Case
    ours: list[Spent] = field(default_factory=list)
    theirs: list[Spent] = field(default_factory=list)
    plainly: list[float] = field(default_factory=list)
    """Processor seconds of a plain argmin, where nothing couples; measured once."""
    shares: list[float] = field(default_factory=list)
    """Of a plan's processor time, what goes into the problem that the peer is given; measured once."""
    stopped: bool = False

    def measure(self, limit_seconds: float) -> None:
        """One round of both sides; a peer that was stopped is not asked again.

        Raises
        ------
        WrongAnswerError
            If an answer differs from the first, or the two sides contradict each other.
        """
        case, problem = self.case, self.case.problem
        answer, spent = _measured(lambda: _planned(case.scenario))
        self.ours.append(spent)
        if answer != case.answer:
            raise WrongAnswerError(f"{case.name}: planned again, it is another plan")
        if problem is None or self.stopped:
            return
        found, theirs = _measured(lambda: by_highs(problem, limit_seconds))
        self.theirs.append(theirs)
        self.stopped = not found.finished
        agreement(case, found)
        if not self.shares:
            self.shares.append(_measured(lambda: modelled(case.scenario, ON))[1].cpu / spent.cpu)
        if not self.plainly and not couples(problem):
            found, plain = _measured(lambda: argmin(problem))
            self.plainly.append(plain.cpu)
            agreement(case, found)

    def result(self, limit_seconds: float) -> Result:
        """All rounds."""
        return Result(
            question=f"scenarios, {self.case.name}",
            ours=tuple(self.ours),
            peer=tuple(self.theirs),
            peer_is="none: no offer for some clip" if self.case.problem is None else "PuLP + HiGHS",
            optimum=self._said(),
            stopped=f"after {limit_seconds:g} s on the clock" if self.stopped else "",
            counts=self.case.counts,
        )

    def _said(self) -> str:
        if self.case.problem is None:
            return "refused, as its file says"
        if self.stopped:
            return "no contradiction, though not proven by the peer"
        if self.plainly:
            return f"yes; and a plain argmin, in {shown(self.plainly[0])}"
        return "yes" if self.case.answer is not None else "yes: both find none"


def couples(problem: Problem) -> bool:
    """Whether anything does."""
    return bool(problem.limits or problem.tails or problem.selectors or problem.rough)


def argmin(problem: Problem) -> peers.Answer:
    """Every class on its cheapest option, of equal ones the first."""
    counts: list[tuple[int, ...]] = []
    cost = 0.0
    for group in problem.groups:
        best = min(range(len(group.options)), key=lambda o: group.options[o].cost)
        counts.append(tuple(group.count * (o == best) for o in range(len(group.options))))
        cost += group.count * group.options[best].cost
    return peers.Answer(cost / MICRO, cost / MICRO, True, tuple(counts), Spent(0.0, 0.0))


def by_highs(problem: Problem, limit_seconds: float) -> peers.Answer:
    """The whole problem in one model."""
    return peers.solved(lambda: of_problem(problem), "HiGHS", limit_seconds)


def agreement(case: Case, found: peers.Answer) -> None:
    """A wrong answer fails: both find no plan, or the same optimum to the micro-dollar.

    Raises
    ------
    WrongAnswerError
        If the answers differ; of a peer that was stopped, if it found something better.
    """
    assert case.problem is not None
    if case.answer is None or found.counts is None:
        if found.finished and (case.answer is None) != (found.counts is None):
            raise WrongAnswerError(f"{case.name}: only one side finds a plan")
        return
    ours, theirs = to_micro(case.answer.totals.objective_usd), settled(case.problem, found.counts)
    if theirs < ours - SAME or (found.finished and theirs > ours + SAME):
        raise WrongAnswerError(f"{case.name}: ours costs ${ours / MICRO:,.6f}, the peer's ${theirs / MICRO:,.6f}")


def settled(problem: Problem, counts: Counts) -> float:
    """What a solution costs, micro-dollars, with discounts as they are for it; infinite if it breaks a limit."""
    truth = truth_at(problem, counts)
    kept = problem.holds(counts) and all(part.limit is None or part.limit.holds(counts) for part in problem.rough)
    return truth.cost(counts) if kept else float("inf")


def _measured(work: Callable[[], Found]) -> tuple[Found, Spent]:
    """The last answer, and what it takes on average."""
    answers: list[Found] = []

    def once() -> None:
        answers[:] = [work()]

    spent = repeated(once, AT_LEAST)
    return answers[0], spent
