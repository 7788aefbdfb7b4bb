"""A compiled version, ready to run: records in, fired conditions out, values computed when first needed.

`Program` is built once and shared by all threads. `Program.run` makes a `Run`, the state of one decision: it fires the
stages in order until the outcome is settled, and answers what held, why, and what each value is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Any, NamedTuple

from engine.compile import MAX_INTEGER, SUM_PREFIX, names_in_value, names_of, summed
from engine.errors import EngineError
from engine.facts import facts_error
from engine.formula import Formula, FormulaError
from engine.model import Condition, Row, Table, Term, Value, Version
from engine.refund import Settlement, settle
from engine.runtime import Ruleset
from engine.types import ABSENT, Kind, Type
from engine.units import Money, exchange
from engine.vocabulary import NOW, Vocabulary

__all__ = ["Program", "Reason", "Run", "Sums"]

RATES = "rates"
# A figure's name and a currency to its sum over the request, as money in that currency.
Sums = Callable[[str, str], Any]
FactEncoder = Callable[[Any], int]


class Reason(NamedTuple):
    """One comparison that decided: the name, its typed value, and what the policy asked for, in words."""

    name: str
    value: Any
    type: Type
    needs: str
    denied: bool
    against: str
    other: Any


class _Stage(NamedTuple):
    """One pass through the rules engine.

    `pick` takes the facts of simple columns from the values of a case, in order; `of_facts` encode them. `of_run`
    encode the columns that need more of the case: comparisons of two facts, money, values.
    """

    pass_: int
    pick: Callable[[list[Any]], Sequence[Any]]
    of_facts: tuple[FactEncoder, ...]
    of_run: tuple[Callable[[Run], int], ...]
    ruleset: Ruleset


class Program:
    """One version with its rulesets. `slots` gives the place of each fact in the values of a case."""

    def __init__(
        self,
        version: Version,
        definition: Mapping[str, Any],
        vocabulary: Vocabulary,
        slots: Mapping[str, int],
    ) -> None:
        self.version = version
        self.definition = definition
        self.types = vocabulary.names()
        self.values = {value.name: value for value in version.values}
        self._always = frozenset(definition["always"])
        self._meanings = definition["rules"]
        self.units = {rule: [(m["unit"], m["branch"]) for m in ms] for rule, ms in self._meanings.items()}
        # The last slot, the one more than there are facts, holds `now` while a case is decided.
        self._slots = {**slots, NOW: len(slots)}
        self.applies_needs = frozenset(self._facts_under(version.applies_to, vocabulary))
        self.needs = tuple(sorted(name for name in version.facts if vocabulary.facts[name].required))
        self.needed_slots = tuple(slots[name] for name in self.needs)
        self.stages = tuple(self._stage(index, stage) for index, stage in enumerate(definition["stages"]))
        passes = {unit: stage["pass"] for stage in definition["stages"] for unit in self._units(stage)}
        self.applies_after = passes.get("applies_to", 0)
        self.blocked_after = max((passes.get(f"blockers/{b.id}", 0) for b in version.blockers), default=0)
        self.blockers = tuple((f"blockers/{blocker.id}", blocker) for blocker in version.blockers)
        self.reviews = tuple((f"review/{review.id}", review) for review in version.reviews)
        self.terms = (
            tuple((f"terms/{term.id}", term) for term in version.refund.terms) if version.refund else ()
        )
        self._blocker_units = frozenset(unit for unit, _ in self.blockers)
        self._always_blocked = not self._blocker_units.isdisjoint(self._always)

    def run(self, values: list[Any], sums: Sums | None = None) -> Run:
        """Decide one case. `values` are typed facts by slot, and last the instant that it is judged as of.

        `sums` gives the sums of its request to the reviews of the whole request; without it the case is all of it.
        """
        run = Run(self, values, sums)
        run.fire()
        return run

    def applies(self, values: list[Any]) -> bool:
        """Whether the policy applies, where facts that only its other conditions need are missing."""
        run = Run(self, values)
        run.fire(until=self.applies_after)
        return run.holds("applies_to")

    def _facts_under(self, condition: Condition, vocabulary: Vocabulary) -> Iterator[str]:
        """The facts that a condition reads, itself or through values."""
        seen: set[str] = set()
        names = list(names_of(condition))
        while names:
            name = names.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.values:
                names += names_in_value(self.values[name])
            elif fact := vocabulary.fact_of(name):
                yield fact.name

    def close(self) -> None:
        """Give back what the rules engine holds."""
        for stage in self.stages:
            stage.ruleset.close()

    def holds_always(self, unit: str) -> bool:
        """Whether a unit has no condition at all."""
        return unit in self._always

    def because(self, rule: str, unit: str) -> list[dict[str, Any]]:
        """What the branch behind a fired rule looked at."""
        return next(m["because"] for m in self._meanings[rule] if m["unit"] == unit)  # type: ignore[no-any-return]

    def is_blocked(self, fired: Mapping[str, Any]) -> bool:
        """Whether a blocker is among the fired or unconditional units."""
        return self._always_blocked or not self._blocker_units.isdisjoint(fired)

    def _units(self, stage: Mapping[str, Any]) -> list[str]:
        rules = [rule for shard in stage["shards"] for rule in shard["rules"] if rule in self._meanings]
        return [unit for rule in rules for unit, _ in self.units[rule]]

    def _stage(self, index: int, stage: Mapping[str, Any]) -> _Stage:
        simple = [column for column in stage["columns"] if self._is_simple(column)]
        others = [column for column in stage["columns"] if not self._is_simple(column)]
        fields = [column["field"] for column in (*simple, *others)]
        return _Stage(
            stage["pass"],
            _picker([self._slots[column["reads"]] for column in simple]),
            tuple(_encoder(column, self._type(column["reads"])) for column in simple),
            tuple(map(self._run_encoder, others)),
            Ruleset(f"{self.version.policy}/{self.version.version}/{index}", fields, stage["shards"]),
        )

    def _is_simple(self, column: Mapping[str, Any]) -> bool:
        """Whether a column depends on one fact alone."""
        return column["reads"] in self._slots and column["as"] not in ("sign", "money")

    def _run_encoder(self, column: Mapping[str, Any]) -> Callable[[Run], int]:
        name, other = column["reads"], column.get("against")
        if column["as"] == "fired":
            return lambda run: int(name in run.fired)
        get = self._getter(name)
        if other:
            get_other = self._getter(other)
            return lambda run: _sign(get(run), get_other(run), run)
        if column["as"] == "money":
            currency = column["currency"]
            return lambda run: _money_column(get(run), currency, run)
        encode = _encoder(column, self._type(name))
        return lambda run: encode(get(run))

    def _getter(self, name: str) -> Callable[[Run], Any]:
        slot = self._slots.get(name)
        if slot is None:
            return lambda run: run.read(name)
        return lambda run: run.values[slot]

    def _type(self, name: str) -> Type:
        if name in self.values:
            return self.values[name].type
        return self.types.get(name) or Type(Kind.MONEY)

    def type_of(self, name: str) -> Type:
        """The type of a fact, a value or a figure of the refund."""
        return self._type(name)

    def slot(self, name: str) -> int | None:
        """The slot of a fact; None for anything else."""
        return self._slots.get(name)


def _picker(slots: list[int]) -> Callable[[list[Any]], Sequence[Any]]:
    """The values of some slots, in order."""
    if len(slots) > 1:
        return itemgetter(*slots)
    return lambda values: [values[slot] for slot in slots]


def _encoder(column: Mapping[str, Any], type_: Type) -> FactEncoder:
    """A typed value as the integer of its column; see `engine.compile.columns`.

    An absent fact is written as 0. Conditions on optional facts read its presence too, and a required fact is absent
    only while `Program.applies` asks about conditions that do not read it.
    """
    match column["as"]:
        case "flag":
            return {True: 1, False: 0, ABSENT: 0}.__getitem__
        case "choice":
            return (
                {ABSENT: 0} | {choice: code for code, choice in enumerate(column["choices"], 1)}
            ).__getitem__
        case "present":
            return lambda value: 0 if value is ABSENT else 1
    encode = _number_encoder(column, type_)
    return lambda value: 0 if value is ABSENT else encode(value)


def _number_encoder(column: Mapping[str, Any], type_: Type) -> FactEncoder:
    match column["as"]:
        case "text":
            texts = {text: code for code, text in enumerate(column["texts"], 1)}
            return lambda value: texts.get(value, 0)
        case "has":
            member = column["member"]
            return lambda value: int(member in value)
        case "number":
            factor = 10 ** column["scale"]
            return lambda value: _doubled(value * factor)
        case "date":
            return lambda value: value.toordinal()  # type: ignore[no-any-return]
        case "duration":
            length = itemgetter(0 if type_.calendar else 1)
            return lambda value: _clamped(length(value))
        case _:
            return _clamped


def _clamped(value: int) -> int:
    limit = MAX_INTEGER + 1
    return value if -limit <= value <= limit else (limit if value > 0 else -limit)


def _doubled(value: int | Fraction) -> int:
    """Twice the value, made odd where it lies between two whole numbers: comparisons with even literals stay exact."""
    if isinstance(value, int):
        return _clamped(2 * value)
    whole = value.numerator // value.denominator
    return _clamped(2 * whole + (value.denominator != 1))


def _money_column(money: Any, currency: str, run: Run) -> int:
    if money is ABSENT:
        return 0
    if money[1] == currency:
        return _doubled(money[0])
    return _doubled(_converted(money, currency, run))


def _converted(money: Money, currency: str, run: Run) -> int | Fraction:
    """Money in the minor units of another currency, by the exact rates of the case."""
    rates = run.rates()
    converted = None if rates is ABSENT else exchange(money, currency, rates)
    if converted is None:
        pair = f"{money.currency}/{currency}"
        raise facts_error(
            "R0907",
            RATES,
            f"an amount in {money.currency} is compared with one in {currency}, and `rates` has no rate for them",
            f'send `{{"rates": {{"{pair}": "…"}}}}`',
        )
    return converted.minor


def _sign(one: Any, other: Any, run: Run) -> int:
    """-1, 0 or 1 as `one` is less than, equal to or more than `other`."""
    if one is ABSENT or other is ABSENT:
        return 0
    if one.__class__ is int:
        return -1 if one < other else int(one > other)
    if isinstance(one, Money):
        one, other = _in_one_currency(one, other, run)
    if one == other:
        return 0
    if isinstance(one, (str, bool)):
        return 1
    return -1 if one < other else 1


def _in_one_currency(one: Money, other: Money, run: Run) -> tuple[Any, Any]:
    if one.currency == other.currency:
        return one.minor, other.minor
    return _converted(one, other.currency, run), other.minor


class Run:
    """The state of one decision. `fired` maps each condition that held to its branches that did: number and rule."""

    __slots__ = ("_computed", "_settlement", "_sums", "fired", "program", "values")

    def __init__(self, program: Program, values: list[Any], sums: Sums | None = None) -> None:
        self._sums = sums
        self.program = program
        self._computed: dict[str, Any] = {}
        self._settlement: Settlement | None = None
        self.values = values
        self.fired: dict[str, list[tuple[int, str]]] = {}

    def fire(self, until: int | None = None) -> None:
        """Run the stages, to pass `until`. A run ends early where the policy does not apply or the case is blocked."""
        program, fired, units = self.program, self.fired, self.program.units
        done = 0
        for pass_, pick, of_facts, of_run, ruleset in program.stages:
            if pass_ > done and (done == until or self._settled(done)):
                break
            done = pass_
            record = [encode(value) for encode, value in zip(of_facts, pick(self.values), strict=True)]
            record += [encode(self) for encode in of_run]
            for rule in ruleset.fire(record):
                for unit, branch in units[rule]:
                    if unit in fired:
                        fired[unit].append((branch, rule))
                    else:
                        fired[unit] = [(branch, rule)]
        if self.holds("applies_to") == self.holds("applies_to/not"):
            raise EngineError("the rules engine contradicts itself; nothing is decided")

    def _settled(self, done: int) -> bool:
        program = self.program
        if done >= program.applies_after and not self.holds("applies_to"):
            return True
        return done >= program.blocked_after and program.is_blocked(self.fired)

    def holds(self, unit: str) -> bool:
        """Whether a condition held."""
        return unit in self.fired or self.program.holds_always(unit)

    def read(self, name: str) -> Any:
        """The typed value of a fact, a value, a flag of an earlier stage, or a figure of the refund."""
        slot = self.program.slot(name)
        if slot is not None:
            return self.values[slot]
        if name not in self._computed:
            self._computed[name] = self._compute(name)
        return self._computed[name]

    def rates(self) -> Any:
        """The exact rates of the case, or `ABSENT`."""
        slot = self.program.slot(RATES)
        return ABSENT if slot is None else self.values[slot]

    def _compute(self, name: str) -> Any:
        if name in self.program.values:
            return self._value(self.program.values[name])
        if name.startswith("refund."):
            return self._refund_figure(name)
        if name.startswith(SUM_PREFIX):
            return self._sum(name)
        return self._instrument(name)

    def _sum(self, name: str) -> Any:
        """A figure summed over the request; the case's own where it is the whole request."""
        own, currency = summed(name)
        figure = self.read(own)
        if self._sums is None or (figure is ABSENT and not currency):
            return figure
        return self._sums(own, currency or figure.currency)

    def _value(self, value: Value) -> Any:
        formula = self.row_of(value).result if isinstance(value.body, Table) else value.body
        return self.evaluate(formula, f"values.{value.name}")

    def row_of(self, value: Value) -> Row:
        """The first row of a table that held."""
        for number, row in enumerate(value.body.rows, 1):  # type: ignore[union-attr]
            if self.holds(f"values/{value.name}/{number}"):
                return row
        raise facts_error(
            "R0909",
            f"values.{value.name}",
            f"no row of `{value.name}` covers this case ({value.location})",
            "the policy needs a row for it, or `- otherwise: …`",
        )

    def evaluate(self, formula: Formula, path: str) -> Any:
        """A formula's value. Raises `FactsError` where these facts allow none."""
        try:
            return formula.evaluate(self.read)
        except FormulaError as error:
            raise facts_error("R0908", path, f"`{formula.text}`: {error}") from None

    def _instrument(self, name: str) -> Money:
        """What was paid with one instrument, or with all; an instrument that was not given counts as zero."""
        fact, _, part = name.rpartition(".")
        slot = self.program.slot(fact)
        paid = self.values[slot] if slot is not None else ABSENT
        if paid is ABSENT:
            return ABSENT  # type: ignore[return-value]
        currency = next(iter(paid.values())).currency
        if part == "total":
            return Money(sum(money.minor for money in paid.values()), currency)
        return paid.get(part) or Money(0, currency)  # type: ignore[no-any-return]

    def settlement(self) -> Settlement:
        """The refund. Raises `FactsError` where it cannot be computed."""
        if self._settlement is None:
            self._settlement = self._settle()
        return self._settlement

    def _settle(self) -> Settlement:
        refund = self.program.version.refund
        if refund is None:
            raise EngineError("the version has no refund")
        term = self._term()
        paid = self.read(refund.paid.name)
        if paid is ABSENT:
            raise facts_error("R0901", refund.paid.name, f"the fact `{refund.paid.name}` is missing")
        try:
            return settle(refund, term, paid, self)
        except FormulaError as error:
            raise facts_error("R0908", f"refund.{term.id}", str(error)) from None

    def _term(self) -> Term:
        for unit, term in self.program.terms:
            if self.holds(unit):
                return term
        raise facts_error(
            "R0909",
            "refund.terms",
            "no refund terms cover this case",
            "the policy needs terms without `when`",
        )

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
        return [Reason(self._shown(name), self.read(name), type_, part["needs"], no, against, other)]

    def _shown(self, name: str) -> str:
        """A name as decisions show it."""
        if not name.startswith(SUM_PREFIX):
            return name
        own = summed(name).name
        return own if self._sums is None else f"sum({own})"
