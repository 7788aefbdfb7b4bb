"""rescind: policy as code for cancelling what was bought.

from rescind import Engine

engine = Engine.load("policies.yaml")
decision = engine.decide(facts, at="2024-11-05T09:00:00+08:00")
print(decision.to_json())
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescind.book.words import Outcome
    from rescind.deciding.decision import Decision
    from rescind.engine import Engine
    from rescind.problems.exceptions import (
        BookError,
        EngineError,
        FactsError,
        InstallationError,
        RequestError,
        RescindError,
    )
    from rescind.requests.list_resources import Filters, Listed
    from rescind.requests.order import Order
    from rescind.requests.order_status import Status
    from rescind.values.money import Money

__all__ = [
    "BookError",
    "Decision",
    "Engine",
    "EngineError",
    "FactsError",
    "Filters",
    "InstallationError",
    "Listed",
    "Money",
    "Order",
    "Outcome",
    "RequestError",
    "RescindError",
    "Status",
]

_HOME = {
    "BookError": "problems.exceptions",
    "Decision": "deciding.decision",
    "Engine": "engine",
    "EngineError": "problems.exceptions",
    "FactsError": "problems.exceptions",
    "Filters": "requests.list_resources",
    "InstallationError": "problems.exceptions",
    "Listed": "requests.list_resources",
    "Money": "values.money",
    "Order": "requests.order",
    "Outcome": "book.words",
    "RequestError": "problems.exceptions",
    "RescindError": "problems.exceptions",
    "Status": "requests.order_status",
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: `rescind --help` needs none of them."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
