"""Files to validated objects: text and line numbers, formats, catalogs, clip tables, scenarios."""
