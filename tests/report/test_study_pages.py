"""Pages of studies as text: their figures are the JSON's, they load nothing, and no name gets out of its place."""

from __future__ import annotations

import json
import re
import shlex
from decimal import ROUND_HALF_UP, Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import router
from router.report.document import as_json
from router.report.html import sweep as sweep_module
from router.report.html.comparison import comparison_page
from router.report.html.levers import levers_page
from router.report.html.sweep import sweep_page
from router.schema.sweep import Axis, Point, Sweep
from tests import golden
from tests.builders import ON, catalog, model, planned, scenario
from tests.cli.commands import process
from tests.report.pages import HOSTILE, Read, loads_nothing, without_style
from tests.report.studies import NAMES, page_of, renamed, study


def rows(page: str, caption: str) -> list[list[str]]:
    """The texts of a table's rows."""
    (body,) = re.findall(rf"<caption>{re.escape(caption)}</caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    cells = (
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    )
    return [[unescape(re.sub(r"<[^>]*>", "", cell)) for cell in row] for row in cells]


def usd(amount: str | None) -> str:
    """An amount of the JSON in cents."""
    return "" if amount is None else f"${Decimal(amount).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def told(name: str) -> Any:
    """The study as its JSON says it."""
    return json.loads(as_json(study(name)))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("what-if", "what_if"),
        ("sweep", "sweep"),
        ("levers", "levers"),
        ("sensitivity", "sensitivity"),
        ("frontier", "frontier"),
        ("comparison", "diff"),
    ],
)
def test_a_page_of_a_study(name: str, file: str) -> None:
    golden.agrees(f"{file}.html", without_style(page_of(study(name))))


# ---- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["what-if", "what-if without a plan"])
def test_the_figures_of_variants_are_those_of_the_json(name: str) -> None:
    found = told(name)
    shown = rows(page_of(study(name)), "Variants side by side")

    assert [row[0] for row in shown] == ["As it is", *(one["name"] for one in found["variants"])]
    for row, one in zip(shown, (found["baseline"], *found["variants"]), strict=True):
        sums = one["totals"]
        money = (
            ["no plan", "", ""]
            if sums is None
            else [usd(sums[key]) for key in ("expected_usd", "p95_usd", "worst_usd")]
        )
        counts = ["", ""] if sums is None else [str(sums["served"]), str(sums["left_out"])]
        assert [row[1], row[4], row[5], *row[6:]] == [*money, *counts]


def test_what_moves_under_a_variant_is_all_told_with_its_reasons() -> None:
    page = page_of(study("what-if"))
    for one in told("what-if")["variants"]:
        moves = [*one["comparison"]["moved"], *one["comparison"]["repriced"]]
        shown = rows(page, f"What moves under {one['name']}")
        assert [int(row[1]) for row in shown] == [move["count"] for move in moves]
        for row, move in zip(shown, moves, strict=True):
            assert all(reason["text"] in row[0] for reason in move["why"])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("sweep")])
def test_the_figures_of_a_sweep_are_those_of_the_json(name: str) -> None:
    found = told(name)
    shown = rows(page_of(study(name)), "Every value and its plan")

    for row, point in zip(shown, found["points"], strict=True):
        at, (expected, worst) = row[: len(point["at"])], row[len(point["at"]) :][:2]
        assert at == point["at"]
        assert expected == (usd(point["expected_usd"]) or "no plan")
        assert worst == usd(point["worst_per_request_usd"])
        assert row[-1].endswith(" changed") == point["changed"]


def test_the_figures_of_levers_are_those_of_the_json() -> None:
    found = told("levers")
    shown = rows(page_of(study("levers")), "Levers, most saved first")
    _, *steps = rows(page_of(study("levers")), "Levers on top of one another")

    for row, own in zip(shown, found["levers"], strict=True):
        assert row[0].partition(". ")[2].startswith(own["sentence"])
        assert all(text in row[0] for text in own["quality"][:2])
        assert [row[1], *row[3:5]] == [
            usd(own["saving_usd"]) or "a plan",
            usd(own["expected_usd"]),
            usd(own["worst_usd"]),
        ]
    for row, own in zip(steps, found["combined"], strict=True):
        assert [row[2], row[4], row[5]] == [
            usd(own["saving_usd"]) or "a plan",
            usd(own["total_usd"]),
            usd(own["expected_usd"]),
        ]


def test_levers_that_make_a_plan_possible_have_no_columns_of_savings() -> None:
    found = told("levers without a plan")
    shown = rows(page_of(study("levers without a plan")), "Levers, most saved first")

    assert [row[1:] for row in shown] == [
        ["a plan", usd(own["expected_usd"]), usd(own["worst_usd"])] for own in found["levers"]
    ]


def test_the_figures_of_a_sensitivity_are_those_of_the_json() -> None:
    found = told("sensitivity")
    page = page_of(study("sensitivity"))

    prices = rows(page, "How far each price can go")
    assert [row[1] for row in prices] == [str(own["clips"]) for own in found["prices"]]
    for row, own in zip(prices, found["prices"], strict=True):
        assert row[2] == f"${Decimal(own['price']):.3f}/s"
        assert row[4].startswith(
            "~any" if own["above"] is None else f"${Decimal(own['above']['break_even']).normalize():f}"
        )
    swings = rows(page, "Expected cost at lower and higher prices")
    for row, own in zip(swings[:-1], found["swings"], strict=False):
        assert [cell.removesuffix(" *") for cell in row[1:]] == [
            usd(own["lower"]["expected_usd"]), usd(own["higher"]["expected_usd"]), usd(own["swing_usd"]),
        ]  # fmt: skip


@pytest.mark.parametrize("name", ["frontier", "frontier of a part", "frontier of risk"])
def test_the_figures_of_a_frontier_are_those_of_the_json(name: str) -> None:
    found = told(name)
    caption = "Every plan on the frontier" if found["complete"] else "Plans on the frontier"
    shown = rows(page_of(study(name)), caption)

    for k, (row, point) in enumerate(zip(shown, found["points"], strict=True), 1):
        second = usd(point["cvar_usd"]) or f"{Decimal(point['quality'] or point['served']):.4f}".rstrip("0").rstrip(".")
        assert row[0].startswith(f"{k}{' knee' if point['knee'] else ''}")
        assert (" more between" in row[0]) == (k > 1 and not point["adjacent"])
        assert all(line in row[0] for line in point["moved"])
        assert row[0].endswith(
            f"--set {shlex.quote(point['set'])}" if point["set"] else ("" if k == 1 else point["moved"][-1])
        )
        assert (row[1], row[2]) == (usd(point["cost_usd"]), second)
        assert usd(point["worst_per_request_usd"]) in row


def test_a_frontier_says_what_one_more_costs_and_where_its_knee_is() -> None:
    # The scenario's head derives it: $0.45 for each whole point of mean quality up to 7.33, then $0.90, at last $1.80.
    page = page_of(study("frontier"))
    shown = rows(page, "Every plan on the frontier")
    assert [row[3] for row in shown] == ["", *["$0.45"] * 4, *["$0.90"] * 8, *["$1.80"] * 2]
    assert [row[0][:6] for row in shown if "knee" in row[0]] == ["5 knee"]
    (about,) = re.findall(r"<desc[^>]*>(.*?)</desc>", page)
    assert about == (
        "15 plans from $3.20 at a mean quality of 6 to $5.60 at a mean quality of 9. The knee is $3.80 at a mean quality of 7.3333."
    )
    assert "All 15 plans that nothing beats in both." in page


def test_a_part_of_a_frontier_says_that_there_is_more_and_joins_no_strangers() -> None:
    page = page_of(study("frontier of a part"))
    assert "8 of at least 15 plans that nothing beats in both, spread evenly." in page
    assert "Where no stair joins two plans, there are further ones between them." in page
    assert "The stairs are" not in page
    (path,) = re.findall(r'<path d="(.*?)"', page)
    assert "L" not in path
    assert "there is no --set that pins one of these plans" in page


def test_a_frontier_that_is_not_proven_says_so_and_nothing_else() -> None:
    found = study("frontier")
    page = page_of(found.model_copy(update={"proven": False, "knee_known": False}))
    assert 'class="proof open">Not proven: some plan that this rests on is the best one found' in page
    assert "Proven: nothing beats" not in page
    assert "farthest from the straight line between both ends, of the points shown" in page
    assert "Proven: nothing beats" in page_of(found)


def test_a_long_frontier_has_all_its_dots_and_its_knee_but_they_lead_nowhere() -> None:
    found = study("frontier")
    points = tuple(
        found.points[0].model_copy(update={"quality": Decimal(k), "cost_usd": Decimal(k * k), "adjacent": k % 2, "knee": k == 30})
        for k in range(61)
    )  # fmt: skip
    page = page_of(found.model_copy(update={"points": points}))
    assert page.count("<circle") == 61
    assert page.count('class="line-0 ring"') == 1
    assert 'role="img"' in page
    assert "A dot is a plan." in page


def test_a_frontier_of_one_plan_has_no_chart() -> None:
    found = study("frontier")
    one = found.points[0].model_copy(update={"moved": ()})
    page = page_of(found.model_copy(update={"points": (one,), "at_least": 1}))
    assert "<svg" not in page
    assert "One plan is the best in both." in page
    assert "The only one" in page


def test_less_risk_is_to_the_left_and_a_stair_runs_at_the_dearer_plan() -> None:
    page = page_of(study("frontier of risk"))
    assert "to the left is less risk" in page
    (path,) = re.findall(r'<path d="M(.*?)"', page)
    pen = [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]
    # Level first, at the amount of the dearer one on the left, then down.
    assert pen[0][1] == pen[1][1] < pen[2][1]
    assert pen[0][0] < pen[1][0] == pen[2][0]


def test_the_figures_of_a_comparison_are_those_of_the_json() -> None:
    found = told("comparison")
    page = page_of(study("comparison"))
    given = {own["figure"]: own for own in found["figures"]}

    shown = re.findall(r'<span class="amount">(.*?)</span>', page)
    assert shown[:3] == [usd(given[key]["after"]) for key in ("expected_usd", "p95_usd", "worst_usd")]
    moves = rows(page, "Clips that are made differently or at another cost")
    assert len(moves) == len(found["moved"]) + len(found["repriced"])
    parts = rows(page, "What the difference is made of")
    assert [row[0] for row in parts if row[0] in ("Expected cost", "Objective")] == ["Expected cost", "Objective"]


def test_equal_plans_have_a_page_that_says_so() -> None:
    page = page_of(study("no difference"))
    assert "No difference: every clip is made the same way at the same cost." in page
    assert 'id="moves"' not in page
    assert 'id="made-of"' not in page


def test_every_lever_comes_with_all_that_repeats_it() -> None:
    clips = [{"id": f"{k}", "seconds": 5, "audio": ("native", "none")[k % 2]} for k in range(40)]
    found = router.levers(scenario(clips), on=ON)
    shown = rows(levers_page(found), "How to repeat each lever")

    again = {own.key: own for own in (*found.levers, *found.combined)}
    assert [shlex.split(row[1])[1::2] for row in shown] == [list(own.set) for own in again.values()]
    assert max(len(own.set) for own in again.values()) == 20


def test_where_no_lever_saves_anything_it_is_said() -> None:
    page = levers_page(router.levers(scenario([{"id": "a", "seconds": 1}], catalog(model())), on=ON))
    assert "No lever saves anything." in page
    assert 'id="levers-repeat"' not in page


def test_moves_beyond_what_a_page_holds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.report.html.comparison.MOST_ROWS", 3)
    clips = [{"id": f"c{k}", "seconds": 5 + k} for k in range(5)]
    offers = [{"audio": False, "price_per_second": "0.12"}]
    page = comparison_page(
        router.compare(planned(clips, catalog(model())), planned(clips, catalog(model(offers=offers))))
    )
    assert "2 more are in the CSV and the JSON." in page


# ---- charts of sweeps ------------------------------------------------------------------------------------------------


def grid(tall: int, wide: int) -> Sweep:
    """A sweep whose cost is 100 a step down and 1 a step across."""
    axes = tuple(
        Axis(path=path, values=tuple(map(str, range(size)))) for path, size in (("down", tall), ("across", wide))
    )
    points = tuple(
        Point(at=(str(i), str(k)), expected_usd=Decimal(100 * i + k), worst_per_request_usd=Decimal(100 * i + k), served=1, left_out=0)
        for i in range(tall) for k in range(wide)
    )  # fmt: skip
    return Sweep(schema=1, title="", axes=axes, points=points)


def test_up_to_eight_values_of_the_first_axis_are_lines_and_more_are_cells() -> None:
    lines, cells = sweep_page(grid(8, 5)), sweep_page(grid(9, 5))

    assert len(re.findall(r'<path d="M', lines)) == 8
    assert [re.sub("<.*?>", "", own) for own in re.findall(r"<li><svg.*?</li>", lines)] == [
        f"down {k}" for k in range(8)
    ]
    assert "<path" not in cells
    shaded = rows(cells, "Expected cost by down and across")
    assert shaded[3] == ["3", "$300.00", "$301.00", "$302.00", "$303.00", "$304.00"]


def test_a_word_is_no_place_on_a_line() -> None:
    assert "<path" not in page_of(study("sweep of words"))
    assert "Expected cost by price x and direction" in page_of(study("sweep of cells"))


def test_the_page_of_a_long_sweep_stays_small_and_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_module, "MOST_POINTS", 50)
    page = sweep_page(grid(100, 100))
    assert "of 10,000 values; the CSV and the JSON hold them all." in page
    assert "Not all values have room" in page
    assert len(page) < 200_000


def test_changes_are_numbered_in_the_chart_as_in_the_table() -> None:
    page = page_of(study("sweep"))
    changes = told("sweep")["changes"]

    shown = rows(page, "Where the plan changes")
    assert [row[:3] for row in shown] == [[str(k), own["until"], own["since"]] for k, own in enumerate(changes, 1)]
    assert page.count('class="change"') == len(changes) == 3


def test_the_chart_says_in_words_what_it_shows() -> None:
    # 100 clips of 10 s at $0.125 a second: below $125.00 there is no plan.
    page = page_of(study("sweep with a gap"))
    (about,) = re.findall(r"<desc[^>]*>(.*?)</desc>", page)
    assert about == (
        "Expected cost from $125.00 at budget_usd 125 to $125.00 at budget_usd 125. The plan changes at 125. No plan at 2 of 5 values."
    )
    assert page.count('class="no-plan"') == 1


# ---- one file, and names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_page_loads_and_runs_nothing_but_its_own(name: str) -> None:
    page = page_of(study(name))
    loads_nothing(page)
    assert not re.findall(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(", page)
    ids = [value for _, key, value in Read.of(page).attributes if key == "id"]
    assert len(ids) == len(set(ids))
    links = {value[1:] for _, key, value in Read.of(page).attributes if key == "href"}
    assert links <= set(ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_text_and_changes_no_element(name: str) -> None:
    plain = tuple(f"n{k}" for k in range(len(HOSTILE)))
    hostile, harmless = (Read.of(page_of(renamed(study(name), names))) for names in (HOSTILE, plain))

    # A break behind a slash, or between the parts of a path, is offered in names.
    kept = [[tag for tag in read.tags if tag != "wbr"] for read in (hostile, harmless)]
    assert kept[0] == kept[1]
    assert {own[:2] for own in hostile.attributes} == {own[:2] for own in harmless.attributes}
    assert HOSTILE[0] in hostile.text


def test_the_same_study_gives_the_same_bytes_whatever_the_order_of_hashes() -> None:
    what_if = Path("scenarios/what-if.toml")
    plans = ("plan", what_if, "--with", "levers", "--with", "what-if")
    for arguments in (plans, ("what-if", what_if, "--sweep", "limits.budget_usd=120,130")):
        seeds = ("1", "2")
        ran = {
            process(*arguments, "--as-of", str(ON), "--format", "html", env={"PYTHONHASHSEED": seed}) for seed in seeds
        }
        assert len(ran) == 1
        assert ran.pop().out.startswith("<!DOCTYPE html>")
