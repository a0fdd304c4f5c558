"""Where a plan that looks at risk differs from the cheapest one: which clips went elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from router.schema.candidate import Chain, Choices
from router.schema.exposure import Exposure
from router.units import to_micro

Counts = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Moved:
    """Clips of one class that are made in another way; None stands for being left out."""

    choices: Choices
    before: int | None
    after: int | None
    count: int

    def model(self, option: int | None) -> str:
        """The model of an option."""
        return "left out" if option is None else self.choices.candidates[option].offer.model

    def dearer(self) -> float:
        """How much more the move costs on average, micro-dollars; a clip left out costs its value."""
        return self.count * (self._cost(self.after) - self._cost(self.before))

    def _cost(self, option: int | None) -> float:
        if option is None:
            return float(to_micro(self.choices.clip_class.need.value_usd or 0))
        return self.choices.chains[option].expected


def moves(choices: Sequence[Choices], cheapest: Counts, planned: Counts) -> Iterator[Moved]:
    """Every move from one plan to another, class by class, in the order of the options.

    Drafts that are not made move with their clips to or from being left out.
    """
    for own, *rows in zip(choices, cheapest, planned, strict=True):
        before, after = (_settled(own, row) for row in rows)
        leaving = [
            [option, was - now] for option, (was, now) in enumerate(zip(before, after, strict=True)) if was > now
        ]
        for option, (was, now) in enumerate(zip(before, after, strict=True)):
            missing = now - was
            while missing > 0:
                source, left = leaving[0]
                taken = min(left, missing)
                yield Moved(own, _or_left_out(own, source), _or_left_out(own, option), taken)
                missing -= taken
                leaving[0][1] -= taken
                if leaving[0][1] == 0:
                    leaving.pop(0)


def exposures(choices: Sequence[Choices], counts: Counts) -> tuple[Exposure, ...]:
    """What chance can do to a plan of these counts."""
    return tuple(
        Exposure(tuple(step.attempt for step in chain.steps), own.clip_class.need.max_takes, count)
        for own, row in zip(choices, counts, strict=True)
        for chain, count in _used(own.chains, row)
    )


def without(choices: Sequence[Choices], planned: Counts, undone: Sequence[Moved]) -> Counts:
    """The counts of a plan with some moves taken back."""
    counts = [_settled(own, row) for own, row in zip(choices, planned, strict=True)]
    for move in undone:
        row = counts[next(c for c, own in enumerate(choices) if own is move.choices)]
        last = len(move.choices.candidates)
        row[last if move.after is None else move.after] -= move.count
        row[last if move.before is None else move.before] += move.count
    return counts


def _settled(own: Choices, row: Sequence[int]) -> list[int]:
    """How many of a class go to each candidate, then how many are not made."""
    made = list(row[: len(own.candidates)])
    return [*made, own.clip_class.count - sum(made)]


def _or_left_out(own: Choices, option: int) -> int | None:
    return option if option < len(own.candidates) else None


def _used(chains: Sequence[Chain], row: Sequence[int]) -> Iterator[tuple[Chain, int]]:
    yield from ((chain, count) for chain, count in zip(chains, row, strict=False) if count)
