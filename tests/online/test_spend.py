"""Budgets: what is set aside, what is settled, and that no fallback, retry or burst breaks one."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.errors import InputError, OverBudgetError, RefusalError, UnresolvedError
from router.online import Decision, Router
from tests.online.shop import CLIP, Clock, router, taken

BUDGET = "limits.budget_usd"


def test_the_worst_case_is_set_aside_and_the_price_settled() -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    assert taken(own) == {BUDGET: (200, 0)}
    own.report(first, "served")
    assert taken(own) == {BUDGET: (0, 100)}


def test_what_was_really_billed_is_settled_even_if_it_is_more() -> None:
    own = router(limits={"budget_usd": 9})
    own.report(own.route(CLIP), "served", Decimal("0.95"))
    own.report(own.route({**CLIP, "models": ["c"]}), "served", Decimal("2.50"))
    assert taken(own) == {BUDGET: (0, 345)}


def test_a_failure_keeps_what_the_rest_of_the_chain_may_need() -> None:
    # a fails and bills $1.00, b fails for nothing, c makes it for $2.00.
    rates = {
        "a": {"failure_rate": "0.1", "bills_failures": "yes"},
        "b": {"failure_rate": "0.1", "bills_failures": "no"},
    }
    own = router(rates, limits={"budget_usd": 9})
    first = own.route(CLIP)
    assert taken(own) == {BUDGET: (300, 0)}
    second = own.next(first, "failed-billed")
    assert second is not None
    assert taken(own) == {BUDGET: (200, 100)}
    third = own.next(second, "failed-unbilled")
    assert third is not None
    assert taken(own) == {BUDGET: (200, 100)}
    own.report(third, "served")
    assert taken(own) == {BUDGET: (0, 300)}


def test_the_end_of_the_chain_and_giving_up_let_go_of_everything() -> None:
    own = router(limits={"budget_usd": 9})
    step: Decision | None = own.route(CLIP)
    while step is not None:
        step = own.next(step, "unavailable")
    first = own.route({**CLIP, "models": ["b", "c"]})
    own.report(first, "unavailable")
    own.give_up(first)
    own.give_up(first)
    assert taken(own) == {BUDGET: (0, 0)}
    assert own.ledger.open_reservations() == []


def test_a_decision_that_is_never_submitted_can_be_given_up() -> None:
    own = router(limits={"budget_usd": 9})
    own.give_up(own.route(CLIP))
    assert taken(own) == {BUDGET: (0, 0)}


@pytest.mark.parametrize("outcome", ["pending", "unknown"])
def test_what_may_still_be_billed_stays_set_aside(outcome: str) -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    own.report(first, outcome)
    assert taken(own) == {BUDGET: (200, 0)}
    with pytest.raises(UnresolvedError):
        own.give_up(first)
    own.report(first, "served")
    assert taken(own) == {BUDGET: (0, 100)}


def test_going_on_beside_a_pending_job_sets_both_bills_aside() -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    second = own.next(first, "pending", accept_double_billing=True)
    assert second is not None
    assert taken(own) == {BUDGET: (300, 0)}  # a's $1.00, and $2.00 if c has to stand in for b
    own.report(second, "served")
    assert taken(own) == {BUDGET: (100, 150)}
    own.report(first, "served")
    assert taken(own) == {BUDGET: (0, 250)}


def test_a_pending_job_that_fails_after_all_costs_nothing() -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    second = own.next(first, "unknown", accept_double_billing=True)
    assert second is not None
    own.report(first, "failed-unbilled")
    own.report(second, "served")
    assert taken(own) == {BUDGET: (0, 150)}


def test_double_billing_that_does_not_fit_is_refused_and_changes_nothing() -> None:
    # Set aside: $2.00. Needed: a's own $1.00 and $2.00 for b and c.
    own = router(limits={"budget_usd": Decimal("2.50")})
    first = own.route(CLIP)
    own.report(first, "unknown")
    with pytest.raises(
        OverBudgetError,
        match=r"going on with the clip does not fit limits.budget_usd: it could need \$1.00 more, and \$0.50 is left",
    ):
        own.next(first, accept_double_billing=True)
    assert taken(own) == {BUDGET: (200, 0)}
    own.report(first, "served")
    assert taken(own) == {BUDGET: (0, 100)}


@pytest.mark.parametrize("where", ["memory", "file"])
def test_double_billing_fits_where_what_is_set_aside_in_the_end_does(where: str, tmp_path: Path) -> None:
    # Set aside: $2.00; in the end a's own $1.00 and $2.00 for b and c. The $1.00 that a's chain no longer needs is not needed twice.
    own = router(limits={"budget_usd": 3}, ledger=tmp_path / "spend.db" if where == "file" else None)
    first = own.route(CLIP)
    second = own.next(first, "unknown", accept_double_billing=True)
    assert second is not None
    assert taken(own) == {BUDGET: (300, 0)}
    own.report(first, "served")
    own.report(second, "served")
    assert taken(own) == {BUDGET: (0, 250)}
    own.ledger.close()


def test_a_ledger_that_fails_while_going_on_beside_a_job_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    own.report(first, "unknown")

    def fails(*_: Any) -> None:
        raise InputError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(own.ledger, "branch", fails)
        with pytest.raises(InputError, match="disk full"):
            own.next(first, accept_double_billing=True)
    assert taken(own) == {BUDGET: (200, 0)}
    assert own.next(first, accept_double_billing=True) is not None
    assert taken(own) == {BUDGET: (300, 0)}


# ---- over budget -----------------------------------------------------------------------------------------------------


def test_over_budget_the_cheapest_decision_that_still_fits_is_made() -> None:
    # On the chains a, b, c the worst case is $2.00; c alone at provider q cannot be caught, but costs as much.
    own = router(budgets=[{"usd": Decimal("1.20"), "provider": "p"}], fallback={"across": "provider"})
    first = own.route(CLIP)
    # b may catch what a was to make: with $1.20 for provider p neither fits, and q's c is taken.
    assert (first.model, first.reason) == ("c", "p/a (silent) costs $1.00 less, but does not fit the budgets")
    assert first.gap_usd == -1
    assert taken(own) == {}


def test_a_refusal_names_the_account_what_is_needed_and_what_is_left() -> None:
    own = router(limits={"budget_usd": 3})
    own.route(CLIP)
    with pytest.raises(
        OverBudgetError, match=r"fits limits.budget_usd: .* could need \$2.00, and \$1.00 is left"
    ) as caught:
        own.route(CLIP)
    assert (caught.value.account, caught.value.needed, caught.value.left) == ("limits.budget_usd", "$2.00", "$1.00")
    assert taken(own) == {BUDGET: (200, 0)}


def test_no_way_is_taken_that_costs_more_than_the_clip_is_worth() -> None:
    own = router(budgets=[{"usd": 1, "model": "a"}], fallback={"direction": "none"})
    own.route(CLIP)
    with pytest.raises(OverBudgetError):
        own.route({**CLIP, "value_usd": Decimal("1.40")})
    assert own.route({**CLIP, "value_usd": Decimal("1.60")}).model == "b"


def test_the_worst_case_is_a_budget_that_settling_gives_room_in() -> None:
    own = router(limits={"worst_case_usd": 3})
    own.report(own.route(CLIP), "served")
    own.route(CLIP)
    with pytest.raises(OverBudgetError, match=r"limits\.worst_case_usd"):
        own.route(CLIP)


# ---- what a budget is of ---------------------------------------------------------------------------------------------


def test_a_budget_of_a_provider_holds_what_the_provider_can_bill() -> None:
    own = router(budgets=[{"usd": 9, "provider": "p"}, {"usd": 9, "provider": "q"}])
    first = own.route(CLIP)
    assert taken(own) == {"budgets[0] provider=p": (150, 0), "budgets[1] provider=q": (200, 0)}
    third = own.next(own.next(first, "unavailable"), "unavailable")  # type: ignore[arg-type]
    assert third is not None
    assert taken(own) == {"budgets[0] provider=p": (0, 0), "budgets[1] provider=q": (200, 0)}
    own.report(third, "served")
    assert taken(own) == {"budgets[0] provider=p": (0, 0), "budgets[1] provider=q": (0, 200)}


def test_a_star_gives_each_its_own_budget() -> None:
    own = router(budgets=[{"usd": 9, "provider": "*"}, {"usd": 9, "model": "*", "provider": "p"}])
    own.report(own.route(CLIP), "served")
    assert taken(own) == {
        "budgets[0] provider=p": (0, 100),
        "budgets[0] provider=q": (0, 0),
        "budgets[1] provider=p model=a": (0, 100),
        "budgets[1] provider=p model=b": (0, 0),
    }


def test_a_budget_of_a_group_holds_its_clips_only() -> None:
    own = router(budgets=[{"usd": 3, "group": "teaser"}, {"usd": 5, "group": "*"}])
    own.route({**CLIP, "group": "teaser"})
    own.route({**CLIP, "group": "hero"})
    own.route(CLIP)
    assert taken(own) == {
        "budgets[0] group=teaser": (200, 0),
        "budgets[1] group=teaser": (200, 0),
        "budgets[1] group=hero": (200, 0),
    }
    with pytest.raises(OverBudgetError, match="group=teaser"):
        own.route({**CLIP, "group": "teaser"})


@pytest.mark.parametrize(
    ("per", "account", "seconds"),
    [
        ("hour", "hour=2026-04-10T12", 3600),
        ("day", "day=2026-04-10", 12 * 3600),
        ("week", "week=2026-04-06", 2.5 * 86400),
        ("month", "month=2026-04", 20.5 * 86400),
    ],
)
def test_a_window_of_time_starts_anew_and_a_clip_counts_where_it_was_routed(
    per: str, account: str, seconds: float
) -> None:
    clock = Clock()  # a Friday noon
    own = router(budgets=[{"usd": 2, "per": per}], clock=clock)
    first = own.route(CLIP)
    clock.now += seconds - 1
    with pytest.raises(OverBudgetError, match=account):
        own.route(CLIP)
    clock.now += 1
    own.route(CLIP)
    own.report(first, "served")
    assert taken(own)[f"budgets[0] {account}"] == (0, 100)


def test_caps_count_primaries_as_planned_whoever_makes_the_clip() -> None:
    caps = [{"where": {"model": "a"}, "max_clips": 2, "max_seconds": 100, "max_usd": 50}]
    own = router(limits={"caps": caps})
    first, second = own.route(CLIP), own.route(CLIP)
    assert own.route(CLIP).model == "b"
    caught = own.next(first, "unavailable")
    assert caught is not None
    own.report(caught, "served")
    own.give_up(second)
    assert {one.account: (one.unit, one.reserved, one.spent) for one in own.ledger.accounts()} == {
        "limits.caps[0].max_clips": ("clips", 0, 1_000_000),
        "limits.caps[0].max_seconds": ("seconds", 0, 10_000_000),
        "limits.caps[0].max_usd": ("usd", 0, 1_000_000),
    }
    assert own.route(CLIP).model == "a"


def test_a_clip_that_two_jobs_may_make_counts_once_under_a_cap() -> None:
    own = router(limits={"caps": [{"where": {"model": "a"}, "max_clips": 5}], "budget_usd": 90})
    first = own.route(CLIP)
    second = own.next(first, "unknown", accept_double_billing=True)
    assert second is not None
    own.report(second, "served")
    own.report(first, "served")
    clips = next(one for one in own.ledger.accounts() if one.unit == "clips")
    assert (clips.reserved, clips.spent) == (0, 1_000_000)


CAP = "limits.caps[0].max_clips"


@pytest.mark.parametrize("where", ["memory", "file"])
@pytest.mark.parametrize("limits", [{}, {"budget_usd": 90}])
@pytest.mark.parametrize("ends", list(itertools.product(("served", "unavailable"), repeat=3)))
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_cap_is_spent_by_the_first_of_several_jobs_that_makes_the_clip_and_free_if_none_does(
    where: str, limits: dict[str, int], ends: tuple[str, ...], order: tuple[int, ...], tmp_path: Path
) -> None:
    caps = [{"where": {"model": "a"}, "max_clips": 1}]
    own = router(limits={"caps": caps, **limits}, ledger=None if where == "memory" else tmp_path / "spend.db")
    jobs = [own.route(CLIP)]
    for _ in range(2):
        following = own.next(jobs[-1], "pending", accept_double_billing=True)
        assert following is not None
        jobs.append(following)
    assert taken(own)[CAP] == (100, 0)
    for k, job in enumerate(order, 1):
        own.report(jobs[job], ends[job])
        made = "served" in [ends[one] for one in order[:k]]
        assert taken(own)[CAP] == (0 if made or k == 3 else 100, 100 if made else 0)
    assert own.ledger.open_reservations() == []
    assert own.route(CLIP).model == ("b" if made else "a")
    own.ledger.close()


def test_a_job_that_was_given_up_and_makes_the_clip_nevertheless_spends_the_cap_once() -> None:
    own = router(limits={"caps": [{"where": {"model": "a"}, "max_clips": 5}], "budget_usd": 90})
    first = own.route(CLIP)
    second = own.next(first, "pending", accept_double_billing=True)
    assert second is not None
    own.give_up(second)
    assert taken(own)[CAP] == (100, 0)
    own.report(second, "served")
    assert taken(own) == {CAP: (0, 100), BUDGET: (100, 150)}
    own.report(first, "served")
    assert taken(own) == {CAP: (0, 100), BUDGET: (0, 250)}
    assert own.ledger.open_reservations() == []


def test_a_ledger_that_fails_while_a_second_job_is_booked_books_its_cap_once(monkeypatch: pytest.MonkeyPatch) -> None:
    own = router(limits={"caps": [{"where": {"model": "a"}, "max_clips": 5}], "budget_usd": 90})
    first = own.route(CLIP)
    second = own.next(first, "pending", accept_double_billing=True)
    assert second is not None
    book, calls = own.ledger.book, iter((True, False))

    def fails_second(*given: Any, **named: Any) -> None:
        if not next(calls):
            raise InputError("disk full")
        book(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(own.ledger, "book", fails_second)
        with pytest.raises(InputError, match="disk full"):
            own.report(second, "served")
    own.report(second, "served")
    own.report(first, "unavailable")
    assert taken(own) == {CAP: (0, 100), BUDGET: (0, 150)}
    assert own.ledger.open_reservations() == []


def test_a_clip_that_no_budget_is_for_takes_no_reservation() -> None:
    own = router(budgets=[{"usd": 5, "group": "x"}, {"usd": 3, "provider": "p"}], fallback={"direction": "none"})
    free = own.route({**CLIP, "models": ["c"]})
    assert free.reservation is None
    assert own.ledger.open_reservations() == []
    own.report(free, "served", 7)
    own.give_up(free)
    assert taken(own) == {}
    dear = own.route({"seconds": 40, "max_segments": 4})  # $4.00 and more at p
    assert (dear.model, dear.reservation) == ("c", None)


def test_a_clip_whose_second_take_is_billed_after_it_was_given_up_counts_once_under_a_cap() -> None:
    own = router({"a": {"keep_rate": "0.5"}}, limits={"caps": [{"where": {"model": "a"}, "max_clips": 2}]})
    first = own.route({**CLIP, "max_takes": 2, "models": ["a"]})
    own.report(first, "served", kept=False)
    again = own.next(first)
    assert again is not None
    own.give_up(again)
    own.report(again, "served")
    assert [(one.reserved, one.spent) for one in own.ledger.accounts()] == [(0, 1_000_000)]


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal(-1), Decimal("Infinity")])
def test_an_amount_that_is_none_is_refused_and_nothing_booked(amount: Decimal) -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    with pytest.raises(InputError, match="actual_usd must be an amount of dollars"):
        own.report(first, "served", amount)
    assert taken(own) == {BUDGET: (200, 0)}
    own.report(first, "served")


def test_a_bill_for_what_bills_nothing_is_refused() -> None:
    own = router(limits={"budget_usd": 9})
    with pytest.raises(InputError, match="'unavailable' bills nothing"):
        own.report(own.route(CLIP), "unavailable", Decimal(1))


# ---- steps that are asked for, reported or given up twice ------------------------------------------------------------


def test_next_gives_the_same_step_however_often_it_is_asked() -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    second = own.next(first, "unavailable")
    assert second is not None
    assert own.next(first) is second
    own.report(second, "unknown")
    third = own.next(second, accept_double_billing=True)
    assert third is not None
    assert own.next(second, accept_double_billing=True) is third
    own.report(third, "served")
    own.report(second, "served")
    assert own.next(second) is None
    assert taken(own) == {BUDGET: (0, 350)}


def test_a_step_that_the_chain_went_on_from_cannot_be_given_up() -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    second = own.next(first, "unavailable")
    assert second is not None
    own.report(second, "pending")
    with pytest.raises(InputError, match="the chain went on from this step; give up the step that `next` gave"):
        own.give_up(first)
    assert taken(own) == {BUDGET: (200, 0)}
    own.report(second, "served")
    own.give_up(first)  # The clip is settled: nothing to let go of
    assert taken(own) == {BUDGET: (0, 150)}


@pytest.mark.parametrize("ledger", [None, "spend.db"])
def test_a_bill_for_a_clip_that_was_given_up_is_booked_over_the_bound_if_need_be(
    tmp_path: Path, ledger: str | None
) -> None:
    # $2.50 hold one clip ($1.00, at worst $2.00); the second takes what the first let go of.
    cap = {"where": {"model": "a"}, "max_clips": 1}
    own = router(
        limits={"budget_usd": Decimal("2.5"), "caps": [cap]}, ledger=None if ledger is None else tmp_path / ledger
    )
    first = own.route(CLIP)
    own.give_up(first)
    own.report(own.route(CLIP), "served", "2.00")
    own.report(first, "served")
    assert taken(own) == {BUDGET: (0, 300), "limits.caps[0].max_clips": (0, 200)}
    with pytest.raises(InputError, match="was reported as 'served' before"):
        own.report(first, "served")
    with pytest.raises(OverBudgetError, match=r"-\$0.50 is left"):
        own.route(CLIP)


def test_a_clip_that_was_given_up_and_billed_nothing_changes_nothing() -> None:
    own = router(limits={"budget_usd": 9})
    first = own.route(CLIP)
    own.give_up(first)
    own.report(first, "unavailable")
    assert taken(own) == {BUDGET: (0, 0)}


@pytest.mark.parametrize("limits", [{}, {"budget_usd": 90}])
def test_the_step_that_a_chain_went_on_to_beside_a_pending_job_is_the_next_one_until_the_clip_is_made(
    limits: dict[str, int],
) -> None:
    for outcome in ("unavailable", "failed-billed", "served"):
        own = router(limits=limits)
        first = own.route(CLIP)
        second = own.next(first, "pending", accept_double_billing=True)
        assert own.next(first, accept_double_billing=True) is second
        own.report(first, outcome)
        assert own.next(first) is (None if outcome == "served" else second)
        own.report(first := own.route(CLIP), "pending")
        second = own.next(first, accept_double_billing=True)
        assert second is not None
        own.report(second, "served")
        own.report(first, "unavailable")
        assert own.next(first) is None


@pytest.mark.parametrize("limits", [{}, {"budget_usd": 90}])
def test_with_or_without_budgets_a_chain_ends_where_it_was_given_up_or_settled(limits: dict[str, int]) -> None:
    own = router(limits=limits)
    first, other = own.route(CLIP), own.route(CLIP)
    second = own.next(first, "unavailable")
    assert second is not None
    with pytest.raises(InputError, match="the chain went on from this step"):
        own.give_up(first)
    own.give_up(second)
    own.report(second, "unavailable")
    assert (own.next(first), own.next(second)) == (None, None)
    following = own.next(other, "unavailable")
    assert following is not None
    own.report(following, "served")
    assert own.next(other) is None


@pytest.mark.parametrize("kept", ["no", 0, None])
def test_whether_a_clip_was_kept_is_yes_or_no(kept: Any) -> None:
    own = router(limits={"budget_usd": 90})
    first = own.route(CLIP)
    with pytest.raises(InputError, match="kept must be True or False, not"):
        own.report(first, "served", kept=kept)
    assert first.outcome is None


def test_nothing_follows_a_clip_that_was_given_up() -> None:
    own = router(limits={"budget_usd": 9})
    first, other = own.route(CLIP), own.route(CLIP)
    own.give_up(first)
    assert own.next(first, "unavailable") is None
    second = own.next(other, "unavailable")
    assert second is not None
    own.give_up(second)
    assert own.next(other) is None


def test_threads_that_report_one_step_at_once_book_it_once_and_go_on_together() -> None:
    for _ in range(50):
        own = router(limits={"budget_usd": 9})
        first, together, followed = own.route(CLIP), threading.Barrier(4), []

        def work(own: Router = own, first: Decision = first, together: Any = together, to: Any = followed) -> None:
            together.wait()
            with contextlib.suppress(InputError):
                own.report(first, "failed-billed")
            to.append(own.next(first))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert taken(own)[BUDGET][1] == 100
        assert len(set(map(id, followed))) == 1


def test_threads_that_ask_for_the_next_step_at_once_get_the_same() -> None:
    own = router(limits={"budget_usd": 9})
    first, got = own.route(CLIP), []

    def work() -> None:
        got.append(own.next(first, "unavailable"))

    threads = [threading.Thread(target=work) for _ in range(2)]
    with own._steps._lock:
        for thread in threads:
            thread.start()
        time.sleep(0.1)  # Both know by now that nothing was reported
    for thread in threads:
        thread.join()
    assert len(got) == 2
    assert got[0] is got[1] is not None


# ---- more is billed than was stated ----------------------------------------------------------------------------------


def test_a_failure_that_nobody_said_would_be_billed_does_not_let_the_chain_break_the_budget() -> None:
    # Set aside: $2.00. After a's $1.00 the rest of the chain still needs $2.00, of which $1.00 is there.
    own = router(limits={"budget_usd": Decimal("2.50")})
    first = own.route(CLIP)
    own.report(first, "failed-billed")
    with pytest.raises(
        OverBudgetError,
        match=r"going on with the clip does not fit limits.budget_usd: it could need \$1.00 more, and \$0.50 is left",
    ):
        own.next(first)
    assert taken(own) == {BUDGET: (100, 100)}
    own.give_up(first)
    assert taken(own) == {BUDGET: (0, 100)}


@pytest.mark.parametrize("where", ["memory", "file"])
def test_where_there_is_money_the_rest_of_such_a_chain_is_set_aside_anew(where: str, tmp_path: Path) -> None:
    own = router(limits={"budget_usd": 3}, ledger=tmp_path / "spend.db" if where == "file" else None)
    first = own.route(CLIP)
    second = own.next(first, "failed-billed")
    assert second is not None
    assert taken(own) == {BUDGET: (200, 100)}
    assert [one.held for one in own.ledger.open_reservations()] == [2_000_000]
    own.report(second, "served")
    assert taken(own) == {BUDGET: (0, 250)}
    own.ledger.close()


def test_what_a_model_bills_that_was_stated_never_to_be_needed_is_booked_to_its_budget() -> None:
    # a is stated to be up always, so b and c cannot be needed.
    own = router({"a": {"availability": 1}}, budgets=[{"usd": 9, "model": "*"}])
    second = own.next(own.route(CLIP), "unavailable")
    assert second is not None
    assert taken(own)["budgets[0] model=b"] == (150, 0)
    own.report(second, "served")
    assert taken(own)["budgets[0] model=b"] == (0, 150)


def test_an_account_that_is_overdrawn_refuses_no_clip_that_takes_nothing_of_it() -> None:
    own = router({"a": {"availability": 1}}, budgets=[{"usd": 2, "model": "*"}])
    own.report(own.route({**CLIP, "models": ["b"]}), "served", Decimal(3))
    assert own.route(CLIP).model == "a"


def test_takes_that_find_different_models_up_fit_what_was_set_aside() -> None:
    # a makes a take for $1.00 that is not kept; then it is down, and b makes the last one for $1.50.
    own = router({"a": {"keep_rate": "0.5"}}, limits={"budget_usd": Decimal("2.50")})
    first = own.route({**CLIP, "max_takes": 2, "models": ["a", "b"]})
    assert taken(own) == {BUDGET: (250, 0)}
    own.report(first, "served", kept=False)
    second = own.next(first)
    assert second is not None
    third = own.next(second, "unavailable")
    assert third is not None
    own.report(third, "served")
    assert taken(own) == {BUDGET: (0, 250)}


@pytest.mark.parametrize("amount", ["1e30", Decimal("1e400"), True])
def test_an_amount_that_no_ledger_can_hold_is_refused_and_the_step_can_be_reported_again(
    amount: Any, tmp_path: Path
) -> None:
    own = router(limits={"budget_usd": 9}, ledger=tmp_path / "spend.db")
    first = own.route(CLIP)
    with pytest.raises(InputError, match="actual_usd must be an amount of dollars"):
        own.report(first, "served", amount)
    own.report(first, "served")
    assert taken(own) == {BUDGET: (0, 100)}
    own.ledger.close()


# ---- at random -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_no_budget_is_exceeded_and_the_ledger_equals_the_bills(seed: int) -> None:
    rng = random.Random(seed)
    rates: dict[str, dict[str, Any]] = {
        name: {
            "availability": rng.choice(("0.5", "0.9", 1)),
            "failure_rate": rng.choice((0, "0.2")),
            "bills_failures": rng.choice(("yes", "no", "unknown")),
            "keep_rate": rng.choice(("0.5", 1)),
        }
        for name in "abc"
    }
    bound = rng.randint(5, 30)
    budgets = [{"usd": rng.randint(3, 20), rng.choice(("provider", "model")): "*"}]
    own = router(rates, limits={"budget_usd": bound}, budgets=budgets)
    bills: dict[str, int] = {}
    waiting: list[Decision] = []
    for _ in range(60):
        step = begun(own, rng)
        while step is not None:
            outcome = rng.choice(outcomes_of(step))
            if outcome in ("served", "failed-billed"):
                bills[step.cause] = bills.get(step.cause, 0) + int(step.billed_usd * 100)
            kept = rng.random() < 0.7
            own.report(step, outcome, kept=kept)
            within(own)
            if outcome in ("pending", "unknown"):
                waiting.append(step)
                try:
                    step = own.next(step, accept_double_billing=True)
                except OverBudgetError:
                    step = None
            else:
                try:
                    step = own.next(step)
                except OverBudgetError:
                    # A model that is stated never to be down was.
                    own.give_up(step)
                    step = None
            within(own)
    for step in waiting:
        if rng.random() < 0.5:
            bills[step.cause] = bills.get(step.cause, 0) + int(step.billed_usd * 100)
            own.report(step, "served")
        else:
            own.report(step, "failed-unbilled")
            own.give_up(step)
    within(own)
    assert taken(own).get(BUDGET, (0, 0)) == (0, sum(bills.values()))
    assert own.ledger.open_reservations() == []


def begun(own: Router, rng: random.Random) -> Decision | None:
    try:
        return own.route({**CLIP, "max_takes": rng.choice((1, 2, 3)), "models": rng.sample(("a", "b", "c"), 2)})
    except RefusalError:
        return None


def outcomes_of(step: Decision) -> list[str]:
    """What can happen to a step by what its model states."""
    can = ["served", "unavailable", "pending", "unknown"]
    if step.attempt.failure_rate:
        can.append("failed-unbilled" if step.attempt.bills_failures == "no" else "failed-billed")
    return can


def within(own: Router) -> None:
    for one in own.ledger.accounts():
        assert one.reserved >= 0
        assert one.reserved + one.spent <= one.bound
