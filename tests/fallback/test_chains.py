"""Fallback chains and what they cost: SPEC 4.2 to 4.4."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.fallback.chains import chain, stand_ins
from router.fallback.outages import Availability
from router.schema.candidate import Chain, Step
from router.schema.catalog import Catalog
from router.schema.scenario import Fallback, Outages
from tests.builders import Raw, catalog, model, names, planned, ways

CLIP: Raw = {"seconds": 10}


def priced(name: str, per_second: str, provider: str = "p", **fields: Any) -> Raw:
    return model(name, [{"audio": False, "price_per_second": per_second}], provider=provider, **fields)


FOUR = catalog(priced("b", "0.20"), priced("a", "0.10"), priced("c", "0.30"), priced("far", "0.05", provider="q"))


def chain_behind(primary: str, *catalogs: Catalog, stated: dict[str, str] | None = None, **rule: Any) -> Chain:
    candidates = ways(CLIP, *(catalogs or (FOUR,)))
    first = next(c for c in candidates if c.offer.model == primary)
    outages = Outages(availability={name: Decimal(value) for name, value in (stated or {}).items()})
    return chain(first, stand_ins(candidates), Fallback(**rule), Availability(outages))


def test_any_other_model_of_the_provider_catches_cheapest_first() -> None:
    assert names(chain_behind("b")) == ["b", "a", "c"]


def test_cheaper_catches_from_the_dearest_down_and_dearer_from_the_cheapest_up() -> None:
    assert names(chain_behind("c", direction="cheaper")) == ["c", "b", "a"]
    assert names(chain_behind("a", direction="cheaper")) == ["a"]
    assert names(chain_behind("a", direction="dearer")) == ["a", "b", "c"]


def test_equal_prices_catch_in_both_directions() -> None:
    twins = catalog(priced("a", "0.10"), priced("b", "0.10"))
    assert (
        names(chain_behind("b", twins, direction="cheaper"))
        == names(chain_behind("b", twins, direction="dearer"))
        == ["b", "a"]
    )


def test_none_catches_nothing_and_max_steps_cuts_the_chain() -> None:
    assert names(chain_behind("b", direction="none")) == ["b"]
    assert names(chain_behind("b", max_steps=0)) == ["b"]
    assert names(chain_behind("b", max_steps=1)) == ["b", "a"]


def test_other_providers_catch_only_across_all() -> None:
    assert names(chain_behind("b", across="all")) == ["b", "far", "a", "c"]


def test_the_same_model_at_another_provider_is_another_step() -> None:
    two = catalog(priced("a", "0.10"), priced("a", "0.12", provider="q"))
    found = chain_behind("a", two, across="all")
    assert [step.candidate.offer.provider for step in found.steps] == ["p", "q"]


def test_one_candidate_stands_for_a_model_its_cheapest() -> None:
    offers = [{"audio": True, "price_per_second": "0.40"}, {"audio": False, "price_per_second": "0.25"}]
    two = catalog(priced("a", "0.10"), model("b", offers))
    assert [step.candidate.price for step in chain_behind("a", two).steps] == [1_000_000, 2_500_000]


def test_ties_prefer_quality_then_catalog_order() -> None:
    score = {"quality_source": "q"}
    tied = catalog(
        priced("first", "0.10"),
        priced("low", "0.20"),
        priced("good", "0.20", quality=2, **score),
        priced("next", "0.20"),
    )
    assert names(chain_behind("first", tied)) == ["first", "good", "low", "next"]


def test_a_fallback_bills_its_own_price_or_the_one_requested() -> None:
    assert [step.attempt.billed for step in chain_behind("b").steps] == [2_000_000, 1_000_000, 3_000_000]
    assert [step.attempt.billed for step in chain_behind("b", billed="requested").steps] == [2_000_000] * 3
    assert chain_behind("b", billed="requested").worst == 2_000_000


def test_the_contract_s_own_example() -> None:
    # SPEC 4.4: price 1.25 on kling-o3, expected 1.25, worst 1.50 on kling-3.0; with no fallback all three are 1.25.
    clip = {"seconds": 10, "resolution": "1080p", "audio": "native"}
    route = planned([clip]).routes[0]
    assert (route.model, route.price_usd, route.expected_usd, route.worst_usd) == (
        "kling-o3",
        Decimal("1.25"),
        Decimal("1.25"),
        Decimal("1.5"),
    )
    alone = planned([clip], fallback={"direction": "none"}).routes[0]
    assert alone.price_usd == alone.expected_usd == alone.worst_usd == Decimal("1.25")


def test_expected_cost_of_a_chain_with_known_availability() -> None:
    # 0.9 x 1.00 + 0.1 x 0.8 x 2.00 + 0.1 x 0.2 x 0.5 (unserved) = 0.90 + 0.16 + 0.01
    two = catalog(priced("a", "0.10"), priced("b", "0.20"))
    found = chain_behind("a", two, stated={"a": "0.9", "p/b": "0.8"}, unserved_usd=Decimal("0.5"))
    assert found.expected == pytest.approx(1_070_000, rel=1e-12)
    assert found.served == pytest.approx((0.9, 0.08))
    assert found.unserved == pytest.approx(0.02)
    assert found.worst == 2_000_000


@pytest.mark.parametrize(
    ("bills", "expected", "worst"),
    # f = 0.25 on a ($1), b ($2) always works.
    [
        ("yes", 1_000_000 * (0.75 + 0.25) + 0.25 * 2_000_000, 3_000_000),
        ("no", 1_000_000 * 0.75 + 0.25 * 2_000_000, 2_000_000),
        ("unknown", 1_000_000 * 0.75 + 0.25 * 2_000_000, 3_000_000),
    ],
)
def test_failures_are_billed_or_not(bills: str, expected: float, worst: int) -> None:
    two = catalog(priced("a", "0.10", failure_rate="0.25", bills_failures=bills), priced("b", "0.20"))
    found = chain_behind("a", two)
    assert (found.expected, found.worst) == (pytest.approx(expected, rel=1e-12), worst)


def test_unserved_cost_may_be_the_worst_case() -> None:
    found = chain_behind("a", catalog(priced("a", "0.10")), unserved_usd=Decimal(9))
    assert (found.worst, found.expected, found.unserved) == (9_000_000, 1_000_000, 0)


def test_a_model_that_is_never_down_ends_the_worst_case() -> None:
    two = catalog(priced("a", "0.10"), priced("b", "0.20"))
    assert chain_behind("a", two, stated={"a": "1"}).worst == 1_000_000
    assert chain_behind("a", two, stated={"a": "0"}).worst == 2_000_000
    assert chain_behind("a", two, stated={"a": "0", "b": "1"}, unserved_usd=Decimal(9)).worst == 2_000_000


def test_a_provider_that_goes_down_takes_all_its_models_with_it() -> None:
    # With probability 0.1 neither a nor b of p works, and q's far catches: 0.9 x 1.00 + 0.1 x 3.00 = 1.20.
    # Were a and b independent at 0.9 each, b would catch 0.09 of the clips and far only 0.01.
    shared = catalog(priced("a", "0.10"), priced("b", "0.20"), priced("far", "0.30", provider="q"))
    found = chain_behind("a", shared, stated={"p": "0.9", "a": "1", "b": "1"}, across="all")
    assert found.expected == pytest.approx(1_200_000, rel=1e-12)
    assert found.served == pytest.approx((0.9, 0, 0.1))
    assert found.worst == 3_000_000


def test_a_name_of_provider_and_model_beats_the_model_s() -> None:
    assert chain_behind("a", stated={"a": "0.5", "p/a": "0.9"}).steps[0].attempt.availability == 0.9
    in_file = catalog(priced("a", "0.10", availability="0.8"))
    assert chain_behind("a", in_file).steps[0].attempt.availability == 0.8
    assert chain_behind("a", in_file, stated={"a": "0.5"}).steps[0].attempt.availability == 0.5
    assert chain_behind("a").steps[0].attempt.availability is None


def test_expected_order_puts_billed_failures_behind() -> None:
    # a costs 1.00 but fails half the time and bills it: 1.00 / 0.5 = 2.00 per success; b costs 1.50 and never fails.
    failing = catalog(
        priced("first", "0.05"), priced("a", "0.10", failure_rate="0.5", bills_failures="yes"), priced("b", "0.15"),
        priced("never", "0.01", failure_rate=1, bills_failures="no"),
    )  # fmt: skip
    assert names(chain_behind("first", failing, across="all", order="expected")) == ["first", "b", "a", "never"]
    assert names(chain_behind("first", failing, across="all")) == ["first", "never", "a", "b"]
    # A provider orders its own fallback.
    assert names(chain_behind("first", failing, order="expected")) == ["first", "never", "a", "b"]


def test_a_degraded_fallback_may_miss_resolution_and_sound_and_says_so() -> None:
    low = catalog(
        model("good", [{"audio": True, "resolution": "1080p", "price_per_second": "0.30"}]),
        model("mute", [{"audio": False, "resolution": "1080p", "price_per_second": "0.20"}]),
        model("small", [{"audio": False, "resolution": "720p", "price_per_second": "0.10"}]),
        model(
            "short",
            [{"audio": True, "resolution": "1080p", "price_per_second": "0.10"}],
            seconds={"min": 1, "max": 5, "step": 1},
        ),
    )
    clip = {"seconds": 10, "resolution": "1080p", "audio": "native", "id": "c"}
    strict = planned([clip], low).routes[0]
    assert [step.model for step in strict.chain] == ["good"]
    plan = planned(
        [clip],
        low,
        fallback={"accept": "degraded"},
        outages={"availability": {"good": Decimal("0.9"), "small": Decimal("0.5")}},
    )
    assert [(step.model, step.shortfall) for step in plan.routes[0].chain] == [
        ("good", ()),
        ("small", ("resolution", "audio")),
        ("mute", ("audio",)),
    ]
    assert plan.totals.degraded_expected == pytest.approx(0.1)


def outcomes(
    steps: tuple[Step, ...], availability: Availability, unserved: int
) -> Iterator[tuple[Fraction, int, int | None]]:
    """(probability, bill, step that served) of every outcome: each provider and model up or down, each generation failed or not."""
    providers = sorted({step.candidate.offer.provider for step in steps})
    chances = [Fraction(1) if (a := availability.of_provider(p)) is None else Fraction(str(a)) for p in providers]
    models = [
        Fraction(1) if step.attempt.availability is None else Fraction(str(step.attempt.availability)) for step in steps
    ]
    fails = [Fraction(str(step.candidate.offer.failure_rate)) for step in steps]
    for up in itertools.product((True, False), repeat=len(providers)):
        for alive in itertools.product((True, False), repeat=len(steps)):
            for failed in itertools.product((True, False), repeat=len(steps)):
                chance = math.prod((c if u else 1 - c for c, u in zip(chances, up, strict=True)), start=Fraction(1))
                chance *= math.prod((m if a else 1 - m for m, a in zip(models, alive, strict=True)), start=Fraction(1))
                chance *= math.prod((f if x else 1 - f for f, x in zip(fails, failed, strict=True)), start=Fraction(1))
                bill, server = 0, None
                for k, step in enumerate(steps):
                    if not alive[k] or not up[providers.index(step.candidate.offer.provider)]:
                        continue
                    if not failed[k]:
                        bill, server = bill + step.attempt.billed, k
                        break
                    bill += step.attempt.billed if step.candidate.offer.bills_failures == "yes" else 0
                yield chance, bill + (unserved if server is None else 0), server


rates = st.sampled_from(["0", "0.25", "0.5", "0.9", "1"])


@given(
    st.lists(
        st.tuples(rates, rates, st.sampled_from(["yes", "no"]), st.integers(1, 9), st.sampled_from("pq")),
        min_size=1,
        max_size=4,
    ),
    st.one_of(st.none(), rates),
    st.one_of(st.none(), rates),
)
def test_the_closed_form_equals_the_enumeration_of_all_outcomes(
    models: list[tuple[str, str, str, int, str]], p_up: str | None, q_up: str | None
) -> None:
    entries = [
        priced(f"m{k}", f"0.{price}", provider, availability=up, failure_rate=fails, bills_failures=bills)
        for k, (up, fails, bills, price, provider) in enumerate(models)
    ]
    stated = {name: up for name, up in (("p", p_up), ("q", q_up)) if up is not None}
    found = chain_behind("m0", catalog(*entries), stated=stated, across="all", unserved_usd=Decimal("0.7"))
    availability = Availability(Outages(availability={name: Decimal(up) for name, up in stated.items()}))
    every = list(outcomes(found.steps, availability, 700_000))
    assert found.expected == pytest.approx(float(sum(chance * bill for chance, bill, _ in every)), rel=1e-12, abs=1e-6)
    assert found.unserved == pytest.approx(
        float(sum(chance for chance, _, server in every if server is None)), abs=1e-12
    )
    for k, served in enumerate(found.served):
        assert served == pytest.approx(float(sum(chance for chance, _, server in every if server == k)), abs=1e-12)
    # All rates are known here and a failed generation is billed for certain or not at all: the worst case is the largest possible bill.
    assert found.worst == max(bill for chance, bill, _ in every if chance > 0)


@given(st.sampled_from("abc"))
def test_a_dearer_fallback_never_lowers_the_worst_case(primary: str) -> None:
    assert chain_behind(primary, direction="dearer").worst >= chain_behind(primary, direction="none").worst


def list_spend(found: Chain) -> dict[str, float]:
    return {provider: pytest.approx(amount) for provider, amount in found.list_spend}


TWO_PROVIDERS = catalog(
    priced("m1", "0.10", "p", availability="0.8", keep_rate="0.5"), priced("m2", "0.20", "q", availability=1)
)


def spend_behind_m1(takes: int = 1, **rule: Any) -> dict[str, float]:
    """List price by provider behind m1, dubbed at $0.05 a clip."""
    dubbed = ways({**CLIP, "audio": "deferred"}, TWO_PROVIDERS, dubbing={"usd_per_clip": "0.05"})
    given = Fallback(across="all", **rule)
    found = chain(dubbed[0], stand_ins(dubbed), given, Availability(Outages()), takes, by_provider=True)
    return list_spend(found)


def test_list_price_is_what_each_providers_models_bill_without_dubbing() -> None:
    assert spend_behind_m1() == {"p": 800_000, "q": 400_000}  # 0.8 x $1, 0.2 x $2
    # Every take meets the same state: on m1, a second take is needed with a chance of 0.5.
    assert spend_behind_m1(takes=2) == {"p": 1_200_000, "q": 400_000}
    # m2 bills m1's price, without what dubbing is in it.
    assert spend_behind_m1(billed="requested") == {"p": 800_000, "q": 200_000}


def test_list_price_counts_failed_generations_as_the_expected_cost_does() -> None:
    def billing(answer: str) -> dict[str, float]:
        failing = catalog(priced("m", "0.10", availability="0.9", failure_rate="0.5", bills_failures=answer))
        (only,) = ways(CLIP, failing)
        return list_spend(chain(only, [], Fallback(), Availability(Outages()), by_provider=True))

    assert billing("yes") == {"p": 900_000}
    assert billing("no") == billing("unknown") == {"p": 450_000}


def test_list_price_is_left_out_unless_it_is_asked_for() -> None:
    assert chain_behind("a").list_spend == ()


@given(
    st.lists(st.tuples(rates, rates, rates, st.integers(1, 9), st.sampled_from("pq")), min_size=1, max_size=4),
    st.one_of(st.none(), rates),
    st.integers(1, 3),
    st.sampled_from(["actual", "requested"]),
)
def test_list_price_and_what_unserved_clips_cost_are_the_expected_cost(
    models: list[tuple[str, str, str, int, str]], p_up: str | None, takes: int, billed: str
) -> None:
    entries = [
        priced(f"m{k}", f"0.{price}", who, availability=up, failure_rate=fails, keep_rate=keeps, bills_failures="yes")
        for k, (up, fails, keeps, price, who) in enumerate(models)
        if keeps != "0"
    ]
    if not entries:
        return
    candidates = ways(CLIP, catalog(*entries))
    availability = Availability(Outages(availability={} if p_up is None else {"p": Decimal(p_up)}))
    rule = Fallback(across="all", billed=billed, unserved_usd=Decimal("0.7"))
    found = chain(candidates[0], stand_ins(candidates), rule, availability, takes, by_provider=True)
    free = chain(candidates[0], stand_ins(candidates), rule.model_copy(update={"unserved_usd": 0}), availability, takes)
    assert math.fsum(amount for _, amount in found.list_spend) == pytest.approx(free.expected, rel=1e-12, abs=1e-6)
    assert found.expected >= free.expected
