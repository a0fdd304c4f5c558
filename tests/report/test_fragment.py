"""What a notebook shows of a plan and of a distribution."""

from __future__ import annotations

import router
from tests.builders import catalog, model, planned
from tests.report.pages import HOSTILE, Read, named, plan_of


def test_a_notebook_shows_the_figures_and_the_routes_of_a_plan() -> None:
    shown = Read.of(plan_of("quickstart")._repr_html_())
    assert shown.tags.count("tr") == 1 + 5
    assert "22 clips: expected $20.15, P95 $20.14, worst case $21.14" in shown.text
    assert "Proven optimal" in shown.text
    assert "evolink/kling-motion-control" in shown.text


def test_what_a_plan_warns_of_and_leaves_out_is_shown_too() -> None:
    shown = Read.of(plan_of("every-limit")._repr_html_()).text
    assert "Left out: 2" in shown
    assert "Warning: packs and volume discounts are settled" in shown


def test_a_notebook_shows_the_chart_and_the_quantiles_of_a_distribution() -> None:
    # One clip: $1.00 with a chance of 0.9, else $1.50.
    two = catalog(model("a"), model("b", [{"audio": False, "price_per_second": "0.15"}]))
    plan = planned([{"seconds": 10}], two, outages={"availability": {"a": "0.9"}})
    shown = Read.of(router.distribution(plan)._repr_html_())
    assert shown.tags.count("svg") == 1
    assert "Expected$1.05" in shown.text
    assert "95% of runs cost at most$1.50" in shown.text


def test_nothing_of_a_fragment_reaches_beyond_it() -> None:
    plan = plan_of("risky-launch")
    for fragment in (plan._repr_html_(), router.distribution(plan)._repr_html_()):
        read = Read.of(fragment)
        assert not {"style", "script", "link", "iframe", "html", "body"} & set(read.tags)
        assert not [own for own in read.attributes if own[1] in ("id", "href", "src") or own[1].startswith("on")]
        assert {value for _, key, value in read.attributes if key == "style"} <= {"text-align:left", "text-align:right"}


def test_hostile_names_are_text_in_a_notebook() -> None:
    plain = tuple(f"n{k}" for k in range(len(HOSTILE)))
    hostile, harmless = (Read.of(named(*names)._repr_html_()) for names in (HOSTILE, plain))
    kept = [[tag for tag in read.tags if tag != "wbr"] for read in (hostile, harmless)]
    assert kept[0] == kept[1]
    assert HOSTILE[0] in hostile.text


def test_many_kinds_of_route_are_cut() -> None:
    plan = planned(
        [{"id": f"c{k}", "seconds": 1 + k} for k in range(20)] + [{"id": "x", "seconds": "1.5"}], catalog(model())
    )
    shown = Read.of(plan._repr_html_())
    assert shown.tags.count("tr") == 1 + 20
    assert "and 1 more kind of route" in shown.text
