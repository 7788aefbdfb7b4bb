"""The working of a decision: how each figure came about, as a person would write it on paper.

First the values in the order in which they were needed, then the deductions, what is left, and what each instrument
gets back. Every step names its formula, what went in, the exact result, the rounded one where the policy rounds, and
the line of the policy.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from rescind.book.model import Refund, Table, Value
from rescind.book.rules_of_version import row_name
from rescind.book.words import BelowZero, LineColumn
from rescind.deciding.evaluation import Evaluation
from rescind.deciding.settle import Deducted, Settlement
from rescind.formula.scope import Formula
from rescind.problems.problem import Location
from rescind.values.money import Money
from rescind.values.types import Kind, Type

__all__ = ["RETURNED", "Step", "value_step", "working"]

MONEY = Type(Kind.MONEY)
# The prefix of step names that say what an instrument gets back; names of values and deductions have no point in them.
RETURNED = "returned."
# What is returned is what was paid less the others.
TAKEN_FROM = tuple(str(column) for column in LineColumn if column is not LineColumn.RETURNED)


class Step(NamedTuple):
    """One figure. `inputs` are (name, typed value, type); `rounded` is None where the exact value is kept.

    `zone` is the time zone that the formula names, "" where it names none.
    """

    name: str
    formula: str
    inputs: tuple[tuple[str, Any, Type], ...]
    value: Any
    type: Type
    rounded: Money | None
    at: Location
    zone: str = ""


def working(run: Evaluation, settlement: Settlement | None) -> tuple[Step, ...]:
    """The steps of one decision, in order; none if there is no refund and nothing was computed."""
    steps = _values(run)
    refund = run.program.version.refund
    if settlement and refund:
        steps += _deductions(run, settlement)
        steps += _remainder(run, refund, settlement)
        steps += _lines(settlement)
    return tuple(steps)


def _values(run: Evaluation) -> list[Step]:
    return [value_step(run, name, result) for name, result in run.in_order()]


def value_step(run: Evaluation, name: str, result: Any) -> Step:
    """How a value of the policy, known to be `result`, came about."""
    value = run.program.values[name]
    if isinstance(value.body, Table):
        return _row_step(run, value, value.body, result)
    formula = value.body
    inputs = _inputs(run, formula)
    return Step(name, formula.text, inputs, result, value.type, None, value.location, formula.zone)


def _row_step(run: Evaluation, value: Value, table: Table, result: Any) -> Step:
    """A value by cases: the row that held, and what made it hold."""
    row = run.row_of(value.name)
    because = run.because(row_name(value, table.rows.index(row) + 1))
    words = " and ".join(
        f"{reason.name} is {'not ' if reason.denied else ''}{reason.needs}" for reason in because
    )
    inputs = {reason.name: (reason.name, reason.value, reason.type) for reason in because}
    inputs |= {given[0]: given for given in _inputs(run, row.result)}
    formula = f"{row.result.text}, where {words}" if words else f"{row.result.text}, in every other case"
    given, zone = tuple(inputs.values()), row.result.zone
    return Step(value.name, formula, given, result, value.type, None, row.location, zone)


def _inputs(run: Evaluation, *formulas: Formula | None) -> tuple[tuple[str, Any, Type], ...]:
    """The inputs of the formulas; a name without a value was not needed."""
    names = dict.fromkeys(name for formula in formulas if formula for name in formula.names)
    found = [(name, run.known(name), run.program.type_of(name)) for name in names]
    return tuple(row for row in found if row[1] is not None)


def _deductions(run: Evaluation, settlement: Settlement) -> list[Step]:
    currency = settlement.currency
    return [
        Step(
            taken.deduction.name,
            _limited(taken),
            _inputs(run, taken.deduction.amount, taken.deduction.at_least, taken.deduction.at_most),
            Money(taken.exact, currency),
            MONEY,
            Money(taken.taken, currency),
            taken.deduction.location,
            taken.deduction.amount.zone,
        )
        for taken in settlement.deductions
    ]


def _limited(taken: Deducted) -> str:
    part = taken.deduction
    text = part.amount.text
    text += f", at least {part.at_least.text}" if part.at_least else ""
    return text + (f", at most {part.at_most.text}" if part.at_most else "")


def _remainder(run: Evaluation, refund: Refund, settlement: Settlement) -> list[Step]:
    """What the deductions leave of the instruments that share the remainder."""
    plan = run.verdict.plan
    pool = {part.name for part in plan.parts if part.shares} if plan else set()
    lines = [line for line in settlement.lines if line.instrument in pool]
    if not lines:
        return []
    left = Fraction(sum(line.paid for line in lines)) - sum(taken.exact for taken in settlement.deductions)
    if refund.below_zero is BelowZero.ZERO:
        left = max(left, Fraction(0))
    currency = settlement.currency
    inputs = [(f"paid.{line.instrument}", Money(line.paid, currency), MONEY) for line in lines]
    inputs += [(taken.deduction.name, Money(taken.exact, currency), MONEY) for taken in settlement.deductions]
    formula = " + ".join(f"paid.{line.instrument}" for line in lines)
    formula += "".join(f" - {taken.deduction.name}" for taken in settlement.deductions)
    formula += f", {_rounding(refund)}"
    returned = Money(sum(line.returned for line in lines), currency)
    left_over = Money(left, currency)
    return [Step("remainder", formula, tuple(inputs), left_over, MONEY, returned, refund.location)]


def _rounding(refund: Refund) -> str:
    floor = "" if refund.below_zero is BelowZero.CHARGE else "not below zero, "
    return f"{floor}rounded {refund.mode.replace('_', ' ')} {refund.place.replace('_', ' ')}"


def _lines(settlement: Settlement) -> list[Step]:
    """What each instrument gets back, and the total."""
    currency = settlement.currency
    places = {part.name: part.location for part in settlement.term.instruments}
    steps = []
    for line in settlement.lines:
        columns = {key: getattr(line, key) for key in TAKEN_FROM}
        inputs = tuple((key, Money(amount, currency), MONEY) for key, amount in columns.items() if amount)
        formula = " - ".join(key for key, amount in columns.items() if amount) or TAKEN_FROM[0]
        name, returned = f"{RETURNED}{line.instrument}", Money(line.returned, currency)
        steps.append(Step(name, formula, inputs, returned, MONEY, None, places[line.instrument]))
    names = [step.name for step in steps]
    inputs = tuple((step.name, step.value, MONEY) for step in steps)
    total = Money(settlement.total, currency)
    return [*steps, Step("total", " + ".join(names), inputs, total, MONEY, None, settlement.term.location)]
