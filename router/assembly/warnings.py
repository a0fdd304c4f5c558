"""What a reader of a plan's figures must know about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from router.errors import nearest
from router.schema.candidate import Offer
from router.schema.catalog import Catalog
from router.schema.plan import Route
from router.schema.requests import NEUTRAL, clip_names, lack_text
from router.schema.scenario import Pack, Scenario
from router.units import Micro, to_micro, usd_text

LIKELY_UNSERVED = 0.01
"""From this chance on that nobody makes a clip, a plan says so."""


def warnings(
    scenario: Scenario,
    catalogs: Sequence[Catalog],
    offers: Sequence[Offer],
    routes: Sequence[Route],
    unborne: Sequence[str],
    on: dt.date,
) -> tuple[str, ...]:
    """Every warning, each once.

    Parameters
    ----------
    unborne
        Names in the scenario's availability that no offer bears.
    on
        The day that the plan is made for.
    """
    found = [
        *of_the_day(catalogs, offers, on),
        *_stated_names(scenario, offers, unborne),
        *_names(scenario, offers),
        *_account(scenario, catalogs, offers, on),
        *_rules(scenario),
        *_billing(routes),
        *_unserved(scenario, routes),
    ]
    return tuple(dict.fromkeys([*found, *_requests(scenario, routes)]))


def settlement(saving: float, routes: Sequence[Route], worst: Micro) -> Iterator[str]:
    """How packs and discounts enter the figures of a cost that is not certain.

    Parameters
    ----------
    worst
        The worst case at list prices, micro-dollars.
    """
    nominal = sum(to_micro(route.price_usd) * route.count for route in routes)
    if saving and worst != nominal:
        yield (
            "packs and volume discounts are settled on the expected spend: what they save on it is taken off every figure of the cost, "
            "percentiles and the worst case too"
        )


def of_the_day(catalogs: Sequence[Catalog], offers: Sequence[Offer], on: dt.date) -> Iterator[str]:
    """What another day would say otherwise."""
    yield from stale(catalogs, on)
    yield from _retired(catalogs, offers)


def stale(catalogs: Sequence[Catalog], on: dt.date) -> Iterator[str]:
    """Prices that are older than their catalog allows."""
    for catalog in catalogs:
        if catalog.stale_after_days is None:
            continue
        sold = [entry for entry in catalog.models if entry.sold_on(on)]
        seen = [entry.terms(offer).as_of or catalog.as_of for entry in sold for offer in entry.offers]
        old = [day for day in seen if (on - day).days > catalog.stale_after_days]
        if old:
            some = "" if len(old) == len(seen) else f"{len(old)} of {len(seen)} "
            since = f"{min(old)}" if len(set(old)) == 1 else f"{min(old)} to {max(old)}"
            age = f"more than {catalog.stale_after_days} days old"
            yield f"{some}prices of catalog '{catalog.name}' are from {since}, {age}; check them before you buy"


def _retired(catalogs: Sequence[Catalog], offers: Sequence[Offer]) -> Iterator[str]:
    sold = {offer.catalog for offer in offers if offer.status != "retired"}
    yield from (
        f"everything in catalog '{catalog.name}' is retired" for catalog in catalogs if catalog.name not in sold
    )


def _stated_names(scenario: Scenario, offers: Sequence[Offer], unborne: Sequence[str]) -> Iterator[str]:
    """Names that rates are stated or measured for and nothing bears; those of a calibration in one line."""
    models = dict.fromkeys(offer.model for offer in offers)
    both = dict.fromkeys(f"{offer.provider}/{offer.model}" for offer in offers)
    rateable = {**models, **both}
    every = {**models, **dict.fromkeys(offer.provider for offer in offers), **both}
    measured = scenario.calibration.names if scenario.calibration is not None else ()
    rated: dict[str, Mapping[str, object]] = {
        "failure_rate": scenario.failure_rate,
        "keep_rate": scenario.keep_rate,
        "bills_failures": scenario.bills_failures,
    }
    stated: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("outages.availability", unborne, every),
        *((field, [name for name in table if name not in rateable], rateable) for field, table in rated.items()),
    ]
    for field, names, known in stated:
        for name in names:
            if name not in measured:
                yield f"{field}: no offer bears the name '{name}'{_near(name, known)}"
    strangers = [name for name in measured if name not in every]
    if len(strangers) == 1:
        yield f"calibration: no offer bears the name '{strangers[0]}'{_near(strangers[0], every)}"
    elif strangers:
        more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
        named = ", ".join(f"'{name}'" for name in strangers[:5])
        yield f"calibration: no offer bears the names {named}{more}"


def _names(scenario: Scenario, offers: Sequence[Offer]) -> Iterator[str]:
    models = dict.fromkeys(offer.model for offer in offers)
    providers = dict.fromkeys(offer.provider for offer in offers)
    listed = {
        "models": (models, [(*(clip.models or ()), *clip.not_models) for clip in scenario.clips]),
        "providers": (providers, [(*(clip.providers or ()), *clip.not_providers) for clip in scenario.clips]),
    }
    for field, (known, lists) in listed.items():
        for name in dict.fromkeys(name for names in lists for name in names if name not in known):
            yield f"clips.{field}: no offer bears the name '{name}'{_near(name, known)}"
    for position, cap in enumerate(scenario.limits.caps):
        for wanted, known in ((cap.where.model, models), (cap.where.provider, providers)):
            if wanted is not None and wanted not in known:
                yield f"limits.caps[{position}].where: no offer bears the name '{wanted}'{_near(wanted, known)}"
    for field, entries in (("packs", scenario.packs), ("tiers", scenario.tiers)):
        stated = [entry for entry in entries if not (isinstance(entry, Pack) and entry.owned)]
        for name in dict.fromkeys(entry.provider for entry in stated if entry.provider not in providers):
            yield f"{field}: no offer bears the name '{name}'{_near(name, providers)}"


def _account(scenario: Scenario, catalogs: Sequence[Catalog], offers: Sequence[Offer], on: dt.date) -> Iterator[str]:
    """Terms of the account that come to nothing: what they name is not sold, or not valid any more."""
    providers = dict.fromkeys(offer.provider for offer in offers)
    for provider, terms in scenario.account.items():
        if provider not in providers:
            yield f"account: no offer bears the name '{provider}'{_near(provider, providers)}"
            continue
        table = f"account.{provider}"
        entries = [entry for catalog in catalogs for entry in catalog.models if entry.provider == provider]
        models = dict.fromkeys(entry.model for entry in entries)
        for name in (name for name in terms.models or () if name not in models):
            yield f"{table}.models: {provider} sells no model '{name}'{_near(name, models)}"
        regions = dict.fromkeys(entry.region for entry in entries if entry.region is not None)
        for name in (name for name in terms.regions or () if name not in regions):
            yield f"{table}.regions: nothing of {provider} is sold in a region '{name}'{_near(name, regions)}"
        rate = "units_per_usd" if terms.units_per_usd is not None else "usd_per_unit"
        stated = getattr(terms, rate) is not None
        if stated and all(offer.unit == "usd" for offer in offers if offer.provider == provider):
            yield f"{table}.{rate} changes nothing: prices of {provider} are in dollars"
        for pack in terms.packs:
            if pack.valid_until is not None and pack.valid_until < on:
                what = f"{pack.count:,} of {usd_text(pack.pays_for_usd)} {'was' if pack.count == 1 else 'were'} valid until"
                yield f"{table}.packs: {what} {pack.valid_until}; nothing is paid with them"


def _near(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known)
    return f"; did you mean '{close}'?" if close else ""


def _rules(scenario: Scenario) -> Iterator[str]:
    if scenario.fallback.order == "expected" and scenario.fallback.across == "provider":
        yield 'fallback.order = "expected" needs across = "all": a provider orders its own fallback by price'
    if scenario.limits.groups is not None and all(clip.group is None for clip in scenario.clips):
        yield f'limits.groups = "{scenario.limits.groups}" binds nothing: no clip names its group'


def _billing(routes: Sequence[Route]) -> Iterator[str]:
    for route in routes:
        for step in route.chain:
            if step.failure_rate and step.bills_failures == "unknown":
                yield (
                    f"whether {step.provider} bills failed generations of {step.model} is unknown: "
                    "counted as billed in the worst case, as not billed in the expected cost"
                )


def _unserved(scenario: Scenario, routes: Sequence[Route]) -> Iterator[str]:
    if not scenario.fallback.unserved_usd and any(route.unserved_probability >= LIKELY_UNSERVED for route in routes):
        yield (
            "some clips are likely to find their whole chain down, at a cost of nothing; "
            "set fallback.unserved_usd to what that would cost you"
        )


def _requests(scenario: Scenario, routes: Sequence[Route]) -> Iterator[str]:
    """What of the clips' own requests is not sent or missing; clips that have none are planned for their cost only."""
    users = {clip.id: clip.request for clip in scenario.clips if clip.request}
    unsent: dict[str, dict[str, None]] = {}
    lacking: dict[tuple[str, str], dict[str, None]] = {}
    # A draft is by its nature not what the clip's request asks for.
    for route in routes if users else ():
        model = f"{route.provider}/{route.model}"
        for clip in (clip for clip in route.clips if clip in users and not route.draft):
            if route.request is None:
                unsent.setdefault(f"this version can write no request for {model} ({route.api_model})", {})[clip] = None
                continue
            for text in _unsent(users[clip], route.request.body, model):
                unsent.setdefault(text, {})[clip] = None
            for missing in route.request.lacks:
                lacking.setdefault((model, missing), {})[clip] = None
    yield from (f"{clip_names([*clips])}: {text}" for text, clips in unsent.items())
    yield from (lack_text(model, missing, [*clips]) for (model, missing), clips in lacking.items())


def _unsent(theirs: Mapping[str, Any], sent: Mapping[str, Any], model: str) -> Iterator[str]:
    for name, value in theirs.items():
        if name in sent:
            for path in _overridden({name: value}, sent):
                yield f"request.{path} is decided by the plan; the clip's own value is not sent"
        elif not _sent_otherwise(name, value, sent):
            yield f"{model} takes no request.{name}; the clip's own value is not sent"


def _sent_otherwise(name: str, value: Any, sent: Mapping[str, Any]) -> bool:
    if name in NEUTRAL:
        # An endpoint may call it otherwise, and a size has the shape.
        return not value or _holds(sent, value) or (name == "aspect_ratio" and "size" in sent)
    extra = sent.get("extra_body")
    return isinstance(extra, dict) and name in extra


def _holds(sent: Any, value: Any) -> bool:
    if sent == value:
        return True
    inner = sent.values() if isinstance(sent, dict) else sent if isinstance(sent, list) else ()
    return any(_holds(part, value) for part in inner)


def _overridden(theirs: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[str]:
    """The user's fields that stand otherwise in what is sent."""
    for name, value in theirs.items():
        if isinstance(value, dict) and isinstance(sent.get(name), dict):
            yield from (f"{name}.{inner}" for inner in _overridden(value, sent[name]))
        elif isinstance(value, list) and isinstance(sent.get(name), list):
            yield from () if all(part in sent[name] for part in value) else (name,)
        elif name in sent and sent[name] != value:
            yield name
