"""Another program's price list: read exactly, looked into with a line for every mistake, and made into a catalog entry by entry.

What is of the wrong kind is bad input and ends the import; what is right and cannot be sold from is left out, with its reason.
Prices are dollars.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, Literal, TypeVar

from pydantic_core import PydanticCustomError

from router.errors import InputError, Problem, nearest
from router.loading.formats import Source, decoded, label_of, parse, raw
from router.loading.overlay_file import Added, load_overlay
from router.loading.validation import line_of, validated
from router.schema.base import Date, Model, Path, Within, kind_of, printable, quoted
from router.schema.catalog import MAX_PRICE_USD, Catalog, ModelEntry, OfferEntry
from router.schema.imported_catalog import ImportedCatalog, LeftOut, Remark
from router.schema.overlay import OverlayEntry

Kind = Literal["litellm", "openrouter"]
T = TypeVar("T")

_PRICE = Within(minimum=0, below=MAX_PRICE_USD)
_PRICE_OR_TEXT = Within(minimum=0, below=MAX_PRICE_USD, from_text=True)
_SECONDS = Within(positive=True, maximum=10**6)


class _Day(Model):
    as_of: Date


@dataclass
class PriceList:
    """A price list that is being made into a catalog."""

    kind: Kind
    source: Source
    sha256: str
    data: dict[str, Any]
    as_of: dt.date
    added: Added | None
    entry: str = ""
    """The one that is being looked at."""
    found: list[tuple[str, ModelEntry]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The name of its file, without its folder."""
        label = self.source.label
        return "standard input" if label == "<stdin>" else printable(FilePath(label).name, 200)

    def said_of(self, name: str) -> OverlayEntry:
        """What the overlay says of an entry."""
        return self.added.to(name) if self.added is not None else OverlayEntry.model_construct()

    def leave_out(self, entry: str, reason: str, price: str | None = None) -> None:
        """Leave out an entry, or one of its prices."""
        self.left_out.append(LeftOut(entry=printable(entry), price=price and printable(price, 100), reason=reason))

    def remark(self, entry: str, text: str) -> None:
        """Something to know about an entry."""
        self.remarks.append(Remark(entry=printable(entry), text=printable(text, 600)))

    def add(self, entry: str, table: Mapping[str, Any]) -> None:
        """One model in one mode, as a catalog's file has it; left out where the catalog cannot hold it."""
        try:
            made = validated(ModelEntry, table, lambda _: "")
        except InputError as error:
            self.leave_out(entry, "; ".join(dict.fromkeys(problem.message for problem in error.problems)))
        else:
            self.found.append((printable(entry), made))

    def _settled(self) -> list[tuple[str, ModelEntry]]:
        """What the catalog sells: of two that sell the same the one that is sold longer, else the first."""
        last = [made.available_until or dt.date.max for _, made in self.found]
        sold: dict[tuple[object, ...], tuple[str, object]] = {}
        offers = {
            i: self._not_sold_yet(*self.found[i], sold)
            for i in sorted(range(len(last)), key=last.__getitem__, reverse=True)
        }
        return [
            (entry, made if offers[i] == made.offers else made.model_copy(update={"offers": offers[i]}))
            for i, (entry, made) in enumerate(self.found)
            if offers[i]
        ]

    def _not_sold_yet(
        self, entry: str, made: ModelEntry, sold: dict[tuple[object, ...], tuple[str, object]]
    ) -> tuple[OfferEntry, ...]:
        """The offers of a model that no other sells; the rest is left out."""
        offers: list[OfferEntry] = []
        twice: dict[str, list[bool]] = {}
        for offer in made.offers:
            key = (made.provider, made.model, made.mode, offer.resolution, offer.audio)
            price = (offer.price_per_second, made.price_per_generation, made.price_minimum)
            if key in sold:
                other, before = sold[key]
                twice.setdefault(other, []).append(before == price)
            else:
                sold[key] = (entry, price)
                offers.append(offer)
        for other, alike in twice.items():
            same = "the same price" if all(alike) else "another price"
            reason = f"another entry of the same provider, model and mode is taken, at {same}"
            part = f"{len(alike)} of {len(made.offers)} offers" if offers else None
            self.left_out.append(LeftOut(entry=entry, price=part, reason=reason, instead=other))
        return tuple(offers)

    def imported(self, source: str, entries: Iterable[str], every: Iterable[str]) -> ImportedCatalog:
        """The catalog, once all entries have been looked at.

        Parameters
        ----------
        source
            Where the prices were seen.
        entries
            Those that were looked at.
        every
            Those that the list has, of all providers.

        Raises
        ------
        InputError
            If something was wrong, or nothing could be taken.
        """
        if self.problems:
            raise InputError(sorted(dict.fromkeys(self.problems), key=line_of))
        settled = self._settled()
        looked_at = list(entries)
        if not settled:
            raise InputError([Problem(self._nothing(len(looked_at)), self.source.label)])
        taken = {entry for entry, _ in settled}
        place = {printable(entry): i for i, entry in enumerate(looked_at)}
        left_out = [left for left in self.left_out if left.price is None or left.entry in taken]
        text = f"{source}; file {self.file}, SHA-256 {self.sha256}"
        return ImportedCatalog(
            kind=self.kind,
            file=self.file,
            sha256=self.sha256,
            overlay=None if self.added is None else printable(FilePath(self.added.source.label).name, 200),
            overlay_sha256=None if self.added is None else self.added.sha256,
            entries=len(looked_at),
            taken=tuple(entry for entry, _ in settled),
            left_out=tuple(sorted(left_out, key=lambda left: place[left.entry])),
            remarks=tuple(remark for remark in self.remarks if remark.entry in taken),
            unused=() if self.added is None else self.added.unused(every),
            catalog=Catalog(name=self.kind, as_of=self.as_of, source=text, models=tuple(made for _, made in settled)),
        )

    def _nothing(self, entries: int) -> str:
        reasons: dict[str, list[str]] = {}
        for left in dict.fromkeys(left for left in self.left_out if left.price is None):
            reasons.setdefault(left.reason, []).append(left.entry)
        most = sorted(reasons.items(), key=lambda item: -len(item[1]))
        said = "; ".join(f"{len(names):,} as {quoted(names[0])}: {reason}" for reason, names in most[:3])
        more = f"; and {len(most) - 3} other reasons" if len(most) > 3 else ""
        mend = "" if self.added is not None else "; to mend it, give an overlay that says it"
        return f"none of {entries:,} entries for video can be taken: {said}{more}{mend}"

    def price(self, path: Path, value: object, *, text: bool = False) -> Decimal | None:
        """An amount of dollars that the list states; nothing where it states none."""
        if value is None:
            return None
        try:
            if text and isinstance(value, str):
                value = value.strip()
            return (_PRICE_OR_TEXT if text else _PRICE).exact(value)
        except PydanticCustomError as error:
            self.wrong(path, error.message())
        return None

    def lengths(self, path: Path, value: object) -> tuple[Decimal, ...]:
        """Seconds that the list states."""
        found: list[Decimal] = []
        for i, each in enumerate(self.a_list(path, value)):
            try:
                found.append(_SECONDS.exact(each))
            except PydanticCustomError as error:
                self.wrong((*path, i), error.message())
        return tuple(sorted(set(found)))

    def a_text(self, path: Path, value: object) -> str:
        """A text; empty where there is none."""
        return self._a(str, "a text", path, value) or ""

    def texts(self, path: Path, value: object) -> list[str]:
        """A list of texts; empty where there is none."""
        return [self.a_text((*path, i), each) for i, each in enumerate(self.a_list(path, value))]

    def a_flag(self, path: Path, value: object) -> bool | None:
        """True or false, if either is said."""
        return self._a(bool, "true or false", path, value)

    def a_list(self, path: Path, value: object) -> list[Any]:
        """A list; empty where there is none."""
        return self._a(list, "a list", path, value) or []

    def a_table(self, path: Path, value: object) -> dict[str, Any]:
        """A table; empty where there is none."""
        return self._a(dict, "a table", path, value) or {}

    def a_day(self, path: Path, value: object) -> dt.date | None:
        """A date, if there is one."""
        text = self.a_text(path, value)
        try:
            return dt.date.fromisoformat(text) if text else None
        except ValueError:
            self.wrong(path, f"must be a date as 2026-04-09, not '{printable(text, 40)}'")
        return None

    def _a(self, kind: type[T], name: str, path: Path, value: object) -> T | None:
        if value is None or isinstance(value, kind):
            return value
        self.wrong(path, f"must be {name}, not {kind_of(value)[:40]}")
        return None

    def wrong(self, path: Path, text: str) -> None:
        """Note a mistake in the list."""
        named = next((part for part in reversed(path) if isinstance(part, str)), "")
        whose = f"{quoted(self.entry)}: " if self.entry else ""  # Often the whole list stands on one line
        self.problems.append(Problem(f"{whose}{quoted(named)} {text}", self.source.where(path)))


def read_price_list(
    kind: Kind, path: str | FilePath, as_of: dt.date | str, overlay: str | FilePath | None, owner: str
) -> PriceList:
    """Read a price list and what is added to it.

    Parameters
    ----------
    owner
        What the list is, for messages.

    Raises
    ------
    InputError
        If a file cannot be read, is no JSON, or is another thing.
    """
    day = validated(_Day, {"as_of": as_of}, lambda _: "").as_of
    added = None if overlay is None else load_overlay(overlay)
    data = raw(path)
    source = decoded(data, path, kind="json")
    first = source.text.lstrip()[:1]
    if first != "{":
        what = {"<": "an HTML page", "[": "a list"}.get(first, "another kind of file")
        line = source.text[: len(source.text) - len(source.text.lstrip())].count("\n") + 1
        raise InputError([Problem(f"is {what}, not {owner}; save that as it is served", f"{label_of(path)}:{line}")])
    try:
        table = parse(source)
    except InputError as error:
        (problem,) = error.problems[:1]
        last = source.text.rstrip("\n").count("\n") + 1
        if len(error.problems) == 1 and problem.message.startswith("is not JSON") and line_of(problem) == last:
            text = f"{problem.message}: it may have been cut off; fetch {owner} once more"
            raise InputError([Problem(text, problem.where)]) from None
        raise
    return PriceList(kind, source, hashlib.sha256(data).hexdigest(), table, day, added)


def check_providers(asked: Iterable[str], known: Iterable[str]) -> None:
    """Refuse the name of a provider that no entry bears.

    Raises
    ------
    InputError
        With the nearest that one does.
    """
    names = sorted(set(known))
    problems = []
    for name in dict.fromkeys(asked):
        if name not in names:
            near = nearest(name, names)
            hint = f"did you mean '{printable(near, 80)}'?" if near else f"there is {printable(', '.join(names))}"
            problems.append(Problem(f"no entry for video is sold by '{printable(name, 80)}'; {hint}", "provider"))
    if problems:
        raise InputError(problems)
