"""Why there is no plan, in words for a page: as an error says it, but for where it stands in whose files."""

from __future__ import annotations

from dataclasses import replace

from router.errors import Clash, NoPlanError


def reason_lines(error: NoPlanError) -> list[str]:
    """What nothing can make, with what would mend it; then which limits clash."""
    lines = [str(replace(own, where="")) for own in error.unservable]
    return lines if error.clash is None else [*lines, *clash_lines(error.clash)]


def clash_lines(clash: Clash) -> list[str]:
    """Which limits clash, and in a line each what would mend it."""
    alone, together = (tuple(replace(own, where="") for own in items) for items in (clash.alone, clash.together))
    return [line.strip() for line in str(replace(clash, alone=alone, together=together)).splitlines()]
