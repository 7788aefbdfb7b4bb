"""Exact refunds: from what was paid and the terms that hold to what comes back, per instrument.

Amounts are integers of the minor unit; deductions are exact fractions until the one place where the policy rounds.
INVARIANT, for every instrument: paid = returned + consumed + fees + forfeited, to the minor unit. `settle` checks it
before it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple, TypeAlias

from rescind.book.model import ALWAYS, Deduction, Instrument, Refund, Term
from rescind.formula.runtime_values import FormulaError
from rescind.formula.scope import Formula
from rescind.problems.exceptions import EngineError
from rescind.values.units import Money, format_money

__all__ = [
    "Deducted",
    "Line",
    "Part",
    "Plan",
    "Settlement",
    "apportion",
    "first_terms",
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

    `shared` names the instruments that share the remainder. `open` are the conditions that are unknown and decide about
    every case, `open_parts` those that do where an instrument paid: its name and the condition.
    """

    term: Term
    parts: tuple[Part, ...]
    shared: tuple[str, ...]
    deductions: tuple[Deduction, ...]
    open: tuple[str, ...] = ()
    open_parts: tuple[tuple[str, str], ...] = ()


class Part(NamedTuple):
    """What becomes of one instrument: `back` is `full`, `none` or `remainder`, `to` a destination or ""."""

    name: str
    back: str
    to: str


def first_terms(
    terms: Iterable[Term], held: Container[str], unknown: Container[str]
) -> tuple[Term | None, tuple[str, ...]]:
    """The first terms that hold, or the conditions that leave open which those are."""
    before: list[str] = []
    for term in terms:
        unit = f"terms/{term.id}"
        if unit in held:
            return (None, tuple(before)) if before else (term, ())
        before += [unit] if unit in unknown else []
    return None, tuple(before)


def plan_of(term: Term, held: Container[str], unknown: Container[str] = (), *, charged: bool = False) -> Plan:
    """The plan of refund terms where the conditions `held` hold and those in `unknown` may: names of units.

    `charged`: a debt falls on an instrument that shares the remainder even where it paid nothing.
    """
    unit = f"terms/{term.id}"
    parts = tuple(_part(part, f"{unit}/instruments/{part.name}", held) for part in term.instruments)
    shared = tuple(part.name for part in parts if part.back == "remainder")
    deductions = tuple(part for part in term.deductions if f"{unit}/deduct/{part.name}" in held)
    units = [f"{unit}/deduct/{part.name}" for part in term.deductions]
    asked = [(part, f"{unit}/instruments/{part.name}") for part in term.instruments]
    units += [name for part, name in asked if charged and part.back == "remainder"]
    open_parts = [
        (part.name, each) for part, name in asked for each in _conditions(part, name, held) if each in unknown
    ]
    return Plan(
        term, parts, shared, deductions, tuple(each for each in units if each in unknown), tuple(open_parts)
    )


def _conditions(part: Instrument, unit: str, held: Container[str]) -> list[str]:
    """The conditions that decide about an instrument: its own, and those of destinations up to the first that holds."""
    units = [unit]
    for number in range(1, len(part.to) + 1):
        if f"{unit}/to/{number}" in held:
            break
        units.append(f"{unit}/to/{number}")
    return units


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
    charged, deducted = (
        _charge(refund, plan, paid, currency, read) if plan.shared or plan.deductions else UNCHARGED
    )
    lines, total = [], 0
    for name, back, to in plan.parts:
        if name not in paid:
            continue
        amount: Any = paid[name][0]
        consumed = fees = forfeited = 0
        if back == "full":
            returned = amount
        elif back == "none":
            returned, forfeited = 0, amount
        else:
            returned, consumed, fees = charged[name]
        if amount != returned + consumed + fees + forfeited or returned > amount:
            raise EngineError(f"the refund of `{name}` does not add up; nothing is decided")
        total += returned
        lines.append(record(Line, (name, amount, returned, consumed, fees, forfeited, to)))
    return record(Settlement, (plan.term, currency, total, tuple(lines), deducted))  # type: ignore[no-any-return]


# By instrument of the pool what comes back of it, what was consumed and the fees; and the deductions.
_Charged: TypeAlias = tuple[Mapping[str, tuple[int, int, int]], tuple[Deducted, ...]]
UNCHARGED: _Charged = ({}, ())


def _charge(refund: Refund, plan: Plan, paid: Mapping[str, Money], currency: str, read: Read) -> _Charged:
    """Take the deductions from what the instruments that share the remainder paid.

    One such instrument is settled in place: calls would take longer than what they do.
    """
    exact = _exact(refund, plan.deductions, currency, read)
    pool: dict[str, Any] = {}
    for name in plan.shared:
        if name in paid:
            pool[name] = paid[name][0]
    if not pool:
        return {}, tuple([record(Deducted, (*row, 0)) for row in zip(plan.deductions, exact, strict=True)])
    have = sum(pool.values())
    # Whole numbers of a common fraction of the minor unit: as exact as fractions, and much quicker.
    unit = 1
    for amount in exact:
        unit = lcm(unit, amount.denominator)
    left, amounts = have * unit, []
    for amount in exact:
        wanted = amount.numerator * (unit // amount.denominator)
        if wanted > left and refund.below_zero == "zero":
            wanted = left  # each takes at most what the ones before it leave
        left -= wanted
        amounts.append(wanted)
    if len(pool) == 1:
        returned = [round_quotient(left, unit, refund.mode)]
    else:
        returned = _split(refund, [*pool.values()], left, unit)
    taken = apportion(have - sum(returned), amounts)
    deducted, consumed, fees = [], 0, 0
    for deduction, precise, amount in zip(plan.deductions, exact, taken, strict=True):
        deducted.append(record(Deducted, (deduction, precise, amount)))
        if deduction.column == "fees":
            fees += amount
        else:
            consumed += amount
    if len(pool) == 1:
        return dict.fromkeys(pool, (returned[0], consumed, fees)), tuple(deducted)
    return _columns(pool, returned, deducted), tuple(deducted)


def _columns(
    pool: Mapping[str, int], returned: Sequence[int], deducted: Sequence[Deducted]
) -> dict[str, tuple[int, int, int]]:
    """What of each instrument comes back, was consumed and goes into fees."""
    consumed, fees = [0] * len(pool), [0] * len(pool)
    rest = [amount - back for amount, back in zip(pool.values(), returned, strict=True)]
    for deduction, _, amount in deducted:
        column = fees if deduction.column == "fees" else consumed
        for index, part in enumerate(apportion(amount, rest)):
            column[index] += part
            rest[index] -= part
    return dict(zip(pool, zip(returned, consumed, fees, strict=True), strict=True))


def _exact(
    refund: Refund, deductions: Sequence[Deduction], currency: str, read: Read
) -> list[int | Fraction]:
    """The deductions within their limits, rounded only where each deduction is to be rounded."""
    amounts: list[int | Fraction] = []
    for deduction in deductions:
        money: Any = deduction.amount.evaluate(read)
        amount, found = money
        if found != currency:
            raise _other_currency(deduction, found, currency)
        if deduction.at_least or deduction.at_most:
            amount = _limited(amount, deduction, currency, read)
        if amount.numerator < 0:
            raise FormulaError(
                f"the deduction `{deduction.name}` is negative: {format_money(amount, currency)}"
            )
        amounts.append(round_to_unit(amount, refund.mode) if refund.place == "each_deduction" else amount)
    return amounts


def _limited(amount: int | Fraction, deduction: Deduction, currency: str, read: Read) -> int | Fraction:
    low = _limit(deduction.at_least, deduction, currency, read) if deduction.at_least else None
    high = _limit(deduction.at_most, deduction, currency, read) if deduction.at_most else None
    if low is not None and high is not None and low > high:
        raise FormulaError(f"the limits of the deduction `{deduction.name}` exclude each other")
    if low is not None and amount < low:
        return low
    return high if high is not None and amount > high else amount


def _limit(formula: Formula, deduction: Deduction, currency: str, read: Read) -> int | Fraction:
    money: Any = formula.evaluate(read)
    if money.currency != currency:
        raise _other_currency(deduction, money.currency, currency)
    return money.minor  # type: ignore[no-any-return]


def _other_currency(deduction: Deduction, found: str, currency: str) -> FormulaError:
    return FormulaError(f"the deduction `{deduction.name}` is in {found}, and what was paid is in {currency}")


def _split(refund: Refund, pool: list[int], left: int, unit: int) -> list[int]:
    """What is left (`left / unit` in minor units), shared among the amounts of the pool."""
    have = sum(pool)
    if refund.split == "in_order" or not have:
        return _in_order(pool, round_quotient(left, unit, refund.mode))
    if refund.place == "each_instrument":
        return [round_quotient(left * amount, have * unit, refund.mode) for amount in pool]
    return apportion(round_quotient(left, unit, refund.mode), pool)


def _in_order(pool: list[int], left: int) -> list[int]:
    """Each instrument is filled before the next; a debt falls on the first."""
    shares = []
    for amount in pool:
        shares.append(min(amount, max(left, 0)))
        left -= shares[-1]
    if left < 0:
        shares[0] = left
    return shares


def apportion(total: int, weights: list[int]) -> list[int]:
    """`total` shared in proportion to `weights`, none of them negative; the parts add up to it exactly.

    Largest remainder: each part is rounded towards zero, and what is missing goes, a unit each, to the parts that lost
    most; between equals the earlier one. With no weight at all everything is zero (`total` must be, too).
    """
    whole = sum(weights)
    if total == whole:
        return [*weights]
    if total < 0:
        return [-part for part in apportion(-total, weights)]
    if not whole:
        if total:
            raise EngineError("an amount cannot be shared among nothing")
        return [0] * len(weights)
    parts, lost = [], []
    for weight in weights:
        part, rest = divmod(total * weight, whole)
        parts.append(part)
        lost.append(rest)
    for _ in range(total - sum(parts)):
        most = lost.index(max(lost))
        parts[most] += 1
        lost[most] = -1
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
