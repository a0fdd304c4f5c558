"""Which offers can make a clip, how long they generate, and what that bills."""
