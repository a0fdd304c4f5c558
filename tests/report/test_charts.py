"""A chart of the cost marks what it is asked to, where it belongs, and legibly."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

import pytest

from router.report.html.charts import Mark, bar, cost_chart, round_steps
from router.schema.cost_histogram import CostHistogram
from router.schema.simulation import HistogramBin


def histogram(*shares: float, width: str = "10") -> CostHistogram:
    """Intervals of one width from $100 on."""
    ends = [Decimal(100) + k * Decimal(width) for k in range(len(shares) + 1)]
    bins = (
        HistogramBin(from_usd=low, to_usd=high, share=share)
        for (low, high), share in zip(pairwise(ends), shares, strict=True)
    )
    return CostHistogram("exact", 0, tuple(bins), 0.0, 0.0, ())


def labels(chart: str) -> dict[str, tuple[str, str]]:
    """Of each mark where its letters stand: (x, y)."""
    found = re.findall(r'<text x="([^"]+)" y="([^"]+)" class="cost-label[^>]+>([^<]+)<', chart)
    return {text: (x, y) for x, y, text in found}


def test_marks_stand_at_their_amounts_each_on_a_line_of_its_own() -> None:
    marks = [
        Mark("Expected", Decimal(105), "expected"),
        Mark("P95", Decimal(115), "p95"),
        Mark("Worst", Decimal(120), "worst"),
    ]
    found = labels(cost_chart(histogram(0.9, 0.1), marks))
    assert {text: x for text, (x, _) in found.items()} == {
        "Expected $105.00": "25%",
        "P95 $115.00": "75%",
        "Worst $120.00": "100%",
    }
    assert len({y for _, y in found.values()}) == 3


def test_what_is_off_the_chart_is_pointed_at() -> None:
    found = labels(
        cost_chart(histogram(1.0), [Mark("Worst", Decimal(900), "worst"), Mark("Budget", Decimal(5), "budget")])
    )
    assert {text: x for text, (x, _) in found.items()} == {"Worst $900.00 →": "100%", "← Budget $5.00": "0%"}


def test_a_likely_cost_has_a_tall_bar_an_unlikely_one_is_seen_and_an_impossible_one_is_not() -> None:
    bars = re.findall(r'height="([\d.]+)" class="cost-share"', cost_chart(histogram(0.999999, 0.0, 0.000001), []))
    tall, low = map(float, bars)
    assert tall > 100
    assert 1 < low < 3


def test_a_certain_cost_is_drawn_beside_the_worst_case() -> None:
    marks = [Mark("Expected", Decimal(100), "expected"), Mark("Worst", Decimal(120), "worst")]
    found = labels(cost_chart(histogram(1.0, width="0"), marks))
    assert {text: x for text, (x, _) in found.items()} == {"Expected $100.00": "0%", "Worst $120.00": "100%"}


def test_the_chart_says_in_words_what_it_shows() -> None:
    said = (
        "Bars for how likely each cost is; most likely between $100.00 and $110.00 (90% of runs). Marked: P95 $115.00."
    )
    chart = cost_chart(histogram(0.9, 0.1), [Mark("P95", Decimal(115), "p95")], key="cost")
    assert f'<desc id="cost-about">{said}</desc>' in chart
    assert 'role="img"' in chart
    assert f'aria-label="{said}"' in cost_chart(histogram(0.9, 0.1), [Mark("P95", Decimal(115), "p95")])


@pytest.mark.parametrize(("share", "width"), [(0.25, "25%"), (0.0, "0%"), (1.7, "100%"), (-1.0, "0%")])
def test_a_bar_is_as_long_as_its_share_and_never_leaves_its_cell(share: float, width: str) -> None:
    assert f'<rect width="{width}"' in bar(share)


@pytest.mark.parametrize(
    ("low", "high"), [("0.000001", "0.000004"), ("99.99", "100.01"), ("-5", "5"), ("1", "999999999")]
)
def test_steps_are_round_few_and_inside(low: str, high: str) -> None:
    steps = round_steps(Decimal(low), Decimal(high), 6)
    assert 1 <= len(steps) <= 6
    assert Decimal(low) <= steps[0] <= steps[-1] <= Decimal(high)
