"""`sum`, `count`, `any`, `all` over the records of a list, whose fields are `each.name`."""

from __future__ import annotations

from fractions import Fraction

from rescind.formula.lexer import Mistake
from rescind.formula.library.function_call import CallSite, Function, Value
from rescind.formula.operand_fit import same_currency
from rescind.formula.runtime_values import FormulaError, Read, Run, new_money, settle
from rescind.formula.syntax_tree import Node
from rescind.formula.typed_expression import EACH, FLAG, INTEGER, NUMERIC, Typed, describe
from rescind.values.durations import Duration
from rescind.values.types import Kind, Type

__all__ = ["FUNCTIONS"]

SUMMED = (*sorted(NUMERIC), Kind.MONEY, Kind.DURATION)


def _list(call: CallSite, *also: Kind) -> Typed:
    node = call.arguments[0]
    found = call.one(node, Kind.LIST, *also)
    if call.unit.each is not None and not found.text.startswith(f"{EACH}."):
        # INVARIANT: the work of a formula stays within its size times the size of the facts.
        message = f"`{call.node.function}` of `{found.text}` stands inside another list function"
        raise Mistake("R0518", call.node.start, message, "make it a value of its own")
    return found


def _inside(call: CallSite, over: Typed, nodes: list[tuple[Node, tuple[Kind, ...]]]) -> list[Typed]:
    """Build parts that may read `each`."""
    unit = call.unit
    outer = unit.each, unit.list_name
    unit.each, unit.list_name = over.type.fields, over.text
    try:
        return unit.all(
            [lambda node=node, kinds=kinds: call.one(node, *kinds) for node, kinds in nodes]  # type: ignore[misc]
        )
    finally:
        unit.each, unit.list_name = outer


def _conditions(call: CallSite, over: Typed, at: int) -> list[Run]:
    nodes: list[tuple[Node, tuple[Kind, ...]]] = [
        (node, (Kind.FLAG,)) for node in call.arguments[at : at + 1]
    ]
    return [part.run for part in _inside(call, over, nodes)] if nodes else []


def _records(over: Typed, condition: Run | None, item: Run) -> Value:
    """A closure from a reader to an iterator over `item` of the records for which `condition` holds."""
    source = over.run

    def records(read: Read) -> Value:
        record: object = None

        def inner(name: str) -> object:
            return record if name == EACH else read(name)

        for record in source(read):  # noqa: B007 - `inner` reads it
            if condition is None or condition(inner):
                yield item(inner)

    return records


def _count(call: CallSite) -> Typed:
    over = _list(call, Kind.SET)
    source = over.run
    if over.type.kind is Kind.SET and len(call.arguments) > 1:
        message = "a set is counted as a whole, only a list takes a condition"
        raise Mistake("R0511", call.arguments[1].start, message)
    conditions = _conditions(call, over, 1)
    if not conditions:
        return call.result(INTEGER, lambda read: len(source(read)))
    passed = _records(over, None, conditions[0])
    return call.result(INTEGER, lambda read: sum(1 for holds in passed(read) if holds))


def _any(call: CallSite) -> Typed:
    over = _list(call)
    return call.result(FLAG, _settled_by(over, _conditions(call, over, 1)[0], settles=True))


def _all(call: CallSite) -> Typed:
    over = _list(call)
    return call.result(FLAG, _settled_by(over, _conditions(call, over, 1)[0], settles=False))


def _settled_by(over: Typed, condition: Run, *, settles: bool) -> Run:
    """Strong Kleene `or` or `and` of a condition on each record: a record that `settles` it does so at any position."""
    source = over.run

    def run(read: Read) -> object:
        record: object = None
        failed: FormulaError | None = None

        def inner(name: str) -> object:
            return record if name == EACH else read(name)

        for record in source(read):  # noqa: B007 - `inner` reads it
            try:
                if condition(inner) is settles:
                    return settles
            except FormulaError as error:
                failed = error
        if failed:
            raise failed
        return not settles

    return run


def _sum(call: CallSite) -> Typed:
    over = _list(call)
    (item,) = _inside(call, over, [(call.arguments[1], SUMMED)])
    rest = list(call.arguments[2:])
    condition: Run | None = None
    start: Typed | None = None
    for node in rest:
        before = call.unit.fields_read
        (part,) = _inside(call, over, [(node, ())])
        if part.type.kind is Kind.FLAG and node is rest[0]:
            condition = part.run
        elif node is rest[-1]:
            start = part
            if call.unit.fields_read > before:
                message = f"`{part.text}` is where the sum starts, it cannot read a record"
                raise Mistake("R0515", node.start, message)
        else:
            message = f"`{part.text}` is {describe(part.type)}, expected a condition"
            raise Mistake("R0511", node.start, message, call.usage)
    type_ = call.of_one_currency([item] if start is None else [item, start])
    items = _records(over, condition, item.run)
    return call.result(type_, _total(call, type_, items, start))


def _total(call: CallSite, type_: Type, items: Value, start: Typed | None) -> Run:
    if type_.kind is Kind.MONEY:
        return _total_money(call, type_, items, start)
    begin: Value = start.run if start else None
    text = call.text
    if type_.kind is Kind.DURATION:

        def durations(read: Read) -> object:
            months, micros = begin(read) if begin else (0, 0)
            for more_months, more_micros in items(read):
                months += more_months
                micros += more_micros
            return Duration(months, micros)

        return durations

    def numbers(read: Read) -> object:
        total: int | Fraction = begin(read) if begin else 0
        for number in items(read):
            total = settle(total + number, text)
        return total

    return numbers


def _total_money(call: CallSite, type_: Type, items: Value, start: Typed | None) -> Run:
    if start is None and not type_.currency:
        message = f"`{call.text}` has no currency when there is nothing to add"
        hint = "say what it starts from: `sum(list, each.amount, 0 USD)`, or give the field a currency"
        raise Mistake("R0520", call.node.start, message, hint)
    begin: Value = start.run if start else lambda _: new_money(0, type_.currency)
    text = call.text

    def run(read: Read) -> object:
        minor, currency = begin(read)
        for amount in items(read):
            if amount.currency != currency:
                raise same_currency(text, currency, amount.currency)
            minor = settle(minor + amount.minor, text)
        return new_money(minor, currency)

    return run


FUNCTIONS = (
    Function("sum(list, each.field, condition, start)", 2, 4, _sum),
    Function("count(list, condition)", 1, 2, _count),
    Function("any(list, condition)", 2, 2, _any),
    Function("all(list, condition)", 2, 2, _all),
)
