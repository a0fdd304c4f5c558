"""Tables of clips of any size: read, checked and merged into classes by a data-frame engine, never row by row."""
