"""The small language in which the providers' files say how an endpoint is asked, and how a body follows from it.

A clip's ``request`` may use five neutral names, which every endpoint calls by its own; all other keys go into the body as they
are. What the plan decides stands above both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from router.schema.requests import NEUTRAL


@dataclass(frozen=True, slots=True)
class Ask:
    """One generation as the plan decided it, in no provider's words."""

    api_model: str
    mode: str
    """What is asked for: ``image-to-video`` also of a text-to-video model that takes an image prompt."""
    seconds: Fraction
    resolution: str | None
    audio: bool
    reference: Literal["image", "video"] | None
    aspect_ratio: str | None
    """As the clip's request has it."""

    @property
    def follows_video(self) -> bool:
        """Whether the length is that of the video that goes in, so that none is stated."""
        return self.mode in ("motion-control", "video-edit")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an endpoint takes one input."""

    key: str
    """Name in the body; ``settings.aspect_ratio`` is one in a table."""
    listed: bool = False
    """The value is an entry of a list."""
    entry: str | None = None
    """The entry is a table that has the value under this name ..."""
    tag: tuple[str, str] | None = None
    """... and this field besides, which says what the value is."""
    instead: tuple[str, ...] = ()
    """Keys of the user's that make this input unnecessary."""

    def placed(self, value: Any) -> dict[str, Any]:
        """The part of the body that has the value."""
        if self.entry is not None:
            value = {**dict([self.tag] if self.tag else []), self.entry: value}
        inner = [value] if self.listed or self.entry is not None else value
        for name in reversed(self.key.split(".")):
            inner = {name: inner}
        return dict(inner)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one endpoint takes one generation."""

    url: str
    decided: Mapping[str, Any]
    """What the plan decides, as it stands in the body."""
    inputs: Mapping[str, Slot]
    """Where it takes each of the neutral names; one that is missing here is left out."""
    required: tuple[str, ...] = ()
    """Neutral names that it cannot do without."""
    never: frozenset[str] = frozenset()
    """Keys of the user's that are left out: the endpoint does not know them, or they would change what the plan decided."""
    top: frozenset[str] | None = None
    """Keys that may stand in the body itself; the others go to ``extra_body``. None: all may."""


def body(endpoint: Endpoint, user: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request: the user's table under the endpoint's names, and above it what the plan decided."""
    own = _without({*NEUTRAL, *endpoint.never}, user)
    told: dict[str, Any] = {}
    frame = endpoint.inputs.get("image_url")
    for name, slot in endpoint.inputs.items():
        # Alone a last frame would be taken for the first, or be refused.
        alone = name == "end_image_url" and frame is not None and not _has(user, "image_url", frame)
        if user.get(name) and not alone:
            told = _over(told, slot.placed(user[name]), append=True)
    for key in dict.fromkeys(slot.key for slot in endpoint.inputs.values() if slot.tag):
        # A list of things that say what they are takes the user's own besides.
        if isinstance(own.get(key), list):
            told[key] = [*told.get(key, []), *own[key]]
        own.pop(key, None)
    if endpoint.top is not None:
        extra = {key: own.pop(key) for key in [*own] if key not in endpoint.top}
        mine = own.pop("extra_body", None)
        extra |= mine if isinstance(mine, dict) else {}
        own |= {"extra_body": extra} if extra else {}
    whole = _over(_over(told, own), endpoint.decided)
    first = [key for key in ("model", "model_name", "prompt") if key in whole]
    return {key: whole[key] for key in dict.fromkeys([*first, *whole])}


def lacking(endpoint: Endpoint, user: Mapping[str, Any]) -> Iterator[str]:
    """Neutral names of what the endpoint needs and the user's table has under no name."""
    for name in endpoint.required:
        if not _has(user, name, endpoint.inputs[name]):
            yield name


def _has(user: Mapping[str, Any], name: str, slot: Slot) -> bool:
    """Whether the user's table has an input, under whatever name."""
    own = _given(user, slot.key) and (slot.tag is None or isinstance(user.get(slot.key), list))
    return own or any(_given(user, key) for key in (name, *slot.instead))


def _without(names: Collection[str], table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A table without the fields of these names; a dot leads into a table."""
    return {
        key: _without(names, value, f"{above}{key}.") if isinstance(value, dict) else value
        for key, value in table.items()
        if above + key not in names
    }


def _given(user: Mapping[str, Any], key: str) -> bool:
    value: Any = user
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return bool(value)


def _over(below: Mapping[str, Any], above: Mapping[str, Any], *, append: bool = False) -> dict[str, Any]:
    """Two tables as one: what is above stands, tables in them merge, and lists follow one another where they are appended."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, dict) and isinstance(value, Mapping):
            merged[key] = _over(under, value, append=append)
        elif append and isinstance(under, list) and isinstance(value, list):
            merged[key] = [*under, *value]
        else:
            merged[key] = value
    return merged
