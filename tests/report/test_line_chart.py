"""A chart of lines has each amount at its value, gaps where there is nothing, and marks where they belong."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

import pytest

from router.report.html.line_chart import Line, Scale, line_chart


def amounts(*values: int | None) -> list[Decimal | None]:
    return [None if value is None else Decimal(value) for value in values]


def drawn(chart: str) -> list[list[tuple[float, float]]]:
    """The pieces of each path, in thousandths of width and height."""
    return [
        [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", piece)]
        for path in re.findall(r'<path d="M(.*?)"', chart)
        for piece in path.split("M")
    ]


def test_numbers_stand_at_their_distances_and_words_evenly() -> None:
    numbers, words = Scale.of(["1", "2", "5"]), Scale.of(["1", "two", "5"])
    near, far = numbers.at(1) - numbers.at(0), numbers.at(2) - numbers.at(1)
    assert far == pytest.approx(3 * near)
    assert words.at(1) - words.at(0) == pytest.approx(words.at(2) - words.at(1))


@pytest.mark.parametrize("value", ["nan", "inf", "1e", "", "0.1 s"])
def test_what_is_no_finite_number_is_a_word(value: str) -> None:
    assert Scale.of(["1", value]).numbers is None


def test_a_line_goes_from_left_to_right_whatever_the_order_of_the_values() -> None:
    chart = line_chart([Line("a", amounts(30, 10, 20))], Scale.of(["3", "1", "2"]), (), "t", "about")
    (piece,) = drawn(chart)
    assert [x for x, _ in piece] == sorted(x for x, _ in piece)
    # The dearer, the higher: the smaller from the top.
    assert [y for _, y in piece] == sorted((y for _, y in piece), reverse=True)


def test_a_gap_is_no_line_and_is_shaded_up_to_the_mark_beside_it() -> None:
    line = Line("a", amounts(1, 2, None, None, 3, 4))
    scale = Scale.of([str(k) for k in range(6)])
    chart = line_chart([line], scale, [(Decimal("3.9"), "1")], "t", "about")

    assert [len(piece) for piece in drawn(chart)] == [2, 2]
    ((left, width),) = re.findall(r'<rect x="([\d.]+)%" width="([\d.]+)%"', chart)
    # Half of the way from 1 to 2 on the left, the mark on the right.
    assert float(left) / 100 == pytest.approx(scale.between(Decimal("1.5")), abs=1e-5)
    assert (float(left) + float(width)) / 100 == pytest.approx(scale.between(Decimal("3.9")), abs=1e-5)
    assert "no plan" in chart


def test_a_value_that_stands_alone_has_a_dot_however_many_there_are() -> None:
    values = [None if k % 2 else k for k in range(201)]
    chart = line_chart([Line("a", amounts(*values))], Scale.of([str(k) for k in range(201)]), (), "t", "about")
    assert chart.count("<circle") == 101


def test_labels_of_marks_keep_clear_of_one_another() -> None:
    marks = [(Decimal(k), str(k)) for k in range(100)]
    chart = line_chart([Line("a", amounts(*range(100)))], Scale.of([str(k) for k in range(100)]), marks, "t", "about")
    places = [
        float(x) for x in re.findall(r'<text x="([\d.]+)%" y="\d+" text-anchor="middle" class="change-label"', chart)
    ]
    assert chart.count('class="change"') == 100
    assert min(after - before for before, after in pairwise(places)) > 6


def test_a_chart_has_a_name_and_a_description_or_a_label() -> None:
    line, scale = Line("a", amounts(1, 2)), Scale.of(["1", "2"])
    named, plain = (
        line_chart([line], scale, (), "Cost", "It rises.", key="k"),
        line_chart([line], scale, (), "Cost", "It rises."),
    )
    assert '<title id="k-name">Cost</title><desc id="k-about">It rises.</desc>' in named
    assert 'aria-label="It rises."' in plain
    assert " id=" not in plain


def test_equal_amounts_and_none_at_all_have_a_chart() -> None:
    for values in ((5, 5), (0, 0), (None, None)):
        assert line_chart([Line("a", amounts(*values))], Scale.of(["1", "2"]), (), "t", "about").startswith("<svg")


def test_stairs_run_level_at_the_higher_amount_and_begin_anew_where_they_are_broken() -> None:
    line = Line("a", amounts(1, 3, 2, 5), broken=frozenset({3}), is_stairs=True)
    chart = line_chart([line], Scale.of(["0", "1", "2", "3"]), (), "t", "about")
    stairs, (alone,) = drawn(chart)
    # Up at the first value, then level to the second; level to the third, then down; the fourth stands alone.
    steps = [(after[0] > before[0], after[1] - before[1]) for before, after in pairwise(stairs)]
    assert [(right, (y > 0) - (y < 0)) for right, y in steps] == [(False, -1), (True, 0), (True, 0), (False, 1)]
    assert alone[0] > stairs[-1][0]
    assert chart.count("<circle") == 4


def test_dots_that_lead_somewhere_are_links_with_names_and_no_part_of_a_picture() -> None:
    line = Line("a", amounts(1, 2), links=[("one", "the first"), ("two", "the second")])
    chart = line_chart([line], Scale.of(["1", "2"]), (), "t", "about", key="k")
    assert 'role="group"' in chart
    assert re.findall(r'<a href="#(\w+)"><title>(.*?)</title>', chart) == [("one", "the first"), ("two", "the second")]
    behind = chart[chart.index('<g aria-hidden="true">') : chart.index("</g>")]
    assert "<text" in behind
    assert "<text" not in chart[chart.index("</g>") :]
