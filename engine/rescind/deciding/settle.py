"""Exact refunds: what comes back per instrument, from what was paid and the terms that hold.

Amounts are whole numbers of minor units; deductions are exact fractions until the one place where the policy rounds.
INVARIANT, for every instrument: paid = returned + consumed + fees + forfeited, to the minor unit. `settle` checks it
before it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import lcm
from typing import Any, NamedTuple, TypeAlias

from rescind.book.model import ALWAYS, Deduction, Refund, Term, Version
from rescind.book.rules_of_version import InstrumentRules, TermRules
from rescind.book.words import BelowZero, CountsAs, RoundingPlace, Share, Split
from rescind.formula.runtime_values import FormulaError
from rescind.formula.scope import Formula
from rescind.problems.exceptions import EngineError
from rescind.problems.problem import Location, Problem
from rescind.values.money import Money, format_money
from rescind.values.rounding_modes import ROUNDERS, Rounder

__all__ = [
    "Arithmetic",
    "Deducted",
    "InstrumentPlan",
    "Plan",
    "Settlement",
    "SettlementLine",
    "apportion",
    "arithmetic_of",
    "first_terms",
    "open_routes",
    "plan_of",
    "record",
    "settle",
    "why_unsettled",
]

Read = Callable[[str], Any]
Sharing = Callable[[list[int], int, int], list[int]]
FEES = CountsAs.FEES
MAY_BE_OWED = {BelowZero.ZERO: False, BelowZero.CHARGE: True}
# Whether an instrument is returned in full, and whether it shares what is left.
WHOLE_OR_SHARES = {Share.FULL: (True, False), Share.NONE: (False, False), Share.REMAINDER: (False, True)}
# Makes a named tuple as its constructor would, in a quarter of the time.
record: Callable[[type[Any], tuple[Any, ...]], Any] = tuple.__new__


class SettlementLine(NamedTuple):
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
    lines: tuple[SettlementLine, ...]
    deductions: tuple[Deducted, ...]


class Arithmetic(NamedTuple):
    """The settings of a refund as functions and flags, so that no word is looked up while a case is decided.

    `round` makes a quotient a whole number. `share` spreads what is left (a quotient in minor units, not negative) over
    the amounts of the pool. `round_deductions`: each deduction is rounded by itself. `below_zero`: what is left may be
    negative, and the customer owes it. `paid` names the fact that says what was paid.
    """

    round: Rounder
    share: Sharing
    round_deductions: bool
    below_zero: bool
    paid: str


class Plan(NamedTuple):
    """What the conditions that hold make of refund terms: what becomes of each instrument, and the deductions.

    `shared` names the instruments that share the remainder. `open` are the unknown rules that matter in every case,
    `open_parts` those that matter only if an instrument paid: the name of the instrument and of the rule.
    """

    term: Term
    parts: tuple[InstrumentPlan, ...]
    shared: tuple[str, ...]
    deductions: tuple[Deduction, ...]
    arithmetic: Arithmetic
    open: tuple[str, ...] = ()
    open_parts: tuple[tuple[str, str], ...] = ()


class InstrumentPlan(NamedTuple):
    """What becomes of one instrument: it comes back `whole`, or shares what is left, or is lost.

    `to` is a destination as plain text, or "". `named`: the terms say what becomes of the instrument.
    """

    name: str
    whole: bool
    shares: bool
    to: str
    named: bool


class _UnnamedInstrumentError(FormulaError):
    """An instrument was paid with, but the terms do not say what becomes of it."""

    def __init__(self, name: str, paid: str) -> None:
        super().__init__(f"`{name}` paid {paid}")
        self.name = name


def arithmetic_of(refund: Refund) -> Arithmetic:
    """The settings of a refund as functions and flags."""
    rounder = ROUNDERS[refund.mode]
    each_deduction = refund.place is RoundingPlace.EACH_DEDUCTION
    below_zero = MAY_BE_OWED[refund.below_zero]
    return Arithmetic(rounder, _sharing(refund, rounder), each_deduction, below_zero, refund.paid.name)


def _sharing(refund: Refund, rounder: Rounder) -> Sharing:
    match refund.split:
        case Split.IN_ORDER:
            return partial(_share_in_order, rounder)
        case Split.PROPORTIONAL:
            each = refund.place is RoundingPlace.EACH_INSTRUMENT
            return partial(_share_each if each else _share_once, rounder)


def first_terms(
    terms: Iterable[TermRules], held: Container[str], unknown: Container[str]
) -> tuple[TermRules | None, tuple[str, ...]]:
    """The first terms that hold, or the unknown rules because of which it is open which terms those are."""
    before: list[str] = []
    for term in terms:
        name = term.own.name
        if name in held:
            return (None, tuple(before)) if before else (term, ())
        before += [name] if name in unknown else []
    return None, tuple(before)


def plan_of(
    arithmetic: Arithmetic, term: TermRules, held: Container[str], unknown: Container[str] = ()
) -> Plan:
    """The plan of refund terms if the rules named in `held` hold and those named in `unknown` may hold."""
    parts = tuple(_part(instrument, held) for instrument in term.instruments)
    shared = tuple(part.name for part in parts if part.shares)
    deductions = tuple(rule.part for rule in term.deductions if rule.name in held)
    names = [rule.name for rule in term.deductions]
    if arithmetic.below_zero:  # one that shares the remainder may owe even if it paid nothing
        names += [each.own.name for each in term.instruments if each.own.part.back is Share.REMAINDER]
    asked = [(each.own.part.name, name) for each in term.instruments for name in _asked(each, held)]
    return Plan(
        term.own.part,
        parts,
        shared,
        deductions,
        arithmetic,
        tuple(name for name in names if name in unknown),
        tuple(row for row in asked if row[1] in unknown),
    )


def _asked(rules: InstrumentRules, held: Container[str]) -> Iterator[str]:
    """The rules that decide about an instrument: its own rule, and those of its routes up to the first that holds."""
    yield rules.own.name
    for route in rules.routes:
        if route.name in held:
            break
        yield route.name


def _part(rules: InstrumentRules, held: Container[str]) -> InstrumentPlan:
    instrument = rules.own.part
    back = instrument.back if instrument.when is ALWAYS or rules.own.name in held else Share.NONE
    # The first route whose condition holds.
    to = next((str(route.part.to) for route in rules.routes if route.name in held), "")
    return InstrumentPlan(instrument.name, *WHOLE_OR_SHARES[back], to, instrument.named)


def settle(plan: Plan, paid: Mapping[str, Money], read: Read) -> Settlement:
    """The refund by a plan. `paid` maps instruments to money of one currency, `read` gives the names in formulas.

    Raises `FormulaError` if a deduction cannot be computed, is negative, or is in another currency, and if something
    was paid with an instrument that the terms do not name; `why_unsettled` turns the error into a problem.
    """
    currency = next(iter(paid.values()))[1]
    charged, deducted = _charge(plan, paid, currency, read) if plan.shared or plan.deductions else UNCHARGED
    lines, total = [], 0
    for name, whole, shares, to, named in plan.parts:
        if name not in paid and name not in charged:
            continue
        amount: Any = paid[name][0] if name in paid else 0
        consumed = fees = forfeited = 0
        if whole:
            returned = amount
        elif shares:
            returned, consumed, fees = charged[name]
        elif amount and not named:
            raise _UnnamedInstrumentError(name, format_money(amount, currency))
        else:
            returned, forfeited = 0, amount
        if amount != returned + consumed + fees + forfeited or returned > amount:
            raise EngineError(f"the refund of `{name}` does not add up; nothing is decided")
        total += returned
        lines.append(record(SettlementLine, (name, amount, returned, consumed, fees, forfeited, to)))
    return record(Settlement, (plan.term, currency, total, tuple(lines), deducted))  # type: ignore[no-any-return]


def open_routes(plan: Plan, settlement: Settlement) -> list[str]:
    """The unknown rules on which the lines of a settlement depend: those of where a debt goes, if it comes to one.

    A debt may fall on an instrument that paid nothing. Where it comes to none, nobody asks for the route.
    """
    if not plan.open_parts:
        return []
    lines = {line.instrument for line in settlement.lines}
    return [rule for name, rule in plan.open_parts if name in lines]


def why_unsettled(version: Version, plan: Plan, error: FormulaError) -> Problem:
    """Why there is no refund by a plan, where `settle` raised `error`."""
    if not isinstance(error, _UnnamedInstrumentError):
        said = f"{error} {version.line_in_words(plan.term.location)}"
        return Problem("R0908", said, Location(f"refund.{plan.term.id}"))
    return Problem(
        "R0909",
        f"{error}, and the terms `{plan.term.id}` do not name it ({plan.term.location})",
        Location(f"{plan.arithmetic.paid}.{error.name}"),
        f"the policy needs `{error.name}: none`, or what else becomes of it",
    )


# For each instrument of the pool what comes back, what was consumed and the fees; and the deductions.
_Charged: TypeAlias = tuple[Mapping[str, tuple[int, int, int]], tuple[Deducted, ...]]
UNCHARGED: _Charged = ({}, ())


def _charge(plan: Plan, paid: Mapping[str, Money], currency: str, read: Read) -> _Charged:
    """Take the deductions from what the instruments that share the remainder paid.

    A single such instrument is settled inline, because the calls would take longer than their work.
    """
    arithmetic = plan.arithmetic
    exact = _exact(plan, currency, read)
    pool = _pool(plan, paid)
    if not pool:
        return {}, tuple([record(Deducted, (*row, 0)) for row in zip(plan.deductions, exact, strict=True)])
    have = sum(pool.values())
    # Whole numbers over a common denominator of the minor unit: as exact as fractions, and much faster.
    unit = 1
    for amount in exact:
        unit = lcm(unit, amount.denominator)
    left, amounts = have * unit, []
    for amount in exact:
        wanted = amount.numerator * (unit // amount.denominator)
        if wanted > left and not arithmetic.below_zero:
            wanted = left  # each takes at most what the ones before it leave
        left -= wanted
        amounts.append(wanted)
    if left < 0 and (owed := arithmetic.round(left, unit)):
        pool, returned = _indebted(pool, plan.shared[0], owed)
    elif len(pool) == 1:
        returned = [arithmetic.round(left, unit)]
    else:
        returned = arithmetic.share([*pool.values()], max(left, 0), unit)
    taken = apportion(have - sum(returned), amounts)
    deducted, consumed, fees = [], 0, 0
    for deduction, precise, amount in zip(plan.deductions, exact, taken, strict=True):
        deducted.append(record(Deducted, (deduction, precise, amount)))
        if deduction.column is FEES:
            fees += amount
        else:
            consumed += amount
    if len(pool) == 1:
        return dict.fromkeys(pool, (returned[0], consumed, fees)), tuple(deducted)
    return _columns(pool, returned, deducted), tuple(deducted)


def _pool(plan: Plan, paid: Mapping[str, Money]) -> dict[str, Any]:
    """What each instrument that shares the remainder paid.

    If a debt is possible there is always at least one: an instrument that was not sent paid nothing, and may still owe.
    """
    pool: dict[str, Any] = {}
    for name in plan.shared:
        if name in paid:
            pool[name] = paid[name][0]
    return pool or dict.fromkeys(plan.shared[:1] if plan.arithmetic.below_zero else (), 0)


def _indebted(pool: dict[str, Any], first: str, owed: int) -> tuple[dict[str, Any], list[int]]:
    """The pool and what comes back of it if nothing is left: the first instrument that shares owes the debt.

    This is so for every split: a voucher that paid part of the order cannot be used to pay a debt. An instrument that
    was not sent paid nothing, and owes the debt all the same.
    """
    indebted = {first: 0, **pool}
    return indebted, [owed, *[0] * (len(indebted) - 1)]


def _columns(
    pool: Mapping[str, int], returned: Sequence[int], deducted: Sequence[Deducted]
) -> dict[str, tuple[int, int, int]]:
    """For each instrument what comes back, what was consumed and what goes into fees."""
    consumed, fees = [0] * len(pool), [0] * len(pool)
    rest = [amount - back for amount, back in zip(pool.values(), returned, strict=True)]
    for deduction, _, amount in deducted:
        column = fees if deduction.column is FEES else consumed
        for index, part in enumerate(apportion(amount, rest)):
            column[index] += part
            rest[index] -= part
    return dict(zip(pool, zip(returned, consumed, fees, strict=True), strict=True))


def _exact(plan: Plan, currency: str, read: Read) -> list[int | Fraction]:
    """The deductions within their limits, rounded only where each deduction is to be rounded."""
    arithmetic = plan.arithmetic
    amounts: list[int | Fraction] = []
    for deduction in plan.deductions:
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
        if arithmetic.round_deductions:
            amount = arithmetic.round(amount.numerator, amount.denominator)
        amounts.append(amount)
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


# What is left (`left / unit` in minor units, not negative), shared among the amounts of the pool.


def _share_in_order(rounder: Rounder, pool: list[int], left: int, unit: int) -> list[int]:
    """Each instrument is filled before the next."""
    shares, rest = [], rounder(left, unit)
    for amount in pool:
        shares.append(min(amount, rest))
        rest -= shares[-1]
    return shares


def _share_each(rounder: Rounder, pool: list[int], left: int, unit: int) -> list[int]:
    have = sum(pool)
    return [rounder(left * amount, have * unit) for amount in pool] if have else pool


def _share_once(rounder: Rounder, pool: list[int], left: int, unit: int) -> list[int]:
    return apportion(rounder(left, unit), pool)


def apportion(total: int, weights: list[int]) -> list[int]:
    """`total` shared in proportion to `weights`, none of them negative; the parts add up to it exactly.

    Largest remainder: each part is rounded towards zero, and the missing units go, one each, to the parts that lost
    most by rounding; of equal parts the earlier comes first. If all weights are zero, so is every part (`total` must
    be 0, too).
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
