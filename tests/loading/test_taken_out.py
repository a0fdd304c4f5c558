"""What is taken out or replaced as a whole: by ``--set`` as by an edit of the file; and no step of a path leads into a gap."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from pathlib import Path

import pytest

from router.errors import InputError
from router.loading.catalog_file import where_in as where_in_catalog
from router.loading.overrides import overridden
from router.loading.scenario_file import where_in
from router.schema.catalog import Catalog
from router.schema.scenario import Clip, Scenario
from tests.builders import catalog, model, scenario
from tests.loading.messages import written

CALIBRATED = Path(__file__).parents[2] / "scenarios/calibrated.toml"
LADDER = [{"audio": False, "resolution": size, "price_per_second": "0.1"} for size in ("720p", "1080p")]


def given(*clips: dict[str, object], **fields: object) -> Scenario:
    """Clips (one of 10 s) over two models: ``a`` with two offers, ``b`` with one."""
    return scenario(list(clips) or [{"id": "x", "seconds": 10}], catalog(model("a", LADDER), model("b")), **fields)


def refused(own: Scenario, *sets: str) -> str:
    with pytest.raises(InputError, match=r"^--set '") as error:
        overridden(own, sets)
    return str(error.value)


# ---- clips and their defaults ------------------------------------------------------------------------------------------


def test_what_is_taken_out_of_a_clip_does_not_come_back_from_the_defaults() -> None:
    shared = {"quality_min": 8, "audio": "native", "request": {"prompt": "a boat"}, "drafts": {"count": 2}}
    own = given({"id": "x", "seconds": 10}, {"id": "y", "seconds": 5}, defaults=shared)
    x, y = overridden(own, [f"clips.x.{name}=" for name in ("quality_min", "audio", "request.prompt", "drafts")]).clips
    assert (x.quality_min, x.audio, x.request, x.drafts) == (None, "none", {}, None)
    assert (y.quality_min, y.audio, y.request, y.drafts and y.drafts.count) == (8, "native", {"prompt": "a boat"}, 2)


def test_new_clips_and_requests_have_what_they_do_not_state_from_the_defaults() -> None:
    own = given(defaults={"audio": "native", "request": {"prompt": "a boat"}})
    x, new = overridden(own, ["clips.x.request={seed = 1}", 'clips+={id = "new", seconds = 5}']).clips
    assert (new.audio, new.request, x.request) == ("native", {"prompt": "a boat"}, {"prompt": "a boat", "seed": 1})


def test_a_table_of_defaults_reaches_the_clips_that_say_what_it_said() -> None:
    clips = ({"id": "x", "seconds": 5}, {"id": "y", "seconds": 5, "audio": "any", "request": {"seed": 1}})
    own = given(*clips, defaults={"audio": "native", "request": {"prompt": "a"}})
    for text, expected in (
        ("defaults=", [("none", {}), ("any", {"seed": 1})]),
        ('defaults={audio = "deferred"}', [("deferred", {}), ("any", {"seed": 1})]),
        ("defaults.request={prompt = 'b'}", [("native", {"prompt": "b"}), ("any", {"prompt": "b", "seed": 1})]),
    ):
        assert [(clip.audio, clip.request) for clip in overridden(own, [text]).clips] == expected, text
    assert "`defaults` must be a table, not 3" in refused(own, "defaults=3")
    assert [clip.audio for clip in overridden(given(), ['defaults={audio = "any"}']).clips] == ["any"]


def test_drafts_of_its_own_are_not_those_of_the_defaults() -> None:
    clips = ({"id": "x", "seconds": 5}, {"id": "y", "seconds": 5, "drafts": {"count": 2, "resolution": "720p"}})
    own = given(*clips, {"id": "z", "seconds": 5}, defaults={"drafts": {"count": 2}})
    changed = overridden(own, ["clips.z.drafts=", "defaults.drafts.count=3"])
    assert [clip.drafts and clip.drafts.count for clip in changed.clips] == [3, 2, None]


def test_clips_that_were_given_one_table_do_not_share_it() -> None:
    own = given({"id": "x", "seconds": 5}, {"id": "y", "seconds": 5})
    changed = overridden(own, ["clips.*.drafts={count = 1}", "clips.x.drafts.count=2"])
    assert [clip.drafts and clip.drafts.count for clip in changed.clips] == [2, 1]


def test_requests_hold_tables_within_tables() -> None:
    own = given({"id": "x", "seconds": 5, "request": {"elements": [{"url": "a"}, {"url": "b"}]}})
    changed = overridden(own, ["clips.x.request.camera.type=pan", "clips.x.request.'a.b'=1"])
    assert changed.clips[0].request == {
        **own.clips[0].request, "camera": {"type": "pan"}, "a.b": 1,
    }  # fmt: skip
    assert overridden(own, ["clips.x.request.elements[0]=", "clips.x.request.elements[1].url=c"]).clips[0].request == {
        "elements": [{"url": "c"}]
    }
    assert "nests deeper than" in refused(own, f"clips.x.request.{'a.' * 5000}b=1")
    assert "nests deeper than" in refused(own, f"clips.x.request.a={'[' * 100}{']' * 100}")


def test_what_a_caller_gave_as_nothing_is_not_stated() -> None:
    own = given({"id": "x", "seconds": 5, "drafts": None, "quality_min": None})
    drafts = overridden(own, ["clips.x.drafts.count=2"]).clips[0].drafts
    assert drafts is not None
    assert drafts.count == 2


def test_tables_of_names_of_what_was_given_stay_as_they_are() -> None:
    own = given(failure_rate={"a": Decimal("0.1")}, outages={"availability": {"a": "0.9"}})
    before = own.model_dump()
    overridden(own, ["failure_rate.a=0.5", "failure_rate.b=0.5", "outages.availability.a=0.5"])
    assert own.model_dump() == before


# ---- gaps --------------------------------------------------------------------------------------------------------------


def test_what_was_taken_out_is_not_walked_into() -> None:
    own = given({"id": "x", "seconds": 5}, {"id": "y", "seconds": 5}, limits={"caps": [{"max_clips": 1}]})
    (left,) = overridden(own, ["clips.x=", "clips.*.audio=deferred", "defaults.resolution=720p"]).clips
    assert (left.id, left.audio, left.resolution) == ("y", "deferred", "720p")
    assert "nothing in `limits.caps` is called `0`" in refused(own, "limits.caps[0]=", "limits.caps[0].max_clips=3")
    assert "nothing in `clips` is called `x`" in refused(own, "clips.x=", "clips.x.count=3")
    assert "`limits` is a single value: nothing is in it" in refused(own, "limits=5", "limits.budget_usd=3")
    caps = overridden(own, ["limits.caps[0]=", "limits.caps+={max_clips = 4}", "limits.caps[1].max_clips+=1"])
    assert [cap.max_clips for cap in caps.limits.caps] == [5]


def test_offers_and_models_can_be_taken_out_of_catalogs() -> None:
    def sold(*sets: str) -> dict[str, list[str | None]]:
        (own,) = overridden(given(), sets).catalogs
        assert isinstance(own, Catalog)
        return {entry.model: [offer.resolution for offer in entry.offers] for entry in own.models}

    assert sold("offers.a.720p-silent=") == {"a": ["1080p"], "b": [None]}
    assert sold("models.a=") == {"b": [None]}
    assert sold("models.b=", "offers.*.720p=", "offers.*.*.price*=2") == {"a": ["1080p"]}
    assert "`models` must not be empty" in refused(given(), "models.* =")
    assert "`offers` must not be empty" in refused(given(), "offers.b.silent=")
    assert "nothing in `models` is called `b`" in refused(given(), "models.b=", "models.b.availability=1")


def test_errors_name_the_lines_of_what_stands_behind_a_gap(tmp_path: Path) -> None:
    text = 'schema = 1\nname = "c"\nas_of = 2026-04-01\nsource = "here"\n'
    for name in ("a", "b"):
        text += f'[[models]]\nmodel = "{name}"\nprovider = "p"\nmode = "text-to-video"\nseconds = {{ choices = [5] }}\n'
        text += "offers = [{ audio = false, price_per_second = 0.1 }]\n"
    written(tmp_path, text, "c.toml")
    path = written(tmp_path, 'catalogs = ["c.toml"]\n[[clips]]\nseconds = 5\n[[clips]]\nseconds = 6\n', "s.toml")
    changed = overridden(Scenario.load(path), ["models.a=", "clips[0]="])
    (own,) = changed.catalogs
    assert isinstance(own, Catalog)
    assert where_in_catalog(own, ("models", 0, "provider")).endswith("c.toml:13")
    assert where_in(changed, ("clips", 0, "seconds")).endswith("s.toml:5")


# ---- calibrations ------------------------------------------------------------------------------------------------------


NAMED = 'calibration = "calibrations/measured.toml"'
BESIDES = {
    "no calibration": (["calibration=", "outages.repair_minutes=9"], {NAMED: "", "[outages]": "[outages]\nrepair_minutes = 9"}),
    "a model at any provider": (
        ["outages.availability.kling-o3=0.5"], {"[outages]": '[outages]\navailability = { "kling-o3" = 0.5 }'},
    ),
    "one repair time": (["outages.repair_minutes=9"], {"[outages]": "[outages]\nrepair_minutes = 9"}),
    "a whole table": (
        ['failure_rate={"evolink/kling-o3" = 0.5}'], {"[[clips]]": '[failure_rate]\n"evolink/kling-o3" = 0.5\n[[clips]]'},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sets", "edits"), BESIDES.values(), ids=BESIDES)
def test_what_was_measured_comes_behind_what_is_set_as_behind_what_a_file_says(
    tmp_path: Path, sets: list[str], edits: dict[str, str]
) -> None:
    (tmp_path / "calibrations").symlink_to(CALIBRATED.parent / "calibrations")
    text = CALIBRATED.read_text()
    own = Scenario.load(written(tmp_path, text, "s.toml"))
    for before, after in edits.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    edited = Scenario.load(written(tmp_path, text, "edited.toml"))
    assert overridden(own, sets).model_dump(exclude={"catalogs"}) == edited.model_dump(exclude={"catalogs"})


def test_a_calibration_is_named_relative_to_the_scenario(tmp_path: Path) -> None:
    written(tmp_path, "schema = 1\n[failure_rate]\na = 0.25\n", "c.toml")
    own = Scenario.load(written(tmp_path, "[[clips]]\nseconds = 5\n[failure_rate]\nb = 0.5\n", "s.toml"))
    changed = overridden(own, ["calibration=c.toml"])
    assert changed.failure_rate == {"a": Decimal("0.25"), "b": Decimal("0.5")}
    assert overridden(changed, ["calibration="]).failure_rate == {"b": Decimal("0.5")}
    assert "must be the path of a calibration file, not 3" in refused(own, "calibration=3")
    assert "no.toml: no such file" in refused(own, "calibration=no.toml")
    assert "`calibration` is a single value: nothing is in it" in refused(own, "calibration.failure_rate.a=1")


# ---- what can be carried elsewhere --------------------------------------------------------------------------------------


def test_scenarios_can_be_copied_and_sent_and_still_know_their_lines(tmp_path: Path) -> None:
    written(tmp_path, "id,seconds\none,5\ntwo,6\n", "clips.csv")
    for text, line in (
        ('[[clips]]\nid = "one"\nseconds = 5\n[[clips]]\nid = "two"\nseconds = 6\n', "s.toml:6"),
        ('clips = "clips.csv"\n', "clips.csv:3"),
    ):
        own = Scenario.load(written(tmp_path, text, "s.toml"))
        changed = overridden(own, ["clips.one=", "offers.kling-o3.*.price*=2"])
        for each, place in ((own, 1), (changed, 0)):
            for again in (copy.deepcopy(each), pickle.loads(pickle.dumps(each))):
                assert again == each
                assert where_in(again, ("clips", place, "seconds")).endswith(line)


# ---- numbers and paths -------------------------------------------------------------------------------------------------


def test_numbers_beyond_all_bounds_are_one_message() -> None:
    own = given({"id": "x", "seconds": 5, "count": 2})
    for text, message in (
        ("clips.x.count*=1e5000", "`count` must be a whole number, not 2E+5000"),
        ("clips.x.seconds*=1e999999999", "`*=` leads to no number of ordinary size"),
        ("clips.x.count+=nan", "`+=` leads to no number of ordinary size"),
        (f"clips.x.count=0x{'f' * 5000}", "`count` must be at most 1,000,000,000, not a number of very many digits"),
    ):
        assert message in refused(own, text)


def test_a_star_behind_a_dot_is_a_step_of_the_path() -> None:
    own = given(outages={"availability": {"a": "0.9", "b": "0.8"}})
    assert set(overridden(own, ["outages.availability.*=0.5"]).outages.availability.values()) == {Decimal("0.5")}
    halved = overridden(own, ["outages.availability.* *=0.5"]).outages.availability
    assert halved == {"a": Decimal("0.45"), "b": Decimal("0.40")}
    assert "nothing in `outages.availability` is called `*`" in refused(given(), "outages.availability.*=0.5")
    assert "must be names of catalogs" in refused(own, "*=2")


def test_a_number_that_is_missing_is_named_as_it_was_written() -> None:
    wanted = "needs a number at `models.a.availability`, which states none"
    assert wanted in refused(given(), "models.a.availability*=0.5")
    assert "at `clips.*.value_usd` (`clips.0.value_usd`), which" in refused(given(), "clips.*.value_usd*=2")


def test_every_field_of_a_clip_that_may_be_absent_can_be_taken_out() -> None:
    own = given({"id": "x", "seconds": 5}, defaults={"audio": "any", "count": 3, "group": "g", "max_takes": 2})
    plain = given().clips[0].model_copy(update={"seconds": Decimal(5)})
    for name in sorted(Clip.model_fields.keys() - {"id", "seconds"}):
        (found,) = overridden(own, [f"clips.x.{name}="]).clips
        assert getattr(found, name) == getattr(plain, name), name
