"""What a clip's own ``request`` may hold, and what is said of one that lacks something."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator

from router.schema.base import JsonTable, Path, refusal

NEUTRAL = ("prompt", "image_url", "end_image_url", "video_url", "aspect_ratio")
"""Names in it that mean the same at every provider: the text, the first frame (or the character), the last frame, the video, the shape."""

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET = {
    "ak",
    "authorization",
    "bearer",
    "credential",
    "credentials",
    "headers",
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "jwt",
}
_KEYS = {
    "access",
    "account",
    "api",
    "auth",
    "client",
    "evolink",
    "fal",
    "kling",
    "litellm",
    "openai",
    "private",
    "secret",
}


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a key or a token.

    >>> [is_secret(name) for name in ("api_key", "x-apiKey", "Authorization", "FAL_KEY", "accessToken", "key", "ak", "extra_headers")]
    [True, True, True, True, True, True, True, True]
    >>> [is_secret(name) for name in ("prompt", "keyframes", "key_frame", "max_tokens", "monkey", "keep_original_sound")]
    [False, False, False, False, False, False]
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if words == ["key"] or not _SECRET.isdisjoint(words):
        return True
    return any(word == "key" and before in _KEYS for before, word in itertools.pairwise(words))


def secret_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where in a table keys and tokens stand."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if is_secret(name):
                yield (*path, name)
            else:
                yield from secret_paths(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from secret_paths(inner, (*path, position))


def _without_secrets(table: dict[str, Any]) -> dict[str, Any]:
    if found := list(secret_paths(table)):
        text = "is a key or token and no part of a request: it would stand in every plan; take it out and add it when you submit"
        raise refusal([(path, text) for path in found])
    return table


RequestTable = Annotated[JsonTable, AfterValidator(_without_secrets)]


def lack_text(model: str, missing: str, clips: Sequence[str]) -> str:
    """What is to be said of clips whose request lacks something.

    >>> lack_text("fal/kling-3.0", "image_url", ["a", "b", "c", "d", "e", "f"])
    "clips 'a', 'b', 'c', 'd', 'e' and 1 more: fal/kling-3.0 needs `image_url`, which their request does not give"
    """
    whose = "its" if len(clips) == 1 else "their"
    return f"{clip_names(clips)}: {model} needs `{missing}`, which {whose} request does not give"


def clip_names(clips: Sequence[str]) -> str:
    """The first few of these clips, by name.

    >>> clip_names(["hero"]), clip_names(["a", "b"])
    ("clip 'hero'", "clips 'a', 'b'")
    """
    more = f" and {len(clips) - 5} more" if len(clips) > 5 else ""
    return f"clip{'s' if len(clips) > 1 else ''} " + ", ".join(f"'{name}'" for name in clips[:5]) + more
