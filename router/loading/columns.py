"""What all tables of attempts and bills have in common: columns that nobody knows or nobody states, and when to stop telling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.errors import Problem, nearest
from router.loading.formats import Source
from router.loading.validation import line_of
from router.schema.base import printable

MOST_PROBLEMS = 20


def unknown_columns(
    source: Source, first: Mapping[str, int], known: Sequence[str], ignored: Sequence[str]
) -> list[Problem]:
    """The columns that nobody knows, each said once, at the first line that has it, and not for every line."""
    problems = []
    for name, line in first.items():
        if name not in (*known, *ignored):
            near = nearest(name, known)
            hint = f"did you mean `{near}`?" if near else f"the columns are {', '.join(known)}; take it out"
            place = f"{source.label}:{1 if source.kind == 'csv' else line}"
            problems.append(Problem(f"`{printable(name, 60)}`: no such column; {hint}", place))
    return problems


def first_problems(problems: Sequence[Problem], label: str, more: int = 0) -> list[Problem]:
    """The first problems in the order of the file, and the number of the others.

    Parameters
    ----------
    more
        How many there are besides, after all of these.
    """
    ordered = sorted(problems, key=line_of)
    others = len(ordered) - MOST_PROBLEMS + more
    if others <= 0:
        return ordered
    return [*ordered[:MOST_PROBLEMS], Problem(f"holds {others:,} more errors; mend these first", label)]
