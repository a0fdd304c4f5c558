"""``python -m benchmarks [QUESTION ...]``: measure, print Markdown, record, and hold against what was recorded.

Exit status: 0 done; 1 a wrong answer or, with ``--check``, a loss; 2 usage, or a file that cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.campaign import campaign
from benchmarks.certificate import certificate
from benchmarks.comparison import Finding, compared, lost, said
from benchmarks.coupled import groups, packs
from benchmarks.distribution import distribution
from benchmarks.families import InstanceError
from benchmarks.follow import follow
from benchmarks.limits import different, limits
from benchmarks.machine import surroundings
from benchmarks.markdown import markdown
from benchmarks.plan import counts, mixed, plan
from benchmarks.published import SECONDS, published
from benchmarks.recorded import PATH, Record, RecordError, read, record, write
from benchmarks.result import Answer, WrongAnswerError, lines_of
from benchmarks.risk import cvar
from benchmarks.route import route
from benchmarks.scenarios import scenarios
from benchmarks.shell import shell
from benchmarks.sweep import sweeping
from benchmarks.tables import tables

Question: TypeAlias = Callable[[int, float], Answer | tuple[Answer, ...]]
"""Rounds, and the seconds after which a peer is stopped."""

QUESTIONS: dict[str, Question] = {
    "scenarios": scenarios,
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
    "tables": tables,
    "shell": lambda rounds, _: shell(rounds),
}
ON_FILES = "instances"
"""The question that needs a folder of files, which are no part of this repository."""
ROUNDS, LIMIT = 5, 600.0
"""Where neither the command line nor a record says otherwise."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask the questions named, or all."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        before = read(options.recorded)
        names = _named(parser, options, before)
        return _asked(names, options, before)
    except (InstanceError, RecordError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2


def _asked(names: Sequence[str], options: argparse.Namespace, before: Mapping[str, Record]) -> int:
    """Ask, record each question as soon as it is answered, and print; the exit status."""
    answers: dict[str, tuple[Answer, ...]] = {}
    records: dict[str, Record] = {}
    findings: list[Finding] = []
    wrong = False
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        old = before.get(name) if options.check else None
        try:
            answers[name], records[name] = _answered(name, options, old)
            if old is not None:
                findings += _held_against(old, records[name], name, options)
        except WrongAnswerError as error:
            print(f"benchmarks: {name}: wrong answer: {error}", file=sys.stderr)
            wrong = True
            answers.pop(name, None)
            continue
        if options.record:
            write(options.recorded, {**read(options.recorded), name: records[name]})
    print(markdown([answer for own in answers.values() for answer in own], surroundings()), end="")
    if options.check:
        print("\n" + said(findings, sum(len(records[name].lines) for name in answers)), end="")
    if options.json is not None:
        document = _document(answers, records, findings)
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 1 if wrong or any(finding.fails for finding in findings) else 0


def _answered(name: str, options: argparse.Namespace, old: Record | None) -> tuple[tuple[Answer, ...], Record]:
    """The answers to a question, and what would be recorded of them."""
    rounds = options.rounds or (ROUNDS if old is None else old.rounds)
    command = f"python -m benchmarks {name} --rounds {rounds}"
    if name == ON_FILES:
        limit = options.seconds or (SECONDS if old is None else old.limit_seconds)
        command = f"python -m benchmarks {name} --instances FOLDER --seconds {limit:g}"
        found: Answer | tuple[Answer, ...] = published(options.instances, limit)
    else:
        limit = options.limit or (LIMIT if old is None else old.limit_seconds)
        command += f" --limit {limit:g}"
        found = QUESTIONS[name](rounds, limit)
    answers = found if isinstance(found, tuple) else (found,)
    return answers, record(surroundings(), command, rounds, limit, lines_of(answers))


def _held_against(old: Record, now: Record, name: str, options: argparse.Namespace) -> list[Finding]:
    """What is to be said; where a ratio seems lost, after a second measurement."""
    findings = compared(name, old, now)
    if not lost(findings):
        return findings
    print(f"{name}: a ratio seems lost, measured again ...", file=sys.stderr, flush=True)
    return compared(name, old, now, _answered(name, options, old)[1].lines)


def _document(
    answers: Mapping[str, Sequence[Answer]], records: Mapping[str, Record], findings: Sequence[Finding]
) -> dict[str, Any]:
    on = surroundings()
    return {
        "release": on.release,
        "machine": on.machine,
        "versions": on.versions,
        "questions": {
            name: {
                "command": records[name].command,
                "rounds": records[name].rounds,
                "limit_seconds": records[name].limit_seconds,
                "answers": [answer.document() for answer in own],
            }
            for name, own in answers.items()
        },
        "against_recorded": [
            {"fails": each.fails, **{name: getattr(each, name) for name in each.__slots__}} for each in findings
        ],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure how fast the planner is.")
    known = ", ".join([*QUESTIONS, ON_FILES])
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"{known}; all if none is named")
    parser.add_argument("--rounds", type=_whole, metavar="N", help=f"measurements of each question ({ROUNDS})")
    limit = f"when the peer is stopped ({LIMIT:g})"
    parser.add_argument("--limit", type=_seconds, metavar="SECONDS", help=limit)
    folder = f"with files for {ON_FILES}, in mmkp/ and gap/"
    parser.add_argument("--instances", type=Path, metavar="FOLDER", help=folder)
    seconds = f"for each of {ON_FILES} and each side ({SECONDS:g})"
    parser.add_argument("--seconds", type=_seconds, metavar="SECONDS", help=seconds)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every measurement to this file")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--record", action="store_true", help="record ratios and counts of the questions asked")
    check = "measure what is recorded, as it was recorded, and fail on a loss"
    either.add_argument("--check", action="store_true", help=check)
    file = "where ratios and counts are recorded (benchmarks/recorded.json)"
    parser.add_argument("--recorded", type=Path, default=PATH, metavar="FILE", help=file)
    return parser


def _named(parser: argparse.ArgumentParser, options: argparse.Namespace, before: Mapping[str, Record]) -> list[str]:
    """The questions to ask; ends with status 2 where they cannot be asked."""
    known = [*QUESTIONS, ON_FILES]
    if unknown := [name for name in options.questions if name not in known]:
        parser.error(f"no such question: {', '.join(unknown)}; the questions are {', '.join(known)}")
    if ON_FILES in options.questions and options.instances is None:
        parser.error(f"{ON_FILES} needs --instances FOLDER")
    for option, path in (("--json", options.json), ("--recorded", options.recorded)):
        if path is not None and not path.parent.is_dir():
            parser.error(f"{option}: there is no folder {path.parent}")
    everything = [name for name in known if name != ON_FILES or options.instances is not None]
    if not options.check:
        return list(dict.fromkeys(options.questions)) or everything
    if absent := [name for name in options.questions if name not in before]:
        parser.error(f"nothing is recorded of {', '.join(absent)} in {options.recorded}; measure with --record first")
    for name in sorted(set(before) - set(everything)):
        why = "needs --instances FOLDER, and is not checked" if name == ON_FILES else "is recorded, but no longer asked"
        print(f"benchmarks: {name} {why}", file=sys.stderr)
    names = list(dict.fromkeys(options.questions)) or [name for name in everything if name in before]
    if not names:
        parser.error(f"nothing is recorded in {options.recorded}; measure with --record first")
    return names


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
