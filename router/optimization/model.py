"""A linear model in plain numbers, and a solver's answer to it: what goes to the solver's process and what comes back.

Nothing here knows a solver. Rows refer to columns by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

SolverName: TypeAlias = Literal["highs", "cbc"]
State: TypeAlias = Literal["optimal", "feasible", "infeasible", "none"]
"""``feasible``: the search ended early with a solution; ``none``: it ended with nothing."""


class LinearRow(NamedTuple):
    """``sum coefficients[k] x[columns[k]]`` compared with ``right``."""

    name: str
    columns: Sequence[int]
    coefficients: Sequence[float]
    sense: Literal["<=", ">=", "=="]
    right: float


@dataclass(slots=True)
class LinearModel:
    """Columns as parallel lists, and rows; the sum of ``costs`` is minimised."""

    names: list[str] = field(default_factory=list)
    lower: list[float | None] = field(default_factory=list)
    upper: list[float | None] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    """Whether the column takes whole numbers only, where the model is not solved as its relaxation."""
    costs: dict[int, float] = field(default_factory=dict)
    rows: list[LinearRow] = field(default_factory=list)

    def add_column(
        self, name: str, lower: float | None = None, upper: float | None = None, *, whole: bool = False
    ) -> int:
        """Add a column; returns its position."""
        self.names.append(name)
        self.lower.append(lower)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.names) - 1

    def value(self, values: Sequence[float]) -> float:
        """The objective of a solution."""
        return sum(cost * values[column] for column, cost in self.costs.items())


class Settings(NamedTuple):
    """How to solve a model."""

    whole: bool
    """False: the linear relaxation."""
    seconds: float | None = None
    max_nodes: int | None = None
    """Ends the search after so many nodes of its tree."""
    presolve: bool = True
    lean: bool = False
    """Without heuristics, and to the tightest tolerances: for a model that is whole in few columns, which are found anyway."""
    cutoff: float | None = None
    """A solution is known whose objective is no more than this: the search is for a proof, and hardly looks for others."""
    seed: int = 0
    """Another one makes another search of the same model."""
    folder: str = ""
    """Where a solver that works through files may put them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver says of a model; values were checked to be numbers within the bounds of their columns, nothing else."""

    state: State
    solver: SolverName
    values: Sequence[float] = ()
    """Of each column; none where there is no solution."""
    duals: Sequence[float] = ()
    """Of each row, in a relaxation that was solved."""
    bound: float | None = None
    """No solution in whole numbers is below this, by the solver."""
