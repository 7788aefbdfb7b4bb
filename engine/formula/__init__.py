"""Formulas: one typed, exact expression each, checked at load and compiled to closures; never run as Python.

    text → lexer → parser (syntax tree) → builder (types, closures; operators, library) → `Formula`

`docs/formulas.md` describes the language.
"""

from __future__ import annotations

from engine.formula.calendars import BusinessCalendar, calendar_problem
from engine.formula.compiler import compile_formula
from engine.formula.library import FUNCTIONS, Function
from engine.formula.rates import convert
from engine.formula.scope import Formula, Scope
from engine.formula.values import FormulaError, Read, show
from engine.types import ABSENT

__all__ = [
    "ABSENT",
    "FUNCTIONS",
    "BusinessCalendar",
    "Formula",
    "FormulaError",
    "Function",
    "Read",
    "Scope",
    "calendar_problem",
    "compile_formula",
    "convert",
    "show",
]
