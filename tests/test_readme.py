"""What README shows is what the program prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import router
from router.errors import InputError, NoPlanError
from router.report.terminal import plan_table
from tests.builders import ON

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```text\n(.*?)```\n<!-- /{name} -->", README, re.DOTALL)
    assert found is not None, name
    return found.group(1)


def test_the_first_plan_is_the_one_shown() -> None:
    plan = router.plan(router.Scenario.load(TOP / "scenarios" / "quickstart.toml"), on=ON)
    assert plan_table(plan) == block("quickstart")


def test_the_message_for_a_bad_file_is_the_one_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("launch.toml").write_text(
        '[[clips]]\nid = "hero"\nseconds = 10\nresolutoin = "1080p"\naudio = "nativ"\n\n'
        '[[clips]]\nid = "hero"\nseconds = -3\n\n[limits]\nbudget_usd = nan\n'
    )
    with pytest.raises(InputError, match="did you mean `resolution`") as caught:
        router.Scenario.load("launch.toml")
    assert f"{caught.value}\n" == block("bad")


def test_the_messages_where_no_plan_exists_are_those_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    messages = []
    for name in ("infeasible-clip", "infeasible-budget"):
        with pytest.raises(NoPlanError, match=r"none of|no plan keeps") as caught:
            router.plan(router.Scenario.load(f"scenarios/{name}.toml"), on=ON)
        messages.append(str(caught.value))
    assert "\n\n".join(messages) + "\n" == block("noplan")


def test_every_command_that_readme_names_exists() -> None:
    from router.cli import app

    named = set(re.findall(r"`router (\w+)", README))
    assert named == set(app.list_commands(None))  # type: ignore[attr-defined]
