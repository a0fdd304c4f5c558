"""What README shows is what the program prints.

``ROUTER_UPDATE_GOLDEN=1 python -m pytest tests/test_readme.py`` rewrites what it shows; the commit that does so says why.
"""

from __future__ import annotations

import os
import re
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import router
from router.cli import run
from router.errors import InputError, NoPlanError
from router.loading.catalog_file import bundled_names, load_catalog
from router.schema.plan import PreparedRequest
from router.schema.scenario import Cap, Limits, Objective, Pack, Tier
from router.stages import STAGES
from tests.builders import ON

TOP = Path(__file__).parent.parent
README = TOP / "README.md"

COMMANDS = {
    "quickstart": "plan scenarios/quickstart.toml --as-of 2026-04-10",
    "outage-drill": "simulate scenarios/outage-drill.toml",
    "directions": "simulate scenarios/fallback-any.toml --compare-directions",
    "sensitivity": "sensitivity scenarios/fallback-none.toml",
    "frontier": "frontier scenarios/frontier.toml",
    "degrade": "plan scenarios/degrade.toml",
    "every-limit": "plan scenarios/every-limit.toml",
    "risky-launch": "plan scenarios/risky-launch.toml",
    "what-if": "what-if scenarios/what-if.toml",
    "sweep": "what-if scenarios/quickstart.toml --sweep offers.kling-o3.1080p-audio.price_per_second=0.11:0.16:0.01",
    "levers": "levers scenarios/levers.toml --top 5",
    "account": "plan scenarios/account.toml",
    "calibrate": "calibrate scenarios/outcomes/attempts.csv",
}
"""By the mark around its output, the command that README says was run."""


def is_shown(name: str, text: str, fence: str = "```") -> None:
    """Assert that ``text`` is what stands in README between the marks of this name."""
    readme = README.read_text(encoding="utf-8")
    opening, closing = (f"{fence}text\n", f"{fence}\n") if fence else ("", "")
    found = re.search(rf"<!-- {name} -->\n{opening}(.*?){closing}<!-- /{name} -->", readme, re.DOTALL)
    assert found is not None, name
    shown = found.group(1)
    if os.environ.get("ROUTER_UPDATE_GOLDEN") and shown != text:
        README.write_text(readme[: found.start(1)] + text + readme[found.end(1) :], encoding="utf-8")
        shown = text
    assert text == shown


def test_the_bundled_catalogs_are_those_shown() -> None:
    rows = ["| catalog | prices as of | in | sellers | models | offers |", "|---|---|---|---|---|---|"]
    for name in bundled_names():
        own = load_catalog(name)
        unit = f"{own.unit} at ${own.usd_per_unit}" if own.usd_per_unit else own.unit
        unit += f", {own.units_per_usd} to the dollar" if own.units_per_usd else ""
        sellers, models = (dict.fromkeys(getattr(entry, of) for entry in own.models) for of in ("provider", "model"))
        offers = sum(len(entry.offers) for entry in own.models)
        rows.append(f"| `{name}` | {own.as_of} | {unit} | {', '.join(sellers)} | {', '.join(models)} | {offers} |")
    is_shown("catalogs", "".join(f"{row}\n" for row in rows), fence="")


def test_what_five_sellers_save_is_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    command = ["what-if", "scenarios/five-sellers.toml", "--as-of", ON.isoformat(), "--format", "table"]
    with pytest.raises(SystemExit, match=r"^0$"):
        run([*command, "-o", str(tmp_path / "shown.txt")])
    is_shown("five-sellers", (tmp_path / "shown.txt").read_text(encoding="utf-8").partition("\n\n")[0] + "\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_output_of_a_command_is_the_one_shown(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    before = README.read_text(encoding="utf-8").partition(f"<!-- {name} -->")[0]
    assert f"`router {COMMANDS[name]}`" in before.rpartition("<!--")[2], "not named before its output"
    dated = [] if name in {"quickstart", "calibrate"} else ["--as-of", ON.isoformat()]

    with pytest.raises(SystemExit, match=r"^0$"):
        run([*COMMANDS[name].split(), *dated, "--format", "table", "-o", str(tmp_path / "shown.txt")])

    is_shown(name, (tmp_path / "shown.txt").read_text(encoding="utf-8"))


def test_the_catalog_that_is_imported_is_the_one_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TOP)
    (command,) = re.findall(
        r"^`router (catalog import [^`]+)` writes$", README.read_text(encoding="utf-8"), re.MULTILINE
    )

    with pytest.raises(SystemExit, match=r"^0$"):
        run(command.split())

    is_shown("import", capsys.readouterr().out)


def test_the_commands_that_make_a_report_make_the_same_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = README.read_text(encoding="utf-8")
    shown = re.search(r"<!-- report -->\n```sh\n(.*?)```\n<!-- /report -->", readme, re.DOTALL)
    assert shown is not None
    (tmp_path / "scenarios").symlink_to(TOP / "scenarios")
    monkeypatch.chdir(tmp_path)
    pages = []
    for line in shown.group(1).splitlines():
        for command in line.split(" && "):
            with pytest.raises(SystemExit, match=r"^0$"):
                run(command.removeprefix("router ").split())
        pages.append(Path("report.html").read_text(encoding="utf-8"))
        Path("report.html").unlink()

    assert len(pages) == 2
    assert pages[0] == pages[1]
    assert pages[0].startswith("<!DOCTYPE html>")


def test_the_commands_that_make_pages_of_studies_make_one_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.search(
        r"<!-- study-pages -->\n```sh\n(.*?)```\n<!-- /study-pages -->", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert shown is not None
    (tmp_path / "scenarios").symlink_to(TOP / "scenarios")
    monkeypatch.chdir(tmp_path)
    for line in shown.group(1).splitlines():
        with pytest.raises(SystemExit, match=r"^0$"):
            run([*line.partition("#")[0].removeprefix("router ").split(), "--as-of", ON.isoformat()])

    pages = sorted(path.name for path in tmp_path.glob("*.html"))
    assert pages == [
        "diff.html",
        "frontier.html",
        "levers.html",
        "report.html",
        "sensitivity.html",
        "sweep.html",
        "what-if.html",
    ]


def test_the_command_that_times_scenarios_is_the_one_shown_and_its_stages_are_those_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = README.read_text(encoding="utf-8")
    shown = re.search(r"<!-- bench -->\n```sh\nrouter (.*?)\n```\n<!-- /bench -->(.*?)\n## ", readme, re.DOTALL)
    assert shown is not None
    monkeypatch.chdir(TOP)
    command = shown.group(1).split()
    command[command.index("--rounds") + 1] = "1"
    with pytest.raises(SystemExit, match=r"^0$"):
        run([*command, "--as-of", ON.isoformat()])

    assert capsys.readouterr().out.startswith("scenarios/quickstart.toml\n")
    named = re.search(r"stage by stage: (.*?)\.\n", shown.group(2))
    assert named is not None
    assert tuple(re.findall("`([a-z-]+)`", named.group(1))) == STAGES


def test_the_library_does_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = README.read_text(encoding="utf-8")
    shown = re.search(r"<!-- library -->\n```python\n(.*?)```\n<!-- /library -->", readme, re.DOTALL)
    assert shown is not None
    (tmp_path / "scenarios").symlink_to(TOP / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(shown.group(1), "README.md", "exec"), names)

    assert names["plan"].totals.expected_usd == Decimal("20.150139")
    # In a notebook the last value of a cell shows itself.
    given = names["scenario"]
    studies = (
        names["plan"],
        router.what_if(given, [router.Variant(name="v", set=("title=x",))]),
        router.levers(given, top=1),
    )
    assert all(study._repr_html_().startswith("<") for study in studies)


def test_the_picture_of_the_report_is_there_and_small() -> None:
    (picture,) = re.findall(r"^!\[.+\]\((.+)\)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert (TOP / picture).read_bytes().startswith(b"\x89PNG")
    assert (TOP / picture).stat().st_size < 80_000


def test_the_bills_held_against_a_plan_are_those_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bills = TOP / "scenarios" / "bills" / "quickstart.csv"
    monkeypatch.chdir(tmp_path)
    router.plan(router.Scenario.load(TOP / "scenarios" / "quickstart.toml"), on=ON).save("plan.json")

    with pytest.raises(SystemExit, match=r"^4$"):
        run(["reconcile", "plan.json", str(bills), "--format", "table", "-o", "shown.txt"])

    is_shown("reconcile", Path("shown.txt").read_text(encoding="utf-8"))


def test_the_plans_held_against_each_other_are_those_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = README.read_text(encoding="utf-8").partition("## Comparing two plans\n")[2]
    named = re.findall(r"`router ((?:plan|diff) scenarios/[^`]+)`", section)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(TOP / "scenarios")

    for command in named[:2]:
        shown = ["--format", "table", "-o", "shown.txt"] if command.startswith("diff") else []
        with pytest.raises(SystemExit, match=r"^0$"):
            run([*shlex.split(command), "--as-of", ON.isoformat(), *shown])

    is_shown("diff", Path("shown.txt").read_text(encoding="utf-8"))


def test_the_catalogs_that_are_compared_and_checked_are_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = README.read_text(encoding="utf-8").partition("## Catalogs\n")[2].partition("\n## ")[0]
    quote = re.search(r"<!-- catalog-file -->\n```toml\n(.*?)```", section, re.DOTALL)
    assert quote is not None
    commands = re.findall(r"`router (catalog (?:check|list|diff) [^`]*quote\.toml)`", section)
    assert [command.split()[1] for command in commands] == ["check", "list", "diff"]
    monkeypatch.chdir(tmp_path)
    Path("quote.toml").write_text(quote.group(1), encoding="utf-8")
    for command in commands:
        # The day after the last of the bundled prices was seen; the quote is of April.
        day = "2026-11-24" if "list" in command else ON.isoformat()
        dated = [] if "diff" in command else ["--as-of", day]
        with pytest.raises(SystemExit, match=r"^0$"):
            run([*shlex.split(command), *dated, "--format", "table", "-o", "shown.txt"])
        is_shown(f"catalog-{command.split()[1]}", Path("shown.txt").read_text(encoding="utf-8"))
        # What the check found is put right before the others.
        mended = quote.group(1).replace("Kling 3", "kling-3.0").replace("0.010", "0.10")
        Path("quote.toml").write_text(mended, encoding="utf-8")


def test_the_message_for_a_bad_file_is_the_one_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("launch.toml").write_text(
        '[[clips]]\nid = "hero"\nseconds = 10\nresolutoin = "1080p"\naudio = "nativ"\n\n'
        '[[clips]]\nid = "hero"\nseconds = -3\n\n[limits]\nbudget_usd = nan\n'
    )
    with pytest.raises(InputError, match="did you mean `resolution`") as caught:
        router.Scenario.load("launch.toml")
    is_shown("bad", f"{caught.value}\n")


def test_the_messages_where_no_plan_exists_are_those_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    messages = []
    for name in ("infeasible-clip", "infeasible-limits"):
        with pytest.raises(NoPlanError, match=r"none of|no plan keeps") as caught:
            router.plan(router.Scenario.load(f"scenarios/{name}.toml"), on=ON)
        messages.append(str(caught.value))
    is_shown("noplan", "\n\n".join(messages) + "\n")


def test_the_request_that_lacks_something_is_the_one_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = README.read_text(encoding="utf-8").partition("## Requests\n")[2].partition("<!-- requests -->")[0]
    clip = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert clip is not None
    assert "`router plan bottle.toml`" in section
    monkeypatch.chdir(tmp_path)
    Path("bottle.toml").write_text(clip.group(1), encoding="utf-8")

    for form in ("table", "json"):
        with pytest.raises(SystemExit, match=r"^0$"):
            run(["plan", "bottle.toml", "--as-of", ON.isoformat(), "--format", form, "-o", f"plan.{form}"])

    shown = [
        line for line in Path("plan.table").read_text(encoding="utf-8").splitlines() if line.startswith("Warning: ")
    ]
    request = router.Plan.load("plan.json").routes[0].request
    assert request is not None
    is_shown("requests", "\n".join([*shown, request.model_dump_json(indent=2)]) + "\n")


def test_every_event_is_named() -> None:
    events = {"circuit_opened", "circuit_closed"}
    for file in (TOP / "router" / "online").glob("*.py"):
        events |= set(re.findall(r'(?:_tell|self)\("(\w+)"', file.read_text(encoding="utf-8")))
    section = README.read_text(encoding="utf-8").partition("- **Events**")[2].partition("\n- ")[0]
    assert {"route_decided", "plan_renewed"} <= events <= set(re.findall(r"`(\w+)`", section))


def test_every_command_that_readme_names_exists() -> None:
    from router.cli import app

    named = set(re.findall(r"`router ([\w-]+)", README.read_text(encoding="utf-8")))
    assert named == set(app.list_commands(None))  # type: ignore[attr-defined]


def test_the_scenario_that_shows_the_fields_is_one(tmp_path: Path) -> None:
    section = README.read_text(encoding="utf-8").partition("## Scenario files\n")[2]
    shown = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert shown is not None
    (tmp_path / "shown.toml").write_text(shown.group(1), encoding="utf-8")

    scenario = router.Scenario.load(tmp_path / "shown.toml")

    assert {"outages", "keep_rate", "limits", "packs", "tiers", "objective"} <= scenario.model_fields_set
    assert set(Limits.model_fields) == scenario.limits.model_fields_set
    assert set(Objective.model_fields) == scenario.objective.model_fields_set
    assert {"value_usd", "max_takes", "drafts", "group"} <= scenario.clips[0].model_fields_set


def test_the_table_of_limits_names_every_field_that_couples_clips() -> None:
    section = README.read_text(encoding="utf-8").partition("## Limits\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    named = set(re.findall(r"\w+", " ".join(table)))

    assert {*Limits.model_fields, *Cap.model_fields, *Pack.model_fields, *Tier.model_fields} <= named


def test_the_example_of_single_decisions_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    readme = README.read_text(encoding="utf-8")
    found = re.search(r"<!-- online -->\n```python\n(.*?)```\n<!-- /online -->", readme, re.DOTALL)
    assert found is not None
    answers = iter([("unavailable", None), ("served", Decimal("1.50"))])
    submitted: list[str] = []

    def submit(requests: tuple[PreparedRequest, ...]) -> tuple[str, Decimal | None]:
        submitted.extend(request.body["model"] for request in requests)
        return next(answers)

    names: dict[str, Any] = {"submit": submit}
    exec(found.group(1), names)
    own = names["router"]
    assert submitted == ["kling-o3-text-to-video", "kling-v3-text-to-video"]
    assert [(one.reserved, one.spent) for one in own.ledger.accounts()] == [(0, 1_500_000)] * 2
    assert f">>> router.route(clip).reason\n{type(own)('evolink').route(names['clip']).reason!r}\n" in readme
    own.ledger.close()
