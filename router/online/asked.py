"""What a router is asked, made sure of: its rules, budgets and clips, or one error with every problem in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from router.errors import InputError, Problem
from router.loading.validation import validated
from router.online.health import Health
from router.schema.base import Model, Path, kind_of
from router.schema.ledger import Budget
from router.schema.scenario import Clip, Objective, Scenario

Schema = TypeVar("Schema", bound=Model)


def rules_of(stated: Mapping[str, Any]) -> Scenario:
    """A scenario of these rules, and of one clip that stands for those that come.

    Raises
    ------
    router.errors.InputError
        If something is wrong, or can be minimised over all clips together only.
    """
    given = {name: value for name, value in stated.items() if value is not None}
    rules = validated(Scenario, {**given, "clips": [{"id": "clip", "seconds": 1}]}, _place)
    _refuse_aims_of_a_whole_plan(rules.objective)
    return rules


def budgets_of(given: Sequence[Budget | Mapping[str, Any]]) -> list[Budget]:
    """Budgets, of tables or as they are.

    Raises
    ------
    router.errors.InputError
        With what is wrong in any of them.
    """
    found: list[Budget] = []
    problems: list[Problem] = []
    for k, one in enumerate(given):
        try:
            found.append(as_model(Budget, one, f"budgets[{k}]"))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def health_of(given: Health | None) -> Health:
    """How outcomes are weighed, as given or as usual.

    Raises
    ------
    router.errors.InputError
        If it is something else.
    """
    if given is not None and not isinstance(given, Health):
        raise InputError(
            f"health must be a router.online.Health, as Health(failures_to_open=5), not {kind_of(given)[:40]}"
        )
    return given or Health()


def clip_of(given: Clip | Mapping[str, Any]) -> Clip:
    """A clip, of a table or as it is.

    Raises
    ------
    router.errors.InputError
        If it is none.
    """
    return as_model(Clip, {"id": "clip", **given} if isinstance(given, Mapping) else given, "clip")


def refuse_several(clip: Clip) -> None:
    """Raise InputError if it is not one clip: of several, or with drafts."""
    problems = []
    if clip.count != 1:
        problems.append(
            Problem(
                f"is {clip.count}; a router decides one clip at a time, so route it {clip.count} times", "clip.count"
            )
        )
    if clip.drafts is not None:
        problems.append(
            Problem("are clips of their own: route each of them, then the final without `drafts`", "clip.drafts")
        )
    if problems:
        raise InputError(problems)


def _refuse_aims_of_a_whole_plan(objective: Objective) -> None:
    problems = []
    if objective.minimise == "cvar" or objective.risk_aversion:
        problems.append(
            Problem("looks at all clips together; minimise expected or worst-case, clip by clip", "objective")
        )
    if objective.degrade:
        problems.append(Problem("is for plans; ask for less in the clip itself", "objective.degrade"))
    if problems:
        raise InputError(problems)


def as_model(model: type[Schema], value: Any, name: str) -> Schema:
    """A value as a model; ``name`` is what it is called in errors."""
    return value if isinstance(value, model) else validated(model, value, lambda path: _place((name, *path)))


def _place(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
