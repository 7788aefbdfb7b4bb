"""Versions to durable-rules definitions: pure data in, plain JSON out.

normal    conditions to branches: negation and disjunctive normal form, parts set aside as flags
columns   what a ruleset reads of a case, and as which integer
strata    which pass decides what, where conditions read values
ruleset   the definition: units to rules, identical branches merged, shards
"""

from __future__ import annotations

from engine.compile.columns import MAX_INTEGER
from engine.compile.ruleset import compile_version, units_of
from engine.compile.strata import names_in_value, names_of

__all__ = ["MAX_INTEGER", "compile_version", "names_in_value", "names_of", "units_of"]
