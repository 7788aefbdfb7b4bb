"""Every function that formulas may call; `docs/formulas.md` describes each with an example that the tests run."""

from __future__ import annotations

from rescind.formula.library import (
    business_day_functions,
    fact_functions,
    list_functions,
    number_functions,
    tier_functions,
    time_functions,
)
from rescind.formula.library.function_call import Function

__all__ = ["FUNCTIONS"]

MODULES = (
    number_functions,
    time_functions,
    business_day_functions,
    tier_functions,
    list_functions,
    fact_functions,
)

FUNCTIONS: dict[str, Function] = {
    function.name: function for module in MODULES for function in module.FUNCTIONS
}
