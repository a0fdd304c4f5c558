"""An assignment problem, solved to proven optimality: how many of each class go to each option, under limits.

Nothing here knows of video: a class has a count and options, an option has a cost and uses of the limits.
"""
