"""A document of sections: one file with its own style and script, which may load nothing and run nothing else.

The content security policy allows the one style sheet and the one script by their SHA-256; there are no ``style`` attributes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from router.report.html.elements import Child, element, join


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report."""

    key: str
    """Its anchor; letters and hyphens, unique on the page."""
    title: str
    """Its heading."""
    body: Markup
    """What stands under the heading; its own headings begin at level 3."""
    short: str = ""
    """What the list of sections calls it; its heading if empty."""


def html_page(title: str, sections: Sequence[Section], *, lead: Child = None) -> str:
    """A whole document.

    Parameters
    ----------
    title
        The heading of the page, plain text.
    lead
        What stands under it, before the first section: the figures that matter most.
    """
    heading = title or "Plan"
    style, script = _own("style.css"), _own("script.js")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="generator", content="router"),
        element("title", heading),
        element("style", Markup(style)),  # noqa: S704  Our own file, not a user's text
    )
    body = element(
        "body",
        element("a", "Skip to the report", href="#report", class_="skip"),
        element("header", element("h1", element("bdi", heading)), lead, class_="top"),
        _contents(sections),
        element("main", *map(_section, sections), id="report", tabindex=-1),
        element(
            "footer",
            element("p", "Made by router. The page is complete in itself: it loads nothing and sends nothing."),
        ),
        element("script", Markup(script)),  # noqa: S704  Our own file, not a user's text
    )
    return str(join(Markup("<!DOCTYPE html>\n"), element("html", head, Markup("\n"), body, lang="en"), Markup("\n")))


def _contents(sections: Sequence[Section]) -> Markup:
    links = (element("li", element("a", own.short or own.title, href=f"#{own.key}")) for own in sections)
    return element("nav", element("ul", *links), aria_label="Sections")


def _section(own: Section) -> Markup:
    heading = element("h2", own.title, id=f"{own.key}-title")
    return element("section", heading, own.body, id=own.key, aria_labelledby=f"{own.key}-title")


@cache
def _own(file: str) -> str:
    return (files("router.report.html") / file).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return f"default-src 'none'; style-src '{_sha256(style)}'; script-src '{_sha256(script)}'; base-uri 'none'; form-action 'none'"


def _sha256(text: str) -> str:
    """The source expression that allows exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
