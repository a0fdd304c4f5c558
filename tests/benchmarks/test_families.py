"""Public instances: what the readers make of tiny files, and that the seam finds their optima."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.families import Instance, InstanceError, Known, read, read_folder
from benchmarks.published import by_highs, by_us
from router.optimization.solve import solve

MMKP = """
 2  3 2
 5  6.5
 1
 7.25  1  3
 10.50  4  4
 20.00  6  1
 2
 3.00  0  0
 9.75  2  3
 11.00  1  5
"""
GAP = "2 3\n 4 7 3\n 5 2 6\n 2 3 2\n 3 2 4\n 4 5\n"


def put(folder: Path, family: str, text: str, name: str = "tiny") -> Path:
    path = folder / family / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def optimum(instance: Instance) -> Fraction:
    """By brute force over all choices."""
    best: list[Fraction] = []
    for chosen in itertools.product(*(range(len(own)) for own in instance.values)):
        counts = tuple(
            tuple(int(i == at) for i in range(len(own))) for own, at in zip(instance.values, chosen, strict=True)
        )
        if instance.keeps(counts):
            best.append(instance.value(counts))
    return max(best) if instance.maximise else min(best)


def test_a_knapsack_file_is_read_exactly(tmp_path: Path) -> None:
    (instance,) = read(put(tmp_path, "mmkp", MMKP))
    assert instance.maximise
    assert instance.values[0] == (Fraction("7.25"), Fraction("10.5"), Fraction(20))
    assert instance.uses[1] == ((3, 4, 1), (0, 3, 5))
    assert instance.capacities == (5, Fraction("6.5"))
    assert instance.unit == Fraction(1, 4)


def test_the_numbers_of_the_groups_may_be_left_out(tmp_path: Path) -> None:
    bare = MMKP.replace("\n 1\n", "\n").replace("\n 2\n", "\n")
    assert read(put(tmp_path, "mmkp", bare)) == read(put(tmp_path, "mmkp", MMKP))


@pytest.mark.parametrize("blanks", [" ", "\t", "\r\n", "\n\n"])
def test_blanks_and_line_ends_do_not_matter(tmp_path: Path, blanks: str) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    for family, text in (("mmkp", MMKP), ("gap", GAP)):
        assert read(put(folder, family, blanks.join(text.split()))) == read(put(tmp_path, family, text))


def test_notes_after_a_knapsack_file_are_what_is_published(tmp_path: Path) -> None:
    notes = " Solutions by  HEU\n 0 1 17.00\n Upper bound\n 20.5\n"
    (instance,) = read(put(tmp_path, "mmkp", MMKP + notes))
    assert instance.known == Known(Fraction(17), Fraction("20.5"))
    (instance,) = read(put(tmp_path, "mmkp", MMKP + notes + " Solutions by  Exact Solution\n 0 2 18.25\n"))
    assert instance.known.optimum == Fraction("18.25")


def test_an_assignment_file_is_a_minimum_and_a_maximum(tmp_path: Path) -> None:
    put(tmp_path, "gap", "tiny_Min 9 9\ntiny_Max 13 14\n", "bounds.txt")
    least, most = read(put(tmp_path, "gap", GAP))
    assert (least.name, least.maximise, most.name, most.maximise) == ("tiny_Min", False, "tiny_Max", True)
    assert least.values == ((4, 5), (7, 2), (3, 6))
    assert least.uses == (((2, 0), (3, 0), (2, 0)), ((0, 3), (0, 2), (0, 4)))
    assert least.known.optimum == 9
    assert most.known == Known(Fraction(13), Fraction(14))
    assert most.known.optimum is None


@pytest.mark.parametrize(
    ("family", "text"), [("mmkp", MMKP), ("gap", GAP), ("gap", GAP.replace("4 7 3", "4.1 7.05 3"))]
)
def test_the_seam_finds_the_optimum_of_brute_force(tmp_path: Path, family: str, text: str) -> None:
    for instance in read(put(tmp_path, family, text)):
        found = solve(instance.problem())
        assert found is not None
        assert found.proven
        assert instance.value(found.counts) == optimum(instance)
        assert instance.rounded(instance.objective(found.bound)) == pytest.approx(float(optimum(instance)), rel=1e-12)


def test_both_sides_of_the_question_agree_on_an_instance(tmp_path: Path) -> None:
    for instance in [*read(put(tmp_path, "mmkp", MMKP)), *read(put(tmp_path, "gap", GAP))]:
        ours, theirs = by_us(instance, 10), by_highs(instance, 10)
        assert ours.value == pytest.approx(float(optimum(instance)))
        assert theirs.value == pytest.approx(float(optimum(instance)))
        assert (ours.gap, theirs.gap) == (0, 0)


def test_a_bound_is_moved_to_the_next_objective_that_is_possible(tmp_path: Path) -> None:
    (knapsack,) = read(put(tmp_path, "mmkp", MMKP))
    least, _ = read(put(tmp_path, "gap", GAP))
    # Values are quarters; costs are whole.
    assert (knapsack.rounded(18.49), knapsack.rounded(18.5)) == (18.25, 18.5)
    assert (least.rounded(8.01), least.rounded(9.0)) == (9, 9)


@pytest.mark.parametrize(
    ("family", "text", "message"),
    [
        ("mmkp", "2 3", "tiny: ends before the number of dimensions"),
        ("mmkp", "2 0 1 5", "tiny:1: the number of items per group must be a whole number of at least 1, not 0"),
        ("mmkp", MMKP + " 4", "tiny: in the file are 26 numbers, but 2 groups of 3 items in 2 dimensions take 25"),
        ("mmkp", MMKP.replace("9.75", "9,75"), "tiny:10: '9,75' is no number"),
        ("mmkp", MMKP.replace("\n 2\n", "\n 3\n"), "tiny:8: group 2 is numbered 3"),
        ("mmkp", MMKP[:40] + "\nSolutions by HEU\n 5\n", r"tiny:\d+: before the words here are \d+ numbers"),
        ("gap", "nothing here", "tiny: ends before the number of agents"),
        ("gap", GAP[:-3], "tiny: in the file are 15 numbers, but 2 agents and 3 jobs take 16"),
        ("gap", GAP.replace("7", "nan"), "tiny:2: 'nan' is no number"),
        ("gap", "2.5 3 1", "tiny:1: the number of agents must be a whole number of at least 1, not 2.5"),
    ],
)
def test_a_broken_file_is_refused_with_the_reason(tmp_path: Path, family: str, text: str, message: str) -> None:
    with pytest.raises(InstanceError, match=message):
        read(put(tmp_path, family, text))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tiny_Min 9", "bounds.txt:2: must be a name and two numbers, not 'tiny_Min 9'"),
        ("tiny_Min 9 8", "bounds.txt:2: the lower bound 9 is above the upper bound 8"),
    ],
)
def test_broken_bounds_are_refused(tmp_path: Path, line: str, message: str) -> None:
    put(tmp_path, "gap", f"# name, lower, upper\n{line}\n", "bounds.txt")
    with pytest.raises(InstanceError, match=message):
        read(put(tmp_path, "gap", GAP))


def test_a_folder_is_read_by_family_without_its_licences(tmp_path: Path) -> None:
    put(tmp_path, "mmkp", MMKP, "I99")
    put(tmp_path, "gap", GAP, "z0203")
    put(tmp_path, "gap", "MIT License", "LICENSE-somewhere")
    assert [instance.name for instance in read_folder(tmp_path)] == ["z0203_Min", "z0203_Max", "I99"]


def test_a_folder_without_instances_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstanceError, match="holds no instance; put files into folders mmkp and gap below it"):
        read_folder(tmp_path)
    with pytest.raises(InstanceError, match="is no folder"):
        read_folder(tmp_path / "missing")
