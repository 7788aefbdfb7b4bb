"""`tier` and `graduated`: steps by an upper bound that belongs to the lower step."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from rescind.formula.lexer import Mistake
from rescind.formula.library.function_call import CallSite, Function, Value
from rescind.formula.operand_fit import same_currency
from rescind.formula.runtime_values import FormulaError, Read, Run, new_money, settle
from rescind.formula.syntax_tree import Call, Node
from rescind.formula.typed_expression import INTEGER, NUMBER, NUMERIC, Typed, describe
from rescind.values.money import Money
from rescind.values.types import ORDERED, Kind

__all__ = ["FUNCTIONS", "UP_TO"]

UP_TO = "up_to"


def _steps(call: CallSite) -> tuple[list[Node], list[Node]]:
    """The nodes of the bounds and of what each yields, the last without a bound."""
    bounds: list[Node] = []
    results: list[Node] = []
    *steps, rest = call.arguments[1:]
    for node in steps:
        if not (isinstance(node, Call) and node.function == UP_TO and len(node.arguments) == 2):
            found = call.unit.snippet(node)
            raise Mistake("R0502", node.start, f"expected `up_to(bound, value)`, found `{found}`", call.usage)
        bounds.append(node.arguments[0])
        results.append(node.arguments[1])
    if isinstance(rest, Call) and rest.function == UP_TO:
        raise Mistake("R0502", rest.end, "expected the value above the last bound", call.usage)
    return bounds, [*results, rest]


def _ascending(bounds: list[Typed]) -> None:
    for before, after in pairwise(bounds):
        low: Value = before.literal
        high: Value = after.literal
        if low is None or high is None:
            continue
        if isinstance(low, Money) and isinstance(high, Money) and low.currency != high.currency:
            continue
        if low >= high:
            message = f"the bound `{after.text}` is not above `{before.text}`"
            raise Mistake("R0517", after.node.start, message, "bounds rise from left to right")


def _parts(call: CallSite, *kinds: Kind) -> tuple[Typed, list[Typed], list[Typed]]:
    """The quantity, the bounds and the results."""
    above, yields = _steps(call)
    quantity, *bounds = call.unit.all(
        [lambda node=node: call.one(node, *kinds) for node in (call.arguments[0], *above)]  # type: ignore[misc]
    )
    results = call.unit.all([lambda node=node: call.one(node) for node in yields])  # type: ignore[misc]
    call.alike([quantity, *bounds])
    _ascending(bounds)
    return quantity, bounds, results


def _limits(call: CallSite, quantity: Typed, bounds: list[Typed]) -> Value:
    """A closure from a reader and the quantity to the bounds, checked to rise and to be of one currency."""
    if all(bound.literal is not None for bound in bounds) and quantity.type.kind is not Kind.MONEY:
        constants: list[Value] = [bound.literal for bound in bounds]
        return lambda _read, _of: constants
    runs: list[Value] = [bound.run for bound in bounds]
    text = call.text

    def limits(read: Read, of: Value) -> list[Value]:
        found = [run(read) for run in runs]
        for bound in found:
            if isinstance(bound, Money) and bound.currency != of.currency:
                raise same_currency(text, of.currency, bound.currency)
        for low, high in pairwise(found):
            if low >= high:
                shown = ", ".join(call.unit.shown(bound, quantity.type) for bound in found)
                raise FormulaError(f"the bounds of `{text}` do not rise: {shown}")
        return found

    return limits


def _tier(call: CallSite) -> Typed:
    quantity, bounds, results = _parts(call, *ORDERED)
    type_ = call.alike(results)
    limits = _limits(call, quantity, bounds)
    of = quantity.run
    runs = [result.run for result in results]

    def run(read: Read) -> object:
        value = of(read)
        for limit, result in zip(limits(read, value), runs, strict=False):
            if value <= limit:
                return result(read)
        return runs[-1](read)

    return call.result(type_, run)


def _graduated(call: CallSite) -> Typed:
    quantity, bounds, prices = _parts(call, *NUMERIC)
    type_ = call.of_one_currency(prices)
    if type_.kind not in {*NUMERIC, Kind.MONEY}:
        message = f"`{prices[0].text}` is {describe(type_)}, a price is money or a number"
        raise Mistake("R0511", prices[0].node.start, message, call.usage)
    if bounds and isinstance(bounds[0].literal, (int, Fraction)) and bounds[0].literal <= 0:
        raise Mistake("R0517", bounds[0].node.start, f"the bound `{bounds[0].text}` is not above zero")
    sizes = _shares(call, quantity, _limits(call, quantity, bounds))
    runs = [price.run for price in prices]
    if type_.kind is Kind.MONEY:
        return call.result(type_, _total_money(call, sizes, runs))
    # A part may be a fraction if the quantity is: a fraction of a unit is charged a fraction of the price.
    whole = all(part.type.kind is Kind.INTEGER for part in (quantity, *bounds, *prices))
    return call.result(INTEGER if whole else NUMBER, _total(call, sizes, runs))


def _shares(call: CallSite, quantity: Typed, limits: Value) -> Value:
    """A closure from a reader to how much of the quantity falls into each bracket."""
    of = quantity.run

    def shares(read: Read) -> list[int | Fraction]:
        value = of(read)
        found = limits(read, value)
        if value < 0 or (found and found[0] <= 0):
            shown = call.unit.shown(value if value < 0 else found[0], quantity.type)
            what = f"`{quantity.text}`" if value < 0 else "the first bound"
            raise FormulaError(f"`{call.text}` needs nothing below zero, {what} is {shown}")
        edges = [0, *(min(value, limit) for limit in found), value]
        return [high - low for low, high in pairwise(edges)]

    return shares


def _total(call: CallSite, shares: Value, prices: list[Run]) -> Run:
    runs: list[Value] = list(prices)
    text = call.text
    return lambda read: settle(
        sum(settle(share * price(read), text) for share, price in zip(shares(read), runs, strict=True)), text
    )


def _total_money(call: CallSite, shares: Value, prices: list[Run]) -> Run:
    runs: list[Value] = list(prices)
    text = call.text

    def run(read: Read) -> object:
        amounts = [price(read) for price in runs]
        currency = amounts[0].currency
        total: int | Fraction = 0
        for share, amount in zip(shares(read), amounts, strict=True):
            if amount.currency != currency:
                raise same_currency(text, currency, amount.currency)
            total += share * amount.minor
        return new_money(settle(total, text), currency)

    return run


FUNCTIONS = (
    Function("tier(x, up_to(bound, value), …, rest)", 2, 64, _tier),
    Function("graduated(quantity, up_to(bound, price), …, rest)", 2, 64, _graduated),
)
