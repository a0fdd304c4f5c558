"""What a plan costs in every outage state of a run, by going through the states one by one.

The planner works on arrays of states; this is plain Python over the same states, so that its totals can be held against these.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.checking.recourse import Tried, mean_of, model_availability, provider_states, worst_of
from router.schema.scenario import Outages

MAX_STATES = 1 << 16
"""Beyond so many states nothing is said about them."""

Members = Sequence[tuple[int, Sequence[Tried], int]]
"""(clips, the chain of each, its takes)."""
_Cause = tuple[object, ...]
"""(provider,) or (provider, model, availability): a model that is up more often in one mode than in another is two."""


@dataclass(frozen=True, slots=True)
class StateTotal:
    """One state of the run."""

    probability: float
    mean: float
    """Mean cost of all clips over their failures and takes, micro-dollars."""


def worst_of_run(members: Members, outages: Outages, unserved: int) -> int | None:
    """The largest total over the states that a run under the scenario's correlations can be in; None where they are too many."""
    models_once = outages.correlation == "per-run"
    providers_once = (outages.provider_correlation or outages.correlation) == "per-run"
    chances: dict[_Cause, list[tuple[int, float]]] = {}
    for _, steps, _ in members:
        for step in steps:
            provider, stated = step.line.entry.provider, outages.availability.get(step.line.entry.provider)
            if providers_once and stated is not None:
                chances[(provider,)] = _both(float(stated))
            if models_once:
                known = model_availability(step.line, outages)
                chances[_model(step, outages)] = [(1, 0.5), (0, 0.5)] if known is None else _both(known)
    states = _states(chances)
    if states is None:
        return None
    causes = [[_causes(step, outages) for step in steps] for _, steps, _ in members]
    known_costs: dict[tuple[object, ...], int] = {}
    totals = []
    for up, _ in states:
        total = 0
        for position, (count, steps, takes) in enumerate(members):
            pattern = tuple((up.get(provider), up.get(model)) for provider, model in causes[position])
            key = (position, pattern)
            if key not in known_costs:
                known_costs[key] = _worst_in(steps, pattern, outages, unserved, takes)
            total += count * known_costs[key]
        totals.append(total)
    return max(totals)


def totals_in_states(members: Members, outages: Outages, unserved: int) -> list[StateTotal] | None:
    """Every state of a run in which all causes are drawn once; unknown availability counts as up. None where they are too many."""
    chances: dict[_Cause, list[tuple[int, float]]] = {}
    for _, steps, _ in members:
        for step in steps:
            stated = outages.availability.get(step.line.entry.provider)
            if stated is not None:
                chances[(step.line.entry.provider,)] = _both(float(stated))
            known = model_availability(step.line, outages)
            chances[_model(step, outages)] = [(1, 1.0)] if known is None else _both(known)
    states = _states(chances)
    if states is None:
        return None
    causes = [[_causes(step, outages) for step in steps] for _, steps, _ in members]
    known_costs: dict[tuple[object, ...], float] = {}
    found = []
    for up, probability in states:
        costs = []
        for position, (count, steps, takes) in enumerate(members):
            pattern = tuple((up.get(provider), up.get(model)) for provider, model in causes[position])
            key = (position, pattern)
            if key not in known_costs:
                alive = [float(provider != 0 and model != 0) for provider, model in pattern]
                known_costs[key] = mean_of(steps, alive, unserved, takes)
            costs.append(count * known_costs[key])
        found.append(StateTotal(probability, math.fsum(costs)))
    return found


def cvar(totals: Sequence[StateTotal], level: float) -> float:
    """Mean of the worst ``1 - level`` share: the dearest states, the last of them in part."""
    share, left = [], 1 - level
    for total in sorted(totals, key=lambda total: -total.mean):
        taken = min(left, total.probability)
        share.append(taken * total.mean)
        left -= taken
    return math.fsum(share) / (1 - level)


def _both(chance: float) -> list[tuple[int, float]]:
    return [(up, share) for up, share in ((1, chance), (0, 1 - chance)) if share > 0]


def _states(chances: dict[_Cause, list[tuple[int, float]]]) -> list[tuple[dict[_Cause, int], float]] | None:
    """(who is up, probability) of every state; a provider that is down takes its models with it."""
    blocks = []
    size = 1
    for provider in dict.fromkeys(cause[0] for cause in chances):
        models = [cause for cause in chances if len(cause) == 3 and cause[0] == provider]
        # Counted before they are made: each further model doubles them.
        size *= sum(
            math.prod(len(chances[model]) for model in models) if alive else 1
            for alive, _ in chances.get((provider,), [(1, 1.0)])
        )
        if size > MAX_STATES:
            return None
        block: list[tuple[dict[_Cause, int], float]] = []
        for alive, share in chances.get((provider,), [(1, 1.0)]):
            states = itertools.product(*(chances[model] for model in models)) if alive else [((0, 1.0),) * len(models)]
            for state in states:
                up: dict[_Cause, int] = {model: number for model, (number, _) in zip(models, state, strict=True)}
                if (provider,) in chances:
                    up[(provider,)] = alive
                block.append((up, share * math.prod(chance for _, chance in state)))
        blocks.append(block)
    return [
        ({cause: number for up, _ in state for cause, number in up.items()}, math.prod(share for _, share in state))
        for state in itertools.product(*blocks)
    ]


def _model(step: Tried, outages: Outages) -> _Cause:
    return (*step.line.key, model_availability(step.line, outages))


def _causes(step: Tried, outages: Outages) -> tuple[_Cause, _Cause]:
    """The causes that must be up for a step: its provider and its model."""
    return (step.line.entry.provider,), _model(step, outages)


def _worst_in(
    steps: Sequence[Tried],
    pattern: Sequence[tuple[int | None, int | None]],
    outages: Outages,
    unserved: int,
    takes: int,
) -> int:
    """The most that one clip can bill where the run has decided some of its steps.

    Parameters
    ----------
    pattern
        For every step, whether its provider and its model are up; None: not decided by the run.
    """
    known = [
        model_availability(step.line, outages) if model is None else float(model)
        for step, (_, model) in zip(steps, pattern, strict=True)
    ]
    return max(
        worst_of(
            steps,
            [own if up is None else up for own, (up, _) in zip(ups, pattern, strict=True)],
            known,
            unserved,
            takes,
        )
        for _, ups in provider_states(steps, outages)
    )
