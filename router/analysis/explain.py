"""Why does this clip go where it goes? Every offer, and what would have happened with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from router.assembly.no_plan import requirements
from router.assembly.routes import chain_steps
from router.errors import InputError, NoPlanError, nearest
from router.market import open_market, ways_to_make
from router.offers.clip_classes import clip_classes
from router.offers.eligibility import rejections
from router.pipeline import plan
from router.report.words import some_text
from router.schema.base import printable
from router.schema.candidate import Candidate, Chain, ClipClass, Offer, Rejection
from router.schema.explanation import ExplainedOffer, Explanation
from router.schema.plan import Plan, Route
from router.schema.scenario import Scenario
from router.units import decimal_seconds, from_micro, reasons_text, usd_text


def explain(scenario: Scenario, clip_id: str, *, on: dt.date | None = None) -> Explanation:
    """Every offer for one clip of a scenario: candidate, with costs and gap to the winner, or rejection.

    Raises
    ------
    router.errors.InputError
        If no clip has this id.
    """
    clip = next((clip for clip in scenario.clips if clip.id == clip_id), None)
    if clip is None:
        names = [clip.id for clip in scenario.clips]
        near = nearest(clip_id, names)
        hint = f"did you mean '{near}'?" if near else f"the first are {some_text([repr(name) for name in names])}"
        raise InputError(f"no clip is called '{printable(clip_id, 80)}'; {hint}")
    market = open_market(scenario, on)
    own, *drafts = clip_classes([clip])
    choices = ways_to_make(own, market)
    made: Plan | None = None
    notes = [_drafts(d) for d in drafts]
    try:
        made = plan(scenario, on=market.on, shadow_prices=False)
    except NoPlanError as error:
        notes.append(f"no plan exists for the scenario as a whole: {error}")
    chosen = [_chosen(made, clip_id, candidate) for candidate in choices.candidates]
    every = list(zip(choices.candidates, choices.chains, chosen, strict=True))
    pairs = [pair for pair in every if not pair[0].degraded or pair[2]]
    notes += tuple(_below(candidate, count) for candidate, _, count in every if candidate.degraded and count)
    notes += _pushed(made, clip_id)
    winner = min((chain.expected + way.penalty for way, chain, count in pairs if count), default=None)
    ranked = sorted(pairs, key=lambda pair: (pair[1].expected + pair[0].penalty, pair[1].worst, pair[0].offer.order))
    refused = rejections(own, market.offers, scenario.dubbing, scenario.limits)
    left = sum(
        n
        for entry in (made.left_out if made else ())
        for name, n in zip(entry.clips, entry.counts, strict=True)
        if name == clip_id
    )
    return Explanation(
        schema=1,
        clip=clip.id,
        count=clip.count,
        left_out=left,
        requirements=requirements(own),
        offers=(*(_candidate(*pair, winner) for pair in ranked), *map(_rejection, refused)),
        notes=tuple(notes),
    )


def _drafts(own: ClipClass) -> str:
    words = requirements(own)
    if own.drafts_each == 1:
        return f"its draft {words.removeprefix('drafts ')} is routed on its own"
    return f"its {own.drafts_each} {words} are routed on their own"


def _chosen(made: Plan | None, clip_id: str, candidate: Candidate) -> int:
    return sum(
        count
        for route in (made.routes if made else ())
        if not route.draft and _is_on(route, candidate)
        for name, count in zip(route.clips, route.counts, strict=True)
        if name == clip_id
    )


def _is_on(route: Route, candidate: Candidate) -> bool:
    offer = candidate.offer
    if route.chain[0].offer not in (None, offer.order):
        return False  # The same in another region, or of other days
    ours = (offer.provider, offer.model, offer.mode, offer.resolution, offer.reference, candidate.audio)
    theirs = (route.provider, route.model, route.mode, route.resolution, route.reference, route.audio)
    shortened = candidate.shortened is None or decimal_seconds(candidate.shortened) == route.seconds
    return ours == theirs and candidate.degraded == route.degraded and shortened


def _pushed(made: Plan | None, clip_id: str) -> Iterator[str]:
    """Why the plan does not make the clip in its cheapest way, where it does not."""
    for route in made.routes if made else ():
        if clip_id in route.clips and route.pushed_by:
            count = dict(zip(route.clips, route.counts, strict=True))[clip_id]
            what = f"{count} draft{'' if count == 1 else 's'}" if route.draft else f"{count} of them"
            where = f"on {route.provider}/{route.model}, {usd_text(route.extra_usd)} each above {route.instead_of}"
            yield f"the plan makes {what} {where}: for {reasons_text(route.pushed_by)}"


def _below(candidate: Candidate, count: int) -> str:
    offer = candidate.offer
    return (
        f"the plan makes {count} of them on {offer.provider}/{offer.model} below {' and '.join(candidate.degraded)}, "
        f"at a penalty of {usd_text(from_micro(candidate.penalty))} each"
    )


def _candidate(candidate: Candidate, chain: Chain, chosen: int, winner: float | None) -> ExplainedOffer:
    return ExplainedOffer(
        **_named(candidate.offer),
        verdict="candidate",
        chosen=chosen,
        segments=tuple(map(decimal_seconds, candidate.generation.segments)),
        billed_seconds=decimal_seconds(candidate.generation.billed_seconds),
        price_usd=from_micro(candidate.price),
        expected_usd=from_micro(chain.expected),
        worst_usd=from_micro(chain.worst),
        degraded=candidate.degraded,
        penalty_usd=from_micro(candidate.penalty),
        gap_usd=None if winner is None else from_micro(round(chain.expected + candidate.penalty) - round(winner)),
        chain=chain_steps(chain),
    )


def _rejection(rejection: Rejection) -> ExplainedOffer:
    return ExplainedOffer(
        **_named(rejection.offer),
        verdict="rejected",
        reason=rejection.reason,
        detail=rejection.detail,
    )


def _named(offer: Offer) -> dict[str, Any]:
    return {
        "position": offer.order,
        "catalog": offer.catalog,
        "provider": offer.provider,
        "model": offer.model,
        "mode": offer.mode,
        "region": offer.region,
        "resolution": offer.resolution,
        "sound": offer.audio,
    }
