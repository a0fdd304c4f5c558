"""The command line: one file per command; the only place that configures the log or prints.

Results go to standard output, everything else to standard error. Exit status: 0 done, 1 a defect of ours, 2 bad input or
usage, 3 no plan exists, 4 a guard given on the command line is exceeded.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from typing import Any

import click

from router import __version__
from router.errors import RouterError

_COMMANDS = {
    "plan": "Plan a scenario: the cheapest way to make every clip within all limits.",
    "report": "Show a plan as one HTML page, to look at, print or send.",
    "simulate": "Simulate what a plan costs: its distribution, beside the exact figures.",
    "what-if": "Plan a scenario again with some values set anew, or over a range of them.",
    "levers": "Rank what would save most on a scenario, each change planned anew.",
    "sensitivity": "Show how far each price can go until the plan changes, and how its cost follows.",
    "frontier": "Show the plans that nothing beats in cost and in quality, risk or clips made.",
    "explain": "Show every offer for one clip: what it would cost, or why it is not eligible.",
    "diff": "Compare two plans or scenarios: what differs, which clips move, and why.",
    "bench": "Time loading, planning by stage, simulating and routing of scenarios: where the time goes.",
    "verify": "Check a plan file independently of the planner.",
    "calibrate": "Estimate availability, failures, keeping and repair times from logged attempts.",
    "reconcile": "Hold billed amounts against a plan, line by line.",
    "ledger": "Show, export and settle what a router spent clip by clip.",
    "catalog": "List, show, compare, check and import price catalogs; who sells a clip, at what price.",
    "schema": "Print the JSON Schema of a file format.",
}


class _Commands(click.Group):
    """Loads a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # Click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"router.cli.{cmd_name.replace('-', '_')}_command").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="router")
def app() -> None:
    """Plan what AI video costs before a second of it is bought."""


def run(arguments: list[str] | None = None) -> None:
    """Run the command line on ``arguments`` (those of the process if None) and exit with its status."""
    try:
        status: Any = app.main(args=arguments, prog_name="router", standalone_mode=False)
    except click.exceptions.Abort:
        status = 130
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except RouterError as error:
        click.echo(str(error), err=True)
        status = error.exit_status
    except Exception as error:  # A defect of ours, whatever it is, ends with one line and status 1
        last = traceback.extract_tb(error.__traceback__)[-1]
        click.echo(
            f"router: a defect of ours: {type(error).__name__} in {last.name}, line {last.lineno}; please report it",
            err=True,
        )
        if "--verbose" in sys.argv:
            traceback.print_tb(error.__traceback__)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)
