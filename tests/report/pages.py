"""Reports to look at: of scenarios, of a thousand clips, of names that would like to be markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import router
from router.analysis.cost_histogram import cost_histogram
from router.report.html.plan_page import plan_page
from router.schema.plan import Plan
from tests.builders import ON, catalog, model, planned

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><h1>gone</h1>",
    "</script><script>alert(2)</script>",
    "' onmouseover='alert(3)",
    "<!--",
    "&lt;b&gt; &amp; {{7*7}} ${7*7}",
    "\u202etxt.exe",
    "nul\x00, bell\x07, line\nbreak",
)
"""No scenario may bear such names; a page that is asked to show them shows them all the same, as text."""


@cache
def plan_of(name: str) -> Plan:
    """The plan of a scenario of the repository."""
    return router.plan(router.Scenario.load(SCENARIOS / f"{name}.toml"), on=ON)


@cache
def many(count: int = 1000) -> Plan:
    """So many clips of lengths that all differ; one in ten has sound."""
    lengths = [f"{1 + k / 100:.2f}" for k in range(count)]
    clips = [
        {"id": f"clip-{k}", "seconds": length, "audio": "none" if k % 10 else "native"}
        for k, length in enumerate(lengths)
    ]
    offers = [{"audio": sound, "price_per_second": price} for sound, price in ((False, "0.10"), (True, "0.15"))]
    return planned(clips, catalog(model("m", offers)))


def named(*names: str) -> Plan:
    """A small plan in which clips, title, models, limits, reasons and warnings bear these names, past all validation."""
    plan = plan_of("every-limit")
    first = plan.routes[0].model_copy(update={"clips": names, "counts": (1,) * len(names), "count": len(names)})
    odd = {"model": names[0], "provider": names[1], "group": names[2], "catalog": names[-1]}
    return plan.model_copy(
        update={
            "title": names[0],
            "routes": (first, *(route.model_copy(update=odd) for route in plan.routes[1:])),
            "limits": tuple(limit.model_copy(update={"limit": names[1]}) for limit in plan.limits),
            "left_out": tuple(
                left.model_copy(update={"clips": names[:1], "reason": names[1]}) for left in plan.left_out
            ),
            "baselines": tuple(own.model_copy(update={"name": names[0]}) for own in plan.baselines),
            "catalogs": tuple(own.model_copy(update={"name": names[-1]}) for own in plan.catalogs),
            "prices": tuple(
                line.model_copy(update={"catalog": names[-1], "source": names[0], "where": names[1]})
                for line in plan.prices
            ),
            "warnings": names,
        }
    )


def page_of(plan: Plan) -> str:
    """Its report."""
    return plan_page(plan, cost_histogram(plan))


def sourced(plan: Plan, source: str) -> Plan:
    """The plan, all of whose prices were seen there."""
    return plan.model_copy(update={"prices": tuple(line.model_copy(update={"source": source}) for line in plan.prices)})


STYLE, SCRIPT = (re.compile(rf"<{tag}>(.*?)</{tag}>", re.DOTALL) for tag in ("style", "script"))


def loads_nothing(page: str) -> None:
    """Assert that a page's policy allows its one style and its one script by their hashes, and that it has nothing else to load or run."""
    read = Read.of(page)
    (policy,) = [
        value for tag, key, value in read.attributes if (tag, key) == ("meta", "content") and "default-src" in value
    ]
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "style-src": f"'{_sha256(STYLE, page)}'",
        "script-src": f"'{_sha256(SCRIPT, page)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert [read.tags.count(tag) for tag in ("style", "script")] == [1, 1]
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(read.tags)
    assert not [own for own in read.attributes if own[1] in ("style", "src", "srcset") or own[1].startswith("on")]


def _sha256(pattern: re.Pattern[str], page: str) -> str:
    (found,) = pattern.findall(page)
    return "sha256-" + base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()


@dataclass
class Read(HTMLParser):
    """A page as a parser sees it."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    """(tag, attribute, value)"""
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, page: str) -> Read:
        read = cls()
        read.feed(page)
        read.close()
        return read

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, key, value or "") for key, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")


def without_style(page: str) -> str:
    """A page without its style, script and their hashes, a line for each larger element: what a golden file holds."""
    bare = re.sub(r"(<(style|script)>).*?(</\2>)", r"\1\3", page, flags=re.DOTALL)
    bare = re.sub(r"sha256-[\w+/=]+", "sha256-...", bare)
    return re.sub(
        r"(?=<(?:h\d|header|nav|main|section|p|li|dl|div|figure|svg|rect|line|text|table|tr|details|footer)\b)",
        "\n",
        bare,
    )
