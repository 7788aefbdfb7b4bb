"""rescind: policy as code for cancelling what was bought.

from engine import Engine

engine = Engine.load("policies.yaml")
decision = engine.decide(facts, at="2024-11-05T09:00:00+08:00")
print(decision.to_json())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decision import Decision
from engine.engine import Engine
from engine.errors import BookError, EngineError, FactsError, InstallationError, RequestError, RescindError

if TYPE_CHECKING:
    from engine.requests.listing import Filters, Listed
    from engine.requests.order import Order
    from engine.requests.status import Status

__all__ = [
    "BookError",
    "Decision",
    "Engine",
    "EngineError",
    "FactsError",
    "Filters",
    "InstallationError",
    "Listed",
    "Order",
    "RequestError",
    "RescindError",
    "Status",
]


def __getattr__(name: str) -> Any:
    """What no decision needs is imported when it is asked for."""
    module: Any
    if name in {"Filters", "Listed"}:
        from engine.requests import listing as module
    elif name == "Order":
        from engine.requests import order as module
    elif name == "Status":
        from engine.requests import status as module
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(module, name)
