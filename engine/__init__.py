"""rescind: policy as code for cancelling what was bought.

from engine import Engine

engine = Engine.load("policies.yaml")
decision = engine.decide(facts, at="2024-11-05T09:00:00+08:00")
print(decision.to_json())
"""

from __future__ import annotations

from engine.decision import Decision
from engine.engine import Engine
from engine.errors import BookError, EngineError, FactsError, RequestError, RescindError

__all__ = ["BookError", "Decision", "Engine", "EngineError", "FactsError", "RequestError", "RescindError"]
