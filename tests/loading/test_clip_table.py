"""Tables of clips: a row is a clip, a column is a field, an empty cell is an absent field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from router.errors import InputError
from router.schema.scenario import Clip, Scenario
from tests.loading.messages import scenario_refusal, written


def clips(folder: Path, text: str, name: str = "t.csv") -> tuple[Clip, ...]:
    return Scenario.load(written(folder, text, name)).clips


def test_every_column_of_a_clip_is_read_as_its_field_is(tmp_path: Path) -> None:
    text = (
        "id,count,seconds,mode,resolution,audio,max_segments,max_surplus_seconds,accept_image_prompt,models,not_providers,"
        "value_usd,max_price_usd,quality_min,group,request.prompt,request.aspect_ratio\n"
        'a,3,7.5,image-to-video,1080p,any,2,1.5,TRUE,kling-3.0; kling-o3,fal,2.50,0.90,7,g1,"A boat, slow",16:9\n'
    )
    (clip,) = clips(tmp_path, text)
    assert clip == Clip(
        id="a", count=3, seconds=Decimal("7.5"), mode="image-to-video", resolution="1080p", audio="any", max_segments=2,
        max_surplus_seconds=Decimal("1.5"), accept_image_prompt=True, models=("kling-3.0", "kling-o3"), not_providers=("fal",),
        value_usd=Decimal("2.50"), max_price_usd=Decimal("0.90"), quality_min=Decimal(7), group="g1",
        request={"prompt": "A boat, slow", "aspect_ratio": "16:9"},
    )  # fmt: skip


def test_empty_cells_are_absent_and_blank_lines_are_no_clips(tmp_path: Path) -> None:
    found = clips(tmp_path, "id,seconds,resolution,count\n,5,,\n\n  ,6, ,2\n,,,\n")
    assert [(clip.id, clip.seconds, clip.resolution, clip.count) for clip in found] == [
        ("clip-1", 5, None, 1),
        ("clip-2", 6, None, 2),
    ]


def test_a_short_row_leaves_the_rest_absent(tmp_path: Path) -> None:
    assert [clip.count for clip in clips(tmp_path, "id,seconds,count\na,5\n")] == [1]


def test_an_id_of_digits_stays_a_text(tmp_path: Path) -> None:
    assert [clip.id for clip in clips(tmp_path, "id,seconds\n007,5\n1e3,5\n")] == ["007", "1e3"]


@pytest.mark.parametrize("cell", ["2.0", "2", " 2 ", "2e0"])
def test_a_whole_number_may_be_written_as_a_spreadsheet_writes_it(tmp_path: Path, cell: str) -> None:
    assert clips(tmp_path, f"seconds,count\n5,{cell}\n")[0].count == 2


def test_json_lines_are_clips_with_exact_numbers(tmp_path: Path) -> None:
    text = '{"id": "a", "seconds": 5.10, "request": {"prompt": "x", "seed": 3}}\n\n{"id": "b", "seconds": 6, "models": ["kling-o3"]}\n'
    first, second = clips(tmp_path, text, "t.jsonl")
    assert (first.seconds, first.request, second.models) == (Decimal("5.10"), {"prompt": "x", "seed": 3}, ("kling-o3",))


def test_a_request_cell_and_request_columns_merge_in_whichever_order_they_stand(tmp_path: Path) -> None:
    before = clips(tmp_path, 'seconds,request,request.prompt\n5,"{""seed"": 3}",x\n')[0].request
    after = clips(tmp_path, 'seconds,request.prompt,request\n5,x,"{""seed"": 3}"\n')[0].request
    assert before == after == {"prompt": "x", "seed": 3}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("id,seconds\na,5\nb,x\nc,-1\n", [(3, "seconds"), (4, "seconds")]),
        ('id,seconds,request.prompt\na,5,"two\nlines"\nb,-1,z\n', [(4, "seconds")]),
        ("id,seconds\r\na,5\r\nb,-1\r\n", [(3, "seconds")]),
        ("id,seconds\na,NaN\nb,inf\nc,1e308\nd,-0\n", [(2, "seconds"), (3, "seconds"), (4, "seconds"), (5, "seconds")]),
        (f"id,seconds\na,{'9' * 5000}\n", [(2, "seconds")]),
        ("id,seconds,count\na,5,1.5\n", [(2, "count")]),
        ("id,seconds,accept_image_prompt\na,5,maybe\n", [(2, "accept_image_prompt")]),
        ("id,seconds,request\na,5,{bad\nb,5,3\n", [(2, "request"), (3, "request")]),
        ("id,seconds,audio\na,5,nativ\n", [(2, "did you mean 'native'?")]),
        ("id,seconds\na,5\nb,5\na,6\n", [(4, "'a' is also the id of clip 1")]),
        ("id,secnds\na,5\n", [(2, "`seconds` is required"), (2, "`secnds`: no such field; did you mean `seconds`?")]),
        ("id,seconds,seconds\na,5,6\n", [(1, "column `seconds` stands twice; keep one")]),
        ("id,seconds\na,5,6\nb,7,8,9\n", [(2, "has 3 cells under 2 columns"), (3, "has 4 cells under 2 columns")]),
        ("id,seconds\n", [(1, "holds no clips")]),
        ("id;seconds\na;5\nb;7,5\n", [(1, "its columns are separated by semicolons; separate them by commas")]),
        ("id\tseconds\na\t5\n", [(1, "its columns are separated by tabs; separate them by commas")]),
        ('id,seconds\n"a,5\n', [(2, "is not CSV")]),
        ("id,seconds,max_takes,drafts\na,5,0,{}\n", [(2, "max_takes"), (2, "`count` is required")]),
        ("id,seconds,\na,5,7\n", [(1, "column")]),
    ],
)
def test_a_bad_cell_is_named_by_its_column_and_the_line_of_its_row(
    tmp_path: Path, text: str, lines: list[tuple[int, str]]
) -> None:
    found = sorted(scenario_refusal(tmp_path, text, "t.csv"), key=lambda line: int(line.split(":")[1]))
    assert [int(line.split(":")[1]) for line in found] == [number for number, _ in lines]
    assert all(any(part in line for line in found if line.startswith(f"t.csv:{number}: ")) for number, part in lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('{"seconds": 5}\n{"seconds" 5}\n[1]\n3\n', [2, 3, 4]),
        ('{"seconds": 5}\n\n{"seconds": -1}\n', [3]),
        ('{"seconds": NaN}\n{"seconds": -Infinity}\n{"seconds": 1e308}\n{"seconds": true}\n', [1, 2, 3, 4]),
        ('{"seconds": 5}\n{"seconds": 5,\t"seconds": 6}\n', [2]),
        ('{"seconds": 5}\n{"seconds": 5, "request": {"\\u001b": 1, "\\u001b": 6}}\n', [2]),
        (f'{{"seconds": 5}}\n{{"seconds": {"9" * 5000}}}\n', [2]),
        (f'{{"seconds": 5}}\n{{"seconds": 5, "request": {{"a": {"[" * 500}{"]" * 500}}}}}\n', [2]),
        ('{"seconds": 5, "resolutoin": "720p"}\n', [1]),
    ],
)
def test_a_bad_json_line_is_named_by_its_line(tmp_path: Path, text: str, lines: list[int]) -> None:
    found = scenario_refusal(tmp_path, text, "t.jsonl")
    assert [int(line.split(":")[1]) for line in found] == lines


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,seconds,request", f'a,5,"{{""a"": {"[" * 500}{"]" * 500}}}"'),
        ("id,seconds,request", 'a,5,"{""a"": 1, ""a"": 2}"'),
        ("id,seconds,request,request.prompt", "a,5,no table,x"),
        ("id,seconds,request.prompt,request", "a,5,x,no table"),
        ("id,seconds,request,request.prompt", 'a,5,"[1]",x'),
        ("id,seconds,request", 'a,5,"{""a"": NaN}"'),
    ],
    ids=["deep", "key twice", "no table before a column", "no table after a column", "list before a column", "NaN"],
)
def test_a_request_cell_that_is_no_table_is_named(tmp_path: Path, header: str, row: str) -> None:
    (line,) = scenario_refusal(tmp_path, f"{header}\n{row}\n", "t.csv")
    assert line.startswith("t.csv:2: `request` ")


def test_every_one_of_many_bad_rows_is_reported(tmp_path: Path) -> None:
    text = "id,seconds\n" + "".join(f"c{number},-1\n" for number in range(2000))
    with pytest.raises(InputError, match=r"t\.csv:2001: ") as caught:
        clips(tmp_path, text)
    assert len(caught.value.problems) == 2000


def test_reporting_bad_rows_takes_time_in_proportion_to_their_number(tmp_path: Path) -> None:
    import time

    def seconds(rows: int) -> float:
        text = "id,seconds\n" + "".join(f"c{number},-1\n" for number in range(rows))
        start = time.process_time()
        with pytest.raises(InputError, match=r"t\.csv:2: "):
            clips(tmp_path, text)
        return time.process_time() - start

    seconds(10)
    # Eight times the rows take some eight times as long; where each finding is compared with all others, it is sixty times.
    assert seconds(2400) < 30 * max(seconds(300), 0.005)
