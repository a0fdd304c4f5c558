"""An account: what its owner agreed with providers and has bought from them already, on top of what catalogs say for everybody.

Catalogs stay as they were published. Money is in US dollars, shares are in [0, 1).
"""

from decimal import Decimal
from pathlib import Path as FilePath
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from router.schema.base import Count, Date, Level, Model, Name, Positive, PositiveUsd, SchemaVersion, refusal


def _short(number: Decimal) -> Decimal:
    """A plan repeats the terms as plain numbers of JSON, which hold fifteen digits."""
    if len(number.normalize().as_tuple().digits) > 15:
        raise refusal([((), "has more than 15 digits; round it")])
    return number


Short = AfterValidator(_short)


class AccountPack(Model):
    """Prepaid packs that are owned: their price is spent, and what is not used of them is lost."""

    pays_for_usd: Annotated[PositiveUsd, Short]
    """List price that one pays for, after the account's discount."""
    count: Annotated[int, Field(strict=True, ge=1, le=10**6)] = 1
    """How many are owned."""
    valid_until: Date | None = None
    """The last day on which they pay; absent = any."""


class AccountTerms(Model):
    """What one provider agreed with this account; what is absent is as the catalogs have it."""

    discount: Annotated[Level, Short] = Field(default=Decimal(0), validate_default=True)
    """Share of every list price of this provider that is not paid."""
    units_per_usd: Annotated[Positive, Short] | None = None
    """How many of a catalog's units this account gets for a dollar; comes before the catalog's rate."""
    usd_per_unit: Annotated[Positive, Short] | None = None
    """The same the other way round: what one unit costs this account, US dollars."""
    concurrency: Count | None = None
    """How many generations of a model may run at once; comes before what its offers state."""
    models: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """The models that are enabled; all if absent."""
    regions: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """The regions that are bought from; what a catalog sells in another one is not bought. All if absent."""
    packs: tuple[AccountPack, ...] = ()
    """Prepaid packs that are owned, in the order in which they are used up."""

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if self.units_per_usd is not None and self.usd_per_unit is not None:
            raise refusal([(("usd_per_unit",), "says again what units_per_usd says; keep one")])
        return self


class Account(Model):
    """A file of account terms, which a scenario names: ``account = "account.toml"``."""

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of the file format: 1."""
    account: dict[Name, AccountTerms]
    """What holds with each provider, by its name as catalogs have it."""

    @classmethod
    def load(cls, path: str | FilePath) -> "Account":
        """Read account terms: a TOML or JSON file.

        Raises
        ------
        router.errors.InputError
            With every error in the file, each with its line.
        """
        from router.loading.account_file import load_account  # A convenience over a stage above

        return load_account(path)
