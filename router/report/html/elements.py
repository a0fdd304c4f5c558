"""Elements of a page: the only place where markup is made, and so the only one where text is escaped.

Whatever is not ``Markup`` is text: it is escaped, and what could turn the direction of a line or break it is replaced.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from markupsafe import Markup, escape

from router.schema.base import printable

Child: TypeAlias = str | int | None
"""``Markup`` is taken as it is, every other text is escaped; None is nothing."""

_VOID = {"br", "input", "meta", "wbr"}


def element(tag: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """One element. ``class_`` stands for ``class``, ``text_anchor`` for ``text-anchor``; None and False leave an attribute out.

    >>> print(element("p", "a < b", class_="note", data_key='"'))
    <p class="note" data-key="&#34;">a &lt; b</p>
    """
    parts = [f"<{tag}"]
    for key, value in attributes.items():
        if value is not None and value is not False:
            shown = "" if value is True else f'="{text(str(value))}"'
            parts.append(f" {key.rstrip('_').replace('_', '-')}{shown}")
    parts.append(">")
    if tag not in _VOID:
        parts += [text(child) for child in children if child is not None]
        parts.append(f"</{tag}>")
    # Tags and names of attributes are ours; only values and children are texts, and those are escaped.
    return Markup("".join(parts))  # noqa: S704


def join(*children: Child) -> Markup:
    """Children one after another.

    >>> join("1 < 2", None, element("br"))
    Markup('1 &lt; 2<br>')
    """
    return Markup("").join(text(child) for child in children if child is not None)


def text(child: str | int) -> Markup:
    r"""Escaped text; markup as it is.

    >>> text("a\u202eb\x00<i>")
    Markup('a?b?&lt;i&gt;')
    """
    if isinstance(child, Markup):
        return child
    plain = str(child)
    return escape(plain if plain.isascii() and plain.isprintable() else printable(plain, len(plain)))


def name(given: str) -> Markup:
    """A name that a user gave: whatever its script, it does not turn the text around it; it may be broken behind a slash.

    >>> name("p/hero & <co>")
    Markup('<bdi>p/<wbr>hero &amp; &lt;co&gt;</bdi>')
    """
    return element("bdi", element("wbr").join(text(part) for part in re.split("(?<=/)", given)))


def paragraphs(lines: list[str], class_: str | None = None) -> Markup:
    """A paragraph for each line."""
    return join(*(element("p", line, class_=class_) for line in lines))


def path(given: str) -> Markup:
    """The path of a value, which may be broken between its parts.

    >>> print(path("caps[0].max_usd"))
    <code>caps<wbr>[0]<wbr>.max<wbr>_usd</code>
    """
    parts = re.split(r"(?=[.\[/_])", given)
    return element("code", element("wbr").join(text(part) for part in parts))
