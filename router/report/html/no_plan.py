"""A page where there is no plan: what nothing can make, or which limits clash, what would mend it, and what studies say to that."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from router.errors import Clash, NoPlanError, Unservable
from router.report.frontier_text import begun
from router.report.html.elements import element, join, name, paragraphs
from router.report.html.headline import figure, figures
from router.report.html.page import Section, html_page
from router.report.html.tables import Column, table
from router.report.no_plan_text import clash_lines
from router.report.words import some_text

_LONG = 20


def no_plan_page(error: NoPlanError, further: Sequence[Section] = (), without: Sequence[str] = ()) -> str:
    """Why there is no plan, as one self-contained HTML document; the same reason always gives the same bytes.

    Parameters
    ----------
    further
        Sections of studies that need no plan.
    without
        What is not shown though it was asked for, a sentence for each.
    """
    sections = []
    if error.unservable:
        sections.append(_unservable(error.unservable))
    if error.clash is not None:
        sections.append(_clash(error.clash))
    return html_page(error.title or "No plan", [*sections, *further], lead=_lead(error, without))


def _lead(error: NoPlanError, without: Sequence[str]) -> Markup:
    clips = sum(len(own.clips) for own in error.unservable)
    kinds = [
        *([f"{clips:,} clip{'' if clips == 1 else 's'} that nothing can make"] if clips else []),
        *(["limits that cannot all hold"] if error.clash is not None else []),
    ]
    return join(
        element("p", "No plan meets all that is asked for.", class_="about"),
        figures(figure("Plan", "none", " and ".join(kinds), "main")),
        paragraphs(list(without)),
    )


def _unservable(found: Sequence[Unservable]) -> Section:
    columns = [Column("Clips", "words"), Column("Nearest", "words"), Column("Offers that fall out", "words")]
    rows = [
        [_clips(own), own.nearest, ", ".join(f"{count:,} {reason}" for reason, count in own.reasons.items())] for own in found
    ]  # fmt: skip
    body = join(
        element("p", "No offer of the catalogs meets all that is asked of these clips.", class_="lead"),
        table("Clips that nothing can make", columns, rows, key="unservable" if len(rows) > _LONG else None),
    )
    return Section("unservable", "What nothing can make", body, "Clips")


def _clips(own: Unservable) -> Markup:
    """Below whose clips they are, so that it is seen on a phone, what would mend it."""
    mend = element("span", f"To mend it, {own.mend}", class_="way") if own.mend else None
    return join(name(some_text(own.clips)), element("span", own.requirements, class_="note"), mend)


def _clash(clash: Clash) -> Section:
    first, *lines = clash_lines(clash)
    listed = element("ul", *(element("li", begun(line)) for line in lines), class_="plain") if lines else None
    return Section("clash", "Limits that clash", join(element("p", begun(first)), listed), "Limits")
