"""The peers of ``groups`` and ``packs-tiers``: plain PuLP models of the whole question, in dollars."""

from __future__ import annotations

from typing import Literal

import pulp

from benchmarks.classes import Grouped, Priced
from benchmarks.peers import MICRO, Columns, Model, class_model, counts_of, keep_rows, total
from router.optimization.rows import Uses


def of_groups(instance: Grouped, form: Literal["big-M", "equality"]) -> Model:
    """One binary for each group and model, and what ties the counts to it.

    ``big-M``: of a group's clips, no more than all go to a model that it is not on. ``equality``: of each of its classes, exactly all go
    to the model that it is on.
    """
    model, x = class_model(instance.problem)
    keep_rows(model, instance.problem, x)
    every = sorted({m for own in instance.models for m in own})
    for g, members in enumerate(instance.groups):
        z = {m: model.add_variable(f"z_{g}_{m}", cat=pulp.LpBinary) for m in every}
        model.addConstraint(total((chosen, 1) for chosen in z.values()) == 1, f"group_{g}")
        for m in every:
            own = [(c, [x[c][o] for o, made_by in enumerate(instance.models[c]) if made_by == m]) for c in members]
            if form == "big-M":
                clips = sum(instance.problem.groups[c].count for c in members)
                on_m = total((variable, 1) for _, variables in own for variable in variables)
                model.addConstraint(on_m - clips * z[m] <= 0, f"on_{g}_{m}")
                continue
            for c, variables in own:
                count = instance.problem.groups[c].count
                on_m = total((variable, 1) for variable in variables)
                model.addConstraint(on_m - count * z[m] == 0, f"on_{c}_{m}")
    return model, lambda: counts_of(x)


def of_packs_and_tiers(instance: Priced) -> Model:
    """A whole number for each pack, and for each tier the spend in it, which starts only when the tier below is full."""
    model, x = class_model(instance.problem)
    keep_rows(model, instance.problem, x)
    cost = model.objective
    for p, uses in enumerate(instance.spent):
        packs = [pack for pack in instance.packs if pack.provider == p]
        if packs:
            saved = model.add_variable(f"saved_{p}", 0)
            bought = [
                model.add_variable(f"packs_{p}_{k}", 0, pack.most, pulp.LpInteger) for k, pack in enumerate(packs)
            ]
            worth = total((n, pack.worth / MICRO) for n, pack in zip(bought, packs, strict=True))
            model.addConstraint(saved - worth <= 0, f"worth_{p}")
            model.addConstraint(saved - _spend(x, uses) <= 0, f"used_{p}")
            cost = cost + total((n, pack.price / MICRO) for n, pack in zip(bought, packs, strict=True)) - saved
    for k, tiers in enumerate(instance.tiers):
        uses = instance.spent[tiers.provider]
        counts = [group.count for group in instance.problem.groups]
        most = sum(n * max(map(float, own)) for n, own in zip(counts, uses, strict=True)) / MICRO
        starts = [0.0, *(start / MICRO for start in tiers.starts)]
        discounts = [0.0, *map(float, tiers.discounts)]
        widths = [high - low for low, high in zip(starts, [*starts[1:], max(most, starts[-1] + 1)], strict=True)]
        parts = [model.add_variable(f"tier_{k}_{t}", 0, width) for t, width in enumerate(widths)]
        model.addConstraint(total((part, 1) for part in parts) - _spend(x, uses) == 0, f"tiers_{k}")
        for t in range(1, len(parts)):
            reached = model.add_variable(f"reached_{k}_{t}", cat=pulp.LpBinary)
            model.addConstraint(parts[t] - widths[t] * reached <= 0, f"above_{k}_{t}")
            model.addConstraint(parts[t - 1] - widths[t - 1] * reached >= 0, f"below_{k}_{t}")
        cost = cost - total((part, discount) for part, discount in zip(parts, discounts, strict=True))
    model.setObjective(cost)
    return model, lambda: counts_of(x)


def _spend(x: Columns, uses: Uses) -> pulp.LpAffineExpression:
    pairs = zip(x, uses, strict=True)
    return total((v, float(use) / MICRO) for own, row in pairs for v, use in zip(own, row, strict=True) if use)
