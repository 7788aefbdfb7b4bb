"""Versions to durable-rules definitions: pure data in, plain JSON out.

normal    conditions to branches: negation and disjunctive normal form, parts set aside as flags
columns   what a ruleset reads of a case, and as which integer
strata    which pass decides what, where conditions read values
sums      amounts as sums over a request, for reviews of the whole
ruleset   the definition: units to rules, identical branches merged, shards
"""

from __future__ import annotations

from engine.compile.columns import MAX_INTEGER
from engine.compile.ruleset import GATES, compile_version, units_of
from engine.compile.strata import names_in_value, names_of
from engine.compile.sums import SUM_PREFIX, Summed, summed, summed_names

__all__ = [
    "GATES",
    "MAX_INTEGER",
    "SUM_PREFIX",
    "Summed",
    "compile_version",
    "names_in_value",
    "names_of",
    "summed",
    "summed_names",
    "units_of",
]
