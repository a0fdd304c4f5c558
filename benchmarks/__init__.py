"""How fast the planner is, measured against a plain formulation of the same problem; ``python -m benchmarks`` runs it."""
