"""``python -m router``: the command line."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its status."""
    from router.cli import run  # Keeps `import router.__main__` cheap

    run()


if __name__ == "__main__":
    main()
