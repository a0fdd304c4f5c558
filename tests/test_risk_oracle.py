"""The oracle of chance against hand calculations from the contract, and against closed formulas."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from router.schema.exposure import Attempt, Chances, Exposure
from tests import oracles, risk_oracle, risk_plan_oracle, risk_strategies

F = Fraction


def step(model: str, billed: int, a: float | None = 1.0, f: float = 0.0, bills: Any = "no", **more: Any) -> Attempt:
    """A step at provider p."""
    return Attempt("p", model, billed, a, f, bills, **more)


def of(*exposures: Exposure, unserved: int = 0, correlation: Any = "per-request", **providers: float) -> Chances:
    return Chances(exposures, providers, unserved, correlation, correlation)


def plain(law: risk_oracle.Law[int]) -> dict[int, Fraction]:
    return law.probabilities()


# ---- one clip --------------------------------------------------------------------------------------------------------


def test_takes_until_one_is_kept_follow_a_truncated_geometric_law() -> None:
    three = Exposure((step("a", 2, keep_rate=0.5),), takes=3)

    law = risk_oracle.clip(three, of(three))

    # Kept at once 1/2; at the second take 1/4; at the third 1/8; never 1/8. Mean 2 (1 - (1/2)^3) / (1/2) = 3.5.
    assert plain(risk_oracle.cost_of(law)) == {2: F(1, 2), 4: F(1, 4), 6: F(1, 4)}
    assert risk_oracle.cost_of(law).mean == F("3.5")
    assert risk_oracle.ends(three, of(three)) == ((1,), 0, F(1, 8), 0)
    assert risk_oracle.worst_of_clip(three, of(three)) == 6


def test_a_take_that_no_step_makes_ends_the_clip_even_after_others_that_were_not_kept() -> None:
    two = Exposure((step("a", 1, f=0.5, keep_rate=0.5),), takes=2)
    chances = of(two, unserved=10)

    law = risk_oracle.clip(two, chances).probabilities()

    # First take: kept 1/4; fails 1/2 (10); not kept 1/4, then: fails 1/8 (1 + 10), kept 1/16 (2), not kept 1/16 (2).
    assert {(outcome.cost, outcome.end): weight for outcome, weight in law.items()} == {
        (1, "served"): F(1, 4),
        (10, "unserved"): F(1, 2),
        (11, "unserved"): F(1, 8),
        (2, "served"): F(1, 16),
        (2, "unkept"): F(1, 16),
    }
    # e (1 - r^2) / (1 - r) with e = 0.5 + 0.5 * 10 = 5.5 and r = 1/4: 5.5 * 1.25.
    assert risk_oracle.mean_cost(chances) == F("6.875")


def test_all_takes_of_a_clip_meet_the_same_state() -> None:
    two = Exposure((step("a", 4, 0.5, keep_rate=0.5), step("b", 6, keep_rate=0.5, degraded=True)), takes=2)

    law = risk_oracle.clip(two, of(two))

    # a up (1/2): 4 or 4 + 4; a down: 6 or 6 + 6; never one of each.
    assert plain(risk_oracle.cost_of(law)) == {4: F(1, 4), 8: F(1, 4), 6: F(1, 4), 12: F(1, 4)}
    # Each step makes the last take half the time, 1/4 of which stay unkept.
    assert risk_oracle.ends(two, of(two)) == ((F(1, 2), F(1, 2)), 0, F(1, 4), F(1, 2))


def test_failures_are_billed_as_stated_and_in_the_worst_case_if_that_is_unknown() -> None:
    chain = Exposure((step("a", 1, 0.9, 0.2, "yes"), step("b", 2, 0.5, 0.1, "unknown")), takes=1)
    chances = of(chain, unserved=3)

    law = plain(risk_oracle.cost_of(risk_oracle.clip(chain, chances)))

    # a serves with 0.9 * 0.8 = 0.72. It is down with 0.1 or fails, billed, with 0.18; then b serves with 0.5 * 0.9 = 0.45,
    # or nothing does with 0.55, booked at 3: 2, 1 + 2, 3 and 1 + 3.
    assert law == {1: F("0.72"), 2: F("0.045"), 3: F("0.081") + F("0.055"), 4: F("0.099")}
    assert risk_oracle.mean_cost(chances) == F("1.614")
    assert risk_oracle.worst_of_clip(chain, chances) == 6, "both fail and may be billed, and nothing serves: 1 + 2 + 3"


def test_the_expected_cost_of_one_take_is_that_of_the_contract() -> None:
    compared = 0
    for seed in range(300):
        chances = risk_strategies.random_chances(seed, ugly=seed % 2 == 0)
        for exposure in chances.exposures:
            # SPEC 4.4: sum_k [ prod_{j<k} (1 - a_j (1 - f_j)) ] a_k p_k ((1 - f_k) + f_k b_k) + the rest * unserved.
            not_yet, by_formula = F(1), F(0)
            for one in exposure.attempts:
                a, f = risk_oracle.exact(one.availability if one.availability is not None else 1.0), F(0)
                f = risk_oracle.exact(one.failure_rate)
                by_formula += not_yet * a * one.billed * ((1 - f) + f * (one.bills_failures == "yes"))
                not_yet *= 1 - a * (1 - f)
            once = of(replace(exposure, takes=1, count=1), unserved=chances.unserved)

            assert risk_oracle.mean_cost(once) == by_formula + not_yet * chances.unserved
            compared += 1
    assert compared > 500


def test_takes_multiply_the_cost_of_one_as_a_geometric_sum_and_both_oracles_agree() -> None:
    compared = 0
    for seed in range(300):
        chances = risk_strategies.random_chances(seed, ugly=seed % 2 == 0)
        for exposure in chances.exposures:
            alone = replace(exposure, count=1)
            steps = tuple(_step_of(attempt) for attempt in exposure.attempts)
            causes = tuple((name, risk_oracle.exact(up)) for name, up in chances.providers.items())

            ours = oracles.cost_with_takes(steps, causes, chances.unserved, exposure.takes)

            ended = risk_oracle.ends(alone, chances)
            single = replace(chances, exposures=(alone,))
            assert ours.expected == risk_oracle.mean_cost(single) == _geometric(alone, chances), f"seed {seed}"
            assert ours.worst == risk_oracle.worst_of_clip(alone, chances), f"seed {seed}"
            assert (ours.served_by, ours.unserved, ours.unkept) == ended[:3], f"seed {seed}"
            assert sum(ended.last_take_by) + ended.unserved == 1
            if exposure.takes == 1:
                by_outcomes = oracles.cost_by_enumeration(steps, causes, chances.unserved)
                assert ours[:4] == by_outcomes[:4], f"seed {seed}"
            compared += 1
    assert compared > 500


def _step_of(attempt: Attempt) -> oracles.Step:
    a = None if attempt.availability is None else risk_oracle.exact(attempt.availability)
    f, k = risk_oracle.exact(attempt.failure_rate), risk_oracle.exact(attempt.keep_rate)
    return oracles.Step(attempt.provider, a, f, attempt.bills_failures, attempt.billed, k)


def _geometric(exposure: Exposure, chances: Chances) -> Fraction:
    """Over the states: e (1 - r^T) / (1 - r), e the mean cost of one take, r the chance that it is made and not kept."""
    models, providers = risk_oracle.causes_of([exposure], chances)
    mean = F(0)
    for down, share in risk_oracle.states({**models, **providers}):
        e, r, reached = F(0), F(0), F(1)
        for attempt in exposure.attempts:
            if attempt.cause in down or attempt.provider in down:
                continue
            f = risk_oracle.exact(attempt.failure_rate)
            e += reached * attempt.billed * ((1 - f) + f * (attempt.bills_failures == "yes"))
            r += reached * (1 - f) * (1 - risk_oracle.exact(attempt.keep_rate))
            reached *= f
        e += reached * chances.unserved
        mean += share * e * (exposure.takes if r == 1 else (1 - r**exposure.takes) / (1 - r))
    return mean


# ---- totals ----------------------------------------------------------------------------------------------------------


def test_independent_clips_add_up_to_a_binomial_law() -> None:
    three = of(Exposure((step("a", 5, 0.9),), takes=1, count=3))

    cost, unserved = risk_oracle.cost_law(three), risk_oracle.unserved_law(three)

    # 0.9^3, 3 * 0.9^2 * 0.1, 3 * 0.9 * 0.1^2, 0.1^3.
    assert plain(cost) == {15: F("0.729"), 10: F("0.243"), 5: F("0.027"), 0: F("0.001")}
    assert plain(unserved) == {0: F("0.729"), 1: F("0.243"), 2: F("0.027"), 3: F("0.001")}
    assert (cost.mean, cost.variance) == (F("13.5"), 25 * F("0.27"))  # 3 * 0.9 * 5; 5^2 * 3 * 0.9 * 0.1
    assert [cost.quantile(p) for p in (F("0.001"), F("0.0011"), F("0.271"), F("0.2711"))] == [0, 5, 10, 15]
    assert (cost.cdf(9), cost.above(10), cost.above(F("9.5"))) == (F("0.028"), F("0.729"), F("0.972"))


def test_one_state_for_the_run_moves_all_clips_together() -> None:
    three = of(Exposure((step("a", 5, 0.9),), takes=1, count=3), correlation="per-run")

    assert plain(risk_oracle.cost_law(three)) == {15: F("0.9"), 0: F("0.1")}
    assert plain(risk_oracle.unserved_law(three)) == {0: F("0.9"), 3: F("0.1")}


def test_two_models_with_a_provider_that_they_share() -> None:
    two = of(Exposure((step("a", 1, 0.5), step("b", 2, 0.5)), takes=1, count=2), p=0.9)

    # p up 0.9: a 0.5 (1), b 0.25 (2), neither 0.25 (0). Alone: 0.45, 0.225, 0.325; two of them unserved 0.325^2.
    assert plain(risk_oracle.unserved_law(two))[2] == F("0.325") ** 2
    assert risk_oracle.mean_cost(two) == 2 * F("0.9")
    mixed = replace(two, provider_correlation="per-run")
    # p is down for both (0.1) or for neither: then Binomial(2, 0.25) times 0.9.
    assert plain(risk_oracle.unserved_law(mixed)) == {
        0: F("0.9") * F("0.5625"),
        1: F("0.9") * F("0.375"),
        2: F("0.1") + F("0.9") * F("0.0625"),
    }
    # All causes together: p down or both models down costs nothing; a up 2; only b up 4.
    per_run = risk_oracle.under(two, "per-run", "per-run")
    assert plain(risk_oracle.cost_law(per_run)) == {2: F("0.45"), 4: F("0.225"), 0: F("0.325")}


def test_the_expected_cost_is_the_same_under_all_correlations_and_the_tail_is_not() -> None:
    spread = 0
    for seed in range(100):
        chances = risk_strategies.random_chances(seed, ugly=seed % 2 == 0)

        laws = [risk_oracle.cost_law(risk_oracle.under(chances, *pair)) for pair in risk_strategies.CORRELATIONS]

        assert {law.mean for law in laws} == {risk_oracle.mean_cost(chances)}, f"seed {seed}"
        assert {law.mass for law in laws} == {1}
        spread += len({law.variance for law in laws}) > 1
    assert spread > 40


def test_variance_and_extremes_for_any_counts_are_those_of_the_enumerated_law() -> None:
    for seed in range(100):
        chances = risk_strategies.random_chances(seed, ugly=seed % 2 == 0)
        law = risk_oracle.cost_law(chances)

        assert risk_oracle.variance(chances) == law.variance
        assert (risk_oracle.least_cost(chances), risk_oracle.most_cost(chances)) == (law.least, law.most)


# ---- tails -----------------------------------------------------------------------------------------------------------


def test_the_tail_mean_of_a_law_of_two_points() -> None:
    law = risk_oracle.law_of({1: F("0.98"), 10: F("0.02")})

    # At 95 % the worst 5 % hold 2 % of 10 and 3 % of 1: (0.2 + 0.03) / 0.05.
    assert (law.quantile(F("0.95")), law.cvar(F("0.95"))) == (1, F("4.6"))
    # At 98 % exactly the worst 2 % are all 10, though the quantile is 1.
    assert (law.quantile(F("0.98")), law.cvar(F("0.98"))) == (1, 10)
    assert (law.quantile(F("0.99")), law.cvar(F("0.99"))) == (10, 10)
    assert law.cvar(F(0)) == law.mean == F("1.18")


def test_the_states_of_the_run_leave_failures_and_takes_at_their_mean() -> None:
    one = Exposure((step("a", 4, 0.9, f=0.5), step("b", 10)), takes=1, count=2)

    law = risk_oracle.law_of_state_means(of(one))

    # a up: 0.5 * 4 + 0.5 * 10 = 7 for each of two; a down: 10.
    assert law.probabilities() == {F(14): F("0.9"), F(20): F("0.1")}
    assert law.cvar(F("0.8")) == 17  # half of the worst 20 % at 20, half at 14


# ---- worst and best cases --------------------------------------------------------------------------------------------


def test_what_nobody_states_may_be_down_in_the_worst_case_and_is_up_otherwise() -> None:
    unknown = of(Exposure((step("a", 1, None), step("b", 5, None)), takes=1, count=2), unserved=3)

    assert plain(risk_oracle.cost_law(unknown)) == {2: F(1)}
    assert risk_oracle.worst_per_request(unknown) == risk_oracle.worst_per_run(unknown) == 10
    certain = of(Exposure((step("a", 1), step("b", 5, None)), takes=1, count=2), unserved=3)
    assert risk_oracle.worst_per_request(certain) == 2
    never = of(Exposure((step("a", 9, 0.0), step("b", 5)), takes=1))
    assert risk_oracle.worst_per_request(never) == 5


def test_clips_that_fear_different_outages_do_not_meet_their_worst_in_one_state() -> None:
    fears_a = Exposure((step("a", 1, None), step("b", 5, None)), takes=1)
    fears_b = Exposure((step("b", 1, None), step("a", 5, None)), takes=1)

    # Each alone: 5. Together: a down 5 + 1, b down 1 + 5, both up 2, both down 0.
    assert risk_oracle.worst_per_request(of(fears_a, fears_b)) == 10
    assert risk_oracle.worst_per_run(of(fears_a, fears_b)) == 6


def test_a_provider_that_is_down_takes_its_models_with_it_in_the_worst_case() -> None:
    chances = of(Exposure((step("a", 1), step("b", 5)), takes=1, count=3), unserved=2, p=0.5)

    # a is always up where p is; so b never serves: 1 or, with p down, 2.
    assert risk_oracle.worst_per_run(chances) == 6
    assert plain(risk_oracle.cost_law(risk_oracle.under(chances, "per-request", "per-run"))) == {3: F(1, 2), 6: F(1, 2)}


def test_the_worst_state_of_the_providers_leaves_models_at_their_worst_for_each_clip() -> None:
    # p is up or down for all: up, each clip fears its own model, 5 + 5; down, nothing serves, 3 + 3.
    fears_a = Exposure((step("a", 1, None), step("b", 5, None)), takes=1)
    fears_b = Exposure((step("b", 1, None), step("a", 5, None)), takes=1)
    chances = replace(of(fears_a, fears_b, unserved=3, p=0.5), provider_correlation="per-run")

    assert risk_oracle.worst_of_run(chances) == risk_oracle.worst_per_request(chances) == 10


def test_the_distribution_stays_between_the_best_and_the_worst_case() -> None:
    for seed in range(200):
        chances = risk_strategies.random_chances(seed, ugly=seed % 2 == 0)
        per_run, per_request = risk_oracle.worst_per_run(chances), risk_oracle.worst_per_request(chances)
        of_run = risk_oracle.worst_of_run(chances)

        assert per_run <= of_run <= per_request, f"seed {seed}"
        assert risk_oracle.most_cost(chances) <= of_run, f"seed {seed}"
        assert risk_oracle.most_cost(chances) <= per_request, f"seed {seed}"
        assert risk_oracle.most_cost(risk_oracle.under(chances, "per-run", "per-run")) <= per_run, f"seed {seed}"


def test_the_figures_of_a_plan_agree_between_the_oracles() -> None:
    spread = 0
    for seed in range(40):
        worked_out = risk_plan_oracle.problem(*risk_strategies.random_risk_scenario(seed), risk_strategies.ON)
        for plan in itertools.islice(risk_plan_oracle.all_plans(worked_out), 5):
            chances = worked_out.chances(plan.counts)

            assert plan.tail.mean / plan.scale == plan.totals.expected == risk_oracle.mean_cost(chances), f"seed {seed}"
            assert plan.totals.worst == risk_oracle.worst_per_request(chances), f"seed {seed}"
            assert plan.worst == risk_oracle.worst_of_run(chances), f"seed {seed}"
            means = risk_oracle.law_of_state_means(chances)
            assert plan.cvar(F("0.9")) == means.cvar(F("0.9")), f"seed {seed}"
            spread += means.variance > 0
    assert spread > 50


# ---- where the variance comes from -----------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", ["per-request", "per-run"])
def test_causes_that_add_up_share_the_variance(correlation: str) -> None:
    chances = of(
        Exposure((step("a", 1, 0.5),), takes=1, count=2),
        Exposure((step("b", 2, 0.5),), takes=1, count=2),
        correlation=correlation,
    )

    # Independent clips: 2 * 1/4 and 2 * 4/4. All clips together: 4 * 1/4 and 16 * 1/4. One to four either way.
    assert risk_oracle.variance_shares(chances) == {"p/a": F(1, 5), "p/b": F(4, 5)}


def test_failures_leave_a_cause_only_its_part_of_the_variance() -> None:
    chances = of(Exposure((step("a", 4, 0.5, f=0.5),), takes=1, count=2), correlation="per-run")

    # E[cost | a up] = 2 * 2, else 0: variance 4. In all: a up and Binomial(2, 1/2) * 4: mean 2; E[X^2] =
    # 1/2 (1/2 * 16 + 1/4 * 64) = 12; variance 8.
    assert risk_oracle.variance(chances) == 8
    assert risk_oracle.variance_shares(chances) == {"p/a": F(1, 2)}


def test_shares_are_parts_of_the_whole() -> None:
    explained = 0
    for seed in range(100):
        shares = risk_oracle.variance_shares(risk_strategies.random_chances(seed, ugly=seed % 2 == 0))

        assert all(share >= 0 for share in shares.values())
        assert sum(shares.values()) <= 1
        explained += bool(shares)
    assert explained > 50


# ---- the random chances ----------------------------------------------------------------------------------------------


def test_random_chances_are_the_same_for_the_same_seed_and_different_enough() -> None:
    assert risk_strategies.random_chances(7) == risk_strategies.random_chances(7)
    cases = [risk_strategies.random_chances(seed, ugly=seed % 2 == 0) for seed in range(200)]
    several_takes = [any(e.takes > 1 for e in c.exposures) for c in cases]
    spread = [len(risk_oracle.cost_law(c).weights) for c in cases]
    assert {(c.correlation, c.provider_correlation) for c in cases} == set(risk_strategies.CORRELATIONS)
    assert sum(several_takes) > 100
    assert sum(n > 20 for n in spread) > 60
    assert max(spread) > 300
