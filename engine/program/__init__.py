"""A compiled version, ready to run: records in, fired conditions out, values computed when first needed.

`record` turns the facts of a case into the integers that a ruleset matches; `verdict` says what the rules that fired
mean; `run` is the state of one decision; `program` holds a version together.
"""

from engine.program.program import Program
from engine.program.run import Reason, Run, Sums
from engine.program.verdict import Verdict

__all__ = ["Program", "Reason", "Run", "Sums", "Verdict"]
