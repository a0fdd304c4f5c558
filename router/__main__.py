"""``python -m router``: the command line."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line and exit with its status."""
    # A process that lives for a second has better things to do than to look for cycles after every 700 objects.
    gc.set_threshold(100_000, 50, 50)
    from router.cli import run  # Keeps `import router.__main__` cheap

    run()


if __name__ == "__main__":
    main()
