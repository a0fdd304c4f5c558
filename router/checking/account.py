"""The terms of an account, worked out a second time: what a price line costs under them, who may be bought from, which packs are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from router.schema.account import AccountTerms
from router.schema.catalog import Catalog, ModelEntry
from router.schema.plan import Plan
from router.schema.prices import AccountPrice, PriceLine
from router.schema.scenario import OwnedPack, Scenario


def share_paid(own: AccountTerms | AccountPrice | None) -> Fraction:
    """The share of list prices that is paid."""
    return Fraction(1) if own is None else Fraction(1) - Fraction(own.discount)


def dollars(own: AccountTerms | AccountPrice | None, of: Catalog | PriceLine) -> Fraction:
    """What one unit of a price costs: at the account's rate, else at the published one."""
    if of.unit == "usd":
        return Fraction(1)
    agreed = own is not None and (own.usd_per_unit is not None or own.units_per_usd is not None)
    stated = own if own is not None and agreed else of
    if stated.usd_per_unit is not None:
        return Fraction(stated.usd_per_unit)
    return Fraction(1) / Fraction(stated.units_per_usd or 1)


def may_buy(entry: ModelEntry, own: AccountTerms | None) -> bool:
    """Whether the account has the model enabled, in the region where it is sold."""
    if own is None:
        return True
    enabled = own.models is None or entry.model in own.models
    return enabled and (own.regions is None or entry.region is None or entry.region in own.regions)


def expired(plan: Plan, on: dt.date) -> Iterator[str]:
    """Packs that a plan uses although they are over on a day."""
    for number, pack in enumerate(plan.packs, start=1):
        if pack.valid_until is not None and pack.valid_until < on:
            yield f"pack {number}: that of account.{pack.provider}.packs was valid until {pack.valid_until}"


def with_packs_there(scenario: Scenario, on: dt.date) -> Scenario:
    """The scenario with what the account owns put before its packs, at no price."""
    if not any(own.packs for own in scenario.account.values()):
        return scenario
    there = []
    for provider in scenario.account:
        for pack in scenario.account[provider].packs:
            if pack.valid_until is not None and pack.valid_until < on:
                continue
            there.append(
                OwnedPack(
                    provider=provider,
                    pays_for_usd=pack.pays_for_usd,
                    price_usd=Decimal(0),
                    max_count=pack.count,
                    valid_until=pack.valid_until,
                )
            )
    return scenario.model_copy(update={"packs": (*there, *scenario.packs)})


def account_of(plan: Plan, scenario: Scenario) -> Iterator[str]:
    """What is wrong between the account that a plan shows and the scenario's."""
    if [*plan.account] != [*scenario.account]:
        shown, stated = (", ".join(names) or "none" for names in (plan.account, scenario.account))
        yield f"account: the plan shows terms of {shown}, the scenario states those of {stated}"
        return
    for provider, own in plan.account.items():
        was, now = (terms.model_dump(mode="json") for terms in (own, scenario.account[provider]))
        for name in (name for name in was if was[name] != now[name]):
            yield f"account.{provider}.{name} is {_said(was[name])}, the scenario states {_said(now[name])}"


def account_alone(plan: Plan) -> Iterator[str]:
    """What is wrong between the account that a plan shows and its own prices and packs."""
    for line in plan.prices:
        own, paid = plan.account.get(line.provider), line.account
        if (share_paid(paid), dollars(paid, line)) != (share_paid(own), dollars(own, line)):
            yield f"prices: {line.provider}/{line.model} is not priced by the terms of account.{line.provider}"
        if own is not None and own.models is not None and line.model not in own.models:
            yield f"prices: {line.model} is not enabled in account.{line.provider}.models"
        if own is not None and own.regions is not None and line.region not in (None, *own.regions):
            yield f"prices: {line.model} is sold in region {line.region}, which is not in account.{line.provider}.regions"
    for provider, own in plan.account.items():
        yield from _packs_alone(plan, provider, own)
    for number, pack in enumerate(plan.packs, start=1):
        if not pack.owned:
            continue
        if pack.provider not in plan.account or pack.price_usd:
            yield f"pack {number}: account.{pack.provider}.packs has no such pack"
        if pack.bought != pack.max_count:
            yield f"pack {number}: {pack.max_count} are owned, not {pack.bought}"
    owned = [pack.owned for pack in plan.packs]
    if owned != sorted(owned, reverse=True):
        yield "packs: those that are owned come before those that are bought"


def _packs_alone(plan: Plan, provider: str, own: AccountTerms) -> Iterator[str]:
    """Whether the packs of a provider that a plan uses are those that the account owns there, but for what was over on some day.

    A plan does not say on which day it was made, but what it leaves out was over then, and what it uses was not.
    """
    owned = [(_micro(p.pays_for_usd), p.count, p.valid_until) for p in own.packs]
    there, over = owned, []
    for number, pack in enumerate(plan.packs, start=1):
        if not pack.owned or pack.provider != provider:
            continue
        used = (_micro(pack.pays_for_usd), pack.max_count, pack.valid_until)
        if used not in there:
            what = "has it once, or earlier" if used in owned else "has no such pack"
            yield f"pack {number}: account.{provider}.packs {what}"
            return
        over += there[: there.index(used)]
        there = there[there.index(used) + 1 :]
    last = min((p.valid_until for p in plan.packs if p.owned and p.valid_until), default=dt.date.max)
    for face, count, until in (*over, *there):
        if until is None or until >= last:
            yield f"packs: {count} for {Decimal(face).scaleb(-6):f} of account.{provider}.packs {'is' if count == 1 else 'are'} not used"


def _micro(amount: Decimal) -> int:
    return round(Fraction(amount) * 1_000_000)


def _said(value: object) -> str:
    return f"{value}" if value not in (None, [], {}) else "not there"
