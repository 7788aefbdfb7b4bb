"""Why something is unknown: every fact that is missing, every formula that failed, every rate that is not there.

The rules engine says which branches of a condition may hold; each comparison in one of them is true or unknown, so what
makes the condition unknown is found there and nowhere else. Why a formula has no value is found by computing it again.
Nothing here decides: it is asked once a case is undecided, or when something unknown is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rescind.book.model import Deduction, Row, Table, Value
from rescind.book.rules_of_version import AnyRule
from rescind.deciding.evaluation import Evaluation
from rescind.deciding.settle import Plan, Settlement, settle
from rescind.deciding.version_program import Program
from rescind.formula.runtime_values import FormulaError, UnknownError
from rescind.formula.scope import Formula
from rescind.matching.evaluation_passes import formulas_of, names_in_value, names_of
from rescind.matching.request_reviews import SUM_PREFIX, summed
from rescind.problems.exceptions import EngineError, FactsError
from rescind.problems.problem import Location, Problem
from rescind.values.types import ABSENT, RATES
from rescind.values.units import Money

__all__ = ["settlement_of", "undecided", "value_of", "why_unknown", "why_without_value"]


def undecided(run: Evaluation) -> FactsError:
    """The error of a case of which something is unknown that its decision depends on, with all that is missing.

    What later steps may ask for, it names as well. What the refund is, is asked later: see `settlement_of`.
    """
    units = run.verdict.undecided
    found = [problem for unit in units for problem in _why_unit(run, unit)]
    later = _names_after(run.program, units)
    return _error(run, found, [name for name in later if run.known(name) is None])


def settlement_of(run: Evaluation) -> Settlement:
    """The refund of a case. Raises `FactsError` where it is unknown."""
    settlement = run.settlement()
    if settlement is None:
        raise _error(run, _why_refund(run), ())
    return settlement


def value_of(run: Evaluation, name: str) -> Any:
    """The typed value of a name, `ABSENT` for an optional fact that is. Raises `FactsError` where it is unknown."""
    value = run.known(name)
    if value is None:
        raise _error(run, _why_name(run, name), ())
    return value


def why_unknown(run: Evaluation, unit: str) -> tuple[Problem, ...]:
    """Why a condition is unknown: a problem for each cause."""
    return tuple(dict.fromkeys(_why_unit(run, unit)))


def why_without_value(run: Evaluation, name: str) -> tuple[Problem, ...]:
    """Why a value is unknown: a problem for each cause."""
    return tuple(dict.fromkeys(_why_name(run, name)))


def _error(run: Evaluation, found: Iterable[Problem], later: Iterable[str]) -> FactsError:
    """What is missing in the order of the vocabulary, then what failed, then what is missing for later steps."""
    problems = dict.fromkeys(found)
    if not problems:
        raise EngineError("something is unknown, and no cause was found; nothing is decided")
    program = run.program
    absent = [problem for problem in problems if problem.code == "R0901"]
    named = {problem.location.path for problem in absent}
    absent.sort(key=lambda problem: program.slots[problem.location.path])
    failed = [problem for problem in problems if problem.code != "R0901"]
    after = [
        program.missing(name, later=True) for name in sorted({*later} - named, key=program.slots.__getitem__)
    ]
    return FactsError(problems=[*absent, *failed, *after])


class _Branch(NamedTuple):
    """A branch of a condition that may hold: its comparisons, and those of them that are unknown, with their causes."""

    parts: Sequence[Mapping[str, Any]]
    unknown: Sequence[tuple[Mapping[str, Any], Sequence[Problem]]]


def _why_unit(run: Evaluation, unit: str) -> Iterator[Problem]:
    """Every cause in a branch that may hold, and that no other branch makes irrelevant."""
    branches = [
        _branch(run, run.program.because(rule, unit)) for _, rule in sorted(run.verdict.unknown.get(unit, ()))
    ]
    for branch in branches:
        if not any(_settles(other, branch) for other in branches):
            for _, problems in branch.unknown:
                yield from problems


def _branch(run: Evaluation, parts: Sequence[Mapping[str, Any]]) -> _Branch:
    found = [(part, tuple(_why_part(run, part))) for part in parts]
    return _Branch(parts, [(part, problems) for part, problems in found if problems])


def _settles(one: _Branch, other: _Branch) -> bool:
    """Whether what is true in one branch stands in the place of something that is unknown in the other."""
    rest, asked = [part for part, _ in one.unknown], [part for part, _ in other.unknown]
    return (
        len(rest) < len(asked)
        and all(part in asked for part in rest)
        and any(part not in other.parts for part in one.parts)
    )


def _why_part(run: Evaluation, part: Mapping[str, Any]) -> Iterator[Problem]:
    """Why a comparison is unknown; nothing where it is not."""
    if "flag" in part:
        yield from _why_unit(run, part["flag"])
        return
    name, against = part["fact"], part.get("against")
    for each in filter(None, (name, against)):
        if run.known(each) is None:
            yield from _why_name(run, each)
    other = run.known(against) if against else None
    currency = getattr(other, "currency", part.get("currency"))
    for source, wanted in run.rateless(name):
        if wanted == currency:
            yield _no_rate(run.program, source, wanted)


def _no_rate(program: Program, source: str, currency: str) -> Problem:
    if RATES in program.required:
        return program.missing(RATES)
    return Problem(
        "R0907",
        f"an amount in {source} is compared with one in {currency}, and `rates` has no rate for them",
        Location(RATES),
        f'send `{{"rates": {{"{source}/{currency}": "…"}}}}`',
    )


def _why_name(run: Evaluation, name: str) -> Iterator[Problem]:
    """Why a name is unknown."""
    program = run.program
    if name.startswith(SUM_PREFIX):
        yield from _why_name(run, summed(name).name)
    elif name in program.values:
        yield from _why_value(run, program.values[name])
    elif name in program.required:
        yield program.missing(name if name in program.slots else name.rpartition(".")[0])
    else:
        yield from _why_refund(run)


def _why_value(run: Evaluation, value: Value) -> Iterator[Problem]:
    place = Location(f"values.{value.name}")
    row = run.verdict.rows.get(value.name)
    if not isinstance(value.body, Table):
        yield from _why_formula(run, value.body, place, f"`{value.body.text}`: ")
    elif isinstance(row, Row):
        yield from _why_formula(run, row.result, place, f"`{row.result.text}`: ")
    elif row:
        for unit in row:
            yield from _why_unit(run, unit)
    else:
        hint = "the policy needs a row for it, or `- otherwise: …`"
        yield Problem("R0909", f"no row of `{value.name}` covers this case ({value.location})", place, hint)


def _why_formula(run: Evaluation, formula: Formula, place: Location, said: str = "") -> Iterator[Problem]:
    """Why a formula has no value: what it reads that is unknown, and what it cannot do with what is known."""
    for name in formula.names:
        if run.known(name) is None:
            yield from _why_name(run, name)
    try:
        formula.evaluate(run.operand)
    except UnknownError:
        pass
    except FormulaError as error:
        yield Problem("R0908", f"{said}{error}", place)


def _why_refund(run: Evaluation) -> Iterator[Problem]:
    refund, plan = run.program.version.refund, run.verdict.plan
    if refund is None:
        return
    paid = run.known(refund.paid.name)
    if paid is None or paid is ABSENT:
        yield run.program.missing(refund.paid.name)
        paid = {}
    if plan is None:
        yield from _why_no_terms(run)
        return
    units = [*plan.open, *(unit for name, unit in plan.open_parts if name in paid)]
    for unit in units:
        yield from _why_unit(run, unit)
    for formula in (each for part in plan.deductions for each in formulas_of(part)):
        yield from _why_formula(run, formula, Location(f"refund.{plan.term.id}"))
    if paid and not units:
        yield from _why_unsettled(run, plan, paid)


def _why_no_terms(run: Evaluation) -> Iterator[Problem]:
    for unit in run.verdict.open_terms:
        yield from _why_unit(run, unit)
    if not run.verdict.open_terms:
        hint = "the policy needs terms without `when`"
        yield Problem("R0909", "no refund terms cover this case", Location("refund.terms"), hint)


def _why_unsettled(run: Evaluation, plan: Plan, paid: Mapping[str, Money]) -> Iterator[Problem]:
    try:
        settle(plan, paid, run.operand)
    except UnknownError:
        pass
    except FormulaError as error:
        yield Problem("R0908", str(error), Location(f"refund.{plan.term.id}"))


def _names_after(program: Program, units: Sequence[str]) -> set[str]:
    """The facts that the steps after the one with these conditions read, themselves or through values."""
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
