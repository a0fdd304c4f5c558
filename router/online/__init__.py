"""Clips one by one, in microseconds, ahead of the API call: a decision, its budget, and what to do when it fails.

==============  ==================================================================================================
``Router``      decides where to submit a clip (``route``), learns from outcomes (``report``), goes on (``next``)
``Decision``    what to submit now, what it costs, and what would follow
``Outcome``     how a submitted step ended
``Budget``      so much money for a provider, a model or a group, over a run, an hour, a day, a week or a month
``Health``      how outcomes are weighed, and when a model is not tried for a while
==============  ==================================================================================================
"""

from router.online.decision import Decision, Outcome
from router.online.health import Health
from router.online.ledger import Ledger, MemoryLedger
from router.online.router import Router
from router.schema.ledger import Account, Budget

__all__ = ["Account", "Budget", "Decision", "Health", "Ledger", "MemoryLedger", "Outcome", "Router"]
