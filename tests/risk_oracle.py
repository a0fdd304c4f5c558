"""What chance does to the cost of a plan, by brute force: slow, plain, and meant to be read.

It shares nothing with the program but the dataclasses that its input comes in. Every outcome is listed: each cause up or
down, each take, each failure, each clip added to the others one by one. Probabilities are `Fraction` (a float of the input
stands for the decimal that it prints as), money is whole micro-dollars; nothing is a float.

A *cause* is a model at a provider (`provider/model`) or a provider as a whole; a state is the set of causes that are down.
A clip is *served* if a take is kept, *unkept* if all takes are made and none is kept, *unserved* if a take finds no step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Generic, Literal, NamedTuple, TypeVar

from router.schema.exposure import Chances, Exposure

State = frozenset[str]
SLACK = Fraction(1, 10**12)  # a quantile at p is the least x with P(X <= x) >= p - SLACK


def exact(number: float | Fraction) -> Fraction:
    """The decimal that a float prints as."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


# ---- laws ------------------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """How one clip can go."""

    cost: int
    end: Literal["served", "unserved", "unkept"]
    degraded: bool
    """Whether the step of the last take falls short of the requirements."""
    step: int | None
    """The step that made the last take; None where none did."""


Value = TypeVar("Value", Outcome, Fraction, int)
Weights = dict[Value, Fraction]


@dataclass(frozen=True, eq=False)
class Law(Generic[Value]):
    """The law of a number: a weight for each value, in units of 1 / whole, so that adding weights up is exact and fast."""

    weights: dict[Value, int]
    whole: int

    def probabilities(self) -> Weights[Value]:
        """Value -> probability."""
        return {value: Fraction(weight, self.whole) for value, weight in self.weights.items()}

    @property
    def mass(self) -> Fraction:
        """All probability: 1."""
        return Fraction(sum(self.weights.values()), self.whole)

    @property
    def mean(self) -> Fraction:
        """Expected value."""
        return Fraction(sum(value * weight for value, weight in self.weights.items()) or 0) / self.whole

    @property
    def variance(self) -> Fraction:
        """Mean squared distance from the mean."""
        squares = Fraction(sum(value * value * weight for value, weight in self.weights.items()) or 0) / self.whole
        return squares - self.mean**2

    @property
    def least(self) -> Value:
        """The smallest value of positive probability."""
        return min(self.weights)

    @property
    def most(self) -> Value:
        """The largest value of positive probability."""
        return max(self.weights)

    def cdf(self, x: Fraction | int) -> Fraction:
        """P(X <= x)."""
        return Fraction(sum(weight for value, weight in self.weights.items() if value <= x), self.whole)

    def above(self, x: Fraction | int) -> Fraction:
        """P(X > x)."""
        return Fraction(sum(weight for value, weight in self.weights.items() if value > x), self.whole)

    def quantile(self, p: Fraction) -> Value:
        """The least x with P(X <= x) >= p, but for a hair."""
        so_far, enough = 0, math.ceil((p - SLACK) * self.whole)
        for value in sorted(self.weights):
            so_far += self.weights[value]
            if so_far >= enough:
                return value
        raise AssertionError(f"the law has mass {self.mass}")

    def cvar(self, level: Fraction) -> Fraction:
        """Mean of the worst 1 - level of the law: q + E[(X - q)+] / (1 - level), q the quantile at the level."""
        q = self.quantile(level)
        beyond = Fraction(sum((value - q) * weight for value, weight in self.weights.items() if value > q))
        return q + beyond / self.whole / (1 - level)


def law_of(weights: Weights[Value]) -> Law[Value]:
    """A law from probabilities; what has none is left out."""
    whole = math.lcm(*(weight.denominator for weight in weights.values()))
    return Law({value: int(weight * whole) for value, weight in weights.items() if weight > 0}, whole)


def mixture(parts: Sequence[tuple[Fraction, Law[Value]]]) -> Law[Value]:
    """One of these laws, drawn with these probabilities."""
    shares = [(share / law.whole, law) for share, law in parts if share > 0]
    whole = math.lcm(*(share.denominator for share, _ in shares))
    weights: dict[Value, int] = {}
    for share, law in shares:
        factor = int(share * whole)
        for value, weight in law.weights.items():
            weights[value] = weights.get(value, 0) + factor * weight
    return Law(weights, whole)


def total(laws: Iterable[tuple[Law[int], int]]) -> Law[int]:
    """The sum of so many independent numbers of each law, added one at a time."""
    weights, whole = {0: 1}, 1
    for law, count in laws:
        for _ in range(count):
            following: dict[int, int] = {}
            for so_far, weight in weights.items():
                for value, more in law.weights.items():
                    following[so_far + value] = following.get(so_far + value, 0) + weight * more
            weights, whole = following, whole * law.whole
    return Law(weights, whole)


# ---- states ----------------------------------------------------------------------------------------------------------


def causes_of(exposures: Sequence[Exposure], chances: Chances) -> tuple[dict[str, Fraction | None], ...]:
    """Availability of every model and of every provider that these clips can meet; None where it is unknown."""
    attempts = [attempt for exposure in exposures for attempt in exposure.attempts]
    models = {a.cause: None if a.availability is None else exact(a.availability) for a in attempts}
    borne = {a.provider for a in attempts}
    return models, {name: exact(up) for name, up in chances.providers.items() if name in borne}


def split_causes(exposures: Sequence[Exposure], chances: Chances) -> tuple[dict[str, Fraction | None], ...]:
    """The causes that are drawn once for the run, and those that every clip draws for itself."""
    models, providers = causes_of(exposures, chances)
    assert "over-time" not in (chances.correlation, chances.provider_correlation), "no enumeration over time"
    of_run = {**(models if chances.correlation == "per-run" else {})}
    of_run |= providers if chances.provider_correlation == "per-run" else {}
    return of_run, {name: up for name, up in {**models, **providers}.items() if name not in of_run}


def states(causes: dict[str, Fraction | None]) -> Iterator[tuple[State, Fraction]]:
    """Every state with its probability; an unknown availability counts as up."""
    for state in itertools.product((True, False), repeat=len(causes)):
        up = [
            (name, is_up, Fraction(1) if a is None else a)
            for (name, a), is_up in zip(causes.items(), state, strict=True)
        ]
        probability = math.prod((a if is_up else 1 - a for _, is_up, a in up), start=Fraction(1))
        if probability > 0:
            yield frozenset(name for name, is_up, _ in up if not is_up), probability


def possible_states(causes: dict[str, Fraction | None]) -> Iterator[State]:
    """Every state of positive or unknown probability."""
    choices = [[flag for flag in (True, False) if a is None or (a if flag else 1 - a) > 0] for a in causes.values()]
    for state in itertools.product(*choices):
        yield frozenset(name for name, is_up in zip(causes, state, strict=True) if not is_up)


# ---- one clip --------------------------------------------------------------------------------------------------------


def clip_in_state(exposure: Exposure, unserved: int, down: State, *, unknown_billed: bool = False) -> Law[Outcome]:
    """One clip where these causes are down."""
    up = tuple(a.cause not in down and a.provider not in down for a in exposure.attempts)
    return _takes(exposure, unserved, up, unknown_billed)


@lru_cache(maxsize=10_000)
def _takes(exposure: Exposure, unserved: int, up: tuple[bool, ...], unknown_billed: bool) -> Law[Outcome]:
    """Every take walks the chain over the steps that are up until one of them does not fail."""
    law: Weights[Outcome] = {}

    def book(outcome: Outcome, weight: Fraction) -> None:
        law[outcome] = law.get(outcome, Fraction(0)) + weight

    def take(number: int, spent: int, weight: Fraction) -> None:
        for k, attempt in enumerate(exposure.attempts):
            if not up[k] or weight == 0:
                continue
            fails, keeps = exact(attempt.failure_rate), exact(attempt.keep_rate)
            made, now = weight * (1 - fails), spent + attempt.billed
            book(Outcome(now, "served", attempt.degraded, k), made * keeps)
            if number == exposure.takes:
                book(Outcome(now, "unkept", attempt.degraded, k), made * (1 - keeps))
            elif made * (1 - keeps) > 0:
                take(number + 1, now, made * (1 - keeps))
            weight *= fails
            if attempt.bills_failures == "yes" or (attempt.bills_failures == "unknown" and unknown_billed):
                spent = now
        book(Outcome(spent + unserved, "unserved", False, None), weight)

    take(1, 0, Fraction(1))
    return law_of(law)


def clip(exposure: Exposure, chances: Chances, *, down: State = frozenset(), given: Iterable[str] = ()) -> Law[Outcome]:
    """One clip over all states; of the causes in `given`, those in `down` are down and the others up."""
    models, providers = causes_of([exposure], chances)
    causes = {**models, **providers}
    met = frozenset(given).intersection(causes)
    return _over_states(exposure, chances.unserved, tuple(causes.items()), down.intersection(met), met)


@lru_cache(maxsize=10_000)
def _over_states(
    exposure: Exposure, unserved: int, causes: tuple[tuple[str, Fraction | None], ...], down: State, given: State
) -> Law[Outcome]:
    free = {name: up for name, up in causes if name not in given}
    return mixture([(share, clip_in_state(exposure, unserved, down | others)) for others, share in states(free)])


def cost_of(law: Law[Outcome]) -> Law[int]:
    """What the clip costs."""
    return _by(law, [outcome.cost for outcome in law.weights])


def unserved_of(law: Law[Outcome]) -> Law[int]:
    """1 if the clip is unserved, else 0."""
    return _by(law, [int(outcome.end == "unserved") for outcome in law.weights])


def _by(law: Law[Outcome], values: list[int]) -> Law[int]:
    weights: dict[int, int] = {}
    for value, weight in zip(values, law.weights.values(), strict=True):
        weights[value] = weights.get(value, 0) + weight
    return Law(weights, law.whole)


class Ends(NamedTuple):
    """Probabilities of the ways in which one clip can end."""

    last_take_by: tuple[Fraction, ...]
    """For each step, that it makes the last take, kept or not; with `unserved` they add up to 1."""
    unserved: Fraction
    unkept: Fraction
    degraded: Fraction
    """A step that falls short of the requirements makes the last take, kept or not."""


def ends(exposure: Exposure, chances: Chances) -> Ends:
    """How one clip ends, over all states."""
    law = clip(exposure, chances).probabilities()

    def chance(*, end: str | None = None, step: int | None = None, degraded: bool | None = None) -> Fraction:
        return sum(
            (
                weight
                for outcome, weight in law.items()
                if end in (None, outcome.end) and step in (None, outcome.step) and degraded in (None, outcome.degraded)
            ),
            Fraction(0),
        )

    return Ends(
        tuple(chance(step=k) for k in range(len(exposure.attempts))),
        chance(end="unserved"),
        chance(end="unkept"),
        chance(degraded=True),
    )


# ---- a plan ----------------------------------------------------------------------------------------------------------


def states_of_run(chances: Chances) -> list[tuple[Fraction, list[tuple[Law[Outcome], int]]]]:
    """For each state of the run that has its own laws: its probability, and the law and the count of every exposure.

    States in which every exposure has the same law are one.
    """
    of_run, _ = split_causes(chances.exposures, chances)
    found: dict[tuple[frozenset[tuple[Outcome, Fraction]], ...], tuple[Fraction, list[tuple[Law[Outcome], int]]]] = {}
    for down, share in states(of_run):
        laws = [(clip(exposure, chances, down=down, given=of_run), exposure.count) for exposure in chances.exposures]
        key = tuple(frozenset(law.probabilities().items()) for law, _ in laws)
        found[key] = found.get(key, (Fraction(0), laws))[0] + share, laws
    return list(found.values())


def cost_law(chances: Chances) -> Law[int]:
    """The law of the total cost."""
    return mixture(
        [(share, total((cost_of(law), count) for law, count in laws)) for share, laws in states_of_run(chances)]
    )


def unserved_law(chances: Chances) -> Law[int]:
    """The law of the number of unserved clips."""
    return mixture(
        [(share, total((unserved_of(law), count) for law, count in laws)) for share, laws in states_of_run(chances)]
    )


def mean_cost(chances: Chances) -> Fraction:
    """Expected total cost, for any counts: clip by clip, over all states, whatever is correlated."""
    means = [cost_of(clip(exposure, chances)).mean * exposure.count for exposure in chances.exposures]
    return sum(means, Fraction(0))


def variance(chances: Chances) -> Fraction:
    """Variance of the total cost, for any counts: the mean variance within a state, and that of the mean over states."""
    mean, within, second = Fraction(0), Fraction(0), Fraction(0)
    for share, laws in states_of_run(chances):
        costs = [(cost_of(law), count) for law, count in laws]
        here = sum((law.mean * count for law, count in costs), Fraction(0))
        within += share * sum((law.variance * count for law, count in costs), Fraction(0))
        mean, second = mean + share * here, second + share * here**2
    return within + second - mean**2


def least_cost(chances: Chances) -> int:
    """The least that an outcome of positive probability costs, for any counts."""
    return min(sum(cost_of(law).least * count for law, count in laws) for _, laws in states_of_run(chances))


def most_cost(chances: Chances) -> int:
    """The most that an outcome of positive probability costs, for any counts; not the worst case, which doubts more."""
    return max(sum(cost_of(law).most * count for law, count in laws) for _, laws in states_of_run(chances))


# ---- worst cases -----------------------------------------------------------------------------------------------------


def worst_in_state(exposure: Exposure, chances: Chances, down: State) -> int:
    """The most that one clip can bill in a state, failures of unknown billing being billed."""
    return cost_of(clip_in_state(exposure, chances.unserved, down, unknown_billed=True)).most


def worst_of_clip(exposure: Exposure, chances: Chances) -> int:
    """The most that any outcome of positive or unknown probability can bill for one clip."""
    models, providers = causes_of([exposure], chances)
    return max(worst_in_state(exposure, chances, down) for down in possible_states({**models, **providers}))


def worst_given(exposure: Exposure, chances: Chances, down: State, given: Iterable[str]) -> int:
    """The same where, of the causes in `given`, those in `down` are down and the others up."""
    models, providers = causes_of([exposure], chances)
    met = frozenset(given).intersection({**models, **providers})
    free = {name: up for name, up in {**models, **providers}.items() if name not in met}
    return max(worst_in_state(exposure, chances, down.intersection(met) | more) for more in possible_states(free))


def worst_per_request(chances: Chances) -> int:
    """Every clip at its own worst."""
    return sum(worst_of_clip(exposure, chances) * exposure.count for exposure in chances.exposures)


def worst_of_run(chances: Chances) -> int:
    """The worst state of the run, every clip at its worst in it; where nothing is drawn for the run, every clip at its own."""
    of_run, _ = split_causes(chances.exposures, chances)
    return max(
        sum(worst_given(exposure, chances, down, of_run) * exposure.count for exposure in chances.exposures)
        for down in possible_states(of_run)
    )


def worst_per_run(chances: Chances) -> int:
    """The worst state of the run where all causes are drawn for the run as a whole."""
    return worst_of_run(under(chances, "per-run", "per-run"))


# ---- risk ------------------------------------------------------------------------------------------------------------


def law_of_state_means(chances: Chances) -> Law[Fraction]:
    """The law over per-run states of all causes of the mean cost in the state: what `limits.cvar` looks at."""
    models, providers = causes_of(chances.exposures, chances)
    weights: Weights[Fraction] = {}
    for down, share in states({**models, **providers}):
        mean = sum(
            (
                cost_of(clip_in_state(exposure, chances.unserved, down)).mean * exposure.count
                for exposure in chances.exposures
            ),
            Fraction(0),
        )
        weights[mean] = weights.get(mean, Fraction(0)) + share
    return law_of(weights)


def variance_shares(chances: Chances) -> dict[str, Fraction]:
    """Var(E[cost | cause]) / Var(cost) for each cause; a cause that every clip draws for itself is all those draws.

    Empty where the cost is certain.
    """
    whole = variance(chances)
    of_run, _ = split_causes(chances.exposures, chances)
    models, providers = causes_of(chances.exposures, chances)
    found: dict[str, Fraction] = {}
    for name, up in {**models, **providers}.items() if whole else ():
        a = Fraction(1) if up is None else up
        gaps = [
            (
                cost_of(clip(exposure, chances, down=frozenset({name}), given=[name])).mean
                - cost_of(clip(exposure, chances, given=[name])).mean,
                exposure.count,
            )
            for exposure in chances.exposures
        ]
        if name in of_run:
            square = sum((gap * count for gap, count in gaps), Fraction(0)) ** 2
        else:
            square = sum((gap**2 * count for gap, count in gaps), Fraction(0))
        found[name] = a * (1 - a) * square / whole
    return found


def under(chances: Chances, models: str, providers: str) -> Chances:
    """The same chances under other correlations."""
    return replace(chances, correlation=models, provider_correlation=providers)
