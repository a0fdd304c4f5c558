"""The solver's counts as routes: which clips go to which candidate, and which are left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from router.schema.candidate import Candidate, Chain, Choices
from router.schema.plan import ChainStep, LeftOut, Request, Route
from router.schema.scenario import Clip, Requirements
from router.units import MICRO, from_micro, to_micro, usd_text

RequestBuilder = Callable[[Candidate, Requirements, Mapping[str, Any]], tuple[Request, ...]]
_canonical = json.JSONEncoder(sort_keys=True).encode
Members = list[tuple[Clip, int]]


def routes_and_left_out(
    clips: Sequence[Clip], choices: Sequence[Choices], counts: Sequence[Sequence[int]], requests: RequestBuilder
) -> tuple[tuple[Route, ...], tuple[LeftOut, ...]]:
    """One route for each (class, candidate, request table); clips are dealt out in the scenario's order.

    Parameters
    ----------
    counts
        For each class, how many of it go to each candidate, then how many are left out if it has a value.
    """
    routes: list[Route] = []
    left: list[LeftOut] = []
    for own, row in zip(choices, counts, strict=True):
        hands = _dealt([(clips[position], count) for position, count in own.clip_class.clips], row)
        for option, members in enumerate(hands):
            if not members:
                continue
            if option < len(own.candidates):
                shared = _route(own, option)
                for alike in _by_request(members):
                    prepared = requests(own.candidates[option], own.clip_class.need, alike[0][0].request)
                    routes.append(shared.model_copy(update=_own(alike, prepared)))
            else:
                left.append(_left_out(own, members))
    return tuple(routes), tuple(left)


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


def _route(own: Choices, option: int) -> Route:
    """How a class is made by one of its candidates; whose clips, how many and what to submit is filled in by route."""
    candidate, chain = own.candidates[option], own.chains[option]
    offer, generation = candidate.offer, candidate.generation
    generated = sum(generation.segments, Fraction(0))
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
        seconds=seconds(own.clip_class.seconds),
        segments=tuple(map(seconds, generation.segments)),
        generated_seconds=seconds(generated),
        surplus_seconds=seconds(generated - own.clip_class.seconds),
        billed_seconds=seconds(generation.billed_seconds),
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
        request=None,
        further_requests=(),
    )


def chain_steps(chain: Chain) -> tuple[ChainStep, ...]:
    """A chain as the plan shows it."""
    return tuple(
        ChainStep.model_construct(
            provider=step.candidate.offer.provider,
            model=step.candidate.offer.model,
            resolution=step.candidate.offer.resolution,
            audio=step.candidate.audio,
            segments=tuple(map(seconds, step.candidate.generation.segments)),
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


def _left_out(own: Choices, members: Members) -> LeftOut:
    value = to_micro(own.clip_class.need.value_usd or 0)
    cheapest = min((chain.expected for chain in own.chains), default=None)
    if cheapest is None:
        reason = "no offer is eligible"
    elif cheapest > value:
        reason = f"making it costs {usd_text(from_micro(cheapest))}, more than it is worth"
    else:
        reason = "the limits leave no room for it"
    return LeftOut(
        clips=tuple(clip.id for clip, _ in members),
        counts=tuple(count for _, count in members),
        count=sum(count for _, count in members),
        value_usd=from_micro(value),
        reason=reason,
    )


def seconds(length: Fraction) -> Any:
    """An exact length as the decimal that a plan carries (six decimals at most)."""
    return from_micro(round(length * MICRO)).normalize() + 0


def decimal_text(amount: Fraction) -> str:
    """An exact amount of a catalog's unit as a plain decimal, to six decimals at most.

    >>> decimal_text(Fraction(54)), decimal_text(Fraction("71.982"))
    ('54', '71.982')
    """
    text = f"{from_micro(round(amount * MICRO)):f}"
    return text.rstrip("0").rstrip(".")


def _probability(value: float) -> float:
    return round(value, 12)
