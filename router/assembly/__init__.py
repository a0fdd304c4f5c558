"""From counts to a plan: routes, totals, limits as used, baselines and warnings."""
