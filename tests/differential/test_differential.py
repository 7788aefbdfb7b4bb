"""Whatever an author writes and a caller sends, the compiled rulesets say what the author's words say.

Books and facts are random and seeded. A failure prints its seed, how to run it again, and the smallest book and facts
that still fail. The mutants below break the compiler on purpose: the comparison must notice each.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from rescind import load
from rescind.book.model import AllOf, AnyOf, Not, Op
from rescind.book.read_conditions import ConditionReader
from rescind.deciding import verdict
from rescind.deciding.evaluation import Evaluation
from rescind.formula import build_closures
from rescind.formula.library import fact_functions
from rescind.matching import compile_version as ruleset
from rescind.matching import encode_case as record
from rescind.matching import normal_form as normal
from rescind.matching import ruleset_columns as columns
from rescind.matching import two_fillings
from rescind.source.yaml_writer import flow
from rescind.values.money import currencies
from rescind.values.types import Kind

from tests.differential.harness import check, report
from tests.differential.kleene_check import check_kleene

BOOKS, CASES = 16, 70


def answers_wrongly():
    """Whether a comparison of 120 books finds an answer that is not the author's."""
    return any(check_kleene([seed], 10).kinds for seed in range(120))


@pytest.mark.parametrize("block", range(2))
def test_rulesets_answer_as_the_words_of_the_author(block):
    tally = check(range(block * BOOKS, (block + 1) * BOOKS), CASES)
    assert not tally.disagreements, report(tally.disagreements[0])
    # What is compared must be worth comparing: both answers, every outcome, few books that do not load.
    assert tally.units > 2_000
    assert 0.1 < tally.held / tally.units < 0.9
    assert tally.reasons > 500
    assert len({"blocked", "not_applicable", "review_required", "allowed"} & tally.outcomes.keys()) > 2
    assert tally.refused <= BOOKS // 3


@pytest.mark.soak
def test_rulesets_answer_as_the_words_of_the_author_for_minutes():
    first = int(os.environ.get("RESCIND_SEED", random.SystemRandom().randrange(10**9)))
    end = time.monotonic() + 60 * float(os.environ.get("RESCIND_SOAK_MINUTES", "10"))
    seed = first
    while time.monotonic() < end:
        tally = check(range(seed, seed + 20), 200)
        assert not tally.disagreements, report(tally.disagreements[0])
        seed += 20
    print(f"seeds {first} to {seed - 1}: no disagreement")  # noqa: T201 - the figure for the record


def negation_keeps_all_and_any(monkeypatch):
    """De Morgan forgotten: under `not`, `all` stays `all`."""
    normalise = normal._normal

    def wrong(condition, *, positive):
        if isinstance(condition, (AllOf, AnyOf)) and not positive:
            return type(condition)(tuple(wrong(item, positive=False) for item in condition.items))
        if isinstance(condition, Not):
            return wrong(condition.item, positive=not positive)
        return normalise(condition, positive=positive)

    monkeypatch.setattr(normal, "_normal", wrong)


def negation_turns_under_into_over(monkeypatch):
    monkeypatch.setitem(columns.NEGATED, Op.UNDER, Op.OVER)


def absence_goes_unnoticed(monkeypatch):
    """Optional facts lose the guard that they are present."""
    monkeypatch.setattr(ConditionReader, "_guarded", lambda _self, condition, _names, _place: condition)


def disjunction_drops_its_last_branch(monkeypatch):
    expand = normal._expand

    def wrong(condition, flag):
        if isinstance(condition, AnyOf) and len(condition.items) > 1:
            condition = AnyOf(condition.items[:-1])
        return expand(condition, flag)

    monkeypatch.setattr(normal, "_expand", wrong)


def money_literals_in_main_units(monkeypatch):
    """A literal of 1000 USD becomes 1000 cents."""
    code = columns.Columns._code

    def wrong(self, column, type_, operand):
        if type_.kind is Kind.MONEY:
            return 2 * int(operand.minor / 10 ** currencies()[operand.currency])
        return code(self, column, type_, operand)

    monkeypatch.setattr(columns.Columns, "_code", wrong)


def fractions_are_cut_off(monkeypatch):
    """What lies between two representable numbers is taken for the lower one: the odd bit is lost."""
    doubled = record._doubled
    monkeypatch.setattr(record, "_doubled", lambda value: doubled(value) & ~1)


def a_shard_is_lost(monkeypatch):
    shards = ruleset._sharded

    def wrong(rules):
        parts = list(shards(rules))
        return parts[:1] if len(parts) > 1 else parts

    monkeypatch.setattr(ruleset, "_sharded", wrong)


def flags_are_read_the_wrong_way_round(monkeypatch):
    flag = Evaluation.flag
    monkeypatch.setattr(Evaluation, "flag", lambda self, unit: {1: 0, 0: 1}.get(flag(self, unit)))


def a_shared_rule_speaks_for_one_condition(monkeypatch):
    """Identical branches share a rule; all but the first condition are forgotten."""
    compile_version = load.compile_version

    def wrong(version, problems):
        definition = compile_version(version, problems)
        return definition | {"rules": {rule: meanings[:1] for rule, meanings in definition["rules"].items()}}

    monkeypatch.setattr(load, "compile_version", wrong)


def unknown_is_false(monkeypatch):
    """The first filling alone decides."""
    match = two_fillings.Matcher.match
    monkeypatch.setattr(two_fillings.Matcher, "match", lambda self, record: (match(self, record)[0], []))


def unknown_is_true(monkeypatch):
    """The second filling alone decides."""
    match = two_fillings.Matcher.match

    def wrong(self, record):
        held, possible = match(self, record)
        return [*held, *possible], []

    monkeypatch.setattr(two_fillings.Matcher, "match", wrong)


def equality_reads_one_bound(monkeypatch):
    """`is` as low == c: in the second filling it does not hold, so an unknown equality is false."""
    atoms = columns.Columns.atoms

    def wrong(self, literal):
        found = atoms(self, literal)
        if [op for _, op, _ in found] == [Op.AT_LEAST, Op.AT_MOST]:
            return [(found[0][0], Op.IS, found[0][2])]
        return found

    monkeypatch.setattr(columns.Columns, "atoms", wrong)


def inequality_has_no_guard(monkeypatch):
    """`is_not` as low != c alone: it holds in the first filling, so what is unknown is unequal."""
    atoms = columns.Columns.atoms
    monkeypatch.setattr(
        columns.Columns,
        "atoms",
        lambda self, literal: [atom for atom in atoms(self, literal) if atom[2] != columns.LEAST],
    )


def _order_of_writing(left, right):
    """`and` as Python has it."""
    return lambda read: left(read) and right(read)


def the_order_of_writing_matters(monkeypatch):
    """A side of `and` that is unknown makes it unknown where it stands first, whatever the other is."""
    monkeypatch.setattr(build_closures, "_both", _order_of_writing)


def a_review_is_passed_over(monkeypatch):
    """An unknown review beside a true one is taken for one that does not hold."""
    judge = verdict.Judge._judge

    def wrong(self, rules, possible):
        found = judge(self, rules, possible)
        passed = found.applies and not found.blocked and not found.open_blockers and found.reviews
        return found._replace(undecided=()) if passed else found

    monkeypatch.setattr(verdict.Judge, "_judge", wrong)


def a_row_is_passed_over(monkeypatch):
    """An unknown row is taken for one that does not hold: the next one counts."""
    rows = verdict.Judge._rows
    monkeypatch.setattr(verdict.Judge, "_rows", lambda self, held, _: rows(self, held, ()))


def terms_are_passed_over(monkeypatch):
    """Unknown terms are taken for terms that do not hold."""
    first_terms = verdict.first_terms
    monkeypatch.setattr(verdict, "first_terms", lambda terms, held, _: first_terms(terms, held, ()))


def default_hides_what_is_missing(monkeypatch):
    """A question about the absence of a required fact takes a missing one for absent."""
    may_be_absent = fact_functions._may_be_absent
    monkeypatch.setattr(fact_functions, "_may_be_absent", lambda *given: may_be_absent(*given) or True)


MUTANTS = (
    negation_keeps_all_and_any,
    negation_turns_under_into_over,
    absence_goes_unnoticed,
    disjunction_drops_its_last_branch,
    money_literals_in_main_units,
    fractions_are_cut_off,
    a_shard_is_lost,
    flags_are_read_the_wrong_way_round,
    a_shared_rule_speaks_for_one_condition,
    unknown_is_false,
    unknown_is_true,
    equality_reads_one_bound,
    inequality_has_no_guard,
    the_order_of_writing_matters,
    a_review_is_passed_over,
    a_row_is_passed_over,
    terms_are_passed_over,
    default_hides_what_is_missing,
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_broken_compiler_is_noticed(mutant, monkeypatch):
    mutant(monkeypatch)
    assert answers_wrongly()


def test_a_disagreement_is_reported_with_its_seed_and_at_its_smallest(monkeypatch):
    disjunction_drops_its_last_branch(monkeypatch)
    every = check(range(8), 10, stop_at=8).disagreements
    found = min(every, key=lambda each: len(flow(each.book.version)))
    words = report(found)
    assert f"python -m tests.differential {found.book.seed}" in words
    assert words.count("message:") + words.count("within:") <= 3
    assert check([found.book.seed], 10).disagreements[0].what == found.what
