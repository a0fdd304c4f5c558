"""A reference implementation of the contract by brute force: slow, plain, and meant to be read.

It shares nothing with the program: no import of it, no solver, no closed formula where an enumeration will do.
Input is what a file holds (dicts with `Decimal` numbers). Money inside is in micro-dollars: an `int` where it is
certain, a `Fraction` where it is an expectation; lengths, rates and probabilities are `Fraction`. Nothing is a float.

"SPEC" is the contract; "rule" is one of the decisions where it leaves a choice, named where it is taken.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

MICRO = 1_000_000
LADDER = ("360p", "480p", "540p", "720p", "768p", "1080p", "2k", "4k")
HALF = Fraction(1, 2)
KEY = 5  # how many entries of an option's vector are its key; the rest are its amounts in the limit rows

Raw = dict[str, Any]
Segments = tuple[Fraction, ...]


@lru_cache(maxsize=10_000)
def micro(usd: Decimal | int) -> Fraction:
    """Dollars as micro-dollars, exactly."""
    return Fraction(usd) * MICRO


# ---- catalogs: offers, lengths, prices (SPEC 2 and 3) ----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Offer:
    """One sellable thing, with what its `[[models]]` entry says filled in (SPEC 3: an offer's own value wins)."""

    position: int  # over all catalogs, in the order given
    provider: str
    model: str
    mode: str
    resolution: str | None
    sound: bool
    reference: str | None
    image_prompt: bool
    lengths: tuple[Fraction, ...] | None  # None: any length in [shortest, longest]
    shortest: Fraction
    longest: Fraction
    rounding: str
    usd_per_unit: Fraction
    prices: dict[Fraction, Fraction] | None
    price_per_second: Fraction
    price_per_generation: Fraction
    price_minimum: Fraction
    quality: Fraction | None
    failure_rate: Fraction
    bills_failures: str
    keep_rate: Fraction
    availability: Fraction | None
    generation_seconds_per_second: Fraction | None
    concurrency: int | None
    available_from: datetime.date | None
    available_until: datetime.date | None

    @property
    def pair(self) -> tuple[str, str]:
        """What a fallback chain has at most once."""
        return self.provider, self.model


@dataclass(frozen=True)
class Written:
    """Data that can be remembered by what it says: equal where its text is, which is exact for `Decimal` and dates."""

    text: str
    data: Any = field(compare=False)

    @classmethod
    def of(cls, data: Any) -> Written:
        """The data with its text as it is now; it must not change later on."""
        return cls(repr(data), data)


def offers(catalogs: Iterable[Raw]) -> list[Offer]:
    """All offers of all catalogs, in catalog order; the same objects for the same catalogs."""
    return list(_offers(Written.of(list(catalogs))))


@lru_cache(maxsize=16)
def _offers(catalogs: Written) -> tuple[Offer, ...]:
    found: list[Offer] = []
    for catalog in catalogs.data:
        usd_per_unit = _usd_per_unit(catalog)
        for entry in catalog["models"]:
            found += [_offer(len(found) + i, {**entry, **own}, usd_per_unit) for i, own in enumerate(entry["offers"])]
    return tuple(found)


def _usd_per_unit(catalog: Raw) -> Fraction:
    if "usd_per_unit" in catalog:
        return Fraction(catalog["usd_per_unit"])
    return Fraction(1) if catalog["unit"] == "usd" else 1 / Fraction(catalog["units_per_usd"])


def _offer(position: int, raw: Raw, usd_per_unit: Fraction) -> Offer:
    lengths = lengths_of(raw["seconds"])
    return Offer(
        position=position,
        provider=raw["provider"],
        model=raw["model"],
        mode=raw["mode"],
        resolution=raw.get("resolution"),
        sound=raw.get("audio", False),
        reference=raw.get("reference"),
        image_prompt=raw.get("image_prompt", False),
        lengths=lengths,
        shortest=Fraction(raw["seconds"]["min"]) if lengths is None else min(lengths),
        longest=Fraction(raw["seconds"]["max"]) if lengths is None else max(lengths),
        rounding=raw.get("rounding", "nearest"),
        usd_per_unit=usd_per_unit,
        prices={Fraction(k): Fraction(v) for k, v in raw["prices"].items()} if "prices" in raw else None,
        price_per_second=Fraction(raw.get("price_per_second", 0)),
        price_per_generation=Fraction(raw.get("price_per_generation", 0)),
        price_minimum=Fraction(raw.get("price_minimum", 0)),
        quality=_optional(raw, "quality"),
        failure_rate=Fraction(raw.get("failure_rate", 0)),  # SPEC 4.4: without a rate, taken not to fail
        bills_failures=raw.get("bills_failures", "unknown"),
        keep_rate=Fraction(raw.get("keep_rate", 1)),
        availability=_optional(raw, "availability"),
        generation_seconds_per_second=_optional(raw, "generation_seconds_per_second"),
        concurrency=raw.get("concurrency"),
        available_from=raw.get("available_from"),
        available_until=raw.get("available_until"),
    )


def _optional(raw: Raw, key: str) -> Fraction | None:
    return Fraction(raw[key]) if key in raw else None


def lengths_of(seconds: Raw) -> tuple[Fraction, ...] | None:
    """SPEC 3: the choices, or min, min + step, ... <= max; None for step 0."""
    if "choices" in seconds:
        return tuple(sorted(Fraction(choice) for choice in seconds["choices"]))
    low, high, step = (Fraction(seconds[key]) for key in ("min", "max", "step"))
    if step == 0:
        return None
    return tuple(low + i * step for i in range(int((high - low) // step) + 1))


def billed(offer: Offer, length: Fraction) -> Fraction:
    """SPEC 3 `rounding`: generated seconds -> billed seconds."""
    if offer.rounding == "up":
        return Fraction(math.ceil(length))
    if offer.rounding == "nearest":
        return Fraction(math.floor(length + HALF))
    return length


@lru_cache(maxsize=100_000)
def generation_price(offer: Offer, length: Fraction) -> int:
    """SPEC 2: exact in the catalog's unit, converted exactly, rounded once, half-even, to a micro-dollar."""
    if offer.prices is not None:
        units = offer.prices[length]
    else:
        by_use = offer.price_per_second * billed(offer, length) + offer.price_per_generation
        units = max(offer.price_minimum, by_use)
    return round(units * offer.usd_per_unit * MICRO)


# ---- clips and candidates (SPEC 4.1) ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Candidate:
    """One eligible way to make one clip."""

    offer: Offer
    segments: Segments
    billed_seconds: Fraction
    treatment: str  # "none" | "native" | "deferred"
    price: int


def clips(scenario: Raw) -> list[Raw]:
    """The clip lines, with the defaults filled in (SPEC 4)."""
    return [{**scenario.get("defaults", {}), **clip} for clip in scenario["clips"]]


def all_segments(offer: Offer, clip: Raw) -> list[Segments]:
    """Every way to generate at least the clip's seconds with at most `max_segments` generations of the offer.

    SPEC 3: a length that would be billed as 0 s cannot be offered. SPEC 4.1 `max_segments`: an offer of any length
    splits into equal parts, each as short as allowed (a part that would be billed as 0 s grows to half a second).
    """
    lengths, ways = _all_segments(offer, Fraction(clip["seconds"]), clip.get("max_segments", 1))
    return [tuple(lengths[i] for i in way) for way in ways]


def _all_segments(offer: Offer, need: Fraction, max_segments: int) -> tuple[Sequence[Fraction], list[tuple[int, ...]]]:
    """Lengths, and the ways as positions in them: whole numbers are fast to add up."""
    counts = range(1, max_segments + 1)
    if offer.lengths is not None:
        usable = [length for length in offer.lengths if billed(offer, length) > 0]
        ticks, enough = _ticks((*usable, need))
        every = (way for n in counts for way in itertools.combinations_with_replacement(range(len(usable)), n))
        return usable, [way for way in every if sum(ticks[i] for i in way) >= enough]
    parts = [max(offer.shortest, need / n) for n in counts]
    parts = [part if billed(offer, part) > 0 else HALF for part in parts]
    return parts, [(i,) * n for i, (n, part) in enumerate(zip(counts, parts, strict=True)) if part <= offer.longest]


def _ticks(lengths: Sequence[Fraction]) -> tuple[list[int], int]:
    """All but the last of these lengths, and the last, as multiples of what measures them all."""
    scale = math.lcm(*(length.denominator for length in lengths))
    *others, last = (int(length * scale) for length in lengths)
    return others, last


def best_segments(offer: Offer, clip: Raw) -> list[Segments]:
    """SPEC 4.1: the ways that are best by price, then count, then surplus; all of them, or none if none is allowed."""
    found = _best_segments(offer, clip["seconds"], clip.get("max_segments", 1), clip.get("max_surplus_seconds"))
    return list(found)


@lru_cache(maxsize=10_000)
def _best_segments(
    offer: Offer, seconds: Decimal | int | Fraction, max_segments: int, max_surplus: Decimal | int | None
) -> tuple[Segments, ...]:
    need = Fraction(seconds)
    lengths, ways = _all_segments(offer, need, max_segments)
    ticks, most = _ticks((*lengths, need + Fraction(max_surplus or 0)))
    price = [generation_price(offer, length) for length in lengths]
    ranked = [((sum(price[i] for i in way), len(way), sum(ticks[i] for i in way)), way) for way in ways]
    if max_surplus is not None:
        ranked = [(rank, way) for rank, way in ranked if rank[-1] <= most]
    best = min((rank for rank, _ in ranked), default=None)
    return tuple(tuple(lengths[i] for i in way) for rank, way in ranked if rank == best)


def candidates(
    clip: Raw, every_offer: Sequence[Offer], dubbing: Raw, on: datetime.date, *, degraded: bool = False
) -> tuple[list[Candidate], list[tuple[int, str]]]:
    """The candidates of a clip, at most one for each offer, and (catalog position, reason) of each rejected offer.

    `degraded` waives the resolution and the audio check, for fallbacks (SPEC 4.2 `accept`).
    """
    found: list[Candidate] = []
    rejected: list[tuple[int, str]] = []
    for offer in every_offer:
        result = _candidate_or_reason(offer, clip, dubbing, on, degraded=degraded)
        if isinstance(result, str):
            rejected.append((offer.position, result))
        else:
            found.append(result)
    return found, rejected


def _candidate_or_reason(
    offer: Offer, clip: Raw, dubbing: Raw, on: datetime.date, *, degraded: bool
) -> Candidate | str:
    """SPEC 4.1: the candidate, or the first failing check in the order of the reason codes."""
    mode = clip.get("mode", "text-to-video")
    if offer.mode != mode and not (mode == "image-to-video" and _by_image_prompt(offer, clip)):
        return "mode"
    reference = clip.get("reference", "video" if mode == "motion-control" else None)
    if None not in (reference, offer.reference) and offer.reference != reference:
        return "reference"
    if not degraded and not _resolution_suits(offer, clip):
        return "resolution"
    if not degraded and not _audio_suits(offer, clip):
        return "audio"
    ways = best_segments(offer, clip)
    if not ways and all_segments(offer, clip):
        return "surplus"
    if not ways:
        return "too-long" if clip.get("max_segments", 1) == 1 else "segments"
    if "quality_min" in clip and (offer.quality is None or offer.quality < Fraction(clip["quality_min"])):
        return "quality"
    candidate = _candidate(offer, clip, dubbing, ways[0])
    if "max_price_usd" in clip and candidate.price > micro(clip["max_price_usd"]):
        return "price"
    if offer.model not in clip.get("models", [offer.model]) or offer.model in clip.get("not_models", []):
        return "model-denied"
    if offer.provider not in clip.get("providers", [offer.provider]) or offer.provider in clip.get("not_providers", []):
        return "provider-denied"
    if offer.available_from is not None and on < offer.available_from:
        return "not-yet-available"
    if offer.available_until is not None and on > offer.available_until:
        return "retired"
    return candidate


def _candidate(offer: Offer, clip: Raw, dubbing: Raw, segments: Segments) -> Candidate:
    """The offer with its segments, priced: each generation, and dubbing once where the clip's sound is deferred."""
    treatment = "native" if offer.sound else "none"
    if clip.get("audio") == "deferred" or (clip.get("audio") == "any" and not offer.sound):
        treatment = "deferred"  # SPEC 4.1 `audio`: silence with dubbing
    price = sum(generation_price(offer, length) for length in segments)
    if treatment == "deferred":
        by_second = micro(dubbing.get("usd_per_second", 0)) * Fraction(clip["seconds"])
        price += round(by_second + micro(dubbing.get("usd_per_clip", 0)))
    return Candidate(offer, segments, sum((billed(offer, s) for s in segments), Fraction(0)), treatment, price)


def _by_image_prompt(offer: Offer, clip: Raw) -> bool:
    """SPEC 4.1 `mode`: text-to-video with an image prompt stands in where the clip allows it."""
    allowed: bool = clip.get("accept_image_prompt", False)
    return allowed and offer.mode == "text-to-video" and offer.image_prompt


def _resolution_suits(offer: Offer, clip: Raw) -> bool:
    """SPEC 4.1: a minimum on the ladder; an offer that states none serves only clips that ask for none."""
    if "resolution" not in clip:
        return True
    return offer.resolution is not None and LADDER.index(offer.resolution) >= LADDER.index(clip["resolution"])


def _audio_suits(offer: Offer, clip: Raw) -> bool:
    """SPEC 4.1: `native` needs sound, `deferred` needs silence, `none` and `any` take both."""
    return {"native": offer.sound, "deferred": not offer.sound}.get(clip.get("audio", "none"), True)


# ---- fallback and cost (SPEC 4.2 and 4.4) ----------------------------------------------------------------------------


class Step(NamedTuple):
    """One step of a chain, as far as its cost goes."""

    provider: str
    availability: Fraction | None  # None: unknown
    failure_rate: Fraction
    bills_failures: str
    bill: int
    keep_rate: Fraction = Fraction(1)


class Cost(NamedTuple):
    """Cost of one clip on one chain, in micro-dollars, and the probability of each way it can end."""

    expected: Fraction
    worst: int
    unserved: Fraction
    served_by: tuple[Fraction, ...]  # for each step, that it makes the last take
    unkept: Fraction = Fraction(0)  # that all takes are made and none is kept


def chain(primary: Candidate, pool: Sequence[Candidate], fallback: Raw) -> list[Candidate]:
    """The primary and its fallbacks in the order they are tried; `pool` holds every acceptable fallback (SPEC 4.2)."""
    direction = fallback.get("direction", "any")
    across_all = fallback.get("across", "provider") == "all"
    reachable = [c for c in pool if across_all or c.offer.provider == primary.offer.provider]
    others = [c for c in reachable if c.offer.pair != primary.offer.pair]
    stand_ins = [  # SPEC 4.2: one candidate stands for each (provider, model), its cheapest
        min((c for c in others if c.offer.pair == pair), key=lambda c: (c.price, *_better_first(c)))
        for pair in {c.offer.pair for c in others}
    ]
    if direction == "none":
        steps = []
    elif direction == "cheaper":
        at_most = [c for c in stand_ins if c.price <= primary.price]
        steps = sorted(at_most, key=lambda c: (-c.price, *_better_first(c)))
    elif direction == "dearer":
        at_least = [c for c in stand_ins if c.price >= primary.price]
        steps = sorted(at_least, key=lambda c: (c.price, *_better_first(c)))
    else:
        steps = sorted(stand_ins, key=lambda c: (c.price, *_better_first(c)))
    if fallback.get("order", "price") == "expected" and across_all:
        steps = sorted(steps, key=lambda c: (*price_over_success(c), *_better_first(c)))
    return [primary, *steps[: fallback.get("max_steps", len(steps))]]


def _better_first(candidate: Candidate) -> tuple[bool, Fraction, int]:
    """Ties in a chain: higher quality first, none last; then catalog order."""
    quality = candidate.offer.quality
    return quality is None, -(quality or Fraction(0)), candidate.offer.position


def price_over_success(candidate: Candidate) -> tuple[bool, Fraction]:
    """SPEC 4.2 `order = "expected"`: expected price / success rate; one that always fails comes last."""
    f = candidate.offer.failure_rate
    if f == 1:
        return True, Fraction(0)
    billed_failures = f if candidate.offer.bills_failures == "yes" else 0
    return False, candidate.price * ((1 - f) + billed_failures) / (1 - f)


def availability(offer: Offer, outages: Raw) -> Fraction | None:
    """SPEC 4.3: scenario `provider/model`, else scenario `model`, else the catalog's, else unknown."""
    stated = outages.get("availability", {})
    for name in (f"{offer.provider}/{offer.model}", offer.model):
        if name in stated:
            return Fraction(stated[name])
    return offer.availability


def cost(steps: Sequence[Candidate], outages: Raw, fallback: Raw, takes: int = 1) -> Cost:
    """Expected cost, worst case and chance of not being served of one clip on a chain (SPEC 4.4)."""
    plain, causes = plain_steps(steps, outages, fallback)
    unserved_micro = int(micro(fallback.get("unserved_usd", 0)))
    if all(step.keep_rate == 1 for step in plain):
        return cost_by_enumeration(plain, causes, unserved_micro)
    return cost_with_takes(plain, causes, unserved_micro, takes)


def plain_steps(
    steps: Sequence[Candidate], outages: Raw, fallback: Raw
) -> tuple[tuple[Step, ...], tuple[tuple[str, Fraction], ...]]:
    """The steps of a chain as far as cost goes, and the availability of the providers that are causes of their own."""
    requested = fallback.get("billed", "actual") == "requested"
    plain = tuple(
        Step(
            c.offer.provider,
            availability(c.offer, outages),
            c.offer.failure_rate,
            c.offer.bills_failures,
            steps[0].price if requested else c.price,
            c.offer.keep_rate,
        )
        for c in steps
    )
    stated = outages.get("availability", {})
    return plain, tuple((p, Fraction(stated[p])) for p in sorted({step.provider for step in plain}) if p in stated)


@lru_cache(maxsize=200_000)
def cost_by_enumeration(steps: tuple[Step, ...], causes: tuple[tuple[str, Fraction], ...], unserved_micro: int) -> Cost:
    """The cost over every outcome: each shared cause up or down, each model up or down, each generation good or not.

    An outcome of probability 0 is left out, one of unknown probability is kept with the weight that the expectation
    gives it, so the worst case is the largest bill among all outcomes that are listed.
    """
    expected = unserved = worst = 0
    served_by = [0] * len(steps)
    events = [_up_or_down(a) for _, a in causes]
    events += [_up_or_down(step.availability) for step in steps]
    events += [_good_or_not(step.failure_rate) for step in steps]
    # Weights are integers over the product of all events' denominators, so that adding them up is exact and fast.
    denominators = [math.lcm(*(weight.denominator for _, weight in event)) for event in events]
    in_integers = [[(flag, int(w * d)) for flag, w in event] for event, d in zip(events, denominators, strict=True)]
    whole = math.prod(denominators)
    for outcome in itertools.product(*in_integers):
        weight = math.prod(weight for _, weight in outcome)
        flags = [flag for flag, _ in outcome]
        cause_up = dict(zip((name for name, _ in causes), flags, strict=False))
        model_up = flags[len(causes) : len(causes) + len(steps)]
        good = flags[len(causes) + len(steps) :]
        bill, worst_bill, winner = _what_happens(steps, cause_up, model_up, good)
        if winner is None:
            bill, worst_bill = bill + unserved_micro, worst_bill + unserved_micro
            unserved += weight
        else:
            served_by[winner] += weight
        expected += weight * bill
        worst = max(worst, worst_bill)
    return Cost(
        Fraction(expected, whole), worst, Fraction(unserved, whole), tuple(Fraction(w, whole) for w in served_by)
    )


@lru_cache(maxsize=200_000)
def cost_with_takes(
    steps: tuple[Step, ...], causes: tuple[tuple[str, Fraction], ...], unserved_micro: int, takes: int
) -> Cost:
    """The same with takes: in each state, take after take, each of them over every outcome of one take.

    A clip goes on only from a take that was made and not kept, in the same state. The last take is the one that is kept,
    that nothing makes (then the clip is unserved), or after which there are no more (then it is unkept).
    """
    expected = unserved = unkept = Fraction(0)
    worst = 0
    served_by = [Fraction(0)] * len(steps)
    for up, state_weight in _states_of_chain(steps, causes).items():
        one_take = _outcomes_of_a_take(steps, up)
        spent: dict[tuple[int, int], Fraction] = {(0, 0): Fraction(1)}  # so far (expectation, worst case), none kept
        for number in range(1, takes + 1):
            onward: dict[tuple[int, int], Fraction] = {}
            for (bills, worst_bills), so_far in spent.items():
                for (bill, worst_bill, winner), chance in one_take.items():
                    weight = so_far * chance
                    keeps = Fraction(1) if winner is None else steps[winner].keep_rate
                    ends = weight if number == takes else weight * keeps
                    extra = unserved_micro if winner is None else 0
                    if ends > 0:
                        worst = max(worst, worst_bills + worst_bill + extra)
                        expected += state_weight * ends * (bills + bill + extra)
                    if winner is None:
                        unserved += state_weight * ends
                    else:
                        served_by[winner] += state_weight * ends
                        unkept += state_weight * weight * (1 - keeps) * (number == takes)
                    if weight > ends:
                        key = bills + bill, worst_bills + worst_bill
                        onward[key] = onward.get(key, Fraction(0)) + weight - ends
            spent = onward
    return Cost(expected, worst, unserved, tuple(served_by), unkept)


def _states_of_chain(steps: Sequence[Step], causes: Sequence[tuple[str, Fraction]]) -> dict[tuple[bool, ...], Fraction]:
    """Which steps are up, with its weight: 0 for a state that only an unknown availability makes possible."""
    found: dict[tuple[bool, ...], Fraction] = {}
    events = [_up_or_down(a) for _, a in causes] + [_up_or_down(step.availability) for step in steps]
    for outcome in itertools.product(*events):
        cause_up = {name: flag for (name, _), (flag, _) in zip(causes, outcome, strict=False)}
        flags = [flag for flag, _ in outcome[len(causes) :]]
        up = tuple(flag and cause_up.get(step.provider, True) for step, flag in zip(steps, flags, strict=True))
        found[up] = found.get(up, Fraction(0)) + math.prod((weight for _, weight in outcome), start=Fraction(1))
    return found


def _outcomes_of_a_take(steps: Sequence[Step], up: Sequence[bool]) -> dict[tuple[int, int, int | None], Fraction]:
    """(bill in the expectation, bill in the worst case, which step made it) -> chance, of one take in a state."""
    found: dict[tuple[int, int, int | None], Fraction] = {}
    for outcome in itertools.product(*(_good_or_not(step.failure_rate) for step in steps)):
        happens = _what_happens(steps, {}, up, [flag for flag, _ in outcome])
        chance = math.prod((weight for _, weight in outcome), start=Fraction(1))
        found[happens] = found.get(happens, Fraction(0)) + chance
    return found


def _up_or_down(a: Fraction | None) -> list[tuple[bool, Fraction]]:
    """(is up, weight): unknown counts as 1 in the expectation and may be down in the worst case (SPEC 4.3)."""
    if a is None:
        return [(True, Fraction(1)), (False, Fraction(0))]
    return [event for event in ((True, a), (False, 1 - a)) if event[1] > 0]


def _good_or_not(f: Fraction) -> list[tuple[bool, Fraction]]:
    """(is good, weight) of a generation that was submitted."""
    return [event for event in ((True, 1 - f), (False, f)) if event[1] > 0]


def _what_happens(
    steps: Sequence[Step], cause_up: dict[str, bool], model_up: Sequence[bool], good: Sequence[bool]
) -> tuple[int, int, int | None]:
    """The bill in the expectation, the bill in the worst case, and which step served, in one outcome (SPEC 4.4)."""
    bill = worst_bill = 0
    for k, step in enumerate(steps):
        if not (cause_up.get(step.provider, True) and model_up[k]):
            continue  # down: skipped at no cost
        if good[k]:
            return bill + step.bill, worst_bill + step.bill, k
        if step.bills_failures == "yes":
            bill += step.bill
        if step.bills_failures in ("yes", "unknown"):
            worst_bill += step.bill
    return bill, worst_bill, None


# ---- limits (SPEC 4.5) -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Option:
    """One thing that can be done with one clip of a line: make it on a chain, or (`primary` None) leave it out."""

    primary: Candidate | None
    chain: tuple[Candidate, ...]
    cost: Cost
    value: Fraction

    @property
    def position(self) -> int | None:
        """Catalog position of the primary; None when left out."""
        return None if self.primary is None else self.primary.offer.position

    def key(self) -> tuple[Fraction, int, int, Fraction, int]:
        """SPEC 4.5: the objective, then the ties: fewer left out, lower worst case, higher quality, catalog order.

        An offer without a quality score adds 0 to the total quality.
        """
        if self.primary is None:
            return self.value, 1, 0, Fraction(0), 0
        offer = self.primary.offer
        return self.cost.expected, 0, self.cost.worst, -(offer.quality or Fraction(0)), offer.position


@dataclass(frozen=True, eq=False)
class Row:
    """A limit: the sum of `amount` over the clips that are made is at most `at_most`."""

    name: str
    amount: Callable[[Option, Candidate], Fraction]
    at_most: Fraction

    def holds(self, total: Fraction) -> bool:
        """Exactly; an expected cost is compared as it is reported, in whole micro-dollars (SPEC 2)."""
        return (round(total) if self.name == "budget_usd" else total) <= self.at_most


def limit_rows(limits: Raw) -> list[Row]:
    """Every limit as a row; a lower bound is an upper bound on the negative."""
    rows = []
    if "budget_usd" in limits:
        rows.append(Row("budget_usd", lambda option, _: option.cost.expected, micro(limits["budget_usd"])))
    if "worst_case_usd" in limits:
        rows.append(
            Row("worst_case_usd", lambda option, _: Fraction(option.cost.worst), micro(limits["worst_case_usd"]))
        )
    for index, cap in enumerate(limits.get("caps", [])):
        rows += [_cap_row(f"caps[{index}].{bound}", cap, bound) for bound in cap if bound != "where"]
    return rows


def _cap_row(name: str, cap: Raw, bound: str) -> Row:
    """SPEC 4.5 `caps`: they count primaries as planned; shares are of the served clips."""
    where, limit = cap.get("where", {}), Fraction(cap[bound])

    def inside(candidate: Candidate) -> int:
        return int(matches(candidate, where))

    rows = {
        "max_clips": Row(name, lambda _, c: Fraction(inside(c)), limit),
        "min_clips": Row(name, lambda _, c: Fraction(-inside(c)), -limit),
        "max_seconds": Row(name, lambda _, c: inside(c) * c.billed_seconds, limit),
        "max_usd": Row(name, lambda _, c: Fraction(inside(c) * c.price), limit * MICRO),
        "max_share": Row(name, lambda _, c: inside(c) - limit, Fraction(0)),
        "min_share": Row(name, lambda _, c: limit - inside(c), Fraction(0)),
    }
    return rows[bound]


def matches(candidate: Candidate, where: Raw) -> bool:
    """Whether a primary falls under a cap; `audio` is whether the offer makes sound, or the clip's treatment."""
    offer = candidate.offer
    facts = {"provider": offer.provider, "model": offer.model, "mode": offer.mode, "resolution": offer.resolution}
    for key, wanted in where.items():
        if key == "audio":
            fact: object = offer.sound if isinstance(wanted, bool) else candidate.treatment
        else:
            fact = facts[key]
        if fact != wanted:
            return False
    return True


# ---- the plan --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Problem:
    """A scenario worked out: for each clip line its count and all that can be done with one clip of it."""

    clips: list[Raw]
    options: list[list[Option]]
    rows: list[Row]

    def counts(self, line: int) -> int:
        """How many clips the line asks for."""
        count: int = self.clips[line].get("count", 1)
        return count


Counts = list[dict[int | None, int]]  # for each clip line: catalog position of the primary (None: left out) -> clips


@dataclass(frozen=True, eq=False)
class BestPlan:
    """The totals of a plan; money in micro-dollars. `counts` is one of the plans that reach them."""

    objective: Fraction
    left_out: int
    worst: int
    quality: Fraction
    position: int
    expected: Fraction
    nominal: int
    unserved: Fraction
    served: int
    counts: Counts

    @property
    def key(self) -> tuple[Fraction, int, int, Fraction, int]:
        """What is minimised, in order: the objective, then the ties."""
        return self.objective, self.left_out, self.worst, -self.quality, self.position


def problem(scenario: Raw, catalogs: Sequence[Raw], on: datetime.date) -> Problem:
    """Work out every clip line's candidates, chains and costs."""
    without_limits = {key: value for key, value in scenario.items() if key != "limits"}
    options = _options(Written.of((without_limits, list(catalogs), on)))
    return Problem(clips(scenario), [list(of_line) for of_line in options], limit_rows(scenario.get("limits", {})))


@lru_cache(maxsize=16)
def _options(written: Written) -> list[list[Option]]:
    """For each clip line all that can be done with one clip of it, which no limit changes."""
    scenario, catalogs, on = written.data
    every_offer = offers(catalogs)
    dubbing, fallback = scenario.get("dubbing", {}), scenario.get("fallback", {})
    outages = scenario.get("outages", {})
    options: list[list[Option]] = []
    for clip in clips(scenario):
        found, _ = candidates(clip, every_offer, dubbing, on)
        pool = found
        if fallback.get("accept", "qualified") == "degraded":
            pool, _ = candidates(clip, every_offer, dubbing, on, degraded=True)
        chains = [chain(primary, pool, fallback) for primary in found]
        takes = clip.get("max_takes", 1)
        costs = [cost(steps, outages, fallback, takes) for steps in chains]
        of_line = [Option(of[0], tuple(of), a_cost, Fraction(0)) for of, a_cost in zip(chains, costs, strict=True)]
        if "value_usd" in clip:  # SPEC 4.1: only a clip with a value may be left out
            nothing = Cost(Fraction(0), 0, Fraction(0), ())
            of_line.append(Option(None, (), nothing, micro(clip["value_usd"])))
        options.append(of_line)
    return options


def unservable(scenario: Raw, catalogs: Sequence[Raw], on: datetime.date) -> list[str]:
    """Ids of the clip lines that no offer can serve, with a value or without."""
    worked_out = problem(scenario, catalogs, on)
    lines = zip(worked_out.clips, worked_out.options, strict=True)
    return [clip["id"] for clip, options in lines if all(option.primary is None for option in options)]


def evaluate(worked_out: Problem, counts: Counts) -> BestPlan:
    """The totals of a plan, feasible or not."""
    made = list(_made(worked_out, counts))
    keys = [(option.key(), n) for option, n in made]
    objective, left_out, worst, minus_quality, position = (sum(key[i] * n for key, n in keys) for i in range(5))
    return BestPlan(
        objective=Fraction(objective),
        left_out=int(left_out),
        worst=int(worst),
        quality=-Fraction(minus_quality),
        position=int(position),
        expected=sum((option.cost.expected * n for option, n in made), Fraction(0)),
        nominal=sum(option.primary.price * n for option, n in made if option.primary is not None),
        unserved=sum((option.cost.unserved * n for option, n in made), Fraction(0)),
        served=sum(n for option, n in made if option.primary is not None),
        counts=counts,
    )


def broken_limits(worked_out: Problem, counts: Counts) -> list[str]:
    """Names of the limits that a plan does not keep, by exact arithmetic."""
    made = [(option, option.primary, n) for option, n in _made(worked_out, counts)]
    totals = [
        sum((row.amount(option, primary) * n for option, primary, n in made if primary is not None), Fraction(0))
        for row in worked_out.rows
    ]
    return [row.name for row, total in zip(worked_out.rows, totals, strict=True) if not row.holds(total)]


def _made(worked_out: Problem, counts: Counts) -> Iterator[tuple[Option, int]]:
    for options, split in zip(worked_out.options, counts, strict=True):
        by_position = {option.position: option for option in options}
        yield from ((by_position[position], n) for position, n in split.items())


def best_plan_by_full_enumeration(worked_out: Problem) -> BestPlan | None:
    """Every integer split of every clip line over its options, tried one by one: the definition, for tiny scenarios."""
    splits = [
        list(itertools.combinations_with_replacement([option.position for option in options], worked_out.counts(line)))
        for line, options in enumerate(worked_out.options)
    ]
    best: BestPlan | None = None
    for picks in itertools.product(*splits):
        counts = [_split(pick) for pick in picks]
        if not broken_limits(worked_out, counts):
            plan = evaluate(worked_out, counts)
            best = plan if best is None or plan.key < best.key else best
    return best


def _split(picks: Iterable[int | None]) -> dict[int | None, int]:
    split: dict[int | None, int] = {}
    for pick in picks:
        split[pick] = split.get(pick, 0) + 1
    return split


def best_plan(scenario: Raw, catalogs: Sequence[Raw], on: datetime.date) -> BestPlan | None:
    """The best plan of a scenario, or None if there is none."""
    return best_plan_of(problem(scenario, catalogs, on))


def best_plan_of(worked_out: Problem) -> BestPlan | None:
    """The best plan: all plans are built clip by clip, dropping partial plans that another one makes useless.

    A partial plan has a vector: its key (objective and ties), then its total in each limit row. All of them add up
    over clips, so if one partial plan over the same clips has no larger key and no larger row total than another,
    whatever completes the other completes the one at least as well, and the other is dropped. So is a partial plan
    that breaks a row even if every clip still to come adds the least it can. Nothing else is dropped.
    """
    vectors, scales = _integer_vectors(worked_out)
    units = [line for line in range(len(vectors)) for _ in range(worked_out.counts(line))]
    width = len(scales)
    floor = [[min((v[i] for v in line), default=0) for i in range(KEY, width)] for line in vectors]
    to_come = [sum(floor[line][i] for line in units) for i in range(width - KEY)]
    states: dict[tuple[int, ...], tuple[int, ...]] = {(0,) * width: ()}
    for line in units:
        to_come = [total - least for total, least in zip(to_come, floor[line], strict=True)]
        useful = _undominated({vector: (index,) for index, vector in reversed(list(enumerate(vectors[line])))})
        following: dict[tuple[int, ...], tuple[int, ...]] = {}
        for state, picks in states.items():
            for vector, pick in useful.items():
                total = tuple(map(int.__add__, state, vector))
                if total not in following and _can_still_hold(worked_out.rows, total, to_come, scales):
                    following[total] = picks + pick
        states = _undominated(following)
    if not states:
        return None
    picks = states[min(states)]
    chosen: list[list[int | None]] = [[] for _ in vectors]
    for line, index in zip(units, picks, strict=True):
        chosen[line].append(worked_out.options[line][index].position)
    return evaluate(worked_out, [_split(line) for line in chosen])


def _integer_vectors(worked_out: Problem) -> tuple[list[list[tuple[int, ...]]], list[int]]:
    """Key and row amounts of every option, each column multiplied by its common denominator: exact, and fast to add."""
    exact = [
        [
            (*(Fraction(part) for part in option.key()), *(_amount(row, option) for row in worked_out.rows))
            for option in options
        ]
        for options in worked_out.options
    ]
    width = KEY + len(worked_out.rows)
    scales = [math.lcm(*(v[i].denominator for line in exact for v in line)) for i in range(width)]
    return [[tuple(int(x * s) for x, s in zip(v, scales, strict=True)) for v in line] for line in exact], scales


def _amount(row: Row, option: Option) -> Fraction:
    return Fraction(0) if option.primary is None else row.amount(option, option.primary)


def _can_still_hold(rows: Sequence[Row], total: Sequence[int], to_come: Sequence[int], scales: Sequence[int]) -> bool:
    """Whether every row would hold if all clips to come added their least."""
    least = zip(rows, total[KEY:], to_come, scales[KEY:], strict=True)
    return all(row.holds(Fraction(now + later, scale)) for row, now, later, scale in least)


def _undominated(states: dict[tuple[int, ...], tuple[int, ...]]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """The states that no other one equals or betters in key and in every row."""
    kept: dict[tuple[int, ...], tuple[int, ...]] = {}
    for vector in sorted(states):  # by key first, so whatever is kept already has no larger key
        if not any(all(map(int.__le__, other[KEY:], vector[KEY:])) for other in kept):
            kept[vector] = states[vector]
    return kept
