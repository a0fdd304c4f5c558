"""Public instances: files of two families of assignment problems, read exactly.

``mmkp``
    Multiple-choice knapsack with several dimensions, as Khan writes it: groups, items per group, dimensions; capacities; for each group
    its number, and for each item its value and its use of every dimension. One item of each group is chosen, value is maximised. Lines of
    words after that, with a line of numbers each, are what is published of the optimum: solutions, an upper bound, the exact solution.
``gap``
    Generalized assignment: agents, jobs; for each agent the cost of every job, then for each agent the weight of every job; capacities.
    Every job goes to one agent. A file is two instances: one minimises cost (``_Min``), one maximises it (``_Max``).

A file belongs to the family of the folder it lies in. Line ends and runs of blanks do not matter. A ``bounds.txt`` beside the files has,
on each line, the name of an instance and the two numbers that its optimum is known to lie between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Counts, Number, Row, weighed, whole_numbers

Table = tuple[tuple[Fraction, ...], ...]
"""A number for each group and item."""

BOUNDS = "bounds.txt"
LARGEST = 2**53
"""Whole numbers up to this are exact as floats."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?")


class InstanceError(Exception):
    """A file that is no instance of its family: says which, where and why."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is published of an optimum."""

    low: Fraction | None
    high: Fraction | None

    @property
    def optimum(self) -> Fraction | None:
        """The optimum, where it is proven."""
        return self.low if self.low == self.high else None


@dataclass(frozen=True, slots=True)
class Instance:
    """One item of each group, within the capacities."""

    name: str
    maximise: bool
    values: Table
    uses: tuple[Table, ...]
    """For each resource."""
    capacities: tuple[Fraction, ...]
    known: Known = Known(None, None)

    @property
    def unit(self) -> Fraction:
        """Every value, and so every objective, is a whole multiple of this."""
        found = whole_numbers([value for own in self.values for value in own])
        assert found is not None, "fractions always have a unit"
        return found[1]

    def value(self, counts: Counts) -> Fraction:
        """The objective of a choice, exact."""
        return Fraction(weighed(self.values, counts))

    def keeps(self, counts: Counts) -> bool:
        """Whether a choice takes one item of each group and keeps every capacity, exactly."""
        one_each = all(sum(own) == 1 and min(own) >= 0 for own in counts)
        within = (weighed(uses, counts) <= most for uses, most in zip(self.uses, self.capacities, strict=True))
        return one_each and all(within)

    def problem(self) -> Problem:
        """The instance through the formulation's own seam: a class of one member for each group, its values in whole units.

        What is maximised becomes the least loss against the best item of each group.
        """
        groups, unit = [], self.unit
        for own in self.values:
            best = max(own)
            losses = [(best - value if self.maximise else value) / unit for value in own]
            groups.append(Group(1, tuple(Option(float(loss)) for loss in losses)))
        rows = [
            Row(f"resource {k}", "at_most", _plain(most), tuple(tuple(map(_plain, own)) for own in uses), "share")
            for k, (uses, most) in enumerate(zip(self.uses, self.capacities, strict=True))
        ]
        return Problem(tuple(groups), tuple(rows))

    def objective(self, cost: float) -> float:
        """What a cost of the problem, or a bound on it, is as an objective of the instance."""
        if not self.maximise:
            return cost * float(self.unit)
        return float(sum(max(own) for own in self.values)) - cost * float(self.unit)

    def rounded(self, bound: float) -> float:
        """A bound on the objective, moved to the next whole unit: no objective lies between."""
        unit = float(self.unit)
        steps = bound / unit
        slack = 1e-6 + 1e-12 * abs(steps)
        whole = (steps + slack) // 1 if self.maximise else -((-steps + slack) // 1)
        return whole * unit


def _plain(number: Fraction) -> Number:
    return number.numerator if number.denominator == 1 else number


def read_folder(folder: Path) -> list[Instance]:
    """Every instance below a folder, by family and name.

    Raises
    ------
    InstanceError
    """
    if not folder.is_dir():
        raise InstanceError(f"{folder}: is no folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _is_data(path))
    if not files:
        raise InstanceError(f"{folder}: holds no instance; put files into folders {' and '.join(FAMILIES)} below it")
    return [instance for path in files for instance in read(path)]


def _is_data(path: Path) -> bool:
    name = path.name.upper()
    other = name.startswith((".", "README", "LICENSE", "LICENCE")) or path.name == BOUNDS
    return not other and _family(path) is not None


def _family(path: Path) -> str | None:
    return next((name for name in reversed(path.resolve().parent.parts) if name in FAMILIES), None)


def read(path: Path) -> list[Instance]:
    """The instances of one file.

    Raises
    ------
    InstanceError
    """
    family = _family(path)
    if family is None:
        raise InstanceError(f"{path}: lies in no folder {' or '.join(FAMILIES)}, which says what it is")
    known = read_bounds(path.parent / BOUNDS)
    found = []
    for instance in FAMILIES[family](path):
        own = known.get(instance.name, instance.known)
        found.append(replace(instance, known=own))
        largest = sum(max(map(abs, values)) for values in instance.values) / instance.unit
        if largest > LARGEST:
            raise InstanceError(
                f"{path}: its values add up to {largest} units of {instance.unit}, more than floats hold exactly"
            )
    return found


def read_bounds(path: Path) -> dict[str, Known]:
    """What is known of each optimum; nothing if there is no such file.

    Raises
    ------
    InstanceError
    """
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or not all(map(_NUMBER.fullmatch, words[1:])):
            raise InstanceError(f"{path}:{number}: must be a name and two numbers, not {line.strip()!r}")
        low, high = map(Fraction, words[1:])
        if low > high:
            raise InstanceError(f"{path}:{number}: the lower bound {words[1]} is above the upper bound {words[2]}")
        found[words[0]] = Known(low, high)
    return found


class _Numbers:
    """The numbers of a file, one after the other, up to its first line that starts with a word."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = _text(path).splitlines()
        self.end = next((n for n, line in enumerate(lines) if line.strip()[:1].isalpha()), len(lines))
        self.notes = lines[self.end :]
        self.words = [(word, n) for n, line in enumerate(lines[: self.end], start=1) for word in line.split()]
        for word, line in self.words:
            if not _NUMBER.fullmatch(word):
                raise InstanceError(f"{path}:{line}: {word!r} is no number")
        self.at = 0

    def size(self, what: str) -> int:
        """The next number, a whole number of at least 1."""
        if self.at >= len(self.words):
            raise InstanceError(f"{self.path}: ends before the number of {what}")
        word, line = self.words[self.at]
        number = Fraction(word)
        if number.denominator != 1 or number < 1:
            raise InstanceError(
                f"{self.path}:{line}: the number of {what} must be a whole number of at least 1, not {word}"
            )
        self.at += 1
        return number.numerator

    def expect(self, total: int, made_of: str) -> None:
        """Refuse a file with more or fewer numbers than its sizes ask for."""
        if len(self.words) != total:
            where = f"{self.path}:{self.end + 1}: before the words here" if self.notes else f"{self.path}: in the file"
            raise InstanceError(f"{where} are {len(self.words)} numbers, but {made_of} take {total}")

    def take(self, count: int) -> tuple[Fraction, ...]:
        """The next numbers."""
        words = self.words[self.at : self.at + count]
        self.at += count
        return tuple(Fraction(word) for word, _ in words)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InstanceError(f"{path}: cannot be read as text: {type(error).__name__}") from error


def mmkp(path: Path) -> Iterator[Instance]:
    """A knapsack file; the numbers of the groups may be left out."""
    numbers = _Numbers(path)
    groups, items, dimensions = (numbers.size(what) for what in ("groups", "items per group", "dimensions"))
    bare = 3 + dimensions + groups * items * (1 + dimensions)
    numbered = len(numbers.words) != bare
    if numbered:
        numbers.expect(bare + groups, f"{groups} groups of {items} items in {dimensions} dimensions")
    capacities = numbers.take(dimensions)
    items_of = []
    for group in range(1, groups + 1):
        if numbered:
            line = numbers.words[numbers.at][1]
            (number,) = numbers.take(1)
            if number != group:
                raise InstanceError(f"{path}:{line}: group {group} is numbered {float(number):g}")
        items_of.append([numbers.take(1 + dimensions) for _ in range(items)])
    values = tuple(tuple(item[0] for item in own) for own in items_of)
    uses = tuple(tuple(tuple(item[1 + d] for item in own) for own in items_of) for d in range(dimensions))
    yield Instance(path.name, True, values, uses, capacities, _published(numbers.notes))


def _published(notes: Sequence[str]) -> Known:
    """What the notes after a knapsack file say of its optimum; each title is followed by a line that ends with the value."""
    low: Fraction | None = None
    high: Fraction | None = None
    for title, line in pairwise(notes):
        words = line.split()
        if not title.strip()[:1].isalpha() or not words or not _NUMBER.fullmatch(words[-1]):
            continue
        value = Fraction(words[-1])
        if "exact" in title.lower():
            return Known(value, value)
        if "bound" in title.lower():
            high = value
        else:
            low = value if low is None else max(low, value)
    return Known(low, high)


def gap(path: Path) -> Iterator[Instance]:
    """An assignment file, as a minimum and as a maximum."""
    numbers = _Numbers(path)
    agents, jobs = numbers.size("agents"), numbers.size("jobs")
    numbers.expect(2 + 2 * agents * jobs + agents, f"{agents} agents and {jobs} jobs")
    costs = [numbers.take(jobs) for _ in range(agents)]
    weights = [numbers.take(jobs) for _ in range(agents)]
    capacities = numbers.take(agents)
    values = tuple(zip(*costs, strict=True))
    uses = tuple(_on_one(agent, agents, own) for agent, own in enumerate(weights))
    yield Instance(f"{path.name}_Min", False, values, uses, capacities)
    yield Instance(f"{path.name}_Max", True, values, uses, capacities)


def _on_one(agent: int, agents: int, weights: Sequence[Fraction]) -> Table:
    """What each job uses of one agent's capacity on each agent: its weight there, nothing elsewhere."""
    return tuple(tuple(weight if at == agent else Fraction(0) for at in range(agents)) for weight in weights)


FAMILIES: dict[str, Callable[[Path], Iterator[Instance]]] = {"mmkp": mmkp, "gap": gap}
