"""Calibration files: TOML or JSON, as `router calibrate` and `Calibration.save` write them."""

from __future__ import annotations

from pathlib import Path as FilePath

from router.loading.formats import parse, read
from router.loading.validation import validated
from router.schema.calibration import Calibration


def load_calibration(path: str | FilePath) -> Calibration:
    """Read a calibration.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    source = read(path)
    return validated(Calibration, parse(source), source.where)
