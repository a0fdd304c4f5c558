"""A run held against what was recorded: which ratios were lost, and which counts rose.

A ratio loses when it falls. It is compared with the recorded one wherever the peer finished both times. Where it was stopped both
times, how much of a processor it had until then is chance, so that such a bound is compared only under the same limit and on the same
machine, and then by the time that ours took. A peer that was stopped and finishes now has lost what it falls below the old bound; one
that finished and is stopped now says nothing, unless its bound is good enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.markdown import ratio, shown, table
from benchmarks.recorded import Record
from benchmarks.result import Line

MOST = 0.20
"""A larger share of a ratio must not be lost."""
ROUNDING = 1e-9
Verdict = Literal["lost", "more", "told"]
"""``lost``: a ratio; ``more``: a count that rose; ``told``: no failure."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of a line."""

    question: str
    key: str
    verdict: Verdict
    what: str
    recorded: str = ""
    now: str = ""
    loss: str = ""

    @property
    def fails(self) -> bool:
        """Whether the run fails by it."""
        return self.verdict != "told"


def compared(question: str, before: Record, now: Record, again: Sequence[Line] = ()) -> list[Finding]:
    """What differs, in the order of the record.

    Parameters
    ----------
    again
        The lines of a second measurement: of each line the better ratio counts, and the larger count.
    """
    findings = _different_runs(question, before, now)
    first, second = ({line.key: line for line in lines} for lines in (now.lines, again))
    for old in before.lines:
        found = [lines[old.key] for lines in (first, second) if old.key in lines]
        if not found:
            findings.append(Finding(question, old.key, "told", "recorded, but not measured now"))
            continue
        pairs = [(line, _loss(old, line, before, now)) for line in found]
        findings += _of_ratio(question, old, *min(pairs, key=lambda pair: math.inf if pair[1] is None else pair[1]))
        findings += _of_counts(question, old, found)
        if old.met and not any(line.met for line in found):
            findings.append(Finding(question, old.key, "told", f"target missed, was met: {old.target}"))
    known = {line.key for line in before.lines}
    new = [key for key in dict.fromkeys((*first, *second)) if key not in known]
    return findings + [Finding(question, key, "told", "new; --record it") for key in new]


def lost(findings: Sequence[Finding]) -> bool:
    """Whether a ratio seems lost: what noise can do, and a second measurement may undo."""
    return any(finding.verdict == "lost" for finding in findings)


def said(findings: Sequence[Finding], lines: int) -> str:
    """A sentence, and a table of what is to be said, failures first."""
    ratios, counts = (sum(finding.verdict == verdict for finding in findings) for verdict in ("lost", "more"))
    sentence = (
        f"Against what was recorded: {lines} lines; ratios that lost more than {MOST:.0%}: {ratios}; "
        f"counts that rose: {counts}."
    )
    header = ("verdict", "question", "line", "what", "recorded", "now", "loss")
    rows = [
        ("**fails**" if each.fails else "told", each.question, each.key, each.what, each.recorded, each.now, each.loss)
        for each in sorted(findings, key=lambda finding: not finding.fails)
    ]
    return f"{sentence}\n" + (f"\n{table(header, rows)}\n" if rows else "")


def _different_runs(question: str, before: Record, now: Record) -> list[Finding]:
    """What was asked otherwise than before: other rounds are other instances."""
    if before.rounds == now.rounds:
        return []
    what = "other rounds than recorded: their instances are others"
    return [Finding(question, "", "told", what, f"{before.rounds}", f"{now.rounds}")]


def _comparable(before: Record, now: Record) -> bool:
    """Whether bounds of peers that were stopped may be compared."""
    return before.limit_seconds == now.limit_seconds and before.machine == now.machine


def _loss(old: Line, new: Line, before: Record, now: Record) -> float | None:
    """The share of a ratio that is lost, negative where it grew; None where nothing can be said."""
    if not old.ratio or new.ratio is None:
        return None
    if old.lower_bound and new.lower_bound:
        if not old.ours_seconds or not new.ours_seconds or not _comparable(before, now):
            return None
        return 1 - old.ours_seconds / new.ours_seconds
    loss = 1 - new.ratio / old.ratio
    return None if new.lower_bound and _too_much(loss) else loss


def _too_much(loss: float) -> bool:
    return loss > MOST + ROUNDING


def _of_ratio(question: str, old: Line, new: Line, loss: float | None) -> list[Finding]:
    if old.ratio is None and new.ratio is None:
        return []
    bounds = old.lower_bound and new.lower_bound
    figures = _figure(old, with_time=bounds), _figure(new, with_time=bounds)
    if loss is None:
        if old.ratio is None or new.ratio is None:
            why = "a ratio on one side only"
        elif old.lower_bound:
            why = "not compared: the peer was stopped, under another limit or on another machine"
        else:
            why = "not compared: the peer was stopped, and finished before; give it a longer --limit"
        return [Finding(question, old.key, "told", why, *figures)]
    if not _too_much(loss):
        return []
    what = "time of ours, the peer being stopped" if bounds else "ratio"
    return [Finding(question, old.key, "lost", what, *figures, f"{loss:.1%}")]


def _figure(line: Line, *, with_time: bool) -> str:
    said = ratio(line) or "none"
    return f"{said} ({shown(line.ours_seconds)})" if with_time and line.ours_seconds is not None else said


def _of_counts(question: str, old: Line, found: Sequence[Line]) -> list[Finding]:
    findings = []
    for name, count in old.counts.items():
        counts = [line.counts[name] for line in found if name in line.counts]
        if not counts:
            findings.append(Finding(question, old.key, "told", f"{name} are no longer counted", f"{count:,}"))
        elif max(counts) > count:
            findings.append(Finding(question, old.key, "more", name, f"{count:,}", f"{max(counts):,}"))
        elif max(counts) < count:
            what = f"{name}: fewer; --record it"
            findings.append(Finding(question, old.key, "told", what, f"{count:,}", f"{max(counts):,}"))
    new = [name for name in found[0].counts if name not in old.counts]
    return findings + [
        Finding(question, old.key, "told", f"{name}: new; --record it", now=f"{found[0].counts[name]:,}")
        for name in new
    ]
