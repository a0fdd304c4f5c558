"""What levers come to, in words: the same ones for the table on a terminal and for the page that people open."""

from __future__ import annotations

from collections.abc import Iterator

from router.report.page import usd
from router.schema.levers import Lever, Levers, Staging
from router.units import clips_text

_IDLE = 6
_PHRASES = 4


def baseline_text(found: Levers) -> str:
    """What the scenario comes to as it is, or why it has no plan."""
    base = found.baseline
    if base is None:
        return f"As it is, there is no plan: {found.no_plan}"
    made = clips_text(base.served) + (f" of {base.clips:,}" if base.served != base.clips else "")
    figures = f"expected {usd(base.expected_usd)}, worst case {usd(base.worst_usd)}"
    if base.objective_usd != base.expected_usd:
        figures += f", minimised {usd(base.objective_usd)}"
    return f"As it is: {made}, {figures}. What is saved is {found.measure}; each lever is planned anew."


def idle_lines(found: Levers) -> Iterator[str]:
    """What saves nothing, or leaves no plan: what costs more with how much, the rest by name."""
    nothing = [own for own in found.idle if own.outcome == "saves-nothing" and not own.saving_usd]
    dearer = [own for own in found.idle if own.outcome == "saves-nothing" and own.saving_usd]
    without = [own for own in found.idle if own.outcome == "no-plan"]
    for own in dearer[:_IDLE]:
        yield f"Saves nothing: {own.sentence}: {own.why}."
    if len(dearer) > _IDLE:
        yield f"{len(dearer) - _IDLE:,} more cost more than they save."
    for own in without[:_IDLE] if found.baseline else ():
        yield f"Leaves no plan: {own.sentence}: {own.why}"
    rest = without[_IDLE:] if found.baseline else without
    for heading, members in (("Changes nothing of the cost", nothing), ("Leaves no plan", rest)):
        if members:
            more = f" and {len(members) - _IDLE:,} more" if len(members) > _IDLE else ""
            yield f"{heading}: {', '.join(own.key for own in members[:_IDLE])}{more}."


def quality_text(own: Lever) -> str:
    """What becomes of the clips; all of it is in the other formats."""
    mean = own.mean_quality_change
    words = [*([f"mean quality {mean:+.3g}"] if mean else []), *own.quality]
    return "; ".join(words[:_PHRASES]) + ("; ..." if len(words) > _PHRASES else "")


def staging_text(staging: Staging) -> str:
    """What drafts would cost, staged and as the finals are."""
    against = f"{usd(staging.staged_usd)} against {usd(staging.final_usd)}"
    return f"Drafts, {staging.sentence}: {against} in all."
