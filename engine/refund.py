"""Exact refunds: from what was paid and the terms that hold to what comes back, per instrument.

Amounts are integers of the minor unit; deductions are exact fractions until the one place where the policy rounds.
INVARIANT, for every instrument: paid = returned + consumed + fees + forfeited, to the minor unit. `settle` checks it
before it answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from engine.errors import EngineError
from engine.formula import Formula, FormulaError
from engine.model import ALWAYS, Deduction, Instrument, Refund, Term
from engine.units import Money, format_money

__all__ = ["Deducted", "Line", "Settlement", "apportion", "back_of", "round_to_unit", "settle"]


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


class Case(Protocol):
    """What a settlement asks of the case."""

    def holds(self, unit: str) -> bool:
        """Whether a condition held, by the name of its unit."""

    def read(self, name: str) -> Any:
        """The value behind a name of a formula."""


def settle(refund: Refund, term: Term, paid: Mapping[str, Money], case: Case) -> Settlement:
    """The refund under `term`. `paid` maps instruments to money of one currency.

    Raises `FormulaError` where a deduction cannot be computed, is negative, or is in another currency.
    """
    currency = next(iter(paid.values()))[1]
    parts = [(part, back_of(term, part, case)) for part in term.instruments if part.name in paid]
    pool = {part.name: int(paid[part.name].minor) for part, back in parts if back == "remainder"}
    charge = _charge(refund, term, pool, currency, case) if pool or term.deductions else NO_CHARGE
    lines, total = [], 0
    for part, back in parts:
        line = _line(part, back, paid[part.name][0], charge, _to(term, part, case) if part.to else "")  # type: ignore[arg-type]
        total += line[2]
        lines.append(line)
        if line[1] != line[2] + line[3] + line[4] + line[5] or line[2] > line[1]:
            raise EngineError(f"the refund of `{part.name}` does not add up; nothing is decided")
    return Settlement(term, currency, total, tuple(lines), charge.deducted)


class _Charge(NamedTuple):
    """What the deductions leave and take, by instrument of the pool."""

    returned: Mapping[str, int]
    consumed: Mapping[str, int]
    fees: Mapping[str, int]
    deducted: tuple[Deducted, ...]


NO_CHARGE = _Charge({}, {}, {}, ())


def back_of(term: Term, part: Instrument, case: Case) -> str:
    """What becomes of an instrument in this case: `full`, `none` or `remainder`."""
    if part.when is ALWAYS or case.holds(f"terms/{term.id}/instruments/{part.name}"):
        return part.back
    return "none"


def _to(term: Term, part: Instrument, case: Case) -> str:
    """Where the money goes: the first destination whose condition holds; "" where the policy names none."""
    unit = f"terms/{term.id}/instruments/{part.name}/to/"
    return next((goal.to for number, goal in enumerate(part.to, 1) if case.holds(f"{unit}{number}")), "")


def _line(part: Instrument, back: str, paid: int, charge: _Charge, to: str) -> Line:
    name = part.name
    if back == "full":
        return Line(name, paid, paid, 0, 0, 0, to)
    if back == "none":
        return Line(name, paid, 0, 0, 0, paid, to)
    return Line(name, paid, charge.returned[name], charge.consumed[name], charge.fees[name], 0, to)


def _charge(refund: Refund, term: Term, pool: Mapping[str, int], currency: str, case: Case) -> _Charge:
    """Take the deductions from the pool."""
    applied = _applied(term, case)
    exact = _deductions(refund, applied, currency, case)
    returned, taken = _remainder(refund, pool, exact)
    sums = {"consumed": dict.fromkeys(pool, 0), "fees": dict.fromkeys(pool, 0)}
    open_ = {name: pool[name] - returned[name] for name in pool}
    for deduction, amount in zip(applied, taken, strict=True):
        for name, part in zip(pool, apportion(amount, list(open_.values())), strict=True):
            sums[deduction.column][name] += part
            open_[name] -= part
    deducted = tuple(Deducted(*row) for row in zip(applied, exact, taken, strict=True))
    return _Charge(returned, sums["consumed"], sums["fees"], deducted)


def _applied(term: Term, case: Case) -> list[Deduction]:
    return [part for part in term.deductions if case.holds(f"terms/{term.id}/deduct/{part.name}")]


def _deductions(
    refund: Refund, applied: Sequence[Deduction], currency: str, case: Case
) -> list[int | Fraction]:
    """The exact deductions in their order, rounded only where each is to be rounded."""
    amounts: list[int | Fraction] = []
    for deduction in applied:
        amount = _limited(deduction, currency, case)
        if amount < 0:
            raise FormulaError(
                f"the deduction `{deduction.name}` is negative: {format_money(amount, currency)}"
            )
        amounts.append(round_to_unit(amount, refund.mode) if refund.place == "each_deduction" else amount)
    return amounts


def _limited(deduction: Deduction, currency: str, case: Case) -> int | Fraction:
    amount = _amount(deduction.amount, deduction, currency, case)
    low = _amount(deduction.at_least, deduction, currency, case) if deduction.at_least else None
    high = _amount(deduction.at_most, deduction, currency, case) if deduction.at_most else None
    if low is not None and high is not None and low > high:
        raise FormulaError(f"the limits of the deduction `{deduction.name}` exclude each other")
    if low is not None and amount < low:
        return low
    return high if high is not None and amount > high else amount


def _amount(formula: Formula, deduction: Deduction, currency: str, case: Case) -> int | Fraction:
    money: Money = formula.evaluate(case.read)
    if money.currency != currency:
        raise FormulaError(
            f"the deduction `{deduction.name}` is in {money.currency}, and what was paid is in {currency}"
        )
    return money.minor


def _remainder(
    refund: Refund, pool: Mapping[str, int], exact: Sequence[int | Fraction]
) -> tuple[dict[str, int], list[int]]:
    """What is left of the pool, by instrument, and what each deduction takes of it, both in minor units."""
    if not pool:
        return {}, [0] * len(exact)
    have = sum(pool.values())
    if refund.below_zero == "zero":
        exact = _capped(exact, have)
    left = have - sum(exact)
    returned = _split(refund, pool, left)
    taken = have - sum(returned.values())
    return returned, apportion(taken, exact)


def _capped(exact: Sequence[int | Fraction], have: int) -> list[int | Fraction]:
    """The deductions in their order, each at most what the ones before it leave."""
    capped: list[int | Fraction] = []
    for amount in exact:
        capped.append(min(amount, have - sum(capped)))
    return capped


def _split(refund: Refund, pool: Mapping[str, int], left: int | Fraction) -> dict[str, int]:
    """What is left, shared among the instruments of the pool."""
    names, weights = list(pool), list(pool.values())
    if refund.split == "in_order" or not sum(weights):
        return _in_order(names, weights, round_to_unit(left, refund.mode))
    if refund.place == "each_instrument":
        have = sum(weights)
        shares = [round_to_unit(Fraction(left) * weight / have, refund.mode) for weight in weights]
    else:
        shares = apportion(round_to_unit(left, refund.mode), weights)
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
    if total < 0:
        return [-part for part in apportion(-total, weights)]
    whole = sum(weights)
    if not whole:
        if total:
            raise EngineError("an amount cannot be shared among nothing")
        return [0] * len(weights)
    exact = [total * Fraction(weight) / whole for weight in weights]
    parts = [int(share) for share in exact]
    missing = total - sum(parts)
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in order[:missing]:
        parts[index] += 1
    return parts


def round_to_unit(value: int | Fraction, mode: str) -> int:
    """A fraction to a whole number. Modes are symmetric about zero; `half_*` differ only on exact halves."""
    value = Fraction(value)
    if value.denominator == 1:
        return value.numerator
    size = abs(value)
    whole, rest = int(size), size - int(size)
    half = Fraction(1, 2)
    up = {
        "up": True,
        "down": False,
        "half_up": rest >= half,
        "half_down": rest > half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
    }[mode]
    return (whole + up) * (1 if value > 0 else -1)
