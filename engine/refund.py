"""Exact refunds: from what was paid and the terms that hold to what comes back, per instrument.

Amounts are integers of the minor unit; deductions are exact fractions until the one place where the policy rounds.
INVARIANT, for every instrument: paid = returned + consumed + fees + forfeited, to the minor unit. `settle` checks it
before it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from engine.errors import EngineError
from engine.formula import Formula, FormulaError
from engine.model import ALWAYS, Deduction, Instrument, Refund, Term
from engine.units import Money, format_money

__all__ = [
    "Deducted",
    "Line",
    "Part",
    "Plan",
    "Settlement",
    "apportion",
    "plan_of",
    "record",
    "round_to_unit",
    "settle",
]

Read = Callable[[str], Any]
# Makes a named tuple as its constructor would, at a quarter of the price.
record: Callable[[type[Any], tuple[Any, ...]], Any] = tuple.__new__


class Line(NamedTuple):
    """One instrument: where each minor unit of what was paid with it goes."""

    instrument: str
    paid: int
    returned: int
    consumed: int
    fees: int
    forfeited: int
    to: str


class Deducted(NamedTuple):
    """One deduction: `exact` as the formula yields it within its limits, `taken` in whole minor units."""

    deduction: Deduction
    exact: int | Fraction
    taken: int


class Settlement(NamedTuple):
    """The refund of one order. `total` is negative where the customer owes (`below_zero: charge`)."""

    term: Term
    currency: str
    total: int
    lines: tuple[Line, ...]
    deductions: tuple[Deducted, ...]


class Plan(NamedTuple):
    """What the conditions that hold make of refund terms: what becomes of each instrument, and the deductions.

    `shared` names the instruments that share the remainder.
    """

    term: Term
    parts: tuple[Part, ...]
    shared: tuple[str, ...]
    deductions: tuple[Deduction, ...]


class Part(NamedTuple):
    """What becomes of one instrument: `back` is `full`, `none` or `remainder`, `to` a destination or ""."""

    name: str
    back: str
    to: str


def plan_of(term: Term, held: Container[str]) -> Plan:
    """The plan of refund terms where the conditions `held` hold, by the names of their units."""
    unit = f"terms/{term.id}"
    parts = tuple(_part(part, f"{unit}/instruments/{part.name}", held) for part in term.instruments)
    shared = tuple(part.name for part in parts if part.back == "remainder")
    return Plan(
        term, parts, shared, tuple(part for part in term.deductions if f"{unit}/deduct/{part.name}" in held)
    )


def _part(part: Instrument, unit: str, held: Container[str]) -> Part:
    back = part.back if part.when is ALWAYS or unit in held else "none"
    # The first destination whose condition holds.
    to = next((goal.to for number, goal in enumerate(part.to, 1) if f"{unit}/to/{number}" in held), "")
    return Part(part.name, back, to)


def settle(refund: Refund, plan: Plan, paid: Mapping[str, Money], read: Read) -> Settlement:
    """The refund by a plan. `paid` maps instruments to money of one currency, `read` gives the names in formulas.

    Raises `FormulaError` where a deduction cannot be computed, is negative, or is in another currency.
    """
    currency = next(iter(paid.values()))[1]
    if refund.below_zero == "charge" and plan.shared and paid.keys().isdisjoint(plan.shared):
        # One that was not given paid nothing, and the debt is owed all the same.
        paid = {**paid, plan.shared[0]: Money(0, currency)}
    charge = _charge(refund, plan, paid, currency, read) if plan.shared or plan.deductions else NO_CHARGE
    lines, total = [], 0
    for name, back, to in plan.parts:
        if name not in paid:
            continue
        amount: Any = paid[name][0]
        if back == "full":
            returned, consumed, fees, forfeited = amount, 0, 0, 0
        elif back == "none":
            returned, consumed, fees, forfeited = 0, 0, 0, amount
        else:
            returned, consumed, fees = charge.returned[name], charge.consumed[name], charge.fees[name]
            forfeited = 0
        if amount != returned + consumed + fees + forfeited or returned > amount:
            raise EngineError(f"the refund of `{name}` does not add up; nothing is decided")
        total += returned
        lines.append(record(Line, (name, amount, returned, consumed, fees, forfeited, to)))
    return record(Settlement, (plan.term, currency, total, tuple(lines), charge.deducted))  # type: ignore[no-any-return]


class _Charge(NamedTuple):
    """What the deductions leave and take, by instrument of the pool."""

    returned: Mapping[str, int]
    consumed: Mapping[str, int]
    fees: Mapping[str, int]
    deducted: tuple[Deducted, ...]


NO_CHARGE = _Charge({}, {}, {}, ())


def _charge(refund: Refund, plan: Plan, paid: Mapping[str, Money], currency: str, read: Read) -> _Charge:
    """Take the deductions from what the instruments that share the remainder paid."""
    pool: dict[str, Any] = {name: paid[name][0] for name in plan.shared if name in paid}
    applied = plan.deductions
    exact = _deductions(refund, applied, currency, read)
    returned, taken = _remainder(refund, pool, exact)
    consumed, fees = dict.fromkeys(pool, 0), dict.fromkeys(pool, 0)
    rest = {name: pool[name] - returned[name] for name in pool}
    for deduction, amount in zip(applied, taken, strict=True):
        column = fees if deduction.column == "fees" else consumed
        for name, part in zip(pool, _shares(amount, [*rest.values()]), strict=True):
            if part:
                column[name] += part
                rest[name] -= part
    deducted = tuple([record(Deducted, row) for row in zip(applied, exact, taken, strict=True)])
    return record(_Charge, (returned, consumed, fees, deducted))  # type: ignore[no-any-return]


def _deductions(
    refund: Refund, applied: Sequence[Deduction], currency: str, read: Read
) -> list[int | Fraction]:
    """The exact deductions in their order, rounded only where each is to be rounded."""
    amounts: list[int | Fraction] = []
    for deduction in applied:
        amount = _limited(deduction, currency, read)
        if amount.numerator < 0:
            raise FormulaError(
                f"the deduction `{deduction.name}` is negative: {format_money(amount, currency)}"
            )
        amounts.append(round_to_unit(amount, refund.mode) if refund.place == "each_deduction" else amount)
    return amounts


def _limited(deduction: Deduction, currency: str, read: Read) -> int | Fraction:
    amount = _amount(deduction.amount, deduction, currency, read)
    low = _amount(deduction.at_least, deduction, currency, read) if deduction.at_least else None
    high = _amount(deduction.at_most, deduction, currency, read) if deduction.at_most else None
    if low is not None and high is not None and low > high:
        raise FormulaError(f"the limits of the deduction `{deduction.name}` exclude each other")
    if low is not None and amount < low:
        return low
    return high if high is not None and amount > high else amount


def _amount(formula: Formula, deduction: Deduction, currency: str, read: Read) -> int | Fraction:
    money: Any = formula.evaluate(read)
    if money.currency != currency:
        raise FormulaError(
            f"the deduction `{deduction.name}` is in {money.currency}, and what was paid is in {currency}"
        )
    return money.minor  # type: ignore[no-any-return]


def _remainder(
    refund: Refund, pool: Mapping[str, int], exact: Sequence[int | Fraction]
) -> tuple[dict[str, int], list[int]]:
    """What is left of the pool, by instrument, and what each deduction takes of it, both in minor units."""
    if not pool:
        return {}, [0] * len(exact)
    have = sum(pool.values())
    # Whole numbers of a common fraction of the minor unit: as exact as fractions, and much quicker.
    unit, amounts = _in_one_unit(exact)
    if refund.below_zero == "zero":
        amounts = _capped(amounts, have * unit)
    returned = _split(refund, pool, have * unit - sum(amounts), unit)
    taken = have - sum(returned.values())
    return returned, _shares(taken, amounts)


def _in_one_unit(exact: Sequence[int | Fraction]) -> tuple[int, list[int]]:
    """The least common denominator of some numbers, and their numerators over it."""
    unit = lcm(*[amount.denominator for amount in exact])
    return unit, [amount.numerator * (unit // amount.denominator) for amount in exact]


def _capped(amounts: Sequence[int], have: int) -> list[int]:
    """The deductions in their order, each at most what the ones before it leave."""
    capped: list[int] = []
    for amount in amounts:
        capped.append(min(amount, have - sum(capped)))
    return capped


def _split(refund: Refund, pool: Mapping[str, int], left: int, unit: int) -> dict[str, int]:
    """What is left (`left / unit` in minor units), shared among the instruments of the pool."""
    names, weights = [*pool], [*pool.values()]
    have = sum(weights)
    if refund.split == "in_order" or not have:
        return _in_order(names, weights, round_quotient(left, unit, refund.mode))
    if refund.place == "each_instrument":
        shares = [round_quotient(left * weight, have * unit, refund.mode) for weight in weights]
    else:
        shares = _shares(round_quotient(left, unit, refund.mode), weights)
    return dict(zip(names, shares, strict=True))


def _in_order(names: list[str], weights: list[int], left: int) -> dict[str, int]:
    """Each instrument is filled before the next; a debt falls on the first."""
    shares = {}
    for name, weight in zip(names, weights, strict=True):
        shares[name] = min(weight, max(left, 0))
        left -= shares[name]
    if left < 0:
        shares[names[0]] = left
    return shares


def apportion(total: int, weights: Sequence[int | Fraction]) -> list[int]:
    """`total` in whole units shared in proportion to `weights`; the parts add up to it exactly.

    Largest remainder: each part is rounded towards zero, and what is missing goes, a unit each, to the parts that lost
    most; between equals the earlier one. With no weight at all everything is zero (`total` must be, too).
    """
    return _shares(total, _in_one_unit(weights)[1])


def _shares(total: int, weights: list[int]) -> list[int]:
    if len(weights) == 1 and weights[0]:
        return [total]
    if total < 0:
        return [-part for part in _shares(-total, weights)]
    whole = sum(weights)
    if not whole:
        if total:
            raise EngineError("an amount cannot be shared among nothing")
        return [0] * len(weights)
    shares = [divmod(total * weight, whole) for weight in weights]
    parts = [part for part, _ in shares]
    missing = total - sum(parts)
    if missing:
        for index in sorted(range(len(parts)), key=lambda index: (-shares[index][1], index))[:missing]:
            parts[index] += 1
    return parts


def round_to_unit(value: int | Fraction, mode: str) -> int:
    """A fraction to a whole number. Modes are symmetric about zero; `half_*` differ only on exact halves."""
    return round_quotient(value.numerator, value.denominator, mode)


def round_quotient(above: int, below: int, mode: str) -> int:
    """`above / below` to a whole number; `below` is more than 0."""
    whole, rest = divmod(abs(above), below)
    if rest and _goes_up(mode, whole, 2 * rest - below):
        whole += 1
    return whole if above >= 0 else -whole


def _goes_up(mode: str, whole: int, over_half: int) -> bool:
    """Whether a size of `whole` and something is rounded up; `over_half` is 0 where that is exactly one half."""
    match mode:
        case "half_up":
            return over_half >= 0
        case "half_even":
            return over_half > 0 or (over_half == 0 and whole % 2 == 1)
        case "half_down":
            return over_half > 0
        case "up":
            return True
        case "down":
            return False
        case _:
            raise EngineError(f"there is no rounding mode `{mode}`")
