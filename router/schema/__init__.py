"""What the stages hand to one another: files as frozen pydantic models, inner results as frozen dataclasses.

``catalog`` and ``scenario`` mirror the input files, ``plan`` the answer; ``candidate`` is what lies between.
No behaviour beyond validation lives here.
"""
