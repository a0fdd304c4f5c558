"""``python -m benchmarks [QUESTION ...]``: measure, and print a Markdown table; exit status 1 where an answer is wrong."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks.campaign import campaign
from benchmarks.certificate import certificate
from benchmarks.coupled import groups, packs
from benchmarks.distribution import distribution
from benchmarks.families import InstanceError
from benchmarks.follow import follow
from benchmarks.limits import different, limits
from benchmarks.plan import counts, mixed, plan
from benchmarks.published import SECONDS, published
from benchmarks.result import Result, Table, WrongAnswerError, machine, markdown
from benchmarks.risk import cvar
from benchmarks.route import route
from benchmarks.shell import shell
from benchmarks.sweep import sweeping

Question: TypeAlias = Callable[[int, float], Result | Table | tuple[Result, ...]]

QUESTIONS: dict[str, Question] = {
    "plan": plan,
    "counts": counts,
    "mixed": mixed,
    "limits": limits,
    "different": different,
    "groups": groups,
    "packs": packs,
    "campaign": campaign,
    "cvar": cvar,
    "certificate": certificate,
    "distribution": distribution,
    "route": route,
    "follow": follow,
    "sweep": sweeping,
    "shell": lambda rounds, _: shell(rounds),
}
ON_FILES = "instances"
"""The question that needs a folder of files, which are no part of this repository."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask the questions named, or all."""
    options = _options(arguments)
    results: list[Result | Table] = []
    everything = [*QUESTIONS, *([ON_FILES] if options.instances else [])]
    for name in options.questions or everything:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            if name == ON_FILES:
                results.append(published(options.instances, options.seconds))
                continue
            found = QUESTIONS[name](options.rounds, options.limit)
            results.extend(found if isinstance(found, tuple) else (found,))
        except InstanceError as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 2
        except WrongAnswerError as error:
            print(f"benchmarks: wrong answer: {error}", file=sys.stderr)
            return 1
    on = machine()
    print(markdown(results, on), end="")
    if options.json is not None:
        document = {"machine": on, "results": [result.document() for result in results]}
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure how fast the planner is.")
    known = ", ".join([*QUESTIONS, ON_FILES])
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"{known}; all if none is named")
    parser.add_argument("--rounds", type=_whole, default=5, metavar="N", help="measurements of each question (5)")
    parser.add_argument("--limit", type=_seconds, default=600, metavar="SECONDS", help="when the peer is stopped (600)")
    parser.add_argument(
        "--instances", type=Path, metavar="FOLDER", help=f"with files for {ON_FILES}, in mmkp/ and gap/"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=SECONDS,
        metavar="SECONDS",
        help=f"for each of {ON_FILES} and each side (60)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every measurement to this file")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.questions if name not in (*QUESTIONS, ON_FILES)]:
        parser.error(f"no such question: {', '.join(unknown)}; the questions are {known}")
    if ON_FILES in options.questions and options.instances is None:
        parser.error(f"{ON_FILES} needs --instances FOLDER")
    if options.json is not None and not options.json.parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}")
    return options


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 1 to 86400, not {text!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
