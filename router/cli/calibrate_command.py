"""``router calibrate OUTCOMES``."""

from __future__ import annotations

import click

from router.analysis.calibrate import calibrate
from router.cli.common import chosen_format, page, verbose_option, write

_FORMS = ("toml", "json", "table")


@click.command("calibrate")
@click.argument("outcomes", metavar="OUTCOMES")
@click.option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all.")
@click.option(
    "--format", "form", type=click.Choice(_FORMS),
    help="Default: by the ending of FILE; else a table on a terminal and TOML elsewhere.",
)  # fmt: skip
@verbose_option
def command(outcomes: str, form: str | None, output: str | None) -> int:
    """Estimate availability, failure and keep rates, and repair times, from logged attempts.

    OUTCOMES is a table (CSV or JSON lines; - for standard input), one attempt a line: provider, model, outcome (served, kept,
    rejected, failed, billed or down) and, where known, time. A scenario uses the result by naming it: calibration = "FILE".
    """
    form = chosen_format(form, output, _FORMS)
    found = calibrate(outcomes)
    if form == "table":
        from router.report.calibration_table import calibration_table  # Only the format that is asked for is loaded

        text = calibration_table(found, **page(output))
    else:
        from router.report.toml import calibration_text

        text = calibration_text(found, "json" if form == "json" else "toml")
    write(text, output)
    return 0
