"""Tables of clips of any size: planned by classes, and every row joined with its route."""
