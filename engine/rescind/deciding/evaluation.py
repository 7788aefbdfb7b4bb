"""The state of one decision: which conditions hold, which are unknown, why, and what each value is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from rescind.book.model import Asked, Row, Table
from rescind.deciding.settle import Settlement, open_routes, settle
from rescind.deciding.verdict import Fired, Rules
from rescind.deciding.version_program import Program
from rescind.formula.runtime_values import FormulaError, UnknownError
from rescind.formula.scope import Formula
from rescind.matching.request_wide_reviews import SUM_PREFIX, summed
from rescind.matching.two_fillings import Cell
from rescind.problems.exceptions import EngineError
from rescind.problems.problem import Problem
from rescind.values.money import Money, exchanged
from rescind.values.types import ABSENT, RATES, Type

__all__ = ["Evaluation", "Reason", "Sums", "evaluate"]


class Sums(Protocol):
    """The sums over a request: by a figure's name and a currency money in that currency; see `request_sums`."""

    def of(self, name: str, currency: str) -> Any:
        """The sum; `ABSENT` where nothing has the figure, None where the sum is unknown."""

    def why(self, name: str, currency: str) -> Sequence[Problem]:
        """Why it is unknown."""


# The name under which the settlement is computed, beside the values; no fact and no value may have it.
REFUND = "refund"


# The deepest nesting of values that are computed one inside the other; a longer chain is computed from its end.
DEEPEST = 4


class _WaitsError(Exception):
    """A value cannot go on before another one has been computed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Reason(NamedTuple):
    """One comparison that decided: the name, its typed value, and what the policy required, in words and as data.

    `asked` is `{"operator": …, "operand": …}`; see `rescind.book.model.Asked`. `denied`: it must not hold. `against` is
    the name that it is compared with and `other` the value of that name; "" and None for a literal.
    """

    name: str
    value: Any
    type: Type
    needs: str
    denied: bool
    against: str
    other: Any
    asked: Asked


def evaluate(program: Program, values: list[Any], sums: Sums | None = None) -> Evaluation:
    """Find out which conditions of one case hold, as far as its decision needs them.

    `values` are typed facts by slot, and last the instant as of which the case is judged. `sums` gives the sums for
    reviews of the whole request; without it the case is the whole request. Something unknown is not an error here.
    """
    evaluation = Evaluation(program, values, sums)
    evaluation.fire()
    return evaluation


class Evaluation:
    """The state of one decision.

    `values` are the typed facts by slot; `verdict` says what the rules that have fired so far mean.
    """

    __slots__ = ("_computed", "_depth", "_rateless", "_shown", "_sums", "program", "values", "verdict")

    def __init__(self, program: Program, values: list[Any], sums: Sums | None = None) -> None:
        self.program = program
        self.values = values
        self.verdict = program.nothing_yet
        self._sums = sums
        self._computed: dict[str, Any] = {}  # None: unknown
        self._shown = 0
        self._rateless: dict[str, dict[tuple[str, str], None]] = {}
        self._depth = 0

    def fire(self) -> None:
        """Match stage after stage, until the policy is known not to apply or the case ends in another way.

        Raises `EngineError` where the policy both applies and does not.
        """
        program, done = self.program, 0
        held: Rules = ()
        possible: Rules = ()
        for pass_, record, once, matcher in program.stages:
            if pass_ > done and self._settled(done):
                break
            done = pass_
            cells, unknown = record(self.values, self)
            if unknown:
                fired, open_ = matcher.match(cells)
                possible += tuple(open_)
            else:
                fired = once(cells)  # type: ignore[arg-type] # all of them are integers
            held += tuple(fired)
            self.verdict = program.judge(held, possible)
        if not self.verdict.sound:
            raise EngineError("the rules engine contradicts itself; nothing is decided")
        if not done and self._settled(done):
            self._computed.clear()  # computed for pass 0, for conditions that will not be reached

    def _settled(self, done: int) -> bool:
        program, verdict = self.program, self.verdict
        if done < program.applies_after:
            return False
        if not verdict.applies:
            return True
        return done >= program.blocked_after and bool(verdict.blocked or verdict.open_blockers)

    def seal(self) -> None:
        """Keep what has been computed so far, to be shown; what is read later is only for explanations."""
        self._shown = len(self._computed)

    @property
    def fired(self) -> Fired:
        """Each condition that held, and those of its branches that held: number and rule."""
        return self.verdict.fired

    def holds(self, unit: str) -> bool:
        """Whether a condition held."""
        return unit in self.verdict.held

    def flag(self, unit: str) -> Cell:
        """1 if a condition of an earlier stage holds, 0 if it does not, None if that is unknown."""
        verdict = self.verdict
        return 1 if unit in verdict.held else None if unit in verdict.unknown else 0

    def known(self, name: str) -> Any:
        """The typed value of a fact, a value, or a figure of the refund; None where it is unknown.

        An optional fact that is absent is `ABSENT`, a required one is unknown.
        """
        slot = self.program.slots.get(name)
        if slot is not None:
            value = self.values[slot]
            return None if value is ABSENT and name in self.program.required else value
        return self._value(name)

    def _value(self, name: str) -> Any:
        if name in self._computed:
            return self._computed[name]
        return self._nested(name) if self._depth else self._in_order(name)

    def _in_order(self, name: str) -> Any:
        """Compute a name, and first what it reads if that is nested too deeply for calls."""
        waiting = [name]
        while True:
            try:
                value = self._nested(waiting[-1])
            except _WaitsError as waits:
                waiting.append(waits.name)
                continue
            waiting.pop()
            if not waiting:
                return value

    def _nested(self, name: str) -> Any:
        # INVARIANT: computing a value changes nothing else, so it may be abandoned and started again.
        if self._depth >= DEEPEST:
            raise _WaitsError(name)
        self._depth += 1
        try:
            value = self._computed[name] = self._compute(name)
        finally:
            self._depth -= 1
        return value

    def operand(self, name: str) -> Any:
        """The value that a formula reads. Raises `UnknownError`; for a missing required fact, the formula raises it."""
        slot = self.program.slots.get(name)
        if slot is not None:
            return self.values[slot]
        value = self._value(name)
        if value is None:
            raise UnknownError(name)
        return value

    def in_currency(self, name: str, money: Money, currency: str) -> tuple[int, int] | None:
        """The value of a name in the minor units of another currency, as a quotient; None where there is no rate."""
        rates = self.rates()
        converted = None if rates is ABSENT else exchanged(money, currency, rates)
        if converted is None:
            self._rateless.setdefault(name, {})[money.currency, currency] = None
        return converted

    def rateless(self, name: str) -> tuple[tuple[str, str], ...]:
        """The pairs of currencies (from, to) without a rate for which a name was compared."""
        return tuple(self._rateless.get(name, ()))

    def rates(self) -> Any:
        """The exact rates of the case, or `ABSENT`."""
        slot = self.program.slots.get(RATES)
        return ABSENT if slot is None else self.values[slot]

    def _compute(self, name: str) -> Any:
        """The value of a name that is not a fact; None where it is unknown. `explain_unknown` says why."""
        program = self.program
        if name in program.instruments:
            paid = self._instrument(*program.instruments[name])
            return None if paid is ABSENT and name in program.required else paid
        if name in program.values:
            formula = self.formula_of(name)
            try:
                return None if formula is None else formula.evaluate(self.operand)
            except FormulaError:
                return None
        return self._sum(name) if name.startswith(SUM_PREFIX) else self._refund_figure(name)

    def formula_of(self, name: str) -> Formula | None:
        """The formula of a value; for a table, that of the first row that holds, or None where that row is unknown."""
        body = self.program.values[name].body
        if not isinstance(body, Table):
            return body
        row = self.verdict.rows.get(name)
        return row.result if isinstance(row, Row) else None

    def row_of(self, name: str) -> Row:
        """The first row that holds of a table whose value is known."""
        row = self.verdict.rows[name]
        if not isinstance(row, Row):
            raise EngineError(f"no row of `{name}` is known to hold")
        return row

    def _sum(self, name: str) -> Any:
        """A figure summed over the request; the figure of the case itself where it is the whole request."""
        if self._sums is None:
            return self.known(summed(name).name)
        return self._sums.of(*self._summed(name))

    def why_unsummed(self, name: str) -> Sequence[Problem]:
        """Why a sum over the request is unknown; nothing where the case is all of it."""
        return self._sums.why(*self._summed(name)) if self._sums else ()

    def _summed(self, name: str) -> tuple[str, str]:
        """A figure, and the currency that it is summed in: where none is asked for, that of the case's own."""
        own, currency = summed(name)
        figure = self.known(own)
        return own, currency or ("" if figure in (ABSENT, None) else figure.currency)

    def _instrument(self, slot: int, part: str) -> Any:
        """What was paid with one instrument, or with all of them; an instrument that was not sent counts as zero."""
        paid = self.values[slot]
        if paid is ABSENT:
            return ABSENT
        if part == "total":
            minors, currencies = zip(*paid.values(), strict=True)
            return Money(sum(minors), currencies[0])
        return paid[part] if part in paid else Money(0, next(iter(paid.values())).currency)

    def settlement(self) -> Settlement | None:
        """The refund; None where it is unknown."""
        if REFUND not in self._computed:
            self._computed[REFUND] = self._settle()
        return self._computed[REFUND]  # type: ignore[no-any-return]

    def _settle(self) -> Settlement | None:
        refund, plan = self.program.version.refund, self.verdict.plan
        if refund is None or plan is None or plan.open:
            return None
        paid = self.known(refund.paid.name)
        if paid is None or paid is ABSENT:
            return None
        if plan.open_parts and any(name in paid for name, _ in plan.open_parts):
            return None
        try:
            settlement = settle(plan, paid, self.operand)
        except FormulaError:
            return None
        return None if open_routes(plan, settlement) else settlement

    def _refund_figure(self, name: str) -> Money | None:
        settlement = self.settlement()
        if settlement is None:
            return None
        if name == "refund.total":
            return Money(settlement.total, settlement.currency)
        _, column, part = name.split(".")
        if column == "returned":
            figure = sum(line.returned for line in settlement.lines if line.instrument == part)
        else:
            figure = sum(taken.taken for taken in settlement.deductions if taken.deduction.name == part)
        return Money(figure, settlement.currency)

    def computed(self) -> dict[str, Any]:
        """The values that this decision needed and that are known, in the order of the policy."""
        found = dict(self.in_order())
        return {name: found[name] for name in self.program.values if name in found}

    def in_order(self) -> list[tuple[str, Any]]:
        """The values that this decision needed and that are known, in the order in which they were computed."""
        return [(name, value) for name, value in self._asked() if value is not None]

    def failed(self) -> list[str]:
        """The values that have been found unknown so far, each after those that it reads."""
        return [
            name for name in self.program.values if name in self._computed and self._computed[name] is None
        ]

    def without_value(self) -> tuple[str, ...]:
        """The values that this decision needed but that are unknown, in the order of the policy."""
        found = {name for name, value in self._asked() if value is None}
        return tuple(name for name in self.program.values if name in found)

    def _asked(self) -> Iterator[tuple[str, Any]]:
        asked = islice(self._computed.items(), self._shown)
        return ((name, value) for name, value in asked if name in self.program.values)

    def because(self, unit: str) -> tuple[Reason, ...]:
        """What made a condition hold: the comparisons of its first branch that held."""
        if unit not in self.fired:
            return ()
        return self._because(min(self.fired[unit])[1], unit)

    def branch(self, unit: str) -> int | None:
        """Which branch of a condition held, counted from 1; None where the condition has only one."""
        return min(self.fired[unit])[0] if unit in self.fired and unit in self.program.branched else None

    def because_all(self, unit: str) -> tuple[Reason, ...]:
        """The comparisons of every branch of a condition that held."""
        return tuple(
            reason for _, rule in sorted(self.fired.get(unit, ())) for reason in self._because(rule, unit)
        )

    def _because(self, rule: str, unit: str) -> tuple[Reason, ...]:
        parts = self.program.because(rule, unit)
        return tuple(reason for part in parts for reason in self._reasons(part))

    def _reasons(self, part: Mapping[str, Any]) -> list[Reason]:
        if "flag" in part:
            return list(self.because(part["flag"]))
        name, against = part["fact"], part.get("against", "")
        other = self.known(against) if against else None
        type_, denied = self.program.type_of(name), bool(part.get("not"))
        asked = {key: part[key] for key in ("operator", "operand")}
        found = self.known(name)
        return [Reason(self._name_of(name), found, type_, part["needs"], denied, against, other, asked)]

    def _name_of(self, name: str) -> str:
        """A name as decisions show it."""
        if not name.startswith(SUM_PREFIX):
            return name
        own = summed(name).name
        return own if self._sums is None else f"sum({own})"
