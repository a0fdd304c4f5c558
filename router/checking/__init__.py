"""The independent check of a finished plan: the contract's arithmetic written a second time, without the planner's code."""
