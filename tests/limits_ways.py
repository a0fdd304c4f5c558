"""All ways to make one clip and one draft: as required, below the requirements, not at all; by brute force.

`oracles` says what a clip can be made with and what that costs; `limits_oracle` finds the best plan. Nothing of the program
is used. Money is micro-dollars, and every number is exact. "Rule" is a decision where the contract leaves a choice.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests import oracles

Raw = dict[str, Any]
NO_COST = oracles.Cost(Fraction(0), 0, Fraction(0), ())


# ---- what can be done with one clip ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Way:
    """One thing that can be done with one clip of a line, or with one draft of it."""

    line: int
    option: oracles.Option
    """Its primary, chain and cost; the primary is None where the clip is left out."""
    draft: bool
    degraded: tuple[str, ...]
    """Which of `resolution`, `audio` and `seconds` is lowered."""
    seconds: Fraction
    """Length of the finished clip."""
    penalty: Fraction
    takes: int
    """How many generations it may need, one after the other."""
    spend: dict[str, Fraction]
    """Expected list price billed by each provider that has packs or tiers."""

    @property
    def primary(self) -> oracles.Candidate | None:
        """What makes it; None where it is left out."""
        return self.option.primary

    def minutes(self) -> Fraction:
        """How long its generations take, one after the other, if every take is needed."""
        assert self.primary is not None
        return sum(self.primary.segments, Fraction(0)) * self._minutes_per_second()

    def longest(self) -> Fraction:
        """How long its longest generation takes; the takes of a generation follow one another."""
        assert self.primary is not None
        return max(self.primary.segments) * self._minutes_per_second()

    def _minutes_per_second(self) -> Fraction:
        assert self.primary is not None
        speed = self.primary.offer.generation_seconds_per_second
        assert speed is not None
        return speed * self.takes / 60


Picks = tuple[tuple[Way, int], ...]  # how many clips or drafts go each way


@dataclass(frozen=True, eq=False)
class LimitProblem:
    """A scenario worked out: for each clip line all ways to make one clip of it, and one draft."""

    scenario: Raw
    clips: list[Raw]
    finals: list[list[Way]]
    drafts: list[list[Way]]

    @property
    def limits(self) -> Raw:
        """The scenario's limits."""
        found: Raw = self.scenario.get("limits", {})
        return found

    @cached_property
    def rows(self) -> list[oracles.Row]:
        """The bounds of caps."""
        return oracles.limit_rows({"caps": self.limits.get("caps", [])})

    @cached_property
    def rebated(self) -> list[str]:
        """Providers that have packs or tiers."""
        return rebated(self.scenario)

    def splits(self, line: int) -> Iterator[Picks]:
        """Every way to make the clips of a line, with the drafts of those that are made."""
        of_line, per_clip = self.clips[line].get("count", 1), drafts_per_clip(self.clips[line])
        for ways in itertools.combinations_with_replacement(self.finals[line], of_line):
            made = sum(way.primary is not None for way in ways)
            for drafts in itertools.combinations_with_replacement(self.drafts[line], made * per_clip):
                yield _counted((*ways, *drafts))

    def number_of_splits(self, line: int) -> int:
        """How many these are, where no clip is left out; else no fewer than there are."""
        of_line, finals, drafts = self.clips[line].get("count", 1), len(self.finals[line]), len(self.drafts[line])
        per_clip = drafts_per_clip(self.clips[line])
        of_drafts = math.comb(of_line * per_clip + drafts - 1, drafts - 1) if drafts else int(not per_clip)
        return math.comb(of_line + finals - 1, finals - 1) * of_drafts if finals else 0


def drafts_per_clip(clip: Raw) -> int:
    """How many drafts go before each clip of a line."""
    count: int = clip.get("drafts", {}).get("count", 0)
    return count


def rebated(scenario: Raw) -> list[str]:
    """Providers that have packs or tiers."""
    return sorted({entry["provider"] for key in ("packs", "tiers") for entry in scenario.get(key, [])})


def _counted(ways: Sequence[Way]) -> Picks:
    """Equal ways follow one another."""
    return tuple((way, sum(1 for _ in same)) for way, same in itertools.groupby(ways))


def problem(scenario: Raw, catalogs: Sequence[Raw], on: datetime.date) -> LimitProblem:
    """Work out every clip line."""
    maker = WayMaker(scenario, oracles.offers(catalogs), on)
    lines = oracles.clips(scenario)
    finals = [maker.finals(line, clip) for line, clip in enumerate(lines)]
    drafts = [maker.drafts(line, clip) for line, clip in enumerate(lines)]
    return limited(LimitProblem(scenario, lines, finals, drafts), scenario.get("limits", {}))


def limited(worked_out: LimitProblem, limits: Raw) -> LimitProblem:
    """The same under limits, of those ways that may be primaries; `worked_out` has none yet, or the same."""
    finals = [[way for way in ways if may_be_primary(way, limits)] for ways in worked_out.finals]
    drafts = [[way for way in ways if may_be_primary(way, limits)] for ways in worked_out.drafts]
    return LimitProblem({**worked_out.scenario, "limits": limits}, worked_out.clips, finals, drafts)


def may_be_primary(way: Way, limits: Raw) -> bool:
    """An offer must state what a limit needs to know of primaries, and be fast enough for the deadline by itself.

    Rule: quality is asked of final clips only, since drafts do not count in the mean.
    """
    if way.primary is None:
        return True
    offer = way.primary.offer
    if "mean_quality_min" in limits and not way.draft and offer.quality is None:
        return False
    if "deadline_minutes" not in limits:
        return True
    timed = offer.generation_seconds_per_second is not None and offer.concurrency is not None
    return timed and way.longest() <= Fraction(limits["deadline_minutes"])


@dataclass(frozen=True, eq=False)
class WayMaker:
    """Lists the ways to make a clip."""

    scenario: Raw
    offers: list[oracles.Offer]
    on: datetime.date

    def finals(self, line: int, clip: Raw) -> list[Way]:
        """As required, below the requirements, and (with a value) not at all."""
        ways = self._ways(line, clip)
        if self.scenario.get("objective", {}).get("degrade", False):
            ways += self._degraded(line, clip)
        if "value_usd" in clip:
            left_out = oracles.Option(None, (), NO_COST, oracles.micro(clip["value_usd"]))
            ways.append(Way(line, left_out, False, (), Fraction(clip["seconds"]), Fraction(0), 1, {}))
        return ways

    def drafts(self, line: int, clip: Raw) -> list[Way]:
        """Drafts keep what says what the clip is and who may make it, not what makes the final one good."""
        if not drafts_per_clip(clip):
            return []
        kept = (
            "seconds", "mode", "accept_image_prompt", "max_surplus_seconds", "max_segments", "reference",
            "models", "not_models", "providers", "not_providers",
        )  # fmt: skip
        stated = {key: value for key, value in clip["drafts"].items() if key != "count"}
        return self._ways(line, {key: clip[key] for key in kept if key in clip} | stated, draft=True)

    def _ways(
        self, line: int, clip: Raw, degraded: tuple[str, ...] = (), penalty: Fraction = Fraction(0), draft: bool = False
    ) -> list[Way]:
        fallback, outages = self.scenario.get("fallback", {}), self.scenario.get("outages", {})
        dubbing, takes = self.scenario.get("dubbing", {}), clip.get("max_takes", 1)
        found, _ = oracles.candidates(clip, self.offers, dubbing, self.on)
        pool = found
        if fallback.get("accept", "qualified") == "degraded":
            pool, _ = oracles.candidates(clip, self.offers, dubbing, self.on, degraded=True)
        ways = []
        for primary in found:
            steps = oracles.chain(primary, pool, fallback)
            option = oracles.Option(primary, tuple(steps), oracles.cost(steps, outages, fallback, takes), Fraction(0))
            spend = {name: self._spend(steps, name, takes) for name in rebated(self.scenario)}
            in_a_row = takes if primary.offer.keep_rate < 1 else 1
            ways.append(Way(line, option, draft, degraded, Fraction(clip["seconds"]), penalty, in_a_row, spend))
        return ways

    def _spend(self, steps: Sequence[oracles.Candidate], provider: str, takes: int) -> Fraction:
        """Expected list price that a provider's models bill: no dubbing, nothing for being unserved.

        An expectation is linear in the bills, so it is the cost of a chain on which nobody else bills anything.
        """
        fallback = self.scenario.get("fallback", {})
        plain, causes = oracles.plain_steps(steps, self.scenario.get("outages", {}), fallback)
        requested = fallback.get("billed", "actual") == "requested"
        own = tuple(
            step._replace(bill=generations_price(steps[0] if requested else c) if step.provider == provider else 0)
            for step, c in zip(plain, steps, strict=True)
        )
        if all(step.bill == 0 for step in own):
            return Fraction(0)
        if all(step.keep_rate == 1 for step in own):
            return oracles.cost_by_enumeration(own, causes, 0).expected
        return oracles.cost_with_takes(own, causes, 0, takes).expected

    def _degraded(self, line: int, clip: Raw) -> list[Way]:
        """Every set of lowered requirements that has a penalty, and every candidate that misses exactly these."""
        objective = self.scenario["objective"]
        penalties = {name: oracles.micro(usd) for name, usd in objective.get("penalty_usd", {}).items()}
        resolutions = (False, True) if "resolution" in penalties and "resolution" in clip else (False,)
        sounds = (False, True) if "audio" in penalties and clip.get("audio", "none") == "native" else (False,)
        asked, least = Fraction(clip["seconds"]), Fraction(objective.get("shorten_to", oracles.HALF))
        shorter = {length for offer in self.offers for length in shorter_lengths(offer, asked, least)}
        lengths = [asked, *sorted(shorter)] if "seconds" in penalties else [asked]
        ways = []
        for lower_resolution, lower_sound, seconds in itertools.product(resolutions, sounds, lengths):
            lowered = {"resolution": lower_resolution, "audio": lower_sound, "seconds": seconds < asked}
            what = tuple(name for name, is_lowered in lowered.items() if is_lowered)
            easier = {key: value for key, value in clip.items() if not (lower_resolution and key == "resolution")}
            easier |= {"seconds": seconds} | ({"audio": "deferred"} if lower_sound else {})
            penalty = sum((penalties[name] for name in what if name != "seconds"), Fraction(0))
            penalty += penalties.get("seconds", Fraction(0)) * (asked - seconds)
            for way in self._ways(line, easier, what, penalty) if what else []:
                assert way.primary is not None
                if _misses(way.primary, clip, what) and self._has_length(way, asked, least):
                    ways.append(way)
        return ways

    def _has_length(self, way: Way, asked: Fraction, least: Fraction) -> bool:
        """Rule: an offer shortens a clip only to lengths of its own."""
        assert way.primary is not None
        return way.seconds == asked or way.seconds in shorter_lengths(way.primary.offer, asked, least)


def _misses(candidate: oracles.Candidate, clip: Raw, what: tuple[str, ...]) -> bool:
    """Whether a candidate misses each of these requirements; silence always misses native sound."""
    resolution, ladder = candidate.offer.resolution, oracles.LADDER
    if "resolution" in what and resolution and ladder.index(resolution) >= ladder.index(clip["resolution"]):
        return False
    return "seconds" not in what or sum(candidate.segments) < Fraction(clip["seconds"])


def shorter_lengths(offer: oracles.Offer, asked: Fraction, least: Fraction) -> list[Fraction]:
    """The lengths that a clip may be shortened to with an offer: those of one generation; the shortest where any is possible."""
    if offer.lengths is None:
        shortest = max(offer.shortest, least * asked)
        return [shortest] if shortest < asked and shortest <= offer.longest else []
    return [length for length in offer.lengths if least * asked <= length < asked]


def generations_price(candidate: oracles.Candidate) -> int:
    """List price of the generations, without dubbing."""
    return sum(oracles.generation_price(candidate.offer, length) for length in candidate.segments)
