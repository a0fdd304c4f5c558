"""The report: one self-contained page over a plan, for people who would rather look than read.

``page`` puts sections into a document that fetches nothing; whatever else there is to show is a function that returns a ``Section``.
All markup is made by ``elements``, the one place where text is escaped. The same plan always gives the same bytes.
"""
