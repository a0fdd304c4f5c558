"""The peer's model of a whole abstract problem: every limit of a scenario in PuLP, as one would write it by hand, in dollars.

What is not convex gets binaries: one for each alternative of a selector, tier of a discount, job that sets how long a machine takes, and
number of slots that fewer jobs may share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pulp

from benchmarks.peers import MICRO, Columns, Model, class_model, counts_of, keep_rows, total
from router.optimization.problem import Problem, Selector
from router.optimization.rough import Deadline, Discount
from router.optimization.rows import Uses
from router.optimization.tails import Tail

Savings = Mapping[str, pulp.LpAffineExpression]
"""What discounts take off, dollars, by their name."""


def of_problem(problem: Problem) -> Model:
    """A whole number for each class and option, and whatever the limits need beside them."""
    model, x = class_model(problem)
    keep_rows(model, problem, x)
    for k, selector in enumerate(problem.selectors):
        _select(model, problem, x, selector, f"selector_{k}")
    savings: dict[str, pulp.LpAffineExpression] = {}
    for k, part in enumerate(problem.rough):
        if isinstance(part, Discount):
            savings[part.name] = _saving(model, x, part, f"discount_{k}")
        elif isinstance(part, Deadline):
            _meet(model, problem, x, part, f"deadline_{k}")
        else:
            raise TypeError(f"no model of {type(part).__name__}")
    cost = model.objective
    for k, tail in enumerate(problem.tails):
        value = _risk(model, x, tail, savings, f"tail_{k}")
        if tail.weight:
            cost = cost + tail.weight * value
        if tail.bound < math.inf:
            model.addConstraint(value <= float(tail.bound) / MICRO, f"bound_{k}")
    model.setObjective(cost)
    for k, ceiling in enumerate(problem.ceilings):
        spent = _money(x, ceiling.objective.weights)
        for t, tail in enumerate(ceiling.objective.tails):
            spent = spent + tail.weight * _risk(model, x, tail, savings, f"ceiling_{k}_{t}")
        model.addConstraint(spent <= float(ceiling.bound) / MICRO, f"ceiling_{k}")
    return model, lambda: counts_of(x)


def _risk(model: pulp.LpProblem, x: Columns, tail: Tail, savings: Savings, name: str) -> pulp.LpAffineExpression:
    """The cost of the very worst state, or by how much each state costs more than the quantile, which is a variable.

    Source: R. T. Rockafellar and S. Uryasev, Optimization of Conditional Value-at-Risk, Journal of Risk 2 (2000).
    """
    if tail.name in savings:
        return -1 * savings[tail.name]
    states = [_money(x, tail.state(s)) for s in range(len(tail.probabilities))]
    mark = model.add_variable(name)
    if tail.level is None:
        for s, spent in enumerate(states):
            model.addConstraint(spent - mark <= 0, f"{name}_state_{s}")
        return total([(mark, 1)])
    above = [model.add_variable(f"{name}_above_{s}", 0) for s in range(len(states))]
    for s, (spent, more) in enumerate(zip(states, above, strict=True)):
        model.addConstraint(spent - mark - more <= 0, f"{name}_state_{s}")
    return total([(mark, 1), *zip(above, tail.caps, strict=True)])


def _saving(model: pulp.LpProblem, x: Columns, part: Discount, name: str) -> pulp.LpAffineExpression:
    """What packs pay for and, of the rest, the discount of each tier, which starts only when the tier below is full."""
    spend, covers = _money(x, part.spend), _money(x, part.covers)
    paid = model.add_variable(f"{name}_paid", 0)
    model.addConstraint(paid - covers <= 0, f"{name}_worth")
    model.addConstraint(paid - spend <= 0, f"{name}_used")
    starts = [0.0, *(start / MICRO for start, _ in part.tiers)]
    rates = [0.0, *(rate for _, rate in part.tiers)]
    most = max(part.high / MICRO, starts[-1] + 1)
    widths = [high - low for low, high in zip(starts, [*starts[1:], most], strict=True)]
    tiers = [model.add_variable(f"{name}_tier_{t}", 0, width) for t, width in enumerate(widths)]
    model.addConstraint(total((tier, 1) for tier in tiers) + paid - spend == 0, f"{name}_tiers")
    for t in range(1, len(tiers)):
        reached = model.add_variable(f"{name}_reached_{t}", cat=pulp.LpBinary)
        model.addConstraint(tiers[t] - widths[t] * reached <= 0, f"{name}_above_{t}")
        model.addConstraint(tiers[t - 1] - widths[t - 1] * reached >= 0, f"{name}_below_{t}")
    return total([(paid, 1), *zip(tiers, rates, strict=True)])


def _select(model: pulp.LpProblem, problem: Problem, x: Columns, selector: Selector, name: str) -> None:
    """One alternative at most, and of the options that belong to one none of another."""
    chosen = [model.add_variable(f"{name}_{a}", cat=pulp.LpBinary) for a in range(len(selector.alternatives))]
    model.addConstraint(total((each, 1) for each in chosen) <= 1, name)
    for a, alternative in enumerate(selector.alternatives):
        for c, options in alternative:
            on = total((x[c][o], 1) for o in options)
            model.addConstraint(on - problem.groups[c].count * chosen[a] <= 0, f"{name}_{a}_{c}")


def _meet(model: pulp.LpProblem, problem: Problem, x: Columns, part: Deadline, name: str) -> None:
    """Work over slots, and the longest job behind it; both the longest job and the fewest slots are those of what is used."""
    jobs = [(c, o, float(job)) for c, own in enumerate(part.jobs) for o, job in enumerate(own) if job is not None]
    bound, longest = float(part.bound), model.add_variable(f"{name}_longest", 0)
    work = total((x[c][o], job) for c, o, job in jobs)
    most = sum(problem.groups[c].count * job for c, _, job in jobs)
    for c, o, _ in jobs:
        used = model.add_variable(f"{name}_used_{c}_{o}", cat=pulp.LpBinary)
        model.addConstraint(x[c][o] - problem.groups[c].count * used <= 0, f"{name}_{c}_{o}")
        model.addConstraint(longest - float(part.longest[c][o]) * used >= 0, f"{name}_longest_{c}_{o}")
        # With as few slots as this option has, if it is used; else whatever there is to do.
        slots = part.slots[c][o]
        model.addConstraint(
            work + slots * longest + most * used <= slots * bound + most,
            f"{name}_slots_{c}_{o}",
        )
    if jobs:
        model.addConstraint(total([(longest, 1)]) <= bound, f"{name}_in_time")


def _money(x: Columns, uses: Uses) -> pulp.LpAffineExpression:
    """Micro-dollars for each class and option, summed in dollars."""
    pairs = zip(x, uses, strict=True)
    return total((v, float(use) / MICRO) for own, row in pairs for v, use in zip(own, row, strict=True) if use)
