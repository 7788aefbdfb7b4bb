"""`present`, `default` and `convert`: functions about facts that may be absent and about the fact `rates`."""

from __future__ import annotations

from rescind.formula.currency_conversion import convert
from rescind.formula.lexer import Mistake
from rescind.formula.library.function_call import CallSite, Function, Value
from rescind.formula.runtime_values import FormulaError, Read, UnknownError
from rescind.formula.syntax_tree import Name
from rescind.formula.typed_expression import EACH, FLAG, Typed
from rescind.problems.suggestions import did_you_mean
from rescind.values.money import currencies
from rescind.values.types import ABSENT, RATES, Kind, Type

__all__ = ["FUNCTIONS", "RATES"]


def _optional(call: CallSite) -> tuple[Typed, Value]:
    """The name that is the first argument, and a closure that reads it as it is, `ABSENT` included.

    A name that may not be absent is read like any other: asking whether it is absent does not hide that it is missing.
    """
    node, unit = call.arguments[0], call.unit
    if not isinstance(node, Name):
        message = f"expected the name of an optional fact, found `{unit.snippet(node)}`"
        raise Mistake("R0519", node.start, message, call.usage)
    before, unit.present = unit.present, unit.present | {node.name}
    try:
        built = call.one(node)
    finally:
        unit.present = before
    return built, _reader(node.name) if _may_be_absent(call, node.name) else built.run


def _reader(name: str) -> Value:
    if not name.startswith(f"{EACH}."):
        return lambda read: read(name)
    field = name.removeprefix(f"{EACH}.")
    return lambda read: read(EACH).get(field, ABSENT)


def _may_be_absent(call: CallSite, name: str) -> bool:
    """Whether a name may be absent; asking about one that may not is a mistake, but the call is still compiled."""
    unit = call.unit
    if name.startswith(f"{EACH}."):
        type_ = (unit.each or {}).get(name.removeprefix(f"{EACH}."))
    else:
        type_ = unit.scope.types.get(name)
    if name in unit.scope.optional or (type_ and type_.optional):
        return True
    message = f"`{name}` is never absent"
    unit.mistakes.append(Mistake("R0541", call.node.start, message, "leave the question out"))
    return False


def _present(call: CallSite) -> Typed:
    _, raw = _optional(call)
    return call.result(FLAG, lambda read: raw(read) is not ABSENT)


def _default(call: CallSite) -> Typed:
    built, raw = _optional(call)
    other = call.build(call.arguments[1], built.type)
    type_ = call.alike([built, other])

    def run(read: Read) -> object:
        value = raw(read)
        return other.run(read) if value is ABSENT else value

    return call.result(type_, run)


def _convert(call: CallSite) -> Typed:
    amount = call.one(call.arguments[0], Kind.MONEY)
    node = call.arguments[1]
    currency = call.text_of(node, "a currency")
    if currency not in currencies():
        hint = did_you_mean(currency, currencies()) or "use a three-letter ISO 4217 code"
        raise Mistake("R0512", node.start, f"`{currency[:60]}` is not a currency of ISO 4217", hint)
    rates = call.unit.scope.types.get(RATES)
    if rates is None or rates.kind is not Kind.RATES:
        hint = "declare `rates: {type: rates, optional: true}`"
        raise Mistake("R0521", call.node.start, "`convert` needs the fact `rates` in the vocabulary", hint)
    call.unit.names[RATES] = None
    run, text, optional = amount.run, call.text, RATES in call.unit.scope.optional

    def converted(read: Read) -> object:
        money = run(read)
        if money.currency == currency:
            return money
        rates = read(RATES)
        if rates is ABSENT and not optional:
            raise UnknownError(RATES)
        try:
            return convert(money, currency, rates)
        except FormulaError as error:
            raise FormulaError(f"`{text}`: {error}") from None

    return call.result(Type(Kind.MONEY, currency=currency), converted)


FUNCTIONS = (
    Function("present(name)", 1, 1, _present),
    Function("default(name, value)", 2, 2, _default),
    Function("convert(money, 'USD')", 2, 2, _convert),
)
