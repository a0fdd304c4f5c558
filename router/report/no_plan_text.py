"""Why there is no plan, in words for a page: as an error says it, but for where it stands in whose files."""

from __future__ import annotations

from dataclasses import replace

from router.errors import NoPlanError


def reason_lines(error: NoPlanError) -> list[str]:
    """What nothing can make, with what would mend it; then which limits clash, and below it in a line each what ends that."""
    lines = [str(replace(own, where="")) for own in error.unservable]
    if error.clash is not None:
        alone, together = (
            [replace(own, where="") for own in items] for items in (error.clash.alone, error.clash.together)
        )
        lines += str(replace(error.clash, alone=tuple(alone), together=tuple(together))).splitlines()
    return [line.strip() for line in lines]
