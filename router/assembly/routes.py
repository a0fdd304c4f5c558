"""The solver's counts as routes: which clips go to which candidate, and which are left out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from types import MappingProxyType
from typing import Any

from router.schema.candidate import Candidate, Chain, Choices
from router.schema.plan import ChainStep, LeftOut, Request, Route
from router.schema.scenario import Clip, Requirements
from router.units import MICRO, decimal_seconds, from_micro, to_micro, usd_text

RequestBuilder = Callable[[Candidate, Requirements, Mapping[str, Any]], tuple[Request, ...]]
_canonical = json.JSONEncoder(sort_keys=True).encode
Members = list[tuple[Clip, int]]


@dataclass(frozen=True, slots=True)
class Pushed:
    """Why clips are not made in their cheapest way."""

    instead_of: str | None
    """``provider/model`` of that way; None for clips that are left out."""
    extra: float
    """What it would save on one clip, micro-dollars."""
    limits: tuple[str, ...]
    """What it would break."""


def routes_and_left_out(
    clips: Sequence[Clip],
    choices: Sequence[Choices],
    counts: Sequence[Sequence[int]],
    requests: RequestBuilder,
    pushed: Mapping[tuple[int, int], Pushed] = MappingProxyType({}),
) -> tuple[tuple[Route, ...], tuple[LeftOut, ...]]:
    """One route for each (class, candidate, request table); clips are dealt out in the scenario's order.

    Drafts are dealt out over the clips that are made, so many for each; a clip that is left out has none.

    Parameters
    ----------
    counts
        For each class, how many of it go to each candidate, then how many are left out if it has a value.
    pushed
        Why (class, option) is not the cheapest, where it is not.
    """
    routes: list[Route] = []
    left: list[LeftOut] = []
    drafts = {own.clip_class.draft_of: position for position, own in enumerate(choices)}
    every = _hands(clips, choices, counts)
    for position, (own, hands) in enumerate(zip(choices, every, strict=True)):
        own_drafts = drafts.get(position)
        drafting = 0.0 if own_drafts is None else _spent(choices[own_drafts], counts[own_drafts], own, counts[position])
        for option, members in enumerate(hands[: len(own.candidates)]):
            if members:
                shared = _route(own, option, drafting).model_copy(update=_pushed(pushed.get((position, option))))
                for alike in _by_request(members):
                    prepared = requests(own.candidates[option], own.clip_class.need, alike[0][0].request)
                    routes.append(shared.model_copy(update=_own(alike, prepared)))
        for members in hands[len(own.candidates) :]:
            if members:
                why = pushed.get((position, len(own.candidates)))
                left.append(_left_out(own, None if own_drafts is None else choices[own_drafts], members, why))
    return tuple(routes), tuple(left)


def _hands(clips: Sequence[Clip], choices: Sequence[Choices], counts: Sequence[Sequence[int]]) -> list[list[Members]]:
    """Who goes to each option of each class. Drafts that are not made are nobody's."""
    found: list[list[Members]] = []
    for own, row in zip(choices, counts, strict=True):
        final = own.clip_class.draft_of
        if final is None:
            members = [(clips[position], count) for position, count in own.clip_class.clips]
            found.append(list(_dealt(members, row)))
            continue
        made = (member for hand in found[final][: len(choices[final].candidates)] for member in hand)
        alike = (list(same) for _, same in groupby(made, key=lambda member: member[0].id))
        each = own.clip_class.drafts_each
        members = [(same[0][0], each * sum(count for _, count in same)) for same in alike]
        found.append(list(_dealt(members, row[: len(own.candidates)])))
    return found


def _spent(drafts: Choices, drafted: Sequence[int], own: Choices, row: Sequence[int]) -> float:
    """Mean cost of the drafts of one clip of a class, over all its clips that are made; micro-dollars."""
    spent = math.fsum(chain.expected * count for chain, count in zip(drafts.chains, drafted, strict=False))
    made = sum(row[: len(own.candidates)])
    return spent / made if made else 0.0


def _dealt(members: Members, row: Sequence[int]) -> Iterator[Members]:
    """Deal the members of a class to its options: each option takes as many as its count, in order."""
    waiting = list(reversed(members))
    for wanted in row:
        hand: Members = []
        while wanted:
            clip, count = waiting.pop()
            taken = min(count, wanted)
            hand.append((clip, taken))
            wanted -= taken  # Counts down what the option still takes
            if taken < count:
                waiting.append((clip, count - taken))
        yield hand


def _by_request(members: Members) -> list[Members]:
    alike: dict[str, Members] = {}
    for clip, count in members:
        key = _canonical(clip.request) if clip.request else ""
        alike.setdefault(key, []).append((clip, count))
    return list(alike.values())


def _route(own: Choices, option: int, drafting: float) -> Route:
    """How a class is made by one of its candidates; whose clips, how many and what to submit is filled in by route."""
    candidate, chain = own.candidates[option], own.chains[option]
    offer, generation = candidate.offer, candidate.generation
    generated = sum(generation.segments, Fraction(0))
    finished = own.clip_class.seconds if candidate.shortened is None else candidate.shortened
    in_units = offer.unit != "usd"
    return Route.model_construct(
        clips=(),
        counts=(),
        count=0,
        provider=offer.provider,
        model=offer.model,
        api_model=offer.api_model,
        catalog=offer.catalog,
        mode=offer.mode,
        reference=offer.reference,
        resolution=offer.resolution,
        audio=candidate.audio,
        seconds=decimal_seconds(finished),
        segments=tuple(map(decimal_seconds, generation.segments)),
        generated_seconds=decimal_seconds(generated),
        surplus_seconds=decimal_seconds(generated - finished),
        billed_seconds=decimal_seconds(generation.billed_seconds),
        price_usd=from_micro(candidate.price),
        dubbing_usd=from_micro(candidate.dubbing),
        price_units=decimal_text(generation.price_units) if in_units else None,
        unit=offer.unit if in_units else None,
        expected_usd=from_micro(chain.expected),
        worst_usd=from_micro(chain.worst),
        chain=chain_steps(chain),
        unserved_probability=_probability(chain.unserved),
        max_takes=own.clip_class.need.max_takes,
        unkept_probability=_probability(chain.unkept),
        draft=own.clip_class.draft_of is not None,
        drafting_usd=from_micro(drafting),
        group=own.clip_class.group,
        degraded=candidate.degraded,
        penalty_usd=from_micro(candidate.penalty),
        instead_of=None,
        extra_usd=from_micro(0),
        pushed_by=(),
        request=None,
        further_requests=(),
    )


def _pushed(why: Pushed | None) -> dict[str, Any]:
    if why is None:
        return {}
    return {"instead_of": why.instead_of, "extra_usd": from_micro(why.extra), "pushed_by": why.limits}


def chain_steps(chain: Chain) -> tuple[ChainStep, ...]:
    """A chain as the plan shows it."""
    return tuple(
        ChainStep.model_construct(
            provider=step.candidate.offer.provider,
            model=step.candidate.offer.model,
            resolution=step.candidate.offer.resolution,
            audio=step.candidate.audio,
            segments=tuple(map(decimal_seconds, step.candidate.generation.segments)),
            offer=step.candidate.offer.order,
            price_usd=from_micro(step.candidate.price),
            dubbing_usd=from_micro(step.candidate.dubbing),
            billed_usd=from_micro(step.attempt.billed),
            probability=_probability(served),
            availability=step.attempt.availability,
            failure_rate=step.attempt.failure_rate,
            bills_failures=step.attempt.bills_failures,
            keep_rate=step.attempt.keep_rate,
            shortfall=step.candidate.shortfall,
        )
        for step, served in zip(chain.steps, chain.served, strict=True)
    )


def _own(members: Members, prepared: tuple[Request, ...]) -> dict[str, Any]:
    """What tells a route from others of its class and candidate."""
    return {
        "clips": tuple(clip.id for clip, _ in members),
        "counts": tuple(count for _, count in members),
        "count": sum(count for _, count in members),
        "request": prepared[0] if prepared else None,
        "further_requests": prepared[1:],
    }


def _left_out(own: Choices, drafts: Choices | None, members: Members, why: Pushed | None) -> LeftOut:
    value = to_micro(own.clip_class.need.value_usd or 0)
    ways = zip(own.candidates, own.chains, strict=True)
    cheapest = min((chain.expected + candidate.penalty for candidate, chain in ways), default=None)
    drafting = 0.0
    if drafts is not None and drafts.chains:
        drafting = drafts.clip_class.drafts_each * min(chain.expected for chain in drafts.chains)
    if cheapest is None:
        reason = "no offer is eligible"
    elif drafts is not None and not drafts.chains:
        reason = "no offer is eligible for its drafts"
    elif cheapest + drafting > value:
        whole = "making it" if drafts is None else "making it and its drafts"
        reason = f"{whole} costs {usd_text(from_micro(cheapest + drafting))}, more than it is worth"
    else:
        reason = "the limits leave no room for it"
        if why is not None:
            reason += f" ({', '.join(why.limits)})"
    return LeftOut(
        clips=tuple(clip.id for clip, _ in members),
        counts=tuple(count for _, count in members),
        count=sum(count for _, count in members),
        value_usd=from_micro(value),
        reason=reason,
        pushed_by=() if why is None else why.limits,
    )


def decimal_text(amount: Fraction) -> str:
    """An exact amount of a catalog's unit as a plain decimal, to six decimals at most.

    >>> decimal_text(Fraction(54)), decimal_text(Fraction("71.982"))
    ('54', '71.982')
    """
    text = f"{from_micro(round(amount * MICRO)):f}"
    return text.rstrip("0").rstrip(".")


def _probability(value: float) -> float:
    return round(value, 12)
