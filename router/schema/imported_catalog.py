"""A catalog made of another program's price list, and what became of each of its entries."""

from pathlib import Path as FilePath
from typing import Literal

from pydantic import Field

from router.schema.base import Model, SchemaVersion
from router.schema.catalog import Catalog


class LeftOut(Model):
    """An entry of the price list, or one price of it, that the catalog does not have."""

    entry: str
    """Its name in the list."""
    price: str | None = None
    """Which of its prices or offers; absent if it is all of them."""
    reason: str
    """Why."""
    instead: str | None = None
    """The entry that is taken in its place."""


class Remark(Model):
    """What the price list says of an entry that is in the catalog, and no field of a catalog can hold."""

    entry: str
    """Its name in the list."""
    text: str
    """What it says."""


class ImportedCatalog(Model):
    """A catalog made of another program's price list, with where it came from and what was left out."""

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the format: 1."""
    kind: Literal["litellm", "openrouter"]
    """Whose list it was."""
    file: str
    """The list's file, without its folder."""
    sha256: str
    """Of that file."""
    overlay: str | None = None
    """The overlay's file, without its folder."""
    overlay_sha256: str | None = None
    """Of that file."""
    entries: int
    """How many entries for video, of the providers asked for, the list has."""
    taken: tuple[str, ...]
    """The entry that each model of the catalog is made of, in the catalog's order."""
    left_out: tuple[LeftOut, ...] = ()
    """What is not in the catalog."""
    remarks: tuple[Remark, ...] = ()
    """What is, and needs a word."""
    unused: tuple[str, ...] = ()
    """Names and patterns of the overlay that fit no entry, each with its place."""
    catalog: Catalog
    """The catalog."""

    def text(self) -> str:
        """The catalog as a TOML file, with all of this in comments."""
        from router.report.imported_catalog import imported_text  # A convenience over a stage above

        return imported_text(self)

    def save(self, path: str | FilePath) -> None:
        """Write that file, whole or not at all."""
        from router.report.document import write_whole  # As in `text`

        write_whole(FilePath(path), self.text())
