"""The values of a version that something in it uses, directly or through other values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rescind.book.model import Condition, Name, Refund, Table, Value, Version, leaves
from rescind.formula.scope import Formula

__all__ = ["values_used"]


def values_used(version: Version) -> frozenset[str]:
    """The names of the values that a condition or the refund reads, and of those that these are computed from.

    A value from a shared file that only other unused values read is not among them.
    """
    bodies = {value.name: value for value in version.values}
    wanted = [name for name in _read_by_rules(version) if name in bodies]
    used: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in used:
            used.add(name)
            wanted += [other for other in _read_by_value(bodies[name]) if other in bodies]
    return frozenset(used)


def _read_by_rules(version: Version) -> Iterator[str]:
    yield from _of_condition(version.applies_to)
    for blocker in version.blockers:
        yield from _of_condition(blocker.when)
    for review in version.reviews:
        yield from _of_condition(review.when)
    if version.refund:
        yield from _read_by_refund(version.refund)


def _read_by_refund(refund: Refund) -> Iterator[str]:
    for term in refund.terms:
        yield from _of_condition(term.when)
        for deduction in term.deductions:
            yield from _of_condition(deduction.when)
            yield from _of_formulas((deduction.amount, deduction.at_least, deduction.at_most))
        for instrument in term.instruments:
            yield from _of_condition(instrument.when)
            for route in instrument.to:
                yield from _of_condition(route.when)


def _read_by_value(value: Value) -> Iterator[str]:
    if not isinstance(value.body, Table):
        yield from value.body.names
        return
    for row in value.body.rows:
        yield from _of_condition(row.when)
        yield from row.result.names


def _of_formulas(formulas: Iterable[Formula | None]) -> Iterator[str]:
    for formula in formulas:
        yield from formula.names if formula else ()


def _of_condition(condition: Condition) -> Iterator[str]:
    for leaf in leaves(condition):
        yield leaf.subject.name
        operand = getattr(leaf, "operand", None)
        if isinstance(operand, Name):
            yield operand.name
