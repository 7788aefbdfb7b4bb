"""The two forms of a decision as plain data, `rescind/decision/1` and `rescind/decision/2`.

They have the same keys in the same order and differ in how a value, money, a reason and the working are written. The
first is for readers of stored decisions, and stays as it is, byte for byte.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from rescind.deciding.derivation import Step
from rescind.deciding.evaluation import Reason
from rescind.deciding.working_tree import working_tree
from rescind.values.money import format_money
from rescind.values.types import Type
from rescind.values.value_readers import plain, typed, typed_money
from rescind.values.value_words import value_words

__all__ = ["CURRENT", "FORMS", "Form"]

Data = dict[str, Any]


class Form(NamedTuple):
    """How the parts of a decision are written. Times are written in the zone that is passed.

    `decided_by` is what is added to a reason that is a flag computed by the policy. `grows`: the form has the
    keys that were added after the first form.
    """

    money: Callable[[int | Fraction, str], Any]
    value: Callable[[Any, Type, dt.tzinfo], Any]
    reason: Callable[[Reason, dt.tzinfo], Data]
    working: Callable[[Sequence[Step], dt.tzinfo], list[Data]]
    decided_by: Callable[[Step, dt.tzinfo], Data] | None
    grows: bool


def _needs(reason: Reason, other: Any) -> str:
    """What the policy requires, in words, after `not: ` if it must not hold. `other`: the value of `against`."""
    needs = f"not: {reason.needs}" if reason.denied else reason.needs
    return f"{needs} ({other})" if reason.against else needs


def _reason_1(reason: Reason, zone: dt.tzinfo) -> Data:
    found = plain(reason.value, reason.type, zone)
    other = plain(reason.other, reason.type, zone) if reason.against else None
    return {"fact": reason.name, "is": found, "needs": _needs(reason, other)}


def _reason_2(reason: Reason, zone: dt.tzinfo) -> Data:
    value = typed(reason.value, reason.type, zone)
    other = typed(reason.other, reason.type, zone) if reason.against else None
    result = {
        "fact": reason.name,
        "type": str(reason.type.kind),
        "operator": reason.asked["operator"],
        "operand": reason.asked["operand"],
        "value": value,
    }
    if reason.against:
        result["operand_value"] = other
    if reason.denied:
        result["negated"] = True
    return result | {"is": value_words(value), "needs": _needs(reason, value_words(other))}


def _decided_by_2(step: Step, zone: dt.tzinfo) -> Data:
    (node,) = working_tree([step], zone)
    return {"decided_by": {key: node[key] for key in ("formula", "inputs", "at")}}


def _working_1(steps: Sequence[Step], zone: dt.tzinfo) -> list[Data]:
    return [_step(step, zone) for step in steps]


def _step(step: Step, zone: dt.tzinfo) -> Data:
    inputs = {name: plain(value, type_, zone) for name, value, type_ in step.inputs}
    result = {
        "name": step.name,
        "formula": step.formula,
        "inputs": inputs,
        "value": plain(step.value, step.type, zone),
    }
    if step.rounded:
        result["rounded"] = format_money(*step.rounded)
    return result | {"at": f"{step.at.path}:{step.at.line}"}


CURRENT = "rescind/decision/2"
# By the name given under `schema`.
FORMS: Mapping[str, Form] = {
    "rescind/decision/1": Form(format_money, plain, _reason_1, _working_1, None, grows=False),
    CURRENT: Form(typed_money, typed, _reason_2, working_tree, _decided_by_2, grows=True),
}
