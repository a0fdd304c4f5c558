"""The error tree: every error says where, what, why and how to mend it, and carries the facts as attributes.

``exit_status`` is what the command line returns for it: 1 a defect of ours, 2 bad input, 3 no plan exists.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that somebody who wrote ``word`` probably meant, if any is like it.

    One of the same letters is nearest: letters swapped are a commoner slip than one left out.

    >>> nearest("resolutoin", ["reference", "resolution"]), nearest("kling-3", ["kling-o3", "kling-3.0"])
    ('resolution', 'kling-3.0')
    >>> nearest("modle", ["model", "mode"]), nearest("mod", ["modify", "model"])
    ('model', 'modify')
    """
    import difflib  # Only a mistake needs it

    known = list(options)
    begun = [option for option in known if len(word) > 2 and option.startswith(word)]
    swapped = [option for option in known if sorted(option) == sorted(word)]
    return next(iter(begun or swapped or difflib.get_close_matches(word[:100], known, n=1)), None)


class RouterError(Exception):
    """Base of every error that `router` raises on purpose."""

    exit_status = 1


class SolverError(RouterError):
    """The solver broke, or returned something that is not a solution."""


class CheckError(RouterError):
    """A plan failed the independent check; ``findings`` says what is wrong, one sentence each."""

    def __init__(self, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("the plan fails the independent check:\n" + "\n".join(f"  {line}" for line in findings))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the input: where, what, and what to write instead."""

    message: str
    where: str = ""
    """``file:line``, or the path of the field when there is no file."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class InputError(RouterError, ValueError):
    """Bad input: one error with every ``Problem`` found in it."""

    exit_status = 2

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class TimeLimitError(RouterError):
    """The time limit ended the search before any plan was found; nothing is known about whether one exists."""

    exit_status = 2

    def __init__(self, time_limit_seconds: float) -> None:
        self.time_limit_seconds = time_limit_seconds
        super().__init__(
            f"the time limit of {time_limit_seconds:g} s ended the search before any plan was found; "
            "raise the time limit or leave it out"
        )


class TooManyStatesError(RouterError):
    """A run, or one clip, can be in more outage states than can be looked at one by one."""

    exit_status = 2

    def __init__(self, states: int, most: int, whose: str = "the run") -> None:
        self.states, self.most = states, most
        super().__init__(
            f"{whose} can be in {states:,} outage states, more than the {most:,} that are looked at one by one; "
            "state fewer availabilities, or none for models that hardly differ from 1"
        )


@dataclass(frozen=True, slots=True)
class Unservable:
    """A clip that no offer can serve: its rejections counted by reason, the nearest miss, and what would mend it."""

    clips: tuple[str, ...]
    requirements: str
    offers: int
    reasons: dict[str, int]
    nearest: str
    mend: str
    where: str = ""

    def __str__(self) -> str:
        names = ", ".join(f"'{name}'" for name in self.clips[:3])
        if len(self.clips) > 3:
            names += f" and {len(self.clips) - 3} more"
        counts = ", ".join(f"{count} {reason}" for reason, count in self.reasons.items())
        noun = "offer is" if self.offers == 1 else "offers is"
        text = f"clip {names} ({self.requirements}): none of {self.offers} {noun} eligible"
        text += f": {counts}" if counts else ""
        text += f" (nearest: {self.nearest})" if self.nearest else ""
        text += f"; to mend it, {self.mend}" if self.mend else ""
        return f"{self.where}: {text}" if self.where else text


def _plain(amount: Decimal) -> str:
    """An amount with thousands set off; money with two decimals, and more only where it has them."""
    whole, point, decimals = f"{amount:,f}".partition(".")
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}" if point else whole


def field_of(limit: str) -> str:
    """Where the bound of a limit stands, below ``limits``: the limit itself, but for the one that is a table.

    >>> field_of("budget_usd"), field_of("cvar")
    ('budget_usd', 'cvar.usd')
    """
    return "cvar.usd" if limit == "cvar" else limit


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The smallest loosening of one limit alone that makes a plan possible, if any does."""

    limit: str
    bound: Decimal | None
    """None where there is nothing to loosen: the limit holds or is dropped."""
    needed: Decimal | None
    kind: str
    """``at_most``, ``at_least`` or, without a bound, ``holds``."""
    unit: str
    """``usd``, ``clips``, ``seconds``, ``share``, ``score`` or ``minutes``; none without a bound."""
    pinned_by: tuple[str, ...] = ()
    where: str = ""
    dropped: bool = False
    """Dropping it makes a plan possible."""

    @property
    def mends(self) -> bool:
        """Whether a plan is possible with it."""
        return self.dropped or self.needed is not None

    def __str__(self) -> str:
        verb = "raise" if self.kind == "at_most" else "lower"
        field = field_of(self.limit)
        text = f"limits.{field}" + ("" if self.bound is None else f" = {_plain(self.bound)}")
        if self.dropped:
            text = f"drop limits.{self.limit}"
        elif self.bound is None:
            text += ": a plan is not possible without it either"
        elif self.needed is None:
            text += ": no value of it alone makes a plan possible"
        else:
            text = f"{verb} limits.{field} from {_plain(self.bound)} to {_plain(self.needed)}"
        if self.pinned_by:
            text += " (pinned by " + ", ".join(self.pinned_by) + ")"
        return f"{self.where}: {text}" if self.where else text


@dataclass(frozen=True, slots=True)
class Clash:
    """Limits that cannot all hold, of which no fewer clash, with the relaxations that would mend it: each alone, else all of ``together``.

    Every limit whose loosening alone makes a plan possible is among those that clash.
    """

    limits: tuple[str, ...] = ()
    alone: tuple[Relaxation, ...] = ()
    """One for each of the limits that clash."""
    together: tuple[Relaxation, ...] = field(default=())

    def __str__(self) -> str:
        if not self.alone:
            return "no plan keeps every limit; the time limit ended the search for what would mend it"
        names = [f"limits.{name}" for name in self.limits]
        clash = f"no plan keeps {names[0]}"
        if len(names) > 1:
            clash = f"no plan keeps {', '.join(names[:-1])} and {names[-1]} together"
        alone = [item for item in self.alone if item.mends]
        if alone:
            lines = [f"{clash}; {'this' if len(alone) == 1 else 'any one of these'} makes a plan possible:"]
        else:
            lines = [f"{clash}, and no limit alone can be loosened enough; all of these together do:"]
        lines += [f"  {item}" for item in alone or self.together]
        lines += [f"  {item}" for item in self.alone if not item.mends and alone]
        return "\n".join(lines)


class NoPlanError(RouterError):
    """No plan exists: clips that nothing can serve (``unservable``), or limits that clash (``clash``)."""

    exit_status = 3

    def __init__(self, unservable: Sequence[Unservable] = (), clash: Clash | None = None, title: str = "") -> None:
        self.unservable = tuple(unservable)
        self.clash = clash
        self.title = title
        super().__init__("\n".join(map(str, [*unservable, *([clash] if clash else [])])))


class RefusalError(RouterError):
    """A clip is not to be submitted now; what would have to change is in the message."""

    exit_status = 3


class OverBudgetError(RefusalError):
    """No way to make the clip, or to go on with it, fits what is left: its worst case is above it."""

    def __init__(self, account: str, needed: str, left: str, *, more: bool = False) -> None:
        self.account, self.needed, self.left = account, needed, left
        text = f"no way to make the clip fits {account}: the cheapest could need {needed}, and {left} is left; "
        mend = "raise the bound, wait for reservations to be settled, or ask for less"
        if more:
            text = f"going on with the clip does not fit {account}: it could need {needed} more, and {left} is left; "
            mend = "raise the bound, wait for reservations to be settled, or give the clip up"
        super().__init__(text + mend)


class CircuitOpenError(RefusalError):
    """Every model that could make the clip, for its value if it has one, failed too often of late."""

    def __init__(self, models: Sequence[str], retry_after_seconds: float, value: str | None = None) -> None:
        self.models, self.retry_after_seconds = tuple(models), retry_after_seconds
        within, other = ("", "") if value is None else (f" for its value of {value}", ", or raise value_usd")
        super().__init__(
            f"every model that could make the clip{within} failed too often of late ({', '.join(models)}); "
            f"try again in {max(1, math.ceil(retry_after_seconds))} s, or let more models make it{other}"
        )


class NotWorthItError(RefusalError):
    """The clip costs more than the value that was put on it, or its money is worth more elsewhere in the plan that is followed."""

    def __init__(self, cost: str, value: str | None, *, by_plan: bool = False) -> None:
        self.cost, self.value = cost, value
        text = f"the clip would cost {cost}, more than its value of {value}; leave it out, or raise value_usd"
        if by_plan:
            text = (
                f"the plan that is followed leaves such clips out: with what it takes of limits, one costs {cost}, "
                f"and its value is {value}; raise value_usd, or loosen a limit"
            )
            if value is None:
                text = "the plan that is followed leaves such drafts out, with their clips; leave out the final, or loosen a limit"
        super().__init__(text)


class UnresolvedError(RefusalError):
    """A job may still be running and be billed: going on could pay for the clip twice."""

    def __init__(self, outcome: str) -> None:
        self.outcome = outcome
        super().__init__(
            f"the last step is '{outcome}': it may still be made and billed; find out and report it, "
            "or pass accept_double_billing=True"
        )
