"""The cost of a plan as a random quantity: exact, simulated, and the measures of risk that both share."""
