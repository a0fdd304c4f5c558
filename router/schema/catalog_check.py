"""What is odd in price catalogs: each finding with its place, and what would mend it."""

from typing import Literal

from pydantic import ConfigDict, Field

from router.schema.base import CountOrZero, Date, Model, Name, SchemaVersion

Level = Literal["error", "finding", "note"]
What = Literal[
    "unreadable", "gap", "resolution", "sound", "outlier", "length", "name", "source", "future", "stale", "api-model", "not-yet-available",
    "retired",
]  # fmt: skip


class CatalogFinding(Model):
    """One thing that is odd."""

    level: Level
    """``error``: the catalog cannot be used; ``finding``: probably a mistake, or no longer right; ``note``: no mistake."""
    what: What
    """Which rule found it."""
    catalog: str
    """The catalog's name, or the file that is none."""
    where: str
    """``file:line``."""
    text: str
    """What is odd, with the numbers."""
    mend: str
    """What would mend it; empty where the text says it, or nothing needs to be."""


class CheckedCatalog(Model):
    """One catalog that was looked at."""

    name: Name
    """Its name."""
    as_of: Date
    """The day its prices were seen."""
    offers: CountOrZero
    """How many it has."""
    on_sale: CountOrZero
    """How many of them are on sale on the day."""
    odd: CountOrZero
    """How many findings and notes there are of it."""


class CatalogCheck(Model):
    """What is odd in some catalogs on a day."""

    model_config = ConfigDict(**{**Model.model_config, "title": "Check of catalogs"})

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    on: Date
    """The day on which prices and dates of sale were judged."""
    catalogs: tuple[CheckedCatalog, ...]
    """Those that could be read, in the order in which they were given."""
    findings: tuple[CatalogFinding, ...]
    """By catalog, and in each by line; errors first."""

    def count(self, level: Level) -> int:
        """How many of a level there are."""
        return sum(finding.level == level for finding in self.findings)
