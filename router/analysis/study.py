"""One scenario solved again and again with some values set anew; what such a change leaves alone is worked out once.

A plan is known by its *ways*: how many clips of each class are made how.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from router.assembly.savings import Terms
from router.assembly.totals import Sums, made, sums
from router.errors import NoPlanError
from router.known import Common, same_ways
from router.loading.overrides import Override, overridden
from router.loading.scenario_file import resolved_catalogs
from router.market import open_market, repriced
from router.optimization.solve import solve
from router.pipeline import Modelled, modelled
from router.schema.candidate import Candidate, Chain, Choices
from router.schema.directions import Primary
from router.schema.scenario import Scenario
from router.units import from_micro


class Way(NamedTuple):
    """How a clip is made, but for its lengths: which of several are the cheapest may depend on the last micro-dollar."""

    provider: str
    model: str
    mode: str
    region: str | None
    resolution: str | None
    reference: str | None
    audio: str
    degraded: tuple[str, ...]

    @classmethod
    def of(cls, candidate: Candidate) -> Way:
        """That of a candidate."""
        offer = candidate.offer
        sold = offer.provider, offer.model, offer.mode, offer.region
        made = *sold, offer.resolution, offer.reference, candidate.audio
        return cls(*made, candidate.degraded)

    def named(self, mode: str) -> str:
        """As a table shows it, for a clip that asks for this mode."""
        sound = {"native": "with audio", "deferred": "dubbed"}.get(self.audio, "")
        other = self.mode if self.mode != mode else ""
        place = f"in {self.region}" if self.region else ""
        short = "shortened" if "seconds" in self.degraded else ""
        return " ".join(filter(None, (f"{self.provider}/{self.model}", self.resolution, sound, other, place, short)))


Made = tuple[tuple[tuple[int, ...], tuple[tuple[Way, int], ...]], ...]
"""For each class the positions of its clips, and how many of them are made in which way."""


class Answer:
    """The best plan of one variant of a scenario, as far as its ways and sums; or why there is none."""

    def __init__(self, found: Modelled | None, counts: Sequence[Sequence[int]], *, why: str = "") -> None:
        self.found, self.why = found, why
        self.counts = counts
        self.bought = counts[len(found.choices) :] if found else ()
        """How many of each pack."""

    @property
    def made(self) -> bool:
        """Whether there is a plan."""
        return self.found is not None

    @cached_property
    def ways(self) -> Made | None:
        """What tells this plan from others."""
        if self.found is None:
            return None
        return tuple(
            (
                tuple(position for position, _ in own.clip_class.clips),
                tuple((Way.of(own.candidates[o]), n) for o, n in enumerate(row[: len(own.candidates)]) if n),
            )
            for own, row in zip(self.found.choices, self.counts, strict=False)
        )

    @property
    def by_name(self) -> list[Counter[str]]:
        """For each class how many of it are made how, in a few words, or left out."""
        found = []
        for own, (_, ways) in zip(self._choices, self.ways or (), strict=True):
            counts: Counter[str] = Counter()
            for way, n in ways:
                counts[way.named(own.clip_class.need.mode)] += n
            counts["left out"] = own.clip_class.count - counts.total()
            found.append(counts)
        return found

    @cached_property
    def sums(self) -> Sums:
        """What the plan adds up to; there must be one."""
        scenario = self._scenario
        return sums(self._choices, self._rows, Terms.of(scenario, self.bought))

    @property
    def expected_usd(self) -> Decimal:
        """Mean cost, as a plan states it."""
        return from_micro(self.sums.expected - self.sums.saving)

    @property
    def objective_usd(self) -> Decimal:
        """Mean cost, with what clips that are left out or degraded count."""
        return from_micro(round(self.sums.expected - self.sums.saving) + self.sums.lost + self.sums.penalty)

    @property
    def primaries(self) -> tuple[Primary, ...]:
        """Who makes the finished clips as planned, most clips first."""
        clips: Counter[tuple[str, str]] = Counter()
        for own, candidate, _, count in made(self._choices, self._rows):
            if own.clip_class.draft_of is None:
                clips[candidate.offer.provider, candidate.offer.model] += count
        ranked = sorted(clips.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Primary(provider=provider, model=model, clips=count) for (provider, model), count in ranked)

    @property
    def certain(self) -> bool:
        """Whether every way costs its price on average, whoever would catch it."""
        return all(
            chain.expected == candidate.price
            for own in self._choices
            for candidate, chain in zip(own.candidates, own.chains, strict=True)
        )

    @cached_property
    def chains(self) -> tuple[tuple[object, ...], ...]:
        """Who catches whom: within a range over which this is the same, costs of chains are as linear as prices are."""
        return tuple(_caught(chain) for own in self._choices for chain in own.chains)

    @cached_property
    def used_chains(self) -> tuple[tuple[object, ...], ...]:
        """The same of the ways that are used."""
        rows = zip(self._choices, self.counts, strict=False)
        return tuple(_caught(chain) for own, row in rows for chain, n in zip(own.chains, row, strict=False) if n)

    @cached_property
    def used_bills(self) -> tuple[tuple[object, ...], ...]:
        """What is billed for a clip in each of the ways that are used, whatever the prices: seconds, and generations where these count."""
        return tuple(_billed(candidate) for _, candidate, _, _ in made(self._choices, self._rows))

    @cached_property
    def clips(self) -> Counter[int]:
        """How many clips and drafts each offer makes, by its position in the catalogs."""
        counts: Counter[int] = Counter()
        for _, candidate, _, count in made(self._choices, self._rows):
            counts[candidate.offer.order] += count
        return counts

    @property
    def tried(self) -> set[int]:
        """The offers that make a clip with some probability, by their position in the catalogs."""
        parts = made(self._choices, self._rows)
        chains = (zip(chain.steps, chain.served, strict=True) for _, _, chain, _ in parts)
        return {step.candidate.offer.order for own in chains for step, chance in own if chance} | {*self.clips}

    @property
    def irreplaceable(self) -> set[int]:
        """The offers that are all there is for some clip that must be made, by their position in the catalogs."""
        parts = made(self._choices, self._rows)
        lists = ((own, {candidate.offer.order for candidate in own.candidates}) for own, *_ in parts)
        return {order for own, orders in lists if len(orders) == 1 and self._needed(own) for order in orders}

    def _needed(self, own: Choices) -> bool:
        final = own.clip_class.draft_of
        return (own if final is None else self._choices[final]).clip_class.need.value_usd is None

    def with_ways(self, ways: Made) -> Answer | None:
        """Another plan with the values of this one; None where something in it cannot be made any more."""
        counts = []
        for own, (_, wanted) in zip(self._choices, ways, strict=True):
            at = {Way.of(candidate): o for o, candidate in enumerate(own.candidates)}
            if any(way not in at for way, _ in wanted):
                return None
            row = [0] * len(own.candidates)
            for way, n in wanted:
                row[at[way]] += n
            counts.append(tuple(row))
        return Answer(self.found, (*counts, *self.bought))

    @property
    def _choices(self) -> tuple[Choices, ...]:
        assert self.found is not None
        return self.found.choices

    @property
    def _rows(self) -> Sequence[Sequence[int]]:
        """The counts of the classes of clips, without those of packs."""
        return self.counts[: len(self._choices)]

    @property
    def _scenario(self) -> Scenario:
        assert self.found is not None
        return self.found.market.scenario


def _billed(candidate: Candidate) -> tuple[object, ...]:
    offer, generation = candidate.offer, candidate.generation
    if offer.fixed_prices is not None:
        return generation.segments
    return generation.billed_seconds, len(generation.segments) if offer.price_per_generation else None


def _caught(chain: Chain) -> tuple[object, ...]:
    return tuple((step.candidate.offer.order, step.candidate.generation.segments) for step in chain.steps)


class Study:
    """A scenario whose values are set anew, again and again.

    Parameters
    ----------
    on
        The day that prices and dates of sale are judged on; today if absent.
    """

    def __init__(self, scenario: Scenario, on: dt.date | None = None) -> None:
        source = scenario._source
        # Catalogs that are files are read once.
        self.scenario = scenario.model_copy(update={"catalogs": resolved_catalogs(scenario)})
        self.scenario._source = source
        self.on = on or dt.datetime.now(dt.UTC).date()
        self._like: Modelled | None = None
        self.solved = 0
        """How many plans were worked out."""

    def admits(self, overrides: Iterable[str | Override]) -> None:
        """Raise InputError if a path leads nowhere, or a value is not allowed there."""
        overridden(self.scenario, overrides)

    def answer(self, overrides: Iterable[str | Override] = ()) -> Answer:
        """The best plan with these values.

        Raises
        ------
        router.errors.InputError
            If a path leads nowhere, or a value is not allowed there.
        """
        return self.best(overridden(self.scenario, overrides))

    def best(self, changed: Scenario) -> Answer:
        """The best plan of this scenario with something changed in it."""
        self.solved += 1
        try:
            found = modelled(changed, self.on, self._like)
        except NoPlanError as error:
            return Answer(None, (), why=str(error).partition("\n")[0])
        self._like = self._like or found
        solution = solve(found.problem)
        if solution is None:
            return Answer(None, (), why="no plan keeps all limits")
        return Answer(found, solution.counts)

    def held(self, answer: Answer, overrides: Iterable[str | Override], *, caught_alike: bool = True) -> Answer | None:
        """The same plan with other values; nothing is solved. None where a clip is not made the same way then.

        Parameters
        ----------
        caught_alike
            None also where it is caught in another way, and that matters on average.
        """
        return self.again(answer, overridden(self.scenario, overrides), caught_alike=caught_alike)

    def again(self, answer: Answer, changed: Scenario, *, caught_alike: bool = True) -> Answer | None:
        """The same plan in this scenario with something changed in it, as `held`."""
        assert answer.found is not None
        market = open_market(changed, self.on, answer.found.market)
        if same_ways(answer.found.market, market):
            again = replace(answer.found.market, scenario=market.scenario)
            return Answer(answer.found._replace(market=again), answer.counts)
        if changed.objective.degrade:
            return None
        choices, counts, common = [], [], Common.of(answer.found.market, market)
        for own, row in zip(answer.found.choices, answer.counts, strict=False):
            used = [o for o, n in enumerate(row[: len(own.candidates)]) if n]
            now = repriced(own, market, used, common.known(own), caught_alike=caught_alike)
            if now is None:
                return None
            choices.append(now)
            counts.append(tuple(row[o] for o in used))
        held = Answer(answer.found._replace(market=market, choices=tuple(choices)), (*counts, *answer.bought))
        held.ways = answer.ways
        return held
