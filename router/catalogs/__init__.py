"""Bundled catalogs: one TOML file per provider and date."""
