"""A plan as a person or a program reads it: one file per format over the same plan."""
