"""Account files: TOML or JSON with one table of terms for each provider, and scenarios that are planned under one."""

from __future__ import annotations

from pathlib import Path as FilePath

from router.loading.formats import Source, parse, read
from router.loading.origins import WithAccount
from router.loading.validation import validated
from router.schema.account import Account
from router.schema.scenario import Scenario


def load_account(path: str | FilePath) -> Account:
    """Read account terms.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    return account_of(read(path))


def account_of(source: Source) -> Account:
    """The account that a text spells.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    return validated(Account, parse(source), source.where)


def under_account(scenario: Scenario, path: str | FilePath) -> Scenario:
    """The scenario under the terms of an account file, in place of its own.

    Raises
    ------
    InputError
        With every error in the file, each with its line.
    """
    source = read(path)
    made = scenario.model_copy(update={"account": account_of(source).account})
    made._source = WithAccount(scenario._source, source)  # A private attribute carries what is not data
    return made
