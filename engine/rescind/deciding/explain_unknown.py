"""Why something is unknown: every missing fact, every formula that failed, every missing rate.

The rules engine says which branches of a condition may hold. Each comparison in such a branch is true or unknown, so
only these branches tell what makes the condition unknown. Why a formula has no value is found by computing it again.
Nothing here decides: it is used when a case is undecided, or when something unknown is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rescind.book.model import Deduction, Row, Table, Value
from rescind.book.rules_of_version import AnyRule
from rescind.deciding.evaluation import Evaluation
from rescind.deciding.settle import Plan, Settlement, open_routes, settle, why_unsettled
from rescind.deciding.version_program import Program
from rescind.formula.runtime_values import FormulaError, UnknownError
from rescind.formula.scope import Formula
from rescind.matching.evaluation_passes import formulas_of, names_in_value, names_of
from rescind.matching.request_wide_reviews import SUM_PREFIX, summed
from rescind.problems.exceptions import EngineError, FactsError
from rescind.problems.problem import Location, Problem
from rescind.values.money import Money
from rescind.values.types import ABSENT, RATES

__all__ = ["settlement_of", "undecided", "value_of", "why_unknown", "why_without_value"]


def undecided(run: Evaluation) -> FactsError:
    """The error of a case whose decision depends on something unknown, with everything that is missing.

    It also names what later steps may need. The refund is worked out later: see `settlement_of`.
    """
    units, causes = run.verdict.undecided, _Causes(run)
    found = [problem for unit in units for problem in causes.of_unit(unit)]
    later = _names_after(run.program, units)
    return _error(run, found, [name for name in later if run.known(name) is None])


def settlement_of(run: Evaluation) -> Settlement:
    """The refund of a case. Raises `FactsError` where it is unknown."""
    settlement = run.settlement()
    if settlement is None:
        raise _error(run, _Causes(run).of_refund(), ())
    return settlement


def value_of(run: Evaluation, name: str) -> Any:
    """The typed value of a name, `ABSENT` for an absent optional fact. Raises `FactsError` where it is unknown."""
    value = run.known(name)
    if value is None:
        raise _error(run, _Causes(run).of_name(name), ())
    return value


def why_unknown(run: Evaluation, unit: str) -> tuple[Problem, ...]:
    """Why a condition is unknown: a problem for each cause."""
    return _Causes(run).of_unit(unit)


def why_without_value(run: Evaluation, name: str) -> tuple[Problem, ...]:
    """Why a value is unknown: a problem for each cause."""
    return _Causes(run).of_name(name)


def _error(run: Evaluation, found: Iterable[Problem], later: Iterable[str]) -> FactsError:
    """An error with what is missing in the order of the vocabulary, what failed, and what later steps lack."""
    problems = dict.fromkeys(found)
    if not problems:
        raise EngineError("something is unknown, and no cause was found; nothing is decided")
    program = run.program
    absent = [
        problem for problem in problems if problem.location.path in program.slots and problem.code == "R0901"
    ]
    named = {problem.location.path for problem in absent}
    absent.sort(key=lambda problem: program.slots[problem.location.path])
    failed = [problem for problem in problems if problem not in absent]  # those of other resources among them
    rest = sorted({*later} - named, key=program.slots.__getitem__)
    after = [program.missing(name, later=True) for name in rest]
    return FactsError(problems=[*absent, *failed, *after])


class _Branch(NamedTuple):
    """A branch that may hold, of some condition: its comparisons, and the causes of those that are unknown."""

    parts: Sequence[Mapping[str, Any]]
    unknown: Sequence[tuple[Mapping[str, Any], Sequence[Problem]]]


def _settles(one: _Branch, other: _Branch) -> bool:
    """Whether something true in one branch takes the place of something unknown in the other."""
    if len(one.unknown) >= len(other.unknown):
        return False
    asked = [part for part, _ in other.unknown]
    return all(part in asked for part, _ in one.unknown) and any(
        part not in other.parts for part in one.parts
    )


class _Causes:
    """The causes in one case. Those of a name or a condition are found once, however often it is read."""

    def __init__(self, run: Evaluation) -> None:
        self._run = run
        self._program = run.program
        self._found: dict[str, tuple[Problem, ...]] = {}
        for name in run.failed():  # in this order, so that a long chain of values causes no deep recursion
            self.of_name(name)

    def of_unit(self, unit: str) -> tuple[Problem, ...]:
        """Why a condition is unknown."""
        return self._once(f"unit {unit}", lambda: self._of_unit(unit))

    def of_name(self, name: str) -> tuple[Problem, ...]:
        """Why a name is unknown."""
        return self._once(name, lambda: self._of_name(name))

    def _once(self, key: str, find: Callable[[], Iterable[Problem]]) -> tuple[Problem, ...]:
        if key not in self._found:
            self._found[key] = tuple(dict.fromkeys(find()))
        return self._found[key]

    def _of_unit(self, unit: str) -> Iterator[Problem]:
        """Every cause in each branch that may hold and that no other branch makes irrelevant."""
        rules = sorted(self._run.verdict.unknown.get(unit, ()))
        branches = [self._branch(self._program.because(rule, unit)) for _, rule in rules]
        for branch in branches:
            if not any(_settles(other, branch) for other in branches):
                for _, problems in branch.unknown:
                    yield from problems

    def _branch(self, parts: Sequence[Mapping[str, Any]]) -> _Branch:
        found = [(part, tuple(self._of_part(part))) for part in parts]
        return _Branch(parts, [(part, problems) for part, problems in found if problems])

    def _of_part(self, part: Mapping[str, Any]) -> Iterator[Problem]:
        """Why a comparison is unknown; nothing if it is known."""
        if "flag" in part:
            yield from self.of_unit(part["flag"])
            return
        run, name, against = self._run, part["fact"], part.get("against")
        for each in filter(None, (name, against)):
            if run.known(each) is None:
                yield from self.of_name(each)
        other = run.known(against) if against else None
        currency = getattr(other, "currency", part.get("currency"))
        for source, wanted in run.rateless(name):
            if wanted == currency:
                yield self._no_rate(source, wanted)

    def _no_rate(self, source: str, currency: str) -> Problem:
        if RATES in self._program.required:
            return self._program.missing(RATES)
        return Problem(
            "R0907",
            f"an amount in {source} is compared with one in {currency}, and `rates` has no rate for them",
            Location(RATES),
            f'send `{{"rates": {{"{source}/{currency}": "…"}}}}`',
        )

    def _of_name(self, name: str) -> Iterable[Problem]:
        program = self._program
        if name.startswith(SUM_PREFIX):
            return self._run.why_unsummed(name) or self.of_name(summed(name).name)
        if name in program.values:
            return self._of_value(program.values[name])
        if name in program.required:
            return (program.missing(name if name in program.slots else name.rpartition(".")[0]),)
        return self.of_refund()

    def _of_value(self, value: Value) -> Iterator[Problem]:
        place, body = Location(f"values.{value.name}"), value.body
        row = self._run.verdict.rows.get(value.name)
        if not isinstance(body, Table):
            yield from self._of_formula(body, place, value.location, f"`{body.text}`: ")
        elif isinstance(row, Row):
            yield from self._of_formula(row.result, place, row.location, f"`{row.result.text}`: ")
        elif row:
            for unit in row:
                yield from self.of_unit(unit)
        else:
            hint = "the policy needs a row for it, or `- otherwise: …`"
            yield Problem(
                "R0909", f"no row of `{value.name}` covers this case ({value.location})", place, hint
            )

    def _of_formula(
        self, formula: Formula, place: Location, written: Location, said: str = ""
    ) -> Iterator[Problem]:
        """The unknown names that a formula reads, and why it fails on the known ones. `written`: its line."""
        for name in formula.names:
            if self._run.known(name) is None:
                yield from self.of_name(name)
        try:
            formula.evaluate(self._run.operand)
        except UnknownError:
            pass
        except FormulaError as error:
            yield Problem("R0908", f"{said}{error} {self._program.version.line_in_words(written)}", place)

    def of_refund(self) -> tuple[Problem, ...]:
        """Why the refund is unknown."""
        return self._once("refund", self._of_refund)

    def _of_refund(self) -> Iterator[Problem]:
        refund, plan = self._program.version.refund, self._run.verdict.plan
        if refund is None:
            return
        paid = self._run.known(refund.paid.name)
        if paid is None or paid is ABSENT:
            yield self._program.missing(refund.paid.name)
            paid = {}
        if plan is None:
            yield from self._of_no_terms()
            return
        units = [*plan.open, *(unit for name, unit in plan.open_parts if name in paid)]
        for unit in units:
            yield from self.of_unit(unit)
        place = Location(f"refund.{plan.term.id}")
        for formula in (each for part in plan.deductions for each in formulas_of(part)):
            # The line of the terms, written as in `why_unsettled`, so that the same cause is named only once.
            yield from self._of_formula(formula, place, plan.term.location)
        if paid and not units:
            yield from self._of_settlement(plan, paid)

    def _of_no_terms(self) -> Iterator[Problem]:
        open_terms = self._run.verdict.open_terms
        for unit in open_terms:
            yield from self.of_unit(unit)
        if not open_terms:
            hint = "the policy needs terms without `when`"
            yield Problem("R0909", "no refund terms cover this case", Location("refund.terms"), hint)

    def _of_settlement(self, plan: Plan, paid: Mapping[str, Money]) -> Iterator[Problem]:
        try:
            settlement = settle(plan, paid, self._run.operand)
        except UnknownError:
            return
        except FormulaError as error:
            yield why_unsettled(self._program.version, plan, error)
            return
        for unit in open_routes(plan, settlement):
            yield from self.of_unit(unit)


def _names_after(program: Program, units: Sequence[str]) -> set[str]:
    """The facts that are read, directly or through values, by the steps after the one with these conditions."""
    rules = program.rules
    steps: tuple[tuple[AnyRule, ...], ...] = ((rules.applies_to,), rules.blockers, rules.reviews)
    step = next(number for number, asked in enumerate(steps) if any(rule.name in units for rule in asked))
    later = [rule for asked in steps[step + 1 :] for rule in asked]
    names = [name for rule in later for name in names_of(rule.condition)]
    return _facts_under(program, [*names, *_names_of_refund(program)])


def _names_of_refund(program: Program) -> list[str]:
    """What the terms of a version read."""
    refund = program.version.refund
    rules = [rule for term in program.rules.terms for rule in term]
    parts = [rule.part for rule in rules if isinstance(rule.part, Deduction)]
    return [
        *([refund.paid.name] if refund else []),
        *(name for rule in rules for name in names_of(rule.condition)),
        *(name for part in parts for formula in formulas_of(part) for name in formula.names),
    ]


def _facts_under(program: Program, names: list[str]) -> set[str]:
    """The facts among names, and those that the values among them read."""
    seen: set[str] = set()
    open_names = list(names)
    while open_names:
        name = open_names.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in program.values:
            open_names += names_in_value(program.values[name])
        elif name in program.instruments:
            open_names.append(name.rpartition(".")[0])
    return seen & program.slots.keys()
