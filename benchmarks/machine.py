"""What measurements depend on, without naming the machine: cores, memory, processor, and the versions of all that takes part."""

from __future__ import annotations

import os
import platform
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "pydantic", "pulp", "highspy", "polars", "pyarrow", "duckdb", "ortools", "litellm", "aggregate")
"""Ours and the peers', each as its registry calls it; one that is not installed takes no part."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and with what was measured."""

    release: str
    """Of this program."""
    machine: dict[str, str | int | float]
    versions: dict[str, str]

    def said(self) -> str:
        """In words."""
        parts = [f"{self.machine['cores']} cores", f"{self.machine['memory_gib']} GiB", str(self.machine["processor"])]
        return ", ".join([*parts, *(f"{name} {number}" for name, number in self.versions.items())])


def surroundings() -> Surroundings:
    """Of this process."""
    return Surroundings(release(), machine(), versions())


def release() -> str:
    """The version that is being measured, as its project file states it."""
    path = Path(__file__).parents[1] / "pyproject.toml"
    return str(tomllib.loads(path.read_text("utf-8"))["project"]["version"])


def machine() -> dict[str, str | int | float]:
    """Cores, memory and processor."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}"
    return {"cores": os.cpu_count() or 1, "memory_gib": round(memory, 1), "processor": _processor(), "system": system}


def versions() -> dict[str, str]:
    """Python, and every package in play that is installed."""
    from benchmarks.naive import cbc_version  # Imports the solvers, which what is being timed may not have loaded yet

    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**found, "CBC": cbc_version()}


def _processor() -> str:
    """The model that Linux states, else what the platform does."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
