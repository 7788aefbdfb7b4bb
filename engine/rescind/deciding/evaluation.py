"""The state of one decision: which conditions held, why, and what each value is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from rescind.book.model import Asked, Row, Table, Value
from rescind.deciding.settle import Settlement, settle, why_unsettled
from rescind.deciding.verdict import Fired
from rescind.deciding.version_program import Program
from rescind.formula.runtime_values import FormulaError
from rescind.matching.request_reviews import SUM_PREFIX, summed
from rescind.problems.exceptions import EngineError, FactsError, facts_error
from rescind.values.types import ABSENT, RATES, Type
from rescind.values.units import Money

__all__ = ["Evaluation", "Reason", "Sums", "ask_whether_it_applies", "evaluate"]

# A figure's name and a currency to its sum over the request, as money in that currency; see `request_sums`.
Sums = Callable[[str, str], Any]


class Reason(NamedTuple):
    """One comparison that decided: the name, its typed value, and what the policy asked for, in words and as data.

    `asked` is `{"operator": …, "operand": …}`; see `rescind.book.model.Asked`. `denied`: it must not hold. `against` is
    the name that it is compared with and `other` that one's value; "" and None where it is a literal.
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
    """Decide one case. `values` are typed facts by slot, and last the instant that it is judged as of.

    `sums` gives the sums of its request to the reviews of the whole request; without it the case is all of it.
    """
    evaluation = Evaluation(program, values, sums)
    evaluation.fire()
    return evaluation


def ask_whether_it_applies(program: Program, values: list[Any]) -> Evaluation:
    """Find out no more than whether the policy applies, as facts that its other conditions need are missing."""
    evaluation = Evaluation(program, values)
    evaluation.leave_out(program.beside_applies)
    evaluation.fire(until=program.applies_after)
    return evaluation


class Evaluation:
    """The state of one decision.

    `values` are the typed facts by slot; `verdict` says what the rules that have fired so far mean. `owed` is the error
    of a column that waits, for as long as it is not known whether the case needs it.
    """

    __slots__ = ("_computed", "_settlement", "_sums", "owed", "program", "values", "verdict")

    def __init__(self, program: Program, values: list[Any], sums: Sums | None = None) -> None:
        self.program = program
        self.values = values
        self.verdict = program.nothing_yet
        self.owed: FactsError | None = None
        self._sums = sums
        self._computed: dict[str, Any] = {}
        self._settlement: Settlement | None = None

    def leave_out(self, names: Iterable[str]) -> None:
        """Take these values as absent: what they stand on is not known, and they are not asked for."""
        self._computed.update(dict.fromkeys(names, ABSENT))

    def fire(self, until: int | None = None) -> None:
        """Match stage after stage. It ends early where the policy does not apply or the case is blocked.

        With `until` it ends after that pass, and only says whether the policy applies.
        """
        program, rules, done = self.program, (), 0
        for pass_, record, ruleset in program.stages:
            if pass_ > done:
                if done == until or self._settled(done):
                    break
                if self.owed:  # a later pass may read rows and terms that were picked by what waits
                    raise self.owed
            done = pass_
            rules += tuple(ruleset.fire(record(self.values, self)))  # type: ignore[assignment]
            self.verdict = program.judge(rules)
        if not self.verdict.sound:
            raise EngineError("the rules engine contradicts itself; nothing is decided")
        if done == 0 and self._settled(0):
            self._forget(rules)
        elif self.owed and until is None:
            raise self.owed

    def _forget(self, rules: tuple[str, ...]) -> None:
        """Take back what pass 0 computed for conditions that the case does not come to."""
        self._computed.clear()
        if self.owed:
            self.owed = None
            self.verdict = self.program.judge.gates(rules)

    def _settled(self, done: int) -> bool:
        program, verdict = self.program, self.verdict
        if done < program.applies_after:
            return False
        return not verdict.applies or (done >= program.blocked_after and verdict.blocked)

    @property
    def fired(self) -> Fired:
        """Each condition that held, and its branches that did: number and rule."""
        return self.verdict.fired

    def holds(self, unit: str) -> bool:
        """Whether a condition held."""
        return unit in self.verdict.held

    def read(self, name: str) -> Any:
        """The typed value of a fact, a value, a flag of an earlier stage, or a figure of the refund."""
        slot = self.program.slots.get(name)
        if slot is not None:
            return self.values[slot]
        if name in self._computed:
            return self._computed[name]
        value = self._computed[name] = self._compute(name)
        return value

    def rates(self) -> Any:
        """The exact rates of the case, or `ABSENT`."""
        slot = self.program.slots.get(RATES)
        return ABSENT if slot is None else self.values[slot]

    def _compute(self, name: str) -> Any:
        program = self.program
        if name in program.instruments:
            return self._instrument(*program.instruments[name])
        value = program.values.get(name)
        if value is None:
            return self._sum(name) if name.startswith(SUM_PREFIX) else self._refund_figure(name)
        formula = self.row_of(value).result if isinstance(value.body, Table) else value.body
        try:
            return formula.evaluate(self.read)
        except FormulaError as error:
            place = self.row_of(value).location if isinstance(value.body, Table) else value.location
            said = f"`{formula.text}`: {error} {program.version.line_in_words(place)}"
            raise facts_error("R0908", f"values.{name}", said) from None

    def _sum(self, name: str) -> Any:
        """A figure summed over the request; the case's own where it is the whole request."""
        own, currency = summed(name)
        figure = self.read(own)
        if self._sums is None:
            return figure
        return self._sums(own, currency or ("" if figure is ABSENT else figure.currency))

    def row_of(self, value: Value) -> Row:
        """The first row of a table that held. Raises `FactsError` where none did."""
        try:
            return self.verdict.rows[value.name]
        except KeyError:
            raise facts_error(
                "R0909",
                f"values.{value.name}",
                f"no row of `{value.name}` covers this case ({value.location})",
                "the policy needs a row for it, or `- otherwise: …`",
            ) from None

    def _instrument(self, slot: int, part: str) -> Any:
        """What was paid with one instrument, or with all; an instrument that was not given counts as zero."""
        paid = self.values[slot]
        if paid is ABSENT:
            return ABSENT
        if part == "total":
            minors, currencies = zip(*paid.values(), strict=True)
            return Money(sum(minors), currencies[0])
        return paid[part] if part in paid else Money(0, next(iter(paid.values())).currency)

    def settlement(self) -> Settlement:
        """The refund. Raises `FactsError` where it cannot be computed."""
        if self._settlement is None:
            self._settlement = self._settle()
        return self._settlement

    def _settle(self) -> Settlement:
        refund, plan = self.program.version.refund, self.verdict.plan
        if refund is None:
            raise EngineError("the version has no refund")
        if plan is None:
            raise facts_error(
                "R0909",
                "refund.terms",
                "no refund terms cover this case",
                "the policy needs terms without `when`",
            )
        paid = self.read(refund.paid.name)
        if paid is ABSENT:
            raise facts_error("R0901", refund.paid.name, f"the fact `{refund.paid.name}` is missing")
        try:
            return settle(plan, paid, self.read)
        except FormulaError as error:
            raise FactsError(problems=[why_unsettled(self.program.version, plan, error)]) from None

    def _refund_figure(self, name: str) -> Money:
        settlement = self.settlement()
        if name == "refund.total":
            return Money(settlement.total, settlement.currency)
        _, column, part = name.split(".")
        if column == "returned":
            figure = sum(line.returned for line in settlement.lines if line.instrument == part)
        else:
            figure = sum(taken.taken for taken in settlement.deductions if taken.deduction.name == part)
        return Money(figure, settlement.currency)

    def computed(self) -> dict[str, Any]:
        """The values that this decision needed, in the order of the policy."""
        return {name: self._computed[name] for name in self.program.values if name in self._computed}

    def in_order(self) -> list[tuple[str, Any]]:
        """The values that this decision needed, in the order in which they were computed."""
        return [(name, value) for name, value in self._computed.items() if name in self.program.values]

    def because(self, unit: str) -> tuple[Reason, ...]:
        """What made a condition hold: the comparisons of the first branch that did."""
        if unit not in self.fired:
            return ()
        return self._because(min(self.fired[unit])[1], unit)

    def branch(self, unit: str) -> int | None:
        """Which branch of a condition held, counted from 1; None where the condition has but one."""
        return min(self.fired[unit])[0] if unit in self.fired and unit in self.program.branched else None

    def because_all(self, unit: str) -> tuple[Reason, ...]:
        """The comparisons of every branch of a condition that held."""
        return tuple(
            reason for _, rule in sorted(self.fired.get(unit, ())) for reason in self._because(rule, unit)
        )

    def _because(self, rule: str, unit: str) -> tuple[Reason, ...]:
        parts = self.program.because(rule, unit)
        return tuple(reason for part in parts for reason in self._reasons(part, denied=False))

    def _reasons(self, part: Mapping[str, Any], *, denied: bool) -> list[Reason]:
        if "flag" in part:
            return list(self.because(part["flag"]))
        if "none_of" in part:
            return [reason for item in part["none_of"] for reason in self._reasons(item, denied=True)]
        name, against = part["fact"], part.get("against", "")
        other = self.read(against) if against else None
        no = bool(part.get("not")) is not denied
        type_ = self.program.type_of(name)
        asked = {key: part[key] for key in ("operator", "operand")}
        return [Reason(self._shown(name), self.read(name), type_, part["needs"], no, against, other, asked)]

    def _shown(self, name: str) -> str:
        """A name as decisions show it."""
        if not name.startswith(SUM_PREFIX):
            return name
        own = summed(name).name
        return own if self._sums is None else f"sum({own})"
