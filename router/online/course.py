"""A plan that is followed while clips come one by one, and planned again at times: clips do not come as forecast."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from router import log
from router.errors import InputError, Problem
from router.offers.clip_classes import requirements
from router.online.bids import Bids, Key, kinds_of
from router.optimization.limits import matches
from router.schema.account import AccountPack, AccountTerms
from router.schema.base import kind_of
from router.schema.candidate import Candidate
from router.schema.ledger import Account
from router.schema.plan import Plan
from router.schema.scenario import Cap, Clip, Limits, Scenario
from router.units import from_micro, to_micro

Solve = Callable[[Scenario], Plan]
TRUST = 0.1
"""Of the clips that were forecast: so many clips that came weigh as much as the forecast."""
KINDS = 4096
"""Kinds of clips that are learnt besides those that were forecast."""
_CAPPED = ("max_clips", "max_seconds", "max_usd")
_MONEY = ("budget_usd", "worst_case_usd")


class Course:
    """A plan that is followed; where it can be solved again, what is left of the forecast is planned anew every so many clips.

    As many clips are still expected as were forecast in all, less those that came. Of which kinds they will be is what the forecast and
    what came say together; the forecast weighs as ``TRUST`` of its own clips.
    """

    def __init__(self, plan: Plan, forecast: Scenario, solve: Solve | None, every: int, kept: Limits) -> None:
        _refuse_what_cannot_be_followed(plan, forecast, solve, every)
        self.plans_again = solve is not None
        """Whether a clip may have to wait for a plan."""
        self._accounts = {} if solve is None else _accounts(forecast.limits, kept)
        self.bids = Bids(plan, forecast)
        self._forecast, self._solve, self._every = forecast, solve, every
        self._lock, self._planning = threading.Lock(), threading.Lock()
        self._expected: Counter[Key] = Counter()
        self._examples: dict[Key, Clip] = {}
        for clip in forecast.clips:
            for draft, kind in kinds_of(clip):
                key = requirements(kind)
                self._expected[key] += clip.count * (clip.drafts.count if draft and clip.drafts is not None else 1)
                self._examples.setdefault(key, kind)
        self._arrived: Counter[Key] = Counter()
        self._came = self._made = 0
        self._under = [0] * len(forecast.limits.caps)
        """Of those that were handed out to be made, how many count towards each cap."""
        self._listed: Counter[str] = Counter()
        """What they are billed by the list, by provider, micro-dollars: what packs that are owned pay for first."""
        self._valid = frozenset((pack.provider, pack.valid_until) for pack in plan.packs if pack.owned)
        """Of which provider, and up to which day, such packs were not over when the plan was made."""

    def arrived(self, clip: Clip) -> bool:
        """Count a clip; whether it is time to plan again."""
        if self._solve is None:
            return False
        key = requirements(clip)
        with self._lock:
            self._came += 1
            if key in self._examples or len(self._examples) < KINDS + len(self._expected):
                self._arrived[key] += 1
                if key not in self._examples:
                    # What is remembered must not keep what a user wrote.
                    self._examples[key] = clip.model_copy(update={"request": {}, "group": None})
            return self._came % self._every == 0

    def took(self, primary: Candidate) -> None:
        """Count a clip that is handed out to be made, as caps do: by its primary."""
        with self._lock:
            self._made += 1
            self._listed[primary.offer.provider] += primary.price - primary.dubbing
            for k, cap in enumerate(self._forecast.limits.caps):
                self._under[k] += matches(primary, cap.where)

    def again(self, accounts: Callable[[], Sequence[Account]]) -> bool:
        """Plan what is left with what is left of the limits; whether there are new prices.

        Where no plan can be made of it any more, for whatever reason, nothing is left, or another thread is planning, the old prices stay.

        Parameters
        ----------
        accounts
            Says what was taken of the router's limits.
        """
        if self._solve is None or not self._planning.acquire(blocking=False):
            return False
        try:
            left = self.left(accounts(), at_hand=1)
            if left is None:
                return False
            self.bids = Bids(self._solve(left), left, self.bids.owed)
            return True
        except Exception as error:  # Whatever a user's function or a file raises must not stop a clip
            log.info("plan_kept", reason=type(error).__name__)
            return False
        finally:
            self._planning.release()

    def _in_clips(self, counts: dict[Key, int]) -> Iterator[tuple[Clip, int]]:
        """Clips of these kinds; finals and drafts together, as they were forecast, where there are as many of both."""
        for clip in self._forecast.clips:
            if clip.drafts is not None:
                final, draft = (requirements(kind) for _, kind in kinds_of(clip))
                whole = min(counts[final], counts[draft] // clip.drafts.count)
                if whole > 0:
                    counts[final] -= whole
                    counts[draft] -= whole * clip.drafts.count
                    yield clip, whole
        yield from ((self._examples[key], count) for key, count in counts.items() if count > 0)

    def left(self, accounts: Sequence[Account], *, at_hand: int = 0) -> Scenario | None:
        """What is still to come, under what is left of budgets and caps; None if nothing is.

        Parameters
        ----------
        at_hand
            Of the clips that came, so many are still to be decided.
        """
        with self._lock:
            expected, arrived = self._expected, self._arrived
            waiting = max(0, expected.total() - self._came + at_hand)
            trust = TRUST * expected.total()
            share = waiting / (trust + arrived.total())
            counts = {
                key: round(share * (trust * expected[key] / expected.total() + arrived[key]))
                for key in {**expected, **arrived}
            }
            clips = [
                clip.model_copy(update={"id": f"clip-{k}", "count": count})
                for k, (clip, count) in enumerate(self._in_clips(counts), 1)
            ]
            made, under, listed = self._made, list(self._under), self._listed.copy()
        if not clips:
            return None
        rest = {one.account: from_micro(max(0, one.bound - one.spent - one.reserved)) for one in accounts}
        left = {bound: rest[account] for bound, account in self._accounts.items() if account in rest}
        limits, to_come = self._forecast.limits, sum(clip.count * (1 + _drafts(clip)) for clip in clips)
        caps = [
            cap.model_copy(
                update={
                    **_shares_left(cap, made, under[k], to_come),
                    **{name: _in_kind(left[k, name]) for name in _CAPPED if (k, name) in left},
                }
            )
            for k, cap in enumerate(limits.caps)
        ]
        money = {name: left[None, name] for name in _MONEY if (None, name) in left}
        account = {
            provider: terms.model_copy(update={"packs": (*self._packs_left(provider, terms, listed[provider]),)})
            for provider, terms in self._forecast.account.items()
        }
        limits = limits.model_copy(update={**money, "caps": tuple(caps)})
        return self._forecast.model_copy(update={"clips": tuple(clips), "limits": limits, "account": account})

    def _packs_left(self, provider: str, terms: AccountTerms, listed: int) -> Iterator[AccountPack]:
        """What is left of the packs that are owned, once so many micro-dollars of list price were paid with them in their order."""
        for pack in terms.packs:
            each = to_micro(pack.pays_for_usd)
            paid = min(listed, each * pack.count) if (provider, pack.valid_until) in self._valid else 0
            listed -= paid
            if not paid:
                yield pack
                continue
            whole, part = divmod(each * pack.count - paid, each)
            for face, count in ((part, 1), (each, whole)):
                if face and count:
                    yield pack.model_copy(update={"pays_for_usd": from_micro(face), "count": count})


def _refuse_what_cannot_be_followed(plan: object, forecast: object, solve: object, every: object) -> None:
    """Raise InputError with whatever of these is something else than it must be."""
    claims = (
        ("plan", isinstance(plan, Plan), "a plan, as `router.plan` makes it or Plan.from_json reads it", plan),
        ("forecast", isinstance(forecast, Scenario), "the Scenario that the plan was made for", forecast),
        ("solve", solve is None or callable(solve), "a function from a scenario to a plan, as `router.plan`", solve),
    )
    problems = [
        Problem(f"must be {what}, not {kind_of(given)[:40]}", name) for name, kept, what, given in claims if not kept
    ]
    if not isinstance(every, int) or isinstance(every, bool) or every < 1:
        problems.append(Problem("must be a whole number, at least 1: so many clips pass between two plans", "every"))
    if problems:
        raise InputError(problems)


def _drafts(clip: Clip) -> int:
    return 0 if clip.drafts is None else clip.drafts.count


def _shares_left(cap: Cap, made: int, under: int, to_come: int) -> dict[str, int | Decimal]:
    """Those bounds of a cap that no account is kept of, as they hold for the clips to come: over all of them they hold as stated."""

    def of_all(share: Decimal, nearest: Callable[[Fraction], int]) -> Decimal:
        left = (Fraction(share) * (made + to_come) - under) / to_come
        return Decimal(nearest(max(Fraction(0), min(Fraction(1), left)) * 10**12)).scaleb(-12)

    found: dict[str, int | Decimal] = {}
    if cap.min_clips is not None:
        found["min_clips"] = max(0, cap.min_clips - under)
    if cap.max_share is not None:
        found["max_share"] = of_all(cap.max_share, math.ceil)
    if cap.min_share is not None:
        found["min_share"] = of_all(cap.min_share, math.floor)
    return found


def _accounts(limits: Limits, kept: Limits) -> dict[tuple[int | None, str], str]:
    """The router's account for each bound of a forecast that shrinks as clips come, by the position of its cap and its name.

    Raises
    ------
    router.errors.InputError
        If the router does not keep one of them: nothing then says what is left of it.
    """
    found: dict[tuple[int | None, str], str] = {}
    wanting = []
    for name in _MONEY:
        bound = getattr(limits, name)
        if bound is not None:
            found[None, name] = f"limits.{name}"
            if getattr(kept, name) != bound:
                wanting.append((f"limits.{name}", bound))
    for k, cap in enumerate(limits.caps):
        for name in _CAPPED:
            bound = getattr(cap, name)
            if bound is not None:
                same = (j for j, own in enumerate(kept.caps) if own.where == cap.where and getattr(own, name) == bound)
                if (j := next(same, None)) is not None:
                    found[k, name] = f"limits.caps[{j}].{name}"
                else:
                    wanting.append((f"limits.caps[{k}].{name}", bound))
    if wanting:
        advice = "is no limit of this router, which cannot say what is left of it; give it to Router too, or follow without `solve`"
        raise InputError([Problem(f"{bound:,} of the forecast {advice}", where) for where, bound in wanting])
    return found


def _in_kind(amount: Decimal) -> Decimal | int:
    """Numbers of clips are whole."""
    return int(amount) if amount == amount.to_integral_value() else amount
