"""The closed library of functions; `docs/formulas.md` describes each with an example that the tests run."""

from __future__ import annotations

from engine.formula.library import brackets, business, facts, lists, numbers, times
from engine.formula.library.brackets import UP_TO
from engine.formula.library.call import CallSite, Function

__all__ = ["FUNCTIONS", "UP_TO", "CallSite", "Function"]

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for module in (numbers, times, business, brackets, lists, facts)
    for function in module.FUNCTIONS
}
