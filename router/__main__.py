"""``python -m router``: the command line."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    # A process that lives for a second has better things to do than to look for cycles after every 700 objects ...
    gc.set_threshold(1_000_000, 50, 50)
    from router.cli import run

    try:
        run()
    except SystemExit as done:
        # ... or to take a plan apart piece by piece before it ends.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(done.code if isinstance(done.code, int) else 1)


if __name__ == "__main__":
    main()
